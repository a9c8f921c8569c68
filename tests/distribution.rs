//! A mixture as a distribution: parts given others, moments, images, products.
#![allow(clippy::unwrap_used)]

use gmm_core::{Background, CovarianceType, Covariances, Gmm, GmmError};
use gmm_tests::{all_types, close, golden, iris, numbers, on_any_number_of_threads, rng, rough};
use ndarray::{Array1, Array2, Array3, Axis, array, s};
use serde_json::Value;

fn matrix(value: &Value) -> Array2<f64> {
    let rows = value.as_array().unwrap().len();
    let all = numbers(value);
    Array2::from_shape_vec((rows, all.len() / rows), all).unwrap()
}

/// Three overlapping Gaussians of four features.
fn three() -> Gmm {
    rough(&iris(), 3, CovarianceType::Full)
}

fn with_box(gmm: Gmm, share: f64) -> Gmm {
    let d = gmm.n_features();
    let background = Background {
        low: vec![-1.0; d],
        high: vec![9.0; d],
    };
    gmm.with_background(share, background).unwrap()
}

/// ln p(x) = ln p(xₒ) + ln p(x₋ₒ|xₒ) for these rows and columns.
fn check_chain_rule(gmm: &Gmm, rows: &Array2<f64>, given: &[usize], tolerance: f64) {
    let rest: Vec<usize> = (0..gmm.n_features())
        .filter(|j| !given.contains(j))
        .collect();
    let joint = gmm.log_prob(rows).unwrap();
    let seen = gmm
        .marginal(given)
        .unwrap()
        .log_prob(&rows.select(Axis(1), given))
        .unwrap();
    for (i, row) in rows.rows().into_iter().enumerate() {
        let values: Vec<f64> = given.iter().map(|&j| row[j]).collect();
        let other = rows.slice(s![i..=i, ..]).select(Axis(1), &rest);
        let conditional = gmm.conditional(given, &values).unwrap();
        let found = seen[i] + conditional.log_prob(&other).unwrap()[0];
        let off = (found - joint[i]).abs();
        let what = gmm.covariance_type();
        assert!(
            off <= tolerance * joint[i].abs().max(1.0),
            "{what}: {found} {}",
            joint[i]
        );
    }
}

#[test]
fn conditionals_and_regressions_are_those_of_gmr() {
    for case in golden("gmr.json").as_array().unwrap() {
        let weights = Array1::from(numbers(&case["weights"]));
        let means = matrix(&case["means"]);
        let (k, d) = means.dim();
        let covariances = numbers(&case["covariances"]);
        let covariances = Array3::from_shape_vec((k, d, d), covariances).unwrap();
        let gmm = Gmm::new(weights, means, Covariances::Full(covariances)).unwrap();
        let given: Vec<usize> = numbers(&case["given"])
            .iter()
            .map(|&j| j as usize)
            .collect();
        let rows = matrix(&case["rows"]);
        let regression = gmm.regression(&given).unwrap();
        let predicted = regression.mean(&rows).unwrap();
        close(&predicted, &numbers(&case["predicted"]), 1e-9, "mean");
        let shares = regression.responsibilities(&rows).unwrap();
        close(&shares, &numbers(&case["shares"]), 1e-9, "shares");
        for (i, row) in rows.rows().into_iter().enumerate() {
            let conditional = gmm.conditional(&given, &row.to_vec()).unwrap();
            let means = numbers(&case["conditional_means"][i]);
            close(conditional.means(), &means, 1e-9, "means of components");
            let covariances = numbers(&case["conditional_covariances"][i]);
            close(
                &conditional.covariances(),
                &covariances,
                1e-9,
                "covariances",
            );
            close(conditional.weights(), shares.row(i), 1e-15, "weights");
        }
    }
}

