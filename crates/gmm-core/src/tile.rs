//! Rows, a tile at a time.
//!
//! Rows are copied in tiles of [`TILE_ROWS`], transposed to feature-major `f64`, so that every inner loop
//! runs over rows with unit stride whatever the source holds.

use std::ops::Range;

use ndarray::{ArrayBase, Data, Ix2};
use rayon::prelude::*;

use crate::error::GmmError;
use crate::simd::{LANES, Pack, Task, Vector, dispatch, flat, flat_mut, prefetch};

/// Rows in a full tile: a power of two, so that a tile of a few columns stays in the first-level cache.
pub const TILE_ROWS: usize = 512;

/// Rows in each tile of a table but the last: fewer where there would be too few tiles for threads to share, and
/// features enough for a small tile to be worth its visit; then an eighth of them, as far as the cache holds that.
pub(crate) fn tile_rows(rows: &dyn Rows) -> usize {
    const FEW_TILES: usize = 32;
    const MANY_FEATURES: usize = 8;
    /// Tiles that are enough for the threads of a small table.
    const SOME_TILES: usize = 8;
    /// Numbers that the first-level cache has room for.
    const NEAR: usize = 4096;
    const LEAST_ROWS: usize = 128;
    let (n_rows, n_features) = (rows.n_rows(), rows.n_features());
    if n_features < MANY_FEATURES || n_rows >= FEW_TILES * TILE_ROWS {
        return TILE_ROWS;
    }
    let in_groups = |n: usize| n / (GROUP * LANES) * (GROUP * LANES);
    let most = in_groups(NEAR / n_features).clamp(LEAST_ROWS, TILE_ROWS);
    in_groups(n_rows / SOME_TILES).clamp(LEAST_ROWS, most)
}

/// Of more features than this, the next tile would drive out of the cache what is being worked on.
const MOST_FEATURES_AHEAD: usize = 32;

/// Packs of a column come in groups of this many, the rows that kernels take at once.
pub(crate) const GROUP: usize = 4;

/// Packs in a full column.
pub(crate) const TILE_PACKS: usize = TILE_ROWS / LANES;

/// Columns of up to [`TILE_ROWS`] numbers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Columns {
    packs: Vec<Pack>,
    n_packs: usize,
    /// Packs from one column to the next: one more than there are in each, so that columns do not compete for the same
    /// lines of the cache.
    stride: usize,
}

impl Columns {
    /// So many columns, each for this many packs, with whatever they held before.
    pub(crate) fn resize(&mut self, n_columns: usize, n_packs: usize) {
        self.n_packs = n_packs;
        self.stride = n_packs + 1;
        if self.packs.len() < n_columns * self.stride {
            self.packs.resize(n_columns * self.stride, Pack::default());
        }
    }

    /// Packs in each column.
    pub(crate) fn n_packs(&self) -> usize {
        self.n_packs
    }

    /// One column.
    #[inline(always)]
    pub(crate) fn column(&self, j: usize) -> &[Pack] {
        &self.packs[j * self.stride..][..self.n_packs]
    }

    /// One column, to be written.
    #[inline(always)]
    pub(crate) fn column_mut(&mut self, j: usize) -> &mut [Pack] {
        &mut self.packs[j * self.stride..][..self.n_packs]
    }

    /// Several columns from the first on.
    #[inline(always)]
    pub(crate) fn iter_mut(&mut self, n_columns: usize) -> impl Iterator<Item = &mut [Pack]> {
        self.some_mut(0..n_columns)
    }

    /// Some columns.
    #[inline(always)]
    pub(crate) fn some(&self, of: Range<usize>) -> impl Iterator<Item = &[Pack]> + Clone {
        self.packs[of.start * self.stride..]
            .chunks_exact(self.stride.max(1))
            .take(of.len())
            .map(|column| &column[..self.n_packs])
    }

    /// Some columns, to be written.
    #[inline(always)]
    pub(crate) fn some_mut(&mut self, of: Range<usize>) -> impl Iterator<Item = &mut [Pack]> {
        let (n_packs, stride) = (self.n_packs, self.stride);
        self.packs[of.start * stride..]
            .chunks_exact_mut(stride.max(1))
            .take(of.len())
            .map(move |column| &mut column[..n_packs])
    }

    /// Several columns from the first on.
    #[inline(always)]
    pub(crate) fn iter(&self, n_columns: usize) -> impl Iterator<Item = &[Pack]> + Clone {
        self.some(0..n_columns)
    }
}

/// Buffers that kernels reuse from tile to tile.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    packs: Vec<Pack>,
    /// Columns, to be taken out while `packs` are used and put back.
    pub(crate) columns: Columns,
}

impl Scratch {
    /// `n` packs with whatever they held before.
    #[inline(always)]
    pub(crate) fn packs(&mut self, n: usize) -> &mut [Pack] {
        if self.packs.len() < n {
            self.packs.resize(n, Pack::default());
        }
        &mut self.packs[..n]
    }
}

