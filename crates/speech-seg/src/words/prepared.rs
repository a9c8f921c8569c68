//! Clips as rows.

use gmm_core::ndarray::{Array2, s};
use rayon::prelude::*;

use super::{Clip, WordError, WordOptions};
use crate::data::Recording;
use crate::features::{FrontEnd, FrontEndError, Normalization, Pauses};

/// Of the mean of a clip of n frames n/(n + 100) is taken away: it says as much of the word as of the microphone.
const BELIEVED_ROWS: f64 = 100.0;

/// Frames at either end that are more than this many dB quieter than the loudest are no part of the word.
const QUIET_ENDS: f64 = 30.0;

/// A clip with its rows.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Prepared {
    /// Its name.
    pub name: String,
    /// The word.
    pub word: String,
    /// Who says it, if that is known.
    pub speaker: Option<String>,
    /// Frames × features, as it was said.
    pub rows: Array2<f64>,
    /// The same as other throats would have said it.
    pub warped: Vec<Array2<f64>>,
}

impl Prepared {
    /// All clips, with their copies.
    ///
    /// # Errors
    /// [`WordError::Frames`] for the first clip that has no rows, those of impossible settings.
    pub fn all(clips: &[Clip], options: &WordOptions) -> Result<Vec<Self>, WordError> {
        options.check()?;
        let all: Vec<Result<Self, WordError>> = clips
            .par_iter()
            .map(|clip| Self::of(clip, options))
            .collect();
        all.into_iter().collect()
    }

    /// The clip without its copies.
    #[must_use]
    pub fn plain(&self) -> Self {
        Self {
            warped: Vec::new(),
            ..self.clone()
        }
    }

    fn of(clip: &Clip, options: &WordOptions) -> Result<Self, WordError> {
        let with = |warp: f64| {
            let front_end = FrontEnd {
                warp,
                ..options.front_end.clone()
            };
            rows_of(&clip.recording, &front_end).map_err(|error| WordError::Frames {
                name: clip.name.clone(),
                error,
            })
        };
        Ok(Self {
            name: clip.name.clone(),
            word: clip.word.clone(),
            speaker: clip.speaker.clone(),
            rows: with(options.front_end.warp)?,
            warped: options
                .warps
                .iter()
                .map(|factor| with(factor * options.front_end.warp))
                .collect::<Result<_, _>>()?,
        })
    }
}

/// The rows of a clip from its first frame within 30 dB of the loudest to its last, less the ninth decile of its level and a
/// share of the mean of its other cepstra.
pub(super) fn rows_of(
    recording: &Recording,
    front_end: &FrontEnd,
) -> Result<Array2<f64>, FrontEndError> {
    let plain = FrontEnd {
        pauses: Pauses::Keep,
        normalization: Normalization::None,
        ..front_end.clone()
    };
    let frames = plain.frames(recording)?;
    let loudest = frames
        .levels
        .iter()
        .copied()
        .fold(f64::NEG_INFINITY, f64::max);
    let is_loud = |level: &f64| *level >= loudest - QUIET_ENDS;
    let first = frames.levels.iter().position(is_loud).unwrap_or(0);
    let last = frames.levels.iter().rposition(is_loud).unwrap_or(0);
    let mut rows = frames.rows.slice(s![first..=last, ..]).to_owned();
    let n = rows.nrows() as f64;
    let has_level = plain.level != crate::features::Level::None;
    for j in 0..plain.n_cepstra {
        let mut column = rows.column_mut(j);
        let common = if j == 0 && has_level {
            ninth_decile(column.to_vec())
        } else {
            column.sum() / (n + BELIEVED_ROWS)
        };
        column -= common;
    }
    Ok(rows)
}

/// The value that nine of ten are at most, between neighbours along a line.
fn ninth_decile(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = 0.9 * (values.len() - 1) as f64;
    let (below, share) = (at as usize, at.fract());
    let above = values.get(below + 1).unwrap_or(&values[below]);
    values[below] + share * (above - values[below])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deciles_lie_between_values() {
        assert_eq!(ninth_decile(vec![3.0]), 3.0);
        assert!((ninth_decile((0..=10).map(f64::from).collect()) - 9.0).abs() < 1e-12);
        assert!((ninth_decile(vec![1.0, 0.0]) - 0.9).abs() < 1e-12);
    }
}
