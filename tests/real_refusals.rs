//! What is refused of rows seen in part, with noise or with labels, and what is not, however odd.
#![allow(clippy::unwrap_used, clippy::panic)]

use gmm_core::rand::Rng;
use gmm_core::{
    CovarianceType, Fitted, Gmm, GmmError, GmmParams, InitMethod, Noise, Note, Prior, Sample,
};
use gmm_tests::{all_types, close, fit, iris, rng, rough, two_groups, with_holes};
use ndarray::{Array1, Array2, Array3, Axis, array, concatenate};

#[test]
fn values_that_are_neither_seen_nor_missing_are_refused_with_their_place() {
    let x = iris();
    let refused = |sample: &Sample<'_>| {
        let error = Gmm::params(2).fit_sample(sample, &|_| {}).unwrap_err();
        assert!(!error.to_string().contains('\n'));
        error
    };
    let gmm = rough(&x, 2, CovarianceType::Full);
    let zeros = Array2::zeros((150, 4));
    for infinite in [f64::INFINITY, f64::NEG_INFINITY] {
        let mut holed = with_holes(&x, 0.3, 1);
        holed[(77, 2)] = infinite;
        let plain = Sample::new(&holed).with_missing();
        for sample in [
            plain.clone(),
            plain.with_noise(Noise::Variances(&zeros)).unwrap(),
        ] {
            let expected = GmmError::NonFinite {
                row: 77,
                column: 2,
                value: infinite,
            };
            assert_eq!(refused(&sample), expected);
            assert_eq!(gmm.log_prob_of(&sample).unwrap_err(), expected);
            assert_eq!(gmm.responsibilities_of(&sample).unwrap_err(), expected);
            assert_eq!(gmm.labels_of(&sample).unwrap_err(), expected);
            assert_eq!(gmm.imputed(&sample).unwrap_err(), expected);
        }
    }
    // NaN is missing only where that was said.
    let mut holed = x.clone();
    holed[(5, 1)] = f64::NAN;
    let plain = Sample::new(&holed);
    for sample in [
        plain.clone(),
        plain.with_noise(Noise::Variances(&zeros)).unwrap(),
    ] {
        let is_named = |e: GmmError| {
            matches!(
                e,
                GmmError::NonFinite {
                    row: 5,
                    column: 1,
                    ..
                }
            )
        };
        assert!(is_named(refused(&sample)));
        assert!(gmm.log_prob_of(&sample).is_err_and(is_named));
        assert!(gmm.responsibilities_of(&sample).is_err_and(is_named));
        assert!(gmm.imputed(&sample).is_err_and(is_named));
    }
    // A column of which nothing was seen; rows of weight 0 do not count.
    holed.column_mut(3).fill(f64::NAN);
    assert_eq!(
        refused(&Sample::new(&holed).with_missing()),
        GmmError::MissingColumn { column: 3 }
    );
    holed[(9, 3)] = 1.0;
    let weights: Vec<f64> = (0..150).map(|i| f64::from(u8::from(i != 9))).collect();
    let sample = Sample::weighted(&holed, &weights).unwrap().with_missing();
    assert_eq!(refused(&sample), GmmError::MissingColumn { column: 3 });
    let nothing = Array2::from_elem((20, 3), f64::NAN);
    assert_eq!(
        refused(&Sample::new(&nothing).with_missing()),
        GmmError::MissingColumn { column: 0 }
    );
    assert_eq!(
        refused(&Sample::new(&Array2::<f64>::zeros((0, 2))).with_missing()),
        GmmError::NoRows
    );
    assert_eq!(
        refused(&Sample::new(&Array2::<f64>::zeros((5, 0))).with_missing()),
        GmmError::NoColumns
    );
    // What is left are too few rows.
    let mut few = Array2::from_elem((30, 2), f64::NAN);
    few.row_mut(3).assign(&array![1.0, 2.0]);
    let expected = GmmError::TooFewRows {
        n_rows: 1,
        n_components: 2,
    };
    assert_eq!(refused(&Sample::new(&few).with_missing()), expected);
    // Another number of columns.
    let narrow = Array2::from_elem((3, 2), f64::NAN);
    let sample = Sample::new(&narrow).with_missing();
    assert!(matches!(
        gmm.log_prob_of(&sample),
        Err(GmmError::SizeMismatch {
            expected: 4,
            found: 2,
            ..
        })
    ));
    assert!(matches!(
        gmm.imputed(&sample),
        Err(GmmError::SizeMismatch {
            expected: 4,
            found: 2,
            ..
        })
    ));
}

