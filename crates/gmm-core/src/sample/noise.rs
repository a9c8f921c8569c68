//! Noise that rows were measured with.

use ndarray::{Array2, Array3, ArrayView2, Axis};

use crate::cholesky::Cholesky;
use crate::error::GmmError;
use crate::moments::lower;

/// The covariance of the error that each row was measured with: a fit then describes what was measured, not the
/// measurements (extreme deconvolution; Bovy, Hogg & Roweis, *Ann. Appl. Stat.* 5, 2011).
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Noise<'a> {
    /// Variances of independent errors, rows × features.
    Variances(&'a Array2<f64>),
    /// A covariance for each row, rows × features × features.
    Covariances(&'a Array3<f64>),
    /// One covariance for all rows, features × features.
    Common(&'a Array2<f64>),
}

impl Noise<'_> {
    /// Checks that there is a covariance of `n_features` for each of `n_rows`.
    pub(crate) fn check(&self, n_rows: usize, n_features: usize) -> Result<(), GmmError> {
        let (rows, sides) = match self {
            Self::Variances(v) => (v.nrows(), vec![v.ncols()]),
            Self::Covariances(m) => (m.dim().0, vec![m.dim().1, m.dim().2]),
            Self::Common(m) => (n_rows, vec![m.nrows(), m.ncols()]),
        };
        GmmError::check_size("rows of the noise", n_rows, rows)?;
        for side in sides {
            GmmError::check_size("columns of the noise", n_features, side)?;
        }
        let n_different = match self {
            Self::Common(_) => n_rows.min(1),
            _ => n_rows,
        };
        (0..n_different).try_for_each(|row| match self {
            Self::Variances(v) => match v.row(row).iter().position(|v| !is_variance(*v)) {
                Some(column) => Err(GmmError::InvalidNoise { row, column }),
                None => Ok(()),
            },
            Self::Covariances(m) => check_matrix(m.index_axis(Axis(0), row), row),
            Self::Common(m) => check_matrix(m.view(), row),
        })
    }

    /// Whether all rows have the same.
    pub(crate) fn is_common(&self) -> bool {
        matches!(self, Self::Common(_))
    }

    /// The lower triangle of the covariance of a row in some columns.
    pub(crate) fn of(&self, row: usize, columns: &[usize]) -> Vec<f64> {
        let entry = |i: usize, j: usize| match self {
            Self::Variances(v) if i == j => v[(row, i)],
            Self::Variances(_) => 0.0,
            Self::Covariances(m) => m[(row, i, j)],
            Self::Common(m) => m[(i, j)],
        };
        let rows = columns.iter().enumerate();
        rows.flat_map(|(i, &a)| columns[..=i].iter().map(move |&b| (a, b)))
            .map(|(a, b)| entry(a, b))
            .collect()
    }
}

fn is_variance(v: f64) -> bool {
    /// So that sums with the variances of components are finite.
    const LARGEST: f64 = 1e300;
    (0.0..=LARGEST).contains(&v)
}

/// Whether a matrix is symmetric and positive semi-definite to rounding.
fn check_matrix(m: ArrayView2<'_, f64>, row: usize) -> Result<(), GmmError> {
    const ROUNDING: f64 = 1e-10;
    let d = m.nrows();
    let refuse = |column| Err(GmmError::InvalidNoise { row, column });
    if let Some(column) = (0..d).find(|&j| !is_variance(m[(j, j)])) {
        return refuse(column);
    }
    // In correlations, a little of the identity added; a feature without noise is independent of the others.
    let mut correlations = vec![0.0; lower(d, 0)];
    for i in 0..d {
        for j in 0..=i {
            let size = (m[(i, i)].sqrt()) * m[(j, j)].sqrt();
            let (a, b) = (m[(i, j)], m[(j, i)]);
            // Not so where either is no number.
            let is_symmetric = (a - b).abs() <= 1e-8 * size;
            // Nor is what has no variance correlated with anything.
            let is_possible = a.abs() <= (1.0 + ROUNDING) * size;
            if !(is_symmetric && is_possible) {
                return refuse(i);
            }
            correlations[lower(i, j)] = match (i == j, size > 0.0) {
                (true, _) => 1.0 + ROUNDING,
                (false, true) => a / size,
                (false, false) => 0.0,
            };
        }
    }
    match Cholesky::new(&correlations, d) {
        Ok(_) => Ok(()),
        Err(pivot) => refuse(pivot.0),
    }
}
