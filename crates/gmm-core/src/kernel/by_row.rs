//! Sums of weighted rows, one row after the other with its features side by side.
//!
//! Where few rows have a weight for a component, packs of eight rows would be mostly zeros; here each costs what it is,
//! though a triangle of products costs more of it than in packs of rows.

use super::active::{Active, Numbers};
use super::with_size;
use crate::moments::lower;
use crate::simd::{LANES, Pack, Vector, flat, flat_mut};
use crate::tile::{TILE_ROWS, Tile};

/// Features whose products with the others are taken together, as many as a pack has.
const FEATURES: usize = LANES;

/// Most packs of a row that are in registers together, with their sums; with their sums and sums of squares.
const PACKS: usize = 4;
const MOST_PACKS: usize = 5;

/// The rows of a tile, one after the other, with zeros up to whole packs.
pub(super) struct RowMajor<'s> {
    packs: &'s mut [Pack],
    /// Packs of each row.
    width: usize,
    is_filled: bool,
    /// Numbers of the rows that have a weight for the component at hand.
    numbers: Numbers,
}

/// Packs of a row.
pub(super) const fn width(n_features: usize) -> usize {
    n_features.div_ceil(LANES)
}

impl<'s> RowMajor<'s> {
    /// In packs enough for all rows of the tile, to be filled when they are needed.
    pub(super) fn new(packs: &'s mut [Pack], n_features: usize) -> Self {
        Self {
            packs,
            width: width(n_features),
            is_filled: false,
            numbers: [0; TILE_ROWS + LANES],
        }
    }

    /// Those that have a weight.
    #[inline(always)]
    pub(super) fn few<'r, V: Vector>(
        &'r mut self,
        tile: &Tile,
        active: &'r Active,
        weights: &'r [Pack],
    ) -> Few<'r> {
        if !self.is_filled {
            self.is_filled = true;
            self.fill::<V>(tile);
        }
        Few {
            active,
            numbers: active.rows(&mut self.numbers),
            weights,
            rows: self.packs,
            width: self.width,
        }
    }

    #[inline(always)]
    fn fill<V: Vector>(&mut self, tile: &Tile) {
        let n = tile.n_packs();
        for q in 0..self.width {
            let features = q * LANES..tile.n_features().min((q + 1) * LANES);
            let n_features = features.len();
            let mut x: [&[Pack]; LANES] = [&[]; LANES];
            for (x, column) in x.iter_mut().zip(tile.columns().some(features)) {
                *x = &column[..n];
            }
            let rows = self.packs.chunks_exact_mut(LANES * self.width);
            for (v, rows) in (0..n).zip(rows) {
                let mut columns = [V::splat(0.0); LANES];
                for j in 0..n_features {
                    columns[j] = V::load(&x[j][v]);
                }
                let rows = rows.chunks_exact_mut(self.width);
                for (x, row) in V::transpose(columns).into_iter().zip(rows) {
                    x.store(&mut row[q]);
                }
            }
        }
    }
}

/// Whether whole covariances cost less by row than by pack.
pub(super) fn is_cheaper_full(active: &Active, d: usize) -> bool {
    let width = width(d);
    let by_row = 4 * width + (FEATURES + 1) * width * (width + 1) / 2;
    active.n_rows() * by_row < active.n_packs() * (2 * d + lower(d, 0))
}

/// The same of variances, where finding the rows costs a tenth of what is then done with them.
pub(super) fn is_cheaper_diagonal(active: &Active, d: usize) -> bool {
    10 * active.n_rows() * width(d) < 9 * active.n_packs() * d
}

/// Q packs of numbers from the `q`-th on, with zeros beyond their end.
#[inline(always)]
fn padded<V: Vector, const Q: usize>(numbers: &[f64], q: usize) -> [V; Q] {
    let mut packs = [V::splat(0.0); Q];
    for (pack, numbers) in packs.iter_mut().zip(numbers[q * LANES..].chunks(LANES)) {
        let mut whole = Pack::default();
        whole.0[..numbers.len()].copy_from_slice(numbers);
        *pack = V::load(&whole);
    }
    packs
}

/// Adds a pack to up to as many numbers.
#[inline(always)]
fn add<V: Vector>(x: V, to: &mut [f64]) {
    let mut pack = Pack::default();
    x.store(&mut pack);
    if let Some(to) = to.first_chunk_mut::<LANES>() {
        for i in 0..LANES {
            to[i] += pack.0[i];
        }
    } else {
        for i in 0..to.len() {
            to[i] += pack.0[i];
        }
    }
}

/// The rows of a tile that have a weight for a component.
pub(super) struct Few<'r> {
    active: &'r Active,
    numbers: &'r [u16],
    weights: &'r [Pack],
    rows: &'r [Pack],
    width: usize,
}

impl<'r> Few<'r> {
    /// Weight and values of each.
    #[inline(always)]
    fn rows(&self) -> impl Iterator<Item = (f64, &'r [Pack])> {
        let weights = flat(self.weights);
        self.numbers.iter().map(move |&r| {
            let r = usize::from(r);
            (weights[r], &self.rows[r * self.width..][..self.width])
        })
    }

