//! Features in which the classes, on the whole, are unit spheres.

use gmm_core::ndarray::{Array1, Array2, Array3, Axis};
use gmm_core::{Covariance, Covariances, Gmm, GmmError};
use serde::{Deserialize, Serialize};

/// z = L⁻¹(x·scale − μ) with LLᵀ = W + ρI, where W is the covariance within classes, pooled over all of them (Friedman,
/// *J. Amer. Statist. Assoc.* 84, 1989).
///
/// The scale makes the mean variance of a feature 1, so that ρ means the same for every kind of image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(into = "Written", try_from = "Written")]
pub(crate) struct Whitening {
    scale: f64,
    center: Array1<f64>,
    /// L⁻¹, D × D.
    inverse_factor: Array2<f64>,
}

/// The same as it is written.
#[derive(Serialize, Deserialize)]
struct Written {
    scale: f64,
    center: Vec<f64>,
    /// The lower triangle of L⁻¹, row by row.
    inverse_factor: Vec<f64>,
}

impl From<Whitening> for Written {
    fn from(whitening: Whitening) -> Self {
        let rows = whitening.inverse_factor.rows().into_iter().enumerate();
        Self {
            scale: whitening.scale,
            center: whitening.center.to_vec(),
            inverse_factor: rows
                .flat_map(|(i, row)| row.iter().take(i + 1).copied().collect::<Vec<_>>())
                .collect(),
        }
    }
}

impl TryFrom<Written> for Whitening {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let d = written.center.len();
        let mut numbers = written.center.iter().chain(&written.inverse_factor);
        let are_finite = written.scale.is_finite() && numbers.all(|x| x.is_finite());
        if !are_finite || d == 0 || written.inverse_factor.len() != d * (d + 1) / 2 {
            return Err("its whitening is damaged");
        }
        Ok(Self {
            scale: written.scale,
            center: written.center.into(),
            inverse_factor: lower_triangle(&written.inverse_factor, d),
        })
    }
}

/// The D × D matrix with this lower triangle, given row by row.
fn lower_triangle(entries: &[f64], d: usize) -> Array2<f64> {
    let entry = |(i, j): (usize, usize)| match j <= i {
        true => entries[i * (i + 1) / 2 + j],
        false => 0.0,
    };
    Array2::from_shape_fn((d, d), entry)
}

impl Whitening {
    /// Of rows with their classes.
    ///
    /// # Errors
    /// [`GmmError::NoRows`]; a ridge that is not positive makes a covariance that may be none.
    pub(crate) fn fit(
        rows: &Array2<f64>,
        class_of: &[usize],
        n_classes: usize,
        ridge: f64,
    ) -> Result<Self, GmmError> {
        let mean = rows.mean_axis(Axis(0)).ok_or(GmmError::NoRows)?;
        let (n, d) = rows.dim();
        let variance = (rows - &mean).mapv(|x| x * x).sum() / (n * d) as f64;
        let scale = if variance > 0.0 {
            variance.sqrt().recip()
        } else {
            1.0
        };
        let mut means = Array2::<f64>::zeros((n_classes, d));
        let mut counts = vec![0.0; n_classes];
        for (row, &class) in rows.rows().into_iter().zip(class_of) {
            means.row_mut(class).scaled_add(scale, &row);
            counts[class] += 1.0;
        }
        for (mut mean, count) in means.rows_mut().into_iter().zip(counts) {
            mean /= f64::max(count, 1.0);
        }
        let mut within = rows * scale;
        for (mut row, &class) in within.rows_mut().into_iter().zip(class_of) {
            row -= &means.row(class);
        }
        let mut covariance = within.t().dot(&within) / n as f64;
        for j in 0..d {
            covariance[(j, j)] += ridge;
        }
        let center = mean * scale;
        Ok(Self {
            inverse_factor: inverse_factor(&center, covariance)?,
            scale,
            center,
        })
    }

    /// z of each row.
    pub(crate) fn of(&self, rows: &Array2<f64>) -> Array2<f64> {
        (rows * self.scale - &self.center).dot(&self.inverse_factor.t())
    }

    /// D, the number of features.
    pub(crate) fn n_features(&self) -> usize {
        self.center.len()
    }
}

/// L⁻¹ of a covariance.
fn inverse_factor(center: &Array1<f64>, covariance: Array2<f64>) -> Result<Array2<f64>, GmmError> {
    let d = center.len();
    let covariance: Array3<f64> = covariance.insert_axis(Axis(0));
    let means = center.clone().insert_axis(Axis(0));
    let gaussian = Gmm::new(Array1::ones(1), means, Covariances::Full(covariance))?;
    match gaussian.components()[0].covariance() {
        Covariance::Full(cholesky) => Ok(lower_triangle(cholesky.inverse_factor(), d)),
        _ => Ok(Array2::eye(d)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_become_unit_spheres_whatever_the_units() {
        let rows = Array2::from_shape_fn((60, 3), |(i, j)| {
            let noise = ((i * 7 + j * 5) % 11) as f64 + 0.1 * ((i * i + j) % 13) as f64;
            100.0 * (i % 2) as f64 + noise * [1.0, 30.0, 0.2][j]
        });
        let class_of: Vec<usize> = (0..60).map(|i| i % 2).collect();
        let whitening = Whitening::fit(&rows, &class_of, 2, 1e-12).unwrap();
        let mut z = whitening.of(&rows);
        for class in 0..2 {
            let own: Vec<usize> = (0..60).filter(|i| i % 2 == class).collect();
            let mean = z.select(Axis(0), &own).mean_axis(Axis(0)).unwrap();
            own.iter()
                .for_each(|&i| z.row_mut(i).scaled_add(-1.0, &mean));
        }
        let covariance = z.t().dot(&z) / 60.0;
        for ((i, j), value) in covariance.indexed_iter() {
            let expected = f64::from(u8::from(i == j));
            assert!((value - expected).abs() < 1e-6, "{i} {j} {value}");
        }
        let other = Whitening::fit(&(&rows * 255.0), &class_of, 2, 0.3).unwrap();
        let same = Whitening::fit(&rows, &class_of, 2, 0.3).unwrap();
        let far = (other.of(&(&rows * 255.0)) - same.of(&rows)).mapv(f64::abs);
        assert!(far.iter().all(|&x| x < 1e-9));
    }

    #[test]
    fn features_that_never_vary_do_no_harm() {
        let whitening = Whitening::fit(&Array2::ones((4, 2)), &[0, 0, 1, 1], 2, 0.1).unwrap();
        assert_eq!(
            whitening.of(&Array2::ones((1, 2))),
            Array2::<f64>::zeros((1, 2))
        );
        assert!(Whitening::fit(&Array2::ones((0, 2)), &[], 2, 0.1).is_err());
    }
}
