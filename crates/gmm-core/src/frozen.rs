//! Parameters that a fit leaves as they are.

use crate::covariance::{Covariance, CovarianceType};
use crate::error::GmmError;
use crate::gaussian::Gaussian;
use crate::mixture::Mixture;

/// Components whose weight, mean or covariance a fit leaves as its start has them; the start must then be given
/// ([`InitMethod::Parameters`](crate::InitMethod::Parameters)).
///
/// Frozen covariances need not obey a ratio of eigenvalues, and frozen parameters do not count in BIC and AIC.
/// Covariances of single components can be frozen in families where each has its own (`full`, `diag`,
/// `spherical`), and all together in any.
///
/// ```
/// use gmm_core::{Covariances, Frozen, Gmm, InitMethod};
/// use ndarray::array;
///
/// let known = Gmm::new(array![0.5, 0.5], array![[0.0], [4.0]], Covariances::Spherical(array![1.0, 1.0]))?;
/// let x = array![[-0.9], [0.3], [0.4], [3.2], [4.1], [5.9], [6.3]];
/// let fitted = Gmm::params(2)
///     .covariance_type(known.covariance_type())
///     .init_method(InitMethod::Parameters(known))
///     .frozen(Frozen::default().means([0]))
///     .fit_report(&x)?;
/// assert_eq!(fitted.model.means()[(0, 0)], 0.0);
/// # Ok::<(), gmm_core::GmmError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frozen {
    weights: Vec<usize>,
    means: Vec<usize>,
    covariances: Vec<usize>,
}

impl Frozen {
    /// The components whose weights stay.
    #[must_use]
    pub fn weights(self, components: impl IntoIterator<Item = usize>) -> Self {
        Self {
            weights: components.into_iter().collect(),
            ..self
        }
    }

    /// The components whose means stay.
    #[must_use]
    pub fn means(self, components: impl IntoIterator<Item = usize>) -> Self {
        Self {
            means: components.into_iter().collect(),
            ..self
        }
    }

    /// The components whose covariances stay.
    #[must_use]
    pub fn covariances(self, components: impl IntoIterator<Item = usize>) -> Self {
        Self {
            covariances: components.into_iter().collect(),
            ..self
        }
    }

    /// Whether nothing is frozen.
    pub(crate) fn is_empty(&self) -> bool {
        [&self.weights, &self.means, &self.covariances]
            .iter()
            .all(|list| list.is_empty())
    }

    /// Whether weights are.
    pub(crate) fn has_weights(&self) -> bool {
        !self.weights.is_empty()
    }

    /// The values of a start that stay.
    pub(crate) fn values(
        &self,
        start: &Mixture<Gaussian>,
        has_own_covariances: bool,
    ) -> Result<Kept, GmmError> {
        let k = start.components().len();
        let lists = [&self.weights, &self.means, &self.covariances];
        if let Some(component) = lists.into_iter().flatten().find(|c| **c >= k) {
            return Err(GmmError::InvalidParameter {
                name: "frozen component",
                value: component.to_string(),
                allowed: "a component of the start, counted from 0",
            });
        }
        let is_frozen =
            |list: &[usize]| -> Vec<bool> { (0..k).map(|c| list.contains(&c)).collect() };
        let covariances = is_frozen(&self.covariances);
        let n_frozen = covariances.iter().filter(|f| **f).count();
        if !(has_own_covariances || n_frozen == 0 || n_frozen == k) {
            return Err(GmmError::InvalidParameter {
                name: "frozen covariances",
                value: format!("{:?}", self.covariances),
                allowed: "all or none, in a family whose components share parts of them",
            });
        }
        let kept = |list: Vec<bool>| list.into_iter().zip(start.components());
        Ok(Kept {
            shares: is_frozen(&self.weights)
                .into_iter()
                .zip(start.shares().values())
                .map(|(frozen, share)| frozen.then_some(*share))
                .collect(),
            means: kept(is_frozen(&self.means))
                .map(|(frozen, g)| frozen.then(|| g.mean().to_vec()))
                .collect(),
            covariances: kept(covariances)
                .map(|(frozen, g)| frozen.then(|| g.covariance().clone()))
                .collect(),
        })
    }
}

/// What stays of each component.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) shares: Vec<Option<f64>>,
    pub(crate) means: Vec<Option<Vec<f64>>>,
    pub(crate) covariances: Vec<Option<Covariance>>,
}

impl Kept {
    /// Parameters that stay, in a fit of this type.
    pub(crate) fn n_parameters(&self, n_features: usize, of: CovarianceType) -> usize {
        let k = self.means.len();
        let n_shares = self.shares.iter().flatten().count();
        // The last share is what the others leave.
        let n_shares = if n_shares == k { k - 1 } else { n_shares };
        let n_means = self.means.iter().flatten().count();
        let n_covariances = self.covariances.iter().flatten().count();
        let of_covariances = if n_covariances == k {
            of.n_parameters(k, n_features)
        } else {
            n_covariances * of.n_parameters(1, n_features)
        };
        n_shares + n_means * n_features + of_covariances
    }

    /// Puts back what stays.
    pub(crate) fn restore(&self, emissions: Vec<Gaussian>) -> Vec<Gaussian> {
        let kept = self.means.iter().zip(&self.covariances);
        emissions
            .into_iter()
            .zip(kept)
            .map(|(g, (mean, covariance))| {
                let mean = mean.clone().unwrap_or_else(|| g.mean().to_vec());
                let covariance = covariance.clone().unwrap_or_else(|| g.covariance().clone());
                Gaussian::new(mean, covariance)
            })
            .collect()
    }

    /// Shares that leave those that stay as they are.
    pub(crate) fn shares(&self, counts: &[f64]) -> Vec<f64> {
        let kept = |k: usize| self.shares.get(k).copied().flatten();
        let taken: f64 = (0..counts.len()).filter_map(kept).sum();
        let is_free = |k: &usize| kept(*k).is_none();
        let free: f64 = (0..counts.len()).filter(is_free).map(|k| counts[k]).sum();
        let left = (1.0 - taken).max(0.0);
        let n_free = (0..counts.len()).filter(is_free).count();
        (0..counts.len())
            .map(|k| {
                kept(k).unwrap_or_else(|| {
                    if free > 0.0 {
                        left * counts[k] / free
                    } else {
                        left / n_free as f64
                    }
                })
            })
            .collect()
    }
}
