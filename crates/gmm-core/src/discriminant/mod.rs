//! Classes told apart by their mixtures: discriminant analysis.
//!
//! A [`Classifier`] holds a mixture for each class and what share of rows it expects of each. [`edda`] learns one
//! Gaussian for each class, under one constraint across the classes (Bensmail & Celeux, *JASA* 91, 1996: linear and
//! quadratic discriminant analysis are EEE and VVV, naive Bayes is VVI); [`mclust_da`] a mixture for each class, of its
//! own size and type (Hastie & Tibshirani, *JRSS B* 58, 1996; Fraley & Raftery, *JASA* 97, 2002). Both choose by BIC.
//! [`cross_validate`] says how often such a classifier is wrong of rows that it has not seen.
//!
//! ```
//! use gmm_core::discriminant::{Classes, edda};
//! use gmm_core::{CovarianceType, Sample};
//! use ndarray::array;
//!
//! let x = array![[0.1], [0.3], [-0.2], [0.0], [5.0], [5.5], [4.4], [5.2]];
//! let classes = Classes::new(&["low", "low", "low", "low", "high", "high", "high", "high"]);
//! let trained = edda(&Sample::new(&x), &classes, &CovarianceType::FAMILIES)?;
//! let classifier = trained.model;
//! assert_eq!(classifier.names(), ["high", "low"]);
//! assert_eq!(classifier.labels(&array![[0.2], [5.1]])?.to_vec(), [1, 0]);
//! // Between and beyond the classes there is none to choose.
//! let labels = classifier.labels_or_reject(&array![[0.2], [90.0]], 0.9, -10.0)?;
//! assert_eq!(labels.to_vec(), [Some(1), None]);
//! # Ok::<(), gmm_core::GmmError>(())
//! ```

mod answers;
mod classes;
mod determined;
mod estimate;
mod persist;
mod score;

pub use classes::Classes;
pub use estimate::{Candidate, Trained, edda, edda_with, mclust_da};
pub use score::{CrossValidated, Score, cross_validate};

use crate::covariance::CovarianceType;
use crate::error::GmmError;
use crate::gaussian::Gaussian;
use crate::gmm::Gmm;
use crate::mixture::Mixture;
use crate::shares::Shares;

use classes::check_names;

/// A mixture for each class, p(x|c), and a prior probability of each class, π_c: a distribution over rows and their
/// classes. It is a value, as [`Gmm`] is.
#[derive(Debug, Clone, PartialEq)]
pub struct Classifier {
    names: Vec<String>,
    priors: Shares,
    models: Vec<Gmm>,
    /// What the covariances of the classes share, where each class is one Gaussian.
    shared: Option<CovarianceType>,
}

impl Classifier {
    /// Classes of these names, prior probabilities and mixtures.
    ///
    /// # Errors
    /// [`GmmError::InvalidParameter`] for two classes of one name; [`GmmError::SizeMismatch`] unless there are as many
    /// priors and mixtures as names, at least one, and all mixtures are of as many columns; those of the weights of
    /// [`Gmm::new`] for priors that are no probabilities.
    pub fn new(names: Vec<String>, priors: Vec<f64>, models: Vec<Gmm>) -> Result<Self, GmmError> {
        check_names(&names)?;
        GmmError::check_size("number of priors", names.len(), priors.len())?;
        GmmError::check_size("number of models", names.len(), models.len())?;
        let priors = Shares::new(priors)?;
        for (name, model) in names.iter().zip(&models) {
            let check = models[0].check_columns(model.n_features());
            check.map_err(|error| error.in_class(name))?;
        }
        Ok(Self {
            names,
            priors,
            models,
            shared: None,
        })
    }

    /// Classes that are the components of a mixture: its weights are their priors, and its covariance type is what their
    /// covariances share.
    ///
    /// # Errors
    /// As [`new`](Self::new); [`GmmError::InvalidParameter`] for a mixture over a background.
    pub fn of_components(names: Vec<String>, gmm: &Gmm) -> Result<Self, GmmError> {
        gmm.check_no_background()?;
        let of = gmm.covariance_type();
        let alone = |component: &Gaussian| {
            let shares = Shares::of_counts(&[1.0]);
            Gmm::from_mixture(Mixture::new(shares, vec![component.clone()], None), of)
        };
        let models = gmm.components().iter().map(alone).collect();
        Ok(Self {
            shared: Some(of),
            ..Self::new(names, gmm.weights().to_vec(), models)?
        })
    }

    /// The same with other prior probabilities, as for rows among which the classes are not as frequent as among those
    /// that were learnt from.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_priors(self, priors: Vec<f64>) -> Result<Self, GmmError> {
        GmmError::check_size("number of priors", self.names.len(), priors.len())?;
        let priors = Shares::new(priors)?;
        Ok(Self { priors, ..self })
    }

    /// The names of the classes.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// π_c, the prior probability of each class.
    pub fn priors(&self) -> &[f64] {
        self.priors.values()
    }

    /// p(x|c), the mixture of each class.
    pub fn models(&self) -> &[Gmm] {
        &self.models
    }

    /// What the covariances of the classes share, where the classes are one Gaussian each that were
    /// [made](Self::of_components) or learnt together.
    pub fn shared(&self) -> Option<CovarianceType> {
        self.shared
    }

    /// C, the number of classes.
    pub fn n_classes(&self) -> usize {
        self.names.len()
    }

    /// D, the number of features.
    pub fn n_features(&self) -> usize {
        self.models[0].n_features()
    }

    /// Free parameters: C−1 priors and those of the mixtures; where covariances share something, it counts once.
    pub fn n_parameters(&self) -> usize {
        let (c, d) = (self.n_classes(), self.n_features());
        let of_models = match self.shared {
            Some(of) => c * d + of.n_parameters(c, d),
            None => self.models.iter().map(Gmm::n_parameters).sum(),
        };
        c - 1 + of_models
    }

    /// Rows of all classes as one mixture Σ_c π_c p(x|c) of [`CovarianceType::Full`]: the components of the first class,
    /// then those of the second and so on.
    ///
    /// # Errors
    /// [`GmmError::InvalidParameter`] where a class has a background: a mixture has no more than one.
    pub fn mixture(&self) -> Result<Gmm, GmmError> {
        let mut weights = Vec::new();
        let mut components = Vec::new();
        for (model, prior) in self.models.iter().zip(self.priors()) {
            model.check_no_background()?;
            weights.extend(model.weights().iter().map(|w| w * prior));
            components.extend(model.components());
        }
        Gmm::of_gaussians(weights, components)
    }

    /// The class of each component of [`mixture`](Self::mixture).
    pub fn class_of_component(&self) -> Vec<usize> {
        let classes = self.models.iter().enumerate();
        classes
            .flat_map(|(class, model)| vec![class; model.n_components()])
            .collect()
    }
}
