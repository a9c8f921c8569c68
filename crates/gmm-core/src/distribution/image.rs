//! Images of a mixture: linear maps of it, and its product with another.

use ndarray::{Array1, Array2};

use super::length;
use crate::background::Background;
use crate::cholesky::{Cholesky, dot};
use crate::covariance::{Covariance, CovarianceType};
use crate::error::GmmError;
use crate::gaussian::Gaussian;
use crate::gmm::Gmm;
use crate::log_space::{LN_2PI, log_sum_exp_of};
use crate::mixture::Mixture;
use crate::moments::{Form, lower};
use crate::shares::Shares;

/// A linear map that takes single columns and scales them: of each row its column and its factor.
type Scaling = Vec<(usize, f64)>;

impl Gmm {
    /// The distribution of `matrix`·x + `shift` (q × D, and q), of q columns: means Aμₖ + b and covariances AΣₖAᵀ.
    ///
    /// A map that only takes columns and scales them, each row of the matrix having one entry, keeps diagonal types, and
    /// spherical ones where all are scaled alike; it maps a background to that of the scaled box. Any map keeps a tied
    /// covariance. All else becomes full.
    ///
    /// # Errors
    /// [`GmmError::SizeMismatch`] for sizes that disagree, [`GmmError::NonFinite`] for an entry of the matrix that is not
    /// finite, [`GmmError::InvalidParameter`] for a shift that is not, a matrix whose rows are linearly dependent to
    /// rounding, and one that mixes columns of a mixture with a background; [`GmmError::NonFiniteMean`] and
    /// [`GmmError::NotPositiveDefinite`] where the image is beyond all numbers.
    pub fn affine(&self, matrix: &Array2<f64>, shift: &Array1<f64>) -> Result<Self, GmmError> {
        self.affine_about(&Array1::zeros(self.n_features()), matrix, shift)
    }

    /// The same of x − `centre`, which is taken first, so that a centre far from 0 costs no digits.
    pub(crate) fn affine_about(
        &self,
        centre: &Array1<f64>,
        matrix: &Array2<f64>,
        shift: &Array1<f64>,
    ) -> Result<Self, GmmError> {
        check_map(matrix, shift, self.n_features())?;
        check_rank(matrix, &self.components()[0])?;
        let scaling = scaling(matrix);
        let q = matrix.nrows();
        let background = match (self.background(), &scaling) {
            (None, _) => None,
            (Some((_, region)), Some(scaling)) => Some(scaled(region, centre, scaling, shift)),
            (Some(_), None) => {
                return Err(GmmError::InvalidParameter {
                    name: "matrix",
                    value: String::from("a map that mixes columns"),
                    allowed: "one entry in each row where there is a background, whose box it would turn",
                });
            }
        };
        let covariance_type = type_of_image(self.covariance_type(), scaling.as_ref());
        let mut components = Vec::with_capacity(self.n_components());
        for (component, gaussian) in self.components().iter().enumerate() {
            let mean = Array1::from(gaussian.mean().to_vec());
            let mean = matrix.dot(&(mean - centre)) + shift;
            if let Some(column) = mean.iter().position(|m| !m.is_finite()) {
                return Err(GmmError::NonFiniteMean { component, column });
            }
            let triangle = mapped(gaussian.covariance(), matrix);
            let covariance = match covariance_type.form() {
                Form::Diagonal => {
                    let variances: Vec<f64> = (0..q).map(|i| triangle[lower(i, i)]).collect();
                    covariance_type.covariance(variances, q)
                }
                Form::Full => covariance_type.covariance(triangle, q),
            };
            let covariance = covariance.map_err(|pivot| GmmError::NotPositiveDefinite {
                component,
                column: pivot.0,
            })?;
            components.push(Gaussian::new(mean.to_vec(), covariance));
        }
        let shares = self.mixture().shares().clone();
        let mixture = Mixture::new(shares, components, background);
        Ok(Self::from_mixture(mixture, covariance_type))
    }

