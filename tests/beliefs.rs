//! Priors, and parameters that stay as they are.
#![allow(clippy::unwrap_used, clippy::panic)]

use gmm_core::{
    CovarianceType, Frozen, Gmm, GmmError, GmmParams, InitMethod, Prior, Ridge, Sample,
};
use gmm_tests::{
    all_types, close, columns_of_numbers, fit, golden, iris, never_falls, numbers, partition,
    rough, with_holes,
};
use ndarray::{Array1, Array2, Axis, array, concatenate};

/// A fit that goes on from a model.
fn from(start: &Gmm) -> GmmParams {
    Gmm::params(start.n_components())
        .covariance_type(start.covariance_type())
        .init_method(InitMethod::Parameters(start.clone()))
}

#[test]
fn under_its_default_prior_a_fit_ends_where_mclust_does() {
    let file = golden("mclust_prior.json");
    let mut most = 0.0f64;
    for (name, of_data) in file["prior"].as_object().unwrap() {
        let x = columns_of_numbers(file["files"][name].as_str().unwrap());
        let start = partition(&of_data["partition"]);
        let k = start.ncols();
        for (model, theirs) in of_data
            .as_object()
            .unwrap()
            .iter()
            .filter(|(m, _)| *m != "partition")
        {
            let what = format!("{name} {model}");
            let params = Gmm::params(k)
                .covariance_type(model.parse().unwrap())
                .ridge(Ridge::Absolute(0.0))
                .prior(Prior::default())
                .init_method(InitMethod::Responsibilities(start.clone()))
                .accelerate(false)
                .tolerance(0.0)
                .max_n_iterations(4000);
            let ours = params.fit_report(&x).unwrap();
            never_falls(&ours, 1e-10, &what);
            let log_likelihood = theirs["log_likelihood"].as_f64().unwrap();
            println!("{what}: {} {log_likelihood}", ours.log_likelihood());
            most = most.max(close(
                ours.model.weights(),
                &numbers(&theirs["weights"]),
                1e-6,
                &what,
            ));
            most = most.max(close(
                ours.model.means(),
                &numbers(&theirs["means"]),
                1e-6,
                &what,
            ));
            let covariances = numbers(&theirs["covariances"]);
            most = most.max(close(&ours.model.covariances(), &covariances, 1e-6, &what));
        }
    }
    println!("off by {most:e}");
}

#[test]
fn under_a_prior_the_penalised_objective_never_falls_and_nothing_collapses() {
    let x = iris();
    let holed = with_holes(&x, 0.2, 1);
    let scale = Array2::from_shape_fn((4, 4), |(i, j)| if i == j { 0.3 } else { 0.1 });
    let priors = [
        Prior::default(),
        Prior::default().mean_strength(0.0),
        Prior::default()
            .mean(array![5.0, 3.0, 4.0, 1.0])
            .mean_strength(5.0)
            .concentration(4.0),
        Prior::default().scale(scale).degrees_of_freedom(3.5),
    ];
    for covariance_type in all_types() {
        for (i, prior) in priors.iter().enumerate() {
            for sample in [Sample::new(&x), Sample::new(&holed).with_missing()] {
                let what = format!("{covariance_type}, prior {i}");
                let params = Gmm::params(6)
                    .covariance_type(covariance_type)
                    .prior(prior.clone())
                    .ridge(Ridge::Absolute(0.0))
                    .init_method(InitMethod::KMeans)
                    .tolerance(0.0)
                    .max_n_iterations(25);
                never_falls(&fit(&params, &sample), 1e-10, &what);
                never_falls(&fit(&params.accelerate(false), &sample), 1e-10, &what);
            }
        }
    }
    // Five equal rows in a corner, which a component without a prior shrinks onto.
    let corner = Array2::from_elem((5, 4), 9.0);
    let spiked = concatenate![Axis(0), x, corner];
    for covariance_type in [
        CovarianceType::Full,
        CovarianceType::Diagonal,
        CovarianceType::Vev,
    ] {
        let params = Gmm::params(4)
            .covariance_type(covariance_type)
            .ridge(Ridge::Absolute(0.0));
        let fitted = params.prior(Prior::default()).fit_report(&spiked).unwrap();
        assert!(fitted.is_proper(), "{:?}", fitted.notes);
    }
}

