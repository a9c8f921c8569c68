//! k-means of weighted rows, each feature measured in a scale of its own: its standard deviation, so that units do not
//! matter, or 1 where they carry meaning.

use std::sync::atomic::{AtomicU32, Ordering};

use rand::Rng;

use crate::kernel::Points;
use crate::sample::Sample;
use crate::shares::Lottery;

/// The cluster of a row that has none yet.
const NONE: u32 = u32::MAX;

/// A row of a tile that has come to a cluster, or has left it where the weight is below 0.
#[derive(Debug)]
struct Move {
    row: usize,
    to: usize,
    weight: f64,
}

/// How much is spent on clusters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Effort {
    /// Most of Lloyd's iterations.
    pub(super) lloyd: usize,
    /// Seeds are drawn from so many rows for each cluster, if there are twice as many.
    pub(super) seed_rows: Option<usize>,
}

impl Effort {
    /// Seeds alone.
    pub(super) const SEEDS: Self = Self {
        lloyd: 0,
        seed_rows: None,
    };
    /// Enough to converge on all but contrived data.
    pub(super) const CONVERGED: Self = Self {
        lloyd: 100,
        seed_rows: None,
    };
}

/// Cluster centres, and the metric they are compared in.
#[derive(Debug)]
pub(super) struct KMeans {
    centres: Vec<Vec<f64>>,
    /// 1/standard deviation of each feature.
    scales: Vec<f64>,
}

impl KMeans {
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

    /// Clusters after as much effort.
    pub(super) fn of(
        sample: &Sample<'_>,
        variances: &[f64],
        n_clusters: usize,
        effort: Effort,
        rng: &mut impl Rng,
    ) -> Self {
        let n_rows = sample.n_rows();
        let n_drawn = effort.seed_rows.map_or(n_rows, |rows| rows * n_clusters);
        let mut kmeans = if 2 * n_drawn <= n_rows {
            // One of each stretch of rows.
            let drawn = |i: usize| (i * n_rows + rng.gen_range(0..n_rows)) / n_drawn;
            let drawn: Vec<usize> = (0..n_drawn).map(drawn).collect();
            let weights = drawn.iter().map(|&i| sample.weight(i)).collect();
            sample.subset(&drawn, weights, |part| {
                Self::new(part, variances, n_clusters, rng)
            })
        } else {
            Self::new(sample, variances, n_clusters, rng)
        };
        kmeans.iterate(sample, effort.lloyd);
        kmeans
    }

