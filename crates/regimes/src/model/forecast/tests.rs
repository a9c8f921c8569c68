use super::*;
use crate::score::Forecast as _;
use gmm_core::rand::SeedableRng;
use gmm_core::rand_xoshiro::Xoshiro256Plus;

/// y_t = 1.2 y_{t−1} − 0.5 y_{t−2} + e, e ~ N(0, 1).
fn autoregression(n: usize, seed: u64) -> Vec<f64> {
    let noise = crate::score::Predictive::new(&[1.0], &[0.0], &[1.0], Scale::Identity).unwrap();
    let noise = noise.sample(n + 50, &mut Xoshiro256Plus::seed_from_u64(seed));
    let mut values = vec![0.0, 0.0];
    for e in noise {
        let t = values.len();
        values.push(1.2 * values[t - 1] - 0.5 * values[t - 2] + e);
    }
    values.split_off(52)
}

/// What little is tried, quickly.
fn few() -> ForecastOptions {
    ForecastOptions {
        lags: Some(1..=3),
        components: Some(1..=2),
        horizon: 8,
        ..ForecastOptions::default()
    }
}

fn quiet(_: usize, _: usize) {}

#[test]
fn intervals_of_an_autoregression_hold_what_they_say() {
    let series = Series::new("AR(2)", autoregression(700, 5));
    let options = ForecastOptions {
        n_train: Some(300),
        ..few()
    };
    let report = forecast(&series, &options, &quiet).unwrap();
    let held = report.held.unwrap();
    let scores = &held.scores[0];
    assert_eq!(scores.n, 400);
    for of in &scores.intervals {
        // Four deviations of a binomial share, and what estimates from 300 steps are off.
        let error = 4.0 * (of.level * (1.0 - of.level) / 400.0).sqrt() + 0.02;
        assert!((of.coverage - of.level).abs() < error, "{of:?}");
    }
    // The best that there is has mean squared error 1 and CRPS 1/√π.
    assert!(
        scores.mse < 1.15 && scores.crps < 1.08 / std::f64::consts::PI.sqrt(),
        "{scores:?}"
    );
}

#[test]
fn several_steps_ahead_are_those_of_the_autoregression() {
    let values = autoregression(900, 6);
    let (last, before) = (values[899], values[898]);
    let options = ForecastOptions {
        components: Some(1..=1),
        lags: Some(2..=2),
        method: Method::Mixture,
        scale: Some(Scale::Identity),
        n_paths: 4000,
        ..few()
    };
    let report = forecast(&Series::new("AR(2)", values), &options, &quiet).unwrap();
    assert_eq!((report.members.len(), report.ahead.len()), (1, 8));
    // Means follow the recursion; variances are sums of squares of its answer to one shock.
    let (mut means, mut answers, mut variance) = (vec![before, last], vec![0.0, 1.0], 0.0);
    for (h, step) in report.ahead.iter().enumerate() {
        means.push(1.2 * means[h + 1] - 0.5 * means[h]);
        variance += answers[h + 1] * answers[h + 1];
        answers.push(1.2 * answers[h + 1] - 0.5 * answers[h]);
        let (low, high) = step[0].interval(0.6827).unwrap();
        let (deviation, mean) = (0.5 * (high - low), step[0].mean());
        assert!(
            (mean - means[h + 2]).abs() < 0.25,
            "{h}: {mean} {}",
            means[h + 2]
        );
        assert!(
            (deviation / f64::sqrt(variance) - 1.0).abs() < 0.12,
            "{h}: {deviation} {variance}"
        );
    }
}

#[test]
fn the_answer_does_not_depend_on_the_number_of_threads() {
    let series = Series::new("AR(2)", autoregression(120, 7));
    let on = |n: usize| {
        let threads = rayon::ThreadPoolBuilder::new()
            .num_threads(n)
            .build()
            .unwrap();
        threads.install(|| forecast(&series, &few(), &quiet).unwrap())
    };
    let (one, three) = (on(1), on(3));
    assert_eq!(one, three);
    let other = forecast(&series, &ForecastOptions { seed: 1, ..few() }, &quiet).unwrap();
    assert_ne!(one.ahead, other.ahead);
}