#[test]
fn a_prior_that_is_none_is_refused_in_one_line() {
    let x = iris();
    let refused = |prior: Prior| {
        let error = Gmm::params(2).prior(prior).fit_report(&x).unwrap_err();
        assert!(!error.to_string().contains('\n'));
        error
    };
    let named = |prior: Prior| match refused(prior) {
        GmmError::InvalidParameter { name, .. } => name,
        other => panic!("{other}"),
    };
    for bad in [-1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(
            named(Prior::default().mean_strength(bad)),
            "mean strength of the prior"
        );
        assert_eq!(
            named(Prior::default().concentration(bad)),
            "concentration of the prior"
        );
    }
    assert_eq!(
        named(Prior::default().concentration(0.9)),
        "concentration of the prior"
    );
    for bad in [3.0, 0.0, -2.0, f64::NAN, f64::INFINITY] {
        let name = "degrees of freedom of the prior";
        assert_eq!(named(Prior::default().degrees_of_freedom(bad)), name);
    }
    assert_eq!(
        named(Prior::default().mean(array![0.0, 0.0, f64::NAN, 0.0])),
        "mean of the prior"
    );
    let size = |prior| {
        matches!(
            refused(prior),
            GmmError::SizeMismatch {
                expected: 4,
                found: 3,
                ..
            }
        )
    };
    assert!(size(Prior::default().mean(Array1::zeros(3))));
    assert!(size(Prior::default().scale(Array2::eye(3))));
    let changed = |at: &[(usize, usize)], value: f64| {
        let mut scale = Array2::eye(4);
        at.iter().for_each(|at| scale[*at] = value);
        refused(Prior::default().scale(scale))
    };
    assert_eq!(
        changed(&[(2, 2)], 0.0),
        GmmError::InvalidPrior { column: 2 }
    );
    assert_eq!(
        changed(&[(1, 1)], -1.0),
        GmmError::InvalidPrior { column: 1 }
    );
    assert_eq!(
        changed(&[(3, 3)], f64::NAN),
        GmmError::InvalidPrior { column: 3 }
    );
    assert_eq!(
        changed(&[(0, 0)], f64::INFINITY),
        GmmError::InvalidPrior { column: 0 }
    );
    assert_eq!(
        changed(&[(2, 1)], 0.3),
        GmmError::InvalidPrior { column: 2 }
    );
    assert_eq!(
        changed(&[(2, 1), (1, 2)], 1.5),
        GmmError::InvalidPrior { column: 2 }
    );
}

