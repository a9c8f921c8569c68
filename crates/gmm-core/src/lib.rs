//! Gaussian mixtures: a distribution one can build, fit, question, draw from and keep.
//!
//! [`Gmm`] is a value: a mixture of Gaussians with `log_prob`, `responsibilities`, `labels`, `sample`,
//! `bic` and a JSON form. [`GmmParams`] is the estimator that learns one from rows; [`Fitted`] is what it
//! returns.
//!
//! ```
//! use gmm_core::{Gmm, rand::SeedableRng, rand_xoshiro::Xoshiro256Plus};
//! use ndarray::array;
//!
//! // Two groups in the plane.
//! let x = array![
//!     [0.1, 0.2], [-0.3, 0.1], [0.2, -0.2], [0.0, 0.3], [-0.1, -0.1],
//!     [4.1, 4.0], [3.8, 4.3], [4.2, 3.7], [4.0, 4.1], [3.9, 3.9],
//! ];
//! let fitted = Gmm::params(2).fit_report(&x)?;
//! let gmm = fitted.model;
//! let labels = gmm.labels(&x)?;
//! assert!(labels.iter().take(5).all(|&l| l == labels[0]));
//! assert_ne!(labels[0], labels[9]);
//!
//! let (drawn, _) = gmm.sample(100, &mut Xoshiro256Plus::seed_from_u64(1));
//! assert_eq!(drawn.dim(), (100, 2));
//!
//! let kept = gmm.to_json()?;
//! assert_eq!(Gmm::from_json(&kept)?, gmm);
//! # Ok::<(), gmm_core::GmmError>(())
//! ```
//!
//! `docs/fitting.md` in the repository shows what a fit can do, with code and a figure for each ability: families,
//! missing values, noise, priors, labels, outliers, selection, standard errors and more.
//!
//! Everything is `f64` inside; `f32` and `f64` tables (and any other [`Rows`]) are read a tile at a time.
//! Nothing here reads files, draws, prints or looks at a clock; randomness comes from a generator that is
//! passed in, and the result is the same, to the bit, on any number of threads.

mod adaptation;
mod answers;
mod background;
mod belief;
mod chain;
mod cholesky;
pub mod clusters;
mod components;
mod covariance;
mod dataset;
pub mod detection;
pub mod discriminant;
mod distribution;
mod divergence;
mod eigen;
mod em;
mod emission;
mod error;
mod factors;
mod family;
mod fit;
mod fitted;
mod frozen;
mod gaussian;
mod gmm;
pub mod hmm;
mod incomplete;
pub mod inference;
mod init;
mod integral;
mod kernel;
mod log_space;
mod mixture;
mod moments;
mod observation;
mod params;
mod persist;
mod prior;
mod reduction;
mod sample;
mod search;
pub mod selection;
mod shares;
mod simd;
mod soundness;
mod spare;
mod special;
mod squarem;
pub mod subspace;
mod survey;
pub mod switching;
mod threads;
mod tile;
mod typed_covariances;

pub use adaptation::Adaptation;
pub use background::Background;
pub use belief::Ridge;
pub use cholesky::Cholesky;
pub use covariance::{Covariance, CovarianceType};
pub use dataset::{GmmCovarType, GmmInitMethod};
pub use distribution::{Mode, Region, Regression};
pub use em::Outcome;
pub use error::GmmError;
pub use factors::FactorScores;
pub use fitted::{Criteria, Fitted, Note, Progress};
pub use frozen::Frozen;
pub use gaussian::Gaussian;
pub use gmm::Gmm;
pub use init::InitMethod;
pub use integral::{Integral, Method};

pub use fit::TRIMMED_RATIO;
pub use params::{GmmParams, GmmValidParams};
pub use prior::Prior;
pub use reduction::{Merge, Reduction};
pub use sample::{Noise, Sample};
pub use search::Mending;
pub use tile::{Rows, TILE_ROWS, Tile, Tiles};
pub use typed_covariances::Covariances;

pub use {linfa, ndarray, rand, rand_xoshiro};
