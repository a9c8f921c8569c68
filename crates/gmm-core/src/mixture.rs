//! A finite mixture of any emission.

use crate::emission::{Emission, Estimate, Expectation, Latent, Statistics};
use crate::error::Collapse;
use crate::log_space::{log_sum_exp, normalize_joint};
use crate::shares::Shares;
use crate::tile::{Sample, Scratch, TILE_ROWS, Tile};

/// p(x) = Σₖ πₖ p(x|θₖ).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mixture<E> {
    shares: Shares,
    components: Vec<E>,
}

/// Buffers of one thread: ℓₙₖ of a tile, and the density of each row.
#[derive(Debug)]
pub(crate) struct Joint {
    block: Vec<f64>,
    log_prob: Vec<f64>,
    scratch: Scratch,
}

impl Joint {
    pub(crate) fn new(n_components: usize) -> Self {
        Self {
            block: vec![0.0; n_components * TILE_ROWS],
            log_prob: vec![0.0; TILE_ROWS],
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

    /// Calls `visit(ln p(xₙ), rₙₖ component by component)` for a tile; Bishop, PRML (9.23).
    pub(crate) fn posterior<T>(
        &self,
        tile: &Tile,
        joint: &mut Joint,
        visit: impl FnOnce(&[f64], &[f64], &mut Scratch) -> T,
    ) -> T {
        let n = tile.n_rows();
        let Joint {
            block,
            log_prob,
            scratch,
        } = joint;
        let block = self.log_joint(tile, block, scratch);
        normalize_joint(block, n, &mut log_prob[..n]);
        visit(&log_prob[..n], block, scratch)
    }

    /// Writes ln p(xₙ) of every row of a tile.
    pub(crate) fn log_density(&self, tile: &Tile, joint: &mut Joint, out: &mut [f64]) {
        let Joint { block, scratch, .. } = joint;
        let block = self.log_joint(tile, block, scratch);
        log_sum_exp(block, tile.n_rows(), out);
    }

    /// ℓₙₖ = ln πₖ + ln p(xₙ|θₖ), component by component.
    fn log_joint<'b>(
        &self,
        tile: &Tile,
        block: &'b mut [f64],
        scratch: &mut Scratch,
    ) -> &'b mut [f64] {
        let n = tile.n_rows();
        let block = &mut block[..n * self.components.len()];
        for ((column, component), &log_share) in block
            .chunks_exact_mut(n)
            .zip(&self.components)
            .zip(self.shares.logs())
        {
            component.log_density(tile, scratch, column);
            column.iter_mut().for_each(|l| *l += log_share);
        }
        block
    }
}

impl<E: Emission> Latent for Mixture<E> {
    type Emission = E;
    type Data<'a> = &'a Sample<'a>;
    type Stats = Vec<E::Stats>;

    fn expect(&self, sample: Self::Data<'_>) -> Expectation<Self::Stats> {
        let none = || Expectation {
            stats: self
                .components
                .iter()
                .map(E::no_statistics)
                .collect::<Vec<_>>(),
            log_likelihood: 0.0,
            weight: 0.0,
        };
        sample.fold_tiles(
            none,
            || Joint::new(self.components.len()),
            |seen, joint, tile| {
                let weights = sample.tile_weights(tile);
                let mut weighted = [0.0; TILE_ROWS];
                let weighted = &mut weighted[..tile.n_rows()];
                self.posterior(tile, joint, |log_prob, responsibilities, scratch| {
                    for ((l, w), out) in log_prob.iter().zip(weights).zip(weighted.iter_mut()) {
                        // A row of weight 0 says nothing, even where its density is 0.
                        *out = if *w > 0.0 { l * w } else { 0.0 };
                    }
                    seen.log_likelihood += weighted.iter().sum::<f64>();
                    seen.weight += weights.iter().sum::<f64>();
                    for ((component, r), stats) in self
                        .components
                        .iter()
                        .zip(responsibilities.chunks_exact(tile.n_rows()))
                        .zip(&mut seen.stats)
                    {
                        for ((out, r), w) in weighted.iter_mut().zip(r).zip(weights) {
                            *out = r * w;
                        }
                        component.gather(tile, weighted, scratch, stats);
                    }
                });
            },
            |total, block| {
                total.log_likelihood += block.log_likelihood;
                total.weight += block.weight;
                for (a, b) in total.stats.iter_mut().zip(&block.stats) {
                    a.merge(b);
                }
            },
        )
    }

    /// πₖ ∝ Nₖ and the belief's emissions; Bishop, PRML (9.24)–(9.27).
    fn maximize(stats: &Self::Stats, belief: &impl Estimate<E>) -> Result<Self, Collapse> {
        let counts: Vec<f64> = stats.iter().map(Statistics::weight).collect();
        Ok(Self::new(belief.shares(&counts), belief.emissions(stats)?))
    }
}
