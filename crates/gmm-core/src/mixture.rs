//! A finite mixture of any emission.

use rayon::prelude::*;

use crate::background::Background;
use crate::emission::{
    Densities, Emission, Estimate, Expectation, Gathering, Height, Latent, Statistics, Sums,
};
use crate::error::Collapse;
use crate::log_space::{Evidence, log_sum_exp, normalize_joint, normalize_whole_rows};
use crate::observation::Observation;
use crate::sample::{Part, Sample};
use crate::shares::Shares;
use crate::simd::{Pack, flat, flat_mut};
use crate::squarem::Coordinates;
use crate::threads::between_loops;
use crate::tile::{Columns, Scratch, TILE_PACKS, Tile};

/// ln πₖ of a component without rows, as a coordinate.
const LEAST_LOG_SHARE: f64 = -700.0;

/// p(x) = Σₖ πₖ p(x|θₖ), and over all of it a uniform background where there is one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mixture<E> {
    /// πₖ, then the share of the background.
    shares: Shares,
    components: Vec<E>,
    background: Option<Background>,
}

/// What an E-step sums up.
#[derive(Debug, Clone)]
pub(crate) struct Tally<S> {
    /// The statistics of each component.
    pub(crate) components: Vec<S>,
    /// Expected number of rows of the background, where there is one.
    pub(crate) background: Option<f64>,
}

/// Posteriors that are less certain than those of a mixture (Ueda & Nakano, *Neural Networks* 11, 1998, (17)).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Softness {
    /// β < 1: they are in proportion to (πₖ p(x|θₖ))^β.
    pub(crate) power: f64,
    /// Those below count as 0, as what is far away would else have a little of every row.
    pub(crate) least: f64,
}

/// A mixture laid out for evaluation.
#[derive(Debug)]
pub(crate) struct Evaluation<'m, E: Emission> {
    shares: &'m Shares,
    densities: E::Densities,
    /// ln of share times density of the background.
    background: Option<f64>,
    /// While a start is softened.
    softness: Option<Softness>,
}

/// Buffers of one thread: ℓₙₖ or rₙₖ of a tile, and the density and the weight of each row.
#[derive(Debug, Default)]
pub(crate) struct Joint {
    block: Columns,
    log_prob: Vec<Pack>,
    weights: Vec<Pack>,
    scratch: Scratch,
}

impl Joint {
    /// With room for a column of log densities and one of weights.
    fn with_room(&mut self) -> &mut Self {
        self.log_prob.resize(TILE_PACKS, Pack::default());
        self.weights.resize(TILE_PACKS, Pack::default());
        self
    }
}

impl<S: Statistics> Tally<S> {
    fn merge(&mut self, other: &Self) {
        for (own, other) in self.components.iter_mut().zip(&other.components) {
            own.merge(other);
        }
        self.background = self.background.zip(other.background).map(|(a, b)| a + b);
    }
}

impl<E: Emission> Mixture<E> {
    /// There must be a share for each component and for the background.
    pub(crate) fn new(shares: Shares, components: Vec<E>, background: Option<Background>) -> Self {
        let n = components.len() + usize::from(background.is_some());
        debug_assert_eq!(shares.values().len(), n);
        Self {
            shares,
            components,
            background,
        }
    }

    /// πₖ of the components, then that of the background.
    pub(crate) fn shares(&self) -> &Shares {
        &self.shares
    }

    /// The components.
    pub(crate) fn components(&self) -> &[E] {
        &self.components
    }

    /// What lies under the components.
    pub(crate) fn background(&self) -> Option<&Background> {
        self.background.as_ref()
    }

