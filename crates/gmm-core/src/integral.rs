//! A number that is an integral of mixtures, with how it was found.

/// How an integral was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// By a formula: right to rounding.
    ClosedForm,
    /// By numerical integration, to the error that is stated.
    Quadrature,
    /// As the mean over so many draws; the error is its standard error.
    MonteCarlo {
        /// Draws, or points of a randomised rule.
        draws: usize,
    },
}

/// The value of an integral, how far it may be off, and how it was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Integral {
    /// The value.
    pub value: f64,
    /// Its standard error by Monte Carlo, a bound by quadrature; 0 by a formula.
    pub error: f64,
    /// How it was found.
    pub method: Method,
}

impl Integral {
    /// One that a formula gives.
    pub(crate) fn closed(value: f64) -> Self {
        Self {
            value,
            error: 0.0,
            method: Method::ClosedForm,
        }
    }
}
