//! Whole fits to rows seen in part, with noise or with labels.
#![allow(clippy::unwrap_used)]

use gmm_core::rand::Rng;
use gmm_core::{
    CovarianceType, Covariances, Gmm, GmmError, InitMethod, Noise, Prior, Ridge, Sample,
};
use gmm_tests::{
    adjusted_rand_index, all_types, fit, iris, noise_of, on_any_number_of_threads, read, rng,
    rough, row_weights, table, with_holes,
};
use ndarray::{Array2, Axis, array};

#[test]
fn whatever_is_known_of_the_rows_the_objective_never_falls() {
    let x = iris().slice(ndarray::s![..;2, ..]).to_owned();
    let deviations = [0.8, 0.4, 1.7, 0.7];
    let types = all_types();
    let mut n_tried = 0;
    for seed in 0..128 {
        let mut choice = rng(seed);
        let covariance_type = types[seed as usize % types.len()];
        let holed = with_holes(&x, choice.gen_range(0.05..0.4), seed);
        let weights = row_weights(75, seed);
        let labels: Vec<Option<usize>> = (0..75)
            .map(|i| (choice.gen_range(0..10) == 0).then_some(i / 25))
            .collect();
        let noise = noise_of(75, &deviations, choice.r#gen(), seed);
        let mut sample = Sample::new(&x);
        let mut params = Gmm::params(3)
            .covariance_type(covariance_type)
            .accelerate(choice.r#gen())
            .tolerance(0.0)
            .max_n_iterations(20);
        let has_prior: bool = choice.r#gen();
        if has_prior {
            params = params.prior(Prior::default().concentration(choice.gen_range(1.0..3.0)));
        }
        let has_ridge = choice.gen_range(0..4) == 0;
        params = if has_ridge {
            params
        } else {
            params.ridge(Ridge::Absolute(0.0))
        };
        if choice.r#gen() {
            sample = Sample::weighted(&holed, &weights).unwrap().with_missing();
        } else if choice.r#gen() {
            sample = Sample::new(&holed).with_missing();
        }
        if choice.r#gen() {
            sample = sample.with_noise(Noise::Covariances(&noise)).unwrap();
        }
        if choice.r#gen() {
            sample = sample.with_labels(&labels).unwrap();
        }
        params = params.background(choice.gen_range(0..4) == 0);
        params = if choice.r#gen() {
            params.init_method(InitMethod::KMeans)
        } else {
            params.init_method(InitMethod::Random).with_rng(rng(seed))
        };
        // Without a ridge a random start may have no covariance.
        let Ok(fitted) = params.fit_sample(&sample, &|_| {}) else {
            continue;
        };
        let slack = if has_ridge { 1e-6 } else { 1e-10 };
        for pair in fitted.objective.windows(2) {
            let what = format!("seed {seed}, {covariance_type}, {params:?}");
            assert!(
                pair[1] >= pair[0] - slack * pair[0].abs().max(1.0),
                "{what}: {pair:?}"
            );
        }
        n_tried += 1;
    }
    println!("{n_tried} fits");
    assert!(n_tried > 100, "{n_tried}");
}

#[test]
fn any_number_of_threads_gives_the_same_bits_of_rows_seen_in_part() {
    let truth = rough(&iris(), 3, CovarianceType::Full);
    let (x, labels) = truth.sample(1500, &mut rng(5));
    let holed = with_holes(&x, 0.2, 6);
    let noise = Array2::from_shape_fn(x.dim(), |(i, j)| ((i + j) % 7) as f64 * 0.02);
    let labels: Vec<Option<usize>> = labels
        .iter()
        .enumerate()
        .map(|(i, l)| (i % 50 == 0).then_some(*l))
        .collect();
    let missing = Sample::new(&holed).with_missing();
    let noisy = missing
        .clone()
        .with_noise(Noise::Variances(&noise))
        .unwrap();
    let labelled = missing.clone().with_labels(&labels).unwrap();
    let plain = Gmm::params(3).max_n_iterations(6);
    let cases = [
        (&missing, plain.clone()),
        (
            &missing,
            plain
                .clone()
                .trimming(0.05)
                .covariance_type(CovarianceType::Tied),
        ),
        (&noisy, plain.clone().init_method(InitMethod::KMeans)),
        (&labelled, plain.background(true).prior(Prior::default())),
    ];
    for (sample, params) in cases {
        let answer = || {
            let gmm = fit(&params, sample).model;
            let bits = |a: Vec<f64>| a.into_iter().map(f64::to_bits).collect::<Vec<u64>>();
            (
                gmm.to_json().unwrap(),
                bits(gmm.log_prob_of(sample).unwrap().to_vec()),
                bits(
                    gmm.responsibilities_of(sample)
                        .unwrap()
                        .into_iter()
                        .collect(),
                ),
                bits(gmm.imputed(sample).unwrap().into_iter().collect()),
            )
        };
        on_any_number_of_threads(answer);
    }
}

