//! `slides`: regenerates every figure of the slides.

mod command;
mod gallery;
mod peers;
mod registry;

use std::process::ExitCode;

fn main() -> ExitCode {
    gmm_cli::run(command::run)
}