    /// The mixture as something to be asked for densities.
    pub(crate) fn evaluation(&self) -> Evaluation<'_, E> {
        let log_share = self.shares.logs()[self.shares.logs().len() - 1];
        Evaluation {
            shares: &self.shares,
            densities: E::densities(&self.components),
            background: self
                .background
                .as_ref()
                .map(|b| log_share + b.log_density()),
            softness: None,
        }
    }

    /// The mixture as far as it can be seen.
    pub(crate) fn seen(&self, how: &Observation) -> Self {
        Self {
            shares: self.shares.clone(),
            components: self.components.iter().map(|c| c.seen(how)).collect(),
            background: self.background.as_ref().map(|b| b.seen(how)),
        }
    }

    /// ln p of what was seen of each row of a sample, and of its label, in nats; 0 for a row of which nothing was.
    pub(crate) fn log_densities(&self, sample: &Sample<'_>) -> Vec<f64> {
        let of = |mixture: &Self, rows: &Sample<'_>| {
            let evaluation = mixture.evaluation();
            let mut out = vec![0.0; rows.n_rows()];
            rows.map_tiles(1, &mut out, |joint: &mut Joint, tile, out| {
                let joint = joint.with_room();
                evaluation.log_joint(tile, &mut joint.block, &mut joint.scratch);
                rows.rule_out(tile, evaluation.n_columns(), &mut joint.block);
                out.copy_from_slice(evaluation.log_sum(tile, joint));
            });
            out
        };
        let Some(parts) = sample.parts() else {
            return of(self, sample);
        };
        let of_part = |part: &Part| of(&self.seen(part.how()), &part.sample(sample));
        let of_parts: Vec<Vec<f64>> = parts.par_iter().map(of_part).collect();
        let mut all = vec![0.0; sample.n_rows()];
        for (part, values) in parts.iter().zip(of_parts) {
            part.rows()
                .iter()
                .zip(values)
                .for_each(|(&row, l)| all[row] = l);
        }
        all
    }

    /// For each component the mean of ln p over its rows.
    pub(crate) fn mean_log_densities(&self, sample: &Sample<'_>) -> Vec<f64> {
        let k = self.components.len();
        let evaluation = self.evaluation();
        let trimmed = self.trimmed(sample);
        let sample = trimmed.as_ref().unwrap_or(sample);
        let sums = sample.fold_tiles(
            || vec![(0.0, 0.0); k],
            |sums, joint, tile| {
                let log_prob = evaluation.log_density(tile, joint).to_vec();
                let weights = sample.tile_weights(tile);
                for ((sum, of), column) in sums.iter_mut().zip(evaluation.posterior(tile, joint)) {
                    for ((r, w), l) in column.iter().zip(weights).zip(&log_prob) {
                        if *w > 0.0 {
                            *sum += w * r * l;
                            *of += w * r;
                        }
                    }
                }
            },
            |total, leaf| {
                for (a, b) in total.iter_mut().zip(leaf) {
                    *a = (a.0 + b.0, a.1 + b.1);
                }
            },
        );
        sums.into_iter()
            .map(|(sum, of)| sum / of.max(f64::MIN_POSITIVE))
            .collect()
    }

    /// What a sample says, as far as it was seen and is not trimmed.
    pub(crate) fn evidence(&self, sample: &Sample<'_>) -> Evidence {
        let trimmed = self.trimmed(sample);
        let sample = trimmed.as_ref().unwrap_or(sample);
        let Some(parts) = sample.parts() else {
            return self.evaluation().evidence(sample);
        };
        let of_part = |part: &Part| {
            let rows = part.sample(sample);
            if part.how().is_whole() {
                self.evaluation().evidence(&rows)
            } else {
                self.seen(part.how()).evaluation().evidence(&rows)
            }
        };
        let of_piece = |piece: &[Part]| piece.iter().map(of_part).sum();
        let pieces: Vec<Evidence> = parts.par_chunks(Part::PIECE).map(of_piece).collect();
        pieces.into_iter().sum()
    }

    /// Statistics of a sample and what it says, as far as it was seen.
    pub(crate) fn tally(
        &self,
        sample: &Sample<'_>,
        wanted: E::Wanted,
    ) -> (Tally<E::Stats>, Evidence) {
        let Some(parts) = sample.parts() else {
            return self.tally_of_whole(sample, wanted, None);
        };
        let of_part = |part: &Part| {
            let how = part.how();
            let rows = part.sample(sample);
            if how.is_whole() {
                return self.tally_of_whole(&rows, wanted, None);
            }
            let seen = self.seen(how);
            let (mut tally, evidence) =
                seen.tally_of_whole(&rows, E::wanted_of_seen(wanted, how), None);
            let components = self.components.iter().zip(&seen.components);
            for (stats, (whole, seen)) in tally.components.iter_mut().zip(components) {
                *stats = whole.completed(stats, how, seen, wanted);
            }
            (tally, evidence)
        };
        let merged = |mut total: (Tally<E::Stats>, Evidence), part: (Tally<E::Stats>, Evidence)| {
            total.0.merge(&part.0);
            total.1 += part.1;
            total
        };
        // In pieces that depend on the data alone, one after the other within each.
        let of_piece = |piece: &[Part]| piece.iter().map(of_part).reduce(merged);
        let pieces: Vec<_> = parts.par_chunks(Part::PIECE).map(of_piece).collect();
        let total = pieces.into_iter().flatten().reduce(merged);
        total.unwrap_or_else(|| self.tally_of_whole(sample, wanted, None))
    }

    /// The same where every row was seen whole and as it is, with softened posteriors if need be.
    pub(crate) fn tally_of_whole(
        &self,
        sample: &Sample<'_>,
        wanted: E::Wanted,
        softness: Option<Softness>,
    ) -> (Tally<E::Stats>, Evidence) {
        let mut evaluation = between_loops(sample.is_shared(), || self.evaluation());
        evaluation.softness = softness;
        let gathering = E::gathering(&self.components, wanted);
        let (sums, evidence) = evaluation.expect(sample, &gathering);
        let mut stats = gathering.statistics(&sums);
        // Rare: a component has moved far for its width. The second pass is about its new place.
        if let Some(gathering) = gathering.recentred(&stats) {
            stats = gathering.statistics(&evaluation.expect(sample, &gathering).0);
        }
        let in_components: f64 = stats.iter().map(Statistics::weight).sum();
        let background = (sample.total_weight() - in_components).max(0.0);
        let tally = Tally {
            components: stats,
            background: self.background.is_some().then_some(background),
        };
        (tally, evidence)
    }

    /// The sample without the least likely rows, if some of it is to be trimmed.
    fn trimmed<'s>(&self, sample: &'s Sample<'_>) -> Option<Sample<'s>> {
        let trimming = sample.trimming();
        (trimming > 0.0).then(|| sample.without_least(&self.log_densities(sample)))
    }

    fn height_at(&self, found: Evidence, weight: f64, belief: &impl Estimate<E>) -> Height {
        let log_prior = belief.log_prior(&self.shares, &self.components);
        Height {
            mean_log_likelihood: found.log_likelihood / weight,
            objective: (found.log_likelihood + log_prior) / weight,
            entropy: found.entropy,
        }
    }
}

