//! What the rows say of the states, and what the states take of the rows.

use std::ops::Range;

use rayon::prelude::*;

use super::Hmm;
use crate::emission::{Densities, Emission, Gathering, Statistics, Sums};
use crate::log_space::{log_sum_exp, normalize_joint};
use crate::observation::Observation;
use crate::sample::{Part, Sample};
use crate::simd::{Pack, flat, flat_mut};
use crate::tile::{Columns, Scratch, TILE_PACKS, Tile};

/// The emissions of a model, laid out for evaluation.
#[derive(Debug)]
pub(super) struct LaidOut<E: Emission> {
    densities: E::Densities,
    /// ln of the share of each emission in its state.
    offsets: Vec<f64>,
    /// The emissions of each state.
    ranges: Vec<Range<usize>>,
    n_regimes: usize,
}

/// Buffers of one thread.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    emissions: Columns,
    states: Columns,
    log_prob: Vec<Pack>,
    weights: Vec<Pack>,
    scratch: Scratch,
}

impl<E: Emission> LaidOut<E> {
    pub(super) fn new(hmm: &Hmm<E>) -> Self {
        Self {
            densities: E::densities(&hmm.emissions),
            offsets: hmm
                .mixes
                .iter()
                .flat_map(|mix| mix.logs())
                .copied()
                .collect(),
            ranges: hmm.ranges().collect(),
            n_regimes: hmm.chain.n_regimes(),
        }
    }

    /// Whether each state has one emission.
    fn is_plain(&self) -> bool {
        self.offsets.len() == self.ranges.len()
    }

    /// For each row S + 1 numbers: p(x|s) over their sum, and the logarithm of that; for a row of which nothing was
    /// seen, what says nothing but its label.
    pub(super) fn evidence(hmm: &Hmm<E>, sample: &Sample<'_>) -> Vec<f64> {
        let n = hmm.chain.n_states();
        let mut nothing = vec![1.0; n + 1];
        nothing[n] = 0.0;
        Self::each(hmm, sample, (&nothing, 0.0), |buffers, tile, out| {
            let packs = tile.n_packs();
            buffers.weights.resize(TILE_PACKS, Pack::default());
            buffers.weights.fill(Pack::splat(1.0));
            buffers.log_prob.resize(TILE_PACKS, Pack::default());
            let log_prob = &mut buffers.log_prob[..packs];
            normalize_joint(
                &mut buffers.states,
                0..n,
                &buffers.weights[..packs],
                log_prob,
            );
            let columns = buffers.states.iter(n).chain([&*log_prob]);
            transpose(columns, n + 1, out);
        })
    }

    /// For each row ln p(x|s), n × S.
    pub(super) fn log_densities(hmm: &Hmm<E>, sample: &Sample<'_>) -> Vec<f64> {
        let n = hmm.chain.n_states();
        let nothing = vec![0.0; n];
        Self::each(
            hmm,
            sample,
            (&nothing, f64::NEG_INFINITY),
            |buffers, _, out| {
                transpose(buffers.states.iter(n), n, out);
            },
        )
    }

