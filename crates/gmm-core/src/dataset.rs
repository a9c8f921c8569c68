//! linfa's door: [`Fit`] on datasets of `f32` or `f64` records with their weights, and
//! [`Predict`](linfa::traits::Predict) on anything linfa predicts on.
//!
//! In a program that uses `linfa_clustering::GaussianMixtureModel`, change the name of the type:
//!
//! ```
//! use gmm_core::{Gmm, GmmCovarType, GmmInitMethod};
//! use linfa::DatasetBase;
//! use linfa::traits::{Fit, Predict};
//! use ndarray::array;
//!
//! let dataset = DatasetBase::from(array![[0.0f32], [0.2], [0.1], [5.0], [5.1], [5.3]]);
//! let gmm = Gmm::params(2)
//!     .covariance_type(GmmCovarType::Full)
//!     .init_method(GmmInitMethod::KMeans)
//!     .n_runs(3)
//!     .tolerance(1e-4)
//!     .fit(&dataset)?;
//! let labels = gmm.predict(&dataset);
//! assert_ne!(labels[0], labels[5]);
//! # Ok::<(), gmm_core::GmmError>(())
//! ```
//!
//! What differs: [`Gmm`] is not generic (it is `f64` inside and fits `f32` and `f64` records alike), so
//! `GaussianMixtureModel<f64>` loses its `<f64>`, parameters are given in `f64`, and `means` and `predict_proba`
//! answer in it; counts are `usize`; `covariances` and `precisions` are values and `weights` a view, not
//! references; a fit that has not converged is a model and no error.

use linfa::traits::{Fit, PredictInplace};
use linfa::{DatasetBase, Float};
use ndarray::{Array1, Array2, ArrayBase, Data, Ix2};
use rand::Rng;

use crate::covariance::CovarianceType;
use crate::error::GmmError;
use crate::gmm::Gmm;
use crate::init::InitMethod;
use crate::params::GmmValidParams;
use crate::sample::Sample;

/// linfa's name of [`CovarianceType`].
pub type GmmCovarType = CovarianceType;

/// linfa's name of [`InitMethod`].
pub type GmmInitMethod = InitMethod;

impl<F, R, D, T> Fit<ArrayBase<D, Ix2>, T, GmmError> for GmmValidParams<R>
where
    F: Float + Into<f64>,
    R: Rng + Clone,
    D: Data<Elem = F>,
{
    type Object = Gmm;

    /// The model of [`GmmValidParams::fit_sample`]. The dataset's weights, where it has any, are respected;
    /// a fit that has not converged is still a model.
    fn fit(&self, dataset: &DatasetBase<ArrayBase<D, Ix2>, T>) -> Result<Gmm, GmmError> {
        let records = dataset.records().view();
        let weights: Option<Vec<f64>> = dataset
            .weights()
            .map(|w| w.iter().map(|&w| f64::from(w)).collect());
        let sample = match &weights {
            Some(weights) => Sample::weighted(&records, weights)?,
            None => Sample::new(&records),
        };
        Ok(self.fit_sample(&sample, &|_| {})?.model)
    }
}

impl<F, D> PredictInplace<ArrayBase<D, Ix2>, Array1<usize>> for Gmm
where
    F: Float + Into<f64>,
    D: Data<Elem = F>,
{
    /// The labels of [`Gmm::labels`].
    ///
    /// # Panics
    /// linfa's trait has no way to refuse: rows of another number of columns or with a NaN panic, where
    /// [`Gmm::labels`] returns the error.
    fn predict_inplace(&self, rows: &ArrayBase<D, Ix2>, labels: &mut Array1<usize>) {
        labels.assign(&or_panic(self.labels(&rows.view())));
    }

    fn default_target(&self, rows: &ArrayBase<D, Ix2>) -> Array1<usize> {
        Array1::zeros(rows.nrows())
    }
}

impl Gmm {
    /// linfa's name of [`means`](Self::means).
    pub fn centroids(&self) -> &Array2<f64> {
        self.means()
    }

    /// linfa's form of [`responsibilities`](Self::responsibilities).
    ///
    /// # Panics
    /// Where `responsibilities` returns an error.
    pub fn predict_proba<F, D>(&self, rows: &ArrayBase<D, Ix2>) -> Array2<f64>
    where
        F: Float + Into<f64>,
        D: Data<Elem = F>,
    {
        or_panic(self.responsibilities(&rows.view()))
    }
}

/// The one place of the crate that panics, because linfa's signatures leave no other way out.
#[allow(clippy::panic)]
fn or_panic<T>(result: Result<T, GmmError>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}
