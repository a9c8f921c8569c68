//! How threads go through the tiles of rows.

use std::ops::Range;
use std::sync::Mutex;

use rayon::prelude::*;

use super::Sample;
use crate::error::GmmError;
use crate::tile::{Rows, TILE_ROWS, Tile};

/// Tiles that one thread takes at a time, at least; and the number of such leaves, at most. They depend on
/// nothing, so that sums do not either.
const LEAF_TILES: usize = 1;
const MOST_LEAVES: usize = 256;

impl Sample<'_> {
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
            let (mut tile, mut buffers) = spare.take().unwrap_or_else(|| (None, workspace()));
            for t in leaf * leaf_tiles..((leaf + 1) * leaf_tiles).min(n_tiles) {
                let held = held(self.rows, t * TILE_ROWS);
                let tile = match held {
                    Some(held) => held,
                    None => {
                        let fresh = || Tile::new(self.n_features());
                        tile.get_or_insert_with(fresh)
                            .load(self.rows, t * TILE_ROWS)
                    }
                };
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
pub(super) fn held(rows: &dyn Rows, first_row: usize) -> Option<&Tile> {
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
