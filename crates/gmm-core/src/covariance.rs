//! Covariances on their two axes: what the components share, and how one component is stored.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use crate::cholesky::{self, BadPivot, Cholesky};
use crate::error::GmmError;
use crate::moments::{Form, lower};
use crate::squarem::Coordinates;

/// The constraint on the covariances Σₖ of a mixture.
///
/// Each is a member of the volume–shape–orientation family of Celeux & Govaert (*Pattern Recognition* 28,
/// 1995); mclust's name and scikit-learn's are both read by [`FromStr`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CovarianceType {
    /// Every component has its own matrix (`full`, VVV).
    #[default]
    Full,
    /// All components share one matrix (`tied`, EEE).
    Tied,
    /// Every component has its own variance per feature (`diag`, VVI).
    #[serde(rename = "diag")]
    Diagonal,
    /// Every component has one variance (`spherical`, VII).
    Spherical,
    /// All components share one variance per feature (`tied-diag`, EEI).
    #[serde(rename = "tied-diag")]
    TiedDiagonal,
    /// All components share one variance (`tied-spherical`, EII).
    TiedSpherical,
}

impl CovarianceType {
    /// All types, from the most to the fewest parameters of each form.
    pub const ALL: [Self; 6] = [
        Self::Full,
        Self::Tied,
        Self::Diagonal,
        Self::TiedDiagonal,
        Self::Spherical,
        Self::TiedSpherical,
    ];

    /// scikit-learn's name, or the one that follows from it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Tied => "tied",
            Self::Diagonal => "diag",
            Self::Spherical => "spherical",
            Self::TiedDiagonal => "tied-diag",
            Self::TiedSpherical => "tied-spherical",
        }
    }

    /// Whether all components have the same covariance.
    pub const fn is_tied(self) -> bool {
        matches!(self, Self::Tied | Self::TiedDiagonal | Self::TiedSpherical)
    }

    /// The second moments such covariances are made of.
    pub(crate) const fn form(self) -> Form {
        match self {
            Self::Full | Self::Tied => Form::Full,
            _ => Form::Diagonal,
        }
    }

    /// Free parameters in the covariances of `n_components` components of `n_features` features.
    pub const fn n_parameters(self, n_components: usize, n_features: usize) -> usize {
        let of_one = match self {
            Self::Full | Self::Tied => lower(n_features, 0),
            Self::Diagonal | Self::TiedDiagonal => n_features,
            Self::Spherical | Self::TiedSpherical => 1,
        };
        if self.is_tied() {
            of_one
        } else {
            of_one * n_components
        }
    }

    /// Rows below which a component has too few to have a covariance of its own.
    pub(crate) const fn least_rows(self, n_features: usize) -> f64 {
        match self {
            Self::Full => n_features as f64 + 1.0,
            Self::Diagonal | Self::Spherical => 2.0,
            _ => 0.0,
        }
    }

    /// The covariance of this type whose second moments are `variances` (laid out as its
    /// [`form`](Self::form)).
    pub(crate) fn covariance(
        self,
        variances: Vec<f64>,
        dim: usize,
    ) -> Result<Covariance, BadPivot> {
        match self {
            Self::Full | Self::Tied => Cholesky::new(variances, dim).map(Covariance::Full),
            Self::Diagonal | Self::TiedDiagonal => Covariance::diagonal(variances),
            Self::Spherical | Self::TiedSpherical => {
                let mean = variances.iter().map(|v| v / dim as f64).sum();
                Covariance::spherical(mean, dim)
            }
        }
    }
}

impl CovarianceType {
    /// ln |Σ| of what [`covariance`](Self::covariance) would make.
    pub(crate) fn log_det(self, variances: Vec<f64>, dim: usize) -> Result<f64, BadPivot> {
        match self {
            Self::Full | Self::Tied => cholesky::log_det(&variances, dim),
            _ => self.covariance(variances, dim).map(|c| c.log_det()),
        }
    }
}

