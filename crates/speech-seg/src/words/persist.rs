//! Models of words as text: JSON, format version 1, with the models of `gmm-core` as they are written by themselves.

use gmm_core::hmm::GaussianHmm;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{WordError, WordModels};
use crate::features::FrontEnd;

const FORMAT: &str = "spoken-words";
const VERSION: u64 = 1;

#[derive(Serialize, Deserialize)]
struct File {
    format: String,
    version: u64,
    front_end: FrontEnd,
    scale: f64,
    words: Vec<Word>,
}

#[derive(Serialize, Deserialize)]
struct Word {
    word: String,
    model: Value,
}

impl WordModels {
    /// The models as JSON. Numbers are written so that they read back to the same bits.
    ///
    /// # Errors
    /// [`WordError::Format`] if the text cannot be made; no model is known that causes it.
    pub fn to_json(&self) -> Result<String, WordError> {
        let words = self
            .words
            .iter()
            .zip(&self.models)
            .map(|(word, model)| {
                let text = model.to_json().map_err(damaged)?;
                let model = serde_json::from_str(&text).map_err(damaged)?;
                let word = word.clone();
                Ok(Word { word, model })
            })
            .collect::<Result<Vec<Word>, WordError>>()?;
        let file = File {
            format: String::from(FORMAT),
            version: VERSION,
            front_end: self.front_end.clone(),
            scale: self.scale,
            words,
        };
        serde_json::to_string(&file).map_err(damaged)
    }

    /// The models in a JSON text.
    ///
    /// # Errors
    /// [`WordError::Format`] for text that holds no such models, or damaged ones.
    pub fn from_json(text: &str) -> Result<Self, WordError> {
        let refused = |why: String| Err(WordError::Format(why));
        let value: Value = serde_json::from_str(text).map_err(damaged)?;
        if value["format"] != FORMAT {
            return refused(format!("its format is not \"{FORMAT}\""));
        }
        if value["version"]
            .as_u64()
            .is_none_or(|v| v == 0 || v > VERSION)
        {
            return refused(format!("its version is not {VERSION}"));
        }
        let file: File = serde_json::from_value(value).map_err(damaged)?;
        file.front_end.check().map_err(damaged)?;
        if !(file.scale > 0.0 && file.scale <= 1.0) {
            return refused(format!("its scale is {}", file.scale));
        }
        let is_named = file.words.iter().all(|w| !w.word.is_empty());
        if file.words.len() < 2 || !is_named || !file.words.is_sorted_by(|a, b| a.word < b.word) {
            return refused(String::from(
                "it has no two words, or they are not in order",
            ));
        }
        let mut models = Vec::with_capacity(file.words.len());
        for Word { word, model } in &file.words {
            let model = GaussianHmm::from_json(&model.to_string())
                .map_err(|e| WordError::Format(format!("the model of '{word}': {e}")))?;
            if model.n_features() != file.front_end.n_features() {
                return refused(format!("the model of '{word}' is not of its front end"));
            }
            models.push(model);
        }
        Ok(Self {
            words: file.words.into_iter().map(|w| w.word).collect(),
            models,
            front_end: file.front_end,
            scale: file.scale,
        })
    }
}

fn damaged(error: impl std::fmt::Display) -> WordError {
    WordError::Format(error.to_string())
}
