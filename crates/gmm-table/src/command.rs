//! The command line.

mod classify;
mod compare;
mod convert;
mod describe;
mod fit;
mod input;
mod learn;
mod lesson;
mod output;
mod plot;
mod predict;
mod sample;
mod score;
mod select;
mod shell;

use gmm_cli::clap::{self, Parser, Subcommand};
use gmm_cli::{Failure, parse_count};

/// Gaussian mixtures of tables: fit, choose, question, draw
///
/// A table is CSV or TSV text, NPY, NPZ or Parquet; - is standard input. A model is a JSON file, or an NPZ archive of
/// scikit-learn's parameters.
#[derive(Debug, Parser)]
#[command(
    name = "gmm",
    version,
    after_help = "\
From a table to a picture of its clusters, and to their number:
  gmm plot faithful.csv                    figure of the mixture that BIC chooses
  gmm select faithful.csv                  how many components, and of which form?

A model to work with:
  gmm fit faithful.csv -k 2                writes faithful-model.json
  gmm describe faithful-model.json         what is in it
  gmm predict faithful-model.json new.csv  the component of each row, as CSV
  gmm score faithful-model.json new.csv    how probable each row is
  gmm sample faithful-model.json -n 1000   new rows

Each command has more: gmm fit --help"
)]
pub(crate) struct Commands {
    #[command(subcommand)]
    task: Task,

    /// Print nothing but errors, and results that go to standard output
    #[arg(short, long, global = true)]
    quiet: bool,

    /// Threads to work with; the answers are the same with any number [default: all]
    #[arg(long, global = true, value_name = "N", value_parser = parse_threads, allow_negative_numbers = true)]
    threads: Option<usize>,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Fit a mixture, or a classifier, to a table
    Fit(fit::Fit),
    /// How many components, and of which form?
    Select(select::Select),
    /// How probable is each row?
    Score(score::Score),
    /// The component or class of each row; or columns that are predicted from the others
    Predict(predict::Predict),
    /// Draw rows
    Sample(sample::Draw),
    /// Say what is in a model
    Describe(describe::Describe),
    /// Draw a model over a table, either alone, or both
    Plot(plot::Plot),
    /// How far are two models apart?
    Compare(compare::Compare),
    /// From JSON to scikit-learn's parameters and back
    Convert(convert::Convert),
    /// Print completions for a shell
    Completions(shell::Completions),
    /// Print the manual page
    Man(shell::Man),
}

fn parse_threads(text: &str) -> Result<usize, String> {
    /// More are only ever a mistake, and take minutes to begin.
    const MOST: usize = 1024;
    match parse_count(text)? {
        n if n <= MOST => Ok(n),
        _ => Err(format!("must be at most {MOST}")),
    }
}

/// Does what the command line says.
pub(crate) fn run(commands: Commands) -> Result<(), Failure> {
    let quiet = commands.quiet;
    let work = || match &commands.task {
        Task::Fit(task) => fit::run(task, quiet),
        Task::Select(task) => select::run(task, quiet),
        Task::Score(task) => score::run(task, quiet),
        Task::Predict(task) => predict::run(task, quiet),
        Task::Sample(task) => sample::run(task, quiet),
        Task::Describe(task) => describe::run(task, quiet),
        Task::Plot(task) => plot::run(task, quiet),
        Task::Compare(task) => compare::run(task, quiet),
        Task::Convert(task) => convert::run(task, quiet),
        Task::Completions(task) => shell::completions(task),
        Task::Man(task) => shell::man(task),
    };
    let Some(n) = commands.threads else {
        return work();
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build();
    let pool = pool.map_err(|e| Failure::Usage(format!("--threads {n}: {e}")))?;
    pool.install(work)
}
