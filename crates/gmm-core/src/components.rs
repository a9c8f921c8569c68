//! The components of mixtures, taken apart and put together.

use crate::background::Background;
use crate::cholesky::Cholesky;
use crate::covariance::{Covariance, CovarianceType};
use crate::error::GmmError;
use crate::gaussian::Gaussian;
use crate::gmm::Gmm;
use crate::mixture::Mixture;
use crate::moments::Form;
use crate::shares::Shares;

impl Gmm {
    /// A mixture of [`CovarianceType::Full`] of these Gaussians, of which there is one for each weight.
    pub(crate) fn of_gaussians<'g>(
        weights: Vec<f64>,
        components: impl IntoIterator<Item = &'g Gaussian>,
    ) -> Result<Self, GmmError> {
        let full = |(component, gaussian): (usize, &Gaussian)| {
            let covariance = gaussian.covariance();
            let factored = Cholesky::new(&covariance.entries(Form::Full), covariance.dim());
            let factored = factored.map_err(|pivot| GmmError::NotPositiveDefinite {
                component,
                column: pivot.0,
            })?;
            Ok(Gaussian::new(
                gaussian.mean().to_vec(),
                Covariance::Full(factored),
            ))
        };
        let components = components.into_iter().enumerate().map(full);
        let components = components.collect::<Result<_, GmmError>>()?;
        let mixture = Mixture::new(Shares::new(weights)?, components, None);
        Ok(Self::from_mixture(mixture, CovarianceType::Full))
    }

    /// The components by themselves, and their weights in what they have together.
    pub(crate) fn without_background(&self) -> Self {
        if self.background().is_none() {
            return self.clone();
        }
        let weights = self.weights();
        // Where all is the background's, none is before another.
        let shares = match weights.sum() > 0.0 {
            true => Shares::of_counts(&weights.to_vec()),
            false => Shares::of_counts(&vec![1.0; weights.len()]),
        };
        let mixture = Mixture::new(shares, self.components().to_vec(), None);
        Self::from_mixture(mixture, self.covariance_type())
    }

    /// The components with these shares, the last of which is that of the background where there is one.
    pub(crate) fn shared_out(&self, shares: Shares, background: Option<Background>) -> Self {
        let mixture = Mixture::new(shares, self.components().to_vec(), background);
        Self::from_mixture(mixture, self.covariance_type())
    }

    /// That there are components alone.
    pub(crate) fn check_no_background(&self) -> Result<(), GmmError> {
        match self.background() {
            Some((share, _)) => Err(GmmError::InvalidParameter {
                name: "background",
                value: format!("of share {share}"),
                allowed: "none here: only components have what is asked for",
            }),
            None => Ok(()),
        }
    }
}
