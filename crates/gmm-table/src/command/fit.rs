//! `gmm fit`: a mixture, or a classifier, of a table.

use std::path::{Path, PathBuf};

use gmm_cli::clap::{self, Args};
use gmm_cli::{Failure, FitReport, Outputs, Targets, closing, named_after, notes, print, to_json};
use gmm_core::discriminant::{Classes, CrossValidated, Trained, cross_validate, edda, mclust_da};
use gmm_core::{CovarianceType, Sample};
use gmm_figures::decimal;
use gmm_table::model::{Model, ModelFile};
use gmm_table::sklearn;
use gmm_table::summary::{components, counted};
use serde::Serialize;

use super::input::stem_of;
use super::learn::{Learning, Lesson, name_of};

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
    learning: Learning,

    /// Model to write, JSON or NPZ by its ending; - is standard output [default: named after the table, in this folder]
    #[arg(short, long, value_name = "PATH", help_heading = "Output")]
    out: Option<PathBuf>,

    /// JSON report to write
    #[arg(long, value_name = "PATH", help_heading = "Output")]
    json: Option<PathBuf>,
}

/// What a fit leaves behind.
struct Made {
    model: Model,
    report: Vec<u8>,
    summary: Vec<String>,
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
    let json = task.json.clone();
    let json = json
        .map(|path| targets.claim("--json", path, &[]))
        .transpose()?;
    let class = task.class.as_deref();
    let lesson = Lesson::read(&task.table, &task.learning, class, quiet)?;
    let made = match &lesson.classes {
        None => mixture(task, &lesson, quiet)?,
        Some(classes) => classifier(task, &lesson, classes)?,
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

fn report<T: Serialize>(task: &Fit, lesson: &Lesson, found: T) -> Result<Vec<u8>, Failure> {
    to_json(&Report {
        input: &lesson.name,
        columns: &lesson.columns,
        rows: lesson.n_rows(),
        incomplete_rows: lesson.n_incomplete,
        seed: task.learning.search.seed,
        found,
    })
}

/// How a classifier was found, in numbers.
#[derive(Serialize)]
struct ClassifierReport<'a> {
    method: &'static str,
    classes: &'a [String],
    priors: &'a [f64],
    mixtures: Vec<(CovarianceType, usize)>,
    log_likelihood: f64,
    bic: f64,
    n_parameters: usize,
    training_error: f64,
    cross_validated_error: f64,
    cross_validated_error_standard_error: f64,
    cross_validated_brier: f64,
    folds: usize,
}

/// Folds of the cross-validation.
const FOLDS: usize = 10;

fn classifier(task: &Fit, lesson: &Lesson, classes: &[String]) -> Result<Made, Failure> {
    let classes = Classes::new(classes);
    let sample = lesson.sample()?;
    let refuse = |e| lesson.refused(e);
    let types = task.learning.family.types(&CovarianceType::FAMILIES);
    let counts = task.learning.family.counts(1..=5);
    let params = task.learning.params();
    let by_class = |sample: &Sample<'_>, classes: &Classes| edda(sample, classes, &types);
    let mixtures = |sample: &Sample<'_>, classes: &Classes| {
        mclust_da(sample, classes, counts.clone(), &types, &params)
    };
    let smallest = (0..classes.names().len())
        .map(|c| classes.of_rows().iter().filter(|&&of| of == c).count())
        .min();
    let folds = FOLDS.min(smallest.unwrap_or(0)).max(2);
    type Learn<'a> =
        &'a (dyn Fn(&Sample<'_>, &Classes) -> Result<Trained, gmm_core::GmmError> + Sync);
    let methods: [(&'static str, Learn<'_>); 2] = [("EDDA", &by_class), ("MclustDA", &mixtures)];
    let mut tried: Vec<(&'static str, Trained, CrossValidated)> = Vec::new();
    let mut refused = None;
    for (name, learn) in methods {
        let checked = cross_validate(&sample, &classes, folds, task.learning.search.seed, learn);
        match learn(&sample, &classes).and_then(|trained| Ok((trained, checked?))) {
            Ok((trained, checked)) => tried.push((name, trained, checked)),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    // By the error, and where that is equal by the Brier score: the first of equals.
    let order = |c: &CrossValidated| (c.score.error, c.score.brier);
    let better = |a: &CrossValidated, b: &CrossValidated| {
        order(a)
            .0
            .total_cmp(&order(b).0)
            .then(order(a).1.total_cmp(&order(b).1))
    };
    let best = (0..tried.len()).min_by(|&a, &b| better(&tried[a].2, &tried[b].2));
    let Some(best) = best else {
        return Err(refuse(refused.unwrap_or(gmm_core::GmmError::NoRows)));
    };
    let mut summary = vec![
        String::new(),
        format!(
            "{:<10} {:>14} {:>16} {:>12}",
            "method", "training error", "unseen rows", "Brier score"
        ),
    ];
    for (place, (name, trained, checked)) in tried.iter().enumerate() {
        let training = trained.model.score(&sample, &classes).map_err(refuse)?;
        let mark = if place == best { "  taken" } else { "" };
        summary.push(format!(
            "{name:<10} {:>12.2} % {:>7.2} ± {:.2} % {:>12}{mark}",
            100.0 * training.error,
            100.0 * checked.score.error,
            100.0 * checked.error_of_error,
            decimal(checked.score.brier, 4),
        ));
    }
    let (name, trained, checked) = tried.swap_remove(best);
    let model = &trained.model;
    summary.push(String::new());
    summary.push(format!(
        "{:<20} {:>8} {:>12} {:>14}",
        "class", "prior", "components", "covariances"
    ));
    for ((class, prior), mixture) in model.names().iter().zip(model.priors()).zip(model.models()) {
        let form = model.shared().unwrap_or(mixture.covariance_type());
        let form = form
            .mclust_name()
            .map_or_else(|| form.to_string(), String::from);
        summary.push(format!(
            "{class:<20} {prior:>8.4} {:>12} {form:>14}",
            mixture.n_components()
        ));
    }
    summary.push(String::new());
    summary.push(format!(
        "log-likelihood {:.4} nats, BIC {:.2}; unseen rows by {folds}-fold cross-validation",
        trained.log_likelihood,
        trained.bic()
    ));
    let training = model.score(&sample, &classes).map_err(refuse)?;
    let of = |mixture: &gmm_core::Gmm| (mixture.covariance_type(), mixture.n_components());
    let found = ClassifierReport {
        method: name,
        classes: model.names(),
        priors: model.priors(),
        mixtures: model.models().iter().map(of).collect(),
        log_likelihood: trained.log_likelihood,
        bic: trained.bic(),
        n_parameters: model.n_parameters(),
        training_error: training.error,
        cross_validated_error: checked.score.error,
        cross_validated_error_standard_error: checked.error_of_error,
        cross_validated_brier: checked.score.brier,
        folds,
    };
    Ok(Made {
        report: report(task, lesson, found)?,
        model: Model::Classifier(trained.model),
        summary,
    })
}
