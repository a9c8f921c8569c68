//! `image-seg`: segments a picture by a Gaussian mixture of its colours.

mod command;

use std::process::ExitCode;

fn main() -> ExitCode {
    gmm_cli::run(command::run)
}
