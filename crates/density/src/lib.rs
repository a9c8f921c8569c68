//! What a mixture says about a table: density, clusters, anomalies, samples.
//!
//! ```
//! use density::{Options, Points, analyze};
//! use gmm_core::ndarray::array;
//!
//! let rows = array![[0.1], [0.0], [-0.1], [4.9], [5.0], [5.2]];
//! let report = analyze(&Points::new("lengths", &["cm"], rows), &Options::default(), &|_, _| {})?;
//! assert_eq!(report.fitted.model.n_components(), 2);
//! assert_eq!(report.labels[0], report.labels[2]);
//! # Ok::<(), gmm_core::GmmError>(())
//! ```
//!
//! The rooms are those of every domain crate: [`Points`] are the data (the slides' own in [`samples`]), complete
//! rows of chosen columns the features, [`analyze`] and what follows from it the model, and [`figure`] draws.
//! [`examples`] are the slides' own.

mod data;
pub mod examples;
mod features;
pub mod figure;
mod model;
pub mod samples;

pub use data::{Points, PointsError, Truth};
pub use model::{
    Anomalies, DetectOptions, Detected, Detector, Directions, Kept, KeptByLatent, Latent, Learnt,
    Limit, NewRows, Options, Part, Reason, Report, Scores, Step, View, analyze, anomalies, below,
    detect, directions, directions_of_classes, latent, learn_usual, percentile, score, watch,
};
