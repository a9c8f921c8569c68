//! One Gaussian component.

use rand::Rng;

use crate::covariance::Covariance;
use crate::emission::{Emission, Statistics};
use crate::kernel::{Component, Densities, Gathering, Wanted};
use crate::moments::Moments;
use crate::observation::Observation;
use crate::squarem::Coordinates;

/// N(μ, Σ).
#[derive(Debug, Clone, PartialEq)]
pub struct Gaussian {
    mean: Vec<f64>,
    covariance: Covariance,
}

impl Gaussian {
    /// The two must be of one dimension.
    pub(crate) fn new(mean: Vec<f64>, covariance: Covariance) -> Self {
        debug_assert_eq!(mean.len(), covariance.dim());
        Self { mean, covariance }
    }

    /// μ, one value per feature.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// Σ.
    pub fn covariance(&self) -> &Covariance {
        &self.covariance
    }

    /// A row of it.
    pub(crate) fn draw<R: Rng + ?Sized>(&self, rng: &mut R) -> Vec<f64> {
        let noise = self.covariance.draw(rng);
        self.mean.iter().zip(noise).map(|(m, e)| m + e).collect()
    }
}

fn laid_out(states: &[Gaussian]) -> Vec<Component<'_>> {
    states
        .iter()
        .map(|Gaussian { mean, covariance }| Component { mean, covariance })
        .collect()
}

impl Statistics for Moments {
    fn weight(&self) -> f64 {
        self.weight
    }

    fn merge(&mut self, other: &Self) {
        Self::merge(self, other);
    }
}

impl Emission for Gaussian {
    type Stats = Moments;
    type Wanted = Wanted;
    type Densities = Densities;
    type Gathering = Gathering;

    fn densities(states: &[Self]) -> Densities {
        Densities::new(&laid_out(states))
    }

    fn seen(&self, how: &Observation) -> Self {
        let (mean, covariance) = how.of(&self.mean, &self.covariance);
        Self::new(mean, covariance)
    }

    fn wanted_of_seen(wanted: Wanted, how: &Observation) -> Wanted {
        Wanted {
            form: how.form(wanted.form),
            ..wanted
        }
    }

    fn completed(
        &self,
        stats: &Moments,
        how: &Observation,
        seen: &Self,
        wanted: Wanted,
    ) -> Moments {
        let whole = (self.mean(), self.covariance());
        how.completed(stats, whole, &seen.covariance, wanted.form)
    }

    fn coordinates(&self, share: f64, into: &mut Coordinates) {
        for (j, m) in self.mean.iter().enumerate() {
            into.push(*m, share / self.covariance.entry(j, j));
        }
        self.covariance.coordinates(share, into);
    }

    fn at(&self, values: &mut std::slice::Iter<'_, f64>) -> Option<Self> {
        let mean: Vec<f64> = values.by_ref().take(self.mean.len()).copied().collect();
        let covariance = self.covariance.at(values)?;
        let is_finite = mean.iter().all(|m| m.is_finite());
        is_finite.then(|| Self::new(mean, covariance))
    }

    fn gathering(states: &[Self], wanted: Wanted) -> Gathering {
        Gathering::of(&laid_out(states), wanted)
    }
}
