//! The rows that benches work on.

use gmm_core::rand::{Rng, SeedableRng};
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use ndarray::Array2;

/// `n` rows of `d` features around `k` points within ±`spread`, wide enough to overlap.
pub(crate) fn around_points(n: usize, d: usize, k: usize, spread: f64) -> Array2<f64> {
    let mut rng = Xoshiro256Plus::seed_from_u64(7);
    let points = Array2::from_shape_fn((k, d), |_| rng.gen_range(-spread..spread));
    Array2::from_shape_fn((n, d), |(i, j)| {
        let noise: f64 = (0..4).map(|_| rng.gen_range(-1.0..1.0)).sum();
        points[(i % k, j)] + noise
    })
}
