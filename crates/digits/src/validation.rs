//! Classifiers learned without some folds, and what they make of these.

use gmm_core::GmmError;
use gmm_core::ndarray::{Array2, ArrayView1};
use rayon::prelude::*;

use crate::classifier::{Classifier, Settings, largest, log_sum};
use crate::data::Images;
use crate::features::Features;
use crate::folds::Folds;

/// How one image was read by a classifier that had not seen it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// Its label.
    pub label: usize,
    /// The label it was given.
    pub predicted: usize,
    /// The probability of `predicted`.
    pub posterior: f64,
    /// The logarithm of the odds of `predicted` against all other labels, in nats; +∞ where no other class was
    /// learned.
    pub log_odds: f64,
    /// The fold it was held out with.
    pub fold: usize,
}

impl Reading {
    /// Whether the label is the true one.
    pub fn is_right(&self) -> bool {
        self.label == self.predicted
    }
}

/// All images, each read when it was held out.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldOut {
    /// One reading for each image.
    pub readings: Vec<Reading>,
    /// ln p(c|x), images × classes, in nats.
    pub log_posteriors: Array2<f64>,
    /// Numbers of images by true class (row) and by the class they were read as (column).
    pub confusion: Array2<usize>,
}

impl HeldOut {
    /// Images that were misread.
    pub fn n_errors(&self) -> usize {
        self.readings.iter().filter(|r| !r.is_right()).count()
    }

    /// The share of images that were read right.
    pub fn accuracy(&self) -> f64 {
        1.0 - self.n_errors() as f64 / self.readings.len() as f64
    }

    /// The binomial standard error of that share; it knows nothing of the folds.
    pub fn standard_error(&self) -> f64 {
        let share = self.accuracy();
        (share * (1.0 - share) / self.readings.len() as f64).sqrt()
    }
}

/// Images read right, and Σ ln p(true class|x).
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Score {
    pub(crate) n_right: usize,
    pub(crate) n_images: usize,
    pub(crate) log_posterior: f64,
}

impl Score {
    fn add(&mut self, other: Self) {
        self.n_right += other.n_right;
        self.n_images += other.n_images;
        self.log_posterior += other.log_posterior;
    }

    pub(crate) fn accuracy(&self) -> f64 {
        self.n_right as f64 / self.n_images as f64
    }
}

/// The best of the candidates; the first of several.
pub(crate) fn best(scores: &[Score]) -> (usize, Score) {
    let mut best = (0, scores[0]);
    for (place, &score) in scores.iter().enumerate() {
        let rank = |s: &Score| (s.n_right, s.log_posterior);
        if rank(&score) > rank(&best.1) {
            best = (place, score);
        }
    }
    best
}

/// How the candidates did.
pub(crate) struct Scores {
    /// Without each fold: folds × candidates.
    pub(crate) by_fold: Vec<Vec<Score>>,
    /// All together.
    pub(crate) total: Vec<Score>,
}

/// Images in folds, and who hears of the progress.
pub(crate) struct Study<'a> {
    pub(crate) images: &'a Images,
    pub(crate) features: &'a Features,
    pub(crate) folds: &'a Folds,
    pub(crate) tell: &'a (dyn Fn() + Sync),
}

