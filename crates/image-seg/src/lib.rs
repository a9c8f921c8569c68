//! Divides a picture: by a Gaussian mixture of its colours, into regions, or into foreground and background.
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
//! That mixture sees single pixels. [`find_regions`] makes connected regions of one colour or texture, as many as there
//! are, and [`find_foreground`] cuts out what a rectangle or [`Marks`] show:
//!
//! ```
//! use image_seg::{Picture, RegionOptions, find_regions};
//!
//! let bytes: Vec<u8> = (0..60 * 40).flat_map(|i| if i % 60 < 20 { [200, 40, 40] } else { [40, 60, 160] }).collect();
//! let picture = Picture::from_rgb8(60, 40, &bytes)?;
//! let found = find_regions(&picture, &RegionOptions::default(), &|_| {})?;
//! let sizes: Vec<usize> = found.regions.iter().map(|r| r.size).collect();
//! assert_eq!(sizes, [1600, 800]);
//! assert_eq!(found.regions[1].bounding_box, [0, 0, 20, 40]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The rooms are those of every domain crate: [`Picture`] is the data, [`ColorSpace`] the features,
//! [`analyze`] the model and [`draw`] the figure. [`examples`] are the slides' own, [`graph_cut`] finds minimum cuts, and
//! [`score`] compares segments with those that people drew.

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
