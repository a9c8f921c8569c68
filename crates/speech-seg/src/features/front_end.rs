//! The front end of speech recognisers: mel-frequency cepstra with their slopes, frame by frame.

use std::f64::consts::PI;
use std::ops::Range;

use gmm_core::ndarray::{Array2, ArrayView1, Axis, concatenate, s};
use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlannerScalar};
use serde::{Deserialize, Serialize};

use super::clipping::clipped_share;
use super::dynamics::{Normalization, deltas};
use super::mel::{Bands, FilterBank};
use super::resample::resampled;
use super::speech::speech_frames;
use crate::data::{Recording, RecordingError};

/// Energies are at least this share of the recording's largest: 80 dB below it is silence, digital or not.
const QUIETEST: f64 = 1e-8;

/// Why a recording has no frames, or the settings are impossible.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FrontEndError {
    /// A setting is out of its range.
    #[error("{name} is {value}; it must be {allowed}")]
    Setting {
        /// Which.
        name: &'static str,
        /// What it is.
        value: String,
        /// What it may be.
        allowed: &'static str,
    },
    /// The recording is shorter than one frame.
    #[error("the recording lasts {found:.4} s, but one frame needs {needed} s")]
    TooShort {
        /// Seconds of the recording.
        found: f64,
        /// Seconds of a frame.
        needed: f64,
    },
    /// Every sample of every frame is the same.
    #[error("the recording is silent: its samples do not change")]
    Silent,
    /// It cannot be brought to the sample rate.
    #[error(transparent)]
    Recording(#[from] RecordingError),
}

/// What tells how loud a frame is, if anything does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Nothing: cepstra from the first on.
    None,
    /// The zeroth cepstral coefficient, before the others.
    #[default]
    Zeroth,
    /// ln of the frame's energy, before the others (from the first on).
    Energy,
}

/// Which frames become rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pauses {
    /// All frames.
    #[default]
    Keep,
    /// Those from the first with speech to the last.
    Trim,
    /// Those with speech.
    Drop,
}

/// The settings of the front end.
///
/// A recording is brought to `sample_rate` ([`resampled`]) and cut into frames of `window` seconds, `step` apart; samples
/// after the last whole frame are not used. Of each frame the mean is taken away, it is emphasised
/// (y_t = x_t − a·x_{t−1}), weighted by Hamming's window and transformed, with zeros up to the next power of two; its power
/// is summed up in triangles on the [mel](super::mel()) scale. Cepstra are the orthonormal DCT-II of the logarithms (Davis &
/// Mermelstein, *IEEE Trans. ASSP* 28, 1980). [Slopes](deltas) follow; what all rows have in common is taken away last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FrontEnd {
    /// Samples per second that recordings are brought to, 1000 to 384 000.
    pub sample_rate: u32,
    /// Seconds of a frame, up to 1.
    pub window: f64,
    /// Seconds from one frame to the next, up to 1.
    pub step: f64,
    /// a, from 0 (none) to below 1.
    pub pre_emphasis: f64,
    /// Triangles of the filter bank; as many as have a bin of the transform each.
    pub n_filters: usize,
    /// The lowest frequency, in Hz.
    pub low: f64,
    /// The highest frequency, in Hz; none for 95 % of half the sample rate.
    pub high: Option<f64>,
    /// The factor by which the throat is taken to be shorter than usual: frequencies of the bank are multiplied by it, up to a
    /// knee. 0.5 to 2.
    pub warp: f64,
    /// Cepstral coefficients, with the zeroth or energy where there is one; at most one for each triangle.
    pub n_cepstra: usize,
    /// What tells how loud a frame is.
    pub level: Level,
    /// L of the lifter 1 + (L/2)·sin(πn/L) that coefficient n is multiplied by (*The HTK Book*, 5.6); 0 for none. Models that
    /// learn variances do not need it.
    pub lifter: usize,
    /// How often slopes are taken: 0 for cepstra alone, 1 with their slopes, 2 with the slopes' slopes.
    pub n_deltas: usize,
    /// Which frames become rows.
    pub pauses: Pauses,
    /// What is taken away from these rows.
    pub normalization: Normalization,
}

