//! Hidden Markov models: hmmlearn's numbers, and what must hold of any.
#![allow(clippy::unwrap_used)]

use gmm_core::hmm::{Chain, GaussianHmm, Sequences};
use gmm_core::rand::{Rng, SeedableRng};
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_core::{CovarianceType, Covariances, Gmm, GmmError, InitMethod, Ridge, Sample};
use gmm_tests::{golden, hidden_regimes, numbers, read};
use ndarray::{Array1, Array2, Array3, array, s};
use serde_json::Value;

fn matrix(value: &Value) -> Array2<f64> {
    let rows = value.as_array().unwrap();
    let flat: Vec<f64> = rows.iter().flat_map(numbers).collect();
    Array2::from_shape_vec((rows.len(), flat.len() / rows.len()), flat).unwrap()
}

fn lengths(case: &Value) -> Vec<usize> {
    let lengths = case["lengths"].as_array().unwrap().iter();
    lengths.map(|l| l.as_u64().unwrap() as usize).collect()
}

fn type_of(case: &Value) -> CovarianceType {
    match case["covariance_type"].as_str().unwrap() {
        "full" => CovarianceType::Full,
        "diag" => CovarianceType::Diagonal,
        "spherical" => CovarianceType::Spherical,
        _ => CovarianceType::Tied,
    }
}

/// The covariances of one regime, of `m` Gaussians.
fn covariances(of: CovarianceType, value: &Value, m: usize) -> Covariances {
    let numbers = numbers(value);
    match of {
        CovarianceType::Full => {
            let d = ((numbers.len() / m) as f64).sqrt() as usize;
            Covariances::Full(Array3::from_shape_vec((m, d, d), numbers).unwrap())
        }
        CovarianceType::Tied => {
            let d = (numbers.len() as f64).sqrt() as usize;
            Covariances::Tied(Array2::from_shape_vec((d, d), numbers).unwrap())
        }
        CovarianceType::Diagonal => {
            Covariances::Diagonal(Array2::from_shape_vec((m, numbers.len() / m), numbers).unwrap())
        }
        _ => Covariances::Spherical(Array1::from(numbers)),
    }
}

/// The model of a case, or of the step from it.
fn model(of: &Value, covariance_type: CovarianceType) -> GaussianHmm {
    let chain = Chain::new(
        Array1::from(numbers(&of["startprob"])),
        matrix(&of["transmat"]).view(),
    )
    .unwrap();
    let regime = |k: usize| {
        let weights = match &of["weights"] {
            Value::Null => vec![1.0],
            weights => numbers(&weights[k]),
        };
        let m = weights.len();
        let means = numbers(&of["means"][k]);
        let means = Array2::from_shape_vec((m, means.len() / m), means).unwrap();
        let of_regime = match covariance_type {
            CovarianceType::Tied => &of["covars"],
            _ => &of["covars"][k],
        };
        Gmm::new(
            Array1::from(weights),
            means,
            covariances(covariance_type, of_regime, m),
        )
        .unwrap()
    };
    let k = chain.n_regimes();
    GaussianHmm::new(chain, (0..k).map(regime).collect()).unwrap()
}

/// That numbers agree, relatively where they are large.
fn assert_near(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (f, e) in found.iter().zip(expected) {
        assert!(
            (f - e).abs() <= tolerance * e.abs().max(1.0),
            "{what}: {f} is not {e}"
        );
    }
}

