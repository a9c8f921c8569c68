//! Regressions that hidden states switch between: what such a state emits, and how it is learned.
//!
//! A row z = (u, v) has given columns u first and q targets v last; a state says how v follows from u, and nothing of u.
//! With u the last values of a series, states switch between autoregressions; with no given column a state is a
//! Gaussian.
#![allow(
    dead_code,
    reason = "what is fitted with these parts is not public yet"
)]

mod belief;
mod densities;
mod hamilton;
mod least_squares;
mod regressor;

#[allow(unused_imports, reason = "as above")]
pub(crate) use belief::{PseudoRows, RegressionBelief, What};
#[allow(unused_imports, reason = "as above")]
pub(crate) use hamilton::{Hamilton, HamiltonBelief, HamiltonPrior, n_composites, state_at};
#[allow(unused_imports, reason = "as above")]
pub(crate) use regressor::{Reference, Regressor};

#[cfg(test)]
mod tests;