    /// Lloyd's iterations: every centre moves to the mean of the rows nearest to it. A centre without rows
    /// stays.
    ///
    /// Sums are kept from one iteration to the next, and rows that go over to another centre change them; but not where
    /// rows have weights, as a heavy one would take the digits of the light ones with it.
    pub(super) fn iterate(&mut self, sample: &Sample<'_>, n_iterations: usize) {
        let (k, d) = (self.centres.len(), self.scales.len());
        // About a row, so that rows far from zero lose no digits.
        let origin = self.centres[0].clone();
        let mut totals = (vec![0.0; k], vec![0.0; k * d]);
        let add = |total: &mut (Vec<f64>, Vec<f64>), change: (Vec<f64>, Vec<f64>)| {
            total.0.iter_mut().zip(change.0).for_each(|(a, b)| *a += b);
            total.1.iter_mut().zip(change.1).for_each(|(a, b)| *a += b);
        };
        let labels: Vec<AtomicU32> = (0..sample.n_rows()).map(|_| AtomicU32::new(NONE)).collect();
        let keeps_sums = !sample.is_weighted();
        for _ in 0..n_iterations {
            if !keeps_sums {
                labels.iter().for_each(|l| l.store(NONE, Ordering::Relaxed));
                totals.0.fill(0.0);
                totals.1.fill(0.0);
            }
            let points = Points::new(&self.centres, &self.scales);
            let change = sample.fold_tiles(
                || (vec![0.0; k], vec![0.0; k * d]),
                |(counts, sums), (distances, moves): &mut (_, Vec<Move>), tile| {
                    let nearest = points.nearest(tile, distances);
                    let weights = sample.tile_weights(tile);
                    let labels = &labels[tile.first_row()..];
                    moves.clear();
                    for (row, ((&to, label), &weight)) in
                        nearest.iter().zip(labels).zip(weights).enumerate()
                    {
                        // Each row is seen by one thread only.
                        let from = label.swap(to as u32, Ordering::Relaxed);
                        if from != to as u32 {
                            let to = to as usize;
                            moves.push(Move { row, to, weight });
                            if from != NONE {
                                let (to, weight) = (from as usize, -weight);
                                moves.push(Move { row, to, weight });
                            }
                        }
                    }
                    moves.iter().for_each(|m| counts[m.to] += m.weight);
                    for j in 0..d {
                        let x = tile.feature(j);
                        for m in &*moves {
                            sums[m.to * d + j] += m.weight * (x[m.row] - origin[j]);
                        }
                    }
                },
                add,
            );
            add(&mut totals, change);
            let mut largest_move = 0.0f64;
            let sums = totals.1.chunks(d).zip(&totals.0);
            for (centre, (sum, &count)) in self.centres.iter_mut().zip(sums) {
                if count > 0.0 {
                    let mut squared = 0.0;
                    for (j, (m, s)) in centre.iter_mut().zip(sum).enumerate() {
                        let mean = origin[j] + s / count;
                        squared += ((mean - *m) * self.scales[j]).powi(2);
                        *m = mean;
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
        kmeans.iterate(&sample, Effort::CONVERGED.lloyd);
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
        kmeans.iterate(&sample, Effort::CONVERGED.lloyd);
        let labels = kmeans.labels(&sample);
        assert_eq!(labels[0], labels[1]);
        assert_ne!(labels[0], labels[2]);
    }

    #[test]
    fn sums_that_are_kept_are_those_of_the_rows() {
        let rows = Array2::from_shape_fn((700, 9), |(i, j)| {
            1e8 + ((i * i * (j + 3) + 31 * j) % 1013) as f64
        });
        // Rows with weights are added up anew each time.
        let twos = [2.0; 700];
        let centres = |sample: &Sample<'_>| {
            let mut rng = Xoshiro256Plus::seed_from_u64(8);
            KMeans::of(sample, &[1.0; 9], 6, Effort::CONVERGED, &mut rng).centres
        };
        let kept = centres(&Sample::new(&rows));
        let anew = centres(&Sample::weighted(&rows, &twos).unwrap());
        for (a, b) in kept.iter().flatten().zip(anew.iter().flatten()) {
            assert!((a - b).abs() <= 1e-15 * b, "{a} {b}");
        }
    }

    #[test]
    fn seeds_from_a_part_of_the_rows_are_rows() {
        let rows = Array2::from_shape_fn((400, 1), |(i, _)| i as f64);
        let effort = Effort {
            seed_rows: Some(20),
            ..Effort::SEEDS
        };
        let mut rng = Xoshiro256Plus::seed_from_u64(2);
        let kmeans = KMeans::of(&Sample::new(&rows), &[1e4], 5, effort, &mut rng);
        assert_eq!(kmeans.centres.len(), 5);
        for centre in kmeans.centres {
            assert_eq!((centre.len(), centre[0].fract()), (1, 0.0));
        }
    }

    #[test]
    fn rows_of_weight_zero_do_not_move_centres() {
        let rows = array![[0.0], [1.0], [100.0]];
        let weights = [1.0, 1.0, 0.0];
        let sample = Sample::weighted(&rows, &weights).unwrap();
        let mut rng = Xoshiro256Plus::seed_from_u64(3);
        let mut kmeans = KMeans::new(&sample, &[1.0], 1, &mut rng);
        kmeans.iterate(&sample, Effort::CONVERGED.lloyd);
        assert_eq!(kmeans.centres, [[0.5]]);
    }
}
