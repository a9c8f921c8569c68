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

use crate::background::Background;
use crate::error::Collapse;
use crate::observation::Observation;
use crate::shares::Shares;
use crate::squarem::Coordinates;
use crate::tile::{Columns, Scratch, Tile};

/// Expected sufficient statistics of one state.
pub(crate) trait Statistics: Clone + Send + Sync {
    /// Expected number of rows in them.
    fn weight(&self) -> f64;

    /// Adds those of other rows.
    fn merge(&mut self, other: &Self);
}

/// A density over rows, with the statistics its family learns from.
pub(crate) trait Emission: Clone + Send + Sync + Sized {
    /// What rows are summed up in.
    type Stats: Statistics;
    /// Which statistics an M-step asks for.
    type Wanted: Copy + Sync;
    /// The densities of all states, laid out for evaluation.
    type Densities: Densities + std::fmt::Debug;
    /// How the rows of all states are summed up.
    type Gathering: Gathering<Stats = Self::Stats>;

    /// The densities of some states.
    fn densities(states: &[Self]) -> Self::Densities;

    /// The E-step's sums for some states.
    fn gathering(states: &[Self], wanted: Self::Wanted) -> Self::Gathering;

    /// The emission as far as it can be seen.
    fn seen(&self, how: &Observation) -> Self;

    /// The statistics of what was seen that are needed to complete them to the `wanted` ones.
    fn wanted_of_seen(wanted: Self::Wanted, how: &Observation) -> Self::Wanted;

    /// The statistics of whole rows that are expected where these were seen; `seen` is [`seen`](Self::seen) this
    /// emission.
    fn completed(
        &self,
        stats: &Self::Stats,
        how: &Observation,
        seen: &Self,
        wanted: Self::Wanted,
    ) -> Self::Stats;

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

    /// The emissions of all states at once, since they may share parameters; `now` are those that the statistics
    /// were expected with, if there are any: the objective of the new ones is not below theirs.
    ///
    /// # Errors
    /// [`Collapse`] for a state whose statistics determine no density.
    fn emissions(&self, stats: &[E::Stats], now: Option<&[E]>) -> Result<Vec<E>, Collapse>;

    /// The nearest shares and emissions that an M-step could have made, if they are near; shares are given up to
    /// their sum.
    fn admitted(&self, shares: &[f64], emissions: Vec<E>) -> Option<(Shares, Vec<E>)>;

    /// Shares from expected counts.
    fn shares(&self, counts: &[f64]) -> Shares;

    /// What rows come from that no state emitted.
    fn background(&self) -> Option<&Background>;

    /// The logarithm of the prior density of a model, up to a constant; 0 where all models are alike.
    fn log_prior(&self, shares: &Shares, emissions: &[E]) -> f64;
}

/// What an E-step returns.
#[derive(Debug, Clone)]
pub(crate) struct Expectation<S> {
    /// Expected sufficient statistics.
    pub(crate) stats: S,
    /// How well the model of the E-step explains the rows.
    pub(crate) height: Height,
}

/// How well a model explains rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Height {
    /// Σ wₙ ln p(xₙ) / Σ wₙ, in nats.
    pub(crate) mean_log_likelihood: f64,
    /// The same with the logarithm of the prior density added to the sum: what a fit climbs.
    pub(crate) objective: f64,
    /// Σ wₙ Hₙ, the entropies of the rows' posteriors in nats; a chain, which nobody asks for it, leaves it 0.
    pub(crate) entropy: f64,
}

impl Height {
    /// Of a model that no row has been asked about.
    pub(crate) const NONE: Self = Self {
        mean_log_likelihood: f64::NEG_INFINITY,
        objective: f64::NEG_INFINITY,
        entropy: 0.0,
    };
}

/// A model with hidden states.
pub(crate) trait Latent: Clone + Send + Sync {
    /// What its states emit.
    type Emission: Emission;
    /// What it is fitted to.
    type Data<'a>: Copy;
    /// The statistics of the emissions and of the hidden states.
    type Stats: Sync;

    /// Whether a pass over such data is shared by threads.
    fn is_shared(data: Self::Data<'_>) -> bool;

    /// The E-step, for the M-step of `belief`.
    fn expect(
        &self,
        data: Self::Data<'_>,
        belief: &impl Estimate<Self::Emission>,
    ) -> Expectation<Self::Stats>;

    /// How well the model explains the data, to the bit of what [`expect`](Self::expect) says.
    fn height(&self, data: Self::Data<'_>, belief: &impl Estimate<Self::Emission>) -> Height;

    /// Where the model is.
    fn coordinates(&self) -> Coordinates;

    /// The model at these coordinates, if there is one and `belief` allows it.
    fn at(&self, values: &[f64], belief: &impl Estimate<Self::Emission>) -> Option<Self>;

    /// The M-step, from the model of the E-step where there is one.
    ///
    /// # Errors
    /// Those of [`Estimate::emissions`].
    fn maximize(
        stats: &Self::Stats,
        belief: &impl Estimate<Self::Emission>,
        now: Option<&Self>,
    ) -> Result<Self, Collapse>;
}
