//! Model files: a mixture or a classifier with the names of its columns.
//!
//! As JSON they are what [`Gmm::to_json`] and [`Classifier::to_json`] write, with one field more, `columns`. As NPZ they
//! are [scikit-learn's parameters](crate::sklearn), without names.

use std::path::Path;

use gmm_core::discriminant::Classifier;
use gmm_core::ndarray::{Array1, Array2};
use gmm_core::{CovarianceType, Gmm, GmmError, Sample};
use gmm_files::FileError;
use serde::Deserialize;

use crate::sklearn::{self, ParametersError};

/// Why a model cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// It is neither JSON nor an NPZ archive.
    #[error("it is no model: neither JSON nor an NPZ archive of scikit-learn's parameters{hint}")]
    NoModel {
        /// What it looks like, if that is known.
        hint: &'static str,
    },
    /// The text is no model, damaged, or of a newer program.
    #[error(transparent)]
    Model(#[from] GmmError),
    /// The archive is not one of parameters.
    #[error(transparent)]
    Parameters(#[from] ParametersError),
    /// The names cannot be read.
    #[error("its columns are no list of names: {0}")]
    Names(serde_json::Error),
    /// Two columns have one name.
    #[error("two of its columns are called \"{0}\"")]
    SameName(String),
    /// The names are not as many as the model has columns.
    #[error("it names {names} columns, but has {columns}")]
    Columns {
        /// Names.
        names: usize,
        /// Columns of the model.
        columns: usize,
    },
}

/// What a file may hold.
#[derive(Debug, Clone, PartialEq)]
pub enum Model {
    /// A mixture.
    Mixture(Gmm),
    /// A mixture for each of several classes.
    Classifier(Classifier),
}

impl Model {
    /// D.
    pub fn n_features(&self) -> usize {
        match self {
            Self::Mixture(gmm) => gmm.n_features(),
            Self::Classifier(classifier) => classifier.n_features(),
        }
    }

    /// Free parameters.
    pub fn n_parameters(&self) -> usize {
        match self {
            Self::Mixture(gmm) => gmm.n_parameters(),
            Self::Classifier(classifier) => classifier.n_parameters(),
        }
    }

    /// The density of all rows, whatever their classes.
    ///
    /// # Errors
    /// As [`Classifier::mixture`].
    pub fn mixture(&self) -> Result<Gmm, GmmError> {
        match self {
            Self::Mixture(gmm) => Ok(gmm.clone()),
            Self::Classifier(classifier) => classifier.mixture(),
        }
    }

    /// ln p of what was seen of each row.
    ///
    /// # Errors
    /// As [`Gmm::log_prob_of`].
    pub fn log_prob_of(&self, sample: &Sample<'_>) -> Result<Array1<f64>, GmmError> {
        match self {
            Self::Mixture(gmm) => gmm.log_prob_of(sample),
            Self::Classifier(classifier) => classifier.log_prob_of(sample),
        }
    }

    /// The posterior of each component, or of each class, given what was seen of each row: rows × these.
    ///
    /// # Errors
    /// As [`Gmm::responsibilities_of`].
    pub fn posteriors_of(&self, sample: &Sample<'_>) -> Result<Array2<f64>, GmmError> {
        match self {
            Self::Mixture(gmm) => gmm.responsibilities_of(sample),
            Self::Classifier(classifier) => classifier.posteriors_of(sample),
        }
    }
}

/// A model and the names of its columns.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelFile {
    /// The model.
    pub model: Model,
    /// Names of its columns; empty where they are not known.
    pub columns: Vec<String>,
}

#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    format: String,
    #[serde(default)]
    columns: Vec<String>,
}

impl ModelFile {
    /// Reads a file, which is JSON or NPZ whatever its name; `covariance` is the type of the covariances in an archive
    /// that does not say.
    ///
    /// # Errors
    /// A file that cannot be read or is no model; the path is not part of the message.
    pub fn read(path: &Path, covariance: Option<CovarianceType>) -> Result<Self, ModelError> {
        let bytes = if path == Path::new("-") {
            gmm_files::read_from(std::io::stdin().lock())?
        } else {
            gmm_files::read(path)?
        };
        Self::from_bytes(&bytes, covariance)
    }

    /// The same of the bytes of a file.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn from_bytes(
        bytes: &[u8],
        covariance: Option<CovarianceType>,
    ) -> Result<Self, ModelError> {
        if bytes.starts_with(b"PK") {
            let model = Model::Mixture(sklearn::from_npz(bytes, covariance)?);
            return Ok(Self {
                model,
                columns: Vec::new(),
            });
        }
        if !is_json(bytes) {
            let looks_like_a_table = bytes.is_ascii() && bytes.contains(&b'\n');
            let hint = match (bytes.is_empty(), looks_like_a_table) {
                (true, _) => " (it is empty)",
                (_, true) => " (it looks like a table; `gmm fit` makes a model of one)",
                _ => "",
            };
            return Err(ModelError::NoModel { hint });
        }
        let bytes = without_mark(bytes);
        let text = std::str::from_utf8(bytes).map_err(|_| ModelError::NoModel {
            hint: " (it is not UTF-8 text)",
        })?;
        // What is wrong with the text is said by the model, with line and column.
        let named = serde_json::from_str::<Named>(text);
        let is_classifier = named.as_ref().is_ok_and(|n| n.format == Classifier::FORMAT);
        let model = if is_classifier {
            Model::Classifier(Classifier::from_json(text)?)
        } else {
            Model::Mixture(Gmm::from_json(text)?)
        };
        let columns = named.map_err(ModelError::Names)?.columns;
        if !columns.is_empty() && columns.len() != model.n_features() {
            return Err(ModelError::Columns {
                names: columns.len(),
                columns: model.n_features(),
            });
        }
        match repeated(&columns) {
            Some(name) => Err(ModelError::SameName(name.clone())),
            None => Ok(Self { model, columns }),
        }
    }

    /// The model as JSON.
    ///
    /// # Errors
    /// As [`Gmm::to_json`].
    pub fn to_json(&self) -> Result<Vec<u8>, GmmError> {
        let text = match &self.model {
            Model::Mixture(gmm) => gmm.to_json()?,
            Model::Classifier(classifier) => classifier.to_json()?,
        };
        let names: Vec<String> = self.columns.iter().map(|name| quoted(name)).collect();
        let field = format!("{{\n  \"columns\": [{}],\n", names.join(", "));
        let text = match self.columns.is_empty() {
            true => text,
            false => text.replacen("{\n", &field, 1),
        };
        Ok((text + "\n").into_bytes())
    }

    /// Names of the columns, or their numbers from 1.
    pub fn names(&self) -> Vec<String> {
        if self.columns.is_empty() {
            let numbers = 1..=self.model.n_features();
            return numbers.map(|i| i.to_string()).collect();
        }
        self.columns.clone()
    }
}

/// Whether bytes are those of a JSON object, as far as the first of them says.
pub fn is_json(bytes: &[u8]) -> bool {
    without_mark(bytes).trim_ascii_start().first() == Some(&b'{')
}

/// Bytes of a text without a byte order mark.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// A name that is there twice.
pub fn repeated(names: &[String]) -> Option<&String> {
    let is_before = |(i, name): &(usize, &String)| names[..*i].contains(name);
    names
        .iter()
        .enumerate()
        .find(is_before)
        .map(|(_, name)| name)
}

/// A text as JSON has it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
