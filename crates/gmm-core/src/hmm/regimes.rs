//! What is known of regimes: sums over what states remember.

use ndarray::{Array1, Array2};

use super::emit::LaidOut;
use super::{Hmm, Sequences};
use crate::chain::{Layout, Posterior};
use crate::emission::Emission;
use crate::error::GmmError;
use crate::log_space::log_sum_exp_of;

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
    ///
    /// p(x_t|rest)⁻¹ = Σₛ γ_t(s)/p(x_t|s), since what the others say of s is proportional to γ_t(s)/p(x_t|s).
    pub(crate) fn log_predictive(&self, data: &Sequences<'_>) -> (Array1<f64>, Array1<f64>) {
        let mut before = Array1::zeros(data.sample().n_rows());
        let mut others = before.clone();
        self.each_predicted(data, |t, predicted, smoothed, said| {
            let joint: Vec<f64> = predicted
                .iter()
                .zip(said)
                .map(|(p, l)| p.ln() + l)
                .collect();
            before[t] = log_sum_exp_of(&joint);
            others[t] = -log_sum_exp_of(&left_out(smoothed, said));
        });
        (before, others)
    }

    /// Probabilities of the regimes of each row given those before it, and given all others.
    pub(crate) fn predicted_regimes(&self, data: &Sequences<'_>) -> (Array2<f64>, Array2<f64>) {
        let k = self.chain().n_regimes();
        let mut before = Array2::zeros((data.sample().n_rows(), k));
        let mut others = before.clone();
        self.each_predicted(data, |t, predicted, smoothed, said| {
            let logs = left_out(smoothed, said);
            let sum = log_sum_exp_of(&logs);
            for (c, (p, log)) in predicted.iter().zip(logs).enumerate() {
                before[(t, c % k)] += p;
                others[(t, c % k)] += (log - sum).exp();
            }
        });
        (before, others)
    }

    /// Visits each row with p(s|before), p(s|all) and ln p(x|s) of all states.
    fn each_predicted(
        &self,
        data: &Sequences<'_>,
        mut visit: impl FnMut(usize, &[f64], &[f64], &[f64]),
    ) {
        let n = self.chain().n_states();
        let log_densities = LaidOut::log_densities(self, data.sample());
        let filtered = self.posteriors(Posterior::Filtered, data).values;
        let smoothed = self.posteriors(Posterior::Smoothed, data).values;
        let layout = Layout::new(self.chain());
        let mut predicted = vec![0.0; n];
        for range in data.ranges() {
            for t in range.clone() {
                if t == range.start {
                    predicted.copy_from_slice(&self.chain().initial_states());
                } else {
                    layout.ahead(&filtered[(t - 1) * n..t * n], &mut predicted);
                }
                let at = t * n..(t + 1) * n;
                visit(t, &predicted, &smoothed[at.clone()], &log_densities[at]);
            }
        }
    }
}

/// ln of what all other rows say of the states of a row, up to a term: γ over its density.
///
/// Where rounding has left nothing of a state, it says nothing.
fn left_out(smoothed: &[f64], said: &[f64]) -> Vec<f64> {
    let log = |(g, l): (&f64, &f64)| {
        if *g > 0.0 {
            g.ln() - l
        } else {
            f64::NEG_INFINITY
        }
    };
    smoothed.iter().zip(said).map(log).collect()
}
