//! `gmm describe`: what is in a model.

use std::path::{Path, PathBuf};

use gmm_cli::clap::{self, Args};
use gmm_cli::{Failure, parse_seed};
use gmm_core::clusters::Hierarchy;
use gmm_core::rand::SeedableRng;
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_core::{Gmm, Sample};
use gmm_figures::decimal;
use gmm_table::Wanted;
use gmm_table::model::{Model, ModelFile};
use gmm_table::summary::{components, counted, short};
use serde::Serialize;

use super::input::{Reading, columns_of, model, named, one_from_standard_input, read_all};
use super::output::ReportOut;

/// Say what is in a model
///
/// Components, columns, modes, and regions of highest density. With a table also how well the model describes it, and
/// which components are one cluster.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gmm describe model.json
  gmm describe model.json data.csv         likelihood and BIC of a table, and clusters of components
  gmm describe model.json --json -         all of it as JSON")]
pub(super) struct Describe {
    /// Model: JSON, or NPZ of scikit-learn's parameters; - is standard input
    model: PathBuf,

    /// Table to ask the model about
    table: Option<PathBuf>,

    /// Seed of the draws that regions are found by
    #[arg(long, value_name = "N", default_value_t = 42, value_parser = parse_seed, allow_negative_numbers = true)]
    seed: u64,

    #[command(flatten)]
    reading: Reading,

    #[command(flatten)]
    output: ReportOut,
}

/// A model in numbers.
#[derive(Serialize)]
struct Report {
    model: String,
    columns: Vec<Column>,
    n_components: usize,
    covariance_type: String,
    n_parameters: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    classes: Vec<Class>,
    weights: Vec<f64>,
    means: Vec<Vec<f64>>,
    covariances: Vec<Vec<Vec<f64>>>,
    modes: Vec<Peak>,
    regions: Vec<Mass>,
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<OfTable>,
}

/// A column by itself.
#[derive(Serialize)]
struct Column {
    name: String,
    mean: f64,
    deviation: f64,
    /// At 5, 50 and 95 %.
    quantiles: [f64; 3],
}

#[derive(Serialize)]
struct Class {
    name: String,
    prior: f64,
    n_components: usize,
}

/// A mode of the density.
#[derive(Serialize)]
struct Peak {
    place: Vec<f64>,
    log_density: f64,
}

/// The region of highest density that holds a share of the probability.
#[derive(Serialize)]
struct Mass {
    mass: f64,
    log_density_above: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    intervals: Option<Vec<(f64, f64)>>,
}

/// What the model says of a table.
#[derive(Serialize)]
struct OfTable {
    input: String,
    rows: usize,
    mean_log_likelihood: f64,
    bic: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    clusters: Option<Clusters>,
}

/// Components that belong together by the entropy of the posteriors.
#[derive(Serialize)]
struct Clusters {
    /// Of 1 to K clusters.
    entropies: Vec<f64>,
    /// Where the entropies bend.
    n_clusters: usize,
    /// The components of each cluster, from 1.
    members: Vec<Vec<usize>>,
}

const QUANTILES: [f64; 3] = [0.05, 0.5, 0.95];
const MASSES: [f64; 2] = [0.5, 0.95];
const DRAWS: usize = 100_000;

pub(super) fn run(task: &Describe, quiet: bool) -> Result<(), Failure> {
    let inputs = [Some(task.model.as_path()), task.table.as_deref()];
    let inputs: Vec<&Path> = inputs.into_iter().flatten().collect();
    one_from_standard_input(inputs.iter().copied())?;
    let file = model(&task.model, None)?;
    let make = || report(task, &file, quiet);
    let told = |report: &Report| told(report, &file);
    task.output.deliver(&inputs, quiet, make, told)
}

