//! The Gaussian mixture as a value.

use ndarray::{Array1, Array2, Array3, ArrayView1};
use rand::Rng;

use crate::background::Background;
use crate::covariance::CovarianceType;
use crate::error::GmmError;
use crate::gaussian::Gaussian;
use crate::mixture::{Evaluation, Joint, Mixture};
use crate::sample::{Part, Sample, map_rows};
use crate::shares::{Shares, pick};
use crate::tile::{Rows, TILE_ROWS, Tile};
use crate::typed_covariances::Covariances;

/// A Gaussian mixture: a distribution over rows of D features,
/// p(x) = Σₖ πₖ N(x|μₖ,Σₖ) (Bishop, PRML, eq. 9.7).
///
/// It is a value. [`Gmm::new`] makes one from parameters, [`Gmm::params`](crate::Gmm::params) an estimator that learns one.
///
/// ```
/// use gmm_core::{Covariances, Gmm};
/// use ndarray::{array, Array1};
///
/// let gmm = Gmm::new(
///     array![0.3, 0.7],
///     array![[0.0], [5.0]],
///     Covariances::Spherical(array![1.0, 2.25]),
/// )?;
/// let x = array![[0.0], [5.0], [2.0]];
/// let density = gmm.log_prob(&x)?.mapv(f64::exp);
/// assert!((density[0] - 0.12040).abs() < 1e-5);
/// assert_eq!(gmm.labels(&x)?, array![0, 1, 1]);
/// # Ok::<(), gmm_core::GmmError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Gmm {
    mixture: Mixture<Gaussian>,
    covariance_type: CovarianceType,
    /// The means of the components once more, as the array that people ask for.
    means: Array2<f64>,
}

impl Gmm {
    /// A mixture from its parameters: `weights` (K), `means` (K × D) and `covariances`.
    ///
    /// # Errors
    /// Sizes that disagree; weights that are negative or do not sum to 1 (to within 1e-6, which is then
    /// divided out); means that are not finite; covariances that are not symmetric, not positive definite or (to
    /// within 1e-6 of the deviations) not of their family.
    pub fn new(
        weights: Array1<f64>,
        means: Array2<f64>,
        covariances: Covariances,
    ) -> Result<Self, GmmError> {
        let shares = Shares::new(weights.to_vec())?;
        let (k, d) = means.dim();
        if k != weights.len() {
            return Err(GmmError::SizeMismatch {
                what: "number of means",
                expected: weights.len(),
                found: k,
            });
        }
        if d == 0 {
            return Err(GmmError::NoColumns);
        }
        if let Some(((component, column), _)) = means.indexed_iter().find(|(_, m)| !m.is_finite()) {
            return Err(GmmError::NonFiniteMean { component, column });
        }
        covariances.check_shape(k, d)?;
        let components = (0..k)
            .map(|i| {
                Ok(Gaussian::new(
                    means.row(i).to_vec(),
                    covariances.of_component(i, d)?,
                ))
            })
            .collect::<Result<Vec<_>, GmmError>>()?;
        let found: Vec<_> = components.iter().map(Gaussian::covariance).collect();
        covariances.check_family(&found)?;
        let mixture = Mixture::new(shares, components, None);
        Ok(Self::from_mixture(mixture, covariances.covariance_type()))
    }

    pub(crate) fn from_mixture(
        mixture: Mixture<Gaussian>,
        covariance_type: CovarianceType,
    ) -> Self {
        let components = mixture.components();
        let shape = (components.len(), components[0].mean().len());
        let means = Array2::from_shape_fn(shape, |(c, j)| components[c].mean()[j]);
        Self {
            mixture,
            covariance_type,
            means,
        }
    }

    /// The same mixture under the name of another type, of which its covariances are too.
    pub(crate) fn renamed_to(self, covariance_type: CovarianceType) -> Self {
        Self {
            covariance_type,
            ..self
        }
    }

    pub(crate) fn mixture(&self) -> &Mixture<Gaussian> {
        &self.mixture
    }

    /// K, the number of components.
    pub fn n_components(&self) -> usize {
        self.mixture.components().len()
    }

    /// D, the number of features.
    pub fn n_features(&self) -> usize {
        self.components()[0].mean().len()
    }

    /// The constraint on the covariances.
    pub fn covariance_type(&self) -> CovarianceType {
        self.covariance_type
    }

    /// The Gaussians.
    pub fn components(&self) -> &[Gaussian] {
        self.mixture.components()
    }

