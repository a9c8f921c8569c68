//! How well speakers are told apart: the voices that ship, and recordings in a folder that is given.
//!
//! `cargo run -p speech-seg --example speakers -- FOLDER`, where FOLDER has files `{digit}_{speaker}_{take}.wav`, as the
//! Free Spoken Digit Dataset has them. Without a folder only what ships is measured.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use gmm_core::detection::Detection;
use gmm_core::rand::SeedableRng;
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use speech_seg::{
    Hue, Recording, SHIPPED_VOICES, Speaker, Turn, TurnOptions, VoiceOptions, Voices,
    diarization_error, enroll, turns, with_noise,
};

/// Takes from this on are tried; those before are enrolled.
const FIRST_TRIED: usize = 15;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    shipped()?;
    strangers()?;
    for each in [2, 1] {
        conversations("train", each)?;
        conversations("test", each)?;
    }
    if let Some(folder) = std::env::args().nth(1) {
        digits(Path::new(&folder))?;
    }
    Ok(())
}

fn enrolled(left_out: Option<usize>) -> Result<Voices> {
    let mut speakers = Vec::new();
    for (s, voice) in SHIPPED_VOICES.iter().enumerate() {
        if Some(s) != left_out {
            let name = String::from(voice.name);
            speakers.push(Speaker {
                name,
                recordings: voice.train()?,
            });
        }
    }
    Ok(enroll(
        &speakers,
        &[],
        &VoiceOptions::default(),
        &|_, _| {},
    )?)
}

fn noisy(recording: &Recording, hue: Option<Hue>, ratio: f64, seed: u64) -> Result<Recording> {
    Ok(match hue {
        None => recording.clone(),
        Some(hue) => with_noise(
            recording,
            hue,
            ratio,
            &mut Xoshiro256Plus::seed_from_u64(seed),
        )?,
    })
}

/// The voices that ship, clean and in noise.
fn shipped() -> Result<()> {
    let voices = enrolled(None)?;
    println!(
        "| shipped voices, test recordings | right | least lead [nats a frame] |\n|---|---|---|"
    );
    for (name, hue, ratio) in [
        ("clean", None, 0.0),
        ("white noise, 10 dB", Some(Hue::White), 10.0),
        ("pink noise, 10 dB", Some(Hue::Pink), 10.0),
        ("white noise, 5 dB", Some(Hue::White), 5.0),
        ("pink noise, 5 dB", Some(Hue::Pink), 5.0),
    ] {
        let (mut right, mut all, mut least) = (0, 0, f64::INFINITY);
        for seed in 0..if hue.is_some() { 5 } else { 1 } {
            for (s, voice) in SHIPPED_VOICES.iter().enumerate() {
                for (r, (_, recording)) in voice.test()?.into_iter().enumerate() {
                    let at = 1000 * seed + 10 * s as u64 + r as u64;
                    let scores = voices.scores(&noisy(&recording, hue, ratio, at)?)?.scores;
                    let others = scores.iter().enumerate().filter(|(i, _)| *i != s);
                    let next = others.map(|(_, x)| *x).fold(f64::NEG_INFINITY, f64::max);
                    right += usize::from(scores[s] > next);
                    all += 1;
                    least = f64::min(least, scores[s] - next);
                }
            }
        }
        println!("| {name} | {right} of {all} | {least:.2} |");
    }
    Ok(())
}

/// Each voice in turn is unknown: are its recordings none of the others?
fn strangers() -> Result<()> {
    let (mut scores, mut truth, mut claims, mut claimed) = (vec![], vec![], vec![], vec![]);
    let (mut false_alarms, mut misses) = (0, 0);
    for left_out in 0..SHIPPED_VOICES.len() {
        let voices = enrolled(Some(left_out))?;
        for (s, voice) in SHIPPED_VOICES.iter().enumerate() {
            for (r, (_, recording)) in voice.test()?.into_iter().enumerate() {
                for hue in [None, Some(Hue::White)] {
                    let found =
                        voices.scores(&noisy(&recording, hue, 10.0, (10 * s + r) as u64)?)?;
                    let own = voices.speaker(voice.name);
                    scores.push(found.scores[found.best()]);
                    truth.push(own.is_some());
                    let identified = voices.identified(&found);
                    false_alarms += usize::from(own.is_none() && identified.is_some());
                    misses += usize::from(own.is_some() && identified != own);
                    claims.extend(&found.scores);
                    claimed.extend((0..found.scores.len()).map(|i| Some(i) == own));
                }
            }
        }
    }
    let n_strangers = truth.iter().filter(|t| !**t).count();
    let open = Detection::of(&scores, &truth)?;
    let verification = Detection::of(&claims, &claimed)?;
    println!("\n| one voice unknown, test recordings clean and at 10 dB | |\n|---|---|");
    println!(
        "| strangers taken for somebody at the model's threshold | {false_alarms} of {n_strangers} |"
    );
    println!(
        "| speakers not recognised there | {misses} of {} |",
        truth.len() - n_strangers
    );
    println!(
        "| open-set equal error rate | {:.1} % |",
        100.0 * open.equal_error_rate()
    );
    println!(
        "| verification: equal error rate | {:.1} % |",
        100.0 * verification.equal_error_rate()
    );
    Ok(())
}

