//! Regimes that emit Gaussians or mixtures of them: the model as a value.

use ndarray::{Array1, Array2};
use rand::Rng;

use super::{Chain, Filter, Hmm, Sequences};
use crate::chain::Posterior;
use crate::covariance::CovarianceType;
use crate::emission::Emission;
use crate::error::GmmError;
use crate::gaussian::Gaussian;
use crate::gmm::Gmm;
use crate::hmm::emit::LaidOut;
use crate::log_space::log_sum_exp_of;
use crate::mixture::Mixture;
use crate::sample::{Part, Sample};
use crate::shares::{Shares, pick};
use crate::typed_covariances::Covariances;

/// A hidden Markov model whose K regimes emit rows of D features, each from one Gaussian or a mixture.
///
/// It is a value; [`GaussianHmm::params`] makes an estimator that learns one. Names and formulas are Rabiner's (*Proc.
/// IEEE* 77, 1989); hmmlearn's `GaussianHMM` and `GMMHMM` are such models.
///
/// ```
/// use gmm_core::hmm::{GaussianHmm, Sequences};
/// use gmm_core::Sample;
/// use ndarray::Array2;
///
/// let x = Array2::from_shape_fn((80, 1), |(t, _)| f64::from(t as u8 / 20 % 2) * 3.0 + (t as f64).sin());
/// let data = Sequences::one(Sample::new(&x));
/// let fitted = GaussianHmm::params(2).fit(&data)?;
/// let path = fitted.model.most_probable(&data)?;
/// assert_ne!(path.regimes[10], path.regimes[30]);
/// assert_eq!(path.regimes[10], path.regimes[50]);
/// # Ok::<(), gmm_core::GmmError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct GaussianHmm {
    hmm: Hmm<Gaussian>,
    covariance_type: CovarianceType,
}

/// What rows say of their regimes.
#[derive(Debug, Clone, PartialEq)]
pub struct Posteriors {
    /// Probabilities of the regimes at each row, n × K.
    pub probabilities: Array2<f64>,
    /// ln p of the rows of each sequence, in nats.
    pub log_likelihoods: Vec<f64>,
}

/// The most probable regimes.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// The regime of each row.
    pub regimes: Vec<usize>,
    /// ln p of the rows of each sequence and of its regimes together, in nats.
    pub log_probabilities: Vec<f64>,
}

impl GaussianHmm {
    /// A model from its chain and the density of each regime, all of one number of features and one covariance type.
    /// What a type shares, the components of all regimes share.
    ///
    /// # Errors
    /// [`GmmError::SizeMismatch`] unless there is a density for each regime, all of the same number of features;
    /// [`GmmError::InvalidParameter`] for types that differ and for a background; [`GmmError::OutsideFamily`].
    pub fn new(chain: Chain, states: Vec<Gmm>) -> Result<Self, GmmError> {
        GmmError::check_size("densities of regimes", chain.n_regimes(), states.len())?;
        let first = &states[0];
        for (k, state) in states.iter().enumerate() {
            GmmError::check_size(
                "columns of the densities of all regimes",
                first.n_features(),
                state.n_features(),
            )?;
            let refuse = |name, value: String, allowed| {
                Err(GmmError::InvalidParameter {
                    name,
                    value: format!("{value} in regime {k}"),
                    allowed,
                })
            };
            if state.covariance_type() != first.covariance_type() {
                return refuse(
                    "covariance type",
                    state.covariance_type().to_string(),
                    "the same for all regimes",
                );
            }
            if state.background().is_some() {
                return refuse("background", String::from("one"), "none");
            }
        }
        let covariance_type = first.covariance_type();
        let emissions: Vec<Gaussian> = states
            .iter()
            .flat_map(|s| s.components())
            .cloned()
            .collect();
        let found: Vec<_> = emissions.iter().map(Gaussian::covariance).collect();
        Covariances::of_type(covariance_type, &found).check_family(&found)?;
        let mixes = states
            .iter()
            .map(|s| s.mixture().shares().clone())
            .collect();
        Ok(Self {
            hmm: Hmm::new(chain, mixes, emissions),
            covariance_type,
        })
    }

    pub(super) fn of(hmm: Hmm<Gaussian>, covariance_type: CovarianceType) -> Self {
        Self {
            hmm,
            covariance_type,
        }
    }

    pub(crate) fn hmm(&self) -> &Hmm<Gaussian> {
        &self.hmm
    }

    /// How regimes follow one another.
    pub fn chain(&self) -> &Chain {
        self.hmm.chain()
    }

    /// K.
    pub fn n_regimes(&self) -> usize {
        self.chain().n_regimes()
    }

    /// D.
    pub fn n_features(&self) -> usize {
        self.hmm.emissions()[0].mean().len()
    }

    /// The constraint on the covariances of all regimes.
    pub fn covariance_type(&self) -> CovarianceType {
        self.covariance_type
    }

