//! The one look at the data that precedes a fit.

use rayon::prelude::*;

use crate::emission::{Gathering as _, Sums as _};
use crate::error::GmmError;
use crate::kernel::{Gathering, Sums};
use crate::moments::{Form, Moments};
use crate::sample::{Part, Sample};
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
    /// The square of each column's scale: its weighted variance, or what stands for it where there are
    /// [outliers](Self::resist_outliers). A column whose values are all equal has
    /// no scale of its own; it is given the mean variance of the others, or 1 where all are constant.
    pub(crate) scale: Vec<f64>,
    /// Columns whose values are all equal.
    pub(crate) constant_columns: Vec<usize>,
    /// Least and largest value of each column.
    pub(crate) range: Vec<(f64, f64)>,
}

impl Survey {
    /// Looks at what was seen of every row, and refuses data that no fit can use.
    pub(crate) fn of(sample: &Sample<'_>) -> Result<Self, GmmError> {
        if sample.n_features() == 0 {
            return Err(GmmError::NoColumns);
        }
        let Seen {
            n_rows,
            weight,
            mean,
            variances,
            range,
        } = match sample.parts() {
            Some(parts) if !sample.is_of_whole_rows() => seen_in_parts(sample, parts)?,
            _ => seen_whole(sample)?,
        };
        if let Some(column) = variances.iter().position(|v| !v.is_finite()) {
            return Err(GmmError::Overflow { column });
        }
        let d = variances.len();
        // A spread below 1e-154 squares to nothing: such a column is as good as constant.
        let is_constant =
            |j: &usize| range[*j].0 == range[*j].1 || variances[*j] < f64::MIN_POSITIVE;
        let constant_columns: Vec<usize> = (0..d).filter(is_constant).collect();
        let n_varying = (d - constant_columns.len()) as f64;
        let others: f64 = (0..d)
            .filter(|j| !constant_columns.contains(j))
            .map(|j| variances[j] / n_varying)
            .sum();
        let mut scale = variances;
        for &j in &constant_columns {
            scale[j] = if n_varying > 0.0 { others } else { 1.0 };
        }
        Ok(Self {
            weight,
            n_rows,
            mean,
            scale,
            constant_columns,
            range,
        })
    }

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

    /// The same over the rows of all parts, which must have been seen whole.
    pub(crate) fn moments_of_parts(&self, sample: &Sample<'_>, form: Form) -> Moments {
        let parts = sample.parts().into_iter().flatten();
        let of_parts = parts.map(|part| self.moments(&part.sample(sample), form));
        let merged = of_parts.reduce(|mut all, part| {
            all.merge(&part);
            all
        });
        merged.unwrap_or_else(|| self.moments(sample, form))
    }

    /// Measures columns in what outliers do not move: the square of the interquartile range over that of a Gaussian of
    /// variance 1. Where half of the rows are equal there is no such range, and the variance stays.
    pub(crate) fn resist_outliers(&mut self, sample: &Sample<'_>) {
        const OF_GAUSSIAN: f64 = 1.348_979_500_392_163_5;
        let resistant = |(scale, mut values): (&f64, Vec<(f64, f64)>)| {
            values.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
            let weight: f64 = values.iter().map(|(_, w)| w).sum();
            let quantile = |share: f64| {
                let mut left = share * weight;
                let passed = values.iter().find(|(_, w)| {
                    left -= w;
                    left <= 0.0
                });
                passed.map_or(0.0, |(x, _)| *x)
            };
            let variance = ((quantile(0.75) - quantile(0.25)) / OF_GAUSSIAN).powi(2);
            let is_one = variance >= f64::MIN_POSITIVE && variance.is_finite();
            if is_one { variance } else { *scale }
        };
        let columns = self.scale.par_iter().zip(seen_values(sample));
        self.scale = columns.map(resistant).collect();
    }
}

/// What was seen of all rows, column by column.
struct Seen {
    n_rows: usize,
    weight: f64,
    mean: Vec<f64>,
    variances: Vec<f64>,
    range: Vec<(f64, f64)>,
}

/// Of rows that were seen whole.
fn seen_whole(sample: &Sample<'_>) -> Result<Seen, GmmError> {
    // A row that counts, so that one that does not cannot be far from all others.
    let first = (0..sample.n_rows()).find(|&i| sample.weight(i) > 0.0);
    let first = first.map_or_else(|| vec![0.0; sample.n_features()], |i| sample.row(i));
    let mut gathering = Gathering::about(Form::Diagonal, std::iter::once(first.as_slice()));
    let mut looked = look(sample, &gathering);
    looked.checked?;
    if looked.n_rows == 0 {
        return Err(GmmError::NoRows);
    }
    let mut moments = gathering.statistics(&looked.sums);
    if let Some(recentred) = gathering.recentred(&moments) {
        gathering = recentred;
        looked = look(sample, &gathering);
        moments = gathering.statistics(&looked.sums);
    }
    let moments = moments.swap_remove(0);
    Ok(Seen {
        n_rows: looked.n_rows,
        weight: moments.weight,
        variances: moments.variances(),
        mean: moments.mean,
        range: looked.range,
    })
}

