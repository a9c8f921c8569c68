//! `gmm compare`: how far two models are apart.

use std::path::{Path, PathBuf};

use gmm_cli::clap::{self, Args};
use gmm_cli::{Failure, parse_seed};
use gmm_core::ndarray::Array1;
use gmm_core::rand::SeedableRng;
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_core::{Gmm, GmmError, Integral, Method, Sample};
use gmm_figures::decimal;
use gmm_table::Wanted;
use gmm_table::model::ModelFile;
use gmm_table::summary::{counted, short};
use serde::Serialize;

use super::input::{Reading, columns_of, model, named, one_from_standard_input, read_all};
use super::output::ReportOut;

/// How far are two models apart?
///
/// Divergences between the densities, by a formula where there is one, else from draws with their standard error. With a
/// table, which of the two describes it better, and how sure that is.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gmm compare before.json after.json
  gmm compare two.json three.json data.csv    which describes the rows better?
  gmm compare a.json b.npz --draws 10000000 --json -")]
pub(super) struct Compare {
    /// First model
    first: PathBuf,

    /// Second model, of the same columns
    second: PathBuf,

    /// Table to compare both on
    table: Option<PathBuf>,

    /// Draws for what has no formula
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(2..=1_000_000_000),
          allow_negative_numbers = true)]
    draws: u32,

    /// Seed of the draws
    #[arg(long, value_name = "N", default_value_t = 42, value_parser = parse_seed, allow_negative_numbers = true)]
    seed: u64,

    #[command(flatten)]
    reading: Reading,

    #[command(flatten)]
    output: ReportOut,
}

/// A divergence.
#[derive(Serialize)]
struct Distance {
    name: &'static str,
    value: f64,
    standard_error: f64,
    method: &'static str,
}

/// Both models on one table.
#[derive(Serialize)]
struct OnTable {
    input: String,
    rows: usize,
    mean_log_likelihood: [f64; 2],
    bic: [f64; 2],
    /// Mean difference of log-densities, first less second, in nats per row.
    difference: f64,
    /// Its standard error.
    standard_error: f64,
    n_parameters: [usize; 2],
}

#[derive(Serialize)]
struct Report {
    first: String,
    second: String,
    divergences: Vec<Distance>,
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<OnTable>,
}

pub(super) fn run(task: &Compare, quiet: bool) -> Result<(), Failure> {
    let inputs = [
        Some(task.first.as_path()),
        Some(task.second.as_path()),
        task.table.as_deref(),
    ];
    let inputs: Vec<&Path> = inputs.into_iter().flatten().collect();
    one_from_standard_input(inputs.iter().copied())?;
    let make = || {
        let files = [model(&task.first, None)?, model(&task.second, None)?];
        same_columns(task, &files)?;
        let mixtures = [files[0].model.mixture()?, files[1].model.mixture()?];
        Ok(Report {
            first: named(&task.first),
            second: named(&task.second),
            divergences: divergences(task, &mixtures)?,
            table: match &task.table {
                Some(path) => Some(on_table(task, path, &files, quiet)?),
                None => None,
            },
        })
    };
    task.output
        .deliver(&inputs, quiet, make, |report| Ok(told(report)))
}

/// Models can be compared that are of the same columns in the same order.
fn same_columns(task: &Compare, files: &[ModelFile; 2]) -> Result<(), Failure> {
    let [a, b] = files;
    let subject = format!("{} and {}", named(&task.first), named(&task.second));
    let (d, e) = (a.model.n_features(), b.model.n_features());
    if d != e {
        let line = format!(
            "they are of {} and {}",
            counted(d, "column"),
            counted(e, "column")
        );
        return Err(Failure::of(subject, line));
    }
    let both_named = !a.columns.is_empty() && !b.columns.is_empty();
    if both_named && a.columns != b.columns {
        let line = format!(
            "they are of different columns: {} and {}",
            a.columns.join(", "),
            b.columns.join(", ")
        );
        return Err(Failure::of(subject, line));
    }
    Ok(())
}

