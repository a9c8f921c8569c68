//! Samples made ready for a fit: in tiles, and where values are missing by how rows were seen.

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256Plus;

use crate::belief::{Belief, Ridge};
use crate::covariance::{Covariance, CovarianceType};
use crate::em::{self, Stopping};
use crate::error::GmmError;
use crate::gaussian::Gaussian;
use crate::mixture::Mixture;
use crate::moments::{Form, Moments};
use crate::observation::Observation;
use crate::sample::{Part, Sample};
use crate::shares::Shares;
use crate::tile::Tiles;

/// When the Gaussian that stands in for missing values is good enough: only starts depend on it.
const STOPPING: Stopping = Stopping {
    tolerance: 1e-2,
    max_n_iterations: 10,
    accelerate: true,
};

/// Works on a sample as tiles, grouped by how its rows were seen where that differs. In place of what was not seen
/// stands what one Gaussian draws, for the starts, which look at whole rows.
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
    let filled = filled(sample, &seen, &parts)?;
    work(&sample.in_parts(&filled, &parts))
}

/// Rows in which the values that were not seen are drawn from one Gaussian, fitted to the others, given those that were:
/// the values that it expects would lie on lines, and lines look like components.
fn filled(sample: &Sample<'_>, seen: &Sample<'_>, parts: &[Part]) -> Result<Tiles, GmmError> {
    let d = sample.n_features();
    let columns = columns(sample)?;
    let scale: Vec<f64> = columns.iter().map(Column::scale).collect();
    let belief = Belief::new(CovarianceType::Full, Ridge::Relative(1e-6), &scale);
    let mean: Vec<f64> = columns.iter().map(Column::mean).collect();
    let covariance = Covariance::diagonal(scale)
        .and_then(|diagonal| CovarianceType::Full.covariance(diagonal.entries(Form::Full), d))
        .map_err(|pivot| GmmError::Overflow { column: pivot.0 })?;
    let start = Mixture::new(
        Shares::of_counts(&[1.0]),
        vec![Gaussian::new(mean.clone(), covariance)],
        None,
    );
    let plain = seen.without_labels().with_trimming(0.0);
    let model = em::climb(start, &plain, &belief, STOPPING, &|_, _| {}).model;
    let whole = &model.components()[0];
    let mut rng = Xoshiro256Plus::seed_from_u64(0);
    let mut filled = Tiles::of(sample.rows());
    let mut is_unseen = vec![true; sample.n_rows()];
    for part in parts {
        part.rows().iter().for_each(|&row| is_unseen[row] = false);
        // What stands for a value does not depend on noise.
        let how = Observation::new(part.how().columns().to_vec(), d, None);
        if how.is_whole() {
            continue;
        }
        let (_, seen) = how.of(whole.mean(), whole.covariance());
        let completion = how.completion((whole.mean(), whole.covariance()), &seen);
        part.each_row(|row, values| {
            // What a draw is less what is expected of it has the spread of what was not seen.
            let drawn = whole.draw(&mut rng);
            let seen: Vec<f64> = how.columns().iter().map(|&j| drawn[j]).collect();
            let expected = completion.row(values).zip(completion.row(&seen));
            for (j, ((expected, of_drawn), drawn)) in expected.zip(&drawn).enumerate() {
                let value = expected + (drawn - of_drawn);
                // The range of a column is that of what was seen of it.
                let value = value.clamp(columns[j].range.0, columns[j].range.1);
                filled.set(row, j, if value.is_finite() { value } else { mean[j] });
            }
        });
    }
    for row in (0..is_unseen.len()).filter(|&row| is_unseen[row]) {
        mean.iter()
            .enumerate()
            .for_each(|(j, &mean)| filled.set(row, j, mean));
    }
    Ok(filled)
}

/// What was seen of one column.
struct Column {
    moments: Moments,
    range: (f64, f64),
}

impl Column {
    fn new() -> Self {
        Self {
            moments: Moments::from_sums(Form::Diagonal, &[0.0], 0.0, &[0.0], &[0.0]),
            range: (f64::INFINITY, f64::NEG_INFINITY),
        }
    }

    fn merge(&mut self, other: &Self) {
        self.moments.merge(&other.moments);
        self.range = (
            self.range.0.min(other.range.0),
            self.range.1.max(other.range.1),
        );
    }

    /// Of some values, NaN where there is none, and their weights.
    fn of(values: &[f64], weights: &[f64]) -> Self {
        let seen = || {
            let all = values.iter().copied().zip(weights.iter().copied());
            all.filter(|(x, w)| !x.is_nan() && *w > 0.0)
        };
        let mut column = Self::new();
        let Some((first, _)) = seen().next() else {
            return column;
        };
        let (mut weight, mut linear, mut squares) = (0.0, 0.0, 0.0);
        for (x, w) in seen() {
            let offset = x - first;
            weight += w;
            linear += w * offset;
            squares += w * offset * offset;
            column.range = (column.range.0.min(x), column.range.1.max(x));
        }
        column.moments =
            Moments::from_sums(Form::Diagonal, &[first], weight, &[linear], &[squares]);
        column
    }

    fn mean(&self) -> f64 {
        self.moments.mean[0].clamp(self.range.0, self.range.1)
    }

    /// The variance, or 1 where there is as good as none.
    fn scale(&self) -> f64 {
        let variance = self.moments.variances()[0];
        if variance >= f64::MIN_POSITIVE {
            variance
        } else {
            1.0
        }
    }
}

/// What was seen of each column.
fn columns(sample: &Sample<'_>) -> Result<Vec<Column>, GmmError> {
    let d = sample.n_features();
    let columns = sample.fold_tiles(
        || (0..d).map(|_| Column::new()).collect::<Vec<_>>(),
        |columns, (): &mut (), tile| {
            let weights = sample.tile_weights(tile);
            for (j, column) in columns.iter_mut().enumerate() {
                column.merge(&Column::of(tile.feature(j), weights));
            }
        },
        |total, leaf| total.iter_mut().zip(&leaf).for_each(|(a, b)| a.merge(b)),
    );
    match columns.iter().position(|c| c.moments.weight <= 0.0) {
        Some(column) => Err(GmmError::MissingColumn { column }),
        None => Ok(columns),
    }
}
