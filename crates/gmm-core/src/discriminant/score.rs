//! How often a classifier is wrong.

use ndarray::{Array2, ArrayView1};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256Plus;
use rayon::prelude::*;

use super::{Classes, Classifier, Trained};
use crate::answers::largest;
use crate::error::GmmError;
use crate::sample::Sample;
use crate::threads::in_parallel;

/// How far what a classifier says of rows is from their classes; rows count by their weights.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Score {
    /// Share of the rows whose class of largest posterior is not theirs.
    pub error: f64,
    /// Brier score: the mean over rows of ½ Σ_c (r_c − y_c)² with r the posteriors and y 1 for the class of the row, from
    /// 0 to 1 (Brier, *Monthly Weather Review* 78, 1950; halved as in mclust).
    pub brier: f64,
    /// Σ of the weights of the rows of each class by the class that they are given, true classes × given ones.
    pub confusion: Array2<f64>,
}

impl Score {
    /// Of posteriors, rows × classes.
    fn of(
        posteriors: &Array2<f64>,
        classes: &Classes,
        weight: impl Fn(usize) -> f64,
    ) -> Result<Self, GmmError> {
        let n_classes = classes.names().len();
        let mut confusion = Array2::zeros((n_classes, n_classes));
        let mut brier = 0.0;
        for (row, (r, &class)) in posteriors
            .rows()
            .into_iter()
            .zip(classes.of_rows())
            .enumerate()
        {
            confusion[(class, largest(r).0)] += weight(row);
            brier += weight(row) * half_square(r, class);
        }
        let total = confusion.sum();
        let of_others = confusion
            .indexed_iter()
            .filter(|((of, given), _)| of != given);
        let wrong: f64 = of_others.map(|(_, weight)| weight).sum();
        if total > 0.0 {
            Ok(Self {
                error: wrong / total,
                brier: brier / total,
                confusion,
            })
        } else {
            Err(GmmError::NoRows)
        }
    }
}

/// ½ Σ_c (r_c − y_c)².
fn half_square(posteriors: ArrayView1<'_, f64>, class: usize) -> f64 {
    let is_class = |c: usize| f64::from(u8::from(c == class));
    let square = |(c, r): (usize, &f64)| (r - is_class(c)).powi(2);
    0.5 * posteriors.iter().enumerate().map(square).sum::<f64>()
}

impl Classifier {
    /// How far what it says of these rows is from their classes, each class found by its name.
    ///
    /// # Errors
    /// [`GmmError::InvalidParameter`] for a class that it does not know, [`GmmError::SizeMismatch`] for another number of
    /// classes than rows, [`GmmError::NoRows`] where no row has positive weight; as
    /// [`posteriors_of`](Self::posteriors_of).
    pub fn score(&self, sample: &Sample<'_>, classes: &Classes) -> Result<Score, GmmError> {
        classes.check_rows(sample)?;
        let place = |name: &String| self.names().iter().position(|own| own == name);
        let places: Option<Vec<usize>> = classes.names().iter().map(place).collect();
        let Some(places) = places else {
            let unknown = classes.names().iter().find(|name| place(name).is_none());
            return Err(GmmError::InvalidParameter {
                name: "class name",
                value: format!("'{}'", unknown.map_or("", String::as_str)),
                allowed: "one of the classifier's",
            });
        };
        let of_rows = classes.of_rows().iter().map(|&class| places[class]);
        let own = Classes::of_places(self.names().to_vec(), of_rows.collect())?;
        Score::of(&self.posteriors_of(sample)?, &own, |row| sample.weight(row))
    }
}

/// How often classifiers are wrong of rows that they have not seen.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CrossValidated {
    /// Of all rows, each by the classifier that has not seen it.
    pub score: Score,
    /// Standard error of the share of errors, from its variance between folds. Folds share most of the rows they are
    /// learnt from, so it is a little too small.
    pub error_of_error: f64,
    /// The same of the Brier score.
    pub error_of_brier: f64,
    /// The posteriors, rows × classes.
    pub posteriors: Array2<f64>,
    /// The fold in which each row was left out.
    pub folds: Vec<usize>,
}

