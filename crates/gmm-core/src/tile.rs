//! Rows, taken a tile at a time.
//!
//! A fit never sees a whole table. Rows are copied in tiles of [`TILE_ROWS`], transposed to
//! feature-major `f64`, so that every inner loop runs over rows with unit stride whatever the source
//! holds. Tiles are grouped into fixed blocks that threads work on; what the blocks return is merged in
//! row order, so a result has the same bits on any number of threads.

use std::borrow::Cow;

use ndarray::{Array2, ArrayBase, ArrayView2, Data, Ix2};
use rayon::prelude::*;

use crate::error::GmmError;

/// Rows in a full tile: a power of two, so that a tile of a few columns stays in the first-level cache.
pub const TILE_ROWS: usize = 512;

/// Tiles that one thread takes at a time. Depends on nothing, so that sums do not either.
const TILES_PER_BLOCK: usize = 8;

/// Blocks whose results are held before they are merged.
const BLOCKS_PER_WAVE: usize = 32;

const ONES: [f64; TILE_ROWS] = [1.0; TILE_ROWS];

/// Up to [`TILE_ROWS`] rows, stored feature by feature.
#[derive(Debug, Clone)]
pub struct Tile {
    first_row: usize,
    n_rows: usize,
    values: Vec<f64>,
}

impl Tile {
    /// An empty tile for rows of `n_features` columns.
    pub fn new(n_features: usize) -> Self {
        Self {
            first_row: 0,
            n_rows: 0,
            values: vec![0.0; n_features * TILE_ROWS],
        }
    }

    /// Rows in this tile, at most [`TILE_ROWS`].
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Row of the data that is the first row of this tile.
    pub fn first_row(&self) -> usize {
        self.first_row
    }

    /// Columns of a row.
    pub fn n_features(&self) -> usize {
        self.values.len() / TILE_ROWS
    }

    /// The values of column `j`, one per row.
    pub fn feature(&self, j: usize) -> &[f64] {
        &self.values[j * TILE_ROWS..][..self.n_rows]
    }

    /// The values of column `j`, to be written.
    pub fn feature_mut(&mut self, j: usize) -> &mut [f64] {
        &mut self.values[j * TILE_ROWS..][..self.n_rows]
    }

    fn load(&mut self, rows: &dyn Rows, first_row: usize) {
        self.first_row = first_row;
        self.n_rows = TILE_ROWS.min(rows.n_rows() - first_row);
        rows.read(self);
    }

    /// The first value that is NaN or infinite, by row and then by column.
    pub(crate) fn check_finite(&self) -> Result<(), GmmError> {
        let mut first: Option<(usize, usize, f64)> = None;
        for column in 0..self.n_features() {
            if let Some((i, &value)) = self
                .feature(column)
                .iter()
                .enumerate()
                .find(|(_, v)| !v.is_finite())
                && first.is_none_or(|(row, _, _)| i < row)
            {
                first = Some((i, column, value));
            }
        }
        match first {
            Some((i, column, value)) => Err(GmmError::NonFinite {
                row: self.first_row + i,
                column,
                value,
            }),
            None => Ok(()),
        }
    }
}

/// Buffers that kernels reuse from tile to tile: columns of [`TILE_ROWS`] numbers.
#[derive(Debug, Default)]
pub(crate) struct Scratch(Vec<f64>);

impl Scratch {
    /// `n` columns with whatever they held before.
    pub(crate) fn columns(&mut self, n: usize) -> &mut [f64] {
        if self.0.len() < n * TILE_ROWS {
            self.0.resize(n * TILE_ROWS, 0.0);
        }
        &mut self.0[..n * TILE_ROWS]
    }
}

/// A table that can be read a tile at a time: any two-dimensional ndarray, owned or a view and in any layout,
/// of `f64`, `f32` or integers of up to 32 bits (rows × columns), or a source of one's own.
pub trait Rows: Sync {
    /// Number of rows.
    fn n_rows(&self) -> usize;
    /// Number of columns.
    fn n_features(&self) -> usize;
    /// Writes the rows `tile.first_row() ..` into the columns of `tile`, which has its size already.
    fn read(&self, tile: &mut Tile);
}

