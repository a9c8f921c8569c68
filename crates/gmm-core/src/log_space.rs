//! Sums of probabilities that are kept as logarithms.
//!
//! The kernels work on a *joint block*: the values of component `k` for the rows of one tile stand
//! together at `block[k * stride .. k * stride + n_rows]`, so that every loop runs over rows.

use crate::tile::TILE_ROWS;

/// ln 2π.
pub(crate) const LN_2PI: f64 = 1.837_877_066_409_345_5;

/// Turns log joint densities into posteriors, in place, and writes each row's log density.
///
/// On entry `block` holds ℓₙₖ = ln πₖ + ln p(xₙ|θₖ); on return it holds
/// rₙₖ = exp(ℓₙₖ − ln Σⱼ exp ℓₙⱼ), and `log_prob` the log-sum-exp itself.
///
/// A row that every component gives density zero (all ℓₙₖ = −∞) has no posterior: its log density is
/// −∞ and its responsibilities are shared equally, so that nothing becomes NaN.
pub(crate) fn normalize_joint(block: &mut [f64], stride: usize, log_prob: &mut [f64]) {
    let largest = log_prob;
    maxima(block, stride, largest);
    let mut sum = [0.0; TILE_ROWS];
    let sum = &mut sum[..largest.len()];
    for column in block.chunks_exact_mut(stride) {
        for ((l, s), &m) in column.iter_mut().zip(sum.iter_mut()).zip(largest.iter()) {
            *l = if m > f64::NEG_INFINITY {
                (*l - m).exp()
            } else {
                1.0
            };
            *s += *l;
        }
    }
    for column in block.chunks_exact_mut(stride) {
        for (r, &s) in column.iter_mut().zip(sum.iter()) {
            *r /= s;
        }
    }
    for (m, &s) in largest.iter_mut().zip(sum.iter()) {
        *m += s.ln();
    }
}

/// ln Σₖ exp ℓₙₖ of every row; the block is left as it is.
pub(crate) fn log_sum_exp(block: &[f64], stride: usize, out: &mut [f64]) {
    maxima(block, stride, out);
    let mut sum = [0.0; TILE_ROWS];
    let sum = &mut sum[..out.len()];
    for column in block.chunks_exact(stride) {
        for ((s, &l), &m) in sum.iter_mut().zip(column).zip(out.iter()) {
            *s += if m > f64::NEG_INFINITY {
                (l - m).exp()
            } else {
                1.0
            };
        }
    }
    for (m, &s) in out.iter_mut().zip(sum.iter()) {
        *m += s.ln();
    }
}

/// maxₖ ℓₙₖ of every row.
fn maxima(block: &[f64], stride: usize, out: &mut [f64]) {
    out.fill(f64::NEG_INFINITY);
    for column in block.chunks_exact(stride) {
        for (m, &l) in out.iter_mut().zip(column) {
            *m = m.max(l);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn posteriors_and_log_density_survive_far_points() {
        // Two rows, two components; plain exp would underflow to 0/0.
        let mut block = vec![-1000.0, -5.0, -1001.0, f64::NEG_INFINITY];
        let mut log_prob = [0.0; 2];
        let mut sums = [0.0; 2];
        log_sum_exp(&block, 2, &mut sums);
        normalize_joint(&mut block, 2, &mut log_prob);
        let expected = -1000.0 + (1.0 + (-1.0f64).exp()).ln();
        assert!((log_prob[0] - expected).abs() < 1e-12);
        assert_eq!(log_prob[1], -5.0);
        assert_eq!(sums, log_prob);
        assert!((block[0] + block[2] - 1.0).abs() < 1e-15);
        assert_eq!((block[1], block[3]), (1.0, 0.0));
    }

    #[test]
    fn a_row_of_density_zero_has_equal_posteriors() {
        let mut block = vec![f64::NEG_INFINITY; 2];
        let mut log_prob = [0.0];
        normalize_joint(&mut block, 1, &mut log_prob);
        assert_eq!(block, [0.5, 0.5]);
        assert_eq!(log_prob[0], f64::NEG_INFINITY);
    }
}