fn wine() -> Array2<f64> {
    table("assets/tabular/wine.csv", 13)
}

/// The species or cultivar of each row.
fn classes(path: &str) -> Vec<String> {
    let last = |line: &str| line.rsplit(',').next().unwrap().to_owned();
    read(path).lines().skip(1).map(last).collect()
}

/// The rows that k folds leave out in turn.
fn folds(n: usize, k: usize, seed: u64) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..n).collect();
    let mut rng = rng(seed);
    for i in (1..n).rev() {
        order.swap(i, rng.gen_range(0..=i));
    }
    (0..k)
        .map(|f| order.iter().copied().skip(f).step_by(k).collect())
        .collect()
}

fn with_column_means(x: &Array2<f64>) -> Array2<f64> {
    let mut filled = x.clone();
    for mut column in filled.columns_mut() {
        let seen: Vec<f64> = column.iter().copied().filter(|v| !v.is_nan()).collect();
        let mean = seen.iter().sum::<f64>() / seen.len() as f64;
        column.mapv_inplace(|v| if v.is_nan() { mean } else { v });
    }
    filled
}

#[test]
fn missing_values_predict_better_left_out_than_filled_with_means() {
    // Of 142 wines with thirteen columns hardly eight are then complete: too few for full covariances, which shrink onto
    // them, so these are asked of more rows from what the wines are like.
    let (full, tied) = (CovarianceType::Full, CovarianceType::Tied);
    let factors = CovarianceType::FactorAnalyzers { n_factors: 2 };
    let like_wine = rough(&wine(), 3, full).sample(900, &mut rng(3)).0;
    for (name, x, covariance_type) in [
        ("iris", iris(), full),
        ("iris", iris(), tied),
        ("wine", wine(), CovarianceType::Diagonal),
        ("wine", wine(), CovarianceType::Vei),
        ("wine", wine(), factors),
        ("like wine", like_wine, full),
    ] {
        let params = Gmm::params(3)
            .covariance_type(covariance_type)
            .init_method(InitMethod::KMeans);
        let mut heights = [0.0; 3];
        for (f, left) in folds(x.nrows(), 5, 1).iter().enumerate() {
            let kept: Vec<usize> = (0..x.nrows()).filter(|i| !left.contains(i)).collect();
            let (train, test) = (x.select(Axis(0), &kept), x.select(Axis(0), left));
            let holed = with_holes(&train, 0.2, f as u64);
            let filled = with_column_means(&holed);
            let models = [
                fit(&params, &Sample::new(&holed).with_missing()).model,
                params.fit_report(&filled).unwrap().model,
                params.fit_report(&train).unwrap().model,
            ];
            for (height, model) in heights.iter_mut().zip(&models) {
                *height += model.mean_log_likelihood(&test).unwrap() / 5.0;
            }
        }
        println!("{name} {covariance_type}: missing, filled, complete {heights:.3?}");
        assert!(
            heights[0] > heights[1],
            "{name} {covariance_type}: {heights:?}"
        );
    }
}

/// Two overlapping Gaussians, and rows of them with independent errors of their own as large as the components.
fn measured(n: usize, seed: u64) -> (Array2<f64>, Array2<f64>) {
    let mut rng = rng(seed);
    let (mut x, _) = widths_and_places().sample(n, &mut rng);
    let variances = Array2::from_shape_fn((n, 2), |_| 0.2 * 10f64.powf(rng.gen_range(0.0..1.0)));
    let normal = Gmm::new(
        array![1.0],
        array![[0.0, 0.0]],
        Covariances::TiedSpherical(1.0),
    );
    let errors = normal.unwrap().sample(n, &mut rng).0;
    x += &(errors * variances.mapv(f64::sqrt));
    (x, variances)
}

