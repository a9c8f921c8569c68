//! Variances per feature, and distances in a space where they are all 1.

use super::active::Active;
use super::by_row::RowMajor;
use super::{BLOCK, by_row, with_size};
use crate::simd::{LANES, Pack, Vector};
use crate::tile::{Columns, GROUP, Scratch, Tile};

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

/// Writes what becomes of q = Σⱼ ((xⱼ−μₖⱼ)·sₖⱼ)² of every row and component k by `result(k, q)`; without the factors
/// sₖⱼ unless `SCALED`.
#[inline(always)]
pub(super) fn squared_distances<V: Vector, const SCALED: bool>(
    x: &Columns,
    dim: usize,
    means: &[f64],
    scales: &[f64],
    result: impl Fn(usize, V) -> V,
    out: &mut Columns,
) {
    let k = means.len() / dim;
    for v in (0..x.n_packs()).step_by(GROUP) {
        for c in (0..k).step_by(BLOCK) {
            with_size!(BLOCK.min(k - c), C => {
                let means = &means[c * dim..][..C * dim];
                let scales = if SCALED { &scales[c * dim..][..C * dim] } else { means };
                if V::REGISTERS >= 32 {
                    block::<V, SCALED, C, GROUP>(x, v, means, scales, c, &result, out);
                } else {
                    for r in 0..GROUP {
                        block::<V, SCALED, C, 1>(x, v + r, means, scales, c, &result, out);
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
    means: &[f64],
    scales: &[f64],
    first: usize,
    result: &impl Fn(usize, V) -> V,
    out: &mut Columns,
) {
    let dim = means.len() / C;
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
            result(first + c, q[c][r]).store(&mut column[r]);
        }
    }
}

/// Adds Σw, Σw(xⱼ−cⱼ) and Σw(xⱼ−cⱼ)² of every component to its part of `sums`.
#[inline(always)]
pub(super) fn gather<V: Vector>(
    tile: &Tile,
    weights: &[&[Pack]],
    centres: &[f64],
    scratch: &mut Scratch,
    sums: &mut [f64],
) {
    let (dim, n) = (tile.n_features(), tile.n_packs());
    let mut rows = RowMajor::new(scratch.packs(by_row::width(dim) * n * LANES), dim);
    let mut many = Vec::with_capacity(weights.len());
    let parts = weights.iter().zip(sums.chunks_exact_mut(1 + 2 * dim));
    for (k, (&weights, sums)) in parts.enumerate() {
        let active = Active::of::<V>(weights);
        if active.n_packs() == 0 {
            continue;
        }
        let centre = &centres[k * dim..][..dim];
        if by_row::is_cheaper_diagonal(&active, dim) {
            let few = rows.few::<V>(tile, &active, weights);
            few.gather_diagonal::<V>(centre, sums);
        } else {
            sums[0] += active.weight();
            let weights = &weights[..n];
            many.push(Weighted {
                weights,
                centre,
                sums,
            });
        }
    }
    if V::REGISTERS >= 32 {
        // Sums and centres of four features would not fit with those of two components.
        gather_blocks::<V, 2, 3>(tile, &mut many);
    } else {
        gather_blocks::<V, 1, 2>(tile, &mut many);
    }
}

/// A component, the weights of all rows for it, and where their sums go, of which Σw is done.
struct Weighted<'t> {
    weights: &'t [Pack],
    centre: &'t [f64],
    sums: &'t mut [f64],
}

/// The same in blocks of C components and B features.
#[inline(always)]
fn gather_blocks<V: Vector, const C: usize, const B: usize>(
    tile: &Tile,
    components: &mut [Weighted<'_>],
) {
    let dim = tile.n_features();
    // A few features stay in the first-level cache while all components go by.
    for first in (0..dim).step_by(B) {
        with_size!(B.min(dim - first), J => {
            let (groups, rest) = components.as_chunks_mut::<C>();
            for group in groups {
                features::<V, C, J>(tile, first, group);
            }
            for one in rest.as_chunks_mut::<1>().0 {
                features::<V, 1, J>(tile, first, one);
            }
        });
    }
}

/// The same for C components and J features.
#[inline(always)]
fn features<V: Vector, const C: usize, const J: usize>(
    tile: &Tile,
    first: usize,
    components: &mut [Weighted<'_>; C],
) {
    let (n, dim) = (tile.n_packs(), tile.n_features());
    let mut x: [&[Pack]; J] = [&[]; J];
    for j in 0..J {
        x[j] = &tile.columns().column(first + j)[..n];
    }
    let mut w: [&[Pack]; C] = [&[]; C];
    let mut centres = [[V::splat(0.0); J]; C];
    for c in 0..C {
        w[c] = &components[c].weights[..n];
        for j in 0..J {
            centres[c][j] = V::splat(components[c].centre[first + j]);
        }
    }
    let mut linear = [[V::splat(0.0); J]; C];
    let mut square = [[V::splat(0.0); J]; C];
    for v in 0..n {
        for c in 0..C {
            let w = V::load(&w[c][v]);
            for j in 0..J {
                let d = V::load(&x[j][v]) - centres[c][j];
                let wd = w * d;
                linear[c][j] = linear[c][j] + wd;
                square[c][j] = wd.mul_add(d, square[c][j]);
            }
        }
    }
    for c in 0..C {
        let sums = &mut components[c].sums;
        for j in 0..J {
            sums[1 + first + j] += linear[c][j].sum();
            sums[1 + dim + first + j] += square[c][j].sum();
        }
    }
}
