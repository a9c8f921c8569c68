use gmm_core::rand::SeedableRng;
use gmm_core::rand_xoshiro::Xoshiro256Plus;

use super::*;
use crate::data::SHIPPED_VOICES;
use crate::features::stretches::smooth;
use crate::features::{Hue, with_noise};

/// A second of a voice of sorts: harmonics of 120 Hz under a moving hump, then a pause.
fn voice(rate: u32, gain: f64) -> Recording {
    let at = |i: usize| {
        let t = i as f64 / f64::from(rate);
        let hump = 600.0 + 400.0 * (2.0 * PI * 2.0 * t).sin();
        let harmonic = |h: u32| {
            let f = 120.0 * f64::from(h);
            (-((f - hump) / 300.0).powi(2)).exp() * (2.0 * PI * f * t).sin()
        };
        gain * (1..28).map(harmonic).sum::<f64>()
    };
    Recording::new(rate, (0..rate as usize).map(at).collect()).unwrap()
}

fn worst(a: &Array2<f64>, b: &Array2<f64>) -> f64 {
    a.iter()
        .zip(b)
        .fold(0.0, |m: f64, (a, b)| m.max((a - b).abs()))
}

#[test]
fn a_second_has_98_frames_of_39_numbers() {
    let front_end = FrontEnd::default();
    let frames = front_end.frames(&voice(8000, 1000.0)).unwrap();
    assert_eq!(frames.rows.dim(), (98, front_end.n_features()));
    assert_eq!((frames.times[0], frames.times[1]), (0.0125, 0.0225));
    let rows = front_end.rows(&voice(8000, 1000.0)).unwrap();
    for column in rows.columns().into_iter().take(13) {
        assert!(column.sum().abs() < 1e-9);
    }
}

#[test]
fn neither_loudness_nor_a_constant_changes_the_rows() {
    let front_end = FrontEnd::default();
    let rows = front_end.rows(&voice(8000, 1000.0)).unwrap();
    assert!(worst(&rows, &front_end.rows(&voice(8000, 1.0)).unwrap()) < 1e-9);
    let shifted = voice(8000, 1000.0)
        .samples()
        .iter()
        .map(|x| x + 500.0)
        .collect();
    let shifted = Recording::new(8000, shifted).unwrap();
    assert!(worst(&rows, &front_end.rows(&shifted).unwrap()) < 1e-6);
}

#[test]
fn the_rate_of_the_file_matters_little() {
    let front_end = FrontEnd {
        high: Some(3400.0),
        n_deltas: 0,
        ..FrontEnd::default()
    };
    let rows = front_end.rows(&voice(8000, 1000.0)).unwrap();
    for rate in [16_000, 22_050, 44_100] {
        let other = front_end.rows(&voice(rate, 1000.0)).unwrap();
        let inner = s![5..90, ..];
        let difference = worst(
            &rows.slice(inner).to_owned(),
            &other.slice(inner).to_owned(),
        );
        assert!(difference < 0.3, "{rate}: {difference}");
    }
}

#[test]
fn energy_stands_where_the_zeroth_would() {
    let with = |level| FrontEnd {
        level,
        n_deltas: 0,
        ..FrontEnd::default()
    };
    let frames = |level| with(level).frames(&voice(8000, 1000.0)).unwrap().rows;
    let (zeroth, energy, none) = (
        frames(Level::Zeroth),
        frames(Level::Energy),
        frames(Level::None),
    );
    assert_eq!(zeroth.slice(s![.., 1..]), energy.slice(s![.., 1..]));
    assert_eq!(zeroth.slice(s![.., 1..]), none.slice(s![.., ..12]));
    let quiet = with(Level::Energy).frames(&voice(8000, 1.0)).unwrap().rows;
    let difference = energy[(40, 0)] - quiet[(40, 0)];
    assert!((difference - 2.0 * 1000f64.ln()).abs() < 1e-9);
}

#[test]
fn pauses_are_trimmed_or_dropped() {
    let mut samples = vec![0.0; 4000];
    let spoken = voice(8000, 1000.0);
    samples.extend(&spoken.samples()[..4000]);
    samples.extend([0.0; 4000]);
    samples.extend(&spoken.samples()[..4000]);
    samples.extend([0.0; 4000]);
    let recording = Recording::new(8000, samples).unwrap();
    let frames = FrontEnd::default().frames(&recording).unwrap();
    let n = |pauses| frames.kept(pauses).nrows();
    assert_eq!(n(Pauses::Keep), 248);
    assert!((145..165).contains(&n(Pauses::Trim)), "{}", n(Pauses::Trim));
    assert!((95..120).contains(&n(Pauses::Drop)), "{}", n(Pauses::Drop));
    assert!(frames.rows.iter().all(|x| x.is_finite()));
}