#[test]
fn joint_densities_are_marginal_times_conditional_of_every_type() {
    let x = iris();
    for covariance_type in all_types() {
        let gmm = rough(&x, 3, covariance_type);
        for given in [&[0][..], &[3, 1], &[2, 0, 1]] {
            check_chain_rule(&gmm, &x.slice(s![..;29, ..]).to_owned(), given, 1e-10);
            let over_box = with_box(gmm.clone(), 0.2);
            check_chain_rule(&over_box, &x.slice(s![..;29, ..]).to_owned(), given, 1e-10);
        }
    }
}

#[test]
fn conditionals_keep_the_types_that_they_can() {
    use CovarianceType as T;
    let x = iris();
    for (of, wanted) in [
        (T::Full, T::Full),
        (T::Tied, T::Tied),
        (T::Diagonal, T::Diagonal),
        (T::TiedDiagonal, T::TiedDiagonal),
        (T::Spherical, T::Spherical),
        (T::TiedSpherical, T::TiedSpherical),
        (T::Vei, T::Diagonal),
        (T::Vee, T::Full),
    ] {
        let conditional = rough(&x, 3, of).conditional(&[1], &[3.0]).unwrap();
        assert_eq!(conditional.covariance_type(), wanted);
        // What a file keeps is the same again.
        let kept = Gmm::from_json(&conditional.to_json().unwrap()).unwrap();
        close(
            &kept.covariances(),
            &conditional.covariances(),
            1e-12,
            "kept",
        );
    }
}

#[test]
fn a_regression_answers_as_the_conditional_mixture_does() {
    for gmm in [three(), with_box(three(), 0.3)] {
        let x = iris();
        let regression = gmm.regression(&[2, 0]).unwrap();
        assert_eq!(
            (regression.given(), regression.targets()),
            (&[2, 0][..], &[1, 3][..])
        );
        let rows = x.select(Axis(1), &[2, 0]);
        let p = [0.0, 0.1, 0.5, 0.99];
        let mean = regression.mean(&rows).unwrap();
        let covariance = regression.covariance(&rows).unwrap();
        let mode = regression.mode(&rows).unwrap();
        let quantiles = regression.quantiles(&rows, &p).unwrap();
        assert_eq!(quantiles.dim(), (150, 2, 4));
        for i in [0, 60, 149] {
            let conditional = regression.conditional(&rows.row(i).to_vec()).unwrap();
            close(&conditional.total_mean(), mean.row(i), 1e-12, "mean");
            let of_row = covariance.index_axis(Axis(0), i);
            close(&conditional.total_covariance(), of_row, 1e-12, "covariance");
            assert_eq!(conditional.modes().unwrap()[0].place, mode.row(i).to_vec());
            for j in 0..2 {
                let found = conditional.marginal(&[j]).unwrap().quantiles(&p).unwrap();
                for (a, b) in found.iter().zip(quantiles.slice(s![i, j, ..])) {
                    assert!(a == b || (a - b).abs() < 1e-12, "{a} {b}");
                }
            }
        }
        assert_eq!(regression.quantiles(&rows, &[]).unwrap().dim(), (150, 2, 0));
    }
}

#[test]
fn regressions_are_the_same_on_any_number_of_threads() {
    let gmm = with_box(three(), 0.1);
    let rows = gmm.sample(2_000, &mut rng(1)).0.select(Axis(1), &[1]);
    let regression = gmm.regression(&[1]).unwrap();
    on_any_number_of_threads(|| {
        let mean = regression.mean(&rows).unwrap();
        let quantiles = regression.quantiles(&rows, &[0.3]).unwrap();
        (mean, regression.covariance(&rows).unwrap(), quantiles)
    });
}

