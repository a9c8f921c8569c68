//! Sums of probabilities that are kept as logarithms.
//!
//! A *joint* block holds ℓₙₖ = ln πₖ + ln p(xₙ|θₖ) of a tile, one column per component.

use std::iter::Sum;
use std::ops::{AddAssign, Range};

use crate::simd::{Pack, Task, Vector, dispatch, exp, ln};
use crate::tile::{Columns, GROUP};

/// ln 2π.
pub(crate) const LN_2PI: f64 = 1.837_877_066_409_345_5;

/// What rows say of a model, in nats.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Evidence {
    /// Σ wₙ ln p(xₙ).
    pub(crate) log_likelihood: f64,
    /// Σ wₙ Hₙ with Hₙ = −Σₖ rₙₖ ln rₙₖ, the entropies of the posteriors.
    pub(crate) entropy: f64,
}

impl AddAssign for Evidence {
    fn add_assign(&mut self, other: Self) {
        self.log_likelihood += other.log_likelihood;
        self.entropy += other.entropy;
    }
}

impl Sum for Evidence {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::default(), |mut total, part| {
            total += part;
            total
        })
    }
}

/// Turns the log joint densities in some columns into posteriors times `weights`, in place, writes each row's log density
/// ln Σₖ exp ℓₙₖ, and returns what the rows say with their weights.
///
/// A row that every component gives density zero (all ℓₙₖ = −∞) has no posterior: its log density is
/// −∞ and its responsibilities are shared equally, so that nothing becomes NaN. A row of weight 0 adds nothing
/// to the sums, even then.
pub(crate) fn normalize_joint(
    block: &mut Columns,
    columns: Range<usize>,
    weights: &[Pack],
    log_prob: &mut [Pack],
) -> Evidence {
    dispatch(NormalizeJoint {
        block,
        columns,
        weights,
        log_prob: Some(log_prob),
    })
}

/// The same where each weight is 0 or 1 and no row's own density is asked for: one logarithm of a product takes the place
/// of many.
pub(crate) fn normalize_whole_rows(
    block: &mut Columns,
    columns: Range<usize>,
    weights: &[Pack],
) -> Evidence {
    dispatch(NormalizeJoint {
        block,
        columns,
        weights,
        log_prob: None,
    })
}

/// Writes ln Σₖ exp ℓₙₖ of every row over some columns; the block is left as it is.
pub(crate) fn log_sum_exp(block: &Columns, columns: Range<usize>, out: &mut [Pack]) {
    dispatch(LogSumExp {
        block,
        columns,
        out,
    });
}

/// ln Σ exp of a few logarithms; −∞ of none.
pub(crate) fn log_sum_exp_of<'l>(logs: impl IntoIterator<Item = &'l f64, IntoIter: Clone>) -> f64 {
    log_sum_exp_by(logs.into_iter().copied())
}

/// The same of logarithms that are made twice.
#[inline]
pub(crate) fn log_sum_exp_by(logs: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = logs.clone().fold(f64::NEG_INFINITY, f64::max);
    if !largest.is_finite() {
        return largest;
    }
    largest + logs.map(|l| (l - largest).exp()).sum::<f64>().ln()
}

/// Where eˣ is nothing: a number to multiply it with that is not infinite.
const VANISHES: f64 = -1e3;

struct NormalizeJoint<'a> {
    block: &'a mut Columns,
    columns: Range<usize>,
    weights: &'a [Pack],
    /// Where the log densities go, if they are asked for.
    log_prob: Option<&'a mut [Pack]>,
}

struct LogSumExp<'a> {
    block: &'a Columns,
    columns: Range<usize>,
    out: &'a mut [Pack],
}

