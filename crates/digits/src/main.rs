//! `digits`: reads handwritten digits.

mod command;

use std::process::ExitCode;

fn main() -> ExitCode {
    gmm_cli::run(command::run)
}