    /// Writes for each row what `write` makes of the logarithms of the densities of all states, in as many numbers as
    /// `nothing` has: that of a row of which nothing was seen, with `ruled_out` for states that its label rules out.
    fn each(
        hmm: &Hmm<E>,
        sample: &Sample<'_>,
        (nothing, ruled_out): (&[f64], f64),
        write: impl Fn(&mut Buffers, &Tile, &mut [f64]) + Sync,
    ) -> Vec<f64> {
        let width = nothing.len();
        let of = |hmm: &Hmm<E>, rows: &Sample<'_>| {
            let laid_out = Self::new(hmm);
            let mut out = vec![0.0; rows.n_rows() * width];
            rows.map_tiles(width, &mut out, |buffers: &mut Buffers, tile, out| {
                laid_out.states(rows, tile, buffers);
                write(buffers, tile, out);
            });
            out
        };
        let Some(parts) = sample.parts() else {
            return of(hmm, sample);
        };
        let of_part = |part: &Part| of(&hmm.seen(part.how()), &part.sample(sample));
        let of_parts: Vec<Vec<f64>> = parts.par_iter().map(of_part).collect();
        let mut all = nothing.repeat(sample.n_rows());
        for (part, values) in parts.iter().zip(of_parts) {
            for (&row, values) in part.rows().iter().zip(values.chunks_exact(width)) {
                all[row * width..][..width].copy_from_slice(values);
            }
        }
        let (n, k) = (hmm.chain.n_states(), hmm.chain.n_regimes());
        let is_seen = sample.is_seen(parts);
        let labels = sample.labels().into_iter().flatten().enumerate();
        for (row, label) in labels.filter(|(row, _)| !is_seen[*row]) {
            let Some(label) = *label else { continue };
            let states = all[row * width..][..n].iter_mut().enumerate();
            let others = states.filter(|(c, _)| c % k != label);
            others.for_each(|(_, said)| *said = ruled_out);
        }
        all
    }

    /// The columns of ln p(x|s).
    fn log_states(&self, tile: &Tile, buffers: &mut Buffers) {
        let n = self.ranges.len();
        let Buffers {
            emissions,
            states,
            scratch,
            ..
        } = buffers;
        if self.is_plain() {
            self.densities
                .log_densities(tile, &self.offsets, scratch, states);
        } else {
            self.densities
                .log_densities(tile, &self.offsets, scratch, emissions);
            states.resize(n, tile.n_packs());
            for (column, range) in states.iter_mut(n).zip(&self.ranges) {
                log_sum_exp(emissions, range.clone(), column);
            }
        }
    }

    /// ln p(x|s) of the one row of a tile.
    pub(super) fn log_states_of_row(&self, tile: &Tile, buffers: &mut Buffers) -> Vec<f64> {
        self.log_states(tile, buffers);
        let n = self.ranges.len();
        buffers
            .states
            .iter(n)
            .map(|column| flat(column)[0])
            .collect()
    }

    /// The columns of ln p(x|s), as often as each row was observed, and without what labels rule out.
    fn states(&self, sample: &Sample<'_>, tile: &Tile, buffers: &mut Buffers) {
        let n = self.ranges.len();
        self.log_states(tile, buffers);
        let Buffers {
            states, weights, ..
        } = buffers;
        if sample.is_weighted() {
            weights.resize(TILE_PACKS, Pack::default());
            sample.pack_weights(tile, &mut weights[..tile.n_packs()]);
            for column in states.iter_mut(n) {
                for (l, w) in flat_mut(column).iter_mut().zip(flat(weights)) {
                    // Not 0·∞.
                    *l = if *w > 0.0 { *l * w } else { 0.0 };
                }
            }
        }
        if let Some(labels) = sample.labels() {
            let labels = &labels[tile.first_row()..][..tile.n_rows()];
            let k = self.n_regimes;
            for (c, column) in states.iter_mut(n).enumerate() {
                for (l, label) in flat_mut(column).iter_mut().zip(labels) {
                    if label.is_some_and(|label| label != c % k) {
                        *l = f64::NEG_INFINITY;
                    }
                }
            }
        }
    }

    /// The weights of the rows of a tile for each emission: the posterior of its state, and of it there.
    fn weights(
        &self,
        (sample, numbers): (&Sample<'_>, Option<&[usize]>),
        posteriors: &[f64],
        tile: &Tile,
        buffers: &mut Buffers,
    ) {
        let n = self.ranges.len();
        let n_packs = tile.n_packs();
        let Buffers {
            emissions,
            states,
            log_prob,
            weights,
            scratch,
        } = buffers;
        states.resize(n, n_packs);
        weights.resize(TILE_PACKS, Pack::default());
        sample.pack_weights(tile, &mut weights[..n_packs]);
        let multiplicity = flat(weights);
        for (s, column) in states.iter_mut(n).enumerate() {
            let column = flat_mut(column);
            column[tile.n_rows()..].fill(0.0);
            for (i, out) in column[..tile.n_rows()].iter_mut().enumerate() {
                let at = tile.first_row() + i;
                let row = numbers.map_or(at, |numbers| numbers[at]);
                *out = multiplicity[i] * posteriors[row * n + s];
            }
        }
        if self.is_plain() {
            return;
        }
        log_prob.resize(TILE_PACKS, Pack::default());
        self.densities
            .log_densities(tile, &self.offsets, scratch, emissions);
        for (range, weights) in self.ranges.iter().zip(states.iter(n)) {
            normalize_joint(emissions, range.clone(), weights, &mut log_prob[..n_packs]);
        }
    }

    /// The statistics of the emissions, from the posteriors of the states, n × S.
    pub(super) fn statistics(
        hmm: &Hmm<E>,
        sample: &Sample<'_>,
        posteriors: &[f64],
        wanted: E::Wanted,
    ) -> Vec<E::Stats> {
        let Some(parts) = sample.parts() else {
            return Self::new(hmm).statistics_of(hmm, (sample, None), posteriors, wanted);
        };
        let of_part = |part: &Part| {
            let (how, rows) = (part.how(), part.sample(sample));
            let rows = (&rows, Some(part.rows()));
            if how.is_whole() {
                return Self::new(hmm).statistics_of(hmm, rows, posteriors, wanted);
            }
            let seen = hmm.seen(part.how());
            let wanted_of_seen = E::wanted_of_seen(wanted, how);
            let mut stats = Self::new(&seen).statistics_of(&seen, rows, posteriors, wanted_of_seen);
            for (stats, (whole, seen)) in stats
                .iter_mut()
                .zip(hmm.emissions.iter().zip(&seen.emissions))
            {
                *stats = whole.completed(stats, how, seen, wanted);
            }
            stats
        };
        let merged = |mut total: Vec<E::Stats>, part: Vec<E::Stats>| {
            total.iter_mut().zip(&part).for_each(|(a, b)| a.merge(b));
            total
        };
        // In pieces that depend on the data alone, one after the other within each.
        let of_piece = |piece: &[Part]| piece.iter().map(of_part).reduce(merged);
        let pieces: Vec<_> = parts.par_chunks(Part::PIECE).map(of_piece).collect();
        let total = pieces.into_iter().flatten().reduce(merged);
        total.unwrap_or_else(|| {
            Self::new(hmm).statistics_of(hmm, (sample, None), posteriors, wanted)
        })
    }

    fn statistics_of(
        &self,
        hmm: &Hmm<E>,
        rows: (&Sample<'_>, Option<&[usize]>),
        posteriors: &[f64],
        wanted: E::Wanted,
    ) -> Vec<E::Stats> {
        let gathering = E::gathering(&hmm.emissions, wanted);
        let gather = |gathering: &E::Gathering| {
            let sums = rows.0.fold_tiles(
                || gathering.nothing(),
                |sums, buffers: &mut Buffers, tile| {
                    self.weights(rows, posteriors, tile, buffers);
                    let Buffers {
                        emissions,
                        states,
                        scratch,
                        ..
                    } = buffers;
                    let weights = if self.is_plain() { states } else { emissions };
                    gathering.gather(tile, weights, scratch, sums);
                },
                |total, leaf| total.merge(&leaf),
            );
            gathering.statistics(&sums)
        };
        let stats = gather(&gathering);
        // Rare: an emission has moved far for its width.
        match gathering.recentred(&stats) {
            Some(near) => gather(&near),
            None => stats,
        }
    }
}

impl<E: Emission> Hmm<E> {
    /// The model as far as it can be seen.
    pub(super) fn seen(&self, how: &Observation) -> Self {
        Self {
            emissions: self.emissions.iter().map(|e| e.seen(how)).collect(),
            ..self.clone()
        }
    }
}

/// Columns as rows.
fn transpose<'c>(columns: impl Iterator<Item = &'c [Pack]>, width: usize, out: &mut [f64]) {
    for (s, column) in columns.enumerate() {
        for (row, x) in out.chunks_exact_mut(width).zip(flat(column)) {
            row[s] = *x;
        }
    }
}
