//! Whether a search found its optimum, and whether that means anything.

use linfa::ParamGuard;
use rand::Rng;
use rayon::prelude::*;
use serde::Serialize;

use super::findings::{Finding, findings};
use super::in_deviations;
use super::partition::adjusted_rand_index;
use crate::covariance::{Covariance, CovarianceType};
use crate::eigen::Eigen;
use crate::em::Outcome;
use crate::error::GmmError;
use crate::fit::fit;
use crate::fitted::{Criteria, Fitted, Note};
use crate::gaussian::Gaussian;
use crate::gmm::Gmm;
use crate::incomplete::prepared;
use crate::moments::Form;
use crate::params::GmmParams;
use crate::sample::Sample;
use crate::survey::Survey;
use crate::threads::in_parallel;

/// Objectives that differ by so many tolerances of a fit can be of one optimum; by the least if it has none.
const TOLERANCES: f64 = 10.0;
const LEAST_TOLERANCE: f64 = 1e-9;
/// Partitions that agree so far can be of one optimum.
const SAME_PARTITION: f64 = 0.95;

/// What many fits to one sample say of the best of them. [`Display`](std::fmt::Display) writes it as a short report.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Audit {
    /// The best fit, by soundness and then by its objective.
    #[serde(skip)]
    pub best: Fitted,
    /// The constraint on the covariances.
    pub covariance_type: CovarianceType,
    /// D.
    pub n_features: usize,
    /// Σ of the weights of the rows that were not trimmed.
    pub total_weight: f64,
    /// The criteria of the best fit.
    pub criteria: Criteria,
    /// How the best fit ended: `converged`, `iteration-limit` or `collapsed`.
    pub outcome: &'static str,
    /// Fits that were made, each from a seed of its own.
    pub n_runs: usize,
    /// Of these, fits that were refused.
    pub n_failed: usize,
    /// The different optima, the best first.
    pub optima: Vec<Optimum>,
    /// The largest fall of the objective from one iteration to the next in any run, in nats per unit of weight. A ridge
    /// allows some 1e-8; EM, none.
    pub largest_fall: f64,
    /// The components of the best fit.
    pub components: Vec<ComponentAudit>,
    /// Mean entropy of the posteriors of the best fit, in nats: from 0 to ln K.
    pub mean_entropy: f64,
    /// The two components that overlap most.
    pub closest: Option<Overlap>,
    /// Rows for each free parameter.
    pub rows_per_parameter: f64,
    /// What all this means.
    pub findings: Vec<Finding>,
}

/// Where some of the runs ended.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Optimum {
    /// The largest objective of its runs, in nats per unit of weight.
    pub objective: f64,
    /// Runs that ended there: with the same objective to within ten tolerances, and nearly the same partition.
    pub n_runs: usize,
    /// Of these, runs that converged.
    pub n_converged: usize,
    /// Adjusted Rand index of its partition and that of the best optimum.
    pub agreement: f64,
    /// Fewest and most iterations of its runs.
    pub n_iterations: (usize, usize),
    /// Whether its first run is proper ([`Fitted::is_proper`]).
    pub is_proper: bool,
    /// The notes on its first run.
    pub notes: Vec<Note>,
}

/// One component of the best fit.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ComponentAudit {
    /// πₖ.
    pub weight: f64,
    /// Its expected number of rows.
    pub n_rows: f64,
    /// The largest eigenvalue of its covariance over the smallest, in the units of the data; none if that is 0.
    pub condition: Option<f64>,
    /// The same with each feature measured in its standard deviation in the data.
    pub condition_in_deviations: Option<f64>,
}

/// How near two components are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Overlap {
    /// The two, from 0.
    pub components: (usize, usize),
    /// The distance of their means in deviations of their mean covariance.
    pub distance: f64,
    /// ∫√(pq), the Bhattacharyya coefficient: 1 where they are equal, 0 where they are apart. √(πₖπₗ) times it bounds the
    /// share of the rows of either that are taken for the other's (Kailath, *IEEE Trans. Commun.* 15, 1967).
    pub coefficient: f64,
}