#[test]
fn likelihoods_posteriors_paths_and_steps_are_hmmlearns() {
    let file = golden("hmmlearn.json");
    let every = file["every"].as_u64().unwrap() as usize;
    let cases = file["cases"].as_array().unwrap();
    assert!(cases.len() >= 40);
    for (place, case) in cases.iter().enumerate() {
        let what = format!(
            "case {place}, {} {}",
            case["model"], case["covariance_type"]
        );
        let x = matrix(&file["data"][case["data"].as_str().unwrap()]);
        let data = Sequences::of_lengths(Sample::new(&x), &lengths(case)).unwrap();
        let covariance_type = type_of(case);
        let hmm = model(case, covariance_type);

        let log_likelihood: f64 = hmm.log_likelihoods(&data).unwrap().iter().sum();
        assert_near(
            &[log_likelihood],
            &[case["score"].as_f64().unwrap()],
            1e-11,
            &what,
        );
        let smoothed = hmm.smoothed(&data).unwrap().probabilities;
        let found: Vec<f64> = smoothed
            .outer_iter()
            .step_by(every)
            .flat_map(|r| r.to_vec())
            .collect();
        assert_near(&found, &numbers(&case["predict_proba"]), 1e-9, &what);
        let path = hmm.most_probable(&data).unwrap();
        let expected: Vec<usize> = numbers(&case["decode"]["path"])
            .iter()
            .map(|s| *s as usize)
            .collect();
        assert_eq!(path.regimes, expected, "{what}");
        let log_probability: f64 = path.log_probabilities.iter().sum();
        assert_near(
            &[log_probability],
            &[case["decode"]["log_prob"].as_f64().unwrap()],
            1e-11,
            &what,
        );

        let mixtures = hmm.state(0).unwrap().n_components();
        let stepped = GaussianHmm::params(hmm.n_regimes())
            .n_components(mixtures)
            .covariance_type(covariance_type)
            .ridge(Ridge::Absolute(0.0))
            .max_n_iterations(1)
            .start(hmm)
            .fit(&data)
            .unwrap();
        let expected = model(&case["step"], covariance_type);
        let found = stepped.model;
        assert_near(
            found.chain().initial(),
            expected.chain().initial(),
            1e-8,
            &what,
        );
        assert_near(
            found.chain().transitions().as_slice().unwrap(),
            expected.chain().transitions().as_slice().unwrap(),
            1e-8,
            &what,
        );
        for (found, expected) in found.states().iter().zip(expected.states()) {
            assert_near(
                &found.weights().to_vec(),
                &expected.weights().to_vec(),
                1e-8,
                &what,
            );
            assert_near(
                found.means().as_slice().unwrap(),
                expected.means().as_slice().unwrap(),
                1e-8,
                &what,
            );
            assert_near(
                found.covariances().as_slice().unwrap(),
                expected.covariances().as_slice().unwrap(),
                1e-8,
                &what,
            );
        }
        let after = case["score_after_step"].as_f64().unwrap();
        assert_near(&[stepped.log_likelihood], &[after], 1e-9, &what);
    }
}

fn drawn(n: usize, seed: u64) -> (Array2<f64>, Vec<usize>) {
    hidden_regimes().sample(n, &mut Xoshiro256Plus::seed_from_u64(seed))
}

#[test]
fn with_equal_rows_it_is_the_mixture() {
    let (x, _) = drawn(400, 1);
    let weights = array![0.2, 0.5, 0.3];
    let rows = Array2::from_shape_fn((3, 3), |(_, j)| weights[j]);
    let means = array![[0.0, 0.0], [4.0, 1.0], [2.0, 0.0]];
    let of = Covariances::Spherical(array![0.5, 0.7, 0.3]);
    let gmm = Gmm::new(weights.clone(), means.clone(), of).unwrap();
    let alone = |k: usize| {
        let mean = means.slice(s![k..k + 1, ..]).to_owned();
        Gmm::new(
            array![1.0],
            mean,
            Covariances::Spherical(array![[0.5, 0.7, 0.3][k]]),
        )
        .unwrap()
    };
    let chain = Chain::new(weights, rows.view()).unwrap();
    let hmm = GaussianHmm::new(chain, (0..3).map(alone).collect()).unwrap();
    let data = Sequences::one(Sample::new(&x));
    let of_mixture = gmm.mean_log_likelihood(&x).unwrap() * 400.0;
    assert_near(
        &hmm.log_likelihoods(&data).unwrap(),
        &[of_mixture],
        1e-13,
        "likelihood",
    );
    let expected = gmm.responsibilities(&x).unwrap();
    for found in [hmm.smoothed(&data).unwrap(), hmm.filtered(&data).unwrap()] {
        assert_near(
            found.probabilities.as_slice().unwrap(),
            expected.as_slice().unwrap(),
            1e-13,
            "posteriors",
        );
    }
    // And its steps are the mixture's.
    let step = GaussianHmm::params(3)
        .covariance_type(CovarianceType::Spherical)
        .ridge(Ridge::Absolute(0.0));
    let step = step
        .max_n_iterations(1)
        .start(hmm)
        .fit(&data)
        .unwrap()
        .model;
    let of_mixture = Gmm::params(3)
        .covariance_type(CovarianceType::Spherical)
        .reg_covariance(0.0)
        .max_n_iterations(1)
        .init_method(InitMethod::Parameters(gmm))
        .fit_report(&x)
        .unwrap()
        .model;
    for k in 0..3 {
        let found = step.state(k).unwrap();
        assert_near(
            &found.means().row(0).to_vec(),
            &of_mixture.means().row(k).to_vec(),
            1e-12,
            "means",
        );
    }
}

