//! Reading images that nobody has seen: two mixtures for each class, in features of strokes, pooled so that their
//! probabilities come true.
//!
//! Features are [what is seen](View) of an image, whitened by the covariance within classes, so that the classes are unit
//! spheres on the whole. In them each class has (1) many equal spheres about its images or clusters of them, and (2) one
//! Gaussian whose covariance is its own, shrunk; both for several ridges of the whitening. What they say is pooled with the
//! weights that did best on images that were held out (Wolpert, *Neural Networks* 5, 1992).

mod choice;
mod file;
mod member;
mod pool;
mod train;
mod whitening;

use gmm_core::GmmError;
use gmm_core::discriminant::Classifier;
use gmm_core::ndarray::Array2;

pub use choice::{Part, Shape, Tried};
pub use file::ModelFileError;
pub use member::Own;
pub use train::{TrainOptions, Trained, cross_validate, train};

use crate::features::View;
use whitening::Whitening;

/// Pixels this many times as bright as all that were learned from are no images of the same kind.
const TOO_BRIGHT: f64 = 1000.0;

/// Reads images of one size.
#[derive(Debug, Clone, PartialEq)]
pub struct Recognizer {
    width: usize,
    height: usize,
    classes: Vec<usize>,
    /// The largest pixel that was learned from, in size.
    brightest: f64,
    view: View,
    log_priors: Vec<f64>,
    members: Vec<Member>,
    threshold: f64,
    error_rate: f64,
}

/// A mixture for each class, and the features it is in.
#[derive(Debug, Clone, PartialEq)]
struct Member {
    part: Part,
    whitening: Whitening,
    classifier: Classifier,
}

impl Recognizer {
    /// Width and height of its images, in pixels.
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// The labels: class c has the label `classes()[c]`.
    pub fn classes(&self) -> &[usize] {
        &self.classes
    }

    /// What it sees of an image.
    pub fn view(&self) -> View {
        self.view
    }

    /// What it pools.
    pub fn parts(&self) -> Vec<Part> {
        self.members.iter().map(|member| member.part).collect()
    }

    /// The smallest probability that is read, and the share of read images that were misread above it, at most, when they
    /// were held out.
    pub fn rejection(&self) -> (f64, f64) {
        (self.threshold, self.error_rate)
    }

    /// ln p(c|x) of images, one a row of `pixels`, in the units of those that were learned from: images × classes, in nats.
    ///
    /// # Errors
    /// [`GmmError::SizeMismatch`] for images of another number of pixels, [`GmmError::NonFinite`] for pixels that are no
    /// numbers or a thousand times as bright as all that were learned from; no others are known.
    pub fn log_posteriors(&self, pixels: &Array2<f64>) -> Result<Array2<f64>, GmmError> {
        let (found, expected) = (pixels.ncols(), self.width * self.height);
        if found != expected {
            return Err(GmmError::SizeMismatch {
                what: "number of pixels",
                expected,
                found,
            });
        }
        let most = TOO_BRIGHT * self.brightest.max(f64::MIN_POSITIVE);
        let is_usual = |v: f64| v.abs() <= most;
        if let Some(((row, column), &value)) = pixels.indexed_iter().find(|(_, v)| !is_usual(**v)) {
            return Err(GmmError::NonFinite { row, column, value });
        }
        let features = self.view.of(pixels, self.width, self.height);
        let say = |m: &Member| member::log_densities(&m.classifier, &m.whitening.of(&features));
        let densities = self
            .members
            .iter()
            .map(say)
            .collect::<Result<Vec<_>, _>>()?;
        let weights: Vec<f64> = self.members.iter().map(|m| m.part.weight).collect();
        Ok(pool::log_posteriors(&densities, &weights, &self.log_priors))
    }
}