impl fmt::Display for CovarianceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for CovarianceType {
    type Err = GmmError;

    fn from_str(name: &str) -> Result<Self, GmmError> {
        match name.to_ascii_lowercase().as_str() {
            "full" | "vvv" => Ok(Self::Full),
            "tied" | "eee" => Ok(Self::Tied),
            "diag" | "diagonal" | "vvi" => Ok(Self::Diagonal),
            "spherical" | "vii" => Ok(Self::Spherical),
            "tied-diag" | "tied-diagonal" | "eei" => Ok(Self::TiedDiagonal),
            "tied-spherical" | "eii" => Ok(Self::TiedSpherical),
            _ => Err(GmmError::InvalidParameter {
                name: "covariance type",
                value: format!("'{name}'"),
                allowed: "full, tied, diag, spherical, tied-diag or tied-spherical \
                          (or VVV, EEE, VVI, VII, EEI, EII)",
            }),
        }
    }
}

/// The covariance of one component.
#[derive(Debug, Clone, PartialEq)]
pub enum Covariance {
    /// Any positive definite matrix.
    Full(Cholesky),
    /// A variance per feature.
    Diagonal {
        /// The variances.
        variances: Vec<f64>,
        /// 1/σ of each feature.
        inverse_deviations: Vec<f64>,
        /// Σ ln σ².
        log_det: f64,
    },
    /// One variance in every direction.
    Spherical {
        /// The variance.
        variance: f64,
        /// Number of features.
        dim: usize,
    },
}

fn check_variance(v: f64, column: usize) -> Result<(), BadPivot> {
    if v.is_finite() && v >= f64::MIN_POSITIVE {
        Ok(())
    } else {
        Err(BadPivot(column))
    }
}

impl Covariance {
    pub(crate) fn diagonal(variances: Vec<f64>) -> Result<Self, BadPivot> {
        for (j, &v) in variances.iter().enumerate() {
            check_variance(v, j)?;
        }
        let inverse_deviations = variances.iter().map(|v| 1.0 / v.sqrt()).collect();
        let log_det = variances.iter().map(|v| v.ln()).sum();
        Ok(Self::Diagonal {
            variances,
            inverse_deviations,
            log_det,
        })
    }

    pub(crate) fn spherical(variance: f64, dim: usize) -> Result<Self, BadPivot> {
        check_variance(variance, 0)?;
        Ok(Self::Spherical { variance, dim })
    }

    /// Number of features.
    pub fn dim(&self) -> usize {
        match self {
            Self::Full(c) => c.dim(),
            Self::Diagonal { variances, .. } => variances.len(),
            Self::Spherical { dim, .. } => *dim,
        }
    }

    /// ln |Σ|.
    pub fn log_det(&self) -> f64 {
        match self {
            Self::Full(c) => c.log_det(),
            Self::Diagonal { log_det, .. } => *log_det,
            Self::Spherical { variance, dim } => *dim as f64 * variance.ln(),
        }
    }

    /// Entry (i, j) of Σ.
    pub fn entry(&self, i: usize, j: usize) -> f64 {
        match self {
            Self::Full(c) => c.entry(i, j),
            Self::Diagonal { variances, .. } if i == j => variances[i],
            Self::Spherical { variance, .. } if i == j => *variance,
            _ => 0.0,
        }
    }

    /// Σ⁻¹, row by row.
    pub fn precision(&self) -> Vec<Vec<f64>> {
        let d = self.dim();
        let full = match self {
            Self::Full(c) => Some(c.inverse()),
            _ => None,
        };
        let entry = |i: usize, j: usize| match (&full, i == j) {
            (Some(inverse), _) => inverse[lower(i.max(j), i.min(j))],
            (None, true) => 1.0 / self.entry(i, i),
            (None, false) => 0.0,
        };
        (0..d)
            .map(|i| (0..d).map(|j| entry(i, j)).collect())
            .collect()
    }

