//! The directions in which components or classes differ.
//!
//! A [`Subspace`] holds few directions that carry what a mixture or a classifier says of components and classes: those
//! in which means differ, and those in which covariances do (GMMDR; Scrucca, *Statistics and Computing* 20, 2010, and
//! *Adv. Data Anal. Classif.* 8, 2014). Rows are projected on them, and so is the mixture.
//!
//! ```
//! use gmm_core::subspace::Subspace;
//! use gmm_core::{Covariances, Gmm, Sample};
//! use ndarray::array;
//!
//! let gmm = Gmm::new(
//!     array![0.5, 0.5],
//!     array![[0.0, 0.0], [3.0, 3.0]],
//!     Covariances::TiedSpherical(1.0),
//! )?;
//! let x = array![[0.5, 0.1], [-0.7, 0.2], [0.1, -0.4], [3.2, 2.9], [2.4, 3.3], [3.5, 2.7]];
//! let sample = Sample::new(&x);
//! let subspace = Subspace::of(&gmm, &sample, 1.0)?.first(1)?;
//! assert!(subspace.cumulative_shares()[0] > 0.99);
//! assert_eq!(subspace.project(&sample)?.dim(), (6, 1));
//! assert_eq!(subspace.mixture(&gmm)?.n_features(), 1);
//! assert_eq!(subspace.kept(&gmm, &sample)?.agreement, 1.0);
//! # Ok::<(), gmm_core::GmmError>(())
//! ```

use ndarray::{Array1, Array2, ArrayView1, Axis, s};

use crate::answers::largest;
use crate::covariance::Covariance;
use crate::discriminant::Classifier;
use crate::eigen::Eigen;
use crate::error::GmmError;
use crate::gmm::Gmm;
use crate::incomplete::{moments, prepared};
use crate::inference::adjusted_rand_index;
use crate::moments::{Form, lower};
use crate::sample::Sample;
use crate::survey::Survey;

/// Eigenvalues up to this are of directions that say nothing (mclust: the same).
const NOTHING: f64 = 1.490_116_119_384_765_6e-8;

/// Directions in the space of rows, those that say most first.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Subspace {
    /// What is subtracted from a row before it is projected: the mean of the rows, D.
    pub centre: Array1<f64>,
    /// The directions, D × q: columns of length 1 in the units of the features, of which the largest entry is positive.
    /// They are not orthogonal to each other, but uncorrelated: the rows have no covariance between one and another.
    pub basis: Array2<f64>,
    /// All eigenvalues of the kernel matrix, D, the largest first; the first q are above 0.
    pub eigenvalues: Array1<f64>,
}

/// How much of what a mixture or a classifier says of rows its projection says too.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Kept {
    /// Share of the eigenvalues that the directions have.
    pub eigenvalues: f64,
    /// Adjusted Rand index of the labels before and after: 1 where they are the same.
    pub agreement: f64,
    /// Mean over the rows of ½ Σ |r − r′| of the posteriors before and after: 0 where they are the same, 1 where nothing
    /// is.
    pub posterior_difference: f64,
}

/// Mean and covariance of all rows, in deviations.
struct Whole {
    mean: Vec<f64>,
    /// The standard deviation of each column.
    deviations: Vec<f64>,
    /// R^(−½) of the correlations R, D × D; of a singular R on what it spans.
    inverse_root: Array2<f64>,
}

