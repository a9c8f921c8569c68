//! SQUAREM: fewer iterations, the same optimum, and a guard that holds.
#![allow(clippy::unwrap_used)]

use gmm_core::rand::{Rng, SeedableRng};
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_core::{CovarianceType, Fitted, Gmm, GmmParams, InitMethod, Outcome, Ridge};
use gmm_tests::{faithful, iris};
use ndarray::Array2;

/// Two Gaussians so close that EM takes hundreds of steps.
fn overlapping(n: usize) -> Array2<f64> {
    let mut rng = Xoshiro256Plus::seed_from_u64(5);
    let normal = |rng: &mut Xoshiro256Plus| -> f64 {
        (0..12).map(|_| rng.gen_range(-0.5..0.5)).sum::<f64>()
    };
    Array2::from_shape_fn((n, 2), |(i, j)| {
        normal(&mut rng) + if i % 3 == 0 && j == 0 { 2.2 } else { 0.0 }
    })
}

fn fit(params: &GmmParams, x: &Array2<f64>, accelerate: bool) -> Fitted {
    params.clone().accelerate(accelerate).fit_report(x).unwrap()
}

#[test]
fn the_same_optimum_in_a_fraction_of_the_iterations() {
    let x = overlapping(3000);
    let (mut plain_steps, mut steps) = (0, 0);
    for covariance_type in CovarianceType::BASIC {
        for seed in 0..3 {
            let params = Gmm::params_with_rng(2, Xoshiro256Plus::seed_from_u64(seed))
                .covariance_type(covariance_type)
                .init_method(InitMethod::KMeans)
                .tolerance(1e-8)
                .max_n_iterations(20_000);
            let plain = fit(&params, &x, false);
            let quick = fit(&params, &x, true);
            assert_eq!(quick.outcome, Outcome::Converged);
            let short = plain.mean_log_likelihood() - quick.mean_log_likelihood();
            assert!(short < 1e-6, "{covariance_type}: {short:e}");
            plain_steps += plain.n_iterations();
            steps += quick.n_iterations();
        }
    }
    assert!(3 * steps < plain_steps, "{steps} of {plain_steps}");
}

#[test]
fn convergence_is_what_the_tolerance_says() {
    // What a fit has left to climb, by EM to the end, in tolerances: of 1e-6, and of the default.
    for tolerance in [Some(1e-6), None] {
        let mut left = Vec::new();
        for (x, k) in [(overlapping(2000), 2), (iris(), 3), (faithful(), 4)] {
            for seed in 0..5 {
                let mut params = Gmm::params_with_rng(k, Xoshiro256Plus::seed_from_u64(seed))
                    .init_method(InitMethod::KMeans)
                    .max_n_iterations(20_000);
                if let Some(tolerance) = tolerance {
                    params = params.tolerance(tolerance);
                }
                let found = fit(&params, &x, true);
                assert_eq!(found.outcome, Outcome::Converged);
                assert_eq!(tolerance.unwrap_or(found.tolerance), found.tolerance);
                let on = params
                    .init_method(InitMethod::Parameters(found.model.clone()))
                    .tolerance(1e-11);
                let end = fit(&on, &x, false).mean_log_likelihood();
                left.push((end - found.mean_log_likelihood()) / found.tolerance);
            }
        }
        left.sort_by(f64::total_cmp);
        // It is an estimate: nothing tells a fit that it is on a saddle's long flat shoulder.
        let n_kept = left.iter().filter(|l| **l <= 2.0).count();
        assert!(n_kept >= 13, "{tolerance:?}: {left:?}");
    }
}

#[test]
fn unless_told_a_fit_leaves_so_much_for_each_free_parameter() {
    // In all, within bounds for each row.
    let tolerance_of = |x: &Array2<f64>, k| fit(&Gmm::params(k), x, true).tolerance;
    let per_parameter = 1e-4;
    assert_eq!(tolerance_of(&iris(), 3), per_parameter * 44.0 / 150.0);
    assert_eq!(tolerance_of(&faithful(), 2), per_parameter * 11.0 / 272.0);
    assert_eq!(tolerance_of(&overlapping(20_000), 2), 1e-6);
    assert_eq!(tolerance_of(&iris(), 12), 1e-4, "more parameters than rows");
}

#[test]
fn the_objective_never_falls_however_far_it_jumps() {
    for covariance_type in CovarianceType::BASIC {
        let params = Gmm::params(4)
            .covariance_type(covariance_type)
            .init_method(InitMethod::Random)
            .ridge(Ridge::Relative(0.0))
            .tolerance(0.0)
            .max_n_iterations(300);
        for x in [overlapping(400), iris()] {
            let fitted = fit(&params, &x, true);
            for pair in fitted.objective.windows(2) {
                assert!(pair[1] >= pair[0] - 1e-12, "{covariance_type}: {pair:?}");
            }
            let own = fitted.model.mean_log_likelihood(&x).unwrap();
            assert!((own - fitted.mean_log_likelihood()).abs() < 1e-12);
        }
    }
}

#[test]
fn no_variance_falls_below_the_ridge() {
    // Three values only: components shrink as far as they may.
    let x = Array2::from_shape_fn((300, 1), |(i, _)| (i % 3) as f64);
    let fitted = Gmm::params(3)
        .ridge(Ridge::Absolute(1e-4))
        .tolerance(0.0)
        .max_n_iterations(200)
        .fit_report(&x)
        .unwrap();
    for variance in fitted.model.covariances() {
        assert!(variance >= 1e-4 * (1.0 - 1e-9), "{variance:e}");
    }
}

#[test]
fn off_is_em_to_the_letter() {
    let x = overlapping(500);
    let params = Gmm::params(2)
        .init_method(InitMethod::KMeans)
        .tolerance(0.0);
    let two = fit(&params.clone().max_n_iterations(7), &x, false);
    assert_eq!(two.n_iterations(), 7);
    // Seven steps are three and four.
    let three = fit(&params.clone().max_n_iterations(3), &x, false);
    let on = params
        .init_method(InitMethod::Parameters(three.model))
        .max_n_iterations(4);
    let seven = fit(&on, &x, false);
    assert_eq!(seven.model, two.model);
}

#[test]
fn a_fit_that_ends_anywhere_is_kept_to_the_bit() {
    // Whatever step was the last, an extrapolation or EM's own.
    let x = overlapping(400);
    for covariance_type in CovarianceType::BASIC {
        for n in 1..14 {
            let params = Gmm::params(2)
                .covariance_type(covariance_type)
                .init_method(InitMethod::KMeans)
                .tolerance(0.0)
                .max_n_iterations(n);
            let fitted = fit(&params, &x, true);
            let model = fitted.model;
            let kept = Gmm::from_json(&model.to_json().unwrap()).unwrap();
            assert_eq!(kept, model, "{covariance_type} after {n}");
            let own = model.mean_log_likelihood(&x).unwrap();
            let last = fitted.objective[fitted.objective.len() - 1];
            assert!((own - last).abs() < 1e-12);
        }
    }
}
