//! Full covariances of few features: everything about a component stays in registers.

use crate::moments::lower;
use crate::simd::{Pack, Vector};
use crate::tile::{Columns, Tile};

/// The columns of a tile, as many as the dimension says.
#[inline(always)]
fn features<const D: usize>(tile: &Tile) -> [&[Pack]; D] {
    let n = tile.n_packs();
    let mut columns: [&[Pack]; D] = [&[]; D];
    for (j, column) in columns.iter_mut().enumerate() {
        *column = &tile.columns().column(j)[..n];
    }
    columns
}

/// ln N(x|μₖ,Σₖ) plus what `constants` hold beyond its own constant, for every component.
#[inline(always)]
pub(super) fn log_densities<V: Vector, const D: usize>(
    tile: &Tile,
    means: &[f64],
    triangles: &[f64],
    constants: &[f64],
    out: &mut Columns,
) {
    let x = features::<D>(tile);
    let n = tile.n_packs();
    let components = means
        .chunks_exact(D)
        .zip(triangles.chunks_exact(lower(D, 0)))
        .zip(constants);
    for (((mean, triangle), &constant), column) in components.zip(out.iter_mut(constants.len())) {
        let column = &mut column[..n];
        for v in 0..n {
            let mut d = [V::splat(0.0); D];
            let mut q = V::splat(0.0);
            for i in 0..D {
                d[i] = V::load(&x[i][v]) - V::splat(mean[i]);
                let mut y = V::splat(triangle[lower(i, 0)]) * d[0];
                for j in 1..=i {
                    y = V::splat(triangle[lower(i, j)]).mul_add(d[j], y);
                }
                q = y.mul_add(y, q);
            }
            super::log_density(V::splat(constant), q).store(&mut column[v]);
        }
    }
}

/// Adds Σw, Σw(x−c) and the lower triangle of Σw(x−c)(x−c)ᵀ of every component to its part of `sums`.
#[inline(always)]
pub(super) fn gather<'w, V: Vector, const D: usize>(
    tile: &Tile,
    weights: impl Iterator<Item = &'w [Pack]>,
    centres: &[f64],
    sums: &mut [f64],
) {
    let parts = sums.chunks_exact_mut(1 + D + lower(D, 0));
    for ((weights, centre), sums) in weights.zip(centres.chunks_exact(D)).zip(parts) {
        gather_one::<V, D>(tile, weights, centre, sums);
    }
}

/// The same of one component.
#[inline(always)]
fn gather_one<V: Vector, const D: usize>(
    tile: &Tile,
    weights: &[Pack],
    centre: &[f64],
    sums: &mut [f64],
) {
    let x = features::<D>(tile);
    let n = tile.n_packs();
    let weights = &weights[..n];
    let mut weight = V::splat(0.0);
    let mut first = [V::splat(0.0); D];
    let mut second = [[V::splat(0.0); D]; D];
    for v in 0..n {
        let w = V::load(&weights[v]);
        weight = weight + w;
        let mut d = [V::splat(0.0); D];
        for i in 0..D {
            d[i] = V::load(&x[i][v]) - V::splat(centre[i]);
            let weighted = w * d[i];
            first[i] = first[i] + weighted;
            for j in 0..=i {
                second[i][j] = weighted.mul_add(d[j], second[i][j]);
            }
        }
    }
    sums[0] += weight.sum();
    for i in 0..D {
        sums[1 + i] += first[i].sum();
        for j in 0..=i {
            sums[1 + D + lower(i, j)] += second[i][j].sum();
        }
    }
}
