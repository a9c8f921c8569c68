//! What is promised of every fit, whatever the data.
#![allow(clippy::unwrap_used)]

use gmm_core::rand::SeedableRng;
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_core::{CovarianceType, Covariances, Gmm, GmmParams, InitMethod, Ridge};
use gmm_tests::{faithful, iris, on_any_number_of_threads};
use ndarray::{Array1, Array2, Array3, Axis, array, concatenate, stack};

fn rng(seed: u64) -> Xoshiro256Plus {
    Xoshiro256Plus::seed_from_u64(seed)
}

/// Three overlapping Gaussians of different shape in two dimensions.
fn three_groups() -> Gmm {
    Gmm::new(
        array![0.2, 0.5, 0.3],
        array![[0.0, 0.0], [3.0, 1.0], [0.0, 4.0]],
        Covariances::Full(array![
            [[1.0, 0.5], [0.5, 1.0]],
            [[0.5, -0.3], [-0.3, 2.0]],
            [[2.0, 0.0], [0.0, 0.2]]
        ]),
    )
    .unwrap()
}

fn rows(n: usize, seed: u64) -> Array2<f64> {
    three_groups().sample(n, &mut rng(seed)).0
}

fn close(a: &Array2<f64>, b: &Array2<f64>, tolerance: f64) {
    assert_eq!(a.dim(), b.dim());
    for (x, y) in a.iter().zip(b) {
        assert!((x - y).abs() <= tolerance * y.abs().max(1.0), "{x} {y}");
    }
}

/// The components in the order of their first coordinate.
fn sorted(gmm: &Gmm) -> Gmm {
    let means = gmm.means();
    let mut order: Vec<usize> = (0..gmm.n_components()).collect();
    order.sort_by(|&a, &b| means[(a, 0)].total_cmp(&means[(b, 0)]));
    gmm.reordered(&order).unwrap()
}

fn close_models(a: &Gmm, b: &Gmm, tolerance: f64) {
    let (a, b) = (sorted(a), sorted(b));
    let flat = |g: &Gmm| {
        g.covariances()
            .into_shape_with_order((g.n_components(), g.n_features().pow(2)))
    };
    close(
        &a.weights().to_owned().insert_axis(Axis(0)),
        &b.weights().to_owned().insert_axis(Axis(0)),
        tolerance,
    );
    close(a.means(), b.means(), tolerance);
    close(&flat(&a).unwrap(), &flat(&b).unwrap(), tolerance);
}

/// An estimator that runs a fixed number of steps from a fixed start.
fn steps(start: &Gmm, n: usize) -> GmmParams {
    Gmm::params(start.n_components())
        .covariance_type(start.covariance_type())
        .init_method(InitMethod::Parameters(start.clone()))
        .ridge(Ridge::Relative(0.0))
        .tolerance(0.0)
        .accelerate(false)
        .max_n_iterations(n)
}

fn fitted_start(x: &Array2<f64>, covariance_type: CovarianceType) -> Gmm {
    Gmm::params(3)
        .covariance_type(covariance_type)
        .init_method(InitMethod::KMeans)
        .max_n_iterations(1)
        .fit_report(x)
        .unwrap()
        .model
}

