//! Guesses of the regimes that a fit of a hidden Markov model starts from.

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256Plus;

use super::{Hmm, HmmParams, Learnt, Start, best_ends};
use crate::belief::Belief;
use crate::chain::{Kind, Posterior};
use crate::covariance::{Covariance, CovarianceType};
use crate::em::Stopping;
use crate::error::GmmError;
use crate::gaussian::Gaussian;
use crate::gmm::Gmm;
use crate::incomplete::moments;
use crate::init::{self, InitMethod};
use crate::mixture::Mixture;
use crate::sample::Sample;
use crate::shares::Shares;
use crate::survey::Survey;

impl HmmParams {
    /// Multiplications that all short fits together may take.
    const BUDGET: f64 = 2e9;

    /// Regimes by a mixture of the rows, then stretches at random, whose lengths go from a few rows to a large part of all;
    /// of several components for each regime, then those of its rows.
    pub(super) fn starts(
        &self,
        data: Learnt<'_>,
        survey: &Survey,
        belief: &Belief,
    ) -> Result<Vec<Hmm<Gaussian>>, GmmError> {
        let mut rng = Xoshiro256Plus::seed_from_u64(self.course.seed);
        let sample = data.sequences.sample();
        let (n, d) = (sample.n_rows() as f64, sample.n_features());
        let whole = self.whole(sample, survey, belief)?;
        let kind = Kind {
            is_stationary: self.course.is_stationary,
            memory: 0,
        };
        let start = Start {
            data,
            belief,
            n_regimes: self.course.n_regimes,
            kind,
            whole: &whole,
        };
        let of_mixture = init::Start {
            sample,
            survey,
            belief,
            n_components: self.course.n_regimes,
            accelerate: self.course.accelerate,
            seeds: &[],
        };
        let cost = 20.0 * n * (self.course.n_regimes * (d * d + self.course.n_regimes)) as f64;
        let n_starts = self
            .course
            .n_starts
            .min(((Self::BUDGET / cost) as usize).max(3));
        let mut starts = Vec::with_capacity(n_starts);
        let methods = [
            InitMethod::Pool,
            InitMethod::KMeans,
            InitMethod::Agglomerate,
        ];
        for place in 0..n_starts {
            let regimes = match methods.get(place) {
                Some(method) => labels_of(&of_mixture.model(method, &mut rng)?, sample)
                    .into_iter()
                    .map(Some)
                    .collect(),
                None => {
                    let share = (place - methods.len()) as f64 / (n_starts - methods.len()) as f64;
                    let longest = (n / (2.0 * self.course.n_regimes as f64)).max(2.0);
                    start.random_regimes(2.0 * (longest / 2.0).powf(share), &mut rng)
                }
            };
            starts.push(start.of_regimes(&regimes)?);
        }
        if self.n_components == 1 {
            return Ok(starts);
        }
        // The best regimes of one Gaussian each need not be those of mixtures.
        let stopping = Stopping {
            max_n_iterations: 60,
            ..self.course.stopping()
        };
        let n_divided = self.course.n_starts.div_ceil(3);
        let rough = best_ends(starts, data, belief, stopping, n_divided);
        let divided = rough.iter().cycle().take(n_divided.min(4 * rough.len()));
        divided
            .map(|rough| self.divided(rough, data, belief, &mut rng))
            .collect()
    }

    /// The emission of all rows together.
    fn whole(
        &self,
        sample: &Sample<'_>,
        survey: &Survey,
        belief: &Belief,
    ) -> Result<Gaussian, GmmError> {
        use crate::emission::Estimate as _;
        let moments = moments(sample, survey, self.covariance_type.form())?;
        let stats = vec![moments; self.n_emissions()];
        Ok(match belief.emissions(&stats, None) {
            Ok(mut emissions) => emissions.swap_remove(0),
            // Where the family needs a ridge.
            Err(_) => Gaussian::new(
                survey.mean.clone(),
                Covariance::diagonal(survey.scale.clone())
                    .map_err(|p| GmmError::Overflow { column: p.0 })?,
            ),
        })
    }

    /// A model of one Gaussian for each regime with each divided into a mixture of its rows.
    fn divided(
        &self,
        rough: &Hmm<Gaussian>,
        data: Learnt<'_>,
        belief: &Belief,
        rng: &mut Xoshiro256Plus,
    ) -> Result<Hmm<Gaussian>, GmmError> {
        use rand::RngCore as _;
        let m = self.n_components;
        let sample = data.sequences.sample();
        let k = self.course.n_regimes;
        let posteriors = rough.posteriors(Posterior::Smoothed, data.sequences).values;
        let mut mixes = Vec::with_capacity(k);
        let mut emissions = Vec::with_capacity(k * m);
        for s in 0..k {
            let weights: Vec<f64> = (0..sample.n_rows())
                .map(|i| posteriors[i * k + s] * sample.weight(i))
                .collect();
            let params = Gmm::params_with_rng(m, Xoshiro256Plus::seed_from_u64(rng.next_u64()))
                .covariance_type(CovarianceType::Diagonal)
                .ridge(self.course.ridge)
                .max_n_iterations(30);
            // In place of what was not seen something stands; rows of which nothing was seen have no weight.
            match params.fit_weighted(sample.rows(), &weights) {
                Ok(fitted) => {
                    let mixture = fitted.model.mixture();
                    mixes.push(mixture.shares().clone());
                    emissions.extend_from_slice(mixture.components());
                }
                // Too few rows of its own: what it was, several times.
                Err(_) => {
                    mixes.push(Shares::of_counts(&vec![1.0; m]));
                    emissions.extend(vec![rough.emissions()[s].clone(); m]);
                }
            }
        }
        self.in_family(
            Hmm::new(rough.chain().clone(), mixes, emissions),
            data,
            belief,
        )
    }

    /// The model of the family that the rows make of one which may be of another.
    fn in_family(
        &self,
        hmm: Hmm<Gaussian>,
        data: Learnt<'_>,
        belief: &Belief,
    ) -> Result<Hmm<Gaussian>, GmmError> {
        use crate::emission::Latent as _;
        let stats = hmm.expect(data, belief).stats;
        let rough = Hmm::maximize(&stats, belief, None)?;
        Ok(rough)
    }
}

/// The most probable component of each row.
fn labels_of(mixture: &Mixture<Gaussian>, sample: &Sample<'_>) -> Vec<usize> {
    let evaluation = mixture.evaluation();
    let mut labels = vec![0; sample.n_rows()];
    let whole = sample.on(sample.rows());
    whole.map_tiles(1, &mut labels, |joint, tile, out| {
        let mut best = vec![0.0; out.len()];
        for (k, column) in evaluation.posterior(tile, joint).enumerate() {
            for ((label, best), r) in out.iter_mut().zip(&mut best).zip(column) {
                if *r > *best {
                    (*label, *best) = (k, *r);
                }
            }
        }
    });
    labels
}
