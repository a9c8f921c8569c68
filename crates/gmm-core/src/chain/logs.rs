//! The recursions in logarithms, for where scaling would lose a way that is improbable for long and right in the end.

use super::estimate::Counts;
use super::passes::{Layout, Posterior, Smoothed};
use crate::log_space::{log_sum_exp_by, log_sum_exp_of};

/// What the other rows say of the states of each, in logarithms, T × S each.
#[derive(Debug, Clone, Default)]
pub(crate) struct Around {
    /// ln p(s_t|the rows before it).
    pub(crate) before: Vec<f64>,
    /// ln p(s_t|all rows but it).
    pub(crate) others: Vec<f64>,
}

impl Layout {
    /// ln p(s_t) for all s_t from ln p(s_{t−1}).
    pub(crate) fn log_ahead(&self, from: &[f64], to: &mut [f64]) {
        for (c, to) in to.iter_mut().enumerate() {
            let ways = self.sources(c);
            *to = log_sum_exp_by(ways.map(|(source, step)| from[source] + self.log_matrix[step]));
        }
    }

    /// ln p(s_t|s_{t−1})·w(s_t) for each s_{t−1} and s_t that may follow, row by row.
    fn log_ways_behind(&self, log_weights: &[f64], out: &mut [f64]) {
        let k = self.n_regimes;
        for (c, out) in out.chunks_exact_mut(k).enumerate() {
            let row = &self.log_matrix[(c % k) * k..][..k];
            let weights = &log_weights[k * (c % self.block)..][..k];
            let ways = out.iter_mut().zip(row.iter().zip(weights));
            ways.for_each(|(way, (a, w))| *way = a + w);
        }
    }

    /// What the others say of the states of each row, whatever it says itself, from ln p(x_t|s), T × S.
    pub(crate) fn around(&self, log_densities: &[f64]) -> Around {
        let n = self.n_states();
        let said = Said::of(log_densities, n);
        let mut before = vec![0.0; log_densities.len()];
        let mut known = vec![0.0; log_densities.len()];
        forward(self, (&said, log_densities), |t, predicted, now| {
            before[t * n..][..n].copy_from_slice(predicted);
            known[t * n..][..n].copy_from_slice(now);
        });
        let mut others = before.clone();
        let mut counts = Counts::new(self.n_regimes);
        let later = (&said, log_densities);
        backward(self, later, &mut known, &mut counts, |t, beta| {
            let others = &mut others[t * n..][..n];
            others.iter_mut().zip(beta).for_each(|(o, b)| *o += b);
            normalize(others);
        });
        before.chunks_exact_mut(n).for_each(normalize);
        Around { before, others }
    }
}

/// Takes their sum from logarithms.
pub(crate) fn normalize(logs: &mut [f64]) {
    let sum = log_sum_exp_of(&*logs);
    logs.iter_mut().for_each(|l| *l -= sum);
}

/// As [`Layout::in_logs`], from ln p(x_t|s).
pub(super) fn posteriors(
    layout: &Layout,
    which: Posterior,
    log_densities: &[f64],
    out: &mut [f64],
) -> Smoothed {
    let n = layout.n_states();
    let said = Said::of(log_densities, n);
    let log_likelihood = forward(layout, (&said, log_densities), |t, _, now| {
        out[t * n..][..n].copy_from_slice(now);
    });
    let mut counts = Counts::new(layout.n_regimes);
    if which == Posterior::Smoothed {
        let later = (&said, log_densities);
        backward(layout, later, out, &mut counts, |_, _| {});
    }
    out.iter_mut().for_each(|l| *l = l.exp());
    Smoothed {
        log_likelihood,
        counts,
    }
}