#[test]
fn noise_that_is_none_is_refused_with_its_row() {
    let x = two_groups(20);
    let refused = |noise: Noise<'_>| Sample::new(&x).with_noise(noise).unwrap_err();
    for bad in [-1e-9, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut variances = Array2::ones((20, 2));
        variances[(13, 1)] = bad;
        assert_eq!(
            refused(Noise::Variances(&variances)),
            GmmError::InvalidNoise { row: 13, column: 1 }
        );
        let mut matrices =
            Array3::from_shape_fn((20, 2, 2), |(_, i, j)| f64::from(u8::from(i == j)));
        matrices[(7, 0, 0)] = bad;
        assert_eq!(
            refused(Noise::Covariances(&matrices)),
            GmmError::InvalidNoise { row: 7, column: 0 }
        );
    }
    for bad in [
        array![[1.0, 0.1], [0.2, 1.0]],
        array![[1.0, 1.1], [1.1, 1.0]],
        array![[1.0, f64::NAN], [f64::NAN, 1.0]],
        array![[1.0, f64::INFINITY], [f64::INFINITY, 1.0]],
        array![[0.0, 0.5], [0.5, 1.0]],
        array![[1.0, -0.5], [-0.5, 0.0]],
    ] {
        assert_eq!(
            refused(Noise::Common(&bad)),
            GmmError::InvalidNoise { row: 0, column: 1 },
            "{bad}"
        );
        let mut all = Array3::zeros((20, 2, 2));
        all.index_axis_mut(Axis(0), 19).assign(&bad);
        let error = refused(Noise::Covariances(&all));
        assert_eq!(error, GmmError::InvalidNoise { row: 19, column: 1 });
        assert!(
            error.to_string().starts_with("the noise of row 19 ")
                && !error.to_string().contains('\n')
        );
    }
    let (short, wide) = (Array2::ones((19, 2)), Array2::ones((20, 3)));
    let (flat, long, large) = (
        Array3::zeros((20, 2, 3)),
        Array3::zeros((21, 2, 2)),
        Array2::eye(3),
    );
    for noise in [
        Noise::Variances(&short),
        Noise::Variances(&wide),
        Noise::Covariances(&flat),
        Noise::Covariances(&long),
        Noise::Common(&large),
    ] {
        assert!(matches!(refused(noise), GmmError::SizeMismatch { .. }));
    }
    // On the edge of what is a covariance: one direction has no noise, or none has.
    for fine in [
        array![[1.0, 1.0], [1.0, 1.0]],
        array![[0.0, 0.0], [0.0, 2.0]],
        array![[0.0, 0.0], [0.0, 0.0]],
    ] {
        let sample = Sample::new(&x).with_noise(Noise::Common(&fine)).unwrap();
        assert!(
            fit(&Gmm::params(2), &sample)
                .mean_log_likelihood()
                .is_finite()
        );
    }
}

#[test]
fn labels_of_no_component_are_refused_with_their_row() {
    let x = two_groups(20);
    let mut labels = vec![None; 20];
    labels[4] = Some(1);
    labels[17] = Some(2);
    let sample = Sample::new(&x).with_labels(&labels).unwrap();
    let refused = Gmm::params(2).fit_sample(&sample, &|_| {}).unwrap_err();
    assert_eq!(
        refused,
        GmmError::InvalidLabel {
            row: 17,
            label: 2,
            n_components: 2
        }
    );
    assert!(refused.to_string().starts_with("row 17 is labelled 2"));
    assert!(Gmm::params(3).fit_sample(&sample, &|_| {}).is_ok());
    let error = Sample::new(&x).with_labels(&labels[..19]).unwrap_err();
    assert!(matches!(
        error,
        GmmError::SizeMismatch {
            expected: 20,
            found: 19,
            ..
        }
    ));
}

fn sound(fitted: &Fitted, what: &str) {
    assert!(fitted.mean_log_likelihood().is_finite(), "{what}");
    assert!(fitted.model.means().iter().all(|m| m.is_finite()), "{what}");
    assert!(
        fitted.model.covariances().iter().all(|c| c.is_finite()),
        "{what}"
    );
    assert!(
        (fitted.model.weights().sum() - 1.0).abs() < 1e-12 || fitted.model.background().is_some()
    );
}

