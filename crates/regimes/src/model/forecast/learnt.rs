//! Candidates that have learnt from a series.

use gmm_core::hmm::Sequences;
use gmm_core::ndarray::{Array1, Array2, Axis, s};
use gmm_core::rand::SeedableRng;
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_core::switching::{SwitchingFilter, SwitchingRegression};
use gmm_core::{Covariances, Gmm, GmmError, InitMethod, Regression, Sample};

use super::candidates::{Candidate, Kind};
use crate::features::lagged;

/// How near to its limit a fit is brought, in nats per row; forecasts do not change any more.
const TOLERANCE: f64 = 1e-4;
const MOST_ITERATIONS: usize = 200;
/// Starts of models of regimes.
const STARTS_OF_REGIMES: usize = 4;

/// Weight, mean and standard deviation of a Gaussian of one number.
pub(super) type Bell = [f64; 3];

/// What a candidate says of one time: a mixture for each column, on its scale.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    /// ln of the joint density of what came, in the units of the series; NaN where nothing did.
    pub(super) log_density: f64,
    /// The Gaussians of each column.
    pub(super) columns: Vec<Vec<Bell>>,
}

/// A mixture of lags and values together.
#[derive(Debug)]
pub(super) struct Mixture {
    joint: Gmm,
    /// The values given all lags.
    given_all: Regression,
    /// The lags alone.
    of_lags: Gmm,
    /// Rows it was fitted to.
    n_rows: usize,
}

impl Mixture {
    /// What a mixture says of the next values, `next`, with what is not known of its regressions: that of a component rests on
    /// n rows and has p slopes and an intercept, so that its covariance is n/(n − p − 1) of the one of most likelihood, and
    /// that of a new value 1 + (1 + δ²)/n times as large, δ the Mahalanobis distance of the lags from their mean (Seber & Lee, *Linear
    /// Regression Analysis*, 2003, 5.3). Far from what was seen, intervals are wide.
    fn widened(&self, next: &Gmm, of_lags: &Gmm, lags: &[f64]) -> Result<Gmm, GmmError> {
        let mut covariances = next.covariances();
        let precisions = of_lags.precisions();
        for (k, mut covariance) in covariances.outer_iter_mut().enumerate() {
            let off =
                Array1::from_iter(lags.iter().zip(of_lags.means().row(k)).map(|(u, m)| u - m));
            let distance = off.dot(&precisions.index_axis(Axis(0), k).dot(&off));
            let n = (of_lags.weights()[k] * self.n_rows as f64).max(1.0);
            let left = (n - lags.len() as f64 - 1.0).max(1.0);
            let factor = n / left * (1.0 + (1.0 + distance.max(0.0)) / n);
            covariance.mapv_inplace(|c| c * factor);
        }
        let covariances = Covariances::Full(covariances);
        Gmm::new(next.weights().to_owned(), next.means().clone(), covariances)
    }
}

/// A fitted model.
#[derive(Debug)]
pub(super) enum Model {
    Mixture(Box<Mixture>),
    Regimes(SwitchingRegression),
}

/// A fitted candidate.
#[derive(Debug)]
pub(super) struct Learnt<'c> {
    pub(super) candidate: &'c Candidate,
    pub(super) model: Model,
    /// The range of each column on its scale, where it learnt.
    pub(super) ranges: Vec<(f64, f64)>,
}