#[test]
fn the_objective_never_falls_and_the_last_is_the_models() {
    for covariance_type in CovarianceType::BASIC {
        for seed in 0..5 {
            let x = rows(500, seed);
            for (ridge, slack) in [(0.0, 1e-12), (1e-6, 1e-8)] {
                let fitted = Gmm::params(4)
                    .covariance_type(covariance_type)
                    .init_method(InitMethod::Random)
                    .ridge(Ridge::Relative(ridge))
                    .with_rng(rng(seed))
                    .max_n_iterations(200)
                    .fit_report(&x)
                    .unwrap();
                assert!(fitted.n_iterations() > 5);
                for pair in fitted.objective.windows(2) {
                    assert!(pair[1] >= pair[0] - slack, "{covariance_type}: {pair:?}");
                }
                let own = fitted.model.mean_log_likelihood(&x).unwrap();
                assert!((own - fitted.mean_log_likelihood()).abs() < 1e-12);
            }
        }
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    // More tiles than leaves, the last of them not full; and columns for the kernels of many features.
    let few = rows(140_123, 1);
    let many = concatenate![Axis(1), few, few.mapv(f64::sin), few.mapv(|v| v * v)];
    let many = many.slice(ndarray::s![..9_001, ..]).to_owned();
    let cases = CovarianceType::BASIC.map(|t| [(t, &few), (t, &many)]);
    for (covariance_type, x) in cases.into_iter().flatten() {
        // The pool once; it is the slowest of the starts.
        let init = match covariance_type {
            CovarianceType::Full => InitMethod::Pool,
            _ => InitMethod::KMeans,
        };
        let answer = || {
            let gmm = Gmm::params(3)
                .covariance_type(covariance_type)
                .init_method(init.clone())
                .n_runs(2)
                .max_n_iterations(12)
                .fit_report(x)
                .unwrap()
                .model;
            let bits = |a: Vec<f64>| a.into_iter().map(f64::to_bits).collect::<Vec<u64>>();
            (
                gmm.to_json().unwrap(),
                bits(gmm.log_prob(x).unwrap().to_vec()),
                bits(gmm.responsibilities(x).unwrap().into_iter().collect()),
                gmm.labels(x).unwrap(),
                gmm.mean_log_likelihood(x).unwrap().to_bits(),
            )
        };
        on_any_number_of_threads(answer);
    }
}

#[test]
fn the_seed_decides_everything_and_restarts_restart() {
    let x = iris();
    let fit = |seed, n_runs| {
        Gmm::params(4)
            .init_method(InitMethod::Random)
            .n_runs(n_runs)
            .with_rng(rng(seed))
            .fit_report(&x)
            .unwrap()
    };
    assert_eq!(fit(1, 1), fit(1, 1));
    let single: Vec<f64> = (0..6)
        .map(|seed| fit(seed, 1).mean_log_likelihood())
        .collect();
    assert!(
        single.iter().any(|l| (l - single[0]).abs() > 1e-3),
        "one start is like another"
    );
    for seed in 0..6 {
        let (one, many) = (fit(seed, 1), fit(seed, 8));
        assert!(many.mean_log_likelihood() >= one.mean_log_likelihood());
    }
    let best = (0..6)
        .filter(|&s| fit(s, 8).mean_log_likelihood() > fit(s, 1).mean_log_likelihood() + 1e-3);
    assert!(best.count() > 0, "restarts never find anything better");
}

#[test]
fn rows_and_components_may_come_in_any_order() {
    for covariance_type in CovarianceType::BASIC {
        let x = rows(700, 2);
        let start = fitted_start(&x, covariance_type);
        let end = steps(&start, 20).fit_report(&x).unwrap().model;
        let backwards = x.slice(ndarray::s![..;-1, ..]).to_owned();
        close_models(
            &steps(&start, 20).fit_report(&backwards).unwrap().model,
            &end,
            1e-9,
        );
        let turned = start.reordered(&[2, 0, 1]).unwrap();
        let other = steps(&turned, 20).fit_report(&x).unwrap().model;
        close_models(&other, &end, 1e-9);
        // Component i of the turned start is component [2, 0, 1][i] of the other.
        close(
            other.means(),
            &end.means().select(Axis(0), &[2, 0, 1]),
            1e-9,
        );
    }
}

#[test]
fn an_affine_change_of_the_data_changes_the_answer_affinely() {
    let x = rows(700, 3);
    let map = array![[2.0, 1.0], [-0.5, 3.0]];
    let shift = array![10.0, -7.0];
    let y = x.dot(&map.t()) + &shift;
    for covariance_type in [CovarianceType::Full, CovarianceType::Tied] {
        let changed = |g: &Gmm| {
            let covariances: Vec<Array2<f64>> = g
                .covariances()
                .outer_iter()
                .map(|c| map.dot(&c).dot(&map.t()))
                .collect();
            let views: Vec<_> = covariances.iter().map(|c| c.view()).collect();
            let covariances = match covariance_type {
                CovarianceType::Full => Covariances::Full(stack(Axis(0), &views).unwrap()),
                _ => Covariances::Tied(covariances[0].clone()),
            };
            let means = g.means().dot(&map.t()) + &shift;
            Gmm::new(g.weights().to_owned(), means, covariances).unwrap()
        };
        let start = fitted_start(&x, covariance_type);
        let end = steps(&start, 30).fit_report(&x).unwrap();
        let other = steps(&changed(&start), 30).fit_report(&y).unwrap();
        close_models(&other.model, &changed(&end.model), 1e-8);
        // The density shrinks by |det A| = 6.5.
        let difference = end.mean_log_likelihood() - other.mean_log_likelihood();
        assert!((difference - 6.5f64.ln()).abs() < 1e-9, "{difference}");
    }
}

#[test]
fn units_do_not_matter_to_a_default_fit() {
    let x = faithful();
    let units = array![1e-6, 1e9];
    let plain = Gmm::params(3).fit_report(&x).unwrap();
    let other = Gmm::params(3).fit_report(&(&x * &units)).unwrap();
    close(other.model.means(), &(plain.model.means() * &units), 1e-6);
    let difference = plain.mean_log_likelihood() - other.mean_log_likelihood();
    assert!((difference - 1e3f64.ln()).abs() < 1e-6, "{difference}");
}

#[test]
fn in_one_dimension_all_shapes_agree() {
    let x = rows(600, 4).select(Axis(1), &[0]);
    let start = |covariance_type: CovarianceType| {
        let weights = array![0.5, 0.5];
        let means = array![[-1.0], [3.0]];
        let covariances = match covariance_type {
            CovarianceType::Full => Covariances::Full(Array3::ones((2, 1, 1))),
            CovarianceType::Tied => Covariances::Tied(array![[1.0]]),
            CovarianceType::Diagonal => Covariances::Diagonal(array![[1.0], [1.0]]),
            CovarianceType::Spherical => Covariances::Spherical(array![1.0, 1.0]),
            CovarianceType::TiedDiagonal => Covariances::TiedDiagonal(array![1.0]),
            _ => Covariances::TiedSpherical(1.0),
        };
        Gmm::new(weights, means, covariances).unwrap()
    };
    let end = |t| steps(&start(t), 40).fit_report(&x).unwrap().model;
    let free = end(CovarianceType::Full);
    let tied = end(CovarianceType::Tied);
    for (covariance_type, expected) in [
        (CovarianceType::Diagonal, &free),
        (CovarianceType::Spherical, &free),
        (CovarianceType::TiedDiagonal, &tied),
        (CovarianceType::TiedSpherical, &tied),
    ] {
        close_models(&end(covariance_type), expected, 1e-12);
    }
}

#[test]
fn whole_weights_are_repeated_rows() {
    let x = rows(400, 5);
    let weights: Vec<f64> = (0..400).map(|i| f64::from(i % 4)).collect();
    let repeated: Vec<usize> = (0..400).flat_map(|i| vec![i; i % 4]).collect();
    let repeated = x.select(Axis(0), &repeated);
    for covariance_type in CovarianceType::BASIC {
        let start = fitted_start(&x, covariance_type);
        let a = steps(&start, 25).fit_weighted(&x, &weights).unwrap();
        let b = steps(&start, 25).fit_report(&repeated).unwrap();
        close_models(&a.model, &b.model, 1e-12);
        assert_eq!(a.total_weight, b.total_weight);
        assert!((a.mean_log_likelihood() - b.mean_log_likelihood()).abs() < 1e-12);
        assert!((a.bic() - b.bic()).abs() < 1e-8);
    }
    // The starts know of weights too.
    for init in [
        InitMethod::Pool,
        InitMethod::KMeans,
        InitMethod::KMeansPlusPlus,
    ] {
        let params = Gmm::params(3).init_method(init);
        let a = params.fit_weighted(&x, &weights).unwrap();
        let b = params.fit_report(&repeated).unwrap();
        close_models(&a.model, &b.model, 1e-4);
    }
}

#[test]
fn responsibilities_given_or_found_are_one_step_apart() {
    let x = rows(300, 6);
    let start = fitted_start(&x, CovarianceType::Full);
    let r = start.responsibilities(&x).unwrap();
    for row in r.rows() {
        assert!((row.sum() - 1.0).abs() < 1e-14);
    }
    let labels = start.labels(&x).unwrap();
    for (row, &label) in r.rows().into_iter().zip(&labels) {
        assert!(row.iter().all(|p| *p <= row[label]));
    }
    let two = steps(&start, 2).fit_report(&x).unwrap().model;
    let from_r = Gmm::params(3)
        .init_method(InitMethod::Responsibilities(r))
        .ridge(Ridge::Relative(0.0))
        .tolerance(0.0)
        .max_n_iterations(1)
        .fit_report(&x)
        .unwrap()
        .model;
    close_models(&from_r, &two, 1e-12);
}

#[test]
fn integers_and_views_are_their_f64_values() {
    let x = Array2::from_shape_fn((1700, 3), |(i, j)| ((i * (j + 5)) % 251) as u8);
    let params = Gmm::params(3).max_n_iterations(5);
    let of_bytes = params.fit_report(&x).unwrap().model;
    let of_floats = params.fit_report(&x.mapv(f64::from)).unwrap().model;
    assert_eq!(of_bytes, of_floats);
    // A column-major array is read column by column, a strided view element by element.
    let turned = x.t().as_standard_layout().to_owned();
    assert_eq!(params.fit_report(&turned.t()).unwrap().model, of_floats);
    let doubled = Array2::from_shape_fn((3400, 3), |(i, j)| x[(i / 2, j)]);
    let every_second = doubled.slice(ndarray::s![..;2, ..]);
    assert_eq!(params.fit_report(&every_second).unwrap().model, of_floats);
}

#[test]
fn f32_records_are_their_f64_values() {
    let x = rows(3000, 7).mapv(|v| v as f32);
    let y = x.mapv(f64::from);
    let (a, b) = (
        Gmm::params(3).fit_report(&x).unwrap(),
        Gmm::params(3).fit_report(&y).unwrap(),
    );
    assert_eq!(a, b);
    assert_eq!(a.model.log_prob(&x).unwrap(), a.model.log_prob(&y).unwrap());
}

#[test]
fn a_model_written_and_read_back_answers_with_the_same_bits() {
    let x = rows(500, 8);
    for covariance_type in CovarianceType::BASIC {
        let gmm = Gmm::params(3)
            .covariance_type(covariance_type)
            .fit_report(&x)
            .unwrap()
            .model;
        let text = gmm.to_json().unwrap();
        let back = Gmm::from_json(&text).unwrap();
        assert_eq!(back, gmm);
        assert_eq!(back.to_json().unwrap(), text);
        let bits = |g: &Gmm| -> Vec<u64> {
            g.log_prob(&x)
                .unwrap()
                .iter()
                .map(|l| l.to_bits())
                .collect()
        };
        assert_eq!(bits(&back), bits(&gmm));
        let rebuilt = Gmm::new(
            gmm.weights().to_owned(),
            gmm.means().clone(),
            gmm.typed_covariances(),
        )
        .unwrap();
        assert_eq!(rebuilt, gmm);
    }
}

#[test]
fn draws_have_the_moments_of_the_mixture() {
    let gmm = three_groups();
    let n = 200_000;
    let (x, labels) = gmm.sample(n, &mut rng(9));
    for (c, weight) in gmm.weights().iter().enumerate() {
        let own: Vec<usize> = (0..n).filter(|&i| labels[i] == c).collect();
        // Within five standard errors.
        let error = (weight * (1.0 - weight) / n as f64).sqrt();
        assert!((own.len() as f64 / n as f64 - weight).abs() < 5.0 * error);
        let x = x.select(Axis(0), &own);
        let mean = x.mean_axis(Axis(0)).unwrap();
        let centred = &x - &mean;
        let covariance = centred.t().dot(&centred) / own.len() as f64;
        for i in 0..2 {
            let variance = gmm.covariances()[(c, i, i)];
            let error = (variance / own.len() as f64).sqrt();
            assert!((mean[i] - gmm.means()[(c, i)]).abs() < 5.0 * error);
            for j in 0..2 {
                let size = (variance * gmm.covariances()[(c, j, j)]).sqrt();
                let difference = (covariance[(i, j)] - gmm.covariances()[(c, i, j)]).abs();
                assert!(difference < 5.0 * size * (2.0 / own.len() as f64).sqrt());
            }
        }
    }
    assert_eq!(gmm.sample(50, &mut rng(1)), gmm.sample(50, &mut rng(1)));
}

#[test]
fn precisions_are_inverses_and_parameters_are_counted() {
    let x = iris();
    for (covariance_type, of_covariances) in [
        (CovarianceType::Full, 30),
        (CovarianceType::Tied, 10),
        (CovarianceType::Diagonal, 12),
        (CovarianceType::TiedDiagonal, 4),
        (CovarianceType::Spherical, 3),
        (CovarianceType::TiedSpherical, 1),
    ] {
        let gmm = Gmm::params(3)
            .covariance_type(covariance_type)
            .fit_report(&x)
            .unwrap()
            .model;
        assert_eq!(gmm.n_parameters(), 2 + 12 + of_covariances);
        for (c, p) in gmm
            .covariances()
            .outer_iter()
            .zip(gmm.precisions().outer_iter())
        {
            close(&c.dot(&p), &Array2::eye(4), 1e-9);
        }
    }
}

#[test]
fn a_fit_of_two_halves_of_the_data_twice_is_the_fit_of_the_data_twice() {
    let (a, b) = (rows(300, 10), rows(300, 11));
    let start = fitted_start(&a, CovarianceType::Full);
    let ab = concatenate(Axis(0), &[a.view(), b.view()]).unwrap();
    let abab = concatenate(Axis(0), &[ab.view(), ab.view()]).unwrap();
    let once = steps(&start, 10).fit_report(&ab).unwrap().model;
    let twice = steps(&start, 10).fit_report(&abab).unwrap().model;
    close_models(&once, &twice, 1e-11);
    let doubled = steps(&start, 10)
        .fit_weighted(&ab, &Array1::from_elem(600, 2.0).to_vec())
        .unwrap();
    close_models(&once, &doubled.model, 1e-11);
}
