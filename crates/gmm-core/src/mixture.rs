//! A finite mixture of any emission.

use crate::emission::{
    Densities, Emission, Estimate, Expectation, Gathering, Latent, Statistics, Sums,
};
use crate::error::Collapse;
use crate::log_space::{log_sum_exp, normalize_joint};
use crate::sample::Sample;
use crate::shares::Shares;
use crate::simd::{LANES, Pack, flat};
use crate::squarem::Coordinates;
use crate::tile::{Columns, Scratch, TILE_ROWS, Tile};

/// ln πₖ of a component without rows, as a coordinate.
const LEAST_LOG_SHARE: f64 = -700.0;

/// p(x) = Σₖ πₖ p(x|θₖ).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mixture<E> {
    shares: Shares,
    components: Vec<E>,
}

/// A mixture laid out for evaluation.
#[derive(Debug)]
pub(crate) struct Evaluation<'m, E: Emission> {
    shares: &'m Shares,
    densities: E::Densities,
}

/// Buffers of one thread: ℓₙₖ or rₙₖ of a tile, and the density and the weight of each row.
#[derive(Debug)]
pub(crate) struct Joint {
    block: Columns,
    log_prob: Vec<Pack>,
    weights: Vec<Pack>,
    scratch: Scratch,
}

impl Default for Joint {
    fn default() -> Self {
        let column = vec![Pack::splat(1.0); TILE_ROWS / LANES];
        Self {
            block: Columns::default(),
            log_prob: column.clone(),
            weights: column,
            scratch: Scratch::default(),
        }
    }
}

impl<E: Emission> Mixture<E> {
    /// There must be as many shares as components.
    pub(crate) fn new(shares: Shares, components: Vec<E>) -> Self {
        debug_assert_eq!(shares.values().len(), components.len());
        Self { shares, components }
    }

    /// πₖ.
    pub(crate) fn shares(&self) -> &Shares {
        &self.shares
    }

    /// The components.
    pub(crate) fn components(&self) -> &[E] {
        &self.components
    }

    /// The mixture as something to be asked for densities.
    pub(crate) fn evaluation(&self) -> Evaluation<'_, E> {
        Evaluation {
            shares: &self.shares,
            densities: E::densities(&self.components),
        }
    }
}

impl<E: Emission> Evaluation<'_, E> {
    fn n_components(&self) -> usize {
        self.shares.values().len()
    }

    /// ℓₙₖ = ln πₖ + ln p(xₙ|θₖ).
    fn log_joint(&self, tile: &Tile, block: &mut Columns, scratch: &mut Scratch) {
        self.densities
            .log_densities(tile, self.shares.logs(), scratch, block);
    }

    /// rₙₖ of a tile, component by component; Bishop, PRML (9.23).
    pub(crate) fn posterior<'j>(
        &self,
        tile: &Tile,
        joint: &'j mut Joint,
    ) -> impl Iterator<Item = &'j [f64]> {
        let n = tile.n_packs();
        self.log_joint(tile, &mut joint.block, &mut joint.scratch);
        joint.weights[..n].fill(Pack::splat(1.0));
        normalize_joint(
            &mut joint.block,
            self.n_components(),
            &joint.weights[..n],
            &mut joint.log_prob[..n],
        );
        joint.block.iter(self.n_components()).map(flat)
    }

    /// ln p(xₙ) of every row of a tile.
    pub(crate) fn log_density<'j>(&self, tile: &Tile, joint: &'j mut Joint) -> &'j [f64] {
        self.log_joint(tile, &mut joint.block, &mut joint.scratch);
        let out = &mut joint.log_prob[..tile.n_packs()];
        log_sum_exp(&joint.block, self.n_components(), out);
        &flat(out)[..tile.n_rows()]
    }

    /// Σ wₙ ln p(xₙ), in nats.
    pub(crate) fn log_likelihood(&self, sample: &Sample<'_>) -> f64 {
        self.fold(sample, || (), |_, _, ()| {}, |_, ()| {}).1
    }

    /// The E-step with one way of summing up.
    fn expect(
        &self,
        sample: &Sample<'_>,
        gathering: &E::Gathering,
    ) -> (<E::Gathering as Gathering>::Sums, f64) {
        self.fold(
            sample,
            || gathering.nothing(),
            |tile, joint, sums| gathering.gather(tile, &joint.block, &mut joint.scratch, sums),
            |total, leaf| total.merge(&leaf),
        )
    }

    /// Takes the posterior of every tile to `gather`; returns what it gathered and Σ wₙ ln p(xₙ).
    fn fold<S: Send>(
        &self,
        sample: &Sample<'_>,
        nothing: impl Fn() -> S + Sync,
        gather: impl Fn(&Tile, &mut Joint, &mut S) + Sync,
        merge: impl Fn(&mut S, S) + Sync,
    ) -> (S, f64) {
        sample.fold_tiles(
            || (nothing(), 0.0),
            Joint::default,
            |(sums, log_likelihood), joint, tile| {
                let n = tile.n_packs();
                let weights = &mut joint.weights[..n];
                sample.pack_weights(tile, weights);
                self.log_joint(tile, &mut joint.block, &mut joint.scratch);
                *log_likelihood += normalize_joint(
                    &mut joint.block,
                    self.n_components(),
                    weights,
                    &mut joint.log_prob[..n],
                );
                gather(tile, joint, sums);
            },
            |total, leaf| {
                merge(&mut total.0, leaf.0);
                total.1 += leaf.1;
            },
        )
    }
}

