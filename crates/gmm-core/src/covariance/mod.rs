//! Covariances on their two axes: what the components share, and how one component is stored.

mod constraint;

pub use constraint::CovarianceType;

use std::borrow::Cow;

use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::cholesky::{BadPivot, Cholesky, dot};
use crate::moments::{Form, lower};
use crate::squarem::Coordinates;

/// The covariance of one component.
#[derive(Debug, Clone, PartialEq)]
pub enum Covariance {
    /// Any positive definite matrix.
    Full(Cholesky),
    /// What a few hidden factors bring, and noise of each feature: Σ = ΛΛᵀ + Ψ.
    LowRank {
        /// The matrix Σ.
        cholesky: Cholesky,
        /// Λ, D × q, row by row.
        loadings: Vec<f64>,
        /// The diagonal of Ψ.
        noise: Vec<f64>,
    },
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

/// The variance of which the next number is half the logarithm.
fn variance(values: &mut std::slice::Iter<'_, f64>) -> f64 {
    values.next().map_or(f64::NAN, |v| (2.0 * v).exp())
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

    /// ΛΛᵀ + Ψ for loadings given row by row and noise variances, one for each feature.
    pub(crate) fn low_rank(loadings: Vec<f64>, noise: Vec<f64>) -> Result<Self, BadPivot> {
        let dim = noise.len();
        let n_factors = loadings.len() / dim;
        let row = |i: usize| &loadings[i * n_factors..][..n_factors];
        let mut matrix = vec![0.0; lower(dim, 0)];
        for (i, &variance) in noise.iter().enumerate() {
            check_variance(variance, i)?;
            for j in 0..=i {
                matrix[lower(i, j)] = dot(row(i), row(j));
            }
            matrix[lower(i, i)] += variance;
        }
        Ok(Self::LowRank {
            cholesky: Cholesky::new(&matrix, dim)?,
            loadings,
            noise,
        })
    }

    /// The factored matrix, of the forms that have one.
    pub(crate) fn cholesky(&self) -> Option<&Cholesky> {
        match self {
            Self::Full(cholesky) | Self::LowRank { cholesky, .. } => Some(cholesky),
            _ => None,
        }
    }

    /// Λ and the diagonal of Ψ, of [`LowRank`](Self::LowRank).
    pub(crate) fn factors(&self) -> Option<(&[f64], &[f64])> {
        match self {
            Self::LowRank {
                loadings, noise, ..
            } => Some((loadings, noise)),
            _ => None,
        }
    }

    /// Number of features.
    pub fn dim(&self) -> usize {
        match self {
            Self::Full(c) | Self::LowRank { cholesky: c, .. } => c.dim(),
            Self::Diagonal { variances, .. } => variances.len(),
            Self::Spherical { dim, .. } => *dim,
        }
    }

    /// ln |Σ|.
    pub fn log_det(&self) -> f64 {
        match self {
            Self::Full(c) | Self::LowRank { cholesky: c, .. } => c.log_det(),
            Self::Diagonal { log_det, .. } => *log_det,
            Self::Spherical { variance, dim } => *dim as f64 * variance.ln(),
        }
    }

    /// Entry (i, j) of Σ.
    pub fn entry(&self, i: usize, j: usize) -> f64 {
        match self {
            Self::Full(c) | Self::LowRank { cholesky: c, .. } => c.entry(i, j),
            Self::Diagonal { variances, .. } if i == j => variances[i],
            Self::Spherical { variance, .. } if i == j => *variance,
            _ => 0.0,
        }
    }

    /// Σ⁻¹, row by row.
    pub fn precision(&self) -> Vec<Vec<f64>> {
        let d = self.dim();
        let full = self.cholesky().map(Cholesky::inverse);
        let entry = |i: usize, j: usize| match (&full, i == j) {
            (Some(inverse), _) => inverse[lower(i.max(j), i.min(j))],
            (None, true) => 1.0 / self.entry(i, i),
            (None, false) => 0.0,
        };
        (0..d)
            .map(|i| (0..d).map(|j| entry(i, j)).collect())
            .collect()
    }

    /// L⁻¹ of Σ = LLᵀ, row by row: the lower triangle that whitens.
    pub fn whitening(&self) -> Vec<Vec<f64>> {
        let (d, triangle) = (self.dim(), self.inverse_factor());
        let entry = |i: usize, j: usize| if j <= i { triangle[lower(i, j)] } else { 0.0 };
        (0..d)
            .map(|i| (0..d).map(|j| entry(i, j)).collect())
            .collect()
    }

    /// The variance of each feature given all others, 1/(Σ⁻¹)ⱼⱼ.
    pub(crate) fn conditional_variances(&self) -> Vec<f64> {
        match self.cholesky() {
            Some(c) => {
                let precision = |j| {
                    (j..c.dim())
                        .map(|i| c.inverse_factor()[lower(i, j)].powi(2))
                        .sum::<f64>()
                };
                (0..c.dim()).map(|j| 1.0 / precision(j)).collect()
            }
            None => (0..self.dim()).map(|j| self.entry(j, j)).collect(),
        }
    }

    /// The lower triangle of L, row by row.
    pub(crate) fn factor(&self) -> Cow<'_, [f64]> {
        if let Some(c) = self.cholesky() {
            return Cow::Borrowed(c.factor());
        }
        let mut triangle = vec![0.0; lower(self.dim(), 0)];
        for j in 0..self.dim() {
            triangle[lower(j, j)] = self.entry(j, j).sqrt();
        }
        Cow::Owned(triangle)
    }