impl Subspace {
    /// The directions in which the components of a mixture differ: solutions of Mv = lSv with S the covariance of these
    /// rows, μ their mean, and M = 2λ BS⁻¹B + 2(1−λ) Σₖ πₖ (Σₖ−Σ̄)S⁻¹(Σₖ−Σ̄), where B = Σₖ πₖ (μₖ−μ)(μₖ−μ)ᵀ and
    /// Σ̄ = Σₖ πₖΣₖ (Scrucca 2010, eq. 8; 2014, eq. 9). `lambda` is λ, from 0 to 1: with 1 means alone count, which leads to
    /// K−1 directions at most (mclust's default), and one more where the mean of the rows is not that of the mixture; with ½ means and covariances count alike. A background says nothing of
    /// directions.
    ///
    /// # Errors
    /// [`GmmError::InvalidParameter`] for λ out of range, and where no direction says anything, as of one component;
    /// [`GmmError::SizeMismatch`] for rows of another number of columns; data that no fit can use.
    pub fn of(gmm: &Gmm, sample: &Sample<'_>, lambda: f64) -> Result<Self, GmmError> {
        if !(0.0..=1.0).contains(&lambda) {
            return Err(GmmError::InvalidParameter {
                name: "lambda",
                value: lambda.to_string(),
                allowed: "from 0 to 1",
            });
        }
        gmm.check_columns(sample.n_features())?;
        let whole = Whole::of(sample)?;
        let kernel = kernel(&gmm.without_background(), &whole, lambda);
        let d = whole.mean.len();
        let triangle = (0..d).flat_map(|i| (0..=i).map(move |j| (i, j)));
        let triangle: Vec<f64> = triangle.map(|at| kernel[at]).collect();
        let Some(eigen) = Eigen::of(&triangle, d) else {
            return Err(GmmError::Overflow { column: 0 });
        };
        let n_directions = eigen.values.iter().filter(|l| **l > NOTHING).count();
        if n_directions == 0 {
            return Err(GmmError::InvalidParameter {
                name: "mixture",
                value: format!("{} components", gmm.n_components()),
                allowed: "of components that differ in what lambda looks at",
            });
        }
        let mut basis = Array2::zeros((d, n_directions));
        for (mut direction, axis) in basis.columns_mut().into_iter().zip(eigen.axes.chunks(d)) {
            let turned = whole.inverse_root.dot(&ArrayView1::from(axis));
            let scaled = turned.iter().zip(&whole.deviations).map(in_units);
            direction.assign(&unit(scaled.collect()));
        }
        Ok(Self {
            centre: Array1::from(whole.mean),
            basis,
            eigenvalues: Array1::from(eigen.values),
        })
    }

    /// The directions in which the classes of a classifier, and the components of their mixtures, differ: those of all
    /// their components as [one mixture](Classifier::mixture).
    ///
    /// # Errors
    /// As [`of`](Self::of) and [`Classifier::mixture`].
    pub fn of_classifier(
        classifier: &Classifier,
        sample: &Sample<'_>,
        lambda: f64,
    ) -> Result<Self, GmmError> {
        Self::of(&classifier.mixture()?, sample, lambda)
    }

    /// q, the number of directions.
    pub fn n_directions(&self) -> usize {
        self.basis.ncols()
    }

    /// The first directions alone.
    ///
    /// # Errors
    /// [`GmmError::InvalidParameter`] unless there are from 1 to q.
    pub fn first(&self, n_directions: usize) -> Result<Self, GmmError> {
        if !(1..=self.n_directions()).contains(&n_directions) {
            return Err(GmmError::InvalidParameter {
                name: "n_directions",
                value: format!("{n_directions} of {}", self.n_directions()),
                allowed: "from 1 to the number of directions",
            });
        }
        Ok(Self {
            basis: self.basis.slice(s![.., ..n_directions]).to_owned(),
            ..self.clone()
        })
    }

    /// Share of all eigenvalues up to each direction, q.
    pub fn cumulative_shares(&self) -> Array1<f64> {
        let total = self.eigenvalues.sum();
        let mut sum = 0.0;
        let own = self.eigenvalues.iter().take(self.n_directions());
        own.map(|l| {
            sum += l;
            sum / total
        })
        .collect()
    }

