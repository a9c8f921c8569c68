//! Many short fits, the best of which goes on.

use std::cmp::Ordering;

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256Plus;

use rayon::prelude::*;

use super::{Start, merge, resample};
use crate::em::{self, Run, Stopping};
use crate::emission::Latent;
use crate::error::{Collapse, GmmError};
use crate::gaussian::Gaussian;
use crate::mixture::Mixture;
use crate::moments::Form;
use crate::sample::Sample;
use crate::soundness;

/// X
#[derive(Debug, Clone, Copy)]
struct Schedule {
    starts: usize,
    kmeans: usize,
    overfit: usize,
    rounds: [(usize, usize); 2],
    last: usize,
    every: usize,
}
const TOLERANCE: f64 = 1e-6;
const LEAST_ROWS: usize = 10_000;
const ROWS_PER_PARAMETER: usize = 20;

impl Start<'_> {
    /// The best of the short fits, by soundness and then by likelihood.
    pub(super) fn pool(&self, rng: &mut impl Rng) -> Result<Mixture<Gaussian>, GmmError> {
        let (k, d) = (self.n_components, self.sample.n_features());
        let n_parameters = k * (1 + d) + self.belief.covariance_type().n_parameters(k, d);
        let n_rows = LEAST_ROWS.max(ROWS_PER_PARAMETER * n_parameters);
        if self.sample.n_rows() <= n_rows {
            return self.best_short_run(1000, rng);
        }
        let part = resample::stratified(self.sample, n_rows, rng);
        let sample = Sample::weighted(&part.rows, &part.weights)?;
        sample.in_tiles(|sample| Start { sample, ..*self }.best_short_run(200, rng))
    }

    fn best_short_run(
        &self,
        last_round: usize,
        rng: &mut impl Rng,
    ) -> Result<Mixture<Gaussian>, GmmError> {
        let mut s = Schedule {
            starts: self.n_starts(),
            kmeans: 100,
            overfit: 5,
            rounds: [(20, 0), (100, 0)],
            last: last_round,
            every: 2,
        };
        s.rounds[0].1 = (s.starts as f64 * 0.5).round() as usize;
        s.rounds[1].1 = (s.starts as f64 * 0.3).round() as usize;
        if let Ok(x) = std::env::var("GMMX") {
            let v: Vec<usize> = x.split(',').map(|t| t.parse().unwrap()).collect();
            s = Schedule {
                starts: v[0],
                kmeans: v[1],
                overfit: v[2],
                rounds: [(v[3], v[4]), (v[5], v[6])],
                last: v[7],
                every: v[8],
            };
        }
        let seeds: Vec<u64> = (0..s.starts).map(|_| rng.next_u64()).collect();
        let started: Vec<_> = seeds
            .par_iter()
            .enumerate()
            .map(|(i, &seed)| {
                let mut rng = Xoshiro256Plus::seed_from_u64(seed);
                if i % s.every == s.every - 1 {
                    self.overfit_and_merge(s.kmeans, s.overfit, &mut rng)
                } else {
                    Mixture::maximize(&self.kmeans(s.kmeans, &mut rng), self.belief)
                }
            })
            .collect();
        let mut models = Vec::new();
        let mut refused = None;
        for start in started {
            match start {
                Ok(start) => models.push(start),
                Err(collapse) => refused = refused.or(Some(collapse)),
            }
        }
        for (n_iterations, n_kept) in s.rounds {
            if n_iterations > 0 {
                models = self.best(models, n_iterations, n_kept);
            }
        }
        if models.len() > 1 {
            models = self.best(models, s.last, 1);
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
        let cost = self.sample.n_rows() * self.n_components * moments;
        (5_000_000 / cost).clamp(6, 40)
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
        em::climb(model, self.sample, self.belief, stopping, &|_, _| {})
    }

    /// A short fit of twice the components, merged down to what is asked for: it sees more of the data's
    /// shape than k-means does, and finds the small sharp components that k-means cannot.
    fn overfit_and_merge(
        &self,
        kmeans: usize,
        overfit: usize,
        rng: &mut impl Rng,
    ) -> Result<Mixture<Gaussian>, Collapse> {
        let doubled = Start {
            n_components: (2 * self.n_components).min(self.survey.n_rows),
            ..*self
        };
        let start = Mixture::maximize(&doubled.kmeans(kmeans, rng), self.belief)?;
        let run = self.run_briefly(start, overfit);
        merge::reduce(
            run.model.expect(self.sample, self.belief).stats,
            self.n_components,
            self.belief,
        )
    }
}
