//! Regimes of a time series: which there are and when each held, what comes next, and what does not fit.
//!
//! ```
//! use regimes::{DetectOptions, Series, detect};
//!
//! let values = (0..80).map(|t| if t < 40 { 0.0 } else { 2.0 } + (f64::from(t) * 2.4).sin()).collect();
//! let series = Series::new("a step", values);
//! let options = DetectOptions { n_regimes: 2..=2, n_lags: 0..=0, n_waves: 0..=0, ..DetectOptions::default() };
//! let found = detect(&series, &options, &|_, _| {})?;
//! assert_eq!(found.changes, [40]);
//! # Ok::<(), gmm_core::GmmError>(())
//! ```
//!
//! The rooms are those of every domain crate: [`Series`] is the data, [`Design`] the features; [`detect`], [`forecast`] and
//! [`anomalies`] are the models, charts such as [`RegimeChart`] and [`Fan`] the figures. [`Scores`] say how good forecasts were.
//! [`examples`] are the slides' own; [`analyze`] is their recipe, a mixture of windows, which tells levels and turns apart
//! and no dynamics. `docs/time.md` is the guide.

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
