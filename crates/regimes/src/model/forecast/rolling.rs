//! What every candidate would have said of the last part of what it learns from.

use std::ops::Range;

use gmm_core::GmmError;
use gmm_core::ndarray::Array2;
use rayon::prelude::*;

use super::candidates::Candidate;
use super::learnt::{Answer, Learnt};
use super::stacking::stacked;
use crate::score::{Pool, Score, Scores, Yardstick, log_sum_exp};

/// Parts of the validated steps, each forecast with weights that the others gave.
const FOLDS: usize = 5;
/// Of the steps with values, the share that a candidate may leave unanswered.
const UNANSWERED: f64 = 0.25;

/// Forecasts of one step of a range of steps, by every candidate that could be fitted.
#[derive(Debug)]
pub(super) struct Rolled {
    /// The steps.
    pub(super) times: Range<usize>,
    /// The candidates.
    pub(super) candidates: Vec<Candidate>,
    /// What each said of each step.
    pub(super) answers: Vec<Vec<Option<Answer>>>,
    /// Why the first of those failed that did.
    pub(super) first_failure: Option<GmmError>,
}

/// `n` ranges of nearly the same length, one after the other.
fn parts(range: &Range<usize>, n: usize) -> Vec<Range<usize>> {
    let edge = |i: usize| range.start + range.len() * i / n;
    let all = (0..n).map(|i| edge(i)..edge(i + 1));
    all.filter(|part| !part.is_empty()).collect()
}

impl Rolled {
    /// Fits each candidate to all before the first step, and again `n_refits − 1` times on the way.
    pub(super) fn of(
        candidates: Vec<Candidate>,
        values: &Array2<f64>,
        times: Range<usize>,
        (n_refits, seed): (usize, u64),
        fitted: &(dyn Fn() + Sync),
    ) -> Self {
        let blocks = parts(&times, n_refits);
        let jobs: Vec<(usize, Range<usize>)> = (0..candidates.len())
            .flat_map(|c| blocks.iter().map(move |block| (c, block.clone())))
            .collect();
        let answers = |(c, block): &(usize, Range<usize>)| {
            let learnt = Learnt::of(&candidates[*c], values, block.start, seed);
            fitted();
            learnt?.answers(values, block.clone())
        };
        let found: Vec<Result<Vec<Option<Answer>>, GmmError>> =
            jobs.par_iter().map(answers).collect();
        let mut found = found.into_iter();
        let mut first_failure = None;
        let mut kept = (Vec::new(), Vec::new());
        for candidate in candidates {
            let own: Result<Vec<_>, GmmError> = found.by_ref().take(blocks.len()).collect();
            match own {
                Ok(answers) => {
                    kept.0.push(candidate);
                    kept.1.push(answers.concat());
                }
                Err(error) => first_failure = first_failure.or(Some(error)),
            }
        }
        let mut rolled = Self {
            times,
            candidates: kept.0,
            answers: kept.1,
            first_failure,
        };
        rolled.leave_out_the_silent();
        rolled
    }

    /// Takes away candidates that say too little, where others say more: all are compared over the same steps.
    fn leave_out_the_silent(&mut self) {
        let silent = |answers: &Vec<Option<Answer>>| {
            let n = answers.iter().filter(|answer| answer.is_none()).count();
            n as f64 > UNANSWERED * answers.len() as f64
        };
        self.retain_unless(silent);
        if self.compared().is_empty() {
            self.retain_unless(|answers| answers.iter().any(Option::is_none));
        }
    }

    fn retain_unless(&mut self, is_silent: impl Fn(&Vec<Option<Answer>>) -> bool) {
        let keeps: Vec<bool> = self.answers.iter().map(|a| !is_silent(a)).collect();
        if keeps.iter().any(|keep| *keep) {
            let mut of_candidates = keeps.iter();
            self.candidates
                .retain(|_| of_candidates.next() == Some(&true));
            let mut of_answers = keeps.iter();
            self.answers.retain(|_| of_answers.next() == Some(&true));
        }
    }

    /// Places, from 0, of the steps of which every candidate said something and something came.
    fn compared(&self) -> Vec<usize> {
        let is_known = |answer: &Option<Answer>| {
            answer
                .as_ref()
                .is_some_and(|answer| !answer.log_density.is_nan())
        };
        (0..self.times.len())
            .filter(|place| self.answers.iter().all(|own| is_known(&own[*place])))
            .collect()
    }

    /// ln of the densities of these steps, steps × candidates.
    fn log_densities(&self, places: &[usize]) -> Array2<f64> {
        let shape = (places.len(), self.answers.len());
        Array2::from_shape_fn(shape, |(i, c)| {
            let answer = self.answers[c][places[i]].as_ref();
            answer.map_or(f64::NEG_INFINITY, |answer| answer.log_density)
        })
    }

