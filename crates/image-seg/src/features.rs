//! Pixels as points in a colour space, and what is around them.

mod raster;
mod scale;
mod texture;

use std::collections::HashMap;

use gmm_core::ndarray::Array2;

use crate::data::Picture;

pub(crate) use raster::{Raster, Sums};
pub(crate) use scale::{Scale, magnified, shrunk, shrunk_size};
pub(crate) use texture::{Appearance, N_FEATURES, color};

/// The space in which colours are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColorSpace {
    /// CIE L*a*b* under D65, 2° observer: distances resemble perceived differences. L in 0…100, a and b in
    /// about ±110.
    #[default]
    Lab,
    /// sRGB values in 0…1.
    Rgb,
}

impl ColorSpace {
    /// `Lab` or `RGB`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lab => "Lab",
            Self::Rgb => "RGB",
        }
    }

    /// The names of its three coordinates.
    pub const fn axes(self) -> [&'static str; 3] {
        match self {
            Self::Lab => ["L*", "a*", "b*"],
            Self::Rgb => ["R", "G", "B"],
        }
    }

    /// A colour of this space, from sRGB values in 0…1.
    pub fn of_srgb(self, srgb: [f64; 3]) -> [f64; 3] {
        match self {
            Self::Lab => lab(srgb),
            Self::Rgb => srgb,
        }
    }

    /// Lightness of a colour of this space, to order colours by.
    pub fn lightness(self, [x, y, z]: [f64; 3]) -> f64 {
        match self {
            Self::Lab => x,
            // Rec. 709 luma.
            Self::Rgb => 0.2126 * x + 0.7152 * y + 0.0722 * z,
        }
    }
}

/// CIE L*a*b* of sRGB values in 0…1, with the constants of scikit-image's `rgb2lab` (D65, 2° observer).
pub fn lab(srgb: [f64; 3]) -> [f64; 3] {
    const XYZ_OF_RGB: [[f64; 3]; 3] = [
        [0.412453, 0.357580, 0.180423],
        [0.212671, 0.715160, 0.072169],
        [0.019334, 0.119193, 0.950227],
    ];
    const WHITE: [f64; 3] = [0.95047, 1.0, 1.08883];
    // IEC 61966-2-1: the electro-optical transfer function of sRGB.
    let linear = srgb.map(|c| {
        if c > 0.04045 {
            ((c + 0.055) / 1.055).powf(2.4)
        } else {
            c / 12.92
        }
    });
    // CIE 15: the cube root, made linear near black.
    let f = |t: f64| {
        if t > 0.008856 {
            t.cbrt()
        } else {
            7.787 * t + 16.0 / 116.0
        }
    };
    let coordinate = |i: usize| {
        let row = XYZ_OF_RGB[i];
        f((row[0] * linear[0] + row[1] * linear[1] + row[2] * linear[2]) / WHITE[i])
    };
    let [fx, fy, fz] = [coordinate(0), coordinate(1), coordinate(2)];
    [116.0 * fy - 16.0, 500.0 * (fx - fy), 200.0 * (fy - fz)]
}

/// The most distinct colours that are told apart.
const MOST_COLORS: usize = 1 << 21;

/// The distinct colours of a picture.
///
/// A picture is a weighted sample of far fewer colours than pixels; a fit to these with their numbers as
/// weights is the fit to all pixels, and many times faster. The rare picture of more than two million colours,
/// with 16 bits a channel and noise, is rounded to 8 bits a channel, or to 7, so that memory stays bounded.
#[derive(Debug, Clone)]
pub struct Colors {
    /// The colours in the colour space, n × 3.
    pub rows: Array2<f64>,
    /// Pixels of each colour.
    pub weights: Vec<f64>,
    /// The colours in sRGB.
    pub srgb: Vec<[u16; 3]>,
    /// The colour of each pixel.
    pub of_pixel: Vec<u32>,
    /// Bits a channel that are told apart.
    pub depth: u32,
}

impl Colors {
    /// The colours of a picture, in a fixed order.
    pub fn of(picture: &Picture, space: ColorSpace) -> Self {
        Self::with_at_most(picture, space, MOST_COLORS)
    }

