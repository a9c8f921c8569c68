//! Guesses of the regimes that a fit of a switching regression starts from.

use rand::{Rng as _, RngCore as _, SeedableRng};
use rand_xoshiro::Xoshiro256Plus;

use super::fitting::SwitchingParams;
use super::regressor::Regressor;
use crate::emission::Estimate;
use crate::error::GmmError;
use crate::gmm::Gmm;
use crate::hmm::{Hmm, Start};
use crate::sample::Sample;

impl SwitchingParams {
    /// Guesses of the regimes: equal parts one after the other; by the level of the targets, as it is and averaged over
    /// some rows; then by turns a stretch for each regime, the rest left open, and stretches of all lengths.
    pub(super) fn starts<B: Estimate<Regressor>>(
        &self,
        start: &Start<'_, Regressor, B>,
    ) -> Result<Vec<Hmm<Regressor>>, GmmError> {
        let mut rng = Xoshiro256Plus::seed_from_u64(self.course.seed);
        let (k, sample) = (self.course.n_regimes, start.data.sequences.sample());
        let n = sample.n_rows();
        let mut guesses = vec![(0..n).map(|t| Some(t * k / n)).collect()];
        for width in [1, 4, 16] {
            if k > 1 && width * 4 <= n {
                guesses.extend(self.levels(sample, width, &mut rng));
            }
        }
        while guesses.len() < self.course.n_starts && k > 1 {
            let share = rng.gen_range(0.0..1.0);
            guesses.push(if guesses.len() % 2 == 0 {
                windows(n, k, &mut rng)
            } else {
                let longest = (n as f64 / (2.0 * k as f64)).max(2.0);
                start.random_regimes(2.0 * (longest / 2.0).powf(share), &mut rng)
            });
        }
        guesses.truncate(self.course.n_starts);
        let starts: Vec<_> = guesses
            .iter()
            .filter_map(|guess| start.of_regimes(guess).ok())
            .collect();
        if starts.is_empty() {
            return Ok(vec![start.of_regimes(&guesses[0])?]);
        }
        Ok(starts)
    }

    /// The clusters of the targets, each averaged over `width` rows before and as many after; none of those that were not seen.
    fn levels(
        &self,
        sample: &Sample<'_>,
        width: usize,
        rng: &mut Xoshiro256Plus,
    ) -> Option<Vec<Option<usize>>> {
        let (n, d) = (sample.n_rows(), sample.n_features());
        let targets = d - self.n_targets..d;
        let mut rows = vec![None; n];
        for part in sample.parts().into_iter().flatten() {
            part.each_row(|row, values| rows[row] = Some(values[targets.clone()].to_vec()));
        }
        let mean = |t: usize| {
            let around = rows[t.saturating_sub(width - 1)..(t + width).min(n)]
                .iter()
                .flatten();
            let count = around.clone().count();
            let sum = |j: usize| {
                around
                    .clone()
                    .map(|row: &Vec<f64>| row[j] / count as f64)
                    .sum::<f64>()
            };
            rows[t]
                .as_ref()
                .map(|_| (0..self.n_targets).map(sum).collect::<Vec<f64>>())
        };
        let means: Vec<Vec<f64>> = (0..n).filter_map(mean).collect();
        let table =
            ndarray::Array2::from_shape_fn((means.len(), self.n_targets), |(i, j)| means[i][j]);
        let params = Gmm::params_with_rng(
            self.course.n_regimes,
            Xoshiro256Plus::seed_from_u64(rng.next_u64()),
        );
        let mixture = params.fit_report(&table).ok()?.model;
        let mut labels = mixture.labels(&table).ok()?.into_iter();
        Some(
            rows.iter()
                .map(|row| row.as_ref().and_then(|_| labels.next()))
                .collect(),
        )
    }
}

/// A stretch of 8 to 25 of 100 rows for each regime, at random; the others are left open.
fn windows(n: usize, k: usize, rng: &mut Xoshiro256Plus) -> Vec<Option<usize>> {
    let mut regimes = vec![None; n];
    for regime in 0..k {
        let length = ((n as f64 * rng.gen_range(0.08..0.25)) as usize).clamp(1, n);
        let first = rng.gen_range(0..=n - length);
        regimes[first..first + length].fill(Some(regime));
    }
    regimes
}
