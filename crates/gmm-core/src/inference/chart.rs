//! The free parameters of a mixture as one list of numbers.

use crate::covariance::CovarianceType;
use crate::error::GmmError;
use crate::gaussian::Gaussian;
use crate::gmm::Gmm;
use crate::mixture::Mixture;
use crate::moments::{Form, lower};
use crate::shares::Shares;

/// An information matrix of more would not fit into memory once for each thread.
const MOST_PARAMETERS: usize = 4096;

/// Where each free parameter stands: the shares but the last, which the others leave; the means; the covariances'
/// entries, those of the lower triangle.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chart {
    of: CovarianceType,
    n_components: usize,
    n_features: usize,
    /// Components, and the background.
    n_shares: usize,
}

impl Chart {
    /// Of a mixture of scikit-learn's types and the tied ones beside them, whose covariances are linear in their
    /// parameters.
    ///
    /// # Errors
    /// [`GmmError::InvalidParameter`] for another type, and for very many parameters.
    pub(super) fn of(gmm: &Gmm) -> Result<Self, GmmError> {
        let of = gmm.covariance_type();
        if !CovarianceType::BASIC.contains(&of) {
            return Err(GmmError::InvalidParameter {
                name: "covariance type",
                value: of.to_string(),
                allowed: "full, tied, diag, tied-diag, spherical or tied-spherical for standard errors; \
                          a bootstrap gives those of every type",
            });
        }
        if gmm.n_parameters() > MOST_PARAMETERS {
            return Err(GmmError::InvalidParameter {
                name: "number of parameters",
                value: gmm.n_parameters().to_string(),
                allowed: "at most 4096 for standard errors; a bootstrap gives those of any number",
            });
        }
        Ok(Self {
            of,
            n_components: gmm.n_components(),
            n_features: gmm.n_features(),
            n_shares: gmm.n_shares(),
        })
    }

    /// Number of free parameters.
    pub(super) fn len(&self) -> usize {
        self.covariance_start() + self.of.n_parameters(self.n_components, self.n_features)
    }

    /// Number of free shares, which come first.
    pub(super) fn n_free_shares(&self) -> usize {
        self.n_shares - 1
    }

    /// The place of a mean's entry.
    pub(super) fn mean(&self, component: usize, column: usize) -> usize {
        self.n_free_shares() + component * self.n_features + column
    }

    fn covariance_start(&self) -> usize {
        self.n_free_shares() + self.n_components * self.n_features
    }

    /// The place of an entry of a covariance, unless it is 0 in this type.
    pub(super) fn covariance(&self, component: usize, i: usize, j: usize) -> Option<usize> {
        let d = self.n_features;
        let (size, place) = match self.of.form() {
            Form::Full => (lower(d, 0), Some(lower(i.max(j), i.min(j)))),
            Form::Diagonal if self.of.is_spherical() => (1, (i == j).then_some(0)),
            Form::Diagonal => (d, (i == j).then_some(i)),
        };
        let block = if self.of.is_tied() { 0 } else { component };
        place.map(|place| self.covariance_start() + block * size + place)
    }

    /// The parameters of a mixture of this kind.
    pub(super) fn values(&self, mixture: &Mixture<Gaussian>) -> Vec<f64> {
        let mut values = mixture.shares().values()[..self.n_free_shares()].to_vec();
        values.resize(self.len(), 0.0);
        for (k, g) in mixture.components().iter().enumerate() {
            for i in 0..self.n_features {
                values[self.mean(k, i)] = g.mean()[i];
                for j in 0..=i {
                    if let Some(place) = self.covariance(k, i, j) {
                        values[place] = g.covariance().entry(i, j);
                    }
                }
            }
        }
        values
    }

    /// The mixture of these parameters over the background of another, if there is one.
    pub(super) fn at(&self, values: &[f64], like: &Mixture<Gaussian>) -> Option<Mixture<Gaussian>> {
        let d = self.n_features;
        let mut shares = values[..self.n_free_shares()].to_vec();
        shares.push(1.0 - shares.iter().sum::<f64>());
        let component = |k: usize| {
            let mean = (0..d).map(|j| values[self.mean(k, j)]).collect();
            let entry = |i, j| self.covariance(k, i, j).map(|place| values[place]);
            let row = |i: usize| (0..=i).filter_map(move |j| entry(i, j));
            let entries = (0..d).flat_map(row).collect();
            Some(Gaussian::new(mean, self.of.covariance(entries, d).ok()?))
        };
        let components: Option<Vec<_>> = (0..self.n_components).map(component).collect();
        let shares = Shares::new(shares).ok()?;
        Some(Mixture::new(
            shares,
            components?,
            like.background().cloned(),
        ))
    }

    /// What a parameter is called.
    pub(super) fn name(&self, place: usize) -> String {
        if place < self.n_free_shares() {
            return format!("the weight of component {place}");
        }
        for component in 0..self.n_components {
            for i in 0..self.n_features {
                if self.mean(component, i) == place {
                    return format!("column {i} of the mean of component {component}");
                }
                for j in 0..=i {
                    if self.covariance(component, i, j) == Some(place) {
                        return format!(
                            "entry ({i}, {j}) of the covariance of component {component}"
                        );
                    }
                }
            }
        }
        String::new()
    }
}
