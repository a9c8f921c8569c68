//! Data that breaks fits: each kind has a defined outcome, never a panic and never a NaN.
#![allow(clippy::unwrap_used)]

use gmm_core::rand::SeedableRng;
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_core::selection::rank;
use gmm_core::{
    CovarianceType, Covariances, Fitted, Gmm, GmmError, InitMethod, Note, Outcome, Ridge, Sample,
};
use gmm_tests::iris;
use ndarray::{Array2, Array3, Axis, array, concatenate};

/// Two unit Gaussians, six apart.
fn two_groups(n: usize) -> Array2<f64> {
    let gmm = Gmm::new(
        array![0.5, 0.5],
        array![[0.0, 0.0], [6.0, 0.0]],
        Covariances::TiedSpherical(1.0),
    );
    gmm.unwrap()
        .sample(n, &mut Xoshiro256Plus::seed_from_u64(1))
        .0
}

fn all_types(x: &Array2<f64>, k: usize) -> Vec<Fitted> {
    let fit = |t| Gmm::params(k).covariance_type(t).fit_report(x).unwrap();
    CovarianceType::ALL.into_iter().map(fit).collect()
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
fn nan_and_infinities_are_named_by_row_and_column() {
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut x = two_groups(5000);
        x[(4321, 1)] = value;
        let GmmError::NonFinite { row, column, .. } = Gmm::params(2).fit_report(&x).unwrap_err()
        else {
            panic!("another error");
        };
        assert_eq!((row, column), (4321, 1));
        let gmm = Gmm::params(2).fit_report(&two_groups(100)).unwrap().model;
        for refused in [
            gmm.log_prob(&x).unwrap_err(),
            gmm.responsibilities(&x).unwrap_err(),
            gmm.labels(&x).unwrap_err(),
            gmm.mean_log_likelihood(&x).unwrap_err(),
            gmm.bic(&x).unwrap_err(),
        ] {
            assert!(
                matches!(
                    refused,
                    GmmError::NonFinite {
                        row: 4321,
                        column: 1,
                        ..
                    }
                ),
                "{refused}"
            );
            assert!(
                refused.to_string().starts_with("row 4321, column 1 is "),
                "{refused}"
            );
        }
    }
}

#[test]
fn empty_data_and_too_few_rows_are_refused() {
    let refuse = |x: &Array2<f64>, k| Gmm::params(k).fit_report(x).unwrap_err();
    assert_eq!(refuse(&Array2::zeros((0, 2)), 1), GmmError::NoRows);
    assert_eq!(refuse(&Array2::zeros((5, 0)), 1), GmmError::NoColumns);
    assert_eq!(
        refuse(&two_groups(4), 5),
        GmmError::TooFewRows {
            n_rows: 4,
            n_components: 5
        }
    );
    let x = two_groups(4);
    let refuse = |w: &[f64]| Gmm::params(2).fit_weighted(&x, w).unwrap_err();
    assert_eq!(refuse(&[0.0; 4]), GmmError::NoRows);
    assert_eq!(
        refuse(&[1.0, 0.0, 0.0, 0.0]),
        GmmError::TooFewRows {
            n_rows: 1,
            n_components: 2
        }
    );
    assert_eq!(
        refuse(&[1.0, -1.0, 1.0, 1.0]),
        GmmError::InvalidWeight {
            row: 1,
            weight: -1.0
        }
    );
    assert!(matches!(
        refuse(&[1.0, 1.0, f64::NAN, 1.0]),
        GmmError::InvalidWeight { row: 2, .. }
    ));
    assert!(matches!(
        refuse(&[1.0; 3]),
        GmmError::SizeMismatch {
            expected: 4,
            found: 3,
            ..
        }
    ));
}

