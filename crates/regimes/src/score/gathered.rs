//! The scores of many forecasts.

use gmm_core::GmmError;
use serde::Serialize;

use super::Forecast;
use super::one::{INTERVALS, PINBALLS, Score};
use super::points::{PointScores, Yardstick, mean};

/// Bars of the histogram of PIT values.
const BARS: usize = 10;

/// How good the intervals of one probability were.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct IntervalScores {
    /// Their probability.
    pub level: f64,
    /// The share of the values that they held.
    pub coverage: f64,
    /// Their mean width.
    pub width: f64,
    /// Their mean Winkler score.
    pub winkler: f64,
}

/// Means over many forecasts. Of none, they are NaN.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scores {
    /// Forecasts that were scored.
    pub n: usize,
    /// Those of which no value came.
    pub n_missing: usize,
    /// Mean continuous ranked probability score, in the units of the values.
    pub crps: f64,
    /// Mean of −ln of the density, in nats.
    pub log_score: f64,
    /// Mean squared error of the means.
    pub mse: f64,
    /// Mean absolute error of the medians.
    pub mae: f64,
    /// MAE over that of the naive forecast, where that was given.
    pub mase: Option<f64>,
    /// MSE over the variance of the series, where that was given.
    pub arv: Option<f64>,
    /// Probability and mean quantile score of the quantiles from 0.05 to 0.95.
    pub pinball: Vec<(f64, f64)>,
    /// The intervals of 50, 80, 90 and 95 %.
    pub intervals: Vec<IntervalScores>,
    /// P(X ≤ value) of each forecast, in order.
    pub pit: Vec<f64>,
    /// How many of these lie in each tenth from 0 to 1.
    pub pit_counts: Vec<usize>,
    /// The largest difference between the distribution function of these and the uniform one, of Kolmogorov and Smirnov.
    pub ks_distance: f64,
}

impl Scores {
    /// Of forecasts and what came; NaN where nothing did.
    ///
    /// # Errors
    /// As [`Score::of`].
    pub fn of<F: Forecast>(pairs: &[(F, f64)], yardstick: Yardstick) -> Result<Self, GmmError> {
        let scores = pairs
            .iter()
            .map(|(forecast, truth)| Score::of(forecast, *truth));
        let scores: Vec<Option<Score>> = scores.collect::<Result<_, _>>()?;
        Self::gathered(&scores, yardstick)
    }

    /// Of forecasts that were scored one by one; none where no value came.
    ///
    /// # Errors
    /// None that scores of [`Score::of`] lead to.
    pub fn gathered(scores: &[Option<Score>], yardstick: Yardstick) -> Result<Self, GmmError> {
        let known: Vec<&Score> = scores.iter().flatten().collect();
        let mean_of = |of: &dyn Fn(&Score) -> f64| mean(known.iter().map(|s| of(s)));
        let all = |of: fn(&Score) -> f64| -> Vec<f64> { known.iter().map(|s| of(s)).collect() };
        let truths = all(|s| s.truth);
        let of_means = PointScores::of(&all(|s| s.mean), &truths, yardstick)?;
        let of_medians = PointScores::of(&all(|s| s.median), &truths, yardstick)?;
        let interval = |(i, level): (usize, &f64)| IntervalScores {
            level: *level,
            coverage: mean_of(&|s| f64::from(u8::from(s.intervals[i].holds(s.truth)))),
            width: mean_of(&|s| s.intervals[i].high - s.intervals[i].low),
            winkler: mean_of(&|s| s.intervals[i].winkler(s.truth)),
        };
        let pit = all(|s| s.pit);
        Ok(Self {
            n: known.len(),
            n_missing: scores.len() - known.len(),
            crps: mean_of(&|s| s.crps),
            log_score: mean_of(&|s| s.log_score),
            mse: of_means.mse,
            mae: of_medians.mae,
            mase: of_medians.mase,
            arv: of_means.arv,
            pinball: (PINBALLS.iter().enumerate())
                .map(|(i, p)| (*p, mean_of(&|s| s.pinballs[i])))
                .collect(),
            intervals: INTERVALS.iter().enumerate().map(interval).collect(),
            pit_counts: counts(&pit, BARS),
            ks_distance: distance_from_uniform(&pit),
            pit,
        })
    }
}

