//! Markov chains: which regime follows which, whatever the regimes emit.
//!
//! A [`Chain`] is a value. What it and the densities of the rows say together is computed in `passes` (scaled forward
//! and backward recursions), in `logs` (the same where scaling would lose a path) and in `path` (the most probable
//! one); `estimate` is its M-step.
//!
//! Where emissions depend on the last m regimes as well, as in Hamilton's autoregression, the chain has a memory: its
//! *states* are the tuples (s_t, s_{t−1}, …, s_{t−m}) of regimes, numbered s_t + K·s_{t−1} + … + Kᵐ·s_{t−m}. A chain
//! without memory has a state for each regime.

mod estimate;
mod logs;
mod passes;
mod path;

pub(crate) use estimate::{ChainPrior, Counts};
pub(crate) use logs::normalize;
pub(crate) use passes::{Layout, Posterior};

use ndarray::{Array1, Array2, ArrayView2};
use rand::Rng;

use crate::error::GmmError;
use crate::shares::{Shares, pick};

/// Regimes that follow one another: p(s₁) and p(s_t = j | s_{t−1} = i).
#[derive(Debug, Clone, PartialEq)]
pub struct Chain {
    initial: Shares,
    rows: Vec<Shares>,
    kind: Kind,
}

/// What a chain is, whatever its probabilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Kind {
    /// Whether p(s₁) is the stationary distribution by definition.
    pub(crate) is_stationary: bool,
    /// Regimes before the present one that emissions depend on.
    pub(crate) memory: usize,
}

impl Chain {
    /// A chain of K regimes that begins in regime k with probability `initial[k]` and goes from i to j with probability
    /// `transitions[(i, j)]`, K × K.
    ///
    /// # Errors
    /// [`GmmError::SizeMismatch`] unless the sizes agree; what is wrong with a row, as of mixture weights, in
    /// [`GmmError::InTransitions`]; for the initial probabilities [`GmmError::InvalidShare`] and
    /// [`GmmError::WeightsNotNormalized`].
    pub fn new(initial: Array1<f64>, transitions: ArrayView2<'_, f64>) -> Result<Self, GmmError> {
        let rows = rows_of(transitions)?;
        GmmError::check_size("initial probabilities", rows.len(), initial.len())?;
        Ok(Self {
            initial: Shares::new(initial.to_vec())?,
            rows,
            kind: Kind::default(),
        })
    }

