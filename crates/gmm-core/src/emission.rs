//! What a hidden state emits, and how a family of emissions is learned.
//!
//! A fit is two functions and a value that passes between them:
//!
//! ```text
//! E-step : (model, rows)        -> statistics + log-likelihood
//! M-step : (belief, statistics) -> model
//! ```
//!
//! [`Latent::expect`] is the first, [`Latent::maximize`] the second, [`Statistics`] the value.

use crate::error::Collapse;
use crate::moments::Moments;
use crate::shares::Shares;
use crate::tile::{Scratch, Tile};

/// Expected sufficient statistics: they pool exactly.
pub(crate) trait Statistics: Clone + Send {
    /// Expected number of rows in them.
    fn weight(&self) -> f64;
    /// Pools with the statistics of other rows.
    fn merge(&mut self, other: &Self);
}

impl Statistics for Moments {
    fn weight(&self) -> f64 {
        self.weight
    }

    fn merge(&mut self, other: &Self) {
        Self::merge(self, other);
    }
}

/// A density over rows, with the statistics its family learns from.
pub(crate) trait Emission: Clone + Send + Sync {
    /// What rows are summed up in.
    type Stats: Statistics;

    /// Writes ln p(x|θ) of every row of the tile.
    fn log_density(&self, tile: &Tile, scratch: &mut Scratch, out: &mut [f64]);

    /// The statistics of no rows.
    fn no_statistics(&self) -> Self::Stats;

    /// Adds the rows of a tile, each with its weight.
    fn gather(&self, tile: &Tile, weights: &[f64], scratch: &mut Scratch, into: &mut Self::Stats);
}

/// A belief about how emissions are learned from statistics: the M-step of one family.
pub(crate) trait Estimate<E: Emission> {
    /// The emissions of all states at once, since they may share parameters.
    ///
    /// # Errors
    /// [`Collapse`] for a state whose statistics determine no density.
    fn emissions(&self, stats: &[E::Stats]) -> Result<Vec<E>, Collapse>;

    /// Weights from expected counts.
    fn shares(&self, counts: &[f64]) -> Shares {
        Shares::of_counts(counts)
    }
}

/// What an E-step returns.
#[derive(Debug, Clone)]
pub(crate) struct Expectation<S> {
    /// Expected sufficient statistics.
    pub(crate) stats: S,
    /// Σ wₙ ln p(xₙ) under the model of the E-step, in nats.
    pub(crate) log_likelihood: f64,
    /// Σ wₙ.
    pub(crate) weight: f64,
}

impl<S> Expectation<S> {
    /// The log-likelihood per unit of weight: what a fit climbs.
    pub(crate) fn mean_log_likelihood(&self) -> f64 {
        self.log_likelihood / self.weight
    }
}

/// A model with hidden states.
pub(crate) trait Latent: Clone {
    /// What its states emit.
    type Emission: Emission;
    /// What it is fitted to.
    type Data<'a>: Copy;
    /// The statistics of the emissions and of the hidden states.
    type Stats;

    /// The E-step.
    fn expect(&self, data: Self::Data<'_>) -> Expectation<Self::Stats>;

    /// The M-step.
    ///
    /// # Errors
    /// Those of [`Estimate::emissions`].
    fn maximize(
        stats: &Self::Stats,
        belief: &impl Estimate<Self::Emission>,
    ) -> Result<Self, Collapse>;
}
