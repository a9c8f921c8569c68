//! How well speech and pauses are told apart: `cargo run -p speech-seg --example pauses -- FOLDER`, where FOLDER has files
//! `{word}_{speaker}_{take}.wav`, as the Free Spoken Digit Dataset has them.
//!
//! Two truths: the shipped voices as one reads their waveforms, and words put between pauses whose places are known.

use std::error::Error;
use std::path::Path;

use gmm_core::rand::{Rng, SeedableRng};
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use speech_seg::words::Clip;
use speech_seg::{
    Activity, FrontEnd, Hue, Recording, SHIPPED_VOICES, Spectrogram, Windows, resampled, with_noise,
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Samples per second of everything here, and of a frame of 25 ms and the step to the next.
const RATE: u32 = 8000;
const FRAME: usize = 200;
const STEP: usize = 80;

/// Words of a made recording, and made recordings of a pair of speakers.
const WORDS: usize = 14;
const RECORDINGS: usize = 4;

const NOISES: [(&str, Option<(Hue, f64)>); 7] = [
    ("as recorded", None),
    ("white noise, 20 dB", Some((Hue::White, 20.0))),
    ("pink noise, 20 dB", Some((Hue::Pink, 20.0))),
    ("white noise, 10 dB", Some((Hue::White, 10.0))),
    ("pink noise, 10 dB", Some((Hue::Pink, 10.0))),
    ("white noise, 5 dB", Some((Hue::White, 5.0))),
    ("pink noise, 5 dB", Some((Hue::Pink, 5.0))),
];

/// A recording, and whether each of its samples is of speech.
struct Read {
    recording: Recording,
    speech: Vec<bool>,
}

fn main() -> Result<()> {
    for part in ["train", "test"] {
        let voices = shipped(part)?;
        table(&format!("shipped voices, {part} recordings"), &voices)?;
    }
    if let Some(folder) = std::env::args_os().nth(1) {
        let mut clips = Clip::folder(Path::new(&folder))?;
        for clip in &mut clips {
            clip.recording = resampled(&clip.recording, RATE)?;
        }
        clips.retain(|clip| clip.speaker.is_some());
        if clips.is_empty() {
            return Err("no clip is named {word}_{speaker}_{take}.wav".into());
        }
        for quieter in [0.0, 6.0, 10.0] {
            let what = format!("words between pauses, every other speaker {quieter} dB quieter");
            table(&what, &made(&clips, quieter)?)?;
        }
    }
    Ok(())
}

/// Agreement in every noise, of the front end and of the segments' strip.
fn table(what: &str, all: &[Read]) -> Result<()> {
    println!("| {what} | front end | least | segments' strip | least |\n|---|---|---|---|---|");
    for (name, noise) in NOISES {
        let mut shares = [Vec::new(), Vec::new()];
        for (i, read) in all.iter().enumerate() {
            let mut rng = Xoshiro256Plus::seed_from_u64(i as u64);
            let heard = match noise {
                None => read.recording.clone(),
                Some((hue, ratio)) => with_noise(&read.recording, hue, ratio, &mut rng)?,
            };
            shares[0].push(of_front_end(&heard, &read.speech)?);
            shares[1].push(of_strip(&heard, &read.speech)?);
        }
        let [front_end, strip] = shares.map(|shares| {
            let mean = shares.iter().sum::<f64>() / shares.len() as f64;
            (mean, shares.into_iter().fold(1.0, f64::min))
        });
        println!(
            "| {name} | {:.3} | {:.3} | {:.3} | {:.3} |",
            front_end.0, front_end.1, strip.0, strip.1
        );
    }
    println!();
    Ok(())
}

fn of_front_end(heard: &Recording, truth: &[bool]) -> Result<f64> {
    let frames = FrontEnd::default().frames(heard)?;
    Ok(agreement(&frames.speech, &frames.times, truth))
}

fn of_strip(heard: &Recording, truth: &[bool]) -> Result<f64> {
    let spectrogram = Spectrogram::of(heard, Windows::default())?;
    let activity = Activity::of(&spectrogram.levels(), spectrogram.step);
    let active = activity.map_or_else(|| vec![true; spectrogram.times.len()], |a| a.active);
    Ok(agreement(&active, &spectrogram.times, truth))
}

/// The share of frames that say what is true in their middles.
fn agreement(found: &[bool], times: &[f64], truth: &[bool]) -> f64 {
    let is_true = |time: &f64| truth[((time * f64::from(RATE)) as usize).min(truth.len() - 1)];
    let same = found.iter().zip(times).filter(|(f, t)| **f == is_true(t));
    same.count() as f64 / found.len() as f64
}

/// Whether each sample is near a frame within so many dB of the loudest: how one reads the waveform of a recording made in
/// silence. Pauses below 0.1 s are filled.
fn plain_reading(samples: &[f64], decibels: f64) -> Vec<bool> {
    let power = |frame: &[f64]| frame.iter().map(|x| x * x).sum::<f64>();
    let powers: Vec<f64> = samples.windows(FRAME).step_by(STEP).map(power).collect();
    if powers.is_empty() {
        return vec![true; samples.len()];
    }
    let least = powers.iter().copied().fold(0.0, f64::max) * 10f64.powf(-0.1 * decibels);
    let mut loud: Vec<bool> = powers.iter().map(|p| *p > least).collect();
    let mut last = None;
    for t in 0..loud.len() {
        if loud[t] {
            if let Some(before) = last.filter(|before| t - before <= 10) {
                loud[before..t].fill(true);
            }
            last = Some(t);
        }
    }
    let frame = |i: usize| (i.saturating_sub(FRAME / 2 - STEP / 2) / STEP).min(loud.len() - 1);
    (0..samples.len()).map(|i| loud[frame(i)]).collect()
}

fn shipped(part: &str) -> Result<Vec<Read>> {
    let mut all = Vec::new();
    for voice in SHIPPED_VOICES {
        let recordings = if part == "train" {
            voice.train()?
        } else {
            voice.test()?
        };
        all.extend(recordings.into_iter().map(|(_, recording)| Read {
            speech: plain_reading(recording.samples(), 35.0),
            recording,
        }));
    }
    Ok(all)
}

/// Words of pairs of speakers, equally loud but for the second of a pair, between pauses of 0.2 to 1 s with the noise of a
/// quiet room.
fn made(clips: &[Clip], quieter: f64) -> Result<Vec<Read>> {
    let mut rng = Xoshiro256Plus::seed_from_u64(1);
    let mut speakers: Vec<&str> = clips.iter().filter_map(|c| c.speaker.as_deref()).collect();
    speakers.sort_unstable();
    speakers.dedup();
    let mut all = Vec::new();
    for (i, first) in speakers.iter().enumerate() {
        let second = speakers[(i + 1) % speakers.len()];
        for _ in 0..RECORDINGS {
            let (mut samples, mut speech) = (Vec::new(), Vec::new());
            for word in 0..WORDS {
                let (speaker, gain) = if word % 2 == 0 {
                    (*first, 1.0)
                } else {
                    (second, 10f64.powf(-0.05 * quieter))
                };
                let of: Vec<&Clip> = clips
                    .iter()
                    .filter(|c| c.speaker.as_deref() == Some(speaker))
                    .collect();
                let clip = word_of(of[rng.gen_range(0..of.len())], gain);
                let pause = rng.gen_range(RATE as usize / 5..RATE as usize);
                samples.extend(vec![0.0; pause]);
                speech.extend(vec![false; pause]);
                speech.extend(vec![true; clip.len()]);
                samples.extend(clip);
            }
            samples.extend(vec![0.0; RATE as usize / 2]);
            speech.extend(vec![false; RATE as usize / 2]);
            let recording = Recording::new(RATE, samples)?;
            all.push(Read {
                recording: with_noise(&recording, Hue::White, 46.0, &mut rng)?,
                speech,
            });
        }
    }
    Ok(all)
}

/// A clip from its first sample of speech to its last, of this root mean square.
fn word_of(clip: &Clip, gain: f64) -> Vec<f64> {
    let samples = clip.recording.samples();
    let speech = plain_reading(samples, 35.0);
    let first = speech.iter().position(|s| *s).unwrap_or(0);
    let last = speech.iter().rposition(|s| *s).unwrap_or(samples.len() - 1);
    let word = &samples[first..=last];
    let power = word.iter().map(|x| x * x).sum::<f64>() / word.len() as f64;
    word.iter().map(|x| x * gain / power.sqrt()).collect()
}
