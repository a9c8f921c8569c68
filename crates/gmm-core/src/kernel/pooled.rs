//! One covariance for all components: the quadratic part of the density is common to them.
//!
//! Rows are whitened once, u = L⁻¹(x−c), and every component is a point v = L⁻¹(μ−c) in that space at unit
//! distance scale: as cheap as one variance for all. The M-step needs the means and the scatter of all rows
//! alone, since Σₖ Sₖ = T − Σₖ Nₖ(μₖ−c)(μₖ−c)ᵀ.
//!
//! Both take differences of what is common, which costs digits where components are far apart for their
//! width; [`Shared::new`] declines there.

use super::full::Whitening;
use super::{BLOCK, Component, diagonal, log_density, with_size};
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
        let Near { origin, points } = near_middle(components)?;
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

    /// c.
    pub(super) fn origin(&self) -> &[f64] {
        &self.origin
    }

    /// ln N(x|μₖ,Σ) plus what `constants` hold beyond its own constant, for every component.
    #[inline(always)]
    pub(super) fn log_densities<V: Vector>(
        &self,
        tile: &Tile,
        constants: &[f64],
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
                diagonal::scaled::<V>(tile, &self.origin, deviations, &mut whitened);
            }
        }
        let density = |k: usize, q| log_density(V::splat(constants[k]), q);
        diagonal::squared_distances::<V, false>(&whitened, dim, &self.points, &[], density, out);
        scratch.columns = whitened;
    }
}

/// Components that are near their middle for their width.
pub(super) struct Near {
    /// The average of the means, c.
    pub(super) origin: Vec<f64>,
    /// Lₖ⁻¹(μₖ−c), one after the other.
    pub(super) points: Vec<f64>,
}

/// The middle of components that lie near enough to it for differences from it to lose no digits that matter.
pub(super) fn near_middle(components: &[Component<'_>]) -> Option<Near> {
    let origin = middle(components);
    let mut points = Vec::with_capacity(components.len() * origin.len());
    for component in components {
        let offset: Vec<f64> = component
            .mean
            .iter()
            .zip(&origin)
            .map(|(m, c)| m - c)
            .collect();
        let point = component.covariance.whitened(&offset);
        let squared: f64 = point.iter().map(|p| p * p).sum();
        // Also where it is no number.
        let is_near = squared <= NEAR;
        if !is_near {
            return None;
        }
        points.extend(point);
    }
    Some(Near { origin, points })
}

/// The average of the means.
fn middle(components: &[Component<'_>]) -> Vec<f64> {
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
