//! Rows of no component: backgrounds, trimming, and eigenvalues within a ratio.
#![allow(clippy::unwrap_used, clippy::panic)]

use gmm_core::rand::Rng;
use gmm_core::{
    Background, CovarianceType, Covariances, Gmm, GmmError, GmmParams, InitMethod, Ridge, Sample,
};
use gmm_tests::{
    close, columns_of_numbers, fit, golden, iris, never_falls, numbers, partition, rng, rough,
    two_groups, with_holes,
};
use ndarray::{Array2, Axis, array, concatenate};

/// A fit that goes on from a model.
fn from(start: &Gmm) -> GmmParams {
    Gmm::params(start.n_components())
        .covariance_type(start.covariance_type())
        .init_method(InitMethod::Parameters(start.clone()))
}

/// Three groups, and rows spread over a box wider than they are.
fn three_groups() -> Gmm {
    Gmm::new(
        array![0.3, 0.45, 0.25],
        array![[0.0, 0.0], [8.0, 1.0], [2.0, 8.0]],
        Covariances::Full(array![
            [[1.0, 0.4], [0.4, 0.8]],
            [[0.6, -0.3], [-0.3, 1.4]],
            [[1.2, 0.0], [0.0, 0.6]]
        ]),
    )
    .unwrap()
}

/// Rows of the groups, then a tenth of all rows from the box of six times their side.
fn spoilt(n: usize, seed: u64) -> (Array2<f64>, Array2<f64>) {
    let mut rng = rng(seed);
    let (clean, _) = three_groups().sample(n * 9 / 10, &mut rng);
    let spread = Array2::from_shape_fn((n / 10, 2), |_| rng.gen_range(-26.0..34.0));
    let all = concatenate![Axis(0), clean, spread];
    (clean, all)
}

/// The components in the order of three groups.
fn sorted(gmm: &Gmm) -> Gmm {
    let of = |c: usize| {
        if gmm.means()[(c, 1)] > 5.0 {
            2
        } else {
            usize::from(gmm.means()[(c, 0)] > 4.0)
        }
    };
    let mut order: Vec<usize> = (0..3).collect();
    order.sort_by_key(|&c| of(c));
    gmm.reordered(&order).unwrap()
}

/// How far a model is from another: means in deviations, variances and weights in shares.
fn distance(a: &Gmm, b: &Gmm) -> [f64; 3] {
    let (a, b) = (sorted(a), sorted(b));
    let (of_a, of_b) = (a.covariances(), b.covariances());
    let mut most = [0.0f64; 3];
    for c in 0..3 {
        let share = |g: &Gmm| g.weights()[c] / g.weights().sum();
        most[2] = most[2].max((share(&a) / share(&b) - 1.0).abs());
        for j in 0..2 {
            let (va, vb) = (of_a[(c, j, j)], of_b[(c, j, j)]);
            let off = (a.means()[(c, j)] - b.means()[(c, j)]).abs() / vb.sqrt();
            most[0] = most[0].max(off);
            most[1] = most[1].max((va / vb - 1.0).abs());
        }
    }
    most
}