    /// The rows on the directions, rows × q: (x − centre)·basis.
    ///
    /// # Errors
    /// [`GmmError::SizeMismatch`] for rows of another number of columns; [`GmmError::NonFinite`] for a value that is
    /// missing or infinite. Where values are missing, [`Gmm::imputed`] says what is expected in their place.
    pub fn project(&self, sample: &Sample<'_>) -> Result<Array2<f64>, GmmError> {
        GmmError::check_size(
            "columns of the data",
            self.centre.len(),
            sample.n_features(),
        )?;
        let all: Vec<usize> = (0..sample.n_rows()).collect();
        let rows = sample.select(&all);
        if let Some(((row, column), &value)) = rows.indexed_iter().find(|(_, v)| !v.is_finite()) {
            return Err(GmmError::NonFinite { row, column, value });
        }
        Ok((rows - &self.centre).dot(&self.basis))
    }

    /// The mixture of rows that are projected: means (μₖ − centre)·basis and covariances basisᵀΣₖbasis, an
    /// [image](Gmm::affine) of the mixture.
    ///
    /// # Errors
    /// [`GmmError::SizeMismatch`] for a mixture of other rows; [`GmmError::InvalidParameter`] for a background, which is
    /// no box after projection, and for directions that are the same to rounding.
    pub fn mixture(&self, gmm: &Gmm) -> Result<Gmm, GmmError> {
        GmmError::check_size(
            "columns of the mixture",
            self.centre.len(),
            gmm.n_features(),
        )?;
        gmm.check_no_background()?;
        let none = Array1::zeros(self.n_directions());
        gmm.affine_about(&self.centre, &self.basis.t().to_owned(), &none)
    }

    /// The classifier of rows that are projected: the mixture of each class, projected.
    ///
    /// # Errors
    /// As [`mixture`](Self::mixture).
    pub fn classifier(&self, classifier: &Classifier) -> Result<Classifier, GmmError> {
        let models = classifier.models().iter().map(|model| self.mixture(model));
        Classifier::new(
            classifier.names().to_vec(),
            classifier.priors().to_vec(),
            models.collect::<Result<_, _>>()?,
        )
    }

    /// How much of what the mixture says of these rows its projection says too.
    ///
    /// # Errors
    /// As [`project`](Self::project) and [`mixture`](Self::mixture).
    pub fn kept(&self, gmm: &Gmm, sample: &Sample<'_>) -> Result<Kept, GmmError> {
        let after = self
            .mixture(gmm)?
            .responsibilities(&self.project(sample)?)?;
        Ok(self.compared(&gmm.responsibilities_of(sample)?, &after, sample))
    }

    /// How much of what the classifier says of these rows its projection says too.
    ///
    /// # Errors
    /// As [`project`](Self::project) and [`mixture`](Self::mixture).
    pub fn kept_of_classifier(
        &self,
        classifier: &Classifier,
        sample: &Sample<'_>,
    ) -> Result<Kept, GmmError> {
        let after = self
            .classifier(classifier)?
            .posteriors(&self.project(sample)?)?;
        Ok(self.compared(&classifier.posteriors_of(sample)?, &after, sample))
    }

    fn compared(&self, before: &Array2<f64>, after: &Array2<f64>, sample: &Sample<'_>) -> Kept {
        let labels = |posteriors: &Array2<f64>| -> Vec<usize> {
            posteriors
                .rows()
                .into_iter()
                .map(|row| largest(row).0)
                .collect()
        };
        let weight = |row| sample.weight(row);
        let apart = (before - after).mapv(f64::abs).sum_axis(Axis(1));
        let apart = apart
            .iter()
            .enumerate()
            .map(|(row, a)| 0.5 * weight(row) * a);
        Kept {
            eigenvalues: self.cumulative_shares()[self.n_directions() - 1],
            agreement: adjusted_rand_index(&labels(before), &labels(after), weight),
            posterior_difference: apart.sum::<f64>() / sample.total_weight(),
        }
    }
}

