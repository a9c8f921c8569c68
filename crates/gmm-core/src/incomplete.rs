//! Samples made ready for a fit: in tiles, and where values are missing by how rows were seen.

use ndarray::Array2;

use crate::belief::{Belief, Ridge};
use crate::covariance::{Covariance, CovarianceType};
use crate::em::{self, Stopping};
use crate::error::GmmError;
use crate::gaussian::Gaussian;
use crate::mixture::Mixture;
use crate::observation::Observation;
use crate::sample::{Part, Sample};
use crate::shares::Shares;
use crate::tile::Tiles;

/// When the Gaussian that stands in for missing values is good enough: only starts depend on it.
const STOPPING: Stopping = Stopping {
    tolerance: 1e-3,
    max_n_iterations: 30,
    accelerate: true,
};

/// Works on a sample as tiles, grouped by how its rows were seen where that differs. In place of what was not seen
/// stands what one Gaussian expects, for the starts, which look at whole rows.
pub(crate) fn prepared<T>(
    sample: &Sample<'_>,
    work: impl FnOnce(&Sample<'_>) -> Result<T, GmmError>,
) -> Result<T, GmmError> {
    if sample.is_plain() {
        return sample.in_tiles(work);
    }
    if sample.n_features() == 0 {
        return Err(GmmError::NoColumns);
    }
    if sample.n_rows() == 0 {
        return Err(GmmError::NoRows);
    }
    let parts = Part::all_of(sample)?;
    let seen = sample.in_parts(sample.rows(), &parts);
    let is_whole = |part: &&Part| part.how().columns().len() == sample.n_features();
    let n_whole: usize = parts.iter().filter(is_whole).map(|p| p.rows().len()).sum();
    if n_whole == sample.n_rows() {
        return seen.in_tiles(work);
    }
    let filled = Tiles::of(&filled(&seen, &parts)?);
    work(&sample.in_parts(&filled, &parts))
}

/// Rows in which the values that were not seen are those that one Gaussian, fitted to the others, expects.
fn filled(sample: &Sample<'_>, parts: &[Part]) -> Result<Array2<f64>, GmmError> {
    let d = sample.n_features();
    let columns = columns(sample, parts)?;
    let scale: Vec<f64> = columns.iter().map(|c| c.variance).collect();
    let belief = Belief::new(CovarianceType::Full, Ridge::Relative(1e-6), &scale);
    let mean: Vec<f64> = columns.iter().map(|c| c.mean).collect();
    let covariance = Covariance::diagonal(scale)
        .and_then(|diagonal| {
            CovarianceType::Full.covariance(diagonal.entries(crate::moments::Form::Full), d)
        })
        .map_err(|pivot| GmmError::Overflow { column: pivot.0 })?;
    let start = Mixture::new(
        Shares::of_counts(&[1.0]),
        vec![Gaussian::new(mean.clone(), covariance)],
        None,
    );
    let plain = sample.without_labels().with_trimming(0.0);
    let model = em::climb(start, &plain, &belief, STOPPING, &|_, _| {}).model;
    let whole = &model.components()[0];
    let mut filled = Array2::from_shape_fn((sample.n_rows(), d), |(_, j)| mean[j]);
    for part in parts {
        // What stands for a value does not depend on noise.
        let how = Observation::new(part.how().columns().to_vec(), d, None);
        let (_, seen) = how.of(whole.mean(), whole.covariance());
        let completion = how.completion((whole.mean(), whole.covariance()), &seen);
        part.each_row(|row, values| {
            for (j, value) in completion.row(values).enumerate() {
                // The range of a column is that of what was seen of it.
                let value = value.clamp(columns[j].low, columns[j].high);
                filled[(row, j)] = if value.is_finite() { value } else { mean[j] };
            }
        });
    }
    Ok(filled)
}

/// What was seen of one column.
#[derive(Debug, Clone, Default)]
struct Column {
    mean: f64,
    variance: f64,
    low: f64,
    high: f64,
}

/// What was seen of each column.
fn columns(sample: &Sample<'_>, parts: &[Part]) -> Result<Vec<Column>, GmmError> {
    /// Σw, Σw(x−c) and Σw(x−c)² about the first value c, and the range.
    #[derive(Clone)]
    struct Sums {
        first: f64,
        weight: f64,
        linear: f64,
        squares: f64,
        range: (f64, f64),
    }
    let mut seen: Vec<Option<Sums>> = vec![None; sample.n_features()];
    for part in parts {
        part.each_row(|row, values| {
            let w = sample.weight(row);
            if w <= 0.0 {
                return;
            }
            for (&j, &x) in part.how().columns().iter().zip(values) {
                let sums = seen[j].get_or_insert(Sums {
                    first: x,
                    weight: 0.0,
                    linear: 0.0,
                    squares: 0.0,
                    range: (x, x),
                });
                let offset = x - sums.first;
                sums.weight += w;
                sums.linear += w * offset;
                sums.squares += w * offset * offset;
                sums.range = (sums.range.0.min(x), sums.range.1.max(x));
            }
        });
    }
    let column = |(column, sums): (usize, Option<Sums>)| {
        let sums = sums.ok_or(GmmError::MissingColumn { column })?;
        let (low, high) = sums.range;
        let offset = sums.linear / sums.weight;
        let variance = sums.squares / sums.weight - offset * offset;
        Ok(Column {
            mean: (sums.first + offset).clamp(low, high),
            variance: if variance >= f64::MIN_POSITIVE {
                variance
            } else {
                1.0
            },
            low,
            high,
        })
    };
    seen.into_iter().enumerate().map(column).collect()
}
