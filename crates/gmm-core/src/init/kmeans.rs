//! k-means of weighted rows, each feature measured in a scale of its own: its standard deviation, so that units do not
//! matter, or 1 where they carry meaning.

use rand::Rng;

use crate::kernel::Points;
use crate::sample::Sample;
use crate::shares::Lottery;

/// Cluster centres, and the metric they are compared in.
#[derive(Debug)]
pub(super) struct KMeans {
    centres: Vec<Vec<f64>>,
    /// 1/standard deviation of each feature.
    scales: Vec<f64>,
}

impl KMeans {
    /// Most of Lloyd's iterations: enough to converge on all but contrived data.
    pub(super) const CONVERGED: usize = 100;
    /// Lloyd's iterations end when no centre moves by more than this, in squared standard deviations.
    const TOLERANCE: f64 = 1e-4;

    /// k-means++ seeds: each next centre is drawn with probability proportional to its squared distance from
    /// those before, the best of 2 + ln K draws (Arthur & Vassilvitskii, *SODA* 2007, §2.2 and the greedy
    /// variant of its conclusion).
    pub(super) fn new(
        sample: &Sample<'_>,
        variances: &[f64],
        n_clusters: usize,
        rng: &mut impl Rng,
    ) -> Self {
        let n_trials = 2 + (n_clusters as f64).ln() as usize;
        let mut kmeans = Self {
            centres: Vec::with_capacity(n_clusters),
            scales: variances.iter().map(|v| 1.0 / v.sqrt()).collect(),
        };
        let weights = (0..sample.n_rows()).map(|i| sample.weight(i));
        let any_row = Lottery::new(weights);
        kmeans.centres.push(sample.row(any_row.draw(rng)));
        // Squared distance of each row to its nearest centre, times the row's weight.
        let mut nearest = vec![f64::INFINITY; sample.n_rows()];
        while kmeans.centres.len() < n_clusters {
            let newest = &kmeans.centres[kmeans.centres.len() - 1..];
            sample.map_tiles(1, &mut nearest, |distances, tile, nearest| {
                let points = Points::new(newest, &kmeans.scales);
                let weights = sample.tile_weights(tile);
                for column in points.squared_distances(tile, distances) {
                    for ((least, q), w) in nearest.iter_mut().zip(column).zip(weights) {
                        *least = least.min(if *w > 0.0 { q * w } else { 0.0 });
                    }
                }
            });
            let lottery = Lottery::new(nearest.iter().copied());
            // Rows that coincide with centres have no distance left: any row will do.
            let lottery = if lottery.is_empty() {
                &any_row
            } else {
                &lottery
            };
            let tried: Vec<Vec<f64>> = (0..n_trials)
                .map(|_| sample.row(lottery.draw(rng)))
                .collect();
            let left = kmeans.left(sample, &tried, &nearest);
            let best = left.iter().zip(tried).min_by(|a, b| a.0.total_cmp(b.0));
            kmeans.centres.extend(best.map(|(_, centre)| centre));
        }
        kmeans
    }

    /// What would be left of the distances with each of these points as another centre.
    fn left(&self, sample: &Sample<'_>, tried: &[Vec<f64>], nearest: &[f64]) -> Vec<f64> {
        let points = Points::new(tried, &self.scales);
        sample.fold_tiles(
            || vec![0.0; tried.len()],
            |left, distances, tile| {
                let nearest = &nearest[tile.first_row()..][..tile.n_rows()];
                let weights = sample.tile_weights(tile);
                for (left, column) in left
                    .iter_mut()
                    .zip(points.squared_distances(tile, distances))
                {
                    *left += weighted_minima(column, weights, nearest);
                }
            },
            |total, leaf| total.iter_mut().zip(leaf).for_each(|(a, b)| *a += b),
        )
    }

