//! Mixtures compared with others, and with fewer components of their own.
#![allow(clippy::unwrap_used)]

use gmm_core::{Background, GmmParams};
use gmm_core::{CovarianceType, Covariances, Gmm, GmmError, Integral, Method};
use gmm_tests::{all_types, close, faithful, iris, on_any_number_of_threads, rng, rough};
use ndarray::{Array1, Array2, Array3, Axis, array};

/// Draws of the estimators that are tested.
const DRAWS: usize = 100_000;

fn single(mean: Array1<f64>, covariance: Array2<f64>) -> Gmm {
    Gmm::new(
        array![1.0],
        mean.insert_axis(Axis(0)),
        Covariances::Full(covariance.insert_axis(Axis(0))),
    )
    .unwrap()
}

/// Two mixtures of the irises.
fn pair() -> (Gmm, Gmm) {
    let x = iris();
    (
        rough(&x, 3, CovarianceType::Full),
        rough(&x, 2, CovarianceType::Diagonal),
    )
}

/// The same Gaussian as a mixture of two halves, of which nothing is known by formula.
fn halved(gmm: &Gmm) -> Gmm {
    let twice = |m: &Array2<f64>| ndarray::concatenate(Axis(0), &[m.view(), m.view()]).unwrap();
    let covariances = gmm.covariances();
    let both = ndarray::concatenate(Axis(0), &[covariances.view(), covariances.view()]).unwrap();
    Gmm::new(
        array![0.3, 0.7],
        twice(gmm.means()),
        Covariances::Full(both),
    )
    .unwrap()
}

/// Within so many standard errors, and a standard error that says something.
fn agrees(found: Integral, wanted: f64, errors: f64, what: &str) {
    let off = (found.value - wanted).abs();
    assert!(
        off <= errors * found.error + 1e-12,
        "{what}: {found:?} {wanted}"
    );
    assert!(found.error < 0.02, "{what}: {found:?}");
}

#[test]
fn single_gaussians_have_formulas() {
    let p = single(array![0.0, 1.0], array![[2.0, 0.3], [0.3, 1.0]]);
    let q = single(array![1.0, -1.0], array![[1.0, -0.2], [-0.2, 3.0]]);
    let mut rng = rng(1);
    let scipy = SCIPY;
    let found = [
        p.kl_divergence(&q, 0, &mut rng).unwrap(),
        p.hellinger_distance(&q, 0, &mut rng).unwrap(),
        p.l2_distance(&q).unwrap(),
        p.cauchy_schwarz_divergence(&q).unwrap(),
    ];
    for (found, wanted) in found.iter().zip(scipy) {
        assert!((found.value - wanted).abs() < 1e-9, "{found:?} {wanted}");
        assert_eq!((found.error, found.method), (0.0, Method::ClosedForm));
    }
    // The estimators agree, and so does the Jensen–Shannon divergence, which has no formula.
    let (a, b) = (halved(&p), halved(&q));
    agrees(
        a.kl_divergence(&b, DRAWS, &mut rng).unwrap(),
        scipy[0],
        4.0,
        "kl",
    );
    agrees(
        a.hellinger_distance(&b, DRAWS, &mut rng).unwrap(),
        scipy[1],
        4.0,
        "hellinger",
    );
    agrees(
        p.jensen_shannon_divergence(&q, DRAWS, &mut rng).unwrap(),
        scipy[4],
        4.0,
        "js",
    );
    close([&a.l2_distance(&b).unwrap().value], [&scipy[2]], 1e-9, "l2");
}

/// KL, Hellinger, L2, Cauchy–Schwarz and Jensen–Shannon of the two Gaussians above, by Gauss–Legendre quadrature of scipy's
/// densities over [−30, 30]².
const SCIPY: [f64; 5] = [
    1.469_043_013_138_715_8,
    0.606_057_448_542_243_4,
    0.239_673_992_748_878_35,
    0.799_719_429_071_731_2,
    0.303_278_544_363_047_13,
];

