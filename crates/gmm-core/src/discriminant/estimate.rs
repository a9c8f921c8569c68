//! Classifiers learnt from rows whose classes are known.

use ndarray::Array2;
use rand::Rng;
use rayon::prelude::*;

use super::determined::{Demand, no_variance, undetermined};
use super::{Classes, Classifier};
use crate::belief::Ridge;
use crate::covariance::CovarianceType;
use crate::error::GmmError;
use crate::fitted::{Fitted, Note};
use crate::gmm::{self, Gmm};
use crate::incomplete::prepared;
use crate::init::InitMethod;
use crate::params::GmmParams;
use crate::sample::Sample;
use crate::selection::rank;
use crate::survey::Survey;
use crate::threads::in_parallel;

/// A guard of the arithmetic of [`edda`], so small that no likelihood shows it.
const GUARD: Ridge = Ridge::Relative(1e-10);

/// A classifier, and how well it describes the rows that it was learnt from.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Trained {
    /// The classifier.
    pub model: Classifier,
    /// Σ wₙ ln p(xₙ) with p(x) = Σ_c π_c p(x|c), in nats: the likelihood of the rows whatever their classes, which is
    /// also what mclust reports and chooses by.
    pub log_likelihood: f64,
    /// Σ of the weights of the rows of which something was seen: the n of BIC.
    pub total_weight: f64,
    /// The types among which [`edda`] chose, the best first; of [`mclust_da`] nothing.
    pub candidates: Vec<Candidate>,
    /// What is unusual about the rows or the mixture of a class; of [`edda`] with class and component the same.
    pub notes: Vec<(usize, Note)>,
}

/// A constraint across the classes, and how well it describes the rows.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Candidate {
    /// The constraint.
    pub covariance_type: CovarianceType,
    /// Log-likelihood of the rows whatever their classes, in nats.
    pub log_likelihood: f64,
    /// Free parameters, the priors of the classes among them.
    pub n_parameters: usize,
    /// Bayesian information criterion; the smaller the better.
    pub bic: f64,
}

impl Trained {
    /// Bayesian information criterion −2 ln L + p ln n; the smaller the better. The priors of the classes are among the p
    /// parameters, as in mclust from 6.1 on.
    pub fn bic(&self) -> f64 {
        let n_parameters = self.model.n_parameters();
        gmm::bic(self.log_likelihood, n_parameters, self.total_weight)
    }

    /// With the likelihood that the classifier gives the rows.
    fn of(model: Classifier, sample: &Sample<'_>, total_weight: f64) -> Result<Self, GmmError> {
        let log_prob = model.log_prob_of(sample)?;
        let counted = log_prob.iter().enumerate();
        let counted = counted.map(|(row, l)| (sample.weight(row), l));
        Ok(Self {
            log_likelihood: counted.filter(|(w, _)| *w > 0.0).map(|(w, l)| w * l).sum(),
            model,
            total_weight,
            candidates: Vec::new(),
            notes: Vec::new(),
        })
    }
}

/// One Gaussian for each class under one of these constraints across the classes, by maximum likelihood: that of the
/// best BIC (EDDA; Bensmail & Celeux, *JASA* 91, 1996). The priors are the shares of the classes in the rows.
///
/// Weights, missing values and noise count as in a fit; labels of the sample do not. Types that the rows do not
/// determine are no candidates: those under which a class has fewer rows than its own covariance needs, or no variance in
/// some column given the others.
///
/// # Errors
/// Data that no fit can use; [`GmmError::NoRows`] in a class without rows of positive weight; if no type is determined,
/// why the first is not, [in the class](GmmError::InClass) that it is about; [`GmmError::SizeMismatch`] for another number
/// of classes than rows.
pub fn edda(
    sample: &Sample<'_>,
    classes: &Classes,
    types: &[CovarianceType],
) -> Result<Trained, GmmError> {
    let exact = Gmm::params(1).ridge(GUARD).tolerance(1e-12);
    edda_with(sample, classes, types, &exact)
}

