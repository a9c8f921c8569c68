//! Which models are tried.

use std::fmt;
use std::ops::RangeInclusive;

use gmm_core::ndarray::Array2;
use gmm_core::switching::Switches;
use serde::Serialize;

use super::{ForecastOptions, Method};
use crate::score::Scale;

/// What a model is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Kind {
    /// A Gaussian mixture of lags and value together, of so many components; the value given the lags is its conditional.
    Mixture(usize),
    /// Two regimes, each with an autoregression of its own.
    Autoregressions,
    /// Two regimes with a mean each, about which there is one autoregression.
    Means,
}

impl Kind {
    /// What differs between its regimes, if it has some.
    pub(super) fn switches(self) -> Option<Switches> {
        match self {
            Self::Mixture(_) => None,
            Self::Autoregressions => Some(Switches::All),
            Self::Means => Some(Switches::Mean),
        }
    }
}

/// A model before it is fitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Candidate {
    /// The scale of each column.
    pub scales: Vec<Scale>,
    /// The steps back from each value to those that it is explained by, in order.
    pub lags: Vec<usize>,
    /// The model.
    pub kind: Kind,
    /// Which of several starts of its fit, from 0.
    pub start: usize,
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Mixture(1) => f.write_str("one Gaussian")?,
            Kind::Mixture(n) => write!(f, "mixture of {n}")?,
            Kind::Autoregressions => f.write_str("2 autoregressions by turns")?,
            Kind::Means => f.write_str("2 means by turns, autoregressive")?,
        }
        match self.lags.as_slice() {
            [1] => f.write_str(", 1 lag")?,
            lags if lags.last() == Some(&lags.len()) => write!(f, ", {} lags", lags.len())?,
            lags => {
                let words: Vec<String> = lags.iter().map(usize::to_string).collect();
                write!(f, ", lags {}", words.join(" "))?;
            }
        }
        let mut scales = self.scales.clone();
        scales.dedup();
        match scales.as_slice() {
            [Scale::Identity] => {}
            [Scale::Sqrt] => f.write_str(", of roots")?,
            [Scale::Log] => f.write_str(", of logarithms")?,
            _ => {
                let words: Vec<String> = self.scales.iter().map(Scale::to_string).collect();
                write!(f, ", of {}", words.join(" "))?;
            }
        }
        Ok(())
    }
}

impl Candidate {
    /// Whether another differs at most in where its fit starts.
    pub(super) fn is_same_but_for_the_start(&self, other: &Self) -> bool {
        self.scales == other.scales && self.lags == other.lags && self.kind == other.kind
    }

    /// The farthest lag.
    pub(super) fn reach(&self) -> usize {
        self.lags.last().copied().unwrap_or(0)
    }

    /// Values on the scales; NaN also where a scale does not have one.
    pub(super) fn scaled(&self, values: &Array2<f64>) -> Array2<f64> {
        Array2::from_shape_fn(values.dim(), |(t, j)| self.scales[j].to(values[(t, j)]))
    }

    /// Complete rows of lags and value below which it is not tried: twice those that its covariances, or its regressions,
    /// need.
    pub(super) fn least_rows(&self) -> usize {
        let d = (self.lags.len() + 1) * self.scales.len();
        match self.kind {
            Kind::Mixture(k) => 2 * k * (d + 1),
            Kind::Autoregressions | Kind::Means => 4 * (d + 1),
        }
    }
}

/// How much is tried: the more rows, the less is left to chance and the dearer a fit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Effort {
    /// Starts of each mixture.
    pub(super) n_starts: usize,
    /// Fits of each candidate while it is validated.
    pub(super) n_refits: usize,
    /// Numbers of lags: each, or those of a coarse grid.
    pub(super) is_coarse: bool,
}

impl Effort {
    /// For a series of `n` steps of `q` columns.
    pub(super) fn of(n: usize, q: usize) -> Self {
        let (n_starts, n_refits, is_coarse) = match n * q * q {
            0..=600 => (8, 5, false),
            601..=1500 => (2, 3, false),
            1501..=4000 => (1, 2, true),
            _ => (1, 1, true),
        };
        Self {
            n_starts,
            n_refits,
            is_coarse,
        }
    }
}