impl<S> Rows for ArrayBase<S, Ix2>
where
    S: Data + Sync,
    S::Elem: Copy + Into<f64> + Sync,
{
    fn n_rows(&self) -> usize {
        self.nrows()
    }

    fn n_features(&self) -> usize {
        self.ncols()
    }

    fn read(&self, tile: &mut Tile) {
        let first = tile.first_row();
        let view: ArrayView2<'_, S::Elem> = self.view();
        for j in 0..view.ncols() {
            let column = view.column(j);
            for (i, value) in tile.feature_mut(j).iter_mut().enumerate() {
                *value = column[first + i].into();
            }
        }
    }
}

/// Rows with a weight each: what every fit works on.
///
/// A weight is a multiplicity: a row of weight 3 counts as three equal rows, a row of weight 0 not at all
/// (but its values must be finite all the same). Weights that average less than 1 over the rows that have
/// any, or more than 1e12, cannot be multiplicities; they are taken as relative and scaled to average 1.
#[derive(Clone)]
pub struct Sample<'a> {
    rows: &'a dyn Rows,
    weights: Option<Cow<'a, [f64]>>,
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
            None => Ok(Self {
                rows,
                weights: Some(multiplicities(weights)),
            }),
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

    /// Sum of the weights.
    pub fn total_weight(&self) -> f64 {
        self.weights
            .as_ref()
            .map_or(self.n_rows() as f64, |w| w.iter().sum())
    }

    /// The weights of the rows in `tile`.
    pub fn tile_weights(&self, tile: &Tile) -> &[f64] {
        match &self.weights {
            Some(weights) => &weights[tile.first_row..][..tile.n_rows],
            None => &ONES[..tile.n_rows],
        }
    }

    /// The values of row `i`.
    pub(crate) fn row(&self, i: usize) -> Vec<f64> {
        self.select(&[i]).into_raw_vec_and_offset().0
    }

    /// The rows with these numbers, one after the other.
    pub(crate) fn select(&self, numbers: &[usize]) -> Array2<f64> {
        let mut selected = Array2::zeros((numbers.len(), self.n_features()));
        let mut tile = Tile::new(self.n_features());
        tile.n_rows = 1;
        for (mut row, &i) in selected.rows_mut().into_iter().zip(numbers) {
            tile.first_row = i;
            self.rows.read(&mut tile);
            for (j, value) in row.iter_mut().enumerate() {
                *value = tile.feature(j)[0];
            }
        }
        selected
    }

    /// Visits every tile and merges what the blocks gathered, in row order.
    ///
    /// `visit` adds one tile to the gathered value of its block, with buffers from `workspace` that a thread
    /// keeps; `merge` adds a block to those before it. The same tiles meet in the same order on any number of
    /// threads.
    pub(crate) fn fold_tiles<S: Send, W>(
        &self,
        new: impl Fn() -> S + Sync,
        workspace: impl Fn() -> W + Sync,
        visit: impl Fn(&mut S, &mut W, &Tile) + Sync,
        mut merge: impl FnMut(&mut S, S),
    ) -> S {
        let block_rows = TILE_ROWS * TILES_PER_BLOCK;
        let n_blocks = self.n_rows().div_ceil(block_rows);
        let gather = |(tile, workspace): &mut (Tile, W), block: usize| {
            let mut gathered = new();
            let end = ((block + 1) * block_rows).min(self.n_rows());
            for first_row in (block * block_rows..end).step_by(TILE_ROWS) {
                tile.load(self.rows, first_row);
                visit(&mut gathered, workspace, tile);
            }
            gathered
        };
        let mut total = new();
        for wave in (0..n_blocks).step_by(BLOCKS_PER_WAVE) {
            let blocks = wave..(wave + BLOCKS_PER_WAVE).min(n_blocks);
            let buffers = || (Tile::new(self.n_features()), workspace());
            let gathered: Vec<S> = blocks.into_par_iter().map_init(buffers, gather).collect();
            gathered
                .into_iter()
                .for_each(|block| merge(&mut total, block));
        }
        total
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
    out.par_chunks_mut(TILE_ROWS * width)
        .enumerate()
        .map_init(
            || (Tile::new(rows.n_features()), state()),
            |(tile, state), (t, chunk)| {
                tile.load(rows, t * TILE_ROWS);
                tile.check_finite().map(|()| visit(state, tile, chunk))
            },
        )
        // Collected before it is searched, so that the first refusal is always the same.
        .collect::<Vec<_>>()
        .into_iter()
        .collect()
}
