//! What is said of a forecast: table, report and summary.

use gmm_cli::{Failure, to_json};
use gmm_core::GmmError;
use gmm_table::{number, to_csv};
use regimes::{
    Candidate, Choose, Forecast as _, ForecastOptions, ForecastReport, Method, Pool, Scores, Series,
};
use serde::Serialize;

use crate::command::numerals::Numerals;
use crate::command::series::named_rows;

/// The quantiles that are written.
const QUANTILES: [f64; 9] = [0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975];
/// Where the median is among them, and both ends of the intervals of 80 and 90 %.
const MEDIAN: usize = 4;
const OF_80: [usize; 2] = [2, 6];
const OF_90: [usize; 2] = [1, 7];
/// Models and steps that a summary names.
const MOST_MODELS: usize = 8;
const MOST_STEPS: usize = 24;

/// The forecast of one column at one time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Line {
    time: String,
    column: String,
    mean: Option<f64>,
    median: Option<f64>,
    /// Those of [`QUANTILES`], or none.
    quantiles: Vec<f64>,
    /// What came, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    actual: Option<f64>,
}

/// Every forecast of a report, in the order of time.
pub(super) fn lines(series: &Series, report: &ForecastReport) -> Result<Vec<Line>, GmmError> {
    let mut lines = Vec::new();
    let mut add = |time: &str, j: usize, pool: Option<&Pool>, actual: Option<f64>| {
        let quantiles = match pool {
            Some(pool) => pool.quantiles(&QUANTILES)?,
            None => Vec::new(),
        };
        lines.push(Line {
            time: String::from(time),
            column: series.columns[j].clone(),
            mean: pool.map(|pool| pool.mean()),
            median: quantiles.get(MEDIAN).copied(),
            quantiles,
            actual: actual.filter(|x| !x.is_nan()),
        });
        Ok::<(), GmmError>(())
    };
    if let Some(held) = &report.held {
        for (place, step) in held.forecasts.iter().enumerate() {
            let t = held.start + place;
            for (j, pool) in step.iter().enumerate() {
                let actual = Some(series.values[(t, j)]);
                add(&series.labels[t], j, pool.as_ref(), actual)?;
            }
        }
    }
    let (_, labels) = series.after(report.ahead.len());
    for (label, step) in labels.iter().zip(&report.ahead) {
        for (j, pool) in step.iter().enumerate() {
            add(label, j, Some(pool), None)?;
        }
    }
    Ok(lines)
}

/// The forecasts as a table.
pub(super) fn table(series: &Series, report: &ForecastReport, lines: &[Line]) -> Vec<u8> {
    let mut names = vec![series.time_name.clone(), String::from("column")];
    names.extend(["mean", "median"].map(String::from));
    names.extend(QUANTILES.iter().map(|p| format!("q{p}")));
    names.extend(report.held.as_ref().map(|_| String::from("actual")));
    let written = |x: Option<f64>| x.map_or_else(String::new, number);
    let rows = lines.iter().map(|line| {
        let mut row = vec![line.time.clone(), line.column.clone()];
        row.extend([line.mean, line.median].map(written));
        row.extend((0..QUANTILES.len()).map(|i| written(line.quantiles.get(i).copied())));
        row.extend(report.held.as_ref().map(|_| written(line.actual)));
        row
    });
    to_csv(&names, rows)
}

#[derive(Serialize)]
struct JsonReport<'a> {
    input: &'a str,
    columns: &'a [String],
    steps: usize,
    missing_values: usize,
    learnt_steps: usize,
    learnt_until: &'a str,
    seed: u64,
    method: &'static str,
    chosen_by: &'static str,
    models_tried: usize,
    fits_tried: usize,
    fits_failed: usize,
    models: Vec<JsonMember<'a>>,
    validation: JsonScores<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    held_out: Option<JsonScores<'a>>,
    quantiles: [f64; QUANTILES.len()],
    forecasts: &'a [Line],
}

#[derive(Serialize)]
struct JsonMember<'a> {
    name: String,
    weight: f64,
    /// For each start of its fit.
    log_scores: &'a [f64],
    #[serde(flatten)]
    candidate: &'a Candidate,
}

#[derive(Serialize)]
struct JsonScores<'a> {
    from: &'a str,
    to: &'a str,
    steps: usize,
    /// In the order of the columns.
    scores: &'a [Scores],
}

/// The report.
pub(super) fn json(
    series: &Series,
    report: &ForecastReport,
    options: &ForecastOptions,
    lines: &[Line],
) -> Result<Vec<u8>, Failure> {
    let validation = &report.validation;
    let scored = |start: usize, steps: usize, scores| JsonScores {
        from: &series.labels[start],
        to: &series.labels[start + steps - 1],
        steps,
        scores,
    };
    let held = report.held.as_ref();
    to_json(&JsonReport {
        input: &series.name,
        columns: &series.columns,
        steps: series.n_steps(),
        missing_values: n_missing(series),
        learnt_steps: report.n_train,
        learnt_until: &series.labels[report.n_train - 1],
        seed: options.seed,
        method: match options.method {
            Method::Pool => "pool",
            Method::Mixture => "mixture",
            Method::Regimes => "regimes",
        },
        chosen_by: match options.single {
            None => "stacking",
            Some(Choose::Bic) => "bic",
            Some(Choose::Rolling) => "rolling",
        },
        models_tried: report.n_models,
        fits_tried: report.n_candidates,
        fits_failed: report.n_failed,
        models: (report.members.iter())
            .map(|member| JsonMember {
                name: member.candidate.to_string(),
                weight: member.weight,
                log_scores: &member.log_scores,
                candidate: &member.candidate,
            })
            .collect(),
        validation: scored(validation.start, validation.n_steps, &validation.scores),
        held_out: held.map(|held| scored(held.start, held.forecasts.len(), &held.scores)),
        quantiles: QUANTILES,
        forecasts: lines,
    })
}

