//! `regimes detect`: which regimes there are, and when each held.

use gmm_cli::clap;
use gmm_cli::{Bar, Failure, OutputArgs, Places, TableArgs, named_after, to_json};
use gmm_figures::decimal;
use gmm_table::{number, to_csv};
use regimes::{Detection, Series, detect, explained, found_chart};
use serde::Serialize;

use super::numerals::Numerals;
use super::series::{RegimeArgs, SeriesArgs};

/// What the task is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    series: SeriesArgs,

    #[command(flatten)]
    regimes: RegimeArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    table: TableArgs,
}

/// A report of regimes as it is written.
#[derive(Serialize)]
pub(super) struct JsonDetection<'a> {
    input: &'a str,
    columns: &'a [String],
    steps: usize,
    missing_steps: usize,
    lags: usize,
    periods: Vec<f64>,
    log_likelihood: f64,
    parameters: usize,
    converged: bool,
    regimes: Vec<JsonRegime>,
    transitions: Vec<Vec<f64>>,
    changes: Vec<JsonChange<'a>>,
    candidates: Vec<JsonCandidate>,
}

#[derive(Serialize)]
struct JsonRegime {
    steps: usize,
    visits: usize,
    /// None for a regime that is never left.
    expected_duration: Option<f64>,
    means: Vec<f64>,
    residual_deviations: Vec<f64>,
    intercept: Vec<f64>,
    coefficients: Vec<Vec<f64>>,
}

#[derive(Serialize)]
struct JsonChange<'a> {
    at: &'a str,
    from: usize,
    to: usize,
    probability: f64,
}

#[derive(Serialize)]
struct JsonCandidate {
    regimes: usize,
    lags: usize,
    waves: usize,
    log_likelihood: f64,
    parameters: usize,
    bic: f64,
    sound: bool,
}

impl<'a> JsonDetection<'a> {
    pub(super) fn of(series: &'a Series, detection: &Detection) -> Self {
        let model = &detection.fitted.model;
        let chain = model.chain();
        let regime = |(k, found): (usize, &regimes::Found)| JsonRegime {
            steps: found.size,
            visits: found.n_visits,
            expected_duration: Some(found.expected_duration).filter(|d| d.is_finite()),
            means: found.means.clone(),
            residual_deviations: found.deviations.clone(),
            intercept: model.intercept(k).map_or_else(Vec::new, |a| a.to_vec()),
            coefficients: model
                .coefficients(k)
                .map_or_else(Vec::new, |b| b.outer_iter().map(|r| r.to_vec()).collect()),
        };
        let change = |&t: &usize| {
            let (from, to) = (detection.regimes[t - 1]?, detection.regimes[t]?);
            let probability = detection.smoothed[(t, to)];
            Some(JsonChange {
                at: &series.labels[t],
                from: from + 1,
                to: to + 1,
                probability,
            })
        };
        Self {
            input: &series.name,
            columns: &series.columns,
            steps: series.n_steps(),
            missing_steps: detection.n_missing,
            lags: detection.design.n_lags,
            periods: detection.periods(),
            log_likelihood: detection.fitted.log_likelihood,
            parameters: detection.fitted.n_parameters + detection.design.frequencies.len(),
            converged: detection.has_converged(),
            regimes: detection.found.iter().enumerate().map(regime).collect(),
            transitions: (0..chain.n_regimes())
                .map(|i| chain.row(i).to_vec())
                .collect(),
            changes: detection.changes.iter().filter_map(change).collect(),
            candidates: detection
                .candidates
                .iter()
                .map(|c| JsonCandidate {
                    regimes: c.n_regimes,
                    lags: c.n_lags,
                    waves: c.n_waves,
                    log_likelihood: c.log_likelihood,
                    parameters: c.n_parameters,
                    bic: c.bic,
                    sound: c.is_sound,
                })
                .collect(),
        }
    }
}

/// Does what the command line says.
pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let options = args.regimes.options()?;
    let input = args.series.input.as_path();
    let places = Places::claim(
        [input],
        &args.output,
        &args.table,
        named_after(input, "regimes.png"),
    )?;
    let series = args.series.read()?;
    let bar = Bar::new(1, args.output.quiet);
    let detection = detect(&series, &options, &|done, of| {
        bar.say(format!("{done} of at most {of} models compared"))
    });
    bar.finish();
    let detection = detection.map_err(|e| args.series.refused(&series, e))?;
    let json = to_json(&JsonDetection::of(&series, &detection))?;
    let figure = found_chart(&series, &detection)
        .sheet()
        .to_file(&places.figure)
        .map_err(|e| Failure::of(places.figure.display(), e))?;
    let table = rows(&series, &detection);
    places.deliver(&args.output, (&figure, &table, &json), || {
        summary(&series, &detection)
    })
}