/// Of rows that were seen in part.
fn seen_in_parts(sample: &Sample<'_>, parts: &[Part]) -> Result<Seen, GmmError> {
    let nothing = || vec![Column::default(); sample.n_features()];
    let merged = |mut all: Vec<Column>, other: Vec<Column>| {
        all.iter_mut().zip(&other).for_each(|(a, b)| a.merge(b));
        all
    };
    let of_piece = |piece: &[Part]| {
        let mut columns = nothing();
        for part in piece {
            let rows = part.sample(sample);
            let of_part = rows.fold_tiles(
                || vec![Column::default(); rows.n_features()],
                |columns, (): &mut (), tile| {
                    let weights = rows.tile_weights(tile);
                    for (j, column) in columns.iter_mut().enumerate() {
                        column.merge(&Column::of(tile.feature(j), weights));
                    }
                },
                |total, leaf| total.iter_mut().zip(&leaf).for_each(|(a, b)| a.merge(b)),
            );
            for (&j, of_part) in part.how().columns().iter().zip(&of_part) {
                columns[j].merge(of_part);
            }
        }
        columns
    };
    let pieces: Vec<Vec<Column>> = parts.par_chunks(Part::PIECE).map(of_piece).collect();
    let columns = pieces.into_iter().fold(nothing(), merged);
    if let Some(column) = columns.iter().position(|c| c.weight <= 0.0) {
        return Err(GmmError::MissingColumn { column });
    }
    let rows = parts.iter().flat_map(Part::rows);
    Ok(Seen {
        n_rows: rows.filter(|&&row| sample.weight(row) > 0.0).count(),
        weight: sample.total_weight(),
        mean: columns.iter().map(|c| c.mean).collect(),
        variances: columns.iter().map(|c| c.scatter / c.weight).collect(),
        range: columns.iter().map(|c| c.range).collect(),
    })
}

/// What was seen of one column: its moments and range.
#[derive(Debug, Clone)]
struct Column {
    weight: f64,
    mean: f64,
    scatter: f64,
    range: (f64, f64),
}

impl Default for Column {
    fn default() -> Self {
        Self {
            weight: 0.0,
            mean: 0.0,
            scatter: 0.0,
            range: (f64::INFINITY, f64::NEG_INFINITY),
        }
    }
}

impl Column {
    /// Of some values and their weights.
    fn of(values: &[f64], weights: &[f64]) -> Self {
        let mut column = Self::default();
        for (&x, &w) in values.iter().zip(weights).filter(|(_, w)| **w > 0.0) {
            column.weight += w;
            let offset = x - column.mean;
            // West, Comm. ACM 22, 1979.
            column.mean += offset * (w / column.weight);
            column.scatter += w * offset * (x - column.mean);
            column.range = (column.range.0.min(x), column.range.1.max(x));
        }
        column
    }

    fn merge(&mut self, other: &Self) {
        if other.weight <= 0.0 {
            return;
        }
        let weight = self.weight + other.weight;
        let share = other.weight / weight;
        let offset = other.mean - self.mean;
        self.scatter += other.scatter + self.weight * share * offset * offset;
        self.mean += share * offset;
        self.weight = weight;
        self.range = (
            self.range.0.min(other.range.0),
            self.range.1.max(other.range.1),
        );
    }
}

/// The values that were seen of each column, with their weights.
fn seen_values(sample: &Sample<'_>) -> Vec<Vec<(f64, f64)>> {
    let of = |rows: &Sample<'_>| {
        rows.fold_tiles(
            || vec![Vec::new(); rows.n_features()],
            |columns, (): &mut (), tile| {
                let weights = rows.tile_weights(tile);
                for (j, column) in columns.iter_mut().enumerate() {
                    let values = tile.feature(j).iter().copied();
                    column.extend(values.zip(weights.iter().copied()));
                }
            },
            |total, leaf| total.iter_mut().zip(leaf).for_each(|(a, b)| a.extend(b)),
        )
    };
    let Some(parts) = sample.parts() else {
        return of(sample);
    };
    let mut columns = vec![Vec::new(); sample.n_features()];
    for part in parts {
        let of_part = of(&part.sample(sample));
        for (&j, values) in part.how().columns().iter().zip(of_part) {
            columns[j].extend(values);
        }
    }
    columns
}

/// What one pass over whole rows gathers.
struct Looked {
    checked: Result<(), GmmError>,
    n_rows: usize,
    range: Vec<(f64, f64)>,
    sums: Sums,
}

/// The least and the largest of some values, of those that have a weight; in interleaved ones.
fn range_of(values: &[f64], weights: &[f64]) -> (f64, f64) {
    const LANES: usize = 8;
    let (mut low, mut high) = ([f64::INFINITY; LANES], [f64::NEG_INFINITY; LANES]);
    for (values, weights) in values.chunks(LANES).zip(weights.chunks(LANES)) {
        let ends = low.iter_mut().zip(&mut high);
        for ((&x, &w), (low, high)) in values.iter().zip(weights).zip(ends) {
            let counts = w > 0.0;
            *low = if counts & (x < *low) { x } else { *low };
            *high = if counts & (x > *high) { x } else { *high };
        }
    }
    (
        low.into_iter().fold(f64::INFINITY, f64::min),
        high.into_iter().fold(f64::NEG_INFINITY, f64::max),
    )
}

fn look(sample: &Sample<'_>, gathering: &Gathering) -> Looked {
    let d = sample.n_features();
    sample.fold_tiles(
        || Looked {
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
                let (lowest, highest) = range_of(tile.feature(j), weights);
                *low = low.min(lowest);
                *high = high.max(highest);
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
