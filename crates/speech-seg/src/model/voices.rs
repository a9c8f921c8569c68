//! Voices: a mixture of everybody's speech, adapted to each speaker (D. A. Reynolds, T. F. Quatieri & R. B. Dunn,
//! "Speaker verification using adapted Gaussian mixture models", *Digital Signal Processing* 10, 2000).

mod enrolment;
mod persist;
mod trials;

use gmm_core::ndarray::{Array2, Axis};
use gmm_core::{Gmm, GmmError};

use crate::data::{Recording, RecordingError};
use crate::features::{FrontEnd, FrontEndError, Level, Normalization, Pauses};

pub use enrolment::{Speaker, VoiceOptions, enroll};
pub use persist::VoiceFileError;
pub use trials::{Threshold, Trial};

/// Components of the background that a frame is scored by (section 3.5 of the paper).
const N_BEST: usize = 5;

/// Why voices cannot be enrolled or told apart.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VoiceError {
    /// A recording has no frames.
    #[error("{name}: {error}")]
    Recording {
        /// What the recording is called.
        name: String,
        /// Why.
        error: FrontEndError,
    },
    /// Noise cannot be added.
    #[error("{name}: {error}")]
    Noise {
        /// What the recording is called.
        name: String,
        /// Why.
        error: RecordingError,
    },
    /// There is nobody to enrol.
    #[error("there is no speaker to enrol")]
    Nobody,
    /// A speaker has no recording.
    #[error("speaker {0} has no recording")]
    Nothing(String),
    /// Two speakers have one name.
    #[error("two speakers are called {0}")]
    SameName(String),
    /// There are no others to tell a speaker from.
    #[error("one speaker alone cannot be told from others; recordings of others are needed")]
    Alone,
    /// An option is out of its range.
    #[error("{name} is {value}; it must be {allowed}")]
    Option {
        /// Which.
        name: &'static str,
        /// What it is.
        value: String,
        /// What it may be.
        allowed: &'static str,
    },
    /// A fit failed.
    #[error(transparent)]
    Fit(#[from] GmmError),
}

/// One way of hearing a recording: with what its microphone and room add to all of it, or without.
///
/// The mean of the cepstra is the channel's, and of a long recording little else; of a short one it is also the voice's.
/// Each way alone fails where the other does not, so that both are scored and the scores added.
#[derive(Debug, Clone, PartialEq)]
struct Stream {
    normalization: Normalization,
    background: Gmm,
    speakers: Vec<Gmm>,
}

/// The ways of hearing.
const HEARD: [Normalization; 2] = [Normalization::Mean, Normalization::None];

/// Enrolled speakers.
#[derive(Debug, Clone, PartialEq)]
pub struct Voices {
    sample_rate: u32,
    streams: Vec<Stream>,
    names: Vec<String>,
    seconds: Vec<f64>,
    /// From where on a recording is taken to be of the speaker it is said to be of.
    pub claim: Threshold,
    /// From where on a recording is taken to be of any of the speakers.
    pub any: Threshold,
}

/// How much more probable a recording is for each speaker than for everybody.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    /// Mean of ln p(x|speaker) − ln p(x|everybody) over the frames with speech, in nats a frame, added over the ways of
    /// hearing; one for each speaker.
    pub scores: Vec<f64>,
    /// Seconds of speech that were scored.
    pub seconds: f64,
    /// The share of the recording's samples that are clipped.
    pub clipped: f64,
}

impl Scores {
    /// The speaker of the largest score; the first of several.
    pub fn best(&self) -> usize {
        let larger = |best: usize, (i, score): (usize, &f64)| {
            if *score > self.scores[best] { i } else { best }
        };
        self.scores.iter().enumerate().fold(0, larger)
    }
}

impl Voices {
    /// The names of the speakers.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Seconds of speech that each speaker was enrolled with.
    pub fn seconds(&self) -> &[f64] {
        &self.seconds
    }

    /// Components of the mixture of everybody.
    pub fn n_components(&self) -> usize {
        self.streams
            .first()
            .map_or(0, |s| s.background.n_components())
    }

    /// Samples per second that recordings are brought to.
    pub fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    /// The place of a speaker, if there is one of this name.
    pub fn speaker(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|n| n == name)
    }

    /// The scores of a recording.
    ///
    /// # Errors
    /// A recording that is shorter than a frame or silent, or cannot be brought to the sample rate.
    pub fn scores(&self, recording: &Recording) -> Result<Scores, VoiceError> {
        let unnamed = |error| VoiceError::Recording {
            name: String::from("the recording"),
            error,
        };
        let heard = Heard::of(recording, self.sample_rate).map_err(unnamed)?;
        Ok(Scores {
            scores: scores(&self.streams, &heard.rows)?,
            seconds: heard.seconds(),
            clipped: heard.clipped,
        })
    }

    /// The speaker of a recording, if it is one of these: the one of the largest score, where that reaches
    /// [`any`](Self::any).
    pub fn identified(&self, scores: &Scores) -> Option<usize> {
        let best = scores.best();
        (scores.scores.get(best)? >= &self.any.score).then_some(best)
    }
}

/// What is heard of a recording.
#[derive(Debug, Clone)]
struct Heard {
    /// Frames with speech, in order; nothing is taken away.
    rows: Array2<f64>,
    step: f64,
    clipped: f64,
}

impl Heard {
    fn of(recording: &Recording, sample_rate: u32) -> Result<Self, FrontEndError> {
        let front_end = front_end(sample_rate);
        let frames = front_end.frames(recording)?;
        Ok(Self {
            rows: frames.kept(Pauses::Drop),
            step: front_end.step,
            clipped: frames.clipped,
        })
    }

    fn seconds(&self) -> f64 {
        self.rows.nrows() as f64 * self.step
    }
}

/// Nineteen cepstra without what tells loudness, and their slopes (section 3.1).
fn front_end(sample_rate: u32) -> FrontEnd {
    FrontEnd {
        sample_rate,
        n_filters: 24,
        n_cepstra: 19,
        level: Level::None,
        n_deltas: 1,
        pauses: Pauses::Drop,
        normalization: Normalization::None,
        ..FrontEnd::default()
    }
}

/// Scores of the frames of a recording by all ways of hearing.
fn scores(streams: &[Stream], rows: &Array2<f64>) -> Result<Vec<f64>, GmmError> {
    let n_speakers = streams.first().map_or(0, |s| s.speakers.len());
    let mut sums = vec![0.0; n_speakers];
    for stream in streams {
        let rows = stream.normalization.apply(rows.clone());
        let speakers: Vec<&Gmm> = stream.speakers.iter().collect();
        let ratios = stream.background.log_ratios(&speakers, &rows, N_BEST)?;
        for (sum, mean) in sums
            .iter_mut()
            .zip(ratios.mean_axis(Axis(0)).into_iter().flatten())
        {
            *sum += mean;
        }
    }
    Ok(sums)
}

#[cfg(test)]
mod tests;
