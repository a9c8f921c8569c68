//! Covariances in the shape of their type: how parameters come in and go out.

use ndarray::{Array1, Array2, Array3, ArrayView2, Axis};

use crate::covariance::{Covariance, CovarianceType};
use crate::error::GmmError;
use crate::moments::lower;

/// Covariances of K components in D dimensions, in the shape scikit-learn uses for each type.
#[derive(Debug, Clone, PartialEq)]
pub enum Covariances {
    /// K × D × D: one matrix per component.
    Full(Array3<f64>),
    /// D × D: one matrix for all.
    Tied(Array2<f64>),
    /// K × D: variances per component and feature.
    Diagonal(Array2<f64>),
    /// D: variances per feature, for all components.
    TiedDiagonal(Array1<f64>),
    /// K: one variance per component.
    Spherical(Array1<f64>),
    /// One variance for all.
    TiedSpherical(f64),
}

impl Covariances {
    /// The constraint these shapes express.
    pub fn covariance_type(&self) -> CovarianceType {
        match self {
            Self::Full(_) => CovarianceType::Full,
            Self::Tied(_) => CovarianceType::Tied,
            Self::Diagonal(_) => CovarianceType::Diagonal,
            Self::TiedDiagonal(_) => CovarianceType::TiedDiagonal,
            Self::Spherical(_) => CovarianceType::Spherical,
            Self::TiedSpherical(_) => CovarianceType::TiedSpherical,
        }
    }

    /// The covariances of these features alone.
    pub(crate) fn of_columns(&self, columns: &[usize]) -> Self {
        match self {
            Self::Full(m) => Self::Full(m.select(Axis(1), columns).select(Axis(2), columns)),
            Self::Tied(m) => Self::Tied(m.select(Axis(0), columns).select(Axis(1), columns)),
            Self::Diagonal(v) => Self::Diagonal(v.select(Axis(1), columns)),
            Self::TiedDiagonal(v) => Self::TiedDiagonal(v.select(Axis(0), columns)),
            Self::Spherical(v) => Self::Spherical(v.clone()),
            Self::TiedSpherical(v) => Self::TiedSpherical(*v),
        }
    }

    /// The covariance of one component, checked.
    pub(crate) fn of_component(
        &self,
        component: usize,
        dim: usize,
    ) -> Result<Covariance, GmmError> {
        let built = match self {
            Self::Full(m) => {
                let matrix = m.index_axis(Axis(0), component);
                self.covariance_type()
                    .covariance(lower_triangle(matrix, component)?, dim)
            }
            Self::Tied(m) => self
                .covariance_type()
                .covariance(lower_triangle(m.view(), component)?, dim),
            Self::Diagonal(v) => Covariance::diagonal(v.row(component).to_vec()),
            Self::TiedDiagonal(v) => Covariance::diagonal(v.to_vec()),
            Self::Spherical(v) => Covariance::spherical(v[component], dim),
            Self::TiedSpherical(v) => Covariance::spherical(*v, dim),
        };
        built.map_err(|pivot| GmmError::NotPositiveDefinite {
            component,
            column: pivot.0,
        })
    }

    pub(crate) fn check_shape(&self, k: usize, d: usize) -> Result<(), GmmError> {
        let check = |what, expected, found| {
            if expected == found {
                Ok(())
            } else {
                Err(GmmError::SizeMismatch {
                    what,
                    expected,
                    found,
                })
            }
        };
        const COMPONENTS: &str = "number of covariances";
        const FEATURES: &str = "columns of the covariances";
        match self {
            Self::Full(m) => {
                check(COMPONENTS, k, m.dim().0)?;
                check(FEATURES, d, m.dim().1)?;
                check(FEATURES, d, m.dim().2)
            }
            Self::Tied(m) => {
                check(FEATURES, d, m.nrows())?;
                check(FEATURES, d, m.ncols())
            }
            Self::Diagonal(v) => {
                check(COMPONENTS, k, v.nrows())?;
                check(FEATURES, d, v.ncols())
            }
            Self::TiedDiagonal(v) => check(FEATURES, d, v.len()),
            Self::Spherical(v) => check(COMPONENTS, k, v.len()),
            Self::TiedSpherical(_) => Ok(()),
        }
    }
}

/// The lower triangle of a matrix that equals its transpose up to rounding.
fn lower_triangle(m: ArrayView2<'_, f64>, component: usize) -> Result<Vec<f64>, GmmError> {
    const ASYMMETRY: f64 = 1e-8;
    let d = m.nrows();
    let mut triangle = vec![0.0; lower(d, 0)];
    for row in 0..d {
        for column in 0..=row {
            let (a, b) = (m[(row, column)], m[(column, row)]);
            let size = m[(row, row)].abs().sqrt() * m[(column, column)].abs().sqrt();
            // Not so where either is no number.
            let is_symmetric = (a - b).abs() <= ASYMMETRY * size;
            if !is_symmetric {
                return Err(GmmError::NotSymmetric {
                    component,
                    row,
                    column,
                });
            }
            triangle[lower(row, column)] = a;
        }
    }
    Ok(triangle)
}
