//! Shares of a whole: mixture weights.

use rand::Rng;

use crate::error::GmmError;

/// How far from 1 weights may sum before they are refused, and below which they are taken as they are.
const SLACK: f64 = 1e-6;
const ROUNDING: f64 = 1e-12;

/// Non-negative numbers that sum to one, with their logarithms.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shares {
    values: Vec<f64>,
    logs: Vec<f64>,
}

impl Shares {
    /// Checks given weights.
    ///
    /// A sum within 1e-12 of 1 is kept to the bit; within 1e-6 the weights are divided by it.
    ///
    /// # Errors
    /// [`GmmError::InvalidShare`] for a weight that is negative or not finite,
    /// [`GmmError::WeightsNotNormalized`] when they do not sum to 1.
    pub(crate) fn new(weights: Vec<f64>) -> Result<Self, GmmError> {
        match weights.iter().position(|w| !(w.is_finite() && *w >= 0.0)) {
            Some(component) => {
                return Err(GmmError::InvalidShare {
                    component,
                    weight: weights[component],
                });
            }
            None if weights.is_empty() => {
                return Err(GmmError::SizeMismatch {
                    what: "number of components",
                    expected: 1,
                    found: 0,
                });
            }
            None => {}
        }
        let sum: f64 = weights.iter().sum();
        match (sum - 1.0).abs() {
            off if off <= ROUNDING => Ok(Self::from_valid(weights)),
            off if off <= SLACK => Ok(Self::of_counts(&weights)),
            _ => Err(GmmError::WeightsNotNormalized { sum }),
        }
    }

    /// The shares of counts in their sum, which must be positive.
    pub(crate) fn of_counts(counts: &[f64]) -> Self {
        let sum: f64 = counts.iter().sum();
        Self::from_valid(counts.iter().map(|c| c / sum).collect())
    }

    fn from_valid(values: Vec<f64>) -> Self {
        let logs = values.iter().map(|w| w.ln()).collect();
        Self { values, logs }
    }

    /// The shares.
    pub(crate) fn values(&self) -> &[f64] {
        &self.values
    }

    /// Their natural logarithms; −∞ for a share of 0.
    pub(crate) fn logs(&self) -> &[f64] {
        &self.logs
    }
}

/// An index drawn with probabilities proportional to `weights`.
pub(crate) fn pick<R: Rng + ?Sized>(weights: &[f64], rng: &mut R) -> usize {
    let mut rest = rng.gen_range(0.0..1.0) * weights.iter().sum::<f64>();
    let mut last = 0;
    for (i, &w) in weights.iter().enumerate().filter(|(_, w)| **w > 0.0) {
        last = i;
        rest -= w;
        if rest < 0.0 {
            break;
        }
    }
    last
}
