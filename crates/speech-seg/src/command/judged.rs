//! Recordings that were scored, as all tasks on voices tell them.

use std::path::Path;

use gmm_cli::Failure;
use gmm_core::ndarray::Array2;
use gmm_figures::decimal;
use gmm_table::{number, to_csv};
use serde::Serialize;
use speech_seg::{Recording, Scores, Threshold, VoiceChart, VoiceError, Voices};

/// A recording with less speech than this is told with a note, in seconds.
const SHORT: f64 = 1.0;
/// So is one of which more than this share is clipped.
const CLIPPED: f64 = 0.01;

/// A recording and its scores.
pub(super) struct Judged {
    pub(super) name: String,
    pub(super) scores: Scores,
    pub(super) sample_rate: u32,
}

#[derive(Serialize)]
pub(super) struct JsonScores<'a> {
    recording: &'a str,
    /// None where no speaker is likely enough.
    speaker: Option<&'a str>,
    most_likely: &'a str,
    score: f64,
    scores: Vec<f64>,
    seconds_of_speech: f64,
}

#[derive(Serialize)]
pub(super) struct JsonThreshold {
    score: f64,
    false_alarms: f64,
    false_trials: usize,
    true_trials: usize,
    equal_error_rate: Option<f64>,
    misses: Option<f64>,
}

impl JsonThreshold {
    pub(super) fn of(threshold: &Threshold) -> Self {
        let known = |rate: f64| Some(rate).filter(|r| r.is_finite());
        Self {
            score: threshold.score,
            false_alarms: threshold.false_alarms,
            false_trials: threshold.n_false,
            true_trials: threshold.n_true,
            equal_error_rate: known(threshold.equal_error_rate),
            misses: known(threshold.misses),
        }
    }
}

impl Judged {
    pub(super) fn of(
        voices: &Voices,
        name: String,
        recording: &Recording,
    ) -> Result<Self, Failure> {
        let scores = voices.scores(recording).map_err(|error| match error {
            VoiceError::Recording { error, .. } => Failure::of(&name, error),
            error => Failure::of(&name, error),
        })?;
        let sample_rate = recording.sample_rate();
        Ok(Self {
            name,
            scores,
            sample_rate,
        })
    }

    pub(super) fn json<'a>(&'a self, voices: &'a Voices) -> JsonScores<'a> {
        let best = self.scores.best();
        JsonScores {
            recording: &self.name,
            speaker: voices
                .identified(&self.scores)
                .map(|s| voices.names()[s].as_str()),
            most_likely: &voices.names()[best],
            score: self.scores.scores[best],
            scores: self.scores.scores.clone(),
            seconds_of_speech: self.scores.seconds,
        }
    }

    /// What a user should know of the recording.
    fn note(&self, sample_rate: u32) -> Option<String> {
        let name = &self.name;
        let mut said = Vec::new();
        if self.sample_rate != sample_rate {
            said.push(format!(
                "resampled from {} to {sample_rate} Hz",
                self.sample_rate
            ));
        }
        if self.scores.seconds < SHORT {
            said.push(format!(
                "only {} s of speech",
                decimal(self.scores.seconds, 2)
            ));
        }
        if self.scores.clipped > CLIPPED {
            said.push(format!(
                "{} % of its samples are clipped",
                decimal(100.0 * self.scores.clipped, 1)
            ));
        }
        (!said.is_empty()).then(|| format!("note: {name}: {}", said.join(", ")))
    }
}

/// The notes on all recordings, the first ones.
pub(super) fn notes(judged: &[Judged], sample_rate: u32) -> Vec<String> {
    const MOST: usize = 8;
    let all: Vec<String> = judged.iter().filter_map(|j| j.note(sample_rate)).collect();
    let more = all.len().saturating_sub(MOST);
    let mut lines: Vec<String> = all.into_iter().take(MOST).collect();
    if more > 0 {
        lines.push(format!("note: and so of {more} more recordings"));
    }
    lines
}

