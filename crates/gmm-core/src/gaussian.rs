//! One Gaussian component.

use crate::covariance::Covariance;
use crate::emission::{Emission, Statistics};
use crate::kernel::{Densities, Gathering, Wanted};
use crate::moments::Moments;

/// N(μ, Σ).
#[derive(Debug, Clone, PartialEq)]
pub struct Gaussian {
    mean: Vec<f64>,
    covariance: Covariance,
}

impl Gaussian {
    /// The two must be of one dimension.
    pub(crate) fn new(mean: Vec<f64>, covariance: Covariance) -> Self {
        debug_assert_eq!(mean.len(), covariance.dim());
        Self { mean, covariance }
    }

    /// μ, one value per feature.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// Σ.
    pub fn covariance(&self) -> &Covariance {
        &self.covariance
    }
}

impl Statistics for Moments {
    fn weight(&self) -> f64 {
        self.weight
    }
}

impl Emission for Gaussian {
    type Stats = Moments;
    type Wanted = Wanted;
    type Densities = Densities;
    type Gathering = Gathering;

    fn densities(states: &[Self]) -> Densities {
        Densities::new(states)
    }

    fn gathering(states: &[Self], wanted: Wanted) -> Gathering {
        Gathering::of(states, wanted)
    }
}