impl<R: Rng + Clone> GmmParams<R> {
    /// Fits `n_runs` times from different seeds and says what to think of the best fit: how many runs find it and what
    /// other optima there are, whether the objective ever fell, what is odd about its components, how much they overlap
    /// and how many rows there are for each parameter. The first run is the fit that these parameters make by themselves.
    ///
    /// ```
    /// use gmm_core::{Gmm, Sample};
    /// use ndarray::Array2;
    ///
    /// let x = Array2::from_shape_fn((60, 1), |(i, _)| (i % 3) as f64 * 9.0 + (i / 3) as f64 * 0.1);
    /// let audit = Gmm::params(3).audit(&Sample::new(&x), 5)?;
    /// assert_eq!(audit.optima[0].n_runs, 5);
    /// let report = audit.to_string();
    /// assert!(report.contains("5 of 5 runs reach the best optimum"), "{report}");
    /// # Ok::<(), gmm_core::GmmError>(())
    /// ```
    ///
    /// # Errors
    /// [`GmmError::InvalidParameter`] for no runs; those of the first run if all are refused.
    pub fn audit(&self, sample: &Sample<'_>, n_runs: usize) -> Result<Audit, GmmError> {
        let (settings, _) = self.clone().n_runs(n_runs).check()?.into_parts();
        let mut rng = self.check_ref()?.rng();
        let seeds: Vec<u64> = (0..n_runs).map(|_| rng.next_u64()).collect();
        let (runs, scale) = prepared(sample, settings.expects_outliers(), |sample| {
            let scale = Survey::of(sample)?.scale;
            let run = |&seed: &u64| fit(&settings, &[seed], sample, &|_| {});
            let seeds = seeds.par_iter().with_max_len(1);
            let runs: Vec<Result<Fitted, GmmError>> = in_parallel(|| seeds.map(run).collect());
            Ok((runs, scale))
        })?;
        let mut fits = Vec::new();
        let mut refused = None;
        for run in runs {
            match run {
                Ok(fitted) => fits.push(fitted),
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        // A stable sort: of equals the first stays ahead.
        fits.sort_by(|a, b| {
            rank(a)
                .partial_cmp(&rank(b))
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        let labels: Vec<Vec<usize>> = fits
            .par_iter()
            .map(|fitted| Ok(fitted.model.labels_of(sample)?.to_vec()))
            .collect::<Result<_, GmmError>>()?;
        let Some(best) = fits.first() else {
            return Err(refused.unwrap_or(GmmError::NoRows));
        };
        let is_near = TOLERANCES * best.tolerance.max(LEAST_TOLERANCE);
        let mut audit = Audit {
            covariance_type: best.model.covariance_type(),
            n_features: best.model.n_features(),
            total_weight: best.total_weight,
            criteria: best.criteria(),
            outcome: best.outcome.name(),
            n_runs,
            n_failed: n_runs - fits.len(),
            optima: optima(&fits, &labels, is_near, sample),
            largest_fall: fits.iter().map(largest_fall).fold(0.0, f64::max),
            components: components(best, &scale),
            mean_entropy: best.mean_entropy(),
            closest: closest(&best.model),
            rows_per_parameter: best.total_weight / best.model.n_parameters() as f64,
            findings: Vec::new(),
            best: best.clone(),
        };
        audit.findings = findings(&audit);
        Ok(audit)
    }
}

/// The order in which fits are preferred, the best least: those that did not collapse, then fewest flaws, then the
/// objective.
fn rank(fitted: &Fitted) -> (bool, usize, f64) {
    let flaws = fitted
        .notes
        .iter()
        .filter(|note| note.component().is_some());
    let has_collapsed = matches!(fitted.outcome, Outcome::Collapsed { .. });
    (has_collapsed, flaws.count(), -last_objective(fitted))
}

fn last_objective(fitted: &Fitted) -> f64 {
    fitted
        .objective
        .last()
        .copied()
        .unwrap_or(f64::NEG_INFINITY)
}

fn largest_fall(fitted: &Fitted) -> f64 {
    let falls = fitted.objective.windows(2).map(|pair| pair[0] - pair[1]);
    falls.fold(0.0, f64::max)
}

/// The optima of fits in the order of their rank.
fn optima(
    fits: &[Fitted],
    labels: &[Vec<usize>],
    is_near: f64,
    sample: &Sample<'_>,
) -> Vec<Optimum> {
    let agreement =
        |a: usize, b: usize| adjusted_rand_index(&labels[a], &labels[b], |row| sample.weight(row));
    // With the number of its first run.
    let mut optima: Vec<(usize, Optimum)> = Vec::new();
    for (run, fitted) in fits.iter().enumerate() {
        let objective = last_objective(fitted);
        let is_same = |(first, optimum): &&mut (usize, Optimum)| {
            optimum.is_proper == fitted.is_proper()
                && (optimum.objective - objective).abs() <= is_near
                && agreement(*first, run) >= SAME_PARTITION
        };
        let n_iterations = fitted.n_iterations();
        let n_converged = usize::from(fitted.outcome == Outcome::Converged);
        if let Some((_, optimum)) = optima.iter_mut().find(is_same) {
            let (fewest, most) = optimum.n_iterations;
            optimum.n_runs += 1;
            optimum.n_converged += n_converged;
            optimum.n_iterations = (fewest.min(n_iterations), most.max(n_iterations));
        } else {
            let optimum = Optimum {
                objective,
                n_runs: 1,
                n_converged,
                agreement: agreement(0, run),
                n_iterations: (n_iterations, n_iterations),
                is_proper: fitted.is_proper(),
                notes: fitted.notes.clone(),
            };
            optima.push((run, optimum));
        }
    }
    optima.into_iter().map(|(_, optimum)| optimum).collect()
}

fn components(fitted: &Fitted, scale: &[f64]) -> Vec<ComponentAudit> {
    let gmm = &fitted.model;
    let condition = |triangle: &[f64]| {
        let eigen = Eigen::of(triangle, scale.len())?;
        let condition = eigen.values.first()? / eigen.values.last()?;
        condition.is_finite().then_some(condition)
    };
    let of = |(g, &weight): (&Gaussian, &f64)| ComponentAudit {
        weight,
        n_rows: weight * fitted.total_weight,
        condition: condition(&g.covariance().entries(Form::Full)),
        condition_in_deviations: condition(&in_deviations(g.covariance(), scale)),
    };
    gmm.components()
        .iter()
        .zip(gmm.weights().iter())
        .map(of)
        .collect()
}

/// The pair of largest Bhattacharyya coefficient, the first of several.
fn closest(gmm: &Gmm) -> Option<Overlap> {
    let k = gmm.n_components();
    let pairs: Vec<(usize, usize)> = (0..k).flat_map(|i| (0..i).map(move |j| (j, i))).collect();
    let overlaps: Vec<Option<Overlap>> = pairs.par_iter().map(|&pair| overlap(gmm, pair)).collect();
    let of_two = |a: Overlap, b: Overlap| if b.coefficient > a.coefficient { b } else { a };
    overlaps.into_iter().flatten().reduce(of_two)
}

/// exp(−⅛d² − ½ ln |Σ̄|/√(|Σₖ||Σₗ|)) with d the distance in deviations of Σ̄ = ½(Σₖ + Σₗ).
fn overlap(gmm: &Gmm, (first, second): (usize, usize)) -> Option<Overlap> {
    let [a, b] = [first, second].map(|k| &gmm.components()[k]);
    let entries = |c: &Covariance| c.entries(Form::Full);
    let (one, other) = (entries(a.covariance()), entries(b.covariance()));
    let mean = one.iter().zip(&other).map(|(a, b)| 0.5 * (a + b)).collect();
    let middle = CovarianceType::Full
        .covariance(mean, gmm.n_features())
        .ok()?;
    let offset: Vec<f64> = a.mean().iter().zip(b.mean()).map(|(a, b)| a - b).collect();
    let solved = middle.solve(&offset);
    let squared: f64 = solved.iter().zip(&offset).map(|(a, b)| a * b).sum();
    let log_dets = 0.5 * (a.covariance().log_det() + b.covariance().log_det());
    let exponent = 0.125 * squared + 0.5 * (middle.log_det() - log_dets);
    Some(Overlap {
        components: (first, second),
        distance: squared.sqrt(),
        coefficient: (-exponent).exp().min(1.0),
    })
}
