//! What comes next: a pool of mixtures and of regimes, weighted by how well each would have forecast.

mod ahead;
mod candidates;
mod error;
mod learnt;
mod rolling;
mod stacking;

use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicUsize, Ordering};

use gmm_core::GmmError;
use gmm_core::ndarray::{Array2, s};
use rayon::prelude::*;
use serde::Serialize;

use crate::data::Series;
use crate::score::{Pool, Scale, Score, Scores, Yardstick, naive_mae};
use candidates::{Effort, candidates};
use learnt::Learnt;
use rolling::{Rolled, pooled};

pub use candidates::{Candidate, Kind};
pub use error::ForecastError;

/// Which models are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Method {
    /// All.
    #[default]
    Pool,
    /// Mixtures of lags and value, answered by their conditionals.
    Mixture,
    /// Autoregressions that hidden regimes switch between.
    Regimes,
}

/// How one model is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choose {
    /// By the Bayesian information criterion of the values given their lags, over the same steps for all.
    Bic,
    /// By the log score of forecasts of one step.
    Rolling,
}

/// What to do.
#[derive(Debug, Clone, PartialEq)]
pub struct ForecastOptions {
    /// Steps to forecast.
    pub horizon: usize,
    /// Steps from the first that are learnt from; the others are forecast one by one. All, if none.
    pub n_train: Option<usize>,
    /// Which models.
    pub method: Method,
    /// Whether one model is chosen, and how; all are pooled otherwise.
    pub single: Option<Choose>,
    /// Numbers of lags to try; 1 to 12 and some with the season, if none.
    pub lags: Option<RangeInclusive<usize>>,
    /// Numbers of components of mixtures to try; 1 to 4, if none.
    pub components: Option<RangeInclusive<usize>>,
    /// The scale, where the values allow it; all that they allow, if none.
    pub scale: Option<Scale>,
    /// What the mean squared error is measured against, instead of the variance of what is learnt from.
    pub variance: Option<f64>,
    /// Seed of all random choices.
    pub seed: u64,
    /// Simulated futures.
    pub n_paths: usize,
}

impl Default for ForecastOptions {
    fn default() -> Self {
        Self {
            horizon: 12,
            n_train: None,
            method: Method::Pool,
            single: None,
            lags: None,
            components: None,
            scale: None,
            variance: None,
            seed: 42,
            n_paths: 1000,
        }
    }
}

/// A model of the pool.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Member {
    /// What it is, with the first of its starts.
    pub candidate: Candidate,
    /// Its weight, that of all its starts together.
    pub weight: f64,
    /// The mean of −ln of the density of validated steps for each of its starts, in nats.
    pub log_scores: Vec<f64>,
}

/// How good forecasts of one step were over the last part of what was learnt from: of each step from those before it, by models
/// fitted before it, with weights from other steps.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Validation {
    /// The first step.
    pub start: usize,
    /// Number of steps.
    pub n_steps: usize,
    /// Fits of each model.
    pub n_refits: usize,
    /// The scores of each column.
    pub scores: Vec<Scores>,
}

/// Forecasts of one step of all that was not learnt from, parameters fixed.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// The first step.
    pub start: usize,
    /// The distribution of each step and column; none where lags that cannot be done without are missing.
    pub forecasts: Vec<Vec<Option<Pool>>>,
    /// The scores of each column.
    pub scores: Vec<Scores>,
}

/// A forecast, and how it came about.
#[derive(Debug, Clone, PartialEq)]
pub struct ForecastReport {
    /// Steps that were learnt from.
    pub n_train: usize,
    /// Models that were tried.
    pub n_models: usize,
    /// Fits of them, from one or several starts each.
    pub n_candidates: usize,
    /// Those of the fits that failed, or had too few complete lags.
    pub n_failed: usize,
    /// Those that are forecast with, by weight.
    pub members: Vec<Member>,
    /// How good they would have been.
    pub validation: Validation,
    /// The distributions of what comes after the last step, steps × columns; empty where steps are held out.
    pub ahead: Vec<Vec<Pool>>,
    /// Forecasts of the steps that were not learnt from.
    pub held: Option<Held>,
}

