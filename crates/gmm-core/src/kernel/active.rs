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

/// Places of the bits of every mask, the lowest first, and what is left over.
const PLACES: [[u16; LANES]; 256] = {
    let mut places = [[0; LANES]; 256];
    let mut mask = 0;
    while mask < places.len() {
        let (mut bit, mut n) = (0, 0);
        while bit < LANES {
            if mask >> bit & 1 == 1 {
                places[mask][n] = bit as u16;
                n += 1;
            }
            bit += 1;
        }
        mask += 1;
    }
    places
};

/// Room for the numbers of rows, as they are written: eight at a time, of which some are kept.
pub(super) type Numbers = [u16; TILE_ROWS + LANES];

impl Active {
    #[inline(always)]
    pub(super) fn of<V: Vector>(weights: &[Pack]) -> Self {
        let mut active = Self {
            packs: [0; TILE_PACKS],
            masks: [0; TILE_PACKS],
            n_packs: 0,
            n_rows: 0,
        };
        let (mut n_packs, mut n_rows) = (0, 0);
        for (v, w) in (0..).zip(weights).take(TILE_PACKS) {
            // Without a branch: the next place is written in any case, and kept or not.
            let mask = V::load(w).above(V::splat(NEGLIGIBLE));
            active.packs[n_packs] = v;
            active.masks[n_packs] = mask;
            n_packs += usize::from(mask != 0);
            n_rows += mask.count_ones() as usize;
        }
        active.n_packs = n_packs;
        active.n_rows = n_rows;
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
    pub(super) fn rows<'r>(&self, into: &'r mut Numbers) -> &'r [u16] {
        let mut n = 0;
        for (&v, &mask) in self.packs().iter().zip(&self.masks) {
            let Some(next) = into[n..].first_chunk_mut::<LANES>() else {
                break;
            };
            let first = v * LANES as u16;
            *next = PLACES[usize::from(mask)].map(|place| first + place);
            n += mask.count_ones() as usize;
        }
        &into[..n]
    }
}