/// Recordings and whose they are, one to a line; `truth` is the true speaker's name, where it is known.
pub(super) fn table(
    voices: &Voices,
    judged: &[Judged],
    truth: impl Fn(usize) -> Option<String>,
) -> Vec<String> {
    let width = judged
        .iter()
        .map(|j| j.name.chars().count())
        .max()
        .unwrap_or(0)
        .max(9);
    let names = voices
        .names()
        .iter()
        .map(|n| n.chars().count())
        .max()
        .unwrap_or(0)
        .max(11);
    let mut lines = vec![format!(
        "{:<width$}  {:<names$} {:>7} {:>7}  identified",
        "recording", "most likely", "score", "next"
    )];
    for (i, j) in judged.iter().enumerate() {
        let best = j.scores.best();
        let others = j
            .scores
            .scores
            .iter()
            .enumerate()
            .filter(|(s, _)| *s != best);
        let next = others
            .map(|(_, score)| *score)
            .fold(f64::NEG_INFINITY, f64::max);
        let next = if next.is_finite() {
            decimal(next, 2)
        } else {
            String::new()
        };
        let is_accepted = voices.identified(&j.scores).is_some();
        let is_right = truth(i).map(|name| name == voices.names()[best]);
        let found = match (is_right, is_accepted) {
            (Some(false), _) => "wrong",
            (Some(true), false) => "yes, though a stranger may score as much",
            (None, false) => "none of them",
            (_, true) => "yes",
        };
        lines.push(format!(
            "{:<width$}  {:<names$} {:>7} {next:>7}  {found}",
            j.name,
            voices.names()[best],
            decimal(j.scores.scores[best], 2),
        ));
    }
    lines
}

/// The same with all scores, as a file.
pub(super) fn csv(voices: &Voices, judged: &[Judged]) -> Vec<u8> {
    let mut names = [
        "recording",
        "seconds_of_speech",
        "most_likely",
        "identified",
    ]
    .map(String::from)
    .to_vec();
    names.extend(voices.names().iter().map(|n| format!("score_{n}")));
    let rows = judged.iter().map(|j| {
        let identified = voices
            .identified(&j.scores)
            .map(|s| voices.names()[s].clone());
        let mut line = vec![
            j.name.clone(),
            number(j.scores.seconds),
            voices.names()[j.scores.best()].clone(),
            identified.unwrap_or_default(),
        ];
        line.extend(j.scores.scores.iter().map(|s| number(*s)));
        line
    });
    to_csv(&names, rows)
}

/// The matrix of all scores as a picture.
pub(super) fn figure(
    voices: &Voices,
    judged: &[Judged],
    title: &str,
    place: &Path,
) -> Result<Vec<u8>, Failure> {
    let recordings: Vec<String> = judged.iter().map(|j| j.name.clone()).collect();
    let shape = (judged.len(), voices.names().len());
    let scores = Array2::from_shape_fn(shape, |(r, s)| judged[r].scores.scores[s]);
    let chart = VoiceChart {
        title: String::from(title),
        subtitle: format!(
            "mixtures of {} Gaussians adapted to each of {} speakers",
            voices.n_components(),
            shape.1
        ),
        recordings: &recordings,
        speakers: voices.names(),
        scores: &scores,
        threshold: voices.any.score,
    };
    chart
        .sheet()
        .to_file(place)
        .map_err(|e| Failure::of(place.display(), e))
}

/// A threshold in words.
pub(super) fn explained(what: &str, threshold: &Threshold) -> String {
    let mut line = format!("{what} from a score of {} on", decimal(threshold.score, 2));
    if threshold.n_false == 0 {
        return line
            + ", where it is as probable as everybody: too few speakers to set a threshold";
    }
    line += &format!(
        ", which at most {} % of {} false trials reached",
        decimal(100.0 * threshold.false_alarms, 1),
        threshold.n_false
    );
    if threshold.misses.is_finite() && threshold.equal_error_rate.is_finite() {
        line += &format!(
            " and {} % of {} true ones did not; equal error rate {} %",
            decimal(100.0 * threshold.misses, 1),
            threshold.n_true,
            decimal(100.0 * threshold.equal_error_rate, 1)
        );
    }
    line
}