/// Forecasts a series.
///
/// Models are mixtures of lags and values together and autoregressions with hidden regimes, of several numbers of lags and
/// components, on several scales and from several starts. Over the last half of what is learnt from each forecasts one step at a
/// time, fitted to what is before. A model is the even pool of its starts; the weights of models maximise the mean log density of
/// the pool of all there (stacking), and those of some weight are fitted to all that is learnt from. All of it is a function of the values and the seed, to the bit, on any number of threads.
/// `observe` hears how many of how many fits are done.
///
/// # Errors
/// [`ForecastError`] for values that are infinite, all equal or too few.
pub fn forecast(
    series: &Series,
    options: &ForecastOptions,
    observe: &(dyn Fn(usize, usize) + Sync),
) -> Result<ForecastReport, ForecastError> {
    let n_train = options
        .n_train
        .unwrap_or(series.n_steps())
        .min(series.n_steps());
    check(series, n_train, options)?;
    let train = series.values.slice(s![..n_train, ..]).to_owned();
    let yardsticks = yardsticks(series, &train, options);
    let effort = Effort::of(n_train, train.ncols());
    let times = n_train - n_train / 2..n_train;
    let tried = candidates(&train, series.step.season(), options, (effort, times.start));
    if tried.is_empty() || times.is_empty() {
        return Err(ForecastError::TooShort { n_steps: n_train });
    }
    let n_models = tried.chunk_by(Candidate::is_same_but_for_the_start).count();
    let n_candidates = tried.len();
    let total = n_candidates * effort.n_refits;
    let done = AtomicUsize::new(0);
    let fitted = || observe((done.fetch_add(1, Ordering::Relaxed) + 1).min(total), total);
    let tried = match options.single {
        Some(Choose::Bic) => vec![least_bic(tried, &train, options.seed, &fitted)?],
        _ => tried,
    };
    let refits = (effort.n_refits, options.seed);
    let rolled = Rolled::of(tried, &train, times.clone(), refits, &fitted);
    if rolled.candidates.is_empty() {
        let first = rolled.first_failure.unwrap_or(GmmError::NoRows);
        let n = n_candidates;
        return Err(ForecastError::AllFail { n, first });
    }
    let is_single = options.single.is_some();
    let learnt = learnt(&rolled, &rolled.weights(is_single), &train, options.seed)?;
    let held = if n_train < series.n_steps() {
        Some(held_out(&learnt, series, n_train, &yardsticks)?)
    } else {
        None
    };
    let ahead = match held {
        Some(_) => Vec::new(),
        None => {
            let paths = (options.horizon, options.n_paths, options.seed);
            ahead::ahead(&learnt, &train, paths)?
        }
    };
    let log_scores = rolled.log_scores();
    let mut members: Vec<Member> = Vec::new();
    for (weight, own) in &learnt {
        let place = rolled.candidates.iter().position(|c| c == own.candidate);
        let log_score = place.map_or(f64::NAN, |place| log_scores[place]);
        match members.last_mut() {
            Some(last) if last.candidate.is_same_but_for_the_start(own.candidate) => {
                last.weight += weight;
                last.log_scores.push(log_score);
            }
            _ => members.push(Member {
                candidate: own.candidate.clone(),
                weight: *weight,
                log_scores: vec![log_score],
            }),
        }
    }
    members.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    let n_left = match options.single {
        Some(Choose::Bic) => n_candidates,
        _ => rolled.candidates.len(),
    };
    Ok(ForecastReport {
        n_train,
        n_models,
        n_candidates,
        n_failed: n_candidates - n_left,
        members,
        validation: Validation {
            start: times.start,
            n_steps: times.len(),
            n_refits: effort.n_refits,
            scores: rolled.scores(&train, is_single, &yardsticks)?,
        },
        ahead,
        held,
    })
}