#[test]
fn total_variance_is_that_within_and_that_between() {
    // Var Y = E Var(Y|X) + Var E(Y|X), by a fine grid over X.
    for gmm in [three(), with_box(three(), 0.2)] {
        let regression = gmm.regression(&[2]).unwrap();
        let x = gmm.marginal(&[2]).unwrap();
        let (low, high) = (-3.0, 11.0);
        let n = 40_000;
        let step = (high - low) / f64::from(n);
        let grid = Array2::from_shape_fn((n as usize, 1), |(i, _)| low + step * (i as f64 + 0.5));
        let mut weights = x.log_prob(&grid).unwrap().mapv(f64::exp) * step;
        // The density of a background is no density beyond its box.
        if let Some((share, _)) = gmm.background() {
            for (w, row) in weights.iter_mut().zip(grid.rows()) {
                let is_out = row[0] < -1.0 || row[0] > 9.0;
                *w -= if is_out { share / 10.0 * step } else { 0.0 };
            }
        }
        assert!((weights.sum() - 1.0).abs() < 1e-5, "{}", weights.sum());
        let mean = regression.mean(&grid).unwrap();
        let within = regression.covariance(&grid).unwrap();
        let total = weights.dot(&mean);
        let whole = gmm.marginal(&[0, 1, 3]).unwrap();
        close(&total, &whole.total_mean(), 1e-5, "mean");
        let mut sum = Array2::<f64>::zeros((3, 3));
        for (i, w) in weights.iter().enumerate() {
            for (a, b) in (0..3).flat_map(|a| (0..3).map(move |b| (a, b))) {
                let between = (mean[(i, a)] - total[a]) * (mean[(i, b)] - total[b]);
                sum[(a, b)] += w * (within[(i, a, b)] + between);
            }
        }
        close(&sum, &whole.total_covariance(), 1e-4, "variance");
    }
}

#[test]
fn moments_of_the_whole_are_those_of_many_draws_and_keep_their_digits_far_out() {
    for gmm in [three(), with_box(three(), 0.3)] {
        let n = 200_000;
        let rows = gmm.sample(n, &mut rng(5)).0;
        let mean = rows.mean_axis(Axis(0)).unwrap();
        let off = &rows - &mean;
        let covariance = off.t().dot(&off) / n as f64;
        close(&gmm.total_mean(), &mean, 0.02, "mean");
        close(&gmm.total_covariance(), &covariance, 0.05, "covariance");
    }
    let at = |offset: f64| {
        let means = array![[offset], [offset + 2.0]];
        Gmm::new(array![0.5, 0.5], means, Covariances::TiedSpherical(1.0)).unwrap()
    };
    assert_eq!(at(1e8).total_covariance(), array![[2.0]]);
    assert_eq!(at(1e8).total_mean(), array![1e8 + 1.0]);
}

#[test]
fn values_far_from_everything_give_the_weights_of_the_limit() {
    let gmm = Gmm::new(
        array![0.5, 0.2, 0.3, 0.0],
        array![[0.0, 0.0], [1.0, 3.0], [1.0, 5.0], [9.0, 7.0]],
        Covariances::Diagonal(array![[1.0, 1.0], [1.0, 4.0], [1.0, 1.0], [9.0, 1.0]]),
    )
    .unwrap();
    // Of those with a share the second and the third are nearest, and equally near.
    for x in [1e3, 1e6, 1e9, 1e12] {
        let conditional = gmm.conditional(&[0], &[x]).unwrap();
        close(
            conditional.weights(),
            &array![0.0, 0.4, 0.6, 0.0],
            1e-12,
            "far",
        );
        let conditional = gmm.conditional(&[0], &[-x]).unwrap();
        close(
            conditional.weights(),
            &array![1.0, 0.0, 0.0, 0.0],
            1e-12,
            "far",
        );
    }
    // Beyond, the three are equally near to rounding; what is wider is nearer still.
    for x in [1e120, 1e200, 1e308, f64::MAX] {
        let conditional = gmm.conditional(&[0], &[x]).unwrap();
        close(
            conditional.weights(),
            &array![0.5, 0.2, 0.3, 0.0],
            1e-12,
            "far",
        );
        let conditional = gmm.conditional(&[1], &[-x]).unwrap();
        close(
            conditional.weights(),
            &array![0.0, 1.0, 0.0, 0.0],
            1e-12,
            "far",
        );
    }
    // A background keeps its density.
    for x in [1e3, 1e120, 1e300] {
        let conditional = with_box(gmm.clone(), 0.1).conditional(&[0], &[x]).unwrap();
        assert_eq!(conditional.background().unwrap().0, 1.0);
    }
}

