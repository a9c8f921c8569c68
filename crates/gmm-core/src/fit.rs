//! A whole fit: look at the data, start, climb, keep the best run.

use rayon::prelude::*;

use crate::covariance::CovarianceType;
use crate::em::{self, Outcome, Run, Stopping};
use crate::error::GmmError;
use crate::fitted::{Fitted, Note, Progress};
use crate::gaussian::Gaussian;
use crate::gmm::Gmm;
use crate::init::{InitMethod, Start};
use crate::likelihood::{MaximumLikelihood, Ridge};
use crate::mixture::Mixture;
use crate::sample::Sample;
use crate::soundness;
use crate::survey::Survey;

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256Plus;

/// All parameters of a fit but the source of randomness.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Settings {
    pub(crate) n_components: usize,
    pub(crate) covariance_type: CovarianceType,
    pub(crate) tolerance: f64,
    pub(crate) ridge: Ridge,
    pub(crate) n_runs: usize,
    pub(crate) max_n_iterations: usize,
    pub(crate) init_method: InitMethod,
    pub(crate) accelerate: bool,
}

/// Does the work on the threads that all parallel loops share. From outside, every loop would have to wait for
/// them to wake up.
pub(crate) fn in_parallel<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    rayon::join(work, || ()).0
}

/// The best of several runs, one from each seed.
pub(crate) fn fit(
    settings: &Settings,
    seeds: &[u64],
    sample: &Sample<'_>,
    observe: &(dyn Fn(Progress) + Sync),
) -> Result<Fitted, GmmError> {
    sample.in_tiles(|sample| fit_tiles(settings, seeds, sample, observe))
}

fn fit_tiles(
    settings: &Settings,
    seeds: &[u64],
    sample: &Sample<'_>,
    observe: &(dyn Fn(Progress) + Sync),
) -> Result<Fitted, GmmError> {
    let survey = Survey::of(sample)?;
    let n_components = settings.n_components;
    if survey.n_rows < n_components {
        return Err(GmmError::TooFewRows {
            n_rows: survey.n_rows,
            n_components,
        });
    }
    settings.check_start(sample.n_features())?;
    let belief = MaximumLikelihood::new(settings.covariance_type, settings.ridge, &survey.scale);
    let start = Start {
        sample,
        survey: &survey,
        belief: &belief,
        n_components,
        accelerate: settings.accelerate,
    };
    let stopping = Stopping {
        tolerance: settings.tolerance,
        max_n_iterations: settings.max_n_iterations,
        accelerate: settings.accelerate,
    };
    let n_runs = seeds.len();
    let climb = |(run, &seed): (usize, &u64)| {
        observe(Progress::Starting { run, n_runs });
        let mut rng = Xoshiro256Plus::seed_from_u64(seed);
        let first = start.model(&settings.init_method, &mut rng)?;
        let tell = |iteration, objective| {
            observe(Progress::Climbing {
                run,
                n_runs,
                iteration,
                objective,
            });
        };
        let run_of_model = em::climb(first, sample, &belief, stopping, &tell);
        observe(Progress::Finished { run, n_runs });
        Ok(run_of_model)
    };
    let runs: Vec<Result<_, GmmError>> = seeds.par_iter().enumerate().map(climb).collect();
    // In the order of the seeds, so that of equals the first is kept.
    let mut best: Option<Run<Mixture<Gaussian>>> = None;
    let mut refused = None;
    let worth = |run: &Run<_>| soundness::rank(run, &belief, survey.weight);
    for run in runs {
        match run {
            Ok(run) if best.as_ref().is_none_or(|best| worth(&run) < worth(best)) => {
                best = Some(run);
            }
            Ok(_) => {}
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    match best {
        Some(run) => Ok(fitted(run, settings.covariance_type, &survey, &belief)),
        None => Err(refused.unwrap_or(GmmError::NoRows)),
    }
}

fn fitted(
    run: Run<Mixture<Gaussian>>,
    covariance_type: CovarianceType,
    survey: &Survey,
    belief: &MaximumLikelihood,
) -> Fitted {
    let constant = survey
        .constant_columns
        .iter()
        .map(|&column| Note::ConstantColumn { column });
    let flaws = soundness::flaws(&run.model, belief, survey.weight);
    let collapsed = match run.outcome {
        Outcome::Collapsed { component } => Some(Note::Collapsed { component }),
        _ => None,
    };
    Fitted {
        notes: constant.chain(flaws).chain(collapsed).collect(),
        model: Gmm::from_mixture(run.model, covariance_type),
        objective: run.objective,
        outcome: run.outcome,
        total_weight: survey.weight,
    }
}

impl Settings {
    fn check_start(&self, n_features: usize) -> Result<(), GmmError> {
        let InitMethod::Parameters(given) = &self.init_method else {
            return Ok(());
        };
        for (what, expected, found) in [
            (
                "components of the given start",
                self.n_components,
                given.n_components(),
            ),
            ("columns of the given start", n_features, given.n_features()),
        ] {
            if expected != found {
                return Err(GmmError::SizeMismatch {
                    what,
                    expected,
                    found,
                });
            }
        }
        if given.covariance_type() != self.covariance_type {
            return Err(GmmError::InvalidParameter {
                name: "covariance type of the given start",
                value: format!(
                    "{} in a fit of {}",
                    given.covariance_type(),
                    self.covariance_type
                ),
                allowed: "that of the fit",
            });
        }
        Ok(())
    }
}