#[test]
fn parameters_out_of_range_are_named() {
    let x = two_groups(50);
    let named = |params: gmm_core::GmmParams| match params.fit_report(&x).unwrap_err() {
        GmmError::InvalidParameter { name, .. } => name,
        other => panic!("{other}"),
    };
    assert_eq!(named(Gmm::params(0)), "n_components");
    assert_eq!(named(Gmm::params(2).n_runs(0)), "n_runs");
    assert_eq!(
        named(Gmm::params(2).max_n_iterations(0)),
        "max_n_iterations"
    );
    assert_eq!(named(Gmm::params(2).tolerance(-1.0)), "tolerance");
    assert_eq!(named(Gmm::params(2).tolerance(f64::NAN)), "tolerance");
    assert_eq!(named(Gmm::params(2).reg_covariance(f64::INFINITY)), "ridge");
    let given = |gmm: Gmm| {
        Gmm::params(2)
            .init_method(InitMethod::Parameters(gmm))
            .fit_report(&x)
    };
    let other = Gmm::new(
        array![1.0],
        array![[0.0, 0.0]],
        Covariances::TiedSpherical(1.0),
    )
    .unwrap();
    assert!(matches!(
        given(other),
        Err(GmmError::SizeMismatch {
            expected: 2,
            found: 1,
            ..
        })
    ));
    let r = |r| {
        Gmm::params(2)
            .init_method(InitMethod::Responsibilities(r))
            .fit_report(&x)
    };
    assert!(matches!(
        r(Array2::ones((50, 3))),
        Err(GmmError::SizeMismatch { .. })
    ));
    assert!(matches!(
        r(Array2::ones((49, 2))),
        Err(GmmError::SizeMismatch { .. })
    ));
    assert!(r(Array2::from_elem((50, 2), -1.0)).is_err());
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
    for value in [0.0, 1.0, -1e9, 1e-200] {
        let constant = Array2::from_elem((300, 1), value);
        let y = concatenate(Axis(1), &[x.view(), constant.view()]).unwrap();
        for fitted in all_types(&y, 2) {
            sound(&fitted, &y);
            assert_eq!(fitted.notes, [Note::ConstantColumn { column: 2 }]);
            let labels = fitted.model.labels(&y).unwrap();
            let right = labels
                .iter()
                .zip(x.column(0))
                .filter(|(l, x)| (**l == labels[0]) == ((**x > 3.0) == (x0(&y) > 3.0)));
            assert!(right.count() > 290);
        }
    }
}

fn x0(x: &Array2<f64>) -> f64 {
    x[(0, 0)]
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
    for covariance_type in CovarianceType::ALL {
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
fn a_component_on_a_single_row_is_noted() {
    let mut x = two_groups(200);
    x[(0, 0)] = 1e4;
    let fitted = Gmm::params(3)
        .init_method(InitMethod::KMeans)
        .fit_report(&x)
        .unwrap();
    assert!(
        matches!(fitted.notes[..], [Note::ThinComponent { .. }]),
        "{:?}",
        fitted.notes
    );
    sound(&fitted, &x);
}

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
    for (a, b) in a.model.means().iter().zip(&b.model.means()) {
        assert!((a - b).abs() < 1e-6);
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
        rank(&sample, &Gmm::params(1), 1..=3, &types, &mut |_, _| {})
            .unwrap()
            .swap_remove(0)
    };
    assert_eq!(chosen(1.0).model.n_components(), 2);
    assert_eq!(chosen(1e-3), chosen(1.0));
}

#[test]
fn given_parameters_are_checked() {
    let new = |w: ndarray::Array1<f64>, m: Array2<f64>, c| Gmm::new(w, m, c).unwrap_err();
    let two = || array![[0.0, 0.0], [1.0, 1.0]];
    let unit = || Covariances::TiedSpherical(1.0);
    assert_eq!(
        new(array![0.5, 0.6], two(), unit()),
        GmmError::WeightsNotNormalized { sum: 1.1 }
    );
    assert!(matches!(
        new(array![1.5, -0.5], two(), unit()),
        GmmError::InvalidShare { component: 1, .. }
    ));
    assert!(matches!(
        new(array![f64::NAN, 1.0], two(), unit()),
        GmmError::InvalidShare { .. }
    ));
    assert!(matches!(
        new(array![1.0], two(), unit()),
        GmmError::SizeMismatch { .. }
    ));
    assert!(matches!(
        new(array![], Array2::zeros((0, 2)), unit()),
        GmmError::SizeMismatch { .. }
    ));
    assert_eq!(
        new(array![0.5, 0.5], Array2::zeros((2, 0)), unit()),
        GmmError::NoColumns
    );
    let nan = array![[0.0, 0.0], [1.0, f64::NAN]];
    assert_eq!(
        new(array![0.5, 0.5], nan, unit()),
        GmmError::NonFiniteMean {
            component: 1,
            column: 1
        }
    );
    let indefinite = Covariances::Tied(array![[1.0, 2.0], [2.0, 1.0]]);
    assert!(matches!(
        new(array![0.5, 0.5], two(), indefinite),
        GmmError::NotPositiveDefinite {
            component: 0,
            column: 1
        }
    ));
    let lopsided = Covariances::Tied(array![[1.0, 0.2], [0.3, 1.0]]);
    assert!(matches!(
        new(array![0.5, 0.5], two(), lopsided),
        GmmError::NotSymmetric { .. }
    ));
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(
            new(
                array![0.5, 0.5],
                two(),
                Covariances::Spherical(array![1.0, bad])
            ),
            GmmError::NotPositiveDefinite { component: 1, .. }
        ));
    }
    assert!(matches!(
        new(
            array![0.5, 0.5],
            two(),
            Covariances::Diagonal(array![[1.0, 1.0]])
        ),
        GmmError::SizeMismatch { .. }
    ));
    // Weights that are off by single precision are set right.
    let thirds = array![1.0f32 / 3.0, 2.0 / 3.0].mapv(f64::from) + array![0.0, 1e-8];
    let gmm = Gmm::new(thirds, two(), unit()).unwrap();
    assert!((gmm.weights().sum() - 1.0).abs() < 1e-15);
    // Rows of another width are refused.
    assert!(matches!(
        gmm.log_prob(&array![[1.0]]),
        Err(GmmError::SizeMismatch {
            expected: 2,
            found: 1,
            ..
        })
    ));
    assert!(gmm.reordered(&[0, 0]).is_err());
}

