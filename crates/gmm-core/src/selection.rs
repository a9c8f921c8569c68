//! Choosing the number of components and the covariance type.

mod criterion;
mod validation;

use std::collections::BTreeMap;

use linfa::ParamGuard;
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256Plus;
use rayon::prelude::*;

use crate::covariance::CovarianceType;
use crate::error::GmmError;
use crate::fit::{Settings, fit_prepared, in_parallel};
use crate::fitted::{Fitted, Progress};
use crate::incomplete::prepared;
use crate::init::{InitMethod, Seeds};
use crate::moments::Form;
use crate::params::GmmParams;
use crate::sample::Sample;
use crate::survey::Survey;

pub use criterion::{Criterion, rank_by};
pub use validation::{CrossValidated, cross_validate};

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
    let twins = twins(&candidates, sample.n_features());
    // The largest fits first, so that no thread is left with one at the end.
    let is_first = |place: &usize| twins[*place] == *place;
    let mut order: Vec<usize> = (0..candidates.len()).filter(is_first).collect();
    order.sort_by_key(|&place| std::cmp::Reverse(candidates[place].0.n_components));
    let fits: Vec<_> = prepared(sample, |sample| {
        Ok(in_parallel(|| {
            let shared = shared_seeds(sample, &candidates);
            let fit_one = |place: usize| {
                let (settings, seeds) = &candidates[place];
                let shared = shared.for_components(settings.n_components);
                let tell = |progress| observe(place, progress);
                (place, fit_prepared(settings, seeds, sample, shared, &tell))
            };
            let fits: Vec<_> = order.into_par_iter().with_max_len(1).map(fit_one).collect();
            let of: BTreeMap<usize, _> = fits.into_iter().collect();
            let named = |(place, twin): (usize, &usize)| {
                let of_type = candidates[place].0.covariance_type;
                let fitted: Result<Fitted, GmmError> = of.get(twin)?.clone();
                Some(fitted.map(|fitted| fitted.renamed_to(of_type)))
            };
            twins.iter().enumerate().filter_map(named).collect()
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

/// For each candidate the first whose covariances are the same: of one feature only their volumes differ, and of one
/// component only what is free of it.
fn twins(candidates: &[(Settings, Vec<u64>)], n_features: usize) -> Vec<usize> {
    let sameness = |settings: &Settings| {
        let of = settings.covariance_type;
        let k = settings.n_components;
        let is_family = of.mclust_name().is_some();
        let is_plain = settings.prior.is_none()
            && settings.eigenvalue_ratio.is_none()
            && settings.trimming == 0.0
            && !settings.init_method.is_given();
        let has_one = n_features == 1 || k == 1;
        let free = of.n_parameters(k, n_features);
        (is_family && is_plain && has_one).then_some((
            k,
            free,
            of.form() == Form::Full && n_features > 1,
            // Of one feature, types differ in the rows that a component needs only where there are as good as none.
            if n_features == 1 {
                0
            } else {
                of.least_rows(n_features).to_bits()
            },
        ))
    };
    let all: Vec<_> = candidates
        .iter()
        .map(|(settings, _)| sameness(settings))
        .collect();
    let first = |(place, own): (usize, &Option<_>)| match own {
        Some(_) => all.iter().position(|other| other == own).unwrap_or(place),
        None => place,
    };
    all.iter().enumerate().map(first).collect()
}

/// Starts that candidates of the same number of components share, where several of them begin with a pool.
fn shared_seeds(sample: &Sample<'_>, candidates: &[(Settings, Vec<u64>)]) -> Seeds {
    let pooled = candidates
        .iter()
        .filter(|(s, _)| s.init_method == InitMethod::Pool);
    let numbers: Vec<usize> = pooled.map(|(s, _)| s.n_components).collect();
    let is_shared = |k: &usize| numbers.iter().filter(|n| *n == k).count() > 1;
    let shared: Vec<usize> = numbers.iter().copied().filter(is_shared).collect();
    let (Some((settings, seeds)), Ok(survey)) = (candidates.first(), Survey::of(sample)) else {
        return Seeds::default();
    };
    // Where there are outliers each fit draws starts that resist them.
    if settings.trimming > 0.0 || settings.has_background {
        return Seeds::default();
    }
    let mut rng = Xoshiro256Plus::seed_from_u64(seeds.first().copied().unwrap_or_default());
    Seeds::of(sample, &survey, settings.ridge, &shared, &mut rng)
}