    fn with_at_most(picture: &Picture, space: ColorSpace, most: usize) -> Self {
        let mut depth = 16;
        let mut place = loop {
            match distinct(picture, depth, most) {
                Some(counts) => break counts,
                // 8 bits, then 7, and so on: at most 2³ᵇ colours at depth b.
                None => depth = if depth > 8 { 8 } else { depth - 1 },
            }
        };
        let mut colors: Vec<([u16; 3], u32)> = place.iter().map(|(c, n)| (*c, *n)).collect();
        colors.sort_unstable();
        for (i, (color, _)) in (0u32..).zip(&colors) {
            place.insert(*color, i);
        }
        let mut rows = Array2::zeros((colors.len(), 3));
        for (mut row, (color, _)) in rows.rows_mut().into_iter().zip(&colors) {
            let srgb = color.map(|v| f64::from(v) / f64::from(u16::MAX));
            for (x, value) in row.iter_mut().zip(space.of_srgb(srgb)) {
                *x = value;
            }
        }
        let of_pixel = picture
            .pixels()
            .iter()
            .map(|&pixel| place[&rounded(pixel, depth)])
            .collect();
        Self {
            rows,
            weights: colors.iter().map(|&(_, n)| f64::from(n)).collect(),
            of_pixel,
            srgb: colors.into_iter().map(|(color, _)| color).collect(),
            depth,
        }
    }
}

/// The colours at `depth` bits a channel with their numbers of pixels; none if there are more than `most`.
fn distinct(picture: &Picture, depth: u32, most: usize) -> Option<HashMap<[u16; 3], u32>> {
    let mut counts = HashMap::new();
    for &pixel in picture.pixels() {
        *counts.entry(rounded(pixel, depth)).or_default() += 1;
        if counts.len() > most {
            return None;
        }
    }
    Some(counts)
}

/// The nearest colour of `depth` bits a channel.
fn rounded(pixel: [u16; 3], depth: u32) -> [u16; 3] {
    const FULL: u32 = u16::MAX as u32;
    let steps = (1 << depth) - 1;
    pixel.map(|v| ((u32::from(v) * steps + FULL / 2) / FULL * FULL / steps) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_black_and_grey_are_where_they_should_be() {
        let [l, a, b] = lab([1.0; 3]);
        assert!((l - 100.0).abs() < 1e-9 && a.abs() < 0.01 && b.abs() < 0.01);
        assert!(lab([0.0; 3])[0].abs() < 1e-12);
    }

    #[test]
    fn colours_are_counted_and_found_again() {
        let picture = Picture::from_rgb8(3, 1, &[9, 9, 9, 0, 0, 0, 9, 9, 9]).unwrap();
        let colors = Colors::of(&picture, ColorSpace::Rgb);
        assert_eq!(colors.weights, [1.0, 2.0]);
        assert_eq!(colors.of_pixel, [1, 0, 1]);
        assert!((colors.rows[(1, 0)] - 9.0 / 255.0).abs() < 1e-15);
    }

    #[test]
    fn too_many_colours_are_rounded_to_fewer_bits() {
        assert_eq!(rounded([0, 12345, 65535], 16), [0, 12345, 65535]);
        assert_eq!(
            rounded([257 * 9, 257 * 9 + 100, 65535], 8),
            [257 * 9, 257 * 9, 65535]
        );
        let bytes: Vec<u8> = (0..=255u8).flat_map(|v| [v, 0, 0]).collect();
        let picture = Picture::from_rgb8(256, 1, &bytes).unwrap();
        let all = Colors::with_at_most(&picture, ColorSpace::Rgb, 256);
        assert_eq!((all.depth, all.weights.len()), (16, 256));
        let few = Colors::with_at_most(&picture, ColorSpace::Rgb, 200);
        assert_eq!((few.depth, few.weights.len()), (7, 128));
        assert_eq!(few.weights.iter().sum::<f64>(), 256.0);
        for (pixel, &color) in picture.pixels().iter().zip(&few.of_pixel) {
            assert!(few.srgb[color as usize][0].abs_diff(pixel[0]) <= 65535 / 127 / 2 + 1);
        }
    }
}