#[test]
fn a_background_takes_the_rows_of_no_component() {
    let mut plain_is_off = 0.0f64;
    for seed in 0..4 {
        let (clean, all) = spoilt(3000, seed);
        let of_clean = Gmm::params(3).fit_report(&clean).unwrap().model;
        let params = Gmm::params(3).background(true);
        let fitted = params.fit_report(&all).unwrap();
        let model = &fitted.model;
        let (share, region) = model.background().unwrap();
        let off = distance(model, &of_clean);
        println!("share {share:.4}, off by {off:.3?}");
        assert!((share - 0.1).abs() < 0.03);
        assert!(off.iter().all(|off| *off < 0.05), "{off:?}");
        for j in 0..2 {
            let of_column =
                |f: fn(f64, f64) -> f64, e: f64| all.column(j).iter().copied().fold(e, f);
            assert_eq!(region.low[j], of_column(f64::min, f64::INFINITY));
            assert_eq!(region.high[j], of_column(f64::max, f64::NEG_INFINITY));
        }
        let plain = Gmm::params(3).fit_report(&all).unwrap().model;
        plain_is_off = plain_is_off.max(distance(&plain, &of_clean)[1]);
        // Rows far from all groups are the background's.
        let labels = model.labels(&all).unwrap();
        let r = model.responsibilities(&all).unwrap();
        assert_eq!(r.ncols(), 4);
        assert!(
            r.rows()
                .into_iter()
                .all(|row| (row.sum() - 1.0).abs() < 1e-12)
        );
        let of_clean_rows = of_clean.log_prob(&all).unwrap();
        let far = || (0..3000).filter(|i| of_clean_rows[*i] < -14.0);
        assert!(far().count() > 150 && far().all(|i| labels[i] == 3));
        assert_eq!(model.labels_of(&Sample::new(&all)).unwrap(), labels);
        never_falls(&fitted, 1e-7, "background");
        // Draws, marginals, files.
        let (drawn, from) = model.sample(20_000, &mut rng(seed));
        let n_background = from.iter().filter(|l| **l == 3).count() as f64;
        assert!((n_background / 20_000.0 - share).abs() < 0.01);
        for (row, _) in drawn
            .rows()
            .into_iter()
            .zip(&from)
            .filter(|(_, l)| **l == 3)
        {
            assert!((0..2).all(|j| row[j] >= region.low[j] && row[j] < region.high[j]));
        }
        let back = Gmm::from_json(&model.to_json().unwrap()).unwrap();
        assert_eq!(&back, model);
        let marginal = model.marginal(&[1]).unwrap();
        let side = region.high[1] - region.low[1];
        for y in [-8.0, 0.0, 7.5] {
            let of_component = |c: usize| {
                let v = model.covariances()[(c, 1, 1)];
                let squared = (y - model.means()[(c, 1)]).powi(2) / v;
                model.weights()[c] * (-0.5 * squared).exp()
                    / (2.0 * std::f64::consts::PI * v).sqrt()
            };
            let expected = (0..3).map(of_component).sum::<f64>() + share / side;
            close(
                &[marginal.log_prob(&array![[y]]).unwrap()[0]],
                &[expected.ln()],
                1e-12,
                "marginal",
            );
            let half = array![[f64::NAN, y]];
            let seen = model
                .log_prob_of(&Sample::new(&half).with_missing())
                .unwrap()[0];
            close(&[seen], &[expected.ln()], 1e-12, "seen in part");
        }
    }
    assert!(plain_is_off > 0.2, "{plain_is_off}");
}

#[test]
fn a_background_ends_where_mclusts_noise_component_does() {
    let file = golden("mclust_prior.json");
    let mut most = 0.0f64;
    for (name, of_data) in file["noise"].as_object().unwrap() {
        let x = columns_of_numbers(file["files"][name].as_str().unwrap());
        let more = numbers(&of_data["more_rows"]);
        let more = Array2::from_shape_vec((more.len() / x.ncols(), x.ncols()), more).unwrap();
        let k = partition(&of_data["partition"]).ncols();
        let all = concatenate![Axis(0), x, more];
        let column =
            |j: usize, f: fn(f64, f64) -> f64, e: f64| all.column(j).iter().copied().fold(e, f);
        let region = Background {
            low: (0..x.ncols())
                .map(|j| column(j, f64::min, f64::INFINITY))
                .collect(),
            high: (0..x.ncols())
                .map(|j| column(j, f64::max, f64::NEG_INFINITY))
                .collect(),
        };
        // Shares from the partition, everything else from its groups.
        let groups = partition(&of_data["partition"])
            .slice(ndarray::s![..x.nrows(), ..])
            .to_owned();
        for model in ["EII", "VVI", "EEE", "VVV"] {
            let what = format!("{name} {model}");
            let theirs = &of_data[model];
            let params = Gmm::params(k)
                .covariance_type(model.parse().unwrap())
                .ridge(Ridge::Absolute(0.0))
                .init_method(InitMethod::Responsibilities(groups.clone()))
                .max_n_iterations(1);
            let start = params.fit_report(&x).unwrap().model;
            let share = more.nrows() as f64 / all.nrows() as f64;
            let start = start.with_background(share, region.clone()).unwrap();
            let params = from(&start).background(true).ridge(Ridge::Absolute(0.0));
            let params = params
                .tolerance(1e-14)
                .max_n_iterations(50_000)
                .accelerate(false);
            let ours = params.fit_report(&all).unwrap();
            never_falls(&ours, 1e-10, &what);
            let log_likelihood = theirs["log_likelihood"].as_f64().unwrap();
            println!("{what}: {} {log_likelihood}", ours.log_likelihood());
            let mut weights = ours.model.weights().to_vec();
            weights.push(ours.model.background().unwrap().0);
            most = most.max(close(&weights, &numbers(&theirs["weights"]), 1e-5, &what));
            most = most.max(close(
                ours.model.means(),
                &numbers(&theirs["means"]),
                1e-5,
                &what,
            ));
            let covariances = numbers(&theirs["covariances"]);
            most = most.max(close(&ours.model.covariances(), &covariances, 1e-5, &what));
            most = most.max(close(
                &[ours.log_likelihood()],
                &[log_likelihood],
                1e-5,
                &what,
            ));
        }
    }
    println!("off by {most:e}");
}

