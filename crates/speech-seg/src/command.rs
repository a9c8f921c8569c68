//! The command line.

mod segment;

use gmm_cli::Failure;
use gmm_cli::clap::{self, Parser, Subcommand};

/// Recordings by Gaussian mixtures
///
/// Without a task it segments the prompt that ships.
#[derive(Debug, Parser)]
#[command(
    version,
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  speech-seg segment voice.wav -k 4          four segments of a recording's spectrogram"
)]
pub(crate) struct Commands {
    #[command(subcommand)]
    task: Option<Task>,

    #[command(flatten)]
    bare: segment::Args,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Segment a recording by a Gaussian mixture of its spectrogram
    Segment(segment::Args),
}

/// Does what the command line says.
pub(crate) fn run(commands: Commands) -> Result<(), Failure> {
    match commands.task {
        Some(Task::Segment(args)) => segment::run(args),
        None => segment::run(commands.bare),
    }
}