#[test]
fn one_row_one_column_and_one_component_are_enough() {
    let one = array![[1.0, f64::NAN, 3.0]];
    let error = Gmm::params(1)
        .fit_sample(&Sample::new(&one).with_missing(), &|_| {})
        .unwrap_err();
    assert_eq!(error, GmmError::MissingColumn { column: 1 });
    let one = array![[1.0, 2.0, 3.0]];
    let noise = array![[0.5, 0.0, 1e-3]];
    let sample = Sample::new(&one)
        .with_missing()
        .with_noise(Noise::Variances(&noise))
        .unwrap();
    let labels = [Some(0)];
    let sample = sample.with_labels(&labels).unwrap();
    for covariance_type in all_types() {
        let params = Gmm::params(1).covariance_type(covariance_type);
        let priors = params.clone().prior(Prior::default());
        let background = params.clone().background(true);
        for params in [params, priors, background] {
            let what = format!("{params:?}");
            sound(&fit(&params, &sample), &what);
            sound(&fit(&params, &Sample::new(&one).with_missing()), &what);
        }
    }
    // One column.
    let x = two_groups(200).select(Axis(1), &[0]);
    let holed = with_holes(&x, 0.3, 2);
    let kept: Vec<usize> = (0..200).filter(|i| !holed[(*i, 0)].is_nan()).collect();
    for covariance_type in CovarianceType::FAMILIES {
        let params = Gmm::params(2).covariance_type(covariance_type);
        let a = fit(&params, &Sample::new(&holed).with_missing());
        let b = params.fit_report(&x.select(Axis(0), &kept)).unwrap();
        close(a.model.means(), b.model.means(), 1e-6, "one column");
        assert!(a.notes.iter().any(|n| matches!(n, Note::UnseenRows { .. })));
        let noise = array![[0.3]];
        let sample = Sample::new(&holed)
            .with_missing()
            .with_noise(Noise::Common(&noise))
            .unwrap();
        sound(&fit(&params, &sample), "one column");
    }
    // One component that is seen in part is the maximum likelihood of one Gaussian, whatever the start.
    let holed = with_holes(&iris(), 0.2, 4);
    let sample = Sample::new(&holed).with_missing();
    let ends: Vec<Fitted> = [InitMethod::Pool, InitMethod::Random]
        .map(|init| fit(&Gmm::params(1).init_method(init).tolerance(1e-13), &sample))
        .to_vec();
    close(
        ends[0].model.means(),
        ends[1].model.means(),
        1e-5,
        "one component",
    );
}

#[test]
fn constant_columns_seen_in_part_are_noted_and_change_nothing() {
    let mut x = concatenate![Axis(1), two_groups(200), Array2::from_elem((200, 1), 7.0)];
    for i in (0..200).step_by(3) {
        x[(i, 2)] = f64::NAN;
    }
    for i in (0..200).step_by(7) {
        x[(i, 1)] = f64::NAN;
    }
    let narrow = x.slice(ndarray::s![.., ..2]).to_owned();
    for covariance_type in all_types() {
        let params = Gmm::params(2).covariance_type(covariance_type);
        let Ok(fitted) = params.fit_sample(&Sample::new(&x).with_missing(), &|_| {}) else {
            panic!("{covariance_type}");
        };
        let what = covariance_type.to_string();
        sound(&fitted, &what);
        assert!(
            fitted.notes.contains(&Note::ConstantColumn { column: 2 }),
            "{what}"
        );
        let imputed = fitted
            .model
            .imputed(&Sample::new(&x).with_missing())
            .unwrap();
        assert!(
            imputed.column(2).iter().all(|v| (v - 7.0).abs() < 0.01),
            "{what}"
        );
    }
    let a = fit(&Gmm::params(2), &Sample::new(&x).with_missing());
    let b = fit(&Gmm::params(2), &Sample::new(&narrow).with_missing());
    let of_a = a.model.labels_of(&Sample::new(&x).with_missing()).unwrap();
    let of_b = b
        .model
        .labels_of(&Sample::new(&narrow).with_missing())
        .unwrap();
    let n_same = of_a.iter().zip(&of_b).filter(|(a, b)| a == b).count();
    assert!(n_same.max(200 - n_same) >= 198, "{n_same}");
}

