//! Linear maps, products and special draws of mixtures.
#![allow(clippy::unwrap_used)]

use gmm_core::{Background, CovarianceType as T, Covariances, Gmm, GmmError};
use gmm_tests::{all_types, close, iris, rng, rough};
use ndarray::{Array1, Array2, Axis, array, concatenate};

fn over_box(gmm: Gmm, share: f64) -> Gmm {
    let d = gmm.n_features();
    let low = vec![-1.0; d];
    let high = vec![9.0; d];
    gmm.with_background(share, Background { low, high })
        .unwrap()
}

/// A map without any structure.
fn map() -> Array2<f64> {
    array![
        [1.0, 2.0, 0.0, -1.0],
        [0.5, -1.0, 3.0, 0.0],
        [0.0, 0.0, 1.0, 1.0],
        [2.0, 0.0, 0.0, 1.0]
    ]
}

/// ln|det| of the map, by hand.
const LOG_DET: f64 = 2.772_588_722_239_781;

#[test]
fn images_have_the_density_of_a_change_of_variables() {
    let x = iris();
    let shift = array![1.0, -2.0, 0.0, 10.0];
    let images = x.dot(&map().t()) + &shift;
    for covariance_type in all_types() {
        let gmm = rough(&x, 3, covariance_type);
        let found = gmm
            .affine(&map(), &shift)
            .unwrap()
            .log_prob(&images)
            .unwrap();
        let wanted = gmm.log_prob(&x).unwrap() - LOG_DET;
        close(&found, &wanted, 1e-10, &covariance_type.to_string());
    }
}

#[test]
fn images_of_fewer_columns_have_their_moments_and_keep_types_where_they_can() {
    let x = iris();
    let gmm = rough(&x, 3, T::Full);
    let some = map().select(Axis(0), &[0, 2]);
    let shift = array![3.0, 4.0];
    let image = gmm.affine(&some, &shift).unwrap();
    close(
        &image.total_mean(),
        &(some.dot(&gmm.total_mean()) + &shift),
        1e-13,
        "mean",
    );
    let wanted = some.dot(&gmm.total_covariance()).dot(&some.t());
    close(&image.total_covariance(), &wanted, 1e-13, "covariance");
    // Taking columns is the marginal.
    let take = array![[0.0, 0.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.0]];
    for covariance_type in all_types() {
        let gmm = rough(&x, 3, covariance_type);
        let [a, b] = [
            gmm.affine(&take, &array![0.0, 0.0]).unwrap(),
            gmm.marginal(&[2, 0]).unwrap(),
        ];
        close(&a.covariances(), &b.covariances(), 1e-13, "covariances");
        assert_eq!(a.means(), b.means());
    }
    let scale = Array2::from_diag(&array![1.0, 2.0, 3.0, -4.0]);
    let even = Array2::from_diag(&array![2.0, 2.0, -2.0, 2.0]);
    let none = Array1::zeros(4);
    for (of, map, wanted) in [
        (T::Diagonal, &scale, T::Diagonal),
        (T::TiedDiagonal, &scale, T::TiedDiagonal),
        (T::Spherical, &scale, T::Diagonal),
        (T::Spherical, &even, T::Spherical),
        (T::TiedSpherical, &even, T::TiedSpherical),
        (T::TiedSpherical, &scale, T::TiedDiagonal),
        (T::Tied, &scale, T::Tied),
        (T::Vei, &scale, T::Diagonal),
        (T::Vee, &scale, T::Full),
        (T::TiedDiagonal, &map(), T::Tied),
        (T::Diagonal, &map(), T::Full),
    ] {
        let image = rough(&x, 3, of).affine(map, &none).unwrap();
        assert_eq!(image.covariance_type(), wanted, "{of}");
        let kept = Gmm::from_json(&image.to_json().unwrap()).unwrap();
        close(&kept.covariances(), &image.covariances(), 1e-12, "kept");
    }
}

#[test]
fn boxes_are_scaled_and_not_turned() {
    let gmm = over_box(rough(&iris(), 2, T::Full), 0.25);
    let scale = array![[0.0, -2.0, 0.0, 0.0], [3.0, 0.0, 0.0, 0.0]];
    let image = gmm.affine(&scale, &array![1.0, 0.0]).unwrap();
    let (share, region) = image.background().unwrap();
    assert_eq!(share, 0.25);
    assert_eq!(
        (&region.low[..], &region.high[..]),
        (&[-17.0, -3.0][..], &[3.0, 27.0][..])
    );
    assert!(matches!(
        gmm.affine(&map(), &Array1::zeros(4)),
        Err(GmmError::InvalidParameter { name: "matrix", .. })
    ));
}

