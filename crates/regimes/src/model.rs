//! Regimes, forecasts and anomalies of a series.

mod anomalies;
mod detect;
mod forecast;
mod windows;

pub use anomalies::{Anomalies, AnomalyOptions, Judged, anomalies};
pub use detect::{DetectOptions, Detection, Explanation, Found, detect};
pub use forecast::{
    Candidate, Choose, ForecastError, ForecastOptions, ForecastReport, Held, Kind, Member, Method,
    Validation, forecast,
};
pub use windows::{Options, Regime, Report, analyze};