impl Study<'_> {
    fn learn(&self, rows: &[usize], settings: &Settings) -> Result<Classifier, GmmError> {
        let classifier = Classifier::fit(self.features, rows, settings)?;
        (self.tell)();
        Ok(classifier)
    }

    /// A classifier learned from all images, and the share of these that it reads right.
    pub(crate) fn on_all(&self, settings: &Settings) -> Result<(Classifier, f64), GmmError> {
        let classifier = self.learn(&self.folds.rows_without(&[]), settings)?;
        let predicted = classifier.predict(&self.features.rows)?;
        let pairs = predicted.iter().zip(&self.features.class_of);
        let n_right = pairs
            .filter(|(predicted, class)| predicted == class)
            .count();
        Ok((classifier, n_right as f64 / predicted.len() as f64))
    }

    /// Learns every candidate without each pair of folds, and scores it on both: the score on one belongs to the
    /// choice for the other.
    pub(crate) fn validate(
        &self,
        pairs: &[[usize; 2]],
        candidates: &[Settings],
    ) -> Result<Scores, GmmError> {
        let trials: Vec<(usize, [usize; 2])> = (0..candidates.len())
            .flat_map(|candidate| pairs.iter().map(move |&pair| (candidate, pair)))
            .collect();
        let trial = |&(candidate, pair): &(usize, [usize; 2])| {
            let rows = self.folds.rows_without(&pair);
            let classifier = self.learn(&rows, &candidates[candidate])?;
            let [a, b] = pair;
            Ok((
                candidate,
                [
                    (a, self.score(&classifier, b)?),
                    (b, self.score(&classifier, a)?),
                ],
            ))
        };
        let scored = trials
            .par_iter()
            .with_max_len(1)
            .map(trial)
            .collect::<Result<Vec<_>, GmmError>>()?;
        let mut total = vec![Score::default(); candidates.len()];
        let mut by_fold = vec![total.clone(); self.folds.n_folds()];
        for (candidate, scores) in scored {
            for (fold, score) in scores {
                by_fold[fold][candidate].add(score);
                total[candidate].add(score);
            }
        }
        Ok(Scores { by_fold, total })
    }

    fn score(&self, classifier: &Classifier, fold: usize) -> Result<Score, GmmError> {
        let rows = self.folds.rows_of(fold);
        let log_posteriors = classifier.log_posteriors(&self.features.select(&rows))?;
        let mut score = Score::default();
        for (row, log_posterior) in rows.iter().zip(log_posteriors.rows()) {
            let class = self.features.class_of[*row];
            score.add(Score {
                n_right: usize::from(largest(log_posterior.iter().copied()) == class),
                n_images: 1,
                log_posterior: log_posterior[class],
            });
        }
        Ok(score)
    }

    /// Reads each fold with its settings, learned from all others.
    pub(crate) fn held_out(&self, settings: &[Settings]) -> Result<HeldOut, GmmError> {
        let read = |(fold, settings): (usize, &Settings)| {
            let classifier = self.learn(&self.folds.rows_without(&[fold]), settings)?;
            let rows = self.folds.rows_of(fold);
            let log_posteriors = classifier.log_posteriors(&self.features.select(&rows))?;
            Ok((rows, log_posteriors))
        };
        let by_fold = settings
            .par_iter()
            .enumerate()
            .map(read)
            .collect::<Result<Vec<_>, GmmError>>()?;
        let (n, n_classes) = (self.features.class_of.len(), self.features.n_classes);
        let mut log_posteriors = Array2::zeros((n, n_classes));
        for (rows, of_fold) in &by_fold {
            for (&row, values) in rows.iter().zip(of_fold.rows()) {
                log_posteriors.row_mut(row).assign(&values);
            }
        }
        let mut confusion = Array2::zeros((n_classes, n_classes));
        let readings = (0..n).map(|row| {
            let (class, reading) = self.reading(row, log_posteriors.row(row));
            confusion[(self.features.class_of[row], class)] += 1;
            reading
        });
        Ok(HeldOut {
            readings: readings.collect(),
            confusion,
            log_posteriors,
        })
    }

    /// The class an image is read as, and what there is to say about it.
    fn reading(&self, row: usize, log_posteriors: ArrayView1<'_, f64>) -> (usize, Reading) {
        let class = largest(log_posteriors.iter().copied());
        let others = log_posteriors
            .iter()
            .enumerate()
            .filter(|(c, _)| *c != class);
        let reading = Reading {
            label: self.images.labels()[row],
            predicted: self.images.classes()[class],
            posterior: log_posteriors[class].exp(),
            log_odds: log_posteriors[class] - log_sum(others.map(|(_, l)| *l)),
            fold: self.folds.fold_of()[row],
        };
        (class, reading)
    }
}
