//! How words are learnt.

use gmm_core::hmm::{Chain, GaussianHmm, Sequences};
use gmm_core::ndarray::{Array1, Array2, ArrayView2, Axis, concatenate, s};
use gmm_core::{CovarianceType, Gmm, GmmError, Prior, Sample};
use rayon::prelude::*;

use super::model::{WordModels, stretched};
use super::{Prepared, WordError, refuse_impossible};
use crate::features::FrontEnd;

/// Iterations that a start of the Gaussians of one state takes at most.
const START_ITERATIONS: usize = 20;

/// How words are learnt.
#[derive(Debug, Clone, PartialEq)]
pub struct WordOptions {
    /// The front end. Its pauses and its normalisation are those of words: all frames are kept.
    pub front_end: FrontEnd,
    /// States of a word, 1 to 64; 1 makes a mixture of its frames in whatever order.
    pub n_states: usize,
    /// Gaussians of a state, 1 to 256.
    pub n_components: usize,
    /// Factors of throats that clips are also learnt with, beside their own; each 0.5 to 2.
    pub warps: Vec<f64>,
    /// Rows that the variances of all words are worth in those of each Gaussian; 0 for none, otherwise more than the
    /// features.
    pub believed_rows: f64,
    /// Iterations of each word at most.
    pub max_n_iterations: usize,
    /// What log-likelihoods are multiplied by before they become posteriors: frames are not as independent as a model has
    /// them.
    pub scale: f64,
    /// The seed of the starts.
    pub seed: u64,
}

impl Default for WordOptions {
    /// 8 states of 4 Gaussians, learnt with throats a tenth shorter and longer too.
    fn default() -> Self {
        Self {
            front_end: FrontEnd::default(),
            n_states: 8,
            n_components: 4,
            warps: vec![0.9, 1.1],
            believed_rows: 50.0,
            max_n_iterations: 15,
            scale: 0.1,
            seed: 42,
        }
    }
}

impl WordOptions {
    /// One mixture of so many Gaussians for each word, of the clips as they are and nothing believed: what a chain is
    /// compared with.
    #[must_use]
    pub fn mixtures(self, n_components: usize) -> Self {
        Self {
            n_states: 1,
            n_components,
            warps: Vec::new(),
            believed_rows: 0.0,
            ..self
        }
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`WordError::Setting`] and [`WordError::FrontEnd`].
    pub fn check(&self) -> Result<(), WordError> {
        self.front_end.check()?;
        let least = self.front_end.n_features() as f64;
        let believed = self.believed_rows;
        let is_believable = believed == 0.0 || (believed > least + 1.0 && believed.is_finite());
        let warp = self.warps.iter().find(|warp| {
            let factor = *warp * self.front_end.warp;
            !(0.5..=2.0).contains(&factor)
        });
        let is_scale = self.scale > 0.0 && self.scale <= 1.0;
        refuse_impossible(&[
            (
                "the number of states",
                self.n_states as f64,
                (1..=64).contains(&self.n_states),
                "1 to 64",
            ),
            (
                "the number of Gaussians",
                self.n_components as f64,
                (1..=256).contains(&self.n_components),
                "1 to 256",
            ),
            (
                "the number of iterations",
                self.max_n_iterations as f64,
                self.max_n_iterations > 0,
                "at least 1",
            ),
            (
                "the number of believed rows",
                believed,
                is_believable,
                "0, or more than the features and one",
            ),
            (
                "a warp",
                warp.copied().unwrap_or(1.0),
                warp.is_none(),
                "0.5 to 2",
            ),
            (
                "the scale of posteriors",
                self.scale,
                is_scale,
                "above 0 and at most 1",
            ),
        ])
    }
}

impl WordModels {
    /// Learns the words of these clips, in the order of their names.
    ///
    /// # Errors
    /// [`WordError::Few`] for fewer than two words, [`WordError::Fit`], and those of the settings.
    pub fn train(clips: &[&Prepared], options: &WordOptions) -> Result<Self, WordError> {
        options.check()?;
        let mut words: Vec<String> = clips.iter().map(|clip| clip.word.clone()).collect();
        words.sort();
        words.dedup();
        if words.len() < 2 {
            return Err(WordError::Few {
                what: "words",
                found: words.len(),
            });
        }
        let spread = spread(clips);
        let models: Vec<Result<GaussianHmm, WordError>> = words
            .par_iter()
            .map(|word| {
                let own = clips.iter().filter(|clip| clip.word == *word);
                let copies = own.flat_map(|clip| std::iter::once(&clip.rows).chain(&clip.warped));
                let sequences: Vec<ArrayView2<'_, f64>> = copies.map(|rows| rows.view()).collect();
                learnt(&sequences, &spread, options).map_err(|error| WordError::Fit {
                    word: word.clone(),
                    error,
                })
            })
            .collect();
        let models = models.into_iter().collect::<Result<_, _>>()?;
        Ok(Self::new(words, models, options))
    }
}

