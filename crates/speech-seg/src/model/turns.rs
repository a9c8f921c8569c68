//! Who speaks when: turns of speakers that nobody knows.

mod clusters;
mod error;
mod path;

use std::ops::RangeInclusive;

use gmm_core::GmmError;
use gmm_core::ndarray::{Array2, Axis};

use crate::data::Recording;
use crate::features::{FrontEnd, FrontEndError, Level, Normalization, Pauses};

use clusters::{Shared, merged, within};
pub use error::{DiarizationError, diarization_error};
use path::most_probable;

/// Lengths of the pieces, in seconds, from which a search begins; by the first is told how frames resemble one another.
const PIECES: [f64; 4] = [1.5, 1.0, 2.0, 3.0];
/// More pieces than this are not compared with one another: those of long recordings are longer.
const MOST_PIECES: f64 = 600.0;
/// Passes of a search.
const PASSES: usize = 10;
/// Lags over which frames are correlated: 0.4 s.
const LAGS: usize = 40;
/// Pauses within a turn are shorter than this, in seconds (as NIST scores turns).
const PAUSE: f64 = 0.3;
/// A change of speakers is at a pause if there is one so near, in seconds.
const NEAR: f64 = 0.25;
/// The most speakers that are looked for.
const MOST: usize = 16;

/// Why there are no turns.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TurnError {
    /// The recording has no frames.
    #[error(transparent)]
    FrontEnd(#[from] FrontEndError),
    /// An option is out of its range.
    #[error("{name} is {value}; it must be {allowed}")]
    Option {
        /// Which.
        name: &'static str,
        /// What it is.
        value: String,
        /// What it may be.
        allowed: &'static str,
    },
    /// The frames determine no covariance.
    #[error(transparent)]
    Fit(#[from] GmmError),
}

/// How turns are looked for.
#[derive(Debug, Clone, PartialEq)]
pub struct TurnOptions {
    /// How many speakers there may be, from 1 to 16.
    pub n_speakers: RangeInclusive<usize>,
    /// The least speech that one speaker has before the next, in seconds, but for what a change is moved to a pause nearby.
    pub shortest: f64,
}

impl Default for TurnOptions {
    /// 1 to 8 speakers; turns of at least 2 s.
    fn default() -> Self {
        Self {
            n_speakers: 1..=8,
            shortest: 2.0,
        }
    }
}

/// A stretch of speech of one speaker, without pauses of 0.3 s or longer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Turn {
    /// Seconds from the start at which it begins.
    pub start: f64,
    /// Seconds from the start at which it ends.
    pub end: f64,
    /// Who speaks, counted from 0.
    pub speaker: usize,
}

/// A recording divided among speakers.
#[derive(Debug, Clone, PartialEq)]
pub struct Turns {
    /// In order. Speakers are numbered as they come.
    pub turns: Vec<Turn>,
    /// Speakers.
    pub n_speakers: usize,
    /// BIC of each number of speakers that was found, the smaller the better; over as many rows as there are independent
    /// frames.
    pub candidates: Vec<(usize, f64)>,
    /// Frames over which speech says the same as one that is independent of all others.
    pub frames_each: f64,
    /// The middles of all frames, in seconds.
    pub times: Vec<f64>,
    /// The level of each frame, in dB.
    pub levels: Vec<f64>,
    /// The speaker of each frame, none in pauses.
    pub speakers: Vec<Option<usize>>,
}

impl Turns {
    /// Seconds that each speaker speaks.
    pub fn seconds(&self) -> Vec<f64> {
        let mut seconds = vec![0.0; self.n_speakers];
        for turn in &self.turns {
            seconds[turn.speaker] += turn.end - turn.start;
        }
        seconds
    }
}

