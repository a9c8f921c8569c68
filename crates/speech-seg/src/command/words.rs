//! `speech-seg words`: words that are spoken one at a time.

mod learn;
mod output;
mod recognize;

use gmm_cli::Failure;
use gmm_cli::clap::{self, Subcommand};
use speech_seg::words::{Hearing, SpeakerAdaptation, WordError};

/// What the task is told.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Clips are WAV files of one word each, named WORD_SPEAKER_TAKE.wav, or WORD/SPEAKER_TAKE.wav in a folder for each word.

Examples:
  speech-seg words validate clips --leave-out speaker    how well a voice is understood that was never heard
  speech-seg words validate clips --leave-out speaker --together    the same after getting used to it
  speech-seg words train clips --model digits.json       learn the words and keep them
  speech-seg words recognize a.wav b.wav --model digits.json --csv out.csv
  speech-seg words recognize others/*.wav --model digits.json --labelled")]
pub(crate) struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Learn words from a folder of clips and keep them as a model
    Train(learn::TrainArgs),
    /// Tell how many clips are recognised that were not learnt from
    Validate(learn::ValidateArgs),
    /// Recognise the words of recordings
    Recognize(recognize::Args),
}

/// Does what the command line says.
pub(crate) fn run(args: Args) -> Result<(), Failure> {
    match args.task {
        Task::Train(args) => learn::train(args),
        Task::Validate(args) => learn::validate(args),
        Task::Recognize(args) => recognize::run(args),
    }
}

/// How clips are heard.
fn hearing(together: bool) -> Hearing {
    if together {
        Hearing::Together(SpeakerAdaptation::default())
    } else {
        Hearing::Alone
    }
}

/// A setting that is out of its range is wrong usage, all else failed work.
fn refused(error: WordError) -> Failure {
    match error {
        WordError::Setting { .. } | WordError::FrontEnd(_) => Failure::Usage(error.to_string()),
        error => Failure::Work(error.to_string()),
    }
}
