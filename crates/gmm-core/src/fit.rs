//! A whole fit: look at the data, start, climb, keep the best run.

use rayon::prelude::*;

use crate::background::Background;
use crate::belief::{Belief, Ridge};
use crate::covariance::CovarianceType;
use crate::em::{self, Outcome, Stopping};
use crate::error::GmmError;
use crate::fitted::{Fitted, Note, Progress};
use crate::frozen::Frozen;
use crate::gmm::{self, Gmm};
use crate::incomplete::{moments, prepared};
use crate::init::{InitMethod, Start};
use crate::moments::Moments;
use crate::prior::Prior;
use crate::sample::Sample;
use crate::search::{Found, Mending, Search};
use crate::soundness;
use crate::survey::Survey;

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256Plus;

/// The largest ratio of eigenvalues in a trimmed fit, unless another is asked for.
pub const TRIMMED_RATIO: f64 = 100.0;

/// What a fit may leave to gain for each free parameter, in nats of the whole log-likelihood, unless it is told. Near the
/// maximum a parameter that is t standard errors away costs ½t²: this is a seventieth of a standard error for each.
const LEFT_PER_PARAMETER: f64 = 1e-4;
/// It is at least and at most this, in nats per row.
const LEAST_LEFT: f64 = 1e-6;
const MOST_LEFT: f64 = 1e-4;

/// All parameters of a fit but the source of randomness.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Settings {
    pub(crate) n_components: usize,
    pub(crate) covariance_type: CovarianceType,
    /// In nats per row, if it is not for the size of the sample to say.
    pub(crate) tolerance: Option<f64>,
    pub(crate) ridge: Ridge,
    pub(crate) n_runs: usize,
    pub(crate) max_n_iterations: usize,
    pub(crate) init_method: InitMethod,
    pub(crate) accelerate: bool,
    pub(crate) prior: Option<Prior>,
    pub(crate) frozen: Frozen,
    pub(crate) has_background: bool,
    pub(crate) trimming: f64,
    pub(crate) eigenvalue_ratio: Option<f64>,
    pub(crate) mending: Mending,
    pub(crate) n_moves: usize,
}

/// The best of several runs, one from each seed.
pub(crate) fn fit(
    settings: &Settings,
    seeds: &[u64],
    sample: &Sample<'_>,
    observe: &(dyn Fn(Progress) + Sync),
) -> Result<Fitted, GmmError> {
    prepared(sample, settings.expects_outliers(), |sample| {
        let survey = settings.survey(sample)?;
        fit_prepared(settings, seeds, (sample, &survey), &[], observe)
    })
}

