//! Voices as text: JSON, version 1.
//!
//! ```json
//! {"format": "speech-voices", "version": 1, "sample_rate": 8000,
//!  "claim": {..}, "any": {..},
//!  "backgrounds": [{"normalization": "mean", "mixture": {..}}, {"normalization": "none", "mixture": {..}}],
//!  "speakers": [{"name": "anna", "seconds": 21.4, "means": [[[..]], [[..]]]}]}
//! ```
//!
//! `mixture` is as [`Gmm::to_json`] writes it; the mixture of a speaker has its weights and covariances and, for each
//! background in turn, the `means` of the speaker, K lists of 38.

use gmm_core::ndarray::Array2;
use gmm_core::{Gmm, GmmError};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{HEARD, Stream, Threshold, Voices, front_end};
use crate::features::Normalization;

const FORMAT: &str = "speech-voices";
const VERSION: u64 = 1;

/// Why a text is no model of voices.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VoiceFileError {
    /// It is not JSON, or something is missing in it.
    #[error("it is no model of voices: {0}")]
    Format(String),
    /// It was written by a newer program.
    #[error("it has format version {0}; this program reads version {VERSION}")]
    Version(u64),
    /// A mixture in it is no mixture.
    #[error("it is damaged: {0}")]
    Mixture(#[from] GmmError),
    /// Something in it does not fit the rest.
    #[error("it is damaged: {0}")]
    Damaged(String),
}

#[derive(Serialize, Deserialize)]
struct File {
    format: String,
    version: u64,
    sample_rate: u32,
    claim: KeptThreshold,
    any: KeptThreshold,
    backgrounds: Vec<Background>,
    speakers: Vec<Speaker>,
}

#[derive(Serialize, Deserialize)]
struct KeptThreshold {
    score: f64,
    false_alarms: f64,
    false_trials: usize,
    true_trials: usize,
    equal_error_rate: Option<f64>,
    misses: Option<f64>,
}

#[derive(Serialize, Deserialize)]
struct Background {
    normalization: String,
    mixture: Value,
}

#[derive(Serialize, Deserialize)]
struct Speaker {
    name: String,
    seconds: f64,
    means: Vec<Vec<Vec<f64>>>,
}

/// What a text says of itself.
#[derive(Deserialize)]
struct Header {
    format: String,
    version: u64,
}

impl KeptThreshold {
    /// Whether its score is a number and its rates are shares.
    fn is_sound(&self) -> bool {
        let rates = [Some(self.false_alarms), self.equal_error_rate, self.misses];
        let is_share = |rate: f64| (0.0..=1.0).contains(&rate);
        self.score.is_finite()
            && self.equal_error_rate.is_some() == self.misses.is_some()
            && rates.into_iter().flatten().all(is_share)
    }
}

impl From<&Threshold> for KeptThreshold {
    fn from(threshold: &Threshold) -> Self {
        Self {
            score: threshold.score,
            false_alarms: threshold.false_alarms,
            false_trials: threshold.n_false,
            true_trials: threshold.n_true,
            equal_error_rate: Some(threshold.equal_error_rate).filter(|r| r.is_finite()),
            misses: Some(threshold.misses).filter(|r| r.is_finite()),
        }
    }
}

impl From<KeptThreshold> for Threshold {
    fn from(kept: KeptThreshold) -> Self {
        Self {
            score: kept.score,
            false_alarms: kept.false_alarms,
            n_false: kept.false_trials,
            n_true: kept.true_trials,
            equal_error_rate: kept.equal_error_rate.unwrap_or(f64::NAN),
            misses: kept.misses.unwrap_or(f64::NAN),
        }
    }
}

fn named(normalization: Normalization) -> &'static str {
    match normalization {
        Normalization::None => "none",
        Normalization::Mean => "mean",
        Normalization::MeanVariance => "mean-variance",
    }
}

fn malformed(error: serde_json::Error) -> VoiceFileError {
    VoiceFileError::Format(error.to_string())
}

