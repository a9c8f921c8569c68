//! Which frames hold speech.

use gmm_core::ndarray::Array2;
use gmm_core::{CovarianceType, Gmm};

use super::stretches::smooth;

/// Frames to either side whose levels are averaged before they are compared: half a syllable.
const REACH: usize = 2;

/// Levels more than this many dB below the loudest are silence, however quiet.
const RANGE: f64 = 60.0;

/// Mean levels nearer to each other than this, in dB, are not speech and pause.
const LEAST_DROP: f64 = 4.0;

/// Pauses shorter than this many seconds are part of the speech around them, and sounds shorter than that are clicks.
const SHORTEST_PAUSE: f64 = 0.1;
const SHORTEST_SOUND: f64 = 0.05;

/// Which frames hold speech, told by their levels in dB, `step` seconds apart.
///
/// Levels are averaged over five frames and fitted by a mixture of two Gaussians: pauses, whose levels are nearly equal,
/// and speech, whose levels are not. A frame is speech if it is louder than where both are equally probable; then pauses
/// below 0.1 s are filled and sounds below 0.05 s dropped. Where levels do not fall into two groups all frames are speech.
pub fn speech_frames(levels: &[f64], step: f64) -> Vec<bool> {
    let smoothed = averaged(levels);
    let Some(threshold) = threshold(&smoothed) else {
        return vec![true; levels.len()];
    };
    let mut speech: Vec<bool> = smoothed.iter().map(|&level| level >= threshold).collect();
    smooth(&mut speech, step, SHORTEST_PAUSE, SHORTEST_SOUND);
    if !speech.contains(&true) {
        speech.fill(true);
    }
    speech
}

/// Means over frames to either side, of levels within the range.
fn averaged(levels: &[f64]) -> Vec<f64> {
    let loudest = levels.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let within: Vec<f64> = levels.iter().map(|l| l.max(loudest - RANGE)).collect();
    let mean = |t: usize| {
        let near = &within[t.saturating_sub(REACH)..(t + REACH + 1).min(within.len())];
        near.iter().sum::<f64>() / near.len() as f64
    };
    (0..within.len()).map(mean).collect()
}

/// The level at which speech and pause are equally probable, if there are both.
fn threshold(levels: &[f64]) -> Option<f64> {
    /// Halvings of the distance of the means.
    const HALVINGS: usize = 40;
    if levels.len() < 8 {
        return None;
    }
    let rows = Array2::from_shape_fn((levels.len(), 1), |(t, _)| levels[t]);
    let model = Gmm::params(2)
        .covariance_type(CovarianceType::Full)
        .fit_report(&rows)
        .ok()?
        .model;
    let means = [model.means()[(0, 0)], model.means()[(1, 0)]];
    let (quiet, loud) = (
        usize::from(means[1] < means[0]),
        usize::from(means[1] >= means[0]),
    );
    if means[loud] - means[quiet] < LEAST_DROP {
        return None;
    }
    let (mut low, mut high) = (means[quiet], means[loud]);
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        let shares = model
            .responsibilities(&Array2::from_elem((1, 1), middle))
            .ok()?;
        if shares[(0, loud)] > 0.5 {
            high = middle;
        } else {
            low = middle;
        }
    }
    Some(high)
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
        let found = speech_frames(&levels(300, is_speech, 20.0), 0.01);
        let wrong = (0..300).filter(|&t| found[t] != is_speech(t)).count();
        assert!(wrong <= 12, "{wrong}");
        assert!(found[55..115].iter().all(|&s| s) && !found[130..150].contains(&true));
    }

    #[test]
    fn where_there_is_no_pause_all_is_speech() {
        assert!(
            speech_frames(&levels(200, |_| false, 0.0), 0.01)
                .iter()
                .all(|&s| s)
        );
        assert_eq!(speech_frames(&[3.0; 40], 0.01), [true; 40]);
        assert_eq!(speech_frames(&[3.0], 0.01), [true]);
        assert!(speech_frames(&[], 0.01).is_empty());
    }
}