/// Divides a recording among its speakers.
///
/// Each speaker has a mean of nineteen cepstra, and all share one covariance; frames with speech are divided by the path
/// of least cost on which every turn has at least `shortest` seconds of speech. The search begins with pieces of several
/// lengths, merged by Ward's criterion in the metric of what varies within pieces, and alternates paths and means.
///
/// The number of speakers is the one of least BIC (Chen & Gopalakrishnan, DARPA Broadcast News Workshop 1998), where a mean
/// has as many parameters as numbers and a change of speaker has one, its time (Zhang & Siegmund, *Biometrics* 63, 2007,
/// count them so up to constants). Since frames resemble their neighbours, n is that of independent ones: frames over 1 + 2Σρ, where ρ are their
/// autocorrelations. What is taken for a speaker is a voice with its microphone and room.
///
/// # Errors
/// Options out of range; those of [`FrontEnd::frames`].
pub fn turns(recording: &Recording, options: &TurnOptions) -> Result<Turns, TurnError> {
    check(options)?;
    let front_end = FrontEnd {
        n_filters: 24,
        n_cepstra: 19,
        level: Level::None,
        n_deltas: 0,
        pauses: Pauses::Drop,
        normalization: Normalization::None,
        ..FrontEnd::default()
    };
    let frames = front_end.frames(recording)?;
    let speech: Vec<usize> = (0..frames.speech.len())
        .filter(|&t| frames.speech[t])
        .collect();
    let rows = frames.rows.select(Axis(0), &speech);
    let found = Search {
        rows: &rows,
        options,
        step: front_end.step,
    }
    .found()?;
    let reach = (NEAR / front_end.step).round() as usize;
    let labels = in_order(&changed_at_pauses(found.labels, &speech, reach));
    let mut speakers = vec![None; frames.speech.len()];
    for (&t, &speaker) in speech.iter().zip(&labels) {
        speakers[t] = Some(speaker);
    }
    Ok(Turns {
        turns: stretches(&speakers, &frames.times, front_end.step),
        n_speakers: labels.iter().max().map_or(0, |last| last + 1),
        candidates: found.candidates,
        frames_each: found.frames_each,
        times: frames.times,
        levels: frames.levels,
        speakers,
    })
}

fn check(options: &TurnOptions) -> Result<(), TurnError> {
    let (least, most) = (*options.n_speakers.start(), *options.n_speakers.end());
    if least < 1 || least > most || most > MOST {
        return Err(TurnError::Option {
            name: "the number of speakers",
            value: if least == most {
                most.to_string()
            } else {
                format!("{least}..{most}")
            },
            allowed: "from 1 to 16",
        });
    }
    if !(options.shortest > 0.0 && options.shortest <= 60.0) {
        return Err(TurnError::Option {
            name: "the shortest turn",
            value: options.shortest.to_string(),
            allowed: "above 0 and at most 60 s",
        });
    }
    Ok(())
}

struct Search<'a> {
    /// Frames with speech.
    rows: &'a Array2<f64>,
    options: &'a TurnOptions,
    /// Seconds from frame to frame.
    step: f64,
}

struct Found {
    labels: Vec<usize>,
    candidates: Vec<(usize, f64)>,
    frames_each: f64,
}

/// Labels and how well they divide: n ln|Σ| of the covariance left within them, and ln n for each change.
type Divided = (Vec<usize>, f64);