#[test]
fn silence_and_snippets_are_refused() {
    let front_end = FrontEnd::default();
    let refused = |samples: Vec<f64>| {
        front_end
            .rows(&Recording::new(8000, samples).unwrap())
            .unwrap_err()
    };
    assert_eq!(refused(vec![0.0; 8000]), FrontEndError::Silent);
    assert_eq!(refused(vec![0.1; 8000]), FrontEndError::Silent);
    let short = refused(vec![1.0; 199]).to_string();
    assert_eq!(
        short,
        "the recording lasts 0.0249 s, but one frame needs 0.025 s"
    );
    let mut click = vec![0.0; 800];
    click[400] = 1.0;
    let rows = front_end
        .rows(&Recording::new(8000, click).unwrap())
        .unwrap();
    assert!(rows.iter().all(|x| x.is_finite()));
    let one = Recording::new(8000, (0..200).map(f64::from).collect()).unwrap();
    assert_eq!(front_end.rows(&one).unwrap().nrows(), 1);
}

#[test]
fn impossible_settings_are_named() {
    let refused = |front_end: FrontEnd, word: &str| {
        let line = front_end.check().unwrap_err().to_string();
        assert!(line.contains(word), "{line}");
    };
    let usual = FrontEnd::default;
    usual().check().unwrap();
    refused(
        FrontEnd {
            sample_rate: 0,
            ..usual()
        },
        "sample rate",
    );
    refused(
        FrontEnd {
            window: f64::NAN,
            ..usual()
        },
        "length of a frame",
    );
    refused(
        FrontEnd {
            step: 0.0,
            ..usual()
        },
        "step",
    );
    refused(
        FrontEnd {
            pre_emphasis: 1.0,
            ..usual()
        },
        "pre-emphasis",
    );
    refused(
        FrontEnd {
            low: 5000.0,
            ..usual()
        },
        "lowest",
    );
    refused(
        FrontEnd {
            high: Some(4001.0),
            ..usual()
        },
        "highest",
    );
    refused(
        FrontEnd {
            high: Some(f64::NAN),
            ..usual()
        },
        "highest",
    );
    refused(
        FrontEnd {
            warp: 0.1,
            ..usual()
        },
        "warp",
    );
    refused(
        FrontEnd {
            n_filters: 0,
            ..usual()
        },
        "filters",
    );
    refused(
        FrontEnd {
            n_filters: 120,
            ..usual()
        },
        "filters",
    );
    refused(
        FrontEnd {
            n_cepstra: 27,
            ..usual()
        },
        "cepstra",
    );
    refused(
        FrontEnd {
            n_deltas: 3,
            ..usual()
        },
        "slopes",
    );
}

/// Whether the amplitude of each frame of 25 ms, 10 ms apart, is within 35 dB of the largest, pauses below 0.1 s filled: how
/// one reads the waveform of a recording made in silence.
fn plain_reading(clean: &Recording) -> Vec<bool> {
    let samples = clean.samples();
    let power = |frame: &[f64]| frame.iter().map(|x| x * x).sum::<f64>();
    let powers: Vec<f64> = samples.windows(200).step_by(80).map(power).collect();
    let most = powers.iter().copied().fold(0.0, f64::max);
    let mut speech: Vec<bool> = powers
        .iter()
        .map(|p| *p > most * 10f64.powf(-3.5))
        .collect();
    smooth(&mut speech, 0.01, 0.1, 0.0);
    speech
}

/// Shares of frames that are told apart as one reads them without noise, of the voices' test recordings in noise so many
/// decibels below.
fn agreements(noise: Option<(Hue, f64)>) -> Vec<f64> {
    let all = SHIPPED_VOICES
        .iter()
        .flat_map(|voice| voice.test().unwrap());
    let agreement = |(_, clean): (String, Recording)| {
        let read = plain_reading(&clean);
        let mut rng = Xoshiro256Plus::seed_from_u64(7);
        let heard = noise.map_or(clean.clone(), |(hue, decibels)| {
            with_noise(&clean, hue, decibels, &mut rng).unwrap()
        });
        let found = FrontEnd::default().frames(&heard).unwrap().speech;
        let same = read.iter().zip(&found).filter(|(a, b)| a == b).count();
        same as f64 / read.len() as f64
    };
    all.map(agreement).collect()
}

#[test]
fn speech_and_pauses_are_told_apart_in_noise() {
    for (noise, least) in [
        (None, 0.95),
        (Some((Hue::White, 20.0)), 0.93),
        (Some((Hue::Pink, 20.0)), 0.93),
        (Some((Hue::White, 10.0)), 0.88),
        (Some((Hue::Pink, 10.0)), 0.88),
    ] {
        let all = agreements(noise);
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        assert!(mean > least, "{noise:?}: {mean} of {all:?}");
    }
}
