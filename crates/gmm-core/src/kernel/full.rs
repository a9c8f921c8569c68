//! Full covariances of many features: matrix products in blocks that fit the registers, lower triangles only.

use super::gather::Active;
use super::{BLOCK, with_size};
use crate::moments::lower;
use crate::simd::{Pack, Vector};
use crate::tile::{Columns, GROUP, Scratch, Tile};

/// L⁻¹ in the order it is used: blocks of [`BLOCK`] rows, each column by column, with zeros above the
/// diagonal.
#[derive(Debug)]
pub(super) struct Whitening {
    dim: usize,
    coefficients: Vec<f64>,
}

impl Whitening {
    /// From the lower triangle of L⁻¹, row by row.
    pub(super) fn new(triangle: &[f64], dim: usize) -> Self {
        let mut coefficients = Vec::new();
        for first in (0..dim).step_by(BLOCK) {
            let end = (first + BLOCK).min(dim);
            for j in 0..end {
                for i in first..end {
                    coefficients.push(if j <= i { triangle[lower(i, j)] } else { 0.0 });
                }
            }
        }
        Self { dim, coefficients }
    }

    /// First row, size and coefficients of each block.
    #[inline(always)]
    fn blocks(&self) -> impl Iterator<Item = (usize, usize, &[f64])> {
        let mut rest = self.coefficients.as_slice();
        (0..self.dim).step_by(BLOCK).map(move |first| {
            let size = BLOCK.min(self.dim - first);
            let (block, after) = rest.split_at((first + size) * size);
            rest = after;
            (first, size, block)
        })
    }

    /// |L⁻¹(x−μ)|² of R packs of rows from `v` on.
    #[inline(always)]
    pub(super) fn squares<V: Vector, const R: usize>(
        &self,
        tile: &Tile,
        v: usize,
        mean: &[f64],
        scratch: &mut Scratch,
    ) -> [V; R] {
        let centred = centre::<V, R>(tile, v, mean, scratch.packs(self.dim * R));
        let mut q = [V::splat(0.0); R];
        for (_, size, block) in self.blocks() {
            with_size!(size, I => {
                let y = whitened::<V, R, I>(block, centred);
                for i in 0..I {
                    for r in 0..R {
                        q[r] = y[i][r].mul_add(y[i][r], q[r]);
                    }
                }
            });
        }
        q
    }

    /// Writes L⁻¹(x−c), column by column.
    #[inline(always)]
    pub(super) fn whiten<V: Vector>(
        &self,
        tile: &Tile,
        origin: &[f64],
        scratch: &mut Scratch,
        out: &mut Columns,
    ) {
        if V::REGISTERS >= 32 {
            self.points::<V, GROUP>(tile, origin, scratch, out);
        } else {
            self.points::<V, 1>(tile, origin, scratch, out);
        }
    }

    /// The same with R packs at a time.
    #[inline(always)]
    fn points<V: Vector, const R: usize>(
        &self,
        tile: &Tile,
        origin: &[f64],
        scratch: &mut Scratch,
        out: &mut Columns,
    ) {
        let panel = scratch.packs(self.dim * R);
        for v in (0..tile.n_packs()).step_by(R) {
            let centred = centre::<V, R>(tile, v, origin, panel);
            for (first, size, block) in self.blocks() {
                with_size!(size, I => {
                    let y = whitened::<V, R, I>(block, centred);
                    for i in 0..I {
                        let column = &mut out.column_mut(first + i)[v..v + R];
                        for r in 0..R {
                            y[i][r].store(&mut column[r]);
                        }
                    }
                });
            }
        }
    }
}

/// ln N(x|μₖ,Σₖ) plus what `constants` hold beyond its own constant, for every component.
#[inline(always)]
pub(super) fn log_densities<V: Vector>(
    tile: &Tile,
    means: &[f64],
    whitenings: &[Whitening],
    constants: &[f64],
    scratch: &mut Scratch,
    out: &mut Columns,
) {
    if V::REGISTERS >= 32 {
        densities_of::<V, GROUP>(tile, means, whitenings, constants, scratch, out);
    } else {
        densities_of::<V, 1>(tile, means, whitenings, constants, scratch, out);
    }
}