/// As [`edda`], with the ridge, the prior and the accuracy of these parameters: with a prior or an absolute ridge, types
/// are determined that the rows alone do not determine (regularised discriminant analysis). Start, trimming, background
/// and frozen parameters have no meaning where every row has its component.
///
/// # Errors
/// As [`edda`], and those of the parameters.
pub fn edda_with<R: Rng + Clone + Sync>(
    sample: &Sample<'_>,
    classes: &Classes,
    types: &[CovarianceType],
    params: &GmmParams<R>,
) -> Result<Trained, GmmError> {
    classes.weights(sample)?;
    let n_classes = classes.names().len();
    let labels: Vec<Option<usize>> = classes.of_rows().iter().copied().map(Some).collect();
    let is_of = |(row, class)| f64::from(u8::from(classes.of_rows()[row] == class));
    let start = Array2::from_shape_fn((sample.n_rows(), n_classes), is_of);
    let params = params
        .clone()
        .n_components(n_classes)
        .init_method(InitMethod::Responsibilities(start.clone()))
        .trimming(0.0)
        .background(false);
    let whole = sample;
    let trained = prepared(sample, false, |sample| {
        let survey = Survey::of(sample)?;
        let labelled = sample.borrowed().with_labels(&labels)?;
        let of_type = |&of: &CovarianceType| {
            let params = params.clone().covariance_type(of);
            let fitted = params.fit_sample(&labelled, &|_| {});
            let fitted = fitted.map_err(|error| named(error, of, classes.names()))?;
            let checked = Demand::of(&params, &survey)?.check(&fitted, whole, &start);
            checked.map_err(|(k, error)| error.in_class(&classes.names()[k]))?;
            let model = Classifier::of_components(classes.names().to_vec(), &fitted.model)?;
            Ok((model, fitted))
        };
        let types = types.par_iter().with_max_len(1);
        Ok(in_parallel(|| types.map(of_type).collect::<Vec<_>>()))
    })?;
    let mut possible = Vec::new();
    let mut refused = None;
    for fit in trained {
        match fit {
            Ok((model, fitted)) => {
                let mut trained = Trained::of(model, sample, fitted.total_weight)?;
                let with_class = |note: Note| (note.component().unwrap_or_default(), note);
                trained.notes = fitted.notes.into_iter().map(with_class).collect();
                possible.push(trained);
            }
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    possible.sort_by(|a, b| a.bic().total_cmp(&b.bic()));
    let candidates = possible.iter().map(Candidate::of).collect();
    match possible.into_iter().next() {
        Some(best) => Ok(Trained { candidates, ..best }),
        None => Err(refused.unwrap_or(GmmError::InvalidParameter {
            name: "covariance types",
            value: String::from("none"),
            allowed: "at least one",
        })),
    }
}

impl Candidate {
    fn of(trained: &Trained) -> Self {
        Self {
            covariance_type: trained.model.shared().unwrap_or_default(),
            log_likelihood: trained.log_likelihood,
            n_parameters: trained.model.n_parameters(),
            bic: trained.bic(),
        }
    }
}

/// A mixture for each class, of the number of components and the type of the best BIC among the rows of the class
/// (MclustDA; Fraley & Raftery, *JASA* 97, 2002). The priors are the shares of the classes in the rows.
///
/// All else is as `params` say. Weights, missing values and noise count as in a fit; labels of the sample do not.
/// Mixtures that the rows of a class do not determine are no candidates, unless there is an absolute ridge or a prior:
/// those with a component of too few rows ([`Fitted::is_proper`]), and those with a component whose rows have no more
/// variance in some direction than the ridge, as on tied values.
///
/// # Errors
/// Data that no fit can use; what is wrong with a class, [with its name](GmmError::InClass): [`GmmError::NoRows`] of
/// positive weight, or, where its rows determine no candidate, why not the first of them; [`GmmError::SizeMismatch`] for
/// another number of classes than rows.
pub fn mclust_da<R: Rng + Clone>(
    sample: &Sample<'_>,
    classes: &Classes,
    n_components: impl IntoIterator<Item = usize> + Clone,
    types: &[CovarianceType],
    params: &GmmParams<R>,
) -> Result<Trained, GmmError> {
    let weights = classes.weights(sample)?;
    // What is wrong with a value is said with its row among all.
    prepared(sample, false, Survey::of)?;
    let mut fits = Vec::with_capacity(weights.len());
    for (class, name) in classes.names().iter().enumerate() {
        let learnt = sample.among(&classes.rows_of(class), |rows| {
            let demand = prepared(rows, false, |rows| Demand::of(params, &Survey::of(rows)?))?;
            let ranking = rank(rows, params, n_components.clone(), types, &|_, _| {})?;
            first_determined(ranking, rows, &demand)
        });
        fits.push(learnt.map_err(|error| error.in_class(name))?);
    }
    let total: f64 = weights.iter().sum();
    let model = Classifier::new(
        classes.names().to_vec(),
        weights.iter().map(|w| w / total).collect(),
        fits.iter().map(|fitted| fitted.model.clone()).collect(),
    )?;
    let seen = fits.iter().map(|fitted| fitted.total_weight).sum();
    let of_class = |(class, fitted): (usize, Fitted)| {
        let notes = fitted.notes.into_iter();
        notes.map(move |note| (class, note))
    };
    Ok(Trained {
        notes: fits.into_iter().enumerate().flat_map(of_class).collect(),
        ..Trained::of(model, sample, seen)?
    })
}

/// The first fit of a ranking that the rows determine.
fn first_determined(
    ranking: Vec<Fitted>,
    sample: &Sample<'_>,
    demand: &Demand,
) -> Result<Fitted, GmmError> {
    let mut refused = None;
    for fitted in ranking {
        let responsibilities = fitted.model.responsibilities_of(sample)?;
        match demand.check(&fitted, sample, &responsibilities) {
            Ok(()) => return Ok(fitted),
            Err((_, error)) => refused = refused.or(Some(error)),
        }
    }
    Err(refused.unwrap_or(GmmError::InvalidParameter {
        name: "numbers of components or covariance types",
        value: String::from("none"),
        allowed: "at least one",
    }))
}

/// The class that an error of a fit with a component for each class is about.
fn named(error: GmmError, of: CovarianceType, names: &[String]) -> GmmError {
    match error {
        GmmError::NotPositiveDefinite { component, column } => {
            let undetermined = undetermined(of, no_variance(column));
            match names.get(component) {
                Some(name) => undetermined.in_class(name),
                None => undetermined,
            }
        }
        error => error,
    }
}
