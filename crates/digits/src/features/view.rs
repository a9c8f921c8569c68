//! What a recognizer sees of an image.

use std::f64::consts::TAU;

use gmm_core::ndarray::{Array1, Array2, ArrayView1};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Directions that strokes are sorted by, from 0 to 2π.
const DIRECTIONS: usize = 8;
/// Places along a side where the strokes of each direction are measured, at most, and pixels between them, at least.
const MOST_PLACES: usize = 5;
const FEWEST_PIXELS: usize = 2;
/// Deviation of the window of each place, in distances between places.
const WINDOW: f64 = 0.65;
/// Grey levels along a side, at most.
const MOST_GREYS: usize = 10;

/// What a recognizer sees of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum View {
    /// How strongly the grey changes in each of eight directions about each place of a coarse grid: Sobel's gradients,
    /// shared between the two nearest directions, under Gaussian windows; square roots make them more nearly normal
    /// (Liu, Nakashima, Sako & Fujisawa, *Pattern Recognition* 36, 2003, §4).
    Strokes,
    /// The grey levels themselves; means of blocks, where there are more than ten along a side.
    Greys,
}

impl std::fmt::Display for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Strokes => "strokes",
            Self::Greys => "greys",
        })
    }
}

impl View {
    /// D, the number of features of an image of `width` × `height` pixels.
    pub fn n_features(self, width: usize, height: usize) -> usize {
        match self {
            Self::Strokes => DIRECTIONS * n_places(width) * n_places(height),
            Self::Greys => width.clamp(1, MOST_GREYS) * height.clamp(1, MOST_GREYS),
        }
    }

    /// Features of images of `width` × `height` pixels, one image a row of `pixels` and of the answer.
    pub fn of(self, pixels: &Array2<f64>, width: usize, height: usize) -> Array2<f64> {
        let eye = match self {
            Self::Strokes => Eye::strokes(width, height),
            Self::Greys => Eye::greys(width, height),
        };
        let seen = |i: usize| match self {
            Self::Strokes => eye.directions(pixels.row(i), width, height),
            Self::Greys => eye.sums(pixels.row(i).iter().copied(), 1),
        };
        let rows: Vec<Array1<f64>> = (0..pixels.nrows()).into_par_iter().map(seen).collect();
        let mut out = Array2::zeros((pixels.nrows(), self.n_features(width, height)));
        for (mut features, row) in out.rows_mut().into_iter().zip(&rows) {
            features.assign(row);
        }
        out
    }
}

/// Places along a side.
fn n_places(side: usize) -> usize {
    (side / FEWEST_PIXELS).clamp(1, MOST_PLACES)
}

/// Weights of the pixels of rows and columns for each place of a grid.
struct Eye {
    /// Places down × rows of pixels.
    rows: Array2<f64>,
    /// Places across × columns of pixels.
    columns: Array2<f64>,
}

impl Eye {
    /// Gaussian windows over an image with a margin of one pixel, where the gradients of its border lie.
    fn strokes(width: usize, height: usize) -> Self {
        let windows = |side: usize| {
            let n = n_places(side);
            let distance = side as f64 / n as f64;
            let weight = |(place, pixel): (usize, usize)| {
                let middle = (place as f64 + 0.5) * distance + 0.5;
                (-0.5 * ((pixel as f64 - middle) / (WINDOW * distance)).powi(2)).exp()
            };
            let mut windows = Array2::from_shape_fn((n, side + 2), weight);
            for mut window in windows.rows_mut() {
                let sum = window.sum();
                window /= sum;
            }
            windows
        };
        Self {
            rows: windows(height),
            columns: windows(width),
        }
    }

    /// Means of blocks.
    fn greys(width: usize, height: usize) -> Self {
        let blocks = |side: usize| {
            let n = side.clamp(1, MOST_GREYS);
            let mut blocks = Array2::zeros((n, side));
            for pixel in 0..side {
                blocks[(pixel * n / side, pixel)] = 1.0;
            }
            for mut block in blocks.rows_mut() {
                let sum = block.sum();
                block /= sum;
            }
            blocks
        };
        Self {
            rows: blocks(height),
            columns: blocks(width),
        }
    }

