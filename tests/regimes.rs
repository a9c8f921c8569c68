//! Regimes of series that were made to have them, found with default settings.
#![allow(clippy::unwrap_used)]

use std::f64::consts::TAU;

use gmm_core::rand::{Rng, SeedableRng};
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use regimes::{DetectOptions, Detection, Series, detect, examples};

/// Ten units of time with noise about `mean`.
fn series(n: usize, noise: f64, seed: u64, mean: impl Fn(f64) -> f64) -> Series {
    let mut rng = Xoshiro256Plus::seed_from_u64(seed);
    let value = |i: usize| {
        let radius = (-2.0 * rng.gen_range(f64::MIN_POSITIVE..1.0_f64).ln()).sqrt();
        mean(10.0 * i as f64 / (n - 1) as f64) + noise * radius * rng.gen_range(0.0..TAU).cos()
    };
    Series::new("made", (0..n).map(value).collect())
}

fn found(series: &Series) -> Detection {
    detect(series, &DetectOptions::default(), &|_, _| {}).unwrap()
}

/// That the regime changes at these steps and no others, to within five.
fn assert_changes(what: &str, found: &Detection, at: &[usize]) {
    let all = (what, &found.changes, found.periods());
    assert_eq!(found.changes.len(), at.len(), "{all:?}");
    for (found, expected) in found.changes.iter().zip(at) {
        assert!(found.abs_diff(*expected) <= 5, "{all:?}");
    }
}

#[test]
fn the_slides_regimes_are_found() {
    let both = examples::two_ways().unwrap();
    assert!(examples::share_right(&both.series, &both.found.regimes) >= 0.99);
    assert_changes("slide", &both.found, &[500]);
    assert!((both.found.periods()[0] - 99.9).abs() < 0.2);
}

#[test]
fn regimes_of_waves_are_found_whatever_it_is_that_changes() {
    let half = |first: fn(f64) -> f64, second: fn(f64) -> f64| {
        move |t: f64| if t < 5.0 { first(t) } else { second(t) }
    };
    let sine = |t: f64| (TAU * t).sin();
    assert_changes(
        "phase",
        &found(&series(600, 0.1, 1, half(sine, |t| (TAU * t).cos()))),
        &[300],
    );
    assert_changes(
        "amplitude",
        &found(&series(600, 0.1, 2, half(sine, |t| 1.5 * (TAU * t).sin()))),
        &[300],
    );
    assert_changes(
        "frequency",
        &found(&series(600, 0.1, 3, half(sine, |t| (1.5 * TAU * t).sin()))),
        &[300],
    );
    let back_and_forth = |t: f64| {
        if ((t / 2.5) as usize).is_multiple_of(2) {
            (TAU * t).sin()
        } else {
            2.0 * (TAU * t).cos()
        }
    };
    // The last value alone is of a fifth stretch.
    let turns = found(&series(600, 0.1, 4, back_and_forth));
    assert_changes("back and forth", &turns, &[150, 300, 450, 599]);
}

#[test]
fn regimes_of_levels_spreads_and_memory_are_found() {
    assert_changes(
        "level",
        &found(&series(600, 0.5, 5, |t| if t < 3.0 { 0.0 } else { 1.5 })),
        &[180],
    );
    let mut spread = series(600, 1.0, 6, |_| 0.0);
    spread
        .values
        .slice_mut(ndarray::s![360.., ..])
        .mapv_inplace(|v| 5.0 * v);
    assert_changes("spread", &found(&spread), &[360]);
    let noise = series(800, 1.0, 7, |_| 0.0).only_column().unwrap();
    let mut before = 0.0;
    let memory = noise.iter().enumerate().map(|(t, e)| {
        before = if t < 400 { 0.9 } else { -0.7 } * before + e;
        before
    });
    let memory = found(&Series::new("memory", memory.collect()));
    assert_eq!((memory.n_regimes(), memory.design.n_lags), (2, 1));
    assert_changes("memory", &memory, &[400]);
}

#[test]
fn where_there_are_no_regimes_none_are_found() {
    assert_eq!(found(&series(600, 1.0, 8, |_| 0.0)).n_regimes(), 1, "noise");
    let wave = found(&series(600, 0.3, 9, |t| (TAU * t).sin()));
    assert_eq!((wave.n_regimes(), wave.periods().len()), (1, 1), "a wave");
    let mut level = 0.0;
    let walk = series(600, 1.0, 10, |_| 0.0)
        .only_column()
        .unwrap()
        .into_iter()
        .map(|e| {
            level += e;
            level
        });
    assert_eq!(
        found(&Series::new("walk", walk.collect())).n_regimes(),
        1,
        "a walk"
    );
}
