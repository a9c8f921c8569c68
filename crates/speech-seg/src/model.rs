//! The mixture of powers, and the segments it makes.

mod classes;
mod turns;
mod voices;

use std::collections::HashSet;
use std::ops::RangeInclusive;

use gmm_core::ndarray::{Array2, ShapeBuilder};
use gmm_core::selection::rank;
use gmm_core::{
    CovarianceType, Criteria, Fitted, Gmm, GmmError, GmmParams, Progress, Ridge, Sample,
};

use crate::data::Recording;
use crate::features::{Activity, Scale, Span, Spectrogram, WindowError, Windows};

pub use classes::{ClassError, Classes, Stretch, classes};
pub use turns::{DiarizationError, Turn, TurnError, TurnOptions, Turns, diarization_error, turns};
pub use voices::{
    Scores, Speaker, Threshold, Trial, VoiceError, VoiceFileError, VoiceOptions, Voices, enroll,
};

/// The ridge of the slides: as a deviation 0.001 dB, or 0.001 units²/Hz.
const RIDGE: Ridge = Ridge::Absolute(1e-6);

/// The most segments of a recording: labels are bytes.
pub const MOST_SEGMENTS: usize = 256;

/// Why a recording cannot be segmented.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AnalysisError {
    /// There is no such spectrogram.
    #[error(transparent)]
    Window(#[from] WindowError),
    /// The samples of every window are equal.
    #[error("the recording is silent")]
    Silent,
    /// The fit failed, or cannot be made.
    #[error(transparent)]
    Fit(#[from] GmmError),
}

/// What to do.
#[derive(Debug, Clone)]
pub struct Options {
    /// Numbers of components to try; of several, the one of least BIC is taken.
    pub n_components: RangeInclusive<usize>,
    /// The constraint on the variances; of one column, only whether they are tied makes a difference.
    pub covariance_type: CovarianceType,
    /// The scale on which powers are compared.
    pub scale: Scale,
    /// How the recording is cut into windows.
    pub windows: Windows,
    /// All else about the fit. An absolute ridge is in squared units of the scale.
    pub params: GmmParams,
}

impl Default for Options {
    /// The slides' three components of power in windows of 256 samples, with their ridge.
    fn default() -> Self {
        Self {
            n_components: 3..=3,
            covariance_type: CovarianceType::Full,
            scale: Scale::Power,
            windows: Windows::default(),
            params: Gmm::params(3).ridge(RIDGE),
        }
    }
}

/// Cells of a spectrogram that belong together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Segment {
    /// Number of cells.
    pub size: usize,
    /// Their share of all cells.
    pub share: f64,
    /// Their mean value, on the scale of the fit; where there are none, the mean of the component.
    pub mean: f64,
}

/// A segmented recording.
#[derive(Debug, Clone)]
pub struct Report {
    /// The fit, its components ordered by their means, from quiet to loud.
    pub fitted: Fitted,
    /// The spectrogram whose cells were fitted.
    pub spectrogram: Spectrogram,
    /// The scale its means are on.
    pub scale: Scale,
    /// The segment of each cell, frequencies × times like the power, and like it in memory.
    pub labels: Array2<u8>,
    /// The segments, one for each component. A component that is nowhere the most probable has no cells.
    pub segments: Vec<Segment>,
    /// What was tried, by number of components.
    pub candidates: Vec<Criteria>,
    /// The level of each window, its mean power over all frequencies, in dB.
    pub frame_levels: Vec<f64>,
    /// Sound and pauses, told by these levels; none where they do not fall into two groups.
    pub activity: Option<Activity>,
}

impl Report {
    /// The stretches of sound; none where sound and pauses cannot be told apart.
    pub fn spans(&self) -> Vec<Span> {
        let of =
            |activity: &Activity| activity.spans(&self.spectrogram.times, self.spectrogram.step);
        self.activity.as_ref().map(of).unwrap_or_default()
    }
}

