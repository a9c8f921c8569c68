//! Models of words that get used to who speaks, from clips of which nobody says what they are.

use std::collections::BTreeMap;

use gmm_core::hmm::{GaussianHmm, Posteriors, Sequences};
use gmm_core::ndarray::{Array2, ArrayView2, Axis, concatenate};
use gmm_core::{Adaptation, GmmError, Sample};
use rayon::prelude::*;

use super::model::{Recognized, WordModels, posteriors, stretched};
use super::train::ends;
use super::{WordError, refuse_impossible};

/// How models get used to a speaker.
///
/// What every clip may be is guessed, the means of every word go towards its guessed clips by relevance MAP
/// ([`Adaptation`]), and so on in rounds: EM with the words as hidden classes, about the models that were learnt from
/// others. Where hardly more is understood than by chance at first, wrong words are what it gets used to (Leggetter & Woodland, *Computer Speech & Language* 9, 1995, adapt without supervision in the same way).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpeakerAdaptation {
    /// Rows that the mean of a Gaussian that was learnt is worth.
    pub relevance: f64,
    /// What log-likelihoods are multiplied by before they become guesses: small, so that the first ones bind nothing.
    pub scale: f64,
    /// How often guesses are made.
    pub n_rounds: usize,
}

impl Default for SpeakerAdaptation {
    /// Means are worth five rows; eight rounds, with log-likelihoods over 50: about those of a frame.
    fn default() -> Self {
        Self {
            relevance: 5.0,
            scale: 0.02,
            n_rounds: 8,
        }
    }
}

/// How clips are heard.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Hearing {
    /// Each as if it were the only one.
    #[default]
    Alone,
    /// Those of a speaker together, by models that get used to who speaks. Clips without a speaker are of one.
    Together(SpeakerAdaptation),
}

/// Clips one after the other, as a model of so many states hears them.
struct Heard {
    rows: Array2<f64>,
    ends: Vec<Option<usize>>,
    lengths: Vec<usize>,
}

