//! What follows when EM has converged: components that describe no data are mended, and others moved to see
//! whether there is a better optimum.

use crate::belief::Belief;
use crate::eigen::Eigen;
use crate::em::{self, Outcome, Run, Stopping};
use crate::emission::Latent as _;
use crate::fitted::Note;
use crate::gaussian::Gaussian;
use crate::init::loss_of_merging;
use crate::mixture::{Mixture, Tally};
use crate::moments::{Form, Moments, lower};
use crate::sample::Sample;
use crate::soundness;

use serde::{Deserialize, Serialize};

/// What becomes of components that describe no data: that are empty, rest on too few rows, or have shrunk onto tied
/// values or a point. In fits from a given start, and to rows of which some are labelled, they always stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Mending {
    /// They stay, and notes tell.
    Keep,
    /// They are given up and others divided in their place, if a sound fit comes of it
    /// ([`Note::Reseeded`](crate::Note::Reseeded)); else they stay.
    #[default]
    Reseed,
    /// They are taken out: the mixture then has fewer components ([`Note::Removed`](crate::Note::Removed)).
    Remove,
}

/// Most times that components of one run are given up.
const MOST_RESEEDS: usize = 3;

/// A run, and what was done to it.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) run: Run<Mixture<Gaussian>>,
    pub(crate) notes: Vec<Note>,
}

impl From<Run<Mixture<Gaussian>>> for Found {
    fn from(run: Run<Mixture<Gaussian>>) -> Self {
        Self {
            run,
            notes: Vec::new(),
        }
    }
}

/// Two components that become one, and one that becomes two.
struct Move {
    merged: [usize; 2],
    divided: usize,
}

/// Where and how runs go on.
#[derive(Debug)]
pub(crate) struct Search<'a> {
    pub(crate) sample: &'a Sample<'a>,
    pub(crate) belief: &'a Belief,
    pub(crate) stopping: Stopping,
}

impl Search<'_> {
    /// The order in which runs are preferred, the best least.
    pub(crate) fn rank(&self, found: &Found) -> (bool, usize, f64) {
        self.rank_of(&found.run)
    }

    fn rank_of(&self, run: &Run<Mixture<Gaussian>>) -> (bool, usize, f64) {
        soundness::rank(run, self.belief, self.sample.kept_weight())
    }

    /// Components that describe no data.
    fn flawed(&self, run: &Run<Mixture<Gaussian>>) -> Vec<usize> {
        let flaws = soundness::flaws(&run.model, self.belief, self.sample.kept_weight());
        let mut flawed: Vec<usize> = flaws.iter().filter_map(Note::component).collect();
        if let Outcome::Collapsed { component } = run.outcome {
            flawed.push(component);
        }
        flawed.sort_unstable();
        flawed.dedup();
        flawed
    }

    /// The run without components that describe no data, as far as there is a way.
    pub(crate) fn mended(&self, run: Run<Mixture<Gaussian>>, mending: Mending) -> Found {
        match mending {
            Mending::Keep => Found::from(run),
            Mending::Reseed => self.reseeded(run),
            Mending::Remove => self.removed(run),
        }
    }

    fn reseeded(&self, run: Run<Mixture<Gaussian>>) -> Found {
        let mut best = run;
        let mut count = 0;
        for _ in 0..MOST_RESEEDS {
            let flawed = self.flawed(&best);
            let Some(stats) = self.without(&best.model, &flawed) else {
                break;
            };
            let Some(run) = self
                .divided(stats, flawed.len())
                .and_then(|s| self.climb(s))
            else {
                break;
            };
            let flaws = |run| {
                let (collapsed, n_flaws, _) = self.rank_of(run);
                (collapsed, n_flaws)
            };
            if flaws(&run) >= flaws(&best) {
                break;
            }
            count += flawed.len();
            best = run;
        }
        let notes = if count > 0 {
            vec![Note::Reseeded { count }]
        } else {
            Vec::new()
        };
        Found { run: best, notes }
    }

    fn removed(&self, run: Run<Mixture<Gaussian>>) -> Found {
        let mut best = run;
        let mut count = 0;
        loop {
            // The smallest alone: others may recover when it is gone.
            let shares = best.model.shares().values();
            let flawed = self.flawed(&best);
            let smallest = flawed
                .into_iter()
                .min_by(|&a, &b| shares[a].total_cmp(&shares[b]));
            let left = smallest.and_then(|smallest| self.without(&best.model, &[smallest]));
            let Some(run) = left.and_then(|stats| self.climb(stats)) else {
                break;
            };
            count += 1;
            best = run;
        }
        let notes = if count > 0 {
            vec![Note::Removed { count }]
        } else {
            Vec::new()
        };
        Found { run: best, notes }
    }

    /// The statistics of all components but some, if some are left and some are not.
    fn without(&self, model: &Mixture<Gaussian>, flawed: &[usize]) -> Option<Tally<Moments>> {
        let n = model.components().len();
        if flawed.is_empty() || flawed.len() == n {
            return None;
        }
        let mut tally = model.expect(self.sample, self.belief).stats;
        let mut component = 0;
        tally.components.retain(|_| {
            component += 1;
            !flawed.contains(&(component - 1))
        });
        Some(tally)
    }

    /// `n` more components: each time the heaviest is divided.
    fn divided(&self, mut stats: Tally<Moments>, n: usize) -> Option<Tally<Moments>> {
        for _ in 0..n {
            let weights = stats.components.iter().map(|s| s.weight).enumerate();
            let (heaviest, _) = weights.max_by(|a, b| a.1.total_cmp(&b.1))?;
            let halves = divide(&stats.components[heaviest])?;
            stats.components.splice(heaviest..=heaviest, halves);
        }
        Some(stats)
    }

    fn climb(&self, stats: Tally<Moments>) -> Option<Run<Mixture<Gaussian>>> {
        let start = Mixture::maximize(&stats, self.belief, None).ok()?;
        Some(em::climb(
            start,
            self.sample,
            self.belief,
            self.stopping,
            &|_, _| {},
        ))
    }

    /// The best of what the run and `n_moves` attempts to move a component lead to.
    ///
    /// In each two components that cost little to merge are merged, and one divided whose rows the mixture finds
    /// unlikely: of that the Kullback–Leibler criterion of SMEM is made (Ueda et al. 2000, eq. 3.10, in which the
    /// posterior cancels all but the mixture's own density).
    pub(crate) fn moved(&self, found: Found, n_moves: usize) -> Found {
        let k = found.run.model.components().len();
        if k < 3 {
            return found;
        }
        let Found { mut run, notes } = found;
        let mut left = n_moves;
        'moved: while left > 0 {
            let stats = run.model.expect(self.sample, self.belief).stats;
            for one in self.moves(&run.model, &stats.components) {
                if left == 0 {
                    break 'moved;
                }
                left -= 1;
                let tried = self.after(&stats, &one).and_then(|stats| self.climb(stats));
                if let Some(tried) = tried
                    && self.rank_of(&tried) < self.rank_of(&run)
                {
                    run = tried;
                    continue 'moved;
                }
            }
            break;
        }
        Found { run, notes }
    }

    /// Which pair to merge and which component to divide, the most promising first.
    fn moves(&self, model: &Mixture<Gaussian>, stats: &[Moments]) -> Vec<Move> {
        let k = stats.len();
        let mut pairs: Vec<(f64, [usize; 2])> = (0..k)
            .flat_map(|i| (0..i).map(move |j| [j, i]))
            .map(|[j, i]| (loss_of_merging(&stats[j], &stats[i], self.belief), [j, i]))
            .collect();
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let densities = model.mean_log_densities(self.sample);
        let mut unlikely: Vec<usize> = (0..k).collect();
        unlikely.sort_by(|&a, &b| densities[a].total_cmp(&densities[b]));
        let mut ranked = Vec::new();
        for (rank, (_, merged)) in pairs.into_iter().take(k).enumerate() {
            for (other_rank, &divided) in unlikely.iter().enumerate() {
                if !merged.contains(&divided) {
                    ranked.push((rank + other_rank, Move { merged, divided }));
                }
            }
        }
        ranked.sort_by_key(|(rank, _)| *rank);
        ranked.into_iter().map(|(_, one)| one).collect()
    }

    /// Statistics after a move.
    fn after(&self, stats: &Tally<Moments>, one: &Move) -> Option<Tally<Moments>> {
        let mut moved = stats.clone();
        let [kept, freed] = one.merged;
        moved.components[kept].merge(&stats.components[freed]);
        let [half, other] = divide(&stats.components[one.divided])?;
        moved.components[freed] = half;
        moved.components[one.divided] = other;
        Some(moved)
    }
}

