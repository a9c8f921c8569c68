//! Starts where each iteration is dear: few, and good.
#![allow(clippy::unwrap_used)]

use gmm_core::{Covariances, Gmm, InitMethod};
use gmm_tests::rng;
use ndarray::{Array1, Array2, Array3};

/// A mixture of `k` Gaussians of any shape, no two of them the same, and rows of it.
fn drawn(n: usize, d: usize, k: usize, seed: u64) -> (Gmm, Array2<f64>) {
    let mut rng = rng(seed);
    let normal = Gmm::new(
        Array1::ones(1),
        Array2::zeros((1, 1)),
        Covariances::Spherical(Array1::ones(1)),
    )
    .unwrap();
    let mut normals = |shape: (usize, usize)| {
        let (rows, _) = normal.sample(shape.0 * shape.1, &mut rng);
        rows.into_shape_with_order(shape).unwrap()
    };
    let means = 1.3 * normals((k, d));
    let mut covariances = Array3::zeros((k, d, d));
    for mut covariance in covariances.outer_iter_mut() {
        let factor: Array2<f64> = 0.7 / (d as f64).sqrt() * normals((d, d)) + 0.5 * Array2::eye(d);
        covariance.assign(&factor.dot(&factor.t()));
    }
    let shares = Array1::from_elem(k, 1.0 / k as f64);
    let truth = Gmm::new(shares, means, Covariances::Full(covariances)).unwrap();
    let (rows, _) = truth.sample(n, &mut rng);
    (truth, rows)
}

#[test]
fn a_fit_of_many_rows_and_features_finds_what_drew_them() {
    let (mut n_found, mut n_fits) = (0, 0);
    for (n, d, k) in [(8000, 8, 12), (4000, 12, 20), (3000, 20, 8)] {
        for seed in 0..3 {
            let (truth, rows) = drawn(n, d, k, seed);
            let params = Gmm::params_with_rng(k, rng(seed));
            let from_truth = params.clone().init_method(InitMethod::Parameters(truth));
            let best = from_truth.fit_report(&rows).unwrap().mean_log_likelihood();
            let found = params.fit_report(&rows).unwrap().mean_log_likelihood();
            n_found += usize::from(found > best - 1e-4);
            n_fits += 1;
        }
    }
    assert!(n_found >= n_fits - 2, "{n_found} of {n_fits}");
}
