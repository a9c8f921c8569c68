//! The maximum-likelihood belief: Gaussians from their moments, with a ridge.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::covariance::{Covariance, CovarianceType};
use crate::emission::Estimate;
use crate::error::Collapse;
use crate::gaussian::Gaussian;
use crate::kernel::Wanted;
use crate::moments::Moments;

/// A component with less than this share of all rows no longer influences any density in `f64`.
pub(crate) const NO_SHARE: f64 = f64::EPSILON;

/// What is added to the diagonal of every covariance, so that none becomes singular.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ridge {
    /// This share of each feature's variance in the data: the answer does not depend on units. A constant
    /// column takes the mean variance of the others, or 1 where all are constant.
    ///
    /// It only guards the arithmetic. A component that shrinks down to it is a spike on tied values, not a
    /// part of the data's density: such fits are ranked behind others and noted
    /// ([`Note::Spike`](crate::Note::Spike)).
    Relative(f64),
    /// This variance, in the units of the data (scikit-learn's and linfa's `reg_covar`).
    ///
    /// It states how fine the data can be; a component as narrow as that is taken for real.
    Absolute(f64),
}

/// Maximum likelihood under a constraint on the covariances, with a ridge on their diagonals.
#[derive(Debug, Clone)]
pub(crate) struct MaximumLikelihood {
    covariance_type: CovarianceType,
    ridge: Vec<f64>,
    ridge_is_guard: bool,
}

impl MaximumLikelihood {
    /// `scale` is the variance of each feature that a relative ridge is a share of.
    pub(crate) fn new(covariance_type: CovarianceType, ridge: Ridge, scale: &[f64]) -> Self {
        let (ridge, ridge_is_guard) = match ridge {
            Ridge::Relative(share) => (scale.iter().map(|v| v * share).collect(), true),
            Ridge::Absolute(variance) => (vec![variance; scale.len()], false),
        };
        Self {
            covariance_type,
            ridge,
            ridge_is_guard,
        }
    }

    /// The ridge of each feature, where it only guards the arithmetic.
    pub(crate) fn guard(&self) -> Option<&[f64]> {
        self.ridge_is_guard.then_some(&self.ridge)
    }

    /// The constraint on the covariances.
    pub(crate) fn covariance_type(&self) -> CovarianceType {
        self.covariance_type
    }

    /// Sₖ/Nₖ + ridge, as the covariance of one component.
    pub(crate) fn covariance(
        &self,
        moments: &Moments,
        component: usize,
    ) -> Result<Covariance, Collapse> {
        self.covariance_type
            .covariance(self.variances(moments), moments.mean.len())
            .map_err(|pivot| Collapse {
                component,
                column: pivot.0,
            })
    }

    /// ln |Σ| of that covariance, where there is one.
    pub(crate) fn log_det(&self, moments: &Moments) -> Option<f64> {
        let variances = self.variances(moments);
        self.covariance_type
            .log_det(variances, moments.mean.len())
            .ok()
    }

    fn variances(&self, moments: &Moments) -> Vec<f64> {
        let mut variances: Vec<f64> = moments.scatter.iter().map(|s| s / moments.weight).collect();
        for (i, ridge) in self.ridge.iter().enumerate() {
            variances[moments.form.place(i, i)] += ridge;
        }
        variances
    }
}

/// The within-component moments Σₖ Sₖ of all components together.
///
/// The mean of the result is that of the first component and has no meaning.
pub(crate) fn pooled(stats: &[Moments]) -> Moments {
    let mut pooled = stats[0].clone();
    for s in &stats[1..] {
        pooled.weight += s.weight;
        pooled
            .scatter
            .iter_mut()
            .zip(&s.scatter)
            .for_each(|(a, b)| *a += b);
    }
    pooled
}

impl Estimate<Gaussian> for MaximumLikelihood {
    fn wanted(&self) -> Wanted {
        Wanted {
            form: self.covariance_type.form(),
            pooled: self.covariance_type.is_tied(),
        }
    }

    /// No variance, whatever the other features say, is below the ridge.
    fn allows(&self, emission: &Gaussian) -> bool {
        /// What logarithms and back may round away.
        const ROUNDING: f64 = 1e-9;
        let d = self.ridge.len() as f64;
        let least = |ridge: f64| ridge * (1.0 - ROUNDING);
        match emission.covariance() {
            Covariance::Spherical { variance, .. } => {
                *variance >= least(self.ridge.iter().map(|r| r / d).sum())
            }
            covariance => {
                let variances = covariance.conditional_variances();
                variances
                    .iter()
                    .zip(&self.ridge)
                    .all(|(v, r)| *v >= least(*r))
            }
        }
    }

    /// μₖ and Σₖ of Bishop, PRML (9.24)–(9.25); tied types pool the scatters first, Σ = Σₖ Sₖ/N.
    ///
    /// A component without rows keeps its mean and takes the pooled covariance, so that the model stays
    /// valid; its weight says that it is empty.
    fn emissions(&self, stats: &[Moments]) -> Result<Vec<Gaussian>, Collapse> {
        let all = pooled(stats);
        let is_empty = |s: &Moments| s.weight <= NO_SHARE * all.weight;
        let first_shared = stats
            .iter()
            .position(|s| self.covariance_type.is_tied() || is_empty(s));
        let shared = first_shared
            .map(|component| self.covariance(&all, component))
            .transpose()?;
        let covariances: Vec<_> = stats
            .par_iter()
            .enumerate()
            .map(|(component, s)| match &shared {
                Some(shared) if self.covariance_type.is_tied() || is_empty(s) => Ok(shared.clone()),
                _ => self.covariance(s, component),
            })
            .collect();
        // One after the other, so that the first refusal is always the same.
        covariances
            .into_iter()
            .zip(stats)
            .map(|(covariance, s)| Ok(Gaussian::new(s.mean.clone(), covariance?)))
            .collect()
    }
}