    /// Lloyd's iterations: every centre moves to the mean of the rows nearest to it. A centre without rows
    /// stays.
    pub(super) fn iterate(&mut self, sample: &Sample<'_>, n_iterations: usize) {
        let (k, d) = (self.centres.len(), self.scales.len());
        for _ in 0..n_iterations {
            let points = Points::new(&self.centres, &self.scales);
            let (counts, sums) = sample.fold_tiles(
                || (vec![0.0; k], vec![0.0; k * d]),
                |(counts, sums), distances, tile| {
                    let labels = points.nearest(tile, distances);
                    let weights = sample.tile_weights(tile);
                    for (&c, &w) in labels.iter().zip(weights) {
                        counts[c as usize] += w;
                    }
                    for j in 0..d {
                        for ((&c, &w), x) in labels.iter().zip(weights).zip(tile.feature(j)) {
                            // About the centre, so that rows far from the origin lose no digits.
                            let c = c as usize;
                            sums[c * d + j] += w * (x - self.centres[c][j]);
                        }
                    }
                },
                |total, leaf| {
                    total.0.iter_mut().zip(leaf.0).for_each(|(a, b)| *a += b);
                    total.1.iter_mut().zip(leaf.1).for_each(|(a, b)| *a += b);
                },
            );
            let mut largest_move = 0.0f64;
            for ((centre, sum), count) in self.centres.iter_mut().zip(sums.chunks(d)).zip(counts) {
                if count > 0.0 {
                    let mut squared = 0.0;
                    for ((m, s), scale) in centre.iter_mut().zip(sum).zip(&self.scales) {
                        *m += s / count;
                        squared += (s / count * scale).powi(2);
                    }
                    largest_move = largest_move.max(squared);
                }
            }
            if largest_move <= Self::TOLERANCE {
                break;
            }
        }
    }

    /// The cluster of each row.
    pub(super) fn labels(&self, sample: &Sample<'_>) -> Vec<usize> {
        let points = Points::new(&self.centres, &self.scales);
        let mut labels = vec![0; sample.n_rows()];
        sample.map_tiles(1, &mut labels, |distances, tile, labels| {
            for (label, c) in labels.iter_mut().zip(points.nearest(tile, distances)) {
                *label = *c as usize;
            }
        });
        labels
    }
}

/// Σ min(wᵢqᵢ, nearestᵢ), in interleaved sums.
fn weighted_minima(q: &[f64], weights: &[f64], nearest: &[f64]) -> f64 {
    let mut lanes = [0.0; 8];
    for ((q, w), n) in q.chunks(8).zip(weights.chunks(8)).zip(nearest.chunks(8)) {
        for (lane, ((q, w), n)) in lanes.iter_mut().zip(q.iter().zip(w).zip(n)) {
            *lane += n.min(if *w > 0.0 { q * w } else { 0.0 });
        }
    }
    lanes.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};
    use rand::SeedableRng;
    use rand_xoshiro::Xoshiro256Plus;

    #[test]
    fn finds_separate_groups_whatever_the_units() {
        let rows = Array2::from_shape_fn((90, 2), |(i, j)| {
            let group = (i % 3) as f64 * 10.0;
            (group + ((i * 7 + j * 3) % 11) as f64 * 0.1) * if j == 0 { 1e-6 } else { 1e6 }
        });
        let sample = Sample::new(&rows);
        let mut rng = Xoshiro256Plus::seed_from_u64(1);
        let mut kmeans = KMeans::new(&sample, &[1e-10, 1e14], 3, &mut rng);
        kmeans.iterate(&sample, KMeans::CONVERGED);
        let labels = kmeans.labels(&sample);
        for i in 3..90 {
            assert_eq!(labels[i], labels[i % 3], "row {i}");
        }
        assert!(labels[0] != labels[1] && labels[1] != labels[2] && labels[0] != labels[2]);
    }

    #[test]
    fn more_clusters_than_distinct_rows_is_no_trouble() {
        let rows = array![[1.0], [1.0], [2.0]];
        let sample = Sample::new(&rows);
        let mut rng = Xoshiro256Plus::seed_from_u64(1);
        let mut kmeans = KMeans::new(&sample, &[1.0], 3, &mut rng);
        kmeans.iterate(&sample, KMeans::CONVERGED);
        let labels = kmeans.labels(&sample);
        assert_eq!(labels[0], labels[1]);
        assert_ne!(labels[0], labels[2]);
    }

    #[test]
    fn rows_of_weight_zero_do_not_move_centres() {
        let rows = array![[0.0], [1.0], [100.0]];
        let weights = [1.0, 1.0, 0.0];
        let sample = Sample::weighted(&rows, &weights).unwrap();
        let mut rng = Xoshiro256Plus::seed_from_u64(3);
        let mut kmeans = KMeans::new(&sample, &[1.0], 1, &mut rng);
        kmeans.iterate(&sample, KMeans::CONVERGED);
        assert_eq!(kmeans.centres, [[0.5]]);
    }
}
