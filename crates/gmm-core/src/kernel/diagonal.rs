//! Variances per feature, and distances in a space where they are all 1.

use super::{BLOCK, with_size};
use crate::simd::{Pack, Vector};
use crate::tile::{Columns, GROUP, Tile};

/// Writes (xⱼ−cⱼ)·sⱼ of every row, column by column.
#[inline(always)]
pub(super) fn scaled<V: Vector>(tile: &Tile, origin: &[f64], scales: &[f64], out: &mut Columns) {
    let dim = origin.len();
    let features = tile.columns().iter(dim).zip(out.iter_mut(dim));
    for ((x, u), (&c, &s)) in features.zip(origin.iter().zip(scales)) {
        for (x, u) in x.iter().zip(u) {
            ((V::load(x) - V::splat(c)) * V::splat(s)).store(u);
        }
    }
}

/// Writes Σⱼ ((xⱼ−μₖⱼ)·sₖⱼ)² of every row and component; without the factors sₖⱼ unless `SCALED`.
#[inline(always)]
pub(super) fn squared_distances<V: Vector, const SCALED: bool>(
    x: &Columns,
    dim: usize,
    means: &[f64],
    scales: &[f64],
    out: &mut Columns,
) {
    let k = means.len() / dim;
    for v in (0..x.n_packs()).step_by(GROUP) {
        for c in (0..k).step_by(BLOCK) {
            with_size!(BLOCK.min(k - c), C => {
                let means = &means[c * dim..][..C * dim];
                let scales = if SCALED { &scales[c * dim..][..C * dim] } else { means };
                if V::REGISTERS >= 32 {
                    block::<V, SCALED, C, GROUP>(x, v, dim, means, scales, c, out);
                } else {
                    for r in 0..GROUP {
                        block::<V, SCALED, C, 1>(x, v + r, dim, means, scales, c, out);
                    }
                }
            });
        }
    }
}

/// The same for C components and R packs.
#[inline(always)]
fn block<V: Vector, const SCALED: bool, const C: usize, const R: usize>(
    x: &Columns,
    v: usize,
    dim: usize,
    means: &[f64],
    scales: &[f64],
    first: usize,
    out: &mut Columns,
) {
    let mut q = [[V::splat(0.0); R]; C];
    for (j, column) in x.iter(dim).enumerate() {
        let packs = &column[v..v + R];
        for r in 0..R {
            let x = V::load(&packs[r]);
            for c in 0..C {
                let mut d = x - V::splat(means[c * dim + j]);
                if SCALED {
                    d = d * V::splat(scales[c * dim + j]);
                }
                q[c][r] = d.mul_add(d, q[c][r]);
            }
        }
    }
    for c in 0..C {
        let column = &mut out.column_mut(first + c)[v..v + R];
        for r in 0..R {
            q[c][r].store(&mut column[r]);
        }
    }
}

/// Adds Σw, Σw(xⱼ−cⱼ) and Σw(xⱼ−cⱼ)² of every component to its part of `sums`.
#[inline(always)]
pub(super) fn gather<V: Vector>(
    tile: &Tile,
    weights: &[&[Pack]],
    centres: &[f64],
    stride: usize,
    sums: &mut [f64],
) {
    if V::REGISTERS >= 32 {
        gather_blocks::<V, 2, BLOCK>(tile, weights, centres, stride, sums);
    } else {
        gather_blocks::<V, 1, 2>(tile, weights, centres, stride, sums);
    }
}

/// The same in blocks of C components and B features.
#[inline(always)]
fn gather_blocks<V: Vector, const C: usize, const B: usize>(
    tile: &Tile,
    weights: &[&[Pack]],
    centres: &[f64],
    stride: usize,
    sums: &mut [f64],
) {
    let dim = tile.n_features();
    for (sums, w) in sums.chunks_exact_mut(stride).zip(weights) {
        let mut total = V::splat(0.0);
        for w in *w {
            total = total + V::load(w);
        }
        sums[0] += total.sum();
    }
    // A few features stay in the first-level cache while all components go by.
    for first in (0..dim).step_by(B) {
        with_size!(B.min(dim - first), J => {
            let (pairs, rest) = weights.as_chunks::<C>();
            let mut parts = sums.chunks_mut(C * stride).zip(centres.chunks(C * dim));
            for (w, (sums, centres)) in pairs.iter().zip(&mut parts) {
                features::<V, C, J>(tile, first, w, centres, dim, sums);
            }
            for (w, (sums, centres)) in rest.as_chunks::<1>().0.iter().zip(parts) {
                features::<V, 1, J>(tile, first, w, centres, dim, sums);
            }
        });
    }
}

/// The same for C components and J features.
#[inline(always)]
fn features<V: Vector, const C: usize, const J: usize>(
    tile: &Tile,
    first: usize,
    weights: &[&[Pack]; C],
    centres: &[f64],
    dim: usize,
    sums: &mut [f64],
) {
    let n = tile.n_packs();
    let mut x: [&[Pack]; J] = [&[]; J];
    for j in 0..J {
        x[j] = &tile.columns().column(first + j)[..n];
    }
    let mut w: [&[Pack]; C] = [&[]; C];
    for c in 0..C {
        w[c] = &weights[c][..n];
    }
    let mut linear = [[V::splat(0.0); J]; C];
    let mut square = [[V::splat(0.0); J]; C];
    for v in 0..n {
        for c in 0..C {
            let w = V::load(&w[c][v]);
            for j in 0..J {
                let d = V::load(&x[j][v]) - V::splat(centres[c * dim + first + j]);
                let wd = w * d;
                linear[c][j] = linear[c][j] + wd;
                square[c][j] = wd.mul_add(d, square[c][j]);
            }
        }
    }
    let stride = 1 + 2 * dim;
    for c in 0..C {
        let sums = &mut sums[c * stride..];
        for j in 0..J {
            sums[1 + first + j] += linear[c][j].sum();
            sums[1 + dim + first + j] += square[c][j].sum();
        }
    }
}