/// Divides the rows at random into parts in which the classes are as frequent as in all (as nearly as can be), learns
/// from all parts but one and asks of that one, for each in turn. The parts follow from the seed; the classifiers are
/// learnt at the same time.
///
/// ```
/// use gmm_core::discriminant::{Classes, cross_validate, edda};
/// use gmm_core::{CovarianceType, Sample};
/// use ndarray::Array2;
///
/// let x = Array2::from_shape_fn((40, 1), |(i, _)| (i % 2) as f64 * 9.0 + (i / 2) as f64 * 0.1);
/// let classes: Vec<_> = (0..40).map(|i| if i % 2 == 0 { "even" } else { "odd" }).collect();
/// let classes = Classes::new(&classes);
/// let learn = |rows: &Sample<'_>, classes: &Classes| edda(rows, classes, &[CovarianceType::Tied]);
/// let validated = cross_validate(&Sample::new(&x), &classes, 5, 1, &learn)?;
/// assert_eq!(validated.score.error, 0.0);
/// # Ok::<(), gmm_core::GmmError>(())
/// ```
///
/// # Errors
/// [`GmmError::InvalidParameter`] unless there are at least 2 folds and no more than rows; those of `learn` for the first
/// fold where it fails, as of a class that has rows in one fold only.
pub fn cross_validate(
    sample: &Sample<'_>,
    classes: &Classes,
    n_folds: usize,
    seed: u64,
    learn: &(dyn Fn(&Sample<'_>, &Classes) -> Result<Trained, GmmError> + Sync),
) -> Result<CrossValidated, GmmError> {
    classes.weights(sample)?;
    if !(2..=sample.n_rows()).contains(&n_folds) {
        return Err(GmmError::InvalidParameter {
            name: "n_folds",
            value: format!("{n_folds} for {} rows", sample.n_rows()),
            allowed: "from 2 to the number of rows",
        });
    }
    let folds = stratified(classes, n_folds, seed);
    let of_fold = |fold| {
        let is_out = |row: &usize| folds[*row] == fold;
        let (out, kept): (Vec<usize>, Vec<usize>) = (0..sample.n_rows()).partition(is_out);
        let trained = sample.among(&kept, |rows| learn(rows, &classes.among(&kept)))?;
        sample.among(&out, |rows| {
            let own = classes.among(&out);
            let posteriors = by_name(&trained.model, rows, &own)?;
            Ok((out.clone(), posteriors))
        })
    };
    let of_folds = (0..n_folds).into_par_iter().with_max_len(1).map(of_fold);
    let of_folds: Vec<Result<_, GmmError>> = in_parallel(|| of_folds.collect());
    let mut posteriors = Array2::zeros((sample.n_rows(), classes.names().len()));
    let mut scores = Vec::new();
    for fold in of_folds {
        let (out, of_fold) = fold?;
        let weight: f64 = out.iter().map(|&row| sample.weight(row)).sum();
        // A fold whose rows have no weight says nothing.
        if weight > 0.0 {
            let weight_of = |place: usize| sample.weight(out[place]);
            scores.push((
                weight,
                Score::of(&of_fold, &classes.among(&out), weight_of)?,
            ));
        }
        for (row, r) in out.into_iter().zip(of_fold.rows()) {
            posteriors.row_mut(row).assign(&r);
        }
    }
    Ok(CrossValidated {
        score: Score::of(&posteriors, classes, |row| sample.weight(row))?,
        error_of_error: standard_error(&scores, |score| score.error),
        error_of_brier: standard_error(&scores, |score| score.brier),
        posteriors,
        folds,
    })
}

/// The posteriors of a classifier in the order of these classes; 0 for one that it does not know.
fn by_name(
    model: &Classifier,
    rows: &Sample<'_>,
    classes: &Classes,
) -> Result<Array2<f64>, GmmError> {
    let all = model.posteriors_of(rows)?;
    let mut ordered = Array2::zeros((all.nrows(), classes.names().len()));
    for (mut column, name) in ordered.columns_mut().into_iter().zip(classes.names()) {
        if let Some(place) = model.names().iter().position(|own| own == name) {
            column.assign(&all.column(place));
        }
    }
    Ok(ordered)
}

/// The fold of each row: the rows of each class in random order, dealt out one after the other, the next class going on
/// where the last one ended.
fn stratified(classes: &Classes, n_folds: usize, seed: u64) -> Vec<usize> {
    let mut rng = Xoshiro256Plus::seed_from_u64(seed);
    let mut folds = vec![0; classes.of_rows().len()];
    let mut next = 0;
    for class in 0..classes.names().len() {
        let mut rows = classes.rows_of(class);
        rows.shuffle(&mut rng);
        for row in rows {
            folds[row] = next % n_folds;
            next += 1;
        }
    }
    folds
}

/// The deviation of the folds from their mean, by their weights, over the root of their number.
fn standard_error(scores: &[(f64, Score)], of: impl Fn(&Score) -> f64) -> f64 {
    let total: f64 = scores.iter().map(|(w, _)| w).sum();
    let mean = scores.iter().map(|(w, score)| w * of(score)).sum::<f64>() / total;
    let squares = scores
        .iter()
        .map(|(w, score)| w * (of(score) - mean).powi(2));
    let variance = squares.sum::<f64>() / total;
    (variance / (scores.len() as f64 - 1.0).max(1.0)).sqrt()
}
