//! From a series to rows: windows of successive values, and what values are explained by.

use gmm_core::ndarray::{Array2, ArrayView2};

/// What explains the values of a step: waves of given frequencies, and the values of the steps before.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Design {
    /// In radians a step.
    pub frequencies: Vec<f64>,
    /// Steps before each that it depends on.
    pub n_lags: usize,
}

impl Design {
    /// Numbers that explain a step of so many columns.
    pub fn n_given(&self, n_columns: usize) -> usize {
        2 * self.frequencies.len() + self.n_lags * n_columns
    }

    /// What explains step `t`, which has `n_lags` steps before it: cosine and sine of each wave, then the values before, the
    /// oldest first.
    pub fn given(&self, values: ArrayView2<'_, f64>, t: usize) -> Vec<f64> {
        let mut given = self.waves(t);
        for before in t - self.n_lags..t {
            given.extend(values.row(before));
        }
        given
    }

    fn waves(&self, t: usize) -> Vec<f64> {
        let wave = |w: &f64| {
            let (sine, cosine) = (w * t as f64).sin_cos();
            [cosine, sine]
        };
        self.frequencies.iter().flat_map(wave).collect()
    }

    /// What explains each step from `first` on, which is at least `n_lags`, and its values.
    pub(crate) fn rows(&self, values: ArrayView2<'_, f64>, first: usize) -> Array2<f64> {
        let (n, q) = values.dim();
        let rows = (first..n).flat_map(|t| {
            let mut row = self.given(values, t);
            row.extend(values.row(t));
            row
        });
        let width = self.n_given(q) + q;
        let flat: Vec<f64> = rows.collect();
        // As many rows of this width as there are steps.
        Array2::from_shape_vec((flat.len() / width.max(1), width), flat).unwrap_or_default()
    }
}

/// Windows of `width` successive values, and the time each ends at. Those with a missing value are left out.
pub(crate) fn windows(values: &[f64], width: usize) -> (Array2<f64>, Vec<usize>) {
    let complete: Vec<usize> = (width - 1..values.len())
        .filter(|&end| values[end + 1 - width..=end].iter().all(|v| !v.is_nan()))
        .collect();
    let rows = Array2::from_shape_fn((complete.len(), width), |(i, j)| {
        values[complete[i] + 1 - width + j]
    });
    (rows, complete)
}

/// For each time what came `lags` before it, the farthest first, and then its own: times × (lags + 1)·columns, all
/// columns of one time beside each other. NaN where a value is missing, and before the first.
pub(crate) fn lagged(values: &Array2<f64>, lags: &[usize]) -> Array2<f64> {
    let (n, q) = values.dim();
    Array2::from_shape_fn((n, (lags.len() + 1) * q), |(t, j)| {
        let back = match j / q {
            place if place < lags.len() => lags[lags.len() - 1 - place],
            _ => 0,
        };
        if back <= t {
            values[(t - back, j % q)]
        } else {
            f64::NAN
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use gmm_core::ndarray::array;

    #[test]
    fn a_missing_value_takes_its_windows_with_it() {
        let (rows, ends) = windows(&[1.0, 2.0, f64::NAN, 4.0, 5.0, 6.0], 2);
        assert_eq!(rows, array![[1.0, 2.0], [4.0, 5.0], [5.0, 6.0]]);
        assert_eq!(ends, [1, 4, 5]);
        assert!(windows(&[1.0], 2).1.is_empty());
    }

    #[test]
    fn lags_stand_before_the_value_the_farthest_first() {
        let values = array![[1.0, 10.0], [2.0, 20.0], [3.0, f64::NAN], [4.0, 40.0]];
        let rows = lagged(&values, &[1, 3]);
        assert_eq!(rows.row(3).to_vec()[..2], [1.0, 10.0]);
        assert_eq!(rows[(3, 2)], 3.0);
        assert!(rows[(3, 3)].is_nan() && rows[(2, 0)].is_nan());
        assert_eq!((rows[(3, 4)], rows[(1, 2)]), (4.0, 1.0));
    }
}