    /// Σ over each window of each of the `n` planes whose numbers follow one another.
    fn sums(&self, planes: impl Iterator<Item = f64>, n: usize) -> Array1<f64> {
        let (height, width) = (self.rows.ncols(), self.columns.ncols());
        let mut planes = planes;
        let mut out = Vec::new();
        for _ in 0..n {
            let plane: Array2<f64> =
                Array2::from_shape_simple_fn((height, width), || planes.next().unwrap_or(0.0));
            out.extend(self.rows.dot(&plane).dot(&self.columns.t()));
        }
        Array1::from_vec(out)
    }

    /// √ of the gradients' sizes, by direction and place.
    fn directions(&self, image: ArrayView1<'_, f64>, width: usize, height: usize) -> Array1<f64> {
        // Outside the image there is nothing.
        let pixel = |x: usize, y: usize| match (x.checked_sub(2), y.checked_sub(2)) {
            (Some(x), Some(y)) if x < width && y < height => image[y * width + x],
            _ => 0.0,
        };
        let n = (width + 2) * (height + 2);
        let mut planes = vec![0.0; DIRECTIONS * n];
        for y in 0..height + 2 {
            for x in 0..width + 2 {
                let across = |row: usize| pixel(x + 2, row) - pixel(x, row);
                let down = |column: usize| pixel(column, y + 2) - pixel(column, y);
                let dx = (across(y) + 2.0 * across(y + 1) + across(y + 2)) / 8.0;
                let dy = (down(x) + 2.0 * down(x + 1) + down(x + 2)) / 8.0;
                let turn = dy.atan2(dx).rem_euclid(TAU) / TAU * DIRECTIONS as f64;
                let (first, beyond) = (turn.floor(), turn.fract());
                let (first, size) = (first as usize % DIRECTIONS, dx.hypot(dy));
                let place = y * (width + 2) + x;
                planes[first * n + place] += size * (1.0 - beyond);
                planes[(first + 1) % DIRECTIONS * n + place] += size * beyond;
            }
        }
        self.sums(planes.into_iter(), DIRECTIONS).mapv(f64::sqrt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An image of 8 × 8 pixels that is bright where `is_ink`.
    fn image(is_ink: impl Fn(usize, usize) -> bool) -> Array2<f64> {
        Array2::from_shape_fn((1, 64), |(_, p)| f64::from(u8::from(is_ink(p % 8, p / 8))))
    }

    #[test]
    fn an_edge_is_seen_in_its_own_direction() {
        let right = View::Strokes.of(&image(|x, _| x >= 4), 8, 8);
        assert_eq!(right.dim(), (1, 8 * 16));
        let strength = |direction: usize| right.row(0).iter().skip(16 * direction).take(16).sum();
        // Grey rises to the right at the edge and falls again at the border of the image.
        let (rising, up): (f64, f64) = (strength(0), strength(6));
        assert!(rising > 3.0 * up, "{rising} {up}");
        // The same image turned upside down has up and down exchanged.
        let above = View::Strokes.of(&image(|x, y| x + 2 * y < 9), 8, 8);
        let below = View::Strokes.of(&image(|x, y| x + 2 * (7 - y) < 9), 8, 8);
        for direction in 0..8 {
            let mirrored = (8 - direction) % 8;
            for place in 0..16 {
                let other = 16 * mirrored + (3 - place / 4) * 4 + place % 4;
                let (a, b) = (above[(0, 16 * direction + place)], below[(0, other)]);
                assert!((a - b).abs() < 1e-12, "{direction} {place}: {a} {b}");
            }
        }
    }

    #[test]
    fn any_shape_has_features() {
        for (width, height, strokes, greys) in [(1, 1, 8, 1), (4, 1, 16, 4), (28, 28, 200, 100)] {
            let pixels = Array2::from_shape_fn((2, width * height), |(i, j)| (i + j) as f64);
            let seen = View::Strokes.of(&pixels, width, height);
            assert_eq!(seen.dim(), (2, strokes));
            assert!(seen.iter().all(|v| v.is_finite()));
            assert_eq!(View::Greys.of(&pixels, width, height).dim(), (2, greys));
        }
        let small = Array2::from_shape_fn((1, 64), |(_, j)| j as f64);
        assert_eq!(View::Greys.of(&small, 8, 8), small);
    }
}
