//! Words that were learnt, and how likely each made a clip.

use gmm_core::Sample;
use gmm_core::hmm::{GaussianHmm, Sequences};
use gmm_core::ndarray::{Array2, ArrayView2};

use super::prepared::rows_of;
use super::train::ends;
use super::{WordError, WordOptions};
use crate::data::Recording;
use crate::features::FrontEnd;

/// A hidden Markov model for each word.
#[derive(Debug, Clone, PartialEq)]
pub struct WordModels {
    pub(super) words: Vec<String>,
    pub(super) models: Vec<GaussianHmm>,
    pub(super) front_end: FrontEnd,
    pub(super) scale: f64,
}

/// What a clip may be.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Recognized {
    /// The place of the most probable word among [`WordModels::words`].
    pub word: usize,
    /// p(word | clip) of all words, each as probable as the others beforehand.
    pub posteriors: Vec<f64>,
    /// ln p(clip | word) of all words, in nats.
    pub log_likelihoods: Vec<f64>,
}

impl WordModels {
    pub(super) fn new(words: Vec<String>, models: Vec<GaussianHmm>, options: &WordOptions) -> Self {
        Self {
            words,
            models,
            front_end: options.front_end.clone(),
            scale: options.scale,
        }
    }

    /// The words, in the order of the alphabet.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// The model of each word.
    pub fn models(&self) -> &[GaussianHmm] {
        &self.models
    }

    /// The front end that makes rows of a recording.
    pub fn front_end(&self) -> &FrontEnd {
        &self.front_end
    }

    /// What a recording says; `name` is what it is called where it cannot be told.
    ///
    /// # Errors
    /// [`WordError::Frames`] for a recording shorter than a frame or silent.
    pub fn recognize(&self, name: &str, recording: &Recording) -> Result<Recognized, WordError> {
        self.recognize_rows(self.rows(name, recording)?.view())
    }

    /// The rows of a recording, as those of the clips were made; `name` is what it is called where there are none.
    ///
    /// # Errors
    /// [`WordError::Frames`] for a recording shorter than a frame or silent.
    pub fn rows(&self, name: &str, recording: &Recording) -> Result<Array2<f64>, WordError> {
        rows_of(recording, &self.front_end).map_err(|error| WordError::Frames {
            name: String::from(name),
            error,
        })
    }

    /// What rows say that were made as those of the clips were.
    ///
    /// # Errors
    /// [`WordError::Fit`] for rows of another number of features.
    pub fn recognize_rows(&self, rows: ArrayView2<'_, f64>) -> Result<Recognized, WordError> {
        let log_likelihoods = self
            .words
            .iter()
            .zip(&self.models)
            .map(|(word, model)| {
                log_likelihood(model, rows).map_err(|error| WordError::Fit {
                    word: word.clone(),
                    error,
                })
            })
            .collect::<Result<Vec<f64>, _>>()?;
        let first = |best: usize, k: usize| {
            if log_likelihoods[k] > log_likelihoods[best] {
                k
            } else {
                best
            }
        };
        Ok(Recognized {
            word: (0..self.words.len()).fold(0, first),
            posteriors: posteriors(&log_likelihoods, self.scale),
            log_likelihoods,
        })
    }
}

/// ln p of rows that begin in the first state and end in the last.
fn log_likelihood(
    model: &GaussianHmm,
    rows: ArrayView2<'_, f64>,
) -> Result<f64, gmm_core::GmmError> {
    let rows = stretched(rows, model.n_regimes());
    let ends: Vec<Option<usize>> = ends(rows.nrows(), model.n_regimes()).collect();
    let data = Sequences::one(Sample::new(&rows).with_labels(&ends)?);
    Ok(model.log_likelihoods(&data)?.iter().sum())
}

/// Rows of which there are at least `n`: of fewer, each is repeated about equally often.
pub(super) fn stretched(rows: ArrayView2<'_, f64>, n: usize) -> Array2<f64> {
    let found = rows.nrows();
    if found >= n || found == 0 {
        return rows.to_owned();
    }
    Array2::from_shape_fn((n, rows.ncols()), |(t, j)| rows[(t * found / n, j)])
}

/// exp(scale·l) over their sum.
pub(super) fn posteriors(log_likelihoods: &[f64], scale: f64) -> Vec<f64> {
    let most = log_likelihoods
        .iter()
        .copied()
        .fold(f64::NEG_INFINITY, f64::max);
    let shares: Vec<f64> = log_likelihoods
        .iter()
        .map(|l| (scale * (l - most)).exp())
        .collect();
    let sum: f64 = shares.iter().sum();
    shares.iter().map(|p| p / sum).collect()
}