/// The same for a sample that is ready and has been [looked at](Settings::survey), from starts that are `shared` with
/// other fits if there are any.
pub(crate) fn fit_prepared(
    settings: &Settings,
    seeds: &[u64],
    (sample, survey): (&Sample<'_>, &Survey),
    shared: &[Vec<Moments>],
    observe: &(dyn Fn(Progress) + Sync),
) -> Result<Fitted, GmmError> {
    let sample = &sample.borrowed().with_trimming(settings.trimming);
    let n_components = settings.n_components;
    if survey.n_rows < n_components {
        return Err(GmmError::TooFewRows {
            n_rows: survey.n_rows,
            n_components,
        });
    }
    settings.covariance_type.check(sample.n_features())?;
    settings.check_labels(sample)?;
    settings.check_start(sample.n_features())?;
    let belief = settings.belief(sample, survey)?;
    let start = Start {
        sample,
        survey,
        belief: &belief,
        n_components,
        accelerate: settings.accelerate,
        seeds: shared,
    };
    let stopping = Stopping {
        tolerance: settings.tolerance_on(sample, &belief),
        max_n_iterations: settings.max_n_iterations,
        accelerate: settings.accelerate,
    };
    let search = Search {
        sample,
        belief: &belief,
        stopping,
    };
    let n_runs = seeds.len();
    let climb = |(run, &seed): (usize, &u64)| {
        observe(Progress::Starting { run, n_runs });
        let mut rng = Xoshiro256Plus::seed_from_u64(seed);
        // The first run begins with what others begin with too; the rest draw starts of their own.
        let seeds = if run == 0 { shared } else { &[] };
        let start = Start { seeds, ..start };
        let first = start.model(&settings.init_method, &mut rng)?;
        let tell = |iteration, objective| {
            observe(Progress::Climbing {
                run,
                n_runs,
                iteration,
                objective,
            });
        };
        let found = em::climb(first, sample, &belief, stopping, &tell);
        // What is given is not for a search to change.
        let found = if settings.init_method.is_given() || sample.labels().is_some() {
            Found::from(found)
        } else {
            search.moved(search.mended(found, settings.mending), settings.n_moves)
        };
        observe(Progress::Finished { run, n_runs });
        Ok(found)
    };
    let runs: Vec<Result<_, GmmError>> = seeds.par_iter().enumerate().map(climb).collect();
    // In the order of the seeds, so that of equals the first is kept.
    let mut best: Option<Found> = None;
    let mut refused = None;
    for found in runs {
        match found {
            Ok(found)
                if best
                    .as_ref()
                    .is_none_or(|b| search.rank(&found) < search.rank(b)) =>
            {
                best = Some(found);
            }
            Ok(_) => {}
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    match best {
        Some(found) => Ok(settings.fitted(found, sample, survey, &belief)),
        None => Err(refused.unwrap_or(GmmError::NoRows)),
    }
}

impl Settings {
    /// How near to its limit the mean log-likelihood must be, in nats per row.
    fn tolerance_on(&self, sample: &Sample<'_>, belief: &Belief) -> f64 {
        self.tolerance.unwrap_or_else(|| {
            let (k, d) = (self.n_components, sample.n_features());
            let n_shares = k + usize::from(self.has_background);
            let n_parameters = gmm::n_parameters(self.covariance_type, n_shares, k, d);
            let n_free = n_parameters.saturating_sub(belief.n_frozen());
            let left = LEFT_PER_PARAMETER * n_free as f64 / sample.kept_weight();
            left.clamp(LEAST_LEFT, MOST_LEFT)
        })
    }

    /// Whether there may be rows of no component.
    pub(crate) fn expects_outliers(&self) -> bool {
        self.trimming > 0.0 || self.has_background
    }

    /// The look at the data, in which outliers do not say what is large where there may be some.
    pub(crate) fn survey(&self, sample: &Sample<'_>) -> Result<Survey, GmmError> {
        let mut survey = Survey::of(sample)?;
        if self.expects_outliers() {
            survey.resist_outliers(sample);
        }
        Ok(survey)
    }

    fn fitted(
        &self,
        found: Found,
        sample: &Sample<'_>,
        survey: &Survey,
        belief: &Belief,
    ) -> Fitted {
        let run = found.run;
        let constant = survey
            .constant_columns
            .iter()
            .map(|&column| Note::ConstantColumn { column });
        let unseen = sample
            .unseen_rows()
            .map(|(first, count)| Note::UnseenRows { first, count });
        let flaws = soundness::flaws(&run.model, belief, sample.kept_weight());
        let collapsed = match run.outcome {
            Outcome::Collapsed { component } => Some(Note::Collapsed { component }),
            _ => None,
        };
        Fitted {
            entropy: run.height.entropy,
            notes: constant
                .chain(unseen)
                .chain(found.notes)
                .chain(flaws)
                .chain(collapsed)
                .collect(),
            model: Gmm::from_mixture(run.model, self.covariance_type),
            objective: run.objective,
            mean_log_likelihood: run.height.mean_log_likelihood,
            n_frozen: belief.n_frozen(),
            outcome: run.outcome,
            tolerance: self.tolerance_on(sample, belief),
            total_weight: sample.kept_weight(),
        }
    }

    /// What the fit may find.
    fn belief(&self, sample: &Sample<'_>, survey: &Survey) -> Result<Belief, GmmError> {
        let mut belief = Belief::new(self.covariance_type, self.ridge, &survey.scale);
        let of_trimmed =
            (self.trimming > 0.0 && self.covariance_type.allows_ratio()).then_some(TRIMMED_RATIO);
        if let Some(largest) = self.eigenvalue_ratio.or(of_trimmed) {
            belief = belief.with_ratio(largest, &survey.scale);
        }
        if let Some(prior) = &self.prior {
            let (k, of) = (self.n_components, self.covariance_type);
            let moments = moments(sample, survey, of.form())?;
            belief = belief.with_prior(prior.resolve(of, k, &moments)?);
        }
        if !self.frozen.is_empty() {
            let InitMethod::Parameters(given) = &self.init_method else {
                return Err(GmmError::InvalidParameter {
                    name: "frozen parameters",
                    value: String::from("given without a start"),
                    allowed: "those of a start that is given, InitMethod::Parameters",
                });
            };
            let has_own = self.covariance_type.has_own_covariances();
            if self.frozen.has_weights() && given.background().is_some() != self.has_background {
                return Err(GmmError::InvalidParameter {
                    name: "frozen weights",
                    value: String::from("those of a start with a background, or without"),
                    allowed: "of a start that has a background where the fit has one",
                });
            }
            belief = belief.with_kept(self.frozen.values(given.mixture(), has_own)?);
        }
        if self.has_background {
            belief = belief.with_background(box_of(survey));
        }
        Ok(belief)
    }

    fn check_labels(&self, sample: &Sample<'_>) -> Result<(), GmmError> {
        let mut labels = sample.labels().into_iter().flatten().enumerate();
        let n_components = self.n_components;
        match labels.find(|(_, label)| label.is_some_and(|label| label >= n_components)) {
            Some((row, label)) => Err(GmmError::InvalidLabel {
                row,
                label: label.unwrap_or_default(),
                n_components,
            }),
            None => Ok(()),
        }
    }

    fn check_start(&self, n_features: usize) -> Result<(), GmmError> {
        let InitMethod::Parameters(given) = &self.init_method else {
            return Ok(());
        };
        let found = given.n_components();
        GmmError::check_size("components of the given start", self.n_components, found)?;
        let found = given.n_features();
        GmmError::check_size("columns of the given start", n_features, found)?;
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

/// The smallest box that holds all rows; a constant column has its scale for a side.
fn box_of(survey: &Survey) -> Background {
    let side = |(j, range): (usize, &(f64, f64))| {
        let is_constant = survey.constant_columns.contains(&j);
        let margin = if is_constant {
            0.5 * survey.scale[j].sqrt()
        } else {
            0.0
        };
        (range.0 - margin, range.1 + margin)
    };
    let (low, high) = survey.range.iter().enumerate().map(side).unzip();
    Background { low, high }
}
