//! The two classifiers that are pooled.

use std::f64::consts::TAU;

use gmm_core::discriminant::Classifier;
use gmm_core::ndarray::{Array1, Array2, Array3, ArrayView1, Axis};
use gmm_core::rand::SeedableRng;
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_core::{CovarianceType, Covariances, Gmm, GmmError, InitMethod};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::classifier::log_sum;

const TOLERANCE: f64 = 1e-3;
const MOST_ITERATIONS: usize = 30;

/// How the one Gaussian of a class has a covariance of its own.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Own {
    /// (nS + νI)/(n + ν): drawn to what all classes share as by ν images more.
    Shrunk(f64),
    /// Probabilistic principal components, so many (Tipping & Bishop, *Neural Computation* 11, 1999).
    Components(usize),
}

impl std::fmt::Display for Own {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Shrunk(strength) => write!(f, "shrunk by {strength} images"),
            Self::Components(1) => write!(f, "1 principal component"),
            Self::Components(n) => write!(f, "{n} principal components"),
        }
    }
}

/// The rows of each class; one of no rows, as a class of a single image has when that is held out, is expected in the
/// middle of all.
pub(crate) fn by_class(
    rows: &Array2<f64>,
    class_of: &[usize],
    n_classes: usize,
) -> Vec<Array2<f64>> {
    let mut places = vec![Vec::new(); n_classes];
    for (row, &class) in class_of.iter().enumerate() {
        places[class].push(row);
    }
    let own = places.into_iter().map(|places| match places.is_empty() {
        true => Array2::zeros((1, rows.ncols())),
        false => rows.select(Axis(0), &places),
    });
    own.collect()
}

/// Shares and means of the components of one class.
pub(crate) type Centers = (Array1<f64>, Array2<f64>);

/// The centres of each class: every row one, where there are at most `k`, and else those of k components of one size.
///
/// # Errors
/// Those of the fits.
pub(crate) fn centers(
    classes: &[Array2<f64>],
    k: usize,
    seed: u64,
) -> Result<Vec<Centers>, GmmError> {
    let of_class = |rows: &Array2<f64>| {
        let n = rows.nrows();
        if n <= k {
            return Ok((Array1::from_elem(n, 1.0 / n as f64), rows.clone()));
        }
        let fitted = Gmm::params_with_rng(k, Xoshiro256Plus::seed_from_u64(seed))
            .covariance_type(CovarianceType::TiedSpherical)
            .init_method(InitMethod::KMeans)
            .tolerance(TOLERANCE)
            .max_n_iterations(MOST_ITERATIONS)
            .fit_report(rows)?
            .model;
        Ok((fitted.weights().to_owned(), fitted.means().clone()))
    };
    classes.par_iter().map(of_class).collect()
}

/// Components that are spheres of this deviation about their centres: in whitened features, all have the shape of the
/// classes (Hastie & Tibshirani, *J. R. Statist. Soc. B* 58, 1996), and where each image is one, a kernel estimate.
///
/// # Errors
/// As [`Gmm::new`].
pub(crate) fn spheres(centers: &[Centers], deviation: f64) -> Result<Classifier, GmmError> {
    let mixture = |(shares, means): &Centers| {
        let variance = Covariances::TiedSpherical(deviation * deviation);
        Gmm::new(shares.clone(), means.clone(), variance)
    };
    classifier(centers.iter().map(mixture).collect::<Result<_, _>>()?)
}

/// ln p(x|c) under such spheres of each deviation, rows × classes: the distances, which they share, are found once.
pub(crate) fn sphere_densities(
    centers: &[Centers],
    deviations: &[f64],
    rows: &Array2<f64>,
) -> Vec<Array2<f64>> {
    let (n, d) = rows.dim();
    let square = |row: ArrayView1<'_, f64>| row.dot(&row);
    let lengths = rows.map_axis(Axis(1), square);
    let mut out = vec![Array2::zeros((n, centers.len())); deviations.len()];
    for (class, (shares, means)) in centers.iter().enumerate() {
        let own = means.map_axis(Axis(1), square);
        let products = rows.dot(&means.t());
        for (i, products) in products.rows().into_iter().enumerate() {
            let parts = || {
                products
                    .iter()
                    .zip(&own)
                    .zip(shares)
                    .filter(|(_, share)| **share > 0.0)
            };
            let distance = |product: f64, own: f64| (lengths[i] - 2.0 * product + own).max(0.0);
            for (out, &deviation) in out.iter_mut().zip(deviations) {
                let variance = deviation * deviation;
                let log_scale = -0.5 * d as f64 * (TAU * variance).ln();
                let term = |((&product, &own), &share): ((&f64, &f64), &f64)| {
                    f64::ln(share) - 0.5 * distance(product, own) / variance
                };
                out[(i, class)] = log_scale + log_sum(parts().map(term));
            }
        }
    }
    out
}

