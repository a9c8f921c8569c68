//! Row weights at their extremes. (That whole weights are repeated rows is a law.)
#![allow(clippy::unwrap_used)]

use gmm_core::rand::SeedableRng;
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_core::selection::rank;
use gmm_core::{CovarianceType, Gmm, InitMethod, Note, Sample};
use gmm_tests::two_groups;
use ndarray::Axis;

#[test]
fn rows_of_weight_zero_say_nothing() {
    let mut x = two_groups(300);
    let mut weights = vec![1.0; 300];
    for i in 0..50 {
        x.row_mut(i * 6).fill(1e7);
        weights[i * 6] = 0.0;
    }
    let kept: Vec<usize> = (0..300).filter(|i| i % 6 != 0).collect();
    let a = Gmm::params(2).fit_weighted(&x, &weights).unwrap();
    let b = Gmm::params(2)
        .fit_report(&x.select(Axis(0), &kept))
        .unwrap();
    // Which of two equal fits is kept, and so which component is which, is decided by the last digit.
    let in_order = |gmm: &Gmm| {
        let is_turned = gmm.means()[(0, 0)] > gmm.means()[(1, 0)];
        gmm.reordered(if is_turned { &[1, 0] } else { &[0, 1] })
            .unwrap()
    };
    for (a, b) in in_order(&a.model)
        .means()
        .iter()
        .zip(in_order(&b.model).means())
    {
        assert!((a - b).abs() < 1e-6, "{a} {b}");
    }
    assert_eq!(a.total_weight, 250.0);
}

#[test]
fn weights_that_cannot_be_multiplicities_are_relative() {
    let x = two_groups(300);
    let plain = Gmm::params(2).fit_report(&x).unwrap();
    for size in [5e-324, 1e-310, 1e-200, 1.0 / 300.0, 1e-6, 1e200, 1e308] {
        let fitted = Gmm::params(2).fit_weighted(&x, &vec![size; 300]).unwrap();
        assert_eq!(fitted, plain, "{size}");
    }
    // Weights that can be multiplicities are.
    let fitted = Gmm::params(2).fit_weighted(&x, &vec![1e6; 300]).unwrap();
    assert_eq!(fitted.total_weight, 3e8);
    let half: Vec<f64> = (0..300).map(|i| f64::from(i % 2)).collect();
    assert_eq!(
        Gmm::params(2).fit_weighted(&x, &half).unwrap().total_weight,
        150.0
    );
    // The choice of K does not depend on the size of relative weights, on part of the rows neither.
    let x = two_groups(12_000);
    let chosen = |size: f64| {
        let weights = vec![size; 12_000];
        let sample = Sample::weighted(&x, &weights).unwrap();
        let types = [CovarianceType::Tied];
        rank(&sample, &Gmm::params(1), 1..=3, &types, &|_, _| {})
            .unwrap()
            .swap_remove(0)
    };
    assert_eq!(chosen(1.0).model.n_components(), 2);
    assert_eq!(chosen(1e-3), chosen(1.0));
}

#[test]
fn a_row_that_outweighs_all_others_does_not_hide_them() {
    let x = two_groups(20_000);
    let mut weights = vec![1.0; 20_000];
    let heavy = x.column(0).iter().position(|&v| v < 1.0).unwrap();
    weights[heavy] = 1e9;
    let fitted = Gmm::params(3).fit_weighted(&x, &weights).unwrap();
    let kmeans = Gmm::params(3)
        .init_method(InitMethod::KMeans)
        .fit_weighted(&x, &weights)
        .unwrap();
    assert!(fitted.mean_log_likelihood() >= kmeans.mean_log_likelihood() - 1e-6);
    assert!(
        !fitted
            .notes
            .iter()
            .any(|n| matches!(n, Note::EmptyComponent { .. }))
    );
}

#[test]
fn a_weightless_row_may_be_anywhere() {
    let mut x = two_groups(201);
    let plain = Gmm::params(2)
        .fit_report(&x.slice(ndarray::s![1..200, ..]))
        .unwrap();
    for place in [0, 200] {
        for value in [1e30, 1e100, 1e200] {
            let mut weights = vec![1.0; 201];
            weights[0] = 0.0;
            weights[200] = 0.0;
            x.row_mut(place).fill(value);
            let fitted = Gmm::params(2).fit_weighted(&x, &weights).unwrap();
            let difference = fitted.mean_log_likelihood() - plain.mean_log_likelihood();
            assert!(difference.abs() < 1e-9, "{place} {value:e}: {difference}");
            assert_eq!(fitted.notes, []);
            x.row_mut(place).fill(0.0);
        }
    }
}

#[test]
fn random_starts_draw_by_weight() {
    let mut x = two_groups(300);
    let mut weights = vec![1.0; 300];
    for i in 0..150 {
        x.row_mut(2 * i).fill(1e3);
        weights[2 * i] = 0.0;
    }
    for seed in 0..20 {
        let start = Gmm::params(3)
            .init_method(InitMethod::Random)
            .with_rng(Xoshiro256Plus::seed_from_u64(seed))
            .max_n_iterations(1)
            .fit_weighted(&x, &weights)
            .unwrap();
        assert!(
            start.model.means().iter().all(|m| m.abs() < 20.0),
            "a row of weight 0 was drawn"
        );
    }
    // And rows that weigh nearly everything nearly always.
    weights.fill(1.0);
    weights[0] = 1e6;
    let drawn = (0..20).filter(|&seed| {
        let fitted = Gmm::params(1)
            .init_method(InitMethod::KMeansPlusPlus)
            .with_rng(Xoshiro256Plus::seed_from_u64(seed))
            .fit_weighted(&x, &weights)
            .unwrap();
        fitted.model.means()[(0, 0)] > 900.0
    });
    assert_eq!(drawn.count(), 20);
}
