//! Rows as the factors of their component, and rows from factors: local reduction of dimension.
//!
//! A component of a factor model is x = Λz + μ + e with z ~ N(0, I) of q numbers and e ~ N(0, Ψ). Mixtures of such are
//! Ghahramani & Hinton's mixtures of factor analysers (Toronto CRG-TR-96-1), with Ψ = σ²I Tipping & Bishop's mixtures of
//! probabilistic principal component analysers (*Neural Computation* 11, 1999).

use ndarray::{Array1, Array2};

use crate::cholesky::dot;
use crate::covariance::CovarianceType;
use crate::eigen::Eigen;
use crate::error::GmmError;
use crate::gaussian::Gaussian;
use crate::gmm::Gmm;
use crate::sample::Sample;
use crate::tile::Rows;

/// Squared length of a factor, in units of the noise and of the longest, up to which it is none.
const NOTHING: f64 = 1e-12;

/// Each row as a component and q numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct FactorScores {
    /// The component of largest posterior of each row.
    pub components: Array1<usize>,
    /// The expected factors of each row in that component, rows × q: M⁻¹Wᵀ(t − μ) with M = WᵀW + σ²I where noise is the
    /// same in all features.
    pub scores: Array2<f64>,
}

/// Λ and Ψ of a component, with the axes of A = ΛᵀΨ⁻¹Λ.
struct Plane<'a> {
    mean: &'a [f64],
    /// D × q, row by row.
    loadings: &'a [f64],
    noise: &'a [f64],
    /// Of A, q × q.
    eigen: Eigen,
}

impl<'a> Plane<'a> {
    fn of(gaussian: &'a Gaussian) -> Option<Self> {
        let (loadings, noise) = gaussian.covariance().factors()?;
        let q = loadings.len() / noise.len();
        let entry = |a: usize, b: usize| -> f64 {
            let rows = loadings.chunks_exact(q).zip(noise);
            rows.map(|(row, psi)| row[a] * row[b] / psi).sum()
        };
        let pairs = (0..q).flat_map(|a| (0..=a).map(move |b| (a, b)));
        let triangle: Vec<f64> = pairs.map(|(a, b)| entry(a, b)).collect();
        Some(Self {
            mean: gaussian.mean(),
            loadings,
            noise,
            eigen: Eigen::of(&triangle, q)?,
        })
    }

    /// f(A)v for a function of eigenvalues.
    fn apply(&self, f: impl Fn(f64) -> f64, v: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; v.len()];
        let axes = self.eigen.axes.chunks_exact(v.len());
        for (axis, value) in axes.zip(&self.eigen.values) {
            let along = f(*value) * dot(axis, v);
            out.iter_mut().zip(axis).for_each(|(o, a)| *o += along * a);
        }
        out
    }

    /// E[z|x] = (I + A)⁻¹ΛᵀΨ⁻¹(x − μ).
    fn scores(&self, row: &[f64]) -> Vec<f64> {
        let q = self.eigen.values.len();
        let mut turned = vec![0.0; q];
        for (j, loadings) in self.loadings.chunks_exact(q).enumerate() {
            let offset = (row[j] - self.mean[j]) / self.noise[j];
            turned
                .iter_mut()
                .zip(loadings)
                .for_each(|(t, l)| *t += l * offset);
        }
        self.apply(|a| 1.0 / (1.0 + a), &turned)
    }

    /// ΛA⁻¹(I + A)z + μ.
    fn row(&self, scores: &[f64]) -> Vec<f64> {
        let least = NOTHING * self.eigen.values[0].max(1.0);
        let inverse = |a: f64| if a > least { (1.0 + a) / a } else { 0.0 };
        let nearest = self.apply(inverse, scores);
        let rows = self.loadings.chunks_exact(nearest.len());
        rows.zip(self.mean)
            .map(|(row, m)| m + dot(row, &nearest))
            .collect()
    }
}