#[test]
fn narrow_tiny_and_far_mixtures_are_conditioned_too() {
    // A scale of 1e-150, an offset of 1e8, and a correlation of 1 − 1e-12.
    let full = |c: [[f64; 2]; 2]| Covariances::Full(array![c]);
    let tiny = Gmm::new(
        array![1.0],
        array![[0.0, 0.0]],
        full([[4e-300, 2e-300], [2e-300, 3e-300]]),
    );
    let conditional = tiny.unwrap().conditional(&[0], &[2e-150]).unwrap();
    assert!((conditional.means()[(0, 0)] / 1e-150 - 1.0).abs() < 1e-12);
    assert!((conditional.covariances()[(0, 0, 0)] / 2e-300 - 1.0).abs() < 1e-12);
    let far = Gmm::new(
        array![1.0],
        array![[1e8, -1e8]],
        full([[4.0, 2.0], [2.0, 3.0]]),
    );
    let conditional = far.unwrap().conditional(&[0], &[1e8 + 2.0]).unwrap();
    assert_eq!(conditional.means()[(0, 0)], -1e8 + 1.0);
    let steep = Gmm::new(
        array![1.0],
        array![[0.0, 0.0]],
        full([[1e-20, 0.0], [0.0, 1.0]]),
    );
    let steep = steep
        .unwrap()
        .affine(&array![[1.0, 0.0], [1e9, 1.0]], &array![0.0, 0.0]);
    let steep = steep.unwrap();
    assert!(steep.conditional(&[0], &[1e305]).is_err());
    let found = steep
        .regression(&[0])
        .unwrap()
        .mean(&array![[1.0], [1e305]]);
    assert!(found.unwrap_err().to_string().contains("row 1"));
    let r = 1.0 - 1e-12;
    let narrow = Gmm::new(array![1.0], array![[0.0, 0.0]], full([[1.0, r], [r, 1.0]]));
    let conditional = narrow.unwrap().conditional(&[1], &[3.0]).unwrap();
    let variance = conditional.covariances()[(0, 0, 0)];
    assert!((variance / (1.0 - r * r) - 1.0).abs() < 1e-3, "{variance}");
}

#[test]
fn wrong_columns_and_values_are_refused() {
    let gmm = three();
    for columns in [&[][..], &[4], &[1, 1], &[0, 1, 2, 3]] {
        assert!(matches!(
            gmm.regression(columns),
            Err(GmmError::InvalidParameter {
                name: "columns",
                ..
            })
        ));
    }
    assert!(matches!(
        gmm.conditional(&[1, 2], &[0.0]),
        Err(GmmError::SizeMismatch { .. })
    ));
    for bad in [f64::NAN, f64::INFINITY] {
        let found = gmm.conditional(&[1, 2], &[0.0, bad]);
        assert!(matches!(
            found,
            Err(GmmError::NonFinite {
                row: 0,
                column: 1,
                ..
            })
        ));
    }
    let regression = gmm.regression(&[1]).unwrap();
    assert!(regression.mean(&array![[1.0, 2.0]]).is_err());
    assert!(regression.quantiles(&array![[1.0]], &[1.5]).is_err());
    assert!(regression.mean(&array![[1.0], [f64::NAN]]).is_err());
    assert_eq!(
        regression
            .mean(&Array2::<f64>::zeros((0, 1)))
            .unwrap()
            .dim(),
        (0, 3)
    );
}