#[test]
fn a_mixture_is_not_apart_from_itself() {
    let (p, _) = pair();
    let mut rng = rng(2);
    let order = p.reordered(&[2, 0, 1]).unwrap();
    for q in [&p, &order] {
        let kl = p.kl_divergence(q, 1000, &mut rng).unwrap();
        assert!(kl.value.abs() < 1e-13, "{kl:?}");
        assert!(p.hellinger_distance(q, 1000, &mut rng).unwrap().value < 1e-7);
        assert!(
            p.jensen_shannon_divergence(q, 1000, &mut rng)
                .unwrap()
                .value
                < 1e-14
        );
        assert!(p.l2_distance(q).unwrap().value < 1e-7);
        assert!(p.cauchy_schwarz_divergence(q).unwrap().value < 1e-14);
    }
}

/// Plain means over ten million draws of p, in blocks: KL, 1 − ∫√(pq), Jensen–Shannon's half of p, ∫p² and ∫pq, each with
/// its standard error.
fn plain_means(p: &Gmm, q: &Gmm, seed: u64) -> [(f64, f64); 5] {
    const BLOCKS: usize = 100;
    const ROWS: usize = 100_000;
    let mut rng = rng(seed);
    let (mut sums, mut squares) = ([0.0; 5], [0.0; 5]);
    for _ in 0..BLOCKS {
        let (rows, _) = p.sample(ROWS, &mut rng);
        let logs = [p.log_prob(&rows).unwrap(), q.log_prob(&rows).unwrap()];
        for (l, m) in logs[0].iter().zip(&logs[1]) {
            let (p, q) = (l.exp(), m.exp());
            let values = [
                l - m,
                1.0 - (0.5 * (m - l)).exp(),
                0.5 * (2.0 * p / (p + q)).ln(),
                p,
                q,
            ];
            for (i, value) in values.into_iter().enumerate() {
                sums[i] += value;
                squares[i] += value * value;
            }
        }
    }
    let n = (BLOCKS * ROWS) as f64;
    std::array::from_fn(|i| {
        let mean = sums[i] / n;
        (mean, ((squares[i] / n - mean * mean).max(0.0) / n).sqrt())
    })
}

#[test]
fn ten_million_plain_draws_agree() {
    let x = faithful();
    let (p, q) = (
        rough(&x, 2, CovarianceType::Full),
        rough(&x, 3, CovarianceType::Diagonal),
    );
    let (of_p, of_q) = (plain_means(&p, &q, 3), plain_means(&q, &p, 4));
    let mut rng = rng(5);
    let near = |found: f64, error: f64, plain: (f64, f64), what: &str| {
        let allowed = 4.0 * (error + plain.1);
        assert!(
            (found - plain.0).abs() <= allowed,
            "{what}: {found} ± {error}, {plain:?}"
        );
    };
    let kl = p.kl_divergence(&q, DRAWS, &mut rng).unwrap();
    assert!(kl.value > 10.0 * kl.error);
    near(kl.value, kl.error, of_p[0], "kl");
    let hellinger = p.hellinger_distance(&q, DRAWS, &mut rng).unwrap();
    let square = hellinger.value.powi(2);
    near(
        square,
        2.0 * hellinger.value * hellinger.error,
        of_p[1],
        "hellinger",
    );
    let js = p.jensen_shannon_divergence(&q, DRAWS, &mut rng).unwrap();
    let plain = (of_p[2].0 + of_q[2].0, of_p[2].1 + of_q[2].1);
    near(js.value, js.error, plain, "jensen-shannon");
    let [pp, pq, qq] = [of_p[3], of_p[4], of_q[3]];
    let l2 = p.l2_distance(&q).unwrap().value;
    let plain = (pp.0 - 2.0 * pq.0 + qq.0, pp.1 + 2.0 * pq.1 + qq.1);
    near(l2 * l2, 0.0, plain, "l2");
    let cs = p.cauchy_schwarz_divergence(&q).unwrap().value;
    let plain = (
        0.5 * (pp.0.ln() + qq.0.ln()) - pq.0.ln(),
        0.5 * (pp.1 / pp.0 + qq.1 / qq.0) + pq.1 / pq.0,
    );
    near(cs, 0.0, plain, "cauchy-schwarz");
}