/// The same with R packs at a time, which stay in the first-level cache while the components go by.
#[inline(always)]
fn densities_of<V: Vector, const R: usize>(
    tile: &Tile,
    means: &[f64],
    whitenings: &[Whitening],
    constants: &[f64],
    scratch: &mut Scratch,
    out: &mut Columns,
) {
    for v in (0..tile.n_packs()).step_by(R) {
        let components = means.chunks_exact(tile.n_features()).zip(whitenings).zip(constants);
        for (((mean, whitening), &constant), column) in
            components.zip(out.iter_mut(constants.len()))
        {
            let q = whitening.squares::<V, R>(tile, v, mean, scratch);
            for r in 0..R {
                super::log_density(V::splat(constant), q[r]).store(&mut column[v + r]);
            }
        }
    }
}

/// Differences x − c of R packs of rows from `v` on, feature by feature.
#[inline(always)]
fn centre<'p, V: Vector, const R: usize>(
    tile: &Tile,
    v: usize,
    origin: &[f64],
    panel: &'p mut [Pack],
) -> &'p [[Pack; R]] {
    let (panel, _) = panel.as_chunks_mut::<R>();
    for (j, (packs, &c)) in panel.iter_mut().zip(origin).enumerate() {
        let x = &tile.columns().column(j)[v..v + R];
        for r in 0..R {
            (V::load(&x[r]) - V::splat(c)).store(&mut packs[r]);
        }
    }
    panel
}

/// I rows of L⁻¹ times R packs of rows.
#[inline(always)]
fn whitened<V: Vector, const R: usize, const I: usize>(
    block: &[f64],
    centred: &[[Pack; R]],
) -> [[V; R]; I] {
    let mut y = [[V::splat(0.0); R]; I];
    let (coefficients, _) = block.as_chunks::<I>();
    let (left, diagonal) = coefficients.split_at(coefficients.len() - I);
    let (before, own) = centred.split_at(left.len());
    for (w, packs) in left.iter().zip(before) {
        let mut d = [V::splat(0.0); R];
        for r in 0..R {
            d[r] = V::load(&packs[r]);
        }
        for i in 0..I {
            for r in 0..R {
                y[i][r] = V::splat(w[i]).mul_add(d[r], y[i][r]);
            }
        }
    }
    for j in 0..I {
        for r in 0..R {
            let d = V::load(&own[j][r]);
            for i in j..I {
                y[i][r] = V::splat(diagonal[j][i]).mul_add(d, y[i][r]);
            }
        }
    }
    y
}

/// Adds Σw, Σw(x−c) and the lower triangle of Σw(x−c)(x−c)ᵀ of one component to `sums`.
#[inline(always)]
pub(super) fn gather<V: Vector>(
    tile: &Tile,
    weights: &[Pack],
    centre: &[f64],
    scratch: &mut Scratch,
    sums: &mut [f64],
) {
    if V::REGISTERS >= 32 {
        gather_blocks::<V, BLOCK>(tile, weights, centre, scratch, sums);
    } else {
        gather_blocks::<V, 2>(tile, weights, centre, scratch, sums);
    }
}