/// Visits each time with ln p(s_t|the rows before it) and ln α_t; returns the log-likelihood.
fn forward(
    layout: &Layout,
    (said, log_densities): (&Said, &[f64]),
    mut visit: impl FnMut(usize, &[f64], &[f64]),
) -> f64 {
    let mut log_likelihood = 0.0;
    let mut predicted: Vec<f64> = layout.initial.iter().map(|p| p.ln()).collect();
    let mut now = predicted.clone();
    for t in 0..said.is_silent.len() {
        if t > 0 {
            layout.log_ahead(&now, &mut predicted);
        }
        let densities = said.at(t, log_densities);
        for (now, (p, l)) in now.iter_mut().zip(predicted.iter().zip(densities)) {
            *now = p + l;
        }
        let sum = log_sum_exp_of(&now);
        log_likelihood += if said.is_silent(t) {
            f64::NEG_INFINITY
        } else {
            sum
        };
        if sum == f64::NEG_INFINITY {
            // No way leads here: the row says nothing.
            now.copy_from_slice(&predicted);
            normalize(&mut now);
        } else {
            now.iter_mut().for_each(|l| *l -= sum);
        }
        visit(t, &predicted, &now);
    }
    log_likelihood
}

/// Which rows say anything: not those that every state gives density 0.
struct Said {
    is_silent: Vec<bool>,
    nothing: Vec<f64>,
}

impl Said {
    fn of(log_densities: &[f64], n_states: usize) -> Self {
        let silent = |row: &[f64]| row.iter().all(|l| *l == f64::NEG_INFINITY);
        Self {
            is_silent: log_densities.chunks_exact(n_states).map(silent).collect(),
            nothing: vec![0.0; n_states],
        }
    }

    fn is_silent(&self, t: usize) -> bool {
        self.is_silent[t]
    }

    fn at<'l>(&'l self, t: usize, log_densities: &'l [f64]) -> &'l [f64] {
        if self.is_silent(t) {
            return &self.nothing;
        }
        let n = self.nothing.len();
        &log_densities[t * n..][..n]
    }
}

