//! Samples that a converter could not follow.

use crate::data::Recording;

/// Equal samples at the extreme in succession from which on they are taken to be clipped: a peak that just touches the
/// extreme has one or two.
const SHORTEST: usize = 3;

/// An extreme nearer to 0 than this share of the other is not where a converter ends.
const FAR: f64 = 0.5;

/// The share of the samples that stand at the recording's largest or smallest value, at least three in succession.
///
/// 0 for a recording that is constant. Squares and other waves with flat tops are clipped by this definition.
pub fn clipped_share(recording: &Recording) -> f64 {
    let samples = recording.samples();
    let largest = samples.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let smallest = samples.iter().copied().fold(f64::INFINITY, f64::min);
    if largest <= smallest {
        return 0.0;
    }
    // Of digital silence beside sound above it the smallest value is 0, which clips nothing.
    let is_far = |x: f64| x.abs() >= FAR * largest.abs().max(smallest.abs());
    let is_extreme = |x: f64| (x == largest || x == smallest) && is_far(x);
    let clipped: usize = samples
        .chunk_by(|a, b| a == b)
        .filter(|run| run.len() >= SHORTEST && is_extreme(run[0]))
        .map(<[f64]>::len)
        .sum();
    clipped as f64 / samples.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(samples: Vec<f64>) -> f64 {
        clipped_share(&Recording::new(8000, samples).unwrap())
    }

    #[test]
    fn flat_tops_are_clipped_and_peaks_are_not() {
        let sine = |limit: f64| {
            let wave = (0..1000).map(|i| (f64::from(i) * 0.05).sin().clamp(-limit, limit));
            wave.collect::<Vec<f64>>()
        };
        assert_eq!(share(sine(1.0)), 0.0);
        // A sine is above half its height for a third of the time.
        assert!((share(sine(0.5)) - 2.0 / 3.0).abs() < 0.02);
        assert_eq!(share(vec![3.0; 50]), 0.0);
        assert_eq!(share(vec![0.0, 1.0, 1.0, 0.5, -1.0]), 0.0);
        assert_eq!(share(vec![0.0, 0.0, 0.0, 0.0, 9.0, 0.0, 0.0, 0.0]), 0.0);
    }
}