/// That the values can be learnt from.
fn check(series: &Series, n_train: usize, options: &ForecastOptions) -> Result<(), ForecastError> {
    if n_train == 0 || series.columns.is_empty() {
        return Err(ForecastError::Empty);
    }
    for (name, values) in series.columns.iter().zip(series.values.columns()) {
        let at = |t: usize| (name.clone(), series.labels[t].clone(), values[t]);
        if let Some(t) = values.iter().position(|x| x.is_infinite()) {
            let (column, time, value) = at(t);
            return Err(ForecastError::Infinite {
                column,
                time,
                value,
            });
        }
        let known = || values.iter().take(n_train).filter(|x| !x.is_nan());
        let Some(&first) = known().next() else {
            return Err(ForecastError::NoValues {
                column: name.clone(),
            });
        };
        // One value varies as little as many equal ones do.
        if known().nth(1).is_none() {
            return Err(ForecastError::TooShort { n_steps: n_train });
        }
        if !variance(known().copied()).is_finite() {
            return Err(ForecastError::TooLarge {
                column: name.clone(),
            });
        }
        if known().all(|x| *x == first) {
            let (column, value) = (name.clone(), first);
            return Err(ForecastError::Constant { column, value });
        }
        // The check begins with what the first half has taught.
        let half = n_train - n_train / 2;
        let early = || values.iter().take(half).filter(|x| !x.is_nan());
        if early().nth(1).is_none() {
            return Err(ForecastError::TooShort { n_steps: n_train });
        }
        if let Some(&value) = early().next()
            && early().all(|x| *x == value)
        {
            let (column, until) = (name.clone(), series.labels[half - 1].clone());
            return Err(ForecastError::ConstantStart {
                column,
                value,
                until,
            });
        }
        // Where one is asked for, all values must have it.
        let scale = options.scale.unwrap_or_default();
        let is_off = |x: &f64| !x.is_nan() && !scale.to(*x).is_finite();
        if let Some(t) = values.iter().take(n_train).position(is_off) {
            let (column, time, value) = at(t);
            return Err(ForecastError::OffScale {
                column,
                time,
                value,
            });
        }
    }
    Ok(())
}

/// The mean squared distance from the mean; not finite where squares are not.
fn variance(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let n = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / n;
    values.map(|x| (x - mean) * (x - mean)).sum::<f64>() / n
}

/// The naive errors and variances of all columns where they are learnt from.
fn yardsticks(series: &Series, train: &Array2<f64>, options: &ForecastOptions) -> Vec<Yardstick> {
    let of = |column: gmm_core::ndarray::ArrayView1<'_, f64>| {
        let variance = variance(column.iter().copied().filter(|x| !x.is_nan()));
        let season = series.step.season().unwrap_or(1);
        let all = column.to_vec();
        Yardstick {
            naive_mae: naive_mae(&all, season).or_else(|| naive_mae(&all, 1)),
            variance: Some(options.variance.unwrap_or(variance)),
        }
    };
    train.columns().into_iter().map(of).collect()
}

