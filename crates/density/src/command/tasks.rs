//! What each task does.

use std::path::{Path, PathBuf};

use density::{Points, Report, examples, figure, samples};
use gmm_cli::{Bar, FIGURE, Failure, Targets};
use gmm_core::GmmError;
use gmm_core::rand::SeedableRng;
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_figures::decimal;
use gmm_table::{number, to_csv};

use super::job::{Extra, Job, Made, rows_as_csv};

/// The examples of the slides, each as a figure in this folder.
pub(super) fn show_examples(quiet: bool) -> Result<(), Failure> {
    let bar = Bar::new(examples::SLIDES.len(), quiet);
    let mut files = Vec::new();
    let mut lines = Vec::new();
    for (done, slide) in examples::SLIDES.into_iter().enumerate() {
        bar.at(done);
        bar.say(format!("slide {slide}"));
        for exhibit in examples::exhibits(slide)? {
            let path = PathBuf::from(format!("density-{slide:02}-{}.png", exhibit.name));
            let png = exhibit
                .sheet
                .to_png()
                .map_err(|e| Failure::of(path.display(), e))?;
            lines.push(match exhibit.facts.first() {
                Some(fact) => format!(
                    "slide {slide:>2}   {:<28} {:<24} {}",
                    path.display(),
                    fact.name,
                    decimal(fact.value, fact.decimals)
                ),
                None => format!("slide {slide:>2}   {}", path.display()),
            });
            files.push((path, png));
        }
    }
    bar.finish();
    let mut targets = Targets::default();
    let mut outputs = gmm_cli::Outputs::default();
    for (path, png) in files {
        outputs.add(&targets.claim("figure", path, FIGURE)?, &png)?;
    }
    outputs.commit()?;
    if quiet {
        return Ok(());
    }
    lines.push(String::from(
        "\nYour own table: density estimate FILE.csv (see --help)",
    ));
    gmm_cli::print(&lines.join("\n"))
}

