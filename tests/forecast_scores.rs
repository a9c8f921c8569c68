//! Scores of forecasts against those of scoringrules and properscoring.
#![allow(clippy::unwrap_used)]

use gmm_tests::{golden, numbers};
use regimes::{Interval, Predictive, Scale};
use serde_json::Value;

fn number(of: &Value, name: &str) -> f64 {
    of[name].as_f64().unwrap()
}

fn near(ours: f64, theirs: f64, tolerance: f64, what: &str) {
    let off = (ours - theirs).abs();
    assert!(
        off <= tolerance * theirs.abs().max(1e-3),
        "{what}: {ours} {theirs}"
    );
}

#[test]
fn mixtures_of_gaussians_have_the_scores_of_scoringrules() {
    let golden = golden("forecast_scores.json");
    for mixture in golden["mixtures"].as_array().unwrap() {
        let [w, m, s] = ["weights", "means", "deviations"].map(|name| numbers(&mixture[name]));
        let forecast = Predictive::new(&w, &m, &s, Scale::Identity).unwrap();
        let [values, crps, log_score] =
            ["values", "crps", "log_score"].map(|name| numbers(&mixture[name]));
        for (i, y) in values.iter().enumerate() {
            let what = format!("{m:?} at {y}");
            // Theirs is a difference of sums of the size of the distance.
            near(forecast.crps(*y).unwrap(), crps[i], 1e-11, &what);
            near(
                -forecast.log_density(*y).unwrap(),
                log_score[i],
                1e-12,
                &what,
            );
        }
    }
}

#[test]
fn single_distributions_have_the_scores_of_their_closed_forms() {
    let golden = golden("forecast_scores.json");
    for (name, scale) in [("normal", Scale::Identity), ("lognormal", Scale::Log)] {
        for case in golden[name].as_array().unwrap() {
            let [m, s, y] = ["mean", "deviation", "value"].map(|name| number(case, name));
            let forecast = Predictive::new(&[1.0], &[m], &[s], scale).unwrap();
            near(forecast.crps(y).unwrap(), number(case, "crps"), 1e-9, name);
            if scale == Scale::Log {
                let ours = -forecast.log_density(y).unwrap();
                near(ours, number(case, "log_score"), 1e-13, name);
            }
        }
    }
}

#[test]
fn intervals_have_the_scores_of_scoringrules() {
    for case in golden("forecast_scores.json")["intervals"]
        .as_array()
        .unwrap()
    {
        let [low, high, level, y] =
            ["low", "high", "level", "value"].map(|name| number(case, name));
        let ours = Interval { level, low, high }.winkler(y);
        near(ours, number(case, "winkler"), 1e-14, "winkler");
    }
}
