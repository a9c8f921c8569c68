//! The recursions in logarithms, for where scaling would lose a way that is improbable for long and right in the end.

use super::estimate::Counts;
use super::passes::{Layout, Posterior, Smoothed};
use crate::log_space::log_sum_exp_of;

/// As [`Layout::in_logs`], from ln p(x_t|s).
pub(super) fn posteriors(
    layout: &Layout,
    which: Posterior,
    log_densities: &[f64],
    out: &mut [f64],
) -> Smoothed {
    let (n, k) = (layout.n_states(), layout.n_regimes);
    let log_matrix: Vec<f64> = layout.matrix.iter().map(|a| a.ln()).collect();
    let said = Said::of(log_densities, n);
    let mut log_likelihood = 0.0;
    let mut before: Vec<f64> = Vec::new();
    for (t, alpha) in out.chunks_exact_mut(n).enumerate() {
        let predicted: Vec<f64> = if t == 0 {
            layout.initial.iter().map(|p| p.ln()).collect()
        } else {
            (0..n)
                .map(|c| {
                    log_sum_exp_of(
                        &layout
                            .sources(c)
                            .map(|(from, step)| before[from] + log_matrix[step])
                            .collect::<Vec<_>>(),
                    )
                })
                .collect()
        };
        let densities = said.at(t, log_densities);
        let mut now: Vec<f64> = predicted
            .iter()
            .zip(densities)
            .map(|(p, l)| p + l)
            .collect();
        let mut sum = log_sum_exp_of(&now);
        log_likelihood += if said.is_silent(t) {
            f64::NEG_INFINITY
        } else {
            sum
        };
        if sum == f64::NEG_INFINITY {
            // No way leads here: the row says nothing.
            (now, sum) = (predicted, 0.0);
        }
        now.iter_mut().for_each(|l| *l -= sum);
        alpha.copy_from_slice(&now);
        before = now;
    }
    let mut counts = Counts::new(k);
    if which == Posterior::Smoothed {
        backward(
            layout,
            &log_matrix,
            (&said, log_densities),
            out,
            &mut counts,
        );
    }
    out.iter_mut().for_each(|l| *l = l.exp());
    Smoothed {
        log_likelihood,
        counts,
    }
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

/// ln γ_t in place of ln α_t, and the expected counts.
fn backward(
    layout: &Layout,
    log_matrix: &[f64],
    (said, log_densities): (&Said, &[f64]),
    out: &mut [f64],
    counts: &mut Counts,
) {
    let (n, k) = (layout.n_states(), layout.n_regimes);
    let n_times = out.len() / n;
    let mut weights = vec![0.0; n];
    for t in (0..n_times).rev() {
        let alpha = &mut out[t * n..][..n];
        let mut beta = vec![0.0; n];
        if t + 1 < n_times {
            let mut ways = vec![f64::NEG_INFINITY; n * k];
            for c in 0..n {
                for s in 0..k {
                    ways[c * k + s] =
                        log_matrix[(c % k) * k + s] + weights[s + k * (c % layout.block)];
                }
                beta[c] = log_sum_exp_of(&ways[c * k..][..k]);
            }
            let mut joint: Vec<f64> = alpha.iter().zip(&beta).map(|(a, b)| a + b).collect();
            let overlap = log_sum_exp_of(&joint);
            if overlap == f64::NEG_INFINITY {
                // What comes later cannot follow: it says nothing of the time before.
                beta.fill(0.0);
                joint.copy_from_slice(alpha);
            } else {
                if layout.block == 1 {
                    for (pair, (i, way)) in
                        ways.iter().enumerate().map(|(w, way)| (w, (w / k, way)))
                    {
                        counts.transitions[pair] += (alpha[i] + way - overlap).exp();
                    }
                }
                joint.iter_mut().for_each(|l| *l -= overlap);
                beta.iter_mut().for_each(|l| *l -= overlap);
            }
            alpha.copy_from_slice(&joint);
        }
        let gamma: Vec<f64> = alpha.iter().map(|l| l.exp()).collect();
        if layout.block > 1 {
            counts.add_newest_pairs(&gamma, k);
        }
        if t == 0 {
            counts.add_first(&gamma, k, layout.block);
        }
        weights = beta
            .iter()
            .zip(said.at(t, log_densities))
            .map(|(b, l)| b + l)
            .collect();
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
