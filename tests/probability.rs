//! Probabilities, quantiles, modes and regions of mixtures.
#![allow(clippy::unwrap_used)]

use std::f64::consts::PI;

use gmm_core::{Background, CovarianceType, Covariances, Gmm, GmmError, Integral, Method};
use gmm_tests::{close, golden, iris, numbers, on_any_number_of_threads, rng, rough};
use ndarray::{Array1, Array2, Array3, Axis, array};
use proptest::prelude::*;
use serde_json::Value;

const INFINITY: f64 = f64::INFINITY;

fn matrix(value: &Value) -> Array2<f64> {
    let rows = value.as_array().unwrap().len();
    let all = numbers(value);
    Array2::from_shape_vec((rows, all.len() / rows), all).unwrap()
}

/// Of these shares, means and deviations.
fn line(parts: &[(f64, f64, f64)]) -> Gmm {
    let k = parts.len();
    let sum: f64 = parts.iter().map(|p| p.0).sum();
    Gmm::new(
        parts.iter().map(|p| p.0 / sum).collect(),
        Array2::from_shape_fn((k, 1), |(c, _)| parts[c].1),
        Covariances::Spherical(parts.iter().map(|p| p.2 * p.2).collect()),
    )
    .unwrap()
}

fn over_box(gmm: Gmm, share: f64, low: f64, high: f64) -> Gmm {
    let d = gmm.n_features();
    let background = Background {
        low: vec![low; d],
        high: vec![high; d],
    };
    gmm.with_background(share, background).unwrap()
}

fn held(gmm: &Gmm, low: &[f64], high: &[f64]) -> Integral {
    gmm.box_probability(low, high, &mut rng(1)).unwrap()
}

/// P(X ≤ x) of one column.
fn below(gmm: &Gmm, x: f64) -> f64 {
    gmm.cdf(&array![[x]]).unwrap()[0].value
}

#[test]
fn probabilities_of_boxes_are_those_of_scipy_and_mpmath() {
    for case in golden("scipy_normal.json")["boxes"].as_array().unwrap() {
        let means = matrix(&case["means"]);
        let (k, d) = means.dim();
        let covariances = Array3::from_shape_vec((k, d, d), numbers(&case["covariances"]));
        let covariances = Covariances::Full(covariances.unwrap());
        let gmm = Gmm::new(Array1::from(numbers(&case["weights"])), means, covariances).unwrap();
        let ends = |name: &str| -> Vec<f64> {
            let finite = |x: f64| if x.abs() < 1e300 { x } else { x * 1e300 };
            numbers(&case[name]).into_iter().map(finite).collect()
        };
        let found = held(&gmm, &ends("low"), &ends("high"));
        let wanted = case["probability"].as_f64().unwrap();
        let off = (found.value - wanted).abs();
        if d == 2 {
            assert!(off <= 1e-15, "{found:?} {wanted}");
            assert!(!matches!(found.method, Method::MonteCarlo { .. }));
        } else {
            assert!(off <= 5.0 * found.error + 1e-7, "{found:?} {wanted}");
            assert!(found.error <= 1.5e-5, "{found:?}");
        }
    }
}

#[test]
fn a_line_is_that_of_scipy() {
    let case = &golden("scipy_normal.json")["line"];
    let [w, m, s] = ["weights", "means", "deviations"].map(|name| numbers(&case[name]));
    let gmm = line(&[(w[0], m[0], s[0]), (w[1], m[1], s[1]), (w[2], m[2], s[2])]);
    for (x, wanted) in numbers(&case["places"]).iter().zip(numbers(&case["cdf"])) {
        let found = below(&gmm, *x);
        assert!(
            (found - wanted).abs() <= 1e-13 * wanted,
            "{x}: {found} {wanted}"
        );
    }
    let found = gmm.quantiles(&numbers(&case["p"])).unwrap();
    close(&found, &numbers(&case["quantiles"]), 1e-12, "quantiles");
}