    /// The product of two densities as a density, of K₁K₂ components, component (i, j) at iK₂ + j; and the logarithm of
    /// what the product was divided by, ln ∫ p(x)q(x) dx. Where p is a prior and q a likelihood, they are the posterior
    /// and the evidence.
    ///
    /// Of each pair the precision is the sum of both, and its share πᵢπⱼ N(μᵢ|μⱼ, Σᵢ + Σⱼ) (Bishop, PRML, 2.113–2.117).
    /// Both diagonal, both spherical or both tied, they stay so; all else becomes full.
    ///
    /// # Errors
    /// [`GmmError::SizeMismatch`] for mixtures of different numbers of columns; [`GmmError::InvalidParameter`] for one with
    /// a background, whose product with a Gaussian is none, and for mixtures so far apart that the logarithm of their
    /// product is no number; [`GmmError::NotPositiveDefinite`] for covariances that rounding makes singular.
    pub fn product(&self, other: &Self) -> Result<(Self, f64), GmmError> {
        let d = self.n_features();
        GmmError::check_size("columns of the other mixture", d, other.n_features())?;
        if self.background().or(other.background()).is_some() {
            return Err(GmmError::InvalidParameter {
                name: "product",
                value: String::from("a mixture with a background"),
                allowed: "of mixtures without one: a box cut from a Gaussian is no Gaussian",
            });
        }
        let of = type_of_product(self.covariance_type(), other.covariance_type());
        let (mut logs, mut components) = (Vec::new(), Vec::new());
        for (a, log_a) in self.components().iter().zip(self.mixture().shares().logs()) {
            for (b, log_b) in other
                .components()
                .iter()
                .zip(other.mixture().shares().logs())
            {
                let not_definite = |column| GmmError::NotPositiveDefinite {
                    component: components.len(),
                    column,
                };
                let (log, gaussian) = product(a, b, of).map_err(not_definite)?;
                logs.push(log_a + log_b + log);
                components.push(gaussian);
            }
        }
        let log_sum = log_sum_exp_of(&logs);
        if !log_sum.is_finite() {
            return Err(GmmError::InvalidParameter {
                name: "product",
                value: String::from("two mixtures with nothing in common"),
                allowed: "of mixtures whose distance in deviations has a square below 1e308",
            });
        }
        let shares: Vec<f64> = logs.iter().map(|l| (l - log_sum).exp()).collect();
        let mixture = Mixture::new(Shares::of_counts(&shares), components, None);
        Ok((Self::from_mixture(mixture, of), log_sum))
    }
}

/// Checks sizes and numbers.
fn check_map(matrix: &Array2<f64>, shift: &Array1<f64>, d: usize) -> Result<(), GmmError> {
    let q = matrix.nrows();
    GmmError::check_size("columns of the matrix", d, matrix.ncols())?;
    GmmError::check_size("numbers of the shift", q, shift.len())?;
    if q == 0 {
        return Err(GmmError::NoColumns);
    }
    if let Some(((row, column), &value)) = matrix.indexed_iter().find(|(_, v)| !v.is_finite()) {
        return Err(GmmError::NonFinite { row, column, value });
    }
    if let Some(value) = shift.iter().find(|v| !v.is_finite()) {
        return Err(GmmError::InvalidParameter {
            name: "shift",
            value: value.to_string(),
            allowed: "finite",
        });
    }
    Ok(())
}

/// Checks that no row of the map is made up of those before it, each column in its deviation: what the rows before leave
/// of a row of length 1 (Gram and Schmidt, twice against rounding) is above rounding.
fn check_rank(matrix: &Array2<f64>, component: &Gaussian) -> Result<(), GmmError> {
    let d = matrix.ncols();
    let deviation = |j: usize| component.covariance().entry(j, j).sqrt();
    let most = (0..d).map(deviation).fold(0.0, f64::max);
    let units: Array1<f64> = (0..d).map(|j| deviation(j) / most).collect();
    let mut before: Vec<Array1<f64>> = Vec::new();
    for (i, row) in matrix.rows().into_iter().enumerate() {
        let row = &row * &units;
        // Divided first, so that no square overflows.
        let largest = row.iter().fold(0.0f64, |a, b| a.max(b.abs()));
        let row = row / largest;
        let mut rest = &row / row.dot(&row).sqrt();
        for _ in 0..2 {
            for axis in &before {
                let part = axis.dot(&rest);
                rest.scaled_add(-part, axis);
            }
        }
        let length = rest.dot(&rest).sqrt();
        // Also where it is no number.
        let is_new = length > 4.0 * d as f64 * f64::EPSILON;
        if !is_new {
            return Err(GmmError::InvalidParameter {
                name: "matrix",
                value: format!("linearly dependent at row {i}"),
                allowed: "of rows none of which the others make up",
            });
        }
        before.push(rest / length);
    }
    Ok(())
}

/// The map as one that takes and scales columns, if it is.
fn scaling(matrix: &Array2<f64>) -> Option<Scaling> {
    let of_row = |row: ndarray::ArrayView1<'_, f64>| {
        let mut entries = row
            .into_iter()
            .copied()
            .enumerate()
            .filter(|(_, v)| *v != 0.0);
        entries.next().filter(|_| entries.next().is_none())
    };
    matrix.rows().into_iter().map(of_row).collect()
}

/// The box after a scaling.
fn scaled(
    region: &Background,
    centre: &Array1<f64>,
    scaling: &Scaling,
    shift: &Array1<f64>,
) -> Background {
    let ends = scaling.iter().zip(shift).map(|(&(column, factor), shift)| {
        let ends = [region.low[column], region.high[column]]
            .map(|x| factor * (x - centre[column]) + shift);
        (ends[0].min(ends[1]), ends[0].max(ends[1]))
    });
    let (low, high) = ends.unzip();
    Background { low, high }
}

