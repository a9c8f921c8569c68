//! Rows as a component and few numbers: mixtures of probabilistic principal component analysers.

use gmm_core::ndarray::{Array1, Array2, Axis};
use gmm_core::rand::SeedableRng;
use gmm_core::rand::seq::SliceRandom;
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_core::{CovarianceType, FactorScores, Gmm, GmmError, GmmParams, Progress};

use rayon::prelude::*;

use super::{Options, Report, analyze};
use crate::data::Points;

/// Parts of the rows that are reduced by what was learnt without them.
const FOLDS: usize = 5;
/// Most numbers of coordinates that are compared, beside what is asked for.
const COMPARED: usize = 10;

/// What q coordinates keep.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KeptByLatent {
    /// q.
    pub n_latent: usize,
    /// Of rows that were not learnt from; none where folds have too few rows.
    pub of_new: Option<NewRows>,
}

/// What is kept of rows by models learnt without them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NewRows {
    /// Share of the variance of the standardised columns that q coordinates in the row's component keep.
    pub local: f64,
    /// The same of q principal components of all rows.
    pub global: f64,
    /// Mean ln p of the mixture in nats per row of the standardised columns.
    pub log_likelihood: f64,
}

/// Rows as components and coordinates.
#[derive(Debug, Clone)]
pub struct Latent {
    /// Coordinates of each row.
    pub n_latent: usize,
    /// The mean and the standard deviation of each column, 1 of one that does not vary.
    pub units: (Array1<f64>, Array1<f64>),
    /// The mixture of the rows in these units, and what it says of them.
    pub report: Report,
    /// The component and the coordinates of each row.
    pub scores: FactorScores,
    /// What these say of the rows, rows × columns, in units of the data.
    pub reconstructed: Array2<f64>,
    /// Share of the variance of the standardised columns that is kept of these rows; 1 where nothing varies.
    pub local: f64,
    /// The same of as many principal components of all rows.
    pub global: f64,
    /// What 1, 2, … coordinates keep of new rows, and as many as were asked for.
    pub kept: Vec<KeptByLatent>,
    /// Mean ln p of new rows by full covariances of as many components, as [`NewRows::log_likelihood`]; none where there are
    /// too few rows for such.
    pub full_log_likelihood: Option<f64>,
}

/// Each row as its component and `n_latent` coordinates in it (Tipping & Bishop, *Neural Computation* 11, 1999): a
/// mixture of probabilistic principal component analysers of the standardised columns, of as many components as
/// `options` say, the one of least BIC. What the coordinates keep is told of the rows and, in five folds, of rows that
/// were not learnt from, with the number of components kept. `observe` hears of the fit; folds are drawn by `seed`.
///
/// # Errors
/// [`GmmError::InvalidParameter`] unless there are from 1 to D−1 coordinates, [`GmmError::TooFewRows`] for fewer than two
/// rows; else those of [`analyze`].
pub fn latent(
    points: &Points,
    n_latent: usize,
    options: &Options,
    seed: u64,
    observe: &(dyn Fn(usize, Progress) + Sync),
) -> Result<Latent, GmmError> {
    let d = points.columns.len();
    if !(1..d).contains(&n_latent) {
        return Err(GmmError::InvalidParameter {
            name: "number of coordinates",
            value: format!("{n_latent} of {d} columns"),
            allowed: "at least 1 and below the number of columns",
        });
    }
    if points.rows.nrows() < 2 {
        return Err(GmmError::TooFewRows {
            n_rows: points.rows.nrows(),
            n_components: 2,
        });
    }
    let mean = points.rows.mean_axis(Axis(0)).ok_or(GmmError::NoRows)?;
    let deviations: Array1<f64> = points.variances().iter().map(|v| v.sqrt()).collect();
    if let Some(column) = deviations.iter().position(|s| !s.is_finite()) {
        return Err(GmmError::Overflow { column });
    }
    let standard = Points {
        rows: (&points.rows - &mean) / &deviations,
        ..points.clone()
    };
    let of_factors = Options {
        covariance_type: ppca(n_latent),
        ..options.clone()
    };
    let report = analyze(&standard, &of_factors, observe)?;
    let k = report.fitted.model.n_components();
    let scores = report.fitted.model.factor_scores(&standard.rows)?;
    let reconstructed = report.fitted.model.reconstructed(&scores)?;
    let principal = fit(&options.params, 1, ppca(n_latent), &standard.rows)?;
    let folds = Folds::drawn(&standard.rows, seed);
    let most = (d - 1).min(COMPARED);
    let compared: Vec<usize> = (1..=most)
        .chain((n_latent > most).then_some(n_latent))
        .collect();
    let kept = compared.into_par_iter().map(|q| KeptByLatent {
        n_latent: q,
        of_new: folds.kept(&options.params, k, q),
    });
    Ok(Latent {
        n_latent,
        local: share(&standard.rows, &reconstructed),
        global: share(&standard.rows, &back(&principal, &standard.rows)?),
        reconstructed: reconstructed * &deviations + &mean,
        kept: kept.collect(),
        full_log_likelihood: (points.rows.nrows() > k * (d + 1))
            .then(|| folds.log_likelihood(&options.params, k, CovarianceType::Full))
            .flatten(),
        units: (mean, deviations),
        report,
        scores,
    })
}