impl Default for FrontEnd {
    /// 8 kHz, 25 ms every 10 ms, emphasis by 0.97, 26 triangles from 100 Hz, 13 cepstra with the zeroth, slopes and their
    /// slopes: 39 numbers a frame, all frames, less their mean.
    fn default() -> Self {
        Self {
            sample_rate: 8000,
            window: 0.025,
            step: 0.01,
            pre_emphasis: 0.97,
            n_filters: 26,
            low: 100.0,
            high: None,
            warp: 1.0,
            n_cepstra: 13,
            level: Level::Zeroth,
            lifter: 0,
            n_deltas: 2,
            pauses: Pauses::Keep,
            normalization: Normalization::Mean,
        }
    }
}

/// The frames of a recording.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Frames {
    /// Cepstra and their slopes, frames × features; nothing is taken away.
    pub rows: Array2<f64>,
    /// The middles of the frames, in seconds from the start.
    pub times: Vec<f64>,
    /// The power of each emphasised frame in its bands, in dB re 1 unit² of the samples.
    pub levels: Vec<f64>,
    /// Which frames hold speech, by their power in the bands before it is emphasised ([`speech_frames`]).
    pub speech: Vec<bool>,
    /// The share of the recording's samples that are [clipped](clipped_share).
    pub clipped: f64,
}

impl Frames {
    /// From the first frame with speech to the last.
    pub fn spoken(&self) -> Range<usize> {
        let first = self.speech.iter().position(|&s| s).unwrap_or(0);
        let last = self.speech.iter().rposition(|&s| s);
        first..last.map_or(self.speech.len(), |last| last + 1)
    }

    /// The rows of the frames that are wanted.
    pub fn kept(&self, pauses: Pauses) -> Array2<f64> {
        match pauses {
            Pauses::Keep => self.rows.clone(),
            Pauses::Trim => self.rows.slice(s![self.spoken(), ..]).to_owned(),
            Pauses::Drop => {
                let speech = (0..self.speech.len()).filter(|&t| self.speech[t]);
                self.rows.select(Axis(0), &speech.collect::<Vec<_>>())
            }
        }
    }
}

impl FrontEnd {
    /// Numbers of a row.
    pub fn n_features(&self) -> usize {
        self.n_cepstra * (self.n_deltas + 1)
    }

    /// The rows of a recording as the settings say.
    ///
    /// # Errors
    /// As [`frames`](Self::frames).
    pub fn rows(&self, recording: &Recording) -> Result<Array2<f64>, FrontEndError> {
        let frames = self.frames(recording)?;
        Ok(self.normalization.apply(frames.kept(self.pauses)))
    }

    /// All frames of a recording, before any are left out and anything is taken away.
    ///
    /// # Errors
    /// [`FrontEndError::Setting`]; [`FrontEndError::TooShort`] for a recording shorter than a frame;
    /// [`FrontEndError::Silent`] where no frame has any power; those of [`resampled`].
    pub fn frames(&self, recording: &Recording) -> Result<Frames, FrontEndError> {
        let analysis = Analysis::of(self)?;
        let clipped = clipped_share(recording);
        let recording = resampled(recording, self.sample_rate)?;
        let samples = recording.samples();
        if samples.len() < analysis.window.len() {
            return Err(FrontEndError::TooShort {
                found: recording.duration(),
                needed: self.window,
            });
        }
        let bands = analysis.bands(samples);
        let loudest = bands.energies.iter().copied().fold(0.0, f64::max);
        if loudest <= 0.0 {
            return Err(FrontEndError::Silent);
        }
        let logs = bands.energies.mapv(|e| e.max(loudest * QUIETEST).ln());
        let most = bands.totals.iter().copied().fold(0.0, f64::max);
        let of_frames = bands.totals.iter().map(|e| e.max(most * QUIETEST).ln());
        let cepstra = analysis.cepstra(&logs, &of_frames.collect::<Vec<_>>());
        let decibels = |energy: f64| 10.0 * energy.max(loudest * QUIETEST).log10();
        let of_bands = |energies: ArrayView1<'_, f64>| decibels(energies.sum());
        let levels: Vec<f64> = bands.energies.outer_iter().map(of_bands).collect();
        // Noise is as loud in high bands as in low ones and speech is not: emphasised, it would hide speech.
        let heard: Vec<f64> = bands.plain.iter().map(|energy| decibels(*energy)).collect();
        let middle = |t: usize| {
            let at = t * analysis.step;
            (at as f64 + 0.5 * analysis.window.len() as f64) / f64::from(self.sample_rate)
        };
        Ok(Frames {
            times: (0..levels.len()).map(middle).collect(),
            speech: speech_frames(&heard, self.step),
            rows: self.with_slopes(cepstra),
            levels,
            clipped,
        })
    }