impl Heard {
    fn of(clips: &[ArrayView2<'_, f64>], n_states: usize) -> Self {
        let clips: Vec<Array2<f64>> = clips
            .iter()
            .map(|rows| stretched(*rows, n_states))
            .collect();
        let views: Vec<_> = clips.iter().map(Array2::view).collect();
        let lengths: Vec<usize> = clips.iter().map(Array2::nrows).collect();
        Self {
            ends: lengths.iter().flat_map(|&n| ends(n, n_states)).collect(),
            rows: concatenate(Axis(0), &views).unwrap_or_default(),
            lengths,
        }
    }

    /// The states of every row, and ln p of every clip.
    fn by(&self, model: &GaussianHmm) -> Result<Posteriors, GmmError> {
        let sample = Sample::new(&self.rows).with_labels(&self.ends)?;
        model.smoothed(&Sequences::of_lengths(sample, &self.lengths)?)
    }

    /// `learnt` adapted to the clips as far as each is of its word, in the states in which they are.
    fn adapt(
        &self,
        learnt: &GaussianHmm,
        states: &Array2<f64>,
        of_word: &[f64],
        adaptation: &Adaptation,
    ) -> Result<GaussianHmm, GmmError> {
        let of_row: Vec<f64> = (self.lengths.iter().zip(of_word))
            .flat_map(|(&n, &p)| std::iter::repeat_n(p, n))
            .collect();
        let states = learnt
            .states()
            .into_iter()
            .zip(states.columns())
            .map(|(state, in_state)| {
                let weights: Vec<f64> = in_state.iter().zip(&of_row).map(|(g, p)| g * p).collect();
                state.adapted(&Sample::weighted(&self.rows, &weights)?, adaptation)
            });
        let states = states.collect::<Result<Vec<_>, GmmError>>()?;
        GaussianHmm::new(learnt.chain().clone(), states)
    }
}

impl WordModels {
    /// These models, used to the speaker of some clips, each rows that were made as those of the clips that were learnt from.
    ///
    /// # Errors
    /// [`WordError::Setting`] for an adaptation that is out of range, [`WordError::Fit`] for rows of another number of
    /// features.
    pub fn adapted(
        &self,
        clips: &[ArrayView2<'_, f64>],
        adaptation: &SpeakerAdaptation,
    ) -> Result<Self, WordError> {
        adaptation.check()?;
        let mut adapted = self.clone();
        if clips.is_empty() {
            return Ok(adapted);
        }
        let heard: Vec<Heard> = self
            .models
            .iter()
            .map(|model| Heard::of(clips, model.n_regimes()))
            .collect();
        let relevance = Adaptation::default().relevance(adaptation.relevance);
        for _ in 0..adaptation.n_rounds {
            let found = self.each_word(|w| heard[w].by(&adapted.models[w]))?;
            let guesses: Vec<Vec<f64>> = (0..clips.len())
                .map(|clip| {
                    let of_words: Vec<f64> = found
                        .iter()
                        .map(|word| word.log_likelihoods[clip])
                        .collect();
                    posteriors(&of_words, adaptation.scale)
                })
                .collect();
            adapted.models = self.each_word(|w| {
                let of_word: Vec<f64> = guesses.iter().map(|guess| guess[w]).collect();
                let states = &found[w].probabilities;
                heard[w].adapt(&self.models[w], states, &of_word, &relevance)
            })?;
        }
        Ok(adapted)
    }

    /// What clips say, each with its speaker and rows that were made as those of the clips that were learnt from.
    ///
    /// # Errors
    /// As [`recognize_rows`](Self::recognize_rows) and [`adapted`](Self::adapted).
    pub fn recognize_all(
        &self,
        clips: &[(Option<&str>, ArrayView2<'_, f64>)],
        hearing: Hearing,
    ) -> Result<Vec<Recognized>, WordError> {
        let mut speakers: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
        for (i, (speaker, _)) in clips.iter().enumerate() {
            speakers.entry(*speaker).or_default().push(i);
        }
        let mut recognized = vec![None; clips.len()];
        for places in speakers.values() {
            let rows: Vec<_> = places.iter().map(|&i| clips[i].1).collect();
            let own = match hearing {
                Hearing::Alone => None,
                Hearing::Together(adaptation) => Some(self.adapted(&rows, &adaptation)?),
            };
            let models = own.as_ref().unwrap_or(self);
            let each = rows.par_iter().map(|rows| models.recognize_rows(*rows));
            let found: Vec<Result<Recognized, WordError>> = each.collect();
            for (&i, one) in places.iter().zip(found) {
                recognized[i] = Some(one?);
            }
        }
        Ok(recognized.into_iter().flatten().collect())
    }

    /// Something of each word, in their order.
    fn each_word<T: Send>(
        &self,
        of: impl Fn(usize) -> Result<T, GmmError> + Send + Sync,
    ) -> Result<Vec<T>, WordError> {
        let all: Vec<Result<T, GmmError>> = (0..self.words.len()).into_par_iter().map(of).collect();
        let named = |(result, word): (Result<T, GmmError>, &String)| {
            result.map_err(|error| WordError::Fit {
                word: word.clone(),
                error,
            })
        };
        all.into_iter().zip(&self.words).map(named).collect()
    }
}

impl SpeakerAdaptation {
    fn check(&self) -> Result<(), WordError> {
        let is_relevance = self.relevance.is_finite() && self.relevance >= 0.0;
        let is_scale = self.scale > 0.0 && self.scale <= 1.0;
        refuse_impossible(&[
            (
                "the relevance",
                self.relevance,
                is_relevance,
                "a finite number of at least 0",
            ),
            (
                "the scale of guesses",
                self.scale,
                is_scale,
                "above 0 and at most 1",
            ),
        ])
    }
}