/// The type of the covariances after a map.
fn type_of_image(of: CovarianceType, scaling: Option<&Scaling>) -> CovarianceType {
    use CovarianceType as T;
    let is_even = |s: &Scaling| s.iter().all(|(_, factor)| factor.abs() == s[0].1.abs());
    match (of, scaling) {
        (T::Tied, _) => T::Tied,
        (T::TiedDiagonal | T::TiedSpherical, None) => T::Tied,
        (T::Spherical | T::TiedSpherical, Some(s)) if is_even(s) => of,
        (T::TiedDiagonal | T::TiedSpherical, Some(_)) => T::TiedDiagonal,
        (_, Some(_)) if of.form() == Form::Diagonal => T::Diagonal,
        _ => T::Full,
    }
}

/// The lower triangle of AΣAᵀ, as the Gram matrix of the rows of AL, which has no negative variance.
fn mapped(covariance: &Covariance, matrix: &Array2<f64>) -> Vec<f64> {
    let (q, d) = matrix.dim();
    let factor = covariance.factor();
    let row = |i: usize| -> Vec<f64> {
        let row = matrix.row(i);
        // Of independent columns the factor has no more than its diagonal.
        let last = |j: usize| if covariance.is_diagonal() { j + 1 } else { d };
        let column = |j: usize| (j..last(j)).map(|k| row[k] * factor[lower(k, j)]).sum();
        (0..d).map(column).collect()
    };
    let rows: Vec<Vec<f64>> = (0..q).map(row).collect();
    let pairs = (0..q).flat_map(|i| (0..=i).map(move |j| (i, j)));
    pairs.map(|(i, j)| dot(&rows[i], &rows[j])).collect()
}

/// The type of the covariances of a product.
fn type_of_product(a: CovarianceType, b: CovarianceType) -> CovarianceType {
    use CovarianceType as T;
    let is_tied = |t: T| matches!(t, T::Tied | T::TiedDiagonal | T::TiedSpherical);
    let are_tied = is_tied(a) && is_tied(b);
    let are_diagonal = a.form() == Form::Diagonal && b.form() == Form::Diagonal;
    match (are_tied, are_diagonal, a.is_spherical() && b.is_spherical()) {
        (true, _, true) => T::TiedSpherical,
        (false, _, true) => T::Spherical,
        (true, true, _) => T::TiedDiagonal,
        (false, true, _) => T::Diagonal,
        (true, false, _) => T::Tied,
        (false, false, _) => T::Full,
    }
}

/// The product of two Gaussians: ln of its integral, and the Gaussian it is proportional to; or the column at which a
/// factorisation stopped.
fn product(a: &Gaussian, b: &Gaussian, of: CovarianceType) -> Result<(f64, Gaussian), usize> {
    let d = a.mean().len();
    let [pa, pb] = [a, b].map(|g| g.covariance().precision());
    let pairs = || (0..d).flat_map(|i| (0..=i).map(move |j| (i, j)));
    let (covariance, spread) = if of.form() == Form::Diagonal {
        let [va, vb] = [a, b].map(|g| move |j: usize| g.covariance().entry(j, j));
        let variances = (0..d).map(|j| 1.0 / (1.0 / va(j) + 1.0 / vb(j))).collect();
        let spread = Covariance::diagonal((0..d).map(|j| va(j) + vb(j)).collect());
        (of.covariance(variances, d), spread)
    } else {
        let precision = pairs()
            .map(|(i, j)| pa[i][j] + pb[i][j])
            .collect::<Vec<_>>();
        let inverse = Cholesky::new(&precision, d).map(|c| c.inverse());
        let sum = pairs().map(|(i, j)| a.covariance().entry(i, j) + b.covariance().entry(i, j));
        let spread = Cholesky::new(&sum.collect::<Vec<_>>(), d).map(Covariance::Full);
        (inverse.and_then(|c| of.covariance(c, d)), spread)
    };
    let (covariance, spread) = covariance
        .and_then(|c| spread.map(|s| (c, s)))
        .map_err(|pivot| pivot.0)?;
    let apart: Vec<f64> = b.mean().iter().zip(a.mean()).map(|(b, a)| b - a).collect();
    // μ = μᵢ + SΣⱼ⁻¹(μⱼ − μᵢ), and once more from there, so that a wide Gaussian's mean costs no digits.
    let mut mean = a.mean().to_vec();
    for _ in 0..2 {
        let pull = |i: usize| -> f64 {
            let towards = |p: &[Vec<f64>], m: &[f64]| -> f64 {
                (0..d).map(|j| p[i][j] * (m[j] - mean[j])).sum()
            };
            towards(&pa, a.mean()) + towards(&pb, b.mean())
        };
        let pulls: Vec<f64> = (0..d).map(pull).collect();
        mean = (0..d)
            .map(|i| {
                mean[i]
                    + (0..d)
                        .map(|j| covariance.entry(i, j) * pulls[j])
                        .sum::<f64>()
            })
            .collect();
    }
    let log_det = spread.log_det();
    let distance = length(&Gaussian::new(mean.clone(), spread), apart.into_iter());
    let log = -0.5 * (d as f64 * LN_2PI + log_det + distance * distance);
    Ok((log, Gaussian::new(mean, covariance)))
}
