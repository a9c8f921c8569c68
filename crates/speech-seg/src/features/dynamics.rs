//! How rows move, and what all rows of a recording have in common.

use gmm_core::ndarray::{Array2, ArrayView2, Axis};
use serde::{Deserialize, Serialize};

/// Frames to either side that a slope is fitted to.
const REACH: usize = 2;

/// Deviations below this share of a column's largest value are those of a constant.
const CONSTANT: f64 = 1e-12;

/// Slopes of all columns: the regression over two frames to either side,
/// d_t = Σ_k k·(x_{t+k} − x_{t−k}) / 2 Σ_k k² (*The HTK Book*, 5.9). Beyond its ends a recording goes on as its first and
/// last frame.
pub fn deltas(rows: ArrayView2<'_, f64>) -> Array2<f64> {
    let (n, d) = rows.dim();
    let norm = 2.0 * (1..=REACH).map(|k| (k * k) as f64).sum::<f64>();
    Array2::from_shape_fn((n, d), |(t, j)| {
        let slope = (1..=REACH).map(|k| {
            let (after, before) = ((t + k).min(n - 1), t.saturating_sub(k));
            k as f64 * (rows[(after, j)] - rows[(before, j)])
        });
        slope.sum::<f64>() / norm
    })
}

/// What is taken away from the rows of a recording: what its microphone and room add to all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Normalization {
    /// Nothing.
    None,
    /// The mean of every column: cepstral mean normalisation (Atal, *J. Acoust. Soc. Am.* 55, 1974).
    #[default]
    Mean,
    /// The mean, and the deviation is brought to 1. A column that is constant is 0 then.
    MeanVariance,
}

impl Normalization {
    /// The rows without what they have in common.
    pub fn apply(self, mut rows: Array2<f64>) -> Array2<f64> {
        if rows.is_empty() || self == Self::None {
            return rows;
        }
        let n = rows.nrows() as f64;
        for mut column in rows.axis_iter_mut(Axis(1)) {
            let largest = column.fold(0.0, |m: f64, x| m.max(x.abs()));
            let mean = column.sum() / n;
            column -= mean;
            if self == Self::MeanVariance {
                let deviation = (column.fold(0.0, |sum, x| sum + x * x) / n).sqrt();
                if deviation > CONSTANT * largest {
                    column /= deviation;
                } else {
                    column.fill(0.0);
                }
            }
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gmm_core::ndarray::{Array2, array};

    #[test]
    fn the_slope_of_a_line_is_its_slope() {
        let rows =
            Array2::from_shape_fn((9, 2), |(t, j)| (t as f64) * if j == 0 { 3.0 } else { 0.0 });
        let slopes = deltas(rows.view());
        for t in 2..7 {
            assert!((slopes[(t, 0)] - 3.0).abs() < 1e-12);
        }
        // At the end, with the last row again: (1·(3 − 0) + 2·(6 − 0)) / 10.
        assert!((slopes[(0, 0)] - 1.5).abs() < 1e-12);
        assert!(slopes.column(1).iter().all(|d| *d == 0.0));
        assert_eq!(deltas(array![[5.0]].view()), array![[0.0]]);
        assert_eq!(deltas(Array2::zeros((0, 3)).view()).dim(), (0, 3));
    }

    #[test]
    fn what_all_rows_share_is_taken_away() {
        let rows = array![[1.0, 7.0], [3.0, 7.0]];
        let apply = |n: Normalization| n.apply(rows.clone());
        assert_eq!(apply(Normalization::Mean), array![[-1.0, 0.0], [1.0, 0.0]]);
        assert_eq!(apply(Normalization::None), rows);
        let scaled = Normalization::MeanVariance.apply(array![[1.0, 0.1], [5.0, 0.1], [9.0, 0.1]]);
        assert!((scaled.column(0).fold(0.0, |s, x| s + x * x) / 3.0 - 1.0).abs() < 1e-12);
        assert!(scaled.column(1).iter().all(|x| *x == 0.0));
    }
}
