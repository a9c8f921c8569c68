//! Segments a picture by a Gaussian mixture of its colours.
//!
//! ```
//! use image_seg::{Options, Picture, analyze};
//!
//! let picture = Picture::from_rgb8(2, 2, &[0, 0, 0, 10, 10, 10, 250, 250, 250, 255, 255, 255])?;
//! let report = analyze(&picture, &Options { n_components: 2..=2, ..Options::default() }, &|_, _| {})?;
//! assert_eq!(report.labels, [0, 0, 1, 1]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The rooms are those of every domain crate: [`Picture`] is the data, [`ColorSpace`] the features,
//! [`analyze`] the model and [`draw`] the figure. [`examples`] are the slides' own.

mod data;
pub mod examples;
mod features;
mod figure;
pub mod graph_cut;
mod model;
pub mod score;

pub use data::{Mark, Marks, Picture, PictureError};
pub use features::{ColorSpace, Colors, lab};
pub use figure::{
    Palette, cutout_file, draw, draw_foreground, draw_regions, label_image, labels_file, mask_file,
};
pub use model::{
    Foreground, ForegroundError, ForegroundOptions, MOST_REGIONS, MOST_SEGMENTS, Options, Region,
    RegionOptions, Regions, Report, Segment, analyze, find_foreground, find_regions,
};
