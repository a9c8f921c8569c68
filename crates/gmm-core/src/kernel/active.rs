//! The rows of a tile that have a weight for a component.

use crate::simd::{LANES, Pack, Vector};
use crate::tile::{TILE_PACKS, TILE_ROWS};

/// Rows that weigh at most this are left out: of rows that weigh 1 they come to less than 1e-24 of the total, where a
/// component with less than 2e-16 of it counts as empty. What a component keeps is therefore right to rounding, and
/// clusters that are apart cost what their own rows cost. (A row that its user gave such a weight counts as one of
/// weight 0.)
const NEGLIGIBLE: f64 = 1e-24;

/// The packs of a tile in which some row has a weight for a component, and the rows that do.
pub(super) struct Active {
    packs: [u16; TILE_PACKS],
    /// Of each of them, a bit for each row.
    masks: [u8; TILE_PACKS],
    n_packs: usize,
    n_rows: usize,
}

impl Active {
    #[inline(always)]
    pub(super) fn of<V: Vector>(weights: &[Pack]) -> Self {
        let mut active = Self {
            packs: [0; TILE_PACKS],
            masks: [0; TILE_PACKS],
            n_packs: 0,
            n_rows: 0,
        };
        for (v, w) in weights.iter().enumerate().take(TILE_PACKS) {
            // Without a branch: the next place is written in any case, and kept or not.
            let mask = V::load(w).above(V::splat(NEGLIGIBLE));
            active.packs[active.n_packs] = v as u16;
            active.masks[active.n_packs] = mask;
            active.n_packs += usize::from(mask != 0);
            active.n_rows += mask.count_ones() as usize;
        }
        active
    }

    /// The numbers of the packs, in order.
    #[inline(always)]
    pub(super) fn packs(&self) -> &[u16] {
        &self.packs[..self.n_packs]
    }

    /// How many rows there are.
    pub(super) fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Writes the numbers of the rows, in order.
    #[inline(always)]
    pub(super) fn rows<'r>(&self, into: &'r mut [u16; TILE_ROWS]) -> &'r [u16] {
        let mut n = 0;
        for (&v, &mask) in self.packs().iter().zip(&self.masks) {
            let mut left = mask;
            while left != 0 {
                into[n % TILE_ROWS] = v * LANES as u16 + left.trailing_zeros() as u16;
                n += 1;
                left &= left - 1;
            }
        }
        &into[..n]
    }
}
