//! The rows of a sample, in groups that were seen in the same way.

use std::borrow::Cow;
use std::collections::BTreeMap;

use ndarray::Array2;
use rayon::prelude::*;

use super::Sample;
use crate::error::GmmError;
use crate::observation::Observation;
use crate::tile::{Rows, TILE_ROWS, Tile, Tiles};

/// Some rows of a sample, seen in one way.
pub(crate) struct Part {
    how: Observation,
    /// Their numbers in the sample.
    rows: Vec<usize>,
    /// What was seen of them.
    seen: Box<dyn Rows + Send>,
}

impl std::fmt::Debug for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Part")
            .field("how", &self.how)
            .field("n_rows", &self.rows.len())
            .finish_non_exhaustive()
    }
}

/// What is seen of the rows of a part that is being gathered, row by row.
#[derive(Default)]
struct Group {
    rows: Vec<usize>,
    values: Vec<f64>,
}

impl Group {
    fn append(&mut self, mut after: Self) {
        self.rows.append(&mut after.rows);
        self.values.append(&mut after.values);
    }
}

/// Which features were seen, and whose noise they have.
type Key = (Vec<usize>, Option<usize>);

/// Rows by how they were seen, those seen whole apart: they are most rows of most data.
#[derive(Default)]
struct Groups {
    whole: Group,
    others: BTreeMap<Key, Group>,
}

impl Groups {
    /// Rows that a thread takes at a time.
    const ROWS: usize = 32 * TILE_ROWS;

    /// The next rows of a sample.
    fn of(sample: &Sample<'_>, first_row: usize) -> Result<Self, GmmError> {
        let mut groups = Self::default();
        let d = sample.n_features();
        let own_noise = sample.noise().filter(|noise| !noise.is_common());
        let mut tile = Tile::new(d);
        let end = (first_row + Self::ROWS).min(sample.n_rows());
        for first_row in (first_row..end).step_by(TILE_ROWS) {
            tile.load(sample.rows(), first_row);
            let mut is_plain = vec![own_noise.is_none(); tile.n_rows()];
            for j in 0..d {
                for (plain, x) in is_plain.iter_mut().zip(tile.feature(j)) {
                    *plain &= x.is_finite();
                }
            }
            for (i, is_plain) in is_plain.into_iter().enumerate() {
                let row = first_row + i;
                let values = (0..d).map(|j| tile.feature(j)[i]);
                if is_plain {
                    groups.whole.rows.push(row);
                    groups.whole.values.extend(values);
                    continue;
                }
                let is_wrong = |v: f64| v.is_infinite() || (v.is_nan() && !sample.has_missing);
                if let Some((column, value)) = values.clone().enumerate().find(|v| is_wrong(v.1)) {
                    return Err(GmmError::NonFinite { row, column, value });
                }
                let columns: Vec<usize> =
                    (0..d).filter(|&j| !tile.feature(j)[i].is_nan()).collect();
                if columns.is_empty() {
                    continue;
                }
                let key = (columns, own_noise.map(|_| row));
                let group = groups.others.entry(key).or_default();
                group.rows.push(row);
                group.values.extend(values.filter(|v| !v.is_nan()));
            }
        }
        Ok(groups)
    }

    /// Adds rows that come after.
    fn append(&mut self, after: Self) {
        self.whole.append(after.whole);
        for (key, group) in after.others {
            self.others.entry(key).or_default().append(group);
        }
    }
}

impl Part {
    /// Parts that a thread takes at a time.
    pub(crate) const PIECE: usize = 16;

    /// The rows of a sample in which something was seen, by how they were.
    pub(crate) fn all_of(sample: &Sample<'_>) -> Result<Vec<Self>, GmmError> {
        let d = sample.n_features();
        let n_pieces = sample.n_rows().div_ceil(Groups::ROWS);
        let pieces: Vec<Result<Groups, GmmError>> = (0..n_pieces)
            .into_par_iter()
            .with_max_len(1)
            .map(|piece| Groups::of(sample, piece * Groups::ROWS))
            .collect();
        let mut groups = Groups::default();
        for piece in pieces {
            groups.append(piece?);
        }
        let Groups { mut others, whole } = groups;
        if !whole.rows.is_empty() {
            others.insert(((0..d).collect(), None), whole);
        }
        Ok(others
            .into_par_iter()
            .map(|((columns, _), Group { rows, values })| {
                let noise = sample.noise().map(|noise| noise.of(rows[0], &columns));
                Self::new(Observation::new(columns, d, noise), rows, values)
            })
            .collect())
    }

    fn new(how: Observation, rows: Vec<usize>, values: Vec<f64>) -> Self {
        let shape = (rows.len(), how.columns().len());
        // One value for each row and column by construction.
        let values = Array2::from_shape_vec(shape, values).unwrap_or_else(|_| Array2::zeros(shape));
        // A tile is large for a few rows.
        let seen: Box<dyn Rows + Send> = if rows.len() >= TILE_ROWS / 4 {
            Box::new(Tiles::of(&values))
        } else {
            Box::new(values)
        };
        Self { how, rows, seen }
    }

    /// How they were seen.
    pub(crate) fn how(&self) -> &Observation {
        &self.how
    }

    /// Their numbers in the sample.
    pub(crate) fn rows(&self) -> &[usize] {
        &self.rows
    }

    /// What was seen of them, with the weights and labels that they have in the whole sample.
    pub(crate) fn sample(&self, whole: &Sample<'_>) -> Sample<'_> {
        let weights = whole
            .is_weighted()
            .then(|| self.rows.iter().map(|&i| whole.weight(i)).collect());
        let labels = whole
            .labels()
            .map(|labels| Cow::Owned(self.rows.iter().map(|&i| labels[i]).collect()));
        Sample::of_part(&*self.seen, weights, labels)
    }

    /// Goes through its rows: their numbers in the sample, and what was seen of them.
    pub(crate) fn each_row(&self, mut visit: impl FnMut(usize, &[f64])) {
        let d = self.how.columns().len();
        let mut tile = Tile::new(d);
        let mut values = vec![0.0; d];
        for (piece, rows) in self.rows.chunks(TILE_ROWS).enumerate() {
            tile.load_some(&*self.seen, piece * TILE_ROWS, rows.len());
            for (i, &row) in rows.iter().enumerate() {
                for (j, value) in values.iter_mut().enumerate() {
                    *value = tile.feature(j)[i];
                }
                visit(row, &values);
            }
        }
    }

    /// The rows of it that have a place among others, at those places, if there are any.
    pub(crate) fn among(&self, place_of: &[Option<usize>]) -> Option<Self> {
        let mut rows = Vec::new();
        let mut values = Vec::new();
        self.each_row(|row, seen| {
            if let Some(place) = place_of[row] {
                rows.push(place);
                values.extend_from_slice(seen);
            }
        });
        (!rows.is_empty()).then(|| Self::new(self.how.clone(), rows, values))
    }
}
