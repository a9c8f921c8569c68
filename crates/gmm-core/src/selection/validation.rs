//! Cross-validation: how well rows are described that a fit has not seen.

use linfa::ParamGuard;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256Plus;
use rayon::prelude::*;
use serde::Serialize;

use super::candidates::{Candidate, candidates};
use crate::covariance::CovarianceType;
use crate::error::GmmError;
use crate::fit::{Settings, fit};
use crate::incomplete::prepared;
use crate::params::GmmParams;
use crate::sample::Sample;
use crate::threads::in_parallel;

/// How well mixtures of one size and type describe rows that they were not fitted to.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CrossValidated {
    /// K.
    pub n_components: usize,
    /// The constraint on the covariances.
    pub covariance_type: CovarianceType,
    /// Mean log-likelihood of the rows left out, in nats per unit of weight, over all folds that were fitted.
    pub mean_log_likelihood: f64,
    /// Its standard error: the deviation of the folds' means over the root of their number. Folds share most of the
    /// rows they are fitted to, so it is a little too small (Bengio & Grandvalet, *JMLR* 5, 2004).
    pub standard_error: f64,
    /// Folds that were fitted.
    pub n_folds: usize,
    /// Folds that could not be fitted.
    pub n_failed: usize,
    /// Folds of which the fit is not proper ([`Fitted::is_proper`](crate::Fitted::is_proper)).
    pub n_improper: usize,
}

impl CrossValidated {
    /// Whether all folds were fitted, and at least half of them properly.
    pub fn is_proper(&self) -> bool {
        self.n_failed == 0 && 2 * self.n_improper <= self.n_folds
    }
}

/// One fold of one candidate.
struct Fold {
    log_likelihood: f64,
    weight: f64,
    is_proper: bool,
}

/// Cross-validates every number of components with every covariance type that is possible: the rows are divided at random into
/// `n_folds` parts of equal number, and each is described by the fit to all others. The candidates are ranked by the
/// mean log-likelihood of what was left out, the largest first; those whose fits failed, or mostly were not proper,
/// come last (van der Laan, Dudoit & Keles, *Stat. Appl. Genet. Mol. Biol.* 3, 2004; Smyth, *Stat. Comput.* 10, 2000).
///
/// Weights, missing values, noise and labels count as in a fit: a row left out is described as far as it was seen,
/// together with its label. With [`trimming`](GmmParams::trimming) the share is left out of either part. All else is as
/// `params` say; folds are drawn from their generator. All fits are made at the same time.
///
/// ```
/// use gmm_core::selection::cross_validate;
/// use gmm_core::{CovarianceType, Gmm, Sample};
/// use ndarray::Array2;
///
/// let x = Array2::from_shape_fn((60, 1), |(i, _)| (i % 2) as f64 * 9.0 + (i / 2) as f64 * 0.1);
/// let types = [CovarianceType::Full, CovarianceType::Tied];
/// let ranking = cross_validate(&Sample::new(&x), &Gmm::params(1), 1..=2, &types, 5)?;
/// assert_eq!(ranking[0].n_components, 2);
/// assert!(ranking[0].mean_log_likelihood > ranking[3].mean_log_likelihood);
/// # Ok::<(), gmm_core::GmmError>(())
/// ```
///
/// # Errors
/// [`GmmError::InvalidParameter`] unless there are at least 2 folds and no more than rows; those of a fit if no fold of
/// any candidate can be fitted.
pub fn cross_validate<R: Rng + Clone>(
    sample: &Sample<'_>,
    params: &GmmParams<R>,
    n_components: impl IntoIterator<Item = usize>,
    types: &[CovarianceType],
    n_folds: usize,
) -> Result<Vec<CrossValidated>, GmmError> {
    if !(2..=sample.n_rows()).contains(&n_folds) {
        return Err(GmmError::InvalidParameter {
            name: "n_folds",
            value: format!("{n_folds} for {} rows", sample.n_rows()),
            allowed: "from 2 to the number of rows",
        });
    }
    let candidates = candidates(params, n_components, types)?;
    let Some((settings, _)) = candidates.first() else {
        return Ok(Vec::new());
    };
    let possible = params.clone().n_components(settings.n_components);
    let possible = possible.covariance_type(settings.covariance_type).check()?;
    let mut rng = Xoshiro256Plus::seed_from_u64(possible.rng().next_u64());
    let fold_of = drawn(sample.n_rows(), n_folds, &mut rng);
    let folds: Vec<Vec<Result<Fold, GmmError>>> =
        prepared(sample, settings.expects_outliers(), |sample| {
            let folds = (0..n_folds).into_par_iter().with_max_len(1);
            let validated = |fold| of_fold(sample, |row| fold_of[row] == fold, &candidates);
            Ok(in_parallel(|| folds.map(validated).collect()))
        })?;
    let mut of_candidates: Vec<Vec<Fold>> = candidates.iter().map(|_| Vec::new()).collect();
    let mut refused = None;
    for (place, fold) in folds
        .into_iter()
        .flat_map(|folds| folds.into_iter().enumerate())
    {
        match fold {
            Ok(fold) => of_candidates[place].push(fold),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    if let (Some(error), true) = (refused, of_candidates.iter().all(Vec::is_empty)) {
        return Err(error);
    }
    let validated = candidates.iter().zip(&of_candidates);
    let mut ranking: Vec<CrossValidated> = validated
        .map(|((settings, _), folds)| summed_up(settings, folds, n_folds))
        .collect();
    ranking.sort_by(|a, b| {
        let mean = |c: &CrossValidated| c.mean_log_likelihood;
        (!a.is_proper())
            .cmp(&!b.is_proper())
            .then(mean(b).total_cmp(&mean(a)))
    });
    Ok(ranking)
}

/// The fold of each row.
fn drawn(n_rows: usize, n_folds: usize, rng: &mut impl Rng) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n_rows).collect();
    order.shuffle(rng);
    let mut fold_of = vec![0; n_rows];
    let places = order.into_iter().enumerate();
    places.for_each(|(place, row)| fold_of[row] = place % n_folds);
    fold_of
}