impl Search<'_> {
    fn found(&self) -> Result<Found, GmmError> {
        let n = self.rows.nrows();
        let most = *self.options.n_speakers.end();
        let mut best: Vec<Option<Divided>> = vec![None; most + 1];
        let mut frames_each = f64::NAN;
        let seconds = n as f64 * self.step;
        for length in PIECES {
            let length = length.max(seconds / MOST_PIECES);
            let n_pieces = ((seconds / length).round() as usize).max(1);
            let ends: Vec<usize> = (0..=n_pieces).map(|i| i * n / n_pieces).collect();
            let shared = Shared::of(&within(self.rows, &ends))?;
            if frames_each.is_nan() {
                frames_each = shared.frames_each(self.rows, &ends, LAGS);
            }
            let n_independent = n as f64 / frames_each;
            for start in merged(self.rows, &ends, &shared, most) {
                let (labels, log_det) = self.climbed(start)?;
                let changes = labels.windows(2).filter(|pair| pair[0] != pair[1]).count();
                let cost = n_independent * log_det + changes as f64 * n_independent.max(1.0).ln();
                let k = labels.iter().max().map_or(0, |last| last + 1);
                let is_better = |b: &Option<Divided>| b.as_ref().is_none_or(|b| cost < b.1);
                if let Some(slot) = best.get_mut(k).filter(|b| is_better(b)) {
                    *slot = Some((labels, cost));
                }
            }
        }
        let means = self.rows.ncols() as f64 * (n as f64 / frames_each).max(1.0).ln();
        let candidates: Vec<(usize, f64)> = (best.iter().enumerate())
            .filter_map(|(k, divided)| Some((k, divided.as_ref()?.1 + k as f64 * means)))
            .collect();
        let least = *self.options.n_speakers.start();
        // Where so many cannot be found, the most that can.
        let allowed = candidates.iter().filter(|(k, _)| *k >= least);
        let chosen = allowed
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .or(candidates.last());
        let labels = chosen
            .and_then(|(k, _)| best[*k].take())
            .map(|(labels, _)| labels);
        Ok(Found {
            labels: labels.unwrap_or_else(|| vec![0; n]),
            candidates,
            frames_each,
        })
    }

    /// Means and paths in turn, until the path stays: its labels, and ln|Σ| of the covariance left within them.
    fn climbed(&self, start: Vec<usize>) -> Result<(Vec<usize>, f64), GmmError> {
        let shortest = (self.options.shortest / self.step).round().max(1.0) as usize;
        let mut labels = start;
        for _ in 0..PASSES {
            let shared = Shared::of(&clusters::about(self.rows, &labels))?;
            let costs = shared.costs(self.rows, &labels);
            if costs.ncols() < 2 {
                break;
            }
            let next = in_order(&most_probable(&costs, shortest));
            if next == labels {
                break;
            }
            labels = next;
        }
        let shared = Shared::of(&clusters::about(self.rows, &labels))?;
        Ok((labels, shared.log_det()))
    }
}

/// Labels of frames with these places, with changes that are at most `reach` frames from a pause moved there: nobody begins
/// to speak just before a pause, or stops just after one.
fn changed_at_pauses(mut labels: Vec<usize>, places: &[usize], reach: usize) -> Vec<usize> {
    let is_pause = |i: usize| places[i] > places[i - 1] + 1;
    let is_change = |labels: &[usize], i: usize| labels[i] != labels[i - 1];
    let changes = (1..labels.len()).filter(|&i| is_change(&labels, i));
    for change in changes.collect::<Vec<usize>>() {
        // Not so far that a turn beside it vanishes.
        let before = (1..change).rev().find(|&i| is_change(&labels, i));
        let after = (change + 1..labels.len()).find(|&i| is_change(&labels, i));
        let from = (change.saturating_sub(reach)).max(before.unwrap_or(0) + 1);
        let to = (change + reach + 1).min(after.unwrap_or(labels.len()));
        let near = (from..to).filter(|&i| is_pause(i));
        let (before, after) = (labels[change - 1], labels[change]);
        match near.min_by_key(|&i| i.abs_diff(change)) {
            Some(pause) if pause < change => labels[pause..change].fill(after),
            Some(pause) => labels[change..pause].fill(before),
            None => {}
        }
    }
    labels
}

/// Labels by when they come first, without gaps.
fn in_order(labels: &[usize]) -> Vec<usize> {
    let mut names: Vec<usize> = Vec::new();
    let place = |label: &usize| {
        names.iter().position(|n| n == label).unwrap_or_else(|| {
            names.push(*label);
            names.len() - 1
        })
    };
    labels.iter().map(place).collect()
}

