//! Markov-switching models: statsmodels' numbers, Hamilton's optima from every seed, and what must hold of any.
#![allow(clippy::unwrap_used)]

use gmm_core::hmm::{Chain, FittedHmm, Sequences};
use gmm_core::switching::{Switches, SwitchingMean, SwitchingRegression};
use gmm_core::{GmmError, Ridge, Sample};
use gmm_tests::{golden, numbers, read};
use ndarray::{Array1, Array2, array};
use serde_json::Value;

/// Windows of `lags` + 1 successive values.
fn windows(values: &[f64], lags: usize) -> Array2<f64> {
    Array2::from_shape_fn((values.len() - lags, lags + 1), |(t, j)| values[t + j])
}

/// The last column of a table.
fn series(path: &str) -> Vec<f64> {
    let text = read(path);
    let last = |line: &str| line.rsplit(',').next().unwrap().parse().unwrap();
    text.lines().skip(1).map(last).collect()
}

/// Growth of the gross national product of the United States.
fn output() -> Vec<f64> {
    series("assets/tabular/rgnp.csv")
}

/// The federal funds rate.
fn rates() -> Vec<f64> {
    series("assets/tabular/fedfunds.csv")
}

fn matrix(value: &Value) -> Array2<f64> {
    let rows = value.as_array().unwrap();
    let flat = numbers(value);
    Array2::from_shape_vec((rows.len(), flat.len() / rows.len()), flat).unwrap()
}

fn assert_near(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (f, e) in found.iter().zip(expected) {
        assert!(
            (f - e).abs() <= tolerance * e.abs().max(1.0),
            "{what}: {f} is not {e}"
        );
    }
}

/// The model of a case of `statsmodels.json`, where it is one of ours.
fn model(case: &Value) -> Option<SwitchingRegression> {
    let chain = Chain::running(matrix(&case["p"]).view()).unwrap();
    let (means, variances) = (numbers(&case["means"]), numbers(&case["variances"]));
    let coefficients: Vec<Vec<f64>> = case["coefficients"]
        .as_array()
        .unwrap()
        .iter()
        .map(numbers)
        .collect();
    if case["model"] == "mean-switching autoregression" {
        let common = coefficients.iter().all(|c| *c == coefficients[0]);
        let parameters = SwitchingMean::new(means, coefficients[0].clone(), variances);
        return common.then(|| SwitchingRegression::of_mean(chain, parameters).unwrap());
    }
    let p = coefficients[0].len();
    let intercepts: Vec<_> = means.iter().map(|m| array![*m]).collect();
    let slopes: Vec<_> = coefficients
        .iter()
        .map(|c| Array2::from_shape_vec((1, p), c.clone()).unwrap())
        .collect();
    let residuals: Vec<_> = variances.iter().map(|v| array![[*v]]).collect();
    Some(SwitchingRegression::new(chain, &intercepts, &slopes, &residuals).unwrap())
}

#[test]
fn likelihoods_filters_and_smoothers_are_statsmodels() {
    let file = golden("statsmodels.json");
    let every = file["every"].as_u64().unwrap() as usize;
    let mut n_compared = 0;
    for case in file["cases"].as_array().unwrap() {
        let what = format!(
            "{} of {}, {}",
            case["model"], case["data"], case["parameters"]
        );
        let Some(model) = model(case) else { continue };
        n_compared += 1;
        let values = numbers(&file["data"][case["data"].as_str().unwrap()]);
        let rows = windows(&values, case["order"].as_u64().unwrap() as usize);
        let data = Sequences::one(Sample::new(&rows));
        let expected = case["log_likelihood"].as_f64().unwrap();
        assert_near(
            &model.log_likelihoods(&data).unwrap(),
            &[expected],
            1e-10,
            &what,
        );
        let thinned = |p: &Array2<f64>| {
            p.outer_iter()
                .step_by(every)
                .flat_map(|r| r.to_vec())
                .collect::<Vec<_>>()
        };
        let filtered = model.filtered(&data).unwrap().probabilities;
        assert_near(
            &thinned(&filtered),
            &numbers(&case["filtered"]),
            1e-9,
            &what,
        );
        let smoothed = model.smoothed(&data).unwrap().probabilities;
        assert_near(
            &thinned(&smoothed),
            &numbers(&case["smoothed"]),
            1e-9,
            &what,
        );
        let (before, _) = model.log_predictive(&data).unwrap();
        let of_rows = numbers(&case["log_likelihood_of_rows"]);
        let found: Vec<f64> = before
            .iter()
            .step_by(before.len().div_ceil(of_rows.len()))
            .copied()
            .collect();
        assert_near(&found, &of_rows, 1e-9, &what);
    }
    assert!(n_compared >= 10);
}