/// Fits a mixture to the powers of a recording's spectrogram and labels every cell with its most probable
/// component.
///
/// A spectrogram of fewer distinct values than components gets as many components as values. `observe` hears
/// of every iteration, with the fit's place in the order of fitting.
///
/// # Errors
/// [`AnalysisError::Window`] for windows that do not fit the recording, [`AnalysisError::Silent`] for one in
/// which nothing is heard, [`GmmError::InvalidParameter`] for more than 256 components, and the errors of the
/// fit.
pub fn analyze(
    recording: &Recording,
    options: &Options,
    observe: &(dyn Fn(usize, Progress) + Sync),
) -> Result<Report, AnalysisError> {
    let (least, most) = (*options.n_components.start(), *options.n_components.end());
    if most > MOST_SEGMENTS || least < 1 || least > most {
        return Err(AnalysisError::Fit(GmmError::InvalidParameter {
            name: "number of components",
            value: if least == most {
                most.to_string()
            } else {
                format!("{least}..{most}")
            },
            allowed: "from 1 to 256, for a recording",
        }));
    }
    let spectrogram = Spectrogram::of(recording, options.windows)?;
    if spectrogram.loudest() == 0.0 {
        return Err(AnalysisError::Silent);
    }
    let rows = spectrogram.rows(options.scale);
    let n_values = distinct(&rows, most);
    let ranking = rank(
        &Sample::new(&rows),
        &options.params,
        least.min(n_values)..=most.min(n_values),
        &[options.covariance_type],
        observe,
    )?;
    let mut candidates: Vec<Criteria> = ranking.iter().map(Fitted::criteria).collect();
    candidates.sort_by_key(|c| c.n_components);
    let Some(fitted) = ranking.into_iter().next() else {
        return Err(AnalysisError::Fit(GmmError::NoRows));
    };
    let fitted = from_quiet_to_loud(fitted)?;
    let of_row = fitted.model.labels(&rows)?;
    let n_frequencies = spectrogram.frequencies.len();
    let labels = Array2::from_shape_fn(spectrogram.power.dim().f(), |(f, t)| {
        of_row[t * n_frequencies + f] as u8
    });
    let levels = spectrogram.levels();
    Ok(Report {
        segments: segments(&fitted.model, &rows, of_row.iter().copied()),
        fitted,
        scale: options.scale,
        labels,
        candidates,
        activity: Activity::of(&levels, spectrogram.step),
        frame_levels: levels,
        spectrogram,
    })
}

/// The number of distinct values, or `most` if there are more.
fn distinct(rows: &Array2<f64>, most: usize) -> usize {
    let mut seen = HashSet::new();
    rows.iter()
        .take_while(|value| {
            seen.insert(value.to_bits());
            seen.len() < most
        })
        .for_each(drop);
    seen.len()
}

fn from_quiet_to_loud(fitted: Fitted) -> Result<Fitted, GmmError> {
    let mean = |i: usize| fitted.model.means()[(i, 0)];
    let mut order: Vec<usize> = (0..fitted.model.n_components()).collect();
    order.sort_by(|&a, &b| mean(a).total_cmp(&mean(b)));
    fitted.reordered(&order)
}

