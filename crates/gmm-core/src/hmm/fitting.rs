//! The estimator of hidden Markov models.

use super::{GaussianHmm, Hmm, Learnt, Sequences, best_run, check_labels};
use crate::belief::{Belief, Ridge};
use crate::chain::ChainPrior;
use crate::covariance::CovarianceType;
use crate::em::{Outcome, Run, Stopping};
use crate::error::GmmError;
use crate::fit::in_parallel;
use crate::fitted::Note;
use crate::gaussian::Gaussian;
use crate::gmm::{self};
use crate::incomplete::{moments, prepared};
use crate::mixture::Mixture;
use crate::prior::Prior;
use crate::sample::Sample;
use crate::shares::Shares;
use crate::soundness;
use crate::survey::Survey;

/// Parameters of a fit of hidden Markov models.
///
/// | parameter | default | hmmlearn |
/// |---|---|---|
/// | `n_components` of each regime | 1 | `n_mix` |
/// | `covariance_type` | [`CovarianceType::Full`] | `covariance_type` = diag |
/// | `tolerance` | 1e-7 nats per row, from the limit | `tol` = 1e-2, of one step, of the sum |
/// | `ridge` | [`Ridge::Relative`]`(1e-6)` | `covars_prior` = 1e-2, in the units of the data |
/// | `stationary` | false: the beginning is free | false |
/// | `stickiness`, `concentration` | 0, 1: none | `transmat_prior` = 1 |
/// | `prior` | none | several |
/// | `n_starts` | 24, fewer where rows are many | 1 |
/// | `max_n_iterations` | 1000 | `n_iter` = 10 |
/// | `accelerate` | true: SQUAREM | none |
/// | `seed` | 42 | `random_state` |
///
/// Degenerate data end as in fits of mixtures ([`GmmParams`](crate::GmmParams)); what is said there of components holds for
/// the components of all regimes.
#[derive(Debug, Clone, PartialEq)]
pub struct HmmParams {
    pub(super) n_regimes: usize,
    pub(super) n_components: usize,
    pub(super) covariance_type: CovarianceType,
    pub(super) ridge: Ridge,
    prior: Option<Prior>,
    stickiness: f64,
    concentration: f64,
    pub(super) is_stationary: bool,
    pub(super) n_starts: usize,
    max_n_iterations: usize,
    tolerance: f64,
    pub(super) accelerate: bool,
    start: Option<GaussianHmm>,
    pub(super) seed: u64,
}

/// What a fit returns.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FittedHmm<M = GaussianHmm> {
    /// The model.
    pub model: M,
    /// The mean over the rows of ln p, and of the logarithm of the prior where there is one, before each M-step and of
    /// the model.
    pub objective: Vec<f64>,
    /// How the fit ended.
    pub outcome: Outcome,
    /// ln p of all sequences, in nats.
    pub log_likelihood: f64,
    /// Rows, as often as each was observed.
    pub total_weight: f64,
    /// Free parameters.
    pub n_parameters: usize,
    /// What its user should know; components are counted over all regimes.
    pub notes: Vec<Note>,
}

impl<M> FittedHmm<M> {
    pub(crate) fn new<E>(
        run: Run<Hmm<E>>,
        total_weight: f64,
        model: impl FnOnce(Hmm<E>) -> (M, usize),
    ) -> Self {
        let (model, n_parameters) = model(run.model);
        Self {
            model,
            n_parameters,
            log_likelihood: run.mean_log_likelihood * total_weight,
            objective: run.objective,
            outcome: run.outcome,
            total_weight,
            notes: Vec::new(),
        }
    }

    /// M-steps.
    pub fn n_iterations(&self) -> usize {
        self.objective.len().saturating_sub(1)
    }

    /// −2 ln L + p ln n; the smaller the better.
    pub fn bic(&self) -> f64 {
        gmm::bic(self.log_likelihood, self.n_parameters, self.total_weight)
    }

    /// −2 ln L + 2p; the smaller the better.
    pub fn aic(&self) -> f64 {
        gmm::aic(self.log_likelihood, self.n_parameters)
    }
}

impl GaussianHmm {
    /// An estimator of models of `n_regimes` regimes, with the defaults of [`HmmParams`].
    pub fn params(n_regimes: usize) -> HmmParams {
        HmmParams {
            n_regimes,
            n_components: 1,
            covariance_type: CovarianceType::Full,
            ridge: Ridge::Relative(1e-6),
            prior: None,
            stickiness: 0.0,
            concentration: 1.0,
            is_stationary: false,
            n_starts: 24,
            max_n_iterations: 1000,
            tolerance: 1e-7,
            accelerate: true,
            start: None,
            seed: 42,
        }
    }
}