    /// Adds Σw, Σw(x−c) and Σw(x−c)².
    #[inline(always)]
    pub(super) fn gather_diagonal<V: Vector>(&self, centre: &[f64], sums: &mut [f64]) {
        let d = centre.len();
        let (head, second) = sums.split_at_mut(1 + d);
        let (weight, first) = head.split_at_mut(1);
        weight[0] += self.active.weight();
        let parts = first
            .chunks_mut(MOST_PACKS * LANES)
            .zip(second.chunks_mut(MOST_PACKS * LANES));
        for ((first, second), q) in parts.zip((0..).step_by(MOST_PACKS)) {
            match self.width - q {
                1 => self.squares::<V, 1>(q, centre, first, second),
                2 => self.squares::<V, 2>(q, centre, first, second),
                3 => self.squares::<V, 3>(q, centre, first, second),
                4 => self.squares::<V, 4>(q, centre, first, second),
                _ => self.squares::<V, MOST_PACKS>(q, centre, first, second),
            }
        }
    }

    /// Adds Σw(x−c) and Σw(x−c)² of Q packs of each row from the `q`-th on.
    #[inline(always)]
    fn squares<V: Vector, const Q: usize>(
        &self,
        q: usize,
        centre: &[f64],
        first: &mut [f64],
        second: &mut [f64],
    ) {
        let c = padded::<V, Q>(centre, q);
        let mut linear = [V::splat(0.0); Q];
        let mut square = [V::splat(0.0); Q];
        for (w, row) in self.rows() {
            let row = &row[q..q + Q];
            for i in 0..Q {
                let difference = V::load(&row[i]) - c[i];
                let product = V::splat(w) * difference;
                linear[i] = linear[i] + product;
                square[i] = product.mul_add(difference, square[i]);
            }
        }
        let parts = first.chunks_mut(LANES).zip(second.chunks_mut(LANES));
        for ((first, second), (linear, square)) in parts.zip(linear.into_iter().zip(square)) {
            add(linear, first);
            add(square, second);
        }
    }

    /// Adds Σw, Σw(x−c) and the lower triangle of Σw(x−c)(x−c)ᵀ; with room in `scratch` for all rows
    /// and their weights.
    #[inline(always)]
    pub(super) fn gather_full<V: Vector>(
        &self,
        centre: &[f64],
        scratch: &mut [Pack],
        sums: &mut [f64],
    ) {
        let d = centre.len();
        let width = self.width;
        let (head, second) = sums.split_at_mut(1 + d);
        let (weight, first) = head.split_at_mut(1);
        weight[0] += self.active.weight();
        // Side by side, as they are gone through more than once.
        let n = self.numbers.len();
        let (rows, weights) = scratch.split_at_mut(n * width);
        let weights = &mut flat_mut(weights)[..n];
        for (first, q) in first.chunks_mut(PACKS * LANES).zip((0..).step_by(PACKS)) {
            with_size!(PACKS.min(width - q), Q => {
                let c = padded::<V, Q>(centre, q);
                let mut sum = [V::splat(0.0); Q];
                let out = weights.iter_mut().zip(rows.chunks_exact_mut(width));
                for ((w, row), (weight, packs)) in self.rows().zip(out) {
                    let (row, packs) = (&row[q..q + Q], &mut packs[q..q + Q]);
                    *weight = w;
                    for i in 0..Q {
                        let x = V::load(&row[i]) - c[i];
                        x.store(&mut packs[i]);
                        sum[i] = V::splat(w).mul_add(x, sum[i]);
                    }
                }
                for (first, sum) in first.chunks_mut(LANES).zip(sum) {
                    add(sum, first);
                }
            });
        }
        let rows = Rows {
            weights,
            rows,
            width,
        };
        if V::REGISTERS >= 32 {
            rows.triangle::<V, FEATURES, 2>(d, second);
        } else {
            rows.triangle::<V, 4, 1>(d, second);
        }
    }
}

/// Differences of rows that have a weight, one after the other.
struct Rows<'r> {
    weights: &'r [f64],
    rows: &'r [Pack],
    /// Packs of each.
    width: usize,
}

impl Rows<'_> {
    /// Adds the lower triangle of Σw(x−c)(x−c)ᵀ in blocks of I features and P packs.
    #[inline(always)]
    fn triangle<V: Vector, const I: usize, const P: usize>(&self, d: usize, sums: &mut [f64]) {
        for i in (0..d).step_by(I) {
            let n_packs = i / LANES + 1;
            for p in (0..n_packs).step_by(P) {
                if p + P <= n_packs {
                    self.block::<V, I, P>(i, p, sums);
                } else {
                    self.block::<V, I, 1>(i, p, sums);
                }
            }
        }
    }

    /// The same for the features from the `i`-th on and the packs from the `p`-th on.
    #[inline(always)]
    fn block<V: Vector, const I: usize, const P: usize>(
        &self,
        i: usize,
        p: usize,
        sums: &mut [f64],
    ) {
        let mut products = [[V::splat(0.0); P]; I];
        for (&w, row) in self.weights.iter().zip(self.rows.chunks_exact(self.width)) {
            let (packs, features) = (&row[p..p + P], &flat(row)[i..i + I]);
            let mut weighted = [V::splat(0.0); P];
            for pp in 0..P {
                weighted[pp] = V::splat(w) * V::load(&packs[pp]);
            }
            for ii in 0..I {
                let x = V::splat(features[ii]);
                for pp in 0..P {
                    products[ii][pp] = x.mul_add(weighted[pp], products[ii][pp]);
                }
            }
        }
        for (products, i) in products.into_iter().zip(i..) {
            // The last block may go beyond the last feature.
            let Some(row) = sums.get_mut(lower(i, 0)..=lower(i, i)) else {
                break;
            };
            for (product, row) in products.into_iter().zip(row[p * LANES..].chunks_mut(LANES)) {
                add(product, row);
            }
        }
    }
}
