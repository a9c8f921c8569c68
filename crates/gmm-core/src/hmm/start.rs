//! Where a fit starts: from guesses of the regimes, the best of which goes on.

use rand::Rng;
use rayon::prelude::*;

use super::emit::LaidOut;
use super::{Hmm, Learnt, Visits};
use crate::chain::{Chain, Counts, Kind};
use crate::em::{self, Outcome, Run, Stopping};
use crate::emission::{Emission, Estimate, Latent};
use crate::error::Collapse;
use crate::shares::Shares;

/// What starts need to know of a fit whose states have one emission each.
pub(crate) struct Start<'a, E, B> {
    pub(crate) data: Learnt<'a>,
    pub(crate) belief: &'a B,
    pub(crate) n_regimes: usize,
    pub(crate) kind: Kind,
    /// What all rows together are like.
    pub(crate) whole: &'a E,
}

/// Rounds of short fits: most M-steps in each, and the share of the starts that goes on to the next.
const ROUNDS: [(usize, f64); 2] = [(15, 0.3), (60, 0.4)];

/// Times that each start pretends to have seen every step, so that none is ruled out.
const STEPS_OF_EACH: f64 = 0.5;

impl<E: Emission, B: Estimate<E>> Start<'_, E, B> {
    /// The model of which these regimes are all that is hidden; rows without one say nothing.
    ///
    /// # Errors
    /// Those of the M-step.
    pub(crate) fn of_regimes(&self, regimes: &[Option<usize>]) -> Result<Hmm<E>, Collapse> {
        let regimes = &self.as_labelled(regimes);
        let k = self.n_regimes;
        let alike = Shares::of_counts(&vec![1.0; k]);
        let chain = Chain::of(Some(alike.clone()), vec![alike; k], self.kind);
        let n = chain.n_states();
        let mixes = vec![Shares::of_whole(vec![1.0]); n];
        let start = Hmm::new(chain, mixes, vec![self.whole.clone(); n]);
        let mut posteriors = vec![0.0; regimes.len() * n];
        let mut counts = Counts::new(k);
        counts.transitions.fill(STEPS_OF_EACH);
        for range in self.data.sequences.ranges() {
            let own = &regimes[range.clone()];
            if let Some(first) = own[0] {
                counts.initial[first] += 1.0;
            }
            for pair in own.windows(2) {
                if let [Some(from), Some(to)] = pair {
                    counts.transitions[from * k + to] += 1.0;
                }
            }
            for (t, now) in own.iter().enumerate() {
                let Some(now) = *now else { continue };
                // Before the first row, and where there is none, as at this one.
                let at = |back: usize| own[t.saturating_sub(back)].unwrap_or(now);
                let state = (0..=self.kind.memory)
                    .rev()
                    .fold(0, |c, back| c * k + at(back));
                posteriors[(range.start + t) * n + state] = 1.0;
            }
        }
        let sample = self.data.sequences.sample();
        let visits = Visits {
            emissions: LaidOut::statistics(&start, sample, &posteriors, self.belief.wanted()),
            counts,
            prior: *self.data.prior,
            kind: self.kind,
            sizes: vec![1; n],
        };
        Hmm::maximize(&visits, self.belief, Some(&start))
    }

    /// The same guess with its regimes named as most of the labels are, and the labels themselves.
    fn as_labelled(&self, guess: &[Option<usize>]) -> Vec<Option<usize>> {
        let Some(labels) = self.data.sequences.sample().labels() else {
            return guess.to_vec();
        };
        let k = self.n_regimes;
        let mut both = vec![0_usize; k * k];
        for (label, guess) in labels.iter().zip(guess) {
            if let (Some(label), Some(guess)) = (label, guess) {
                both[label * k + guess] += 1;
            }
        }
        let mut pairs: Vec<usize> = (0..k * k).collect();
        // Stable: where labels say nothing, names stay in their order.
        pairs.sort_by_key(|&pair| std::cmp::Reverse(both[pair]));
        let (mut name_of, mut is_taken) = (vec![None; k], vec![false; k]);
        for pair in pairs {
            let (label, guess) = (pair / k, pair % k);
            if name_of[guess].is_none() && !is_taken[label] {
                name_of[guess] = Some(label);
                is_taken[label] = true;
            }
        }
        let named = |(label, guess): (&Option<usize>, &Option<usize>)| {
            label.or_else(|| guess.and_then(|guess| name_of[guess]))
        };
        labels.iter().zip(guess).map(named).collect()
    }

    /// Regimes at random, each for about `duration` rows at a time.
    pub(crate) fn random_regimes(&self, duration: f64, rng: &mut impl Rng) -> Vec<Option<usize>> {
        let k = self.n_regimes;
        let mut now = rng.gen_range(0..k);
        let n = self.data.sequences.sample().n_rows();
        let next = |_| {
            if k > 1 && rng.gen_range(0.0..1.0) * duration < 1.0 {
                now = (now + rng.gen_range(1..k)) % k;
            }
            Some(now)
        };
        (0..n).map(next).collect()
    }
}

