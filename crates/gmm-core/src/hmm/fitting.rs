//! The estimator of hidden Markov models.

use super::course::{Course, course_setters, refused};
use super::{GaussianHmm, Hmm, Learnt, Sequences, best_run, check_labels};
use crate::belief::Belief;
use crate::covariance::CovarianceType;
use crate::em::{Outcome, Run};
use crate::error::GmmError;
use crate::fitted::Note;
use crate::gaussian::Gaussian;
use crate::gmm;
use crate::incomplete::{moments, prepared};
use crate::mixture::Mixture;
use crate::prior::Prior;
use crate::sample::Sample;
use crate::shares::Shares;
use crate::soundness;
use crate::survey::Survey;
use crate::threads::in_parallel;

/// Parameters of a fit of hidden Markov models.
///
/// | parameter | default | hmmlearn |
/// |---|---|---|
/// | `n_components` of each regime | 1 | `n_mix` |
/// | `covariance_type` | [`CovarianceType::Full`] | `covariance_type` = diag |
/// | `tolerance` | 1e-7 nats per row, from the limit | `tol` = 1e-2, of one step, of the sum |
/// | `ridge` | [`Ridge::Relative`](crate::Ridge::Relative)`(1e-6)` | `covars_prior` = 1e-2, in the units of the data |
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
    pub(super) course: Course,
    pub(super) n_components: usize,
    pub(super) covariance_type: CovarianceType,
    prior: Option<Prior>,
    start: Option<GaussianHmm>,
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
            log_likelihood: run.height.mean_log_likelihood * total_weight,
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
            course: Course::new(n_regimes),
            n_components: 1,
            covariance_type: CovarianceType::Full,
            prior: None,
            start: None,
        }
    }
}

course_setters!(HmmParams);

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

    /// What is believed of means, covariances and mixes before any rows; the model is then the mode of the posterior.
    #[must_use]
    pub fn prior(self, prior: Prior) -> Self {
        Self {
            prior: Some(prior),
            ..self
        }
    }

    /// A model to go on from, the only start then; its chain says whether the beginning is free.
    #[must_use]
    pub fn start(self, start: GaussianHmm) -> Self {
        Self {
            start: Some(start),
            ..self
        }
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
        let prior = self.course.prior();
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
        let run = best_run(
            starts,
            learnt,
            &belief,
            self.course.stopping(),
            &flaws,
            observe,
        )
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
        self.course.n_regimes.saturating_mul(self.n_components)
    }

    fn belief(
        &self,
        sample: &Sample<'_>,
        survey: &Survey,
        n_emissions: usize,
    ) -> Result<Belief, GmmError> {
        let belief = Belief::new(self.covariance_type, self.course.ridge, &survey.scale);
        let Some(prior) = &self.prior else {
            return Ok(belief);
        };
        let moments = moments(sample, survey, self.covariance_type.form())?;
        Ok(belief.with_prior(prior.resolve(self.covariance_type, n_emissions, &moments)?))
    }

    fn check(&self, data: &Sequences<'_>) -> Result<(), GmmError> {
        self.course.check()?;
        if self.n_components == 0 {
            return Err(refused("components of each regime", 0, "at least 1"));
        }
        if let Some(prior) = &self.prior {
            prior.check()?;
        }
        check_labels(data.sample(), self.course.n_regimes)?;
        let Some(start) = &self.start else {
            return Ok(());
        };
        GmmError::check_size(
            "regimes of the given start",
            self.course.n_regimes,
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
            return Err(refused(
                "covariance type of the given start",
                start.covariance_type(),
                "that of the fit",
            ));
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
