//! When there is sound, and when there is a pause.

use gmm_core::ndarray::{Array2, Axis};
use gmm_core::{CovarianceType, Gmm, GmmError};

use crate::features::{Scale, Spectrogram, runs, smooth};

/// A pause shorter than this many seconds is taken to be part of the sound around it, as the stops within a
/// word are (the default of Praat's *To TextGrid (silences)*).
pub const SHORTEST_PAUSE: f64 = 0.1;

/// A sound shorter than this many seconds is taken to be a click (likewise).
pub const SHORTEST_SOUND: f64 = 0.1;

/// Levels nearer to each other than this, in dB, are not sound and pause: half the amplitude.
const LEAST_DROP: f64 = 6.0;

/// Two equal groups nearer to each other than this many deviations make one hump (Ashman, Bird & Zepf,
/// *Astron. J.* 108, 1994).
const LEAST_SEPARATION: f64 = 2.0;

/// A stretch of sound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// Seconds from the start of the recording at which it begins.
    pub start: f64,
    /// Seconds from the start of the recording at which it ends.
    pub end: f64,
}

/// Which windows hold sound, told by their loudness alone: a simple cue, which takes any loud noise for speech.
///
/// The levels of the windows are fitted by a mixture of two Gaussians of equal variance, which makes one
/// threshold between them. Pauses shorter than [`SHORTEST_PAUSE`] are then filled, and sounds shorter than
/// [`SHORTEST_SOUND`] dropped.
#[derive(Debug, Clone, PartialEq)]
pub struct Activity {
    /// Mean level of pauses, in dB.
    pub pause_level: f64,
    /// Mean level of sound, in dB.
    pub sound_level: f64,
    /// Whether there is sound, for each window.
    pub active: Vec<bool>,
    /// The stretches of sound, in order. A window stands for one step of time about its middle, and hears
    /// half its length to either side: by so much a stretch can be too long.
    pub spans: Vec<Span>,
}

impl Activity {
    /// Sound and pauses of a spectrogram with these levels, one for each window in dB; none where the levels
    /// do not fall into two groups.
    ///
    /// # Errors
    /// Those of the fit.
    pub(crate) fn of(spectrogram: &Spectrogram, levels: &[f64]) -> Result<Option<Self>, GmmError> {
        if levels.len() < 2 {
            return Ok(None);
        }
        let rows = Array2::from_shape_fn((levels.len(), 1), |(t, _)| levels[t]);
        let model = Gmm::params(2)
            .covariance_type(CovarianceType::TiedSpherical)
            .fit_report(&rows)?
            .model;
        let (first, second) = (model.means()[(0, 0)], model.means()[(1, 0)]);
        let drop = (first - second).abs();
        let deviation = model.covariances()[(0, 0, 0)].sqrt();
        if drop < LEAST_DROP || drop < LEAST_SEPARATION * deviation {
            return Ok(None);
        }
        let loud = usize::from(second > first);
        let labels = model.labels(&rows)?;
        let mut active: Vec<bool> = labels.iter().map(|&l| l == loud).collect();
        smooth(
            &mut active,
            spectrogram.step,
            SHORTEST_PAUSE,
            SHORTEST_SOUND,
        );
        Ok(Some(Self {
            pause_level: first.min(second),
            sound_level: first.max(second),
            spans: runs(&active)
                .filter(|run| run.active)
                .map(|run| Span {
                    start: spectrogram.times[run.first] - spectrogram.step / 2.0,
                    end: spectrogram.times[run.last] + spectrogram.step / 2.0,
                })
                .collect(),
            active,
        }))
    }
}

/// The level of each window: its mean power over all frequencies, in dB.
pub(crate) fn frame_levels(spectrogram: &Spectrogram) -> Vec<f64> {
    let loudest = spectrogram.loudest();
    let n_frequencies = spectrogram.frequencies.len() as f64;
    let columns = spectrogram.power.axis_iter(Axis(1));
    columns
        .map(|powers| Scale::LogPower.of(powers.sum() / n_frequencies, loudest))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Recording;
    use crate::features::Windows;

    /// Noise of 8000 samples per second, loud in the given seconds and 40 dB quieter outside.
    fn noise(seconds: f64, loud: &[(f64, f64)]) -> Spectrogram {
        let mut state = 1u32;
        let samples = (0..(seconds * 8000.0) as usize).map(|i| {
            // Marsaglia's xorshift.
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            let at = i as f64 / 8000.0;
            let is_loud = loud.iter().any(|(start, end)| (*start..*end).contains(&at));
            (f64::from(state) / f64::from(u32::MAX) - 0.5) * if is_loud { 1000.0 } else { 10.0 }
        });
        let recording = Recording::new(8000, samples.collect()).unwrap();
        Spectrogram::of(&recording, Windows::default()).unwrap()
    }

    fn activity(spectrogram: &Spectrogram) -> Option<Activity> {
        Activity::of(spectrogram, &frame_levels(spectrogram)).unwrap()
    }

    #[test]
    fn sounds_are_found_where_they_are() {
        // A pause of 0.08 s within the second, and a click at 2.5 s.
        let loud = [(0.5, 1.0), (1.4, 1.7), (1.78, 2.1), (2.5, 2.53)];
        let found = activity(&noise(3.0, &loud)).unwrap();
        assert!((found.sound_level - found.pause_level - 40.0).abs() < 2.0);
        assert_eq!(found.spans.len(), 2, "{:?}", found.spans);
        for (span, (start, end)) in found.spans.iter().zip([(0.5, 1.0), (1.4, 2.1)]) {
            // A window hears what is half its length away, and stands for half a step.
            assert!((span.start - start).abs() <= 0.024 && (span.end - end).abs() <= 0.024);
        }
    }

    #[test]
    fn steady_noise_has_no_pauses_to_tell_from_sound() {
        assert_eq!(activity(&noise(2.0, &[])), None);
        assert_eq!(activity(&noise(0.032, &[])), None);
    }
}
