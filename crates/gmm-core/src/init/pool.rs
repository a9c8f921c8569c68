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
use crate::moments::Form;
use crate::sample::Sample;
use crate::soundness;

/// Starts, of which every second one begins with twice the components: the fewest, and the most.
const STARTS: (usize, usize) = (6, 40);
/// Multiplications that one EM iteration of all starts together may take without being thought expensive: it
/// decides between the fewest starts and the most.
const CHEAP: usize = 5_000_000;
/// M-steps of a fit of twice the components before it is merged.
const OVERFIT: usize = 5;
/// Rounds of the short fits: M-steps in each, and the share of the starts that goes on (successive halving:
/// early rounds are cheap and tell the hopeless from the rest, later ones tell the good from the best).
const ROUNDS: [(usize, f64); 2] = [(20, 0.5), (100, 0.3)];
/// M-steps of the last round, of which one goes on: to convergence on all rows, less far on a part of them.
const LAST_ROUND: (usize, usize) = (1000, 200);
/// A short fit that is within this of its limit has nothing more to show, and two that are within it of each
/// other are the same fit.
const TOLERANCE: f64 = 1e-6;
/// Rows that short fits see: at least this many, and this many for each free parameter.
const LEAST_ROWS: usize = 10_000;
const ROWS_PER_PARAMETER: usize = 20;

impl Start<'_> {
    /// The best of the short fits, by soundness and then by likelihood.
    pub(super) fn pool(&self, rng: &mut impl Rng) -> Result<Mixture<Gaussian>, GmmError> {
        let (k, d) = (self.n_components, self.sample.n_features());
        let n_parameters = k * (1 + d) + self.belief.covariance_type().n_parameters(k, d);
        let n_rows = LEAST_ROWS.max(ROWS_PER_PARAMETER * n_parameters);
        if self.sample.n_rows() <= n_rows {
            return self.best_short_run(LAST_ROUND.0, rng);
        }
        let part = resample::stratified(self.sample, n_rows, rng);
        let sample = Sample::weighted(&part.rows, &part.weights)?;
        Start {
            sample: &sample,
            ..*self
        }
        .best_short_run(LAST_ROUND.1, rng)
    }

    fn best_short_run(
        &self,
        last_round: usize,
        rng: &mut impl Rng,
    ) -> Result<Mixture<Gaussian>, GmmError> {
        let mut models = Vec::new();
        let mut refused = None;
        let n_starts = self.n_starts();
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
            let n_kept = (share * n_starts as f64).round() as usize;
            models = self.best(models, n_iterations, n_kept);
        }
        if models.len() > 1 {
            models = self.best(models, last_round, 1);
        }
        match (models.pop(), refused) {
            (Some(best), _) => Ok(best),
            (None, Some(collapse)) => Err(collapse.into()),
            (None, None) => Err(GmmError::NoRows),
        }
    }

    /// As many starts as rows, components and features leave cheap.
    fn n_starts(&self) -> usize {
        let d = self.sample.n_features();
        let moments = match self.belief.covariance_type().form() {
            Form::Full => (d + 1) * (d + 2) / 2,
            Form::Diagonal => 2 * d + 1,
        };
        let (fewest, most) = STARTS;
        let cost = self.sample.n_rows() * self.n_components * moments;
        (CHEAP / cost).clamp(fewest, most)
    }

    /// The best `n_kept` different models after some more iterations.
    fn best(
        &self,
        models: Vec<Mixture<Gaussian>>,
        n_iterations: usize,
        n_kept: usize,
    ) -> Vec<Mixture<Gaussian>> {
        let total = self.sample.total_weight();
        let mut ranked: Vec<_> = models
            .into_iter()
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

    fn run_briefly(
        &self,
        model: Mixture<Gaussian>,
        max_n_iterations: usize,
    ) -> Run<Mixture<Gaussian>> {
        let stopping = Stopping {
            tolerance: TOLERANCE,
            max_n_iterations,
            accelerate: true,
        };
        em::batch(model, self.sample, self.belief, stopping, &mut |_, _| {})
    }

    /// A short fit of twice the components, merged down to what is asked for: it sees more of the data's
    /// shape than k-means does, and finds the small sharp components that k-means cannot.
    fn overfit_and_merge(&self, rng: &mut impl Rng) -> Result<Mixture<Gaussian>, Collapse> {
        let doubled = Start {
            n_components: (2 * self.n_components).min(self.survey.n_rows),
            ..*self
        };
        let start = Mixture::maximize(&doubled.kmeans(KMeans::CONVERGED, rng), self.belief)?;
        let run = self.run_briefly(start, OVERFIT);
        merge::reduce(
            run.model.expect(self.sample, self.belief).stats,
            self.n_components,
            self.belief,
        )
    }
}
