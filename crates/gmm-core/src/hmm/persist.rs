//! Models as text: JSON, format version 1.
//!
//! ```json
//! {
//!   "format": "gaussian-hidden-markov-model",
//!   "version": 1,
//!   "stationary": false,
//!   "initial": [0.5, 0.5],
//!   "transitions": [[0.9, 0.1], [0.2, 0.8]],
//!   "regimes": [ { "format": "gaussian-mixture", .. }, { "format": "gaussian-mixture", .. } ]
//! }
//! ```
//!
//! Each of `regimes` is a mixture as it is written by itself. Fields that are not listed are ignored.

use ndarray::{Array1, Array2};
use serde::{Deserialize, Serialize};

use super::{Chain, GaussianHmm};
use crate::error::GmmError;
use crate::gmm::Gmm;
use crate::persist::{Document, Header, damaged};

const VERSION: u64 = 1;

#[derive(Serialize)]
struct File {
    format: &'static str,
    version: u64,
    #[serde(flatten)]
    chain: Written,
    regimes: Vec<Document>,
}

#[derive(Deserialize)]
struct Body {
    #[serde(flatten)]
    chain: Written,
    regimes: Vec<serde_json::Value>,
}

/// A chain as it is written.
#[derive(Serialize, Deserialize)]
pub(crate) struct Written {
    stationary: bool,
    initial: Vec<f64>,
    transitions: Vec<Vec<f64>>,
}

impl Written {
    pub(crate) fn of(chain: &Chain) -> Self {
        Self {
            stationary: chain.is_stationary(),
            initial: chain.initial().to_vec(),
            transitions: (0..chain.n_regimes())
                .map(|i| chain.row(i).to_vec())
                .collect(),
        }
    }

    pub(crate) fn read(self) -> Result<Chain, GmmError> {
        let k = self.transitions.len();
        for row in &self.transitions {
            GmmError::check_size("columns of the transitions", k, row.len())?;
        }
        let transitions = Array2::from_shape_fn((k, k), |(i, j)| self.transitions[i][j]);
        if self.stationary {
            Chain::running(transitions.view())
        } else {
            Chain::new(Array1::from(self.initial), transitions.view())
        }
    }
}

impl GaussianHmm {
    /// What files of such models call their format.
    pub const FORMAT: &str = "gaussian-hidden-markov-model";

    /// The model as JSON. Numbers are written so that they read back to the same bits.
    ///
    /// # Errors
    /// [`GmmError::ModelFormat`] if the text cannot be made; no model is known that causes it.
    pub fn to_json(&self) -> Result<String, GmmError> {
        let file = File {
            format: Self::FORMAT,
            version: VERSION,
            chain: Written::of(self.chain()),
            regimes: self.states().iter().map(Document::of).collect(),
        };
        serde_json::to_string_pretty(&file).map_err(damaged)
    }

    /// The model in a JSON text.
    ///
    /// # Errors
    /// [`GmmError::ModelFormat`] for text that is no such model or is cut short (with line and column),
    /// [`GmmError::ModelVersion`] for one of a newer version, and those of [`GaussianHmm::new`].
    pub fn from_json(text: &str) -> Result<Self, GmmError> {
        let header: Header = serde_json::from_str(text).map_err(damaged)?;
        header.check(Self::FORMAT, VERSION)?;
        let body: Body = serde_json::from_str(text).map_err(damaged)?;
        let regime = |value: serde_json::Value| Gmm::from_json(&value.to_string());
        let regimes = body
            .regimes
            .into_iter()
            .map(regime)
            .collect::<Result<Vec<_>, _>>()?;
        Self::new(body.chain.read()?, regimes)
    }
}