#[test]
fn boxes_are_integrals_of_conditional_boxes() {
    // P(box) = ∫ p(x₀) P(rest of the box | x₀) dx₀, by the midpoint rule between quantiles of x₀.
    let x = iris();
    for covariance_type in [
        CovarianceType::Full,
        CovarianceType::Tied,
        CovarianceType::Diagonal,
    ] {
        for columns in [&[0, 2][..], &[1, 2, 3]] {
            let gmm = rough(&x, 3, covariance_type).marginal(columns).unwrap();
            let d = columns.len();
            let low = vec![1.0; d];
            let mut high = vec![5.5; d];
            high[d - 1] = INFINITY;
            let n = 4000;
            let step = (high[0] - low[0]) / f64::from(n);
            let first = gmm.marginal(&[0]).unwrap();
            let regression = gmm.regression(&[0]).unwrap();
            let mut sum = 0.0;
            for i in 0..n {
                let at = low[0] + step * (f64::from(i) + 0.5);
                let density = first.log_prob(&array![[at]]).unwrap()[0].exp();
                let rest = regression.conditional(&[at]).unwrap();
                sum += step * density * held(&rest, &low[1..], &high[1..]).value;
            }
            let found = held(&gmm, &low, &high);
            let off = (found.value - sum).abs();
            assert!(off <= 5.0 * found.error + 1e-7, "{found:?} {sum}");
        }
    }
}

#[test]
fn boxes_add_up_and_methods_say_how_they_were_found() {
    let gmm = over_box(rough(&iris(), 2, CovarianceType::Full), 0.2, 0.0, 8.0);
    let all = held(&gmm, &[-INFINITY; 4], &[INFINITY; 4]);
    assert_eq!(
        (all.value, all.error, all.method),
        (1.0, 0.0, Method::ClosedForm)
    );
    let side = |from: f64, to: f64| {
        let (mut low, mut high) = ([-INFINITY; 4], [6.0; 4]);
        (low[2], high[2]) = (from, to);
        held(&gmm, &low, &high)
    };
    let [left, right, both] = [side(-INFINITY, 3.0), side(3.0, 5.0), side(-INFINITY, 5.0)];
    let error = left.error + right.error + both.error;
    assert!((left.value + right.value - both.value).abs() <= 5.0 * error);
    assert!(matches!(both.method, Method::MonteCarlo { .. }));
    // Only two columns are bound; one; and none but with nothing inside.
    let two = held(
        &gmm,
        &[0.0, -INFINITY, 1.0, -INFINITY],
        &[5.0, INFINITY, 3.0, INFINITY],
    );
    assert_eq!(two.method, Method::Quadrature);
    let mut low = [-INFINITY; 4];
    low[1] = 3.0;
    let one = held(&gmm, &low, &[INFINITY; 4]);
    assert_eq!(one.method, Method::ClosedForm);
    let marginal = gmm.marginal(&[1]).unwrap();
    assert!((one.value + below(&marginal, 3.0) - 1.0).abs() < 1e-15);
    assert_eq!(held(&gmm, &[1.0; 4], &[1.0; 4]).value, 0.0);
    let diagonal = rough(&iris(), 3, CovarianceType::Diagonal);
    let closed = held(&diagonal, &[1.0; 4], &[5.0; 4]);
    assert_eq!(closed.method, Method::ClosedForm);
}

#[test]
fn errors_of_lattices_are_what_they_say() {
    // Of equal correlations ½, P(all > 0) = 1/(D + 1).
    for d in [3, 5, 10] {
        let matrix = Array2::from_shape_fn((d, d), |(i, j)| if i == j { 1.0 } else { 0.5 });
        let gmm = Gmm::new(
            array![1.0],
            Array2::zeros((1, d)),
            Covariances::Tied(matrix),
        )
        .unwrap();
        let mut scores = Vec::new();
        for seed in 0..20 {
            let found = gmm.box_probability(&vec![0.0; d], &vec![INFINITY; d], &mut rng(seed));
            let found = found.unwrap();
            assert!(found.error <= 1e-5);
            scores.push((found.value - 1.0 / (d as f64 + 1.0)) / found.error);
        }
        let mean_square = scores.iter().map(|s| s * s).sum::<f64>() / 20.0;
        assert!((0.2..4.0).contains(&mean_square), "{d}: {mean_square}");
    }
}

