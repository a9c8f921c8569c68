//! What is known of regimes: sums over what states remember.

use std::ops::Range;

use ndarray::{Array1, Array2};
use rayon::prelude::*;

use super::emit::LaidOut;
use super::{Hmm, Sequences};
use crate::chain::{Layout, Posterior};
use crate::emission::Emission;
use crate::error::GmmError;
use crate::log_space::log_sum_exp_by;

/// What rows say of their regimes.
#[derive(Debug, Clone, PartialEq)]
pub struct Posteriors {
    /// Probabilities of the regimes at each row, n × K.
    pub probabilities: Array2<f64>,
    /// ln p of the rows of each sequence, in nats.
    pub log_likelihoods: Vec<f64>,
}

/// The most probable regimes.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// The regime of each row.
    pub regimes: Vec<usize>,
    /// ln p of the rows of each sequence and of its regimes together, in nats.
    pub log_probabilities: Vec<f64>,
}

impl<E: Emission> Hmm<E> {
    /// The regimes in another order.
    pub(crate) fn reordered(&self, order: &[usize]) -> Result<Self, GmmError> {
        let mut sorted = order.to_vec();
        sorted.sort_unstable();
        if !sorted.into_iter().eq(0..self.chain().n_regimes()) {
            return Err(GmmError::InvalidParameter {
                name: "order",
                value: format!("{order:?}"),
                allowed: "every regime once",
            });
        }
        let k = order.len();
        // Every regime of a tuple is renamed.
        let old = |state: usize| {
            let mut place = 1;
            let mut rest = state;
            let mut old = 0;
            while place < self.chain().n_states() {
                old += order[rest % k] * place;
                rest /= k;
                place *= k;
            }
            old
        };
        let ranges: Vec<_> = self.ranges().collect();
        let states: Vec<usize> = (0..self.chain().n_states()).map(old).collect();
        let emissions = states
            .iter()
            .flat_map(|&s| self.emissions()[ranges[s].clone()].iter().cloned());
        let mixes = states.iter().map(|&s| self.mixes()[s].clone()).collect();
        Ok(Self::new(
            self.chain().reordered(order),
            mixes,
            emissions.collect(),
        ))
    }

    /// Posteriors of the regimes.
    pub(crate) fn of_regimes(&self, which: Posterior, data: &Sequences<'_>) -> Posteriors {
        let states = self.posteriors(which, data);
        Posteriors {
            probabilities: self.sums_over_memory(&states.values, data.sample().n_rows()),
            log_likelihoods: states.log_likelihoods,
        }
    }

    /// Sums over all but the present regime, n × K.
    fn sums_over_memory(&self, states: &[f64], n_rows: usize) -> Array2<f64> {
        let k = self.chain().n_regimes();
        let n = self.chain().n_states();
        let mut regimes = Array2::zeros((n_rows, k));
        for (mut row, states) in regimes.outer_iter_mut().zip(states.chunks_exact(n)) {
            for (c, p) in states.iter().enumerate() {
                row[c % k] += p;
            }
        }
        regimes
    }

    /// The most probable path of regimes.
    pub(crate) fn path(&self, data: &Sequences<'_>) -> Path {
        let k = self.chain().n_regimes();
        let (states, log_probabilities) = self.most_probable(data);
        Path {
            regimes: states.into_iter().map(|c| c % k).collect(),
            log_probabilities,
        }
    }

    /// ln p of each row given those before it, and given all others.
    pub(crate) fn log_predictive(&self, data: &Sequences<'_>) -> (Array1<f64>, Array1<f64>) {
        let mut before = Array1::zeros(data.sample().n_rows());
        let mut others = before.clone();
        self.each_around(data, |t, known, said| {
            if said.iter().all(|l| *l == 0.0) {
                // Nothing was seen.
                return;
            }
            let log_density = |states: &[f64]| {
                log_sum_exp_by(states.iter().zip(said).map(|(state, l)| state + l))
            };
            before[t] = log_density(known.before);
            others[t] = log_density(known.others);
        });
        (before, others)
    }

    /// Probabilities of the regimes of each row given those before it, and given all others.
    pub(crate) fn predicted_regimes(&self, data: &Sequences<'_>) -> (Array2<f64>, Array2<f64>) {
        let k = self.chain().n_regimes();
        let mut before = Array2::zeros((data.sample().n_rows(), k));
        let mut others = before.clone();
        self.each_around(data, |t, known, _| {
            for (c, (b, o)) in known.before.iter().zip(known.others).enumerate() {
                before[(t, c % k)] += b.exp();
                others[(t, c % k)] += o.exp();
            }
        });
        (before, others)
    }

    /// Visits each row with what the others say of its states, and ln p(x|s) of all of them.
    fn each_around(
        &self,
        data: &Sequences<'_>,
        mut visit: impl FnMut(usize, AroundRow<'_>, &[f64]),
    ) {
        let n = self.chain().n_states();
        let log_densities = LaidOut::log_densities(self, data.sample());
        let layout = Layout::new(self.chain());
        let ranges: Vec<_> = data.ranges().collect();
        let around =
            |range: &Range<usize>| layout.around(&log_densities[range.start * n..range.end * n]);
        let found: Vec<_> = ranges.par_iter().map(around).collect();
        for (range, around) in ranges.into_iter().zip(found) {
            for (i, t) in range.enumerate() {
                let row = AroundRow {
                    before: &around.before[i * n..][..n],
                    others: &around.others[i * n..][..n],
                };
                visit(t, row, &log_densities[t * n..][..n]);
            }
        }
    }
}

/// The logarithms of the probabilities of the states of a row, given those before it and given all others.
struct AroundRow<'a> {
    before: &'a [f64],
    others: &'a [f64],
}
