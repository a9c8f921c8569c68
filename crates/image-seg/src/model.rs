//! The mixture of colours, and the segments it makes.

mod boundaries;
mod foreground;
mod merging;
mod outline;
mod parts;
mod regions;
mod superpixels;

use std::ops::RangeInclusive;

use gmm_core::ndarray::Array1;
use gmm_core::selection::rank;
use gmm_core::{
    CovarianceType, Criteria, Fitted, Gmm, GmmError, GmmParams, Progress, Ridge, Sample,
};
use gmm_figures::Color;

use crate::data::Picture;
use crate::features::{ColorSpace, Colors};

pub use foreground::{Foreground, ForegroundError, ForegroundOptions, find_foreground};
pub use regions::{MOST_REGIONS, Region, RegionOptions, Regions, find_regions};

/// The ridge of the slides: in Lab, a deviation of 0.001 units, far below what a screen shows.
const RIDGE: Ridge = Ridge::Absolute(1e-6);

/// The most segments of a picture: labels are bytes.
pub const MOST_SEGMENTS: usize = 256;

/// What to do.
#[derive(Debug, Clone)]
pub struct Options {
    /// Numbers of components to try; of several, the one of least BIC is taken.
    pub n_components: RangeInclusive<usize>,
    /// The constraint on the covariances.
    pub covariance_type: CovarianceType,
    /// The space in which colours are compared.
    pub color_space: ColorSpace,
    /// All else about the fit.
    pub params: GmmParams,
}

impl Default for Options {
    /// Five components with full covariances in Lab, with the ridge of the slides.
    fn default() -> Self {
        Self {
            n_components: 5..=5,
            covariance_type: CovarianceType::Full,
            color_space: ColorSpace::Lab,
            params: Gmm::params(5).ridge(RIDGE),
        }
    }
}

/// Pixels that belong together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Segment {
    /// Number of pixels.
    pub size: usize,
    /// Their mean colour, in sRGB; where there are none, black.
    pub mean_color: Color,
    /// The same colour in the colour space of the fit.
    pub mean: [f64; 3],
}

/// A segmented picture.
#[derive(Debug, Clone)]
pub struct Report {
    /// The fit, its components ordered by the lightness of their segments, from dark to light.
    pub fitted: Fitted,
    /// The space its means are in.
    pub color_space: ColorSpace,
    /// The segment of each pixel, row by row.
    pub labels: Vec<u8>,
    /// The segments, one for each component.
    pub segments: Vec<Segment>,
    /// What was tried, by number of components.
    pub candidates: Vec<Criteria>,
    /// Distinct colours of the picture.
    pub n_colors: usize,
    /// Bits a channel in which they are told apart.
    pub color_depth: u32,
}

/// Fits a mixture to the colours of a picture and labels every pixel with its most probable component.
///
/// A picture of fewer colours than components gets as many components as colours. `observe` hears of every
/// iteration, with the fit's place in the order of fitting.
///
/// # Errors
/// [`GmmError::InvalidParameter`] for more than 256 components, and those of the fit.
pub fn analyze(
    picture: &Picture,
    options: &Options,
    observe: &(dyn Fn(usize, Progress) + Sync),
) -> Result<Report, GmmError> {
    let (least, most) = (*options.n_components.start(), *options.n_components.end());
    if most > MOST_SEGMENTS || least < 1 || least > most {
        return Err(GmmError::InvalidParameter {
            name: "number of components",
            value: if least == most {
                most.to_string()
            } else {
                format!("{least}..{most}")
            },
            allowed: "from 1 to 256, for a picture",
        });
    }
    let colors = Colors::of(picture, options.color_space);
    let n_colors = colors.weights.len();
    let sample = Sample::weighted(&colors.rows, &colors.weights)?;
    let tried = least.min(n_colors)..=most.min(n_colors);
    let ranking = rank(
        &sample,
        &options.params,
        tried,
        &[options.covariance_type],
        observe,
    )?;
    let mut candidates: Vec<Criteria> = ranking.iter().map(Fitted::criteria).collect();
    candidates.sort_by_key(|c| c.n_components);
    let Some(fitted) = ranking.into_iter().next() else {
        return Err(GmmError::NoRows);
    };
    let of_color = fitted.model.labels(&colors.rows)?;
    let segments = segments(
        fitted.model.n_components(),
        &colors,
        &of_color,
        options.color_space,
    );
    let mut order: Vec<usize> = (0..segments.len()).collect();
    order.sort_by(|&a, &b| {
        let lightness = |i: usize| options.color_space.lightness(segments[i].mean);
        lightness(a).total_cmp(&lightness(b))
    });
    let mut place = vec![0; order.len()];
    order
        .iter()
        .enumerate()
        .for_each(|(i, &segment)| place[segment] = i as u8);
    let label = |&color: &u32| place[of_color[color as usize]];
    Ok(Report {
        fitted: fitted.reordered(&order)?,
        color_space: options.color_space,
        labels: colors.of_pixel.iter().map(label).collect(),
        segments: order.iter().map(|&segment| segments[segment]).collect(),
        candidates,
        n_colors,
        color_depth: colors.depth,
    })
}