#[test]
fn distribution_functions_are_the_same_on_any_number_of_threads() {
    let gmm = rough(&iris(), 2, CovarianceType::Full);
    let rows = iris().slice(ndarray::s![..;40, ..]).to_owned();
    let found = on_any_number_of_threads(|| gmm.cdf(&rows).unwrap());
    // As of the rows alone, and near the share of draws below.
    assert_eq!(
        found[1],
        gmm.cdf(&rows.slice(ndarray::s![1..2, ..])).unwrap()[0]
    );
    let draws = gmm.sample(100_000, &mut rng(2)).0;
    for (row, found) in rows.rows().into_iter().zip(&found) {
        let is_below =
            |draw: &ndarray::ArrayView1<'_, f64>| draw.iter().zip(row).all(|(a, b)| a <= b);
        let n = draws.rows().into_iter().filter(is_below).count();
        assert!((found.value - n as f64 / 1e5).abs() < 0.008);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn quantiles_invert_the_distribution_function(
        parts in prop::collection::vec((0.01..1.0f64, -10.0..10.0f64, 0.01..5.0f64), 1..6),
        log_p in -30.0..-0.01f64,
        scale in prop::sample::select(vec![1.0, 1e-150, 1e150]),
        share in prop::sample::select(vec![0.0, 0.3]),
    ) {
        let parts: Vec<_> = parts.iter().map(|&(w, m, s)| (w, m * scale, s * scale)).collect();
        let mut gmm = line(&parts);
        if share > 0.0 {
            gmm = over_box(gmm, share, -12.0 * scale, 15.0 * scale);
        }
        let p = log_p.exp();
        let x = gmm.quantile(p).unwrap();
        // The tail itself, or what a rounding of x changes it by.
        let density = gmm.log_prob(&array![[x]]).unwrap()[0].exp();
        let slack = 1e-11 * p + 4.0 * f64::EPSILON * x.abs() * density;
        prop_assert!((below(&gmm, x) - p).abs() <= slack, "{} {} {}", x, below(&gmm, x), p);
        let upper = gmm.quantile(1.0 - p).unwrap();
        prop_assert!((below(&gmm, upper) - (1.0 - p)).abs() <= 1e-11);
        prop_assert!(upper >= x || p > 0.5);
    }

    #[test]
    fn the_slope_of_the_distribution_function_is_the_density(
        parts in prop::collection::vec((0.01..1.0f64, -3.0..3.0f64, 0.2..2.0f64), 1..4),
        x in -5.0..5.0f64,
    ) {
        let gmm = line(&parts);
        let h = 1e-4;
        let slope = (below(&gmm, x + h) - below(&gmm, x - h)) / (2.0 * h);
        let density = gmm.log_prob(&array![[x]]).unwrap()[0].exp();
        prop_assert!((slope - density).abs() < 1e-5 * (1.0 + density));
    }

    #[test]
    fn regions_of_a_line_hold_their_mass_at_one_level(
        parts in prop::collection::vec((0.05..1.0f64, -8.0..8.0f64, 0.05..3.0f64), 1..5),
        mass in 0.01..0.999f64,
    ) {
        let gmm = line(&parts);
        let region = gmm.highest_density_region(mass, 0, &mut rng(0)).unwrap();
        let intervals = region.intervals.clone().unwrap();
        let total: f64 = intervals.iter().map(|(l, h)| below(&gmm, *h) - below(&gmm, *l)).sum();
        prop_assert!((total - mass).abs() < 1e-10, "{}", total);
        prop_assert!(intervals.len() <= parts.len());
        for (low, high) in &intervals {
            prop_assert!(low < high);
            for edge in [low, high] {
                let off = gmm.log_prob(&array![[*edge]]).unwrap()[0] - region.log_level;
                prop_assert!(off.abs() < 1e-8, "{}", off);
            }
        }
        // Inside and outside.
        let rows = Array2::from_shape_fn((200, 1), |(i, _)| -20.0 + 0.2 * i as f64);
        let log_prob = gmm.log_prob(&rows).unwrap();
        for (is_in, l) in region.contains(&rows).unwrap().iter().zip(log_prob) {
            prop_assert!(*is_in == (l >= region.log_level) || (l - region.log_level).abs() < 1e-8);
        }
    }
}

#[test]
fn quantiles_reach_far_and_have_their_ends() {
    let gmm = line(&[(0.5, 0.0, 1.0), (0.5, 1e8, 1.0)]);
    assert_eq!(
        gmm.quantiles(&[0.0, 1.0]).unwrap(),
        array![-INFINITY, INFINITY]
    );
    // Φ⁻¹(2e-12) = −6.93682…: mpmath 1.4.1.
    let low = gmm.quantile(1e-12).unwrap();
    assert!((low + 6.937_041_1).abs() < 1e-2, "{low}");
    assert!((below(&gmm, low) / 1e-12 - 1.0).abs() < 1e-12);
    // Where nothing lies any place is right.
    let middle = gmm.quantile(0.5).unwrap();
    assert!((8.0..1e8 - 8.0).contains(&middle) && below(&gmm, middle) == 0.5);
    // A component without a share has no quantile.
    let gmm = Gmm::new(
        array![0.0, 1.0],
        array![[-1e9], [2.0]],
        Covariances::TiedSpherical(1.0),
    );
    assert_eq!(gmm.unwrap().quantile(0.5).unwrap(), 2.0);
    for p in [-1e-9, 1.0 + 1e-9, f64::NAN] {
        let found = line(&[(1.0, 0.0, 1.0)]).quantile(p);
        assert!(matches!(found, Err(GmmError::InvalidParameter { .. })));
    }
    let plane = rough(&iris(), 2, CovarianceType::Full);
    assert!(matches!(
        plane.quantile(0.5),
        Err(GmmError::SizeMismatch { .. })
    ));
}

#[test]
fn wrong_boxes_and_masses_are_refused() {
    let gmm = rough(&iris(), 2, CovarianceType::Full);
    let mut rng = rng(1);
    assert!(gmm.box_probability(&[0.0; 3], &[1.0; 4], &mut rng).is_err());
    assert!(gmm.box_probability(&[0.0; 4], &[1.0; 5], &mut rng).is_err());
    assert!(gmm.box_probability(&[2.0; 4], &[1.0; 4], &mut rng).is_err());
    assert!(
        gmm.box_probability(&[f64::NAN; 4], &[1.0; 4], &mut rng)
            .is_err()
    );
    let mut row = Array2::zeros((2, 4));
    row[(1, 2)] = f64::NAN;
    assert!(matches!(
        gmm.cdf(&row),
        Err(GmmError::NonFinite {
            row: 1,
            column: 2,
            ..
        })
    ));
    assert!(gmm.cdf(&array![[1.0]]).is_err());
    for mass in [0.0, 1.0, -1.0, f64::NAN] {
        assert!(gmm.highest_density_region(mass, 1000, &mut rng).is_err());
    }
    assert!(gmm.highest_density_region(0.5, 99, &mut rng).is_err());
}

#[test]
fn regions_of_several_columns_hold_their_mass() {
    let mixtures = [
        rough(&iris(), 3, CovarianceType::Full),
        over_box(rough(&iris(), 2, CovarianceType::Diagonal), 0.3, 0.0, 8.0),
    ];
    for gmm in mixtures {
        let masses = [0.1, 0.5, 0.95];
        let levels = gmm.contour_levels(&masses, 40_000, &mut rng(1)).unwrap();
        assert!(levels[0] > levels[1] && levels[1] > levels[2]);
        let draws = gmm.sample(40_000, &mut rng(2)).0;
        for (mass, level) in masses.iter().zip(&levels) {
            let region = gmm
                .highest_density_region(*mass, 40_000, &mut rng(1))
                .unwrap();
            assert_eq!((region.log_level, region.mass), (*level, *mass));
            assert_eq!(region.method, Method::MonteCarlo { draws: 40_000 });
            let inside = region.contains(&draws).unwrap();
            let share = inside.iter().filter(|i| **i).count() as f64 / 4e4;
            // Both the level and the check are of draws.
            let deviation = (2.0 * mass * (1.0 - mass) / 4e4).sqrt();
            assert!((share - mass).abs() < 4.0 * deviation, "{share} {mass}");
        }
    }
    // Of one Gaussian of two columns, ln p − ln p(μ) = ln(1 − mass), and no draws are needed.
    let gmm = rough(&iris(), 1, CovarianceType::Full)
        .marginal(&[0, 1])
        .unwrap();
    let region = gmm.highest_density_region(0.9, 0, &mut rng(3)).unwrap();
    let wanted = gmm.log_prob(gmm.means()).unwrap()[0] + 0.1f64.ln();
    assert!((region.log_level - wanted).abs() < 1e-13);
    assert_eq!((region.error, region.method), (0.0, Method::ClosedForm));
}

#[test]
fn regions_of_hard_lines_are_right() {
    // P(|X| < 1.96) of one Gaussian, in small units and far out.
    for (mean, deviation) in [(0.0, 1.0), (1e8, 1.0), (0.0, 1e-150), (3e150, 1e150)] {
        let gmm = line(&[(1.0, mean, deviation)]);
        let region = gmm.highest_density_region(0.95, 0, &mut rng(0)).unwrap();
        let [(low, high)] = region.intervals.unwrap()[..] else {
            panic!("one interval");
        };
        let slack = 1e-9 + 4e-16 * mean.abs() / deviation;
        for edge in [(mean - low) / deviation, (high - mean) / deviation] {
            assert!((edge - 1.959_963_984_540_054).abs() < slack, "{edge}");
        }
    }
    // A needle on a hill, with a background.
    let gmm = over_box(line(&[(0.5, 0.0, 1.0), (0.5, 1.0, 1e-6)]), 0.5, -5.0, 5.0);
    let region = gmm.highest_density_region(0.2, 0, &mut rng(0)).unwrap();
    let intervals = region.intervals.clone().unwrap();
    assert_eq!(intervals.len(), 1);
    let total: f64 = intervals
        .iter()
        .map(|(l, h)| held(&gmm, &[*l], &[*h]).value)
        .sum();
    assert!((total - 0.2).abs() < 1e-10);
    let all = gmm.highest_density_region(0.9, 0, &mut rng(0)).unwrap();
    let intervals = all.intervals.clone().unwrap();
    let total: f64 = intervals
        .iter()
        .map(|(l, h)| held(&gmm, &[*l], &[*h]).value)
        .sum();
    assert!((total - 0.9).abs() < 1e-10, "{intervals:?}");
}

#[test]
fn modes_are_tops_and_say_what_leads_to_them() {
    // Two that are one; two that are two; and between them the mean of a third, at a saddle.
    let [near, apart] =
        [1.9, 2.1].map(|x| line(&[(1.0, 0.0, 1.0), (1.0, x, 1.0)]).modes().unwrap());
    assert_eq!((near.len(), apart.len()), (1, 2));
    assert!((near[0].place[0] - 0.95).abs() < 1e-7);
    assert_eq!(near[0].components, [0, 1]);
    let mut from: Vec<_> = apart.iter().map(|m| m.components.clone()).collect();
    from.sort();
    assert_eq!(from, [[0], [1]]);
    let gmm = Gmm::new(
        array![0.495, 0.01, 0.495],
        array![[-3.0, 1.0], [0.0, 1.0], [3.0, 1.0]],
        Covariances::TiedSpherical(1.0),
    )
    .unwrap();
    let modes = gmm.modes().unwrap();
    assert_eq!(modes.len(), 2);
    assert!(
        modes
            .iter()
            .all(|m| m.components.contains(&1) && m.components.len() == 2)
    );
    // Two long Gaussians across each other have a third mode where they meet (Carreira-Perpiñán & Williams 2003), at
    // (0.04762, 0.04762), to which neither mean leads: it is not among those that are found.
    let gmm = Gmm::new(
        array![0.5, 0.5],
        array![[1.0, 0.0], [0.0, 1.0]],
        Covariances::Diagonal(array![[1.0, 0.05], [0.05, 1.0]]),
    )
    .unwrap();
    let modes = gmm.modes().unwrap();
    assert_eq!(modes.len(), 2);
    for mode in &modes {
        check_top(&gmm, &mode.place);
    }
    check_top(&gmm, &[0.047_62, 0.047_62]);
    assert!(
        modes
            .windows(2)
            .all(|m| m[0].log_density >= m[1].log_density)
    );
}

/// The density falls to all sides.
fn check_top(gmm: &Gmm, place: &[f64]) {
    let at = |x: &[f64]| {
        gmm.log_prob(&Array1::from(x.to_vec()).insert_axis(Axis(0)))
            .unwrap()[0]
    };
    let top = at(place);
    let total = gmm.total_covariance();
    for j in 0..place.len() {
        for sign in [-1e-3, 1e-3] {
            let mut x = place.to_vec();
            x[j] += sign * total[(j, j)].sqrt();
            assert!(at(&x) < top, "{place:?}: {} {top}", at(&x));
        }
    }
}

#[test]
fn modes_of_real_mixtures_are_tops_in_any_units() {
    for covariance_type in CovarianceType::BASIC {
        for k in [1, 3, 6] {
            let gmm = rough(&iris(), k, covariance_type);
            let modes = gmm.modes().unwrap();
            assert!(!modes.is_empty() && modes.len() <= k);
            modes.iter().for_each(|mode| check_top(&gmm, &mode.place));
            let mut from: Vec<usize> = modes.iter().flat_map(|m| m.components.clone()).collect();
            from.sort_unstable();
            assert_eq!(from, (0..k).collect::<Vec<_>>());
            // The same in other units and far away.
            let scale = Array2::from_diag(&array![1e-120, 1.0, 1e3, 1e100]);
            let moved = gmm.affine(&scale, &array![0.0, 1e6, 0.0, 0.0]).unwrap();
            let others = moved.modes().unwrap();
            assert_eq!(others.len(), modes.len());
            for (a, b) in modes.iter().zip(&others) {
                assert!((a.place[0] - b.place[0] / 1e-120).abs() < 1e-6);
                assert!((a.place[3] - b.place[3] / 1e100).abs() < 1e-6);
            }
        }
    }
    // A component without a share leads nowhere, and a background changes nothing.
    let gmm = Gmm::new(
        array![0.0, 1.0],
        array![[5.0, 5.0], [2.0, 1.0]],
        Covariances::TiedSpherical(1.0),
    );
    let gmm = over_box(gmm.unwrap(), 0.5, -1.0, 7.0);
    let modes = gmm.modes().unwrap();
    assert_eq!((modes.len(), &modes[0].components[..]), (1, &[1][..]));
    let height = (0.5 / (2.0 * PI) + 0.5 / 64.0f64).ln();
    assert!((modes[0].log_density - height).abs() < 1e-14);
}