impl HmmParams {
    /// Gaussians of each regime; of several, their mixture is what it emits.
    #[must_use]
    pub fn n_components(self, n_components: usize) -> Self {
        Self {
            n_components,
            ..self
        }
    }

    /// The constraint on the covariances of all components of all regimes.
    #[must_use]
    pub fn covariance_type(self, covariance_type: CovarianceType) -> Self {
        Self {
            covariance_type,
            ..self
        }
    }

    /// What is added to every variance.
    #[must_use]
    pub fn ridge(self, ridge: Ridge) -> Self {
        Self { ridge, ..self }
    }

    /// What is believed of means, covariances and mixes before any rows; the model is then the mode of the posterior.
    #[must_use]
    pub fn prior(self, prior: Prior) -> Self {
        Self {
            prior: Some(prior),
            ..self
        }
    }

    /// Steps from each regime to itself that were seen before any rows: regimes that last are then more probable.
    #[must_use]
    pub fn stickiness(self, stickiness: f64) -> Self {
        Self { stickiness, ..self }
    }

    /// Concentration of the Dirichlet distribution of each row of the transitions, at least 1, which says nothing.
    #[must_use]
    pub fn concentration(self, concentration: f64) -> Self {
        Self {
            concentration,
            ..self
        }
    }

    /// Whether the chain has always been running, so that it begins in its stationary distribution.
    #[must_use]
    pub fn stationary(self, is_stationary: bool) -> Self {
        Self {
            is_stationary,
            ..self
        }
    }

    /// Starts, at least 1: regimes by a mixture of the rows first, then stretches at random.
    #[must_use]
    pub fn n_starts(self, n_starts: usize) -> Self {
        Self { n_starts, ..self }
    }

    /// Most M-steps of the last fit.
    #[must_use]
    pub fn max_n_iterations(self, max_n_iterations: usize) -> Self {
        Self {
            max_n_iterations,
            ..self
        }
    }

    /// A fit has converged when its objective is estimated to be within this of its limit, in nats per row. 0 never ends a
    /// fit early.
    #[must_use]
    pub fn tolerance(self, tolerance: f64) -> Self {
        Self { tolerance, ..self }
    }

    /// Whether SQUAREM may extrapolate.
    #[must_use]
    pub fn accelerate(self, accelerate: bool) -> Self {
        Self { accelerate, ..self }
    }

    /// A model to go on from, the only start then; its chain says whether the beginning is free.
    #[must_use]
    pub fn start(self, start: GaussianHmm) -> Self {
        Self {
            start: Some(start),
            ..self
        }
    }

    /// Seed of the starts.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Learns a model.
    ///
    /// # Errors
    /// [`GmmError::InvalidParameter`] for a parameter out of its range; [`GmmError::TooFewRows`] for fewer rows than
    /// components; those of fits of mixtures for the rows.
    pub fn fit(&self, data: &Sequences<'_>) -> Result<FittedHmm, GmmError> {
        self.fit_observed(data, &|_, _| {})
    }

    /// The same; `observe(iteration, objective)` is told of the steps of the last fit.
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub fn fit_observed(
        &self,
        data: &Sequences<'_>,
        observe: &(dyn Fn(usize, f64) + Sync),
    ) -> Result<FittedHmm, GmmError> {
        self.check(data)?;
        in_parallel(|| {
            prepared(data.sample(), false, |sample| {
                self.fit_prepared(data, sample, observe)
            })
        })
    }

