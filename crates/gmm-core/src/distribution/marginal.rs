//! Some columns of a mixture, and its moments as a whole.

use ndarray::{Array1, Array2, Axis};

use super::check_columns;
use crate::background::Background;
use crate::covariance::Covariance;
use crate::error::GmmError;
use crate::gaussian::Gaussian;
use crate::gmm::Gmm;

impl Gmm {
    /// The mixture of these columns alone, in this order: the others integrated out. Bishop, PRML (2.98).
    ///
    /// # Errors
    /// [`GmmError::InvalidParameter`] unless `columns` names at least one column, and none twice.
    pub fn marginal(&self, columns: &[usize]) -> Result<Self, GmmError> {
        check_columns(columns, self.n_features())?;
        // Any weights: given a row far out, all can be the background's.
        let k = self.n_components();
        let of_components = Self::new(
            Array1::from_elem(k, 1.0 / k as f64),
            self.means().select(Axis(1), columns),
            self.typed_covariances().of_columns(columns),
        )?;
        let background = self.background().map(|(_, region)| region.of(columns));
        Ok(of_components.shared_out(self.mixture().shares().clone(), background))
    }

    /// The mean of the whole mixture, D: Σ πₖμₖ, and of the background its centre.
    pub fn total_mean(&self) -> Array1<f64> {
        Array1::from(self.whole().mean())
    }

    /// The covariance of the whole mixture, D × D: what lies within the components and between them,
    /// Σ πₖ(Σₖ + (μₖ − m)(μₖ − m)ᵀ), and the background's own.
    pub fn total_covariance(&self) -> Array2<f64> {
        let d = self.n_features();
        let covariance = self.whole().covariance();
        Array2::from_shape_fn((d, d), |(i, j)| covariance[i * d + j])
    }

    fn whole(&self) -> Whole<'_> {
        Whole {
            shares: self.mixture().shares().values(),
            means: self.components().iter().map(Gaussian::mean).collect(),
            covariances: self.components().iter().map(Gaussian::covariance).collect(),
            background: self.mixture().background(),
        }
    }
}

/// The parts of a mixture, for the moments of the whole.
pub(super) struct Whole<'p> {
    /// Of the parts, and of the background where there is one.
    pub(super) shares: &'p [f64],
    pub(super) means: Vec<&'p [f64]>,
    pub(super) covariances: Vec<&'p Covariance>,
    pub(super) background: Option<&'p Background>,
}

impl Whole<'_> {
    /// Its mean, D. It is found from the place of the likeliest part, so that a mean far from 0 costs no digits of
    /// what lies between the parts.
    pub(super) fn mean(&self) -> Vec<f64> {
        let mut mean = self.origin().to_vec();
        let origin = self.origin();
        for (share, place) in self.parts() {
            for (j, m) in mean.iter_mut().enumerate() {
                *m += share * (place[j] - origin[j]);
            }
        }
        mean
    }

    /// Its covariance, D × D, row by row.
    pub(super) fn covariance(&self) -> Vec<f64> {
        let mean = self.mean();
        let d = mean.len();
        let mut sum = vec![0.0; d * d];
        for (part, (share, place)) in self.parts().enumerate() {
            for i in 0..d {
                for j in 0..d {
                    let own = match self.covariances.get(part) {
                        Some(covariance) => covariance.entry(i, j),
                        None => self.background.map_or(0.0, |b| b.covariance(i, j)),
                    };
                    sum[i * d + j] += share * (own + (place[i] - mean[i]) * (place[j] - mean[j]));
                }
            }
        }
        sum
    }

    fn origin(&self) -> &[f64] {
        let likeliest = (0..self.means.len())
            .max_by(|&a, &b| self.shares[a].total_cmp(&self.shares[b]))
            .unwrap_or(0);
        self.means[likeliest]
    }

    /// Share and mean of the parts that have any, and of the background.
    fn parts(&self) -> impl Iterator<Item = (f64, Vec<f64>)> {
        let centre = self.background.map(Background::centre);
        let means = self.means.iter().map(|m| m.to_vec()).chain(centre);
        self.shares.iter().copied().zip(means)
    }
}
