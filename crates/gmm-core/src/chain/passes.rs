//! Forward and backward recursions, scaled: what is known of the states when, and the transitions that are expected.
//!
//! Rabiner, *Proc. IEEE* 77, 1989, (19)–(27) and (37), with α and β scaled to sum to 1 at every time (section V.A).

use super::estimate::Counts;
use super::{Chain, logs};
use crate::simd::{Task, Vector, dispatch};

/// What underflow takes of a state is less than 1e-308. Where what is left of all states, forward and backward, is more
/// than this each time, no way that was lost adds more than 1e-28 to the probability of anything.
const LOST: f64 = 1e-140;

/// A chain laid out for the recursions.
#[derive(Debug)]
pub(crate) struct Layout {
    /// K.
    pub(super) n_regimes: usize,
    /// Kᵐ: states that have the same oldest regime.
    pub(super) block: usize,
    /// p(j|i), row by row.
    pub(super) matrix: Vec<f64>,
    /// ln p(j|i), row by row.
    pub(super) log_matrix: Vec<f64>,
    /// Of the first state of a sequence.
    pub(super) initial: Vec<f64>,
    /// Whether some state may be so improbable after any other that what was lost of it is not made up for.
    has_rare: bool,
}

/// What is known of the states of a sequence.
#[derive(Debug, Clone, Default)]
pub(crate) struct Smoothed {
    /// ln p(x₁, …, x_T).
    pub(crate) log_likelihood: f64,
    /// Expected visits and transitions of regimes.
    pub(crate) counts: Counts,
}

/// What is asked for of the states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Posterior {
    /// Given the rows up to each time.
    Filtered,
    /// Given all rows.
    Smoothed,
}

impl Layout {
    pub(crate) fn new(chain: &Chain) -> Self {
        /// What scaling may lose is far below it.
        const RARE: f64 = 1e-100;
        let k = chain.n_regimes();
        let memory = chain.kind().memory;
        let matrix: Vec<f64> = (0..k).flat_map(|i| chain.row(i)).copied().collect();
        Self {
            n_regimes: k,
            block: k.pow(memory as u32),
            // A tuple of regimes does not follow any other.
            has_rare: memory > 0 || matrix.iter().any(|a| *a < RARE),
            initial: chain.initial_states(),
            log_matrix: matrix.iter().map(|a| a.ln()).collect(),
            matrix,
        }
    }

    /// S.
    #[inline(always)]
    pub(crate) fn n_states(&self) -> usize {
        self.n_regimes * self.block
    }

    /// p(s_t) for all s_t from p(s_{t−1}).
    #[inline(always)]
    pub(crate) fn ahead(&self, from: &[f64], to: &mut [f64]) {
        let k = self.n_regimes;
        to.fill(0.0);
        for (r, to) in to.chunks_exact_mut(k).enumerate() {
            for oldest in 0..k {
                let c = r + self.block * oldest;
                let row = &self.matrix[(c % k) * k..][..k];
                let p = from[c];
                to.iter_mut().zip(row).for_each(|(t, a)| *t += p * a);
            }
        }
    }

    /// The state of a regime that has always been.
    pub(crate) fn constant_state(&self, regime: usize) -> usize {
        let mut state = regime;
        let mut place = self.n_regimes;
        while place < self.n_states() {
            state += regime * place;
            place *= self.n_regimes;
        }
        state
    }

    /// The states that may follow one, with their probabilities.
    pub(crate) fn next_states(&self, c: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        let k = self.n_regimes;
        let row = &self.matrix[(c % k) * k..][..k];
        row.iter()
            .enumerate()
            .map(move |(s, p)| (s + k * (c % self.block), *p))
    }

    /// Σ p(s_t|s_{t−1})·w(s_t) for all s_{t−1}.
    #[inline(always)]
    fn behind(&self, weights: &[f64], out: &mut [f64]) {
        let k = self.n_regimes;
        for (c, out) in out.iter_mut().enumerate() {
            let row = &self.matrix[(c % k) * k..][..k];
            let weights = &weights[k * (c % self.block)..][..k];
            *out = row.iter().zip(weights).map(|(a, w)| a * w).sum();
        }
    }

    /// Whether scaling may do: backward it shows what the way forward has lost, and without that nothing does.
    pub(crate) fn may_scale(&self, which: Posterior) -> bool {
        which == Posterior::Smoothed || !self.has_rare
    }

    /// Writes the posteriors of the states, T × S, and returns what they add up to; none where scaling does not do. The
    /// evidence has S + 1 numbers for each time: p(x_t|s) up to a factor, and the logarithm of that.
    pub(crate) fn scaled(
        &self,
        which: Posterior,
        evidence: &[f64],
        out: &mut [f64],
    ) -> Option<Smoothed> {
        if !self.may_scale(which) {
            return None;
        }
        dispatch(Scaled {
            layout: self,
            which,
            evidence,
            out,
        })
    }

