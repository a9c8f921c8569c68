//! `regimes anomalies`: what does not fit, as it came and in the end.

use gmm_cli::clap;
use gmm_cli::{Bar, Failure, OutputArgs, Places, TableArgs, named_after, parse_share, to_json};
use gmm_table::{number, to_csv};
use regimes::{
    Anomalies, AnomalyChart, AnomalyOptions, Band, Judged, Series, Surprise, anomalies, explained,
};
use serde::Serialize;

use super::numerals::Numerals;
use super::series::{RegimeArgs, SeriesArgs};

/// What the task is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    series: SeriesArgs,

    /// Share of usual steps that may be called anomalies
    #[arg(long, value_name = "SHARE", default_value_t = 0.001, value_parser = parse_share, allow_negative_numbers = true)]
    false_alarms: f64,

    /// Last time that the usual is learnt from [default: the last of all]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    train_until: Option<String>,

    /// Mark what is improbable given all other steps, not only those before
    #[arg(long)]
    offline: bool,

    #[command(flatten)]
    regimes: RegimeArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    table: TableArgs,
}

#[derive(Serialize)]
struct JsonReport<'a> {
    input: &'a str,
    columns: &'a [String],
    steps: usize,
    missing_steps: usize,
    learnt_steps: usize,
    regimes: usize,
    lags: usize,
    periods: Vec<f64>,
    false_alarms: f64,
    online: Vec<JsonAnomaly<'a>>,
    offline: Vec<JsonAnomaly<'a>>,
}

#[derive(Serialize)]
struct JsonAnomaly<'a> {
    at: &'a str,
    values: Vec<f64>,
    expected: &'a [f64],
    p_value: f64,
}

/// Does what the command line says.
pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let detect = args.regimes.options()?;
    // Were half of the usual steps anomalies, little would be left to say what is usual.
    if args.false_alarms <= 0.0 || args.false_alarms >= 0.5 {
        return Err(Failure::Usage(String::from(
            "--false-alarms: must be above 0 and below 0.5",
        )));
    }
    let input = args.series.input.as_path();
    let places = Places::claim(
        [input],
        &args.output,
        &args.table,
        named_after(input, "anomalies.png"),
    )?;
    let series = args.series.read()?;
    let learnt = args
        .train_until
        .as_deref()
        .map(|time| SeriesArgs::place_of(&series, "--train-until", time));
    let options = AnomalyOptions {
        detect,
        false_alarms: args.false_alarms,
        n_learnt: learnt.transpose()?.map(|last| last + 1),
    };
    let bar = Bar::new(1, args.output.quiet);
    let found = anomalies(&series, &options, &|done, of| {
        bar.say(format!("{done} of at most {of} models compared"))
    });
    bar.finish();
    let found = found.map_err(|e| args.series.refused(&series, e))?;
    let json = to_json(&JsonReport {
        input: &series.name,
        columns: &series.columns,
        steps: series.n_steps(),
        missing_steps: found.detection.n_missing,
        learnt_steps: found.n_learnt,
        regimes: found.detection.n_regimes(),
        lags: found.detection.design.n_lags,
        periods: found.detection.periods(),
        false_alarms: found.false_alarms,
        online: listed(&series, &found, &found.online),
        offline: listed(&series, &found, &found.offline),
    })?;
    let shown = if args.offline {
        &found.offline
    } else {
        &found.online
    };
    let sheets =
        (0..series.columns.len()).map(|j| chart(&series, &found, (shown, args.offline), j).sheet());
    let sheet = sheets.reduce(|above, below| above.above(below));
    let sheet = sheet.ok_or_else(|| args.series.failed("there is no column of values"))?;
    let figure = sheet
        .to_file(&places.figure)
        .map_err(|e| Failure::of(places.figure.display(), e))?;
    let table = rows(&series, &found);
    places.deliver(&args.output, (&figure, &table, &json), || {
        summary(&series, &found, (shown, args.offline))
    })
}

fn listed<'a>(
    series: &'a Series,
    found: &'a Anomalies,
    judged: &'a [Option<Judged>],
) -> Vec<JsonAnomaly<'a>> {
    let anomaly = |(t, judged): (usize, &'a Option<Judged>)| {
        let judged = judged.as_ref()?;
        let p_value = judged.p_value.filter(|p| *p < found.false_alarms)?;
        Some(JsonAnomaly {
            at: &series.labels[t],
            values: series.values.row(t).to_vec(),
            expected: &judged.expected,
            p_value,
        })
    };
    judged.iter().enumerate().filter_map(anomaly).collect()
}

