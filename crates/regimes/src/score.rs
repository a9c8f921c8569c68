//! Forecasts that are distributions, and how good they were.
//!
//! All scores are the smaller the better. A proper one is least in expectation for the distribution that the truth is
//! drawn from (Gneiting & Raftery, *JASA* 102, 2007).

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
pub use predictive::Predictive;
pub use scale::Scale;
