//! Images made by a mixture for each class.

use gmm_core::ndarray::{Array1, Array2, Axis, s};
use gmm_core::rand::SeedableRng;
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_core::{Gmm, GmmError, Ridge};

use crate::classifier::{Classifier, Prior, Settings};
use crate::data::Images;
use crate::features::Features;

/// Principal axes of all images that mixtures are fitted in, at most: they hold 98.8 % of the variance of 8 × 8 digits.
const MOST_AXES: usize = 40;
/// Added to the variances, in squared grey levels of 16.
const RIDGE: f64 = 1.0;
/// Steps towards the axes: what is left is of axes that matter about as little as those that are dropped.
const ITERATIONS: usize = 20;
/// Of a row that others span no larger share is left, but for rounding.
const SPANNED: f64 = 1e-9;

/// A mixture for each class of the grey levels, in the principal axes of all images, so that what it makes can be seen.
/// A [`Recognizer`](crate::Recognizer) knows gradients only, of which no image can be made.
#[derive(Debug, Clone, PartialEq)]
pub struct Generator {
    /// μ, D grey levels.
    center: Array1<f64>,
    /// Orthonormal, q × D.
    axes: Array2<f64>,
    /// A mixture in q dimensions for each class.
    mixtures: Vec<Gmm>,
    /// A grey level in the units of the images.
    level: f64,
    /// The darkest and the brightest pixel of all images, in their units.
    range: (f64, f64),
}

impl Generator {
    /// Learns from images: `n_components` with full covariances for each class, or as many as it has images.
    ///
    /// # Errors
    /// Those of the fits: `n_components` of 0; no others are known.
    pub fn fit(images: &Images, n_components: usize, seed: u64) -> Result<Self, GmmError> {
        let features = Features::of(images);
        let pixels = images.pixels();
        let brightest = pixels.fold(0.0f64, |most, v| most.max(v.abs()));
        let greys = features.rows.fold(0.0f64, |most, v| most.max(v.abs()));
        let center = features.rows.mean_axis(Axis(0)).ok_or(GmmError::NoRows)?;
        let centered = &features.rows - &center;
        let axes = principal_axes(&centered);
        let projected = Features {
            rows: centered.dot(&axes.t()),
            ..features
        };
        let rows: Vec<usize> = (0..pixels.nrows()).collect();
        let settings = Settings {
            n_components,
            ridge: Ridge::Absolute(RIDGE),
            prior: Prior::Frequency,
            seed,
        };
        let classifier = Classifier::fit(&projected, &rows, &settings)?;
        Ok(Self {
            center,
            axes,
            // Every class of `Images` has images.
            mixtures: classifier.mixtures().iter().flatten().cloned().collect(),
            level: if greys > 0.0 { brightest / greys } else { 1.0 },
            range: pixels.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &v| {
                (low.min(v), high.max(v))
            }),
        })
    }

    /// Number of classes.
    pub fn n_classes(&self) -> usize {
        self.mixtures.len()
    }

    /// The brightest pixel, in the units of the images.
    pub fn brightest(&self) -> f64 {
        self.range.1
    }

    /// Weights of the components of a class, the largest first, and their means as images, K × D.
    pub fn means(&self, class: usize) -> (Vec<f64>, Array2<f64>) {
        let mixture = &self.mixtures[class];
        let weights = mixture.weights();
        let mut order: Vec<usize> = (0..weights.len()).collect();
        order.sort_by(|&a, &b| weights[b].total_cmp(&weights[a]));
        let means = mixture.means().select(Axis(0), &order);
        (
            order.iter().map(|&k| weights[k]).collect(),
            self.images(&means),
        )
    }

    /// `n` images of a class that were never written, n × D; the same for the same seed.
    pub fn draw(&self, class: usize, n: usize, seed: u64) -> Array2<f64> {
        let mut rng = Xoshiro256Plus::seed_from_u64(seed.wrapping_add(class as u64));
        let (rows, _) = self.mixtures[class].sample(n, &mut rng);
        self.images(&rows)
    }

    /// Images of rows in the principal axes, clipped to the range of those that were learned from.
    fn images(&self, rows: &Array2<f64>) -> Array2<f64> {
        let (low, high) = self.range;
        let greys = rows.dot(&self.axes) + &self.center;
        greys.mapv(|grey| (grey * self.level).clamp(low, high))
    }
}