pub(super) fn fit_and(
    job: &Job<'_>,
    example: fn() -> Points,
    make: impl FnOnce(&Job<'_>, &Points, &Report) -> Result<Made, Failure>,
) -> Result<(), Failure> {
    let places = job.places(None)?;
    let points = job.points(example)?;
    let report = job.analyze(&points)?;
    let made = make(job, &points, &report)?;
    job.deliver(&places, &points, &report, &made)
}

pub(super) fn watch(job: &Job<'_>) -> Result<(), Failure> {
    const MOMENTS: [usize; 4] = [0, 1, 3, 10];
    let places = job.places(None)?;
    let points = job.points(samples::two_blobs)?;
    // The slide starts with unit covariances, which suit its own data only.
    let variances = match job.file {
        None => vec![1.0; points.columns.len()],
        Some(_) => points.variances(),
    };
    if let Some(column) = variances.iter().position(|v| !v.is_finite()) {
        return Err(job.refused(&points, GmmError::Overflow { column }));
    }
    let mut rng = Xoshiro256Plus::seed_from_u64(job.seed);
    let (steps, whole) = density::watch(&points, &job.options, &variances, &MOMENTS, &mut rng)
        .map_err(|e| job.refused(&points, e))?;
    let sheet = figure::learning(&points, &steps, &whole).map_err(|e| job.refused(&points, e))?;
    let objective = whole.objective.clone();
    let report = density::score(&points, whole, Vec::new()).map_err(|e| job.refused(&points, e))?;
    let lines = (0..objective.len()).map(|i| vec![i.to_string(), number(objective[i])]);
    let made = Made {
        sheet,
        csv: to_csv(
            &["iteration", "mean_log_likelihood"].map(String::from),
            lines,
        ),
        extra: Extra {
            log_likelihoods: Some(objective.clone()),
            ..Extra::default()
        },
        lines: Vec::new(),
    };
    job.deliver(&places, &points, &report, &made)
}

pub(super) fn selected(points: &Points, report: &Report) -> Made {
    let mut lines = vec![format!(
        "{:>10} {:>20} {:>14} {:>14} {:>14}",
        "components", "mean log-likelihood", "BIC", "AIC", "ICL"
    )];
    let best = report.fitted.model.n_components();
    for c in &report.candidates {
        let [bic, aic, icl] = [c.bic, c.aic, c.icl].map(|v| decimal(v, 2));
        let mark = if c.n_components == best {
            "  least BIC"
        } else {
            ""
        };
        lines.push(format!(
            "{:>10} {:>20.6} {bic:>14} {aic:>14} {icl:>14}{mark}",
            c.n_components, c.mean_log_likelihood
        ));
    }
    lines.push(String::new());
    let names = ["n_components", "mean_log_likelihood", "bic", "aic", "icl"].map(String::from);
    let rows = report.candidates.iter().map(|c| {
        let values = [c.mean_log_likelihood, c.bic, c.aic, c.icl].map(number);
        [vec![c.n_components.to_string()], values.to_vec()].concat()
    });
    Made {
        sheet: figure::selection(points, &report.candidates),
        csv: to_csv(&names, rows),
        extra: Extra {
            selection: report.candidates.clone(),
            ..Extra::default()
        },
        lines,
    }
}

pub(super) fn find_anomalies(
    job: &Job<'_>,
    rate: f64,
    train: Option<&Path>,
) -> Result<(), Failure> {
    let places = job.places(train)?;
    let (usual, points) = match (job.file, train) {
        (None, None) if job.columns.is_empty() => samples::clouds_with_anomalies(),
        (None, Some(_)) => {
            let line = "--train: there is no other table to ask about";
            return Err(Failure::Usage(String::from(line)));
        }
        _ => {
            let points = job.points(samples::cloud_with_outliers)?;
            let usual = match train {
                Some(path) => Points::read(path, &points.columns)
                    .map_err(|e| Failure::of(path.display(), e))?,
                None => points.clone(),
            };
            (usual, points)
        }
    };
    let usual_report = job.analyze(&usual)?;
    // Rows are judged by what is usual: a share `rate` of that is below the threshold, whatever the rows asked about.
    let threshold = density::anomalies(&usual_report.log_prob, rate).threshold;
    let fitted = usual_report.fitted;
    let report =
        density::score(&points, fitted, Vec::new()).map_err(|e| job.refused(&points, e))?;
    let found = match (job.file, train) {
        (Some(_), Some(_)) => density::below(&report.log_prob, threshold),
        // The slide's rule: the least probable of the rows themselves.
        _ => density::anomalies(&report.log_prob, rate),
    };
    let numbers: Vec<usize> = found.rows.iter().map(|&row| points.numbers[row]).collect();
    let made = Made {
        sheet: figure::anomalies(&points, &report, &found, "Anomalies")?,
        csv: rows_as_csv(&points, &report, Some(&found)),
        lines: vec![told(&numbers, found.threshold)],
        extra: Extra {
            threshold: Some(found.threshold),
            anomalies: Some(numbers),
            ..Extra::default()
        },
    };
    job.deliver(&places, &points, &report, &made)
}

pub(super) fn told(numbers: &[usize], threshold: f64) -> String {
    /// Rows that are named.
    const NAMED: usize = 12;
    let names: Vec<String> = numbers.iter().take(NAMED).map(usize::to_string).collect();
    let more = if numbers.len() > NAMED { ", …" } else { "" };
    let threshold = decimal(threshold, 4);
    match numbers.len() {
        0 => format!("no row is below {threshold} nats"),
        1 => format!("1 row is below {threshold} nats: {}", names[0]),
        n => format!(
            "{n} rows are below {threshold} nats: {}{more}",
            names.join(", ")
        ),
    }
}

pub(super) fn generated(
    job: &Job<'_>,
    points: &Points,
    report: &Report,
    n: usize,
) -> Result<Made, Failure> {
    let mut rng = Xoshiro256Plus::seed_from_u64(job.seed);
    let (drawn, of) = report.fitted.model.sample(n, &mut rng);
    let mut names = points.columns.clone();
    names.push(String::from("component"));
    let rows = drawn.outer_iter().zip(&of).map(|(row, component)| {
        let mut line: Vec<String> = row.iter().map(|v| number(*v)).collect();
        line.push((component + 1).to_string());
        line
    });
    Ok(Made {
        csv: to_csv(&names, rows),
        sheet: figure::generated(points, report, &drawn)?,
        extra: Extra::default(),
        lines: vec![format!("{n} rows drawn")],
    })
}