#[test]
fn a_given_start_need_not_have_the_background_that_is_asked_for() {
    let (_, all) = spoilt(1000, 7);
    let start = rough(&all, 3, CovarianceType::Full);
    let fitted = from(&start).background(true).fit_report(&all).unwrap();
    let share = fitted.model.background().map(|b| b.0);
    assert!(share.is_some_and(|share| share > 0.05), "{share:?}");
    let over = start.with_background(
        0.1,
        Background {
            low: vec![-20.0; 2],
            high: vec![20.0; 2],
        },
    );
    let fitted = from(&over.unwrap()).fit_report(&all).unwrap();
    assert!(fitted.model.background().is_none());
    assert!((fitted.model.weights().sum() - 1.0).abs() < 1e-12);
}

#[test]
fn the_background_of_rows_seen_in_part_is_the_box_of_what_was_seen() {
    let (_, all) = spoilt(1000, 8);
    for seed in 0..5 {
        let holed = with_holes(&all, 0.3, seed);
        let sample = Sample::new(&holed).with_missing();
        let fitted = fit(&Gmm::params(3).background(true), &sample);
        let (share, region) = fitted.model.background().unwrap();
        assert!((share - 0.1).abs() < 0.05, "{share}");
        for j in 0..2 {
            let seen = || holed.column(j).into_iter().copied().filter(|v| !v.is_nan());
            assert_eq!(region.low[j], seen().fold(f64::INFINITY, f64::min));
            assert_eq!(region.high[j], seen().fold(f64::NEG_INFINITY, f64::max));
        }
    }
}

#[test]
fn trimming_leaves_the_outliers_out() {
    for seed in 0..4 {
        let (clean, all) = spoilt(2000, seed);
        let of_clean = Gmm::params(3).fit_report(&clean).unwrap().model;
        let trimmed = Gmm::params(3).trimming(0.1).fit_report(&all).unwrap();
        let off = distance(&trimmed.model, &of_clean);
        println!("off by {off:.3?}");
        assert!(off.iter().all(|off| *off < 0.05), "{off:?}");
        assert_eq!(trimmed.total_weight, 0.9 * 2000.0);
        never_falls(&trimmed, 1e-7, "trimmed");
        // The objective is the mean over the most likely nine tenths.
        let mut logs = trimmed.model.log_prob(&all).unwrap().to_vec();
        logs.sort_by(f64::total_cmp);
        let mean = logs[200..].iter().sum::<f64>() / 1800.0;
        close(
            &[trimmed.mean_log_likelihood()],
            &[mean],
            1e-12,
            "the rows that are left",
        );
    }
}