/// Recordings of one to four voices in turn, so many of each at a time, until all four of each have been heard.
fn conversations(part: &str, each: usize) -> Result<()> {
    println!(
        "\n| conversations of {part} recordings, {each} a turn | speakers | missed | false | confused | error | with a collar |\n\
         |---|---|---|---|---|---|---|"
    );
    for who in [
        &[0][..],
        &[1],
        &[2],
        &[3],
        &[0, 1],
        &[0, 2],
        &[0, 3],
        &[1, 2],
        &[1, 3],
        &[2, 3],
        &[0, 1, 2],
        &[0, 1, 3],
        &[0, 2, 3],
        &[1, 2, 3],
        &[0, 1, 2, 3],
    ] {
        let mut samples = Vec::new();
        let mut truth = Vec::new();
        for take in 0..4 / each {
            for (speaker, &voice) in who.iter().enumerate() {
                let pair = match part {
                    "train" => SHIPPED_VOICES[voice].train()?,
                    _ => SHIPPED_VOICES[voice].test()?,
                };
                for (_, recording) in &pair[each * take..each * (take + 1)] {
                    let start = samples.len() as f64 / 8000.0;
                    truth.extend(sounds(recording, start, speaker));
                    samples.extend_from_slice(recording.samples());
                }
            }
        }
        let found = turns(&Recording::new(8000, samples)?, &TurnOptions::default())?;
        let error = diarization_error(&truth, &found.turns, 0.0);
        let collared = diarization_error(&truth, &found.turns, 0.25);
        let share = |seconds: f64| format!("{:.1} %", 100.0 * seconds / error.total);
        let names: Vec<&str> = who.iter().map(|&v| SHIPPED_VOICES[v].name).collect();
        println!(
            "| {} | {} | {} | {} | {} | {:.1} % | {:.1} % |",
            names.join(", "),
            found.n_speakers,
            share(error.missed),
            share(error.false_alarm),
            share(error.confused),
            100.0 * error.rate(),
            100.0 * collared.rate()
        );
    }
    Ok(())
}

/// Where a recording is not more than 40 dB below its loudest for 0.3 s or longer, by root mean squares of 10 ms.
fn sounds(recording: &Recording, start: f64, speaker: usize) -> Vec<Turn> {
    let powers: Vec<f64> = (recording.samples().chunks(80))
        .map(|c| c.iter().map(|x| x * x).sum::<f64>() / c.len() as f64)
        .collect();
    let loudest = powers.iter().copied().fold(0.0, f64::max);
    let mut turns: Vec<Turn> = Vec::new();
    for i in (0..powers.len()).filter(|&i| powers[i] > loudest * 1e-4) {
        let (from, to) = (start + i as f64 * 0.01, start + (i + 1) as f64 * 0.01);
        match turns.last_mut() {
            Some(last) if from - last.end < 0.3 => last.end = to,
            _ => turns.push(Turn {
                start: from,
                end: to,
                speaker,
            }),
        }
    }
    turns
}

/// Speakers of single digits: early takes are enrolled, late ones tried.
fn digits(folder: &Path) -> Result<()> {
    let mut known: BTreeMap<String, Vec<(String, Recording)>> = BTreeMap::new();
    let mut tried = Vec::new();
    let mut paths: Vec<_> = std::fs::read_dir(folder)?
        .map(|e| Ok(e?.path()))
        .collect::<Result<_>>()?;
    paths.sort();
    for path in paths
        .iter()
        .filter(|p| p.extension().is_some_and(|e| e == "wav"))
    {
        let stem = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let mut parts = stem.split('_');
        let (Some(_), Some(speaker), Some(take)) = (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        let recording = Recording::read(path)?;
        if take.parse::<usize>()? < FIRST_TRIED {
            known
                .entry(String::from(speaker))
                .or_default()
                .push((stem.clone(), recording));
        } else {
            tried.push((String::from(speaker), recording));
        }
    }
    let speakers: Vec<Speaker> = (known.into_iter())
        .map(|(name, recordings)| Speaker { name, recordings })
        .collect();
    let voices = enroll(&speakers, &[], &VoiceOptions::default(), &|_, _| {})?;
    println!(
        "\n| spoken digits, {} speakers, one digit of an unseen take each | right | verification EER |\n|---|---|---|",
        speakers.len()
    );
    for (name, hue) in [
        ("clean", None),
        ("white noise, 10 dB", Some(Hue::White)),
        ("pink noise, 10 dB", Some(Hue::Pink)),
    ] {
        let (mut right, mut scores, mut truth) = (0, Vec::new(), Vec::new());
        for (i, (speaker, recording)) in tried.iter().enumerate() {
            let found = voices.scores(&noisy(recording, hue, 10.0, i as u64)?)?;
            let own = voices.speaker(speaker);
            right += usize::from(Some(found.best()) == own);
            truth.extend((0..found.scores.len()).map(|s| Some(s) == own));
            scores.extend(found.scores);
        }
        let share = 100.0 * right as f64 / tried.len() as f64;
        let eer = 100.0 * Detection::of(&scores, &truth)?.equal_error_rate();
        println!("| {name} | {share:.1} % of {} | {eer:.1} % |", tried.len());
    }
    Ok(())
}
