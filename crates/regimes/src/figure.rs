//! Figures of series: their regimes, forecasts and anomalies.

mod anomalies;
mod fan;
mod forecast;
mod found;
mod page;
mod pit;
mod regimes;
mod slide;

pub use anomalies::{AnomalyChart, Surprise};
pub use fan::{Band, Fan, Rolling};
pub use forecast::draw_forecast;
pub use found::{explained, found_chart};
pub use pit::PitChart;
pub use regimes::RegimeChart;
pub use slide::draw;
pub(crate) use slide::slide_chart;

#[cfg(test)]
mod tests;
