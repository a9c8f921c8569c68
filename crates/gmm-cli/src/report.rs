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

/// How a fit ended and what it reached, for the end of a summary; `unit` is what a row is.
pub fn closing(fitted: &Fitted, unit: &str) -> String {
    let n = fitted.n_iterations();
    let ending = match fitted.outcome {
        Outcome::Converged => format!("converged after {n} iterations"),
        Outcome::IterationLimit => format!(
            "not converged after {n} iterations (--max-iterations for more, --tolerance for less)"
        ),
        outcome => format!("{outcome} after {n} iterations"),
    };
    format!(
        "mean log-likelihood {:.6} nats per {unit}, BIC {:.1}, {ending}",
        fitted.mean_log_likelihood(),
        fitted.bic()
    )
}

/// What is unusual about a fit, with components counted from 1 and columns by their names.
pub fn notes(fitted: &Fitted, columns: &[String]) -> Vec<String> {
    let column = |i: usize| {
        columns
            .get(i)
            .cloned()
            .unwrap_or_else(|| (i + 1).to_string())
    };
    let in_words = |note: &Note| match note {
        Note::ConstantColumn { column: i } => format!("all values of {} are equal", column(*i)),
        Note::EmptyComponent { component } => format!("component {} is empty", component + 1),
        Note::ThinComponent { component, weight } => {
            let s = if format!("{weight:.1}") == "1.0" {
                ""
            } else {
                "s"
            };
            format!(
                "component {} rests on {weight:.1} row{s} only",
                component + 1
            )
        }
        Note::Spike {
            component,
            column: i,
        } => format!(
            "component {} is a spike on tied values of {}",
            component + 1,
            column(*i)
        ),
        Note::Collapsed { component } => format!(
            "component {} collapsed onto a point; a larger --ridge avoids that",
            component + 1
        ),
        other => other.to_string(),
    };
    fitted
        .notes
        .iter()
        .map(|note| format!("note: {}", in_words(note)))
        .collect()
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
