//! The classifier of `gmm fit --class`.

use gmm_cli::{Bar, Failure};
use gmm_core::discriminant::{
    Classes, Classifier, CrossValidated, Score, Trained, cross_validate, edda, mclust_da,
};
use gmm_core::{CovarianceType, GmmError, Sample};
use gmm_figures::decimal;
use gmm_table::model::Model;
use gmm_table::summary::form;
use serde::Serialize;

use super::fit::{Fit, Made, report};
use super::lesson::Lesson;

/// How a classifier was found, in numbers.
#[derive(Serialize)]
struct Report<'a> {
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

/// A way to learn a classifier.
type Learn<'a> = &'a (dyn Fn(&Sample<'_>, &Classes) -> Result<Trained, GmmError> + Sync);

/// A classifier that was learnt, and its errors.
struct Tried {
    method: &'static str,
    trained: Trained,
    /// Of the rows that it was learnt from.
    training: Score,
    /// Of rows that it has not seen.
    unseen: CrossValidated,
}

/// The classifier that reads more rows right that it has not seen: a Gaussian for each class, or a mixture.
pub(super) fn classifier(
    task: &Fit,
    lesson: &Lesson,
    classes: &[String],
    quiet: bool,
) -> Result<Made, Failure> {
    let classes = Classes::new(classes);
    let sample = lesson.sample()?;
    let folds = n_folds(lesson, &classes)?;
    let learning = &task.learning;
    let types = learning.family.types(&CovarianceType::FAMILIES);
    let counts = learning.family.counts(1..=5);
    let params = learning.params();
    let gaussians = |sample: &Sample<'_>, classes: &Classes| edda(sample, classes, &types);
    let mixtures = |sample: &Sample<'_>, classes: &Classes| {
        mclust_da(sample, classes, counts.clone(), &types, &params)
    };
    let methods: [(&'static str, Learn<'_>); 2] = [("EDDA", &gaussians), ("MclustDA", &mixtures)];
    let bar = Bar::new(methods.len(), quiet);
    let try_one = |(place, (method, learn)): (usize, (&'static str, Learn<'_>))| {
        bar.at(place);
        bar.say(format!("{method}, in {folds} folds"));
        let tried = || {
            let trained = learn(&sample, &classes)?;
            Ok(Tried {
                method,
                training: trained.model.score(&sample, &classes)?,
                unseen: cross_validate(&sample, &classes, folds, learning.search.seed, learn)?,
                trained,
            })
        };
        tried().map_err(|why| (method, why))
    };
    let (tried, refused): (Vec<_>, Vec<_>) = methods
        .into_iter()
        .enumerate()
        .map(try_one)
        .partition(Result::is_ok);
    bar.finish();
    let tried: Vec<Tried> = tried.into_iter().flatten().collect();
    let refused: Vec<(&str, GmmError)> = refused.into_iter().filter_map(Result::err).collect();
    // By the error, where that is equal by the Brier score; of equals the first.
    let best = tried.iter().enumerate().min_by(|(_, a), (_, b)| {
        let (a, b) = (&a.unseen.score, &b.unseen.score);
        a.error
            .total_cmp(&b.error)
            .then(a.brier.total_cmp(&b.brier))
    });
    let Some((place, best)) = best else {
        let why = refused.into_iter().next().map(|(_, why)| why);
        return Err(lesson.refused(why.unwrap_or(GmmError::NoRows)));
    };
    let mut summary = told_of_methods(&tried, place);
    summary.extend(
        refused
            .iter()
            .map(|(method, why)| format!("{method:<10} not possible: {why}")),
    );
    summary.extend(told(best, folds));
    Ok(Made {
        report: report(task, lesson, Report::of(best, folds))?,
        model: Model::Classifier(best.trained.model.clone()),
        summary,
    })
}

/// As many folds as the smallest class has rows, at most 10.
fn n_folds(lesson: &Lesson, classes: &Classes) -> Result<usize, Failure> {
    const MOST: usize = 10;
    let n_rows = |class: &usize| classes.of_rows().iter().filter(|of| *of == class).count();
    let smallest = (0..classes.names().len()).min_by_key(n_rows).unwrap_or(0);
    match n_rows(&smallest) {
        0 | 1 => {
            let name = &classes.names()[smallest];
            let line = format!("class \"{name}\" has one row only, and needs two at least");
            Err(Failure::of(&lesson.name, line))
        }
        n => Ok(n.min(MOST)),
    }
}

impl<'a> Report<'a> {
    fn of(tried: &'a Tried, folds: usize) -> Self {
        let model: &Classifier = &tried.trained.model;
        let mixtures = model.models().iter();
        Self {
            method: tried.method,
            classes: model.names(),
            priors: model.priors(),
            mixtures: mixtures
                .map(|m| (m.covariance_type(), m.n_components()))
                .collect(),
            log_likelihood: tried.trained.log_likelihood,
            bic: tried.trained.bic(),
            n_parameters: model.n_parameters(),
            training_error: tried.training.error,
            cross_validated_error: tried.unseen.score.error,
            cross_validated_error_standard_error: tried.unseen.error_of_error,
            cross_validated_brier: tried.unseen.score.brier,
            folds,
        }
    }
}

fn told_of_methods(tried: &[Tried], best: usize) -> Vec<String> {
    let head = format!(
        "{:<10} {:>14} {:>16} {:>12}",
        "method", "training error", "unseen rows", "Brier score"
    );
    let line = |(place, tried): (usize, &Tried)| {
        format!(
            "{:<10} {:>12.2} % {:>7.2} ± {:.2} % {:>12}{}",
            tried.method,
            100.0 * tried.training.error,
            100.0 * tried.unseen.score.error,
            100.0 * tried.unseen.error_of_error,
            decimal(tried.unseen.score.brier, 4),
            if place == best { "  taken" } else { "" }
        )
    };
    let lines = tried.iter().enumerate().map(line);
    [String::new(), head].into_iter().chain(lines).collect()
}

fn told(tried: &Tried, folds: usize) -> Vec<String> {
    let model = &tried.trained.model;
    let mut lines = vec![
        String::new(),
        format!(
            "{:<20} {:>8} {:>12} {:>14}",
            "class", "prior", "components", "covariances"
        ),
    ];
    for ((class, prior), mixture) in model.names().iter().zip(model.priors()).zip(model.models()) {
        let of = form(model.shared().unwrap_or(mixture.covariance_type()));
        let k = mixture.n_components();
        lines.push(format!("{class:<20} {prior:>8.4} {k:>12} {of:>14}"));
    }
    lines.push(String::new());
    lines.push(format!(
        "log-likelihood {:.4} nats, BIC {:.2}; unseen rows by {folds}-fold cross-validation",
        tried.trained.log_likelihood,
        tried.trained.bic()
    ));
    lines
}
