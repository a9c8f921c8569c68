//! Covariances in the shape of their type: how parameters come in and go out.

use ndarray::{Array1, Array2, Array3, ArrayView2, Axis, s};

use crate::covariance::{Covariance, CovarianceType};
use crate::error::GmmError;
use crate::family::{self, Bounds, Part};
use crate::moments::{Form, lower};

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
    /// K × D × D: one matrix per component, which together obey this family: VEI, EVI, VEE, EVE, VVE, EEV, VEV or
    /// EVV. Others have a shape of their own above.
    Family(CovarianceType, Array3<f64>),
    /// Factor analysers, ΛₖΛₖᵀ + Ψₖ.
    Factors {
        /// Λ, K × D × q.
        loadings: Array3<f64>,
        /// The diagonals of Ψ, K × D.
        noise: Array2<f64>,
    },
    /// Probabilistic principal components, ΛₖΛₖᵀ + σₖ²I.
    ProbabilisticPca {
        /// Λ, K × D × q.
        loadings: Array3<f64>,
        /// σ², K.
        noise: Array1<f64>,
    },
}

/// The families whose covariances are matrices per component that share something.
const SHARING: [CovarianceType; 8] = [
    CovarianceType::Vei,
    CovarianceType::Evi,
    CovarianceType::Vee,
    CovarianceType::Eve,
    CovarianceType::Vve,
    CovarianceType::Eev,
    CovarianceType::Vev,
    CovarianceType::Evv,
];

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
            Self::Family(of, _) => *of,
            Self::Factors { loadings, .. } => CovarianceType::FactorAnalyzers {
                n_factors: loadings.dim().2,
            },
            Self::ProbabilisticPca { loadings, .. } => CovarianceType::ProbabilisticPca {
                n_factors: loadings.dim().2,
            },
        }
    }

    /// The covariances of these components, in the shape of their type.
    pub(crate) fn of_type(of: CovarianceType, components: &[&Covariance]) -> Self {
        let k = components.len();
        let d = components.first().map_or(0, |c| c.dim());
        let matrices = || Array3::from_shape_fn((k, d, d), |(c, i, j)| components[c].entry(i, j));
        let factors: Option<Vec<_>> = components.iter().map(|c| c.factors()).collect();
        let loadings = |factors: &[(&[f64], &[f64])], q: usize| {
            Array3::from_shape_fn((k, d, q), |(c, j, m)| factors[c].0[j * q + m])
        };
        let entry = |c: usize, i: usize, j: usize| components[c].entry(i, j);
        match (of, factors) {
            (CovarianceType::Full, _) => Self::Full(matrices()),
            (CovarianceType::Tied, _) => {
                Self::Tied(Array2::from_shape_fn((d, d), |(i, j)| entry(0, i, j)))
            }
            (CovarianceType::Diagonal, _) => {
                Self::Diagonal(Array2::from_shape_fn((k, d), |(c, j)| entry(c, j, j)))
            }
            (CovarianceType::TiedDiagonal, _) => {
                Self::TiedDiagonal(Array1::from_shape_fn(d, |j| entry(0, j, j)))
            }
            (CovarianceType::Spherical, _) => {
                Self::Spherical(Array1::from_shape_fn(k, |c| entry(c, 0, 0)))
            }
            (CovarianceType::TiedSpherical, _) => Self::TiedSpherical(entry(0, 0, 0)),
            (CovarianceType::FactorAnalyzers { n_factors }, Some(factors)) => Self::Factors {
                loadings: loadings(&factors, n_factors),
                noise: Array2::from_shape_fn((k, d), |(c, j)| factors[c].1[j]),
            },
            (CovarianceType::ProbabilisticPca { n_factors }, Some(factors)) => {
                Self::ProbabilisticPca {
                    loadings: loadings(&factors, n_factors),
                    noise: Array1::from_shape_fn(k, |c| factors[c].1[0]),
                }
            }
            _ => Self::Family(of, matrices()),
        }
    }

    /// The covariances of these features alone.
    ///
    /// What matrices share is not shared by their parts, unless they are diagonal; and fewer features may be too few
    /// for the factors. Such are of the type that asks nothing.
    pub(crate) fn of_columns(&self, columns: &[usize]) -> Self {
        match self {
            Self::Full(m) => Self::Full(m.select(Axis(1), columns).select(Axis(2), columns)),
            Self::Tied(m) => Self::Tied(m.select(Axis(0), columns).select(Axis(1), columns)),
            Self::Diagonal(v) => Self::Diagonal(v.select(Axis(1), columns)),
            Self::TiedDiagonal(v) => Self::TiedDiagonal(v.select(Axis(0), columns)),
            Self::Spherical(v) => Self::Spherical(v.clone()),
            Self::TiedSpherical(v) => Self::TiedSpherical(*v),
            Self::Family(CovarianceType::Vei | CovarianceType::Evi, m) => {
                let (k, _, _) = m.dim();
                Self::Diagonal(Array2::from_shape_fn((k, columns.len()), |(c, j)| {
                    m[(c, columns[j], columns[j])]
                }))
            }
            Self::Family(_, m) => Self::Full(m.select(Axis(1), columns).select(Axis(2), columns)),
            Self::Factors { loadings, noise } => {
                let loadings = loadings.select(Axis(1), columns);
                let noise = noise.select(Axis(1), columns);
                if loadings.dim().2 < columns.len() {
                    Self::Factors { loadings, noise }
                } else {
                    Self::Full(matrices(&loadings, |c, j| noise[(c, j)]))
                }
            }
            Self::ProbabilisticPca { loadings, noise } => {
                let loadings = loadings.select(Axis(1), columns);
                let noise = noise.clone();
                if loadings.dim().2 < columns.len() {
                    Self::ProbabilisticPca { loadings, noise }
                } else {
                    Self::Full(matrices(&loadings, |c, _| noise[c]))
                }
            }
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
            Self::Family(of, m) => {
                let matrix = m.index_axis(Axis(0), component);
                let triangle = lower_triangle(matrix, component)?;
                match of.form() {
                    Form::Full => of.covariance(triangle, dim),
                    Form::Diagonal => Covariance::diagonal(matrix.diag().to_vec()),
                }
            }
            Self::Factors { loadings, noise } => Covariance::low_rank(
                loadings
                    .index_axis(Axis(0), component)
                    .iter()
                    .copied()
                    .collect(),
                noise.row(component).to_vec(),
            ),
            Self::ProbabilisticPca { loadings, noise } => Covariance::low_rank(
                loadings
                    .index_axis(Axis(0), component)
                    .iter()
                    .copied()
                    .collect(),
                vec![noise[component]; dim],
            ),
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
            Self::Family(of, _) if !SHARING.contains(of) => Err(GmmError::InvalidParameter {
                name: "family of covariances",
                value: of.to_string(),
                allowed: "VEI, EVI, VEE, EVE, VVE, EEV, VEV or EVV",
            }),
            Self::Family(_, m) => {
                check(COMPONENTS, k, m.dim().0)?;
                check(FEATURES, d, m.dim().1)?;
                check(FEATURES, d, m.dim().2)
            }
            Self::Factors { loadings, noise } => {
                check(COMPONENTS, k, loadings.dim().0)?;
                check(FEATURES, d, loadings.dim().1)?;
                check(COMPONENTS, k, noise.nrows())?;
                check(FEATURES, d, noise.ncols())?;
                self.covariance_type().check(d)
            }
            Self::ProbabilisticPca { loadings, noise } => {
                check(COMPONENTS, k, loadings.dim().0)?;
                check(FEATURES, d, loadings.dim().1)?;
                check(COMPONENTS, k, noise.len())?;
                self.covariance_type().check(d)
            }
        }
    }

    /// Whether the components share what the family asks for: an M-step on rows that have exactly these
    /// covariances finds them again.
    pub(crate) fn check_family(&self, components: &[&Covariance]) -> Result<(), GmmError> {
        /// Of the deviations of the two features of an entry.
        const SLACK: f64 = 1e-6;
        let Self::Family(of, matrices) = self else {
            return Ok(());
        };
        let dim = components.first().map_or(0, |c| c.dim());
        let form = of.form();
        let pairs = || (0..dim).flat_map(|i| (0..=i).map(move |j| (i, j)));
        let is_kept = |(i, j): &(usize, usize)| form == Form::Full || i == j;
        let parts: Vec<Part> = components
            .iter()
            .map(|c| Part {
                weight: 1.0,
                scatter: pairs()
                    .filter(is_kept)
                    .map(|(i, j)| c.entry(i, j))
                    .collect(),
            })
            .collect();
        let bounds = Bounds {
            floor: &[],
            ratio: None,
        };
        let found = family::covariances(*of, &parts, dim, &bounds, Some(components))?;
        let outside = |component: &usize| {
            pairs().any(|(i, j)| {
                let [given, found] = [matrices[(*component, i, j)], found[*component].entry(i, j)];
                let variance = |i: usize| components[*component].entry(i, i);
                let size = variance(i).sqrt() * variance(j).sqrt();
                // Also where one is no number.
                let is_near = (given - found).abs() <= SLACK * size;
                !is_near
            })
        };
        match (0..components.len()).find(outside) {
            Some(component) => Err(GmmError::OutsideFamily {
                component,
                family: of.to_string(),
            }),
            None => Ok(()),
        }
    }
}

/// ΛΛᵀ + Ψ, K × D × D.
fn matrices(loadings: &Array3<f64>, noise: impl Fn(usize, usize) -> f64) -> Array3<f64> {
    let (k, d, _) = loadings.dim();
    Array3::from_shape_fn((k, d, d), |(c, i, j)| {
        let rows = [i, j].map(|i| loadings.slice(s![c, i, ..]));
        let own = if i == j { noise(c, i) } else { 0.0 };
        rows[0].dot(&rows[1]) + own
    })
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
