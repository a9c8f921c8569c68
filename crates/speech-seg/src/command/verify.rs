//! `speech-seg verify`: whether a recording is of the speaker it is said to be of.

use std::path::PathBuf;

use gmm_cli::clap;
use gmm_cli::{Bar, Failure, OutputArgs, Places, TableArgs, named_after, to_json};
use gmm_core::detection::Detection;
use gmm_figures::decimal;
use gmm_table::{number, to_csv};
use serde::Serialize;
use speech_seg::{DetChart, Speaker, VoiceChart, Voices};

use super::judged::{self, JsonThreshold, Judged};
use super::{identify, people};

/// What the task is told.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  speech-seg verify voices.json anna=call.wav        is it Anna who calls?
  speech-seg verify voices.json --trials people/     every recording as every speaker: error rates and a DET figure")]
pub(crate) struct Args {
    /// Model that `enroll` wrote
    model: PathBuf,

    /// Recordings with whose they are said to be, NAME=FILE; with --trials, whose they are
    #[arg(required = true, value_name = "NAME=WAV")]
    recordings: Vec<PathBuf>,

    /// Try every recording as every speaker: names are the truth, of speakers who may be unknown to the model
    #[arg(long)]
    trials: bool,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    table: TableArgs,
}

/// A recording with a speaker it is tried as.
#[derive(Serialize)]
struct Tried {
    recording: String,
    claimed: String,
    score: f64,
    accepted: bool,
    /// None where only a claim is known.
    is_true: Option<bool>,
}

#[derive(Serialize)]
struct Json<'a> {
    model: String,
    threshold: JsonThreshold,
    equal_error_rate: Option<f64>,
    false_alarms: Option<f64>,
    misses: Option<f64>,
    trials: &'a [Tried],
}

/// Does what the command line says.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let files = args
        .recordings
        .iter()
        .filter(|p| p.is_file())
        .chain([&args.model]);
    let usual = named_after(&args.model, "verified.png");
    let places = Places::claim(
        files.map(PathBuf::as_path),
        &args.output,
        &args.table,
        usual,
    )?;
    let voices = identify::voices(&args.model)?;
    let people = people::speakers(&args.recordings)?;
    if !args.trials {
        known(&voices, &people)?;
    }
    let bar = Bar::new(1, args.output.quiet);
    let (mut judged, mut tried) = (Vec::new(), Vec::new());
    for speaker in &people {
        for (name, recording) in &speaker.recordings {
            bar.say(name.clone());
            let scored = Judged::of(&voices, name.clone(), recording)?;
            tried.extend(trials(&voices, &scored, &speaker.name, args.trials));
            judged.push(scored);
        }
    }
    bar.finish();
    let detection = args.trials.then(|| detection(&tried)).transpose()?;
    let share = |of_true: bool, accepted: bool| {
        let of = tried.iter().filter(|t| t.is_true == Some(of_true));
        let (n, wrong) = (
            of.clone().count(),
            of.filter(|t| t.accepted == accepted).count(),
        );
        (n > 0).then(|| wrong as f64 / n as f64)
    };
    let json = to_json(&Json {
        model: args.model.display().to_string(),
        threshold: JsonThreshold::of(&voices.claim),
        equal_error_rate: detection.as_ref().map(Detection::equal_error_rate),
        false_alarms: share(false, true),
        misses: share(true, false),
        trials: &tried,
    })?;
    let sheet = match &detection {
        Some(detection) => DetChart {
            title: String::from("Errors of verification"),
            subtitle: format!(
                "{} true and {} false trials, equal error rate {} %",
                detection.n_targets(),
                detection.n_others(),
                decimal(100.0 * detection.equal_error_rate(), 1)
            ),
            detection,
            threshold: voices.claim.score,
        }
        .sheet()?,
        None => matrix(&voices, &judged),
    };
    let figure = sheet
        .to_file(&places.figure)
        .map_err(|e| Failure::of(places.figure.display(), e))?;
    places.deliver(&args.output, (&figure, &csv(&tried), &json), || {
        let mut lines = Vec::new();
        match &detection {
            Some(detection) => {
                let rate = |r: Option<f64>| r.map_or_else(String::new, |r| decimal(100.0 * r, 1));
                lines.push(format!(
                    "{} true and {} false trials",
                    detection.n_targets(),
                    detection.n_others()
                ));
                lines.push(format!(
                    "equal error rate {} %",
                    decimal(100.0 * detection.equal_error_rate(), 1)
                ));
                lines.push(format!(
                    "at the model's threshold {} % false alarms and {} % misses",
                    rate(share(false, true)),
                    rate(share(true, false))
                ));
            }
            None => lines.extend(claims(&tried)),
        }
        lines.push(judged::explained("accepted", &voices.claim));
        lines.extend(judged::notes(&judged, voices.sample_rate()));
        lines
    })
}