/// Two halves of a component along its longest axis, with the same moments together: means ½√λ on either side, and λ/4
/// less variance along the axis.
fn divide(stats: &Moments) -> Option<[Moments; 2]> {
    if stats.weight <= 0.0 {
        return None;
    }
    let d = stats.mean.len();
    // Each feature in its own deviation, so that units do not say what is long.
    let deviations: Vec<f64> = stats.variances().iter().map(|v| v.sqrt()).collect();
    let axis: Vec<f64> = match stats.form {
        Form::Full => {
            let mut correlations = vec![0.0; lower(d, 0)];
            for i in 0..d {
                for j in 0..=i {
                    let size = deviations[i] * deviations[j] * stats.weight;
                    correlations[lower(i, j)] = match (i == j, size > 0.0) {
                        (true, _) => 1.0,
                        (false, true) => stats.scatter[lower(i, j)] / size,
                        (false, false) => 0.0,
                    };
                }
            }
            let eigen = Eigen::of(&correlations, d)?;
            let length = eigen.values[0].sqrt();
            let axis = &eigen.axes[..d];
            axis.iter()
                .zip(&deviations)
                .map(|(a, s)| a * s * length)
                .collect()
        }
        Form::Diagonal => {
            let longest = (0..d).max_by(|&a, &b| deviations[a].total_cmp(&deviations[b]))?;
            (0..d)
                .map(|j| if j == longest { deviations[j] } else { 0.0 })
                .collect()
        }
    };
    let mut half = stats.clone();
    half.weight *= 0.5;
    half.scatter.iter_mut().for_each(|s| *s *= 0.5);
    half.add_outer(-0.25 * half.weight, &axis);
    half.at_least_nothing();
    let at = |side: f64| {
        let mut half = half.clone();
        half.mean
            .iter_mut()
            .zip(&axis)
            .for_each(|(m, a)| *m += side * a);
        half
    };
    Some([at(-0.5), at(0.5)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_halves_have_the_moments_of_the_whole() {
        for form in [Form::Full, Form::Diagonal] {
            let whole = Moments {
                weight: 8.0,
                mean: vec![1.0, -2.0],
                scatter: match form {
                    Form::Full => vec![16.0, 6.0, 4.0],
                    Form::Diagonal => vec![16.0, 4.0],
                },
                form,
            };
            let [mut one, other] = divide(&whole).unwrap();
            assert!(one.mean != other.mean);
            one.merge(&other);
            assert!((one.weight - whole.weight).abs() < 1e-12);
            for (a, b) in one.mean.iter().zip(&whole.mean) {
                assert!((a - b).abs() < 1e-12);
            }
            for (a, b) in one.scatter.iter().zip(&whole.scatter) {
                assert!((a - b).abs() < 1e-12, "{form:?}");
            }
        }
    }
}
