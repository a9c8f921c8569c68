//! Regimes that emit Gaussians or mixtures of them: the model as a value.

use ndarray::Array2;
use rand::Rng;

use super::answers::answers;
use super::{Chain, Filter, Hmm, Sequences};
use crate::covariance::CovarianceType;
use crate::error::GmmError;
use crate::gaussian::Gaussian;
use crate::gmm::Gmm;
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

answers!(GaussianHmm);

/// That no row is labelled with a regime that there is not.
pub(crate) fn check_labels(sample: &Sample<'_>, n_regimes: usize) -> Result<(), GmmError> {
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