fn segments(model: &Gmm, rows: &Array2<f64>, labels: impl Iterator<Item = usize>) -> Vec<Segment> {
    let mut sums = vec![(0.0, 0); model.n_components()];
    for (value, label) in rows.iter().zip(labels) {
        let (sum, size) = &mut sums[label];
        *sum += value;
        *size += 1;
    }
    let segment = |(component, (sum, size)): (usize, (f64, usize))| Segment {
        size,
        share: size as f64 / rows.len() as f64,
        mean: if size > 0 {
            sum / size as f64
        } else {
            model.means()[(component, 0)]
        },
    };
    sums.into_iter().enumerate().map(segment).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(k: usize, scale: Scale) -> Options {
        Options {
            n_components: k..=k,
            scale,
            ..Options::default()
        }
    }

    fn analyzed(samples: Vec<f64>, options: &Options) -> Result<Report, AnalysisError> {
        analyze(&Recording::new(8000, samples).unwrap(), options, &|_, _| {})
    }

    #[test]
    fn segments_are_ordered_from_quiet_to_loud_and_add_up() {
        let tone = |i: i32| {
            let loud = if (i / 4000) % 2 == 1 { 5000.0 } else { 5.0 };
            loud * (f64::from(i) * 0.7).sin() + f64::from(i * 7919 % 13)
        };
        let samples: Vec<f64> = (0..16000).map(tone).collect();
        for scale in [Scale::Power, Scale::LogPower] {
            let report = analyzed(samples.clone(), &options(3, scale)).unwrap();
            let power = &report.spectrogram.power;
            assert_eq!(report.labels.dim(), power.dim());
            assert_eq!(report.labels.strides(), power.strides());
            assert_eq!(
                report.segments.iter().map(|s| s.size).sum::<usize>(),
                power.len()
            );
            assert!((report.segments.iter().map(|s| s.share).sum::<f64>() - 1.0).abs() < 1e-12);
            assert!(report.fitted.model.means().iter().is_sorted());
            for (i, segment) in (0u8..).zip(&report.segments) {
                let of_it = report.labels.iter().filter(|&&l| l == i).count();
                assert_eq!(of_it, segment.size);
            }
            let loudest = power.indexed_iter().max_by(|a, b| a.1.total_cmp(b.1));
            assert_eq!(report.labels[loudest.unwrap().0], 2);
            assert_eq!(report.frame_levels.len(), power.dim().1);
            assert_eq!(report.spans().len(), 2);
        }
    }

    #[test]
    fn silence_is_refused() {
        let ramp = (0..1000).map(|i| if i < 999 { 0.3 } else { 1.0 });
        for samples in [vec![0.0; 1000], vec![-7.1; 1000], ramp.collect()] {
            let refused = analyzed(samples, &Options::default()).unwrap_err();
            assert_eq!(refused, AnalysisError::Silent);
            assert_eq!(refused.to_string(), "the recording is silent");
        }
    }

    #[test]
    fn a_click_in_silence_and_a_single_window_are_segmented() {
        let mut click = vec![0.0; 4000];
        click[2000] = 100.0;
        for scale in [Scale::Power, Scale::LogPower] {
            let report = analyzed(click.clone(), &options(2, scale)).unwrap();
            assert_eq!(report.labels[(40, 0)], 0);
            assert_eq!(report.labels[(40, 15)], 1);
            let window: Vec<f64> = (0..256).map(|i| f64::from(i * i % 31)).collect();
            let report = analyzed(window, &options(3, scale)).unwrap();
            assert_eq!((report.labels.dim(), report.activity), ((129, 1), None));
        }
    }

    #[test]
    fn few_distinct_values_get_as_many_segments() {
        // Two windows of two samples: powers 0 and 0, or equal ones.
        let windows = Windows {
            nperseg: 2,
            noverlap: 0,
        };
        let few = Options {
            windows,
            ..options(3, Scale::Power)
        };
        let report = analyzed(vec![0.0, 0.0, 2.0, 6.0], &few).unwrap();
        assert_eq!(report.segments.len(), 2, "{:?}", report.spectrogram.power);
        assert_eq!(distinct(&Array2::from_elem((9, 1), 4.0), 3), 1);
        assert_eq!(
            distinct(&Array2::from_shape_fn((9, 1), |(i, _)| i as f64), 3),
            3
        );
    }

    #[test]
    fn impossible_options_are_refused() {
        let samples: Vec<f64> = (0..600).map(|i| f64::from(i * i % 17)).collect();
        for n_components in [0..=0, 2..=257, RangeInclusive::new(3, 2)] {
            let wrong = Options {
                n_components,
                ..Options::default()
            };
            let refused = analyzed(samples.clone(), &wrong).unwrap_err();
            assert!(matches!(
                refused,
                AnalysisError::Fit(GmmError::InvalidParameter { .. })
            ));
        }
        let wide = Options {
            windows: Windows {
                nperseg: 601,
                noverlap: 0,
            },
            ..Options::default()
        };
        assert!(matches!(
            analyzed(samples, &wide),
            Err(AnalysisError::Window(_))
        ));
    }
}