fn segments(
    n_segments: usize,
    colors: &Colors,
    of_color: &Array1<usize>,
    space: ColorSpace,
) -> Vec<Segment> {
    let mut sums = vec![([0.0; 3], 0.0); n_segments];
    for ((srgb, weight), &segment) in colors.srgb.iter().zip(&colors.weights).zip(of_color) {
        let (sum, size) = &mut sums[segment];
        *size += weight;
        for (s, c) in sum.iter_mut().zip(srgb) {
            *s += weight * f64::from(*c) / f64::from(u16::MAX);
        }
    }
    sums.into_iter()
        .map(|(sum, size)| {
            let srgb = sum.map(|s| if size > 0.0 { s / size } else { 0.0 });
            let [r, g, b] = srgb.map(|c| (c * 255.0).round() as u8);
            Segment {
                size: size as usize,
                mean_color: Color(r, g, b),
                mean: space.of_srgb(srgb),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segmented(bytes: &[u8], width: u32, k: usize) -> Report {
        let picture = Picture::from_rgb8(width, (bytes.len() / 3) as u32 / width, bytes).unwrap();
        let options = Options {
            n_components: k..=k,
            ..Options::default()
        };
        analyze(&picture, &options, &|_, _| {}).unwrap()
    }

    #[test]
    fn segments_are_ordered_from_dark_to_light_and_add_up() {
        let bytes: Vec<u8> = (0..400)
            .flat_map(|i| [[250 - (i % 5) as u8; 3], [(i % 7) as u8; 3]])
            .flatten()
            .collect();
        let report = segmented(&bytes, 20, 2);
        assert_eq!(report.labels[..4], [1, 0, 1, 0]);
        assert_eq!(
            report.segments.iter().map(|s| s.size).collect::<Vec<_>>(),
            [400, 400]
        );
        assert!(report.segments[0].mean_color.0 < 10 && report.segments[1].mean_color.0 > 240);
        assert_eq!(report.fitted.total_weight, 800.0);
    }

    #[test]
    fn a_picture_of_few_colours_gets_as_many_segments() {
        let one = segmented(&[7; 30], 5, 5);
        assert_eq!((one.n_colors, one.segments.len()), (1, 1));
        assert!(one.labels.iter().all(|&l| l == 0));
        let two = segmented(
            &[[0, 0, 0], [255, 0, 0], [0, 0, 0], [0, 0, 0]].concat(),
            2,
            5,
        );
        assert_eq!((two.n_colors, two.segments.len()), (2, 2));
        assert_eq!(two.labels, [0, 1, 0, 0]);
    }

    #[test]
    fn more_segments_than_labels_are_refused() {
        let picture = Picture::from_rgb8(1, 1, &[0; 3]).unwrap();
        let options = Options {
            n_components: 2..=257,
            ..Options::default()
        };
        assert!(analyze(&picture, &options, &|_, _| {}).is_err());
    }
}