/// Every time with its values, regime, and the probabilities of the regimes in the end and as it came.
fn rows(series: &Series, detection: &Detection) -> Vec<u8> {
    let k = detection.n_regimes();
    let mut names = vec![series.time_name.clone()];
    names.extend(series.columns.iter().cloned());
    names.push(String::from("regime"));
    names.extend((1..=k).map(|regime| format!("smoothed_{regime}")));
    names.extend((1..=k).map(|regime| format!("filtered_{regime}")));
    let cell = |value: &f64| {
        if value.is_nan() {
            String::new()
        } else {
            number(*value)
        }
    };
    let lines = (0..series.n_steps()).map(|t| {
        let mut line = vec![series.labels[t].clone()];
        line.extend(series.values.row(t).iter().map(cell));
        line.push(detection.regimes[t].map_or_else(String::new, |k| (k + 1).to_string()));
        line.extend(detection.smoothed.row(t).iter().map(cell));
        line.extend(detection.filtered.row(t).iter().map(cell));
        line
    });
    to_csv(&names, lines)
}

/// Changes that are named on a terminal.
const NAMED: usize = 12;

fn summary(series: &Series, detection: &Detection) -> Vec<String> {
    let mut lines = SeriesArgs::told(series, detection.n_missing);
    lines.push(String::new());
    lines.extend(table(series, detection));
    lines.push(String::new());
    let named: Vec<&str> = detection
        .changes
        .iter()
        .take(NAMED)
        .map(|&t| series.labels[t].as_str())
        .collect();
    lines.push(match detection.changes.len() {
        0 => String::from("no change of regime"),
        n if n > NAMED => format!("{n} changes, the first at {}, ...", named.join(", ")),
        1 => format!("1 change, at {}", named[0]),
        n => format!("{n} changes, at {}", named.join(", ")),
    });
    let best = detection.candidates.iter().filter(|c| c.is_sound).count();
    lines.push(format!(
        "{}; {} models compared by BIC, {best} of them sound; log-likelihood {}",
        explained(detection),
        detection.candidates.len(),
        decimal(detection.fitted.log_likelihood, 3)
    ));
    lines.extend(notes(series, detection));
    lines
}

/// The regimes, one to a line.
fn table(series: &Series, detection: &Detection) -> Vec<String> {
    let first = series.columns.first().map_or("", String::as_str);
    let mut lines = vec![format!(
        "{:>6} {:>7} {:>8} {:>7} {:>12} {:>12} {:>10}",
        "regime", "steps", "share", "visits", "mean", "deviation", "lasts"
    )];
    let total: usize = detection.found.iter().map(|f| f.size).sum();
    // A deviation of next to nothing, as of a series that repeats itself, needs no decimals of its own.
    let of_first = detection.found.iter().filter_map(|f| f.deviations.first());
    let largest = of_first.copied().fold(0.0, f64::max);
    let shown = Numerals::telling([largest], 4);
    for (k, found) in detection.found.iter().enumerate() {
        let share = 100.0 * found.size as f64 / total.max(1) as f64;
        let mean = found
            .means
            .first()
            .filter(|m| !m.is_nan())
            .map_or_else(|| String::from("none"), |m| shown.of(*m));
        let deviation = found
            .deviations
            .first()
            .map_or_else(String::new, |d| shown.of(*d));
        let lasts = if found.expected_duration.is_finite() {
            decimal(found.expected_duration, 1)
        } else {
            String::from("for good")
        };
        lines.push(format!(
            "{:>6} {:>7} {share:>6.1} % {:>7} {mean:>12} {deviation:>12} {lasts:>10}",
            k + 1,
            found.size,
            found.n_visits
        ));
    }
    if series.columns.len() > 1 {
        lines.push(format!("means and deviations are those of {first}"));
    }
    lines
}

/// What a user should know of the fit.
fn notes(series: &Series, detection: &Detection) -> Vec<String> {
    let mut lines = Vec::new();
    for (j, column) in series.values.columns().into_iter().enumerate() {
        let mut known = column.iter().filter(|v| !v.is_nan());
        if known.next().is_some_and(|first| known.all(|v| v == first)) {
            lines.push(format!(
                "note: {} is constant; there is nothing to tell regimes by",
                series.columns[j]
            ));
        }
    }
    if detection.candidates.iter().all(|c| !c.is_sound) {
        lines.push(String::from(
            "note: no number of regimes asked for describes enough steps each, for some time each; fewer would",
        ));
    }
    if !detection.has_converged() {
        lines.push(String::from("note: the fit has not converged"));
    }
    lines
}