fn report(task: &Describe, file: &ModelFile, quiet: bool) -> Result<Report, Failure> {
    let mixture = file.model.mixture()?;
    let names = file.names();
    let (covariance_type, classes) = match &file.model {
        Model::Mixture(gmm) => (gmm.covariance_type().to_string(), Vec::new()),
        Model::Classifier(c) => {
            let form = c
                .shared()
                .map_or_else(|| String::from("one for each class"), |of| of.to_string());
            let of = |((name, prior), model): ((&String, &f64), &Gmm)| Class {
                name: name.clone(),
                prior: *prior,
                n_components: model.n_components(),
            };
            let classes = c.names().iter().zip(c.priors()).zip(c.models()).map(of);
            (form, classes.collect())
        }
    };
    let mut rng = Xoshiro256Plus::seed_from_u64(task.seed);
    let regions = MASSES.map(|mass| {
        let region = mixture.highest_density_region(mass, DRAWS, &mut rng)?;
        Ok::<_, Failure>(Mass {
            mass,
            log_density_above: region.log_level,
            intervals: region.intervals,
        })
    });
    let mean_and_variance = (mixture.total_mean(), mixture.total_covariance());
    let column = |(i, name): (usize, String)| {
        let alone = mixture.marginal(&[i])?;
        let quantiles = alone.quantiles(&QUANTILES)?;
        Ok::<_, Failure>(Column {
            name,
            mean: mean_and_variance.0[i],
            deviation: mean_and_variance.1[(i, i)].sqrt(),
            quantiles: std::array::from_fn(|p| quantiles[p]),
        })
    };
    let peaks = mixture.modes()?.into_iter().map(|mode| Peak {
        place: mode.place,
        log_density: mode.log_density,
    });
    let rows =
        |m: gmm_core::ndarray::ArrayView2<'_, f64>| m.outer_iter().map(|r| r.to_vec()).collect();
    Ok(Report {
        model: named(&task.model),
        n_components: mixture.n_components(),
        covariance_type,
        n_parameters: file.model.n_parameters(),
        classes,
        weights: mixture.weights().to_vec(),
        means: rows(mixture.means().view()),
        covariances: mixture.covariances().outer_iter().map(rows).collect(),
        modes: peaks.collect(),
        regions: regions.into_iter().collect::<Result<_, _>>()?,
        columns: names
            .into_iter()
            .enumerate()
            .map(column)
            .collect::<Result<_, _>>()?,
        table: match &task.table {
            Some(_) => Some(of_table(task, file, quiet)?),
            None => None,
        },
    })
}

fn of_table(task: &Describe, file: &ModelFile, quiet: bool) -> Result<OfTable, Failure> {
    let path = task.table.clone().unwrap_or_default();
    let source = task.reading.open(&path)?;
    let wanted = Wanted::numbers(&columns_of(file, &source, &path)?);
    let rows = read_all(source, &path, &wanted, quiet)?.into_array();
    let refused = |e| Failure::of_fit(named(&path), e);
    let sample = Sample::new(&rows).with_missing();
    let sum = file.model.log_prob_of(&sample).map_err(refused)?.sum();
    let n = rows.nrows() as f64;
    let clusters = match &file.model {
        Model::Mixture(gmm) if gmm.n_components() > 1 => {
            Some(Clusters::of(&gmm.clusters(&sample).map_err(refused)?)?)
        }
        _ => None,
    };
    Ok(OfTable {
        input: named(&path),
        rows: rows.nrows(),
        mean_log_likelihood: sum / n,
        bic: file.model.n_parameters() as f64 * n.ln() - 2.0 * sum,
        clusters,
    })
}

impl Clusters {
    fn of(hierarchy: &Hierarchy) -> Result<Self, Failure> {
        let n_clusters = hierarchy.n_clusters_at_bend();
        let of_components = hierarchy.of_components(n_clusters)?;
        let members = |cluster: usize| {
            let own = of_components
                .iter()
                .enumerate()
                .filter(|(_, of)| **of == cluster);
            own.map(|(component, _)| component + 1).collect()
        };
        Ok(Self {
            entropies: hierarchy.entropies.clone(),
            n_clusters,
            members: (0..n_clusters).map(members).collect(),
        })
    }
}

