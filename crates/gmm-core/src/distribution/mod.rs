//! What one does with a mixture as a distribution: parts of it given others, probabilities, regions, draws, images.

mod bivariate;
mod chi_square;
mod conditional;
mod draw;
mod image;
mod line;
mod marginal;
mod modes;
mod probability;
mod rectangle;
mod region;
mod root;

pub use conditional::Regression;
pub use modes::Mode;
pub use region::Region;

use crate::cholesky::dot;
use crate::error::GmmError;
use crate::gaussian::Gaussian;

/// Whether these are different columns of `n_features`, at least one.
fn check_columns(columns: &[usize], n_features: usize) -> Result<(), GmmError> {
    let is_new =
        |(i, column): (usize, &usize)| *column < n_features && !columns[..i].contains(column);
    if !columns.is_empty() && columns.iter().enumerate().all(is_new) {
        return Ok(());
    }
    Err(GmmError::InvalidParameter {
        name: "columns",
        value: format!("{columns:?}"),
        allowed: "different columns of the mixture, at least one",
    })
}

/// Whether a value is a probability, of at most 1.
fn check_probability(name: &'static str, p: f64) -> Result<(), GmmError> {
    if (0.0..=1.0).contains(&p) {
        return Ok(());
    }
    Err(GmmError::InvalidParameter {
        name,
        value: p.to_string(),
        allowed: "from 0 to 1",
    })
}

/// |L⁻¹v|, the Mahalanobis length of v.
fn length(component: &Gaussian, v: impl Iterator<Item = f64>) -> f64 {
    let v: Vec<f64> = v.collect();
    let whitened = component.covariance().whitened(&v);
    dot(&whitened, &whitened).sqrt()
}