impl Gmm {
    /// Each row as its component and the expected factors in it, of a mixture of factor analysers or of probabilistic
    /// principal component analysers: E[z|x] = (I + ΛᵀΨ⁻¹Λ)⁻¹ΛᵀΨ⁻¹(x − μ). Factors are shrunk towards 0, the more so the
    /// more noise there is.
    ///
    /// ```
    /// use gmm_core::{Covariances, Gmm};
    /// use ndarray::array;
    ///
    /// let loadings = array![[[2.0], [0.0]]];
    /// let covariances = Covariances::ProbabilisticPca { loadings, noise: array![1.0] };
    /// let gmm = Gmm::new(array![1.0], array![[1.0, 1.0]], covariances)?;
    /// let scores = gmm.factor_scores(&array![[6.0, 3.0]])?;
    /// assert!((scores.scores[(0, 0)] - 2.0).abs() < 1e-12); // (2·5)/(2² + 1)
    /// let back = gmm.reconstructed(&scores)?;
    /// assert!((&back - &array![[6.0, 1.0]]).iter().all(|d| d.abs() < 1e-12));
    /// # Ok::<(), gmm_core::GmmError>(())
    /// ```
    ///
    /// # Errors
    /// [`GmmError::InvalidParameter`] for covariances without factors and for a background; else as
    /// [`log_prob`](Self::log_prob).
    pub fn factor_scores(&self, rows: &dyn Rows) -> Result<FactorScores, GmmError> {
        self.check_no_background()?;
        let planes = self.planes()?;
        let components = self.labels(rows)?;
        let all: Vec<usize> = (0..rows.n_rows()).collect();
        let rows = Sample::new(rows).select(&all);
        let mut scores = Array2::zeros((all.len(), self.n_factors()?));
        for (i, component) in components.iter().enumerate() {
            let own = planes[*component].scores(&rows.row(i).to_vec());
            scores.row_mut(i).assign(&Array1::from(own));
        }
        Ok(FactorScores { components, scores })
    }

    /// The rows that have these factors in these components, rows × D: Λ(ΛᵀΨ⁻¹Λ)⁻¹(I + ΛᵀΨ⁻¹Λ)z + μ, which undoes the
    /// shrinking. Of expected factors it is the point of the component's plane that is nearest to the row, in units of
    /// the noise; with Ψ = σ²I the orthogonal projection W(WᵀW)⁻¹M⟨x⟩ + μ, the least squared error (Tipping & Bishop 1999,
    /// on optimal reconstruction). A factor without loadings brings nothing.
    ///
    /// # Errors
    /// [`GmmError::InvalidParameter`] for covariances without factors and a component that is not there;
    /// [`GmmError::SizeMismatch`] for another number of factors or of rows.
    pub fn reconstructed(&self, of: &FactorScores) -> Result<Array2<f64>, GmmError> {
        let planes = self.planes()?;
        GmmError::check_size("number of factors", self.n_factors()?, of.scores.ncols())?;
        let n = of.components.len();
        GmmError::check_size("rows of factors", n, of.scores.nrows())?;
        let mut rows = Array2::zeros((n, self.n_features()));
        for (i, component) in of.components.iter().enumerate() {
            let Some(plane) = planes.get(*component) else {
                return Err(GmmError::InvalidParameter {
                    name: "component",
                    value: component.to_string(),
                    allowed: "below the number of components",
                });
            };
            let row = plane.row(&of.scores.row(i).to_vec());
            rows.row_mut(i).assign(&Array1::from(row));
        }
        Ok(rows)
    }

    /// q of a mixture that has factors.
    fn n_factors(&self) -> Result<usize, GmmError> {
        match self.covariance_type() {
            CovarianceType::FactorAnalyzers { n_factors }
            | CovarianceType::ProbabilisticPca { n_factors } => Ok(n_factors),
            other => Err(without_factors(other)),
        }
    }

    fn planes(&self) -> Result<Vec<Plane<'_>>, GmmError> {
        let of = self.covariance_type();
        let planes = self.components().iter().map(Plane::of);
        planes
            .collect::<Option<_>>()
            .ok_or_else(|| without_factors(of))
    }
}

