//! Many short fits, the best of which goes on.

use std::cmp::Ordering;

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256Plus;

use rayon::prelude::*;

use super::seeds::Kind;
use super::{Effort, Metric, Start, merge, resample};
use crate::em::{self, Run, Stopping};
use crate::emission::{Estimate as _, Latent as _};
use crate::error::{Collapse, GmmError};
use crate::gaussian::Gaussian;
use crate::mixture::{Mixture, Softness};
use crate::moments::{Form, Moments};
use crate::soundness;
use crate::threads::between_loops;

/// How much is spent on the short fits.
struct Schedule {
    /// Starts.
    n_starts: usize,
    /// Rounds of the short fits: most M-steps in each, and the share of the starts that goes on (successive
    /// halving: early rounds are cheap and tell the hopeless from the rest, later ones the good from the best).
    rounds: &'static [(usize, f64)],
}

/// Where the short fits are cheap, by themselves or beside the fit that follows.
const THOROUGH: Schedule = Schedule {
    n_starts: 50,
    rounds: &[(20, 0.5), (100, 0.3), (LONG, 0.0)],
};
/// Where they would cost as much as the fit that follows, there are at most two merged starts, of so few of Lloyd's
/// iterations and M-steps of twice the components.
const FEW: Effort = Effort {
    lloyd: 5,
    seed_rows: Some(20),
};
const FEW_OVERFIT: usize = 2;
/// Clusters that say so much less of a row than the others, in nats, are not gone on with if a sound start comes of those:
/// merging hardly ever turns that.
const CLEARLY: f64 = 0.5;
/// M-steps by which starts of another kind are compared with them.
const FEW_STEPS: usize = 4;
/// With many features posteriors are nearly 0 or 1 long before components are where they belong, and few rows ever change
/// over. A few steps with posteriors of this power, those below so much of an equal share left out, lead to better optima,
/// and sooner: until they gain no more than this, in nats a row of the softened log-likelihood.
const SOFT_POWER: f64 = 0.4;
const SOFT_SHARE: f64 = 0.01;
const SOFT_GAIN: f64 = 2e-3;
const MOST_SOFT_STEPS: usize = 12;
const SOFT_FEATURES: usize = 8;
/// Fewest starts of a thorough search.
const LEAST_STARTS: usize = 10;
/// M-steps of the last round of a thorough search: to convergence on all rows, less far on a part of them.
const LONG: usize = 1000;
const LONG_ON_A_PART: usize = 200;
/// Multiplications that one EM iteration of all starts together may take without being thought expensive.
const CHEAP: usize = 10_000_000;
/// A part of the rows is so much smaller than the whole that a thorough search on it is cheap beside the fit.
const SMALL_PART: usize = 10;
/// A short fit that is within this of its limit has nothing more to show, and two that are within it of each
/// other are the same fit.
const TOLERANCE: f64 = 1e-6;
/// Rows that short fits see: at least this many, and this many for each free parameter.
const LEAST_ROWS: usize = 10_000;
const ROWS_PER_PARAMETER: usize = 20;

/// Short fits that go on to rows that were seen in part, and most of their M-steps there.
const FINALISTS: usize = 6;
const FINAL: usize = 30;

/// Fits that share their starts.
const SHARED: Schedule = Schedule {
    n_starts: 0,
    rounds: &[(10, 0.6), (50, 0.4), (LONG, 0.0)],
};

/// Rows that short fits see at most.
fn most_rows(start: &Start<'_>) -> usize {
    let (k, d) = (start.n_components, start.sample.n_features());
    let n_parameters = k * (1 + d) + start.belief.covariance_type().n_parameters(k, d);
    LEAST_ROWS.max(ROWS_PER_PARAMETER * n_parameters)
}

/// Whether short fits are cheap and see all rows.
pub(super) fn sees_all_rows(start: &Start<'_>) -> bool {
    start.sample.n_rows() <= most_rows(start) && start.schedule(false).is_some()
}

