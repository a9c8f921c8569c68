//! Classes of sound that follow one another: a hidden Markov model of frames.

use std::ops::RangeInclusive;

use gmm_core::hmm::{FittedHmm, GaussianHmm, Sequences};
use gmm_core::ndarray::Array2;
use gmm_core::{CovarianceType, GmmError, Ridge, Sample};

use crate::data::Recording;
use crate::features::{FrontEnd, FrontEndError, Level, Normalization, Pauses};

/// Steps from each class to itself that were seen before any frames.
const STICKINESS: f64 = 100.0;
/// The most classes that are looked for.
const MOST: usize = 32;

/// Why there are no classes.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ClassError {
    /// The recording has no frames.
    #[error(transparent)]
    FrontEnd(#[from] FrontEndError),
    /// The fit failed, or there cannot be so many classes.
    #[error(transparent)]
    Fit(#[from] GmmError),
}

/// A stretch of one class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch {
    /// Seconds from the start at which it begins.
    pub start: f64,
    /// Seconds from the start at which it ends.
    pub end: f64,
    /// Its class, from the quietest on.
    pub class: usize,
}

/// A recording divided into classes of sound.
#[derive(Debug, Clone)]
pub struct Classes {
    /// The stretches, one after the other without gaps.
    pub stretches: Vec<Stretch>,
    /// The mean level of each class, in dB, in rising order.
    pub levels: Vec<f64>,
    /// BIC of each number of classes that was tried, the smaller the better.
    pub candidates: Vec<(usize, f64)>,
    /// The class of each frame.
    pub labels: Vec<usize>,
    /// The middles of the frames, in seconds.
    pub times: Vec<f64>,
    /// Seconds from frame to frame.
    pub step: f64,
    /// The level of each frame, emphasised, in dB.
    pub frame_levels: Vec<f64>,
    /// Which frames hold speech, told by their levels without emphasis.
    pub speech: Vec<bool>,
}

/// Divides a recording into classes of sound: regimes of a Gaussian hidden Markov model of 13 cepstra with the zeroth,
/// every frame in the class that it has on the most probable path. Classes are sticky: each step from a class to itself
/// counts as a hundred more that were seen before. Of several numbers the one of least BIC is taken.
///
/// # Errors
/// [`GmmError::InvalidParameter`] unless there are 1 to 32 classes; those of [`FrontEnd::frames`] and of the fits.
pub fn classes(
    recording: &Recording,
    n_classes: RangeInclusive<usize>,
    seed: u64,
) -> Result<Classes, ClassError> {
    if *n_classes.start() < 1 || n_classes.is_empty() || *n_classes.end() > MOST {
        return Err(ClassError::Fit(GmmError::InvalidParameter {
            name: "number of classes",
            value: format!("{}..{}", n_classes.start(), n_classes.end()),
            allowed: "from 1 to 32",
        }));
    }
    let front_end = FrontEnd {
        level: Level::Zeroth,
        n_deltas: 0,
        pauses: Pauses::Keep,
        normalization: Normalization::None,
        ..FrontEnd::default()
    };
    let frames = front_end.frames(recording)?;
    let most = frames.rows.nrows();
    let mut best: Option<FittedHmm> = None;
    let mut candidates = Vec::new();
    for k in n_classes {
        // Fewer frames than classes: no more are tried.
        if k > most && best.is_some() {
            break;
        }
        let fitted = fitted(&frames.rows, k.min(most), seed)?;
        candidates.push((fitted.model.n_regimes(), fitted.bic()));
        if best.as_ref().is_none_or(|b| fitted.bic() < b.bic()) {
            best = Some(fitted);
        }
    }
    let Some(best) = best else {
        return Err(ClassError::Fit(GmmError::NoRows));
    };
    let data = Sequences::one(Sample::new(&frames.rows));
    let path = best.model.most_probable(&data)?.regimes;
    let (labels, levels) = from_quiet_to_loud(&path, &frames.levels);
    let half = 0.5 * front_end.step;
    let mut stretches: Vec<Stretch> = Vec::new();
    for (&class, time) in labels.iter().zip(&frames.times) {
        let (start, end) = (time - half, time + half);
        match stretches.last_mut() {
            Some(last) if last.class == class => last.end = end,
            _ => stretches.push(Stretch { start, end, class }),
        }
    }
    Ok(Classes {
        stretches,
        levels,
        candidates,
        labels,
        times: frames.times,
        step: front_end.step,
        frame_levels: frames.levels,
        speech: frames.speech,
    })
}

fn fitted(rows: &Array2<f64>, k: usize, seed: u64) -> Result<FittedHmm, GmmError> {
    let params = GaussianHmm::params(k)
        .covariance_type(CovarianceType::Diagonal)
        .ridge(Ridge::Absolute(1e-2))
        .stickiness(STICKINESS)
        .n_starts(2)
        .max_n_iterations(60)
        .tolerance(1e-4)
        .seed(seed);
    params.fit(&Sequences::one(Sample::new(rows)))
}

/// Labels in the order of the mean levels of their frames, without those that no frame has, and these levels.
fn from_quiet_to_loud(path: &[usize], levels: &[f64]) -> (Vec<usize>, Vec<f64>) {
    let k = path.iter().max().map_or(0, |last| last + 1);
    let mut sums = vec![(0.0, 0.0); k];
    for (&class, level) in path.iter().zip(levels) {
        sums[class].0 += level;
        sums[class].1 += 1.0;
    }
    let mut used: Vec<(usize, f64)> = (sums.iter().enumerate())
        .filter(|(_, (_, n))| *n > 0.0)
        .map(|(class, (sum, n))| (class, sum / n))
        .collect();
    used.sort_by(|a, b| a.1.total_cmp(&b.1));
    let place = |class: &usize| used.iter().position(|(c, _)| c == class).unwrap_or(0);
    (
        path.iter().map(place).collect(),
        used.iter().map(|(_, level)| *level).collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hum_and_hiss_are_two_classes() {
        let mut state = 3u32;
        let samples = (0..24_000).map(|i| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            let hiss = f64::from(state) / f64::from(u32::MAX) - 0.5;
            match i / 8000 {
                1 => 3000.0 * (f64::from(i) * 0.3).sin() + 20.0 * hiss,
                _ => 400.0 * hiss,
            }
        });
        let recording = Recording::new(8000, samples.collect()).unwrap();
        let found = classes(&recording, 2..=2, 1).unwrap();
        assert_eq!(found.stretches.len(), 3, "{:?}", found.stretches);
        let order: Vec<usize> = found.stretches.iter().map(|s| s.class).collect();
        assert_eq!(order, [0, 1, 0]);
        assert!((found.stretches[1].start - 1.0).abs() < 0.05);
        assert!((found.stretches[1].end - 2.0).abs() < 0.05);
        assert!(found.levels.is_sorted());
        assert!(classes(&recording, 0..=0, 1).is_err());
        let silence = Recording::new(8000, vec![0.0; 4000]).unwrap();
        assert!(matches!(
            classes(&silence, 2..=2, 1),
            Err(ClassError::FrontEnd(_))
        ));
        let frame =
            Recording::new(8000, (0..200).map(|i| f64::from(i * i % 31)).collect()).unwrap();
        assert_eq!(classes(&frame, 3..=3, 1).unwrap().stretches.len(), 1);
    }
}