impl<'c> Learnt<'c> {
    /// Learns from the first `n` steps.
    pub(super) fn of(
        candidate: &'c Candidate,
        values: &Array2<f64>,
        n: usize,
        seed: u64,
    ) -> Result<Self, GmmError> {
        let values = values.slice(s![..n, ..]).to_owned();
        let scaled = candidate.scaled(&values);
        let rows = lagged(&scaled, &candidate.lags);
        let seed = seed.wrapping_add(candidate.start as u64);
        let model = match candidate.kind.switches() {
            None => mixture(candidate, &rows, seed)?,
            Some(switches) => {
                let rows = rows.slice(s![candidate.reach().min(n).., ..]).to_owned();
                let data = Sequences::one(Sample::new(&rows).with_missing());
                let params = SwitchingRegression::params(2)
                    .n_targets(scaled.ncols())
                    .switches(switches)
                    .n_starts(STARTS_OF_REGIMES)
                    .tolerance(TOLERANCE)
                    .max_n_iterations(MOST_ITERATIONS)
                    .seed(seed);
                Model::Regimes(params.fit(&data)?.model)
            }
        };
        let range = |column: gmm_core::ndarray::ArrayView1<'_, f64>| {
            let both = (f64::INFINITY, f64::NEG_INFINITY);
            column
                .iter()
                .fold(both, |(low, high), z| (low.min(*z), high.max(*z)))
        };
        Ok(Self {
            candidate,
            model,
            ranges: scaled.axis_iter(Axis(1)).map(range).collect(),
        })
    }

    /// Free parameters of the values given the lags. A mixture answers alike whatever quadratic form of the lags is added to the
    /// logarithms of all its components: those of one Gaussian of the lags do not count.
    pub(super) fn n_parameters(&self) -> usize {
        match &self.model {
            Model::Mixture(mixture) => {
                let u = mixture.given_all.given().len();
                mixture.joint.n_parameters() - (u + u * (u + 1) / 2)
            }
            Model::Regimes(model) => model.n_parameters(),
        }
    }

    /// The filter after all of these rows of lags and value.
    pub(super) fn filter(
        model: &SwitchingRegression,
        rows: &Array2<f64>,
        reach: usize,
    ) -> Result<SwitchingFilter, GmmError> {
        let mut filter = model.filter();
        for row in rows.outer_iter().skip(reach) {
            filter.observe(&row.to_vec())?;
        }
        Ok(filter)
    }

    /// The mixture of all columns given the lags, NaN where one is missing: given those that are there.
    pub(super) fn given(&self, lags: &[f64]) -> Result<Option<Gmm>, GmmError> {
        let Model::Mixture(mixture) = &self.model else {
            return Ok(None);
        };
        let Mixture {
            joint,
            given_all,
            of_lags,
            ..
        } = mixture.as_ref();
        let seen: Vec<usize> = (0..lags.len()).filter(|j| !lags[*j].is_nan()).collect();
        if seen.len() == lags.len() {
            let next = given_all.conditional(lags)?;
            return mixture.widened(&next, of_lags, lags).map(Some);
        }
        let targets = lags.len()..joint.n_features();
        let known: Vec<usize> = seen.iter().copied().chain(targets).collect();
        let part = joint.marginal(&known)?;
        if seen.is_empty() {
            return Ok(Some(part));
        }
        let values: Vec<f64> = seen.iter().map(|j| lags[*j]).collect();
        let places: Vec<usize> = (0..seen.len()).collect();
        let next = part.conditional(&places, &values)?;
        mixture
            .widened(&next, &joint.marginal(&seen)?, &values)
            .map(Some)
    }

    /// What it says of each of these times, given all before; none where a lag that it cannot do without is missing.
    pub(super) fn answers(
        &self,
        values: &Array2<f64>,
        times: std::ops::Range<usize>,
    ) -> Result<Vec<Option<Answer>>, GmmError> {
        let scaled = self.candidate.scaled(values);
        let rows = lagged(&scaled, &self.candidate.lags);
        let n_lags = rows.ncols() - scaled.ncols();
        let reach = self.candidate.reach();
        let mut filter = match &self.model {
            Model::Mixture(_) => None,
            Model::Regimes(model) => {
                let before = rows.slice(s![..times.start, ..]).to_owned();
                Some(Self::filter(model, &before, reach)?)
            }
        };
        let answer = |t: usize| {
            let row = rows.row(t).to_vec();
            let lags = &row[..n_lags];
            let next = match &mut filter {
                None => self.given(lags)?,
                Some(filter) => {
                    let is_known = lags.iter().all(|z| !z.is_nan());
                    let next = is_known.then(|| filter.next(lags)).transpose()?;
                    filter.observe(&row)?;
                    next
                }
            };
            let of = |next: Gmm| {
                Ok(Answer {
                    log_density: self.log_density(&next, &row[n_lags..])?,
                    columns: (0..scaled.ncols()).map(|j| bells(&next, j)).collect(),
                })
            };
            next.map(of).transpose()
        };
        times.map(answer).collect()
    }

    /// ln of the density of what came, z on the scales, in the units of the series: |dz/dx| is the Jacobian.
    fn log_density(&self, next: &Gmm, z: &[f64]) -> Result<f64, GmmError> {
        let seen: Vec<usize> = (0..z.len()).filter(|j| !z[*j].is_nan()).collect();
        if seen.is_empty() {
            return Ok(f64::NAN);
        }
        let row = Array1::from_iter(seen.iter().map(|j| z[*j])).insert_axis(Axis(0));
        let log = next.marginal(&seen)?.log_prob(&row)?[0];
        let slopes = seen
            .iter()
            .map(|&j| self.candidate.scales[j].slope(z[j]).ln());
        Ok(log - slopes.sum::<f64>())
    }
}

fn mixture(candidate: &Candidate, rows: &Array2<f64>, seed: u64) -> Result<Model, GmmError> {
    let Kind::Mixture(n_components) = candidate.kind else {
        return Err(GmmError::NoRows);
    };
    let complete: Vec<usize> = (0..rows.nrows())
        .filter(|t| rows.row(*t).iter().all(|z| !z.is_nan()))
        .collect();
    let complete = rows.select(Axis(0), &complete);
    // By turns, so that starts differ even where clusters of k-means do not.
    let init = if candidate.start.is_multiple_of(2) {
        InitMethod::KMeans
    } else {
        InitMethod::KMeansPlusPlus
    };
    let joint = Gmm::params(n_components)
        .init_method(init)
        .tolerance(TOLERANCE)
        .max_n_iterations(MOST_ITERATIONS)
        .with_rng(Xoshiro256Plus::seed_from_u64(seed))
        .fit_report(&complete)?
        .model;
    let n_lags = candidate.lags.len() * candidate.scales.len();
    let given: Vec<usize> = (0..n_lags).collect();
    Ok(Model::Mixture(Box::new(Mixture {
        given_all: joint.regression(&given)?,
        of_lags: joint.marginal(&given)?,
        n_rows: complete.nrows(),
        joint,
    })))
}

/// The Gaussians of one column of a mixture.
pub(super) fn bells(mixture: &Gmm, column: usize) -> Vec<Bell> {
    let components = mixture.components().iter().zip(mixture.weights());
    let own = components.filter(|(_, weight)| **weight > 0.0);
    own.map(|(component, &weight)| {
        let variance = component.covariance().entry(column, column);
        [weight, component.mean()[column], variance.sqrt()]
    })
    .collect()
}
