//! One covariance for all components: the quadratic part of the density is common to them.
//!
//! Rows are whitened once, u = L⁻¹(x−c), and every component is a point v = L⁻¹(μ−c) in that space at unit
//! distance scale: as cheap as one variance for all. The M-step needs the means and the scatter of all rows
//! alone, since Σₖ Sₖ = T − Σₖ Nₖ(μₖ−c)(μₖ−c)ᵀ.
//!
//! Both take differences of what is common, which costs digits where components are far apart for their
//! width; [`Shared::new`] declines there.

use super::full::Whitening;
use super::{BLOCK, Component, diagonal, with_size};
use crate::moments::lower;
use crate::simd::{Pack, Vector};
use crate::tile::{Columns, Scratch, Tile};

/// Largest squared distance between a component and the middle of all, in squared deviations, for which the
/// common part is taken out: four of sixteen digits.
const NEAR: f64 = 1e4;

/// The common covariance of some components.
#[derive(Debug)]
pub(super) struct Shared {
    /// c, the average of the means.
    origin: Vec<f64>,
    scale: Scale,
    /// L⁻¹(μₖ−c), one after the other.
    points: Vec<f64>,
}

#[derive(Debug)]
enum Scale {
    Full(Whitening),
    Diagonal(Vec<f64>),
}

impl Shared {
    /// The covariance that several components share, if they do and are not too far apart for it.
    pub(super) fn new(components: &[Component<'_>]) -> Option<Self> {
        let shared = components[0].covariance;
        let are_equal = components.iter().all(|g| g.covariance == shared);
        if components.len() < 2 || !are_equal {
            return None;
        }
        let dim = shared.dim();
        let origin = middle(components);
        let mut points = Vec::with_capacity(components.len() * dim);
        for component in components {
            let point = points.len();
            let offset = |j: usize| component.mean[j] - origin[j];
            match shared.cholesky() {
                Some(c) => points.extend((0..dim).map(|i| {
                    let row = (0..=i).map(|j| c.inverse_factor()[lower(i, j)] * offset(j));
                    row.sum::<f64>()
                })),
                None => points.extend(
                    shared
                        .inverse_deviations()
                        .enumerate()
                        .map(|(j, s)| offset(j) * s),
                ),
            }
            let squared: f64 = points[point..].iter().map(|p| p * p).sum();
            // Also where it is no number.
            let is_near = squared <= NEAR;
            if !is_near {
                return None;
            }
        }
        let scale = match shared.cholesky() {
            Some(c) => Scale::Full(Whitening::new(c.inverse_factor(), dim)),
            None => Scale::Diagonal(shared.inverse_deviations().collect()),
        };
        Some(Self {
            origin,
            scale,
            points,
        })
    }

    /// Writes the squared distance of every row from every component.
    #[inline(always)]
    pub(super) fn squared_distances<V: Vector>(
        &self,
        tile: &Tile,
        scratch: &mut Scratch,
        out: &mut Columns,
    ) {
        let dim = self.origin.len();
        let mut whitened = std::mem::take(&mut scratch.columns);
        whitened.resize(dim, tile.n_packs());
        match &self.scale {
            Scale::Full(whitening) => {
                whitening.whiten::<V>(tile, &self.origin, scratch, &mut whitened);
            }
            Scale::Diagonal(deviations) => {
                let features = tile.columns().iter(dim).zip(whitened.iter_mut(dim));
                for ((x, u), (&c, &s)) in features.zip(self.origin.iter().zip(deviations)) {
                    for (x, u) in x.iter().zip(u) {
                        ((V::load(x) - V::splat(c)) * V::splat(s)).store(u);
                    }
                }
            }
        }
        diagonal::squared_distances::<V, false>(&whitened, dim, &self.points, &[], out);
        scratch.columns = whitened;
    }
}

/// The average of the means.
pub(super) fn middle(components: &[Component<'_>]) -> Vec<f64> {
    let k = components.len() as f64;
    (0..components[0].mean.len())
        .map(|j| components.iter().map(|g| g.mean[j] / k).sum())
        .collect()
}

/// Adds Σw and Σw(x−c) of every component to its part of `sums`; `x` are the differences x − c.
#[inline(always)]
pub(super) fn gather_means<V: Vector>(
    x: &Columns,
    dim: usize,
    weights: &Columns,
    n_components: usize,
    sums: &mut [f64],
) {
    for c in (0..n_components).step_by(BLOCK) {
        with_size!(BLOCK.min(n_components - c), C => {
            let sums = &mut sums[c * (1 + dim)..];
            for i in 0..C {
                let mut total = V::splat(0.0);
                for w in weights.column(c + i) {
                    total = total + V::load(w);
                }
                sums[i * (1 + dim)] += total.sum();
            }
            for first in (0..dim).step_by(BLOCK) {
                with_size!(BLOCK.min(dim - first), J => {
                    block::<V, C, J>(x, first, weights, c, dim, sums);
                });
            }
        });
    }
}

/// The same for C components and J features.
#[inline(always)]
fn block<V: Vector, const C: usize, const J: usize>(
    x: &Columns,
    first: usize,
    weights: &Columns,
    component: usize,
    dim: usize,
    sums: &mut [f64],
) {
    let n = x.n_packs();
    let mut columns: [&[Pack]; J] = [&[]; J];
    for j in 0..J {
        columns[j] = &x.column(first + j)[..n];
    }
    let mut shares: [&[Pack]; C] = [&[]; C];
    for c in 0..C {
        shares[c] = &weights.column(component + c)[..n];
    }
    let mut totals = [[V::splat(0.0); J]; C];
    for v in 0..n {
        let mut xs = [V::splat(0.0); J];
        for j in 0..J {
            xs[j] = V::load(&columns[j][v]);
        }
        for c in 0..C {
            let w = V::load(&shares[c][v]);
            for j in 0..J {
                totals[c][j] = w.mul_add(xs[j], totals[c][j]);
            }
        }
    }
    for c in 0..C {
        for j in 0..J {
            sums[c * (1 + dim) + 1 + first + j] += totals[c][j].sum();
        }
    }
}
