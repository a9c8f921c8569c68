//! Tables of numbers: CSV with named columns, read and written.
//!
//! A [`Table`] is read from a file or from bytes. Its fields are kept as text; a column becomes numbers when it is
//! asked for as such, so that labels and dates may stand beside what is measured.
//!
//! **What is read.** UTF-8 text, with or without a byte-order mark, with line ends of any system. Fields are
//! parted by tabs, semicolons, pipes or commas, whichever makes rows of equal length, in this order; they may
//! stand in double quotes (RFC 4180). Spaces around a field do not count. Blank lines are skipped.
//!
//! **Names.** The first line names the columns if it holds no number, but a word; or if it has a word above a
//! number. (A first line of measurements and a class, above others of the kind, is a row.) Else, and where a name
//! is empty, columns are called by their number, from 1.
//!
//! **Missing values.** A field that is empty, `NA`, `N/A`, `NaN`, `null`, `?` or `.` in any case.
//!
//! **Numbers.** Decimals with a point, and an exponent if need be; what is infinite or beyond the range of `f64`
//! is refused.

mod error;
mod field;
pub mod figure;
mod records;
pub mod sklearn;
mod table;
mod write;

pub use error::TableError;
pub use table::{Column, Numbers, Table};
pub use write::{number, to_csv};
