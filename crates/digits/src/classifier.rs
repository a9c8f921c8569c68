//! A mixture for each class, and Bayes' rule.

use gmm_core::ndarray::{Array2, ArrayViewMut1};
use gmm_core::rand::SeedableRng;
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_core::{CovarianceType, Gmm, GmmError, InitMethod, Ridge};
use rayon::prelude::*;

use crate::features::Features;

/// scikit-learn's `tol`, in nats per image, and its `max_iter`.
const TOLERANCE: f64 = 1e-3;
const MOST_ITERATIONS: usize = 100;

/// What is known of the class before the image is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Prior {
    /// The share of each class among the images that are learned from.
    #[default]
    Frequency,
    /// The same probability for each class: the slide's, which compares densities alone.
    Equal,
}

/// How a classifier is learned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Components of each class, with full covariances; a class of fewer images gets as many as images.
    pub n_components: usize,
    /// What is added to the diagonal of every covariance; absolute ones in squared grey levels.
    pub ridge: Ridge,
    /// The probabilities of the classes.
    pub prior: Prior,
    /// Seed of the starts.
    pub seed: u64,
}

/// A Gaussian mixture for each class: p(c|x) ∝ p(c) p(x|c) (Bishop, PRML, eq. 1.82).
#[derive(Debug, Clone, PartialEq)]
pub struct Classifier {
    /// None for a class without images.
    mixtures: Vec<Option<Gmm>>,
    log_priors: Vec<f64>,
}

impl Classifier {
    /// Learns from the images with these row numbers.
    ///
    /// # Errors
    /// Those of the fits: settings out of range, or a covariance that is singular with a ridge of 0;
    /// [`GmmError::NoRows`] for no rows.
    pub fn fit(features: &Features, rows: &[usize], settings: &Settings) -> Result<Self, GmmError> {
        if rows.is_empty() {
            return Err(GmmError::NoRows);
        }
        let mut rows_of = vec![Vec::new(); features.n_classes];
        for &row in rows {
            rows_of[features.class_of[row]].push(row);
        }
        let mixtures = rows_of
            .par_iter()
            .map(|rows| {
                let has_rows = !rows.is_empty();
                has_rows
                    .then(|| mixture(&features.select(rows), settings))
                    .transpose()
            })
            .collect::<Result<_, _>>()?;
        let n_known = rows_of.iter().filter(|rows| !rows.is_empty()).count() as f64;
        let log_prior = |of_class: &Vec<usize>| match settings.prior {
            Prior::Frequency => (of_class.len() as f64 / rows.len() as f64).ln(),
            Prior::Equal => -n_known.ln(),
        };
        Ok(Self {
            mixtures,
            log_priors: rows_of.iter().map(log_prior).collect(),
        })
    }

    /// The mixture of each class; none where it had no images.
    pub fn mixtures(&self) -> &[Option<Gmm>] {
        &self.mixtures
    }

    /// ln p(c|x) of each row, rows × classes, in nats; −∞ for a class that had no images.
    ///
    /// # Errors
    /// As [`Gmm::log_prob`].
    pub fn log_posteriors(&self, rows: &Array2<f64>) -> Result<Array2<f64>, GmmError> {
        let mut out = Array2::from_elem((rows.nrows(), self.mixtures.len()), f64::NEG_INFINITY);
        for ((mut column, mixture), log_prior) in out
            .columns_mut()
            .into_iter()
            .zip(&self.mixtures)
            .zip(&self.log_priors)
        {
            if let Some(mixture) = mixture {
                column.assign(&(mixture.log_prob(rows)? + *log_prior));
            }
        }
        for row in out.rows_mut() {
            self.normalize(row);
        }
        Ok(out)
    }

    /// The most probable class of each row; the first of several.
    ///
    /// # Errors
    /// As [`log_posteriors`](Self::log_posteriors).
    pub fn predict(&self, rows: &Array2<f64>) -> Result<Vec<usize>, GmmError> {
        let log_posteriors = self.log_posteriors(rows)?;
        Ok(log_posteriors
            .rows()
            .into_iter()
            .map(|row| largest(row.iter().copied()))
            .collect())
    }

    /// Turns ln p(c, x) into ln p(c|x). A row so far from everything that all densities are 0 keeps the prior.
    fn normalize(&self, mut row: ArrayViewMut1<'_, f64>) {
        let mut total = log_sum(row.iter().copied());
        if total == f64::NEG_INFINITY {
            for ((value, log_prior), mixture) in
                row.iter_mut().zip(&self.log_priors).zip(&self.mixtures)
            {
                *value = mixture.as_ref().map_or(f64::NEG_INFINITY, |_| *log_prior);
            }
            total = log_sum(row.iter().copied());
        }
        row.mapv_inplace(|value| value - total);
    }
}

/// ln Σ exp of the values; −∞ for none.
pub(crate) fn log_sum(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = values.clone().fold(f64::NEG_INFINITY, f64::max);
    if largest == f64::NEG_INFINITY {
        return largest;
    }
    largest + values.map(|v| (v - largest).exp()).sum::<f64>().ln()
}

/// The place of the largest value; the first of several.
pub(crate) fn largest(values: impl Iterator<Item = f64>) -> usize {
    let mut best = (0, f64::NEG_INFINITY);
    for (place, value) in values.enumerate() {
        if value > best.1 {
            best = (place, value);
        }
    }
    best.0
}

