//! Finds regimes in a time series by a Gaussian mixture of its lags.
//!
//! ```
//! use regimes::{Options, Series, analyze};
//!
//! let values = (0..60).map(|t| if t < 30 { 0.0 } else { 9.0 } + f64::from(t % 7) * 0.1).collect();
//! let report = analyze(&Series::new("a step", values), &Options::default(), &|_, _| {})?;
//! assert_eq!((report.regimes[10], report.regimes[50]), (Some(0), Some(1)));
//! # Ok::<(), gmm_core::GmmError>(())
//! ```
//!
//! The rooms are those of every domain crate: [`Series`] is the data, windows of successive values the features,
//! [`analyze`] the model and [`draw`] the figure. [`examples`] are the slides' own.
//!
//! A mixture of lags does not know that time passes: it tells levels and turns apart, not dynamics.

mod data;
pub mod examples;
mod features;
mod figure;
mod model;
mod score;

pub use data::{Series, SeriesError, Step, TimeError};
pub use features::Design;
pub use figure::{
    AnomalyChart, Band, Fan, PitChart, RegimeChart, Rolling, Surprise, draw, draw_forecast,
    explained, found_chart,
};
pub use model::{
    Anomalies, AnomalyOptions, Candidate, Choose, DetectOptions, Detection, Explanation,
    ForecastError, ForecastOptions, ForecastReport, Found, Held, Judged, Kind, Member, Method,
    Options, Regime, Report, Validation, analyze, anomalies, detect, forecast,
};
pub use score::{
    Forecast, INTERVALS, Interval, IntervalScores, PINBALLS, PointScores, Pool, Predictive, Scale,
    Score, Scores, Yardstick, naive_mae,
};