/// What the fits of all candidates to the rows that are kept say of those that are left out.
fn of_fold(
    sample: &Sample<'_>,
    is_left_out: impl Fn(usize) -> bool,
    candidates: &[Candidate],
) -> Vec<Result<Fold, GmmError>> {
    let (left_out, kept): (Vec<usize>, Vec<usize>) =
        (0..sample.n_rows()).partition(|&row| is_left_out(row));
    let weights = |rows: &[usize]| rows.iter().map(|&row| sample.weight(row)).collect();
    sample.subset(&kept, weights(&kept), |kept| {
        sample.subset(&left_out, weights(&left_out), |left_out| {
            let candidates = candidates.par_iter().with_max_len(1);
            let validated = |candidate| validated(candidate, kept, left_out);
            candidates.map(validated).collect()
        })
    })
}

fn validated(
    (settings, seeds): &Candidate,
    kept: &Sample<'_>,
    left_out: &Sample<'_>,
) -> Result<Fold, GmmError> {
    let fitted = fit(settings, seeds, kept, &|_| {})?;
    let left_out = left_out.borrowed().with_trimming(settings.trimming);
    Ok(Fold {
        log_likelihood: fitted.model.mixture().evidence(&left_out).log_likelihood,
        weight: left_out.kept_weight(),
        is_proper: fitted.is_proper(),
    })
}

/// What the folds say of a candidate; of no fold, that nothing is as bad.
fn summed_up(settings: &Settings, folds: &[Fold], n_folds: usize) -> CrossValidated {
    // A fold whose rows have no weight says nothing.
    let weighty: Vec<&Fold> = folds.iter().filter(|fold| fold.weight > 0.0).collect();
    let n = weighty.len() as f64;
    let weight: f64 = weighty.iter().map(|fold| fold.weight).sum();
    let mean = weighty.iter().map(|f| f.log_likelihood).sum::<f64>() / weight;
    let squares = weighty
        .iter()
        .map(|fold| (fold.log_likelihood / fold.weight - mean).powi(2));
    let is_empty = weighty.is_empty();
    CrossValidated {
        n_components: settings.n_components,
        covariance_type: settings.covariance_type,
        mean_log_likelihood: if is_empty { f64::NEG_INFINITY } else { mean },
        standard_error: (squares.sum::<f64>() / (n - 1.0).max(1.0) / n.max(1.0)).sqrt(),
        n_folds: folds.len(),
        n_failed: n_folds - folds.len(),
        n_improper: folds.iter().filter(|fold| !fold.is_proper).count(),
    }
}
