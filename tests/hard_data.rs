//! Data that breaks fits: each kind has a defined outcome, never a panic and never a NaN.
#![allow(clippy::unwrap_used)]

use gmm_core::rand::SeedableRng;
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_core::selection::rank;
use gmm_core::{
    CovarianceType, Covariances, Fitted, Gmm, GmmError, InitMethod, Mending, Note, Outcome, Ridge,
    Sample,
};
use gmm_tests::{iris, two_groups};
use ndarray::{Array2, Array3, Axis, array, concatenate};

fn all_types(x: &Array2<f64>, k: usize) -> Vec<Fitted> {
    let fit = |t| Gmm::params(k).covariance_type(t).fit_report(x).unwrap();
    CovarianceType::BASIC.into_iter().map(fit).collect()
}

fn sound(fitted: &Fitted, x: &Array2<f64>) {
    assert!(fitted.mean_log_likelihood().is_finite());
    assert!(
        fitted
            .model
            .log_prob(x)
            .unwrap()
            .iter()
            .all(|l| l.is_finite())
    );
    let r = fitted.model.responsibilities(x).unwrap();
    assert!(
        r.rows()
            .into_iter()
            .all(|row| (row.sum() - 1.0).abs() < 1e-12)
    );
    assert!(fitted.model.covariances().iter().all(|c| c.is_finite()));
    let sum: f64 = fitted.model.weights().sum();
    assert!((sum - 1.0).abs() < 1e-12);
}

#[test]
fn duplicated_points_are_fitted() {
    let few = array![
        [0.0, 1.0],
        [0.0, 1.0],
        [0.0, 1.0],
        [2.0, 5.0],
        [2.0, 5.0],
        [9.0, 9.0]
    ];
    for k in 1..=6 {
        for fitted in all_types(&few, k) {
            sound(&fitted, &few);
            assert_eq!(fitted.model.n_components(), k);
        }
    }
    let same = Array2::from_elem((40, 3), 7.25);
    for fitted in all_types(&same, 4) {
        sound(&fitted, &same);
        assert!(fitted.notes.contains(&Note::ConstantColumn { column: 2 }));
    }
}

#[test]
fn constant_columns_are_fitted_and_noted() {
    let x = two_groups(300);
    let right = x.column(0).iter().position(|v| *v > 6.0).unwrap();
    for value in [0.0, 1.0, -1e9, 1e-200] {
        let constant = Array2::from_elem((300, 1), value);
        let y = concatenate(Axis(1), &[x.view(), constant.view()]).unwrap();
        for fitted in all_types(&y, 2) {
            sound(&fitted, &y);
            assert_eq!(fitted.notes, [Note::ConstantColumn { column: 2 }]);
            // The groups are told apart as they are without the column.
            let labels = fitted.model.labels(&y).unwrap();
            let of_right = labels[right];
            let wrong = labels
                .iter()
                .zip(x.column(0))
                .filter(|(l, v)| (**l == of_right) != (**v > 3.0));
            assert!(wrong.count() <= 3);
        }
    }
}

#[test]
fn collinear_columns_are_fitted() {
    let x = two_groups(300);
    let twice = &x.column(0) * 2.0 - 5.0;
    let y = concatenate(Axis(1), &[x.view(), twice.view().insert_axis(Axis(1))]).unwrap();
    for fitted in all_types(&y, 2) {
        sound(&fitted, &y);
    }
}

#[test]
fn scales_from_1e_150_to_1e150_change_nothing() {
    let x = two_groups(400);
    let plain = Gmm::params(2).fit_report(&x).unwrap();
    for units in [
        array![1e-150, 1e150],
        array![1e-150, 1e-150],
        array![1e150, 1e150],
    ] {
        let y = &x * &units;
        for covariance_type in [
            CovarianceType::Full,
            CovarianceType::Diagonal,
            CovarianceType::Tied,
        ] {
            let params = Gmm::params(2).covariance_type(covariance_type);
            let fitted = params.fit_report(&y).unwrap();
            sound(&fitted, &y);
            assert_eq!(fitted.outcome, Outcome::Converged);
        }
        let fitted = Gmm::params(2).fit_report(&y).unwrap();
        assert_eq!(
            fitted.model.labels(&y).unwrap(),
            plain.model.labels(&x).unwrap()
        );
        let shift = units.iter().map(|u| u.ln()).sum::<f64>();
        let difference = plain.mean_log_likelihood() - fitted.mean_log_likelihood();
        assert!((difference - shift).abs() < 1e-6, "{difference} {shift}");
    }
    // One variance for both columns is then that of the larger.
    for fitted in all_types(&(&x * &array![1e-150, 1e150]), 2) {
        assert!(fitted.mean_log_likelihood().is_finite());
    }
    // Beyond, the variance itself is no number.
    let refused = Gmm::params(2)
        .fit_report(&(&x * &array![1.0, 1e200]))
        .unwrap_err();
    assert_eq!(refused, GmmError::Overflow { column: 1 });
    // And a spread whose square is no number is as good as none.
    let tiny = &x * &array![1.0, 1e-200];
    let fitted = Gmm::params(2).fit_report(&tiny).unwrap();
    sound(&fitted, &tiny);
    assert_eq!(fitted.notes, [Note::ConstantColumn { column: 1 }]);
}

