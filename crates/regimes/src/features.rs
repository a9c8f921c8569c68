//! From a series to rows: windows of successive values.

use gmm_core::ndarray::Array2;

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
}
