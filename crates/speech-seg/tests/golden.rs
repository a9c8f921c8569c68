//! The numbers of scipy and scikit-learn.
#![allow(clippy::unwrap_used)]

use gmm_core::Sample;
use serde_json::Value;
use speech_seg::{Options, Recording, Report, Scale, Spectrogram, Windows, analyze};

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/spectrogram.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    let all = value.as_array().unwrap();
    all.iter().map(|x| x.as_f64().unwrap()).collect()
}

/// Agreement to a share of the largest value.
fn assert_near(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!(
            (a - b).abs() <= tolerance * largest,
            "{what} {i}: {a} is not {b}"
        );
    }
}

fn shipped() -> Recording {
    Recording::shipped().unwrap()
}

#[test]
fn the_spectrogram_of_the_shipped_recording_is_scipys() {
    let golden = &golden()["shipped"];
    let made = Spectrogram::of(&shipped(), Windows::default()).unwrap();
    let (n_frequencies, n_times) = made.power.dim();
    assert_eq!(
        numbers(&golden["shape"]),
        [n_frequencies as f64, n_times as f64]
    );
    let pick = |all: &[f64], places: [usize; 3]| places.map(|i| all[i]);
    let frequencies = pick(&made.frequencies, [0, 1, 128]);
    assert_near(
        &frequencies,
        &numbers(&golden["frequencies"]),
        1e-15,
        "frequency",
    );
    let times = pick(&made.times, [0, 1, 351]);
    assert_near(&times, &numbers(&golden["times"]), 1e-15, "time");
    for (found, name) in [
        (made.power.column(100).to_vec(), "column_100"),
        (made.power.row(7).to_vec(), "row_7"),
    ] {
        for (a, b) in found.iter().zip(numbers(&golden[name])) {
            assert!((a / b - 1.0).abs() < 1e-9, "{name}: {a} is not {b}");
        }
    }
    let sum = golden["sum"].as_f64().unwrap();
    assert!((made.power.sum() / sum - 1.0).abs() < 1e-12);
}

#[test]
fn spectrograms_of_other_windows_are_scipys() {
    let sample = |i: i32| f64::from((i * i * 7 + i * 13) % 101 - 50);
    let recording = Recording::new(50, (0..60).map(sample).collect()).unwrap();
    for case in golden()["small"].as_array().unwrap() {
        let size = |name: &str| case[name].as_u64().unwrap() as usize;
        let (nperseg, noverlap) = (size("nperseg"), size("noverlap"));
        let made = Spectrogram::of(&recording, Windows { nperseg, noverlap }).unwrap();
        let what = format!("windows of {nperseg} by {noverlap}, number");
        assert_near(
            &made.frequencies,
            &numbers(&case["frequencies"]),
            1e-15,
            &what,
        );
        assert_near(&made.times, &numbers(&case["times"]), 1e-15, &what);
        let power: Vec<f64> = made.power.iter().copied().collect();
        let expected: Vec<f64> = case["power"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(numbers)
            .collect();
        assert_near(&power, &expected, 1e-13, &what);
    }
}

fn analyzed(options: &Options) -> Report {
    analyze(&shipped(), options, &|_, _| {}).unwrap()
}

/// Slide 9 in scikit-learn 1.9.1: as it stands (`random_state=42`, on scipy's 32-bit spectrogram), and run to
/// the end (`tol=1e-9`, on the 64-bit one).
#[test]
fn the_slide_is_surpassed_and_its_limit_reached() {
    const LOWER_BOUND: f64 = -5.673083;
    const LIMIT: f64 = -5.647744433;
    const SIZES: [usize; 3] = [15047, 23876, 6485];
    let report = analyzed(&Options::default());
    let reached = report.fitted.mean_log_likelihood();
    assert!(reached >= LOWER_BOUND - 1e-6, "{reached}");
    assert!((reached - LIMIT).abs() <= 1e-6, "{reached}");
    for (segment, size) in report.segments.iter().zip(SIZES) {
        assert!(segment.size.abs_diff(size) <= 10, "{segment:?}");
    }
    let rows = report.spectrogram.rows(Scale::Power);
    let sample = Sample::new(&rows);
    let again = report.fitted.model.mean_log_likelihood_of(&sample);
    assert!((reached - again.unwrap()).abs() < 1e-9);
}

#[test]
fn the_phrases_of_the_shipped_recording_are_told_apart() {
    let report = analyzed(&Options {
        scale: Scale::LogPower,
        ..Options::default()
    });
    assert!(report.fitted.is_proper(), "{:?}", report.fitted.notes);
    let spans = report.spans();
    assert_eq!(spans.len(), 3, "{spans:?}");
    let activity = report.activity.unwrap();
    let middle = (activity.pause_level + activity.sound_level) / 2.0;
    let is_pause = |t: f64| !spans.iter().any(|s| (s.start..s.end).contains(&t));
    for (t, level) in report.spectrogram.times.iter().zip(&report.frame_levels) {
        assert!(!is_pause(*t) || *level < middle + 5.0, "{t} s: {level} dB");
    }
}
