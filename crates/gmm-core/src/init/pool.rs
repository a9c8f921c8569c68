//! Many short fits, the best of which goes on.

use std::cmp::Ordering;

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256Plus;

use super::{KMeans, Start, merge, resample};
use crate::em::{self, Run, Stopping};
use crate::emission::Latent;
use crate::error::{Collapse, GmmError};
use crate::gaussian::Gaussian;
use crate::mixture::Mixture;
use crate::tile::Sample;

/// Starts, of which every second one begins with twice the components: at least the first number, and up to the
/// second where rows are so few that more starts cost nothing.
const STARTS: (usize, usize) = (10, 40);
/// Rows that all starts together may see without being thought expensive.
const CHEAP_ROWS: usize = 50_000;
/// Rounds of the short fits: M-steps in each, and the share of the starts that goes on (successive halving:
/// early rounds are cheap and tell the hopeless from the rest, later ones tell the good from the best).
const ROUNDS: [(usize, f64); 2] = [(5, 0.5), (20, 0.2)];
/// M-steps of the last round, of which one goes on.
const LAST_ROUND: usize = 100;
/// A short fit that is within this of its limit has nothing more to show.
const TOLERANCE: f64 = 1e-4;
/// Rows that short fits see: at least this many, and this many for each free parameter.
const LEAST_ROWS: usize = 10_000;
const ROWS_PER_PARAMETER: usize = 20;

impl Start<'_> {
    /// The best of the short fits: the one of largest likelihood among those with the fewest components that
    /// have collapsed onto a few rows.
    pub(super) fn pool(&self, rng: &mut impl Rng) -> Result<Mixture<Gaussian>, GmmError> {
        let (k, d) = (self.n_components, self.sample.n_features());
        let n_parameters = k * (1 + d) + self.belief.covariance_type().n_parameters(k, d);
        let n_rows = LEAST_ROWS.max(ROWS_PER_PARAMETER * n_parameters);
        if self.sample.n_rows() <= n_rows {
            return self.best_short_run(rng);
        }
        let part = resample::stratified(self.sample, n_rows, rng);
        let sample = Sample::weighted(&part.rows, &part.weights)?;
        Start {
            sample: &sample,
            ..*self
        }
        .best_short_run(rng)
    }

    fn best_short_run(&self, rng: &mut impl Rng) -> Result<Mixture<Gaussian>, GmmError> {
        let mut models = Vec::new();
        let mut refused = None;
        let (least, most) = STARTS;
        let n_starts = (CHEAP_ROWS / self.sample.n_rows()).clamp(least, most);
        for i in 0..n_starts {
            let mut rng = Xoshiro256Plus::seed_from_u64(rng.next_u64());
            let start = if i % 2 == 0 {
                Mixture::maximize(&self.kmeans(KMeans::CONVERGED, &mut rng), self.belief)
            } else {
                self.overfit_and_merge(&mut rng)
            };
            match start {
                Ok(start) => models.push(start),
                Err(collapse) => refused = refused.or(Some(collapse)),
            }
        }
        for (n_iterations, share) in ROUNDS {
            models = self.best(models, n_iterations, (share * n_starts as f64) as usize);
        }
        models = self.best(models, LAST_ROUND, 1);
        match (models.pop(), refused) {
            (Some(best), _) => Ok(best),
            (None, Some(collapse)) => Err(collapse.into()),
            (None, None) => Err(GmmError::NoRows),
        }
    }

    /// The best `n_kept` models after some more iterations.
    fn best(
        &self,
        models: Vec<Mixture<Gaussian>>,
        n_iterations: usize,
        n_kept: usize,
    ) -> Vec<Mixture<Gaussian>> {
        let mut runs: Vec<_> = models
            .into_iter()
            .map(|model| self.run_briefly(model, n_iterations))
            .collect();
        let worth = |run: &Run<_>| self.rank(run);
        // A stable sort: of equals the first stays ahead.
        runs.sort_by(|a, b| worth(a).partial_cmp(&worth(b)).unwrap_or(Ordering::Equal));
        runs.into_iter().take(n_kept).map(|run| run.model).collect()
    }

    fn run_briefly(
        &self,
        model: Mixture<Gaussian>,
        max_n_iterations: usize,
    ) -> Run<Mixture<Gaussian>> {
        let stopping = Stopping {
            tolerance: TOLERANCE,
            max_n_iterations,
        };
        em::batch(model, self.sample, self.belief, stopping, &mut |_, _| {})
    }

    /// Orders runs, the best first: fewest components that have shrunk onto a few rows, then likelihood.
    fn rank(&self, run: &Run<Mixture<Gaussian>>) -> (usize, f64) {
        let least = self.survey.least_weight(self.belief.covariance_type());
        let total = self.sample.total_weight();
        let shares = run.model.shares().values();
        let n_thin = shares.iter().filter(|share| *share * total < least).count();
        (n_thin, -run.last_objective())
    }

    /// A short fit of twice the components, merged down to what is asked for: it sees more of the data's
    /// shape than k-means does, and finds the small sharp components that k-means cannot.
    fn overfit_and_merge(&self, rng: &mut impl Rng) -> Result<Mixture<Gaussian>, Collapse> {
        let doubled = Start {
            n_components: (2 * self.n_components).min(self.survey.n_rows),
            ..*self
        };
        let start = Mixture::maximize(&doubled.kmeans(KMeans::CONVERGED, rng), self.belief)?;
        let run = self.run_briefly(start, ROUNDS[0].0);
        merge::reduce(
            run.model.expect(self.sample).stats,
            self.n_components,
            self.belief,
        )
    }
}