/// The same in blocks of B features.
#[inline(always)]
fn gather_blocks<V: Vector, const B: usize>(
    tile: &Tile,
    weights: &[Pack],
    centre: &[f64],
    scratch: &mut Scratch,
    sums: &mut [f64],
) {
    let rows = Weighted {
        tile,
        weights,
        active: Active::of::<V>(weights),
    };
    let (d, n) = (centre.len(), rows.active.packs().len());
    if n == 0 {
        return;
    }
    let (head, second) = sums.split_at_mut(1 + d);
    let (weight, first) = head.split_at_mut(1);
    let mut total = V::splat(0.0);
    for &v in rows.active.packs() {
        total = total + V::load(&weights[usize::from(v)]);
    }
    weight[0] += total.sum();
    // Of each block of features the differences x − c, pack by pack; and those of one block times w.
    let (weighted, centred) = scratch.packs((B + d) * n).split_at_mut(B * n);
    for i in (0..d).step_by(B) {
        let (before, own) = centred.split_at_mut(i * n);
        with_size!(B.min(d - i), I => {
            rows.differences::<V, I>(i, centre, weighted, own, first);
            let weighted = weighted[..n * I].as_chunks::<I>().0;
            for (block, other) in before.chunks_exact(B * n).enumerate() {
                let products = products::<V, I, B>(weighted, other.as_chunks::<B>().0);
                for ii in 0..I {
                    for jj in 0..B {
                        second[lower(i + ii, block * B + jj)] += products[ii][jj].sum();
                    }
                }
            }
            let products = triangle::<V, I>(weighted, own[..n * I].as_chunks::<I>().0);
            for ii in 0..I {
                for jj in 0..=ii {
                    second[lower(i + ii, i + jj)] += products[ii][jj].sum();
                }
            }
        });
    }
}

/// Rows with their weights for one component, where they have any.
struct Weighted<'t> {
    tile: &'t Tile,
    weights: &'t [Pack],
    active: Active,
}

impl Weighted<'_> {
    /// Writes x − c and w(x − c) of I features from `i` on, and adds the sums of the latter to `first`.
    #[inline(always)]
    fn differences<V: Vector, const I: usize>(
        &self,
        i: usize,
        centre: &[f64],
        weighted: &mut [Pack],
        centred: &mut [Pack],
        first: &mut [f64],
    ) {
        let n = self.tile.n_packs();
        let weights = &self.weights[..n];
        let mut x: [&[Pack]; I] = [&[]; I];
        let mut c = [V::splat(0.0); I];
        for ii in 0..I {
            x[ii] = &self.tile.columns().column(i + ii)[..n];
            c[ii] = V::splat(centre[i + ii]);
        }
        let packs = weighted
            .as_chunks_mut::<I>()
            .0
            .iter_mut()
            .zip(centred.as_chunks_mut::<I>().0)
            .zip(self.active.packs());
        let mut sums = [V::splat(0.0); I];
        for ((weighted, centred), &v) in packs {
            let v = usize::from(v);
            let w = V::load(&weights[v]);
            for ii in 0..I {
                let d = V::load(&x[ii][v]) - c[ii];
                let wd = w * d;
                d.store(&mut centred[ii]);
                wd.store(&mut weighted[ii]);
                sums[ii] = sums[ii] + wd;
            }
        }
        for ii in 0..I {
            first[i + ii] += sums[ii].sum();
        }
    }
}

/// Σ aᵢbⱼ over all packs, lane by lane, for j ≤ i.
#[inline(always)]
fn triangle<V: Vector, const I: usize>(a: &[[Pack; I]], b: &[[Pack; I]]) -> [[V; I]; I] {
    let mut sums = [[V::splat(0.0); I]; I];
    for (a, b) in a.iter().zip(b) {
        for j in 0..I {
            let b = V::load(&b[j]);
            for i in j..I {
                sums[i][j] = V::load(&a[i]).mul_add(b, sums[i][j]);
            }
        }
    }
    sums
}

/// Σ aᵢbⱼ over all packs, lane by lane.
#[inline(always)]
fn products<V: Vector, const I: usize, const J: usize>(
    a: &[[Pack; I]],
    b: &[[Pack; J]],
) -> [[V; J]; I] {
    let mut sums = [[V::splat(0.0); J]; I];
    for (a, b) in a.iter().zip(b) {
        let mut bs = [V::splat(0.0); J];
        for j in 0..J {
            bs[j] = V::load(&b[j]);
        }
        for i in 0..I {
            let a = V::load(&a[i]);
            for j in 0..J {
                sums[i][j] = a.mul_add(bs[j], sums[i][j]);
            }
        }
    }
    sums
}