#[test]
fn one_model_is_chosen_where_one_is_asked_for() {
    let series = Series::new("AR(2)", autoregression(200, 8));
    for choose in [Choose::Bic, Choose::Rolling] {
        let options = ForecastOptions {
            single: Some(choose),
            ..few()
        };
        let report = forecast(&series, &options, &quiet).unwrap();
        let [only] = report.members.as_slice() else {
            panic!("{:?}", report.members);
        };
        assert_eq!(only.weight, 1.0);
        if choose == Choose::Bic {
            assert_eq!(
                (only.candidate.kind, only.candidate.lags.len()),
                (Kind::Mixture(1), 2)
            );
        }
        assert_eq!((report.n_candidates, report.n_failed), (33, 0));
    }
}

#[test]
fn regimes_alone_forecast_too() {
    let options = ForecastOptions {
        method: Method::Regimes,
        ..few()
    };
    let report = forecast(
        &Series::new("AR(2)", autoregression(150, 9)),
        &options,
        &quiet,
    )
    .unwrap();
    let is_regimes = |member: &Member| member.candidate.kind.switches().is_some();
    assert!(report.members.iter().all(is_regimes));
    let widths = report.ahead.iter().map(|step| {
        let (low, high) = step[0].interval(0.8).unwrap();
        high - low
    });
    let widths: Vec<f64> = widths.collect();
    assert!(widths[7] > 1.2 * widths[0], "{widths:?}");
}

#[test]
fn missing_lags_are_done_without_where_that_is_possible() {
    let mut values = autoregression(200, 10);
    for t in (5..200).step_by(17).chain([198, 199]) {
        values[t] = f64::NAN;
    }
    let series = Series::new("gaps", values);
    let report = forecast(&series, &few(), &quiet).unwrap();
    let n_known = series
        .values
        .iter()
        .skip(100)
        .filter(|x| !x.is_nan())
        .count();
    assert_eq!(report.validation.scores[0].n, n_known);
    // Two steps after the last known value less is known than one step after it.
    let options = ForecastOptions {
        n_train: Some(150),
        ..few()
    };
    let held = forecast(&series, &options, &quiet).unwrap().held.unwrap();
    let width = |t: usize| {
        let (low, high) = held.forecasts[t - 150][0]
            .as_ref()
            .unwrap()
            .interval(0.8)
            .unwrap();
        high - low
    };
    assert!(
        width(199) > 1.2 * width(197),
        "{} {}",
        width(199),
        width(197)
    );
    let options = ForecastOptions {
        method: Method::Regimes,
        ..few()
    };
    assert_eq!(
        forecast(&series, &options, &quiet),
        Err(ForecastError::Unanswered)
    );
}

#[test]
fn what_cannot_be_learnt_from_is_refused() {
    let refused = |values: Vec<f64>, options: &ForecastOptions| {
        forecast(&Series::new("x", values), options, &quiet)
            .unwrap_err()
            .to_string()
    };
    let infinite = vec![1.0, 2.0, f64::INFINITY, 3.0];
    for (values, words) in [
        (vec![], "no values"),
        (vec![f64::NAN; 9], "no values"),
        (vec![4.0; 50], "are 4"),
        (vec![1.0, 2.0, 4.0], "too few"),
        (infinite, "inf at 3"),
        ([vec![0.0; 30], autoregression(30, 1)].concat(), "until 30"),
    ] {
        let why = refused(values, &few());
        assert!(why.contains(words), "{why}");
    }
    let options = ForecastOptions {
        scale: Some(Scale::Log),
        ..few()
    };
    let why = refused(autoregression(60, 2), &options);
    assert!(why.contains("scale"), "{why}");
}

#[test]
fn several_columns_are_forecast_jointly() {
    let own = autoregression(240, 11);
    // The second is the first of one step before, nearly.
    let noise = autoregression(240, 12);
    let values = Array2::from_shape_fn((240, 2), |(t, j)| match j {
        0 => own[t],
        _ => own[t.saturating_sub(1)] + 0.05 * noise[t],
    });
    let columns = vec![String::from("a"), String::from("b")];
    let series = Series::of_columns("both", columns, values);
    let report = forecast(&series, &few(), &quiet).unwrap();
    assert!(report.ahead.iter().all(|step| step.len() == 2));
    let [a, b] = report.validation.scores.as_slice() else {
        panic!("{:?}", report.validation);
    };
    // What the first was tells the second.
    assert!(b.mse < 0.1 && a.mse < 1.5, "{} {}", a.mse, b.mse);
}
