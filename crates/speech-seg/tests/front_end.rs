//! The front end against numpy's and scipy's numbers.
#![allow(clippy::unwrap_used)]

use serde_json::Value;
use speech_seg::{FrontEnd, Level, Normalization, Recording, resampled};

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/front_end.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    let all = value.as_array().unwrap();
    all.iter().map(|x| x.as_f64().unwrap()).collect()
}

fn settings(told: &Value) -> FrontEnd {
    let mut front_end = FrontEnd::default();
    for (name, value) in told.as_object().unwrap() {
        let number = value.as_f64().unwrap_or_default();
        match name.as_str() {
            "warp" => front_end.warp = number,
            "low" => front_end.low = number,
            "high" => front_end.high = Some(number),
            "window" => front_end.window = number,
            "step" => front_end.step = number,
            "emphasis" => front_end.pre_emphasis = number,
            "n_deltas" => front_end.n_deltas = number as usize,
            "n_filters" => front_end.n_filters = number as usize,
            "n_cepstra" => front_end.n_cepstra = number as usize,
            "lifter" => front_end.lifter = number as usize,
            "level" if value == "energy" => front_end.level = Level::Energy,
            "level" => front_end.level = Level::None,
            "normalization" if value == "none" => front_end.normalization = Normalization::None,
            "normalization" => front_end.normalization = Normalization::MeanVariance,
            other => unreachable!("{other}"),
        }
    }
    front_end
}

#[test]
fn cepstra_are_those_of_an_independent_computation() {
    let recording = Recording::shipped().unwrap();
    for case in golden()["cepstra"].as_array().unwrap() {
        let rows = settings(&case["settings"]).rows(&recording).unwrap();
        let (n, d) = rows.dim();
        assert_eq!(numbers(&case["shape"]), [n as f64, d as f64], "{case}");
        let kept = numbers(&case["kept"]);
        for (t, expected) in kept.iter().zip(case["rows"].as_array().unwrap()) {
            for (a, b) in rows.row(*t as usize).iter().zip(numbers(expected)) {
                assert!(
                    (a - b).abs() < 1e-9,
                    "{}, frame {t}: {a} is not {b}",
                    case["settings"]
                );
            }
        }
        let squares = rows.iter().map(|x| x * x).sum::<f64>();
        let expected = case["squares"].as_f64().unwrap();
        assert!((squares / expected - 1.0).abs() < 1e-9);
    }
}

#[test]
fn resampled_recordings_are_those_of_a_dense_product() {
    let wave = |i: i32| f64::from((i * i * 7 + i * 13) % 101 - 50);
    for case in golden()["resampled"].as_array().unwrap() {
        let rate = |name: &str| case[name].as_u64().unwrap() as u32;
        let recording = Recording::new(rate("from"), (0..900).map(wave).collect()).unwrap();
        let found = resampled(&recording, rate("to")).unwrap();
        let expected = numbers(&case["samples"]);
        assert_eq!(found.samples().len(), expected.len());
        for (i, (a, b)) in found.samples().iter().zip(&expected).enumerate() {
            assert!((a - b).abs() < 1e-9, "{case} {i}: {a} is not {b}");
        }
    }
}
