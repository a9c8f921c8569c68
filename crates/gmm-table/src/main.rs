//! `gmm`: Gaussian mixtures for people with a table.

mod command;

use std::process::ExitCode;

fn main() -> ExitCode {
    gmm_cli::run(command::run)
}