fn in_order(fitted: &FittedHmm<SwitchingRegression>) -> SwitchingRegression {
    let mean = |k: usize| fitted.model.intercept(k).unwrap()[0];
    let mut order: Vec<usize> = (0..fitted.model.n_regimes()).collect();
    order.sort_by(|a, b| mean(*a).total_cmp(&mean(*b)));
    fitted.model.reordered(&order).unwrap()
}

#[test]
fn hamiltons_optimum_is_reached_from_every_seed() {
    let rows = windows(&output(), 4);
    let data = Sequences::one(Sample::new(&rows));
    for seed in 0..20 {
        let params = SwitchingRegression::params(2)
            .switches(Switches::Mean)
            .own_variances(false);
        let fitted = params
            .ridge(Ridge::Absolute(0.0))
            .seed(seed)
            .fit(&data)
            .unwrap();
        assert!(
            (fitted.log_likelihood + 181.263_394).abs() < 1e-5,
            "seed {seed}: {}",
            fitted.log_likelihood
        );
        let model = in_order(&fitted);
        let found = model.switching_mean().unwrap();
        assert_near(&found.means, &[-0.358811, 1.163516], 1e-3, "means");
        assert_near(
            &found.coefficients,
            &[0.013486, -0.057521, -0.246983, -0.212923],
            1e-3,
            "coefficients",
        );
        assert_near(&found.variances, &[0.591368; 2], 1e-3, "variance");
        assert_near(
            &[model.chain().row(0)[0], model.chain().row(1)[0]],
            &[0.754673, 0.095915],
            1e-3,
            "transitions",
        );
        assert_near(
            &model.chain().expected_durations(),
            &[4.08, 10.43],
            1e-2,
            "durations",
        );
    }
}

#[test]
fn the_optima_of_the_federal_funds_rate_are_reached_from_every_seed() {
    let rows = windows(&rates(), 0);
    let data = Sequences::one(Sample::new(&rows));
    for seed in 0..20 {
        let fit = |own: bool| {
            let params = SwitchingRegression::params(2)
                .own_variances(own)
                .ridge(Ridge::Absolute(0.0));
            params.seed(seed).fit(&data).unwrap()
        };
        let common = fit(false);
        assert!(
            (common.log_likelihood + 508.635_92).abs() < 1e-5,
            "seed {seed}: {}",
            common.log_likelihood
        );
        let model = in_order(&common);
        let means: Vec<f64> = (0..2).map(|k| model.intercept(k).unwrap()[0]).collect();
        assert_near(&means, &[3.70877, 9.556793], 1e-3, "means");
        assert_near(
            &[model.residual_covariance(0).unwrap()[(0, 0)].sqrt()],
            &[2.107562],
            1e-3,
            "deviation",
        );
        assert_near(
            &[model.chain().row(0)[0], model.chain().row(1)[0]],
            &[0.9820939, 0.0503587],
            1e-3,
            "transitions",
        );
        // statsmodels ends at −505.70.
        let own = fit(true);
        assert!(
            (own.log_likelihood + 496.145_549).abs() < 1e-5,
            "seed {seed}: {}",
            own.log_likelihood
        );
    }
    let lagged = windows(&rates(), 1);
    let data = Sequences::one(Sample::new(&lagged));
    let fitted = SwitchingRegression::params(2)
        .own_variances(false)
        .ridge(Ridge::Absolute(0.0))
        .fit(&data)
        .unwrap();
    assert!(
        fitted.log_likelihood > -264.710_689,
        "{}",
        fitted.log_likelihood
    );
}