#[test]
fn the_share_that_is_trimmed_is_that_of_the_weight() {
    let (_, all) = spoilt(600, 5);
    let mut rng = rng(6);
    let weights: Vec<f64> = (0..600).map(|_| rng.gen_range(0.5..3.0)).collect();
    let holed = with_holes(&all, 0.2, 9);
    for share in [0.01, 0.1, 0.333, 0.49] {
        for x in [&all, &holed] {
            let sample = Sample::weighted(x, &weights).unwrap().with_missing();
            let params = Gmm::params(3)
                .trimming(share)
                .tolerance(0.0)
                .max_n_iterations(60);
            for params in [params.clone(), params.accelerate(false)] {
                let fitted = fit(&params, &sample);
                never_falls(&fitted, 1e-7, "weighted");
                // Rows by their density; the last of those left out in part.
                let logs = fitted.model.log_prob_of(&sample).unwrap();
                let is_seen = |i: &usize| x.row(*i).iter().any(|v| !v.is_nan());
                let mut order: Vec<usize> = (0..600).filter(is_seen).collect();
                order.sort_by(|&a, &b| logs[b].total_cmp(&logs[a]));
                let total: f64 = order.iter().map(|&i| weights[i]).sum();
                let (mut left, mut sum) = (total * (1.0 - share), 0.0);
                for i in order {
                    let own = weights[i].min(left);
                    sum += own * logs[i];
                    left -= own;
                }
                let kept = total * (1.0 - share);
                close(&[fitted.total_weight], &[kept], 1e-12, "total weight");
                close(
                    &[fitted.mean_log_likelihood()],
                    &[sum / kept],
                    1e-9,
                    "objective",
                );
            }
        }
    }
}

#[test]
fn with_labels_and_trimming_the_objective_never_falls() {
    for seed in 0..10 {
        let (_, all) = spoilt(400, seed);
        let mut rng = rng(seed);
        // Half of these labels are wrong.
        let labels: Vec<Option<usize>> = (0..400)
            .map(|_| (rng.gen_range(0..4) == 0).then(|| rng.gen_range(0..3)))
            .collect();
        let sample = Sample::new(&all).with_labels(&labels).unwrap();
        for accelerate in [false, true] {
            let params = Gmm::params(3)
                .trimming(0.1)
                .tolerance(0.0)
                .max_n_iterations(60);
            never_falls(
                &fit(&params.accelerate(accelerate), &sample),
                1e-7,
                "labelled",
            );
        }
    }
}

/// The eigenvalues of a symmetric matrix by Jacobi's rotations.
fn eigenvalues(m: &Array2<f64>) -> Vec<f64> {
    let (mut a, n) = (m.clone(), m.nrows());
    for _ in 0..50 {
        for p in 0..n {
            for q in 0..p {
                let angle = 0.5 * (2.0 * a[(p, q)]).atan2(a[(q, q)] - a[(p, p)]);
                let mut turn = Array2::<f64>::eye(n);
                turn[(p, p)] = angle.cos();
                turn[(q, q)] = angle.cos();
                turn[(p, q)] = angle.sin();
                turn[(q, p)] = -angle.sin();
                a = turn.t().dot(&a).dot(&turn);
            }
        }
    }
    a.diag().to_vec()
}

#[test]
fn eigenvalues_stay_within_their_ratio() {
    let x = iris();
    let deviations = x.std_axis(Axis(0), 0.0);
    // What a trimmed fit measures in: interquartile ranges over that of a Gaussian of deviation 1.
    let ranges = x.map_axis(Axis(0), |column| {
        let mut sorted = column.to_vec();
        sorted.sort_by(f64::total_cmp);
        let quartile = |share: f64| sorted[(share * 150.0).ceil() as usize - 1];
        (quartile(0.75) - quartile(0.25)) / 1.348_979_500_392_163_5
    });
    let holed = with_holes(&x, 0.2, 3);
    for covariance_type in CovarianceType::BASIC {
        for largest in [1.0, 3.0, 20.0] {
            let params = Gmm::params(4)
                .covariance_type(covariance_type)
                .eigenvalue_ratio(largest);
            let params = params.tolerance(0.0).max_n_iterations(40);
            for (params, deviations) in [
                (params.clone(), &deviations),
                (params.clone().trimming(0.1), &ranges),
                (params.init_method(InitMethod::KMeans), &deviations),
            ] {
                let plain = params.fit_report(&x).unwrap();
                let what = format!("{covariance_type}, {largest}");
                never_falls(&plain, 1e-6, &what);
                let is_spherical = covariance_type.to_string().ends_with("spherical");
                let all: Vec<f64> = plain
                    .model
                    .covariances()
                    .outer_iter()
                    .flat_map(|c| {
                        let unit = |j: usize| if is_spherical { 1.0 } else { deviations[j] };
                        let measured =
                            Array2::from_shape_fn((4, 4), |(i, j)| c[(i, j)] / unit(i) / unit(j));
                        eigenvalues(&measured)
                    })
                    .collect();
                let most = all.iter().copied().fold(0.0, f64::max);
                let least = all.iter().copied().fold(f64::INFINITY, f64::min);
                assert!(
                    most / least <= largest * (1.0 + 1e-9),
                    "{what}: {}",
                    most / least
                );
                let fitted = fit(&params, &Sample::new(&holed).with_missing());
                never_falls(&fitted, 1e-6, &what);
            }
        }
    }
}

