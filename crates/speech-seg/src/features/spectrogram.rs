//! Recordings as power over time and frequency.

use std::f64::consts::PI;

use gmm_core::CovarianceType;
use gmm_core::ndarray::{Array2, Axis, ShapeBuilder};
use rustfft::FftPlannerScalar;
use rustfft::num_complex::Complex;

use crate::data::Recording;

/// The most cells of a spectrogram: 1 GiB of numbers.
const MOST_CELLS: u64 = 1 << 27;

/// Powers are counted from this share of the loudest one when they become decibels: what is more than 80 dB below
/// it is silence, whether digital or not, and how quiet it is decides about no segment.
const QUIETEST: f64 = 1e-8;

/// The share of a window in which it rises and falls (scipy's default for spectrograms).
const TUKEY: f64 = 0.25;

/// Why a recording has no spectrogram of this kind.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum WindowError {
    /// A window holds fewer than two samples.
    #[error("a window needs at least 2 samples, not {0}")]
    Narrow(usize),
    /// Windows do not move on.
    #[error("windows of {nperseg} samples cannot overlap by {noverlap}; at most by one less")]
    Overlap {
        /// Samples in a window.
        nperseg: usize,
        /// Samples it shares with the next.
        noverlap: usize,
    },
    /// The recording is shorter than one window.
    #[error("the recording has {found} samples, but one window needs {needed}")]
    TooShort {
        /// Samples in a window.
        needed: usize,
        /// Samples of the recording.
        found: usize,
    },
    /// There are too many cells.
    #[error(
        "{n_frequencies} frequencies at {n_times} times are more than the {MOST_CELLS} cells that fit; \
         a smaller overlap makes fewer"
    )]
    TooMany {
        /// Frequencies.
        n_frequencies: usize,
        /// Windows.
        n_times: usize,
    },
}

/// How a recording is cut into windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windows {
    /// Samples in a window, at least 2.
    pub nperseg: usize,
    /// Samples that a window shares with the next, fewer than it has.
    pub noverlap: usize,
}

impl Default for Windows {
    /// The 256 samples and overlap of 128 of the slides.
    fn default() -> Self {
        Self {
            nperseg: 256,
            noverlap: 128,
        }
    }
}

impl Windows {
    /// Samples from one window to the next.
    ///
    /// # Errors
    /// [`WindowError::Narrow`] and [`WindowError::Overlap`].
    pub fn step(self) -> Result<usize, WindowError> {
        let Self { nperseg, noverlap } = self;
        if nperseg < 2 {
            return Err(WindowError::Narrow(nperseg));
        }
        match nperseg.checked_sub(noverlap) {
            None | Some(0) => Err(WindowError::Overlap { nperseg, noverlap }),
            Some(step) => Ok(step),
        }
    }
}

/// Power spectral density over time: `scipy.signal.spectrogram` with its defaults.
///
/// Of each window the mean is taken away (`detrend='constant'`) and the rest is weighted by a periodic Tukey
/// window (α = 0.25); the squared magnitude of its Fourier transform is divided by the sample rate and the sum
/// of the squared weights (`scaling='density'`), and doubled where a negative frequency has the same power.
/// Samples after the last whole window are not used. The sum over frequencies, times their distance, is
/// about the variance of the samples.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Spectrogram {
    /// The frequencies in Hz, from 0 to half the sample rate.
    pub frequencies: Vec<f64>,
    /// The middles of the windows, in seconds from the start.
    pub times: Vec<f64>,
    /// Power in squared units of the samples per Hz, frequencies × times. In memory the frequencies of one
    /// time are together.
    pub power: Array2<f64>,
    /// Seconds from one time to the next.
    pub step: f64,
}