    /// A chain that has always been running: it begins in its [stationary](Self::stationary) distribution, and a fit
    /// that starts from it keeps it so.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn running(transitions: ArrayView2<'_, f64>) -> Result<Self, GmmError> {
        let rows = rows_of(transitions)?;
        let running = Kind {
            is_stationary: true,
            memory: 0,
        };
        Ok(Self::of(None, rows, running))
    }

    /// From shares that are valid; those of the beginning are not asked for where they are the stationary ones.
    pub(crate) fn of(initial: Option<Shares>, rows: Vec<Shares>, kind: Kind) -> Self {
        let of_beginning = initial.filter(|_| !kind.is_stationary);
        Self {
            initial: of_beginning.unwrap_or_else(|| Shares::of_whole(stationary(&rows))),
            rows,
            kind,
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// K.
    pub fn n_regimes(&self) -> usize {
        self.rows.len()
    }

    /// States, Kᵐ⁺¹ for a memory of m.
    pub(crate) fn n_states(&self) -> usize {
        self.n_regimes().pow(self.kind.memory as u32 + 1)
    }

    /// p(s₁), one value for each regime.
    pub fn initial(&self) -> &[f64] {
        self.initial.values()
    }

    /// Whether p(s₁) is the stationary distribution by definition.
    pub fn is_stationary(&self) -> bool {
        self.kind.is_stationary
    }

    /// p(s_t = j | s_{t−1} = i) for all j.
    pub fn row(&self, i: usize) -> &[f64] {
        self.rows[i].values()
    }

    pub(crate) fn initial_shares(&self) -> &Shares {
        &self.initial
    }

    pub(crate) fn rows(&self) -> &[Shares] {
        &self.rows
    }

    /// All of them, K × K.
    pub fn transitions(&self) -> Array2<f64> {
        let k = self.n_regimes();
        Array2::from_shape_fn((k, k), |(i, j)| self.row(i)[j])
    }

    /// The distribution that a step does not change: π = πP. Of a chain in which regimes cannot reach one another, the
    /// limit of the averages from equal probabilities.
    pub fn stationary(&self) -> Vec<f64> {
        stationary(&self.rows)
    }

    /// Steps that a visit of each regime is expected to last, 1/(1 − pₖₖ); infinite for one that is never left.
    pub fn expected_durations(&self) -> Vec<f64> {
        let duration = |(k, row): (usize, &Shares)| {
            // Not 1 − pₖₖ, which is 0 to rounding long before the others are.
            let others = row.values().iter().enumerate().filter(|(j, _)| *j != k);
            // Not a sum, which of none is −0.
            1.0 / others.fold(0.0, |sum, (_, p)| sum + p)
        };
        self.rows.iter().enumerate().map(duration).collect()
    }

    /// Probabilities of the regimes `n_steps` after they were these.
    pub fn ahead(&self, probabilities: &[f64], n_steps: usize) -> Vec<f64> {
        let mut now = Array1::from(probabilities.to_vec());
        let mut power = self.transitions();
        // Pⁿ by squaring.
        let mut left = n_steps;
        while left > 0 {
            if left % 2 == 1 {
                now = now.dot(&power);
            }
            left /= 2;
            if left > 0 {
                power = power.dot(&power);
            }
        }
        let mut now = now.to_vec();
        keep_sum(probabilities, &mut now);
        now
    }

    /// The chain with its regimes in another order: regime k of the new one is `order[k]` of this one.
    pub(crate) fn reordered(&self, order: &[usize]) -> Self {
        let of =
            |shares: &Shares| Shares::of_whole(order.iter().map(|&k| shares.values()[k]).collect());
        Self {
            initial: of(&self.initial),
            rows: order.iter().map(|&k| of(&self.rows[k])).collect(),
            ..*self
        }
    }

    /// The chain with a memory of so many regimes.
    pub(crate) fn with_memory(self, memory: usize) -> Self {
        let kind = Kind {
            memory,
            ..self.kind
        };
        Self { kind, ..self }
    }

    /// Regimes in their order, from the initial ones on.
    pub(crate) fn draw<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Vec<usize> {
        let mut regimes = Vec::with_capacity(n);
        for _ in 0..n {
            let weights = match regimes.last() {
                Some(&last) => self.row(last),
                None => self.initial(),
            };
            let next = pick(weights, rng);
            regimes.push(next);
        }
        regimes
    }

    /// The probabilities of the states of a time before which nothing was seen: of the first regimes, oldest first.
    pub(crate) fn initial_states(&self) -> Vec<f64> {
        self.states_from(self.initial())
    }

    /// The probabilities of the states as many steps after the regimes had these as the chain remembers.
    pub(crate) fn states_from(&self, regimes: &[f64]) -> Vec<f64> {
        let k = self.n_regimes();
        let mut states = regimes.to_vec();
        // (s_1, …, s_i) → (s_1, …, s_{i+1}), the newest the lowest digit.
        for _ in 0..self.kind.memory {
            let longer = states
                .iter()
                .enumerate()
                .flat_map(|(c, p)| self.row(c % k).iter().map(move |a| p * a));
            states = longer.collect();
        }
        states
    }
}

/// Takes out what many steps make of rows that sum to 1 only within 1e-12.
pub(crate) fn keep_sum(before: &[f64], after: &mut [f64]) {
    let factor = before.iter().sum::<f64>() / after.iter().sum::<f64>();
    if factor.is_finite() {
        after.iter_mut().for_each(|p| *p *= factor);
    }
}

fn rows_of(transitions: ArrayView2<'_, f64>) -> Result<Vec<Shares>, GmmError> {
    GmmError::check_size(
        "columns of the transitions",
        transitions.nrows(),
        transitions.ncols(),
    )?;
    if transitions.is_empty() {
        return Err(GmmError::InvalidParameter {
            name: "transitions",
            value: String::from("of no regime"),
            allowed: "of at least one",
        });
    }
    let row = |(row, shares): (usize, ndarray::ArrayView1<'_, f64>)| {
        Shares::new(shares.to_vec()).map_err(|error| GmmError::InTransitions {
            row,
            error: Box::new(error),
        })
    };
    transitions.outer_iter().enumerate().map(row).collect()
}

/// π = πP by Grassmann, Taksar and Heyman's elimination (*Oper. Res.* 33, 1985), which subtracts nothing: each share is
/// right to rounding however small it is.
///
/// Regimes that cannot be left make it fail; then by averaging.
pub(crate) fn stationary(rows: &[Shares]) -> Vec<f64> {
    let k = rows.len();
    let mut p: Vec<Vec<f64>> = rows.iter().map(|row| row.values().to_vec()).collect();
    for n in (1..k).rev() {
        let leaves: f64 = p[n][..n].iter().sum();
        // Also where it is no number.
        let is_left = leaves > 0.0;
        if !is_left {
            return averaged(rows);
        }
        for i in 0..n {
            p[i][n] /= leaves;
            let through = p[i][n];
            for j in 0..n {
                p[i][j] += through * p[n][j];
            }
        }
    }
    let mut shares = vec![1.0; k];
    for n in 1..k {
        shares[n] = (0..n).map(|i| shares[i] * p[i][n]).sum();
    }
    let sum: f64 = shares.iter().sum();
    if sum.is_finite() {
        shares.iter().map(|s| s / sum).collect()
    } else {
        averaged(rows)
    }
}

/// The limit of ((I + P)/2)ⁿ from equal shares, by squaring: of a chain that falls into parts, each keeps its own.
fn averaged(rows: &[Shares]) -> Vec<f64> {
    /// 2⁶⁴ steps.
    const SQUARINGS: usize = 64;
    let k = rows.len();
    let lazy = |(i, j): (usize, usize)| 0.5 * (rows[i].values()[j] + f64::from(u8::from(i == j)));
    let mut power = Array2::from_shape_fn((k, k), lazy);
    for _ in 0..SQUARINGS {
        power = power.dot(&power);
        for mut row in power.outer_iter_mut() {
            let sum = row.sum();
            row /= sum;
        }
    }
    power
        .mean_axis(ndarray::Axis(0))
        .map_or_else(Vec::new, |mean| mean.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_stationary_distribution_does_not_change() {
        let chain = Chain::running(
            array![[0.9, 0.1, 0.0], [0.3, 0.5, 0.2], [1e-9, 0.0, 1.0 - 1e-9]].view(),
        )
        .unwrap();
        let after = chain.ahead(chain.initial(), 1);
        for (a, b) in after.iter().zip(chain.initial()) {
            assert!((a - b).abs() <= 1e-15 * b, "{a} {b}");
        }
        assert!((chain.expected_durations()[0] - 10.0).abs() < 1e-12);
        assert!((chain.expected_durations()[2] - 1e9).abs() < 1e-3);
    }

    #[test]
    fn regimes_that_are_never_left_keep_what_they_have() {
        let apart = Chain::running(Array2::eye(3).view()).unwrap();
        assert!(
            apart
                .initial()
                .iter()
                .all(|p| (p - 1.0 / 3.0).abs() < 1e-12)
        );
        let trap = Chain::running(array![[0.5, 0.5], [0.0, 1.0]].view()).unwrap();
        assert!((trap.initial()[1] - 1.0).abs() < 1e-12);
        assert_eq!(trap.expected_durations(), [2.0, f64::INFINITY]);
        let alone = Chain::running(array![[1.0]].view()).unwrap();
        assert_eq!(alone.expected_durations(), [f64::INFINITY]);
    }

    #[test]
    fn bad_transitions_name_their_row() {
        let error = Chain::running(array![[0.5, 0.5], [0.5, 0.6]].view()).unwrap_err();
        assert!(error.to_string().contains("regime 1"), "{error}");
        assert!(Chain::running(array![[0.5, 0.5]].view()).is_err());
        assert!(Chain::running(Array2::zeros((0, 0)).view()).is_err());
        assert!(Chain::new(array![1.0], array![[0.5, 0.5], [0.5, 0.5]].view()).is_err());
    }

    #[test]
    fn the_states_of_a_memory_are_paths() {
        let chain = Chain::new(array![0.25, 0.75], array![[0.9, 0.1], [0.4, 0.6]].view())
            .unwrap()
            .with_memory(2);
        let states = chain.initial_states();
        assert_eq!(states.len(), chain.n_states());
        // (newest, middle, oldest) = (1, 0, 1): 1 + 2·0 + 4·1.
        assert!((states[5] - 0.75 * 0.4 * 0.1).abs() < 1e-16);
        assert!((states.iter().sum::<f64>() - 1.0).abs() < 1e-15);
    }
}