/// Up to [`TILE_ROWS`] rows, stored feature by feature.
#[derive(Debug, Clone, Default)]
pub struct Tile {
    first_row: usize,
    n_rows: usize,
    n_features: usize,
    columns: Columns,
    /// Rows on their way into the columns.
    buffer: Vec<f64>,
}

impl Tile {
    /// An empty tile for rows of `n_features` columns.
    pub fn new(n_features: usize) -> Self {
        let mut columns = Columns::default();
        columns.resize(n_features, 0);
        Self {
            first_row: 0,
            n_rows: 0,
            n_features,
            columns,
            buffer: Vec::new(),
        }
    }

    /// Makes it one for rows of `n_features` columns.
    pub(crate) fn fit(&mut self, n_features: usize) {
        self.n_features = n_features;
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
        self.n_features
    }

    /// Asks for its rows to be brought from memory.
    pub(crate) fn prefetch(&self) {
        if self.n_features <= MOST_FEATURES_AHEAD {
            for column in self.columns.iter(self.n_features) {
                prefetch(column);
            }
        }
    }

    /// The values of column `j`, one per row.
    pub fn feature(&self, j: usize) -> &[f64] {
        &flat(self.columns.column(j))[..self.n_rows]
    }

    /// The values of column `j`, to be written.
    pub fn feature_mut(&mut self, j: usize) -> &mut [f64] {
        &mut flat_mut(self.columns.column_mut(j))[..self.n_rows]
    }

    /// The columns, in packs. Beyond the last row they repeat it, so that kernels need not stop in the middle
    /// of a group and meet no number that is not in the data.
    #[inline(always)]
    pub(crate) fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Packs in each column: a multiple of [`GROUP`].
    #[inline(always)]
    pub(crate) fn n_packs(&self) -> usize {
        self.columns.n_packs()
    }

    /// Takes up to [`TILE_ROWS`] rows from `first_row` on.
    pub(crate) fn load(&mut self, rows: &dyn Rows, first_row: usize) -> &Self {
        self.load_some(rows, first_row, TILE_ROWS.min(rows.n_rows() - first_row));
        self
    }

    /// Takes `n_rows` rows from `first_row` on.
    pub(crate) fn load_some(&mut self, rows: &dyn Rows, first_row: usize, n_rows: usize) {
        self.first_row = first_row;
        self.n_rows = n_rows;
        let n_packs = n_rows.div_ceil(LANES * GROUP) * GROUP;
        self.columns.resize(self.n_features, n_packs);
        let n_features = self.n_features;
        rows.read(self);
        if (self.first_row, self.n_rows) != (first_row, n_rows)
            || (self.n_features, self.n_packs()) != (n_features, n_packs)
        {
            // The source has put another tile in its place: of the rows it knows nothing.
            *self = Self::new(n_features);
            (self.first_row, self.n_rows) = (first_row, n_rows);
            self.columns.resize(n_features, n_packs);
            for column in self.columns.iter_mut(n_features) {
                column.fill(Pack::splat(f64::NAN));
            }
        }
        for column in self.columns.iter_mut(self.n_features) {
            let values = flat_mut(column);
            if let Some(&last) = values[..n_rows].last() {
                values[n_rows..].fill(last);
            }
        }
    }

