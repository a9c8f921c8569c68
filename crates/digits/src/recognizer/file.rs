//! Recognizers as text: JSON.

use gmm_core::GmmError;
use gmm_core::discriminant::Classifier;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::choice::Part;
use super::whitening::Whitening;
use super::{Member, Recognizer};
use crate::features::View;

const FORMAT: &str = "digit-recognizer";
const VERSION: u64 = 1;

/// Why a text is no recognizer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelFileError {
    /// It is no JSON, cut short or of other fields.
    #[error("it is no model of `digits train`: {0}")]
    Json(#[from] serde_json::Error),
    /// It is JSON of something else.
    #[error("it is no model of `digits train`: its format is {0:?}, not {FORMAT:?}")]
    Format(String),
    /// It is newer than this program.
    #[error("its format version is {0}; this program knows those up to {VERSION}")]
    Version(u64),
    /// A mixture in it is none.
    #[error("it is damaged: {0}")]
    Mixture(#[from] GmmError),
    /// What it says does not go together.
    #[error("it is damaged: {0}")]
    Damaged(&'static str),
}

#[derive(Deserialize)]
struct Header {
    #[serde(default)]
    format: String,
    #[serde(default)]
    version: u64,
}

#[derive(Serialize, Deserialize)]
struct File {
    format: String,
    version: u64,
    width: usize,
    height: usize,
    classes: Vec<usize>,
    brightest: f64,
    view: View,
    log_priors: Vec<f64>,
    threshold: f64,
    error_rate: f64,
    members: Vec<Written>,
}

#[derive(Serialize, Deserialize)]
struct Written {
    #[serde(flatten)]
    part: Part,
    whitening: Whitening,
    /// As [`Classifier::to_json`] writes it.
    classifier: Value,
}

impl Recognizer {
    /// The recognizer as JSON. Numbers are written so that they read back to the same bits.
    ///
    /// # Errors
    /// [`ModelFileError::Json`] if the text cannot be made; no recognizer is known that causes it.
    pub fn to_json(&self) -> Result<String, ModelFileError> {
        let member = |m: &Member| {
            Ok(Written {
                part: m.part,
                whitening: m.whitening.clone(),
                classifier: serde_json::from_str(&m.classifier.to_json()?)?,
            })
        };
        let members = self.members.iter().map(member);
        let file = File {
            format: String::from(FORMAT),
            version: VERSION,
            width: self.width,
            height: self.height,
            classes: self.classes.clone(),
            brightest: self.brightest,
            view: self.view,
            log_priors: self.log_priors.clone(),
            threshold: self.threshold,
            error_rate: self.error_rate,
            members: members.collect::<Result<_, ModelFileError>>()?,
        };
        Ok(serde_json::to_string(&file)?)
    }

    /// The recognizer in a JSON text: it answers with the same bits as the one that was written.
    ///
    /// # Errors
    /// Text that is no recognizer, is cut short or newer than this program, or says what does not go together.
    pub fn from_json(text: &str) -> Result<Self, ModelFileError> {
        let header: Header = serde_json::from_str(text)?;
        if header.format != FORMAT {
            return Err(ModelFileError::Format(header.format));
        }
        if header.version > VERSION {
            return Err(ModelFileError::Version(header.version));
        }
        let file: File = serde_json::from_str(text)?;
        let member = |written: Written| {
            Ok(Member {
                part: written.part,
                whitening: written.whitening,
                classifier: Classifier::from_json(&written.classifier.to_string())?,
            })
        };
        let members = file.members.into_iter().map(member);
        let recognizer = Self {
            width: file.width,
            height: file.height,
            classes: file.classes,
            brightest: file.brightest,
            view: file.view,
            log_priors: file.log_priors,
            threshold: file.threshold,
            error_rate: file.error_rate,
            members: members.collect::<Result<_, ModelFileError>>()?,
        };
        recognizer.check()?;
        Ok(recognizer)
    }

    fn check(&self) -> Result<(), ModelFileError> {
        let n = self.classes.len();
        let (width, height) = self.size();
        let n_pixels = width
            .checked_mul(height)
            .filter(|n| (1..1 << 26).contains(n));
        let is_size = |x: &f64| x.is_finite() && *x >= 0.0;
        let d = n_pixels.map_or(0, |_| self.view.n_features(width, height));
        let fits = |m: &Member| {
            let c = &m.classifier;
            (c.n_classes(), c.n_features(), m.whitening.n_features()) == (n, d, d)
        };
        let are_probabilities = self.log_priors.iter().all(|l| *l <= 0.0);
        let mut weights = self.members.iter().map(|m| m.part.weight);
        let checks = [
            ("the size of its images", n_pixels.is_some()),
            (
                "its labels are not in rising order",
                self.classes.is_sorted_by(|a, b| a < b),
            ),
            ("it has fewer than two classes", n >= 2),
            (
                "its probabilities of classes",
                self.log_priors.len() == n && are_probabilities,
            ),
            ("it has no members", !self.members.is_empty()),
            ("its members", self.members.iter().all(fits)),
            ("its weights", weights.all(|w| is_size(&w))),
            (
                "its brightest pixel or threshold",
                is_size(&self.brightest) && is_size(&self.threshold),
            ),
        ];
        match checks.iter().find(|(_, is_sound)| !is_sound) {
            Some((what, _)) => Err(ModelFileError::Damaged(what)),
            None => Ok(()),
        }
    }
}
