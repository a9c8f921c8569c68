//! k-means of weighted rows, each feature measured in its standard deviation, so that units do not matter.
//! (Where the raw units carry meaning, plain k-means can be better; starts in them can be given.)

use rand::Rng;

use crate::sample::Sample;
use crate::shares::pick;
use crate::tile::{TILE_ROWS, Tile};

/// Cluster centres, and the metric they are compared in.
#[derive(Debug)]
pub(super) struct KMeans {
    centres: Vec<Vec<f64>>,
    /// 1/scale² of each feature.
    precision: Vec<f64>,
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
        scale: &[f64],
        n_clusters: usize,
        rng: &mut impl Rng,
    ) -> Self {
        let n = sample.n_rows();
        let n_trials = 2 + (n_clusters as f64).ln() as usize;
        let mut kmeans = Self {
            centres: Vec::with_capacity(n_clusters),
            precision: scale.iter().map(|s| 1.0 / s).collect(),
        };
        let weights: Vec<f64> = (0..n).map(|i| sample.weight(i)).collect();
        kmeans.centres.push(sample.row(pick(&weights, rng)));
        // Squared distance of each row to its nearest centre, times the row's weight.
        let mut nearest = kmeans.weighted_distances(sample, 0);
        while kmeans.centres.len() < n_clusters {
            let newest = kmeans.centres.len();
            let best = (0..n_trials)
                .map(|_| {
                    // Rows that coincide with centres have no distance left: any row will do.
                    let any_left = nearest.iter().any(|&q| q > 0.0);
                    let row = pick(if any_left { &nearest } else { &weights }, rng);
                    kmeans.centres.truncate(newest);
                    kmeans.centres.push(sample.row(row));
                    let mut tried = kmeans.weighted_distances(sample, newest);
                    tried
                        .iter_mut()
                        .zip(&nearest)
                        .for_each(|(t, n)| *t = t.min(*n));
                    (tried.iter().sum::<f64>(), row, tried)
                })
                .min_by(|a, b| a.0.total_cmp(&b.0));
            if let Some((_, row, tried)) = best {
                kmeans.centres.truncate(newest);
                kmeans.centres.push(sample.row(row));
                nearest = tried;
            }
        }
        kmeans
    }

    /// Lloyd's iterations: every centre moves to the mean of the rows nearest to it. A centre without rows
    /// stays.
    pub(super) fn iterate(&mut self, sample: &Sample<'_>, n_iterations: usize) {
        let (k, d) = (self.centres.len(), self.precision.len());
        for _ in 0..n_iterations {
            let (counts, sums) = sample.fold_tiles(
                || (vec![0.0; k], vec![vec![0.0; d]; k]),
                || (),
                |(counts, sums), (), tile| {
                    let labels = self.nearest(tile);
                    for ((i, &c), &w) in labels.iter().enumerate().zip(sample.tile_weights(tile)) {
                        counts[c] += w;
                        // About the centre, so that rows far from the origin lose no digits.
                        for (j, sum) in sums[c].iter_mut().enumerate() {
                            *sum += w * (tile.feature(j)[i] - self.centres[c][j]);
                        }
                    }
                },
                |total, block| {
                    total.0.iter_mut().zip(block.0).for_each(|(a, b)| *a += b);
                    let (a, b) = (total.1.iter_mut().flatten(), block.1.iter().flatten());
                    a.zip(b).for_each(|(a, b)| *a += b);
                },
            );
            let mut largest_move = 0.0f64;
            for ((centre, sum), count) in self.centres.iter_mut().zip(sums).zip(counts) {
                if count > 0.0 {
                    let mut squared = 0.0;
                    for ((m, s), p) in centre.iter_mut().zip(sum).zip(&self.precision) {
                        *m += s / count;
                        squared += (s / count).powi(2) * p;
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
        sample.fold_tiles(
            Vec::new,
            || (),
            |labels, (), tile| labels.extend(self.nearest(tile)),
            |all, block| all.extend(block),
        )
    }

    /// The centre nearest to each row of a tile, the first of several.
    fn nearest(&self, tile: &Tile) -> Vec<usize> {
        let n = tile.n_rows();
        let mut labels = vec![0; n];
        let mut least = [f64::INFINITY; TILE_ROWS];
        let mut distance = [0.0; TILE_ROWS];
        for c in 0..self.centres.len() {
            self.squared_distances(tile, c, &mut distance[..n]);
            for ((label, least), &q) in labels.iter_mut().zip(&mut least).zip(&distance[..n]) {
                if q < *least {
                    *least = q;
                    *label = c;
                }
            }
        }
        labels
    }

    fn weighted_distances(&self, sample: &Sample<'_>, centre: usize) -> Vec<f64> {
        sample.fold_tiles(
            Vec::new,
            || (),
            |all: &mut Vec<f64>, (), tile| {
                let mut distance = [0.0; TILE_ROWS];
                self.squared_distances(tile, centre, &mut distance[..tile.n_rows()]);
                all.extend(
                    distance
                        .iter()
                        .zip(sample.tile_weights(tile))
                        .map(|(q, w)| if *w > 0.0 { q * w } else { 0.0 }),
                );
            },
            |all, block| all.extend(block),
        )
    }

    fn squared_distances(&self, tile: &Tile, centre: usize, out: &mut [f64]) {
        out.fill(0.0);
        for (j, p) in self.precision.iter().enumerate() {
            let m = self.centres[centre][j];
            for (q, x) in out.iter_mut().zip(tile.feature(j)) {
                *q += (x - m) * p * (x - m);
            }
        }
    }
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
