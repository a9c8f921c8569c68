//! The EM driver: one loop for every model with hidden states.

use std::fmt;

use crate::emission::{Estimate, Height, Latent};
use crate::error::Collapse;
use crate::squarem::Reach;
use crate::threads::between_loops;

/// When a fit ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Stopping {
    /// The fit has converged when the objective is estimated to lie within this of its limit.
    /// 0 never ends a fit early.
    pub(crate) tolerance: f64,
    /// Most M-steps.
    pub(crate) max_n_iterations: usize,
    /// Whether SQUAREM may extrapolate.
    pub(crate) accelerate: bool,
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
    /// The objective of the model before each M-step, then that of `model`: one more value than there were
    /// iterations.
    pub(crate) objective: Vec<f64>,
    /// How high `model` is.
    pub(crate) height: Height,
    /// How it ended.
    pub(crate) outcome: Outcome,
}

impl<M> Run<M> {
    /// The objective of `model`.
    pub(crate) fn last_objective(&self) -> f64 {
        self.objective.last().copied().unwrap_or(f64::NEG_INFINITY)
    }
}

/// The share of the tolerance that three models in a row may see ahead of them: the limit is farther than they say where
/// several slow modes share the way.
const SURE: f64 = 0.05;
/// Whoever asks for less than this wants parameters to their last digits, which whole cycles tell better: a model that is
/// within ε of the limit may be √ε from it.
const FINE: f64 = 1e-10;

/// Alternates E and M steps from `start`; `observe(iteration, objective)` is told of every one that counts.
///
/// The objective climbs as long as the ridge is small against the data: with no ridge it never falls
/// (Dempster, Laird & Rubin 1977, theorem 1), with a ridge by no more than the order of the ridge. An
/// extrapolated model that is worse than the last is dropped.
pub(crate) fn climb<L: Latent>(
    start: L,
    data: L::Data<'_>,
    belief: &impl Estimate<L::Emission>,
    stopping: Stopping,
    observe: &dyn Fn(usize, f64),
) -> Run<L> {
    let mut run = Run {
        model: start,
        objective: Vec::new(),
        height: Height::NONE,
        outcome: Outcome::IterationLimit,
    };
    let mut reach = Reach::new();
    // What EM made of the last models in a row; where to return if the present one is an extrapolation.
    let mut path = Vec::new();
    let mut fallback: Option<L> = None;
    let mut trend = Trend::default();
    let is_shared = L::is_shared(data);
    for iteration in 0..=stopping.max_n_iterations {
        let is_last = iteration == stopping.max_n_iterations;
        let (height, stats) = if is_last {
            (run.model.height(data, belief), None)
        } else {
            let expectation = run.model.expect(data, belief);
            (expectation.height, Some(expectation.stats))
        };
        let objective = height.objective;
        let is_extrapolated = fallback.is_some();
        if let Some(safe) = &fallback {
            // Also where it is no number.
            let has_climbed = objective >= run.last_objective();
            if !has_climbed {
                run.model = safe.clone();
                fallback = None;
                reach.fell();
                trend.broke_off(false);
                continue;
            }
            trend.broke_off(true);
        }
        run.objective.push(objective);
        run.height = height;
        trend.add(objective);
        observe(run.objective.len() - 1, objective);
        if trend.has_converged(stopping.tolerance) {
            run.outcome = Outcome::Converged;
            break;
        }
        let Some(stats) = stats else { break };
        let model = &run.model;
        let next = match between_loops(is_shared, || L::maximize(&stats, belief, Some(model))) {
            Ok(next) => next,
            Err(Collapse { component, .. }) => match fallback.take() {
                // EM itself may still go on from where the extrapolation left it.
                Some(safe) => {
                    run.model = safe;
                    run.objective.pop();
                    reach.fell();
                    trend.broke_off(false);
                    continue;
                }
                None => {
                    run.outcome = Outcome::Collapsed { component };
                    break;
                }
            },
        };
        fallback = None;
        // The step after an extrapolation is EM's own, which settles what that disturbed.
        // The last step is EM's own too: an extrapolation nobody compares with it might fall short of it.
        let has_steps_left = iteration + 2 <= stopping.max_n_iterations;
        if stopping.accelerate && has_steps_left && !is_extrapolated {
            path.push(between_loops(is_shared, || run.model.coordinates()));
            if let [first, second] = path.as_slice() {
                let ahead = reach.ahead([first, second, &next.coordinates()]);
                if stopping.tolerance >= FINE
                    && trend.is_settled(stopping.tolerance)
                    && ahead.to_come <= SURE * stopping.tolerance
                {
                    run.outcome = Outcome::Converged;
                    break;
                }
                let beyond = || ahead.beyond.and_then(|values| next.at(&values, belief));
                if let Some(model) = between_loops(is_shared, beyond) {
                    fallback = Some(next);
                    run.model = model;
                    path.clear();
                    continue;
                }
                path.clear();
            }
        }
        run.model = next;
    }
    run
}

