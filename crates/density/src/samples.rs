//! The slides' own data, drawn as NumPy draws it after `np.random.seed(42)`.

use gmm_core::ndarray::{Array2, Axis, concatenate};
use numpy_legacy::{RandomState, make_moons};

use crate::data::Points;

/// The slides' seed.
const SEED: u32 = 42;

fn numpy() -> RandomState {
    RandomState::seed(SEED)
}

fn values(name: &str, values: Vec<f64>) -> Points {
    let rows = Array2::from_shape_vec((values.len(), 1), values).unwrap_or_default();
    Points::new(name, &["Value"], rows)
}

fn plane(name: &str, parts: &[Array2<f64>]) -> Points {
    let views: Vec<_> = parts.iter().map(Array2::view).collect();
    // Parts of two columns each always join.
    let rows = concatenate(Axis(0), &views).unwrap_or_default();
    Points::new(name, &["X", "Y"], rows)
}

fn two_humps(name: &str, low: f64, high: f64) -> Points {
    let mut rng = numpy();
    let first = (0..300).map(|_| rng.normal(low, 1.0)).collect::<Vec<f64>>();
    let second = (0..700).map(|_| rng.normal(high, 1.5));
    values(name, first.into_iter().chain(second).collect())
}

/// Slides 1 and 4: 300 values of N(0, 1) and 700 of N(5, 1.5²).
pub fn two_peaks() -> Points {
    two_humps("two peaks", 0.0, 5.0)
}

/// Slide 7: 300 values of N(−2, 1) and 700 of N(2, 1.5²).
pub fn overlapping_peaks() -> Points {
    two_humps("overlapping peaks", -2.0, 2.0)
}

/// Slide 3: 1000 points of deviation ½, the first half about (2, 2), the others about the origin. The slide does
/// not seed; here its generator starts like the others.
pub fn two_blobs() -> Points {
    let mut rows = numpy().normal_table(1000, 2, 0.0, 1.0) * 0.5;
    rows.slice_mut(gmm_core::ndarray::s![..500, ..])
        .mapv_inplace(|x| x + 2.0);
    plane("two blobs", &[rows])
}

fn two_clusters(rng: &mut RandomState, sizes: (usize, usize)) -> [Array2<f64>; 2] {
    [
        rng.multivariate_normal_diagonal(&[0.0, 0.0], &[1.0, 1.0], sizes.0),
        rng.multivariate_normal_diagonal(&[4.0, 4.0], &[1.5, 1.5], sizes.1),
    ]
}

/// Slide 5: 200 points about the origin and 300 about (4, 4), of variances 1 and 1.5.
pub fn two_clouds() -> Points {
    plane("two clouds", &two_clusters(&mut numpy(), (200, 300)))
}

/// Slide 6: 400 and 600 points of the same two clusters, and both with 50 points spread over a square.
pub fn clouds_with_anomalies() -> (Points, Points) {
    let mut rng = numpy();
    let [first, second] = two_clusters(&mut rng, (400, 600));
    let anomalies = rng.uniform_table(50, 2, -2.0, 6.0);
    let normal = plane("two clouds", &[first.clone(), second.clone()]);
    let all = plane(
        "two clouds and 50 scattered points",
        &[first, second, anomalies],
    );
    (normal, all)
}

/// Slide 11: 500 points about the origin of deviation 1, and 500 about (3, 3) of deviation ½.
pub fn wide_and_narrow() -> Points {
    let mut rng = numpy();
    let wide = rng.normal_table(500, 2, 0.0, 1.0);
    let narrow = rng.normal_table(500, 2, 3.0, 0.5);
    plane("a wide and a narrow cloud", &[wide, narrow])
}

/// Slide 12: 1000 points of N(0, I) and 50 spread over a square.
pub fn cloud_with_outliers() -> Points {
    let mut rng = numpy();
    let normal = rng.normal_table(1000, 2, 0.0, 1.0);
    let outliers = rng.uniform_table(50, 2, -5.0, 5.0);
    plane("a cloud and 50 scattered points", &[normal, outliers])
}

/// Slide 13: two interleaved half circles of 500 points each, with noise of deviation 0.1.
pub fn moons() -> Points {
    plane("two moons", &[make_moons(1000, 0.1, SEED).0])
}