#[test]
fn standard_errors_are_what_values_vary_by() {
    let (p, q) = pair();
    let mut rng = rng(6);
    let mut check =
        |of: &mut dyn FnMut(&mut gmm_core::rand_xoshiro::Xoshiro256Plus) -> Integral| {
            let all: Vec<Integral> = (0..200).map(|_| of(&mut rng)).collect();
            let mean = all.iter().map(|i| i.value).sum::<f64>() / 200.0;
            let spread = all.iter().map(|i| (i.value - mean).powi(2)).sum::<f64>() / 199.0;
            let stated = all.iter().map(|i| i.error.powi(2)).sum::<f64>() / 200.0;
            let ratio = (spread / stated).sqrt();
            assert!((0.8..1.25).contains(&ratio), "{ratio}");
        };
    check(&mut |rng| p.kl_divergence(&q, 2000, rng).unwrap());
    check(&mut |rng| p.hellinger_distance(&q, 2000, rng).unwrap());
    check(&mut |rng| p.jensen_shannon_divergence(&q, 2000, rng).unwrap());
}

#[test]
fn bounds_hold_and_far_mixtures_are_far() {
    let (p, q) = pair();
    let far = single(Array1::from_elem(4, 1e4), Array2::eye(4));
    let mut rng = rng(7);
    let hellinger = p.hellinger_distance(&far, 1000, &mut rng).unwrap();
    assert!((hellinger.value - 1.0).abs() < 1e-12);
    let js = p.jensen_shannon_divergence(&far, 1000, &mut rng).unwrap();
    assert!((js.value - 2f64.ln()).abs() < 1e-12);
    let both = p.l2_distance(&far).unwrap().value.powi(2);
    let alone = (p.cauchy_schwarz_divergence(&far).unwrap().value, both);
    assert!(alone.0 > 1e6 && alone.1.is_finite());
    // Beyond what f64 can tell the divergence is infinite, and says so.
    let beyond = single(Array1::from_elem(4, 1e200), Array2::eye(4));
    let kl = p.kl_divergence(&beyond, 100, &mut rng).unwrap();
    assert_eq!((kl.value, kl.error), (f64::INFINITY, f64::INFINITY));
    // H² ≤ total variation ≤ √2 H, KL ≥ −2 ln(1 − H²), JS ≤ KL/4 + KL'/4.
    let h = p.hellinger_distance(&q, DRAWS, &mut rng).unwrap().value;
    let kl = [
        p.kl_divergence(&q, DRAWS, &mut rng),
        q.kl_divergence(&p, DRAWS, &mut rng),
    ];
    let kl = kl.map(|kl| kl.unwrap().value);
    let js = p
        .jensen_shannon_divergence(&q, DRAWS, &mut rng)
        .unwrap()
        .value;
    assert!(kl[0] >= -2.0 * (-h * h).ln_1p());
    assert!(js <= 0.25 * (kl[0] + kl[1]));
}