/// The candidates of positive weight, fitted to all that is learnt from. Should a fit fail there, the others share its weight.
fn learnt<'c>(
    rolled: &'c Rolled,
    weights: &[f64],
    train: &Array2<f64>,
    seed: u64,
) -> Result<Vec<(f64, Learnt<'c>)>, ForecastError> {
    let kept: Vec<(&Candidate, f64)> = (rolled.candidates.iter())
        .zip(weights.iter().copied())
        .filter(|(_, weight)| *weight > 0.0)
        .collect();
    let found: Vec<Result<(f64, Learnt<'c>), GmmError>> = (kept.par_iter())
        .map(|(candidate, weight)| {
            Ok((*weight, Learnt::of(candidate, train, train.nrows(), seed)?))
        })
        .collect();
    let n = found.len();
    let (mut members, mut first) = (Vec::new(), None);
    for member in found {
        match member {
            Ok(member) => members.push(member),
            Err(error) => first = first.or(Some(error)),
        }
    }
    let sum: f64 = members.iter().map(|(weight, _)| weight).sum();
    if members.is_empty() {
        let first = first.unwrap_or(GmmError::NoRows);
        return Err(ForecastError::AllFail { n, first });
    }
    members.iter_mut().for_each(|(weight, _)| *weight /= sum);
    Ok(members)
}

/// Forecasts of one step of all from `start` on.
fn held_out(
    members: &[(f64, Learnt<'_>)],
    series: &Series,
    start: usize,
    yardsticks: &[Yardstick],
) -> Result<Held, ForecastError> {
    let times = start..series.n_steps();
    let answers: Vec<Vec<_>> = (members.par_iter())
        .map(|(_, learnt)| learnt.answers(&series.values, times.clone()))
        .collect::<Result<_, _>>()?;
    let pool = |(place, column): (usize, usize)| {
        let all = members.iter().zip(&answers);
        let own = all.map(|((w, learnt), own)| (*w, learnt.candidate, own[place].as_ref()));
        pooled(own, column)
    };
    let columns = 0..series.columns.len();
    let step = |place| columns.clone().map(|j| pool((place, j))).collect();
    let forecasts: Vec<Vec<Option<Pool>>> = (0..times.len()).map(step).collect::<Result<_, _>>()?;
    let of_column = |(column, yardstick): (usize, &Yardstick)| {
        let score = |place: usize| match &forecasts[place][column] {
            Some(pool) => Score::of(pool, series.values[(start + place, column)]),
            None => Ok(None),
        };
        let scores: Vec<Option<Score>> = (0..times.len())
            .into_par_iter()
            .map(score)
            .collect::<Result<_, _>>()?;
        Scores::gathered(&scores, *yardstick)
    };
    let scores = yardsticks.iter().enumerate().map(of_column);
    Ok(Held {
        start,
        scores: scores.collect::<Result<_, _>>()?,
        forecasts,
    })
}

/// The candidate of least BIC, −2 Σ ln p(y_t | lags) + m ln n over the same n steps for all, m parameters of
/// the values given the lags.
fn least_bic(
    tried: Vec<Candidate>,
    train: &Array2<f64>,
    seed: u64,
    fitted: &(dyn Fn() + Sync),
) -> Result<Candidate, ForecastError> {
    let from = tried.iter().map(Candidate::reach).max().unwrap_or(0);
    let criterion = |candidate: &Candidate| {
        let learnt = Learnt::of(candidate, train, train.nrows(), seed);
        fitted();
        let learnt = learnt?;
        let answers = learnt.answers(train, from..train.nrows())?;
        let logs: Vec<f64> = answers
            .iter()
            .flatten()
            .map(|answer| answer.log_density)
            .filter(|log| !log.is_nan())
            .collect();
        let n = logs.len() as f64;
        // Where some of the steps could not be answered, they count as the others do.
        let n_known = (from..train.nrows()).filter(|&t| train.row(t).iter().any(|x| !x.is_nan()));
        let whole = n_known.count() as f64;
        let log_likelihood = logs.iter().sum::<f64>() * whole / n;
        Ok(learnt.n_parameters() as f64 * whole.ln() - 2.0 * log_likelihood)
    };
    let found: Vec<Result<f64, GmmError>> = tried.par_iter().map(criterion).collect();
    let n = found.len();
    let (mut best, mut first) = (None, None);
    for (candidate, bic) in tried.into_iter().zip(found) {
        match bic {
            Ok(bic) if best.as_ref().is_none_or(|(_, least)| bic < *least) => {
                best = Some((candidate, bic));
            }
            Ok(_) => {}
            Err(error) => first = first.or(Some(error)),
        }
    }
    let failure = || {
        let first = first.unwrap_or(GmmError::NoRows);
        ForecastError::AllFail { n, first }
    };
    best.map(|(candidate, _)| candidate).ok_or_else(failure)
}

#[cfg(test)]
mod tests;
