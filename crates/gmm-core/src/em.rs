//! The EM driver: one loop for every model with hidden states.

use crate::emission::{Estimate, Latent};
use crate::error::Collapse;

/// When a fit ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stopping {
    /// The fit has converged when the mean log-likelihood is estimated to lie within this of its limit.
    /// 0 never ends a fit early.
    pub tolerance: f64,
    /// Most M-steps.
    pub max_n_iterations: usize,
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

/// What EM returns.
#[derive(Debug, Clone)]
pub struct Run<M> {
    /// The last model.
    pub model: M,
    /// Mean log-likelihood of the model before each M-step, then that of `model`: one more value than
    /// there were iterations.
    pub objective: Vec<f64>,
    /// How it ended.
    pub outcome: Outcome,
}

impl<M> Run<M> {
    /// Mean log-likelihood of `model`.
    pub fn last_objective(&self) -> f64 {
        self.objective.last().copied().unwrap_or(f64::NEG_INFINITY)
    }
}

/// Alternates E and M steps from `start`; `observe(iteration, objective)` is told of every E-step.
///
/// The objective climbs as long as the ridge is small against the data: with no ridge it never falls
/// (Dempster, Laird & Rubin 1977, theorem 1), with a ridge by no more than the order of the ridge.
pub fn batch<L: Latent>(
    start: L,
    data: L::Data<'_>,
    belief: &impl Estimate<L::Emission>,
    stopping: Stopping,
    observe: &mut dyn FnMut(usize, f64),
) -> Run<L> {
    let mut model = start;
    let mut objective = Vec::new();
    loop {
        let expectation = model.expect(data);
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
fn has_converged(objective: &[f64], tolerance: f64) -> bool {
    /// A factor above this is taken for noise in the last digits.
    const LARGEST_FACTOR: f64 = 0.999;
    if tolerance <= 0.0 {
        return false;
    }
    let &[.., before, previous, last] = objective else {
        return false;
    };
    let (gain, gain_before) = (last - previous, previous - before);
    let factor = (gain / gain_before).abs().min(LARGEST_FACTOR);
    gain.abs() * factor.max(0.5) / (1.0 - factor) <= tolerance && gain.abs() <= tolerance
}

#[cfg(test)]
mod tests {
    use super::has_converged;

    #[test]
    fn convergence_is_distance_from_the_limit_not_the_size_of_a_step() {
        // Gains of 1e-4·0.99ⁱ: the limit is 1e-2 away though a step is only 1e-4.
        let slow: Vec<f64> = (0..3).map(|i| -1e-2 * 0.99f64.powi(i)).collect();
        assert!(!has_converged(&slow, 1e-3));
        assert!(has_converged(&slow, 1.1e-2));
        // Gains of 1e-4·0.1ⁱ: the limit is 1e-5 away.
        let fast: Vec<f64> = (0..3).map(|i| -1e-4 * 0.1f64.powi(i)).collect();
        assert!(has_converged(&fast, 1e-4));
        assert!(
            !has_converged(&fast, 0.0),
            "a tolerance of 0 never ends a fit"
        );
        assert!(has_converged(&[-1.0, -1.0, -1.0], 1e-9), "no gain at all");
        assert!(!has_converged(&[f64::NEG_INFINITY, -5.0, -1.0], 1e-3));
    }
}