    /// π, the K mixture weights: they sum to 1, or to what the background leaves.
    pub fn weights(&self) -> ArrayView1<'_, f64> {
        ArrayView1::from(&self.mixture.shares().values()[..self.n_components()])
    }

    /// μ, K × D.
    pub fn means(&self) -> &Array2<f64> {
        &self.means
    }

    /// Σ as matrices, K × D × D, whatever the covariance type.
    pub fn covariances(&self) -> Array3<f64> {
        let (k, d) = (self.n_components(), self.n_features());
        Array3::from_shape_fn((k, d, d), |(c, i, j)| {
            self.components()[c].covariance().entry(i, j)
        })
    }

    /// Σ⁻¹ as matrices, K × D × D.
    pub fn precisions(&self) -> Array3<f64> {
        let inverses: Vec<_> = self
            .components()
            .iter()
            .map(|c| c.covariance().precision())
            .collect();
        let (k, d) = (self.n_components(), self.n_features());
        Array3::from_shape_fn((k, d, d), |(c, i, j)| inverses[c][i][j])
    }

    /// Σ in the shape of its type: what [`Gmm::new`] takes.
    pub fn typed_covariances(&self) -> Covariances {
        let components = self.components().iter().map(Gaussian::covariance);
        Covariances::of_type(self.covariance_type, &components.collect::<Vec<_>>())
    }

    /// Free parameters: K−1 weights, that of the background where there is one, K·D means, and those of the
    /// covariances.
    pub fn n_parameters(&self) -> usize {
        let (k, d) = (self.n_components(), self.n_features());
        n_parameters(self.covariance_type, self.n_shares(), k, d)
    }

    /// The same mixture with its components in another order: component i of the result is component
    /// `order[i]` of this one.
    ///
    /// # Errors
    /// [`GmmError::InvalidParameter`] unless `order` holds every component once.
    pub fn reordered(&self, order: &[usize]) -> Result<Self, GmmError> {
        let mut sorted = order.to_vec();
        sorted.sort_unstable();
        if !sorted.into_iter().eq(0..self.n_components()) {
            return Err(GmmError::InvalidParameter {
                name: "order",
                value: format!("{order:?}"),
                allowed: "every component once",
            });
        }
        let (shares, background) = self.mixture.shares().values().split_at(order.len());
        let components = self.components();
        let own = order.iter().map(|&c| shares[c]);
        let mixture = Mixture::new(
            Shares::new(own.chain(background.iter().copied()).collect())?,
            order.iter().map(|&c| components[c].clone()).collect(),
            self.mixture.background().cloned(),
        );
        Ok(Self::from_mixture(mixture, self.covariance_type))
    }

    /// ln p(x) of each row, in nats (scikit-learn: `score_samples`).
    ///
    /// # Errors
    /// [`GmmError::SizeMismatch`] for rows of another number of columns, [`GmmError::NonFinite`] for a NaN
    /// or infinite value.
    pub fn log_prob(&self, rows: &dyn Rows) -> Result<Array1<f64>, GmmError> {
        let mut out = Array1::zeros(rows.n_rows());
        self.map(rows, 1, out.as_slice_mut(), |mixture, joint, tile, out| {
            out.copy_from_slice(mixture.log_density(tile, joint));
        })?;
        Ok(out)
    }

    /// The posterior probability of each component given each row, rows × K (linfa and scikit-learn:
    /// `predict_proba`); Bishop, PRML (9.13). With a background there is one column more, which is its.
    ///
    /// # Errors
    /// As [`log_prob`](Self::log_prob).
    pub fn responsibilities(&self, rows: &dyn Rows) -> Result<Array2<f64>, GmmError> {
        let k = self.n_shares();
        let mut out = Array2::zeros((rows.n_rows(), k));
        self.map(rows, k, out.as_slice_mut(), |mixture, joint, tile, out| {
            for (c, column) in mixture.posterior(tile, joint).enumerate() {
                for (row, r) in out.chunks_exact_mut(k).zip(column) {
                    row[c] = *r;
                }
            }
        })?;
        Ok(out)
    }

    /// The component of largest posterior of each row; the first of several. K stands for the background.
    ///
    /// linfa's [`Predict`](linfa::traits::Predict) answers the same without a `Result`.
    ///
    /// # Errors
    /// As [`log_prob`](Self::log_prob).
    pub fn labels(&self, rows: &dyn Rows) -> Result<Array1<usize>, GmmError> {
        let mut out = Array1::zeros(rows.n_rows());
        self.map(
            rows,
            1,
            out.as_slice_mut(),
            |mixture, joint, tile, labels: &mut [usize]| {
                let mut largest = [f64::NEG_INFINITY; TILE_ROWS];
                for (c, column) in mixture.posterior(tile, joint).enumerate() {
                    for ((label, largest), &r) in labels.iter_mut().zip(&mut largest).zip(column) {
                        if r > *largest {
                            (*label, *largest) = (c, r);
                        }
                    }
                }
            },
        )?;
        Ok(out)
    }

    /// Draws `n` rows: the rows (n × D) and the component each came from, K for the background.
    pub fn sample<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> (Array2<f64>, Array1<usize>) {
        let shares = self.mixture.shares().values();
        let mut rows = Array2::zeros((n, self.n_features()));
        let mut labels = Array1::zeros(n);
        for (mut row, label) in rows.rows_mut().into_iter().zip(labels.iter_mut()) {
            *label = pick(shares, rng);
            let drawn = match (self.components().get(*label), self.mixture.background()) {
                (None, Some(background)) => background.draw(rng),
                (component, _) => component.unwrap_or(&self.components()[0]).draw(rng),
            };
            row.iter_mut().zip(drawn).for_each(|(x, value)| *x = value);
        }
        (rows, labels)
    }

    /// Mean of ln p(x) over the rows, in nats (scikit-learn: `score`).
    ///
    /// # Errors
    /// As [`log_prob`](Self::log_prob), and [`GmmError::NoRows`] for no rows.
    pub fn mean_log_likelihood(&self, rows: &dyn Rows) -> Result<f64, GmmError> {
        self.mean_log_likelihood_of(&Sample::new(rows))
    }

    /// Mean of ln p(x) over a sample, as far as its rows were seen, in nats per unit of weight.
    ///
    /// # Errors
    /// As [`log_prob`](Self::log_prob), and [`GmmError::NoRows`] where no row has positive weight.
    pub fn mean_log_likelihood_of(&self, sample: &Sample<'_>) -> Result<f64, GmmError> {
        self.check_columns(sample.n_features())?;
        if !sample.is_plain() {
            let parts = Part::all_of(sample)?;
            let seen = sample.in_parts(sample.rows(), &parts);
            return if seen.total_weight() > 0.0 {
                let sum = self.mixture.evidence(&seen.without_labels()).log_likelihood;
                Ok(sum / seen.total_weight())
            } else {
                Err(GmmError::NoRows)
            };
        }
        let mixture = self.mixture.evaluation();
        let (checked, sum) = sample.fold_tiles(
            || (Ok(()), 0.0),
            |(checked, sum), joint, tile| {
                if checked.is_ok() {
                    *checked = tile.check_finite();
                }
                let log_prob = mixture.log_density(tile, joint);
                for (l, w) in log_prob.iter().zip(sample.tile_weights(tile)) {
                    *sum += if *w > 0.0 { l * w } else { 0.0 };
                }
            },
            |total, leaf| {
                if total.0.is_ok() {
                    total.0 = leaf.0;
                }
                total.1 += leaf.1;
            },
        );
        checked?;
        if sample.total_weight() > 0.0 {
            Ok(sum / sample.total_weight())
        } else {
            Err(GmmError::NoRows)
        }
    }

    /// Bayesian information criterion −2 ln L + p ln n of the rows; the smaller the better (mclust's sign is
    /// the opposite). Schwarz, *Ann. Statist.* 6, 1978.
    ///
    /// # Errors
    /// As [`mean_log_likelihood`](Self::mean_log_likelihood).
    pub fn bic(&self, rows: &dyn Rows) -> Result<f64, GmmError> {
        let n = rows.n_rows() as f64;
        Ok(bic(
            self.mean_log_likelihood(rows)? * n,
            self.n_parameters(),
            n,
        ))
    }

    /// Akaike's information criterion −2 ln L + 2p of the rows; the smaller the better.
    ///
    /// # Errors
    /// As [`mean_log_likelihood`](Self::mean_log_likelihood).
    pub fn aic(&self, rows: &dyn Rows) -> Result<f64, GmmError> {
        let n = rows.n_rows() as f64;
        Ok(aic(
            self.mean_log_likelihood(rows)? * n,
            self.n_parameters(),
        ))
    }

    /// Integrated completed likelihood in its BIC form, BIC + 2 Σₙ Hₙ with Hₙ the entropy of the posterior of row
    /// n: the smaller the better. It asks for components that are also clusters. Biernacki, Celeux & Govaert,
    /// *IEEE Trans. PAMI* 22, 2000.
    ///
    /// # Errors
    /// As [`mean_log_likelihood`](Self::mean_log_likelihood).
    pub fn icl(&self, rows: &dyn Rows) -> Result<f64, GmmError> {
        Ok(self.bic(rows)? + 2.0 * self.posterior_entropy(rows)?.sum())
    }

    /// Entropy −Σₖ rₖ ln rₖ of the posterior of each row, in nats: 0 where one component is sure.
    ///
    /// # Errors
    /// As [`log_prob`](Self::log_prob).
    pub fn posterior_entropy(&self, rows: &dyn Rows) -> Result<Array1<f64>, GmmError> {
        let mut out = Array1::zeros(rows.n_rows());
        self.map(
            rows,
            1,
            out.as_slice_mut(),
            |mixture, joint, tile, entropies: &mut [f64]| {
                for column in mixture.posterior(tile, joint) {
                    for (entropy, &r) in entropies.iter_mut().zip(column) {
                        *entropy -= if r > 0.0 { r * r.ln() } else { 0.0 };
                    }
                }
            },
        )?;
        Ok(out)
    }

    /// The same mixture over a background that has this share, which the components leave to it.
    ///
    /// # Errors
    /// [`GmmError::InvalidParameter`] unless the share lies from 0 to below 1 and the background is a box of as many
    /// columns.
    pub fn with_background(self, share: f64, background: Background) -> Result<Self, GmmError> {
        background.check(self.n_features())?;
        if !(0.0..1.0).contains(&share) {
            return Err(GmmError::InvalidParameter {
                name: "share of the background",
                value: share.to_string(),
                allowed: "at least 0 and below 1",
            });
        }
        let own: Vec<f64> = self.weights().to_vec();
        let sum: f64 = own.iter().sum();
        let own = own.iter().map(|w| w / sum * (1.0 - share));
        let shares = Shares::of_counts(&own.chain([share]).collect::<Vec<_>>());
        let components = self.components().to_vec();
        let mixture = Mixture::new(shares, components, Some(background));
        Ok(Self::from_mixture(mixture, self.covariance_type))
    }

    /// The share of the background and where it lies, if there is one.
    pub fn background(&self) -> Option<(f64, &Background)> {
        let share = self.mixture.shares().values().last().copied();
        share.zip(self.mixture.background())
    }

    /// Components, and the background.
    pub(crate) fn n_shares(&self) -> usize {
        self.mixture.shares().values().len()
    }

    pub(crate) fn check_columns(&self, found: usize) -> Result<(), GmmError> {
        let expected = self.n_features();
        if found == expected {
            Ok(())
        } else {
            Err(GmmError::SizeMismatch {
                what: "columns of the data",
                expected,
                found,
            })
        }
    }

    /// Checks the rows and fills `out`, which is a newly made array and so contiguous, tile by tile.
    fn map<T: Send>(
        &self,
        rows: &dyn Rows,
        width: usize,
        out: Option<&mut [T]>,
        visit: impl Fn(&Evaluation<'_, Gaussian>, &mut Joint, &Tile, &mut [T]) + Sync,
    ) -> Result<(), GmmError> {
        self.check_columns(rows.n_features())?;
        let mixture = self.mixture.evaluation();
        let visit =
            |joint: &mut Joint, tile: &Tile, out: &mut [T]| visit(&mixture, joint, tile, out);
        out.map_or(Ok(()), |out| map_rows(rows, width, out, visit))
    }
}

/// Free parameters of so many shares, K components and D features.
pub(crate) fn n_parameters(of: CovarianceType, n_shares: usize, k: usize, d: usize) -> usize {
    n_shares - 1 + k * d + of.n_parameters(k, d)
}

/// −2 ln L + p ln n.
pub(crate) fn bic(log_likelihood: f64, n_parameters: usize, n: f64) -> f64 {
    -2.0 * log_likelihood + n_parameters as f64 * n.ln()
}

/// −2 ln L + 2p.
pub(crate) fn aic(log_likelihood: f64, n_parameters: usize) -> f64 {
    -2.0 * log_likelihood + 2.0 * n_parameters as f64
}
