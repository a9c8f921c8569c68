//! Learning voices, and by cross-validation from which score on one is believed.

use gmm_core::ndarray::{Array2, ArrayView2, Axis, concatenate};
use gmm_core::rand::SeedableRng;
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_core::{Adaptation, CovarianceType, Gmm, GmmError, Ridge, Sample};

use super::trials::{Threshold, Trial};
use super::{HEARD, Heard, Stream, VoiceError, Voices, scores};
use crate::data::Recording;
use crate::features::{Hue, with_noise};

/// Frames for each component of the background, and how many components there may be.
const FRAMES_EACH: f64 = 125.0;
const FEWEST: usize = 4;
const MOST: usize = 512;

/// Rows that the background learns from, at most for each component: more make it no better.
const MOST_ROWS_EACH: usize = 250;

/// Folds of the cross-validation, at most.
const FOLDS: usize = 5;

/// Recordings of one speaker.
#[derive(Debug, Clone)]
pub struct Speaker {
    /// What the speaker is called.
    pub name: String,
    /// The recordings, each with what it is called.
    pub recordings: Vec<(String, Recording)>,
}

/// How voices are learnt.
#[derive(Debug, Clone, PartialEq)]
pub struct VoiceOptions {
    /// Samples per second that recordings are brought to.
    pub sample_rate: u32,
    /// Components of the mixture of everybody; none for one for each 1.25 s of speech, as the nearest power of two from 4 to
    /// 512.
    pub n_components: Option<usize>,
    /// Frames that weigh as much as what is known of everybody (r of the paper).
    pub relevance: f64,
    /// Ratios in dB at which white and pink noise are added to copies of the recordings.
    pub noise: Vec<f64>,
    /// The share of recordings of others that may be accepted, above 0 and below 1.
    pub false_alarms: f64,
    /// Of starts and noise.
    pub seed: u64,
}

impl Default for VoiceOptions {
    /// 8 kHz, a relevance of 16, copies with noise 20 and 10 dB below the speech, 5 % of false alarms.
    fn default() -> Self {
        Self {
            sample_rate: 8000,
            n_components: None,
            relevance: 16.0,
            noise: vec![20.0, 10.0],
            false_alarms: 0.05,
            seed: 42,
        }
    }
}

impl VoiceOptions {
    fn check(&self) -> Result<(), VoiceError> {
        let refused = |name, value: String, allowed| {
            Err(VoiceError::Option {
                name,
                value,
                allowed,
            })
        };
        if self.n_components.is_some_and(|k| !(1..=4096).contains(&k)) {
            let value = self.n_components.unwrap_or(0).to_string();
            return refused("the number of components", value, "1 to 4096");
        }
        if !(self.false_alarms > 0.0 && self.false_alarms < 1.0) {
            let value = self.false_alarms.to_string();
            return refused("the share of false alarms", value, "above 0 and below 1");
        }
        if !(self.relevance.is_finite() && self.relevance >= 0.0) {
            let value = self.relevance.to_string();
            return refused("the relevance", value, "a finite number of at least 0");
        }
        if let Some(ratio) = self.noise.iter().find(|r| !r.is_finite()) {
            return refused("a ratio of noise", ratio.to_string(), "a finite number");
        }
        Ok(())
    }
}

/// The rows of a recording as it is, then with each noise.
type Copies = Vec<Array2<f64>>;

