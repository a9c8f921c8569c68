//! The M-step of a chain: transitions from the expected number of each.

use ndarray::Array2;

use super::{Chain, Kind};
use crate::shares::Shares;

/// Expected numbers of first visits and of transitions.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Counts {
    /// Sequences that begin in each regime.
    pub(crate) initial: Vec<f64>,
    /// Steps from i to j, row by row.
    pub(crate) transitions: Vec<f64>,
}

/// What is believed of a chain before any rows: pseudo-counts of its transitions. The mode of the posterior, with
/// Dirichlet distributions of the rows, is the estimate from all counts together.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct ChainPrior {
    /// Steps from each regime to every one, itself among them.
    pub(crate) of_each: f64,
    /// Further steps from each regime to itself (κ of Fox, Sudderth, Jordan & Willsky, *Ann. Appl. Stat.* 5, 2011).
    pub(crate) of_staying: f64,
}

impl ChainPrior {
    fn of(&self, i: usize, j: usize) -> f64 {
        self.of_each + if i == j { self.of_staying } else { 0.0 }
    }

    /// The logarithm of the density of the prior up to a constant.
    pub(crate) fn log_density(&self, chain: &Chain) -> f64 {
        let mut sum = 0.0;
        for (i, row) in chain.rows().iter().enumerate() {
            for (j, log) in row.logs().iter().enumerate() {
                let count = self.of(i, j);
                if count > 0.0 {
                    sum += count * log;
                }
            }
        }
        sum
    }
}

impl Counts {
    pub(crate) fn new(n_regimes: usize) -> Self {
        Self {
            initial: vec![0.0; n_regimes],
            transitions: vec![0.0; n_regimes * n_regimes],
        }
    }

    /// Adds those of another sequence.
    pub(crate) fn merge(&mut self, other: &Self) {
        let add = |to: &mut [f64], from: &[f64]| to.iter_mut().zip(from).for_each(|(a, b)| *a += b);
        add(&mut self.initial, &other.initial);
        add(&mut self.transitions, &other.transitions);
    }

    /// The last step of each state of a memory, (s_{t−1}, s_t).
    #[inline(always)]
    pub(super) fn add_newest_pairs(&mut self, states: &[f64], k: usize) {
        for (c, p) in states.iter().enumerate() {
            self.transitions[(c / k % k) * k + c % k] += p;
        }
    }

    /// The first state of a sequence: its oldest regime, and the steps that only this state tells of.
    pub(super) fn add_first(&mut self, states: &[f64], k: usize, block: usize) {
        for (c, p) in states.iter().enumerate() {
            self.initial[c / block] += p;
            let mut rest = c / k;
            let mut place = block / k;
            while place > 1 {
                self.transitions[(rest / k % k) * k + rest % k] += p;
                rest /= k;
                place /= k;
            }
        }
    }

    /// The chain of a kind that these counts and the prior make most probable; where they say nothing as it is `now`, or
    /// all alike. A stationary one is not less probable than `now`.
    pub(crate) fn chain(&self, prior: &ChainPrior, kind: Kind, now: Option<&Chain>) -> Chain {
        let k = self.initial.len();
        let alike = || Shares::of_counts(&vec![1.0; k]);
        let counts = |i: usize, j: usize| self.transitions[i * k + j] + prior.of(i, j);
        let rows = |extra: &dyn Fn(usize, usize) -> f64| -> Vec<Shares> {
            let row = |i: usize| {
                let row: Vec<f64> = (0..k).map(|j| counts(i, j) + extra(i, j)).collect();
                shares_of(&row)
                    .or_else(|| now.map(|now| now.rows()[i].clone()))
                    .unwrap_or_else(alike)
            };
            (0..k).map(row).collect()
        };
        let free = rows(&|_, _| 0.0);
        if !kind.is_stationary {
            let initial = shares_of(&self.initial)
                .or_else(|| now.map(|now| now.initial_shares().clone()))
                .unwrap_or_else(alike);
            return Chain::of(Some(initial), free, kind);
        }
        let height = |chain: &Chain| {
            let mut sum = 0.0;
            for i in 0..k {
                let row = chain.rows()[i].logs().iter().enumerate();
                sum += row
                    .filter(|(j, _)| counts(i, *j) > 0.0)
                    .map(|(j, log)| counts(i, j) * log)
                    .sum::<f64>();
            }
            let begins = self.initial.iter().zip(chain.initial_shares().logs());
            sum + begins
                .filter(|(n, _)| **n > 0.0)
                .map(|(n, log)| n * log)
                .sum::<f64>()
        };
        // What a step from i to j does for the beginning is worth pᵢⱼ·∂/∂pᵢⱼ Σₖ nₖ ln πₖ further counts (the fixed points
        // of Baum & Eagon, Bull. AMS 73, 1967, are the maxima).
        let mut best = now.cloned().unwrap_or_else(|| Chain::of(None, free, kind));
        let mut highest = height(&best);
        for _ in 0..MOST_ROUNDS {
            // Of a chain that falls into parts the beginning is left out.
            let worth =
                worth_of_beginning(&best, &self.initial).unwrap_or_else(|| Array2::zeros((k, k)));
            let next = Chain::of(None, rows(&|i, j| best.row(i)[j] * worth[(i, j)]), kind);
            let reached = height(&next);
            // Also where it is no number.
            let climbs = reached > highest;
            if !climbs {
                break;
            }
            let gain = reached - highest;
            (best, highest) = (next, reached);
            if gain <= f64::EPSILON * highest.abs() {
                break;
            }
        }
        best
    }
}

