//! A forecast of each column, and whether such forecasts were calibrated.

use gmm_core::GmmError;
use gmm_figures::Sheet;

use super::fan::{Band, Fan};
use super::pit::PitChart;
use crate::data::Series;
use crate::model::ForecastReport;
use crate::score::{Forecast as _, Pool, Scores};

/// The bands of the fan.
const LEVELS: [f64; 3] = [0.5, 0.8, 0.95];
/// Steps of history for each that is forecast, and at least so many.
const HISTORY: usize = 4;
const LEAST_HISTORY: usize = 60;
/// Forecast steps for each of the history before them, where they are held out.
const HELD: usize = 4;
/// Forecasts from which a histogram has ten bars; of fewer it has five.
const MANY: usize = 50;

/// For each column the end of its history with the forecast behind it, and below the calibration of forecasts of one step.
///
/// # Errors
/// None that a report of [`forecast`](crate::forecast) leads to.
pub fn draw_forecast(series: &Series, report: &ForecastReport) -> Result<Sheet, GmmError> {
    let mut all: Option<Sheet> = None;
    for column in 0..series.columns.len() {
        let fan = fan(series, report, column)?.sheet();
        let own = fan.above(pit(report, column).sheet());
        all = Some(match all {
            Some(sheet) => sheet.above(own),
            None => own,
        });
    }
    all.ok_or(GmmError::NoColumns)
}

/// Numbers for each forecast, NaN where there is none.
fn each(pools: &[Option<&Pool>], p: f64) -> Result<Vec<f64>, GmmError> {
    let of = |pool: &Option<&Pool>| match pool {
        Some(pool) => Ok(pool.quantiles(&[p])?[0]),
        None => Ok(f64::NAN),
    };
    pools.iter().map(of).collect()
}

fn fan(series: &Series, report: &ForecastReport, column: usize) -> Result<Fan, GmmError> {
    let name = &series.columns[column];
    let (pools, actual, end): (Vec<Option<&Pool>>, _, _) = match &report.held {
        Some(held) => {
            let pools = held.forecasts.iter().map(|step| step[column].as_ref());
            let actual = series.values.column(column).to_vec().split_off(held.start);
            (pools.collect(), Some(actual), held.start)
        }
        None => {
            let pools = report.ahead.iter().map(|step| Some(&step[column]));
            (pools.collect(), None, series.n_steps())
        }
    };
    let shown = match report.held {
        Some(_) => (pools.len() / HELD).max(LEAST_HISTORY / HELD),
        None => (HISTORY * pools.len()).max(LEAST_HISTORY),
    };
    let from = end.saturating_sub(shown);
    let (mut times, mut labels) = (series.times.clone(), series.labels.clone());
    let (title, subtitle) = match &report.held {
        Some(held) => (
            format!("{name}, one step ahead"),
            format!(
                "Learnt until {}; every later step is forecast from those before it. {}",
                series.labels[held.start - 1],
                in_words(&held.scores[column])
            ),
        ),
        None => {
            let (later, names) = series.after(pools.len());
            times.extend(later);
            labels.extend(names);
            let checked = format!(
                "Checked one step ahead on the last {} steps: {}",
                report.validation.n_steps,
                in_words(&report.validation.scores[column])
            );
            (format!("{name}, the next {} steps", pools.len()), checked)
        }
    };
    let band = |level: f64| {
        Ok::<_, GmmError>(Band {
            level,
            low: each(&pools, 0.5 - 0.5 * level)?,
            high: each(&pools, 0.5 + 0.5 * level)?,
        })
    };
    Ok(Fan {
        title,
        subtitle,
        column: name.clone(),
        time_name: series.time_name.clone(),
        times: times.split_off(from),
        labels: labels.split_off(from),
        history: series
            .values
            .column(column)
            .iter()
            .skip(from)
            .take(end - from)
            .copied()
            .collect(),
        median: each(&pools, 0.5)?,
        mean: None,
        bands: LEVELS.map(band).into_iter().collect::<Result<_, _>>()?,
        actual,
        rolling: None,
    })
}

/// `CRPS 7.23; 86.3 % within the intervals of 90 %`.
fn in_words(scores: &Scores) -> String {
    let at_90 = scores.intervals.iter().find(|own| own.level == 0.9);
    let coverage = at_90.map_or(f64::NAN, |own| 100.0 * own.coverage);
    format!(
        "CRPS {:.4}; {coverage:.1} % within the intervals of 90 %",
        scores.crps
    )
}

fn pit(report: &ForecastReport, column: usize) -> PitChart {
    let (scores, what) = match &report.held {
        Some(held) => (&held.scores[column], "steps not learnt from"),
        None => (&report.validation.scores[column], "steps of the check"),
    };
    PitChart {
        title: String::from("Calibration"),
        subtitle: format!("{} {what}, each forecast from those before it", scores.n),
        pit: scores.pit.clone(),
        n_bars: if scores.n >= MANY { 10 } else { 5 },
    }
}
