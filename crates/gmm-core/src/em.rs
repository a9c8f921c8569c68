//! The EM driver: one loop for every model with hidden states.

use std::fmt;

use crate::emission::{Estimate, Latent};
use crate::error::Collapse;

/// When a fit ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Stopping {
    /// The fit has converged when the mean log-likelihood is estimated to lie within this of its limit.
    /// 0 never ends a fit early.
    pub(crate) tolerance: f64,
    /// Most M-steps.
    pub(crate) max_n_iterations: usize,
}

/// How a fit ended. None of these is an error: each comes with a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The objective has reached its limit to within the tolerance.
    Converged,
    /// The iterations ran out first.
    IterationLimit,
    /// A component shrank until its covariance was no longer positive definite; the model is the last one
    /// before that. Only a ridge of (nearly) 0 allows this.
    Collapsed {
        /// The component.
        component: usize,
    },
}

impl Outcome {
    /// `converged`, `iteration-limit` or `collapsed`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Converged => "converged",
            Self::IterationLimit => "iteration-limit",
            Self::Collapsed { .. } => "collapsed",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What EM returns.
#[derive(Debug, Clone)]
pub(crate) struct Run<M> {
    /// The last model.
    pub(crate) model: M,
    /// Mean log-likelihood of the model before each M-step, then that of `model`: one more value than
    /// there were iterations.
    pub(crate) objective: Vec<f64>,
    /// How it ended.
    pub(crate) outcome: Outcome,
}

impl<M> Run<M> {
    /// Mean log-likelihood of `model`.
    pub(crate) fn last_objective(&self) -> f64 {
        self.objective.last().copied().unwrap_or(f64::NEG_INFINITY)
    }
}

/// Alternates E and M steps from `start`; `observe(iteration, objective)` is told of every E-step.
///
/// The objective climbs as long as the ridge is small against the data: with no ridge it never falls
/// (Dempster, Laird & Rubin 1977, theorem 1), with a ridge by no more than the order of the ridge.
pub(crate) fn batch<L: Latent>(
    start: L,
    data: L::Data<'_>,
    belief: &impl Estimate<L::Emission>,
    stopping: Stopping,
    observe: &mut dyn FnMut(usize, f64),
) -> Run<L> {
    let mut model = start;
    let mut objective = Vec::new();
    loop {
        let expectation = model.expect(data, belief);
        objective.push(expectation.mean_log_likelihood());
        observe(objective.len() - 1, expectation.mean_log_likelihood());
        let outcome = if has_converged(&objective, stopping.tolerance) {
            Some(Outcome::Converged)
        } else if objective.len() > stopping.max_n_iterations {
            Some(Outcome::IterationLimit)
        } else {
            None
        };
        if let Some(outcome) = outcome {
            return Run {
                model,
                objective,
                outcome,
            };
        }
        match L::maximize(&expectation.stats, belief) {
            Ok(next) => model = next,
            Err(Collapse { component, .. }) => {
                return Run {
                    model,
                    objective,
                    outcome: Outcome::Collapsed { component },
                };
            }
        }
    }
}

/// Whether the limit of the objective is within `tolerance` of its last value.
///
/// EM converges linearly, so successive gains shrink by a factor a and what is still to come is about
/// gain·a/(1−a): Aitken's extrapolation (Böhning et al., *Ann. Inst. Statist. Math.* 46, 1994). Testing the
/// gain alone, as is usual, stops a slow fit far from its optimum.
///
/// Near a saddle point gains fall to almost nothing before they grow again, so the extrapolation must hold
/// twice in a row.
fn has_converged(objective: &[f64], tolerance: f64) -> bool {
    let n = objective.len();
    tolerance > 0.0
        && n >= 4
        && to_come(&objective[n - 3..]) <= tolerance
        && to_come(&objective[n - 4..n - 1]) <= tolerance
}

/// What is still to come after three values of the objective.
fn to_come(values: &[f64]) -> f64 {
    /// A larger factor would be that of a fit so slow that its gains are noise in the last digits.
    const LARGEST_FACTOR: f64 = 0.999;
    /// Factors seem smaller than they are while a fit still settles.
    const SMALLEST_FACTOR: f64 = 0.5;
    /// What the sum of a log-likelihood may be off by, relatively.
    const ROUNDING: f64 = 8.0 * f64::EPSILON;
    let gain = (values[2] - values[1]).abs();
    let gain_before = (values[1] - values[0]).abs();
    if gain > gain_before && gain > ROUNDING * values[2].abs().max(1.0) {
        // Gains that grow lead away from a saddle point; there is no telling how far.
        return f64::INFINITY;
    }
    // 0/0, which `clamp` would pass on, is no gain at all.
    let factor = if gain > 0.0 { gain / gain_before } else { 0.0 };
    let factor = factor.clamp(SMALLEST_FACTOR, LARGEST_FACTOR);
    gain * factor / (1.0 - factor)
}

#[cfg(test)]
mod tests {
    use super::has_converged;

    #[test]
    fn convergence_is_distance_from_the_limit_not_the_size_of_a_step() {
        // Gains of 1e-4·0.99ⁱ: the limit is 1e-2 away though a step is only 1e-4.
        let slow: Vec<f64> = (0..4).map(|i| -1e-2 * 0.99f64.powi(i)).collect();
        assert!(!has_converged(&slow, 1e-3));
        assert!(has_converged(&slow, 1.1e-2));
        // Gains of 1e-4·0.1ⁱ: the limit is 1e-5 away.
        let fast: Vec<f64> = (0..4).map(|i| -1e-4 * 0.1f64.powi(i)).collect();
        assert!(has_converged(&fast, 1e-4));
        assert!(
            !has_converged(&fast, 0.0),
            "a tolerance of 0 never ends a fit"
        );
        assert!(has_converged(&[-1.0; 4], 1e-9), "no gain at all");
        assert!(!has_converged(
            &[f64::NEG_INFINITY, -5.0, -1.0, -0.9999],
            1e-3
        ));
    }

    #[test]
    fn a_saddle_point_is_no_optimum() {
        let gains = [0.04, 2.3e-7, 7.5e-7, 2.4e-6, 7.7e-6];
        let mut objective = vec![-4.5];
        for gain in gains {
            objective.push(objective[objective.len() - 1] + gain);
            assert!(!has_converged(&objective, 1e-6), "{objective:?}");
        }
    }
}
