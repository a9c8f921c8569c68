//! Pixels by their colour and by how uneven the lightness is around them.

use gmm_core::ndarray::Array2;
use rayon::prelude::*;

use super::lab;
use super::raster::Raster;
use crate::data::Picture;

/// Half sides of the windows in which unevenness is measured.
const HALF_SIDES: [usize; 2] = [3, 9];
/// How many units of L* weigh as much as an unevenness e times as large.
const UNEVENNESS: f64 = 8.0;
/// Numbers of a pixel: L*, a*, b* and the unevenness of each window.
pub(crate) const N_FEATURES: usize = 3 + HALF_SIDES.len();

/// What is seen at every pixel.
#[derive(Debug, Clone)]
pub(crate) struct Appearance {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// The smoothed colour in Lab.
    pub(crate) colors: Vec<[f64; 3]>,
    /// Colour and unevenness, pixels × [`N_FEATURES`].
    pub(crate) rows: Array2<f64>,
}

impl Appearance {
    pub(crate) fn of(picture: &Picture) -> Self {
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let exact = colors(picture);
        let raster = |values| Raster {
            width,
            height,
            values,
        };
        let channel = |j: usize| raster(exact.iter().map(|c| c[j]).collect());
        let smooth: Vec<Vec<f64>> = (0..3).map(|j| channel(j).smoothed().values).collect();
        // Of numbers about 0 the variance loses no digits; L* is about 50.
        let lightness = raster(exact.iter().map(|c| c[0] - 50.0).collect());
        let squares = raster(lightness.values.iter().map(|l| l * l).collect());
        let (sums, sums_of_squares) = (lightness.sums(), squares.sums());
        let uneven: Vec<Vec<f64>> = HALF_SIDES
            .iter()
            .map(|&r| {
                let (means, squares) = (sums.means(r), sums_of_squares.means(r));
                let variances = means.iter().zip(squares).map(|(m, s)| (s - m * m).max(0.0));
                let uneven = variances.map(|v| UNEVENNESS * (1.0 + v.sqrt()).ln());
                // Of all windows that a pixel is in the most even: an edge beside it is no texture.
                raster(uneven.collect()).least(r).values
            })
            .collect();
        let rows = Array2::from_shape_fn((exact.len(), N_FEATURES), |(i, j)| match j {
            0..3 => smooth[j][i],
            _ => uneven[j - 3][i],
        });
        Self {
            width,
            height,
            colors: (0..exact.len())
                .map(|i| [0, 1, 2].map(|j| smooth[j][i]))
                .collect(),
            rows,
        }
    }

    pub(crate) fn n_pixels(&self) -> usize {
        self.colors.len()
    }
}

/// The colour of a pixel in Lab.
pub(crate) fn color(pixel: [u16; 3]) -> [f64; 3] {
    lab(pixel.map(|v| f64::from(v) / f64::from(u16::MAX)))
}

/// The colours of all pixels in Lab.
fn colors(picture: &Picture) -> Vec<[f64; 3]> {
    picture.pixels().par_iter().map(|p| color(*p)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stripes_are_uneven_and_walls_are_not() {
        let bytes: Vec<u8> = (0..40 * 20)
            .flat_map(|i| {
                [if i % 40 < 20 {
                    119
                } else {
                    80 * (i % 2) as u8 + 79
                }; 3]
            })
            .collect();
        let seen = Appearance::of(&Picture::from_rgb8(40, 20, &bytes).unwrap());
        let (wall, stripes) = (10 * 40 + 5, 10 * 40 + 35);
        assert!(seen.rows[[wall, 3]].abs() < 1e-6);
        assert!(seen.rows[[stripes, 3]] > 20.0);
        // Their smoothed colours are the same but for a part of the stripes that is left.
        assert!((seen.colors[wall][0] - seen.colors[stripes][0]).abs() < 3.0);
    }
}