impl Whole {
    fn of(sample: &Sample<'_>) -> Result<Self, GmmError> {
        let all = prepared(sample, false, |sample| {
            let survey = Survey::of(sample)?;
            moments(sample, &survey, Form::Full)
        })?;
        let d = all.mean.len();
        let deviations: Vec<f64> = all.variances().iter().map(|v| v.sqrt()).collect();
        let size = |i: usize, j: usize| deviations[i] * deviations[j];
        let pairs = (0..d).flat_map(|i| (0..=i).map(move |j| (i, j)));
        // A constant column is correlated with nothing, itself included, and so in no direction.
        let correlation = |(i, j)| match size(i, j) {
            size if size > 0.0 => all.scatter[lower(i, j)] / all.weight / size,
            _ => 0.0,
        };
        let correlations: Vec<f64> = pairs.map(correlation).collect();
        let Some(eigen) = Eigen::of(&correlations, d) else {
            return Err(GmmError::Overflow { column: 0 });
        };
        let mut inverse_root = Array2::zeros((d, d));
        let least = NOTHING * eigen.values[0];
        for (value, axis) in eigen.values.iter().zip(eigen.axes.chunks(d)) {
            if *value > least {
                let axis = Array2::from_shape_fn((d, 1), |(i, _)| axis[i]);
                inverse_root += &(axis.dot(&axis.t()) / value.sqrt());
            }
        }
        Ok(Self {
            mean: all.mean,
            deviations,
            inverse_root,
        })
    }

    /// 1/σ of a column; 0 of a constant one.
    fn inverse_deviation(&self, column: usize) -> f64 {
        match self.deviations[column] {
            deviation if deviation > 0.0 => 1.0 / deviation,
            _ => 0.0,
        }
    }
}

/// S^(−½) M S^(−½), of features measured in their deviations.
fn kernel(gmm: &Gmm, whole: &Whole, lambda: f64) -> Array2<f64> {
    let d = whole.mean.len();
    let root = &whole.inverse_root;
    let mut between = Array2::<f64>::zeros((d, d));
    let mut within = Array2::<f64>::zeros((d, d));
    let matrices: Vec<Array2<f64>> = gmm
        .components()
        .iter()
        .map(|c| matrix_of(c.covariance(), |j| whole.inverse_deviation(j)))
        .collect();
    for ((gaussian, weight), matrix) in gmm.components().iter().zip(gmm.weights()).zip(&matrices) {
        let offset = |j: usize| gaussian.mean()[j] - whole.mean[j];
        let offset = Array2::from_shape_fn((d, 1), |(j, _)| offset(j) * whole.inverse_deviation(j));
        between.scaled_add(*weight, &offset.dot(&offset.t()));
        within.scaled_add(*weight, matrix);
    }
    let between = root.dot(&between).dot(root);
    let mut kernel = between.dot(&between) * (2.0 * lambda);
    for (weight, matrix) in gmm.weights().iter().zip(&matrices) {
        let apart = root.dot(&(matrix - &within)).dot(root);
        kernel.scaled_add(2.0 * (1.0 - lambda) * weight, &apart.dot(&apart));
    }
    kernel
}

/// The matrix of a covariance of features that are scaled by these factors.
fn matrix_of(covariance: &Covariance, factor: impl Fn(usize) -> f64) -> Array2<f64> {
    let d = covariance.dim();
    Array2::from_shape_fn((d, d), |(i, j)| {
        covariance.entry(i, j) * factor(i) * factor(j)
    })
}

/// An entry of a direction of features that are measured in their deviations.
fn in_units((entry, deviation): (&f64, &f64)) -> f64 {
    if *deviation > 0.0 {
        entry / deviation
    } else {
        0.0
    }
}

/// Of length 1, and the largest entry positive.
fn unit(direction: Vec<f64>) -> Array1<f64> {
    let largest = direction.iter().copied().fold(
        0.0,
        |most: f64, x| {
            if x.abs() > most.abs() { x } else { most }
        },
    );
    let scaled = Array1::from(direction) / largest;
    let length = scaled.dot(&scaled).sqrt();
    scaled / length
}