/// Rounds of the fixed point; each shrinks what is left by about the number of sequences over that of rows.
const MOST_ROUNDS: usize = 40;

/// Shares of counts, if there are any.
fn shares_of(counts: &[f64]) -> Option<Shares> {
    let sum: f64 = counts.iter().sum();
    let is_positive = sum > 0.0 && sum.is_finite();
    is_positive.then(|| Shares::of_counts(counts))
}

/// ∂/∂pᵢⱼ Σₖ nₖ ln πₖ = πᵢ(Zv)ⱼ with vₖ = nₖ/πₖ and Z = (I − P + 1πᵀ)⁻¹ (Schweitzer, *J. Appl. Prob.* 5, 1968), moved so that the
/// least of each row is 0, which changes nothing as rows sum to 1.
fn worth_of_beginning(chain: &Chain, counts: &[f64]) -> Option<Array2<f64>> {
    let k = chain.n_regimes();
    let shares = chain.initial();
    let v = counts
        .iter()
        .zip(shares)
        .map(|(n, p)| if *n > 0.0 { n / p } else { 0.0 });
    let entry = |(i, j): (usize, usize)| f64::from(u8::from(i == j)) - chain.row(i)[j] + shares[j];
    let solved = solve(Array2::from_shape_fn((k, k), entry), v.collect())?;
    let least = solved.iter().copied().fold(f64::INFINITY, f64::min);
    let worth = Array2::from_shape_fn((k, k), |(i, j)| shares[i] * (solved[j] - least));
    worth.iter().all(|w| w.is_finite()).then_some(worth)
}

/// x of Ax = b by elimination with pivots; none where A is singular.
fn solve(mut a: Array2<f64>, mut b: Vec<f64>) -> Option<Vec<f64>> {
    let n = b.len();
    for c in 0..n {
        let pivot = (c..n).max_by(|&i, &j| a[(i, c)].abs().total_cmp(&a[(j, c)].abs()))?;
        for j in 0..n {
            a.swap((c, j), (pivot, j));
        }
        b.swap(c, pivot);
        let is_regular = a[(c, c)].abs() > 0.0;
        if !is_regular {
            return None;
        }
        for i in c + 1..n {
            let factor = a[(i, c)] / a[(c, c)];
            for j in c..n {
                a[(i, j)] -= factor * a[(c, j)];
            }
            b[i] -= factor * b[c];
        }
    }
    for c in (0..n).rev() {
        let known: f64 = (c + 1..n).map(|j| a[(c, j)] * b[j]).sum();
        b[c] = (b[c] - known) / a[(c, c)];
    }
    Some(b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_stationary_chain_is_at_the_maximum() {
        let now = Chain::running(array![[0.5, 0.3, 0.2], [0.2, 0.6, 0.2], [0.1, 0.1, 0.8]].view())
            .unwrap();
        let counts = Counts {
            initial: vec![0.1, 0.2, 1.7],
            transitions: vec![9.0, 3.0, 1.0, 2.0, 5.0, 2.0, 1.0, 4.0, 7.0],
        };
        let found = counts.chain(&ChainPrior::default(), now.kind(), Some(&now));
        let height = |p: &Array2<f64>| {
            let chain = Chain::running(p.view()).unwrap();
            let steps: f64 = (0..9)
                .map(|c| counts.transitions[c] * p[(c / 3, c % 3)].ln())
                .sum();
            steps
                + (0..3)
                    .map(|k| counts.initial[k] * chain.initial()[k].ln())
                    .sum::<f64>()
        };
        let best = found.transitions();
        for i in 0..3 {
            for j in 0..3 {
                for step in [1e-4, -1e-4] {
                    let mut other = best.clone();
                    other[(i, j)] += step;
                    other[(i, (j + 1) % 3)] -= step;
                    assert!(height(&other) < height(&best), "{i} {j}");
                }
            }
        }
    }

    #[test]
    fn a_regime_that_is_never_visited_keeps_its_row() {
        let now = Chain::new(array![0.5, 0.5], array![[0.9, 0.1], [0.3, 0.7]].view()).unwrap();
        let mut counts = Counts::new(2);
        counts.transitions[0] = 4.0;
        let found = counts.chain(&ChainPrior::default(), now.kind(), Some(&now));
        assert_eq!(found.row(0), [1.0, 0.0]);
        assert_eq!(found.row(1), [0.3, 0.7]);
        assert_eq!(found.initial(), [0.5, 0.5]);
        let sticky = counts.chain(
            &ChainPrior {
                of_each: 1.0,
                of_staying: 4.0,
            },
            now.kind(),
            Some(&now),
        );
        assert_eq!(sticky.row(0), [0.9, 0.1]);
        assert!((sticky.row(1)[1] - 5.0 / 6.0).abs() < 1e-15);
    }
}
