//! What is asked of mixtures of extreme scales, of nearly singular ones, and at places without end.
#![allow(clippy::unwrap_used)]

use gmm_core::discriminant::{Classes, edda};
use gmm_core::subspace::Subspace;
use gmm_core::{Background, CovarianceType, Covariances, Gmm, Method, Sample};
use gmm_tests::{all_types, close, iris, rng, rough, row_weights};
use ndarray::{Array1, Array2, array};

const INFINITY: f64 = f64::INFINITY;

/// One Gaussian about 0.
fn single(covariance: Array2<f64>) -> Gmm {
    let mean = Array2::zeros((1, covariance.nrows()));
    Gmm::new(array![1.0], mean, Covariances::Tied(covariance)).unwrap()
}

/// Halves at these means, of these deviations.
fn halves(parts: [(f64, f64); 2]) -> Gmm {
    Gmm::new(
        array![0.5, 0.5],
        array![[parts[0].0], [parts[1].0]],
        Covariances::Spherical(parts.iter().map(|p| p.1 * p.1).collect()),
    )
    .unwrap()
}

#[test]
fn boxes_that_begin_where_all_ends_hold_nothing() {
    let even = Array2::from_shape_fn((4, 4), |(i, j)| if i == j { 1.0 } else { 0.5 });
    let gmm = single(even);
    let rows = array![
        [-INFINITY, -INFINITY, -INFINITY, -INFINITY],
        [-INFINITY, 0.0, 0.0, 0.0],
        [0.0, 1.0, INFINITY, -INFINITY]
    ];
    assert!(gmm.cdf(&rows).unwrap().iter().all(|held| held.value == 0.0));
    let low = [INFINITY, 0.0, 0.0, 0.0];
    let high = [INFINITY, 1.0, 1.0, 1.0];
    let held = gmm.box_probability(&low, &high, &mut rng(1)).unwrap();
    assert_eq!((held.value, held.error), (0.0, 0.0));
    // Ends that are beyond all numbers in deviations.
    let tiny = Array2::from_shape_fn((3, 3), |(i, j)| if i == j { 1e-300 } else { 0.5e-300 });
    let rows = array![[1e200, 1e300, 1e308], [-1e200, -1e300, 1e308]];
    let held = single(tiny).cdf(&rows).unwrap();
    assert_eq!((held[0].value, held[1].value), (1.0, 0.0));
}

#[test]
fn modes_and_regions_of_gaussians_narrower_than_rounding_are_their_means() {
    for (mean, deviation) in [(1e8, 1e-9), (1e8, 1e-150), (1e150, 1e-150)] {
        let gmm = halves([(mean, deviation), (mean, deviation)]);
        let modes = gmm.modes().unwrap();
        assert_eq!((modes.len(), modes[0].place[0]), (1, mean));
        let region = gmm.highest_density_region(0.9, 0, &mut rng(1)).unwrap();
        assert!(region.log_level.is_finite(), "{mean} {deviation}");
    }
    // Each is beyond all numbers, in deviations of the other.
    let gmm = halves([(0.0, 1e-150), (1e200, 1e150)]);
    let mut places: Vec<f64> = gmm.modes().unwrap().iter().map(|m| m.place[0]).collect();
    places.sort_by(f64::total_cmp);
    assert_eq!(places, [0.0, 1e200]);
}

#[test]
fn regions_reach_as_far_as_a_background_does() {
    let one = || Gmm::new(array![1.0], array![[0.0]], Covariances::TiedSpherical(1.0)).unwrap();
    for far in [1e3, 1e5, 1e20] {
        let (low, high) = (vec![far], vec![2.0 * far]);
        let gmm = one()
            .with_background(0.5, Background { low, high })
            .unwrap();
        let region = gmm.highest_density_region(0.9, 0, &mut rng(1)).unwrap();
        let held = |(low, high): &(f64, f64)| {
            let held = gmm.box_probability(&[*low], &[*high], &mut rng(1));
            held.unwrap().value
        };
        let mass: f64 = region.intervals.iter().flatten().map(held).sum();
        assert!((mass - 0.9).abs() < 1e-10, "{far}: {mass}");
    }
}

#[test]
fn regions_of_one_gaussian_are_those_of_chi_square() {
    // The 0.9 quantile of χ² of four degrees of freedom: scipy 1.17.1.
    let gmm = rough(&iris(), 1, CovarianceType::Full);
    let region = gmm.highest_density_region(0.9, 0, &mut rng(1)).unwrap();
    let wanted = gmm.log_prob(gmm.means()).unwrap()[0] - 0.5 * 7.779_440_339_734_858;
    assert!((region.log_level - wanted).abs() < 1e-12);
    assert_eq!((region.error, region.method), (0.0, Method::ClosedForm));
    let draws = gmm.sample(40_000, &mut rng(2)).0;
    let inside = region.contains(&draws).unwrap();
    let share = inside.iter().filter(|i| **i).count() as f64 / 4e4;
    assert!(
        (share - 0.9).abs() < 4.0 * (0.09f64 / 4e4).sqrt(),
        "{share}"
    );
    // A component without a share changes nothing.
    let covariance = array![[2.0, 1.0], [1.0, 3.0]];
    let means = array![[9.0, 9.0], [0.0, 0.0]];
    let tied = Covariances::Tied(covariance.clone());
    let both = Gmm::new(array![0.0, 1.0], means, tied).unwrap();
    let levels = |gmm: &Gmm| gmm.contour_levels(&[0.01, 0.999], 0, &mut rng(1)).unwrap();
    assert_eq!(levels(&both), levels(&single(covariance)));
}

