//! How often words are recognised that were not learnt from.

use std::collections::BTreeMap;

use gmm_core::ndarray::Array2;

use super::model::{Recognized, WordModels};
use super::{Hearing, Prepared, WordError, WordOptions};

/// What is left out of learning, one after the other, and then recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaveOut {
    /// All clips of one speaker.
    Speaker,
    /// Every n-th clip of each word of each speaker, at least 2: speakers are known, takes are not.
    Takes(usize),
}

/// What is left out together.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Fold {
    /// The speaker, or which takes.
    pub name: String,
    /// The places of its clips.
    pub clips: Vec<usize>,
    /// How many were recognised.
    pub n_right: usize,
}

impl Fold {
    /// The share that was recognised.
    pub fn accuracy(&self) -> f64 {
        self.n_right as f64 / self.clips.len() as f64
    }
}

/// What became of clips whose words are known.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Tested {
    /// The words that were learnt, in the order of the alphabet.
    pub words: Vec<String>,
    /// Of each clip.
    pub recognized: Vec<Recognized>,
    /// The word of each clip among `words`; none for one that was not learnt.
    pub said: Vec<Option<usize>>,
}

impl Tested {
    /// Clips with the words that their names say.
    pub fn of(models: &WordModels, clips: impl IntoIterator<Item = (String, Recognized)>) -> Self {
        let (mut said, mut recognized) = (Vec::new(), Vec::new());
        for (word, found) in clips {
            said.push(models.words().binary_search(&word).ok());
            recognized.push(found);
        }
        Self {
            words: models.words().to_vec(),
            recognized,
            said,
        }
    }

    /// Clips whose word was recognised.
    pub fn n_right(&self) -> usize {
        let pairs = self.said.iter().zip(&self.recognized);
        pairs
            .filter(|(said, found)| **said == Some(found.word))
            .count()
    }

    /// The share of the clips whose word was recognised.
    pub fn accuracy(&self) -> f64 {
        self.n_right() as f64 / self.said.len().max(1) as f64
    }

    /// How often each word (row) was taken for each (column).
    pub fn matrix(&self) -> Array2<usize> {
        let n = self.words.len();
        let mut matrix = Array2::zeros((n, n));
        for (said, found) in self.said.iter().zip(&self.recognized) {
            if let Some(said) = said {
                matrix[(*said, found.word)] += 1;
            }
        }
        matrix
    }

    /// The mean of −ln p(word | clip), in nats, over the clips of words that were learnt.
    pub fn log_loss(&self) -> f64 {
        let pairs = self.said.iter().zip(&self.recognized);
        let known = pairs.filter_map(|(said, found)| said.map(|k| found.posteriors[k]));
        let losses: Vec<f64> = known.map(|p| -p.max(f64::MIN_POSITIVE).ln()).collect();
        losses.iter().sum::<f64>() / losses.len().max(1) as f64
    }
}

/// Recognition of what was left out of learning.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Validation {
    /// What was left out, in the order of learning.
    pub folds: Vec<Fold>,
    /// All clips in their order, each recognised without having been learnt from.
    pub tested: Tested,
}

/// Recognises clips.
///
/// # Errors
/// As [`WordModels::recognize_all`].
pub fn tested(
    models: &WordModels,
    clips: &[&Prepared],
    hearing: Hearing,
) -> Result<Tested, WordError> {
    let heard: Vec<_> = clips
        .iter()
        .map(|clip| (clip.speaker.as_deref(), clip.rows.view()))
        .collect();
    let recognized = models.recognize_all(&heard, hearing)?;
    let words = clips.iter().map(|clip| clip.word.clone());
    Ok(Tested::of(models, words.zip(recognized)))
}

/// Learns words without some of the clips and recognises these, until each was left out once. `observe` is told the name of
/// every fold before it is learnt.
///
/// # Errors
/// [`WordError::Name`] for a clip whose speaker is to be left out but not known; [`WordError::Few`] for fewer than two folds;
/// [`WordError::Unlearnt`] for a word that is in one fold only; those of learning.
pub fn validate(
    clips: &[Prepared],
    options: &WordOptions,
    leave_out: LeaveOut,
    hearing: Hearing,
    observe: &mut dyn FnMut(usize, &str),
) -> Result<Validation, WordError> {
    let mut folds = folds(clips, leave_out)?;
    check(clips, &folds)?;
    let mut words: Vec<String> = clips.iter().map(|clip| clip.word.clone()).collect();
    words.sort();
    words.dedup();
    let mut recognized: Vec<Option<Recognized>> = vec![None; clips.len()];
    for (place, fold) in folds.iter_mut().enumerate() {
        observe(place, &fold.name);
        let is_out = |i: &usize| fold.clips.contains(i);
        let learnt: Vec<&Prepared> = (0..clips.len())
            .filter(|i| !is_out(i))
            .map(|i| &clips[i])
            .collect();
        let models = WordModels::train(&learnt, options)?;
        let left_out: Vec<&Prepared> = fold.clips.iter().map(|&i| &clips[i]).collect();
        let found = tested(&models, &left_out, hearing)?;
        fold.n_right = found.n_right();
        // Every word is learnt in every fold, so that places are the same in all.
        for (&i, one) in fold.clips.iter().zip(found.recognized) {
            recognized[i] = Some(one);
        }
    }
    let said = clips
        .iter()
        .map(|clip| words.binary_search(&clip.word).ok());
    let tested = Tested {
        said: said.collect(),
        recognized: recognized.into_iter().flatten().collect(),
        words,
    };
    Ok(Validation { folds, tested })
}

fn folds(clips: &[Prepared], leave_out: LeaveOut) -> Result<Vec<Fold>, WordError> {
    let mut members: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut takes: BTreeMap<(&str, Option<&str>), usize> = BTreeMap::new();
    for (i, clip) in clips.iter().enumerate() {
        let name = match (leave_out, &clip.speaker) {
            (LeaveOut::Speaker, Some(speaker)) => speaker.clone(),
            (LeaveOut::Speaker, None) => {
                return Err(WordError::Name {
                    name: clip.name.clone(),
                    what: "speaker",
                });
            }
            (LeaveOut::Takes(n), speaker) => {
                let take = takes.entry((&clip.word, speaker.as_deref())).or_insert(0);
                *take += 1;
                let part = (*take - 1) % n.max(1) + 1;
                format!("part {part:0width$} of {n}", width = n.to_string().len())
            }
        };
        members.entry(name).or_default().push(i);
    }
    if members.len() < 2 {
        let what = match leave_out {
            LeaveOut::Speaker => "speakers",
            LeaveOut::Takes(_) => "parts of the takes",
        };
        let found = members.len();
        return Err(WordError::Few { what, found });
    }
    let fold = |(name, clips)| Fold {
        name,
        clips,
        n_right: 0,
    };
    Ok(members.into_iter().map(fold).collect())
}

/// That every word of each fold is in another too.
fn check(clips: &[Prepared], folds: &[Fold]) -> Result<(), WordError> {
    let mut places: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for fold in folds {
        for &i in &fold.clips {
            let of_word = places.entry(&clips[i].word).or_default();
            if !of_word.contains(&fold.name.as_str()) {
                of_word.push(&fold.name);
            }
        }
    }
    match places.into_iter().find(|(_, folds)| folds.len() < 2) {
        Some((word, folds)) => Err(WordError::Unlearnt {
            word: String::from(word),
            fold: folds.concat(),
        }),
        None => Ok(()),
    }
}