/// The best run of several starts: short fits, the better of which go on. `flaws` counts what is wrong with a model:
/// fewer are better than any likelihood. None of no starts.
pub(crate) fn best_run<E: Emission>(
    starts: Vec<Hmm<E>>,
    data: Learnt<'_>,
    belief: &impl Estimate<E>,
    stopping: Stopping,
    flaws: &(dyn Fn(&Hmm<E>) -> usize + Sync),
    observe: &(dyn Fn(usize, f64) + Sync),
) -> Option<Run<Hmm<E>>> {
    let sorted = |starts, stopping| sorted_runs(starts, data, belief, stopping, flaws);
    let mut left = starts;
    for (iterations, share) in ROUNDS {
        if left.len() <= 1 {
            break;
        }
        let short = Stopping {
            max_n_iterations: iterations.min(stopping.max_n_iterations),
            tolerance: stopping.tolerance,
            accelerate: stopping.accelerate,
        };
        let n_kept = ((left.len() as f64 * share).ceil() as usize).max(2);
        left = distinct(sorted(left, short), n_kept);
    }
    if let [_] = left.as_slice() {
        // One is watched.
        return left
            .pop()
            .map(|start| em::climb(start, data, belief, stopping, &|i, o| observe(i, o)));
    }
    let best = sorted(left, stopping).into_iter().next()?;
    best.objective
        .iter()
        .enumerate()
        .for_each(|(i, o)| observe(i, *o));
    Some(best)
}

/// Where fits from several starts end, the best `n` of them that differ.
pub(crate) fn best_ends<E: Emission>(
    starts: Vec<Hmm<E>>,
    data: Learnt<'_>,
    belief: &impl Estimate<E>,
    stopping: Stopping,
    n: usize,
) -> Vec<Hmm<E>> {
    distinct(sorted_runs(starts, data, belief, stopping, &|_| 0), n)
}

/// Fits from several starts, the best first.
fn sorted_runs<E: Emission>(
    starts: Vec<Hmm<E>>,
    data: Learnt<'_>,
    belief: &impl Estimate<E>,
    stopping: Stopping,
    flaws: &(dyn Fn(&Hmm<E>) -> usize + Sync),
) -> Vec<Run<Hmm<E>>> {
    let rank = |run: &Run<Hmm<E>>| {
        let collapsed = matches!(run.outcome, Outcome::Collapsed { .. });
        (collapsed, flaws(&run.model), -run.last_objective())
    };
    let climb = |start| em::climb(start, data, belief, stopping, &|_, _| {});
    let runs: Vec<_> = starts.into_par_iter().map(climb).collect();
    let mut ranked: Vec<_> = runs.into_iter().map(|run| (rank(&run), run)).collect();
    // Stable: of equals the first is kept.
    ranked.sort_by(|(a, _), (b, _)| (a.0, a.1).cmp(&(b.0, b.1)).then(a.2.total_cmp(&b.2)));
    ranked.into_iter().map(|(_, run)| run).collect()
}

/// The first runs that did not end where one before did.
fn distinct<E: Emission>(runs: Vec<Run<Hmm<E>>>, n: usize) -> Vec<Hmm<E>> {
    /// Nats a row.
    const SAME: f64 = 1e-7;
    let mut kept: Vec<Run<Hmm<E>>> = Vec::with_capacity(n);
    for run in runs {
        let is_new = kept
            .last()
            .is_none_or(|last| (last.last_objective() - run.last_objective()).abs() > SAME);
        if is_new && kept.len() < n {
            kept.push(run);
        }
    }
    kept.into_iter().map(|run| run.model).collect()
}
