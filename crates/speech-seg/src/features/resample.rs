//! A recording at another sample rate.

use std::f64::consts::PI;

use crate::data::{Recording, RecordingError};

/// Zero crossings of the sinc to either side.
const CROSSINGS: f64 = 64.0;

/// What is not wanted is this far below, in dB.
const ATTENUATION: f64 = 80.0;

/// Weights that are kept rather than computed for every sample anew.
const MOST_KEPT: u64 = 1 << 22;

/// The longest reach, in old samples: no real rates are 16384 times apart.
const LONGEST: i64 = 1 << 20;

/// The recording at `sample_rate` samples per second, of the same duration: `⌈n · to / from⌉` samples.
///
/// Every sample is the sum of its neighbours weighted by a sinc under a Kaiser window, 64 zero crossings to either side
/// (Smith & Gossett, ICASSP 1984). The band ends at half the smaller of both rates, from where on everything is 80 dB
/// lower; it is kept up to 92 % of that. Before its first sample and after its last the recording is silent.
///
/// # Errors
/// [`RecordingError::NoRate`] for a rate of 0, [`RecordingError::TooLong`] for more samples than a recording may have.
pub fn resampled(recording: &Recording, sample_rate: u32) -> Result<Recording, RecordingError> {
    if sample_rate == 0 {
        return Err(RecordingError::NoRate);
    }
    if sample_rate == recording.sample_rate() {
        return Ok(recording.clone());
    }
    let samples = recording.samples();
    let filter = Filter::between(recording.sample_rate(), sample_rate);
    let n = (samples.len() as u128 * u128::from(filter.up)).div_ceil(u128::from(filter.down));
    let n = u64::try_from(n).unwrap_or(u64::MAX);
    if n > Recording::MOST_SAMPLES {
        return Err(RecordingError::TooLong(n));
    }
    Recording::new(sample_rate, filter.applied(samples, n))
}

/// The weights of all phases that samples can have between those of the other rate.
#[derive(Debug)]
struct Filter {
    /// New samples in the time of `down` old ones; no common divisor.
    up: u64,
    down: u64,
    /// The cutoff in cycles an old sample.
    cutoff: f64,
    /// Old samples to either side of a new one that count.
    reach: i64,
}

impl Filter {
    fn between(from: u32, to: u32) -> Self {
        let (from, to) = (u64::from(from), u64::from(to));
        let common = gcd(from, to);
        // The band relative to that of the old rate.
        let band = (to as f64 / from as f64).min(1.0);
        // Kaiser's width of the transition for this attenuation and length, in cycles a sample of the band.
        let transition = (ATTENUATION - 7.95) / (14.36 * 2.0 * CROSSINGS);
        Self {
            up: to / common,
            down: from / common,
            cutoff: band * (0.5 - 0.5 * transition),
            reach: ((CROSSINGS / band).ceil() as i64).min(LONGEST),
        }
    }

    /// The weights of the old samples about a new one that comes `phase`/up of an old one after one of them; their sum is
    /// 1, so that a constant stays what it is.
    fn weights(&self, phase: u64) -> Vec<f64> {
        let at = phase as f64 / self.up as f64;
        let reach = self.reach as f64;
        let weight = |k: i64| {
            let x = k as f64 - at;
            let y = 2.0 * self.cutoff * x;
            let sinc = if y == 0.0 {
                1.0
            } else {
                (PI * y).sin() / (PI * y)
            };
            sinc * kaiser(x / reach)
        };
        let weights: Vec<f64> = (1 - self.reach..=self.reach).map(weight).collect();
        let sum: f64 = weights.iter().sum();
        weights.iter().map(|w| w / sum).collect()
    }

