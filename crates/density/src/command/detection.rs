//! `density anomalies` of a table: four views, and what does not belong in one of them.

use std::path::{Path, PathBuf};

use density::{
    DetectOptions, Detected, Detector, Limit, Points, PointsError, Reason, Truth, View, detect,
    figure, learn_usual,
};
use gmm_cli::clap::{self, Args};
use gmm_cli::{Bar, Failure, parse_share, to_json};
use gmm_core::GmmError;
use gmm_core::detection::{Detection, Point};
use gmm_figures::decimal;
use gmm_table::summary::counted;
use gmm_table::{TableError, number, to_csv};
use serde::Serialize;

use super::job::Job;

/// What the task is told beside its table.
#[derive(Debug, Args)]
pub(crate) struct AnomalyArgs {
    /// Learn what is usual from this table, of usual rows, and ask about the other
    #[arg(long, value_name = "FILE")]
    pub(super) train: Option<PathBuf>,

    /// Share of usual rows that may be marked: with --train of new rows, else of rows drawn from the mixture
    #[arg(long, value_name = "RATE", default_value_t = 0.01, value_parser = parse_share,
          allow_negative_numbers = true, conflicts_with = "rate")]
    false_alarm_rate: f64,

    /// Share of the rows to mark, or auto: by --false-alarm-rate
    #[arg(long, value_name = "SHARE", default_value = "auto", value_parser = parse_contamination,
          allow_negative_numbers = true, conflicts_with_all = ["train", "rate", "false_alarm_rate"])]
    contamination: Contamination,

    /// Column that says which rows are anomalies: 1 of 0 and 1, else the rarer of two values. It is not looked at to find
    /// them, but to say how well they were found
    #[arg(long, value_name = "COLUMN", conflicts_with = "rate")]
    labels: Option<String>,

    /// The slide's rule instead: one mixture (--components, --covariance), of which this share of the rows is marked
    #[arg(long, value_name = "SHARE", value_parser = parse_share, allow_negative_numbers = true)]
    pub(super) rate: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Contamination {
    Auto,
    Share(f64),
}

fn parse_contamination(text: &str) -> Result<Contamination, String> {
    match text.parse::<f64>() {
        _ if text == "auto" => Ok(Contamination::Auto),
        Ok(share) if share > 0.0 && share <= 0.5 => Ok(Contamination::Share(share)),
        _ => Err(String::from("must be auto, or above 0 and at most 0.5")),
    }
}

impl AnomalyArgs {
    /// Flags that need a file, where the slide's data are marked by its rule.
    pub(super) fn refuse_what_slides_lack(&self) -> Result<(), Failure> {
        let given = [
            ("--labels", self.labels.is_some()),
            ("--contamination", self.contamination != Contamination::Auto),
        ];
        match given.iter().find(|(_, is_given)| *is_given) {
            Some((flag, _)) => Err(Failure::Usage(format!("{flag}: there is no file"))),
            None => Ok(()),
        }
    }
}

#[derive(Serialize)]
struct JsonReport<'a> {
    input: &'a str,
    columns: &'a [String],
    rows: usize,
    incomplete_rows: usize,
    usual_rows_learnt: Option<usize>,
    seed: u64,
    trimming: f64,
    groups: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    false_alarm_rate: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contamination: Option<f64>,
    threshold: f64,
    anomalies: Vec<JsonAnomaly<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detection: Option<JsonDetection<'a>>,
}

#[derive(Serialize)]
struct JsonAnomaly<'a> {
    row: usize,
    score: f64,
    view: &'static str,
    because: Vec<JsonPart<'a>>,
}

#[derive(Serialize)]
struct JsonPart<'a> {
    column: &'a str,
    value: f64,
    surprise_alone: f64,
    deviations_given_others: f64,
}

#[derive(Serialize)]
struct JsonDetection<'a> {
    labels: &'a str,
    anomalies_are: &'a str,
    n_anomalies: usize,
    area_under_roc: f64,
    average_precision: f64,
    equal_error_rate: f64,
    detection_rate: f64,
    false_alarm_rate: f64,
    precision: f64,
    curve: Vec<[f64; 4]>,
}