#[test]
fn the_objective_never_falls_and_is_that_of_the_model() {
    let (x, _) = drawn(600, 2);
    let lengths = [250, 1, 349];
    let data = || Sequences::of_lengths(Sample::new(&x), &lengths).unwrap();
    for (seed, covariance_type) in [
        CovarianceType::Full,
        CovarianceType::Tied,
        CovarianceType::FAMILIES[9],
    ]
    .into_iter()
    .enumerate()
    {
        for (m, stationary, prior, stickiness) in [
            (1, false, false, 0.0),
            (2, true, false, 0.0),
            (2, false, true, 20.0),
        ] {
            let mut params = GaussianHmm::params(3)
                .n_components(m)
                .covariance_type(covariance_type)
                .stationary(stationary)
                .stickiness(stickiness)
                .ridge(Ridge::Absolute(1e-12))
                .n_starts(4)
                .seed(seed as u64)
                .tolerance(0.0)
                .max_n_iterations(60);
            if prior {
                params = params.prior(gmm_core::Prior::default());
            }
            let fitted = params.fit(&data()).unwrap();
            for pair in fitted.objective.windows(2) {
                assert!(
                    pair[1] >= pair[0] - 1e-9,
                    "{covariance_type} {m} {stationary} {prior}: {pair:?}"
                );
            }
            let again: f64 = fitted.model.log_likelihoods(&data()).unwrap().iter().sum();
            assert_near(&[fitted.log_likelihood], &[again], 1e-12, "likelihood");
        }
    }
}

#[test]
fn regimes_are_found_again() {
    let (x, regimes) = drawn(4000, 3);
    let data = Sequences::one(Sample::new(&x));
    let fitted = GaussianHmm::params(3)
        .n_components(2)
        .covariance_type(CovarianceType::Diagonal)
        .fit(&data)
        .unwrap();
    let truth: f64 = hidden_regimes()
        .log_likelihoods(&data)
        .unwrap()
        .iter()
        .sum();
    assert!(
        fitted.log_likelihood > truth,
        "{} {truth}",
        fitted.log_likelihood
    );
    let share_right = |hmm: &GaussianHmm| {
        let found = hmm.most_probable(&data).unwrap().regimes;
        let mut best = 0;
        for order in [
            [0, 1, 2],
            [0, 2, 1],
            [1, 0, 2],
            [1, 2, 0],
            [2, 0, 1],
            [2, 1, 0],
        ] {
            best = best.max(
                found
                    .iter()
                    .zip(&regimes)
                    .filter(|(f, r)| order[**f] == **r)
                    .count(),
            );
        }
        best as f64 / 4000.0
    };
    let (found, of_truth) = (share_right(&fitted.model), share_right(&hidden_regimes()));
    assert!(found > of_truth - 0.01, "{found} {of_truth}");
}

