//! `gmm fit`: a mixture, or a classifier, of a table.

use std::path::{Path, PathBuf};

use gmm_cli::clap::{self, Args};
use gmm_cli::{Failure, FitReport, Outputs, Targets, closing, named_after, notes, print, to_json};
use gmm_core::CovarianceType;
use gmm_table::model::{Model, ModelFile};
use gmm_table::sklearn;
use gmm_table::summary::{components, counted};
use serde::Serialize;

use super::classify;
use super::input::stem_of;
use super::learn::{Learning, name_of};
use super::lesson::Lesson;

/// Fit a mixture, or a classifier, to a table
///
/// Without -k, the number of components is chosen by BIC. Rows that lack values are used as far as they go. With --class
/// the model is a classifier: a Gaussian for each class with covariances that may share something (EDDA), or a mixture
/// for each class (MclustDA), whichever reads more rows right that it has not seen.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gmm fit faithful.csv                                writes faithful-model.json
  gmm fit faithful.csv -k 2 -c waiting -o two.json    two components of one column
  gmm fit iris.csv --covariance all --select 1..5     the best of mclust's families
  gmm fit iris.csv --class species -o species.json    a classifier
  gmm fit big.csv -k 8 --covariance diag -o -         the model to standard output
  gmm fit data.csv -k 3 -o model.npz                  for scikit-learn")]
pub(super) struct Fit {
    /// Table to read; - is standard input
    table: PathBuf,

    /// Column of classes: learn to tell them apart
    #[arg(long, value_name = "NAME", help_heading = "Table")]
    class: Option<String>,

    #[command(flatten)]
    pub(super) learning: Learning,

    /// Model to write, JSON or NPZ by its ending; - is standard output [default: named after the table, in this folder]
    #[arg(short, long, value_name = "PATH", help_heading = "Output")]
    out: Option<PathBuf>,

    /// JSON report to write; - prints it in place of the summary
    #[arg(long, value_name = "PATH", help_heading = "Output")]
    json: Option<PathBuf>,
}

/// What a fit leaves behind.
pub(super) struct Made {
    pub(super) model: Model,
    pub(super) report: Vec<u8>,
    pub(super) summary: Vec<String>,
}

#[derive(Serialize)]
struct Report<'a, T: Serialize> {
    input: &'a str,
    columns: &'a [String],
    rows: usize,
    incomplete_rows: usize,
    seed: u64,
    #[serde(flatten)]
    found: T,
}

pub(super) fn run(task: &Fit, quiet: bool) -> Result<(), Failure> {
    let to_standard_output = task.out.as_deref() == Some(Path::new("-"));
    let mut targets = Targets::beside([task.table.as_path()]);
    let out = task.out.clone();
    let usual = || named_after(&stem_of(&task.table), "model.json");
    let place = match to_standard_output {
        true => None,
        false => Some(targets.claim("--out", out.unwrap_or_else(usual), &["json", "npz"])?),
    };
    let prints = task.json.as_deref() == Some(Path::new("-"));
    if prints && to_standard_output {
        let line = "--out - and --json -: only one of them can be standard output";
        return Err(Failure::Usage(String::from(line)));
    }
    let json = task.json.clone().filter(|_| !prints);
    let json = json
        .map(|path| targets.claim("--json", path, &[]))
        .transpose()?;
    let class = task.class.as_deref();
    let lesson = Lesson::read(&task.table, &task.learning, class, quiet)?;
    let made = match &lesson.classes {
        None => mixture(task, &lesson, quiet)?,
        Some(classes) => classify::classifier(task, &lesson, classes, quiet)?,
    };
    let file = ModelFile {
        model: made.model,
        columns: lesson.columns.clone(),
    };
    let mut outputs = Outputs::default();
    if let Some(path) = &place {
        outputs.add(path, &bytes_of(&file, path)?)?;
    }
    if let Some(path) = &json {
        outputs.add(path, &made.report)?;
    }
    outputs.commit()?;
    let Some(path) = place else {
        let text = file.to_json()?;
        return print(String::from_utf8_lossy(&text).trim_end());
    };
    if prints {
        return print(String::from_utf8_lossy(&made.report).trim_end());
    }
    if quiet {
        return Ok(());
    }
    let mut lines = lesson.told();
    lines.extend(made.summary);
    lines.push(format!("model   {}", path.display()));
    lines.extend(json.map(|path| format!("report  {}", path.display())));
    print(&lines.join("\n"))
}

/// A model in the form that the name of its file asks for.
pub(super) fn bytes_of(file: &ModelFile, path: &Path) -> Result<Vec<u8>, Failure> {
    let is_archive = path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("npz"));
    match (&file.model, is_archive) {
        (_, false) => Ok(file.to_json()?),
        (Model::Mixture(gmm), true) => {
            sklearn::to_npz(gmm).map_err(|e| Failure::of(path.display(), e))
        }
        (Model::Classifier(_), true) => Err(Failure::of(
            path.display(),
            "scikit-learn's parameters are of one mixture; a classifier is written as JSON",
        )),
    }
}

fn mixture(task: &Fit, lesson: &Lesson, quiet: bool) -> Result<Made, Failure> {
    let counts = task.learning.family.counts(1..=9);
    let types = task.learning.family.types(&[CovarianceType::Full]);
    let n_tried = counts.clone().count() * types.len();
    let (first, last) = (*counts.start(), *counts.end());
    let mut ranking = lesson.ranking(&task.learning, counts, &types, quiet)?;
    let fitted = ranking.swap_remove(0);
    let labels = fitted.model.labels_of(&lesson.sample()?);
    let labels = labels.map_err(|e| lesson.refused(e))?;
    let mut sizes = vec![0; fitted.model.n_components() + 1];
    labels.iter().for_each(|&label| sizes[label] += 1);
    sizes.truncate(fitted.model.n_components());
    let mut summary = Vec::new();
    if n_tried > 1 {
        let name = name_of(task.learning.family.criterion);
        let of_types = match types.len() {
            1 => String::new(),
            n => format!(" of {n} forms"),
        };
        let k = fitted.model.n_components();
        let form = fitted.model.covariance_type();
        summary.push(format!(
            "{name} prefers {} with {form} covariances, of {first} to {last}{of_types}",
            counted(k, "component")
        ));
    }
    summary.push(String::new());
    summary.extend(components(&fitted.model, &lesson.columns));
    summary.push(String::new());
    summary.push(closing(&fitted, "row"));
    summary.extend(notes(&fitted, &lesson.columns));
    Ok(Made {
        report: report(task, lesson, FitReport::new(&fitted, sizes))?,
        model: Model::Mixture(fitted.model),
        summary,
    })
}

pub(super) fn report<T: Serialize>(
    task: &Fit,
    lesson: &Lesson,
    found: T,
) -> Result<Vec<u8>, Failure> {
    to_json(&Report {
        input: &lesson.name,
        columns: &lesson.columns,
        rows: lesson.n_rows(),
        incomplete_rows: lesson.n_incomplete,
        seed: task.learning.search.seed,
        found,
    })
}
