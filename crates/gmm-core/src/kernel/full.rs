//! Full covariances of many features: matrix products in blocks that fit the registers, lower triangles only.

use super::active::Active;
use super::by_row::RowMajor;
use super::pooled::{Near, near_middle};
use super::{BLOCK, Component, by_row, log_density, with_size};
use crate::moments::lower;
use crate::simd::{LANES, Pack, Vector};
use crate::tile::{Columns, GROUP, Scratch, TILE_PACKS, Tile};

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
        let mut coefficients = Vec::with_capacity(triangle.len() + BLOCK * dim);
        for first in (0..dim).step_by(BLOCK) {
            let end = (first + BLOCK).min(dim);
            for j in 0..end {
                let entry = |i| if j <= i { triangle[lower(i, j)] } else { 0.0 };
                coefficients.extend((first..end).map(entry));
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

    /// |L⁻¹d + s|² of R packs of differences d, for a shift s.
    #[inline(always)]
    fn squares<V: Vector, const R: usize>(&self, d: &[[Pack; R]], shift: &[f64]) -> [V; R] {
        let mut q = [V::splat(0.0); R];
        for (first, size, block) in self.blocks() {
            with_size!(size, I => {
                let y = whitened::<V, R, I>(block, d, &shift[first..]);
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
                    let y = whitened::<V, R, I>(block, centred, &[0.0; I]);
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

/// Gaussians of whole covariances.
#[derive(Debug)]
pub(super) struct Gaussians {
    dim: usize,
    whitenings: Vec<Whitening>,
    /// What differences are taken from, D numbers for each component, or D for all of them.
    origins: Vec<f64>,
    /// −L⁻¹(μ−c), D numbers for each component; 0 where each has an origin of its own.
    shifts: Vec<f64>,
}

impl Gaussians {
    /// About their middle, where all are near enough for it, or each about its own mean.
    pub(super) fn new(components: &[Component<'_>]) -> Self {
        let dim = components[0].mean.len();
        let whitening = |g: &Component<'_>| Whitening::new(&g.covariance.inverse_factor(), dim);
        let whitenings = components.iter().map(whitening).collect();
        let (origins, shifts) = match near_middle(components) {
            Some(Near { origin, points }) => (origin, points.iter().map(|p| -p).collect()),
            None => {
                let means: Vec<f64> = components.iter().flat_map(|g| g.mean).copied().collect();
                let nothing = vec![0.0; means.len()];
                (means, nothing)
            }
        };
        Self {
            dim,
            whitenings,
            origins,
            shifts,
        }
    }

    /// ln N(x|μₖ,Σₖ) plus what `constants` hold beyond its own constant, for every component.
    #[inline(always)]
    pub(super) fn log_densities<V: Vector>(
        &self,
        tile: &Tile,
        constants: &[f64],
        scratch: &mut Scratch,
        out: &mut Columns,
    ) {
        if V::REGISTERS >= 32 {
            self.of_groups::<V, GROUP>(tile, constants, scratch, out);
        } else {
            self.of_groups::<V, 1>(tile, constants, scratch, out);
        }
    }

    /// The same for R packs at a time, which stay in the first-level cache while the components go by.
    #[inline(always)]
    fn of_groups<V: Vector, const R: usize>(
        &self,
        tile: &Tile,
        constants: &[f64],
        scratch: &mut Scratch,
        out: &mut Columns,
    ) {
        let panel = scratch.packs(self.dim * R);
        let is_common = self.origins.len() < self.shifts.len();
        for v in (0..tile.n_packs()).step_by(R) {
            if is_common {
                centre::<V, R>(tile, v, &self.origins, panel);
            }
            let shifts = self.shifts.chunks_exact(self.dim);
            let components = self
                .whitenings
                .iter()
                .zip(shifts)
                .zip(constants)
                .enumerate();
            for ((k, ((whitening, shift), &constant)), column) in
                components.zip(out.iter_mut(constants.len()))
            {
                if !is_common {
                    let mean = &self.origins[k * self.dim..][..self.dim];
                    centre::<V, R>(tile, v, mean, panel);
                }
                let q = whitening.squares::<V, R>(panel.as_chunks().0, shift);
                for r in 0..R {
                    log_density(V::splat(constant), q[r]).store(&mut column[v + r]);
                }
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

/// I rows of L⁻¹ times R packs of rows, and a shift for each.
#[inline(always)]
fn whitened<V: Vector, const R: usize, const I: usize>(
    block: &[f64],
    centred: &[[Pack; R]],
    shift: &[f64],
) -> [[V; R]; I] {
    let mut y = [[V::splat(0.0); R]; I];
    for i in 0..I {
        y[i] = [V::splat(shift[i]); R];
    }
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

/// Adds Σw, Σw(x−c) and the lower triangle of Σw(x−c)(x−c)ᵀ of every component to its part of `sums`, about its own
/// centre or about one for all.
#[inline(always)]
pub(super) fn gather<'w, V: Vector>(
    tile: &Tile,
    weights: impl Iterator<Item = &'w [Pack]>,
    centres: &[f64],
    scratch: &mut Scratch,
    sums: &mut [f64],
) {
    if V::REGISTERS >= 32 {
        gather_blocks::<V, BLOCK>(tile, weights, centres, scratch, sums);
    } else {
        gather_blocks::<V, 2>(tile, weights, centres, scratch, sums);
    }
}

/// The same in blocks of B features.
#[inline(always)]
fn gather_blocks<'w, V: Vector, const B: usize>(
    tile: &Tile,
    weights: impl Iterator<Item = &'w [Pack]>,
    centres: &[f64],
    scratch: &mut Scratch,
    sums: &mut [f64],
) {
    let (d, n) = (tile.n_features(), tile.n_packs());
    let n_by_row = by_row::width(d) * n * LANES;
    let scratch = scratch.packs((B + d) * n + 2 * n_by_row + n);
    let (rows, scratch) = scratch.split_at_mut(n_by_row);
    let (few_rows, scratch) = scratch.split_at_mut(n_by_row + n);
    let (weighted, centred) = scratch.split_at_mut(B * n);
    let mut rows = RowMajor::new(rows, d);
    let is_common = centres.len() == d;
    let mut is_centred = false;
    let mut numbers = [0; TILE_PACKS];
    let stride = 1 + d + lower(d, 0);
    for (k, (weights, sums)) in weights.zip(sums.chunks_exact_mut(stride)).enumerate() {
        let active = Active::of::<V>(weights);
        if active.n_packs() == 0 {
            continue;
        }
        let centre = if is_common {
            centres
        } else {
            &centres[k * d..][..d]
        };
        if by_row::is_cheaper_full(&active, d) {
            let few = rows.few::<V>(tile, &active, weights);
            few.gather_full::<V>(centre, few_rows, sums);
            continue;
        }
        if is_common && !is_centred {
            is_centred = true;
            centre_blocks::<V, B>(tile, centre, 0..n, centred);
        }
        let packs = active.packs(&mut numbers);
        if !is_common {
            let packs = packs.iter().map(|v| usize::from(*v));
            centre_blocks::<V, B>(tile, centre, packs, centred);
        }
        sums[0] += active.weight();
        let rows = Weighted {
            weights,
            packs,
            n,
            d,
        };
        rows.gather::<V, B>(centred, weighted, sums);
    }
}

/// Writes x − c of some packs, in blocks of B features, pack by pack.
#[inline(always)]
fn centre_blocks<V: Vector, const B: usize>(
    tile: &Tile,
    centre: &[f64],
    packs: impl Iterator<Item = usize> + Clone,
    centred: &mut [Pack],
) {
    let n = tile.n_packs();
    for (i, block) in (0..centre.len()).step_by(B).zip(centred.chunks_mut(B * n)) {
        with_size!(B.min(centre.len() - i), I => {
            let mut x: [&[Pack]; I] = [&[]; I];
            let mut c = [V::splat(0.0); I];
            for ii in 0..I {
                x[ii] = &tile.columns().column(i + ii)[..n];
                c[ii] = V::splat(centre[i + ii]);
            }
            let block = &mut block.as_chunks_mut::<I>().0[..n];
            for v in packs.clone() {
                for ii in 0..I {
                    (V::load(&x[ii][v]) - c[ii]).store(&mut block[v][ii]);
                }
            }
        });
    }
}

/// The rows that have a weight for one component.
struct Weighted<'t> {
    weights: &'t [Pack],
    /// The packs that they are in.
    packs: &'t [u16],
    /// Packs of the tile.
    n: usize,
    d: usize,
}

impl Weighted<'_> {
    /// Adds their sums but Σw, of differences in blocks of B features.
    #[inline(always)]
    fn gather<V: Vector, const B: usize>(
        &self,
        centred: &[Pack],
        weighted: &mut [Pack],
        sums: &mut [f64],
    ) {
        let (d, n) = (self.d, self.n);
        let weights = &self.weights[..n];
        let (head, second) = sums.split_at_mut(1 + d);
        let first = &mut head[1..];
        for (i, own) in (0..d).step_by(B).zip(centred.chunks(B * n)) {
            with_size!(B.min(d - i), I => {
                let own = &own.as_chunks::<I>().0[..n];
                let weighted = &mut weighted.as_chunks_mut::<I>().0[..self.packs.len()];
                let mut sums = [V::splat(0.0); I];
                for (weighted, &v) in weighted.iter_mut().zip(self.packs) {
                    let v = usize::from(v);
                    let w = V::load(&weights[v]);
                    for ii in 0..I {
                        let wd = w * V::load(&own[v][ii]);
                        wd.store(&mut weighted[ii]);
                        sums[ii] = sums[ii] + wd;
                    }
                }
                for ii in 0..I {
                    first[i + ii] += sums[ii].sum();
                }
                for (block, other) in centred[..i * n].chunks_exact(B * n).enumerate() {
                    let other = &other.as_chunks::<B>().0[..n];
                    let products = products::<V, I, B>(weighted, other, self.packs);
                    for ii in 0..I {
                        for jj in 0..B {
                            second[lower(i + ii, block * B + jj)] += products[ii][jj].sum();
                        }
                    }
                }
                let products = triangle::<V, I>(weighted, own, self.packs);
                for ii in 0..I {
                    for jj in 0..=ii {
                        second[lower(i + ii, i + jj)] += products[ii][jj].sum();
                    }
                }
            });
        }
    }
}

/// Σ aᵢbⱼ over some packs of b, lane by lane, for j ≤ i.
#[inline(always)]
fn triangle<V: Vector, const I: usize>(
    a: &[[Pack; I]],
    b: &[[Pack; I]],
    of_b: &[u16],
) -> [[V; I]; I] {
    let mut sums = [[V::splat(0.0); I]; I];
    for (a, v) in a.iter().zip(of_b) {
        let b = &b[usize::from(*v)];
        for j in 0..I {
            let b = V::load(&b[j]);
            for i in j..I {
                sums[i][j] = V::load(&a[i]).mul_add(b, sums[i][j]);
            }
        }
    }
    sums
}

/// Σ aᵢbⱼ over some packs of b, lane by lane.
#[inline(always)]
fn products<V: Vector, const I: usize, const J: usize>(
    a: &[[Pack; I]],
    b: &[[Pack; J]],
    of_b: &[u16],
) -> [[V; J]; I] {
    let mut sums = [[V::splat(0.0); J]; I];
    for (a, v) in a.iter().zip(of_b) {
        let b = &b[usize::from(*v)];
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
