//! Pictures: a spectrogram over its segments, who speaks when, whose voice a recording is, and how often that is wrong.

mod classes;
mod det;
mod segments;
mod timeline;
mod turns;
mod voices;

pub use classes::ClassChart;
pub use det::DetChart;
pub use segments::draw;
pub use turns::TurnChart;
pub use voices::VoiceChart;