#[test]
fn an_offset_of_1e8_costs_no_accuracy() {
    let far = two_groups(2000) + 1e8;
    // Exact: both operands are near 1e8.
    let near = &far - 1e8;
    for covariance_type in CovarianceType::BASIC {
        let start = Gmm::params(2)
            .covariance_type(covariance_type)
            .max_n_iterations(1)
            .fit_report(&near)
            .unwrap()
            .model;
        let moved = Gmm::new(
            start.weights().to_owned(),
            start.means() + 1e8,
            start.typed_covariances(),
        )
        .unwrap();
        let fit = |start: Gmm, x: &Array2<f64>| {
            Gmm::params(2)
                .covariance_type(covariance_type)
                .init_method(InitMethod::Parameters(start))
                .fit_report(x)
                .unwrap()
                .model
        };
        let (a, b) = (fit(start, &near), fit(moved, &far));
        for (x, y) in a
            .log_prob(&near)
            .unwrap()
            .iter()
            .zip(&b.log_prob(&far).unwrap())
        {
            assert!((x - y).abs() < 1e-6, "{covariance_type}: {x} {y}");
        }
    }
    // Also from its own start, and from a start at the origin.
    let own = Gmm::params(2).fit_report(&far).unwrap().model;
    let plain = Gmm::params(2).fit_report(&near).unwrap().model;
    for (x, y) in plain
        .log_prob(&near)
        .unwrap()
        .iter()
        .zip(&own.log_prob(&far).unwrap())
    {
        assert!((x - y).abs() < 1e-6, "{x} {y}");
    }
    let origin = Gmm::new(
        array![1.0],
        array![[0.0, 0.0]],
        Covariances::Full(Array3::from_shape_fn((1, 2, 2), |(_, i, j)| {
            f64::from(u8::from(i == j))
        })),
    )
    .unwrap();
    let one = Gmm::params(1)
        .init_method(InitMethod::Parameters(origin))
        .ridge(Ridge::Relative(0.0))
        .tolerance(0.0)
        .max_n_iterations(1)
        .fit_report(&far)
        .unwrap()
        .model;
    let mean = near.mean_axis(Axis(0)).unwrap();
    let centred = &near - &mean;
    let expected = centred.t().dot(&centred) / 2000.0;
    for (a, b) in one
        .covariances()
        .index_axis(Axis(0), 0)
        .iter()
        .zip(&expected)
    {
        assert!((a - b).abs() < 1e-9, "{a} {b}");
    }
}

#[test]
fn points_far_from_every_component_have_a_density_and_a_posterior() {
    let gmm = Gmm::params(2).fit_report(&two_groups(200)).unwrap().model;
    let far = array![[1e3, 0.0], [1e150, -1e150], [1e300, 1e300]];
    let l = gmm.log_prob(&far).unwrap();
    assert!(l[0] < -1e4 && l[0].is_finite() && l[1].is_finite());
    assert_eq!(l[2], f64::NEG_INFINITY);
    let r = gmm.responsibilities(&far).unwrap();
    assert!(
        r.rows()
            .into_iter()
            .all(|row| (row.sum() - 1.0).abs() < 1e-12),
        "{r}"
    );
}