/// Usual numbers of lags, and some of them.
const LAGS: RangeInclusive<usize> = 1..=12;
const COARSE: [usize; 6] = [1, 2, 3, 5, 8, 12];
/// Usual numbers of components.
const COMPONENTS: RangeInclusive<usize> = 1..=4;
/// Most lags of regimes with autoregressions; of those with means, whose states are all tuples of regimes.
const LAGS_OF_REGIMES: usize = 4;

/// The scales that all values up to now have: of each column the same, or where it has values that this does not, its own.
fn scales(values: &Array2<f64>, wanted: Option<Scale>) -> Vec<Vec<Scale>> {
    let all = [Scale::Identity, Scale::Sqrt, Scale::Log];
    let wanted = all
        .iter()
        .filter(|scale| wanted.is_none_or(|w| w == **scale));
    let mut found: Vec<Vec<Scale>> = Vec::new();
    for &scale in wanted {
        let has = |column: usize| {
            let mut values = values.column(column).into_iter();
            values.all(|x| x.is_nan() || scale.to(*x).is_finite())
        };
        let own = |column| if has(column) { scale } else { Scale::Identity };
        let scales: Vec<Scale> = (0..values.ncols()).map(own).collect();
        if !found.contains(&scales) {
            found.push(scales);
        }
    }
    found
}

/// Sets of lags: all up to a number, and few with the season.
fn lags(options: &ForecastOptions, season: Option<usize>, effort: Effort) -> Vec<Vec<usize>> {
    let mut found: Vec<Vec<usize>> = match &options.lags {
        Some(numbers) => numbers.clone().map(|p| (1..=p).collect()).collect(),
        None if effort.is_coarse => COARSE.map(|p| (1..=p).collect()).to_vec(),
        None => LAGS.map(|p| (1..=p).collect()).collect(),
    };
    if let (Some(s), None) = (season.filter(|s| *s > 2), &options.lags) {
        found.extend([vec![1, s], vec![1, 2, s], vec![1, s, s + 1]]);
        found.sort();
        found.dedup();
    }
    found
}

/// All candidates for the values so far, of which `n_first` steps are the fewest that one is fitted to.
pub(super) fn candidates(
    values: &Array2<f64>,
    season: Option<usize>,
    options: &ForecastOptions,
    (effort, n_first): (Effort, usize),
) -> Vec<Candidate> {
    let components = options.components.clone().unwrap_or(COMPONENTS);
    let q = values.ncols();
    let mut found = Vec::new();
    for scales in scales(values, options.scale) {
        for lags in lags(options, season, effort) {
            let mut add = |kind: Kind, start: usize| {
                found.push(Candidate {
                    scales: scales.clone(),
                    lags: lags.clone(),
                    kind,
                    start,
                });
            };
            if options.method != Method::Regimes {
                for k in components.clone() {
                    // One Gaussian has one fit.
                    let n_starts = if k == 1 { 1 } else { effort.n_starts };
                    (0..n_starts).for_each(|start| add(Kind::Mixture(k), start));
                }
            }
            let is_short = lags.len() <= LAGS_OF_REGIMES || options.lags.is_some();
            if options.method != Method::Mixture && is_short {
                add(Kind::Autoregressions, 0);
                let is_run = lags.last() == Some(&lags.len());
                if q == 1 && is_run && lags.len() <= LAGS_OF_REGIMES {
                    add(Kind::Means, 0);
                }
            }
        }
    }
    // Whether there are rows enough depends on the lags and on what is missing.
    found.retain(|candidate: &Candidate| {
        let complete = (candidate.reach()..n_first).filter(|&t| {
            let mut times = candidate.lags.iter().map(|l| t - l).chain([t]);
            times.all(|t| values.row(t).iter().all(|x| !x.is_nan()))
        });
        complete.count() >= candidate.least_rows()
    });
    found
}