impl Spectrogram {
    /// The spectrogram of a recording.
    ///
    /// # Errors
    /// Windows that are too narrow or do not move on, a recording shorter than one window (scipy takes a
    /// shorter window then), more than 2²⁷ cells.
    pub fn of(recording: &Recording, windows: Windows) -> Result<Self, WindowError> {
        let Windows { nperseg, noverlap } = windows;
        let step = windows.step()?;
        let samples = recording.samples();
        if samples.len() < nperseg {
            return Err(WindowError::TooShort {
                needed: nperseg,
                found: samples.len(),
            });
        }
        let n_times = (samples.len() - noverlap) / step;
        let n_frequencies = nperseg / 2 + 1;
        if n_frequencies as u64 * n_times as u64 > MOST_CELLS {
            return Err(WindowError::TooMany {
                n_frequencies,
                n_times,
            });
        }
        let rate = f64::from(recording.sample_rate());
        let mut power = Array2::zeros((n_frequencies, n_times).f());
        densities(samples, rate, windows.nperseg, step, &mut power);
        Ok(Self {
            frequencies: (0..n_frequencies)
                .map(|i| i as f64 * rate / nperseg as f64)
                .collect(),
            times: (0..n_times)
                .map(|i| (nperseg as f64 / 2.0 + (i * step) as f64) / rate)
                .collect(),
            power,
            step: step as f64 / rate,
        })
    }

    /// The largest power.
    pub fn loudest(&self) -> f64 {
        self.power.iter().copied().fold(0.0, f64::max)
    }

    /// The level of each window: its mean power over all frequencies, in dB.
    pub fn levels(&self) -> Vec<f64> {
        let loudest = self.loudest();
        let n_frequencies = self.frequencies.len() as f64;
        let columns = self.power.axis_iter(Axis(1));
        columns
            .map(|powers| Scale::LogPower.of(powers.sum() / n_frequencies, loudest))
            .collect()
    }

    /// Every cell's value on a scale, as rows of one column: the frequencies of the first time, then those of
    /// the second (the slides' `Sxx.T.reshape(-1, 1)`).
    pub fn rows(&self, scale: Scale) -> Array2<f64> {
        let loudest = self.loudest();
        let n_frequencies = self.frequencies.len();
        Array2::from_shape_fn((self.power.len(), 1), |(i, _)| {
            let power = self.power[(i % n_frequencies, i / n_frequencies)];
            scale.of(power, loudest)
        })
    }
}

/// The densities of all windows, each in its column.
fn densities(samples: &[f64], rate: f64, nperseg: usize, step: usize, power: &mut Array2<f64>) {
    let weights = tukey(nperseg);
    let scale = 1.0 / (rate * weights.iter().map(|w| w * w).sum::<f64>());
    // The same numbers on every processor.
    let transform = FftPlannerScalar::new().plan_fft_forward(nperseg);
    let mut scratch = vec![Complex::default(); transform.get_inplace_scratch_len()];
    let mut buffer = vec![Complex::default(); nperseg];
    let has_twin = |i: usize| i > 0 && 2 * i < nperseg;
    let windows = samples.windows(nperseg).step_by(step);
    for (mut column, window) in power.columns_mut().into_iter().zip(windows) {
        // About the first sample, so that a constant leaves exactly nothing.
        let origin = window[0];
        let mean = window.iter().map(|x| x - origin).sum::<f64>() / nperseg as f64;
        for ((slot, x), weight) in buffer.iter_mut().zip(window).zip(&weights) {
            *slot = Complex::new((x - origin - mean) * weight, 0.0);
        }
        transform.process_with_scratch(&mut buffer, &mut scratch);
        for (i, (density, amplitude)) in column.iter_mut().zip(&buffer).enumerate() {
            let twins = if has_twin(i) { 2.0 } else { 1.0 };
            *density = amplitude.norm_sqr() * scale * twins;
        }
    }
}

/// A periodic Tukey window: cosine slopes over an eighth of its length at either end, 1 between them
/// (scipy's `get_window(('tukey', 0.25), n)`; Harris, *Proc. IEEE* 66, 1978).
fn tukey(n: usize) -> Vec<f64> {
    let length = n as f64;
    // The weights that lie on a slope, as scipy rounds.
    let slope = (TUKEY * length / 2.0).floor() as usize;
    (0..n)
        .map(|i| {
            let at = i as f64;
            if i <= slope {
                0.5 * (1.0 + (PI * (2.0 * at / TUKEY / length - 1.0)).cos())
            } else if i < n - slope {
                1.0
            } else {
                0.5 * (1.0 + (PI * (2.0 * at / TUKEY / length - 2.0 / TUKEY + 1.0)).cos())
            }
        })
        .collect()
}

/// The scale on which powers are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scale {
    /// Power as it is, as on the slides: a segment is mostly a range of loudness near nothing, and one for all
    /// that is loud.
    #[default]
    Power,
    /// Decibels, 10·log₁₀ of the power, where powers below 10⁻⁸ of the loudest are taken to be that: nearer
    /// to what is heard, and silence has a number.
    LogPower,
}