fn widths_and_places() -> Gmm {
    Gmm::new(
        array![0.35, 0.65],
        array![[-2.0, 0.0], [2.0, 1.0]],
        Covariances::Full(array![[[1.0, 0.5], [0.5, 0.8]], [[0.6, -0.2], [-0.2, 1.5]]]),
    )
    .unwrap()
}

/// Shares, means and covariances, the component farther left first.
fn parameters(gmm: &Gmm) -> Vec<f64> {
    let is_sorted = gmm.means()[(0, 0)] < gmm.means()[(1, 0)];
    let gmm = gmm
        .reordered(if is_sorted { &[0, 1] } else { &[1, 0] })
        .unwrap();
    let covariances = gmm.covariances();
    let upper = |c: usize| [(0, 0), (0, 1), (1, 1)].map(|(i, j)| covariances[(c, i, j)]);
    let mut all = vec![gmm.weights()[0]];
    all.extend(gmm.means());
    all.extend(upper(0).into_iter().chain(upper(1)));
    all
}

#[test]
fn what_was_measured_with_noise_is_found_without_it() {
    // The standard errors are the spread of the estimates over data sets.
    const N_SETS: usize = 24;
    let truth = parameters(&widths_and_places());
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for seed in 0..N_SETS as u64 {
        let (x, variances) = measured(2000, seed);
        let params = Gmm::params(2).init_method(InitMethod::KMeans);
        let noisy = Sample::new(&x)
            .with_noise(Noise::Variances(&variances))
            .unwrap();
        with.push(parameters(&fit(&params, &noisy).model));
        without.push(parameters(&params.fit_report(&x).unwrap().model));
    }
    let (mut n_within, mut most_plain) = (0, 0.0f64);
    for (p, expected) in truth.iter().enumerate() {
        let mean = |all: &[Vec<f64>]| all.iter().map(|e| e[p]).sum::<f64>() / N_SETS as f64;
        let (found, plain) = (mean(&with), mean(&without));
        let squares: f64 = with.iter().map(|e| (e[p] - found).powi(2)).sum();
        let error = (squares / (N_SETS - 1) as f64).sqrt();
        let of_mean = error / (N_SETS as f64).sqrt();
        println!("{p}: {expected} found {found:.4} ± {error:.4}, plain {plain:.4}");
        assert!(
            (found - expected).abs() < 3.0 * of_mean,
            "{p}: {found} {expected} ± {of_mean}"
        );
        n_within += with
            .iter()
            .filter(|e| (e[p] - expected).abs() < 2.0 * error)
            .count();
        // The variances are too large by those of the noise otherwise.
        if [5, 7, 8, 10].contains(&p) {
            assert!(
                plain - expected > 2.0 * error,
                "{p}: {plain} {expected} ± {error}"
            );
        }
        most_plain = most_plain.max((plain - expected).abs() / error);
    }
    println!(
        "{n_within} of {}, plain off by {most_plain:.1} errors",
        truth.len() * N_SETS
    );
    assert!(
        n_within as f64 >= 0.9 * (truth.len() * N_SETS) as f64,
        "{n_within}"
    );
}

