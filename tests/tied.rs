//! One covariance for all components: what its shortcut must not lose.
#![allow(clippy::unwrap_used)]

use gmm_core::{CovarianceType, Covariances, Gmm, InitMethod, Ridge};
use gmm_tests::two_groups;
use ndarray::{Array1, Array2, array};

#[test]
fn an_empty_component_of_a_tied_type_stays_where_it_was() {
    let x = two_groups(300);
    for (covariance_type, covariances) in [
        (
            CovarianceType::Tied,
            Covariances::Tied(array![[1.0, 0.0], [0.0, 1.0]]),
        ),
        (
            CovarianceType::TiedSpherical,
            Covariances::TiedSpherical(1.0),
        ),
    ] {
        let means = array![[0.0, 0.0], [6.0, 0.0], [60.0, 5.0]];
        let start = Gmm::new(array![0.4, 0.4, 0.2], means, covariances).unwrap();
        let model = Gmm::params(3)
            .covariance_type(covariance_type)
            .init_method(InitMethod::Parameters(start))
            .tolerance(0.0)
            .max_n_iterations(5)
            .fit_report(&x)
            .unwrap()
            .model;
        assert_eq!(model.weights()[2], 0.0);
        assert_eq!(model.means().row(2).to_vec(), [60.0, 5.0]);
    }
}

#[test]
fn a_tied_covariance_keeps_its_digits_far_from_the_origin() {
    // Dates in milliseconds: groups a hundred deviations apart, a trillion from the origin.
    let (deviation, n) = (1000.0, 900);
    let at = |origin: f64| {
        Array2::from_shape_fn((n, 1), |(i, _)| {
            let group = (i % 3) as f64 - 1.0;
            origin + 50.0 * deviation * group + deviation * (((i / 3) % 21) as f64 - 10.0) / 6.0
        })
    };
    let variance = |origin: f64| {
        let means = array![[-50.0], [0.0], [50.0]] * deviation + origin;
        let covariances = Covariances::Tied(array![[deviation * deviation]]);
        let start = Gmm::new(Array1::from_elem(3, 1.0 / 3.0), means, covariances).unwrap();
        Gmm::params(3)
            .covariance_type(CovarianceType::Tied)
            .ridge(Ridge::Relative(0.0))
            .init_method(InitMethod::Parameters(start))
            .max_n_iterations(3)
            .fit_report(&at(origin))
            .unwrap()
            .model
            .covariances()[(0, 0, 0)]
    };
    // The numbers themselves are rounded to 2⁻¹² or so there.
    let (near, far) = (variance(0.0), variance(1.7e12));
    assert!((near - far).abs() < 1e-6 * near, "{near} {far}");
}