fn n_missing(series: &Series) -> usize {
    series.values.iter().filter(|x| x.is_nan()).count()
}

/// The summary.
pub(super) fn summary(series: &Series, report: &ForecastReport, lines: &[Line]) -> Vec<String> {
    let label = |t: usize| series.labels[t].as_str();
    let mut out = vec![format!(
        "{}: {} steps of {}, {} to {}",
        series.name,
        series.n_steps(),
        series.columns.join(", "),
        label(0),
        label(series.n_steps() - 1)
    )];
    out.extend(named_rows(series));
    if report.n_train < series.n_steps() {
        let until = label(report.n_train - 1);
        out.push(format!(
            "learnt from the first {}, until {until}",
            report.n_train
        ));
    }
    match n_missing(series) {
        0 => {}
        1 => out.push(String::from("1 value is missing")),
        n => out.push(format!("{n} values are missing")),
    }
    out.push(String::new());
    out.push(match report.members.len() {
        1 => format!("the best of {} models", report.n_models),
        n => format!("a pool of {n} of {} models", report.n_models),
    });
    out.push(format!("{:>6} {:>9}  model", "weight", "log score"));
    for member in report.members.iter().take(MOST_MODELS) {
        let n_starts = member.log_scores.len();
        let mean = member.log_scores.iter().sum::<f64>() / n_starts as f64;
        let starts = match n_starts {
            1 => String::new(),
            n => format!(", {n} starts"),
        };
        let (weight, name) = (member.weight, &member.candidate);
        out.push(format!("{weight:>6.3} {mean:>9.3}  {name}{starts}"));
    }
    let n_more = report.members.len().saturating_sub(MOST_MODELS);
    if n_more > 0 {
        out.push(format!("       and {n_more} more"));
    }
    let validation = &report.validation;
    out.push(String::new());
    out.push(format!(
        "check: one step ahead, {} to {}, by models fitted before and weights from other steps",
        label(validation.start),
        label(validation.start + validation.n_steps - 1)
    ));
    out.extend(scores(series, &validation.scores));
    if let Some(held) = &report.held {
        out.push(String::new());
        out.push(format!(
            "held out: one step ahead, {} to {}, nothing learnt there",
            label(held.start),
            label(series.n_steps() - 1)
        ));
        out.extend(scores(series, &held.scores));
    } else {
        out.push(String::new());
        out.extend(next(series, report, lines));
    }
    out.push(String::new());
    out
}

/// A line or two for the scores of each column.
fn scores(series: &Series, scores: &[Scores]) -> Vec<String> {
    let mut out = Vec::new();
    for (name, own) in series.columns.iter().zip(scores) {
        let named = if scores.len() > 1 {
            format!("{name}: ")
        } else {
            String::new()
        };
        let ratio = |what: &str, ratio: Option<f64>| {
            ratio.map_or_else(String::new, |r| format!(", {what} {r:.3}"))
        };
        out.push(format!(
            "  {named}CRPS {}, log score {:.3}{}{}, {} forecasts",
            Numerals::telling([own.crps], 4).of(own.crps),
            own.log_score,
            ratio("MASE", own.mase),
            ratio("MSE over variance", own.arv),
            own.n
        ));
        let held = |of: &regimes::IntervalScores| {
            format!(
                "{:.1} % of {:.0} %",
                100.0 * own_or_zero(of.coverage),
                100.0 * of.level
            )
        };
        let held: Vec<String> = own.intervals.iter().map(held).collect();
        out.push(format!(
            "  {named}within the intervals: {}",
            held.join(", ")
        ));
    }
    out
}

/// A share, 0 where there is none.
fn own_or_zero(share: f64) -> f64 {
    if share.is_nan() { 0.0 } else { share }
}

/// The next values.
fn next(series: &Series, report: &ForecastReport, lines: &[Line]) -> Vec<String> {
    let q = series.columns.len();
    let time = series.time_name.as_str();
    let width = lines
        .iter()
        .map(|l| l.time.chars().count())
        .max()
        .unwrap_or(0)
        .max(time.len());
    let of_names = series
        .columns
        .iter()
        .map(|c| c.chars().count())
        .max()
        .unwrap_or(0);
    let named = |name: &str| {
        if q > 1 {
            format!(" {name:>of_names$}")
        } else {
            String::new()
        }
    };
    let mut out = vec![format!(
        "{time:>width$}{} {:>10} {:>23} {:>23}",
        named(""),
        "median",
        "80 %",
        "90 %"
    )];
    // Decimals that tell the ends of intervals apart.
    let spread = |line: &Line| Some(line.quantiles.get(OF_80[1])? - line.quantiles.get(OF_80[0])?);
    for (place, line) in lines.iter().take(MOST_STEPS * q).enumerate() {
        let of_column = lines.iter().skip(place % q).step_by(q);
        let shown = Numerals::telling(of_column.filter_map(spread), 2);
        let between = |[low, high]: [usize; 2]| {
            let end = |i: usize| {
                let end = line.quantiles.get(i);
                end.map_or_else(String::new, |x| shown.of(*x))
            };
            format!("{} to {}", end(low), end(high))
        };
        let median = line.median.map_or_else(String::new, |x| shown.of(x));
        out.push(format!(
            "{:>width$}{} {median:>10} {:>23} {:>23}",
            line.time,
            named(&line.column),
            between(OF_80),
            between(OF_90)
        ));
    }
    let n_more = report.ahead.len().saturating_sub(MOST_STEPS);
    if n_more > 0 {
        out.push(format!("and {n_more} more steps (--csv for all)"));
    }
    out
}
