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
    tolerance: 1e-4,
    max_n_iterations: 100,
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
    let columns = (0..d)
        .map(|column| Column::of(column, sample, parts))
        .collect::<Result<Vec<_>, _>>()?;
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
        for (i, &row) in part.rows().iter().enumerate() {
            let expected = how.expected(&part.row(i), (whole.mean(), whole.covariance()), &seen);
            for (j, value) in expected.into_iter().enumerate() {
                // The range of a column is that of what was seen of it.
                let value = value.clamp(columns[j].low, columns[j].high);
                filled[(row, j)] = if value.is_finite() { value } else { mean[j] };
            }
        }
    }
    Ok(filled)
}

/// What was seen of one column.
struct Column {
    mean: f64,
    variance: f64,
    low: f64,
    high: f64,
}

impl Column {
    fn of(column: usize, sample: &Sample<'_>, parts: &[Part]) -> Result<Self, GmmError> {
        let mut values = Vec::new();
        for part in parts {
            if let Some(place) = part.how().columns().iter().position(|&j| j == column) {
                let rows = part.rows().iter().enumerate();
                values.extend(rows.map(|(i, &row)| (part.row(i)[place], sample.weight(row))));
            }
        }
        values.retain(|(_, w)| *w > 0.0);
        let Some(&(first, _)) = values.first() else {
            return Err(GmmError::MissingColumn { column });
        };
        let total: f64 = values.iter().map(|(_, w)| w).sum();
        let mean = first + values.iter().map(|(x, w)| w * (x - first)).sum::<f64>() / total;
        let variance = values
            .iter()
            .map(|(x, w)| w * (x - mean).powi(2))
            .sum::<f64>()
            / total;
        let low = values.iter().map(|(x, _)| *x).fold(first, f64::min);
        let high = values.iter().map(|(x, _)| *x).fold(first, f64::max);
        Ok(Self {
            mean: mean.clamp(low, high),
            variance: if variance >= f64::MIN_POSITIVE {
                variance
            } else {
                1.0
            },
            low,
            high,
        })
    }
}
