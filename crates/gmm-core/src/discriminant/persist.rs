//! Classifiers as text: JSON, format version 1.
//!
//! ```json
//! {
//!   "format": "gaussian-mixture-classifier",
//!   "version": 1,
//!   "classes": [
//!     { "name": "low", "prior": 0.5, "model": { "format": "gaussian-mixture", .. } },
//!     { "name": "high", "prior": 0.5, "model": { "format": "gaussian-mixture", .. } }
//!   ],
//!   "shared": "VEV"
//! }
//! ```
//!
//! Each `model` is one as it is written by itself. `shared` is there where each class is one Gaussian, and says what
//! their covariances have in common. Fields that are not listed are ignored.

use serde::{Deserialize, Serialize};

use super::Classifier;
use crate::covariance::{Covariance, CovarianceType};
use crate::error::GmmError;
use crate::gmm::Gmm;
use crate::persist::{Document, Header, damaged};
use crate::typed_covariances::Covariances;

const VERSION: u64 = 1;

#[derive(Serialize)]
struct File {
    format: &'static str,
    version: u64,
    classes: Vec<Class<Document>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shared: Option<CovarianceType>,
}

/// A class with its model as it is written, or as it was found.
#[derive(Serialize, Deserialize)]
struct Class<M> {
    name: String,
    prior: f64,
    model: M,
}

#[derive(Deserialize)]
struct Body {
    classes: Vec<Class<serde_json::Value>>,
    #[serde(default)]
    shared: Option<CovarianceType>,
}

impl Classifier {
    /// What files of classifiers call their format.
    pub const FORMAT: &str = "gaussian-mixture-classifier";

    /// The classifier as JSON. Numbers are written so that they read back to the same bits.
    ///
    /// # Errors
    /// [`GmmError::ModelFormat`] if the text cannot be made; no classifier is known that causes it.
    pub fn to_json(&self) -> Result<String, GmmError> {
        let class = |((name, prior), model): ((&String, &f64), &Gmm)| Class {
            name: name.clone(),
            prior: *prior,
            model: Document::of(model),
        };
        let classes = self.names.iter().zip(self.priors()).zip(&self.models);
        let file = File {
            format: Self::FORMAT,
            version: VERSION,
            classes: classes.map(class).collect(),
            shared: self.shared,
        };
        serde_json::to_string_pretty(&file).map_err(damaged)
    }

    /// The classifier in a JSON text.
    ///
    /// # Errors
    /// [`GmmError::ModelFormat`] for text that is no classifier or is cut short (with line and column),
    /// [`GmmError::ModelVersion`] for one of a newer format; the errors of [`Classifier::new`], and those of a model
    /// [with its class](GmmError::InClass).
    pub fn from_json(text: &str) -> Result<Self, GmmError> {
        let header: Header = serde_json::from_str(text).map_err(damaged)?;
        header.check(Self::FORMAT, VERSION)?;
        let Body { classes, shared } = serde_json::from_str(text).map_err(damaged)?;
        let (mut names, mut priors, mut models) = (Vec::new(), Vec::new(), Vec::new());
        for Class { name, prior, model } in classes {
            let model = Document::model(&model);
            models.push(model.map_err(|error| error.in_class(&name))?);
            names.push(name);
            priors.push(prior);
        }
        let classifier = Self::new(names, priors, models)?;
        match shared {
            Some(of) => classifier.sharing(of),
            None => Ok(classifier),
        }
    }

    /// The same of which the classes are one Gaussian each that share what this type asks for.
    fn sharing(self, of: CovarianceType) -> Result<Self, GmmError> {
        for (name, model) in self.names.iter().zip(&self.models) {
            let found = model.covariance_type();
            if model.n_components() != 1 || model.background().is_some() || found != of {
                let wrong = format!("its model is not one Gaussian of type {of}");
                return Err(GmmError::ModelFormat(wrong).in_class(name));
            }
        }
        let covariances: Vec<&Covariance> = self
            .models
            .iter()
            .map(|model| model.components()[0].covariance())
            .collect();
        Covariances::of_type(of, &covariances).check_family(&covariances)?;
        let is_other = |covariance: &&Covariance| of.is_tied() && *covariance != covariances[0];
        if let Some(component) = covariances.iter().position(is_other) {
            return Err(GmmError::OutsideFamily {
                component,
                family: of.to_string(),
            });
        }
        Ok(Self {
            shared: Some(of),
            ..self
        })
    }
}
