//! What belongs to no component: a uniform background.

use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::error::GmmError;
use crate::observation::Observation;

/// A box over which rows of no component are spread evenly (Banfield & Raftery, *Biometrics* 49, 1993, §4): noise
/// and outliers, which no component then has to reach for.
///
/// Its density is that of the box everywhere, so that rows farther out belong to it too. There the mixture is no
/// longer a normalised density.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Background {
    /// Lower edge of the box in each feature.
    pub low: Vec<f64>,
    /// Upper edge of the box in each feature.
    pub high: Vec<f64>,
}

impl Background {
    /// Checks that the box has a volume.
    pub(crate) fn check(&self, n_features: usize) -> Result<(), GmmError> {
        for (what, found) in [
            ("lower edges of the background", self.low.len()),
            ("upper edges of the background", self.high.len()),
        ] {
            GmmError::check_size(what, n_features, found)?;
        }
        let is_side = |(l, h): (&f64, &f64)| l.is_finite() && h.is_finite() && l < h;
        if let Some(column) = self.low.iter().zip(&self.high).position(|s| !is_side(s)) {
            return Err(GmmError::InvalidParameter {
                name: "background",
                value: format!("from {} to {}", self.low[column], self.high[column]),
                allowed: "a box with a finite side above 0 in every column",
            });
        }
        Ok(())
    }

    /// The logarithm of its density, −ln of the volume of the box.
    pub(crate) fn log_density(&self) -> f64 {
        let sides = self.low.iter().zip(&self.high);
        -sides.map(|(l, h)| (h - l).ln()).sum::<f64>()
    }

    /// As far as it can be seen. Noise moves hardly anything over an edge.
    pub(crate) fn seen(&self, how: &Observation) -> Self {
        self.of(how.columns())
    }

    /// In these columns alone.
    pub(crate) fn of(&self, columns: &[usize]) -> Self {
        let of = |edges: &[f64]| columns.iter().map(|&j| edges[j]).collect();
        Self {
            low: of(&self.low),
            high: of(&self.high),
        }
    }

    /// Its mean.
    pub(crate) fn centre(&self) -> Vec<f64> {
        let sides = self.low.iter().zip(&self.high);
        sides.map(|(l, h)| 0.5 * l + 0.5 * h).collect()
    }

    /// Entry (i, j) of its covariance.
    pub(crate) fn covariance(&self, i: usize, j: usize) -> f64 {
        if i == j {
            (self.high[i] - self.low[i]).powi(2) / 12.0
        } else {
            0.0
        }
    }

    /// A row of it.
    pub(crate) fn draw<R: Rng + ?Sized>(&self, rng: &mut R) -> Vec<f64> {
        let sides = self.low.iter().zip(&self.high);
        sides
            .map(|(l, h)| l + (h - l) * rng.gen_range(0.0..1.0))
            .collect()
    }
}
