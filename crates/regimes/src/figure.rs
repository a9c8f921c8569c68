//! Figures of series: their regimes, forecasts and anomalies.

mod anomalies;
mod fan;
mod page;
mod pit;
mod regimes;
mod slide;

pub use anomalies::{AnomalyChart, Surprise};
pub use fan::{Band, Fan, Rolling};
pub use pit::PitChart;
pub use regimes::RegimeChart;
pub use slide::draw;

#[cfg(test)]
mod tests;