fn told(report: &Report, file: &ModelFile) -> Result<Vec<String>, Failure> {
    let mixture = file.model.mixture()?;
    let names = file.names();
    let forms = match report.classes.is_empty() {
        true => format!("{} covariances", report.covariance_type),
        false => format!("covariances {}", report.covariance_type),
    };
    let mut lines = vec![format!(
        "{}: {} of {}, {forms}, {}",
        report.model,
        counted(report.n_components, "component"),
        counted(names.len(), "column"),
        counted(report.n_parameters, "parameter"),
    )];
    if let Model::Classifier(classifier) = &file.model {
        lines.push(String::new());
        lines.push(format!("{:<20} {:>8} {:>12}", "class", "prior", "made of"));
        let of = classifier.class_of_component();
        for (place, class) in report.classes.iter().enumerate() {
            let own: Vec<String> = (of.iter().enumerate())
                .filter(|(_, c)| **c == place)
                .map(|(k, _)| (k + 1).to_string())
                .collect();
            lines.push(format!(
                "{:<20} {:>8.4} {:>12}",
                class.name,
                class.prior,
                own.join(", ")
            ));
        }
    }
    lines.push(String::new());
    lines.extend(components(&mixture, &names));
    lines.push(String::new());
    lines.push(format!(
        "{:<20} {:>11} {:>11} {:>11} {:>11} {:>11}",
        "column", "mean", "deviation", "5 %", "median", "95 %"
    ));
    for column in &report.columns {
        let numbers = [&[column.mean, column.deviation], &column.quantiles[..]].concat();
        let cells: String = numbers
            .iter()
            .map(|v| format!(" {:>11}", short(*v)))
            .collect();
        lines.push(format!("{:<20.20}{cells}", column.name));
    }
    lines.push(String::new());
    lines.extend(peaks_and_regions(report));
    lines.extend(report.table.iter().flat_map(told_of_table));
    Ok(lines)
}

fn peaks_and_regions(report: &Report) -> Vec<String> {
    /// Modes and columns that are named.
    const MOST: usize = 8;
    let place = |place: &[f64]| {
        let numbers: Vec<String> = place.iter().take(MOST).map(|v| short(*v)).collect();
        let more = if place.len() > MOST { ", …" } else { "" };
        format!("({}{more})", numbers.join(", "))
    };
    let mut lines = Vec::new();
    for (i, peak) in report.modes.iter().take(MOST).enumerate() {
        let head = if i == 0 { "modes" } else { "" };
        let density = decimal(peak.log_density, 4);
        lines.push(format!(
            "{head:<8} {} with log-density {density}",
            place(&peak.place)
        ));
    }
    if report.modes.len() > MOST {
        lines.push(format!("{:<8} and {} more", "", report.modes.len() - MOST));
    }
    for region in &report.regions {
        let level = decimal(region.log_density_above, 4);
        let share = 100.0 * region.mass;
        let within = match &region.intervals {
            Some(intervals) => {
                let parts: Vec<String> = (intervals.iter())
                    .map(|(low, high)| format!("{} to {}", short(*low), short(*high)))
                    .collect();
                format!(": {}", parts.join(" and "))
            }
            None => String::new(),
        };
        lines.push(format!(
            "{:<8} {share} % lies where the log-density is above {level}{within}",
            "region"
        ));
    }
    lines
}

fn told_of_table(table: &OfTable) -> Vec<String> {
    let mut lines = vec![
        String::new(),
        format!(
            "{}: {}, mean log-likelihood {} nats per row, BIC {}",
            table.input,
            counted(table.rows, "row"),
            decimal(table.mean_log_likelihood, 6),
            decimal(table.bic, 1)
        ),
    ];
    if let Some(clusters) = &table.clusters {
        let members: Vec<String> = (clusters.members.iter())
            .map(|of| {
                of.iter()
                    .map(usize::to_string)
                    .collect::<Vec<_>>()
                    .join(" + ")
            })
            .collect();
        lines.push(format!(
            "by the entropy of their posteriors the components are {}: {}",
            counted(clusters.n_clusters, "cluster"),
            members.join(", ")
        ));
    }
    lines
}
