//! `density reduce` of a table: the directions in which components or classes differ.

use std::path::Path;

use density::{Directions, Kept, Points, PointsError, directions, directions_of_classes, figure};
use gmm_cli::clap::{self, Args};
use gmm_cli::{Bar, Failure, parse_count, parse_share, to_json};
use gmm_core::GmmError;
use gmm_core::discriminant::Classes;
use gmm_figures::decimal;
use gmm_table::summary::counted;
use gmm_table::{TableError, number, to_csv};
use serde::Serialize;

use super::job::{Job, LEFT_OUT};

/// What the task is told beside its table.
#[derive(Debug, Args)]
pub(crate) struct ReduceArgs {
    /// Directions in which the classes of this column differ, each a Gaussian, in place of those of components
    #[arg(long, value_name = "COLUMN", conflicts_with = "posteriors")]
    class: Option<String>,

    /// What means count against covariances: 1 looks at means alone, 0 at covariances [default: 1 or 0.5, whichever keeps
    /// more on two directions]
    #[arg(long, value_name = "SHARE", value_parser = parse_share,
          allow_negative_numbers = true, conflicts_with = "posteriors")]
    lambda: Option<f64>,

    /// Instead each row as its component and Q coordinates in it: a mixture of probabilistic principal component analysers
    #[arg(long, value_name = "Q", value_parser = parse_count, allow_negative_numbers = true,
          conflicts_with_all = ["class", "lambda", "posteriors"])]
    pub(super) latent: Option<usize>,

    /// The slide's way instead: rows as the posteriors of two components
    #[arg(long)]
    pub(super) posteriors: bool,
}

impl ReduceArgs {
    /// Flags that need a file, where the slide's data are reduced in its way.
    pub(super) fn refuse_what_slides_lack(&self) -> Result<(), Failure> {
        match self.class {
            Some(_) => Err(Failure::Usage(String::from("--class: there is no file"))),
            None => Ok(()),
        }
    }
}

#[derive(Serialize)]
struct JsonReport<'a> {
    input: &'a str,
    columns: &'a [String],
    rows: usize,
    incomplete_rows_left_out: usize,
    seed: u64,
    lambda: f64,
    groups: &'a [String],
    centre: Vec<f64>,
    /// Each direction, in the order of the columns.
    directions: Vec<Vec<f64>>,
    eigenvalues: Vec<f64>,
    kept: Vec<JsonKept>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_in_all_columns: Option<f64>,
}

#[derive(Serialize)]
struct JsonKept {
    directions: usize,
    eigenvalues: f64,
    information: f64,
    changed_labels: f64,
    variance: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<f64>,
}

impl From<&Kept> for JsonKept {
    fn from(kept: &Kept) -> Self {
        Self {
            directions: kept.n_directions,
            eigenvalues: kept.eigenvalues,
            information: kept.information,
            changed_labels: kept.changed,
            variance: kept.variance,
            error: kept.error,
        }
    }
}

pub(super) fn run(job: &Job<'_>, file: &Path, args: &ReduceArgs) -> Result<(), Failure> {
    let places = job.places(None)?;
    let read = Points::read_classes(file, job.columns, args.class.as_deref());
    let (points, classes) = read.map_err(|e| match e {
        PointsError::Table(e @ TableError::NamedTwice { .. }) => {
            Failure::Usage(format!("--columns: {e}"))
        }
        e => Failure::of(file.display(), e),
    })?;
    if points.columns.len() < 2 {
        let line = "one column only: there is nothing to reduce";
        return Err(Failure::of(job.name(&points), line));
    }
    let found = match args.class {
        Some(_) => {
            let bar = Bar::new(1, job.output.quiet);
            bar.say(String::from("classes and directions, in five folds"));
            let classes = Classes::new(&classes);
            let found = directions_of_classes(&points.rows, &classes, args.lambda, job.seed);
            bar.finish();
            found
        }
        None => {
            let report = job.analyze(&points)?;
            directions(&points.rows, &report.fitted.model, args.lambda)
        }
    };
    let found = found.map_err(|e| refused(job, &points, e))?;
    let sheet = figure::directions(&points, &found).map_err(|e| refused(job, &points, e))?;
    let figure = sheet
        .to_file(&places.figure)
        .map_err(|e| Failure::of(places.figure.display(), e))?;
    let json = to_json(&JsonReport {
        input: &job.name(&points),
        columns: &points.columns,
        rows: points.rows.nrows(),
        incomplete_rows_left_out: points.n_incomplete,
        seed: job.seed,
        lambda: found.lambda,
        groups: &found.names,
        centre: found.subspace.centre.to_vec(),
        directions: found
            .subspace
            .basis
            .columns()
            .into_iter()
            .map(|c| c.to_vec())
            .collect(),
        eigenvalues: found.subspace.eigenvalues.to_vec(),
        kept: found.kept.iter().map(JsonKept::from).collect(),
        error_in_all_columns: found.error_of_all,
    })?;
    let is_of_classes = args.class.is_some();
    let table = rows(&points, &found, is_of_classes);
    places.deliver(job.output, (&figure, &table, &json), || {
        summary(job, &points, &found)
    })
}