#[test]
fn wrong_maps_are_refused() {
    let gmm = rough(&iris(), 2, T::Full);
    let refused =
        |matrix: Array2<f64>, shift: Array1<f64>| gmm.affine(&matrix, &shift).unwrap_err();
    refused(Array2::eye(3), Array1::zeros(3));
    refused(Array2::eye(4), Array1::zeros(3));
    refused(Array2::zeros((0, 4)), Array1::zeros(0));
    refused(Array2::zeros((1, 4)), Array1::zeros(1));
    refused(Array2::eye(4) * f64::NAN, Array1::zeros(4));
    refused(Array2::eye(4), Array1::from_elem(4, f64::NAN));
    refused(Array2::eye(4) * 1e300, Array1::zeros(4));
    let mut twice = map();
    let sum = &map().row(0) + &map().row(1);
    twice.row_mut(3).assign(&sum);
    let found = refused(twice, Array1::zeros(4)).to_string();
    assert!(found.contains("row 3"), "{found}");
    let more = concatenate![Axis(0), map(), map()];
    refused(more, Array1::zeros(8));
}

#[test]
fn products_are_products_of_densities() {
    let x = iris();
    for a in all_types() {
        for b in [
            T::Full,
            T::Tied,
            T::Diagonal,
            T::TiedDiagonal,
            T::TiedSpherical,
        ] {
            let [p, q] = [rough(&x, 3, a), rough(&x, 2, b)];
            let (product, log) = p.product(&q).unwrap();
            assert_eq!(product.n_components(), 6);
            let wanted = p.log_prob(&x).unwrap() + q.log_prob(&x).unwrap();
            let found = product.log_prob(&x).unwrap() + log;
            close(&found, &wanted, 1e-10, &format!("{a} {b}"));
            let kept = Gmm::from_json(&product.to_json().unwrap()).unwrap();
            close(&kept.covariances(), &product.covariances(), 1e-12, "kept");
        }
    }
    let tied = rough(&x, 2, T::Tied);
    assert_eq!(tied.product(&tied).unwrap().0.covariance_type(), T::Tied);
    let round = rough(&x, 2, T::Spherical);
    assert_eq!(
        round.product(&round).unwrap().0.covariance_type(),
        T::Spherical
    );
}

#[test]
fn products_of_wide_far_and_tiny_mixtures_keep_their_digits() {
    let at = |mean: f64, variance: f64| {
        Gmm::new(
            array![1.0],
            array![[mean]],
            Covariances::TiedSpherical(variance),
        )
        .unwrap()
    };
    // Wide times narrow, both ways.
    for (p, q) in [
        (at(0.0, 1e20), at(5.0, 1e-4)),
        (at(5.0, 1e-4), at(0.0, 1e20)),
    ] {
        let (product, _) = p.product(&q).unwrap();
        assert!((product.means()[(0, 0)] - 5.0).abs() < 1e-14);
        assert!((product.covariances()[(0, 0, 0)] / 1e-4 - 1.0).abs() < 1e-14);
    }
    let (product, _) = at(1e8, 1.0).product(&at(1e8 + 2.0, 1.0)).unwrap();
    assert_eq!(
        (product.means()[(0, 0)], product.covariances()[(0, 0, 0)]),
        (1e8 + 1.0, 0.5)
    );
    let (product, log) = at(0.0, 1e-300).product(&at(2e-150, 1e-300)).unwrap();
    assert!((product.means()[(0, 0)] / 1e-150 - 1.0).abs() < 1e-14);
    let wanted = -1.0 - 0.5 * (2.0 * std::f64::consts::PI * 2e-300).ln();
    assert!((log - wanted).abs() < 1e-12);
    // So far apart that no logarithm tells.
    assert!(at(0.0, 1.0).product(&at(1e200, 1.0)).is_err());
    let (_, log) = at(0.0, 1.0).product(&at(1e100, 1.0)).unwrap();
    assert!((log / -2.5e199 - 1.0).abs() < 1e-12);
}

#[test]
fn products_with_other_columns_and_backgrounds_are_refused() {
    let gmm = rough(&iris(), 2, T::Full);
    assert!(gmm.product(&gmm.marginal(&[0]).unwrap()).is_err());
    assert!(gmm.product(&over_box(gmm.clone(), 0.1)).is_err());
    assert!(over_box(gmm.clone(), 0.1).product(&gmm).is_err());
    // A component without a share has none in the product.
    let none = Gmm::new(
        array![0.0, 1.0],
        array![[0.0], [1.0]],
        Covariances::TiedSpherical(1.0),
    )
    .unwrap();
    let (product, _) = none.product(&none).unwrap();
    assert_eq!(product.weights().to_vec(), [0.0, 0.0, 0.0, 1.0]);
}