#[test]
fn a_background_counts_on_its_box() {
    let p = single(array![0.0], array![[1.0]]);
    let region = |low, high| Background {
        low: vec![low],
        high: vec![high],
    };
    // Half a normal and half a box that is as wide as the deviation is small: known by quadrature.
    let over = p.clone().with_background(0.5, region(-2.0, 3.0)).unwrap();
    let grid = |f: &dyn Fn(f64, f64) -> f64| {
        let n = 4_000_000;
        let (low, high) = (-12.0, 13.0);
        let width = (high - low) / f64::from(n);
        let at = |i: i32| low + (f64::from(i) + 0.5) * width;
        let normal = |x: f64| (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let density = |x: f64| 0.5 * normal(x) + if (-2.0..3.0).contains(&x) { 0.1 } else { 0.0 };
        (0..n)
            .map(|i| f(density(at(i)), normal(at(i))))
            .sum::<f64>()
            * width
    };
    let mut rng = rng(8);
    let kl = over.kl_divergence(&p, DRAWS, &mut rng).unwrap();
    agrees(kl, grid(&|a, b| a * (a / b).ln()), 4.0, "kl");
    let kl = p.kl_divergence(&over, DRAWS, &mut rng).unwrap();
    agrees(kl, grid(&|a, b| b * (b / a).ln()), 4.0, "kl of the other");
    let h = over.hellinger_distance(&p, DRAWS, &mut rng).unwrap();
    agrees(
        h,
        (1.0 - grid(&|a, b| (a * b).sqrt())).sqrt(),
        4.0,
        "hellinger",
    );
    for refused in [over.l2_distance(&p), p.cauchy_schwarz_divergence(&over)] {
        assert!(matches!(
            refused,
            Err(GmmError::InvalidParameter {
                name: "background",
                ..
            })
        ));
    }
}

#[test]
fn wrong_comparisons_are_refused() {
    let (p, q) = pair();
    let other = single(array![0.0], array![[1.0]]);
    let mut rng = rng(9);
    assert!(p.kl_divergence(&other, 10, &mut rng).is_err());
    assert!(p.l2_distance(&other).is_err());
    assert!(matches!(
        p.hellinger_distance(&q, 0, &mut rng),
        Err(GmmError::InvalidParameter { name: "draws", .. })
    ));
    // The fewest draws still have an error.
    let few = p.kl_divergence(&q, 1, &mut rng).unwrap();
    assert!(few.error > 0.0 && few.method == Method::MonteCarlo { draws: 12 });
    on_any_number_of_threads(|| p.kl_divergence(&q, 20_000, &mut gmm_tests::rng(1)).unwrap());
}

/// Mean and covariance of a mixture.
fn whole(gmm: &Gmm) -> (Array1<f64>, Array2<f64>) {
    let mean = gmm.weights().dot(gmm.means());
    let d = mean.len();
    let mut covariance = Array2::zeros((d, d));
    let covariances: Array3<f64> = gmm.covariances();
    for (k, weight) in gmm.weights().iter().enumerate() {
        let offset = (&gmm.means().row(k) - &mean).insert_axis(Axis(1));
        covariance += &((&covariances.index_axis(Axis(0), k) + &offset.dot(&offset.t())) * *weight);
    }
    (mean, covariance)
}

#[test]
fn a_reduced_mixture_keeps_mean_and_covariance() {
    let x = iris();
    for of in all_types() {
        let gmm = rough(&x, 6, of);
        let (mean, covariance) = whole(&gmm);
        let mut last = -1.0;
        for n in (1..=6).rev() {
            let reduction = gmm.reduced(n).unwrap();
            assert_eq!(reduction.model.n_components(), n);
            assert_eq!(reduction.merges.len(), 6 - n);
            let (found_mean, found_covariance) = whole(&reduction.model);
            close(&found_mean, &mean, 1e-13, "mean");
            close(&found_covariance, &covariance, 1e-13, "covariance");
            assert!(reduction.divergence_bound() >= last);
            last = reduction.divergence_bound();
            let mut members = reduction.members.concat();
            members.sort_unstable();
            assert!(members.into_iter().eq(0..6), "{:?}", reduction.members);
            for (members, weight) in reduction.members.iter().zip(reduction.model.weights()) {
                let wanted: f64 = members.iter().map(|&k| gmm.weights()[k]).sum();
                assert!((weight - wanted).abs() < 1e-15);
            }
        }
        let same = gmm.reduced(6).unwrap().model;
        assert_eq!(same.means(), gmm.means());
        assert_eq!(same.covariances(), gmm.covariances());
        assert_eq!(same.weights(), gmm.weights());
    }
}

#[test]
fn the_bound_bounds_the_divergence() {
    let gmm = rough(&faithful(), 8, CovarianceType::Full);
    let mut rng = rng(10);
    for n in 1..8 {
        let reduction = gmm.reduced(n).unwrap();
        let kl = gmm
            .kl_divergence(&reduction.model, DRAWS, &mut rng)
            .unwrap();
        assert!(
            kl.value <= reduction.divergence_bound() + 4.0 * kl.error,
            "{n}: {kl:?}"
        );
    }
}

#[test]
fn each_merge_is_the_cheapest() {
    // Costs anew from Runnalls' formula at each step.
    let gmm = rough(&iris(), 7, CovarianceType::Full);
    let ln_det = |m: &Array2<f64>| {
        let d = m.nrows();
        let alone = single(Array1::zeros(d), m.clone());
        alone.components()[0].covariance().log_det()
    };
    let mut groups: Vec<(usize, f64, Array1<f64>, Array2<f64>)> = (0..7)
        .map(|k| {
            let covariance = gmm.covariances().index_axis(Axis(0), k).to_owned();
            (
                k,
                gmm.weights()[k],
                gmm.means().row(k).to_owned(),
                covariance,
            )
        })
        .collect();
    for (step, merge) in gmm.reduced(1).unwrap().merges.iter().enumerate() {
        let mut best: Option<(f64, usize, usize, _)> = None;
        for i in 0..groups.len() {
            for j in i + 1..groups.len() {
                let ((_, v, a, p), (_, w, b, q)) = (&groups[i], &groups[j]);
                let both = v + w;
                let mean = (a * *v + b * *w) / both;
                let offset = (a - b).insert_axis(Axis(1));
                let spread = offset.dot(&offset.t()) * (v * w / both / both);
                let covariance = (p * *v + q * *w) / both + spread;
                let cost = 0.5 * (both * ln_det(&covariance) - v * ln_det(p) - w * ln_det(q));
                if best.as_ref().is_none_or(|b| cost < b.0) {
                    best = Some((cost, i, j, (7 + step, both, mean, covariance)));
                }
            }
        }
        let (cost, i, j, merged) = best.unwrap();
        assert!((cost - merge.cost).abs() < 1e-10, "{cost} {merge:?}");
        let mut pair = [merge.first, merge.second];
        pair.sort_unstable();
        let mut wanted = [groups[i].0, groups[j].0];
        wanted.sort_unstable();
        assert_eq!(pair, wanted);
        groups.remove(j);
        groups[i] = merged;
    }
}

#[test]
fn hard_mixtures_are_reduced_too() {
    // A thousand components, some without weight, some the same.
    let k = 1000;
    let weight = |c: usize| {
        if c.is_multiple_of(10) {
            0.0
        } else {
            1.0 / 900.0
        }
    };
    let gmm = Gmm::new(
        Array1::from_shape_fn(k, weight),
        Array2::from_shape_fn((k, 2), |(c, j)| ((c / 2) as f64 * (1.3 + j as f64)).sin()),
        Covariances::Spherical(Array1::from_shape_fn(k, |c| 0.01 + (c % 7) as f64)),
    )
    .unwrap();
    let reduction = gmm.reduced(20).unwrap();
    let (mean, covariance) = whole(&gmm);
    let (found_mean, found_covariance) = whole(&reduction.model);
    close(&found_mean, &mean, 1e-12, "mean");
    close(&found_covariance, &covariance, 1e-12, "covariance");
    for n in [0, 1001] {
        assert!(matches!(
            gmm.reduced(n),
            Err(GmmError::InvalidParameter {
                name: "n_components",
                ..
            })
        ));
    }
    let params: GmmParams = Gmm::params(4).background(true);
    let over = params.fit_report(&faithful()).unwrap().model;
    let reduced = over.reduced(2).unwrap().model;
    let (a, b) = (over.background().unwrap(), reduced.background().unwrap());
    assert_eq!(a.1, b.1);
    assert!((a.0 - b.0).abs() < 1e-15);
    let total = reduced.weights().sum() + b.0;
    assert!((total - 1.0).abs() < 1e-14);
}
