//! Gaussians laid out for the inner loops: the one place where the E-step's arithmetic is done.
//!
//! Two things are asked of many components at once, a tile of rows at a time: their densities
//! ([`Densities`]) and their sums of weighted rows ([`Gathering`]). Both exist in a form for each shape of
//! covariance and for small and large dimension; all work on packs of eight rows, and all take differences
//! x − μ before anything else, so that data far from the origin lose no digits.

mod active;
mod by_row;
mod diagonal;
mod full;
mod gather;
mod nearest;
mod pooled;
mod small;

pub(crate) use gather::{Gathering, Sums, Wanted};
pub(crate) use nearest::Points;

use crate::covariance::Covariance;
use crate::emission;
use crate::log_space::LN_2PI;
use crate::moments::lower;
use crate::simd::{Task, Vector, dispatch};
use crate::tile::{Columns, Scratch, Tile};

/// Runs `$body` with the constant `$N` equal to `$n`, which is 1 to 4.
macro_rules! with_size {
    ($n:expr, $N:ident => $body:expr) => {
        match $n {
            1 => {
                const $N: usize = 1;
                $body
            }
            2 => {
                const $N: usize = 2;
                $body
            }
            3 => {
                const $N: usize = 3;
                $body
            }
            _ => {
                const $N: usize = 4;
                $body
            }
        }
    };
}
pub(crate) use with_size;

/// Components, features or rows that a kernel takes together.
const BLOCK: usize = 4;

/// Largest dimension for which whole covariances are kept in registers.
const SMALL: usize = 4;

/// Where a Gaussian is and how wide.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Component<'g> {
    pub(crate) mean: &'g [f64],
    pub(crate) covariance: &'g Covariance,
}

/// The densities of some Gaussians.
#[derive(Debug)]
pub(crate) struct Densities {
    dim: usize,
    /// μₖ, one after the other.
    means: Vec<f64>,
    /// −½(D ln 2π + ln|Σₖ|).
    constants: Vec<f64>,
    form: Form,
}

/// What turns x − μₖ into a squared distance.
#[derive(Debug)]
enum Form {
    /// Lower triangles of the inverse factors Lₖ⁻¹, row by row, D at most [`SMALL`].
    Small(Vec<f64>),
    /// The same in the order the kernels take them.
    Full(full::Gaussians),
    /// Inverse deviations, D for each component.
    Diagonal(Vec<f64>),
    /// One covariance for all.
    Shared(pooled::Shared),
}

impl Densities {
    pub(crate) fn new(components: &[Component<'_>]) -> Self {
        let dim = components[0].mean.len();
        let constant = |g: &Component<'_>| -0.5 * (dim as f64 * LN_2PI + g.covariance.log_det());
        let is_full = components.iter().any(|g| g.covariance.cholesky().is_some());
        let form = if let Some(shared) = pooled::Shared::new(components) {
            Form::Shared(shared)
        } else if !is_full {
            let mut deviations = Vec::with_capacity(components.len() * dim);
            for component in components {
                deviations.extend(component.covariance.inverse_deviations());
            }
            Form::Diagonal(deviations)
        } else if dim <= SMALL {
            let mut triangles = Vec::with_capacity(components.len() * lower(dim, 0));
            for component in components {
                triangles.extend_from_slice(&component.covariance.inverse_factor());
            }
            Form::Small(triangles)
        } else {
            Form::Full(full::Gaussians::new(components))
        };
        let mut means = Vec::with_capacity(components.len() * dim);
        for component in components {
            means.extend_from_slice(component.mean);
        }
        Self {
            dim,
            means,
            constants: components.iter().map(constant).collect(),
            form,
        }
    }
}

impl emission::Densities for Densities {
    fn log_densities(
        &self,
        tile: &Tile,
        offsets: &[f64],
        scratch: &mut Scratch,
        out: &mut Columns,
    ) {
        out.resize(self.constants.len(), tile.n_packs());
        let constants: Vec<f64> = self
            .constants
            .iter()
            .zip(offsets)
            .map(|(a, b)| a + b)
            .collect();
        dispatch(LogDensities {
            densities: self,
            constants: &constants,
            tile,
            scratch,
            out,
        });
    }
}

struct LogDensities<'a> {
    densities: &'a Densities,
    constants: &'a [f64],
    tile: &'a Tile,
    scratch: &'a mut Scratch,
    out: &'a mut Columns,
}

impl Task for LogDensities<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self {
            densities,
            constants,
            tile,
            scratch,
            out,
        } = self;
        let (dim, means) = (densities.dim, densities.means.as_slice());
        match &densities.form {
            Form::Small(triangles) => with_size!(dim, D => {
                small::log_densities::<V, D>(tile, means, triangles, constants, out);
            }),
            Form::Full(gaussians) => {
                gaussians.log_densities::<V>(tile, constants, scratch, out);
            }
            Form::Diagonal(deviations) => {
                let density = |k: usize, q| log_density(V::splat(constants[k]), q);
                let x = tile.columns();
                diagonal::squared_distances::<V, true>(x, dim, means, deviations, density, out);
            }
            Form::Shared(shared) => shared.log_densities::<V>(tile, constants, scratch, out),
        }
    }
}

/// ln N(x|μ,Σ) = −½(D ln 2π + ln|Σ|) − ½q for squared distances q; Bishop, PRML (2.43).
///
/// So far away that q is not finite, the density is 0.
#[inline(always)]
pub(crate) fn log_density<V: Vector>(constant: V, q: V) -> V {
    let density = q.mul_add(V::splat(-0.5), constant);
    q.if_less(
        V::splat(f64::INFINITY),
        density,
        V::splat(f64::NEG_INFINITY),
    )
}

#[cfg(test)]
mod tests;