/// How many numbers lie in each of `n` equal parts from 0 to 1.
pub(crate) fn counts(pit: &[f64], n: usize) -> Vec<usize> {
    let mut counts = vec![0; n];
    for u in pit {
        counts[((u * n as f64) as usize).min(n.saturating_sub(1))] += 1;
    }
    counts
}

/// sup |F(u) − u| of the distribution function F of some numbers from 0 to 1; NaN of none.
fn distance_from_uniform(pit: &[f64]) -> f64 {
    let mut sorted = pit.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len() as f64;
    let off = |(i, u): (usize, &f64)| (u - i as f64 / n).max((i + 1) as f64 / n - u);
    sorted.iter().enumerate().map(off).fold(f64::NAN, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::{Predictive, Scale};
    use gmm_core::rand::SeedableRng;
    use gmm_core::rand_xoshiro::Xoshiro256Plus;

    fn forecast(mean: f64, deviation: f64) -> Predictive {
        Predictive::new(
            &[0.6, 0.4],
            &[mean - 1.0, mean + 1.5],
            &[deviation; 2],
            Scale::Identity,
        )
        .unwrap()
    }

    /// Draws of one forecast, scored by another.
    fn scored(theirs: &Predictive, ours: &Predictive) -> Scores {
        let mut rng = Xoshiro256Plus::seed_from_u64(3);
        let drawn = theirs.sample(4000, &mut rng);
        let pairs: Vec<_> = drawn.into_iter().map(|y| (ours.clone(), y)).collect();
        Scores::of(&pairs, Yardstick::default()).unwrap()
    }

    #[test]
    fn the_right_forecast_is_calibrated_and_scores_best() {
        let truth = forecast(2.0, 0.7);
        let best = scored(&truth, &truth);
        for of in &best.intervals {
            let error = 4.0 * (of.level * (1.0 - of.level) / 4000.0).sqrt();
            assert!((of.coverage - of.level).abs() < error, "{of:?}");
        }
        // The 1 − 1e-3 quantile of Kolmogorov's distribution.
        assert!(
            best.ks_distance < 1.95 / 4000f64.sqrt(),
            "{}",
            best.ks_distance
        );
        for other in [forecast(2.3, 0.7), forecast(2.0, 1.1), forecast(2.0, 0.45)] {
            let worse = scored(&truth, &other);
            assert!(worse.crps > best.crps && worse.log_score > best.log_score);
            assert!(worse.ks_distance > best.ks_distance);
            let winkler = |scores: &Scores| scores.intervals[2].winkler;
            assert!(winkler(&worse) > winkler(&best));
            let pinball = |scores: &Scores| scores.pinball.iter().map(|p| p.1).sum::<f64>();
            assert!(pinball(&worse) > pinball(&best));
        }
        // CRPS is twice the integral of the quantile scores over p (Laio & Tamea 2007); here over 0.05 … 0.95.
        let sum: f64 = best.pinball.iter().map(|(_, loss)| 2.0 * 0.05 * loss).sum();
        assert!((sum / best.crps - 1.0).abs() < 0.01, "{sum} {}", best.crps);
    }

    #[test]
    fn missing_values_are_counted_and_none_gives_no_number() {
        let pairs = [(forecast(0.0, 1.0), f64::NAN), (forecast(0.0, 1.0), 0.1)];
        let scores = Scores::of(&pairs, Yardstick::default()).unwrap();
        assert_eq!((scores.n, scores.n_missing, scores.pit.len()), (1, 1, 1));
        assert_eq!(scores.pit_counts.iter().sum::<usize>(), 1);
        let none = Scores::of(&pairs[..1], Yardstick::default()).unwrap();
        assert!(none.n == 0 && none.crps.is_nan() && none.ks_distance.is_nan());
        let text = serde_json::to_string(&none).unwrap();
        assert!(text.contains("\"crps\":null"), "{text}");
    }

    #[test]
    fn the_distance_from_uniform_is_that_of_the_steps() {
        assert_eq!(distance_from_uniform(&[0.5]), 0.5);
        assert!((distance_from_uniform(&[0.1, 0.2, 0.3, 0.9]) - 0.45).abs() < 1e-12);
        assert_eq!(counts(&[0.0, 0.1, 0.99, 1.0], 4), [2, 0, 0, 2]);
    }
}