#[test]
fn the_objective_never_falls() {
    let values = output();
    for (switches, own, prior, stickiness) in [
        (Switches::All, true, 0.0, 0.0),
        (Switches::All, false, 2.0, 5.0),
        (Switches::Intercept, true, 0.0, 0.0),
        (Switches::Intercept, false, 1.0, 0.0),
        (Switches::Mean, true, 0.0, 3.0),
        (Switches::Mean, false, 2.0, 0.0),
    ] {
        let rows = windows(&values, 2);
        let data = Sequences::of_lengths(Sample::new(&rows), &[60, 73]).unwrap();
        for stationary in [true, false] {
            let fitted = SwitchingRegression::params(2)
                .switches(switches)
                .own_variances(own)
                .prior_rows(prior)
                .stickiness(stickiness)
                .stationary(stationary)
                .ridge(Ridge::Absolute(0.0))
                .n_starts(6)
                .tolerance(0.0)
                .max_n_iterations(80)
                .fit(&data)
                .unwrap();
            for pair in fitted.objective.windows(2) {
                assert!(
                    pair[1] >= pair[0] - 1e-11,
                    "{switches:?} {own} {prior} {stationary}: {pair:?}"
                );
            }
            let again: f64 = fitted.model.log_likelihoods(&data).unwrap().iter().sum();
            assert_near(&[fitted.log_likelihood], &[again], 1e-11, "likelihood");
        }
    }
}

#[test]
fn one_regime_is_least_squares() {
    let rows = windows(&rates(), 1);
    let data = Sequences::one(Sample::new(&rows));
    let fitted = SwitchingRegression::params(1)
        .ridge(Ridge::Absolute(0.0))
        .fit(&data)
        .unwrap();
    let (u, v) = (rows.column(0), rows.column(1));
    let n = u.len() as f64;
    let (mu, mv) = (u.sum() / n, v.sum() / n);
    let slope = u
        .iter()
        .zip(&v)
        .map(|(a, b)| (a - mu) * (b - mv))
        .sum::<f64>()
        / u.iter().map(|a| (a - mu).powi(2)).sum::<f64>();
    assert_near(
        &[fitted.model.coefficients(0).unwrap()[(0, 0)]],
        &[slope],
        1e-12,
        "slope",
    );
    assert_near(
        &[fitted.model.intercept(0).unwrap()[0]],
        &[mv - slope * mu],
        1e-12,
        "intercept",
    );
}

#[test]
fn the_filter_follows_and_simulated_futures_agree_with_it() {
    use gmm_core::rand::SeedableRng;
    let rows = windows(&output(), 4);
    let data = Sequences::one(Sample::new(&rows));
    let fitted = SwitchingRegression::params(2)
        .switches(Switches::Mean)
        .fit(&data)
        .unwrap();
    let (before, _) = fitted.model.log_predictive(&data).unwrap();
    let filtered = fitted.model.filtered(&data).unwrap().probabilities;
    let mut filter = fitted.model.filter();
    for (t, row) in rows.outer_iter().enumerate() {
        let row = row.as_slice().unwrap();
        let next = filter.next(&row[..4]).unwrap();
        let log_density = filter.observe(row).unwrap();
        assert_near(&[log_density], &[before[t]], 1e-10, "predictive");
        assert_near(
            &[next.log_prob(&array![[row[4]]]).unwrap()[0]],
            &[log_density],
            1e-9,
            "next",
        );
        assert_near(
            &filter.probabilities(),
            &filtered.row(t).to_vec(),
            1e-10,
            "filtered",
        );
    }
    let given = &rows.row(rows.nrows() - 1).to_vec()[1..];
    let next = filter.next(given).unwrap();
    let expected = (&next.weights() * &next.means().column(0)).sum();
    let mut rng = gmm_core::rand_xoshiro::Xoshiro256Plus::seed_from_u64(1);
    let (mut drawn, mut branched) = (0.0, 0.0);
    let n = 20_000;
    for _ in 0..n {
        let place = filter.draw_place(&mut rng);
        branched += filter
            .branches(place, given)
            .unwrap()
            .iter()
            .map(|b| b.probability * b.means[0])
            .sum::<f64>()
            / f64::from(n);
        drawn += filter.draw_next(place, given, &mut rng).unwrap().1[0] / f64::from(n);
    }
    assert!(
        (branched - expected).abs() < 0.01 && (drawn - expected).abs() < 0.03,
        "{expected} {branched} {drawn}"
    );
    // A row that was not seen says nothing.
    assert_eq!(
        filter.observe(&[0.1, f64::NAN, 0.2, 0.3, 0.4]).unwrap(),
        0.0
    );
    assert!(
        filter
            .observe(&[0.1, f64::INFINITY, 0.2, 0.3, 0.4])
            .is_err()
    );
    assert!(filter.next(&[1.0]).is_err());
}

