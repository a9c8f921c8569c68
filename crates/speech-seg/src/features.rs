//! From a recording to rows: power over time and frequency, and the front end of speech recognisers.

mod clipping;
mod dynamics;
mod front_end;
mod mel;
mod noise;
mod resample;
mod spectrogram;
mod speech;
mod stretches;

pub use clipping::clipped_share;
pub use dynamics::{Normalization, deltas};
pub use front_end::{Frames, FrontEnd, FrontEndError, Level, Pauses};
pub use mel::{hertz, mel};
pub use noise::{Hue, with_noise};
pub use resample::resampled;
pub use spectrogram::{Scale, Spectrogram, WindowError, Windows};
pub use speech::{Activity, SHORTEST_PAUSE, SHORTEST_SOUND, Span, speech_frames};
pub(crate) use stretches::runs;
