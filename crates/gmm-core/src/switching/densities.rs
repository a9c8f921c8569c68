//! The densities of regressions, laid out for the inner loop.

use super::regressor::Regressor;
use crate::emission;
use crate::kernel::log_density;
use crate::log_space::LN_2PI;
use crate::moments::lower;
use crate::simd::{Task, Vector, dispatch};
use crate::tile::{Columns, Scratch, Tile};

/// The densities of some regressions.
#[derive(Debug)]
pub(crate) struct Densities {
    states: Vec<Whitened>,
}

/// A regression as what turns z − m into its whitened residual.
#[derive(Debug)]
struct Whitened {
    mean: Vec<f64>,
    /// L⁻¹(−B, 1) with R = LLᵀ, row by row up to the last that is not 0.
    rows: Vec<Vec<f64>>,
    /// −½(q ln 2π + ln|R|).
    constant: f64,
}

impl Whitened {
    fn new(of: &Regressor) -> Self {
        let (p, q) = (of.n_given(), of.n_targets());
        let triangle = of.residual().inverse_factor();
        let row = |i: usize| {
            let own = &triangle[lower(i, 0)..=lower(i, i)];
            let given = |j: usize| -> f64 {
                let of_targets = own.iter().enumerate();
                -of_targets.map(|(t, w)| w * of.row(t)[j]).sum::<f64>()
            };
            (0..p).map(given).chain(own.iter().copied()).collect()
        };
        Self {
            mean: of.mean().to_vec(),
            rows: (0..q).map(row).collect(),
            constant: -0.5 * (q as f64 * LN_2PI + of.residual().log_det()),
        }
    }
}

impl Densities {
    pub(super) fn new(states: &[Regressor]) -> Self {
        Self {
            states: states.iter().map(Whitened::new).collect(),
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
        out.resize(self.states.len(), tile.n_packs());
        dispatch(LogDensities {
            states: &self.states,
            offsets,
            tile,
            scratch,
            out,
        });
    }
}

struct LogDensities<'a> {
    states: &'a [Whitened],
    offsets: &'a [f64],
    tile: &'a Tile,
    scratch: &'a mut Scratch,
    out: &'a mut Columns,
}

impl Task for LogDensities<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let x = self.tile.columns();
        let columns = self.out.iter_mut(self.states.len());
        for ((state, offset), column) in self.states.iter().zip(self.offsets).zip(columns) {
            let constant = V::splat(state.constant + offset);
            let centred = self.scratch.packs(state.mean.len());
            for (v, out) in column.iter_mut().enumerate() {
                for (j, (c, m)) in centred.iter_mut().zip(&state.mean).enumerate() {
                    (V::load(&x.column(j)[v]) - V::splat(*m)).store(c);
                }
                let mut squared = V::splat(0.0);
                for row in &state.rows {
                    let mut y = V::splat(0.0);
                    for (a, c) in row.iter().zip(centred.iter()) {
                        y = V::splat(*a).mul_add(V::load(c), y);
                    }
                    squared = y.mul_add(y, squared);
                }
                log_density(constant, squared).store(out);
            }
        }
    }
}
