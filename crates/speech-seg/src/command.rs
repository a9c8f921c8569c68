//! The command line.

mod classes;
mod enroll;
mod identify;
mod judged;
mod people;
mod segment;
mod speakers;
mod verify;
mod voices;
mod words;

use gmm_cli::Failure;
use gmm_cli::clap::{self, Parser, Subcommand};

/// Recordings by Gaussian mixtures: whose voice it is, who speaks when, and what sounds alike
///
/// Without a task it enrols the four voices that ship and tells whose recordings are whose.
#[derive(Debug, Parser)]
#[command(
    version,
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  speech-seg                                 the four voices that ship, told apart
  speech-seg enroll people/                  a model of voices from one folder of recordings for each speaker
  speech-seg identify voices.json call.wav   whose voice it is, or none of them
  speech-seg verify voices.json anna=call.wav
                                             whether it is the speaker it is said to be
  speech-seg speakers meeting.wav            who speaks when
  speech-seg classes scene.wav               which sounds there are, and when
  speech-seg segment voice.wav -k 4          four segments of a recording's spectrogram
  speech-seg words validate clips            how well spoken words are recognised"
)]
pub(crate) struct Commands {
    #[command(subcommand)]
    task: Option<Task>,

    #[command(flatten)]
    bare: voices::Args,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Learn the voices of speakers, to be told apart later
    Enroll(enroll::Args),
    /// Tell whose voice a recording is, of those that were enrolled, or nobody's
    Identify(identify::Args),
    /// Tell whether a recording is of the speaker it is said to be of
    Verify(verify::Args),
    /// Tell who speaks when in a recording
    Speakers(speakers::Args),
    /// Divide a recording into classes of sound that follow one another
    Classes(classes::Args),
    /// Segment a recording by a Gaussian mixture of its spectrogram
    Segment(segment::Args),
    /// Learn and recognise words that are spoken one at a time
    Words(words::Args),
}

/// Does what the command line says.
pub(crate) fn run(commands: Commands) -> Result<(), Failure> {
    match commands.task {
        Some(Task::Enroll(args)) => enroll::run(&args),
        Some(Task::Identify(args)) => identify::run(&args),
        Some(Task::Verify(args)) => verify::run(&args),
        Some(Task::Speakers(args)) => speakers::run(&args),
        Some(Task::Classes(args)) => classes::run(&args),
        Some(Task::Segment(args)) => segment::run(args),
        Some(Task::Words(args)) => words::run(args),
        None => voices::run(&commands.bare),
    }
}
