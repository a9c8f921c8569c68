//! Reads handwritten digits with Gaussian mixtures for each class.
//!
//! ```
//! use digits::{Images, TrainOptions, train};
//!
//! // Every third of the digits that ship is learned from, and the next one read.
//! let images = Images::shipped()?;
//! let third = |first: usize| -> Vec<usize> { (first..1797).step_by(3).collect() };
//! let (known, others) = (images.select(&third(0)), images.select(&third(1)));
//! let trained = train(&known, &TrainOptions::default(), &|_, _| {})?;
//! let log_posteriors = trained.recognizer.log_posteriors(others.pixels())?;
//! let is_sure_of_truth = |(row, label): (usize, &usize)| log_posteriors[(row, *label)] > 0.5f64.ln();
//! let n_right = others.labels().iter().enumerate().filter(|read| is_sure_of_truth(*read)).count();
//! assert!(n_right as f64 > 0.97 * others.labels().len() as f64);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The slide's recipe is a mixture for each class in the grey levels, read by images that were held out:
//!
//! ```
//! use digits::{Images, Options, analyze};
//!
//! // Eight images of 2 × 2 pixels in two classes: what is bright is above, or below.
//! let csv = "9,8,0,1,0\n8,9,0,0,0\n9,9,1,0,0\n8,8,1,1,0\n0,1,9,8,1\n0,0,8,9,1\n1,0,9,9,1\n1,1,8,8,1\n";
//! let images = Images::decode(csv.as_bytes(), None)?;
//! let report = analyze(&images, &Options { n_folds: 4, ..Options::default() }, &|_, _| {})?;
//! assert_eq!(report.held_out.n_errors(), 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The rooms are those of every domain crate: [`Images`] is the data, [`Features`] and [`View`] the features, [`analyze`]
//! the slide's model, built on [`Classifier`] and [`Folds`], [`train`] and [`Recognizer`] the one that works, [`Generator`]
//! what makes images, and [`draw`] the figure. [`examples`] are the slides' own.

mod classifier;
mod data;
pub mod examples;
mod features;
mod figure;
mod folds;
mod generator;
mod judgement;
mod model;
mod recognizer;
mod validation;

pub use classifier::{Classifier, Prior, Settings};
pub use data::{Images, ImagesError, Reading as ImageReading, Scans, labels_beside};
pub use features::{Features, View};
pub use figure::{Pictures, draw, draw_generated, draw_judgement, draw_ridges};
pub use folds::Folds;
pub use generator::Generator;
pub use judgement::{Bin, Judgement, Operating};
pub use model::{Candidate, Fold, Options, Report, Slide, analyze};
pub use recognizer::{
    ModelFileError, Own, Part, Recognizer, Shape, TrainOptions, Trained, Tried, cross_validate,
    train,
};
pub use validation::{HeldOut, Reading};
