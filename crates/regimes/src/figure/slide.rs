//! The slide's figure.

use gmm_core::ndarray::Array2;
use gmm_figures::{Sheet, typeset};

use super::regimes::RegimeChart;
use crate::data::Series;
use crate::model::Report;

/// The series, each value in the colour of its regime, over a ribbon of the regimes' posteriors.
pub fn draw(series: &Series, report: &Report) -> Sheet {
    slide_chart(series, report).sheet()
}

/// What is drawn of it.
pub(crate) fn slide_chart<'a>(series: &'a Series, report: &'a Report) -> RegimeChart<'a> {
    let n_regimes = report.summary.len();
    let mut probabilities = Array2::from_elem((series.n_steps(), n_regimes), f64::NAN);
    let with_regime = (0..series.n_steps()).filter(|t| report.regimes[*t].is_some());
    for (t, row) in with_regime.zip(report.posteriors.outer_iter()) {
        probabilities.row_mut(t).assign(&row);
    }
    let name = |(k, regime): (usize, &crate::model::Regime)| {
        let mean = format!("mean {}", typeset(regime.mean, 2));
        (format!("Regime {}", k + 1), mean)
    };
    RegimeChart {
        title: format!("Regimes of {}", series.name),
        subtitle: format!(
            "{} values · {n_regimes} regimes of windows of {} · mean log-likelihood {} nats",
            series.n_steps(),
            report.fitted.model.n_features(),
            typeset(report.fitted.mean_log_likelihood(), 4)
        ),
        series,
        regimes: &report.regimes,
        probabilities,
        names: report.summary.iter().enumerate().map(name).collect(),
    }
}
