//! Regimes that are found: a chain of regressions on waves and on values before.
//!
//! y_t = aₖ + Σⱼ (bₖⱼ cos ωⱼt + cₖⱼ sin ωⱼt) + Σᵢ Bₖᵢ y_{t−i} + e_t, where k is the regime of t. Which waves and lags there
//! are and how many regimes is chosen by BIC over the same steps.

mod candidates;
mod waves;

use std::ops::RangeInclusive;

use gmm_core::hmm::{FittedHmm, Sequences};
use gmm_core::ndarray::{Array2, s};
use gmm_core::switching::{Switches, SwitchingRegression};
use gmm_core::{GmmError, Outcome, Sample};

use crate::data::Series;
use crate::features::Design;

pub use candidates::Explanation;
pub(super) use candidates::chosen;

/// What to look for.
#[derive(Debug, Clone, PartialEq)]
pub struct DetectOptions {
    /// Numbers of regimes to try, at least 1.
    pub n_regimes: RangeInclusive<usize>,
    /// Numbers of lags to try.
    pub n_lags: RangeInclusive<usize>,
    /// Numbers of waves to try.
    pub n_waves: RangeInclusive<usize>,
    /// What differs between regimes; where it is the mean, there are no waves.
    pub switches: Switches,
    /// Whether each regime has its own variance, or all a common one.
    pub has_own_variances: bool,
    /// Steps from each regime to itself that were seen before any values.
    pub stickiness: f64,
    /// Starts of each fit.
    pub n_starts: usize,
    /// Seed of the starts.
    pub seed: u64,
}

impl Default for DetectOptions {
    fn default() -> Self {
        Self {
            n_regimes: 1..=4,
            n_lags: 0..=2,
            n_waves: 0..=2,
            switches: Switches::All,
            has_own_variances: true,
            stickiness: 0.0,
            n_starts: 10,
            seed: 42,
        }
    }
}

/// A regime that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Steps that are in it on the most probable path.
    pub size: usize,
    /// Stretches of such steps.
    pub n_visits: usize,
    /// Steps that a visit is expected to last; infinite for a regime that is never left.
    pub expected_duration: f64,
    /// Mean of each column over its steps; NaN where there are none.
    pub means: Vec<f64>,
    /// Standard deviation of what the regression of each column leaves.
    pub deviations: Vec<f64>,
}

/// A series with the regimes that were found.
#[derive(Debug, Clone)]
pub struct Detection {
    /// The model, its regimes ordered by the mean of the first column, and how it was fitted.
    pub fitted: FittedHmm<SwitchingRegression>,
    /// What explains each step.
    pub design: Design,
    /// Everything that was tried.
    pub candidates: Vec<Explanation>,
    /// The regime of each step on the most probable path; none for the first steps, which have too few before them.
    pub regimes: Vec<Option<usize>>,
    /// p(regime | all values), steps × K; NaN where there is none.
    pub smoothed: Array2<f64>,
    /// p(regime | values up to the step), steps × K; NaN where there is none.
    pub filtered: Array2<f64>,
    /// Steps at which the regime is another than at the step before.
    pub changes: Vec<usize>,
    /// The regimes.
    pub found: Vec<Found>,
    /// Steps without a value in some column.
    pub n_missing: usize,
}

impl Detection {
    /// K.
    pub fn n_regimes(&self) -> usize {
        self.fitted.model.n_regimes()
    }

    /// Whether the fit is one that describes the series.
    pub fn has_converged(&self) -> bool {
        self.fitted.outcome == Outcome::Converged
    }

    /// The amplitude of the first wave in the first column in a regime, if there are waves.
    pub fn amplitude(&self, regime: usize) -> Option<f64> {
        if self.design.frequencies.is_empty() {
            return None;
        }
        let coefficients = self.fitted.model.coefficients(regime)?;
        Some(coefficients[(0, 0)].hypot(coefficients[(0, 1)]))
    }

    /// Periods of the waves, in steps.
    pub fn periods(&self) -> Vec<f64> {
        let period = |w: &f64| std::f64::consts::TAU / w;
        self.design.frequencies.iter().map(period).collect()
    }
}

