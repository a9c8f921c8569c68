//! Forecasts that are distributions, and how good they were.
//!
//! All scores are the smaller the better. A proper one is least in expectation for the distribution that the truth is
//! drawn from (Gneiting & Raftery, *JASA* 102, 2007).

use gmm_core::GmmError;

mod gathered;
mod one;
mod points;
mod predictive;
mod quadrature;
mod scale;

pub(crate) use gathered::counts;
pub use gathered::{IntervalScores, Scores};
pub use one::{INTERVALS, Interval, PINBALLS, Score};
pub use points::{PointScores, Yardstick, naive_mae};
pub(crate) use predictive::log_sum_exp;
pub use predictive::{Pool, Predictive};
pub use scale::Scale;

/// The distribution of a value to come, as far as scores ask for it.
pub trait Forecast {
    /// The mean of the value.
    fn mean(&self) -> f64;

    /// P(X ≤ x).
    ///
    /// # Errors
    /// [`GmmError::NonFinite`] for a NaN.
    fn cdf(&self, x: f64) -> Result<f64, GmmError>;

    /// Where P(X ≤ x) = p, for each of these p.
    ///
    /// # Errors
    /// [`GmmError::InvalidParameter`] for a p outside [0, 1].
    fn quantiles(&self, p: &[f64]) -> Result<Vec<f64>, GmmError>;

    /// ln p(x), −∞ where no value can be.
    ///
    /// # Errors
    /// [`GmmError::NonFinite`] for an x that is no finite number.
    fn log_density(&self, x: f64) -> Result<f64, GmmError>;

    /// The continuous ranked probability score of what came.
    ///
    /// # Errors
    /// [`GmmError::NonFinite`] for a y that is no finite number.
    fn crps(&self, y: f64) -> Result<f64, GmmError>;
}