#[test]
fn units_and_origins_do_not_matter_to_rows_seen_in_part_or_with_noise() {
    let x = two_groups(150);
    let holed = with_holes(&x, 0.2, 5);
    let mut rng = rng(6);
    let variances = Array2::from_shape_fn((150, 2), |_| rng.gen_range(0.0..0.5));
    for covariance_type in [
        CovarianceType::Full,
        CovarianceType::Diagonal,
        CovarianceType::Tied,
    ] {
        let params = Gmm::params(2)
            .covariance_type(covariance_type)
            .init_method(InitMethod::KMeans)
            // What is compared below is to agree more closely than fits must by default.
            .tolerance(1e-6);
        for has_noise in [false, true] {
            let fitted = |x: &Array2<f64>, variances: &Array2<f64>, params: &GmmParams| {
                let sample = Sample::new(x).with_missing();
                let noise = Noise::Variances(variances);
                let noisy = if has_noise {
                    sample.with_noise(noise).unwrap()
                } else {
                    sample
                };
                let fitted = fit(params, &noisy);
                let labels = fitted.model.labels_of(&noisy).unwrap();
                let imputed = fitted.model.imputed(&noisy).unwrap();
                assert!(imputed.iter().all(|v| v.is_finite()));
                (fitted, labels, imputed)
            };
            let n_seen = holed
                .rows()
                .into_iter()
                .map(|r| Array1::from_iter(r.iter().map(|v| f64::from(u8::from(!v.is_nan())))))
                .fold(Array1::<f64>::zeros(2), |sum, row| sum + row);
            let n_rows = holed
                .rows()
                .into_iter()
                .filter(|r| r.iter().any(|v| !v.is_nan()))
                .count();
            for params in [
                params.clone(),
                params.clone().background(true),
                params.clone().prior(Prior::default()),
                params.clone().trimming(0.05),
            ] {
                let plain = fitted(&holed, &variances, &params);
                // The density of rows seen in different columns has different units, so that trimming depends on them.
                let is_trimmed = params == params.clone().trimming(0.05);
                for units in [
                    array![1e-150, 1e150],
                    array![1e-150, 1e-150],
                    array![1e150, 1e150],
                ] {
                    // The default prior of a family without orientation has one variance for all columns.
                    let is_diagonal = covariance_type == CovarianceType::Diagonal;
                    let has_prior = params == params.clone().prior(Prior::default());
                    if is_diagonal && has_prior && units[0] != units[1] {
                        continue;
                    }
                    let scaled = &variances * &units * &units;
                    let other = fitted(&(&holed * &units), &scaled, &params);
                    let what = format!("{covariance_type}, noise {has_noise}, {units}, {params:?}");
                    sound(&other.0, &what);
                    // Of starts that are equally good another may be taken: the components then change places.
                    let n_same = other.1.iter().zip(&plain.1).filter(|(a, b)| a == b).count();
                    assert!(
                        is_trimmed || n_same.max(150 - n_same) >= 149,
                        "{what}: {n_same}"
                    );
                    let logs: f64 = units.iter().zip(&n_seen).map(|(u, n)| n * u.ln()).sum();
                    let off = plain.0.mean_log_likelihood() - other.0.mean_log_likelihood();
                    if !is_trimmed {
                        assert!((off - logs / n_rows as f64).abs() < 1e-5, "{what}: {off}");
                    }
                }
                // Exact: both operands are near 1e8.
                let far = &holed + 1e8;
                let near = &far - 1e8;
                let start = rough(&x, 2, covariance_type);
                let moved = Gmm::new(
                    start.weights().to_owned(),
                    start.means() + 1e8,
                    start.typed_covariances(),
                );
                let from = |start: Gmm| {
                    let params = params.clone().init_method(InitMethod::Parameters(start));
                    params.tolerance(0.0).max_n_iterations(20)
                };
                let near = fitted(&near, &variances, &from(start));
                let far = fitted(&far, &variances, &from(moved.unwrap()));
                let what = format!("{covariance_type}, noise {has_noise}, {params:?}");
                close(
                    &(far.0.model.means() - 1e8),
                    near.0.model.means(),
                    1e-5,
                    &what,
                );
                let (a, b) = (far.0.model.covariances(), near.0.model.covariances());
                close(&a, &b, 1e-5, &what);
                assert_eq!(far.1, near.1, "{what}");
            }
        }
    }
}