    fn fit_prepared(
        &self,
        data: &Sequences<'_>,
        sample: &Sample<'_>,
        observe: &(dyn Fn(usize, f64) + Sync),
    ) -> Result<FittedHmm, GmmError> {
        let data = data.on(sample);
        let survey = Survey::of(sample)?;
        let n_emissions = self.n_emissions();
        if survey.n_rows < n_emissions {
            return Err(GmmError::TooFewRows {
                n_rows: survey.n_rows,
                n_components: n_emissions,
            });
        }
        self.covariance_type.check(sample.n_features())?;
        let belief = self.belief(sample, &survey, n_emissions)?;
        let prior = ChainPrior {
            of_each: self.concentration - 1.0,
            of_staying: self.stickiness,
        };
        let learnt = Learnt {
            sequences: &data,
            prior: &prior,
        };
        let starts = match &self.start {
            Some(start) => vec![start.hmm().clone()],
            None => self.starts(learnt, &survey, &belief)?,
        };
        let flaws = |hmm: &Hmm<Gaussian>| {
            soundness::flaws(&hmm.as_mixture(), &belief, sample.total_weight()).len()
        };
        let run = best_run(starts, learnt, &belief, self.stopping(), &flaws, observe)
            .ok_or(GmmError::NoRows)?;
        let constant = survey
            .constant_columns
            .iter()
            .map(|&column| Note::ConstantColumn { column });
        let unseen = sample
            .unseen_rows()
            .map(|(first, count)| Note::UnseenRows { first, count });
        let flaws = soundness::flaws(&run.model.as_mixture(), &belief, sample.total_weight());
        let notes = constant.chain(unseen).chain(flaws).collect();
        let model = |hmm| {
            let model = GaussianHmm::of(hmm, self.covariance_type);
            let n = model.n_parameters();
            (model, n)
        };
        Ok(FittedHmm {
            notes,
            ..FittedHmm::new(run, sample.total_weight(), model)
        })
    }

    pub(super) fn n_emissions(&self) -> usize {
        self.n_regimes.saturating_mul(self.n_components)
    }

    pub(super) fn stopping(&self) -> Stopping {
        Stopping {
            tolerance: self.tolerance,
            max_n_iterations: self.max_n_iterations,
            accelerate: self.accelerate,
        }
    }

    fn belief(
        &self,
        sample: &Sample<'_>,
        survey: &Survey,
        n_emissions: usize,
    ) -> Result<Belief, GmmError> {
        let belief = Belief::new(self.covariance_type, self.ridge, &survey.scale);
        let Some(prior) = &self.prior else {
            return Ok(belief);
        };
        let moments = moments(sample, survey, self.covariance_type.form())?;
        Ok(belief.with_prior(prior.resolve(self.covariance_type, n_emissions, &moments)?))
    }

    fn check(&self, data: &Sequences<'_>) -> Result<(), GmmError> {
        let refuse = |name, value: String, allowed| {
            Err(GmmError::InvalidParameter {
                name,
                value,
                allowed,
            })
        };
        let at_least_one = "at least 1";
        let is_size = |x: f64| x.is_finite() && x >= 0.0;
        if self.n_regimes == 0 {
            return refuse("number of regimes", String::from("0"), at_least_one);
        }
        if self.n_components == 0 {
            return refuse("components of each regime", String::from("0"), at_least_one);
        }
        if self.n_starts == 0 {
            return refuse("number of starts", String::from("0"), at_least_one);
        }
        if !is_size(self.tolerance) {
            return refuse(
                "tolerance",
                self.tolerance.to_string(),
                "a finite number of at least 0",
            );
        }
        if !is_size(self.stickiness) {
            return refuse(
                "stickiness",
                self.stickiness.to_string(),
                "a finite number of at least 0",
            );
        }
        if !(is_size(self.concentration) && self.concentration >= 1.0) {
            return refuse(
                "concentration of the transitions",
                self.concentration.to_string(),
                "a finite number of at least 1",
            );
        }
        let ridge = match self.ridge {
            Ridge::Relative(ridge) | Ridge::Absolute(ridge) => ridge,
        };
        if !is_size(ridge) {
            return refuse("ridge", ridge.to_string(), "a finite number of at least 0");
        }
        if let Some(prior) = &self.prior {
            prior.check()?;
        }
        check_labels(data.sample(), self.n_regimes)?;
        let Some(start) = &self.start else {
            return Ok(());
        };
        GmmError::check_size(
            "regimes of the given start",
            self.n_regimes,
            start.n_regimes(),
        )?;
        GmmError::check_size(
            "components of the given start",
            self.n_emissions(),
            start.hmm().emissions().len(),
        )?;
        GmmError::check_size(
            "columns of the given start",
            data.sample().n_features(),
            start.n_features(),
        )?;
        if start.covariance_type() != self.covariance_type {
            return refuse(
                "covariance type of the given start",
                start.covariance_type().to_string(),
                "that of the fit",
            );
        }
        Ok(())
    }
}

impl Hmm<Gaussian> {
    /// What is emitted in the long run.
    pub(crate) fn as_mixture(&self) -> Mixture<Gaussian> {
        let regimes = self.chain().stationary();
        let shares = self.mixes().iter().zip(&regimes);
        let shares = shares.flat_map(|(mix, p)| mix.values().iter().map(move |c| p * c));
        Mixture::new(
            Shares::of_whole(shares.collect()),
            self.emissions().to_vec(),
            None,
        )
    }
}
