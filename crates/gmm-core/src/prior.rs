//! What is believed of components before the data speaks.

use ndarray::{Array1, Array2};

use crate::cholesky::Cholesky;
use crate::covariance::CovarianceType;
use crate::error::GmmError;
use crate::gaussian::Gaussian;
use crate::moments::{Form, Moments, lower};

/// A conjugate prior: a fit then maximises the posterior density of the parameters (MAP) instead of the likelihood.
///
/// Means are N(m, Σₖ/κ), covariances inverse Wishart with ν degrees of freedom and scale Λ, shares Dirichlet. The
/// defaults are mclust's (Fraley & Raftery, *J. Classification* 24, 2007, §3): m the mean of the data, κ = 0.01,
/// ν = D + 2, Λ the covariance of the data divided by K^(2/D) (for families without orientation, the mean of the
/// variances in every feature), and no prior on the shares. They keep components from collapsing and change little
/// else.
///
/// A covariance that all components share counts its prior once, all others once for each component.
///
/// ```
/// use gmm_core::{Gmm, Prior};
/// use ndarray::array;
///
/// // Two of these rows are equal: without a prior a component could shrink onto them.
/// let x = array![[0.0], [0.0], [1.0], [1.5], [2.0], [2.2]];
/// let fitted = Gmm::params(2).prior(Prior::default().mean_strength(0.05)).fit_report(&x)?;
/// assert!(fitted.is_proper());
/// # Ok::<(), gmm_core::GmmError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Prior {
    mean: Option<Array1<f64>>,
    mean_strength: f64,
    degrees_of_freedom: Option<f64>,
    scale: Option<Array2<f64>>,
    concentration: f64,
}

impl Default for Prior {
    fn default() -> Self {
        Self {
            mean: None,
            mean_strength: 0.01,
            degrees_of_freedom: None,
            scale: None,
            concentration: 1.0,
        }
    }
}

impl Prior {
    /// m, where the means are expected: one value per feature.
    #[must_use]
    pub fn mean(self, mean: Array1<f64>) -> Self {
        Self {
            mean: Some(mean),
            ..self
        }
    }

    /// κ, the number of rows that this expectation is worth; 0 for none.
    #[must_use]
    pub fn mean_strength(self, mean_strength: f64) -> Self {
        Self {
            mean_strength,
            ..self
        }
    }

    /// ν, above D − 1.
    #[must_use]
    pub fn degrees_of_freedom(self, degrees_of_freedom: f64) -> Self {
        Self {
            degrees_of_freedom: Some(degrees_of_freedom),
            ..self
        }
    }

    /// Λ, D × D; families without orientation take its diagonal, spherical ones its mean.
    #[must_use]
    pub fn scale(self, scale: Array2<f64>) -> Self {
        Self {
            scale: Some(scale),
            ..self
        }
    }

    /// The parameter of a symmetric Dirichlet prior of the shares, at least 1: each component, and the background
    /// where there is one, has this less one rows more.
    #[must_use]
    pub fn concentration(self, concentration: f64) -> Self {
        Self {
            concentration,
            ..self
        }
    }

    /// Checks what does not depend on the data.
    pub(crate) fn check(&self) -> Result<(), GmmError> {
        let refuse = |name, value: f64, allowed| {
            Err(GmmError::InvalidParameter {
                name,
                value: value.to_string(),
                allowed,
            })
        };
        let is_size = |x: f64| x.is_finite() && x >= 0.0;
        if !is_size(self.mean_strength) {
            return refuse(
                "mean strength of the prior",
                self.mean_strength,
                "a finite number of at least 0",
            );
        }
        if !(self.concentration.is_finite() && self.concentration >= 1.0) {
            return refuse(
                "concentration of the prior",
                self.concentration,
                "a finite number of at least 1",
            );
        }
        Ok(())
    }

    /// The prior of a fit of `n_components` to data with these moments.
    pub(crate) fn resolve(
        &self,
        covariance_type: CovarianceType,
        n_components: usize,
        data: &Moments,
    ) -> Result<Conjugate, GmmError> {
        let d = data.mean.len();
        let mean = match &self.mean {
            Some(mean) => {
                GmmError::check_size("columns of the prior's mean", d, mean.len())?;
                mean.to_vec()
            }
            None => data.mean.clone(),
        };
        if let Some(column) = mean.iter().position(|m| !m.is_finite()) {
            return Err(GmmError::InvalidParameter {
                name: "mean of the prior",
                value: format!("{} in column {column}", mean[column]),
                allowed: "finite",
            });
        }
        let dof = self.degrees_of_freedom.unwrap_or(d as f64 + 2.0);
        if !(dof.is_finite() && dof > d as f64 - 1.0) {
            return Err(GmmError::InvalidParameter {
                name: "degrees of freedom of the prior",
                value: dof.to_string(),
                allowed: "finite and above the number of columns less one",
            });
        }
        let scale = match &self.scale {
            Some(scale) => lower_triangle(scale, d)?,
            None => default_scale(covariance_type.form(), n_components, data),
        };
        let diagonal = |i: usize| scale[lower(i, i)];
        let average = (0..d).map(diagonal).sum::<f64>() / d as f64;
        let is_spherical = covariance_type.is_spherical();
        let (scatter, rows) = match covariance_type.form() {
            Form::Diagonal if is_spherical => (vec![average / d as f64; d], (dof + 2.0) / d as f64),
            Form::Diagonal => ((0..d).map(diagonal).collect(), dof + 2.0),
            Form::Full => (scale, dof + d as f64 + 1.0),
        };
        Ok(Conjugate {
            mean,
            strength: self.mean_strength,
            rows,
            scatter,
            extra_counts: self.concentration - 1.0,
        })
    }
}