#[test]
fn without_a_ridge_a_collapse_is_an_outcome_with_a_model() {
    // Four equal rows far from the others: the component that takes them has no covariance.
    let mut x = two_groups(60);
    for i in 0..4 {
        x.row_mut(i).assign(&array![50.0, 50.0]);
    }
    let start = Gmm::new(
        array![0.1, 0.9],
        array![[40.0, 40.0], [3.0, 0.0]],
        Covariances::Full(array![[[25.0, 0.0], [0.0, 25.0]], [[9.0, 0.0], [0.0, 9.0]]]),
    )
    .unwrap();
    let params = Gmm::params(2).init_method(InitMethod::Parameters(start));
    let fitted = params
        .clone()
        .ridge(Ridge::Relative(0.0))
        .fit_report(&x)
        .unwrap();
    assert_eq!(fitted.outcome, Outcome::Collapsed { component: 0 });
    assert!(fitted.notes.contains(&Note::Collapsed { component: 0 }));
    sound(&fitted, &x);
    // With the default ridge the same fit converges.
    let fitted = params.fit_report(&x).unwrap();
    assert_eq!(fitted.outcome, Outcome::Converged);
    sound(&fitted, &x);
    // No start at all is an error that names the component.
    let same = Array2::from_elem((10, 2), 1.0);
    let refused = Gmm::params(1)
        .reg_covariance(0.0)
        .fit_report(&same)
        .unwrap_err();
    assert!(
        matches!(refused, GmmError::NotPositiveDefinite { component: 0, .. }),
        "{refused}"
    );
}

#[test]
fn a_component_that_loses_all_rows_is_kept_empty_and_noted() {
    let start = Gmm::new(
        array![0.5, 0.5],
        array![[3.0, 0.0], [1e6, 1e6]],
        Covariances::Diagonal(array![[9.0, 1.0], [1e-3, 1e-3]]),
    )
    .unwrap();
    let x = two_groups(200);
    let fitted = Gmm::params(2)
        .covariance_type(CovarianceType::Diagonal)
        .init_method(InitMethod::Parameters(start))
        .fit_report(&x)
        .unwrap();
    assert_eq!(fitted.notes, [Note::EmptyComponent { component: 1 }]);
    assert_eq!(fitted.model.weights()[1], 0.0);
    assert_eq!(fitted.model.means().row(1), array![1e6, 1e6]);
    sound(&fitted, &x);
}

#[test]
fn a_component_on_a_single_row_is_noted_or_removed() {
    let mut x = two_groups(200);
    x[(0, 0)] = 1e4;
    let fit = |mending| {
        Gmm::params(3)
            .init_method(InitMethod::KMeans)
            .mending(mending)
            .fit_report(&x)
            .unwrap()
    };
    // Dividing another component leaves this row as far from all others.
    for mending in [Mending::Keep, Mending::Reseed] {
        let kept = fit(mending);
        assert!(
            matches!(kept.notes[..], [Note::ThinComponent { .. }]),
            "{:?}",
            kept.notes
        );
        sound(&kept, &x);
    }
    let removed = fit(Mending::Remove);
    assert!(matches!(removed.notes[..], [Note::Removed { .. }]));
    assert!(removed.is_proper() && removed.model.n_components() < 3);
    sound(&removed, &x);
}

#[test]
fn components_that_describe_no_data_are_started_anew() {
    let x = rounded(400);
    let mut n_mended = 0;
    for seed in 0..20 {
        let fit = |mending| {
            Gmm::params_with_rng(3, Xoshiro256Plus::seed_from_u64(seed))
                .init_method(InitMethod::KMeansPlusPlus)
                .covariance_type(CovarianceType::Diagonal)
                .mending(mending)
                .fit_report(&x)
                .unwrap()
        };
        let (kept, mended) = (fit(Mending::Keep), fit(Mending::Reseed));
        if kept.is_proper() {
            assert_eq!(kept.model, mended.model);
        } else if mended.is_proper() {
            assert!(matches!(mended.notes[..], [Note::Reseeded { .. }]));
            n_mended += 1;
        }
        sound(&mended, &x);
    }
    assert!(n_mended > 0);
}

/// Whole numbers from 0 to 9, many of each: data as it is measured.
fn rounded(n: usize) -> Array2<f64> {
    let gmm = Gmm::new(
        array![0.5, 0.5],
        array![[2.0, 3.0], [7.0, 6.0]],
        Covariances::TiedSpherical(1.2),
    );
    gmm.unwrap()
        .sample(n, &mut Xoshiro256Plus::seed_from_u64(5))
        .0
        .mapv(f64::round)
}

