//! Regimes, forecasts and anomalies of a series.

mod windows;

pub use windows::{Options, Regime, Report, analyze};