/// Enrols speakers.
///
/// A mixture of diagonal covariances is fitted to the speech of all, `others` among them, with copies in noise, so that
/// it knows what noise does; each speaker's is that one with means adapted to the speaker's rows. Thresholds are set by
/// cross-validation: of each fold some speakers are left out wholly, who are then strangers to the rest, and every other
/// speaker's recordings in turn (where there is another), which are true trials. `observe` hears of the fits done, of how
/// many.
///
/// The rows of copies count as one recording: the relevance is multiplied by their number.
///
/// # Errors
/// [`VoiceError::Nobody`], [`VoiceError::Nothing`], [`VoiceError::SameName`], [`VoiceError::Alone`] for one speaker and no
/// others; [`VoiceError::Recording`] with the name of one that has no frames; options out of range; those of the fits.
pub fn enroll(
    speakers: &[Speaker],
    others: &[Speaker],
    options: &VoiceOptions,
    observe: &dyn Fn(usize, usize),
) -> Result<Voices, VoiceError> {
    options.check()?;
    check_names(speakers)?;
    if speakers.len() + others.len() < 2 {
        return Err(VoiceError::Alone);
    }
    let all: Vec<&Speaker> = speakers.iter().chain(others).collect();
    let mut heard: Vec<Vec<Copies>> = Vec::with_capacity(all.len());
    let mut seconds = Vec::with_capacity(all.len());
    for (s, speaker) in all.iter().enumerate() {
        let mut of_speaker = Vec::with_capacity(speaker.recordings.len());
        let mut length = 0.0;
        for (r, (name, recording)) in speaker.recordings.iter().enumerate() {
            let seed = options
                .seed
                .wrapping_add((s as u64) << 32)
                .wrapping_add(r as u64);
            let (copies, clean) = copies(name, recording, options, seed)?;
            length += clean;
            of_speaker.push(copies);
        }
        heard.push(of_speaker);
        seconds.push(length);
    }
    let whole = Learning {
        options,
        heard: &heard,
        n_speakers: speakers.len(),
    };
    let n_folds = all.len().min(FOLDS);
    let has_strangers = all.len() > 2;
    let n_fits = if has_strangers { n_folds + 1 } else { 1 };
    observe(0, n_fits);
    let streams = whole.streams(&|_, _| true)?;
    observe(1, n_fits);
    let (mut claims, mut any) = (Vec::new(), Vec::new());
    for fold in 0..n_fits - 1 {
        whole.trials(fold, n_folds, &mut claims, &mut any)?;
        observe(fold + 2, n_fits);
    }
    Ok(Voices {
        sample_rate: options.sample_rate,
        streams,
        names: speakers.iter().map(|s| s.name.clone()).collect(),
        seconds: seconds[..speakers.len()].to_vec(),
        claim: Threshold::of(&claims, options.false_alarms)?,
        any: Threshold::of(&any, options.false_alarms)?,
    })
}

fn check_names(speakers: &[Speaker]) -> Result<(), VoiceError> {
    if speakers.is_empty() {
        return Err(VoiceError::Nobody);
    }
    for (i, speaker) in speakers.iter().enumerate() {
        if speaker.recordings.is_empty() {
            return Err(VoiceError::Nothing(speaker.name.clone()));
        }
        if speakers[..i].iter().any(|s| s.name == speaker.name) {
            return Err(VoiceError::SameName(speaker.name.clone()));
        }
    }
    Ok(())
}

/// The rows of a recording and of its noisy copies, and its seconds of speech.
fn copies(
    name: &str,
    recording: &Recording,
    options: &VoiceOptions,
    seed: u64,
) -> Result<(Copies, f64), VoiceError> {
    let hear = |recording: &Recording| {
        Heard::of(recording, options.sample_rate).map_err(|error| VoiceError::Recording {
            name: String::from(name),
            error,
        })
    };
    let clean = hear(recording)?;
    let seconds = clean.seconds();
    let mut copies = vec![clean.rows];
    let mut rng = Xoshiro256Plus::seed_from_u64(seed);
    for &ratio in &options.noise {
        for hue in [Hue::White, Hue::Pink] {
            let noisy =
                with_noise(recording, hue, ratio, &mut rng).map_err(|error| VoiceError::Noise {
                    name: String::from(name),
                    error,
                })?;
            copies.push(hear(&noisy)?.rows);
        }
    }
    Ok((copies, seconds))
}

/// What is learnt from.
struct Learning<'a> {
    options: &'a VoiceOptions,
    /// By speaker and recording, enrolled speakers first.
    heard: &'a [Vec<Copies>],
    /// Of these, those that are enrolled.
    n_speakers: usize,
}

