//! Choosing the number of components and the covariance type.

mod candidates;
mod criterion;
mod validation;

use std::collections::BTreeMap;

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256Plus;
use rayon::prelude::*;

use crate::covariance::CovarianceType;
use crate::error::GmmError;
use crate::fit::fit_prepared;
use crate::fitted::{Fitted, Progress};
use crate::incomplete::prepared;
use crate::init::{InitMethod, Seeds};
use crate::params::GmmParams;
use crate::sample::Sample;
use crate::survey::Survey;
use crate::threads::in_parallel;

use candidates::{Candidate, candidates, twins};

pub use criterion::Criterion;
pub use validation::{CrossValidated, cross_validate};

/// Fits every number of components with every covariance type and ranks the fits, the best first: proper ones
/// ([`Fitted::is_proper`]) before others, and then by BIC.
///
/// All else is as `params` say. The fits are made at the same time; `observe` hears of every iteration, from several
/// threads, with the fit's place among those that are possible (by number of components, then by type). Of types that
/// cannot differ, as of one component or one feature, the first is fitted for all.
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
/// Those of the first fit that fails, if all do; fits that fail or are not possible beside others that succeed, as more
/// components than rows, are left out.
pub fn rank<R: Rng + Clone>(
    sample: &Sample<'_>,
    params: &GmmParams<R>,
    n_components: impl IntoIterator<Item = usize>,
    types: &[CovarianceType],
    observe: &(dyn Fn(usize, Progress) + Sync),
) -> Result<Vec<Fitted>, GmmError> {
    rank_by(Criterion::Bic, sample, params, n_components, types, observe)
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
    let candidates = candidates(params, n_components, types)?;
    let twin_of = twins(&candidates, sample.n_features());
    let Some((settings, _)) = candidates.first() else {
        return Ok(Vec::new());
    };
    // The largest fits first, so that no thread is left with one at the end.
    let is_first = |place: &usize| twin_of[*place] == *place;
    let mut order: Vec<usize> = (0..candidates.len()).filter(is_first).collect();
    order.sort_by_key(|&place| std::cmp::Reverse(candidates[place].0.n_components));
    let fitted: Vec<&Candidate> = order.iter().map(|&place| &candidates[place]).collect();
    let fits: Vec<_> = prepared(sample, settings.expects_outliers(), |sample| {
        let survey = settings.survey(sample)?;
        Ok(in_parallel(|| {
            let shared = sample.as_whole(|sample| shared_seeds(sample, &survey, &fitted));
            let fit_one = |place: usize| {
                let (settings, seeds) = &candidates[place];
                let shared = shared.for_components(settings.n_components);
                let tell = |progress| observe(place, progress);
                let data = (sample, &survey);
                (place, fit_prepared(settings, seeds, data, shared, &tell))
            };
            let fits: Vec<_> = order.into_par_iter().with_max_len(1).map(fit_one).collect();
            let of: BTreeMap<usize, _> = fits.into_iter().collect();
            let named = |(place, twin): (usize, &usize)| {
                let of_type = candidates[place].0.covariance_type;
                let fitted: Result<Fitted, GmmError> = of.get(twin)?.clone();
                Some(fitted.map(|fitted| fitted.renamed_to(of_type)))
            };
            twin_of.iter().enumerate().filter_map(named).collect()
        }))
    })?;
    let mut ranking = Vec::new();
    let mut refused = None;
    for fitted in fits {
        match fitted {
            Ok(fitted) => ranking.push(fitted),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    ranking.sort_by(|a, b| criterion.order(a, b));
    match refused {
        Some(error) if ranking.is_empty() => Err(error),
        _ => Ok(ranking),
    }
}

/// Starts that fits of the same number of components share, where several of them begin with a pool.
fn shared_seeds(sample: &Sample<'_>, survey: &Survey, fitted: &[&Candidate]) -> Seeds {
    let pooled = fitted
        .iter()
        .filter(|(s, _)| s.init_method == InitMethod::Pool);
    let numbers: Vec<usize> = pooled.map(|(s, _)| s.n_components).collect();
    let is_shared = |k: &usize| numbers.iter().filter(|n| *n == k).count() > 1;
    let shared: Vec<usize> = numbers.iter().copied().filter(is_shared).collect();
    match fitted.first() {
        // Where there may be outliers each fit draws starts that resist them.
        Some((settings, seeds)) if !settings.expects_outliers() => {
            let seed = seeds.first().copied().unwrap_or_default();
            let mut rng = Xoshiro256Plus::seed_from_u64(seed);
            Seeds::of(sample, survey, settings.ridge, &shared, &mut rng)
        }
        _ => Seeds::default(),
    }
}
