//! `regimes`: regimes, forecasts and anomalies of time series.

mod command;

use std::process::ExitCode;

fn main() -> ExitCode {
    gmm_cli::run(command::run)
}
