//! The figures of the Gaussian-mixture programs.
//!
//! The only crate that knows plotters. A figure is put on a [`Sheet`] in logical pixels, or in units of the data
//! through [`Axes`]; what comes out is a PNG, an SVG or an [`image::RgbImage`].
//!
//! ```
//! use gmm_figures::{Axes, BLUE, Frame, Sheet, Stroke};
//!
//! let mut sheet = Sheet::new(480, 320);
//! sheet.heading("A parabola", "y = x²");
//! let axes = Axes::new(Frame { x: 70, y: 80, width: 390, height: 180 }, (-2.0, 2.0), (0.0, 4.0))
//!     .labelled("x", "y");
//! axes.draw(&mut sheet);
//! let points = (-20..=20).map(|i| f64::from(i) / 10.0).map(|x| (x, x * x));
//! axes.line(&mut sheet, points, Stroke::new(BLUE, 2.0));
//! assert_eq!(sheet.to_image()?.dimensions(), (480, 320));
//! # Ok::<(), gmm_figures::FigureError>(())
//! ```

mod axes;
mod color_bar;
mod contour;
mod exhibit;
mod histogram;
mod indexed;
mod legend;
mod matrix;
mod measure;
mod numerals;
mod paint;
mod palette;
mod sheet;
mod stack;
mod ticks;

pub use axes::{Axes, BELOW, Frame, LEFT, padded};
pub use color_bar::{COLOR_BAR, color_bar};
pub use contour::{Field, contour, ellipse};
pub use exhibit::{Exhibit, Fact};
pub use histogram::Histogram;
pub use image;
pub use indexed::encode_indexed;
pub use legend::{Key, legend};
pub use matrix::{confusion_chart, confusion_matrix};
pub use measure::text_width;
pub use numerals::{decimal, typeset};
pub use paint::data_uri;
pub use palette::{
    BLUE, Color, GREEN, ORANGE, PURPLE, SKY, VERMILION, distinct, sequential, viridis,
};
pub use sheet::{Anchor, FAINT, FigureError, Fill, HEADING, MUTED, Place, Sheet, Stroke, TEXT};
pub use ticks::round_numbers;
