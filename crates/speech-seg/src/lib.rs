//! Segments a recording by a Gaussian mixture of its spectrogram.
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
//! The rooms are those of every domain crate: [`Recording`] is the data, [`Spectrogram`] the features, and
//! [`analyze`] the model and [`draw`] the figure. [`examples`] are the slides' own.

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
