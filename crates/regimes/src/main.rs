//! `regimes`: finds regimes in a time series.

mod command;

use std::process::ExitCode;

fn main() -> ExitCode {
    gmm_cli::run(command::run)
}
