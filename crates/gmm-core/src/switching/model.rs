//! Regimes that are regressions: the model as a value.

use std::sync::Arc;

use ndarray::{Array1, Array2, Axis};

use super::hamilton::{Hamilton, n_composites};
use super::regressor::{Reference, Regressor};
use crate::chain::{Chain, Layout};
use crate::covariance::CovarianceType;
use crate::error::GmmError;
use crate::gaussian::Gaussian;
use crate::gmm::Gmm;
use crate::hmm::{Hmm, Sequences, answers, check_labels};
use crate::mixture::Mixture;
use crate::sample::Part;
use crate::shares::Shares;
use crate::typed_covariances::Covariances;

/// What differs between the regimes of a switching regression, beside the variance of its residuals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Switches {
    /// The whole regression: its intercept and its coefficients (Hamilton, *Time Series Analysis*, 1994, 22.4).
    #[default]
    All,
    /// The intercept alone; the coefficients are those of all regimes.
    Intercept,
    /// The mean μ(s) about which y is an autoregression, y_t − μ(s_t) = Σ φᵢ (y_{t−i} − μ(s_{t−i})) + e_t (Hamilton,
    /// *Econometrica* 57, 1989): what y was depends on the regimes it was in. The given columns are the last p values of the
    /// one target, the oldest first.
    Mean,
}

/// A chain of regimes in which the last q columns of a row follow from the others by a regression: v = a + Bu + e with
/// e ~ N(0, R), each regime with its own a, B and R or some of them ([`Switches`]).
///
/// Rows are z = (u, v). With u the last values of a series it is a switching autoregression; with no other column regimes are
/// Gaussians. A row in which a value is missing (with [`Sample::with_missing`](crate::Sample::with_missing)) says nothing, and
/// the chain goes on.
///
/// ```
/// use gmm_core::Sample;
/// use gmm_core::hmm::Sequences;
/// use gmm_core::switching::SwitchingRegression;
/// use ndarray::Array2;
///
/// // v = u, then v = 5 − u.
/// let rows = Array2::from_shape_fn((60, 2), |(t, j)| {
///     let u = (t as f64 * 0.7).sin();
///     let v = if t < 30 { u } else { 5.0 - u } + 0.01 * (t as f64 * 2.3).cos();
///     [u, v][j]
/// });
/// let data = Sequences::one(Sample::new(&rows));
/// let model = SwitchingRegression::params(2).fit(&data)?.model;
/// let regimes = model.most_probable(&data)?.regimes;
/// let slope = model.coefficients(regimes[45]).map(|b| b[(0, 0)]);
/// assert!((slope.unwrap_or(0.0) + 1.0).abs() < 0.01);
/// # Ok::<(), gmm_core::GmmError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SwitchingRegression {
    pub(super) hmm: Hmm<Regressor>,
    pub(super) switches: Switches,
    pub(super) n_parameters: usize,
}

/// Hamilton's parameters.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SwitchingMean {
    /// μ, one for each regime.
    pub means: Vec<f64>,
    /// φ₁ … φ_p.
    pub coefficients: Vec<f64>,
    /// σ² of each regime; all the same where it is common.
    pub variances: Vec<f64>,
}

impl SwitchingMean {
    /// Means of regimes, coefficients φ₁ … φ_p, and the variances of residuals, one for each regime.
    pub fn new(means: Vec<f64>, coefficients: Vec<f64>, variances: Vec<f64>) -> Self {
        Self {
            means,
            coefficients,
            variances,
        }
    }
}

answers!(SwitchingRegression);

impl SwitchingRegression {
    /// A model from its chain and for each regime its intercept (q), coefficients (q × p) and the covariance of its residuals
    /// (q × q).
    ///
    /// # Errors
    /// [`GmmError::SizeMismatch`] unless all sizes agree; [`GmmError::InvalidParameter`] for no target;
    /// [`GmmError::NonFiniteMean`] for an intercept or a coefficient that is
    /// no number; [`GmmError::NotSymmetric`] and [`GmmError::NotPositiveDefinite`] of a covariance.
    pub fn new(
        chain: Chain,
        intercepts: &[Array1<f64>],
        coefficients: &[Array2<f64>],
        residual_covariances: &[Array2<f64>],
    ) -> Result<Self, GmmError> {
        let k = chain.n_regimes();
        GmmError::check_size("intercepts", k, intercepts.len())?;
        GmmError::check_size("matrices of coefficients", k, coefficients.len())?;
        GmmError::check_size("covariances of residuals", k, residual_covariances.len())?;
        let (q, p) = coefficients[0].dim();
        if q == 0 {
            return Err(GmmError::InvalidParameter {
                name: "number of targets",
                value: String::from("0"),
                allowed: "at least 1",
            });
        }
        let reference = Reference::origin(p);
        let mut emissions = Vec::with_capacity(k);
        for component in 0..k {
            GmmError::check_size("numbers of an intercept", q, intercepts[component].len())?;
            GmmError::check_size("rows of coefficients", q, coefficients[component].nrows())?;
            GmmError::check_size(
                "columns of coefficients",
                p,
                coefficients[component].ncols(),
            )?;
            let numbers = coefficients[component].iter().chain(&intercepts[component]);
            if let Some(column) = numbers.into_iter().position(|x| !x.is_finite()) {
                return Err(GmmError::NonFiniteMean { component, column });
            }
            let residual =
                Covariances::Full(residual_covariances[component].clone().insert_axis(Axis(0)));
            residual.check_shape(1, q)?;
            let residual = residual.of_component(0, q)?;
            let mut mean = vec![0.0; p];
            mean.extend(&intercepts[component]);
            let slopes = coefficients[component].iter().copied().collect();
            emissions.push(Regressor::new(
                mean,
                slopes,
                residual,
                Arc::clone(&reference),
            ));
        }
        let n_parameters = k * (q + p * q + q * (q + 1) / 2);
        Ok(Self::of(chain, emissions, Switches::All, n_parameters))
    }