/// What was asked and what was found.
struct Answer<'a> {
    job: &'a Job<'a>,
    args: &'a AnomalyArgs,
    points: Points,
    options: DetectOptions,
    n_usual: Option<usize>,
    detector: Detector,
    found: Detected,
    truth: Option<(Truth, Detection)>,
}

/// Columns that are named for a row.
const NAMED: usize = 3;
/// Rows that are listed on a terminal.
const LISTED: usize = 12;

pub(super) fn run(job: &Job<'_>, file: &Path, args: &AnomalyArgs) -> Result<(), Failure> {
    if args.false_alarm_rate <= 0.0 || args.false_alarm_rate > 0.5 {
        let line = "--false-alarm-rate: must be above 0 and at most 0.5";
        return Err(Failure::Usage(String::from(line)));
    }
    let places = job.places(args.train.as_deref())?;
    let (points, truth) = read(file, job.columns, args.labels.as_deref())?;
    let usual = args.train.as_deref().map(|path| {
        Points::read_with_gaps(path, &points.columns, None)
            .map(|(usual, _)| (path, usual))
            .map_err(|e| Failure::of(path.display(), e))
    });
    let usual = usual.transpose()?;
    let bar = Bar::new(1, job.output.quiet);
    bar.say(String::from("what is usual"));
    let answer = Answer::of(
        job,
        args,
        points,
        truth,
        usual.as_ref().map(|(p, u)| (*p, u)),
    );
    bar.finish();
    let answer = answer?;
    let truth = answer.truth.as_ref();
    let sheet = figure::detected(
        &answer.points,
        &answer.found,
        truth.map(|(truth, detection)| (detection, truth.is_anomaly.as_slice())),
    );
    let figure = sheet
        .to_file(&places.figure)
        .map_err(|e| Failure::of(places.figure.display(), e))?;
    let json = to_json(&answer.json(&job.name(&answer.points)))?;
    places.deliver(job.output, (&figure, &answer.csv(), &json), || {
        answer.summary()
    })
}

fn read(
    file: &Path,
    columns: &[String],
    labels: Option<&str>,
) -> Result<(Points, Option<Truth>), Failure> {
    Points::read_with_gaps(file, columns, labels).map_err(|e| match e {
        PointsError::Table(e @ TableError::NamedTwice { .. }) => {
            Failure::Usage(format!("--columns: {e}"))
        }
        e => Failure::of(file.display(), e),
    })
}

impl<'a> Answer<'a> {
    fn of(
        job: &'a Job<'a>,
        args: &'a AnomalyArgs,
        points: Points,
        truth: Option<Truth>,
        usual: Option<(&Path, &Points)>,
    ) -> Result<Self, Failure> {
        // Usual rows are taken at their word: none is left out.
        let usual_options = DetectOptions::default();
        let options = DetectOptions {
            trimming: if usual.is_some() {
                0.0
            } else {
                usual_options.trimming
            },
            seed: job.seed,
        };
        let refused = |e: GmmError| refused(job, &points, e);
        let (detector, found) = match usual {
            Some((path, usual)) => {
                let learnt = learn_usual(&usual.rows, args.false_alarm_rate, &options);
                let learnt = learnt.map_err(|e| named(&path.display().to_string(), usual, e))?;
                let scores = learnt.detector.scores(&points.rows).map_err(refused)?;
                let detected = learnt
                    .detector
                    .detected(&points.rows, scores, learnt.threshold);
                (learnt.detector.clone(), detected.map_err(refused)?)
            }
            None => {
                let limit = match args.contamination {
                    Contamination::Auto => Limit::Drawn(args.false_alarm_rate),
                    Contamination::Share(share) => Limit::Share(share),
                };
                detect(&points.rows, limit, &options).map_err(refused)?
            }
        };
        let truth = truth.map(|truth| {
            let detection = Detection::of(&found.scores.scores, &truth.is_anomaly)?;
            Ok::<_, GmmError>((truth, detection))
        });
        let truth = truth.transpose().map_err(refused)?;
        Ok(Self {
            job,
            args,
            n_usual: usual.map(|(_, usual)| usual.rows.nrows()),
            options,
            detector,
            found,
            truth,
            points,
        })
    }

