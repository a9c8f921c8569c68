//! Regimes, forecasts and anomalies of a series.

mod anomalies;
mod detect;
mod windows;

pub use anomalies::{Anomalies, AnomalyOptions, Judged, anomalies};
pub use detect::{Candidate, DetectOptions, Detection, Found, detect};
pub use windows::{Options, Regime, Report, analyze};
