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

    /// Shares that sum to 1 up to rounding, to the bit.
    pub(crate) fn of_whole(values: Vec<f64>) -> Self {
        Self::from_valid(values)
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

/// Indices to be drawn many times with the same probabilities.
#[derive(Debug)]
pub(crate) struct Lottery {
    /// Sums of the weights up to each index, that index included.
    sums: Vec<f64>,
}

impl Lottery {
    /// Probabilities proportional to these weights, of which there is at least one.
    pub(crate) fn new(weights: impl Iterator<Item = f64>) -> Self {
        let mut sum = 0.0;
        let sums = weights.map(|w| {
            sum += w;
            sum
        });
        Self {
            sums: sums.collect(),
        }
    }

    /// Whether no index has a weight.
    pub(crate) fn is_empty(&self) -> bool {
        // Also where it is no number.
        let is_positive = self.total() > 0.0;
        !is_positive
    }

    fn total(&self) -> f64 {
        self.sums.last().copied().unwrap_or(0.0)
    }

    /// An index of positive weight.
    pub(crate) fn draw<R: Rng + ?Sized>(&self, rng: &mut R) -> usize {
        let goal = rng.gen_range(0.0..1.0) * self.total();
        let index = self.sums.partition_point(|sum| *sum <= goal);
        // Rounding can put the goal on the total: then the last index that has a weight.
        index.min(self.sums.partition_point(|sum| *sum < self.total()))
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