impl Task for NormalizeJoint<'_> {
    type Output = Evidence;

    #[inline(always)]
    fn run<V: Vector>(self) -> Evidence {
        let Self {
            block,
            columns,
            weights,
            mut log_prob,
        } = self;
        let (none, one) = (V::splat(0.0), V::splat(1.0));
        let (mut log_likelihood, mut entropy) = (none, none);
        // Of the sums of rows that count, each from 1 to K: a tile's do not overflow.
        let mut product = [one; GROUP];
        for v in (0..block.n_packs()).step_by(GROUP) {
            let largest = maxima::<V>(block, &columns, v);
            let mut sum = [V::splat(0.0); GROUP];
            // Σ s ln s for shares s of the largest; that of the posteriors s/S is ln S less its S-th part.
            let mut information = [V::splat(0.0); GROUP];
            for column in block.some_mut(columns.clone()) {
                let packs = &mut column[v..v + GROUP];
                for r in 0..GROUP {
                    let log = below(V::load(&packs[r]), largest[r]);
                    let share = exp(log);
                    sum[r] = sum[r] + share;
                    information[r] = share.mul_add(log.max(V::splat(VANISHES)), information[r]);
                    share.store(&mut packs[r]);
                }
            }
            let mut factor = [V::splat(0.0); GROUP];
            for r in 0..GROUP {
                let weight = V::load(&weights[v + r]);
                factor[r] = weight / sum[r];
                let mut log_density = largest[r];
                if let Some(log_prob) = &mut log_prob {
                    let log_sum = ln(sum[r]);
                    log_density = log_density + log_sum;
                    log_density.store(&mut log_prob[v + r]);
                    entropy = weight.mul_add(log_sum, entropy);
                } else {
                    product[r] = product[r] * none.if_less(weight, sum[r], one);
                }
                let with_row = log_density.mul_add(weight, log_likelihood);
                log_likelihood = none.if_less(weight, with_row, log_likelihood);
                entropy = entropy - factor[r] * information[r];
            }
            for column in block.some_mut(columns.clone()) {
                let packs = &mut column[v..v + GROUP];
                for r in 0..GROUP {
                    (V::load(&packs[r]) * factor[r]).store(&mut packs[r]);
                }
            }
        }
        if log_prob.is_none() {
            for product in product {
                let log_sums = ln(product);
                log_likelihood = log_likelihood + log_sums;
                entropy = entropy + log_sums;
            }
        }
        Evidence {
            log_likelihood: log_likelihood.sum(),
            entropy: entropy.sum(),
        }
    }
}

impl Task for LogSumExp<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self {
            block,
            columns,
            out,
        } = self;
        for v in (0..block.n_packs()).step_by(GROUP) {
            let largest = maxima::<V>(block, &columns, v);
            let mut sum = [V::splat(0.0); GROUP];
            for column in block.some(columns.clone()) {
                let packs = &column[v..v + GROUP];
                for r in 0..GROUP {
                    sum[r] = sum[r] + exp(below(V::load(&packs[r]), largest[r]));
                }
            }
            for r in 0..GROUP {
                (largest[r] + ln(sum[r])).store(&mut out[v + r]);
            }
        }
    }
}

/// maxₖ ℓₙₖ of a group of packs.
#[inline(always)]
fn maxima<V: Vector>(block: &Columns, columns: &Range<usize>, v: usize) -> [V; GROUP] {
    let mut largest = [V::splat(f64::NEG_INFINITY); GROUP];
    for column in block.some(columns.clone()) {
        let packs = &column[v..v + GROUP];
        for r in 0..GROUP {
            largest[r] = largest[r].max(V::load(&packs[r]));
        }
    }
    largest
}