#[test]
fn missing_rows_let_the_chain_go_on() {
    let mut values = rates();
    values[100..110].fill(f64::NAN);
    let rows = windows(&values, 1);
    let data = Sequences::one(Sample::new(&rows).with_missing());
    let fitted = SwitchingRegression::params(2).fit(&data).unwrap();
    let smoothed = fitted.model.smoothed(&data).unwrap();
    assert!(smoothed.probabilities.iter().all(|p| p.is_finite()));
    assert_eq!(fitted.total_weight, 225.0 - 11.0);
    assert!(
        SwitchingRegression::params(2)
            .fit(&Sequences::one(Sample::new(&rows)))
            .is_err()
    );
}

#[test]
fn degenerate_rows_have_an_outcome() {
    let fit = |rows: &Array2<f64>, k: usize| {
        SwitchingRegression::params(k).fit(&Sequences::one(Sample::new(rows)))
    };
    assert!(matches!(
        fit(&windows(&output()[..8], 2), 3),
        Err(GmmError::TooFewRowsFor { .. })
    ));
    assert!(fit(&array![[1.0, f64::NAN]], 1).is_err());
    let constant = fit(&Array2::from_elem((40, 3), 2.5), 2).unwrap();
    let data_of = Array2::from_elem((40, 3), 2.5);
    let smoothed = constant
        .model
        .smoothed(&Sequences::one(Sample::new(&data_of)))
        .unwrap();
    assert!(
        smoothed.probabilities.iter().all(|p| p.is_finite()) && constant.log_likelihood.is_finite()
    );
    // A series that nothing moves is no regime of noise.
    let line: Vec<f64> = (0..60).map(f64::from).collect();
    assert!(
        fit(&windows(&line, 2), 2)
            .unwrap()
            .log_likelihood
            .is_finite()
    );
    let far: Vec<f64> = output().iter().map(|v| v + 1e8).collect();
    let (near, far) = (
        fit(&windows(&output(), 1), 2).unwrap(),
        fit(&windows(&far, 1), 2).unwrap(),
    );
    assert!(
        (near.log_likelihood - far.log_likelihood).abs() < 1e-3,
        "{} {}",
        near.log_likelihood,
        far.log_likelihood
    );
    let params = || SwitchingRegression::params(4).switches(Switches::Mean);
    let wide = windows(&output(), 12);
    assert!(matches!(
        params().fit(&Sequences::one(Sample::new(&wide))),
        Err(GmmError::InvalidParameter { .. })
    ));
    let chain = || Chain::running(array![[0.5, 0.5], [0.5, 0.5]].view()).unwrap();
    assert!(
        SwitchingRegression::of_mean(chain(), SwitchingMean::new(vec![0.0], vec![], vec![1.0]))
            .is_err()
    );
    assert!(
        SwitchingRegression::of_mean(
            chain(),
            SwitchingMean::new(vec![0.0, 1.0], vec![], vec![1.0, 0.0])
        )
        .is_err()
    );
    let one = [Array1::zeros(1), Array1::zeros(1)];
    assert!(
        SwitchingRegression::new(
            chain(),
            &one,
            &[array![[1.0]], array![[1.0, 2.0]]],
            &[array![[1.0]], array![[1.0]]]
        )
        .is_err()
    );
}