    /// The weight of each candidate from the steps of which none of `without` is one: stacked, or all for the best.
    fn weights_without(&self, without: &Range<usize>, is_single: bool) -> Vec<f64> {
        let mut places = self.compared();
        places.retain(|place| !without.contains(place));
        let logs = self.log_densities(&places);
        if !is_single {
            return self.stacked(&logs);
        }
        let sums: Vec<f64> = logs
            .columns()
            .into_iter()
            .map(|column| column.sum())
            .collect();
        let first = |best: usize, c: usize| if sums[c] > sums[best] { c } else { best };
        let best = (0..sums.len()).fold(0, first);
        (0..sums.len())
            .map(|c| f64::from(u8::from(c == best)))
            .collect()
    }

    /// The candidates of each model, which differ in their starts.
    pub(super) fn models(&self) -> Vec<Range<usize>> {
        let starts = self
            .candidates
            .chunk_by(Candidate::is_same_but_for_the_start);
        let end = |end: &mut usize, own: &[Candidate]| {
            *end += own.len();
            Some(*end - own.len()..*end)
        };
        starts.scan(0, end).collect()
    }

    /// Stacked weights of models, each of which is the even pool of its starts: where a fit may end is averaged over and not
    /// chosen, since there is much to choose from and little to choose by.
    fn stacked(&self, logs: &Array2<f64>) -> Vec<f64> {
        let models = self.models();
        let of_models = Array2::from_shape_fn((logs.nrows(), models.len()), |(i, model)| {
            let own: Vec<f64> = models[model].clone().map(|c| logs[(i, c)]).collect();
            log_sum_exp(&own) - (own.len() as f64).ln()
        });
        let shared = stacked(&of_models).into_iter().zip(models);
        shared
            .flat_map(|(weight, own)| vec![weight / own.len() as f64; own.len()])
            .collect()
    }

    /// The weight of each candidate from all steps.
    pub(super) fn weights(&self, is_single: bool) -> Vec<f64> {
        self.weights_without(&(0..0), is_single)
    }

    /// The mean of −ln of the density of each candidate, over the steps that all candidates answered.
    pub(super) fn log_scores(&self) -> Vec<f64> {
        let places = self.compared();
        let logs = self.log_densities(&places);
        let mean =
            |column: gmm_core::ndarray::ArrayView1<'_, f64>| -column.sum() / places.len() as f64;
        logs.columns().into_iter().map(mean).collect()
    }

    /// Scores of the pool for each column: the steps are forecast by fifths, each with the weights that the other four give, so
    /// that no step is forecast with weights that know it.
    pub(super) fn scores(
        &self,
        values: &Array2<f64>,
        is_single: bool,
        yardsticks: &[Yardstick],
    ) -> Result<Vec<Scores>, GmmError> {
        let folds = parts(&(0..self.times.len()), FOLDS);
        let weights: Vec<Vec<f64>> = (folds.par_iter())
            .map(|fold| self.weights_without(fold, is_single))
            .collect();
        let fold_of = |place: usize| folds.iter().position(|fold| fold.contains(&place));
        (yardsticks.iter().enumerate())
            .map(|(column, yardstick)| {
                let score = |place: usize| {
                    let Some(fold) = fold_of(place) else {
                        return Ok(None);
                    };
                    let answers = self.answers.iter().map(|own| own[place].as_ref());
                    let all = weights[fold]
                        .iter()
                        .copied()
                        .zip(&self.candidates)
                        .zip(answers);
                    let members = all.map(|((w, candidate), answer)| (w, candidate, answer));
                    match pooled(members, column)? {
                        Some(pool) => Score::of(&pool, values[(self.times.start + place, column)]),
                        None => Ok(None),
                    }
                };
                let scores: Vec<Result<_, GmmError>> =
                    (0..self.times.len()).into_par_iter().map(score).collect();
                let scores: Vec<Option<Score>> = scores.into_iter().collect::<Result<_, _>>()?;
                Scores::gathered(&scores, *yardstick)
            })
            .collect()
    }
}

/// What candidates with weights say of a column together; those that say nothing are left out, and none where all do.
pub(super) fn pooled<'a>(
    members: impl Iterator<Item = (f64, &'a Candidate, Option<&'a Answer>)>,
    column: usize,
) -> Result<Option<Pool>, GmmError> {
    let gaussians: Vec<_> = members
        .filter(|(weight, ..)| *weight > 0.0)
        .filter_map(|(weight, candidate, answer)| Some((weight, candidate, answer?)))
        .flat_map(|(weight, candidate, answer)| {
            let scale = candidate.scales[column];
            let own = answer.columns[column].iter();
            own.map(move |&[share, mean, deviation]| (scale, [weight * share, mean, deviation]))
        })
        .collect();
    if gaussians.is_empty() {
        return Ok(None);
    }
    Pool::of_gaussians(&gaussians).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_all_of_the_range() {
        assert_eq!(parts(&(3..10), 3), [3..5, 5..7, 7..10]);
        assert_eq!(parts(&(0..2), 5), [0..1, 1..2]);
        assert!(parts(&(4..4), 3).is_empty());
    }
}