    /// Hamilton's model from its chain and parameters.
    ///
    /// # Errors
    /// [`GmmError::SizeMismatch`] unless there are a mean and a variance for each regime; [`GmmError::NonFiniteMean`] for a mean or
    /// a coefficient that is no number; [`GmmError::NotPositiveDefinite`] for a variance that is not positive;
    /// [`GmmError::InvalidParameter`] for too many tuples of regimes.
    pub fn of_mean(chain: Chain, parameters: SwitchingMean) -> Result<Self, GmmError> {
        let k = chain.n_regimes();
        let SwitchingMean {
            means,
            coefficients,
            variances,
        } = parameters;
        GmmError::check_size("means of regimes", k, means.len())?;
        GmmError::check_size("variances of regimes", k, variances.len())?;
        if let Some(component) = means.iter().position(|m| !m.is_finite()) {
            return Err(GmmError::NonFiniteMean {
                component,
                column: 0,
            });
        }
        if let Some(column) = coefficients.iter().position(|c| !c.is_finite()) {
            return Err(GmmError::NonFiniteMean {
                component: 0,
                column,
            });
        }
        if let Some(component) = variances.iter().position(|v| !(v.is_finite() && *v > 0.0)) {
            return Err(GmmError::NotPositiveDefinite {
                component,
                column: 0,
            });
        }
        let memory = coefficients.len();
        check_n_states(k, memory)?;
        let is_common = variances.iter().all(|v| *v == variances[0]);
        let n_parameters = k + memory + if is_common { 1 } else { k };
        let hamilton = Hamilton {
            means,
            ar: coefficients,
            variances,
        };
        let emissions = hamilton.regressors(&Reference::origin(memory))?;
        Ok(Self::of(
            chain.with_memory(memory),
            emissions,
            Switches::Mean,
            n_parameters,
        ))
    }

    fn of(
        chain: Chain,
        emissions: Vec<Regressor>,
        switches: Switches,
        of_emissions: usize,
    ) -> Self {
        let k = chain.n_regimes();
        let of_beginning = if chain.is_stationary() { 0 } else { k - 1 };
        let mixes = vec![Shares::of_whole(vec![1.0]); chain.n_states()];
        Self {
            hmm: Hmm::new(chain, mixes, emissions),
            switches,
            n_parameters: of_emissions + k * (k - 1) + of_beginning,
        }
    }

    /// What differs between regimes.
    pub fn switches(&self) -> Switches {
        self.switches
    }

    /// Columns of a row.
    pub fn n_features(&self) -> usize {
        self.hmm.emissions()[0].mean().len()
    }

    /// q, the columns that are explained by the others.
    pub fn n_targets(&self) -> usize {
        self.hmm.emissions()[0].n_targets()
    }

    /// Free parameters: transitions, those of the beginning unless the chain is stationary, regressions and residuals.
    pub fn n_parameters(&self) -> usize {
        self.n_parameters
    }

    /// The regression of a regime; of a switching mean, that where all times before were in the same regime.
    fn regression(&self, k: usize) -> Option<&Regressor> {
        if k >= self.n_regimes() {
            return None;
        }
        let layout = Layout::new(self.hmm.chain());
        self.hmm.emissions().get(layout.constant_state(k))
    }

    /// a of a regime, q numbers: what is expected where all given columns are 0.
    pub fn intercept(&self, k: usize) -> Option<Array1<f64>> {
        self.regression(k).map(|r| Array1::from(r.intercept()))
    }

    /// B of a regime, q × the number of given columns.
    pub fn coefficients(&self, k: usize) -> Option<Array2<f64>> {
        let regression = self.regression(k)?;
        let p = regression.n_given();
        Some(Array2::from_shape_fn((self.n_targets(), p), |(i, j)| {
            regression.coefficients()[i * p + j]
        }))
    }

