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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::regressor::Reference;
    use super::*;
    use crate::covariance::Covariance;
    use crate::simd::{Level, dispatch_at, flat};
    use ndarray::Array2;

    #[test]
    fn every_level_of_the_processor_says_the_same() {
        let reference = Arc::new(Reference {
            at: vec![0.0; 3],
            scale: vec![1.0; 3],
        });
        let state = |k: usize| {
            let number = |i: usize| (i as f64 + 5.0 * k as f64).sin();
            let residual = Covariance::diagonal(vec![0.5, 1.0 + k as f64]).unwrap();
            let mean = (0..5).map(number).collect();
            let slopes = (5..11).map(number).collect();
            Regressor::new(mean, slopes, residual, Arc::clone(&reference))
        };
        let densities = Densities::new(&[state(0), state(1), state(2)]);
        let rows = Array2::from_shape_fn((75, 5), |(i, j)| 4.0 * ((5 * i + j) as f64).cos());
        let mut tile = Tile::new(5);
        tile.load(&rows, 0);
        let at = |level: Level| {
            let mut out = Columns::default();
            out.resize(3, tile.n_packs());
            let task = LogDensities {
                states: &densities.states,
                offsets: &[0.0, -1.0, -2.0],
                tile: &tile,
                scratch: &mut Scratch::default(),
                out: &mut out,
            };
            dispatch_at(level, task);
            out.iter(3).flat_map(flat).copied().collect::<Vec<f64>>()
        };
        let plain = at(Level::Portable);
        for level in Level::ALL.iter().filter(|l| l.is_available()) {
            for (a, b) in at(*level).iter().zip(&plain) {
                assert!((a - b).abs() <= 1e-14 * b.abs(), "{level:?}: {a} {b}");
            }
        }
    }
}
