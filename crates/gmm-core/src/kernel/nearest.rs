//! Distances to points, and which of them is nearest.

use super::diagonal;
use crate::simd::{Pack, Task, Vector, dispatch, flat};
use crate::tile::{Columns, Tile};

/// Points that rows are compared with, each feature in a unit of its own.
#[derive(Debug)]
pub(crate) struct Points {
    n: usize,
    /// What rows and points are measured from: the first point.
    origin: Vec<f64>,
    /// 1/unit of each feature.
    scales: Vec<f64>,
    /// From there and in those units, one after the other.
    points: Vec<f64>,
}

/// Buffers of one thread.
#[derive(Debug, Default)]
pub(crate) struct Distances {
    /// The rows as the points are measured.
    rows: Columns,
    block: Columns,
    labels: Columns,
}

impl Points {
    /// Each point has as many coordinates as there are scales.
    pub(crate) fn new(points: &[Vec<f64>], scales: &[f64]) -> Self {
        let origin = points[0].clone();
        let measured = |point: &Vec<f64>| -> Vec<f64> {
            let offsets = point.iter().zip(&origin).map(|(x, c)| x - c);
            offsets.zip(scales).map(|(x, s)| x * s).collect()
        };
        Self {
            n: points.len(),
            points: points.iter().flat_map(measured).collect(),
            scales: scales.to_vec(),
            origin,
        }
    }

    /// The squared distances of the rows of a tile from each point.
    pub(crate) fn squared_distances<'d>(
        &self,
        tile: &Tile,
        distances: &'d mut Distances,
    ) -> impl Iterator<Item = &'d [f64]> {
        let Distances { rows, block, .. } = distances;
        self.measure(tile, rows, block);
        block.iter(self.n).map(flat)
    }

    /// The number of the point nearest to each row of a tile, the first of several.
    pub(crate) fn nearest<'d>(&self, tile: &Tile, distances: &'d mut Distances) -> &'d [f64] {
        let Distances {
            rows,
            block,
            labels,
        } = distances;
        self.measure(tile, rows, block);
        labels.resize(1, tile.n_packs());
        let out = labels.column_mut(0);
        dispatch(Least {
            block,
            n: self.n,
            out,
        });
        &flat(out)[..tile.n_rows()]
    }

    fn measure(&self, tile: &Tile, rows: &mut Columns, out: &mut Columns) {
        rows.resize(self.origin.len(), tile.n_packs());
        out.resize(self.n, tile.n_packs());
        dispatch(Measure {
            points: self,
            tile,
            rows,
            out,
        });
    }
}

struct Measure<'a> {
    points: &'a Points,
    tile: &'a Tile,
    rows: &'a mut Columns,
    out: &'a mut Columns,
}

impl Task for Measure<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let Points {
            origin,
            scales,
            points,
            ..
        } = self.points;
        diagonal::scaled::<V>(self.tile, origin, scales, self.rows);
        let (dim, as_it_is) = (origin.len(), |_, q| q);
        diagonal::squared_distances::<V, false>(self.rows, dim, points, &[], as_it_is, self.out);
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