/// How the objective has climbed.
#[derive(Debug, Default)]
struct Trend {
    /// Since the last extrapolation: what EM alone did.
    values: Vec<f64>,
    /// Two steps of EM after each extrapolation.
    cycles: Vec<f64>,
    /// Whether `values` begin at an extrapolation.
    has_jumped: bool,
}

impl Trend {
    fn add(&mut self, objective: f64) {
        self.values.push(objective);
        if self.has_jumped && self.values.len() == 3 {
            self.cycles.push(objective);
        }
    }

    /// The next value is that of an extrapolation that has climbed, or of what is left where it has not.
    fn broke_off(&mut self, has_jumped: bool) {
        self.values.clear();
        self.has_jumped = has_jumped;
    }

    /// Whether the last steps of EM lead to within `tolerance`, as far as they can tell.
    fn is_settled(&self, tolerance: f64) -> bool {
        let n = self.values.len();
        n >= 3 && tolerance > 0.0 && to_come(&self.values[n - 3..]) <= tolerance
    }

    /// Whether the limit of the objective is within `tolerance` of its last value.
    ///
    /// EM converges linearly, so successive gains shrink by a factor a and what is still to come is about
    /// gain·a/(1−a): Aitken's extrapolation (Böhning et al., *Ann. Inst. Statist. Math.* 46, 1994). Testing
    /// the gain alone, as is usual, stops a slow fit far from its optimum.
    ///
    /// Near a saddle point gains fall to almost nothing before they grow again, so the extrapolation must
    /// hold twice in a row. With SQUAREM it must hold for the steps of EM and for whole cycles, which follow the
    /// slow modes that those steps hardly show; and since cycles gain unevenly, the last must have gained little
    /// against the tolerance itself.
    fn has_converged(&self, tolerance: f64) -> bool {
        let n = self.values.len();
        if !self.is_settled(tolerance) {
            return false;
        }
        if self.has_jumped && n == 3 {
            const LITTLE: f64 = 0.1;
            let c = self.cycles.len();
            c >= 3
                && self.cycles[c - 1] - self.cycles[c - 2] <= LITTLE * tolerance
                && to_come(&self.cycles[c - 3..]) <= tolerance
        } else {
            n > 3 && to_come(&self.values[n - 4..n - 1]) <= tolerance
        }
    }
}

/// What is still to come after three values of the objective.
fn to_come(values: &[f64]) -> f64 {
    /// A larger factor would be that of a fit so slow that there is no end to it.
    const LARGEST_FACTOR: f64 = 0.999_99;
    /// Factors seem smaller than they are while a fit still settles.
    const SMALLEST_FACTOR: f64 = 0.5;
    /// What the sum of a log-likelihood may be off by, relatively.
    const ROUNDING: f64 = 8.0 * f64::EPSILON;
    if !values.iter().all(|v| v.is_finite()) {
        return f64::INFINITY;
    }
    let gain = (values[2] - values[1]).abs();
    let gain_before = (values[1] - values[0]).abs();
    if gain > gain_before && gain > ROUNDING * values[2].abs().max(1.0) {
        // Gains that grow lead away from a saddle point; there is no telling how far.
        return f64::INFINITY;
    }
    // 0/0, which `clamp` would pass on, is no gain at all.
    let factor = if gain > 0.0 { gain / gain_before } else { 0.0 };
    // A factor is known no better than the gains it is made of.
    let doubt = ROUNDING * values[2].abs().max(1.0) / gain_before.max(f64::MIN_POSITIVE);
    let largest = (1.0 - doubt).clamp(SMALLEST_FACTOR, LARGEST_FACTOR);
    let factor = factor.clamp(SMALLEST_FACTOR, largest);
    gain * factor / (1.0 - factor)
}

#[cfg(test)]
mod tests {
    use super::Trend;

    fn has_converged(objective: &[f64], tolerance: f64) -> bool {
        let mut trend = Trend::default();
        objective.iter().for_each(|&l| trend.add(l));
        trend.has_converged(tolerance)
    }

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