    /// The lower triangle of a matrix W with WᵀW = Σ⁻¹, row by row: L⁻¹.
    pub(crate) fn inverse_factor(&self) -> Cow<'_, [f64]> {
        if let Some(c) = self.cholesky() {
            return Cow::Borrowed(c.inverse_factor());
        }
        let mut triangle = vec![0.0; lower(self.dim(), 0)];
        for (j, s) in self.inverse_deviations().enumerate() {
            triangle[lower(j, j)] = s;
        }
        Cow::Owned(triangle)
    }

    /// 1/σ of each feature, for the diagonal forms.
    pub(crate) fn inverse_deviations(&self) -> impl Iterator<Item = f64> {
        (0..self.dim()).map(|j| match self {
            Self::Diagonal {
                inverse_deviations, ..
            } => inverse_deviations[j],
            _ => 1.0 / self.entry(j, j).sqrt(),
        })
    }

    /// Adds the coordinates of a component that has this share of the rows: L with the logarithms of its
    /// diagonal, or half those of the variances; of factors their loadings and the latter of the noise.
    pub(crate) fn coordinates(&self, share: f64, into: &mut Coordinates) {
        let of_deviation = |variance: f64| (0.5 * variance.ln(), 2.0 * share);
        match self {
            Self::Full(c) => {
                for i in 0..c.dim() {
                    let metric = share / c.entry(i, i);
                    let row = &c.factor()[lower(i, 0)..=lower(i, i)];
                    into.extend(&row[..i], metric);
                    into.push(row[i].ln(), 2.0 * share);
                }
            }
            Self::LowRank {
                cholesky,
                loadings,
                noise,
            } => {
                let n_factors = loadings.len() / noise.len();
                for (i, loading) in loadings.iter().enumerate() {
                    let feature = i / n_factors;
                    into.push(*loading, share / cholesky.entry(feature, feature));
                }
                for variance in noise {
                    let (value, metric) = of_deviation(*variance);
                    into.push(value, metric);
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
        match self {
            Self::Full(c) => Cholesky::at(values, c.dim()).map(Self::Full),
            Self::LowRank {
                loadings, noise, ..
            } => {
                let loadings = values.by_ref().take(loadings.len()).copied().collect();
                let noise = noise.iter().map(|_| variance(values)).collect();
                Self::low_rank(loadings, noise).ok()
            }
            Self::Diagonal { variances, .. } => {
                Self::diagonal(variances.iter().map(|_| variance(values)).collect()).ok()
            }
            Self::Spherical { dim, .. } => Self::spherical(variance(values), *dim).ok(),
        }
    }

    /// The entries of Σ in the given form.
    pub(crate) fn entries(&self, form: Form) -> Vec<f64> {
        let d = self.dim();
        match form {
            Form::Full => {
                let row = |i: usize| (0..=i).map(move |j| self.entry(i, j));
                (0..d).flat_map(row).collect()
            }
            Form::Diagonal => (0..d).map(|j| self.entry(j, j)).collect(),
        }
    }

    /// Whether features are independent.
    pub fn is_diagonal(&self) -> bool {
        matches!(self, Self::Diagonal { .. } | Self::Spherical { .. })
    }

    /// L⁻¹v.
    pub(crate) fn whitened(&self, v: &[f64]) -> Vec<f64> {
        match self.cholesky() {
            Some(c) => c.whitened(v),
            None => v
                .iter()
                .zip(self.inverse_deviations())
                .map(|(v, s)| v * s)
                .collect(),
        }
    }

    /// Σ⁻¹v.
    pub(crate) fn solve(&self, v: &[f64]) -> Vec<f64> {
        match self {
            Self::Full(c) | Self::LowRank { cholesky: c, .. } => c.solve(v),
            _ => v
                .iter()
                .enumerate()
                .map(|(j, v)| v / self.entry(j, j))
                .collect(),
        }
    }

    /// Draws from N(0, Σ).
    pub(crate) fn draw<R: Rng + ?Sized>(&self, rng: &mut R) -> Vec<f64> {
        let z: Vec<f64> = (0..self.dim())
            .map(|_| StandardNormal.sample(rng))
            .collect();
        match self {
            Self::Full(c) | Self::LowRank { cholesky: c, .. } => (0..c.dim())
                .map(|i| (0..=i).map(|j| c.factor()[lower(i, j)] * z[j]).sum())
                .collect(),
            Self::Diagonal { variances, .. } => {
                z.iter().zip(variances).map(|(z, v)| z * v.sqrt()).collect()
            }
            Self::Spherical { variance, .. } => z.iter().map(|z| z * variance.sqrt()).collect(),
        }
    }
}