/// Each row on the directions.
fn rows(points: &Points, found: &Directions, is_of_classes: bool) -> Vec<u8> {
    let mut names = vec![String::from("row")];
    names.extend((1..=found.projected.ncols()).map(|q| format!("direction_{q}")));
    names.push(String::from(if is_of_classes {
        "class"
    } else {
        "component"
    }));
    let lines = (0..found.projected.nrows()).map(|i| {
        let mut line = vec![points.numbers[i].to_string()];
        line.extend(found.projected.row(i).iter().map(|v| number(*v)));
        line.push(if is_of_classes {
            found.names[found.labels[i]].clone()
        } else {
            (found.labels[i] + 1).to_string()
        });
        line
    });
    to_csv(&names, lines)
}

/// Directions that are listed on a terminal, and columns that are named of each.
const LISTED: usize = 6;
const NAMED: usize = 4;

fn summary(job: &Job<'_>, points: &Points, found: &Directions) -> Vec<String> {
    let mut lines = job.heading(points, LEFT_OUT);
    let groups = match found.error_of_all {
        Some(_) => format!("{} classes: {}", found.names.len(), found.names.join(", ")),
        None => counted(found.names.len(), "component"),
    };
    let looked = match found.lambda {
        1.0 => String::from("in means"),
        lambda => format!("in means and covariances, lambda {}", number(lambda)),
    };
    lines.push(format!(
        "{groups}; directions in which they differ {looked}"
    ));
    lines.push(String::new());
    let error = if found.error_of_all.is_some() {
        "   errors"
    } else {
        ""
    };
    lines.push(format!(
        "{:>10} {:>12} {:>12} {:>12} {:>10}{error}   columns, per deviation of each",
        "directions", "eigenvalues", "information", "same label", "variance"
    ));
    let percent = |share: f64| format!("{} %", decimal(100.0 * share, 1));
    for kept in found.kept.iter().take(LISTED) {
        let error = kept.error.map(|e| format!(" {:>8}", percent(e)));
        lines.push(format!(
            "{:>10} {:>12} {:>12} {:>12} {:>10}{}   {}",
            kept.n_directions,
            percent(kept.eigenvalues),
            percent(kept.information),
            percent(1.0 - kept.changed),
            percent(kept.variance),
            error.unwrap_or_default(),
            of_columns(points, found, kept.n_directions - 1)
        ));
    }
    if let Some(error) = found.error_of_all {
        lines.push(format!(
            "in all columns {} of new rows are read wrong",
            percent(error)
        ));
    }
    lines.push(String::new());
    lines
}

/// The columns that a direction weighs most, each in its deviations.
fn of_columns(points: &Points, found: &Directions, direction: usize) -> String {
    let deviations: Vec<f64> = points.variances().iter().map(|v| v.sqrt()).collect();
    let direction = found.subspace.basis.column(direction);
    let weights = direction.iter().zip(&deviations).map(|(b, s)| b * s);
    let weights: Vec<f64> = weights.collect();
    let length = weights.iter().map(|w| w * w).sum::<f64>().sqrt();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by(|&a, &b| weights[b].abs().total_cmp(&weights[a].abs()));
    let name = |&j: &usize| {
        let sign = if weights[j] >= 0.0 { "+" } else { "" };
        format!(
            "{sign}{} {}",
            decimal(weights[j] / length, 2),
            points.columns[j]
        )
    };
    order
        .iter()
        .take(NAMED)
        .map(name)
        .collect::<Vec<_>>()
        .join(", ")
}

fn refused(job: &Job<'_>, points: &Points, error: GmmError) -> Failure {
    match error {
        GmmError::InvalidParameter {
            name: "mixture", ..
        } => Failure::of(
            job.name(points),
            "no direction was found in which components or classes differ: they are the same, or one has no spread",
        ),
        GmmError::InvalidParameter { .. } => Failure::of(job.name(points), error),
        error => job.refused(points, error),
    }
}
