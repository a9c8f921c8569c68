//! Regimes, forecasts and anomalies of a series.

mod detect;
mod windows;

pub use detect::{Candidate, DetectOptions, Detection, Found, detect};
pub use windows::{Options, Regime, Report, analyze};