#[test]
fn what_is_frozen_stays_to_the_bit_and_all_else_moves() {
    let x = iris();
    let holed = with_holes(&x, 0.2, 2);
    let bits = |a: &[f64]| a.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    for covariance_type in all_types() {
        let start = rough(&x, 3, covariance_type);
        let has_own = ["full", "diag", "spherical", "mfa-2", "ppca-2"]
            .contains(&covariance_type.to_string().as_str());
        let covariances = if has_own { vec![2] } else { vec![0, 1, 2] };
        for (i, frozen) in [
            Frozen::default().weights([1]),
            Frozen::default().weights([0, 2]),
            Frozen::default().weights([0, 1, 2]),
            Frozen::default().means([0]),
            Frozen::default().means([0, 1, 2]),
            Frozen::default().covariances(covariances.clone()),
            Frozen::default()
                .weights([0])
                .means([1])
                .covariances(covariances.clone()),
        ]
        .into_iter()
        .enumerate()
        {
            for case in 0..8 {
                let what = format!("{covariance_type}, {frozen:?}, case {case}");
                let mut params = from(&start)
                    .frozen(frozen.clone())
                    .ridge(Ridge::Absolute(0.0))
                    .tolerance(0.0)
                    .max_n_iterations(12)
                    .accelerate(case & 1 != 0);
                if case & 2 != 0 {
                    let prior = Prior::default().mean_strength(3.0).concentration(2.0);
                    params = params.prior(prior.mean(array![4.0, 4.0, 4.0, 4.0]));
                }
                let sample = Sample::new(if case & 4 != 0 { &holed } else { &x }).with_missing();
                let fitted = fit(&params, &sample);
                never_falls(&fitted, 1e-10, &what);
                let model = fitted.model;
                for c in 0..3 {
                    let weight = start.weights()[c].to_bits() == model.weights()[c].to_bits();
                    let mean =
                        bits(start.components()[c].mean()) == bits(model.components()[c].mean());
                    let covariance =
                        start.components()[c].covariance() == model.components()[c].covariance();
                    let all_weights = i == 2;
                    let has_frozen =
                        |list: &[usize], of: &[usize]| of.contains(&i) && list.contains(&c);
                    let stays = [
                        (i == 0 && c == 1)
                            || (i == 1 && c != 1)
                            || all_weights
                            || (i == 6 && c == 0),
                        (i == 3 && c == 0) || i == 4 || (i == 6 && c == 1),
                        has_frozen(&covariances, &[5, 6]),
                    ];
                    // The one weight that is left of three follows from the others.
                    let may_stay = i == 1 && c == 1;
                    assert!(weight == stays[0] || may_stay, "{what}: weight {c}");
                    assert_eq!(mean, stays[1], "{what}: mean {c}");
                    assert_eq!(covariance, stays[2], "{what}: covariance {c}");
                }
            }
        }
    }
}

#[test]
fn what_cannot_be_frozen_is_refused_in_one_line() {
    let x = iris();
    let refused = |params: GmmParams| match params.fit_report(&x).unwrap_err() {
        GmmError::InvalidParameter { name, .. } => name,
        other => panic!("{other}"),
    };
    let any = Frozen::default().means([0]);
    assert_eq!(
        refused(Gmm::params(2).frozen(any.clone())),
        "frozen parameters"
    );
    let r = Array2::from_elem((150, 2), 0.5);
    let of_shares = Gmm::params(2).init_method(InitMethod::Responsibilities(r));
    assert_eq!(refused(of_shares.frozen(any)), "frozen parameters");
    for frozen in [
        Frozen::default().weights([3]),
        Frozen::default().means([0, 7]),
        Frozen::default().covariances([usize::MAX]),
    ] {
        let start = rough(&x, 3, CovarianceType::Full);
        assert_eq!(refused(from(&start).frozen(frozen)), "frozen component");
    }
    for covariance_type in CovarianceType::FAMILIES {
        let start = rough(&x, 3, covariance_type);
        let params = from(&start).frozen(Frozen::default().covariances([1]));
        let name = covariance_type.to_string();
        if ["full", "diag", "spherical"].contains(&name.as_str()) {
            assert!(params.fit_report(&x).is_ok());
        } else {
            assert_eq!(refused(params), "frozen covariances", "{name}");
        }
    }
}

#[test]
fn what_stays_is_not_counted() {
    let start = rough(&iris(), 2, CovarianceType::Full);
    let free = from(&start).fit_report(&iris()).unwrap();
    assert_eq!(free.n_parameters(), free.model.n_parameters());
    for (frozen, n) in [
        (Frozen::default().weights([0, 1]), 1),
        (Frozen::default().means([1]), 4),
        (Frozen::default().covariances([0]), 10),
        (Frozen::default().means([0, 1]).covariances([0, 1]), 28),
    ] {
        let fitted = from(&start).frozen(frozen).fit_report(&iris()).unwrap();
        assert_eq!(fitted.n_parameters() + n, fitted.model.n_parameters());
        let bic = -2.0 * fitted.log_likelihood() + fitted.n_parameters() as f64 * 150f64.ln();
        assert!((fitted.bic() - bic).abs() < 1e-9);
    }
    // Weights of a start without a background leave nothing to one.
    let refused = from(&start)
        .frozen(Frozen::default().weights([0, 1]))
        .background(true);
    assert!(refused.fit_report(&iris()).is_err());
}