impl Voices {
    /// As JSON; reading it gives the same scores, to the bit.
    ///
    /// # Errors
    /// None that is known of.
    pub fn to_json(&self) -> Result<String, VoiceFileError> {
        let background = |stream: &Stream| {
            let mixture: Value =
                serde_json::from_str(&stream.background.to_json()?).map_err(malformed)?;
            let normalization = String::from(named(stream.normalization));
            Ok(Background {
                normalization,
                mixture,
            })
        };
        let lists = |means: &Array2<f64>| means.outer_iter().map(|m| m.to_vec()).collect();
        let file = File {
            format: String::from(FORMAT),
            version: VERSION,
            sample_rate: self.sample_rate,
            claim: KeptThreshold::from(&self.claim),
            any: KeptThreshold::from(&self.any),
            backgrounds: self
                .streams
                .iter()
                .map(background)
                .collect::<Result<_, VoiceFileError>>()?,
            speakers: (self.names.iter().zip(&self.seconds).enumerate())
                .map(|(s, (name, seconds))| Speaker {
                    name: name.clone(),
                    seconds: *seconds,
                    means: self
                        .streams
                        .iter()
                        .map(|stream| lists(stream.speakers[s].means()))
                        .collect(),
                })
                .collect(),
        };
        serde_json::to_string(&file).map_err(malformed)
    }

    /// Voices from JSON.
    ///
    /// # Errors
    /// [`VoiceFileError`] for a text that is no model of voices, of a newer version, or damaged.
    pub fn from_json(text: &str) -> Result<Self, VoiceFileError> {
        let header: Header = serde_json::from_str(text).map_err(malformed)?;
        if header.format != FORMAT {
            let line = format!("its format is {:?}, not {FORMAT:?}", header.format);
            return Err(VoiceFileError::Format(line));
        }
        if header.version != VERSION {
            return Err(VoiceFileError::Version(header.version));
        }
        let file: File = serde_json::from_str(text).map_err(malformed)?;
        let damaged = |line: String| Err(VoiceFileError::Damaged(line));
        if front_end(file.sample_rate).check().is_err() {
            return damaged(format!("a sample rate of {}", file.sample_rate));
        }
        let expected: Vec<&str> = HEARD.iter().map(|n| named(*n)).collect();
        let found: Vec<&str> = file
            .backgrounds
            .iter()
            .map(|b| b.normalization.as_str())
            .collect();
        if expected != found {
            return damaged(format!(
                "backgrounds with the means {found:?}, not {expected:?}"
            ));
        }
        if file.speakers.is_empty() {
            return damaged(String::from("there is no speaker"));
        }
        for (i, speaker) in file.speakers.iter().enumerate() {
            let is_new = file.speakers[..i].iter().all(|s| s.name != speaker.name);
            if !is_new || speaker.name.is_empty() || speaker.means.len() != HEARD.len() {
                return damaged(format!(
                    "speaker '{}' is there twice or in part, or has no name",
                    speaker.name
                ));
            }
        }
        if let Some(name) = (file.speakers.iter())
            .find(|s| !(s.seconds.is_finite() && s.seconds >= 0.0))
            .map(|s| &s.name)
        {
            return damaged(format!("the seconds of speaker {name} are no length"));
        }
        if !(file.claim.is_sound() && file.any.is_sound()) {
            return damaged(String::from(
                "a threshold is no score with rates from 0 to 1",
            ));
        }
        let streams = HEARD.iter().zip(&file.backgrounds).enumerate();
        let streams = streams.map(|(i, (normalization, background))| {
            let background = Gmm::from_json(&background.mixture.to_string())?;
            let n = front_end(file.sample_rate).n_features();
            if background.n_features() != n {
                let found = background.n_features();
                let line = format!("a mixture of {found} features, where frames have {n}");
                return Err(VoiceFileError::Damaged(line));
            }
            let speakers = file.speakers.iter().map(|s| speaker(&background, s, i));
            Ok(Stream {
                normalization: *normalization,
                speakers: speakers.collect::<Result<_, _>>()?,
                background,
            })
        });
        Ok(Self {
            sample_rate: file.sample_rate,
            streams: streams.collect::<Result<_, VoiceFileError>>()?,
            names: file.speakers.iter().map(|s| s.name.clone()).collect(),
            seconds: file.speakers.iter().map(|s| s.seconds).collect(),
            claim: file.claim.into(),
            any: file.any.into(),
        })
    }
}

/// The background with the means of a speaker.
fn speaker(background: &Gmm, speaker: &Speaker, stream: usize) -> Result<Gmm, VoiceFileError> {
    let (k, d) = (background.n_components(), background.n_features());
    let means = &speaker.means[stream];
    if means.len() != k || means.iter().any(|m| m.len() != d) {
        let line = format!("speaker {} has no {k} means of {d} numbers", speaker.name);
        return Err(VoiceFileError::Damaged(line));
    }
    let means = Array2::from_shape_fn((k, d), |(i, j)| means[i][j]);
    Ok(Gmm::new(
        background.weights().to_owned(),
        means,
        background.typed_covariances(),
    )?)
}