/// mclust's Λ, as a lower triangle.
fn default_scale(form: Form, n_components: usize, data: &Moments) -> Vec<f64> {
    let d = data.mean.len();
    let factor = (n_components as f64).powf(-2.0 / d as f64) / (data.weight - 1.0).max(1.0);
    let variance = |i: usize| data.scatter[data.form.place(i, i)] * factor;
    let average = (0..d).map(variance).sum::<f64>() / d as f64;
    let mut scale = vec![0.0; lower(d, 0)];
    for i in 0..d {
        for j in 0..=i {
            scale[lower(i, j)] = match (form, i == j) {
                (Form::Full, true) => variance(i),
                // With fewer rows than features the correlations say nothing.
                (Form::Full, false) if data.form == Form::Full && data.weight > d as f64 => {
                    data.scatter[lower(i, j)] * factor
                }
                (Form::Diagonal, true) => average,
                _ => 0.0,
            };
        }
    }
    scale
}

fn lower_triangle(matrix: &Array2<f64>, d: usize) -> Result<Vec<f64>, GmmError> {
    GmmError::check_size("rows of the prior's scale", d, matrix.nrows())?;
    GmmError::check_size("columns of the prior's scale", d, matrix.ncols())?;
    let mut triangle = vec![0.0; lower(d, 0)];
    for i in 0..d {
        for j in 0..=i {
            let (a, b) = (matrix[(i, j)], matrix[(j, i)]);
            // Not so where either is no number.
            let is_symmetric = (a - b).abs() <= 1e-8 * (a.abs() + b.abs());
            if !is_symmetric {
                return Err(GmmError::InvalidPrior { column: i });
            }
            triangle[lower(i, j)] = a;
        }
    }
    match Cholesky::new(&triangle, d) {
        Ok(_) => Ok(triangle),
        Err(pivot) => Err(GmmError::InvalidPrior { column: pivot.0 }),
    }
}

/// The prior of a fit: what each component brings to an M-step beside its rows.
#[derive(Debug, Clone)]
pub(crate) struct Conjugate {
    /// m.
    pub(crate) mean: Vec<f64>,
    /// κ.
    pub(crate) strength: f64,
    /// Rows that the prior of a covariance is worth.
    pub(crate) rows: f64,
    /// Their scatter, in the form of the covariance type.
    pub(crate) scatter: Vec<f64>,
    /// Rows that the prior of a share is worth.
    pub(crate) extra_counts: f64,
}

impl Conjugate {
    /// Rows that the prior of a mean is worth to a covariance.
    pub(crate) fn rows_of_mean(&self) -> f64 {
        f64::from(u8::from(self.strength > 0.0))
    }

    /// κ/(κ + n): how far towards m the prior draws the mean of rows that weigh n.
    pub(crate) fn share(&self, weight: f64) -> f64 {
        self.strength / (self.strength + weight)
    }

    /// ln N(μ|m, Σ/κ), up to a constant.
    pub(crate) fn log_density_of_mean(&self, g: &Gaussian) -> f64 {
        if self.strength == 0.0 {
            return 0.0;
        }
        let offset: Vec<f64> = g
            .mean()
            .iter()
            .zip(&self.mean)
            .map(|(a, b)| a - b)
            .collect();
        let solved = g.covariance().solve(&offset);
        let squared: f64 = solved.iter().zip(&offset).map(|(a, b)| a * b).sum();
        -0.5 * (g.covariance().log_det() + self.strength * squared)
    }

    /// The logarithm of the density of Σ, up to a constant.
    pub(crate) fn log_density_of_covariance(&self, g: &Gaussian, form: Form) -> f64 {
        let d = self.mean.len();
        let precision = g.covariance().precision();
        let mut trace = 0.0;
        for i in 0..d {
            trace += precision[i][i] * self.scatter[form.place(i, i)];
            if form == Form::Full {
                trace += (0..i)
                    .map(|j| 2.0 * precision[i][j] * self.scatter[lower(i, j)])
                    .sum::<f64>();
            }
        }
        -0.5 * (self.rows * g.covariance().log_det() + trace)
    }
}
