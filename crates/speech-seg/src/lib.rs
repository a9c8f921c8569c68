//! Recordings by Gaussian mixtures and hidden Markov models: whose voice it is, who speaks when, which word is said, when
//! there is sound.
//!
//! ```
//! use speech_seg::{RecordingError, SHIPPED_VOICES, Speaker, VoiceOptions, enroll};
//!
//! let speaker = |i: usize| -> Result<Speaker, RecordingError> {
//!     let voice = SHIPPED_VOICES[i];
//!     Ok(Speaker { name: voice.name.to_string(), recordings: voice.train()? })
//! };
//! let options = VoiceOptions { noise: Vec::new(), ..VoiceOptions::default() };
//! let voices = enroll(&[speaker(0)?, speaker(1)?], &[], &options, &|_, _| {})?;
//! let (_, unknown) = &SHIPPED_VOICES[1].test()?[0];
//! assert_eq!(voices.scores(unknown)?.best(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`turns`] finds speakers that nobody enrolled, [`classes`] sounds that follow one another, [`Activity`] pauses, and
//! [`words`] recognises words that are spoken one at a time. [`FrontEnd`] makes the rows that all of them see.
//!
//! The slide's segments are a mixture of the cells of a spectrogram:
//!
//! ```
//! use speech_seg::{Options, Recording, analyze};
//!
//! // A second of noise that is loud for its second half.
//! let noise = |i: i32| f64::from(i * i % 8191 % 61 - 30) * if i < 4000 { 1.0 } else { 100.0 };
//! let recording = Recording::new(8000, (0..8000).map(noise).collect())?;
//! let report = analyze(&recording, &Options { n_components: 2..=2, ..Options::default() }, &|_, _| {})?;
//! assert_eq!(report.spectrogram.frequencies[16], 500.0);
//! assert_eq!((report.labels[(16, 0)], report.labels[(16, 60)]), (0, 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The rooms are those of every domain crate: [`Recording`] is the data, [`Spectrogram`] and [`FrontEnd`] the features,
//! [`analyze`] the slide's model and [`draw`] its figure. [`examples`] are the slides' own.

mod data;
pub mod examples;
mod features;
mod figure;
mod model;
pub mod words;

pub use data::{Recording, RecordingError};
pub use data::{SHIPPED_VOICES, ShippedVoice};
pub use features::{Activity, Hue, SHORTEST_PAUSE, SHORTEST_SOUND, Span, with_noise};
pub use features::{
    Frames, FrontEnd, FrontEndError, Level, Normalization, Pauses, Scale, Spectrogram, WindowError,
    Windows, clipped_share, deltas, hertz, mel, resampled, speech_frames,
};
pub use figure::{ClassChart, DetChart, TurnChart, VoiceChart, draw};
pub use model::{AnalysisError, MOST_SEGMENTS, Options, Report, Segment, analyze};
pub use model::{ClassError, Classes, Stretch, classes};
pub use model::{
    DiarizationError, Scores, Speaker, Threshold, Trial, Turn, TurnError, TurnOptions, Turns,
    VoiceError, VoiceFileError, VoiceOptions, Voices, diarization_error, enroll, turns,
};