#[test]
fn some_labels_help_and_component_k_is_label_k() {
    let species = classes("assets/tabular/iris.csv");
    let overlapping = Gmm::new(
        array![0.3, 0.4, 0.3],
        array![[0.0, 0.0], [1.5, 0.5], [0.5, 2.0]],
        Covariances::TiedSpherical(0.7),
    );
    let (drawn, truth) = overlapping.unwrap().sample(600, &mut rng(4));
    let of_species: Vec<usize> = species
        .iter()
        .map(|s| {
            ["setosa", "versicolor", "virginica"]
                .iter()
                .position(|t| s.contains(t))
                .unwrap()
        })
        .collect();
    for (name, x, truth) in [
        ("iris", iris(), of_species),
        ("drawn", drawn, truth.to_vec()),
    ] {
        let params = Gmm::params(3).covariance_type(CovarianceType::Tied);
        let without = params
            .fit_report(&x)
            .unwrap()
            .model
            .labels(&x)
            .unwrap()
            .to_vec();
        let holed = with_holes(&x, 0.1, 5);
        let mut aris = vec![adjusted_rand_index(&without, &truth)];
        for turn in 0..3 {
            let turned: Vec<usize> = truth.iter().map(|t| (t + turn) % 3).collect();
            let labels: Vec<Option<usize>> = turned
                .iter()
                .enumerate()
                .map(|(i, t)| (i % 5 == 0).then_some(*t))
                .collect();
            for sample in [Sample::new(&x), Sample::new(&holed).with_missing()] {
                let found = fit(&params, &sample.with_labels(&labels).unwrap()).model;
                let found = found.labels(&x).unwrap().to_vec();
                let right = found.iter().zip(&turned).filter(|(a, b)| a == b).count();
                assert!(
                    right as f64 > 0.7 * truth.len() as f64,
                    "{name}, turn {turn}: {right}"
                );
                aris.push(adjusted_rand_index(&found, &turned));
            }
        }
        println!("{name}: {aris:.3?}");
        assert!(aris[1] >= aris[0], "{name}: {aris:?}");
        for (a, b) in [(1, 3), (1, 5), (2, 4), (2, 6)] {
            assert!((aris[a] - aris[b]).abs() < 0.02, "{name}: {aris:?}");
        }
    }
}

#[test]
fn some_labels_find_classes_that_overlap() {
    let overlapping = Gmm::new(
        array![0.3, 0.4, 0.3],
        array![[0.0, 0.0], [1.5, 0.5], [0.5, 2.0]],
        Covariances::TiedSpherical(0.7),
    )
    .unwrap();
    let mut means = [0.0; 3];
    for seed in 0..10 {
        let (x, truth) = overlapping.sample(150, &mut rng(seed));
        let truth = truth.to_vec();
        let labels: Vec<Option<usize>> = truth
            .iter()
            .enumerate()
            .map(|(i, t)| (i % 3 == 0).then_some(*t))
            .collect();
        let sample = Sample::new(&x).with_labels(&labels).unwrap();
        let models = [
            Gmm::params(3).fit_report(&x).unwrap().model,
            fit(&Gmm::params(3), &sample).model,
            overlapping.clone(),
        ];
        // Of the rows that have none.
        let unlabelled: Vec<usize> = (0..150).filter(|i| i % 3 != 0).collect();
        let own: Vec<usize> = unlabelled.iter().map(|i| truth[*i]).collect();
        for (mean, model) in means.iter_mut().zip(&models) {
            let found = model.labels(&x.select(Axis(0), &unlabelled)).unwrap();
            *mean += adjusted_rand_index(&found.to_vec(), &own) / 10.0;
        }
    }
    println!("without, with, with the truth {means:.3?}");
    assert!(means[1] > means[0] + 0.05, "{means:?}");
}

#[test]
fn neither_the_order_of_rows_nor_rows_of_no_weight_count_under_a_prior() {
    let x = with_holes(&iris(), 0.5, 1);
    let params = Gmm::params(1).prior(Prior::default()).tolerance(1e-13);
    let covariance = |x: &Array2<f64>, weights: &[f64]| {
        let sample = Sample::weighted(x, weights).unwrap().with_missing();
        fit(&params, &sample).model.covariances()
    };
    let as_they_are = covariance(&x, &[1.0; 150]);
    let turned = x.slice(ndarray::s![..;-1, ..]).to_owned();
    let mut more = ndarray::concatenate![Axis(0), x, x.slice(ndarray::s![3..5, ..])];
    more[(150, 0)] = 1e6;
    let weights: Vec<f64> = (0..152).map(|i| f64::from(u8::from(i < 150))).collect();
    for other in [
        covariance(&turned, &[1.0; 150]),
        covariance(&more, &weights),
    ] {
        for (a, b) in as_they_are.iter().zip(&other) {
            assert!((a - b).abs() < 1e-9, "{a} {b}");
        }
    }
    // Nothing was seen of the one row that has weight.
    let unseen = array![[f64::NAN, f64::NAN], [1.0, 2.0]];
    let sample = Sample::weighted(&unseen, &[1.0, 0.0]).unwrap();
    let refused = Gmm::params(1).fit_sample(&sample.with_missing(), &|_| {});
    assert_eq!(refused.unwrap_err(), GmmError::MissingColumn { column: 0 });
}