    fn applied(&self, samples: &[f64], n: u64) -> Vec<f64> {
        let is_kept = self.up.saturating_mul(2 * self.reach as u64) <= MOST_KEPT;
        let mut kept: Vec<Option<Vec<f64>>> =
            vec![None; if is_kept { self.up as usize } else { 1 }];
        let value = |m: u64| {
            let at = u128::from(m) * u128::from(self.down);
            let phase = (at % u128::from(self.up)) as u64;
            let middle = (at / u128::from(self.up)) as i64;
            let slot = &mut kept[if is_kept { phase as usize } else { 0 }];
            if !is_kept {
                *slot = None;
            }
            let weights = slot.get_or_insert_with(|| self.weights(phase));
            let first = middle + 1 - self.reach;
            let skipped = (-first).max(0) as usize;
            let own = samples.get(first.max(0) as usize..).unwrap_or_default();
            let terms = own.iter().zip(weights.iter().skip(skipped));
            terms.map(|(x, w)| x * w).sum()
        };
        (0..n).map(value).collect()
    }
}

/// Kaiser's window over −1 to 1, with his β for the attenuation (*IEEE Symp. Circuits and Systems*, 1974).
fn kaiser(x: f64) -> f64 {
    const BETA: f64 = 0.1102 * (ATTENUATION - 8.7);
    let inside = 1.0 - x * x;
    if inside < 0.0 {
        0.0
    } else {
        bessel(BETA * inside.sqrt()) / bessel(BETA)
    }
}

/// I₀ by its series, Σ ((x/2)ᵏ/k!)².
fn bessel(x: f64) -> f64 {
    let quarter = 0.25 * x * x;
    let mut term = 1.0;
    let mut sum = 1.0;
    let mut k = 1.0;
    while term > 1e-17 * sum {
        term *= quarter / (k * k);
        sum += term;
        k += 1.0;
    }
    sum
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(rate: u32, frequency: f64, n: usize) -> Recording {
        let at = |i: usize| (2.0 * PI * frequency * i as f64 / f64::from(rate)).sin();
        Recording::new(rate, (0..n).map(at).collect()).unwrap()
    }

    #[test]
    fn tones_within_the_band_are_kept() {
        for (from, to) in [
            (16_000, 8000),
            (44_100, 8000),
            (22_050, 8000),
            (8000, 16_000),
            (11_025, 8000),
            (8001, 8000),
            (48_000, 44_100),
        ] {
            for frequency in [100.0, 1000.0, 3600.0] {
                let found = resampled(&tone(from, frequency, from as usize / 2), to).unwrap();
                let n = found.samples().len();
                assert_eq!(n, (from as usize / 2 * to as usize).div_ceil(from as usize));
                let expected = tone(to, frequency, n);
                // Away from the ends, where it begins out of silence.
                let worst = (n / 4..3 * n / 4)
                    .map(|i| (found.samples()[i] - expected.samples()[i]).abs())
                    .fold(0.0, f64::max);
                assert!(worst < 3e-4, "{from} to {to}, {frequency} Hz: {worst}");
            }
        }
    }

    #[test]
    fn what_the_new_rate_cannot_hold_is_gone() {
        for from in [16_000u32, 22_050, 44_100] {
            for frequency in [4001.0, 4400.0, 5000.0, 7900.0] {
                let found = resampled(&tone(from, frequency, from as usize / 2), 8000).unwrap();
                let middle = &found.samples()[1000..3000];
                let largest = middle.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
                assert!(largest < 3e-4, "{from}, {frequency} Hz: {largest}");
            }
        }
    }

    #[test]
    fn unusual_recordings_are_resampled_too() {
        let one = Recording::new(3, vec![2.0]).unwrap();
        assert_eq!(resampled(&one, 7).unwrap().samples().len(), 3);
        assert_eq!(resampled(&one, 3).unwrap(), one);
        let constant = Recording::new(7919, vec![5.0; 4000]).unwrap();
        let found = resampled(&constant, 8000).unwrap();
        assert!((found.samples()[2000] - 5.0).abs() < 1e-9);
        let fast = Recording::new(u32::MAX, vec![1.0; 100]).unwrap();
        assert_eq!(resampled(&fast, 8000).unwrap().samples().len(), 1);
        let slow = Recording::new(1, vec![1.0; 10_000]).unwrap();
        assert!(matches!(
            resampled(&slow, 8000),
            Err(RecordingError::TooLong(80_000_000))
        ));
        assert_eq!(resampled(&slow, 0), Err(RecordingError::NoRate));
    }
}