    /// The false-alarm rate that the threshold follows, if it does.
    fn rate(&self) -> Option<f64> {
        (self.args.contamination == Contamination::Auto).then_some(self.args.false_alarm_rate)
    }

    /// The detector at its threshold, where the truth is known.
    fn at_threshold(&self) -> Option<Point> {
        let (_, detection) = self.truth.as_ref()?;
        let reaches = |p: &Point| p.threshold >= self.found.threshold;
        detection.points().into_iter().rfind(reaches)
    }

    fn json<'s>(&'s self, input: &'s str) -> JsonReport<'s> {
        let found = &self.found;
        let anomaly = |(&row, reason): (&usize, &'s Reason)| JsonAnomaly {
            row: self.points.numbers[row],
            score: found.scores.scores[row],
            view: reason.view.name(),
            because: (reason.parts.iter())
                .map(|part| JsonPart {
                    column: &self.points.columns[part.column],
                    value: self.points.rows[(row, part.column)],
                    surprise_alone: part.alone,
                    deviations_given_others: part.given_others,
                })
                .collect(),
        };
        let detection = self.truth.as_ref().zip(self.at_threshold());
        let detection = detection.map(|((truth, detection), at)| JsonDetection {
            labels: &truth.column,
            anomalies_are: &truth.meaning,
            n_anomalies: detection.n_targets(),
            area_under_roc: detection.area_under_roc(),
            average_precision: detection.average_precision(),
            equal_error_rate: detection.equal_error_rate(),
            detection_rate: at.detection_rate,
            false_alarm_rate: at.false_alarm_rate,
            precision: at.precision,
            curve: (detection.points().iter().skip(1))
                .map(|p| {
                    [
                        p.threshold,
                        p.false_alarm_rate,
                        p.detection_rate,
                        p.precision,
                    ]
                })
                .collect(),
        });
        JsonReport {
            input,
            columns: &self.points.columns,
            rows: self.points.rows.nrows(),
            incomplete_rows: self.points.n_incomplete,
            usual_rows_learnt: self.n_usual,
            seed: self.job.seed,
            trimming: self.options.trimming,
            groups: self.detector.groups().model.n_components(),
            false_alarm_rate: self.rate(),
            contamination: match self.args.contamination {
                Contamination::Auto => None,
                Contamination::Share(share) => Some(share),
            },
            threshold: found.threshold,
            anomalies: found
                .anomalies
                .iter()
                .zip(&found.reasons)
                .map(anomaly)
                .collect(),
            detection,
        }
    }

    fn csv(&self) -> Vec<u8> {
        let mut names = vec![String::from("row")];
        names.extend(self.points.columns.iter().cloned());
        names.push(String::from("score"));
        names.extend(View::ALL.map(|view| format!("score_{}", view.name())));
        names.extend(["anomaly", "view", "because"].map(String::from));
        let cell = |value: &f64| match value.is_nan() {
            true => String::new(),
            false => number(*value),
        };
        let found = &self.found;
        let lines = (0..self.points.rows.nrows()).map(|i| {
            let mut line = vec![self.points.numbers[i].to_string()];
            line.extend(self.points.rows.row(i).iter().map(cell));
            line.push(number(found.scores.scores[i]));
            line.extend(found.scores.views.row(i).iter().map(cell));
            match found.anomalies.binary_search(&i) {
                Ok(place) => line.extend([
                    String::from("1"),
                    String::from(found.reasons[place].view.name()),
                    self.because(&found.reasons[place]),
                ]),
                Err(_) => line.extend(["0", "", ""].map(String::from)),
            }
            line
        });
        to_csv(&names, lines)
    }

