//! The estimator of switching regressions.

use super::belief::{PseudoRows, RegressionBelief, What};
use super::hamilton::{HamiltonBelief, HamiltonPrior};
use super::model::{Switches, SwitchingRegression, check_n_states, whole_rows};
use super::regressor::Regressor;
use crate::belief::Ridge;
use crate::chain::{ChainPrior, Kind};
use crate::covariance::CovarianceType;
use crate::em::Stopping;
use crate::emission::Estimate;
use crate::error::GmmError;
use crate::fit::in_parallel;
use crate::fitted::Note;
use crate::hmm::{FittedHmm, Hmm, Learnt, Sequences, Start, best_run, check_labels};
use crate::moments::Form;
use crate::sample::Sample;
use crate::survey::Survey;

/// Parameters of a fit of switching regressions.
///
/// | parameter | default | statsmodels |
/// |---|---|---|
/// | `n_targets` | 1 | 1 |
/// | `switches` | [`Switches::All`] | `switching_trend`, `switching_ar`, `switching_exog` |
/// | `own_variances` | true | `switching_variance` = False |
/// | `stationary` | true | always |
/// | `stickiness`, `concentration` | 0, 1: none | none |
/// | `prior_rows` | 0: maximum likelihood | none |
/// | `ridge` | [`Ridge::Relative`]`(1e-6)` | none |
/// | `tolerance` | 1e-9 nats per row, from the limit | 1e-5 of a gradient |
/// | `n_starts` | 32 | 1, `search_reps` = 0 |
///
/// A fit in which a regime rests on too few rows for its parameters, or has a variance of almost nothing against that of one
/// regression of all rows, describes those rows and no regime: sound ones are preferred whatever the likelihood, and
/// [`Note::ThinComponent`] tells where there is none.
#[derive(Debug, Clone, PartialEq)]
pub struct SwitchingParams {
    pub(super) n_regimes: usize,
    pub(super) n_targets: usize,
    switches: Switches,
    has_own_variances: bool,
    is_stationary: bool,
    stickiness: f64,
    concentration: f64,
    prior_rows: f64,
    ridge: Ridge,
    tolerance: f64,
    max_n_iterations: usize,
    accelerate: bool,
    pub(super) n_starts: usize,
    start: Option<SwitchingRegression>,
    pub(super) seed: u64,
}

impl SwitchingRegression {
    /// An estimator of models of `n_regimes` regimes, with the defaults of [`SwitchingParams`].
    pub fn params(n_regimes: usize) -> SwitchingParams {
        SwitchingParams {
            n_regimes,
            n_targets: 1,
            switches: Switches::All,
            has_own_variances: true,
            is_stationary: true,
            stickiness: 0.0,
            concentration: 1.0,
            prior_rows: 0.0,
            ridge: Ridge::Relative(1e-6),
            tolerance: 1e-9,
            max_n_iterations: 2000,
            accelerate: true,
            n_starts: 32,
            start: None,
            seed: 42,
        }
    }
}

impl SwitchingParams {
    /// Columns at the end of a row that the others explain.
    #[must_use]
    pub fn n_targets(self, n_targets: usize) -> Self {
        Self { n_targets, ..self }
    }

    /// What differs between regimes.
    #[must_use]
    pub fn switches(self, switches: Switches) -> Self {
        Self { switches, ..self }
    }