/// Finds the regimes of a series. `observe(done, of)` hears of every fit.
///
/// # Errors
/// [`GmmError::TooFewRowsFor`] for a series too short for every candidate, [`GmmError::NonFinite`] for an infinite value,
/// [`GmmError::Overflow`] for values whose variance is no number, [`GmmError::InvalidParameter`] for empty ranges.
pub fn detect(
    series: &Series,
    options: &DetectOptions,
    observe: &dyn Fn(usize, usize),
) -> Result<Detection, GmmError> {
    let (candidates, best) = chosen(series.values.view(), options, observe)?;
    let rows = best.design.rows(series.values.view(), best.design.n_lags);
    let fitted = refitted(&rows, &best.model, series.columns.len(), options)?;
    applied(series, candidates, best.design, fitted, &rows)
}

/// A model of rows, from one near it.
pub(super) fn refitted(
    rows: &Array2<f64>,
    near: &SwitchingRegression,
    n_columns: usize,
    options: &DetectOptions,
) -> Result<FittedHmm<SwitchingRegression>, GmmError> {
    let data = Sequences::one(Sample::new(rows).with_missing());
    candidates::params(near.n_regimes(), n_columns, options)
        .start(near.clone())
        .fit(&data)
}

/// The regimes of a series under a model: `rows` are its steps from the first that has enough before it.
pub(super) fn applied(
    series: &Series,
    candidates: Vec<Explanation>,
    design: Design,
    mut fitted: FittedHmm<SwitchingRegression>,
    rows: &Array2<f64>,
) -> Result<Detection, GmmError> {
    let values = series.values.view();
    let first = design.n_lags;
    let data = Sequences::one(Sample::new(rows).with_missing());
    let path = fitted.model.most_probable(&data)?.regimes;
    let means = means_of(
        &path,
        fitted.model.n_regimes(),
        values.slice(s![first.., ..]).column(0).iter().copied(),
    );
    let mut order: Vec<usize> = (0..means.len()).collect();
    // NaN, of no steps, comes last.
    order.sort_by(|&a, &b| means[a].total_cmp(&means[b]));
    fitted.model = fitted.model.reordered(&order)?;
    let model = &fitted.model;
    let path = model.most_probable(&data)?.regimes;
    let whole = |part: Array2<f64>| {
        let mut whole = Array2::from_elem((values.nrows(), model.n_regimes()), f64::NAN);
        whole.slice_mut(s![first.., ..]).assign(&part);
        whole
    };
    let smoothed = whole(model.smoothed(&data)?.probabilities);
    let filtered = whole(model.filtered(&data)?.probabilities);
    let regimes: Vec<Option<usize>> = std::iter::repeat_n(None, first)
        .chain(path.into_iter().map(Some))
        .collect();
    let changed = |t: &usize| {
        regimes[*t]
            .zip(regimes[t - 1])
            .is_some_and(|(now, before)| now != before)
    };
    let durations = model.chain().expected_durations();
    let found = (0..model.n_regimes()).map(|k| found(k, &regimes, durations[k], model, series));
    Ok(Detection {
        changes: (1..regimes.len()).filter(changed).collect(),
        found: found.collect(),
        n_missing: values
            .outer_iter()
            .filter(|row| row.iter().any(|v| v.is_nan()))
            .count(),
        smoothed,
        filtered,
        regimes,
        design,
        candidates,
        fitted,
    })
}

/// The mean value of each regime, missing ones left out; NaN of none.
fn means_of(path: &[usize], n_regimes: usize, values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sums = vec![(0.0, 0.0); n_regimes];
    for (&k, value) in path.iter().zip(values).filter(|(_, v)| !v.is_nan()) {
        sums[k].0 += value;
        sums[k].1 += 1.0;
    }
    sums.iter().map(|(sum, n)| sum / n).collect()
}

fn found(
    k: usize,
    regimes: &[Option<usize>],
    expected_duration: f64,
    model: &SwitchingRegression,
    series: &Series,
) -> Found {
    let is_in = |t: usize| regimes[t] == Some(k);
    let steps = || (0..regimes.len()).filter(|&t| is_in(t));
    let mean = |j: usize| {
        let known: Vec<f64> = steps()
            .map(|t| series.values[(t, j)])
            .filter(|v| !v.is_nan())
            .collect();
        known.iter().sum::<f64>() / known.len() as f64
    };
    let q = series.columns.len();
    let residual = model.residual_covariance(k);
    Found {
        size: steps().count(),
        n_visits: steps().filter(|&t| t == 0 || !is_in(t - 1)).count(),
        expected_duration,
        means: (0..q).map(mean).collect(),
        deviations: residual.map_or_else(Vec::new, |r| r.diag().iter().map(|v| v.sqrt()).collect()),
    }
}