#[test]
fn tied_values_do_not_own_components() {
    let x = rounded(400);
    let sample = Sample::new(&x);
    let types = [CovarianceType::Full, CovarianceType::Diagonal];
    let ranking = rank(&sample, &Gmm::params(1), 1..=6, &types, &|_, _| {}).unwrap();
    assert!(ranking[0].is_proper());
    assert_eq!(ranking[0].model.n_components(), 2);
    // A spike that is asked for is kept and noted, and ranked behind.
    let on_ties = Gmm::new(
        array![0.1, 0.9],
        array![[2.0, 3.0], [5.0, 5.0]],
        Covariances::Diagonal(array![[1e-4, 1e-4], [9.0, 9.0]]),
    );
    let spiked = Gmm::params(2)
        .covariance_type(CovarianceType::Diagonal)
        .init_method(InitMethod::Parameters(on_ties.unwrap()))
        .fit_report(&x)
        .unwrap();
    assert_eq!(
        spiked.notes,
        [Note::Spike {
            component: 0,
            column: 0
        }]
    );
    assert!(!spiked.is_proper());
    let turned = spiked.reordered(&[1, 0]).unwrap();
    assert_eq!(
        turned.notes,
        [Note::Spike {
            component: 1,
            column: 0
        }]
    );
}

#[test]
fn without_a_ridge_starts_that_collapse_lose_against_those_that_do_not() {
    let x = iris();
    for seed in 0..10 {
        let fitted = Gmm::params(4)
            .reg_covariance(0.0)
            .with_rng(Xoshiro256Plus::seed_from_u64(seed))
            .fit_report(&x)
            .unwrap();
        assert_eq!(fitted.outcome, Outcome::Converged, "seed {seed}");
    }
}

#[test]
fn a_start_beside_a_saddle_point_reaches_the_optimum() {
    let x = two_groups(300);
    for offset in [1e-6, 1e-4, 1e-3] {
        let start = Gmm::new(
            array![0.5, 0.5],
            array![[3.0, 0.0], [3.0 + offset, 0.0]],
            Covariances::TiedSpherical(4.0),
        )
        .unwrap();
        let params = Gmm::params(2).covariance_type(CovarianceType::TiedSpherical);
        let best = params.fit_report(&x).unwrap();
        let fitted = params
            .init_method(InitMethod::Parameters(start))
            .fit_report(&x)
            .unwrap();
        let short = best.mean_log_likelihood() - fitted.mean_log_likelihood();
        assert!(short < 1e-5, "{offset}: {short} short of the optimum");
    }
}

#[test]
fn more_components_than_distinct_rows_stay_among_the_rows() {
    let x = array![
        [1e6, 1e6],
        [1e6, 1e6],
        [1e6 + 1.0, 1e6 + 2.0],
        [1e6 + 1.0, 1e6 + 2.0]
    ];
    for init in [
        InitMethod::Pool,
        InitMethod::KMeans,
        InitMethod::KMeansPlusPlus,
        InitMethod::Random,
    ] {
        let fitted = Gmm::params(4).init_method(init).fit_report(&x).unwrap();
        for &mean in fitted.model.means() {
            assert!((1e6..=1e6 + 2.0).contains(&mean), "{mean}");
        }
    }
}

#[test]
fn extreme_but_valid_models_give_no_nan() {
    let gmm = Gmm::new(
        array![0.5, 0.5],
        array![[-1e308, 0.0], [1e308, 0.0]],
        Covariances::Tied(array![[1.0, 0.0], [0.0, 1.0]]),
    )
    .unwrap();
    let x = array![[1e308, 0.0]];
    assert!((gmm.log_prob(&x).unwrap()[0] - -2.531).abs() < 1e-3);
    assert_eq!(gmm.responsibilities(&x).unwrap(), array![[0.0, 1.0]]);
    for nan in [
        Covariances::Tied(array![[1.0, f64::NAN], [0.0, 1.0]]),
        Covariances::Tied(array![[1e200, -9e199], [9e199, 1e200]]),
    ] {
        let refused = Gmm::new(array![1.0], array![[0.0, 0.0]], nan).unwrap_err();
        assert!(
            matches!(refused, GmmError::NotSymmetric { .. }),
            "{refused}"
        );
    }
}

#[test]
fn a_likelihood_that_falls_to_nothing_is_no_panic() {
    let mut x = Array2::from_shape_fn((201, 1), |(i, _)| ((i * 37) % 101) as f64 / 50.0 - 1.0);
    x[(200, 0)] = 1e155;
    let mut weights = vec![2.0; 201];
    weights[200] = 1e-310;
    let wide = Covariances::Spherical(array![1e300]);
    let start = Gmm::new(array![1.0], array![[0.0]], wide).unwrap();
    let fitted = Gmm::params(1)
        .covariance_type(CovarianceType::Spherical)
        .init_method(InitMethod::Parameters(start))
        .max_n_iterations(20)
        .fit_weighted(&x, &weights);
    assert!(fitted.is_ok());
}