    /// The columns that say most of a row, in deviations given the others or nats alone.
    fn because(&self, reason: &Reason) -> String {
        let part = |part: &density::Part| {
            let name = &self.points.columns[part.column];
            match reason.view {
                View::Columns | View::Spread => format!("{name} {} nats", signed(part.alone)),
                View::Whole | View::Groups => format!("{name} {} sd", signed(part.given_others)),
            }
        };
        let parts: Vec<String> = reason.parts.iter().take(NAMED).map(part).collect();
        parts.join("; ")
    }

    fn summary(&self) -> Vec<String> {
        let found = &self.found;
        let of_incomplete = [
            "lacks a value; it is judged by its other columns",
            "lack a value; they are judged by their other columns",
        ];
        let mut lines = self.job.heading(&self.points, of_incomplete);
        let learnt = match self.n_usual {
            Some(n) => format!("usual: {}", counted(n, "row")),
            None => String::from("usual: nine tenths of the rows"),
        };
        let groups = self.detector.groups().model.n_components();
        lines.push(format!("{learnt} in {}", counted(groups, "group")));
        lines.push(String::new());
        let why = match (self.n_usual, self.args.contamination) {
            (Some(_), _) => format!(
                "{} of usual rows would",
                percent(self.args.false_alarm_rate)
            ),
            (None, Contamination::Auto) => {
                let rate = percent(self.args.false_alarm_rate);
                format!("{rate} of rows drawn from the mixture do")
            }
            (None, Contamination::Share(share)) => format!("{} of the rows do", percent(share)),
        };
        lines.push(format!(
            "{} score {} or more, as {why}",
            counted(found.anomalies.len(), "row"),
            decimal(found.threshold, 2)
        ));
        let mut order: Vec<usize> = (0..found.anomalies.len()).collect();
        let score = |place: &usize| found.scores.scores[found.anomalies[*place]];
        order.sort_by(|a, b| score(b).total_cmp(&score(a)));
        for place in order.iter().take(LISTED) {
            lines.push(format!(
                "  row {:>6}  score {:>9}  {:<7}  {}",
                self.points.numbers[found.anomalies[*place]],
                decimal(score(place), 2),
                found.reasons[*place].view.name(),
                self.because(&found.reasons[*place])
            ));
        }
        if order.len() > LISTED {
            lines.push(format!("  and {} more", order.len() - LISTED));
        }
        if let (Some((truth, detection)), Some(at)) = (&self.truth, self.at_threshold()) {
            lines.push(String::new());
            lines.push(format!(
                "{} is {} in {}: area under ROC {}, average precision {}",
                truth.column,
                truth.meaning,
                counted(detection.n_targets(), "row"),
                decimal(detection.area_under_roc(), 3),
                decimal(detection.average_precision(), 3)
            ));
            lines.push(format!(
                "at the threshold {} of these are found, with {} of the others; precision {}",
                percent(at.detection_rate),
                percent(at.false_alarm_rate),
                decimal(at.precision, 3)
            ));
        }
        lines
    }
}

fn signed(value: f64) -> String {
    let sign = if value >= 0.0 { "+" } else { "" };
    format!("{sign}{}", decimal(value, 1))
}

fn percent(share: f64) -> String {
    format!("{} %", decimal(100.0 * share, 1))
}

/// Why a table cannot be judged.
fn refused(job: &Job<'_>, points: &Points, error: GmmError) -> Failure {
    named(&job.name(points), points, error)
}

fn named(name: &str, points: &Points, error: GmmError) -> Failure {
    let reason = match error {
        GmmError::Overflow { column } => {
            format!("the values of {} are too large", points.columns[column])
        }
        GmmError::MissingColumn { column } => {
            format!("column {} has no value in any row", points.columns[column])
        }
        GmmError::TooFewRows { n_rows, .. } => {
            format!(
                "{}: at least two are needed to say what is usual",
                counted(n_rows, "row")
            )
        }
        error => error.to_string(),
    };
    Failure::of(name, reason)
}
