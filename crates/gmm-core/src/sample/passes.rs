//! How threads go through the tiles of rows.

use std::ops::Range;

use rayon::prelude::*;

use super::Sample;
use crate::error::GmmError;
use crate::spare::with_buffers;
use crate::tile::{Rows, Tile, tile_rows};

/// Tiles that one thread takes at a time, at least; and the number of such leaves, at most. They depend on
/// nothing, so that sums do not either.
const LEAF_TILES: usize = 1;
const MOST_LEAVES: usize = 256;

impl Sample<'_> {
    /// Whether there is more than one tile, so that threads share a pass.
    pub(crate) fn is_shared(&self) -> bool {
        self.n_rows() > tile_rows(self.rows)
    }

    /// Visits every tile with the part of `values`, `width` for each row, that belongs to it.
    pub(crate) fn map_tiles<T: Send, W: Default + 'static>(
        &self,
        width: usize,
        values: &mut [T],
        visit: impl Fn(&mut W, &Tile, &mut [T]) + Sync,
    ) {
        each_tile(self.rows, width, values, |buffers, tile, part| {
            visit(buffers, tile, part);
            Ok(())
        })
        .for_each(drop);
    }

    /// Visits every tile and merges what the leaves gathered.
    ///
    /// The rows are cut into leaves, and the leaves form a binary tree: both depend on the size of the table
    /// alone, so the same sums meet in the same order on any number of threads. `visit` adds one tile to the
    /// gathered value of its leaf, with buffers that hold whatever they were last used for; `merge` adds what the
    /// rows after gathered to what those before did.
    pub(crate) fn fold_tiles<S: Send, W: Default + 'static>(
        &self,
        new: impl Fn() -> S + Sync,
        visit: impl Fn(&mut S, &mut W, &Tile) + Sync,
        merge: impl Fn(&mut S, S) + Sync,
    ) -> S {
        let tile_rows = tile_rows(self.rows);
        let n_tiles = self.n_rows().div_ceil(tile_rows);
        let leaf_tiles = LEAF_TILES.max(n_tiles.div_ceil(MOST_LEAVES));
        let gather = |leaf: usize| {
            let mut gathered = new();
            with_buffers(|(tile, buffers): &mut (Tile, W)| {
                for t in leaf * leaf_tiles..((leaf + 1) * leaf_tiles).min(n_tiles) {
                    let tile = at(self.rows, t * tile_rows, tile);
                    if let Some(next) = held(self.rows, (t + 1) * tile_rows) {
                        next.prefetch();
                    }
                    visit(&mut gathered, buffers, tile);
                }
            });
            gathered
        };
        match n_tiles.div_ceil(leaf_tiles) {
            0 => new(),
            n_leaves => fold_tree(0..n_leaves, &gather, &merge),
        }
    }
}

/// The tile at a row: the source's own, or a copy of its rows.
fn at<'t>(rows: &'t dyn Rows, first_row: usize, copy: &'t mut Tile) -> &'t Tile {
    match held(rows, first_row) {
        Some(held) => held,
        None => {
            copy.fit(rows.n_features());
            copy.load_some(rows, first_row, rows_from(rows, first_row));
            copy
        }
    }
}

/// The tile at a row, where the source holds the right one.
pub(super) fn held(rows: &dyn Rows, first_row: usize) -> Option<&Tile> {
    rows.tile(first_row).filter(|tile| {
        (tile.first_row(), tile.n_rows()) == (first_row, rows_from(rows, first_row))
            && tile.n_features() == rows.n_features()
    })
}

/// Rows in the tile that begins at a row.
fn rows_from(rows: &dyn Rows, first_row: usize) -> usize {
    tile_rows(rows).min(rows.n_rows().saturating_sub(first_row))
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

/// Computes `width` values for every row of `rows`, in parallel, into `out` (row-major, rows × width), with buffers
/// that hold whatever they were last used for.
///
/// # Errors
/// [`GmmError::NonFinite`] for the first row that holds a NaN or infinite value.
pub(crate) fn map_rows<T: Send, W: Default + 'static>(
    rows: &dyn Rows,
    width: usize,
    out: &mut [T],
    visit: impl Fn(&mut W, &Tile, &mut [T]) + Sync,
) -> Result<(), GmmError> {
    each_tile(rows, width, out, |buffers, tile, chunk| {
        tile.check_finite().map(|()| visit(buffers, tile, chunk))
    })
    // The first refusal by row, whichever was met first.
    .collect()
}

/// Visits every tile with its part of `out`, in parallel; the results in the order of the rows.
fn each_tile<T: Send, W: Default + 'static>(
    rows: &dyn Rows,
    width: usize,
    out: &mut [T],
    visit: impl Fn(&mut W, &Tile, &mut [T]) -> Result<(), GmmError> + Sync,
) -> impl Iterator<Item = Result<(), GmmError>> {
    let tile_rows = tile_rows(rows);
    let results: Vec<_> = out
        .par_chunks_mut(tile_rows * width)
        .enumerate()
        .map(|(t, chunk)| {
            with_buffers(|(tile, buffers): &mut (Tile, W)| {
                visit(buffers, at(rows, t * tile_rows, tile), chunk)
            })
        })
        .collect();
    results.into_iter()
}
