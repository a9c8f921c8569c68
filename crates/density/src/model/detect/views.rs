//! Four mixtures of the same rows, each of which sees what the others do not.

use gmm_core::ndarray::{Array1, Array2, Axis};
use gmm_core::rand::SeedableRng;
use gmm_core::rand::seq::SliceRandom;
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_core::selection::cross_validate;
use gmm_core::{
    CovarianceType, Fitted, Gmm, GmmError, GmmParams, InitMethod, Prior, Ridge, Sample,
};

use super::{DetectOptions, View};

/// Variance that is added to every covariance, in squared widths of the columns.
const RIDGE: f64 = 1e-2;
/// Ratio of eigenvalues that a trimmed fit allows: only the ridge and the prior hold back.
const RATIO: f64 = 1e8;
/// Components that are tried for the groups.
const COUNTS: [usize; 5] = [1, 2, 4, 8, 16];
/// Rows that a component must have on average, and for each column.
const LEAST_ROWS: usize = 10;
const LEAST_ROWS_FOR_COLUMN: usize = 3;
/// Rows of which the number of components is chosen, and to which mixtures are fitted at most.
const CHOOSING: usize = 2000;
const FITTING: usize = 20_000;
/// Entries of all covariances beyond which no more components are tried.
const MOST_ENTRIES: usize = 400_000;
const FOLDS: usize = 3;
/// Deviations to which a row reaches that says what is believed of covariances.
const REACH: f64 = 3.0;

/// The mixtures.
#[derive(Debug, Clone)]
pub(super) struct Views {
    /// Of each column alone: up to three components by BIC.
    pub(super) columns: Vec<Gmm>,
    /// One Gaussian whose columns are independent.
    pub(super) spread: Gmm,
    /// One Gaussian.
    pub(super) whole: Gmm,
    /// As many as describe rows best that were left out.
    pub(super) groups: Fitted,
}

impl Views {
    /// Fits them to rows that are measured in widths, NaN where nothing was seen.
    pub(super) fn of(rows: &Array2<f64>, options: &DetectOptions) -> Result<Self, GmmError> {
        let rows = &drawn(rows, FITTING, options.seed);
        let columns = rows.axis_iter(Axis(1)).map(|column| {
            let seen: Vec<f64> = column.iter().copied().filter(|v| !v.is_nan()).collect();
            alone(
                &Array2::from_shape_vec((seen.len(), 1), seen).unwrap_or_default(),
                options,
            )
        });
        let columns = columns.collect::<Result<_, _>>()?;
        let sample = Sample::new(rows).with_missing();
        let believed = winsorised(rows);
        let spread = params(options).covariance_type(CovarianceType::Diagonal);
        let whole = with_belief(params(options), &believed, 1);
        let k = chosen(rows, &believed, options)?;
        let groups = with_belief(params(options), &believed, k).n_components(k);
        Ok(Self {
            columns,
            spread: spread.fit_sample(&sample, &|_| {})?.model,
            whole: whole.fit_sample(&sample, &|_| {})?.model,
            groups: groups.fit_sample(&sample, &|_| {})?,
        })
    }

    /// −ln p of each row in each [`View`], rows × 4, of what was seen of it.
    pub(super) fn surprises(&self, rows: &Array2<f64>) -> Result<Array2<f64>, GmmError> {
        let sample = Sample::new(rows).with_missing();
        let alone = self.of_columns(rows)?;
        let mut surprises = Array2::zeros((rows.nrows(), View::ALL.len()));
        for (mut row, own) in surprises.rows_mut().into_iter().zip(alone.rows()) {
            row[View::Columns as usize] = own.iter().filter(|s| !s.is_nan()).sum();
        }
        for (view, model) in [
            (View::Spread, &self.spread),
            (View::Whole, &self.whole),
            (View::Groups, &self.groups.model),
        ] {
            let log_prob: Array1<f64> = model.log_prob_of(&sample)?;
            surprises.column_mut(view as usize).assign(&-log_prob);
        }
        Ok(surprises)
    }

    /// −ln p of each value alone, rows × columns; NaN where nothing was seen.
    pub(super) fn of_columns(&self, rows: &Array2<f64>) -> Result<Array2<f64>, GmmError> {
        let mut surprises = Array2::from_elem(rows.dim(), f64::NAN);
        for (j, model) in self.columns.iter().enumerate() {
            let places: Vec<usize> = (0..rows.nrows())
                .filter(|&i| !rows[(i, j)].is_nan())
                .collect();
            let seen = Array2::from_shape_fn((places.len(), 1), |(i, _)| rows[(places[i], j)]);
            for (&i, l) in places.iter().zip(model.log_prob(&seen)?) {
                surprises[(i, j)] = -l;
            }
        }
        Ok(surprises)
    }
}