fn chart<'a>(
    series: &'a Series,
    found: &Anomalies,
    (judged, in_the_end): (&[Option<Judged>], bool),
    column: usize,
) -> AnomalyChart<'a> {
    let of = |read: &dyn Fn(&Judged) -> f64| -> Vec<f64> {
        judged
            .iter()
            .map(|j| j.as_ref().map_or(f64::NAN, read))
            .collect()
    };
    let are_anomalies = found.are_anomalies(judged);
    let surprise = |(place, judged): (usize, &Option<Judged>)| {
        let score = judged.as_ref()?.surprise()?;
        Some(Surprise {
            place,
            score,
            is_anomaly: are_anomalies[place],
        })
    };
    let n = are_anomalies.iter().filter(|a| **a).count();
    AnomalyChart {
        title: format!("Anomalies of {}", series.name),
        subtitle: format!(
            "{n} of {} steps · given {} · {}",
            series.n_steps(),
            if in_the_end {
                "all others"
            } else {
                "those before"
            },
            explained(&found.detection)
        ),
        series,
        column,
        expected: of(&|j| j.expected[column]),
        band: Some(Band {
            level: 1.0 - found.false_alarms,
            low: of(&|j| j.band[column].0),
            high: of(&|j| j.band[column].1),
        }),
        surprises: judged.iter().enumerate().filter_map(surprise).collect(),
        score_name: String::from("Surprise, −log₁₀ p"),
        threshold: -found.false_alarms.log10(),
    }
}

/// Every time with its values, what was expected, and how probable so much is.
fn rows(series: &Series, found: &Anomalies) -> Vec<u8> {
    let mut names = vec![series.time_name.clone()];
    names.extend(series.columns.iter().cloned());
    names.extend(series.columns.iter().map(|c| format!("expected_{c}")));
    names.extend(["p_online", "anomaly_online", "p_offline", "anomaly_offline"].map(String::from));
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
        match &found.online[t] {
            Some(judged) => line.extend(judged.expected.iter().map(cell)),
            None => line.extend(series.columns.iter().map(|_| String::new())),
        }
        for judged in [&found.online[t], &found.offline[t]] {
            match judged.as_ref().and_then(|j| j.p_value) {
                Some(p) => line.extend([number(p), u8::from(p < found.false_alarms).to_string()]),
                None => line.extend([String::new(), String::new()]),
            }
        }
        line
    });
    to_csv(&names, lines)
}

/// Anomalies that are listed on a terminal.
const LISTED: usize = 12;

fn summary(
    series: &Series,
    found: &Anomalies,
    (judged, in_the_end): (&[Option<Judged>], bool),
) -> Vec<String> {
    let mut lines = SeriesArgs::told(series, found.detection.n_missing);
    let regimes = match found.detection.n_regimes() {
        1 => String::from("one regime"),
        n => format!("{n} regimes"),
    };
    lines.push(format!(
        "usual: {regimes}, {}; learnt from {} steps",
        explained(&found.detection),
        found.n_learnt
    ));
    let mut anomalies = listed(series, found, judged);
    anomalies.sort_by(|a, b| a.p_value.total_cmp(&b.p_value));
    let given = if in_the_end {
        "given all other steps"
    } else {
        "given the steps before"
    };
    lines.push(String::new());
    let judged_steps = judged
        .iter()
        .flatten()
        .filter(|j| j.p_value.is_some())
        .count();
    lines.push(format!(
        "{} of {judged_steps} steps are anomalies {given}, where {} would be expected of usual ones",
        anomalies.len(),
        gmm_figures::decimal(found.false_alarms * judged_steps as f64, 1)
    ));
    let n_columns = series.columns.len();
    let shown: Vec<Numerals> = (0..n_columns)
        .map(|j| {
            let bands = judged.iter().flatten().map(|of| of.band[j]);
            // Of all bands the widest: a decimal more or less is not worth a look at each.
            let widest = bands.map(|(low, high)| high - low).fold(0.0, f64::max);
            Numerals::telling([widest], 4)
        })
        .collect();
    for anomaly in anomalies.iter().take(LISTED) {
        let all = |values: &[f64]| {
            let each = values.iter().zip(&shown).map(|(v, shown)| shown.of(*v));
            each.collect::<Vec<_>>().join(", ")
        };
        // Below them tails have no digits left.
        let p = match anomaly.p_value {
            p if p < 1e-300 => String::from("p < 1e-300"),
            p => format!("p = {p:.1e}"),
        };
        lines.push(format!(
            "{:>12}  {} where {} was expected, {p}",
            anomaly.at,
            all(&anomaly.values),
            all(anomaly.expected),
        ));
    }
    if anomalies.len() > LISTED {
        lines.push(format!("{:>12}  and {} more", "", anomalies.len() - LISTED));
    }
    lines
}
