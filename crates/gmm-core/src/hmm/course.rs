//! How a fit goes, whatever the regimes emit.

use crate::belief::Ridge;
use crate::chain::ChainPrior;
use crate::em::Stopping;
use crate::error::GmmError;

/// The parameters that all fits of chains have.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Course {
    pub(crate) n_regimes: usize,
    pub(crate) ridge: Ridge,
    pub(crate) stickiness: f64,
    pub(crate) concentration: f64,
    pub(crate) is_stationary: bool,
    pub(crate) n_starts: usize,
    pub(crate) max_n_iterations: usize,
    pub(crate) tolerance: f64,
    pub(crate) accelerate: bool,
    pub(crate) seed: u64,
}

impl Course {
    /// The defaults that fits have in common.
    pub(crate) fn new(n_regimes: usize) -> Self {
        Self {
            n_regimes,
            ridge: Ridge::Relative(1e-6),
            stickiness: 0.0,
            concentration: 1.0,
            is_stationary: false,
            n_starts: 24,
            max_n_iterations: 1000,
            tolerance: 1e-7,
            accelerate: true,
            seed: 42,
        }
    }

    /// What is believed of the chain.
    pub(crate) fn prior(&self) -> ChainPrior {
        ChainPrior {
            of_each: self.concentration - 1.0,
            of_staying: self.stickiness,
        }
    }

    /// When the last fit ends.
    pub(crate) fn stopping(&self) -> Stopping {
        Stopping {
            tolerance: self.tolerance,
            max_n_iterations: self.max_n_iterations,
            accelerate: self.accelerate,
        }
    }

    /// That every parameter is in its range.
    pub(crate) fn check(&self) -> Result<(), GmmError> {
        for (name, count) in [
            ("number of regimes", self.n_regimes),
            ("number of starts", self.n_starts),
        ] {
            if count == 0 {
                return Err(refused(name, count, "at least 1"));
            }
        }
        let (Ridge::Relative(ridge) | Ridge::Absolute(ridge)) = self.ridge;
        for (name, size) in [
            ("tolerance", self.tolerance),
            ("stickiness", self.stickiness),
            ("ridge", ridge),
        ] {
            check_size_of(name, size)?;
        }
        if !(self.concentration.is_finite() && self.concentration >= 1.0) {
            return Err(refused(
                "concentration of the transitions",
                self.concentration,
                "a finite number of at least 1",
            ));
        }
        Ok(())
    }
}

/// That a parameter is a finite number of at least 0.
pub(crate) fn check_size_of(name: &'static str, size: f64) -> Result<(), GmmError> {
    if size.is_finite() && size >= 0.0 {
        Ok(())
    } else {
        Err(refused(name, size, "a finite number of at least 0"))
    }
}

/// A parameter out of its range.
pub(crate) fn refused(name: &'static str, value: impl ToString, allowed: &'static str) -> GmmError {
    GmmError::InvalidParameter {
        name,
        value: value.to_string(),
        allowed,
    }
}

/// Gives an estimator, which must have a `course`, the setters of its parameters.
macro_rules! course_setters {
    ($params:ty) => {
        impl $params {
            /// What is added to every variance.
            #[must_use]
            pub fn ridge(mut self, ridge: $crate::Ridge) -> Self {
                self.course.ridge = ridge;
                self
            }

            /// Steps from each regime to itself that were seen before any rows: regimes that last are then more probable.
            #[must_use]
            pub fn stickiness(mut self, stickiness: f64) -> Self {
                self.course.stickiness = stickiness;
                self
            }

            /// Concentration of the Dirichlet distribution of each row of the transitions, at least 1, which says nothing.
            #[must_use]
            pub fn concentration(mut self, concentration: f64) -> Self {
                self.course.concentration = concentration;
                self
            }

            /// Whether the chain has always been running, so that it begins in its stationary distribution.
            #[must_use]
            pub fn stationary(mut self, is_stationary: bool) -> Self {
                self.course.is_stationary = is_stationary;
                self
            }

            /// Starts, at least 1: guesses of the regimes that the rows suggest first, then stretches at random.
            #[must_use]
            pub fn n_starts(mut self, n_starts: usize) -> Self {
                self.course.n_starts = n_starts;
                self
            }

            /// Most M-steps of the last fit.
            #[must_use]
            pub fn max_n_iterations(mut self, max_n_iterations: usize) -> Self {
                self.course.max_n_iterations = max_n_iterations;
                self
            }

            /// A fit has converged when its objective is estimated to be within this of its limit, in nats per row. 0 never
            /// ends a fit early.
            #[must_use]
            pub fn tolerance(mut self, tolerance: f64) -> Self {
                self.course.tolerance = tolerance;
                self
            }

            /// Whether SQUAREM may extrapolate.
            #[must_use]
            pub fn accelerate(mut self, accelerate: bool) -> Self {
                self.course.accelerate = accelerate;
                self
            }

            /// Seed of the starts.
            #[must_use]
            pub fn seed(mut self, seed: u64) -> Self {
                self.course.seed = seed;
                self
            }
        }
    };
}
pub(crate) use course_setters;