/// One Gaussian for each class, with a covariance of its own.
///
/// # Errors
/// Those of the fits.
pub(crate) fn own(classes: &[Array2<f64>], own: Own) -> Result<Classifier, GmmError> {
    let gaussian = |rows: &Array2<f64>| match own {
        Own::Shrunk(strength) => shrunk(rows, strength),
        Own::Components(n_factors) => {
            let d = rows.ncols();
            let n_factors = n_factors.min(d.saturating_sub(1)).min(rows.nrows() - 1);
            if n_factors == 0 {
                return shrunk(rows, d as f64);
            }
            let fitted = Gmm::params(1)
                .covariance_type(CovarianceType::ProbabilisticPca { n_factors })
                .fit_report(rows)?;
            Ok(fitted.model)
        }
    };
    classifier(classes.par_iter().map(gaussian).collect::<Result<_, _>>()?)
}

fn shrunk(rows: &Array2<f64>, strength: f64) -> Result<Gmm, GmmError> {
    let (n, d) = rows.dim();
    let mean = rows.mean_axis(Axis(0)).ok_or(GmmError::NoRows)?;
    let centered = rows - &mean;
    let mut covariance = centered.t().dot(&centered);
    for j in 0..d {
        covariance[(j, j)] += strength;
    }
    covariance /= n as f64 + strength;
    let covariances: Array3<f64> = covariance.insert_axis(Axis(0));
    Gmm::new(
        Array1::ones(1),
        mean.insert_axis(Axis(0)),
        Covariances::Full(covariances),
    )
}

/// Mixtures of classes, whose priors and names are kept elsewhere.
fn classifier(models: Vec<Gmm>) -> Result<Classifier, GmmError> {
    let n = models.len();
    let names = (0..n).map(|class| class.to_string()).collect();
    Classifier::new(names, vec![1.0 / n.max(1) as f64; n], models)
}

/// ln p(x|c), rows × classes.
///
/// # Errors
/// As [`Gmm::log_prob`].
pub(crate) fn log_densities(
    classifier: &Classifier,
    rows: &Array2<f64>,
) -> Result<Array2<f64>, GmmError> {
    let mut out = Array2::zeros((rows.nrows(), classifier.n_classes()));
    for (mut column, model) in out.columns_mut().into_iter().zip(classifier.models()) {
        column.assign(&model.log_prob(rows)?);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shrinkage_goes_from_the_own_covariance_to_the_unit_sphere() {
        let rows = Array2::from_shape_fn((50, 2), |(i, j)| {
            ((i * (3 + j)) % 7) as f64 * (1 + j) as f64
        });
        let variances = |strength: f64| {
            let model = shrunk(&rows, strength).unwrap();
            [
                model.covariances()[(0, 0, 0)],
                model.covariances()[(0, 1, 1)],
            ]
        };
        let (own, half, all) = (variances(1e-9), variances(50.0), variances(1e12));
        for j in 0..2 {
            assert!((half[j] - 0.5 * (own[j] + 1.0)).abs() < 1e-6);
            assert!((all[j] - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn densities_of_spheres_are_those_of_their_mixtures() {
        let rows = Array2::from_shape_fn((12, 3), |(i, j)| ((i * 5 + j * 3) % 7) as f64);
        let classes = [rows.clone(), &rows + 2.0];
        let centers = centers(&classes, 4, 3).unwrap();
        let deviations = [0.5, 2.0];
        let found = sphere_densities(&centers, &deviations, &rows);
        for (found, deviation) in found.iter().zip(deviations) {
            let mixtures = spheres(&centers, deviation).unwrap();
            let expected = log_densities(&mixtures, &rows).unwrap();
            assert!((found - &expected).iter().all(|x| x.abs() < 1e-10));
        }
    }

    #[test]
    fn a_class_without_images_is_expected_in_the_middle() {
        let classes = by_class(&Array2::ones((2, 3)), &[0, 0], 2);
        assert_eq!(classes[1], Array2::<f64>::zeros((1, 3)));
        assert!(own(&classes, Own::Components(2)).is_ok());
    }

    #[test]
    fn classes_of_few_or_equal_images_have_mixtures() {
        let classes = [
            Array2::zeros((2, 3)),
            Array2::ones((9, 3)),
            Array2::zeros((1, 3)),
        ];
        for k in [1, 3, 20] {
            let centers = centers(&classes, k, 1).unwrap();
            let spheres = spheres(&centers, 1.0).unwrap();
            let densities = log_densities(&spheres, &Array2::zeros((1, 3))).unwrap();
            assert!(densities[(0, 0)] > densities[(0, 1)], "{densities}");
        }
        for own_ in [Own::Shrunk(10.0), Own::Components(2)] {
            assert!(own(&classes[..1], own_).is_ok(), "{own_}");
        }
    }
}
