//! `gmm sample`: rows drawn from a model.

use std::path::PathBuf;

use gmm_cli::clap::{self, Args};
use gmm_cli::{Failure, parse_seed};
use gmm_core::Gmm;
use gmm_core::ndarray::{Array1, Array2, Axis, concatenate};
use gmm_core::rand::SeedableRng;
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_table::Type;
use gmm_table::model::Model;
use gmm_table::summary::counted;

use super::input::model;
use super::output::{RowsOut, tell};

/// Draw rows
///
/// With --given, rows in which some columns have given values. Stratified draws have each component's share of rows to
/// within one; antithetic ones come in pairs mirrored about the means: averages of both vary less.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gmm sample model.json -n 1000 -o new.csv
  gmm sample model.json -n 1e6 --component | head    with the component that each came from
  gmm sample model.json --given eruptions=3.5        what goes with 3.5 minutes?
  gmm sample model.json -n 5000 --stratified -o new.npy")]
pub(super) struct Draw {
    /// Model: JSON, or NPZ of scikit-learn's parameters; - is standard input
    model: PathBuf,

    /// Rows to draw, as 1000 or 1e6
    #[arg(short = 'n', long, value_name = "N", default_value = "1000", value_parser = parse_rows,
          allow_negative_numbers = true)]
    rows: u64,

    /// A column that has a given value; several, separated by commas
    #[arg(long, value_name = "NAME=VALUE", value_delimiter = ',', value_parser = parse_given)]
    given: Vec<(String, f64)>,

    /// Every component has its share of the rows
    #[arg(long, conflicts_with = "given")]
    stratified: bool,

    /// In pairs mirrored about the means
    #[arg(long, conflicts_with_all = ["given", "stratified"])]
    antithetic: bool,

    /// A column more: the component (0 for a background), or the class, that each row came from
    #[arg(long)]
    component: bool,

    /// Seed of the draws
    #[arg(long, value_name = "N", default_value_t = 42, value_parser = parse_seed, allow_negative_numbers = true)]
    seed: u64,

    #[command(flatten)]
    output: RowsOut,
}

fn parse_rows(text: &str) -> Result<u64, String> {
    const MOST: f64 = 1e12;
    match text.parse::<f64>() {
        Ok(n) if (1.0..=MOST).contains(&n) && n.fract() == 0.0 => Ok(n as u64),
        _ => Err(format!("must be a whole number from 1 to {MOST:e}")),
    }
}

fn parse_given(text: &str) -> Result<(String, f64), String> {
    let shape = || String::from("must be written like name=3.5");
    let (name, value) = text.rsplit_once('=').ok_or_else(shape)?;
    match value.trim().parse::<f64>() {
        Ok(value) if value.is_finite() && !name.trim().is_empty() => {
            Ok((String::from(name.trim()), value))
        }
        _ => Err(shape()),
    }
}

/// Rows that are drawn at a time where each draw stands for itself.
const AT_ONCE: u64 = 1 << 16;
/// Rows of draws that depend on each other.
const MOST_TOGETHER: u64 = 100_000_000;

pub(super) fn run(task: &Draw, quiet: bool) -> Result<(), Failure> {
    let file = model(&task.model, None)?;
    let names = file.names();
    let mixture = file.model.mixture()?;
    let classes = match &file.model {
        Model::Classifier(c) => Some((c.names().to_vec(), c.class_of_component())),
        Model::Mixture(_) => None,
    };
    let (columns, values) = given(task, &names)?;
    let mut header: Vec<(String, Type)> = (names.iter())
        .map(|name| (name.clone(), Type::Number))
        .collect();
    if task.component {
        header.push(match classes {
            Some(_) => (String::from("class"), Type::Text),
            None => (String::from("component"), Type::Number),
        });
    }
    let mut rng = Xoshiro256Plus::seed_from_u64(task.seed);
    let is_whole = task.stratified || task.antithetic;
    if is_whole && task.rows > MOST_TOGETHER {
        let line = format!(
            "--rows {}: at most {MOST_TOGETHER:e} of such draws",
            task.rows
        );
        return Err(Failure::Usage(line));
    }
    task.output
        .write(&header, &[task.model.as_path()], |write| {
            let mut left = task.rows;
            while left > 0 {
                let n = if is_whole { left } else { left.min(AT_ONCE) };
                left -= n;
                let (rows, of) = draw(task, &mixture, (&columns, &values), n as usize, &mut rng)?;
                let label = |k: usize| (k < mixture.n_components()).then_some(k);
                match (task.component, &classes) {
                    (false, _) => write((rows.view(), &[]))?,
                    (true, Some((names, class_of))) => {
                        let name =
                            |&k: &usize| label(k).map_or("", |k| names[class_of[k]].as_str());
                        write((rows.view(), &[of.iter().map(name).collect()]))?;
                    }
                    (true, None) => {
                        let number = |&k: &usize| label(k).map_or(0.0, |k| (k + 1) as f64);
                        let of: Array1<f64> = of.iter().map(number).collect();
                        let both =
                            concatenate(Axis(1), &[rows.view(), of.view().insert_axis(Axis(1))]);
                        write((both.unwrap_or_default().view(), &[]))?;
                    }
                }
            }
            Ok(())
        })?;
    let line = format!("{} drawn", counted(task.rows as usize, "row"));
    tell(quiet, &task.output, &line)
}

/// The places of given columns, and their values.
fn given(task: &Draw, names: &[String]) -> Result<(Vec<usize>, Vec<f64>), Failure> {
    let place = |(name, value): &(String, f64)| match names.iter().position(|n| n == name) {
        Some(place) => Ok((place, *value)),
        None => Err(Failure::Usage(format!(
            "--given: the model has no column \"{name}\"; it has {}",
            names.join(", ")
        ))),
    };
    let places: Vec<_> = (task.given.iter().map(place)).collect::<Result<_, _>>()?;
    let (columns, values): (Vec<usize>, Vec<f64>) = places.into_iter().unzip();
    let twice = (1..columns.len()).find(|i| columns[..*i].contains(&columns[*i]));
    if let Some(i) = twice {
        let line = format!("--given: \"{}\" is given twice", names[columns[i]]);
        return Err(Failure::Usage(line));
    }
    if columns.len() == names.len() {
        let line = "--given: every column is given, and none is left to draw";
        return Err(Failure::Usage(String::from(line)));
    }
    Ok((columns, values))
}

fn draw(
    task: &Draw,
    mixture: &Gmm,
    (columns, values): (&[usize], &[f64]),
    n: usize,
    rng: &mut Xoshiro256Plus,
) -> Result<(Array2<f64>, Array1<usize>), Failure> {
    Ok(if !columns.is_empty() {
        mixture.sample_given(columns, values, n, rng)?
    } else if task.stratified {
        mixture.sample_stratified(n, rng)
    } else if task.antithetic {
        mixture.sample_antithetic(n, rng)
    } else {
        mixture.sample(n, rng)
    })
}
