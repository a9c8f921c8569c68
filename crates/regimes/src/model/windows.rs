//! The mixture of windows, and the regimes it makes.

use std::ops::RangeInclusive;

use gmm_core::ndarray::Array2;
use gmm_core::selection::rank;
use gmm_core::{CovarianceType, Fitted, Gmm, GmmError, GmmParams, Progress, Sample};

use crate::data::Series;
use crate::features::windows;

/// What to do.
#[derive(Debug, Clone)]
pub struct Options {
    /// Numbers of regimes to try; of several, the one of least BIC is taken.
    pub n_regimes: RangeInclusive<usize>,
    /// Values before each that are looked at with it.
    pub n_lags: usize,
    /// The constraint on the covariances.
    pub covariance_type: CovarianceType,
    /// All else about the fit.
    pub params: GmmParams,
}

impl Default for Options {
    /// The slide's: two regimes of each value with the one before it.
    fn default() -> Self {
        Self {
            n_regimes: 2..=2,
            n_lags: 1,
            covariance_type: CovarianceType::Full,
            params: Gmm::params(2),
        }
    }
}

/// Times that belong together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Regime {
    /// Number of times.
    pub size: usize,
    /// Their mean value; NaN where there are none.
    pub mean: f64,
    /// Stretches of successive times.
    pub n_visits: usize,
}

/// A series with its regimes.
#[derive(Debug, Clone)]
pub struct Report {
    /// The fit, its components ordered by the mean values of their regimes, from low to high; empty ones last.
    pub fitted: Fitted,
    /// The regime of each time; none for the first times and where a value is missing.
    pub regimes: Vec<Option<usize>>,
    /// The posterior of each regime at each time that has one, in order.
    pub posteriors: Array2<f64>,
    /// The regimes, one for each component.
    pub summary: Vec<Regime>,
    /// Values that are missing.
    pub n_missing: usize,
}

/// Fits a mixture to windows of a series and gives every time the regime of its window. `observe` hears of every
/// iteration, with the fit's place in the order of fitting.
///
/// # Errors
/// [`GmmError::SizeMismatch`] for a series of several columns, [`GmmError::TooFewRows`] for fewer complete windows than
/// regimes, and those of the fit.
pub fn analyze(
    series: &Series,
    options: &Options,
    observe: &(dyn Fn(usize, Progress) + Sync),
) -> Result<Report, GmmError> {
    let values = series.only_column().map_err(|_| GmmError::SizeMismatch {
        what: "columns of a series that is cut into windows",
        expected: 1,
        found: series.columns.len(),
    })?;
    let (rows, ends) = windows(&values, options.n_lags + 1);
    let ranking = rank(
        &Sample::new(&rows),
        &options.params,
        options.n_regimes.clone(),
        &[options.covariance_type],
        observe,
    )?;
    let best = ranking.into_iter().next().ok_or(GmmError::NoRows)?;
    let labels = best.model.labels(&rows)?;
    let mut regimes = vec![None; values.len()];
    for (&end, &label) in ends.iter().zip(&labels) {
        regimes[end] = Some(label);
    }
    let found: Vec<Regime> = (0..best.model.n_components())
        .map(|k| summary(k, &values, &regimes))
        .collect();
    let mut order: Vec<usize> = (0..found.len()).collect();
    // NaN, of no times, comes last.
    order.sort_by(|&a, &b| found[a].mean.total_cmp(&found[b].mean));
    let mut place = vec![0; order.len()];
    order.iter().enumerate().for_each(|(i, &k)| place[k] = i);
    for regime in regimes.iter_mut().flatten() {
        *regime = place[*regime];
    }
    let fitted = best.reordered(&order)?;
    Ok(Report {
        posteriors: fitted.model.responsibilities(&rows)?,
        summary: order.iter().map(|&k| found[k]).collect(),
        n_missing: values.iter().filter(|v| v.is_nan()).count(),
        fitted,
        regimes,
    })
}

fn summary(regime: usize, values: &[f64], regimes: &[Option<usize>]) -> Regime {
    let is_in = |t: usize| regimes[t] == Some(regime);
    let times = || (0..values.len()).filter(|&t| is_in(t));
    let size = times().count();
    Regime {
        size,
        mean: times().map(|t| values[t]).sum::<f64>() / size as f64,
        n_visits: times().filter(|&t| t == 0 || !is_in(t - 1)).count(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regimes_are_ordered_from_low_to_high_and_add_up() {
        let values = (0..90)
            .map(|t| f64::from(t / 30 % 2) * 8.0 + f64::from(t * 7 % 11) * 0.1)
            .collect();
        let mut series = Series::new("steps", values);
        series.values[(40, 0)] = f64::NAN;
        let report = analyze(&series, &Options::default(), &|_, _| {}).unwrap();
        assert_eq!(
            (report.regimes[0], report.regimes[40], report.regimes[41]),
            (None, None, None)
        );
        assert_eq!(report.summary.iter().map(|r| r.size).sum::<usize>(), 87);
        assert!(report.summary[0].mean < report.summary[1].mean);
        assert_eq!((report.summary[0].n_visits, report.n_missing), (2, 1));
        assert_eq!(report.posteriors.nrows(), 87);
    }

    #[test]
    fn a_series_shorter_than_a_window_is_refused() {
        for values in [vec![], vec![1.0], vec![1.0, 2.0]] {
            let refused = analyze(
                &Series::new("short", values),
                &Options::default(),
                &|_, _| {},
            );
            assert!(refused.is_err());
        }
    }
}