/// That everybody who is claimed is enrolled.
fn known(voices: &Voices, people: &[Speaker]) -> Result<(), Failure> {
    match people.iter().find(|s| voices.speaker(&s.name).is_none()) {
        Some(stranger) => Err(Failure::Work(format!(
            "{} is not enrolled; {} are",
            stranger.name,
            voices.names().join(", ")
        ))),
        None => Ok(()),
    }
}

/// A recording as the speaker it is said to be of, or as everybody.
fn trials(voices: &Voices, judged: &Judged, name: &str, all: bool) -> Vec<Tried> {
    let scores = voices.names().iter().zip(&judged.scores.scores);
    let claimed = scores.filter(|(speaker, _)| all || *speaker == name);
    let trial = |(speaker, score): (&String, &f64)| Tried {
        recording: judged.name.clone(),
        claimed: speaker.clone(),
        score: *score,
        accepted: *score >= voices.claim.score,
        is_true: all.then(|| speaker == name),
    };
    claimed.map(trial).collect()
}

fn detection(tried: &[Tried]) -> Result<Detection, Failure> {
    let scores: Vec<f64> = tried.iter().map(|t| t.score).collect();
    let truth: Vec<bool> = tried.iter().map(|t| t.is_true == Some(true)).collect();
    if truth.iter().all(|t| *t) || !truth.contains(&true) {
        let line = "--trials needs recordings of enrolled speakers, of two at least: true and false trials";
        return Err(Failure::Work(String::from(line)));
    }
    Ok(Detection::of(&scores, &truth)?)
}

fn matrix(voices: &Voices, judged: &[Judged]) -> gmm_figures::Sheet {
    let recordings: Vec<String> = judged.iter().map(|j| j.name.clone()).collect();
    let shape = (judged.len(), voices.names().len());
    let scores =
        gmm_core::ndarray::Array2::from_shape_fn(shape, |(r, s)| judged[r].scores.scores[s]);
    VoiceChart {
        title: String::from("Is it the speaker it is said to be?"),
        subtitle: String::from("scores of recordings for every speaker"),
        recordings: &recordings,
        speakers: voices.names(),
        scores: &scores,
        threshold: voices.claim.score,
    }
    .sheet()
}

fn claims(tried: &[Tried]) -> Vec<String> {
    let width = tried
        .iter()
        .map(|t| t.recording.chars().count())
        .max()
        .unwrap_or(0)
        .max(9);
    let names = tried
        .iter()
        .map(|t| t.claimed.chars().count())
        .max()
        .unwrap_or(0)
        .max(7);
    let mut lines = vec![format!(
        "{:<width$}  {:<names$} {:>7}",
        "recording", "claimed", "score"
    )];
    lines.extend(tried.iter().map(|t| {
        let said = if t.accepted { "accepted" } else { "rejected" };
        let score = decimal(t.score, 2);
        format!(
            "{:<width$}  {:<names$} {score:>7}  {said}",
            t.recording, t.claimed
        )
    }));
    lines
}

fn csv(tried: &[Tried]) -> Vec<u8> {
    let names = ["recording", "claimed", "score", "accepted", "true"].map(String::from);
    let flag = |b: bool| u8::from(b).to_string();
    let rows = tried.iter().map(|t| {
        vec![
            t.recording.clone(),
            t.claimed.clone(),
            number(t.score),
            flag(t.accepted),
            t.is_true.map_or_else(String::new, flag),
        ]
    });
    to_csv(&names, rows)
}
