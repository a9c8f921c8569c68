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

/// Starts; every second one begins with twice the components.
const STARTS: usize = 10;
/// Rounds of the short fits: M-steps in each, and how many fits go on to the next (successive halving:
/// early rounds are cheap and tell the hopeless from the rest, later ones tell the good from the best).
const ROUNDS: [(usize, usize); 3] = [(5, 5), (20, 2), (100, 1)];
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
        for i in 0..STARTS {
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
        for (n_iterations, n_kept) in ROUNDS {
            let mut runs: Vec<_> = models
                .into_iter()
                .map(|model| self.run_briefly(model, n_iterations))
                .collect();
            // A stable sort: of equals the first stays ahead.
            runs.sort_by(|a, b| {
                self.rank(a)
                    .partial_cmp(&self.rank(b))
                    .unwrap_or(Ordering::Equal)
            });
            models = runs.into_iter().take(n_kept).map(|run| run.model).collect();
        }
        match (models.pop(), refused) {
            (Some(best), _) => Ok(best),
            (None, Some(collapse)) => Err(collapse.into()),
            (None, None) => Err(GmmError::NoRows),
        }
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