/// The mixture of one class: plain EM from hard clusters, as scikit-learn does it.
fn mixture(rows: &Array2<f64>, settings: &Settings) -> Result<Gmm, GmmError> {
    let k = settings.n_components.min(rows.nrows());
    let start = if k > 1 {
        InitMethod::Responsibilities(clusters(rows, k, settings.seed)?)
    } else {
        InitMethod::KMeans
    };
    let fitted = params(k, settings.seed)
        .ridge(settings.ridge)
        .init_method(start)
        .accelerate(false)
        .fit_report(rows)?;
    Ok(fitted.model)
}

/// Clusters in the units of the pixels, rows × K, 1 where a row belongs to a cluster: those of a mixture of equal
/// spheres, which are the clusters of k-means as the spheres become small (Bishop, PRML, 9.3.2).
///
/// Each pixel counts as it is. Measured in their own deviations, pixels of the margin, which are hardly ever
/// touched, would count for as much as those of the strokes.
fn clusters(rows: &Array2<f64>, k: usize, seed: u64) -> Result<Array2<f64>, GmmError> {
    let spheres = params(k, seed)
        .covariance_type(CovarianceType::TiedSpherical)
        .init_method(InitMethod::KMeans)
        .fit_report(rows)?;
    let labels = spheres.model.labels(rows)?;
    let belongs = |(row, cluster): (usize, usize)| f64::from(labels[row] == cluster);
    Ok(Array2::from_shape_fn((rows.nrows(), k), belongs))
}

fn params(k: usize, seed: u64) -> gmm_core::GmmParams {
    Gmm::params_with_rng(k, Xoshiro256Plus::seed_from_u64(seed))
        .tolerance(TOLERANCE)
        .max_n_iterations(MOST_ITERATIONS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gmm_core::ndarray::Axis;

    const SETTINGS: Settings = Settings {
        n_components: 1,
        ridge: Ridge::Absolute(1.0),
        prior: Prior::Frequency,
        seed: 42,
    };

    /// Two classes on a line, about 0 and about 4; the first has `n_first` images and the second 10.
    fn line(n_first: usize) -> Features {
        let offset = |i: usize| [-1.0, 1.0][i % 2];
        let values = (0..n_first)
            .map(offset)
            .chain((0..10).map(|i| 4.0 + offset(i)));
        Features {
            rows: values
                .collect::<gmm_core::ndarray::Array1<f64>>()
                .insert_axis(Axis(1)),
            class_of: [vec![0; n_first], vec![1; 10]].concat(),
            n_classes: 2,
        }
    }

    fn learned(features: &Features, settings: &Settings) -> Classifier {
        let rows: Vec<usize> = (0..features.class_of.len()).collect();
        Classifier::fit(features, &rows, settings).unwrap()
    }

    #[test]
    fn posteriors_sum_to_one() {
        let features = line(20);
        let far = Array2::from_shape_vec((3, 1), vec![2.0, 1e5, -1e200]).unwrap();
        for rows in [&features.rows, &far] {
            let posteriors = learned(&features, &SETTINGS).log_posteriors(rows).unwrap();
            for sum in posteriors.mapv(f64::exp).sum_axis(Axis(1)) {
                assert!((sum - 1.0).abs() < 1e-12, "{sum}");
            }
        }
    }

    #[test]
    fn a_prior_moves_the_border_between_classes() {
        // Each class has variance 1 and a ridge of 1. The border lies at 2 + ln(p₀/p₁)·2/4.
        let features = line(1000);
        let frequent = learned(&features, &SETTINGS);
        let equal = learned(
            &features,
            &Settings {
                prior: Prior::Equal,
                ..SETTINGS
            },
        );
        let border = 2.0 + 100.0f64.ln() / 2.0;
        for (x, by_frequency, by_density) in [
            (1.9, 0, 0),
            (2.1, 0, 1),
            (border - 0.01, 0, 1),
            (border + 0.01, 1, 1),
        ] {
            let x = Array2::from_elem((1, 1), x);
            assert_eq!(frequent.predict(&x).unwrap(), [by_frequency], "{x}");
            assert_eq!(equal.predict(&x).unwrap(), [by_density], "{x}");
        }
    }

    #[test]
    fn classes_of_few_equal_or_no_images_do_no_harm() {
        let settings = Settings {
            n_components: 3,
            ..SETTINGS
        };
        let features = Features {
            rows: Array2::from_shape_fn((7, 4), |(i, j)| if i < 5 { 1.0 } else { (i * j) as f64 }),
            class_of: vec![0, 0, 0, 0, 0, 1, 1],
            n_classes: 3,
        };
        let classifier = learned(&features, &settings);
        assert_eq!(
            classifier.predict(&features.rows).unwrap(),
            features.class_of
        );
        assert!(classifier.mixtures()[2].is_none());
        let log_posteriors = classifier.log_posteriors(&features.rows).unwrap();
        assert!(
            log_posteriors
                .column(2)
                .iter()
                .all(|&l| l == f64::NEG_INFINITY)
        );
        assert!(Classifier::fit(&features, &[], &settings).is_err());
        let none = Settings {
            n_components: 0,
            ..settings
        };
        assert!(Classifier::fit(&features, &[0, 5], &none).is_err());
    }
}
