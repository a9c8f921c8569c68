//! Tables of numbers, read and written block by block: CSV with named columns, arrays of NumPy, Parquet.
//!
//! A [`Source`] is an opened table: its columns are known. Its rows come in [`Block`]s, the numbers of some columns and
//! the texts of others, as they are [`Wanted`]; or all together as a [`Table`], whose numbers a fit reads as
//! [`gmm_core::Rows`]. Text is read piece by piece and turned into numbers on all threads, so that a table takes the
//! memory of its numbers and a few MiB for each thread, however long the file.
//!
//! **What is read.** Arrays of NumPy (NPY and NPZ) and, with the feature `parquet`, Apache Parquet, told by their first
//! bytes; everything else is text. UTF-8 text, with or without a byte-order mark, with line ends of any system. Fields are
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

mod array;
mod block;
mod columnar;
mod error;
pub mod figure;
mod form;
mod format;
mod kind;
pub mod model;
mod number;
mod numbers;
pub mod sklearn;
mod source;
pub mod summary;
mod table;
mod text;
mod wanted;
mod writer;

#[cfg(test)]
mod tests;

pub use block::{Block, Texts};
pub use error::TableError;
pub use format::Format;
pub use kind::{Kind, Type};
pub use number::number;
pub use numbers::Numbers;
pub use source::{Blocks, Observe, Source};
pub use table::{Column, Table};
pub use wanted::Wanted;

pub use writer::{Writer, to_csv};