    /// Whether each regime has its own variance, or all a common one.
    #[must_use]
    pub fn own_variances(self, has_own_variances: bool) -> Self {
        Self {
            has_own_variances,
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

    /// Steps from each regime to itself that were seen before any rows.
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

    /// Rows that each regime is believed to have seen beforehand, with the means and variances of the data and no
    /// dependence: the model is then the mode of the posterior. 0 is maximum likelihood.
    #[must_use]
    pub fn prior_rows(self, prior_rows: f64) -> Self {
        Self { prior_rows, ..self }
    }

    /// What is added to every variance of residuals; a relative one is a share of the variance of each target.
    #[must_use]
    pub fn ridge(self, ridge: Ridge) -> Self {
        Self { ridge, ..self }
    }

    /// A fit has converged when its objective is estimated to be within this of its limit, in nats per row. 0 never ends a
    /// fit early.
    #[must_use]
    pub fn tolerance(self, tolerance: f64) -> Self {
        Self { tolerance, ..self }
    }

    /// Most M-steps of the last fit.
    #[must_use]
    pub fn max_n_iterations(self, max_n_iterations: usize) -> Self {
        Self {
            max_n_iterations,
            ..self
        }
    }

    /// Whether SQUAREM may extrapolate.
    #[must_use]
    pub fn accelerate(self, accelerate: bool) -> Self {
        Self { accelerate, ..self }
    }

    /// Starts, at least 1.
    #[must_use]
    pub fn n_starts(self, n_starts: usize) -> Self {
        Self { n_starts, ..self }
    }

    /// A model to go on from, the only start then; its chain says whether the beginning is free.
    #[must_use]
    pub fn start(self, start: SwitchingRegression) -> Self {
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
    /// [`GmmError::InvalidParameter`] for a parameter out of its range; [`GmmError::TooFewRowsFor`] for fewer complete rows
    /// than parameters; [`GmmError::NonFinite`] and [`GmmError::Overflow`] for the rows.
    pub fn fit(&self, data: &Sequences<'_>) -> Result<FittedHmm<SwitchingRegression>, GmmError> {
        let sample = data.sample();
        self.check(sample)?;
        let parts = whole_rows(sample)?;
        in_parallel(|| self.fit_prepared(&data.on(&sample.in_parts(sample.rows(), &parts))))
    }

    fn fit_prepared(
        &self,
        data: &Sequences<'_>,
    ) -> Result<FittedHmm<SwitchingRegression>, GmmError> {
        let survey = Survey::of(data.sample())?;
        let residual_type = if self.has_own_variances {
            CovarianceType::Full
        } else {
            CovarianceType::Tied
        };
        let regression = RegressionBelief::new(&survey, self.n_targets, residual_type, self.ridge);
        if self.switches == Switches::Mean {
            let belief =
                HamiltonBelief::new(&survey, self.n_regimes, self.has_own_variances, self.ridge);
            let n_parameters = belief.n_parameters();
            let belief = if self.prior_rows > 0.0 {
                let last = survey.mean.len() - 1;
                belief.with_prior(HamiltonPrior {
                    mean: survey.mean[last],
                    variance: survey.scale[last],
                    strength: self.prior_rows,
                    rows: self.prior_rows,
                    extra_counts: 0.0,
                })
            } else {
                belief
            };
            return self.fit_with(data, &survey, &regression, &belief, n_parameters);
        }
        let what = if self.switches == Switches::All {
            What::All
        } else {
            What::InterceptOnly
        };
        let mut belief = regression.clone().with_switching(what);
        if self.prior_rows > 0.0 {
            belief = belief.with_prior(PseudoRows::of(&survey, self.prior_rows, 0.0));
        }
        let n_parameters = belief.n_parameters(self.n_regimes);
        self.fit_with(data, &survey, &regression, &belief, n_parameters)
    }

    fn fit_with(
        &self,
        data: &Sequences<'_>,
        survey: &Survey,
        regression: &RegressionBelief,
        belief: &(impl Estimate<Regressor> + Clone),
        of_emissions: usize,
    ) -> Result<FittedHmm<SwitchingRegression>, GmmError> {
        let k = self.n_regimes;
        let is_stationary = match &self.start {
            Some(start) => start.chain().is_stationary(),
            None => self.is_stationary,
        };
        let of_beginning = if is_stationary { 0 } else { k - 1 };
        let n_parameters = of_emissions + k * (k - 1) + of_beginning;
        if survey.n_rows <= n_parameters {
            return Err(GmmError::TooFewRowsFor {
                n_rows: survey.n_rows,
                n_parameters,
            });
        }
        let moments = survey.moments_of_parts(data.sample(), Form::Full);
        let whole = regression
            .emissions(std::slice::from_ref(&moments), None)?
            .swap_remove(0);
        let prior = ChainPrior {
            of_each: self.concentration - 1.0,
            of_staying: self.stickiness,
        };
        let learnt = Learnt {
            sequences: data,
            prior: &prior,
        };
        let memory = if self.switches == Switches::Mean {
            whole.n_given()
        } else {
            0
        };
        let kind = Kind {
            is_stationary,
            memory,
        };
        let start = Start {
            data: learnt,
            belief,
            n_regimes: k,
            kind,
            whole: &whole,
        };
        let starts = match &self.start {
            Some(given) => vec![given.hmm.clone()],
            None => self.starts(&start)?,
        };
        let stopping = Stopping {
            tolerance: self.tolerance,
            max_n_iterations: self.max_n_iterations,
            accelerate: self.accelerate,
        };
        let total = data.sample().total_weight();
        let thin = |hmm: &Hmm<Regressor>| thin_regimes(hmm, &whole, total);
        let flaws = |hmm: &Hmm<Regressor>| thin(hmm).len();
        let run = best_run(starts, learnt, belief, stopping, &flaws, &|_, _| {})
            .ok_or(GmmError::NoRows)?;
        let constant = survey
            .constant_columns
            .iter()
            .map(|&column| Note::ConstantColumn { column });
        let unseen = data
            .sample()
            .unseen_rows()
            .map(|(first, count)| Note::UnseenRows { first, count });
        let thin = thin(&run.model)
            .into_iter()
            .map(|(component, weight)| Note::ThinComponent { component, weight });
        let notes = constant.chain(unseen).chain(thin).collect();
        let model = |hmm| {
            let model = SwitchingRegression {
                hmm,
                switches: self.switches,
                n_parameters,
            };
            (model, n_parameters)
        };
        Ok(FittedHmm {
            notes,
            ..FittedHmm::new(run, total, model)
        })
    }

    fn check(&self, sample: &Sample<'_>) -> Result<(), GmmError> {
        let refuse = |name, value: String, allowed| {
            Err(GmmError::InvalidParameter {
                name,
                value,
                allowed,
            })
        };
        let is_size = |x: f64| x.is_finite() && x >= 0.0;
        let d = sample.n_features();
        if d == 0 {
            return Err(GmmError::NoColumns);
        }
        if self.n_regimes == 0 {
            return refuse("number of regimes", String::from("0"), "at least 1");
        }
        if self.n_regimes > sample.n_rows() {
            // Before parameters are counted, of which there may be more than can be.
            return Err(GmmError::TooFewRowsFor {
                n_rows: sample.n_rows(),
                n_parameters: self.n_regimes,
            });
        }
        if self.n_starts == 0 {
            return refuse("number of starts", String::from("0"), "at least 1");
        }
        if !(1..=d).contains(&self.n_targets) {
            return refuse(
                "number of targets",
                self.n_targets.to_string(),
                "at least 1 and at most the number of columns",
            );
        }
        for (name, value) in [
            ("tolerance", self.tolerance),
            ("stickiness", self.stickiness),
            ("rows of the prior", self.prior_rows),
        ] {
            if !is_size(value) {
                return refuse(name, value.to_string(), "a finite number of at least 0");
            }
        }
        if !(self.concentration.is_finite() && self.concentration >= 1.0) {
            return refuse(
                "concentration of the transitions",
                self.concentration.to_string(),
                "a finite number of at least 1",
            );
        }
        let (Ridge::Relative(ridge) | Ridge::Absolute(ridge)) = self.ridge;
        if !is_size(ridge) {
            return refuse("ridge", ridge.to_string(), "a finite number of at least 0");
        }
        if self.switches == Switches::Mean {
            if self.n_targets != 1 {
                return refuse(
                    "number of targets",
                    self.n_targets.to_string(),
                    "1 where the mean switches",
                );
            }
            check_n_states(self.n_regimes, d - 1)?;
        }
        check_labels(sample, self.n_regimes)?;
        let Some(start) = &self.start else {
            return Ok(());
        };
        GmmError::check_size(
            "regimes of the given start",
            self.n_regimes,
            start.n_regimes(),
        )?;
        GmmError::check_size("columns of the given start", d, start.n_features())?;
        GmmError::check_size(
            "targets of the given start",
            self.n_targets,
            start.n_targets(),
        )?;
        if start.switches != self.switches {
            return refuse(
                "what switches in the given start",
                format!("{:?}", start.switches),
                "that of the fit",
            );
        }
        Ok(())
    }
}

/// Regimes that describe a few rows only, with their expected number of rows: fewer than one and a half times what a regression
/// of one target needs, or a variance of almost nothing against that of one regression of all rows.
fn thin_regimes(hmm: &Hmm<Regressor>, whole: &Regressor, total_weight: f64) -> Vec<(usize, f64)> {
    const NOTHING: f64 = 1e-4;
    let k = hmm.chain().n_regimes();
    let per_regime = if hmm.chain().kind().memory > 0 {
        1
    } else {
        whole.n_given() + 1
    };
    let least = 1.5 * per_regime as f64 + 2.0;
    let shares = hmm.chain().stationary();
    let of_whole = whole.residual().conditional_variances();
    let is_thin = |regime: &usize| {
        let own = hmm.emissions()[*regime].residual().conditional_variances();
        let is_nothing = own.iter().zip(&of_whole).any(|(v, all)| *v < NOTHING * all);
        shares[*regime] * total_weight < least || is_nothing
    };
    if k == 1 {
        return Vec::new();
    }
    (0..k)
        .filter(is_thin)
        .map(|regime| (regime, shares[regime] * total_weight))
        .collect()
}
