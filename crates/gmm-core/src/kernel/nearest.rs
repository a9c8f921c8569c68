//! Distances to points, and which of them is nearest.

use super::diagonal;
use crate::simd::{Pack, Task, Vector, dispatch, flat};
use crate::tile::{Columns, Tile};

/// Points that rows are compared with, each feature in a unit of its own.
#[derive(Debug)]
pub(crate) struct Points {
    n: usize,
    dim: usize,
    /// One after the other.
    points: Vec<f64>,
    /// 1/unit of each feature, once for every point.
    scales: Vec<f64>,
}

/// Buffers of one thread.
#[derive(Debug, Default)]
pub(crate) struct Distances {
    block: Columns,
    labels: Columns,
}

impl Points {
    /// Each point has as many coordinates as there are scales.
    pub(crate) fn new(points: &[Vec<f64>], scales: &[f64]) -> Self {
        Self {
            n: points.len(),
            dim: scales.len(),
            points: points.iter().flatten().copied().collect(),
            scales: scales.repeat(points.len()),
        }
    }

    /// The squared distances of the rows of a tile from each point.
    pub(crate) fn squared_distances<'d>(
        &self,
        tile: &Tile,
        distances: &'d mut Distances,
    ) -> impl Iterator<Item = &'d [f64]> {
        distances.block.resize(self.n, tile.n_packs());
        dispatch(Measure {
            points: self,
            tile,
            out: &mut distances.block,
        });
        distances.block.iter(self.n).map(flat)
    }

    /// The number of the point nearest to each row of a tile, the first of several.
    pub(crate) fn nearest<'d>(&self, tile: &Tile, distances: &'d mut Distances) -> &'d [f64] {
        let Distances { block, labels } = distances;
        block.resize(self.n, tile.n_packs());
        labels.resize(1, tile.n_packs());
        dispatch(Measure {
            points: self,
            tile,
            out: block,
        });
        let out = labels.column_mut(0);
        dispatch(Least {
            block,
            n: self.n,
            out,
        });
        &flat(out)[..tile.n_rows()]
    }
}

struct Measure<'a> {
    points: &'a Points,
    tile: &'a Tile,
    out: &'a mut Columns,
}

impl Task for Measure<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let Points {
            dim,
            points,
            scales,
            ..
        } = self.points;
        diagonal::squared_distances::<V, true>(self.tile.columns(), *dim, points, scales, self.out);
    }
}

struct Least<'a> {
    block: &'a Columns,
    n: usize,
    out: &'a mut [Pack],
}

impl Task for Least<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        for (v, out) in self.out.iter_mut().enumerate() {
            let mut least = V::splat(f64::INFINITY);
            let mut label = V::splat(0.0);
            for (c, column) in self.block.iter(self.n).enumerate() {
                let q = V::load(&column[v]);
                label = q.if_less(least, V::splat(c as f64), label);
                least = q.if_less(least, q, least);
            }
            label.store(out);
        }
    }
}
