//! Two long, thin groups side by side: a cut across the long axis looks good to k-means, and is wrong.
#![allow(clippy::unwrap_used)]

use gmm_core::rand::SeedableRng;
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_core::{Covariances, Gmm};
use gmm_tests::adjusted_rand_index;
use ndarray::{Array2, Axis, array, concatenate, stack};

/// Standard deviations along and across a needle.
const LONG: f64 = 20.0;
const SHORT: f64 = 1.0;
/// Rows of each.
const N: usize = 500;

/// Two needles this far apart across their short axis, turned by an angle.
fn needles(apart: f64, degrees: f64) -> Gmm {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let turn = array![[cos, -sin], [sin, cos]];
    let means = array![[0.0, -apart / 2.0], [0.0, apart / 2.0]].dot(&turn.t());
    let straight = array![[LONG * LONG, 0.0], [0.0, SHORT * SHORT]];
    let mut covariance: Array2<f64> = turn.dot(&straight).dot(&turn.t());
    covariance[(0, 1)] = covariance[(1, 0)];
    let covariances = stack![Axis(0), covariance, covariance];
    Gmm::new(array![0.5, 0.5], means, Covariances::Full(covariances)).unwrap()
}

/// `N` rows of each component, and which they are of.
fn rows(truth: &Gmm, seed: u64) -> (Array2<f64>, Vec<usize>) {
    let mut rng = Xoshiro256Plus::seed_from_u64(seed);
    let (x, labels) = truth.sample(4 * N, &mut rng);
    let first = |k: usize| {
        let of_k = (0..4 * N).filter(|&i| labels[i] == k).take(N);
        x.select(Axis(0), &of_k.collect::<Vec<_>>())
    };
    let x = concatenate![Axis(0), first(0), first(1)];
    assert_eq!(x.nrows(), 2 * N);
    (x, (0..2 * N).map(|i| i / N).collect())
}

/// Where defaults agree with the groups by less than the true model does, beyond what estimating it costs.
fn shortfalls(degrees: f64) -> Vec<String> {
    let mut found = Vec::new();
    for apart in [4.0, 6.0] {
        let truth = needles(apart, degrees);
        for seed in 0..5 {
            let (x, groups) = rows(&truth, seed);
            let agreement =
                |gmm: &Gmm| adjusted_rand_index(&gmm.labels(&x).unwrap().to_vec(), &groups);
            let fitted = Gmm::params(2).fit_report(&x).unwrap().model;
            let (ours, best) = (agreement(&fitted), agreement(&truth));
            assert!(best > 0.85, "the groups can be told apart: {best}");
            if ours < best - 0.03 {
                found.push(format!(
                    "{apart} apart, seed {seed}: {ours}, true model {best}"
                ));
            }
        }
    }
    found
}

#[test]
fn needles_along_an_axis_are_told_apart_with_default_settings() {
    assert_eq!(shortfalls(0.0), [""; 0]);
}

#[test]
fn turned_needles_are_told_apart_with_default_settings() {
    assert_eq!(shortfalls(30.0), [""; 0]);
}