fn divergences(task: &Compare, [p, q]: &[Gmm; 2]) -> Result<Vec<Distance>, Failure> {
    let n = task.draws as usize;
    let mut rng = Xoshiro256Plus::seed_from_u64(task.seed);
    let found: [(&'static str, Result<Integral, GmmError>); 6] = [
        (
            "Kullback–Leibler (first ‖ second)",
            p.kl_divergence(q, n, &mut rng),
        ),
        (
            "Kullback–Leibler (second ‖ first)",
            q.kl_divergence(p, n, &mut rng),
        ),
        (
            "Jensen–Shannon",
            p.jensen_shannon_divergence(q, n, &mut rng),
        ),
        ("Hellinger", p.hellinger_distance(q, n, &mut rng)),
        ("Cauchy–Schwarz", p.cauchy_schwarz_divergence(q)),
        ("L2", p.l2_distance(q)),
    ];
    let mut all = Vec::new();
    for (name, integral) in found {
        // Over a background some have no formula.
        let Ok(integral) = integral else { continue };
        all.push(Distance {
            name,
            value: integral.value,
            standard_error: integral.error,
            method: match integral.method {
                Method::MonteCarlo { .. } => "draws",
                Method::Quadrature => "quadrature",
                _ => "formula",
            },
        });
    }
    Ok(all)
}

fn on_table(
    task: &Compare,
    path: &Path,
    files: &[ModelFile; 2],
    quiet: bool,
) -> Result<OnTable, Failure> {
    let source = task.reading.open(path)?;
    // Either may have names, and both have the same if both have.
    let is_named = |file: &&ModelFile| !file.columns.is_empty();
    let file = files.iter().find(is_named).unwrap_or(&files[0]);
    let wanted = Wanted::numbers(&columns_of(file, &source, path)?);
    let rows = read_all(source, path, &wanted, quiet)?.into_array();
    let sample = Sample::new(&rows).with_missing();
    let refused = |e| Failure::of_fit(named(path), e);
    let log_prob = |file: &ModelFile| file.model.log_prob_of(&sample).map_err(refused);
    let both: [Array1<f64>; 2] = [log_prob(&files[0])?, log_prob(&files[1])?];
    let n = rows.nrows() as f64;
    let difference = &both[0] - &both[1];
    let mean = difference.sum() / n;
    let variance = difference.mapv(|d| (d - mean).powi(2)).sum() / (n - 1.0).max(1.0);
    let n_parameters = [&files[0], &files[1]].map(|file| file.model.n_parameters());
    let sums = [both[0].sum(), both[1].sum()];
    Ok(OnTable {
        input: named(path),
        rows: rows.nrows(),
        mean_log_likelihood: sums.map(|sum| sum / n),
        bic: [0, 1].map(|i| n_parameters[i] as f64 * n.ln() - 2.0 * sums[i]),
        difference: mean,
        standard_error: (variance / n).sqrt(),
        n_parameters,
    })
}

fn told(report: &Report) -> Vec<String> {
    let mut lines = vec![
        format!("first   {}", report.first),
        format!("second  {}", report.second),
        String::new(),
        format!("{:<38} {:>12}   {}", "divergence", "value", "found by"),
    ];
    for distance in &report.divergences {
        let error = match distance.standard_error > 0.0 {
            true => format!("{}, ± {}", distance.method, short(distance.standard_error)),
            false => String::from(distance.method),
        };
        lines.push(format!(
            "{:<38} {:>12}   {error}",
            distance.name,
            short(distance.value)
        ));
    }
    if let Some(table) = &report.table {
        lines.push(String::new());
        lines.push(format!("{}: {}", table.input, counted(table.rows, "row")));
        for (i, name) in ["first", "second"].into_iter().enumerate() {
            lines.push(format!(
                "{name:<8} mean log-likelihood {} nats per row, {}, BIC {}",
                decimal(table.mean_log_likelihood[i], 6),
                counted(table.n_parameters[i], "parameter"),
                decimal(table.bic[i], 1)
            ));
        }
        lines.push(format!(
            "difference {} ± {} nats per row{}",
            decimal(table.difference, 6),
            decimal(table.standard_error, 6),
            verdict(table)
        ));
    }
    lines
}

/// Which is better, where the difference is beyond two standard errors (Vuong, *Econometrica* 57, 1989).
fn verdict(table: &OnTable) -> &'static str {
    if table.difference.abs() <= 2.0 * table.standard_error {
        ": within two standard errors, neither is clearly better"
    } else if table.difference > 0.0 {
        ": the first describes these rows better"
    } else {
        ": the second describes these rows better"
    }
}