/// Orthonormal axes of the space in which centred rows vary most, q × D: those of the features, where there are few.
///
/// Orthogonal iteration from rows, twice as many as axes are wanted (Golub & Van Loan, *Matrix Computations*, §8.2.4).
fn principal_axes(centered: &Array2<f64>) -> Array2<f64> {
    let (n, d) = centered.dim();
    if d <= MOST_AXES {
        return Array2::eye(d);
    }
    let n_starts = n.min(2 * MOST_AXES);
    let places: Vec<usize> = (0..n_starts).map(|i| i * n / n_starts).collect();
    let covariance = centered.t().dot(centered);
    let mut axes = orthonormal(&centered.select(Axis(0), &places));
    for _ in 0..ITERATIONS {
        axes = orthonormal(&axes.dot(&covariance));
    }
    match axes.nrows() {
        // Images that are all the same differ along no axis: the first pixel is as good as any.
        0 => Array2::from_shape_fn((1, d), |(_, j)| f64::from(u8::from(j == 0))),
        rows => axes.slice(s![..rows.min(MOST_AXES), ..]).to_owned(),
    }
}

/// Orthonormal rows that span the same space, by Gram and Schmidt; rows that the ones before them span are left out.
fn orthonormal(rows: &Array2<f64>) -> Array2<f64> {
    let mut out: Vec<Array1<f64>> = Vec::new();
    for row in rows.rows() {
        let length = row.dot(&row).sqrt();
        let mut axis = row.to_owned();
        // Twice is enough.
        for _ in 0..2 {
            for other in &out {
                let part = other.dot(&axis);
                axis.scaled_add(-part, other);
            }
        }
        let rest = axis.dot(&axis).sqrt();
        if rest > SPANNED * length {
            out.push(axis / rest);
        }
    }
    Array2::from_shape_fn((out.len(), rows.ncols()), |(i, j)| out[i][j])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_component_has_the_mean_of_its_class_and_draws_around_it() {
        let images = Images::shipped().unwrap();
        let generator = Generator::fit(&images, 1, 0).unwrap();
        let own: Vec<usize> = (0..1797).filter(|&i| images.labels()[i] == 3).collect();
        let mean = images.pixels().select(Axis(0), &own);
        let mean = mean.mean_axis(Axis(0)).unwrap();
        let (weights, means) = generator.means(3);
        assert_eq!((weights.len(), means.dim()), (1, (1, 64)));
        // What the axes leave out is small.
        let far = (&means.row(0) - &mean).mapv(f64::abs);
        assert!(far.iter().all(|&x| x < 0.5), "{far}");
        let drawn = generator.draw(3, 400, 7);
        assert_eq!(drawn, generator.draw(3, 400, 7));
        assert!(drawn.iter().all(|v| (0.0..=16.0).contains(v)));
        let far = (drawn.mean_axis(Axis(0)).unwrap() - mean).mapv(f64::abs);
        assert!(far.iter().all(|&x| x < 1.5), "{far}");
    }

    #[test]
    fn axes_are_orthonormal_and_images_may_be_all_the_same() {
        let pixels = Images::shipped().unwrap().pixels().clone();
        let centered = &pixels - &pixels.mean_axis(Axis(0)).unwrap();
        let axes = principal_axes(&centered);
        let kept = centered.dot(&axes.t()).mapv(|x| x * x).sum();
        // scikit-learn's PCA of 40 components: 98.82 %.
        let share = kept / centered.mapv(|x| x * x).sum();
        assert!((share - 0.98820).abs() < 1e-4, "{share}");
        assert_eq!(axes.dim(), (MOST_AXES, 64));
        let product = axes.dot(&axes.t()) - Array2::<f64>::eye(MOST_AXES);
        assert!(product.iter().all(|x| x.abs() < 1e-8));
        for grey in ["0", "5"] {
            let row = |label: &str| format!("{}{label}\n", format!("{grey},").repeat(64));
            let csv = [row("1"), row("1"), row("2"), row("2")].concat();
            let images = Images::decode(csv.as_bytes(), None).unwrap();
            let generator = Generator::fit(&images, 2, 0).unwrap();
            let grey: f64 = grey.parse().unwrap();
            assert!(generator.draw(0, 3, 0).iter().all(|&v| v == grey));
        }
    }
}