#[test]
fn the_filter_is_the_forward_pass_and_knows_what_was_not_seen() {
    let hmm = hidden_regimes();
    let (mut x, _) = drawn(200, 4);
    let mut rng = Xoshiro256Plus::seed_from_u64(5);
    for value in &mut x {
        if rng.gen_bool(0.2) {
            *value = f64::NAN;
        }
    }
    let data = Sequences::one(Sample::new(&x).with_missing());
    let expected = hmm.filtered(&data).unwrap();
    let (before, _) = hmm.log_predictive(&data).unwrap();
    let mut filter = hmm.filter();
    let mut ahead = filter.ahead(1).unwrap();
    for (t, row) in x.outer_iter().enumerate() {
        let log_density = filter.observe(row.as_slice().unwrap()).unwrap();
        assert_near(&[log_density], &[before[t]], 1e-10, "predictive");
        if row.iter().all(|v| v.is_finite()) {
            let of_mixture = ahead.log_prob(&row.insert_axis(ndarray::Axis(0))).unwrap()[0];
            assert_near(&[of_mixture], &[log_density], 1e-10, "ahead");
        }
        assert_near(
            filter.probabilities(),
            &expected.probabilities.row(t).to_vec(),
            1e-10,
            "filtered",
        );
        ahead = filter.ahead(1).unwrap();
    }
    assert_near(
        &[filter.log_likelihood()],
        &expected.log_likelihoods,
        1e-11,
        "likelihood",
    );
    // Far ahead is the long run.
    assert_near(
        &filter.probabilities_ahead(100_000),
        &hmm.chain().stationary(),
        1e-9,
        "far ahead",
    );
}

#[test]
fn what_others_say_of_a_row_leaves_it_out() {
    let hmm = hidden_regimes();
    let (x, _) = drawn(30, 6);
    let (_, others) = hmm
        .log_predictive(&Sequences::one(Sample::new(&x)))
        .unwrap();
    let all: f64 = hmm
        .log_likelihoods(&Sequences::one(Sample::new(&x)))
        .unwrap()
        .iter()
        .sum();
    for t in 0..30 {
        let mut without = x.clone();
        without.row_mut(t).fill(f64::NAN);
        let data = Sequences::one(Sample::new(&without).with_missing());
        let rest: f64 = hmm.log_likelihoods(&data).unwrap().iter().sum();
        assert_near(&[others[t]], &[all - rest], 1e-10, "left out");
    }
}

#[test]
fn weights_labels_and_missing_values_mean_what_they_say() {
    let hmm = hidden_regimes();
    let (x, _) = drawn(50, 7);
    let one = |sample: Sample<'_>| hmm.log_likelihoods(&Sequences::one(sample)).unwrap()[0];
    // A weight of 0 is a row that was not seen.
    let mut weights = vec![1.0; 50];
    weights[13] = 0.0;
    let mut gone = x.clone();
    gone.row_mut(13).fill(f64::NAN);
    let (weighted, missing) = (
        one(Sample::weighted(&x, &weights).unwrap()),
        one(Sample::new(&gone).with_missing()),
    );
    assert_near(&[weighted], &[missing], 1e-12, "weight 0");
    // The likelihoods of all labels of a row add up to that of none.
    let labelled = |k: usize| {
        let mut labels = vec![None; 50];
        labels[20] = Some(k);
        one(Sample::new(&x).with_labels(&labels).unwrap()).exp()
    };
    let sum: f64 = (0..3).map(labelled).sum();
    assert_near(&[sum.ln()], &[one(Sample::new(&x))], 1e-12, "labels");
    let wrong = [Some(3)];
    let alone = x.slice(s![..1, ..]).to_owned();
    let sample = Sample::new(&alone).with_labels(&wrong).unwrap();
    assert!(matches!(
        hmm.smoothed(&Sequences::one(sample)),
        Err(GmmError::InvalidLabel {
            row: 0,
            label: 3,
            ..
        })
    ));
}

#[test]
fn a_model_reads_back_to_the_bit_and_damage_is_told() {
    let hmm = hidden_regimes();
    let text = hmm.to_json().unwrap();
    assert_eq!(GaussianHmm::from_json(&text).unwrap(), hmm);
    assert!(GaussianHmm::from_json(&text[..text.len() / 2]).is_err());
    assert!(
        GaussianHmm::from_json(&text.replace("0.95", "0.75"))
            .unwrap_err()
            .to_string()
            .contains("regime 0")
    );
    assert!(GaussianHmm::from_json(&read("tests/golden/hmmlearn.json")).is_err());
}
