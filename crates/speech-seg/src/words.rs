//! The recognition of words that are spoken one at a time: a left-to-right hidden Markov model for each word.
//!
//! Every clip becomes rows of cepstra ([`FrontEnd`](crate::FrontEnd)); a word passes through states in one direction, each of which emits a
//! mixture of Gaussians with diagonal covariances (Rabiner, *Proc. IEEE* 77, 1989, §VI). The clips of few speakers are also
//! learnt as speakers with shorter and longer throats would have said them (Jaitly & Hinton, ICML workshop, 2013), and
//! variances are drawn towards those of all words, by as much as the rows are few.

mod adapt;
mod clip;
mod matrix;
mod model;
mod persist;
mod prepared;
mod train;
mod validation;

pub use adapt::{Hearing, SpeakerAdaptation};
pub use clip::{Clip, Naming};
pub use matrix::matrix_chart;
pub use model::{Recognized, WordModels};
pub use prepared::Prepared;
pub use train::WordOptions;
pub use validation::{Fold, LeaveOut, Tested, Validation, tested, validate};

use gmm_core::GmmError;

use crate::data::RecordingError;
use crate::features::FrontEndError;
use gmm_files::FileError;

/// Why words cannot be learnt or recognised.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum WordError {
    /// A file or folder cannot be read.
    #[error("{name}: {error}")]
    File {
        /// Its path.
        name: String,
        /// Why.
        error: FileError,
    },
    /// A file is no recording.
    #[error("{name}: {error}")]
    Recording {
        /// Its path.
        name: String,
        /// Why.
        error: RecordingError,
    },
    /// A recording has no frames.
    #[error("{name}: {error}")]
    Frames {
        /// The clip's name.
        name: String,
        /// Why.
        error: FrontEndError,
    },
    /// The name of a file does not say what is needed.
    #[error(
        "{name}: its name says no {what}; names are WORD_SPEAKER_TAKE.wav, or WORD/SPEAKER_TAKE.wav in folders"
    )]
    Name {
        /// Its path.
        name: String,
        /// What it does not say.
        what: &'static str,
    },
    /// There are no recordings.
    #[error("{0}: there are no WAV files in it")]
    NoClips(String),
    /// There are fewer than two of what is to be told apart or left out.
    #[error("there {} {found} {what}; at least 2 are needed", if *found == 1 { "is only" } else { "are" })]
    Few {
        /// Of what.
        what: &'static str,
        /// How many there are.
        found: usize,
    },
    /// A word of a fold that is left out is in no other.
    #[error("'{word}' is only in {fold}; it cannot be learnt where that is left out")]
    Unlearnt {
        /// The word.
        word: String,
        /// The fold.
        fold: String,
    },
    /// A setting is out of its range.
    #[error("{name} is {value}; it must be {allowed}")]
    Setting {
        /// Which.
        name: &'static str,
        /// What it is.
        value: String,
        /// What it may be.
        allowed: &'static str,
    },
    /// The settings of the front end are impossible.
    #[error(transparent)]
    FrontEnd(#[from] FrontEndError),
    /// A word cannot be fitted.
    #[error("the model of '{word}': {error}")]
    Fit {
        /// The word.
        word: String,
        /// Why.
        error: GmmError,
    },
    /// A text is no model of words.
    #[error("not a readable model of words: {0}")]
    Format(String),
}

/// Settings: what each is called, its value, whether that may be, and what may be.
type Settings<'a> = &'a [(&'static str, f64, bool, &'static str)];

/// Refuses the first setting that is out of its range.
fn refuse_impossible(settings: Settings<'_>) -> Result<(), WordError> {
    let impossible = settings.iter().find(|(_, _, is_allowed, _)| !is_allowed);
    impossible.map_or(Ok(()), |&(name, value, _, allowed)| {
        let value = value.to_string();
        Err(WordError::Setting {
            name,
            value,
            allowed,
        })
    })
}