impl Scale {
    /// The constraint that suits the scale: segments of equal width in decibels, since one of its own width would
    /// fit the rounding of near-silence; segments of power each of its own.
    pub const fn usual_covariance(self) -> CovarianceType {
        match self {
            Self::Power => CovarianceType::Full,
            Self::LogPower => CovarianceType::Tied,
        }
    }

    /// `power` or `log power`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Power => "power",
            Self::LogPower => "log power",
        }
    }

    /// The unit of its values; the units are those of the samples.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Power => "units²/Hz",
            Self::LogPower => "dB",
        }
    }

    /// A power on this scale, in a recording whose loudest cell has power `loudest`.
    pub fn of(self, power: f64, loudest: f64) -> f64 {
        match self {
            Self::Power => power,
            Self::LogPower => 10.0 * power.max(loudest * QUIETEST).max(f64::MIN_POSITIVE).log10(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spectrogram(samples: Vec<f64>, nperseg: usize, noverlap: usize) -> Spectrogram {
        let recording = Recording::new(1000, samples).unwrap();
        Spectrogram::of(&recording, Windows { nperseg, noverlap }).unwrap()
    }

    #[test]
    fn a_tone_is_at_its_frequency_and_has_its_power() {
        let tone = |i: i32| 3.0 * (2.0 * PI * 125.0 * f64::from(i) / 1000.0).sin();
        let made = spectrogram((0..2000).map(tone).collect(), 200, 100);
        assert_eq!(made.power.dim(), (101, 19));
        for column in made.power.columns() {
            let loudest = (0..101)
                .max_by(|&a, &b| column[a].total_cmp(&column[b]))
                .unwrap();
            assert_eq!(made.frequencies[loudest], 125.0);
            // Variance of a sine: half its squared amplitude.
            assert!((column.sum() * 5.0 - 4.5).abs() < 0.05, "{}", column.sum());
        }
        assert!((made.times[1] - made.times[0] - made.step).abs() < 1e-15);
    }

    #[test]
    fn a_constant_has_no_power_and_a_level_all_the_same() {
        let made = spectrogram(vec![0.1; 64], 16, 8);
        assert_eq!(made.loudest(), 0.0);
        assert!(made.rows(Scale::LogPower).iter().all(|x| x.is_finite()));
    }

    #[test]
    fn silence_beside_sound_is_80_decibels_below_it() {
        let mut samples = vec![0.0; 64];
        samples[40] = 1000.0;
        let made = spectrogram(samples, 16, 0);
        let levels = made.rows(Scale::LogPower);
        let loudest = levels.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        assert!((levels[(0, 0)] - (loudest - 80.0)).abs() < 1e-9);
        assert_eq!(Scale::LogPower.of(1000.0, 1000.0), 30.0);
    }

    #[test]
    fn rows_are_the_frequencies_of_one_time_after_the_other() {
        let made = spectrogram((0..40).map(|i| f64::from(i * i % 13)).collect(), 8, 4);
        let rows = made.rows(Scale::Power);
        for ((f, t), &power) in made.power.indexed_iter() {
            assert_eq!(rows[(t * 5 + f, 0)], power);
        }
    }

    #[test]
    fn impossible_windows_are_refused() {
        let recording = Recording::new(1000, vec![1.0; 100]).unwrap();
        let refused = |nperseg, noverlap| {
            Spectrogram::of(&recording, Windows { nperseg, noverlap }).unwrap_err()
        };
        assert_eq!(refused(1, 0), WindowError::Narrow(1));
        assert!(matches!(refused(8, 8), WindowError::Overlap { .. }));
        assert!(matches!(refused(8, 9), WindowError::Overlap { .. }));
        let short = refused(101, 0).to_string();
        assert_eq!(
            short,
            "the recording has 100 samples, but one window needs 101"
        );
        let long = Recording::new(1000, vec![0.0; 40_000]).unwrap();
        let windows = Windows {
            nperseg: 20_000,
            noverlap: 19_999,
        };
        let refused = Spectrogram::of(&long, windows).unwrap_err();
        assert!(matches!(
            refused,
            WindowError::TooMany {
                n_times: 20_001,
                ..
            }
        ));
    }
}