#[test]
fn trimming_out_of_range_is_refused() {
    let x = two_groups(100);
    let named = |params: GmmParams| match params.fit_report(&x).unwrap_err() {
        GmmError::InvalidParameter { name, .. } => name,
        other => panic!("{other}"),
    };
    for bad in [-0.1, 0.5, 1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(named(Gmm::params(2).trimming(bad)), "trimming");
    }
    for bad in [0.0, 0.99, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(
            named(Gmm::params(2).eigenvalue_ratio(bad)),
            "eigenvalue_ratio"
        );
    }
    let vev = Gmm::params(2).covariance_type(CovarianceType::Vev);
    assert_eq!(named(vev.eigenvalue_ratio(10.0)), "covariance_type");
}

#[test]
fn outliers_however_far_leave_widths_alone() {
    let mut x = two_groups(200);
    let clean = Gmm::params(2).fit_report(&x).unwrap().model;
    for (i, far) in [1e5, 2e5, -3e5, 4e5].into_iter().enumerate() {
        x[(i * 50, 0)] = far;
    }
    let trimmed = Gmm::params(2).trimming(0.05).fit_report(&x).unwrap().model;
    let widths = |gmm: &Gmm| {
        let mut widths = [0, 1].map(|k| gmm.covariances()[(k, 0, 0)]);
        widths.sort_by(f64::total_cmp);
        widths
    };
    for (a, b) in widths(&trimmed).into_iter().zip(widths(&clean)) {
        assert!((0.5..1.5).contains(&(a / b)), "{a} {b}");
    }
}

#[test]
fn a_background_is_not_misled_by_rows_that_are_very_far() {
    for seed in 0..4 {
        let (clean, _) = spoilt(3000, seed);
        let of_clean = Gmm::params(3).fit_report(&clean).unwrap().model;
        let mut rng = rng(seed);
        let far = Array2::from_shape_fn((40, 2), |_| rng.gen_range(-1e5..1e5));
        let all = concatenate![Axis(0), clean, far];
        // A share of the rows seen in part too. A fit that was misled is off by several deviations. (Where nine rows
        // in ten are, trimming compares densities of one column with those of two.)
        for share in [0.0, 0.3, 0.6, 0.9] {
            let mut holed = all.clone();
            for mut row in holed.rows_mut() {
                if rng.gen_range(0.0..1.0) < share {
                    row[rng.gen_range(0..2)] = f64::NAN;
                }
            }
            let sample = Sample::new(&holed).with_missing();
            let most_off = if share == 0.0 { 0.08 } else { 0.3 };
            let background = Gmm::params(3).background(true);
            let trimming = (share < 0.9).then(|| Gmm::params(3).trimming(0.02));
            for params in [Some(background), trimming].into_iter().flatten() {
                let off = distance(&fit(&params, &sample).model, &of_clean);
                let is_near = off.iter().all(|off| *off < most_off);
                assert!(is_near, "seed {seed}, share {share}: {off:?}");
            }
        }
    }
}

#[test]
fn a_background_stands_a_column_as_good_as_constant() {
    let x = Array2::from_shape_fn((60, 2), |(i, j)| {
        let value = (i * (7 + j) % 11) as f64;
        if j == 0 { value } else { value * 1e-200 }
    });
    let fitted = Gmm::params(1).background(true).fit_report(&x).unwrap();
    assert!(fitted.model.weights()[0] > 0.5, "{:?}", fitted.notes);
}