impl Start<'_> {
    /// The best of the short fits, by soundness and then by likelihood.
    ///
    /// Where rows were not all seen whole, the fits see what stands for them: that is many times cheaper. What was drawn
    /// to stand may mislead them, so that of the best of them some more steps on what was seen decide.
    pub(super) fn pool(&self, rng: &mut impl Rng) -> Result<Mixture<Gaussian>, GmmError> {
        let is_whole = self.sample.is_of_whole_rows();
        let n_best = if is_whole { 1 } else { FINALISTS };
        let mut found = self
            .sample
            .as_whole(|sample| Start { sample, ..*self }.pool_of_whole(n_best, rng))?;
        if !is_whole {
            found = self.best(found, FINAL, 1);
        }
        found.into_iter().next().ok_or(GmmError::NoRows)
    }

    fn pool_of_whole(
        &self,
        n_best: usize,
        rng: &mut impl Rng,
    ) -> Result<Vec<Mixture<Gaussian>>, GmmError> {
        if !self.seeds.is_empty() {
            let schedule = Schedule {
                n_starts: self.seeds.len(),
                ..SHARED
            };
            return self.best_short_runs(&schedule, LONG, n_best, rng);
        }
        let n_rows = most_rows(self);
        if self.sample.n_rows() <= n_rows {
            return match self.schedule(false) {
                Some(schedule) => self.best_short_runs(&schedule, LONG, n_best, rng),
                None => self.best_of_few(n_best, rng),
            };
        }
        let is_small = self.sample.n_rows() / n_rows >= SMALL_PART;
        let part = resample::stratified(self.sample, n_rows, rng);
        self.sample.subset(&part.rows, part.weights, |sample| {
            let start = Start { sample, ..*self };
            match start.schedule(is_small) {
                Some(schedule) => start.best_short_runs(&schedule, LONG_ON_A_PART, n_best, rng),
                None => start.best_of_few(n_best, rng),
            }
        })
    }

    /// Thorough with as many starts as are cheap, if there are enough of them.
    fn schedule(&self, is_small_part: bool) -> Option<Schedule> {
        let d = self.sample.n_features();
        let moments = match self.belief.covariance_type().form() {
            Form::Full => (d + 1) * (d + 2) / 2,
            Form::Diagonal => 2 * d + 1,
        };
        let n_cheap = CHEAP / (self.sample.n_rows() * self.n_components * moments);
        (n_cheap >= LEAST_STARTS || is_small_part).then(|| Schedule {
            n_starts: n_cheap.clamp(LEAST_STARTS, THOROUGH.n_starts),
            ..THOROUGH
        })
    }

    /// Whether there may be rows of no component.
    fn is_robust(&self) -> bool {
        self.sample.trimming() > 0.0 || self.belief.background().is_some()
    }

    /// The `n_best` of few starts, or fewer.
    ///
    /// Two are merged ones, from clusters of the rows in deviations and in units of the data, the sounder first and then
    /// the better by its classification likelihood; one, where the clusters of the other are clearly worse. Where outliers
    /// may have drawn them away, there is another of neighbourhoods.
    fn best_of_few(
        &self,
        n_best: usize,
        rng: &mut impl Rng,
    ) -> Result<Vec<Mixture<Gaussian>>, GmmError> {
        let jobs = [Metric::Deviations, Metric::Raw].map(|metric| (metric, rng.next_u64()));
        let clusters = |(metric, seed)| {
            let mut rng = Xoshiro256Plus::seed_from_u64(seed);
            let stats = self.doubled(|doubled| doubled.kmeans(metric, FEW, &mut rng));
            (self.classification(&stats), stats)
        };
        let clusters: Vec<_> = jobs.into_par_iter().map(clusters).collect();
        let total = self.sample.kept_weight();
        let best = clusters.iter().fold(f64::NEG_INFINITY, |b, c| b.max(c.0));
        let is_worse = |likelihood: f64| likelihood < best - CLEARLY * total;
        let (worse, good): (Vec<_>, Vec<_>) = clusters.into_iter().partition(|c| is_worse(c.0));
        let started = |clusters: Vec<(f64, Vec<Moments>)>| -> Vec<Result<_, Collapse>> {
            let start = |(_, stats)| {
                let stats = self.overfit_of(stats, FEW_OVERFIT)?;
                let likelihood = self.classification(&stats);
                let model = self.aligned(self.begin(stats)?);
                let n_flaws = soundness::flaws(&model, self.belief, total).len();
                Ok(((n_flaws, -likelihood), model))
            };
            clusters.into_par_iter().map(start).collect()
        };
        let mut found = started(good);
        // Clusters on tied values say more than they should.
        let is_sound = found
            .iter()
            .flatten()
            .any(|((n_flaws, _), _)| *n_flaws == 0);
        if !is_sound || n_best > 1 {
            found.extend(started(worse));
        }
        let mut refused: Option<Collapse> = None;
        let mut starts = Vec::new();
        for found in found {
            match found {
                Ok(start) => starts.push(start),
                Err(collapse) => refused = refused.or(Some(collapse)),
            }
        }
        starts.sort_by(|a, b| a.0.partial_cmp(&b.0).unwrap_or(Ordering::Equal));
        let mut starts: Vec<_> = starts.into_iter().map(|(_, model)| model).collect();
        starts.truncate(n_best);
        if self.is_robust() {
            match self.begin(self.neighbourhoods(rng)) {
                Ok(model) => starts.push(self.aligned(model)),
                Err(collapse) => refused = refused.or(Some(collapse)),
            }
        }
        let mut models: Vec<_> = starts
            .into_iter()
            .map(|start| self.softened(start))
            .collect();
        if models.len() > 1 {
            models = self.best(models, FEW_STEPS, n_best);
        }
        match refused {
            Some(collapse) if models.is_empty() => Err(collapse.into()),
            _ => Ok(models),
        }
    }

    /// Σₖ nₖ(ln πₖ − ½ ln|Σₖ|), the log-likelihood of rows that are divided for good, but for a constant; −∞ where a
    /// component has no density.
    fn classification(&self, stats: &[Moments]) -> f64 {
        let total: f64 = stats.iter().map(|s| s.weight).sum();
        let filled = stats.iter().filter(|s| s.weight > 0.0);
        let of = |(s, log_det): (&Moments, Option<f64>)| {
            s.weight * ((s.weight / total).ln() - 0.5 * log_det.unwrap_or(f64::INFINITY))
        };
        let log_dets = self.belief.log_dets(filled.clone());
        filled.zip(log_dets).map(of).sum()
    }

    /// A model after some steps with softened posteriors, where there are many features; as far as none collapses.
    fn softened(&self, mut model: Mixture<Gaussian>) -> Mixture<Gaussian> {
        // Softer posteriors would let outliers in.
        if self.sample.n_features() < SOFT_FEATURES || self.is_robust() {
            return model;
        }
        let softness = Softness {
            power: SOFT_POWER,
            least: SOFT_SHARE / self.n_components as f64,
        };
        let little = SOFT_GAIN * self.sample.total_weight();
        let mut before = f64::NEG_INFINITY;
        let is_shared = self.sample.is_shared();
        for _ in 0..MOST_SOFT_STEPS {
            let wanted = self.belief.wanted();
            let (stats, evidence) = model.tally_of_whole(self.sample, wanted, Some(softness));
            let now = Some(&model);
            match between_loops(is_shared, || Mixture::maximize(&stats, self.belief, now)) {
                Ok(next) => model = next,
                Err(_) => break,
            }
            if evidence.log_likelihood - before <= little {
                break;
            }
            before = evidence.log_likelihood;
        }
        model
    }

    /// The `n_best` of the short fits, or fewer if there are not as many that differ.
    fn best_short_runs(
        &self,
        schedule: &Schedule,
        longest: usize,
        n_best: usize,
        rng: &mut impl Rng,
    ) -> Result<Vec<Mixture<Gaussian>>, GmmError> {
        let seeds: Vec<u64> = (0..schedule.n_starts).map(|_| rng.next_u64()).collect();
        let is_robust = self.is_robust();
        let whitened = self.seeds.is_empty().then(|| self.whitened());
        let whitened = whitened.as_ref().map(|rows| self.sample.on(rows));
        let started: Vec<_> = seeds
            .par_iter()
            .enumerate()
            .map(|(i, &seed)| {
                let mut rng = Xoshiro256Plus::seed_from_u64(seed);
                let stats = match (self.seeds.get(i), &whitened) {
                    (Some(given), _) => self.in_form_of_fit(given),
                    (None, _) if is_robust && i % 3 == 2 => self.neighbourhoods(&mut rng),
                    // Without starts that are given there are whitened rows.
                    (None, whitened) => {
                        let whitened = whitened.as_ref().unwrap_or(self.sample);
                        self.seed(Kind::of(i), whitened, &mut rng)?
                    }
                };
                Ok(self.aligned(self.begin(stats)?))
            })
            .collect();
        let mut models = Vec::new();
        let mut refused: Option<Collapse> = None;
        for start in started {
            match start {
                Ok(start) => models.push(start),
                Err(collapse) => refused = refused.or(Some(collapse)),
            }
        }
        for &(n_iterations, share) in schedule.rounds {
            let n_kept = (share * schedule.n_starts as f64).round() as usize;
            if models.len() > 1 {
                models = self.best(models, n_iterations.min(longest), n_kept.max(n_best));
            }
        }
        match refused {
            Some(collapse) if models.is_empty() => Err(collapse.into()),
            _ => Ok(models),
        }
    }

    /// The best `n_kept` different models after some more iterations.
    fn best(
        &self,
        models: Vec<Mixture<Gaussian>>,
        n_iterations: usize,
        n_kept: usize,
    ) -> Vec<Mixture<Gaussian>> {
        let total = self.sample.kept_weight();
        let mut ranked: Vec<_> = models
            .into_par_iter()
            .map(|model| self.run_briefly(model, n_iterations))
            .map(|run| (soundness::rank(&run, self.belief, total), run.model))
            .collect();
        // A stable sort: of equals the first stays ahead.
        ranked.sort_by(|a, b| a.0.partial_cmp(&b.0).unwrap_or(Ordering::Equal));
        ranked.dedup_by(|b, a| {
            let ((collapsed, n_flaws, objective), other) = (a.0, b.0);
            (collapsed, n_flaws) == (other.0, other.1) && other.2 - objective <= TOLERANCE
        });
        ranked
            .into_iter()
            .take(n_kept)
            .map(|(_, model)| model)
            .collect()
    }

    /// Statistics that others share, as this fit needs them.
    fn in_form_of_fit(&self, stats: &[Moments]) -> Vec<Moments> {
        let form = self.belief.covariance_type().form();
        self.widen(stats.iter().map(|s| s.in_form(form)).collect())
    }

    fn run_briefly(
        &self,
        model: Mixture<Gaussian>,
        max_n_iterations: usize,
    ) -> Run<Mixture<Gaussian>> {
        let stopping = Stopping {
            tolerance: TOLERANCE,
            max_n_iterations,
            accelerate: self.accelerate,
        };
        em::climb(model, self.sample, self.belief, stopping, &|_, _| {})
    }

    /// Works with twice the components, among which labels mean nothing.
    fn doubled<T>(&self, work: impl FnOnce(&Start<'_>) -> T) -> T {
        let sample = &self.sample.without_labels();
        work(&Start {
            sample,
            n_components: (2 * self.n_components).min(self.survey.n_rows),
            ..*self
        })
    }

    /// A short fit of twice the components, merged down to what is asked for: it sees more of the data's
    /// shape than k-means does, and finds the small sharp components that k-means cannot.
    pub(super) fn overfit_and_merge(
        &self,
        metric: Metric<'_>,
        effort: Effort,
        n_steps: usize,
        rng: &mut impl Rng,
    ) -> Result<Vec<Moments>, Collapse> {
        let clusters = self.doubled(|doubled| doubled.kmeans(metric, effort, rng));
        self.overfit_of(clusters, n_steps)
    }

    /// The same from these clusters.
    fn overfit_of(&self, clusters: Vec<Moments>, n_steps: usize) -> Result<Vec<Moments>, Collapse> {
        let sample = &self.sample.without_labels();
        let mut stats = self.tally(clusters);
        let mut now = None;
        for _ in 0..n_steps {
            let model = Mixture::maximize(&stats, self.belief, now.as_ref())?;
            stats = model.expect(sample, self.belief).stats;
            now = Some(model);
        }
        Ok(merge::reduce(
            stats.components,
            self.n_components,
            self.belief,
        ))
    }
}
