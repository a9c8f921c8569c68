//! One Gaussian component.

use crate::covariance::Covariance;
use crate::emission::Emission;
use crate::log_space::LN_2PI;
use crate::moments::{Form, Moments};
use crate::tile::{Scratch, Tile};

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

impl Emission for Gaussian {
    type Stats = Moments;

    /// ln N(x|μ,Σ) = −½(D ln 2π + ln|Σ| + (x−μ)ᵀΣ⁻¹(x−μ)); Bishop, PRML (2.43).
    fn log_density(&self, tile: &Tile, scratch: &mut Scratch, out: &mut [f64]) {
        self.covariance
            .squared_distances(tile, &self.mean, scratch, out);
        let constant = self.mean.len() as f64 * LN_2PI + self.covariance.log_det();
        for q in out.iter_mut() {
            // So far away that whitening met ∞−∞: the density is 0.
            *q = if q.is_nan() {
                f64::NEG_INFINITY
            } else {
                -0.5 * (constant + *q)
            };
        }
    }

    fn no_statistics(&self) -> Moments {
        let form = match self.covariance {
            Covariance::Full(_) => Form::Full,
            _ => Form::Diagonal,
        };
        let mut none = Moments::zero(form, self.mean.len());
        // A component that gathers no rows stays where it was.
        none.mean.clone_from(&self.mean);
        none
    }

    fn gather(&self, tile: &Tile, weights: &[f64], scratch: &mut Scratch, into: &mut Moments) {
        into.gather(tile, weights, &self.mean, scratch);
    }
}