#[test]
fn model_files_that_are_damaged_newer_or_no_models_are_refused_in_one_line() {
    let gmm = Gmm::params(2).fit_report(&two_groups(100)).unwrap().model;
    let text = gmm.to_json().unwrap();
    for cut in [0, 1, text.len() / 2, text.len() - 2] {
        let refused = Gmm::from_json(&text[..cut]).unwrap_err();
        assert!(matches!(refused, GmmError::ModelFormat(_)), "{refused}");
        assert!(!refused.to_string().contains('\n'));
    }
    let edited = |from: &str, to: &str| {
        assert!(text.contains(from), "{text}");
        Gmm::from_json(&text.replace(from, to)).unwrap_err()
    };
    assert_eq!(
        edited("\"version\": 1", "\"version\": 2"),
        GmmError::ModelVersion {
            found: 2,
            supported: 1
        }
    );
    assert!(matches!(
        edited("gaussian-mixture", "svm"),
        GmmError::ModelFormat(_)
    ));
    assert!(matches!(
        edited("\"full\"", "\"tied\""),
        GmmError::ModelFormat(_)
    ));
    assert!(matches!(
        edited("\"full\"", "\"round\""),
        GmmError::ModelFormat(_)
    ));
    assert!(matches!(
        edited("\"means\"", "\"moans\""),
        GmmError::ModelFormat(_)
    ));
    assert!(Gmm::from_json("{}").is_err());
    // Rows that add up to the right number of numbers in the wrong shape.
    let ragged = r#"{"format": "gaussian-mixture", "version": 1, "covariance_type": "spherical",
        "weights": [0.5, 0.5], "means": [[1.0, 2.0], [3.0]], "covariances": [1.0, 1.0]}"#;
    assert!(matches!(
        Gmm::from_json(ragged),
        Err(GmmError::ModelFormat(_))
    ));
    // Fields of later minor revisions are no obstacle.
    let more = text.replacen('{', "{\"comment\": \"mine\",", 1);
    assert_eq!(Gmm::from_json(&more).unwrap(), gmm);
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
    let ranking = rank(&sample, &Gmm::params(1), 1..=6, &types, &mut |_, _| {}).unwrap();
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
        for mean in fitted.model.means() {
            assert!((1e6..=1e6 + 2.0).contains(&mean), "{mean}");
        }
    }
}

#[test]
fn responsibilities_are_proportions() {
    let x = two_groups(100);
    let r = Array2::from_shape_fn((100, 2), |(i, c)| 1.0 + ((i + c) % 3) as f64);
    let params = |r: Array2<f64>| {
        Gmm::params(2)
            .init_method(InitMethod::Responsibilities(r))
            .max_n_iterations(1)
    };
    let plain = params(r.clone()).fit_report(&x).unwrap();
    let mut larger = r.clone();
    larger
        .slice_mut(ndarray::s![..50, ..])
        .mapv_inplace(|v| v * 4.0);
    assert_eq!(params(larger).fit_report(&x).unwrap(), plain);
    let mut nothing = r;
    nothing.row_mut(7).fill(0.0);
    let refused = params(nothing).fit_report(&x).unwrap_err().to_string();
    assert!(refused.contains("row 7"), "{refused}");
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
