//! Choosing the number of components and the covariance type.

use linfa::ParamGuard;
use rand::Rng;

use crate::covariance::CovarianceType;
use crate::error::GmmError;
use crate::fitted::{Fitted, Progress};
use crate::params::GmmParams;
use crate::tile::Sample;

/// Fits every number of components with every covariance type and ranks the fits by BIC, the best first.
///
/// All else is as `params` say. `observe` hears of every iteration, with the fit's place in the order of
/// fitting.
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
    ranking.sort_by(|a, b| a.bic().total_cmp(&b.bic()));
    match refused {
        Some(error) if ranking.is_empty() => Err(error),
        _ => Ok(ranking),
    }
}