    fn with_slopes(&self, cepstra: Array2<f64>) -> Array2<f64> {
        let mut all = vec![cepstra];
        for _ in 0..self.n_deltas {
            let slopes = all.last().map(|rows| deltas(rows.view()));
            all.extend(slopes);
        }
        let views: Vec<_> = all.iter().map(Array2::view).collect();
        // All of one length.
        concatenate(Axis(1), &views).unwrap_or_default()
    }

    /// The highest frequency, in Hz.
    fn highest(&self) -> f64 {
        self.high.unwrap_or(0.475 * f64::from(self.sample_rate))
    }

    /// Checks the settings that no recording is needed for.
    ///
    /// # Errors
    /// [`FrontEndError::Setting`].
    pub fn check(&self) -> Result<(), FrontEndError> {
        Analysis::of(self).map(drop)
    }

    fn check_ranges(&self) -> Result<(), FrontEndError> {
        let nyquist = 0.5 * f64::from(self.sample_rate);
        let rate = f64::from(self.sample_rate);
        let seconds = "at least 2 samples, and at most 1 s";
        let is_length = |s: f64| s <= 1.0 && (s * rate).round() >= 2.0;
        let high = self.highest();
        for (name, value, is_allowed, allowed) in [
            (
                "the sample rate",
                rate,
                (1e3..=384e3).contains(&rate),
                "1000 to 384000 Hz",
            ),
            (
                "the length of a frame",
                self.window,
                is_length(self.window),
                seconds,
            ),
            (
                "the step from frame to frame",
                self.step,
                is_length(self.step),
                seconds,
            ),
            (
                "the pre-emphasis",
                self.pre_emphasis,
                (0.0..1.0).contains(&self.pre_emphasis),
                "at least 0 and below 1",
            ),
            (
                "the lowest frequency",
                self.low,
                self.low >= 0.0 && self.low < high,
                "at least 0 and below the highest",
            ),
            (
                "the highest frequency",
                high,
                high <= nyquist,
                "at most half the sample rate",
            ),
            (
                "the warp",
                self.warp,
                (0.5..=2.0).contains(&self.warp),
                "0.5 to 2",
            ),
            (
                "the number of slopes",
                self.n_deltas as f64,
                self.n_deltas <= 2,
                "0, 1 or 2",
            ),
            (
                "the number of filters",
                self.n_filters as f64,
                (1..=1024).contains(&self.n_filters),
                "1 to 1024",
            ),
            (
                "the number of cepstra",
                self.n_cepstra as f64,
                self.has_cepstra(),
                "at least 1, and at most the filters",
            ),
        ] {
            if !is_allowed {
                let value = value.to_string();
                return Err(FrontEndError::Setting {
                    name,
                    value,
                    allowed,
                });
            }
        }
        Ok(())
    }

    /// Without the zeroth there is a coefficient less than filters.
    fn has_cepstra(&self) -> bool {
        let most = self
            .n_filters
            .saturating_sub(usize::from(self.level == Level::None));
        (1..=most).contains(&self.n_cepstra)
    }
}

/// What does not depend on the recording.
struct Analysis {
    window: Vec<f64>,
    /// Samples from one frame to the next.
    step: usize,
    pre_emphasis: f64,
    transform: std::sync::Arc<dyn Fft<f64>>,
    bank: FilterBank,
    /// What the logarithms of the bands are multiplied by, cepstra × filters.
    cosines: Array2<f64>,
    has_energy: bool,
    /// What the power of each bin was multiplied by in being emphasised, |1 − a·exp(−iω)|².
    gains: Vec<f64>,
}

/// Energies of all frames.
struct BandEnergies {
    /// Frames × bands.
    energies: Array2<f64>,
    /// Σx² of each frame, less its mean.
    totals: Vec<f64>,
    /// The power of each frame in all bands as it is without emphasis.
    plain: Vec<f64>,
}