    /// The variance of each feature given all others, 1/(Σ⁻¹)ⱼⱼ.
    pub(crate) fn conditional_variances(&self) -> Vec<f64> {
        match self {
            Self::Full(c) => {
                let precision = |j| {
                    (j..c.dim())
                        .map(|i| c.inverse_factor()[lower(i, j)].powi(2))
                        .sum::<f64>()
                };
                (0..c.dim()).map(|j| 1.0 / precision(j)).collect()
            }
            _ => (0..self.dim()).map(|j| self.entry(j, j)).collect(),
        }
    }

    /// The lower triangle of a matrix W with WᵀW = Σ⁻¹, row by row: L⁻¹.
    pub(crate) fn inverse_factor(&self) -> Cow<'_, [f64]> {
        if let Self::Full(c) = self {
            return Cow::Borrowed(c.inverse_factor());
        }
        let mut triangle = vec![0.0; lower(self.dim(), 0)];
        for (j, s) in self.inverse_deviations().iter().enumerate() {
            triangle[lower(j, j)] = *s;
        }
        Cow::Owned(triangle)
    }

    /// 1/σ of each feature, for the diagonal forms.
    pub(crate) fn inverse_deviations(&self) -> Cow<'_, [f64]> {
        match self {
            Self::Diagonal {
                inverse_deviations, ..
            } => Cow::Borrowed(inverse_deviations),
            _ => (0..self.dim())
                .map(|j| 1.0 / self.entry(j, j).sqrt())
                .collect(),
        }
    }

    /// Adds the coordinates of a component that has this share of the rows: L with the logarithms of its
    /// diagonal, or half those of the variances.
    pub(crate) fn coordinates(&self, share: f64, into: &mut Coordinates) {
        let of_deviation = |variance: f64| (0.5 * variance.ln(), 2.0 * share);
        match self {
            Self::Full(c) => {
                for i in 0..c.dim() {
                    for j in 0..i {
                        into.push(c.factor()[lower(i, j)], share / c.entry(i, i));
                    }
                    into.push(c.factor()[lower(i, i)].ln(), 2.0 * share);
                }
            }
            Self::Diagonal { variances, .. } => {
                for variance in variances {
                    let (value, metric) = of_deviation(*variance);
                    into.push(value, metric);
                }
            }
            Self::Spherical { variance, dim } => {
                let (value, metric) = of_deviation(*variance);
                into.push(value, metric * *dim as f64);
            }
        }
    }

    /// The covariance of this form at coordinates that are taken from the front of `values`.
    pub(crate) fn at(&self, values: &mut std::slice::Iter<'_, f64>) -> Option<Self> {
        let mut variance = || values.next().map_or(f64::NAN, |v| (2.0 * v).exp());
        match self {
            Self::Full(c) => Cholesky::at(values, c.dim()).map(Self::Full),
            Self::Diagonal { variances, .. } => {
                Self::diagonal(variances.iter().map(|_| variance()).collect()).ok()
            }
            Self::Spherical { dim, .. } => Self::spherical(variance(), *dim).ok(),
        }
    }

    /// Draws from N(0, Σ).
    pub(crate) fn draw<R: Rng + ?Sized>(&self, rng: &mut R) -> Vec<f64> {
        let z: Vec<f64> = (0..self.dim())
            .map(|_| StandardNormal.sample(rng))
            .collect();
        match self {
            Self::Full(c) => (0..c.dim())
                .map(|i| (0..=i).map(|j| c.factor()[lower(i, j)] * z[j]).sum())
                .collect(),
            Self::Diagonal { variances, .. } => {
                z.iter().zip(variances).map(|(z, v)| z * v.sqrt()).collect()
            }
            Self::Spherical { variance, .. } => z.iter().map(|z| z * variance.sqrt()).collect(),
        }
    }
}