/// The variances of all rows; 1 where they do not vary.
fn spread(clips: &[&Prepared]) -> Array1<f64> {
    let views: Vec<_> = clips.iter().map(|clip| clip.rows.view()).collect();
    // Of one number of columns.
    let all = concatenate(Axis(0), &views).unwrap_or_default();
    all.var_axis(Axis(0), 0.0)
        .mapv(|v| if v > 0.0 { v } else { 1.0 })
}

/// The model of one word.
fn learnt(
    sequences: &[ArrayView2<'_, f64>],
    spread: &Array1<f64>,
    options: &WordOptions,
) -> Result<GaussianHmm, GmmError> {
    let n_states = options.n_states;
    let sequences: Vec<Array2<f64>> = sequences
        .iter()
        .map(|rows| stretched(*rows, n_states))
        .collect();
    let prior = belief(spread, options.believed_rows);
    let start = start(&sequences, prior.as_ref(), options)?;
    if n_states == 1 {
        return Ok(start);
    }
    let views: Vec<_> = sequences.iter().map(Array2::view).collect();
    let rows = concatenate(Axis(0), &views).unwrap_or_default();
    let lengths: Vec<usize> = sequences.iter().map(Array2::nrows).collect();
    let ends: Vec<Option<usize>> = lengths.iter().flat_map(|&n| ends(n, n_states)).collect();
    let data = Sequences::of_lengths(Sample::new(&rows).with_labels(&ends)?, &lengths)?;
    let n_components = start.states().first().map_or(1, Gmm::n_components);
    let mut params = GaussianHmm::params(n_states)
        .n_components(n_components)
        .covariance_type(CovarianceType::Diagonal)
        .max_n_iterations(options.max_n_iterations)
        .start(start);
    if let Some(prior) = prior {
        params = params.prior(prior);
    }
    Ok(params.fit(&data)?.model)
}

/// The states of the rows of a clip that are known: it begins in the first and ends in the last.
pub(super) fn ends(n_rows: usize, n_states: usize) -> impl Iterator<Item = Option<usize>> {
    (0..n_rows).map(move |t| {
        if t == 0 {
            Some(0)
        } else {
            (t + 1 == n_rows).then_some(n_states - 1)
        }
    })
}

/// Variances as those of all rows, worth so many of them.
fn belief(spread: &Array1<f64>, rows: f64) -> Option<Prior> {
    let scale = Array2::from_diag(&(spread * rows));
    let prior = Prior::default().degrees_of_freedom(rows - 2.0).scale(scale);
    (rows > 0.0).then_some(prior)
}

/// A chain of mixtures of equal parts of every sequence.
fn start(
    sequences: &[Array2<f64>],
    prior: Option<&Prior>,
    options: &WordOptions,
) -> Result<GaussianHmm, GmmError> {
    let n_states = options.n_states;
    let parts: Vec<Array2<f64>> = (0..n_states)
        .map(|state| {
            let part = |rows: &'_ Array2<f64>| {
                let n = rows.nrows();
                let range = state * n / n_states..(state + 1) * n / n_states;
                rows.slice(s![range, ..]).to_owned()
            };
            let own: Vec<Array2<f64>> = sequences.iter().map(part).collect();
            let views: Vec<_> = own.iter().map(Array2::view).collect();
            concatenate(Axis(0), &views).unwrap_or_default()
        })
        .collect();
    // Of few clips no more Gaussians than rows.
    let fewest = parts.iter().map(Array2::nrows).min().unwrap_or(1);
    let n_components = options.n_components.min(fewest);
    let states = parts
        .iter()
        .map(|rows| mixture(rows, n_components, prior, options))
        .collect::<Result<Vec<_>, _>>()?;
    let n_rows = sequences.iter().map(Array2::nrows).sum::<usize>() as f64;
    let stay = 1.0 - (n_states * sequences.len()) as f64 / n_rows;
    let stay = stay.clamp(0.05, 0.95);
    GaussianHmm::new(left_to_right(n_states, stay)?, states)
}

fn mixture(
    rows: &Array2<f64>,
    n_components: usize,
    prior: Option<&Prior>,
    options: &WordOptions,
) -> Result<Gmm, GmmError> {
    let params = Gmm::params(n_components).covariance_type(CovarianceType::Diagonal);
    let params = match prior {
        Some(prior) => params.prior(prior.clone()),
        None => params,
    };
    // As the start of a chain, a few steps will do.
    let params = if options.n_states > 1 {
        params.max_n_iterations(START_ITERATIONS)
    } else {
        params
    };
    let rng = gmm_core::rand::SeedableRng::seed_from_u64(options.seed);
    let rng: gmm_core::rand_xoshiro::Xoshiro256Plus = rng;
    Ok(params.with_rng(rng).fit_report(rows)?.model)
}

/// A chain that stays or goes on to the next state, and ends in the last.
fn left_to_right(n_states: usize, stay: f64) -> Result<Chain, GmmError> {
    let last = n_states - 1;
    let transitions = Array2::from_shape_fn((n_states, n_states), |(i, j)| match j {
        _ if i == last => f64::from(u8::from(j == last)),
        _ if j == i => stay,
        _ if j == i + 1 => 1.0 - stay,
        _ => 0.0,
    });
    let mut initial = Array1::zeros(n_states);
    initial[0] = 1.0;
    Chain::new(initial, transitions.view())
}
