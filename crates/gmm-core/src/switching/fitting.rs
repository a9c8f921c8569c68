//! The estimator of switching regressions.

use super::belief::{PseudoRows, RegressionBelief, What};
use super::hamilton::{HamiltonBelief, HamiltonPrior};
use super::model::{Switches, SwitchingRegression, check_n_states, whole_rows};
use super::regressor::Regressor;
use crate::chain::Kind;
use crate::covariance::CovarianceType;
use crate::emission::Estimate;
use crate::error::GmmError;
use crate::fitted::Note;
use crate::hmm::{
    Course, FittedHmm, Hmm, Learnt, Sequences, Start, best_run, check_labels, check_size_of,
    course_setters, refused,
};
use crate::moments::Form;
use crate::sample::Sample;
use crate::survey::Survey;
use crate::threads::in_parallel;

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
/// | `ridge` | [`Ridge::Relative`](crate::Ridge::Relative)`(1e-6)` | none |
/// | `tolerance` | 1e-9 nats per row, from the limit | 1e-5 of a gradient |
/// | `n_starts` | 32 | 1, `search_reps` = 0 |
///
/// A fit in which a regime rests on too few rows for its parameters, or has a variance of almost nothing against that of
/// another, describes those rows and no regime: sound ones are preferred whatever the likelihood, and
/// [`Note::ThinComponent`] tells where there is none.
#[derive(Debug, Clone, PartialEq)]
pub struct SwitchingParams {
    pub(super) course: Course,
    pub(super) n_targets: usize,
    switches: Switches,
    has_own_variances: bool,
    prior_rows: f64,
    start: Option<SwitchingRegression>,
}

impl SwitchingRegression {
    /// An estimator of models of `n_regimes` regimes, with the defaults of [`SwitchingParams`].
    pub fn params(n_regimes: usize) -> SwitchingParams {
        SwitchingParams {
            course: Course {
                is_stationary: true,
                tolerance: 1e-9,
                max_n_iterations: 2000,
                n_starts: 32,
                ..Course::new(n_regimes)
            },
            n_targets: 1,
            switches: Switches::All,
            has_own_variances: true,
            prior_rows: 0.0,
            start: None,
        }
    }
}

course_setters!(SwitchingParams);

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

    /// Rows that each regime is believed to have seen beforehand, with the means and variances of the data and no
    /// dependence: the model is then the mode of the posterior. 0 is maximum likelihood.
    #[must_use]
    pub fn prior_rows(self, prior_rows: f64) -> Self {
        Self { prior_rows, ..self }
    }

    /// A model to go on from, the only start then; its chain says whether the beginning is free.
    #[must_use]
    pub fn start(self, start: SwitchingRegression) -> Self {
        Self {
            start: Some(start),
            ..self
        }
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
        let regression =
            RegressionBelief::new(&survey, self.n_targets, residual_type, self.course.ridge);
        if self.switches == Switches::Mean {
            let belief = HamiltonBelief::new(
                &survey,
                self.course.n_regimes,
                self.has_own_variances,
                self.course.ridge,
            );
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
        let n_parameters = belief.n_parameters(self.course.n_regimes);
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
        let k = self.course.n_regimes;
        let is_stationary = match &self.start {
            Some(start) => start.chain().is_stationary(),
            None => self.course.is_stationary,
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
        let prior = self.course.prior();
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
        let total = data.sample().total_weight();
        let thin = |hmm: &Hmm<Regressor>| thin_regimes(hmm, &whole, total);
        let flaws = |hmm: &Hmm<Regressor>| thin(hmm).len();
        let run = best_run(
            starts,
            learnt,
            belief,
            self.course.stopping(),
            &flaws,
            &|_, _| {},
        )
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
        self.course.check()?;
        let d = sample.n_features();
        if d == 0 {
            return Err(GmmError::NoColumns);
        }
        if self.course.n_regimes > sample.n_rows() {
            // Before parameters are counted, of which there may be more than can be.
            return Err(GmmError::TooFewRowsFor {
                n_rows: sample.n_rows(),
                n_parameters: self.course.n_regimes,
            });
        }
        if !(1..=d).contains(&self.n_targets) {
            return Err(refused(
                "number of targets",
                self.n_targets,
                "at least 1 and at most the number of columns",
            ));
        }
        check_size_of("rows of the prior", self.prior_rows)?;
        if self.switches == Switches::Mean {
            if self.n_targets != 1 {
                return Err(refused(
                    "number of targets",
                    self.n_targets,
                    "1 where the mean switches",
                ));
            }
            check_n_states(self.course.n_regimes, d - 1)?;
        }
        check_labels(sample, self.course.n_regimes)?;
        let Some(start) = &self.start else {
            return Ok(());
        };
        GmmError::check_size(
            "regimes of the given start",
            self.course.n_regimes,
            start.n_regimes(),
        )?;
        GmmError::check_size("columns of the given start", d, start.n_features())?;
        GmmError::check_size(
            "targets of the given start",
            self.n_targets,
            start.n_targets(),
        )?;
        if start.switches != self.switches {
            return Err(refused(
                "what switches in the given start",
                format!("{:?}", start.switches),
                "that of the fit",
            ));
        }
        Ok(())
    }
}

/// Regimes that describe a few rows only, with their expected number of rows: fewer than one and a half times what a regression
/// of one target needs, or a variance of almost nothing against that of another regime.
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
    let variances: Vec<_> = hmm
        .emissions()
        .iter()
        .map(|regression| regression.residual().conditional_variances())
        .collect();
    let largest = |j: usize| variances.iter().map(|own| own[j]).fold(0.0, f64::max);
    let is_thin = |regime: &usize| {
        let own = variances[*regime].iter().enumerate();
        let is_nothing = own.into_iter().any(|(j, v)| *v < NOTHING * largest(j));
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
