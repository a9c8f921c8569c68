//! Rows with weights, and how threads go through them.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Mutex;

use ndarray::Array2;
use rayon::prelude::*;

use crate::error::GmmError;
use crate::simd::{Pack, flat_mut};
use crate::tile::{Rows, TILE_ROWS, Tile, Tiles};

/// Tiles that one thread takes at a time, at least; and the number of such leaves, at most. They depend on
/// nothing, so that sums do not either.
const LEAF_TILES: usize = 1;
const MOST_LEAVES: usize = 256;

/// Values of which a fit keeps a copy in tiles: 16 MiB.
const MOST_VALUES_HELD: usize = 1 << 21;

const ONES: [f64; TILE_ROWS] = [1.0; TILE_ROWS];

/// Rows with a weight each: what every fit works on.
///
/// A weight is a multiplicity: a row of weight 3 counts as three equal rows, a row of weight 0 not at all
/// (but its values must be finite all the same). Weights that average less than 1 over the rows that have
/// any, or more than 1e12, cannot be multiplicities; they are taken as relative and scaled to average 1.
#[derive(Clone)]
pub struct Sample<'a> {
    rows: &'a dyn Rows,
    weights: Option<Cow<'a, [f64]>>,
    total_weight: f64,
}

impl std::fmt::Debug for Sample<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sample")
            .field("n_rows", &self.n_rows())
            .field("n_features", &self.n_features())
            .field("weighted", &self.weights.is_some())
            .finish()
    }
}

impl<'a> Sample<'a> {
    /// Rows that all have weight 1.
    pub fn new(rows: &'a dyn Rows) -> Self {
        Self {
            rows,
            weights: None,
            total_weight: rows.n_rows() as f64,
        }
    }

    /// Rows with one weight each.
    ///
    /// # Errors
    /// [`GmmError::SizeMismatch`] unless there are as many weights as rows,
    /// [`GmmError::InvalidWeight`] for a weight that is negative, NaN or infinite.
    pub fn weighted(rows: &'a dyn Rows, weights: &'a [f64]) -> Result<Self, GmmError> {
        if weights.len() != rows.n_rows() {
            return Err(GmmError::SizeMismatch {
                what: "number of row weights",
                expected: rows.n_rows(),
                found: weights.len(),
            });
        }
        match weights
            .iter()
            .enumerate()
            .find(|(_, w)| !(w.is_finite() && **w >= 0.0))
        {
            Some((row, &weight)) => Err(GmmError::InvalidWeight { row, weight }),
            None => {
                let weights = multiplicities(weights);
                Ok(Self {
                    rows,
                    total_weight: weights.iter().sum(),
                    weights: Some(weights),
                })
            }
        }
    }

    /// Number of rows, those of weight 0 included.
    pub fn n_rows(&self) -> usize {
        self.rows.n_rows()
    }

    /// Number of columns.
    pub fn n_features(&self) -> usize {
        self.rows.n_features()
    }

    /// Weight of row `i`.
    pub fn weight(&self, i: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |w| w[i])
    }

    /// Whether rows have weights of their own.
    pub(crate) fn is_weighted(&self) -> bool {
        self.weights.is_some()
    }

    /// Sum of the weights.
    pub fn total_weight(&self) -> f64 {
        self.total_weight
    }

    /// The weights of the rows in `tile`.
    pub fn tile_weights(&self, tile: &Tile) -> &[f64] {
        match &self.weights {
            Some(weights) => &weights[tile.first_row()..][..tile.n_rows()],
            None => &ONES[..tile.n_rows()],
        }
    }

    /// The weights of the rows in `tile`, in packs; 0 beyond its last row.
    pub(crate) fn pack_weights(&self, tile: &Tile, out: &mut [Pack]) {
        let out = flat_mut(out);
        out[..tile.n_rows()].copy_from_slice(self.tile_weights(tile));
        out[tile.n_rows()..].fill(0.0);
    }

    /// Works on the sample as tiles, copied once for all iterations and threads, unless it is large.
    pub(crate) fn in_tiles<T>(&self, work: impl FnOnce(&Sample<'_>) -> T) -> T {
        let n_rows = self.n_rows().next_multiple_of(TILE_ROWS);
        let is_large = n_rows.saturating_mul(self.n_features()) > MOST_VALUES_HELD;
        if is_large || held(self.rows, 0).is_some() {
            return work(self);
        }
        work(&Sample {
            rows: &Tiles::of(self.rows),
            weights: self.weights.as_deref().map(Cow::Borrowed),
            total_weight: self.total_weight,
        })
    }

    /// The values of row `i`.
    pub(crate) fn row(&self, i: usize) -> Vec<f64> {
        self.select(&[i]).into_raw_vec_and_offset().0
    }

    /// The rows with these numbers, one after the other.
    pub(crate) fn select(&self, numbers: &[usize]) -> Array2<f64> {
        let mut selected = Array2::zeros((numbers.len(), self.n_features()));
        let mut tile = Tile::new(self.n_features());
        for (mut row, &i) in selected.rows_mut().into_iter().zip(numbers) {
            tile.load_some(self.rows, i, 1);
            for (j, value) in row.iter_mut().enumerate() {
                *value = tile.feature(j)[0];
            }
        }
        selected
    }

    /// Visits every tile with the part of `values`, one for each row, that belongs to it.
    pub(crate) fn map_tiles<T: Send, W>(
        &self,
        values: &mut [T],
        workspace: impl Fn() -> W + Sync,
        visit: impl Fn(&mut W, &Tile, &mut [T]) + Sync,
    ) {
        each_tile(self.rows, 1, values, workspace, |workspace, tile, part| {
            visit(workspace, tile, part);
            Ok(())
        })
        .for_each(drop);
    }

    /// Visits every tile and merges what the leaves gathered.
    ///
    /// The rows are cut into leaves, and the leaves form a binary tree: both depend on the number of rows
    /// alone, so the same sums meet in the same order on any number of threads. `visit` adds one tile to the
    /// gathered value of its leaf, with buffers from `workspace` that are used again; `merge` adds what the
    /// rows after gathered to what those before did.
    pub(crate) fn fold_tiles<S: Send, W: Send>(
        &self,
        new: impl Fn() -> S + Sync,
        workspace: impl Fn() -> W + Sync,
        visit: impl Fn(&mut S, &mut W, &Tile) + Sync,
        merge: impl Fn(&mut S, S) + Sync,
    ) -> S {
        let n_tiles = self.n_rows().div_ceil(TILE_ROWS);
        let leaf_tiles = LEAF_TILES.max(n_tiles.div_ceil(MOST_LEAVES));
        let spare = Spare::default();
        let gather = |leaf: usize| {
            let mut gathered = new();
            let fresh = || (Tile::new(self.n_features()), workspace());
            let (mut tile, mut buffers) = spare.take().unwrap_or_else(fresh);
            for t in leaf * leaf_tiles..((leaf + 1) * leaf_tiles).min(n_tiles) {
                let held = held(self.rows, t * TILE_ROWS);
                let tile = held.unwrap_or_else(|| tile.load(self.rows, t * TILE_ROWS));
                visit(&mut gathered, &mut buffers, tile);
            }
            spare.put((tile, buffers));
            gathered
        };
        match n_tiles.div_ceil(leaf_tiles) {
            0 => new(),
            n_leaves => fold_tree(0..n_leaves, &gather, &merge),
        }
    }
}