/// Frames of one speaker with no longer pause between them than [`PAUSE`].
fn stretches(speakers: &[Option<usize>], times: &[f64], step: f64) -> Vec<Turn> {
    let mut turns: Vec<Turn> = Vec::new();
    for (speaker, time) in speakers.iter().zip(times) {
        let Some(speaker) = *speaker else { continue };
        let (start, end) = (time - 0.5 * step, time + 0.5 * step);
        match turns.last_mut() {
            Some(last) if last.speaker == speaker && start - last.end < PAUSE => last.end = end,
            _ => turns.push(Turn {
                start,
                end,
                speaker,
            }),
        }
    }
    turns
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Noise that is filtered in one way or another, second by second, as loud in each.
    fn voices(of: &[usize]) -> Recording {
        let mut state = 7u32;
        let mut last = 0.0;
        let samples = (0..of.len() * 8000).map(|i| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            let white = f64::from(state) / f64::from(u32::MAX) - 0.5;
            let colour: f64 = [0.9, -0.6, 0.2][of[i / 8000]];
            last = colour * last + (1.0 - colour * colour).sqrt() * white;
            1000.0 * last * (1.0 + 0.2 * (i as f64 / 900.0).sin())
        });
        Recording::new(8000, samples.collect()).unwrap()
    }

    #[test]
    fn voices_are_told_apart_where_they_change() {
        let found = turns(
            &voices(&[0, 0, 0, 1, 1, 1, 1, 0, 0, 0]),
            &TurnOptions::default(),
        )
        .unwrap();
        assert_eq!(found.n_speakers, 2, "{:?}", found.candidates);
        let who: Vec<usize> = found.turns.iter().map(|t| t.speaker).collect();
        assert_eq!(who, [0, 1, 0]);
        assert!(
            (found.turns[1].start - 3.0).abs() < 0.1 && (found.turns[2].start - 7.0).abs() < 0.1
        );
        assert!((found.seconds()[0] - 6.0).abs() < 0.3);
    }

    #[test]
    fn changes_near_a_pause_are_at_it() {
        let places = [0, 1, 2, 3, 9, 10, 11, 12, 13];
        let changed = |labels: [usize; 9]| changed_at_pauses(labels.to_vec(), &places, 2);
        assert_eq!(
            changed([0, 0, 0, 1, 1, 1, 1, 1, 1]),
            [0, 0, 0, 0, 1, 1, 1, 1, 1]
        );
        assert_eq!(
            changed([0, 0, 0, 0, 0, 0, 1, 1, 1]),
            [0, 0, 0, 0, 1, 1, 1, 1, 1]
        );
        assert_eq!(
            changed([0, 0, 0, 0, 0, 0, 0, 1, 1]),
            [0, 0, 0, 0, 0, 0, 0, 1, 1]
        );
        // Two changes near one pause: only one is moved there, and no turn is lost.
        assert_eq!(
            changed([0, 0, 0, 1, 1, 2, 2, 2, 2]),
            [0, 0, 0, 0, 1, 2, 2, 2, 2]
        );
    }

    #[test]
    fn one_voice_is_one_and_a_number_asked_for_is_kept() {
        let one = voices(&[0; 8]);
        assert_eq!(turns(&one, &TurnOptions::default()).unwrap().n_speakers, 1);
        let three = voices(&[0, 1, 2, 0, 2].map(|who| [who; 5]).concat());
        let asked = TurnOptions {
            n_speakers: 3..=3,
            ..TurnOptions::default()
        };
        let found = turns(&three, &asked).unwrap();
        assert_eq!(found.n_speakers, 3);
        assert_eq!(found.turns.len(), 5, "{:?}", found.turns);
    }

    #[test]
    fn hard_recordings_have_an_outcome_or_a_line() {
        let click = {
            let mut samples = vec![0.0; 4000];
            samples[2000] = 1000.0;
            Recording::new(8000, samples).unwrap()
        };
        assert_eq!(
            turns(&click, &TurnOptions::default()).unwrap().n_speakers,
            1
        );
        let frame =
            Recording::new(8000, (0..200).map(|i| f64::from(i * i % 31)).collect()).unwrap();
        assert_eq!(
            turns(&frame, &TurnOptions::default()).unwrap().n_speakers,
            1
        );
        let silence = Recording::new(8000, vec![0.0; 4000]).unwrap();
        assert!(turns(&silence, &TurnOptions::default()).is_err());
        let none = TurnOptions {
            n_speakers: 0..=0,
            ..TurnOptions::default()
        };
        assert!(matches!(
            turns(&click, &none),
            Err(TurnError::Option { .. })
        ));
    }
}