    /// R of a regime, q × q.
    pub fn residual_covariance(&self, k: usize) -> Option<Array2<f64>> {
        let residual = self.regression(k)?.residual();
        let q = self.n_targets();
        Some(Array2::from_shape_fn((q, q), |(i, j)| residual.entry(i, j)))
    }

    /// Hamilton's parameters, of a switching mean.
    pub fn switching_mean(&self) -> Option<SwitchingMean> {
        let is_mean = self.switches == Switches::Mean;
        is_mean.then(|| {
            let Hamilton {
                means,
                ar,
                variances,
            } = Hamilton::of(self.hmm.emissions(), self.n_regimes());
            SwitchingMean {
                means,
                coefficients: ar,
                variances,
            }
        })
    }

    /// The same model with its regimes in another order: regime k of the result is `order[k]` of this one.
    ///
    /// # Errors
    /// [`GmmError::InvalidParameter`] unless `order` holds every regime once.
    pub fn reordered(&self, order: &[usize]) -> Result<Self, GmmError> {
        Ok(Self {
            hmm: self.hmm.reordered(order)?,
            ..self.clone()
        })
    }

    /// The density of the targets of a row given its other columns, where the regimes have these probabilities, K numbers; of a
    /// switching mean, as if each had been so at all times before.
    ///
    /// # Errors
    /// [`GmmError::SizeMismatch`] for another number of probabilities or given values, [`GmmError::NonFinite`] and
    /// [`GmmError::NonFiniteMean`] for given values that are no numbers or too far out; of what is wrong with the probabilities as
    /// of weights.
    pub fn given(&self, probabilities: &[f64], given: &[f64]) -> Result<Gmm, GmmError> {
        GmmError::check_size(
            "probabilities of regimes",
            self.n_regimes(),
            probabilities.len(),
        )?;
        let layout = Layout::new(self.hmm.chain());
        let mut states = vec![0.0; self.hmm.chain().n_states()];
        for (k, p) in probabilities.iter().enumerate() {
            states[layout.constant_state(k)] = *p;
        }
        targets_given(&self.hmm, states, given)
    }

    /// Works on checked sequences: on the rows that were seen whole.
    fn ready<T>(
        &self,
        data: &Sequences<'_>,
        work: impl FnOnce(&Sequences<'_>) -> T,
    ) -> Result<T, GmmError> {
        let sample = data.sample();
        GmmError::check_size("number of columns", self.n_features(), sample.n_features())?;
        check_labels(sample, self.n_regimes())?;
        let parts = whole_rows(sample)?;
        Ok(work(&data.on(&sample.in_parts(sample.rows(), &parts))))
    }
}

/// Most states that a memory may make.
const MOST_STATES: usize = 4096;

/// That tuples of so many regimes are not too many.
pub(super) fn check_n_states(n_regimes: usize, memory: usize) -> Result<(), GmmError> {
    if n_composites(n_regimes, memory).is_none_or(|n| n > MOST_STATES) {
        return Err(GmmError::InvalidParameter {
            name: "number of regimes",
            value: format!("{n_regimes} with {memory} lags"),
            allowed: "so few that there are at most 4096 tuples of regimes, K^(lags + 1)",
        });
    }
    Ok(())
}

/// That given values are as many as a regression takes, and numbers.
pub(super) fn check_given(hmm: &Hmm<Regressor>, given: &[f64]) -> Result<(), GmmError> {
    GmmError::check_size(
        "number of given values",
        hmm.emissions()[0].n_given(),
        given.len(),
    )?;
    if let Some(column) = given.iter().position(|x| !x.is_finite()) {
        return Err(GmmError::NonFinite {
            row: 0,
            column,
            value: given[column],
        });
    }
    Ok(())
}

/// The mixture of the targets given the other columns, where states have these probabilities.
pub(super) fn targets_given(
    hmm: &Hmm<Regressor>,
    states: Vec<f64>,
    given: &[f64],
) -> Result<Gmm, GmmError> {
    check_given(hmm, given)?;
    let target = |r: &Regressor| Gaussian::new(r.mean_given(given), r.residual().clone());
    let targets: Vec<Gaussian> = hmm.emissions().iter().map(target).collect();
    for (component, target) in targets.iter().enumerate() {
        if let Some(column) = target.mean().iter().position(|m| !m.is_finite()) {
            return Err(GmmError::NonFiniteMean { component, column });
        }
    }
    let mixture = Mixture::new(Shares::new(states)?, targets, None);
    Ok(Gmm::from_mixture(mixture, CovarianceType::Full))
}

/// The rows of a sample that were seen whole.
pub(super) fn whole_rows(sample: &crate::Sample<'_>) -> Result<Vec<Part>, GmmError> {
    if sample.noise().is_some() {
        return Err(GmmError::InvalidParameter {
            name: "noise of the rows",
            value: String::from("given"),
            allowed: "none: a regression takes what is given as it is",
        });
    }
    let parts = Part::all_of(sample)?;
    Ok(parts
        .into_iter()
        .filter(|part| part.how().is_whole())
        .collect())
}