    /// The density that a regime emits.
    pub fn state(&self, k: usize) -> Option<Gmm> {
        let range = self.hmm.ranges().nth(k)?;
        let mixture = Mixture::new(
            self.hmm.mixes()[k].clone(),
            self.hmm.emissions()[range].to_vec(),
            None,
        );
        Some(Gmm::from_mixture(mixture, self.covariance_type))
    }

    /// The densities of all regimes.
    pub fn states(&self) -> Vec<Gmm> {
        (0..self.n_regimes())
            .filter_map(|k| self.state(k))
            .collect()
    }

    /// Free parameters: K−1 of the beginning unless the chain is stationary, K(K−1) transitions, those of the mixes, means
    /// and covariances.
    pub fn n_parameters(&self) -> usize {
        let (k, n) = (self.n_regimes(), self.hmm.emissions().len());
        let of_beginning = if self.chain().is_stationary() {
            0
        } else {
            k - 1
        };
        let of_emissions =
            n * self.n_features() + self.covariance_type.n_parameters(n, self.n_features());
        of_beginning + k * (k - 1) + (n - k) + of_emissions
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

    /// ln p of each sequence (hmmlearn: `score` is their sum), in nats.
    ///
    /// # Errors
    /// [`GmmError::SizeMismatch`] for another number of columns, [`GmmError::NonFinite`] for a value that is no number
    /// where none may be missing.
    pub fn log_likelihoods(&self, data: &Sequences<'_>) -> Result<Vec<f64>, GmmError> {
        self.ready(data, |data| {
            self.hmm
                .posteriors(Posterior::Filtered, data)
                .log_likelihoods
        })
    }

    /// p(s_t = k | all rows of the sequence) (hmmlearn: `predict_proba`).
    ///
    /// # Errors
    /// As [`log_likelihoods`](Self::log_likelihoods).
    pub fn smoothed(&self, data: &Sequences<'_>) -> Result<Posteriors, GmmError> {
        self.ready(data, |data| self.hmm.of_regimes(Posterior::Smoothed, data))
    }

    /// p(s_t = k | x₁, …, x_t).
    ///
    /// # Errors
    /// As [`log_likelihoods`](Self::log_likelihoods).
    pub fn filtered(&self, data: &Sequences<'_>) -> Result<Posteriors, GmmError> {
        self.ready(data, |data| self.hmm.of_regimes(Posterior::Filtered, data))
    }

    /// The regimes that are most probable together (hmmlearn: `decode`).
    ///
    /// # Errors
    /// As [`log_likelihoods`](Self::log_likelihoods).
    pub fn most_probable(&self, data: &Sequences<'_>) -> Result<Path, GmmError> {
        self.ready(data, |data| self.hmm.path(data))
    }

    /// ln p of each row given all rows of its sequence before it, and given all others, in nats; 0 where nothing of a row
    /// was seen. The first is what an alarm knows when the row comes, the second what is known in the end.
    ///
    /// # Errors
    /// As [`log_likelihoods`](Self::log_likelihoods).
    pub fn log_predictive(
        &self,
        data: &Sequences<'_>,
    ) -> Result<(Array1<f64>, Array1<f64>), GmmError> {
        self.ready(data, |data| self.hmm.log_predictive(data))
    }

    /// Follows rows one by one.
    pub fn filter(&self) -> Filter {
        Filter::new(self)
    }

    /// The density of rows `n_steps` after the regimes had these probabilities, K numbers: a mixture of all emissions.
    ///
    /// # Errors
    /// [`GmmError::SizeMismatch`] for another number of probabilities; of what is wrong with them as of weights.
    pub fn ahead(&self, probabilities: &[f64], n_steps: usize) -> Result<Gmm, GmmError> {
        GmmError::check_size(
            "probabilities of regimes",
            self.n_regimes(),
            probabilities.len(),
        )?;
        let checked = Shares::new(probabilities.to_vec())?;
        let then = self.chain().ahead(checked.values(), n_steps);
        self.hmm.emitted(&then, self.covariance_type)
    }

    /// Draws `n` rows in the order of time (n × D), and the regime of each.
    pub fn sample<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> (Array2<f64>, Vec<usize>) {
        let regimes = self.chain().draw(n, rng);
        let ranges: Vec<_> = self.hmm.ranges().collect();
        let mut rows = Array2::zeros((n, self.n_features()));
        for (mut row, &k) in rows.rows_mut().into_iter().zip(&regimes) {
            let component = ranges[k].start + pick(self.hmm.mixes()[k].values(), rng);
            let drawn = self.hmm.emissions()[component].draw(rng);
            row.iter_mut().zip(drawn).for_each(|(x, value)| *x = value);
        }
        (rows, regimes)
    }

    /// Works on checked sequences, grouped by how their rows were seen.
    fn ready<T>(
        &self,
        data: &Sequences<'_>,
        work: impl FnOnce(&Sequences<'_>) -> T,
    ) -> Result<T, GmmError> {
        let sample = data.sample();
        GmmError::check_size("number of columns", self.n_features(), sample.n_features())?;
        check_labels(sample, self.n_regimes())?;
        if sample.is_plain() {
            sample.check_finite()?;
            return Ok(work(data));
        }
        let parts = Part::all_of(sample)?;
        Ok(work(&data.on(&sample.in_parts(sample.rows(), &parts))))
    }
}

/// That no row is labelled with a regime that there is not.
pub(super) fn check_labels(sample: &Sample<'_>, n_regimes: usize) -> Result<(), GmmError> {
    let mut labels = sample.labels().into_iter().flatten().enumerate();
    match labels
        .find_map(|(row, label)| label.filter(|l| *l >= n_regimes).map(|label| (row, label)))
    {
        Some((row, label)) => Err(GmmError::InvalidLabel {
            row,
            label,
            n_components: n_regimes,
        }),
        None => Ok(()),
    }
}

impl Hmm<Gaussian> {
    /// The mixture that is emitted where regimes have these probabilities.
    pub(super) fn emitted(
        &self,
        probabilities: &[f64],
        covariance_type: CovarianceType,
    ) -> Result<Gmm, GmmError> {
        let weights = self.mixes().iter().zip(probabilities);
        let weights = weights.flat_map(|(mix, p)| mix.values().iter().map(move |c| p * c));
        let mixture = Mixture::new(
            Shares::new(weights.collect())?,
            self.emissions().to_vec(),
            None,
        );
        Ok(Gmm::from_mixture(mixture, covariance_type))
    }
}

impl<E: Emission> Hmm<E> {
    /// The regimes in another order, of a chain without memory.
    pub(crate) fn reordered(&self, order: &[usize]) -> Result<Self, GmmError> {
        let mut sorted = order.to_vec();
        sorted.sort_unstable();
        if !sorted.into_iter().eq(0..self.chain().n_regimes()) {
            return Err(GmmError::InvalidParameter {
                name: "order",
                value: format!("{order:?}"),
                allowed: "every regime once",
            });
        }
        let ranges: Vec<_> = self.ranges().collect();
        let emissions = order
            .iter()
            .flat_map(|&k| self.emissions()[ranges[k].clone()].iter().cloned());
        let mixes = order.iter().map(|&k| self.mixes()[k].clone()).collect();
        Ok(Self::new(
            self.chain().reordered(order),
            mixes,
            emissions.collect(),
        ))
    }

    /// Posteriors of the regimes.
    pub(crate) fn of_regimes(&self, which: Posterior, data: &Sequences<'_>) -> Posteriors {
        let states = self.posteriors(which, data);
        Posteriors {
            probabilities: self.sums_over_memory(&states.values, data.sample().n_rows()),
            log_likelihoods: states.log_likelihoods,
        }
    }

    /// Sums over all but the present regime, n × K.
    fn sums_over_memory(&self, states: &[f64], n_rows: usize) -> Array2<f64> {
        let k = self.chain().n_regimes();
        let n = self.chain().n_states();
        let mut regimes = Array2::zeros((n_rows, k));
        for (mut row, states) in regimes.outer_iter_mut().zip(states.chunks_exact(n)) {
            for (c, p) in states.iter().enumerate() {
                row[c % k] += p;
            }
        }
        regimes
    }

    /// The most probable path of regimes.
    pub(crate) fn path(&self, data: &Sequences<'_>) -> Path {
        let k = self.chain().n_regimes();
        let (states, log_probabilities) = self.most_probable(data);
        Path {
            regimes: states.into_iter().map(|c| c % k).collect(),
            log_probabilities,
        }
    }

    /// ln p of each row given those before it, and given all others.
    ///
    /// p(x_t|rest)⁻¹ = Σₛ γ_t(s)/p(x_t|s), since what the others say of s is proportional to γ_t(s)/p(x_t|s).
    pub(crate) fn log_predictive(&self, data: &Sequences<'_>) -> (Array1<f64>, Array1<f64>) {
        let n = self.chain().n_states();
        let log_densities = LaidOut::log_densities(self, data.sample());
        let filtered = self.posteriors(Posterior::Filtered, data).values;
        let smoothed = self.posteriors(Posterior::Smoothed, data).values;
        let n_rows = data.sample().n_rows();
        let mut before = Array1::zeros(n_rows);
        let mut others = Array1::zeros(n_rows);
        let online = crate::chain::Layout::new(self.chain());
        let mut predicted = vec![0.0; n];
        for range in data.ranges() {
            for t in range.clone() {
                if t == range.start {
                    predicted.copy_from_slice(&self.chain().initial_states());
                } else {
                    online.ahead(&filtered[(t - 1) * n..t * n], &mut predicted);
                }
                let said = &log_densities[t * n..][..n];
                let joint: Vec<f64> = predicted
                    .iter()
                    .zip(said)
                    .map(|(p, l)| p.ln() + l)
                    .collect();
                before[t] = log_sum_exp_of(&joint);
                let inverse = smoothed[t * n..][..n].iter().zip(said);
                let inverse: Vec<f64> = inverse
                    .filter(|(g, _)| **g > 0.0)
                    .map(|(g, l)| g.ln() - l)
                    .collect();
                others[t] = -log_sum_exp_of(&inverse);
            }
        }
        (before, others)
    }
}
