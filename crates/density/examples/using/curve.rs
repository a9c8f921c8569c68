//! Densities of one column.

use gmm_core::ndarray::Array2;
use gmm_core::{Gmm, GmmError};
use gmm_figures::Place;

/// Points from one end to the other, as rows of one column.
pub(crate) fn grid((low, high): (f64, f64), n: usize) -> Array2<f64> {
    let step = (high - low) / (n - 1) as f64;
    Array2::from_shape_fn((n, 1), |(i, _)| low + step * i as f64)
}

/// The density of a mixture of one column.
pub(crate) fn curve(model: &Gmm, range: (f64, f64)) -> Result<Vec<Place>, GmmError> {
    let at = grid(range, 1000);
    let density = model.log_prob(&at)?;
    let places = at.iter().zip(&density).map(|(x, l)| (*x, l.exp()));
    Ok(places.collect())
}

/// The share of rows for which this holds.
pub(crate) fn share(holds: impl IntoIterator<Item = bool>) -> f64 {
    let (mut n, mut of) = (0.0, 0.0);
    for holds in holds {
        n += f64::from(u8::from(holds));
        of += 1.0;
    }
    n / of
}