#[test]
fn maps_of_columns_of_any_scale_are_maps() {
    let scale = Array2::from_diag(&array![1e-150, 1e150]);
    let none = array![0.0, 0.0];
    let gmm = single(array![[1.0, 0.9], [0.9, 1.0]]).affine(&scale, &none);
    let gmm = gmm.unwrap();
    let again = gmm.affine(&Array2::eye(2), &none).unwrap();
    close(&again.covariances(), &gmm.covariances(), 1e-14, "the same");
    assert!((again.covariances()[(0, 0, 0)] / 1e-300 - 1.0).abs() < 1e-14);
}

#[test]
fn divergences_of_nearly_singular_gaussians_keep_their_digits() {
    for rest in [1e-10, 1e-12, 1e-14] {
        let narrow = array![[1.0, 1.0 - rest], [1.0 - rest, 1.0]];
        let (p, q) = (single(narrow.clone()), single(narrow * 4.0));
        let kl = |p: &Gmm, q: &Gmm| p.kl_divergence(q, 0, &mut rng(1)).unwrap().value;
        assert!(kl(&p, &p) < 1e-15, "{rest}: {}", kl(&p, &p));
        // ½[¼D − D + D ln 4] of a covariance four times as large, whose factor is twice as large to the bit.
        assert!((kl(&p, &q) - (4f64.ln() - 0.75)).abs() < 1e-12, "{rest}");
    }
}

#[test]
fn a_mixture_that_is_all_background_is_one_still() {
    let (low, high) = (vec![-1.0; 3], vec![1.0; 3]);
    let over = single(Array2::eye(3)).with_background(0.1, Background { low, high });
    let all = over.unwrap().conditional(&[0], &[1e3]).unwrap();
    assert_eq!(all.background().unwrap().0, 1.0);
    assert_eq!(Gmm::from_json(&all.to_json().unwrap()).unwrap(), all);
    let side = all.marginal(&[1]).unwrap();
    assert_eq!(side.background().unwrap().0, 1.0);
    // The uniform distribution on two units and a standard normal one, by quadrature: 1 − ∫₋₁¹ √(φ/2) dx.
    let normal = Gmm::new(array![1.0], array![[0.0]], Covariances::TiedSpherical(1.0)).unwrap();
    let found = side.hellinger_distance(&normal, 100_000, &mut rng(1));
    let found = found.unwrap();
    let step = 1e-4;
    let root = |i: i32| {
        let x = step * (f64::from(i) + 0.5) - 1.0;
        (0.5 * (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt()).sqrt() * step
    };
    let wanted = (1.0 - (0..20_000).map(root).sum::<f64>()).sqrt();
    assert!(
        (found.value - wanted).abs() < 5.0 * found.error + 1e-9,
        "{found:?} {wanted}"
    );
}

#[test]
fn projections_of_mixtures_are_images_and_keep_their_digits_far_out() {
    let x = iris();
    for of in all_types() {
        let gmm = rough(&x, 3, of);
        let subspace = Subspace::of(&gmm, &Sample::new(&x), 0.5).unwrap();
        let shift = -subspace.centre.dot(&subspace.basis);
        let wanted = gmm.affine(&subspace.basis.t().to_owned(), &shift).unwrap();
        let found = subspace.mixture(&gmm).unwrap();
        close(found.means(), wanted.means(), 1e-12, "means");
        assert_eq!(found.covariances(), wanted.covariances());
    }
    let far = |offset: f64| {
        let gmm = rough(&x, 3, CovarianceType::Full);
        let moved = gmm.affine(&Array2::eye(4), &Array1::from_elem(4, offset));
        let rows = x.mapv(|v| (v * 16.0).round() / 16.0 + offset);
        let subspace = Subspace::of(&gmm, &Sample::new(&x), 1.0).unwrap();
        let mut moved_subspace = subspace;
        let rounded = |c: f64| (c * 1024.0).round() / 1024.0 + offset;
        moved_subspace.centre.mapv_inplace(rounded);
        let projected = moved_subspace.mixture(&moved.unwrap()).unwrap();
        let z = moved_subspace.project(&Sample::new(&rows)).unwrap();
        projected.log_prob(&z).unwrap()
    };
    // What 1e8 leaves of the digits of means.
    close(&far(1e8), &far(0.0), 1e-5, "far");
}

#[test]
fn shares_of_errors_are_shares_whatever_the_weights() {
    let x = iris();
    let names: Vec<&str> = (0..150)
        .map(|row| if row < 50 { "a" } else { "b" })
        .collect();
    let classes = Classes::new(&names);
    let model = edda(&Sample::new(&x), &classes, &[CovarianceType::Tied]);
    let model = model.unwrap().model;
    for seed in 0..50 {
        let weights: Vec<f64> = row_weights(150, seed)
            .iter()
            .map(|w| 0.1 + 0.3 * w)
            .collect();
        let sample = Sample::weighted(&x, &weights).unwrap();
        assert_eq!(model.score(&sample, &classes).unwrap().error, 0.0);
    }
}
