//! Variances per feature, and distances in a space where they are all 1.

use super::{BLOCK, with_size};
use crate::simd::{Pack, Vector};
use crate::tile::{Columns, GROUP, Tile};

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
pub(super) fn gather<'w, V: Vector>(
    tile: &Tile,
    weights: impl Iterator<Item = &'w [Pack]> + Clone,
    centres: &[f64],
    stride: usize,
    sums: &mut [f64],
) {
    let dim = tile.n_features();
    for (sums, w) in sums.chunks_exact_mut(stride).zip(weights.clone()) {
        let mut total = V::splat(0.0);
        for w in w {
            total = total + V::load(w);
        }
        sums[0] += total.sum();
    }
    // A few features stay in the first-level cache while all components go by.
    for first in (0..dim).step_by(BLOCK) {
        with_size!(BLOCK.min(dim - first), J => {
            let parts = sums.chunks_exact_mut(stride).zip(weights.clone());
            for ((sums, w), centre) in parts.zip(centres.chunks_exact(dim)) {
                features::<V, J>(tile, first, w, &centre[first..], dim, sums);
            }
        });
    }
}

/// The same for J features of one component.
#[inline(always)]
fn features<V: Vector, const J: usize>(
    tile: &Tile,
    first: usize,
    weights: &[Pack],
    centre: &[f64],
    dim: usize,
    sums: &mut [f64],
) {
    let n = weights.len();
    let mut x: [&[Pack]; J] = [&[]; J];
    for j in 0..J {
        x[j] = &tile.columns().column(first + j)[..n];
    }
    let mut linear = [V::splat(0.0); J];
    let mut square = [V::splat(0.0); J];
    for v in 0..n {
        let w = V::load(&weights[v]);
        for j in 0..J {
            let d = V::load(&x[j][v]) - V::splat(centre[j]);
            let wd = w * d;
            linear[j] = linear[j] + wd;
            square[j] = wd.mul_add(d, square[j]);
        }
    }
    for j in 0..J {
        sums[1 + first + j] += linear[j].sum();
        sums[1 + dim + first + j] += square[j].sum();
    }
}