impl Analysis {
    fn of(settings: &FrontEnd) -> Result<Self, FrontEndError> {
        settings.check_ranges()?;
        let rate = f64::from(settings.sample_rate);
        let length = (settings.window * rate).round() as usize;
        let n = length.next_power_of_two();
        let bands = Bands {
            n_filters: settings.n_filters,
            low: settings.low,
            high: settings.highest(),
            warp: settings.warp,
        };
        let bank = FilterBank::new(&bands, n, rate).ok_or(FrontEndError::Setting {
            name: "the number of filters",
            value: settings.n_filters.to_string(),
            allowed: "so few that each holds a frequency of the frames' transform",
        })?;
        let hamming = |i: usize| 0.54 - 0.46 * (2.0 * PI * i as f64 / (length - 1) as f64).cos();
        Ok(Self {
            window: (0..length).map(hamming).collect(),
            step: (settings.step * rate).round() as usize,
            pre_emphasis: settings.pre_emphasis,
            transform: FftPlannerScalar::new().plan_fft_forward(n),
            bank,
            cosines: cosines(settings),
            has_energy: settings.level == Level::Energy,
            gains: (0..=n / 2)
                .map(|bin| {
                    let a = settings.pre_emphasis;
                    1.0 + a * a - 2.0 * a * (2.0 * PI * bin as f64 / n as f64).cos()
                })
                .collect(),
        })
    }

    /// Powers of all frames in their bands.
    fn bands(&self, samples: &[f64]) -> BandEnergies {
        let n = self.transform.len();
        let n_frames = 1 + (samples.len() - self.window.len()) / self.step;
        let mut energies = Array2::zeros((n_frames, self.cosines.ncols()));
        let mut totals = Vec::with_capacity(n_frames);
        let mut plain = Vec::with_capacity(n_frames);
        let mut buffer = vec![Complex::new(0.0, 0.0); n];
        let mut scratch = vec![Complex::new(0.0, 0.0); self.transform.get_inplace_scratch_len()];
        for (t, mut row) in energies.outer_iter_mut().enumerate() {
            let frame = &samples[t * self.step..t * self.step + self.window.len()];
            totals.push(self.fill(frame, &mut buffer));
            self.transform
                .process_with_scratch(&mut buffer, &mut scratch);
            let power: Vec<f64> = buffer[..=n / 2].iter().map(Complex::norm_sqr).collect();
            row.iter_mut()
                .zip(self.bank.energies(&power))
                .for_each(|(slot, energy)| *slot = energy);
            let unemphasised = power
                .iter()
                .zip(&self.gains)
                .map(|(power, gain)| power / gain);
            let unemphasised: Vec<f64> = unemphasised.collect();
            plain.push(self.bank.energies(&unemphasised).sum());
        }
        BandEnergies {
            energies,
            totals,
            plain,
        }
    }

    /// A frame without its mean, emphasised and weighted, with zeros after it; returns its energy before that.
    fn fill(&self, frame: &[f64], buffer: &mut [Complex<f64>]) -> f64 {
        // Differences from one of them: what is constant leaves exactly nothing.
        let origin = frame[0];
        let mean = frame.iter().map(|x| x - origin).sum::<f64>() / frame.len() as f64;
        let mut before = frame[0] - origin - mean;
        let mut total = 0.0;
        buffer.fill(Complex::new(0.0, 0.0));
        for ((slot, x), weight) in buffer.iter_mut().zip(frame).zip(&self.window) {
            let now = x - origin - mean;
            total += now * now;
            slot.re = (now - self.pre_emphasis * before) * weight;
            before = now;
        }
        total
    }

    fn cepstra(&self, logs: &Array2<f64>, of_frames: &[f64]) -> Array2<f64> {
        let mut cepstra = logs.dot(&self.cosines.t());
        if self.has_energy {
            let first = cepstra.column_mut(0);
            first
                .into_iter()
                .zip(of_frames)
                .for_each(|(slot, energy)| *slot = *energy);
        }
        cepstra
    }
}

/// The orthonormal DCT-II with the lifter.
fn cosines(settings: &FrontEnd) -> Array2<f64> {
    let n = settings.n_filters as f64;
    let skipped = usize::from(settings.level == Level::None);
    Array2::from_shape_fn((settings.n_cepstra, settings.n_filters), |(i, j)| {
        let order = (i + skipped) as f64;
        let norm = if order == 0.0 { 1.0 / n } else { 2.0 / n };
        let lifter = match settings.lifter {
            0 => 1.0,
            l => 1.0 + 0.5 * l as f64 * (PI * order / l as f64).sin(),
        };
        lifter * norm.sqrt() * (PI * order * (j as f64 + 0.5) / n).cos()
    })
}

#[cfg(test)]
mod tests;
