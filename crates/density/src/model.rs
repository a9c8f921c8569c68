//! The mixture of the rows, and what it says about them.

mod detect;
mod directions;
mod latent;

use std::ops::RangeInclusive;

use gmm_core::ndarray::{Array1, Array2, Array3, Axis};
use gmm_core::rand::Rng;
use gmm_core::selection::rank;
use gmm_core::{
    CovarianceType, Covariances, Criteria, Fitted, Gmm, GmmError, GmmParams, InitMethod, Progress,
    Sample,
};

use gmm_table::summary::in_order;

use crate::data::Points;

pub use detect::{
    DetectOptions, Detected, Detector, Learnt, Limit, Part, Reason, Scores, View, detect,
    learn_usual,
};

pub use directions::{Directions, Kept, directions, directions_of_classes};
pub use latent::{KeptByLatent, Latent, NewRows, latent};

/// What to do.
#[derive(Debug, Clone)]
pub struct Options {
    /// Numbers of components to try; of several, the one of least BIC is taken.
    pub n_components: RangeInclusive<usize>,
    /// The constraint on the covariances.
    pub covariance_type: CovarianceType,
    /// All else about the fit.
    pub params: GmmParams,
}

impl Default for Options {
    /// Two components with full covariances.
    fn default() -> Self {
        Self {
            n_components: 2..=2,
            covariance_type: CovarianceType::Full,
            params: Gmm::params(2),
        }
    }
}

/// Rows, the mixture of some of them, and what it says of each.
#[derive(Debug, Clone)]
pub struct Report {
    /// The fit, its components ordered by their means in the first column.
    pub fitted: Fitted,
    /// ln p of each row, in nats.
    pub log_prob: Array1<f64>,
    /// The posterior of each component given each row, rows × K.
    pub responsibilities: Array2<f64>,
    /// The component of largest posterior of each row.
    pub labels: Array1<usize>,
    /// What was tried, by number of components.
    pub candidates: Vec<Criteria>,
}

/// Fits a mixture to the rows and asks it about them. `observe` hears of every iteration, with the fit's place in
/// the order of fitting.
///
/// # Errors
/// Those of the fit.
pub fn analyze(
    points: &Points,
    options: &Options,
    observe: &(dyn Fn(usize, Progress) + Sync),
) -> Result<Report, GmmError> {
    let ranking = rank(
        &Sample::new(&points.rows),
        &options.params,
        options.n_components.clone(),
        &[options.covariance_type],
        observe,
    )?;
    let mut candidates: Vec<Criteria> = ranking.iter().map(Fitted::criteria).collect();
    candidates.sort_by_key(|c| c.n_components);
    let best = ranking.into_iter().next().ok_or(GmmError::NoRows)?;
    score(points, in_order(&best)?, candidates)
}

/// What a fit says about rows, those of the fit or others.
///
/// # Errors
/// As [`Gmm::log_prob`].
pub fn score(
    points: &Points,
    fitted: Fitted,
    candidates: Vec<Criteria>,
) -> Result<Report, GmmError> {
    Ok(Report {
        log_prob: fitted.model.log_prob(&points.rows)?,
        responsibilities: fitted.model.responsibilities(&points.rows)?,
        labels: fitted.model.labels(&points.rows)?,
        fitted,
        candidates,
    })
}

/// Rows of low density.
#[derive(Debug, Clone, PartialEq)]
pub struct Anomalies {
    /// Rows whose ln p is below this are anomalies.
    pub threshold: f64,
    /// Those rows, from 0, in their order.
    pub rows: Vec<usize>,
}

/// The rows whose ln p is below `threshold`; where many rows tie at it, none of these.
pub fn below(log_prob: &Array1<f64>, threshold: f64) -> Anomalies {
    let is_below = |(row, l): (usize, &f64)| (*l < threshold).then_some(row);
    Anomalies {
        threshold,
        rows: log_prob.iter().enumerate().filter_map(is_below).collect(),
    }
}

/// The rows of least density, a share `rate` of them: the slides' rule, which finds as many among usual rows.
pub fn anomalies(log_prob: &Array1<f64>, rate: f64) -> Anomalies {
    let threshold = percentile(log_prob.iter().copied(), 100.0 * rate);
    below(log_prob, threshold)
}

/// The percentile of some values, between neighbours in proportion (Hyndman & Fan's seventh definition, *The
/// American Statistician* 50, 1996; NumPy's default). NaN for no values.
pub fn percentile(values: impl IntoIterator<Item = f64>, percent: f64) -> f64 {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let place = (percent / 100.0).clamp(0.0, 1.0) * last as f64;
    let below = place.floor() as usize;
    let (a, b) = (sorted[below], sorted[(below + 1).min(last)]);
    if a == b {
        a
    } else {
        a + (place - below as f64) * (b - a)
    }
}

/// A moment of EM at work.
#[derive(Debug, Clone)]
pub struct Step {
    /// M-steps done.
    pub iteration: usize,
    /// The model then.
    pub model: Gmm,
}