impl Learning<'_> {
    /// The mixtures of the recordings (speaker, recording) that are `kept`; of a speaker of whom nothing is, everybody's.
    fn streams(&self, kept: &dyn Fn(usize, usize) -> bool) -> Result<Vec<Stream>, VoiceError> {
        let streams = HEARD.iter().map(|normalization| {
            let rows: Vec<Vec<Array2<f64>>> = (self.heard.iter().enumerate())
                .map(|(s, recordings)| {
                    let recordings = recordings.iter().enumerate().filter(|(r, _)| kept(s, *r));
                    let copies = recordings.flat_map(|(_, copies)| copies);
                    copies
                        .map(|rows| normalization.apply(rows.clone()))
                        .collect()
                })
                .collect();
            let background = self.background(&rows)?;
            let n_copies = 1 + 2 * self.options.noise.len();
            let adaptation =
                Adaptation::default().relevance(self.options.relevance * n_copies as f64);
            let speaker = |rows: &Vec<Array2<f64>>| {
                if rows.is_empty() {
                    return Ok(background.clone());
                }
                background.adapted(&Sample::new(&stacked(rows.iter())), &adaptation)
            };
            let speakers = rows[..self.n_speakers].iter().map(speaker);
            Ok(Stream {
                normalization: *normalization,
                speakers: speakers.collect::<Result<_, GmmError>>()?,
                background,
            })
        });
        streams.collect()
    }

    /// The mixture of everybody.
    fn background(&self, rows: &[Vec<Array2<f64>>]) -> Result<Gmm, GmmError> {
        let all = stacked(rows.iter().flatten());
        let k = self.n_components().min(all.nrows());
        let every = all.nrows().div_ceil(MOST_ROWS_EACH * k).max(1);
        let some: Vec<usize> = (0..all.nrows()).step_by(every).collect();
        let some = all.select(Axis(0), &some);
        let fitted = Gmm::params(k.min(some.nrows()))
            .covariance_type(CovarianceType::Diagonal)
            .ridge(Ridge::Relative(1e-3))
            .tolerance(1e-3)
            .max_n_iterations(50)
            .with_rng(Xoshiro256Plus::seed_from_u64(self.options.seed))
            .fit_report(&some)?;
        Ok(fitted.model)
    }

    fn n_components(&self) -> usize {
        let of_speech: usize = self
            .heard
            .iter()
            .flatten()
            .map(|copies| copies[0].nrows())
            .sum();
        let usual = (of_speech as f64 / FRAMES_EACH).max(1.0).log2().round();
        let usual = 2f64.powf(usual) as usize;
        self.options
            .n_components
            .unwrap_or(usual.clamp(FEWEST, MOST))
    }

    /// The trials of a fold: of its strangers against everybody else, and of the recordings that were left out.
    fn trials(
        &self,
        fold: usize,
        n_folds: usize,
        claims: &mut Vec<Trial>,
        any: &mut Vec<Trial>,
    ) -> Result<(), VoiceError> {
        let is_stranger = |s: usize| s % n_folds == fold;
        let is_left = |s: usize, r: usize| {
            self.heard[s].len() > 1 && r % n_folds.min(self.heard[s].len()) == fold
        };
        let streams = self.streams(&|s, r| !is_stranger(s) && !is_left(s, r))?;
        let known: Vec<usize> = (0..self.n_speakers).filter(|s| !is_stranger(*s)).collect();
        if known.is_empty() {
            return Ok(());
        }
        for (s, recordings) in self.heard.iter().enumerate() {
            for (r, copies) in recordings.iter().enumerate() {
                let is_true = !is_stranger(s) && is_left(s, r) && s < self.n_speakers;
                if !is_true && !is_stranger(s) {
                    continue;
                }
                for rows in copies {
                    let scores = scores(&streams, rows)?;
                    if is_true {
                        claims.push(Trial {
                            score: scores[s],
                            is_true,
                        });
                        any.push(Trial {
                            score: scores[s],
                            is_true,
                        });
                        continue;
                    }
                    let of_known = known.iter().map(|&k| scores[k]);
                    claims.extend(of_known.clone().map(|score| Trial { score, is_true }));
                    let score = of_known.fold(f64::NEG_INFINITY, f64::max);
                    any.push(Trial { score, is_true });
                }
            }
        }
        Ok(())
    }
}

/// Rows one below the other.
fn stacked<'r>(rows: impl Iterator<Item = &'r Array2<f64>>) -> Array2<f64> {
    let views: Vec<ArrayView2<'_, f64>> = rows.map(Array2::view).collect();
    // All of one number of columns.
    concatenate(Axis(0), &views).unwrap_or_default()
}
