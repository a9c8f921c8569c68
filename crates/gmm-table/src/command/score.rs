//! `gmm score`: how probable each row is.

use std::path::PathBuf;

use gmm_cli::clap::{self, Args};
use gmm_cli::{Bar, Failure, parse_seed};
use gmm_core::Sample;
use gmm_core::ndarray::{Array1, Array2, ArrayView1};
use gmm_core::rand::SeedableRng;
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_figures::decimal;
use gmm_table::model::Model;
use gmm_table::summary::counted;
use gmm_table::{Type, Wanted};

use super::input::{Reading, columns_of, model, named, one_from_standard_input};
use super::output::{RowsOut, tell};

/// How probable is each row?
///
/// Writes ln p(x) of each row, in nats; of rows that lack values, of what they have. The table is read in pieces and may
/// be of any length.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gmm score model.json new.csv                     log-densities, as CSV to standard output
  gmm score model.json new.csv --tail --keep id    with the share of draws that are less probable
  gmm score model.json new.csv -o scores.npy       as an array for NumPy
  gmm score model.npz new.npy                      a model of scikit-learn")]
pub(super) struct Score {
    /// Model: JSON, or NPZ of scikit-learn's parameters
    model: PathBuf,

    /// Table to read; - is standard input
    table: PathBuf,

    /// Columns of the table to put before the results
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    keep: Vec<String>,

    /// A column more: the probability that a row of the model is less probable than this one, near 0 for outliers;
    /// nothing for rows that lack values
    #[arg(long)]
    tail: bool,

    /// Seed of the draws that --tail compares with
    #[arg(long, value_name = "N", default_value_t = 42, value_parser = parse_seed, allow_negative_numbers = true)]
    seed: u64,

    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    output: RowsOut,
}

pub(super) fn run(task: &Score, quiet: bool) -> Result<(), Failure> {
    one_from_standard_input([task.model.as_path(), task.table.as_path()])?;
    let file = model(&task.model, None)?;
    let source = task.reading.open(&task.table)?;
    let columns = columns_of(&file, &source, &task.table)?;
    let refused = |e: &dyn std::fmt::Display| Failure::of(named(&task.table), e);
    let bar = Bar::of_bytes(&named(&task.table), quiet);
    let observe = |read, all| bar.at_byte(read, all);
    let wanted = Wanted::numbers(&columns).and_text(&task.keep);
    let blocks = source.blocks(&wanted, &observe);
    let blocks = blocks.map_err(|e| super::input::refused(&task.table, e))?;
    let mut names: Vec<(String, Type)> = (task.keep.iter())
        .map(|name| (name.clone(), Type::Text))
        .collect();
    names.push((String::from("log_prob"), Type::Number));
    let tail = match task.tail {
        true => {
            names.push((String::from("tail"), Type::Number));
            Some(Tail::of(&file.model, task.seed)?)
        }
        false => None,
    };
    let (mut n, mut n_incomplete, mut sum) = (0, 0, 0.0);
    let inputs = [task.model.as_path(), task.table.as_path()];
    task.output.write(&names, &inputs, |write| {
        for block in blocks {
            let block = block.map_err(|e| refused(&e))?;
            let rows = block.numbers();
            let sample = Sample::new(&rows).with_missing();
            let log_prob = file.model.log_prob_of(&sample).map_err(|e| refused(&e))?;
            n += log_prob.len();
            sum += log_prob.sum();
            let lacks = |row: &ArrayView1<'_, f64>| row.iter().any(|v| v.is_nan());
            n_incomplete += rows.rows().into_iter().filter(lacks).count();
            let mut numbers = Array2::zeros((log_prob.len(), 1 + usize::from(task.tail)));
            numbers.column_mut(0).assign(&log_prob);
            if let Some(tail) = &tail {
                let each = numbers
                    .column_mut(1)
                    .into_iter()
                    .zip(&log_prob)
                    .zip(rows.rows());
                for ((share, l), row) in each {
                    // The density of some columns says nothing beside those of all.
                    *share = if lacks(&row) {
                        f64::NAN
                    } else {
                        tail.share_below(*l)
                    };
                }
            }
            write((numbers.view(), block.texts()))?;
        }
        bar.finish();
        Ok(())
    })?;
    if n == 0 {
        return Ok(());
    }
    let lacking = match n_incomplete {
        0 => String::new(),
        n => format!("; {} lack values", counted(n, "row")),
    };
    let mean = decimal(sum / n as f64, 6);
    let (table, rows) = (named(&task.table), counted(n, "row"));
    let line = format!("{table}: {rows}, mean log-likelihood {mean} nats{lacking}");
    tell(quiet, &task.output, &line)
}

/// The log-densities of draws of a model, in order.
struct Tail(Vec<f64>);

impl Tail {
    fn of(model: &Model, seed: u64) -> Result<Self, Failure> {
        const DRAWS: usize = 100_000;
        let mixture = model.mixture()?;
        let (rows, _) = mixture.sample(DRAWS, &mut Xoshiro256Plus::seed_from_u64(seed));
        let log_prob: Array1<f64> = mixture.log_prob(&rows)?;
        let mut sorted = log_prob.to_vec();
        sorted.sort_by(f64::total_cmp);
        Ok(Self(sorted))
    }

    fn share_below(&self, log_prob: f64) -> f64 {
        self.0.partition_point(|l| *l < log_prob) as f64 / self.0.len() as f64
    }
}
