//! How good readings are, and how well they know it.

use gmm_core::ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::classifier::largest;

/// Bins of the probabilities that are compared with what came true.
const BINS: usize = 10;

/// Images of known classes with the probabilities they were given.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// ln p(c|x), images × classes, in nats.
    pub log_posteriors: Array2<f64>,
    /// The true class of each image.
    pub class_of: Vec<usize>,
    /// The most probable class of each image; the first of several.
    pub predicted: Vec<usize>,
}

/// Images whose probability of being right was said to be about the same.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// How many they are.
    pub images: usize,
    /// Mean of the probabilities they were given.
    pub said: f64,
    /// The share of them that was read right.
    pub right: f64,
}

/// What happens when images below a probability are not read.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Operating {
    /// The smallest probability that is read.
    pub threshold: f64,
    /// The share of images that are read.
    pub coverage: f64,
    /// The share of these that are misread.
    pub error: f64,
}

impl Judgement {
    /// Of ln p(c|x), images × classes, and the true classes.
    pub fn of(log_posteriors: Array2<f64>, class_of: Vec<usize>) -> Self {
        let rows = log_posteriors.rows().into_iter();
        let predicted = rows.map(|row| largest(row.iter().copied())).collect();
        Self {
            log_posteriors,
            class_of,
            predicted,
        }
    }

    /// Number of images.
    pub fn n_images(&self) -> usize {
        self.class_of.len()
    }

    /// Images that were misread.
    pub fn n_errors(&self) -> usize {
        (0..self.n_images()).filter(|&i| !self.is_right(i)).count()
    }

    /// The images that were misread, those with the largest odds against the truth first.
    pub fn misread(&self) -> Vec<usize> {
        let mut out: Vec<usize> = (0..self.n_images())
            .filter(|&i| !self.is_right(i))
            .collect();
        let log_odds = |i: usize| {
            let said = self.log_posteriors.row(i);
            said[self.predicted[i]] - said[self.class_of[i]]
        };
        out.sort_by(|&a, &b| log_odds(b).total_cmp(&log_odds(a)));
        out
    }

    /// Whether image i was read right.
    pub fn is_right(&self, i: usize) -> bool {
        self.predicted[i] == self.class_of[i]
    }

    /// The probability of the class that image i was read as.
    pub fn posterior(&self, i: usize) -> f64 {
        self.log_posteriors[(i, self.predicted[i])].exp().min(1.0)
    }

    /// The share of images that were read right.
    pub fn accuracy(&self) -> f64 {
        1.0 - self.n_errors() as f64 / self.n_images().max(1) as f64
    }

    /// The standard error of the accuracy, (e + 1)(n − e + 1) in place of e(n − e) for e errors of n: not 0 where none was
    /// made. It takes images for independent, which those of one hand are not.
    pub fn standard_error(&self) -> f64 {
        let (n, wrong) = (self.n_images() as f64 + 2.0, self.n_errors() as f64 + 1.0);
        (wrong / n * (1.0 - wrong / n) / n).sqrt()
    }

    /// Mean −ln p(true class|x), in nats.
    pub fn log_loss(&self) -> f64 {
        let own = self.class_of.iter().enumerate();
        let total: f64 = own.map(|(i, &class)| self.log_posteriors[(i, class)]).sum();
        -total / self.n_images().max(1) as f64
    }

    /// Numbers of images by true class (row) and by the class they were read as (column).
    pub fn confusion(&self) -> Array2<usize> {
        let n = self.log_posteriors.ncols();
        let mut out = Array2::zeros((n, n));
        for (&class, &predicted) in self.class_of.iter().zip(&self.predicted) {
            out[(class, predicted)] += 1;
        }
        out
    }

    /// The images by the probability that was said, from low to high in bins of as many images each.
    pub fn reliability(&self) -> Vec<Bin> {
        let mut order: Vec<usize> = (0..self.n_images()).collect();
        order.sort_by(|&a, &b| self.posterior(a).total_cmp(&self.posterior(b)));
        let n_bins = BINS.min(order.len());
        let bin = |b: usize| {
            let own = &order[b * order.len() / n_bins..(b + 1) * order.len() / n_bins];
            let images = own.len() as f64;
            Bin {
                images: own.len(),
                said: own.iter().map(|&i| self.posterior(i)).sum::<f64>() / images,
                right: own.iter().filter(|&&i| self.is_right(i)).count() as f64 / images,
            }
        };
        (0..n_bins).map(bin).collect()
    }

