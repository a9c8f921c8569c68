//! Whether a fit describes the data, or only its own floor.
//!
//! The likelihood of a mixture is unbounded: a component that shrinks onto a few rows, or onto tied values,
//! raises it as far as the ridge allows. Fits are therefore compared by soundness first.

use crate::belief::{Belief, NO_SHARE};
use crate::em::{Outcome, Run};
use crate::fitted::Note;
use crate::gaussian::Gaussian;
use crate::mixture::Mixture;

/// A component as narrow as this many ridges has less spread of its own than the ridge gives it.
const SPIKE: f64 = 2.0;

/// What is wrong with the components of a mixture that was fitted to rows of this total weight.
pub(crate) fn flaws(mixture: &Mixture<Gaussian>, belief: &Belief, total_weight: f64) -> Vec<Note> {
    let least = belief.least_rows();
    let spikes = spikes(mixture, belief);
    let flaw = |(component, share): (usize, &f64)| {
        let weight = share * total_weight;
        if *share <= NO_SHARE {
            Some(Note::EmptyComponent { component })
        } else if weight < least {
            Some(Note::ThinComponent { component, weight })
        } else {
            spikes[component].map(|column| Note::Spike { component, column })
        }
    };
    mixture
        .shares()
        .values()
        .iter()
        .take(mixture.components().len())
        .enumerate()
        .filter_map(flaw)
        .collect()
}

/// For each component the first column in which it is as narrow as the ridge, where others are not: a column
/// in which all are is narrow in the data, not in the fit.
fn spikes(mixture: &Mixture<Gaussian>, belief: &Belief) -> Vec<Option<usize>> {
    let components = mixture.components();
    let Some(ridge) = belief.guard() else {
        return vec![None; components.len()];
    };
    let is_narrow: Vec<Vec<bool>> = components
        .iter()
        .map(|c| c.covariance().conditional_variances())
        .map(|variances| {
            variances
                .iter()
                .zip(ridge)
                .map(|(v, r)| *v <= SPIKE * r)
                .collect()
        })
        .collect();
    let in_all = |j: usize| is_narrow.iter().all(|narrow| narrow[j]);
    is_narrow
        .iter()
        .map(|narrow| (0..ridge.len()).find(|&j| narrow[j] && !in_all(j)))
        .collect()
}

/// Orders runs, the best least: those that did not collapse, then fewest flaws, then the objective.
pub(crate) fn rank(
    run: &Run<Mixture<Gaussian>>,
    belief: &Belief,
    total_weight: f64,
) -> (bool, usize, f64) {
    let collapsed = matches!(run.outcome, Outcome::Collapsed { .. });
    (
        collapsed,
        flaws(&run.model, belief, total_weight).len(),
        -run.last_objective(),
    )
}
