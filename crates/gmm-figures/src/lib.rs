//! The figures of the Gaussian-mixture programs.
//!
//! The only crate that knows plotters. A figure is drawn on a [`Sheet`], in logical pixels; what comes out is
//! an [`image::RgbImage`].
//!
//! ```
//! use gmm_figures::{Anchor, Color, Sheet, TEXT};
//!
//! let sheet = Sheet::draw(320, 80, |pen| {
//!     pen.text("Two shares", (16, 20), 18, TEXT, Anchor::Left)?;
//!     pen.swatch((16, 48), (100, 16), Color(0, 114, 178))
//! })?;
//! assert_eq!(sheet.image().dimensions(), (320, 80));
//! # Ok::<(), gmm_figures::FigureError>(())
//! ```

mod indexed;
mod numerals;
mod palette;
mod sheet;

pub use image;
pub use indexed::encode_indexed;
pub use numerals::{decimal, typeset};
pub use palette::{Color, sequential};
pub use sheet::{Anchor, FAINT, FigureError, MUTED, Pen, Sheet, TEXT};