    /// The mean distance of what was said from what came true over these bins: the expected calibration error, with
    /// bins of equal mass (Nguyen & O'Connor, EMNLP 2015).
    pub fn calibration_error(&self) -> f64 {
        let distance = |bin: &Bin| bin.images as f64 * (bin.said - bin.right).abs();
        let total: f64 = self.reliability().iter().map(distance).sum();
        total / self.n_images().max(1) as f64
    }

    /// Coverage and error at every probability that occurs, from the strictest on (Chow, *IEEE Trans. Inf. Theory* 16,
    /// 1970).
    pub fn rejection(&self) -> Vec<Operating> {
        let mut said: Vec<(f64, bool)> = (0..self.n_images())
            .map(|i| (self.posterior(i), self.is_right(i)))
            .collect();
        said.sort_by(|a, b| b.0.total_cmp(&a.0));
        let (mut read, mut wrong, mut out) = (0, 0, Vec::new());
        for tied in said.chunk_by(|a, b| a.0 == b.0) {
            read += tied.len();
            wrong += tied.iter().filter(|(_, is_right)| !is_right).count();
            out.push(Operating {
                threshold: tied[0].0,
                coverage: read as f64 / said.len() as f64,
                error: wrong as f64 / read as f64,
            });
        }
        out
    }

    /// Where most images are read and at most this share of them wrongly: 0 where all may be read, and above 1 where
    /// none may.
    pub fn threshold(&self, error_rate: f64) -> f64 {
        let curve = self.rejection();
        match curve.iter().rposition(|at| at.error <= error_rate) {
            Some(last) if last + 1 == curve.len() => 0.0,
            Some(last) => curve[last].threshold,
            None => 1.0f64.next_up(),
        }
    }

    /// Coverage and error of what is at least this probable.
    pub fn at(&self, threshold: f64) -> Operating {
        let read = (0..self.n_images()).filter(|&i| self.posterior(i) >= threshold);
        let (n, wrong) = read.fold((0usize, 0usize), |(n, wrong), i| {
            (n + 1, wrong + usize::from(!self.is_right(i)))
        });
        Operating {
            threshold,
            coverage: n as f64 / self.n_images().max(1) as f64,
            error: wrong as f64 / n.max(1) as f64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four images of class 0 among two classes: right with .9, right with .8, wrong with .7, right with .6.
    fn four() -> Judgement {
        let p = [0.9f64, 0.8, 0.3, 0.6];
        let log_posteriors = Array2::from_shape_fn((4, 2), |(i, c)| {
            (if c == 0 { p[i] } else { 1.0 - p[i] }).ln()
        });
        Judgement::of(log_posteriors, vec![0; 4])
    }

    #[test]
    fn what_is_not_read_is_not_misread() {
        let four = four();
        assert_eq!((four.n_errors(), four.accuracy()), (1, 0.75));
        assert_eq!(four.confusion(), gmm_core::ndarray::array![[3, 1], [0, 0]]);
        assert_eq!(four.misread(), [2]);
        let turned = Judgement::of(four.log_posteriors.clone(), vec![1; 4]);
        assert_eq!(turned.misread(), [0, 1, 3]);
        let curve: Vec<(f64, f64)> = four
            .rejection()
            .iter()
            .map(|o| (o.coverage, o.error))
            .collect();
        assert_eq!(
            curve,
            [(0.25, 0.0), (0.5, 0.0), (0.75, 1.0 / 3.0), (1.0, 0.25)]
        );
        for (rate, coverage) in [(0.0, 0.5), (0.2, 0.5), (0.25, 1.0), (0.3, 1.0)] {
            let at = four.at(four.threshold(rate));
            assert_eq!(at.coverage, coverage, "{rate}");
            assert!(at.error <= rate);
        }
        let wrong = Judgement::of(four.log_posteriors.clone(), vec![1; 4]);
        assert_eq!(wrong.at(wrong.threshold(0.1)).coverage, 0.0);
    }

    #[test]
    fn calibration_compares_what_was_said_with_what_came_true() {
        let four = four();
        let expected = (0.1 + 0.2 + 0.7 + 0.4) / 4.0;
        assert!((four.calibration_error() - expected).abs() < 1e-12);
        let loss = -(0.9f64 * 0.8 * 0.3 * 0.6).ln() / 4.0;
        assert!((four.log_loss() - loss).abs() < 1e-12);
        assert!(
            Judgement::of(Array2::zeros((0, 2)), vec![])
                .reliability()
                .is_empty()
        );
    }
}