fn without_factors(of: CovarianceType) -> GmmError {
    GmmError::InvalidParameter {
        name: "covariance type",
        value: of.to_string(),
        allowed: "one with factors: mfa-1, ppca-1 and so on",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::typed_covariances::Covariances;
    use ndarray::{Array3, array};

    /// Two components of two factors in four columns.
    fn loadings() -> Array3<f64> {
        Array3::from_shape_fn((2, 4, 2), |(k, j, m)| {
            ((1 + k + 2 * j + 5 * m) as f64).sin() * 2.0
        })
    }

    fn means() -> Array2<f64> {
        array![[0.0, 1.0, 2.0, 3.0], [30.0, 30.0, 30.0, 30.0]]
    }

    fn gmm(noise: f64) -> Gmm {
        let covariances = Covariances::ProbabilisticPca {
            loadings: loadings(),
            noise: array![noise, noise],
        };
        Gmm::new(array![0.5, 0.5], means(), covariances).unwrap()
    }

    #[test]
    fn rows_of_a_plane_come_back_whatever_the_noise() {
        let factors = array![[0.5, -1.0], [1.5, 0.2], [0.0, 2.0]];
        let of = array![0, 1, 1];
        let row = |(i, j): (usize, usize)| {
            let l = loadings();
            let along = |m: usize| l[(of[i], j, m)] * factors[(i, m)];
            means()[(of[i], j)] + along(0) + along(1)
        };
        let rows = Array2::from_shape_fn((3, 4), row);
        for noise in [1e-9, 0.1, 3.0] {
            let gmm = gmm(noise);
            let found = gmm.factor_scores(&rows).unwrap();
            assert_eq!(found.components, of);
            let back = gmm.reconstructed(&found).unwrap();
            assert!((&back - &rows).iter().all(|d| d.abs() < 1e-6), "{back}");
            // Without noise factors are what they were; with noise they are shrunk.
            let square = |a: &Array2<f64>| a.iter().map(|v| v * v).sum::<f64>();
            if noise < 1e-6 {
                assert!((&found.scores - &factors).iter().all(|d| d.abs() < 1e-6));
            } else {
                assert!(square(&found.scores) < square(&factors));
            }
        }
    }

    #[test]
    fn what_is_left_is_orthogonal_in_units_of_the_noise() {
        let noise = array![[0.2, 1.0, 3.0, 0.5], [1.0, 1.0, 1.0, 1.0]];
        let covariances = Covariances::Factors {
            loadings: loadings(),
            noise: noise.clone(),
        };
        let gmm = Gmm::new(array![0.5, 0.5], means(), covariances).unwrap();
        let rows = array![[1.0, -2.0, 3.0, 0.0], [28.0, 33.0, 31.0, 29.0]];
        let found = gmm.factor_scores(&rows).unwrap();
        let left = &rows - &gmm.reconstructed(&found).unwrap();
        for (i, k) in found.components.iter().enumerate() {
            for m in 0..2 {
                let along: f64 = (0..4)
                    .map(|j| left[(i, j)] * loadings()[(*k, j, m)] / noise[(*k, j)])
                    .sum();
                assert!(along.abs() < 1e-9, "{along}");
            }
        }
    }

    #[test]
    fn a_factor_without_loadings_brings_nothing() {
        let mut loadings = loadings();
        loadings
            .slice_mut(ndarray::s![0, .., 1])
            .iter_mut()
            .for_each(|l| *l = 0.0);
        let noise = array![1.0, 1.0];
        let covariances = Covariances::ProbabilisticPca { loadings, noise };
        let gmm = Gmm::new(array![0.5, 0.5], means(), covariances).unwrap();
        let found = gmm.factor_scores(&array![[1.0, 1.0, 1.0, 1.0]]).unwrap();
        assert_eq!(found.scores[(0, 1)], 0.0);
        let back = gmm.reconstructed(&found).unwrap();
        assert!(back.iter().all(|v| v.is_finite()));
    }

    #[test]
    fn what_has_no_factors_is_refused() {
        let full = Gmm::new(array![1.0], array![[0.0]], Covariances::TiedSpherical(1.0)).unwrap();
        let error = full.factor_scores(&array![[0.0]]).unwrap_err();
        assert!(error.to_string().contains("ppca-1"), "{error}");
        let rows = array![[0.0, 0.0, 0.0, 0.0]];
        let mut found = gmm(1.0).factor_scores(&rows).unwrap();
        found.components[0] = 2;
        assert!(gmm(1.0).reconstructed(&found).is_err());
        assert!(gmm(1.0).factor_scores(&array![[0.0]]).is_err());
    }
}