impl<E: Emission> Evaluation<'_, E> {
    /// Components, and the background.
    fn n_columns(&self) -> usize {
        self.shares.values().len()
    }

    /// ℓₙₖ = ln πₖ + ln p(xₙ|θₖ).
    fn log_joint(&self, tile: &Tile, block: &mut Columns, scratch: &mut Scratch) {
        self.densities
            .log_densities(tile, self.shares.logs(), scratch, block);
        if let Some(constant) = self.background {
            let n = self.n_columns();
            block.resize(n, tile.n_packs());
            block.column_mut(n - 1).fill(Pack::splat(constant));
        }
    }

    /// ℓₙₖ of a tile, component by component.
    pub(crate) fn joint<'j>(
        &self,
        tile: &Tile,
        joint: &'j mut Joint,
    ) -> impl Iterator<Item = &'j [f64]> {
        self.log_joint(tile, &mut joint.block, &mut joint.scratch);
        joint.block.iter(self.n_columns()).map(flat)
    }

    /// rₙₖ of a tile, component by component; Bishop, PRML (9.23).
    pub(crate) fn posterior<'j>(
        &self,
        tile: &Tile,
        joint: &'j mut Joint,
    ) -> impl Iterator<Item = &'j [f64]> {
        let n = tile.n_packs();
        let joint = joint.with_room();
        self.log_joint(tile, &mut joint.block, &mut joint.scratch);
        joint.weights[..n].fill(Pack::splat(1.0));
        normalize_joint(
            &mut joint.block,
            0..self.n_columns(),
            &joint.weights[..n],
            &mut joint.log_prob[..n],
        );
        joint.block.iter(self.n_columns()).map(flat)
    }

    /// ln p(xₙ) of every row of a tile.
    pub(crate) fn log_density<'j>(&self, tile: &Tile, joint: &'j mut Joint) -> &'j [f64] {
        let joint = joint.with_room();
        self.log_joint(tile, &mut joint.block, &mut joint.scratch);
        self.log_sum(tile, joint)
    }

    /// ln Σₖ exp ℓₙₖ of every row of a tile.
    fn log_sum<'j>(&self, tile: &Tile, joint: &'j mut Joint) -> &'j [f64] {
        let out = &mut joint.log_prob[..tile.n_packs()];
        log_sum_exp(&joint.block, 0..self.n_columns(), out);
        &flat(out)[..tile.n_rows()]
    }

    /// What a sample says.
    pub(crate) fn evidence(&self, sample: &Sample<'_>) -> Evidence {
        self.fold(sample, || (), |_, _, ()| {}, |_, ()| {}).1
    }

    /// The E-step with one way of summing up.
    fn expect(
        &self,
        sample: &Sample<'_>,
        gathering: &E::Gathering,
    ) -> (<E::Gathering as Gathering>::Sums, Evidence) {
        self.fold(
            sample,
            || gathering.nothing(),
            |tile, joint, sums| gathering.gather(tile, &joint.block, &mut joint.scratch, sums),
            |total, leaf| total.merge(&leaf),
        )
    }

    /// Takes the posterior of every tile to `gather`; returns what it gathered and what the sample says.
    fn fold<S: Send>(
        &self,
        sample: &Sample<'_>,
        nothing: impl Fn() -> S + Sync,
        gather: impl Fn(&Tile, &mut Joint, &mut S) + Sync,
        merge: impl Fn(&mut S, S) + Sync,
    ) -> (S, Evidence) {
        sample.fold_tiles(
            || (nothing(), Evidence::default()),
            |(sums, evidence), joint: &mut Joint, tile| {
                let joint = joint.with_room();
                let n = tile.n_packs();
                let weights = &mut joint.weights[..n];
                let count_once = sample.pack_weights(tile, weights);
                self.log_joint(tile, &mut joint.block, &mut joint.scratch);
                sample.rule_out(tile, self.n_columns(), &mut joint.block);
                if let Some(Softness { power, .. }) = self.softness {
                    for column in joint.block.iter_mut(self.n_columns()) {
                        flat_mut(column).iter_mut().for_each(|l| *l *= power);
                    }
                }
                let (block, columns) = (&mut joint.block, 0..self.n_columns());
                *evidence += if count_once {
                    normalize_whole_rows(block, columns, weights)
                } else {
                    normalize_joint(block, columns, weights, &mut joint.log_prob[..n])
                };
                if let Some(Softness { least, .. }) = self.softness {
                    for column in joint.block.iter_mut(self.n_columns()) {
                        for (r, w) in flat_mut(column).iter_mut().zip(flat(&joint.weights)) {
                            *r = if *r < least * w { 0.0 } else { *r };
                        }
                    }
                }
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
    type Stats = Tally<E::Stats>;

    fn is_shared(sample: Self::Data<'_>) -> bool {
        sample.is_shared()
    }

    fn expect(
        &self,
        sample: Self::Data<'_>,
        belief: &impl Estimate<E>,
    ) -> Expectation<Self::Stats> {
        let trimmed = self.trimmed(sample);
        let sample = trimmed.as_ref().unwrap_or(sample);
        let (stats, evidence) = self.tally(sample, belief.wanted());
        Expectation {
            stats,
            height: self.height_at(evidence, sample.total_weight(), belief),
        }
    }

    fn height(&self, sample: Self::Data<'_>, belief: &impl Estimate<E>) -> Height {
        self.height_at(self.evidence(sample), sample.kept_weight(), belief)
    }

    /// ln πₖ, then those of the components.
    fn coordinates(&self) -> Coordinates {
        let n = self.components.len();
        let mut coordinates = Coordinates::default();
        coordinates.reserve(3 * self.shares.values().len());
        for (&share, &log) in self.shares.values().iter().zip(self.shares.logs()) {
            coordinates.push(log.max(LEAST_LOG_SHARE), share);
        }
        let states = self.components.iter().zip(self.shares.values());
        for (k, (component, &share)) in states.enumerate() {
            let before = coordinates.values.len();
            component.coordinates(share, &mut coordinates);
            if k == 0 {
                // The others have as many.
                coordinates.reserve((n - 1) * (coordinates.values.len() - before));
            }
        }
        coordinates
    }

    fn at(&self, values: &[f64], belief: &impl Estimate<E>) -> Option<Self> {
        let (logs, rest) = values.split_at(self.shares.values().len());
        let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let shares: Vec<f64> = logs.iter().map(|l| (l - largest).exp()).collect();
        if !shares.iter().all(|s| s.is_finite()) {
            return None;
        }
        let mut rest = rest.iter();
        let moved = self.components.iter().map(|c| c.at(&mut rest));
        let (shares, components) = belief.admitted(&shares, moved.collect::<Option<_>>()?)?;
        Some(Self::new(shares, components, self.background.clone()))
    }

    /// πₖ ∝ Nₖ and the belief's emissions; Bishop, PRML (9.24)–(9.27).
    fn maximize(
        stats: &Self::Stats,
        belief: &impl Estimate<E>,
        now: Option<&Self>,
    ) -> Result<Self, Collapse> {
        let mut counts: Vec<f64> = stats.components.iter().map(Statistics::weight).collect();
        counts.extend(stats.background);
        let background = stats.background.and(belief.background()).cloned();
        let now = now.map(Self::components);
        let emissions = belief.emissions(&stats.components, now)?;
        Ok(Self::new(belief.shares(&counts), emissions, background))
    }
}
