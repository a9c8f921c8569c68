//! The part of a JSON report that is the same in every program.

use gmm_core::ndarray::{Array2, Axis};
use gmm_core::{Fitted, Note, Outcome};
use serde::Serialize;

/// A fitted mixture under the names that every program uses.
#[derive(Debug, Clone, Serialize)]
pub struct FitReport {
    /// K.
    pub n_components: usize,
    /// The constraint on the covariances.
    pub covariance_type: gmm_core::CovarianceType,
    /// Mean log-likelihood of the data, in nats per row.
    pub mean_log_likelihood: f64,
    /// Bayesian information criterion; the smaller the better.
    pub bic: f64,
    /// Akaike's information criterion; the smaller the better.
    pub aic: f64,
    /// How the fit ended: `converged`, `iteration-limit` or `collapsed`.
    pub outcome: &'static str,
    /// EM iterations.
    pub iterations: usize,
    /// π, K.
    pub weights: Vec<f64>,
    /// μ, K × D.
    pub means: Vec<Vec<f64>>,
    /// Σ as matrices, K × D × D.
    pub covariances: Vec<Vec<Vec<f64>>>,
    /// Rows labelled with each component.
    pub sizes: Vec<usize>,
    /// What is unusual about the fit.
    pub notes: Vec<Note>,
}

impl FitReport {
    /// The report of a fit whose components label `sizes` rows.
    pub fn new(fitted: &Fitted, sizes: Vec<usize>) -> Self {
        let rows = |m: &Array2<f64>| m.outer_iter().map(|r| r.to_vec()).collect::<Vec<_>>();
        let matrices = fitted.model.covariances();
        Self {
            n_components: fitted.model.n_components(),
            covariance_type: fitted.model.covariance_type(),
            mean_log_likelihood: fitted.mean_log_likelihood(),
            bic: fitted.bic(),
            aic: fitted.aic(),
            outcome: fitted.outcome.name(),
            iterations: fitted.n_iterations(),
            weights: fitted.model.weights().to_vec(),
            means: rows(fitted.model.means()),
            covariances: matrices
                .axis_iter(Axis(0))
                .map(|m| rows(&m.to_owned()))
                .collect(),
            sizes,
            notes: fitted.notes.clone(),
        }
    }
}

/// How a fit ended, for a summary.
pub fn ending(fitted: &Fitted) -> String {
    let n = fitted.n_iterations();
    match fitted.outcome {
        Outcome::Converged => format!("converged after {n} iterations"),
        Outcome::IterationLimit => format!(
            "not converged after {n} iterations (--max-iterations for more, --tolerance for less)"
        ),
        outcome => format!("{outcome} after {n} iterations"),
    }
}

/// A report as JSON text.
///
/// # Errors
/// [`crate::Failure::Work`] if a value cannot be written as JSON.
pub fn to_json(report: &impl Serialize) -> Result<Vec<u8>, crate::Failure> {
    let mut text =
        serde_json::to_vec_pretty(report).map_err(|e| crate::Failure::of("report", e))?;
    text.push(b'\n');
    Ok(text)
}