const fn ppca(n_factors: usize) -> CovarianceType {
    CovarianceType::ProbabilisticPca { n_factors }
}

fn fit(
    params: &GmmParams,
    k: usize,
    of: CovarianceType,
    rows: &Array2<f64>,
) -> Result<Gmm, GmmError> {
    let params = params.clone().n_components(k).covariance_type(of);
    Ok(params.fit_report(rows)?.model)
}

/// The rows after reduction. Of one component these are projections on principal components.
fn back(gmm: &Gmm, rows: &Array2<f64>) -> Result<Array2<f64>, GmmError> {
    gmm.reconstructed(&gmm.factor_scores(rows)?)
}

/// 1 − Σ‖x − x̂‖²/Σ‖x‖² of rows about 0.
fn share(rows: &Array2<f64>, reconstructed: &Array2<f64>) -> f64 {
    let square = |x: &Array2<f64>| x.iter().map(|v| v * v).sum::<f64>();
    match square(rows) {
        all if all > 0.0 => 1.0 - square(&(rows - reconstructed)) / all,
        _ => 1.0,
    }
}

/// Rows to learn from and rows to try that on.
struct Folds(Vec<(Array2<f64>, Array2<f64>)>);

impl Folds {
    fn drawn(rows: &Array2<f64>, seed: u64) -> Self {
        let n = rows.nrows();
        let mut order: Vec<usize> = (0..n).collect();
        order.shuffle(&mut Xoshiro256Plus::seed_from_u64(seed));
        let fold = |fold: usize| {
            let (out, own): (Vec<usize>, Vec<usize>) =
                (0..n).partition(|place| place % FOLDS == fold);
            let of = |places: &[usize]| -> Array2<f64> {
                let numbers: Vec<usize> = places.iter().map(|&p| order[p]).collect();
                rows.select(Axis(0), &numbers)
            };
            (of(&own), of(&out))
        };
        Self((0..FOLDS).map(fold).collect())
    }

    /// None where a fold cannot be fitted, or has no row.
    fn kept(&self, params: &GmmParams, k: usize, q: usize) -> Option<NewRows> {
        let mut all = [Vec::new(), Vec::new(), Vec::new()];
        let mut sum = 0.0;
        let mut n = 0;
        for (own, out) in &self.0 {
            let gmm = fit(params, k, ppca(q), own).ok()?;
            let principal = fit(params, 1, ppca(q), own).ok()?;
            sum += gmm.log_prob(out).ok()?.sum();
            n += out.nrows();
            all[0].extend(out.iter().copied());
            all[1].extend(back(&gmm, out).ok()?);
            all[2].extend(back(&principal, out).ok()?);
        }
        let is_full = self.0.iter().all(|(_, out)| out.nrows() > 0);
        let [rows, local, global] =
            all.map(|values| Array2::from_shape_vec((values.len(), 1), values).ok());
        let rows = rows.filter(|_| is_full)?;
        Some(NewRows {
            local: share(&rows, &local?),
            global: share(&rows, &global?),
            log_likelihood: sum / n as f64,
        })
    }

    fn log_likelihood(&self, params: &GmmParams, k: usize, of: CovarianceType) -> Option<f64> {
        let mut sum = 0.0;
        let mut n = 0;
        for (own, out) in &self.0 {
            sum += fit(params, k, of, own).ok()?.log_prob(out).ok()?.sum();
            n += out.nrows();
        }
        (n > 0).then_some(sum / n as f64)
    }
}
