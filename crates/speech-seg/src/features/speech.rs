//! When there is sound and when there is a pause, told by loudness.

use gmm_core::ndarray::Array2;
use gmm_core::{CovarianceType, Fitted, Gmm, InitMethod};

use super::stretches::{runs, smooth};

/// A pause shorter than this many seconds is taken to be part of the sound around it, as the stops within a
/// word are (the default of Praat's *To TextGrid (silences)*).
pub const SHORTEST_PAUSE: f64 = 0.1;

/// A sound shorter than this many seconds is taken to be a click (likewise).
pub const SHORTEST_SOUND: f64 = 0.1;

/// Levels are averaged over what is up to this many seconds away: half a syllable in all.
const REACH: f64 = 0.02;

/// The loudest that clicks do not reach: this share of the levels is not above it.
const LOUD: f64 = 0.95;

/// Levels more than this many dB below that are silence, however quiet.
const RANGE: f64 = 40.0;

/// Mean levels nearer to each other than this, in dB, are not sound and pause.
const LEAST_DROP: f64 = 4.0;

/// Shares of pauses from which fits start.
const PAUSES: [f64; 4] = [0.03, 0.1, 0.25, 0.5];

/// Added to the variances, in dB²: the silence below all is a single number.
const RIDGE: f64 = 0.05;

/// Fewer frames say nothing.
const LEAST_FRAMES: usize = 8;

/// A stretch of sound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// Seconds from the start of the recording at which it begins.
    pub start: f64,
    /// Seconds from the start of the recording at which it ends.
    pub end: f64,
}

/// Which frames hold sound, told by their loudness alone: a simple cue, which takes any loud noise for speech.
///
/// Levels are averaged over neighbouring frames and fitted by a mixture, of which the quietest Gaussian is pauses and must be
/// the narrowest; sound has one or two, as BIC says. There is sound where that is the more probable; then pauses shorter than
/// [`SHORTEST_PAUSE`] are filled and sounds shorter than [`SHORTEST_SOUND`] dropped.
#[derive(Debug, Clone, PartialEq)]
pub struct Activity {
    /// Mean level of pauses, in dB.
    pub pause_level: f64,
    /// Mean level of sound, in dB.
    pub sound_level: f64,
    /// Whether there is sound, for each frame.
    pub active: Vec<bool>,
}

impl Activity {
    /// Sound and pauses of frames with these levels in dB, `step` seconds apart; none where the levels do not fall into two
    /// groups, of fewer than eight frames, where all that is loud is too short to be sound, or for a step that is not
    /// above 0.
    pub fn of(levels: &[f64], step: f64) -> Option<Self> {
        if levels.len() < LEAST_FRAMES || step.is_nan() || step <= 0.0 {
            return None;
        }
        let reach = ((REACH / step).round() as usize).min(levels.len());
        let smoothed = averaged(levels, reach);
        let rows = Array2::from_shape_fn((smoothed.len(), 1), |(t, _)| smoothed[t]);
        let (model, pause) = mixture(&rows, 2 * reach + 1)?;
        let (weights, means) = (model.weights(), model.means().column(0));
        let (pause_level, of_pauses) = (means[pause], weights[pause] * means[pause]);
        let sound_level = (weights.dot(&means) - of_pauses) / (1.0 - weights[pause]);
        if sound_level.is_nan() || sound_level - pause_level < LEAST_DROP {
            return None;
        }
        let shares = model.responsibilities(&rows).ok()?;
        // Wider Gaussians are the more probable far below too: what decides is the least level above pauses that is sound.
        let least = (smoothed.iter().zip(shares.column(pause)))
            .filter(|(level, share)| **level > pause_level && **share < 0.5)
            .map(|(level, _)| *level)
            .fold(f64::INFINITY, f64::min);
        let mut active: Vec<bool> = smoothed.iter().map(|level| *level >= least).collect();
        smooth(&mut active, step, SHORTEST_PAUSE, SHORTEST_SOUND);
        active.contains(&true).then_some(Self {
            pause_level,
            sound_level,
            active,
        })
    }

    /// The stretches of sound of frames whose middles are these, `step` seconds apart, in order. A frame stands for one step
    /// about its middle, and hears half its length to either side: by so much a stretch can be too long.
    pub fn spans(&self, times: &[f64], step: f64) -> Vec<Span> {
        let span = |first: usize, last: usize| {
            let (start, end) = (times.get(first)?, times.get(last)?);
            Some(Span {
                start: start - step / 2.0,
                end: end + step / 2.0,
            })
        };
        runs(&self.active)
            .filter(|run| run.active)
            .filter_map(|run| span(run.first, run.last))
            .collect()
    }
}

/// Which frames hold speech, as [`Activity`] has it; all of them where that tells nothing.
pub fn speech_frames(levels: &[f64], step: f64) -> Vec<bool> {
    Activity::of(levels, step).map_or_else(|| vec![true; levels.len()], |found| found.active)
}

/// Means over so many frames to either side, of levels within the range.
fn averaged(levels: &[f64], reach: usize) -> Vec<f64> {
    let sorted = sorted(levels);
    let place = (LOUD * sorted.len().saturating_sub(1) as f64).round() as usize;
    let floor = sorted.get(place).map_or(0.0, |loud| loud - RANGE);
    // Sums of all levels before each, above the floor.
    let mut sums = vec![0.0];
    let mut sum = 0.0;
    for level in levels {
        sum += (level - floor).max(0.0);
        sums.push(sum);
    }
    let mean = |t: usize| {
        let (from, to) = (t.saturating_sub(reach), (t + reach + 1).min(levels.len()));
        floor + (sums[to] - sums[from]) / (to - from) as f64
    };
    (0..levels.len()).map(mean).collect()
}