impl<E: Emission> Latent for Mixture<E> {
    type Emission = E;
    type Data<'a> = &'a Sample<'a>;
    type Stats = Vec<E::Stats>;

    fn expect(
        &self,
        sample: Self::Data<'_>,
        belief: &impl Estimate<E>,
    ) -> Expectation<Self::Stats> {
        let evaluation = self.evaluation();
        let gathering = E::gathering(&self.components, belief.wanted());
        let (sums, log_likelihood) = evaluation.expect(sample, &gathering);
        let mut stats = gathering.statistics(&sums);
        // Rare: a component has moved far for its width. The second pass is about its new place.
        if let Some(gathering) = gathering.recentred(&stats) {
            stats = gathering.statistics(&evaluation.expect(sample, &gathering).0);
        }
        Expectation {
            stats,
            log_likelihood,
            weight: sample.total_weight(),
        }
    }

    fn mean_log_likelihood(&self, sample: Self::Data<'_>) -> f64 {
        self.evaluation().log_likelihood(sample) / sample.total_weight()
    }

    /// ln πₖ, then those of the components.
    fn coordinates(&self) -> Coordinates {
        let mut coordinates = Coordinates::default();
        for (&share, &log) in self.shares.values().iter().zip(self.shares.logs()) {
            coordinates.push(log.max(LEAST_LOG_SHARE), share);
        }
        for (component, &share) in self.components.iter().zip(self.shares.values()) {
            component.coordinates(share, &mut coordinates);
        }
        coordinates
    }

    fn at(&self, values: &[f64], belief: &impl Estimate<E>) -> Option<Self> {
        let (logs, rest) = values.split_at(self.components.len());
        let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let shares: Vec<f64> = logs.iter().map(|l| (l - largest).exp()).collect();
        if !shares.iter().all(|s| s.is_finite()) {
            return None;
        }
        let mut rest = rest.iter();
        let mut components = Vec::with_capacity(logs.len());
        for component in &self.components {
            let moved = component.at(&mut rest)?;
            if !belief.allows(&moved) {
                return None;
            }
            components.push(moved);
        }
        Some(Self::new(Shares::of_counts(&shares), components))
    }

    /// πₖ ∝ Nₖ and the belief's emissions; Bishop, PRML (9.24)–(9.27).
    fn maximize(stats: &Self::Stats, belief: &impl Estimate<E>) -> Result<Self, Collapse> {
        let counts: Vec<f64> = stats.iter().map(Statistics::weight).collect();
        Ok(Self::new(belief.shares(&counts), belief.emissions(stats)?))
    }
}
