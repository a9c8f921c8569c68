//! Recordings with noise added.

use std::f64::consts::TAU;

use gmm_core::rand::Rng;
use rustfft::FftPlannerScalar;
use rustfft::num_complex::Complex;

use crate::data::{Recording, RecordingError};

/// How the power of noise is distributed over frequency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hue {
    /// Evenly.
    White,
    /// As 1/f: the same in every octave.
    Pink,
}

/// The recording with noise whose power is `ratio` decibels below its own, the mean of all its samples about their mean.
///
/// A recording of samples that are all equal stays as it is.
///
/// # Errors
/// [`RecordingError::NonFinite`] for a ratio that is not finite.
pub fn with_noise<R: Rng + ?Sized>(
    recording: &Recording,
    hue: Hue,
    ratio: f64,
    rng: &mut R,
) -> Result<Recording, RecordingError> {
    let samples = recording.samples();
    let noise = match hue {
        Hue::White => white(samples.len(), rng),
        Hue::Pink => pink(samples.len(), rng),
    };
    let (own, added) = (power(samples), power(&noise));
    let gain = if added > 0.0 {
        (own / added * 10f64.powf(-ratio / 10.0)).sqrt()
    } else {
        0.0
    };
    let noisy = samples.iter().zip(&noise).map(|(x, e)| x + gain * e);
    Recording::new(recording.sample_rate(), noisy.collect())
}

/// The mean square about the mean.
fn power(samples: &[f64]) -> f64 {
    let n = samples.len() as f64;
    let mean = samples.iter().sum::<f64>() / n;
    samples.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n
}

/// Normal numbers by pairs (Box & Muller, *Ann. Math. Statist.* 29, 1958).
fn white<R: Rng + ?Sized>(n: usize, rng: &mut R) -> Vec<f64> {
    let pairs = (0..n.div_ceil(2)).flat_map(|_| {
        let radius = (-2.0 * (1.0 - rng.gen_range(0.0..1.0f64)).ln()).sqrt();
        let angle = TAU * rng.gen_range(0.0..1.0f64);
        [radius * angle.cos(), radius * angle.sin()]
    });
    pairs.take(n).collect()
}

/// White noise whose amplitude at each frequency is divided by its root.
fn pink<R: Rng + ?Sized>(n: usize, rng: &mut R) -> Vec<f64> {
    let mut spectrum: Vec<Complex<f64>> = (white(n, rng).into_iter())
        .map(|x| Complex::new(x, 0.0))
        .collect();
    let mut planner = FftPlannerScalar::new();
    planner.plan_fft_forward(n).process(&mut spectrum);
    for (i, amplitude) in spectrum.iter_mut().enumerate() {
        // A frequency and the negative one.
        let frequency = i.min(n - i);
        *amplitude *= match frequency {
            0 => 0.0,
            f => (1.0 / f as f64).sqrt(),
        };
    }
    planner.plan_fft_inverse(n).process(&mut spectrum);
    spectrum.iter().map(|x| x.re).collect()
}

#[cfg(test)]
mod tests {
    use gmm_core::rand::SeedableRng;
    use gmm_core::rand_xoshiro::Xoshiro256Plus;

    use super::*;

    fn tone() -> Recording {
        let wave = (0..16_000).map(|i| 1000.0 * (f64::from(i) * 0.3).sin() + 50.0);
        Recording::new(8000, wave.collect()).unwrap()
    }

    #[test]
    fn noise_is_as_loud_as_said_and_falls_by_its_hue() {
        for (hue, octaves) in [(Hue::White, 16.0), (Hue::Pink, 1.0)] {
            let mut rng = Xoshiro256Plus::seed_from_u64(3);
            let noisy = with_noise(&tone(), hue, 10.0, &mut rng).unwrap();
            let noise: Vec<f64> = (noisy.samples().iter().zip(tone().samples()))
                .map(|(a, b)| a - b)
                .collect();
            let wanted = power(tone().samples()) / 10.0;
            assert!((power(&noise) / wanted - 1.0).abs() < 1e-9);
            // Power in the octave from 1600 and in that from 100 Hz.
            let mut spectrum: Vec<_> = noise.iter().map(|x| Complex::new(*x, 0.0)).collect();
            FftPlannerScalar::new()
                .plan_fft_forward(16_000)
                .process(&mut spectrum);
            let octave = |low: usize| {
                spectrum[low..2 * low]
                    .iter()
                    .map(|a| a.norm_sqr())
                    .sum::<f64>()
            };
            let ratio = octave(3200) / octave(200);
            assert!((ratio / octaves - 1.0).abs() < 0.25, "{hue:?}: {ratio}");
        }
    }

    #[test]
    fn silence_stays_and_noise_without_measure_is_refused() {
        let mut rng = Xoshiro256Plus::seed_from_u64(3);
        let silence = Recording::new(8000, vec![4.0; 9]).unwrap();
        assert_eq!(
            with_noise(&silence, Hue::White, 10.0, &mut rng).unwrap(),
            silence
        );
        assert!(with_noise(&tone(), Hue::Pink, f64::NAN, &mut rng).is_err());
        let one = Recording::new(8000, vec![4.0]).unwrap();
        assert_eq!(with_noise(&one, Hue::Pink, 10.0, &mut rng).unwrap(), one);
    }
}
