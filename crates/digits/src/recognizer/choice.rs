//! Settings, chosen on images that are held out in turn.

use gmm_core::GmmError;
use gmm_core::ndarray::{Array2, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::member::{self, Own, by_class, log_densities};
use super::pool;
use super::whitening::Whitening;
use crate::features::View;
use crate::folds::Folds;

/// One member of what a recognizer pools.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// ρ, added to the variances within classes; the mean variance of a feature over all images is 1.
    pub ridge: f64,
    /// The mixture of each class.
    pub shape: Shape,
    /// Its weight in what all say together.
    pub weight: f64,
}

/// The mixtures of one member.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// Equal spheres in whitened features: of the shape that all classes share.
    Spheres {
        /// Components of a class, at most: of fewer images each is one.
        components: usize,
        /// The deviation of each, in those of the classes.
        deviation: f64,
    },
    /// One Gaussian for each class, with a covariance of its own.
    Own(Own),
}

/// Settings to choose from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Grid {
    pub(crate) views: Vec<View>,
    pub(crate) ridges: Vec<f64>,
    pub(crate) components: Vec<usize>,
    pub(crate) deviations: Vec<f64>,
    pub(crate) owns: Vec<Own>,
    pub(crate) seed: u64,
}

/// A view that was tried, with the best of all else.
#[derive(Debug, Clone, PartialEq)]
pub struct Tried {
    /// What was seen.
    pub view: View,
    /// What is pooled.
    pub parts: Vec<Part>,
    /// ln p(c|x) of the images that were held out, images × classes.
    pub log_posteriors: Array2<f64>,
    /// Mean −ln p(true class|x) of them, in nats.
    pub log_loss: f64,
}

/// Images of which each fold is held out in turn.
pub(crate) struct Held<'a> {
    pub(crate) pixels: &'a Array2<f64>,
    pub(crate) size: (usize, usize),
    pub(crate) class_of: &'a [usize],
    pub(crate) log_priors: &'a [f64],
    pub(crate) folds: &'a Folds,
}

/// What all candidates of one view and ridge say of the images that were held out: ln p(x|c), images × classes.
struct Said {
    /// By components and deviation.
    spheres: Vec<Array2<f64>>,
    /// By covariance.
    owns: Vec<Array2<f64>>,
}

impl Held<'_> {
    /// The best of each view: for each ridge the spheres and the covariances of smallest log-loss, and of them all the pool.
    ///
    /// # Errors
    /// Those of the fits.
    pub(crate) fn try_all(
        &self,
        grid: &Grid,
        tell: &(dyn Fn() + Sync),
    ) -> Result<Vec<Tried>, GmmError> {
        let (width, height) = self.size;
        let mut tried = Vec::new();
        for &view in &grid.views {
            let features = view.of(self.pixels, width, height);
            let (mut parts, mut densities) = (Vec::new(), Vec::new());
            for &ridge in &grid.ridges {
                let said = self.said(&features, ridge, grid, tell)?;
                for (shape, density) in self.best(said, grid) {
                    parts.push((ridge, shape));
                    densities.push(density);
                }
            }
            let (log_loss, weights, log_posteriors) = self.pooled(&densities);
            let weighted = parts.into_iter().zip(weights);
            let parts = weighted.map(|((ridge, shape), weight)| Part {
                ridge,
                shape,
                weight,
            });
            tried.push(Tried {
                view,
                parts: parts.collect(),
                log_posteriors,
                log_loss,
            });
        }
        Ok(tried)
    }

    fn said(
        &self,
        features: &Array2<f64>,
        ridge: f64,
        grid: &Grid,
        tell: &(dyn Fn() + Sync),
    ) -> Result<Said, GmmError> {
        let n_classes = self.log_priors.len();
        let fold = |fold: usize| {
            let (learned, held) = (self.folds.rows_without(&[fold]), self.folds.rows_of(fold));
            let class_of: Vec<usize> = learned.iter().map(|&row| self.class_of[row]).collect();
            let rows = features.select(Axis(0), &learned);
            let whitening = Whitening::fit(&rows, &class_of, n_classes, ridge)?;
            let classes = by_class(&whitening.of(&rows), &class_of, n_classes);
            let unseen = whitening.of(&features.select(Axis(0), &held));
            let mut spheres = Vec::new();
            for &k in &grid.components {
                let centers = member::centers(&classes, k, grid.seed)?;
                let densities = member::sphere_densities(&centers, &grid.deviations, &unseen);
                spheres.extend(densities);
            }
            let owns = grid.owns.iter();
            let owns = owns.map(|&own| log_densities(&member::own(&classes, own)?, &unseen));
            let owns = owns.collect::<Result<Vec<_>, _>>()?;
            tell();
            Ok((held, Said { spheres, owns }))
        };
        let folds = (0..self.folds.n_folds()).into_par_iter().map(fold);
        let folds = folds.collect::<Result<Vec<_>, GmmError>>()?;
        let blank = || Array2::zeros((self.class_of.len(), n_classes));
        let mut all = Said {
            spheres: (0..grid.components.len() * grid.deviations.len())
                .map(|_| blank())
                .collect(),
            owns: grid.owns.iter().map(|_| blank()).collect(),
        };
        for (rows, said) in &folds {
            let parts = said.spheres.iter().chain(&said.owns);
            for (whole, part) in all.spheres.iter_mut().chain(&mut all.owns).zip(parts) {
                for (&row, values) in rows.iter().zip(part.rows()) {
                    whole.row_mut(row).assign(&values);
                }
            }
        }
        Ok(all)
    }

    /// What these members say together of images that were held out: log-loss, weights and ln p(c|x).
    fn pooled(&self, densities: &[Array2<f64>]) -> (f64, Vec<f64>, Array2<f64>) {
        let weights = pool::weights(densities, self.log_priors, self.class_of);
        let log_posteriors = pool::log_posteriors(densities, &weights, self.log_priors);
        let log_loss = pool::log_loss(&log_posteriors, self.class_of);
        (log_loss, weights, log_posteriors)
    }

    /// Of each kind the candidate that alone has the smallest log-loss, at the weight that is best for it.
    fn best(&self, said: Said, grid: &Grid) -> Vec<(Shape, Array2<f64>)> {
        let best_of = |candidates: Vec<Array2<f64>>| {
            let loss = |(place, density): (usize, &Array2<f64>)| {
                (place, self.pooled(std::slice::from_ref(density)).0)
            };
            let losses: Vec<(usize, f64)> = candidates.par_iter().enumerate().map(loss).collect();
            let best = losses.into_iter().min_by(|a, b| a.1.total_cmp(&b.1));
            let place = best.map_or(0, |(place, _)| place);
            let density = candidates.into_iter().nth(place);
            density.map(|density| (place, density))
        };
        let n_deviations = grid.deviations.len();
        let spheres = best_of(said.spheres).map(|(place, density)| {
            let shape = Shape::Spheres {
                components: grid.components[place / n_deviations],
                deviation: grid.deviations[place % n_deviations],
            };
            (shape, density)
        });
        let own =
            best_of(said.owns).map(|(place, density)| (Shape::Own(grid.owns[place]), density));
        spheres.into_iter().chain(own).collect()
    }
}
