//! Choosing the number of components and the covariance type.

use linfa::ParamGuard;
use rand::Rng;
use rayon::prelude::*;

use crate::covariance::CovarianceType;
use crate::error::GmmError;
use crate::fit::{fit, in_parallel};
use crate::fitted::{Fitted, Progress};
use crate::incomplete::prepared;
use crate::params::GmmParams;
use crate::sample::Sample;

/// Fits every number of components with every covariance type and ranks the fits, the best first: proper ones
/// ([`Fitted::is_proper`]) before others, and then by BIC.
///
/// All else is as `params` say. The fits are made at the same time; `observe` hears of every iteration, from
/// several threads, with the fit's place among them (by number of components, then by type).
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
///     &|_, _| {},
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
    observe: &(dyn Fn(usize, Progress) + Sync),
) -> Result<Vec<Fitted>, GmmError> {
    let candidates = n_components
        .into_iter()
        .flat_map(|k| types.iter().map(move |&t| (k, t)))
        .map(|(k, covariance_type)| {
            let params = params.clone().n_components(k);
            Ok(params
                .covariance_type(covariance_type)
                .check()?
                .into_parts())
        })
        .collect::<Result<Vec<_>, GmmError>>()?;
    // The largest fits first, so that no thread is left with one at the end.
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by_key(|&place| std::cmp::Reverse(candidates[place].0.n_components));
    let fit_one = |sample: &Sample<'_>, place: usize| {
        let (settings, seeds) = &candidates[place];
        let fitted = fit(settings, seeds, sample, &|progress| {
            observe(place, progress)
        });
        (place, fitted)
    };
    let mut fits: Vec<_> = prepared(sample, |sample| {
        Ok(in_parallel(|| {
            order
                .into_par_iter()
                .with_max_len(1)
                .map(|place| fit_one(sample, place))
                .collect()
        }))
    })?;
    fits.sort_by_key(|(place, _)| *place);
    let mut ranking = Vec::new();
    let mut refused = None;
    for (_, fitted) in fits {
        match fitted {
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
