//! `density reduce --latent`: rows as a component and few coordinates in it.

use density::{KeptByLatent, Latent, Points, figure, latent, samples};
use gmm_cli::{Bar, Failure, FitReport, to_json};
use gmm_figures::decimal;
use gmm_table::summary::counted;
use gmm_table::{number, to_csv};
use serde::Serialize;

use super::job::{Job, LEFT_OUT};

#[derive(Serialize)]
struct JsonReport<'a> {
    input: &'a str,
    columns: &'a [String],
    rows: usize,
    incomplete_rows_left_out: usize,
    seed: u64,
    coordinates: usize,
    /// Of the columns, each in its deviations.
    variance_kept: f64,
    variance_kept_by_principal_components: f64,
    new_rows: Vec<JsonKept>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log_likelihood_of_full_covariances: Option<f64>,
    mean: Vec<f64>,
    deviations: Vec<f64>,
    /// The mixture of the standardised columns.
    #[serde(flatten)]
    fit: FitReport,
}

#[derive(Serialize)]
struct JsonKept {
    coordinates: usize,
    variance_kept: Option<f64>,
    variance_kept_by_principal_components: Option<f64>,
    log_likelihood: Option<f64>,
}

impl From<&KeptByLatent> for JsonKept {
    fn from(kept: &KeptByLatent) -> Self {
        Self {
            coordinates: kept.n_latent,
            variance_kept: kept.of_new.map(|new| new.local),
            variance_kept_by_principal_components: kept.of_new.map(|new| new.global),
            log_likelihood: kept.of_new.map(|new| new.log_likelihood),
        }
    }
}

pub(super) fn run(job: &Job<'_>, n_latent: usize) -> Result<(), Failure> {
    let places = job.places(None)?;
    let points = job.points(samples::moons)?;
    let d = points.columns.len();
    if d < 2 {
        let line = "one column only: there is nothing to reduce";
        return Err(Failure::of(job.name(&points), line));
    }
    if n_latent >= d {
        return Err(Failure::Usage(format!(
            "--latent {n_latent}: {} has {d} columns, and coordinates are fewer",
            job.name(&points)
        )));
    }
    let options = job.possible(&points);
    let bar = Bar::new(options.n_components.clone().count(), job.output.quiet);
    let least = *options.n_components.start();
    let found = latent(&points, n_latent, &options, job.seed, &|place, progress| {
        bar.tell(least + place, progress);
    });
    bar.finish();
    let found = found.map_err(|e| job.refused(&points, e))?;
    let figure = figure::latent(&points, &found)
        .to_file(&places.figure)
        .map_err(|e| Failure::of(places.figure.display(), e))?;
    let mut sizes = vec![0; found.report.fitted.model.n_components()];
    found.scores.components.iter().for_each(|&c| sizes[c] += 1);
    let json = to_json(&JsonReport {
        input: &job.name(&points),
        columns: &points.columns,
        rows: points.rows.nrows(),
        incomplete_rows_left_out: points.n_incomplete,
        seed: job.seed,
        coordinates: n_latent,
        variance_kept: found.local,
        variance_kept_by_principal_components: found.global,
        new_rows: found.kept.iter().map(JsonKept::from).collect(),
        log_likelihood_of_full_covariances: found.full_log_likelihood,
        mean: found.units.0.to_vec(),
        deviations: found.units.1.to_vec(),
        fit: FitReport::new(&found.report.fitted, sizes),
    })?;
    let table = rows(&points, &found);
    places.deliver(job.output, (&figure, &table, &json), || {
        summary(job, &points, &found)
    })
}

/// Each row as its component and coordinates.
fn rows(points: &Points, found: &Latent) -> Vec<u8> {
    let mut names = vec![String::from("row"), String::from("component")];
    names.extend((1..=found.n_latent).map(|q| format!("coordinate_{q}")));
    let lines = (0..points.rows.nrows()).map(|i| {
        let mut line = vec![
            points.numbers[i].to_string(),
            (found.scores.components[i] + 1).to_string(),
        ];
        line.extend(found.scores.scores.row(i).iter().map(|v| number(*v)));
        line
    });
    to_csv(&names, lines)
}

fn summary(job: &Job<'_>, points: &Points, found: &Latent) -> Vec<String> {
    let mut lines = job.heading(points, LEFT_OUT);
    let percent = |share: f64| format!("{} %", decimal(100.0 * share, 1));
    let k = found.report.fitted.model.n_components();
    lines.push(format!(
        "{} and {} keep {} of the variance of the standardised columns, {} of all rows {}",
        counted(k, "component"),
        counted(found.n_latent, "coordinate"),
        percent(found.local),
        counted(found.n_latent, "principal component"),
        percent(found.global)
    ));
    lines.push(String::from(
        "of rows that were not learnt from, in five folds:",
    ));
    lines.push(String::new());
    lines.push(format!(
        "{:>11} {:>18} {:>21} {:>15}",
        "coordinates", "within components", "principal components", "log-likelihood"
    ));
    for kept in &found.kept {
        let of = |value: Option<String>| value.unwrap_or_else(|| String::from("unknown"));
        lines.push(format!(
            "{:>11} {:>18} {:>21} {:>15}",
            kept.n_latent,
            of(kept.of_new.map(|new| percent(new.local))),
            of(kept.of_new.map(|new| percent(new.global))),
            of(kept.of_new.map(|new| decimal(new.log_likelihood, 3))),
        ));
    }
    if let Some(full) = found.full_log_likelihood {
        lines.push(format!("{:>11} {:>56}", "full", decimal(full, 3)));
    }
    lines.push(String::new());
    lines
}