    /// The first value that is NaN or infinite, by row and then by column.
    pub(crate) fn check_finite(&self) -> Result<(), GmmError> {
        let mut first: Option<(usize, usize, f64)> = None;
        for column in 0..self.n_features {
            let values = self.feature(column);
            // Without a branch in the loop; the search is for the rare tile that has one.
            if values.iter().fold(true, |all, v| all & v.is_finite()) {
                continue;
            }
            if let Some((i, &value)) = values.iter().enumerate().find(|(_, v)| !v.is_finite())
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

/// A table that can be read a tile at a time: any two-dimensional ndarray, owned or a view and in any layout,
/// of `f64`, `f32` or integers of up to 32 bits (rows × columns), or a source of one's own.
pub trait Rows: Sync {
    /// Number of rows.
    fn n_rows(&self) -> usize;
    /// Number of columns.
    fn n_features(&self) -> usize;
    /// Writes the rows `tile.first_row() ..` into the columns of `tile`, which has its size already. (If another tile
    /// is put in its place, its rows count as NaN.)
    fn read(&self, tile: &mut Tile);

    /// The tile that begins at this row, where the source holds it as such, as [`Tiles`] do: nothing is copied then.
    /// A tile of another size than is asked for ([`TILE_ROWS`], fewer of small tables) is not used.
    fn tile(&self, first_row: usize) -> Option<&Tile> {
        let _ = first_row;
        None
    }
}

/// Rows that are tiles already: for what is read many times, as by several fits.
///
/// A fit of up to 2²¹ values makes such a copy for itself.
#[derive(Debug)]
pub struct Tiles {
    n_features: usize,
    n_rows: usize,
    /// Rows in each but the last.
    tile_rows: usize,
    tiles: Vec<Tile>,
}

impl Tiles {
    /// A copy of all rows.
    pub fn of(rows: &dyn Rows) -> Self {
        let (n_rows, n_features) = (rows.n_rows(), rows.n_features());
        let tile_rows = tile_rows(rows);
        let tiles = (0..n_rows.div_ceil(tile_rows))
            .into_par_iter()
            .map(|t| {
                let mut tile = Tile::new(n_features);
                let first_row = t * tile_rows;
                tile.load_some(rows, first_row, tile_rows.min(n_rows - first_row));
                tile.buffer = Vec::new();
                tile
            })
            .collect();
        Self {
            n_features,
            n_rows,
            tile_rows,
            tiles,
        }
    }

    /// Changes one value.
    pub(crate) fn set(&mut self, row: usize, column: usize, value: f64) {
        let tile = &mut self.tiles[row / self.tile_rows];
        let (place, n_rows) = (row % self.tile_rows, tile.n_rows);
        let values = flat_mut(tile.columns.column_mut(column));
        values[place] = value;
        // Packs end on the last row.
        if place + 1 == n_rows {
            values[n_rows..].fill(value);
        }
    }
}

impl Rows for Tiles {
    fn n_rows(&self) -> usize {
        self.n_rows
    }

    fn n_features(&self) -> usize {
        self.n_features
    }

    fn read(&self, tile: &mut Tile) {
        let rows = tile.first_row()..tile.first_row() + tile.n_rows();
        for (i, row) in rows.enumerate() {
            let (t, place) = (row / self.tile_rows, row % self.tile_rows);
            for j in 0..self.n_features {
                tile.feature_mut(j)[i] = self.tiles[t].feature(j)[place];
            }
        }
    }

    fn tile(&self, first_row: usize) -> Option<&Tile> {
        self.tiles.get(first_row / self.tile_rows)
    }
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
        let (first, n, d) = (tile.first_row(), tile.n_rows(), self.ncols());
        if let Some(values) = self.as_slice() {
            let (own, rest) = values[first * d..].split_at(n * d);
            if d <= MOST_FEATURES_AHEAD {
                // Most likely the next.
                prefetch(&rest[..rest.len().min(n * d)]);
            }
            transpose(own, tile);
            return;
        }
        let view = self.view();
        for j in 0..d {
            let column = view.column(j);
            for (i, value) in tile.feature_mut(j).iter_mut().enumerate() {
                *value = column[first + i].into();
            }
        }
    }
}

/// Spreads rows that stand one after the other over the columns of a tile.
fn transpose<T: Copy + Into<f64>>(rows: &[T], tile: &mut Tile) {
    let Tile {
        n_features,
        columns,
        buffer,
        ..
    } = tile;
    match *n_features {
        0 => {}
        1 => turn(rows.as_chunks::<1>().0, columns),
        2 => turn(rows.as_chunks::<2>().0, columns),
        3 => turn(rows.as_chunks::<3>().0, columns),
        d => {
            // Memory is read in its order, which it is fast at, and turned around in the cache.
            let n_whole = if d < LANES {
                0
            } else {
                rows.len() / (LANES * d)
            };
            let (whole, rest) = rows.split_at(n_whole * LANES * d);
            dispatch(Turn {
                rows: whole,
                d,
                buffer,
                columns,
            });
            for (v, rows) in (n_whole..).zip(rest.chunks(LANES * d)) {
                for (i, row) in rows.chunks_exact(d).enumerate() {
                    for (j, &x) in row.iter().enumerate() {
                        columns.packs[j * columns.stride + v].0[i] = x.into();
                    }
                }
            }
        }
    }
}

/// The same for rows in eights, of at least eight features.
struct Turn<'t, T> {
    rows: &'t [T],
    d: usize,
    buffer: &'t mut Vec<f64>,
    columns: &'t mut Columns,
}

impl<T: Copy + Into<f64>> Task for Turn<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let (d, stride) = (self.d, self.columns.stride);
        for (v, rows) in self.rows.chunks_exact(LANES * d).enumerate() {
            self.buffer.clear();
            self.buffer.extend(rows.iter().map(|&x| x.into()));
            for first in (0..d).step_by(LANES) {
                // The last features are turned with some of those before.
                let first = first.min(d - LANES);
                let mut x = [V::splat(0.0); LANES];
                for (x, row) in x.iter_mut().zip(self.buffer.chunks_exact(d)) {
                    if let Some(values) = row[first..].first_chunk() {
                        *x = V::load(&Pack(*values));
                    }
                }
                for (x, j) in V::transpose(x).into_iter().zip(first..) {
                    x.store(&mut self.columns.packs[j * stride + v]);
                }
            }
        }
    }
}

/// The same for rows of few features.
fn turn<T: Copy + Into<f64>, const D: usize>(rows: &[[T; D]], columns: &mut Columns) {
    let stride = columns.stride;
    for (v, rows) in rows.chunks(LANES).enumerate() {
        for j in 0..D {
            let pack = &mut columns.packs[j * stride + v].0;
            match rows.first_chunk::<LANES>() {
                Some(rows) => *pack = rows.map(|row| row[j].into()),
                None => {
                    for (value, row) in pack.iter_mut().zip(rows) {
                        *value = row[j].into();
                    }
                }
            }
        }
    }
}