/// ln γ_t in place of ln α_t, and the expected counts; visits each time with ln β_t.
fn backward(
    layout: &Layout,
    (said, log_densities): (&Said, &[f64]),
    out: &mut [f64],
    counts: &mut Counts,
    mut visit: impl FnMut(usize, &[f64]),
) {
    let (n, k) = (layout.n_states(), layout.n_regimes);
    let n_times = out.len() / n;
    let mut weights = vec![0.0; n];
    let mut ways = vec![0.0; n * k];
    let mut beta = vec![0.0; n];
    for t in (0..n_times).rev() {
        let alpha = &mut out[t * n..][..n];
        if t + 1 < n_times {
            layout.log_ways_behind(&weights, &mut ways);
            for (beta, ways) in beta.iter_mut().zip(ways.chunks_exact(k)) {
                *beta = log_sum_exp_of(ways);
            }
            let overlap = log_sum_exp_by(alpha.iter().zip(&beta).map(|(a, b)| a + b));
            if overlap == f64::NEG_INFINITY {
                // What comes later cannot follow: it says nothing of the time before.
                beta.fill(0.0);
            } else {
                if layout.block == 1 {
                    for (pair, way) in ways.iter().enumerate() {
                        counts.transitions[pair] += (alpha[pair / k] + way - overlap).exp();
                    }
                }
                beta.iter_mut().for_each(|l| *l -= overlap);
            }
            alpha.iter_mut().zip(&beta).for_each(|(a, b)| *a += b);
        }
        visit(t, &beta);
        if layout.block > 1 || t == 0 {
            let gamma: Vec<f64> = alpha.iter().map(|l| l.exp()).collect();
            if layout.block > 1 {
                counts.add_newest_pairs(&gamma, k);
            }
            if t == 0 {
                counts.add_first(&gamma, k, layout.block);
            }
        }
        let densities = said.at(t, log_densities);
        for (weight, (b, l)) in weights.iter_mut().zip(beta.iter().zip(densities)) {
            *weight = b + l;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::{Chain, Layout};
    use ndarray::array;
    use rand::{Rng, SeedableRng};
    use rand_xoshiro::Xoshiro256Plus;

    fn evidence(log_densities: &[f64], n: usize) -> Vec<f64> {
        let rows = log_densities.chunks_exact(n).flat_map(|row| {
            let sum = log_sum_exp_of(row);
            row.iter().map(move |l| (l - sum).exp()).chain([sum])
        });
        rows.collect()
    }

    #[test]
    fn both_ways_and_all_paths_agree() {
        let mut rng = Xoshiro256Plus::seed_from_u64(3);
        let plain = Chain::new(array![0.3, 0.7], array![[0.8, 0.2], [0.35, 0.65]].view()).unwrap();
        for memory in [0, 1, 2, 3] {
            let chain = plain.clone().with_memory(memory);
            let layout = Layout::new(&chain);
            let (n, n_times) = (chain.n_states(), 5);
            let log_densities: Vec<f64> =
                (0..n * n_times).map(|_| rng.gen_range(-4.0..1.0)).collect();
            let evidence = evidence(&log_densities, n);
            let (mut scaled, mut logs) = (vec![0.0; n * n_times], vec![0.0; n * n_times]);
            let a = layout
                .scaled(Posterior::Smoothed, &evidence, &mut scaled)
                .unwrap();
            let b = posteriors(&layout, Posterior::Smoothed, &log_densities, &mut logs);
            // Every path of regimes, those before the first row among them.
            let (mut total, mut counts, mut gamma) = (0.0, Counts::new(2), vec![0.0; n * n_times]);
            for path in 0..2_usize.pow((n_times + memory) as u32) {
                let at = |t: usize| path >> t & 1;
                let mut p = chain.initial()[at(0)];
                (1..n_times + memory).for_each(|t| p *= chain.row(at(t - 1))[at(t)]);
                let state = |t: usize| {
                    (0..=memory)
                        .map(|back| at(t + memory - back) << back)
                        .sum::<usize>()
                };
                (0..n_times).for_each(|t| p *= log_densities[t * n + state(t)].exp());
                total += p;
                counts.initial[at(0)] += p;
                (1..n_times + memory).for_each(|t| counts.transitions[at(t - 1) * 2 + at(t)] += p);
                (0..n_times).for_each(|t| gamma[t * n + state(t)] += p);
            }
            for found in [&a, &b] {
                assert!((found.log_likelihood - total.ln()).abs() < 1e-12);
                for (x, y) in found.counts.transitions.iter().zip(&counts.transitions) {
                    assert!((x - y / total).abs() < 1e-12, "{memory} {x} {}", y / total);
                }
                for (x, y) in found.counts.initial.iter().zip(&counts.initial) {
                    assert!((x - y / total).abs() < 1e-12);
                }
            }
            for (x, y) in scaled.iter().chain(&logs).zip(gamma.iter().chain(&gamma)) {
                assert!((x - y / total).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn a_way_that_seems_lost_is_found_in_logarithms() {
        // Regime 0 is improbable at first by e⁻⁹⁰⁰, and only from it the end can be reached.
        let chain = Chain::new(array![0.5, 0.5], array![[1.0, 0.0], [0.0, 1.0]].view()).unwrap();
        let log_densities = [-900.0, 0.0, 0.0, -2000.0];
        let evidence = evidence(&log_densities, 2);
        let mut out = vec![0.0; 4];
        let layout = Layout::new(&chain);
        assert!(
            layout
                .scaled(Posterior::Smoothed, &evidence, &mut out)
                .is_none()
        );
        let found = layout.in_logs(Posterior::Smoothed, &log_densities, &mut out);
        assert!((found.log_likelihood - (0.5_f64.ln() - 900.0)).abs() < 1e-9);
        assert_eq!(out, [1.0, 0.0, 1.0, 0.0]);
    }

    #[test]
    fn what_cannot_be_has_no_likelihood_and_yet_posteriors() {
        let chain = Chain::new(array![1.0, 0.0], array![[0.5, 0.5], [0.0, 1.0]].view()).unwrap();
        let none = f64::NEG_INFINITY;
        // Impossible in any state; then impossible where one must be.
        for log_densities in [
            [0.0, 0.0, none, none, 0.0, 0.0],
            [none, 0.0, 0.0, 0.0, 0.0, 0.0],
        ] {
            let mut out = vec![0.0; 6];
            let found = posteriors(
                &Layout::new(&chain),
                Posterior::Smoothed,
                &log_densities,
                &mut out,
            );
            assert_eq!(found.log_likelihood, none);
            for row in out.chunks_exact(2) {
                assert!((row[0] + row[1] - 1.0).abs() < 1e-12, "{out:?}");
            }
        }
    }
}
