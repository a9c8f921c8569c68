//! The command line.

mod windows;

use gmm_cli::Failure;
use gmm_cli::clap::{self, Parser, Subcommand};

/// Regimes of a time series: which there are, when each held, what comes next, and what does not fit
///
/// Without a task it draws the slide's series, as the slide's recipe divides it and as it was made.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "\
Examples:
  regimes                                        the slide's series, two ways
  regimes windows rates.csv -k 3                 the slide's recipe: a mixture of successive values"
)]
pub(crate) struct Commands {
    #[command(subcommand)]
    task: Option<Task>,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Divide a series by a Gaussian mixture of its successive values, as the slide does
    Windows(windows::Args),
}

/// Does what the command line says.
pub(crate) fn run(commands: Commands) -> Result<(), Failure> {
    match commands.task {
        Some(Task::Windows(args)) => windows::run(args),
        None => Err(Failure::Usage(String::from("a task is missing"))),
    }
}