/// At most so many of the rows, drawn at random.
pub(super) fn drawn(rows: &Array2<f64>, most: usize, seed: u64) -> Array2<f64> {
    if rows.nrows() <= most {
        return rows.clone();
    }
    let mut order: Vec<usize> = (0..rows.nrows()).collect();
    order.shuffle(&mut Xoshiro256Plus::seed_from_u64(seed));
    order.truncate(most);
    order.sort_unstable();
    rows.select(Axis(0), &order)
}

/// What all fits have in common.
fn params(options: &DetectOptions) -> GmmParams {
    Gmm::params(1)
        .ridge(Ridge::Absolute(RIDGE))
        .trimming(options.trimming)
        .eigenvalue_ratio(RATIO)
        .init_method(InitMethod::KMeans)
        .tolerance(1e-4)
        .max_n_iterations(200)
        .with_rng(Xoshiro256Plus::seed_from_u64(options.seed))
}

/// The mixture of one column.
fn alone(values: &Array2<f64>, options: &DetectOptions) -> Result<Gmm, GmmError> {
    const MOST: usize = 3;
    let values = &drawn(values, CHOOSING, options.seed);
    let plain = Gmm::params(1)
        .ridge(Ridge::Absolute(RIDGE))
        .init_method(InitMethod::KMeans)
        .tolerance(1e-4)
        .with_rng(Xoshiro256Plus::seed_from_u64(options.seed));
    let mut best: Option<Fitted> = None;
    for k in 1..=MOST.min((values.nrows() / LEAST_ROWS).max(1)) {
        let fitted = plain.clone().n_components(k).fit_report(values)?;
        if best.as_ref().is_none_or(|b| fitted.bic() < b.bic()) {
            best = Some(fitted);
        }
    }
    best.map(|fitted| fitted.model).ok_or(GmmError::NoRows)
}

/// The covariance of rows that reach [`REACH`] widths at most, with the middle for what was not seen: one that no
/// outlier moves by much.
fn winsorised(rows: &Array2<f64>) -> Array2<f64> {
    let near = rows.mapv(|z| {
        if z.is_nan() {
            0.0
        } else {
            z.clamp(-REACH, REACH)
        }
    });
    let n = near.nrows() as f64;
    let mean = near.sum_axis(Axis(0)) / n;
    let offsets = near - mean;
    let mut covariance = offsets.t().dot(&offsets) / n;
    covariance.diag_mut().mapv_inplace(|v| v + RIDGE);
    covariance
}

/// With a prior under which a covariance without rows is what is believed of one of `k` components: that of all rows over
/// K^(2/D), as Fraley & Raftery, *J. Classification* 24, 2007, §3, have it.
fn with_belief(params: GmmParams, believed: &Array2<f64>, k: usize) -> GmmParams {
    let d = believed.nrows() as f64;
    // The mode of the inverse Wishart is Λ/(ν + D + 1).
    let freedom = d + 2.0;
    let scale = believed * ((freedom + d + 1.0) * (k as f64).powf(-2.0 / d));
    let symmetric = (&scale + &scale.t()) * 0.5;
    params.prior(
        Prior::default()
            .mean_strength(0.0)
            .degrees_of_freedom(freedom)
            .scale(symmetric),
    )
}

/// The number of components that describe rows best which were left out, a share of the least likely not counted.
fn chosen(
    rows: &Array2<f64>,
    believed: &Array2<f64>,
    options: &DetectOptions,
) -> Result<usize, GmmError> {
    let some = drawn(rows, CHOOSING, options.seed);
    let sample = Sample::new(&some).with_missing();
    let (n, d) = some.dim();
    let least = LEAST_ROWS.max(LEAST_ROWS_FOR_COLUMN * d);
    let is_possible = |k: &usize| *k == 1 || (k * least <= n && k * d * d <= MOST_ENTRIES);
    let counts: Vec<usize> = COUNTS.into_iter().filter(is_possible).collect();
    if counts.len() == 1 || n < 2 * FOLDS {
        return Ok(1);
    }
    let mut best = (1, f64::NEG_INFINITY);
    for k in counts {
        let params = with_belief(params(options), believed, k);
        let Some(validated) =
            cross_validate(&sample, &params, [k], &[CovarianceType::Full], FOLDS)?
                .into_iter()
                .next()
        else {
            continue;
        };
        if validated.mean_log_likelihood > best.1 {
            best = (k, validated.mean_log_likelihood);
        } else {
            break;
        }
    }
    Ok(best.0)
}
