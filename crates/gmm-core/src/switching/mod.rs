//! Regressions that hidden states switch between: what such a state emits, and how it is learned.
//!
//! A row z = (u, v) has given columns u first and q targets v last; a state says how v follows from u, and nothing of u.
//! With u the last values of a series, states switch between autoregressions; with no given column a state is a
//! Gaussian.

mod belief;
mod densities;
mod filter;
mod fitting;
mod guesses;
mod hamilton;
mod least_squares;
mod model;
mod regressor;

pub use filter::{Branch, Place, SwitchingFilter};
pub use fitting::SwitchingParams;
pub use model::{Switches, SwitchingMean, SwitchingRegression};

#[cfg(test)]
mod tests;
