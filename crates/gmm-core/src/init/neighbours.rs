//! Starts that outliers cannot pull away: rows drawn at random, each with the rows nearest to it.

use rand::Rng;

use super::Start;
use crate::kernel::Points;
use crate::moments::Moments;
use crate::shares::pick;

/// Share of a component's rows, if all had as many, that are taken for its start.
const SHARE: f64 = 0.5;

impl Start<'_> {
    /// Statistics of the neighbourhoods of random rows.
    pub(super) fn neighbourhoods(&self, rng: &mut impl Rng) -> Vec<Moments> {
        let (k, n) = (self.n_components, self.sample.n_rows());
        let mut left: Vec<f64> = (0..n).map(|i| self.sample.weight(i)).collect();
        let scales: Vec<f64> = self.survey.scale.iter().map(|v| 1.0 / v.sqrt()).collect();
        let n_near = (SHARE * self.survey.n_rows as f64 / k as f64).max(self.belief.least_rows());
        let n_near = (n_near.ceil() as usize).clamp(1, n);
        let near: Vec<Vec<bool>> = (0..k)
            .map(|_| {
                let seed = pick(&left, rng);
                left[seed] = 0.0;
                self.nearest(&self.sample.row(seed), &scales, n_near)
            })
            .collect();
        self.widen(self.statistics(|row, component| f64::from(near[component][row])))
    }

    /// Which rows are among the `n_near` nearest to a point, each feature measured in its standard deviation.
    fn nearest(&self, point: &[f64], scales: &[f64], n_near: usize) -> Vec<bool> {
        let centre = [point.to_vec()];
        let points = Points::new(&centre, scales);
        let mut distances = vec![0.0; self.sample.n_rows()];
        self.sample
            .map_tiles(1, &mut distances, |buffer, tile, out| {
                for column in points.squared_distances(tile, buffer) {
                    let weights = self.sample.tile_weights(tile);
                    for ((out, q), w) in out.iter_mut().zip(column).zip(weights) {
                        *out = if *w > 0.0 { *q } else { f64::INFINITY };
                    }
                }
            });
        let mut sorted = distances.clone();
        let (_, farthest, _) = sorted.select_nth_unstable_by(n_near - 1, f64::total_cmp);
        let farthest = *farthest;
        distances.iter().map(|q| *q <= farthest).collect()
    }
}
