//! Columns measured in what their outliers do not move.

use gmm_core::GmmError;
use gmm_core::ndarray::{Array2, ArrayView2};

use crate::model::percentile;

/// Deviations beyond this are all the same: no number overflows.
const FARTHEST: f64 = 1e6;
/// The distance between the tenth and the ninetieth percentile of a Gaussian of variance 1.
const OF_GAUSSIAN: f64 = 2.563_103_131_089_201;

/// The middle of each column and its width.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ground {
    middle: Vec<f64>,
    width: Vec<f64>,
}

impl Ground {
    /// Medians, and the middle four fifths of each column in units of those of a Gaussian; where these are equal the
    /// deviation of all rows, and of a constant column what rounding makes of it, so that any other value is far.
    pub(super) fn of(rows: ArrayView2<'_, f64>) -> Result<Self, GmmError> {
        if rows.ncols() == 0 {
            return Err(GmmError::NoColumns);
        }
        if rows.nrows() == 0 {
            return Err(GmmError::NoRows);
        }
        let infinite = rows.indexed_iter().find(|(_, v)| v.is_infinite());
        if let Some(((row, column), &value)) = infinite {
            return Err(GmmError::NonFinite { row, column, value });
        }
        let mut ground = Self {
            middle: Vec::new(),
            width: Vec::new(),
        };
        for (column, values) in rows.columns().into_iter().enumerate() {
            let seen: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
            if seen.is_empty() {
                return Err(GmmError::MissingColumn { column });
            }
            let [low, middle, high] = [10.0, 50.0, 90.0].map(|p| percentile(seen.clone(), p));
            let width = [
                high / OF_GAUSSIAN - low / OF_GAUSSIAN,
                deviation(&seen, middle),
            ]
            .into_iter()
            .find(|w| *w > f64::MIN_POSITIVE)
            .unwrap_or((1e-8 * middle.abs()).max(f64::MIN_POSITIVE));
            if !width.is_finite() {
                return Err(GmmError::Overflow { column });
            }
            ground.middle.push(middle);
            ground.width.push(width);
        }
        Ok(ground)
    }

    /// The rows in widths from the middle; NaN stays.
    pub(super) fn measured(&self, rows: ArrayView2<'_, f64>) -> Result<Array2<f64>, GmmError> {
        if rows.ncols() != self.middle.len() {
            return Err(GmmError::SizeMismatch {
                what: "columns of the data",
                expected: self.middle.len(),
                found: rows.ncols(),
            });
        }
        let infinite = rows.indexed_iter().find(|(_, v)| v.is_infinite());
        if let Some(((row, column), &value)) = infinite {
            return Err(GmmError::NonFinite { row, column, value });
        }
        Ok(Array2::from_shape_fn(rows.dim(), |(i, j)| {
            let z = rows[(i, j)] / self.width[j] - self.middle[j] / self.width[j];
            // NaN is clamped to NaN; a difference of infinities is of values that are both far.
            if z.is_nan() && !rows[(i, j)].is_nan() {
                (rows[(i, j)] - self.middle[j]).clamp(-FARTHEST, FARTHEST)
            } else {
                z.clamp(-FARTHEST, FARTHEST)
            }
        }))
    }
}

/// The root of the mean square from the middle, of values however large.
fn deviation(values: &[f64], middle: f64) -> f64 {
    let most = values
        .iter()
        .map(|v| (v - middle).abs())
        .fold(0.0, f64::max);
    if most == 0.0 {
        return 0.0;
    }
    let squares = values.iter().map(|v| ((v - middle) / most).powi(2));
    most * (squares.sum::<f64>() / values.len() as f64).sqrt()
}