/// EM from the slide's start, K random rows as means with equal weights and these variances of the columns: the
/// models at `moments` (iterations, in ascending order) and at the end, and the whole fit.
///
/// # Errors
/// Those of the fit, and [`GmmError::TooFewRows`] for fewer rows than components.
pub fn watch(
    points: &Points,
    options: &Options,
    variances: &[f64],
    moments: &[usize],
    rng: &mut impl Rng,
) -> Result<(Vec<Step>, Fitted), GmmError> {
    let start = random_start(points, options, variances, rng)?;
    let params = options
        .params
        .clone()
        .n_components(start.n_components())
        .covariance_type(options.covariance_type)
        .init_method(InitMethod::Parameters(start.clone()))
        .accelerate(false);
    let whole = params.fit_report(&points.rows)?;
    let last = whole.n_iterations();
    let mut steps = Vec::new();
    for &iteration in moments.iter().filter(|&&moment| moment < last) {
        let model = match iteration {
            0 => start.clone(),
            n => {
                params
                    .clone()
                    .max_n_iterations(n)
                    .fit_report(&points.rows)?
                    .model
            }
        };
        steps.push(Step { iteration, model });
    }
    steps.push(Step {
        iteration: last,
        model: whole.model.clone(),
    });
    Ok((steps, whole))
}

fn random_start(
    points: &Points,
    options: &Options,
    variances: &[f64],
    rng: &mut impl Rng,
) -> Result<Gmm, GmmError> {
    let (n, d) = points.rows.dim();
    let k = *options.n_components.start();
    if n < k {
        return Err(GmmError::TooFewRows {
            n_rows: n,
            n_components: k,
        });
    }
    let mut left: Vec<usize> = (0..n).collect();
    let chosen: Vec<usize> = (0..k)
        .map(|_| left.swap_remove(rng.gen_range(0..left.len())))
        .collect();
    let entry = |i: usize, j: usize| if i == j { variances[i] } else { 0.0 };
    let mean = variances.iter().sum::<f64>() / d as f64;
    let covariances = match options.covariance_type {
        CovarianceType::Tied => {
            Covariances::Tied(Array2::from_shape_fn((d, d), |(i, j)| entry(i, j)))
        }
        CovarianceType::Diagonal => {
            Covariances::Diagonal(Array2::from_shape_fn((k, d), |(_, j)| variances[j]))
        }
        CovarianceType::TiedDiagonal => Covariances::TiedDiagonal(Array1::from(variances.to_vec())),
        CovarianceType::Spherical => Covariances::Spherical(Array1::from_elem(k, mean)),
        CovarianceType::TiedSpherical => Covariances::TiedSpherical(mean),
        _ => Covariances::Full(Array3::from_shape_fn((k, d, d), |(_, i, j)| entry(i, j))),
    };
    Gmm::new(
        Array1::from_elem(k, 1.0 / k as f64),
        points.rows.select(Axis(0), &chosen),
        covariances,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;
    use gmm_core::Ridge;
    use gmm_core::rand::SeedableRng;
    use gmm_core::rand_xoshiro::Xoshiro256Plus;

    #[test]
    fn percentiles_lie_between_neighbours() {
        assert_eq!(percentile([3.0, 1.0, 2.0], 50.0), 2.0);
        assert_eq!(percentile([0.0, 10.0], 1.0), 0.1);
        assert_eq!(percentile([4.0], 99.0), 4.0);
        assert_eq!(percentile([f64::NEG_INFINITY; 3], 50.0), f64::NEG_INFINITY);
        assert!(percentile([], 50.0).is_nan());
    }

    #[test]
    fn a_report_agrees_with_its_model() {
        let points = samples::two_clouds();
        let report = analyze(&points, &Options::default(), &|_, _| {}).unwrap();
        let mean = report.log_prob.mean().unwrap();
        assert!((mean - report.fitted.mean_log_likelihood()).abs() < 1e-12);
        for (row, &label) in report.responsibilities.outer_iter().zip(&report.labels) {
            assert!((row.sum() - 1.0).abs() < 1e-12);
            assert!(row.iter().all(|r| *r <= row[label]));
        }
        let means = report.fitted.model.means();
        assert!(means[(0, 0)] < means[(1, 0)]);
        let candidate = report.candidates[0];
        assert!(candidate.icl >= candidate.bic);
    }

    #[test]
    fn a_share_of_the_rows_is_flagged() {
        let log_prob: Array1<f64> = (0..1000).map(f64::from).collect();
        let found = anomalies(&log_prob, 0.01);
        assert_eq!(found.rows, (0..10).collect::<Vec<_>>());
        assert!(anomalies(&log_prob, 0.0).rows.is_empty());
    }

    #[test]
    fn em_is_watched_from_its_start_to_its_end() {
        let points = samples::two_blobs();
        for covariance_type in CovarianceType::BASIC {
            let options = Options {
                covariance_type,
                params: Gmm::params(2).ridge(Ridge::Absolute(0.0)),
                ..Options::default()
            };
            let mut rng = Xoshiro256Plus::seed_from_u64(42);
            let (steps, whole) =
                watch(&points, &options, &[1.0, 1.0], &[0, 1, 3], &mut rng).unwrap();
            let iterations: Vec<usize> = steps.iter().map(|s| s.iteration).collect();
            assert_eq!(iterations, [0, 1, 3, whole.n_iterations()]);
            for step in &steps {
                let reached = step.model.mean_log_likelihood(&points.rows).unwrap();
                assert!((reached - whole.objective[step.iteration]).abs() < 1e-9);
            }
            assert!(whole.objective.windows(2).all(|w| w[1] >= w[0] - 1e-12));
        }
    }
}
