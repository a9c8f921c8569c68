//! The command line.

mod anomalies;
mod detect;
mod forecast;
mod numerals;
mod series;
mod slide;
mod windows;

use gmm_cli::Failure;
use gmm_cli::clap::{self, Parser, Subcommand};

/// Regimes of a time series: which there are, when each held, what comes next, and what does not fit
///
/// Without a task it draws the slide's series, as the slide's recipe divides it and as it was made.
#[derive(Debug, Parser)]
#[command(
    version,
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  regimes                                        the slide's series, two ways
  regimes detect rates.csv                       how many regimes, when each held, how long they last
  regimes detect rates.csv -k 2 --csv out.csv    two regimes, and their probabilities at every time
  regimes anomalies load.csv --false-alarms .01  values that the regimes make improbable
  regimes forecast sunspots.csv --horizon 11     the next 11 steps, with intervals
  regimes forecast sunspots.csv --train-until 1920
                                                 how good forecasts of all later years are
  regimes windows rates.csv -k 3                 the slide's recipe: a mixture of successive values"
)]
pub(crate) struct Commands {
    #[command(subcommand)]
    task: Option<Task>,

    #[command(flatten)]
    slide: slide::Args,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Find the regimes of a series, and when each held
    Detect(detect::Args),
    /// Forecast what comes next, with intervals, and tell how good such forecasts were
    Forecast(forecast::Args),
    /// Find the values that do not fit
    Anomalies(anomalies::Args),
    /// Divide a series by a Gaussian mixture of its successive values, as the slide does
    Windows(windows::Args),
}

/// Does what the command line says.
pub(crate) fn run(commands: Commands) -> Result<(), Failure> {
    match commands.task {
        Some(Task::Detect(args)) => detect::run(args),
        Some(Task::Anomalies(args)) => anomalies::run(args),
        Some(Task::Windows(args)) => windows::run(args),
        Some(Task::Forecast(args)) => forecast::run(args),
        None => slide::run(commands.slide),
    }
}