/// Variance of the mean of 40 rows over many samples, in the first column.
fn variance_of_means(mut draw: impl FnMut() -> Array2<f64>) -> f64 {
    let means: Vec<f64> = (0..2000)
        .map(|_| draw().column(0).mean().unwrap())
        .collect();
    let mean = means.iter().sum::<f64>() / 2000.0;
    means.iter().map(|m| (m - mean).powi(2)).sum::<f64>() / 2000.0
}

#[test]
fn balanced_draws_make_means_vary_less() {
    let gmm = rough(&iris(), 3, T::Full);
    let [mut a, mut b, mut c] = [1, 2, 3].map(rng);
    let plain = variance_of_means(|| gmm.sample(40, &mut a).0);
    let stratified = variance_of_means(|| gmm.sample_stratified(40, &mut b).0);
    let antithetic = variance_of_means(|| gmm.sample_antithetic(40, &mut c).0);
    let total = gmm.total_covariance()[(0, 0)];
    let within: f64 = (0..3)
        .map(|k| gmm.weights()[k] * gmm.covariances()[(k, 0, 0)])
        .sum();
    let near = |found: f64, wanted: f64| (found / wanted - 1.0).abs() < 0.15;
    assert!(near(plain, total / 40.0), "{plain} {total}");
    assert!(
        stratified < 1.1 * within / 40.0 + 0.1 * plain,
        "{stratified} {within}"
    );
    // Pairs have the mean of their component: twice what lies between, and nothing of what lies within.
    assert!(near(antithetic, (total - within) / 20.0), "{antithetic}");
    // Where all is within one component, nothing is left.
    let one = rough(&iris(), 1, T::Full);
    let exact = one
        .sample_antithetic(40, &mut c)
        .0
        .mean_axis(Axis(0))
        .unwrap();
    close(&exact, &one.total_mean(), 1e-14, "mean of pairs");
}

#[test]
fn counts_of_stratified_draws_are_within_one_of_their_shares() {
    let gmm = over_box(rough(&iris(), 3, T::Full), 0.15);
    let mut rng = rng(4);
    let mut totals = [0usize; 4];
    for n in (0..200).chain([10_000]) {
        let (rows, labels) = gmm.sample_stratified(n, &mut rng);
        assert_eq!((rows.dim(), labels.len()), ((n, 4), n));
        assert!(labels.windows(2).into_iter().all(|pair| pair[0] <= pair[1]));
        for k in 0..4 {
            let count = labels.iter().filter(|l| **l == k).count();
            let share = if k < 3 { gmm.weights()[k] } else { 0.15 };
            assert!((count as f64 - n as f64 * share).abs() < 1.0);
            totals[k] += count;
        }
    }
    assert!(totals.iter().all(|t| *t > 0));
    // A share of nothing is never drawn.
    let none = Gmm::new(
        array![1.0, 0.0],
        array![[0.0], [9.0]],
        Covariances::TiedSpherical(1.0),
    )
    .unwrap();
    assert!(
        none.sample_stratified(1000, &mut rng)
            .1
            .iter()
            .all(|l| *l == 0)
    );
}

#[test]
fn pairs_lie_opposite_each_other() {
    let gmm = over_box(rough(&iris(), 2, T::Diagonal), 0.3);
    let (rows, labels) = gmm.sample_antithetic(501, &mut rng(5));
    assert_eq!((rows.nrows(), labels.len()), (501, 501));
    for i in (0..500).step_by(2) {
        assert_eq!(labels[i], labels[i + 1]);
        let middle = (&rows.row(i) + &rows.row(i + 1)) * 0.5;
        let centre = match labels[i] {
            2 => Array1::from_elem(4, 4.0),
            k => gmm.means().row(k).to_owned(),
        };
        close(&middle, &centre, 1e-14, "middle");
    }
    assert!(labels.iter().any(|l| *l == 2));
}

#[test]
fn draws_given_columns_have_them_and_the_moments_of_the_rest() {
    let gmm = over_box(rough(&iris(), 3, T::Full), 0.1);
    let (rows, labels) = gmm
        .sample_given(&[2, 0], &[4.0, 6.0], 50_000, &mut rng(6))
        .unwrap();
    assert_eq!(rows.dim(), (50_000, 4));
    assert!(rows.column(2).iter().all(|x| *x == 4.0) && rows.column(0).iter().all(|x| *x == 6.0));
    assert!(labels.iter().all(|l| *l <= 3));
    let conditional = gmm.conditional(&[2, 0], &[4.0, 6.0]).unwrap();
    let mean = rows.select(Axis(1), &[1, 3]).mean_axis(Axis(0)).unwrap();
    close(&mean, &conditional.total_mean(), 0.01, "mean");
    assert!(gmm.sample_given(&[9], &[1.0], 3, &mut rng(1)).is_err());
}
