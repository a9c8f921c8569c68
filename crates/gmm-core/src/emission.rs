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
use crate::shares::Shares;
use crate::squarem::Coordinates;
use crate::tile::{Columns, Scratch, Tile};

/// Expected sufficient statistics of one state.
pub(crate) trait Statistics: Clone + Send {
    /// Expected number of rows in them.
    fn weight(&self) -> f64;
}

/// A density over rows, with the statistics its family learns from.
pub(crate) trait Emission: Clone + Send + Sync + Sized {
    /// What rows are summed up in.
    type Stats: Statistics;
    /// Which statistics an M-step asks for.
    type Wanted: Copy + Sync;
    /// The densities of all states, laid out for evaluation.
    type Densities: Densities;
    /// How the rows of all states are summed up.
    type Gathering: Gathering<Stats = Self::Stats>;

    /// The densities of some states.
    fn densities(states: &[Self]) -> Self::Densities;

    /// The E-step's sums for some states.
    fn gathering(states: &[Self], wanted: Self::Wanted) -> Self::Gathering;

    /// Adds the coordinates of a state that has this share of the rows.
    fn coordinates(&self, share: f64, into: &mut Coordinates);

    /// The state at coordinates that are taken from the front of `values`, if there is one.
    fn at(&self, values: &mut std::slice::Iter<'_, f64>) -> Option<Self>;
}

/// The densities of several states.
pub(crate) trait Densities: Send + Sync {
    /// Writes ln p(x|θₖ) + `offsets[k]` of every row of the tile to column k.
    fn log_densities(&self, tile: &Tile, offsets: &[f64], scratch: &mut Scratch, out: &mut Columns);
}

/// Sums over rows for several states, and the statistics they make.
pub(crate) trait Gathering: Send + Sync + Sized {
    /// What the sums become.
    type Stats;
    /// What is added up.
    type Sums: Sums;

    /// The sums of no rows.
    fn nothing(&self) -> Self::Sums;

    /// Adds the rows of a tile, each with its weight for state k in column k.
    fn gather(&self, tile: &Tile, weights: &Columns, scratch: &mut Scratch, into: &mut Self::Sums);

    /// The statistics of each state.
    fn statistics(&self, sums: &Self::Sums) -> Vec<Self::Stats>;

    /// A better way to sum up the same rows, if these statistics show that digits were lost.
    fn recentred(&self, stats: &[Self::Stats]) -> Option<Self>;
}

/// Sums pool exactly.
pub(crate) trait Sums: Send {
    /// Adds the sums of other rows.
    fn merge(&mut self, other: &Self);
}

/// A belief about how emissions are learned from statistics: the M-step of one family.
pub(crate) trait Estimate<E: Emission>: Sync {
    /// The statistics that [`emissions`](Self::emissions) needs.
    fn wanted(&self) -> E::Wanted;

    /// The emissions of all states at once, since they may share parameters.
    ///
    /// # Errors
    /// [`Collapse`] for a state whose statistics determine no density.
    fn emissions(&self, stats: &[E::Stats]) -> Result<Vec<E>, Collapse>;

    /// Whether an M-step could have made this emission.
    fn allows(&self, emission: &E) -> bool;

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

    /// The E-step, for the M-step of `belief`.
    fn expect(
        &self,
        data: Self::Data<'_>,
        belief: &impl Estimate<Self::Emission>,
    ) -> Expectation<Self::Stats>;

    /// The log-likelihood per unit of weight alone, to the bit of what [`expect`](Self::expect) says.
    fn mean_log_likelihood(&self, data: Self::Data<'_>) -> f64;

    /// Where the model is.
    fn coordinates(&self) -> Coordinates;

    /// The model at these coordinates, if there is one and `belief` allows it.
    fn at(&self, values: &[f64], belief: &impl Estimate<Self::Emission>) -> Option<Self>;

    /// The M-step.
    ///
    /// # Errors
    /// Those of [`Estimate::emissions`].
    fn maximize(
        stats: &Self::Stats,
        belief: &impl Estimate<Self::Emission>,
    ) -> Result<Self, Collapse>;
}