    /// The same for any rows, from ln p(x_t|s), T × S.
    ///
    /// A row that no way leads to says nothing: its time has the posteriors that the others make probable, and the
    /// likelihood is 0.
    pub(crate) fn in_logs(
        &self,
        which: Posterior,
        log_densities: &[f64],
        out: &mut [f64],
    ) -> Smoothed {
        logs::posteriors(self, which, log_densities, out)
    }
}

struct Scaled<'a> {
    layout: &'a Layout,
    which: Posterior,
    evidence: &'a [f64],
    out: &'a mut [f64],
}

impl Task for Scaled<'_> {
    type Output = Option<Smoothed>;

    /// None where something was lost.
    #[inline(always)]
    fn run<V: Vector>(self) -> Option<Smoothed> {
        let Self {
            layout,
            which,
            evidence,
            out,
        } = self;
        let log_likelihood = forward(layout, evidence, out)?;
        let mut counts = Counts::new(layout.n_regimes);
        if which == Posterior::Smoothed {
            backward(layout, evidence, out, &mut counts)?;
        }
        Some(Smoothed {
            log_likelihood,
            counts,
        })
    }
}

/// α_t, scaled to sum to 1, and the log-likelihood.
#[inline(always)]
fn forward(layout: &Layout, evidence: &[f64], out: &mut [f64]) -> Option<f64> {
    let n = layout.n_states();
    let mut before: &[f64] = &[];
    let mut log_likelihood = 0.0;
    for (alpha, said) in out.chunks_exact_mut(n).zip(evidence.chunks_exact(n + 1)) {
        if before.is_empty() {
            alpha.copy_from_slice(&layout.initial);
        } else {
            layout.ahead(before, alpha);
        }
        let mut sum = 0.0;
        for (a, e) in alpha.iter_mut().zip(&said[..n]) {
            *a *= e;
            sum += *a;
        }
        // Also where it is no number.
        let is_kept = sum > LOST;
        if !is_kept {
            return None;
        }
        let factor = 1.0 / sum;
        alpha.iter_mut().for_each(|a| *a *= factor);
        log_likelihood += sum.ln() + said[n];
        before = alpha;
    }
    Some(log_likelihood)
}

/// γ_t in place of α_t, and the expected counts.
#[inline(always)]
fn backward(layout: &Layout, evidence: &[f64], out: &mut [f64], counts: &mut Counts) -> Option<()> {
    let (n, k) = (layout.n_states(), layout.n_regimes);
    let mut beta = vec![1.0; n];
    let mut weights = vec![0.0; n];
    // Σ α_{t−1}(i)·e_t(j)β_t(j), to be multiplied by p(j|i).
    let mut pairs = vec![0.0; k * k];
    let n_times = out.len() / n;
    for t in (0..n_times).rev() {
        let alpha = &mut out[t * n..][..n];
        if t + 1 < n_times {
            // e_{t+1}β_{t+1} is in `weights`.
            layout.behind(&weights, &mut beta);
            let overlap: f64 = alpha.iter().zip(&beta).map(|(a, b)| a * b).sum();
            let is_kept = overlap > LOST;
            if !is_kept {
                return None;
            }
            let factor = 1.0 / overlap;
            if layout.block == 1 {
                for (i, a) in alpha.iter().enumerate() {
                    let a = a * factor;
                    pairs[i * k..][..k]
                        .iter_mut()
                        .zip(&weights)
                        .for_each(|(p, w)| *p += a * w);
                }
            }
            // Σ α_t β_t = 1 from here on.
            for (b, a) in beta.iter_mut().zip(alpha.iter_mut()) {
                *b *= factor;
                *a *= *b;
            }
        }
        if layout.block > 1 {
            counts.add_newest_pairs(alpha, k);
        }
        let shares = &evidence[t * (n + 1)..][..n];
        let mut largest = 0.0_f64;
        for ((w, e), b) in weights.iter_mut().zip(shares).zip(&beta) {
            *w = e * b;
            largest = largest.max(*w);
        }
        let factor = 1.0 / largest.max(f64::MIN_POSITIVE);
        weights.iter_mut().for_each(|w| *w *= factor);
    }
    for ((count, pairs), a) in counts
        .transitions
        .iter_mut()
        .zip(&pairs)
        .zip(&layout.matrix)
    {
        *count += pairs * a;
    }
    counts.add_first(&out[..n.min(out.len())], k, layout.block);
    Some(())
}
