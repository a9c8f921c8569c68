//! By which number fits are ranked.

use rand::Rng;
use serde::{Deserialize, Serialize};

use super::rank;
use crate::covariance::CovarianceType;
use crate::error::GmmError;
use crate::fitted::{Criteria, Fitted, Progress};
use crate::params::GmmParams;
use crate::sample::Sample;

/// What models are chosen by; of each the smaller is the better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Criterion {
    /// Bayesian information criterion: which mixture describes the density.
    #[default]
    Bic,
    /// Akaike's information criterion: which predicts best. It asks for more components.
    Aic,
    /// Integrated completed likelihood: which is of components that are clusters too. It asks for fewer.
    Icl,
}

impl Criterion {
    /// Its value among those of a fit.
    pub const fn of(self, criteria: &Criteria) -> f64 {
        match self {
            Self::Bic => criteria.bic,
            Self::Aic => criteria.aic,
            Self::Icl => criteria.icl,
        }
    }
}

/// As [`rank`], but of the proper fits those first that this criterion prefers.
///
/// ```
/// use gmm_core::selection::{Criterion, rank_by};
/// use gmm_core::{CovarianceType, Gmm, Sample};
/// use ndarray::Array2;
///
/// let x = Array2::from_shape_fn((60, 1), |(i, _)| (i % 3) as f64 * 9.0 + (i / 3) as f64 * 0.1);
/// let ranking = rank_by(
///     Criterion::Icl,
///     &Sample::new(&x),
///     &Gmm::params(1),
///     1..=4,
///     &[CovarianceType::Full],
///     &|_, _| {},
/// )?;
/// assert_eq!(ranking[0].model.n_components(), 3);
/// # Ok::<(), gmm_core::GmmError>(())
/// ```
///
/// # Errors
/// As [`rank`].
pub fn rank_by<R: Rng + Clone>(
    criterion: Criterion,
    sample: &Sample<'_>,
    params: &GmmParams<R>,
    n_components: impl IntoIterator<Item = usize>,
    types: &[CovarianceType],
    observe: &(dyn Fn(usize, Progress) + Sync),
) -> Result<Vec<Fitted>, GmmError> {
    let mut ranking = rank(sample, params, n_components, types, observe)?;
    let value = |fitted: &Fitted| criterion.of(&fitted.criteria());
    ranking.sort_by(|a, b| {
        (!a.is_proper())
            .cmp(&!b.is_proper())
            .then(value(a).total_cmp(&value(b)))
    });
    Ok(ranking)
}
