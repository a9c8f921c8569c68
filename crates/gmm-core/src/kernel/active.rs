//! The rows of a tile that have a weight for a component.

use crate::simd::{LANES, Pack, Vector};
use crate::tile::{TILE_PACKS, TILE_ROWS};

/// Rows that weigh at most this share of what the tile holds of a component are left out: all 512 of them together would
/// be half of the last digit of its weight, and of its scatter hardly more, as a posterior of 1e-19 is that of a row some
/// ten deviations away. (A row that its user gave such a weight counts as one of weight 0, wherever it is.)
const NEGLIGIBLE_SHARE: f64 = 1e-19;

/// So are rows that weigh at most this, where a tile holds next to nothing of a component: of rows that weigh 1 they come
/// to less than 1e-24 of the total, where a component with less than 2e-16 of it counts as empty. Clusters that are apart
/// therefore cost what their own rows cost.
const NEGLIGIBLE: f64 = 1e-24;

/// Masks of eight packs in a word.
const WORD: usize = 8;

/// The rows of a tile that have a weight for a component.
pub(super) struct Active {
    /// A bit for each row, eight packs in a word.
    masks: [u64; TILE_PACKS / WORD],
    /// Words that the tile has packs for.
    n_words: usize,
    n_packs: usize,
    n_rows: usize,
    weight: f64,
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
        /// The lowest bit of each mask of a word.
        const LOWEST: u64 = 0x0101_0101_0101_0101;
        let (mut masks, mut n_packs, mut n_rows) = ([0; TILE_PACKS / WORD], 0, 0);
        let mut total = V::splat(0.0);
        for w in weights {
            total = total + V::load(w);
        }
        let weight = total.sum();
        let least = V::splat(NEGLIGIBLE.max(NEGLIGIBLE_SHARE * weight));
        for (word, packs) in masks.iter_mut().zip(weights.chunks(WORD)) {
            for (i, w) in packs.iter().enumerate() {
                *word |= u64::from(V::load(w).above(least)) << (LANES * i);
            }
            n_rows += word.count_ones() as usize;
            let halves = *word | *word >> 4;
            let quarters = halves | halves >> 2;
            let filled = (quarters | quarters >> 1) & LOWEST;
            n_packs += filled.count_ones() as usize;
        }
        Self {
            masks,
            n_words: weights.len().div_ceil(WORD),
            n_packs,
            n_rows,
            weight,
        }
    }

    /// How many packs they are in.
    pub(super) fn n_packs(&self) -> usize {
        self.n_packs
    }

    /// How many there are.
    pub(super) fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Σw.
    pub(super) fn weight(&self) -> f64 {
        self.weight
    }

    /// Packs with their masks.
    #[inline(always)]
    fn masks(&self) -> impl Iterator<Item = (u16, u8)> {
        let words = self.masks.iter().take(self.n_words);
        (0..).zip(words.flat_map(|word| word.to_le_bytes()))
    }

    /// Writes the numbers of the packs, in order.
    #[inline(always)]
    pub(super) fn packs<'p>(&self, into: &'p mut [u16; TILE_PACKS]) -> &'p [u16] {
        let mut n = 0;
        for (v, mask) in self.masks() {
            // Without a branch: the next place is written in any case, and kept or not.
            into[n % TILE_PACKS] = v;
            n += usize::from(mask != 0);
        }
        &into[..n]
    }

    /// Writes the numbers of the rows, in order.
    #[inline(always)]
    pub(super) fn rows<'r>(&self, into: &'r mut Numbers) -> &'r [u16] {
        let mut n = 0;
        for (v, mask) in self.masks() {
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