/// ℓ − max; 0 where both are −∞.
#[inline(always)]
fn below<V: Vector>(l: V, largest: V) -> V {
    largest.if_less(V::splat(f64::MIN), V::splat(0.0), l - largest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tile::TILE_PACKS;

    /// Two components and two rows; the rest of the group repeats the second row.
    fn block(rows: [[f64; 2]; 2]) -> Columns {
        let mut block = Columns::default();
        block.resize(2, GROUP);
        for k in 0..2 {
            block.column_mut(k).fill(Pack::splat(rows[1][k]));
            block.column_mut(k)[0].0[0] = rows[0][k];
        }
        block
    }

    #[test]
    fn posteriors_and_log_density_survive_far_points() {
        // Plain exp would underflow to 0/0.
        let mut joint = block([[-1000.0, -1001.0], [-5.0, f64::NEG_INFINITY]]);
        let mut sums = [Pack::default(); GROUP];
        let mut log_prob = [Pack::default(); GROUP];
        log_sum_exp(&joint, 0..2, &mut sums);
        let weights = [Pack::splat(1.0); GROUP];
        let found = normalize_joint(&mut joint, 0..2, &weights, &mut log_prob);
        let expected = -1000.0 + (1.0 + (-1.0f64).exp()).ln();
        assert!((log_prob[0].0[0] - expected).abs() < 1e-12);
        assert_eq!(log_prob[0].0[1], -5.0);
        assert_eq!(sums, log_prob);
        assert!((found.log_likelihood - (expected - 5.0 * 31.0)).abs() < 1e-10);
        let r = |k: usize, i: usize| joint.column(k)[0].0[i];
        let information = |r: f64| r * r.ln();
        let entropy = -information(r(0, 0)) - information(r(1, 0));
        assert!((found.entropy - entropy).abs() < 1e-15);
        assert!((r(0, 0) + r(1, 0) - 1.0).abs() < 1e-15);
        assert_eq!((r(0, 1), r(1, 1)), (1.0, 0.0));
    }

    #[test]
    fn one_logarithm_of_a_product_is_as_good_as_many() {
        let logs = |v: usize, i: usize, k: usize| {
            let x = ((v * 8 + i) * 5 + k) as f64;
            if x % 7.0 == 3.0 {
                f64::NEG_INFINITY
            } else {
                -40.0 * (x * 0.7).sin() - 1e3
            }
        };
        let (n, k) = (TILE_PACKS, 5);
        let mut each = Columns::default();
        each.resize(k, n);
        for c in 0..k {
            for (v, pack) in each.column_mut(c).iter_mut().enumerate() {
                pack.0 = std::array::from_fn(|i| logs(v, i, c));
            }
        }
        let mut weights = vec![Pack::splat(1.0); n];
        weights[n - 1].0[3..].fill(0.0);
        let mut whole = each.clone();
        let mut log_prob = vec![Pack::default(); n];
        let expected = normalize_joint(&mut each, 0..k, &weights, &mut log_prob);
        let found = normalize_whole_rows(&mut whole, 0..k, &weights);
        let error = (found.log_likelihood - expected.log_likelihood).abs();
        assert!(error < 1e-15 * expected.log_likelihood.abs(), "{error:e}");
        assert!((found.entropy - expected.entropy).abs() < 1e-11);
        for c in 0..k {
            assert_eq!(whole.column(c), each.column(c));
        }
    }

    #[test]
    fn a_row_of_density_zero_has_equal_posteriors_and_counts_by_its_weight() {
        for weight in [0.0, 2.0] {
            let mut joint = block([[f64::NEG_INFINITY; 2], [0.0; 2]]);
            let mut weights = [Pack::default(); GROUP];
            weights[0].0[0] = weight;
            let mut log_prob = [Pack::default(); GROUP];
            let found = normalize_joint(&mut joint, 0..2, &weights, &mut log_prob);
            assert_eq!(log_prob[0].0[0], f64::NEG_INFINITY);
            assert_eq!(joint.column(0)[0].0[0], weight / 2.0);
            let expected = if weight > 0.0 { f64::NEG_INFINITY } else { 0.0 };
            assert_eq!(found.log_likelihood, expected);
            assert!((found.entropy - weight * 2.0f64.ln()).abs() < 1e-15);
        }
    }
}
