//! The one look at the data that precedes a fit.

use crate::emission::{Gathering as _, Sums as _};
use crate::error::GmmError;
use crate::kernel::{Gathering, Sums};
use crate::moments::{Form, Moments};
use crate::sample::Sample;
use crate::tile::{Columns, Scratch};

/// Total weight, and mean, variance and range of every column.
#[derive(Debug, Clone)]
pub(crate) struct Survey {
    /// Sum of the row weights.
    pub(crate) weight: f64,
    /// Rows of positive weight.
    pub(crate) n_rows: usize,
    /// Weighted mean of each column.
    pub(crate) mean: Vec<f64>,
    /// The square of each column's scale: its weighted variance. A column whose values are all equal has
    /// no scale of its own; it is given the mean variance of the others, or 1 where all are constant.
    pub(crate) scale: Vec<f64>,
    /// Columns whose values are all equal.
    pub(crate) constant_columns: Vec<usize>,
    /// Least and largest value of each column.
    pub(crate) range: Vec<(f64, f64)>,
}

struct Seen {
    checked: Result<(), GmmError>,
    n_rows: usize,
    range: Vec<(f64, f64)>,
    sums: Sums,
}

impl Survey {
    /// Looks at every row once, and refuses data that no fit can use.
    pub(crate) fn of(sample: &Sample<'_>) -> Result<Self, GmmError> {
        let d = sample.n_features();
        if d == 0 {
            return Err(GmmError::NoColumns);
        }
        // A row that counts, so that one that does not cannot be far from all others.
        let first = (0..sample.n_rows()).find(|&i| sample.weight(i) > 0.0);
        let first = first.map_or_else(|| vec![0.0; d], |i| sample.row(i));
        let mut gathering = Gathering::about(Form::Diagonal, std::iter::once(first.as_slice()));
        let mut seen = look(sample, &gathering);
        seen.checked?;
        if seen.n_rows == 0 {
            return Err(GmmError::NoRows);
        }
        let mut moments = gathering.statistics(&seen.sums);
        if let Some(recentred) = gathering.recentred(&moments) {
            gathering = recentred;
            seen = look(sample, &gathering);
            moments = gathering.statistics(&seen.sums);
        }
        let moments = moments.swap_remove(0);
        let mut scale = moments.variances();
        let constant_columns: Vec<usize> = (0..d)
            .filter(|&j| seen.range[j].0 == seen.range[j].1)
            .collect();
        if let Some(column) = (0..d).find(|&j| !scale[j].is_finite()) {
            return Err(GmmError::Overflow { column });
        }
        // A spread below 1e-154 squares to nothing: such a column is as good as constant.
        let has_scale = |v: f64| v >= f64::MIN_POSITIVE;
        let is_constant = |j: &usize| constant_columns.contains(j) || !has_scale(scale[*j]);
        let constant_columns: Vec<usize> = (0..d).filter(is_constant).collect();
        let n_varying = (d - constant_columns.len()) as f64;
        let others: f64 = (0..d)
            .filter(|j| !constant_columns.contains(j))
            .map(|j| scale[j] / n_varying)
            .sum();
        for &j in &constant_columns {
            scale[j] = if n_varying > 0.0 { others } else { 1.0 };
        }
        Ok(Self {
            weight: moments.weight,
            n_rows: seen.n_rows,
            mean: moments.mean,
            scale,
            constant_columns,
            range: seen.range,
        })
    }
}

impl Survey {
    /// The moments of all rows together.
    pub(crate) fn moments(&self, sample: &Sample<'_>, form: Form) -> Moments {
        let gathering = Gathering::about(form, std::iter::once(self.mean.as_slice()));
        let sums = sample.fold_tiles(
            || gathering.nothing(),
            |sums, (weights, scratch): &mut (Columns, Scratch), tile| {
                weights.resize(1, tile.n_packs());
                sample.pack_weights(tile, weights.column_mut(0));
                gathering.gather(tile, weights, scratch, sums);
            },
            |total, leaf| total.merge(&leaf),
        );
        gathering.statistics(&sums).swap_remove(0)
    }

    /// Measures columns in what outliers do not move: the square of the interquartile range over that of a Gaussian of
    /// variance 1. Where half of the rows are equal there is no such range, and the variance stays.
    pub(crate) fn resist_outliers(&mut self, sample: &Sample<'_>) {
        const OF_GAUSSIAN: f64 = 1.348_979_500_392_163_5;
        let d = self.scale.len();
        for j in 0..d {
            let mut values: Vec<(f64, f64)> = sample.fold_tiles(
                Vec::new,
                |values: &mut Vec<(f64, f64)>, (): &mut (), tile| {
                    let weights = sample.tile_weights(tile).iter().copied();
                    values.extend(tile.feature(j).iter().copied().zip(weights));
                },
                |total, leaf| total.extend(leaf),
            );
            values.sort_by(|a, b| a.0.total_cmp(&b.0));
            let quantile = |share: f64| {
                let mut left = share * self.weight;
                let passed = values.iter().find(|(_, w)| {
                    left -= w;
                    left <= 0.0
                });
                passed.map_or(0.0, |(x, _)| *x)
            };
            let variance = ((quantile(0.75) - quantile(0.25)) / OF_GAUSSIAN).powi(2);
            if variance >= f64::MIN_POSITIVE && variance.is_finite() {
                self.scale[j] = variance;
            }
        }
    }
}

fn look(sample: &Sample<'_>, gathering: &Gathering) -> Seen {
    let d = sample.n_features();
    sample.fold_tiles(
        || Seen {
            checked: Ok(()),
            n_rows: 0,
            range: vec![(f64::INFINITY, f64::NEG_INFINITY); d],
            sums: gathering.nothing(),
        },
        |seen, (packed, scratch): &mut (Columns, Scratch), tile| {
            if seen.checked.is_ok() {
                seen.checked = tile.check_finite();
            }
            let weights = sample.tile_weights(tile);
            seen.n_rows += weights.iter().filter(|&&w| w > 0.0).count();
            for (j, (low, high)) in seen.range.iter_mut().enumerate() {
                for (&x, &w) in tile.feature(j).iter().zip(weights) {
                    *low = if w > 0.0 { low.min(x) } else { *low };
                    *high = if w > 0.0 { high.max(x) } else { *high };
                }
            }
            packed.resize(1, tile.n_packs());
            sample.pack_weights(tile, packed.column_mut(0));
            gathering.gather(tile, packed, scratch, &mut seen.sums);
        },
        |total, leaf| {
            if total.checked.is_ok() {
                total.checked = leaf.checked;
            }
            total.n_rows += leaf.n_rows;
            total.sums.merge(&leaf.sums);
            for (a, b) in total.range.iter_mut().zip(&leaf.range) {
                *a = (a.0.min(b.0), a.1.max(b.1));
            }
        },
    )
}