/// A mixture of levels, each averaged over so many, and which of its Gaussians is pauses: of the least BIC of those whose
/// quietest Gaussian is the narrowest, else of two that are equally wide. Without that a narrow Gaussian takes the vowels, and
/// half of what is said counts as pause (docs/decisions/019-pauses.md).
fn mixture(rows: &Array2<f64>, n_averaged: usize) -> Option<(Gmm, usize)> {
    let levels = rows.column(0).to_vec();
    let sorted = sorted(&levels);
    let fit = |k: usize, covariance_type, start| {
        let params = Gmm::params(k).covariance_type(covariance_type);
        params
            .reg_covariance(RIDGE)
            .init_method(start)
            .fit_report(rows)
            .ok()
    };
    let log_n = (levels.len() as f64 / n_averaged as f64).max(1.0).ln();
    let bic = |fitted: &Fitted| {
        let n_parameters = (3 * fitted.model.n_components() - 1) as f64;
        n_parameters * log_n - 2.0 * fitted.log_likelihood() / n_averaged as f64
    };
    let starts = (2..=3).flat_map(|k| PAUSES.map(|share| (k, share)));
    let fits = starts.filter_map(|(k, share)| {
        let start = InitMethod::Responsibilities(initial(&levels, &sorted, k, share));
        fit(k, CovarianceType::Full, start)
    });
    fits.filter(|fitted| has_narrow_pauses(&fitted.model))
        .min_by(|a, b| bic(a).total_cmp(&bic(b)))
        .or_else(|| fit(2, CovarianceType::TiedSpherical, InitMethod::default()))
        .map(|fitted| {
            let pause = quietest(&fitted.model);
            (fitted.model, pause)
        })
}

/// Levels among the quietest share are pauses; the others fall into equally many of each Gaussian of sound.
fn initial(levels: &[f64], sorted: &[f64], k: usize, share: f64) -> Array2<f64> {
    let last = (sorted.len() - 1) as f64;
    let cuts: Vec<f64> = (0..k - 1)
        .map(|i| share + (1.0 - share) * i as f64 / (k - 1) as f64)
        .map(|share| sorted[(share * last) as usize])
        .collect();
    let group = |level: f64| cuts.iter().filter(|&&cut| level > cut).count();
    Array2::from_shape_fn((levels.len(), k), |(t, g)| {
        f64::from(u8::from(group(levels[t]) == g))
    })
}

fn quietest(model: &Gmm) -> usize {
    let means = model.means().column(0);
    let quieter = |a: &usize, b: &usize| means[*a].total_cmp(&means[*b]);
    (0..means.len()).min_by(quieter).unwrap_or(0)
}

fn has_narrow_pauses(model: &Gmm) -> bool {
    let variance = |group: usize| model.covariances()[(group, 0, 0)];
    let pauses = variance(quietest(model));
    (0..model.n_components()).all(|group| pauses <= variance(group))
}

fn sorted(levels: &[f64]) -> Vec<f64> {
    let mut sorted = levels.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Levels that are noisy, with speech 20 dB louder at some frames.
    fn levels(n: usize, speech: impl Fn(usize) -> bool, drop: f64) -> Vec<f64> {
        let at = |t: usize| {
            let shake = (t as f64 * 12.9898).sin() * 43_758.545_3;
            let shake = shake - shake.floor() - 0.5;
            if speech(t) {
                drop + 12.0 * shake
            } else {
                2.0 * shake
            }
        };
        (0..n).map(at).collect()
    }

    #[test]
    fn speech_is_where_it_is_louder() {
        let is_speech = |t: usize| (50..120).contains(&t) || (160..220).contains(&t);
        let found = Activity::of(&levels(300, is_speech, 20.0), 0.01).unwrap();
        let wrong = (0..300)
            .filter(|&t| found.active[t] != is_speech(t))
            .count();
        assert!(wrong <= 12, "{wrong}");
        let times: Vec<f64> = (0..300).map(|t| 0.01 * f64::from(t)).collect();
        let spans = found.spans(&times, 0.01);
        assert_eq!(spans.len(), 2, "{spans:?}");
        for (span, (start, end)) in spans.iter().zip([(0.495, 1.195), (1.595, 2.195)]) {
            assert!((span.start - start).abs() <= 0.03 && (span.end - end).abs() <= 0.03);
        }
    }

    #[test]
    fn short_pauses_are_filled_and_clicks_dropped() {
        let is_loud = |t: usize| (50..100).contains(&t) || (104..150).contains(&t) || t == 220;
        let found = speech_frames(&levels(300, is_loud, 40.0), 0.01);
        assert!(found[55..145].iter().all(|&s| s) && !found[160..].contains(&true));
    }

    #[test]
    fn where_there_is_no_pause_all_is_speech() {
        assert_eq!(Activity::of(&levels(200, |_| false, 0.0), 0.01), None);
        assert_eq!(speech_frames(&[3.0; 40], 0.01), [true; 40]);
        assert_eq!(speech_frames(&[3.0], 0.01), [true]);
        assert!(speech_frames(&[], 0.01).is_empty());
        for step in [0.0, -1.0, f64::NAN, 1e-12, 1e9] {
            assert_eq!(speech_frames(&[3.0; 40], step), [true; 40]);
        }
    }
}
