//! `image-seg`: segments, regions and foregrounds of pictures.

mod command;

use std::process::ExitCode;

fn main() -> ExitCode {
    gmm_cli::run(command::run)
}
