//! How sure a fit is, and whether it can be trusted.
//!
//! * [`Gmm::standard_errors`](crate::Gmm::standard_errors): of every parameter, from the information in the rows.
//! * [`GmmParams::bootstrap`](crate::GmmParams::bootstrap): the same by fits to rows drawn anew, for every family.
//! * [`GmmParams::likelihood_ratio_tests`](crate::GmmParams::likelihood_ratio_tests): whether one component more is
//!   more than chance.
//! * [`GmmParams::audit`](crate::GmmParams::audit): whether the search found its optimum, and whether that means
//!   anything.

mod audit;
mod bootstrap;
mod chart;
mod findings;
mod likelihood_ratio;
mod partition;
mod scores;
mod standard_errors;

pub use audit::{Audit, ComponentAudit, Optimum, Overlap};
pub use bootstrap::Bootstrap;
pub use findings::{Finding, Verdict};
pub use likelihood_ratio::LikelihoodRatioTest;
pub(crate) use partition::adjusted_rand_index;
pub use standard_errors::Information;

use ndarray::{Array1, Array2, Array3};

use crate::covariance::Covariance;
use crate::gmm::Gmm;
use crate::moments::{Form, lower};

/// A number for every parameter of a mixture of K components of D features: its value, its standard error, a bound.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters {
    /// Of the weights, K.
    pub weights: Array1<f64>,
    /// Of the means, K × D, in the units of the features.
    pub means: Array2<f64>,
    /// Of the entries of the covariances, K × D × D, in the products of these units; whatever the covariance type.
    pub covariances: Array3<f64>,
}

impl Parameters {
    /// The values themselves.
    pub(crate) fn of(gmm: &Gmm) -> Self {
        Self {
            weights: gmm.weights().to_owned(),
            means: gmm.means().clone(),
            covariances: gmm.covariances(),
        }
    }
}

/// The lower triangle of a covariance of features that are each measured in the root of its `scale`.
fn in_deviations(covariance: &Covariance, scale: &[f64]) -> Vec<f64> {
    let mut triangle = covariance.entries(Form::Full);
    for i in 0..scale.len() {
        for j in 0..=i {
            triangle[lower(i, j)] /= scale[i].sqrt() * scale[j].sqrt();
        }
    }
    triangle
}
