//! Choosing the number of components and the covariance type.

use linfa::ParamGuard;
use rand::Rng;

use crate::covariance::CovarianceType;
use crate::error::GmmError;
use crate::fitted::{Fitted, Progress};
use crate::params::GmmParams;
use crate::sample::Sample;

/// Fits every number of components with every covariance type and ranks the fits, the best first: proper ones
/// ([`Fitted::is_proper`]) before others, and then by BIC.
///
/// All else is as `params` say. `observe` hears of every iteration, with the fit's place in the order of
/// fitting.
///
/// ```
/// use gmm_core::selection::rank;
/// use gmm_core::{CovarianceType, Gmm, Sample};
/// use ndarray::Array2;
///
/// let x = Array2::from_shape_fn((60, 1), |(i, _)| (i % 3) as f64 * 9.0 + (i / 3) as f64 * 0.1);
/// let ranking = rank(
///     &Sample::new(&x),
///     &Gmm::params(1),
///     1..=5,
///     &[CovarianceType::Full, CovarianceType::Tied],
///     &mut |_, _| {},
/// )?;
/// assert_eq!(ranking[0].model.n_components(), 3);
/// # Ok::<(), gmm_core::GmmError>(())
/// ```
///
/// # Errors
/// Those of the first fit that fails, if all do; fits that fail beside others that succeed, as more
/// components than rows do, are left out.
pub fn rank<R: Rng + Clone>(
    sample: &Sample<'_>,
    params: &GmmParams<R>,
    n_components: impl IntoIterator<Item = usize>,
    types: &[CovarianceType],
    observe: &mut dyn FnMut(usize, Progress),
) -> Result<Vec<Fitted>, GmmError> {
    let mut ranking = Vec::new();
    let mut refused = None;
    let candidates = n_components
        .into_iter()
        .flat_map(|k| types.iter().map(move |&t| (k, t)));
    for (place, (k, covariance_type)) in candidates.enumerate() {
        let params = params
            .clone()
            .n_components(k)
            .covariance_type(covariance_type)
            .check()?;
        match params.fit_sample(sample, &mut |progress| observe(place, progress)) {
            Ok(fitted) => ranking.push(fitted),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    ranking.sort_by(|a, b| {
        (!a.is_proper())
            .cmp(&!b.is_proper())
            .then(a.bic().total_cmp(&b.bic()))
    });
    match refused {
        Some(error) if ranking.is_empty() => Err(error),
        _ => Ok(ranking),
    }
}