/// The tile at a row, where the source holds the right one.
fn held(rows: &dyn Rows, first_row: usize) -> Option<&Tile> {
    let n_rows = TILE_ROWS.min(rows.n_rows().saturating_sub(first_row));
    rows.tile(first_row).filter(|tile| {
        (tile.first_row(), tile.n_rows()) == (first_row, n_rows)
            && tile.n_features() == rows.n_features()
    })
}

/// What the leaves gather, merged by halves.
fn fold_tree<S: Send>(
    leaves: Range<usize>,
    gather: &(impl Fn(usize) -> S + Sync),
    merge: &(impl Fn(&mut S, S) + Sync),
) -> S {
    if leaves.len() == 1 {
        return gather(leaves.start);
    }
    let middle = leaves.start + leaves.len() / 2;
    let (mut before, after) = rayon::join(
        || fold_tree(leaves.start..middle, gather, merge),
        || fold_tree(middle..leaves.end, gather, merge),
    );
    merge(&mut before, after);
    before
}

/// Buffers that no thread is using.
struct Spare<T>(Mutex<Vec<T>>);

impl<T> Default for Spare<T> {
    fn default() -> Self {
        Self(Mutex::new(Vec::new()))
    }
}

impl<T> Spare<T> {
    fn take(&self) -> Option<T> {
        self.0.lock().ok()?.pop()
    }

    fn put(&self, buffers: T) {
        if let Ok(mut spare) = self.0.lock() {
            spare.push(buffers);
        }
    }
}

/// Weights as numbers of rows.
fn multiplicities(weights: &[f64]) -> Cow<'_, [f64]> {
    const MOST: f64 = 1e12;
    let largest = weights.iter().copied().fold(0.0, f64::max);
    let n_weighted = weights.iter().filter(|&&w| w > 0.0).count();
    if n_weighted == 0 {
        return Cow::Borrowed(weights);
    }
    // In shares of the largest, so that no sum overflows.
    let mean: f64 = weights.iter().map(|w| w / largest).sum::<f64>() / n_weighted as f64;
    if (1.0..=MOST).contains(&(mean * largest)) {
        Cow::Borrowed(weights)
    } else {
        Cow::Owned(weights.iter().map(|w| w / largest / mean).collect())
    }
}

/// Computes `width` values for every row of `rows`, in parallel, into `out` (row-major, rows × width). Each
/// thread has a `state` of its own to work with.
///
/// # Errors
/// [`GmmError::NonFinite`] for the first row that holds a NaN or infinite value.
pub(crate) fn map_rows<T: Send, S>(
    rows: &dyn Rows,
    width: usize,
    out: &mut [T],
    state: impl Fn() -> S + Sync,
    visit: impl Fn(&mut S, &Tile, &mut [T]) + Sync,
) -> Result<(), GmmError> {
    each_tile(rows, width, out, state, |state, tile, chunk| {
        tile.check_finite().map(|()| visit(state, tile, chunk))
    })
    // The first refusal by row, whichever was met first.
    .collect()
}

/// Visits every tile with its part of `out`, in parallel; the results in the order of the rows.
fn each_tile<T: Send, S>(
    rows: &dyn Rows,
    width: usize,
    out: &mut [T],
    state: impl Fn() -> S + Sync,
    visit: impl Fn(&mut S, &Tile, &mut [T]) -> Result<(), GmmError> + Sync,
) -> impl Iterator<Item = Result<(), GmmError>> {
    let results: Vec<_> = out
        .par_chunks_mut(TILE_ROWS * width)
        .enumerate()
        .map_init(
            || (Tile::new(rows.n_features()), state()),
            |(tile, state), (t, chunk)| {
                let held = held(rows, t * TILE_ROWS);
                let tile = held.unwrap_or_else(|| tile.load(rows, t * TILE_ROWS));
                visit(state, tile, chunk)
            },
        )
        .collect();
    results.into_iter()
}
