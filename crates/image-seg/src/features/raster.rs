//! Numbers on the pixels of a picture, and their means over windows.

/// One number for each pixel, row by row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Raster {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) values: Vec<f64>,
}

impl Raster {
    /// Binomial weights 1 4 6 4 1 along rows and columns: a Gaussian of deviation 1. Beyond the border the outermost
    /// pixels go on.
    pub(crate) fn smoothed(&self) -> Self {
        const WEIGHTS: [f64; 5] = [1.0 / 16.0, 4.0 / 16.0, 6.0 / 16.0, 4.0 / 16.0, 1.0 / 16.0];
        let (w, h) = (self.width, self.height);
        // The place of a tap on a side of this many pixels.
        let tap = |i: usize, k: usize, n: usize| (i + k).saturating_sub(2).min(n - 1);
        let along = |of: &dyn Fn(usize, usize, usize) -> f64| -> Vec<f64> {
            let places = (0..h).flat_map(|y| (0..w).map(move |x| (x, y)));
            places
                .map(|(x, y)| (0..5).map(|k| WEIGHTS[k] * of(x, y, k)).sum())
                .collect()
        };
        let rows = along(&|x, y, k| self.values[y * w + tap(x, k, w)]);
        Self {
            width: w,
            height: h,
            values: along(&|x, y, k| rows[tap(y, k, h) * w + x]),
        }
    }

    /// The least values in the squares of `2r + 1` pixels about all pixels.
    pub(crate) fn least(&self, r: usize) -> Self {
        let (w, h) = (self.width, self.height);
        let around = |i: usize, n: usize| i.saturating_sub(r)..(i + r + 1).min(n);
        let along = |of: &dyn Fn(usize, usize) -> f64| -> Vec<f64> {
            let places = (0..h).flat_map(|y| (0..w).map(move |x| (x, y)));
            places.map(|(x, y)| of(x, y)).collect()
        };
        let least = |values: &mut dyn Iterator<Item = f64>| values.fold(f64::INFINITY, f64::min);
        let rows = along(&|x, y| least(&mut around(x, w).map(|u| self.values[y * w + u])));
        Self {
            width: w,
            height: h,
            values: along(&|x, y| least(&mut around(y, h).map(|v| rows[v * w + x]))),
        }
    }

    /// The sums of all values above and to the left (Crow, *SIGGRAPH* 1984).
    pub(crate) fn sums(&self) -> Sums {
        let stride = self.width + 1;
        let mut values = vec![0.0; stride * (self.height + 1)];
        for y in 0..self.height {
            let mut row = 0.0;
            for x in 0..self.width {
                row += self.values[y * self.width + x];
                values[(y + 1) * stride + x + 1] = values[y * stride + x + 1] + row;
            }
        }
        Sums {
            width: self.width,
            height: self.height,
            values,
        }
    }
}

/// A window of a picture: columns and rows from the first to before the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    columns: (usize, usize),
    rows: (usize, usize),
}

/// Sums from which that of any window is four look-ups.
#[derive(Debug, Clone)]
pub(crate) struct Sums {
    width: usize,
    height: usize,
    values: Vec<f64>,
}

impl Sums {
    /// What a picture of this size has of the window of `(2·rx + 1) × (2·ry + 1)` pixels about a point; none if the
    /// point is outside.
    pub(crate) fn window(
        (width, height): (usize, usize),
        (x, y): (isize, isize),
        (rx, ry): (usize, usize),
    ) -> Option<Window> {
        let side = |at: isize, r: usize, n: usize| {
            let inside = usize::try_from(at).ok().filter(|at| *at < n)?;
            Some((inside.saturating_sub(r), (inside + r + 1).min(n)))
        };
        Some(Window {
            columns: side(x, rx, width)?,
            rows: side(y, ry, height)?,
        })
    }

    /// The mean over a window.
    pub(crate) fn mean(&self, window: Window) -> f64 {
        let stride = self.width + 1;
        let ((x0, x1), (y0, y1)) = (window.columns, window.rows);
        let at = |x: usize, y: usize| self.values[y * stride + x];
        let sum = at(x1, y1) - at(x0, y1) - at(x1, y0) + at(x0, y0);
        sum / ((x1 - x0) * (y1 - y0)) as f64
    }

    /// The means over the squares of `2r + 1` pixels about all pixels.
    pub(crate) fn means(&self, r: usize) -> Vec<f64> {
        let size = (self.width, self.height);
        let places = (0..self.height).flat_map(|y| (0..self.width).map(move |x| (x, y)));
        let mean = |(x, y): (usize, usize)| {
            let window = Self::window(size, (x as isize, y as isize), (r, r));
            window.map_or(0.0, |window| self.mean(window))
        };
        places.map(mean).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_those_of_the_pixels_inside() {
        let raster = Raster {
            width: 3,
            height: 2,
            values: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        };
        let sums = raster.sums();
        assert_eq!(sums.means(1), [3.0, 3.5, 4.0, 3.0, 3.5, 4.0]);
        assert_eq!(sums.means(0), raster.values);
        assert_eq!(raster.least(1).values, [1.0, 1.0, 2.0, 1.0, 1.0, 2.0]);
        assert_eq!(Sums::window((3, 2), (-1, 0), (1, 1)), None);
        assert_eq!(Sums::window((3, 2), (0, 2), (1, 1)), None);
    }

    #[test]
    fn smoothing_keeps_what_is_even_and_has_deviation_1() {
        let mut values = vec![0.0; 121];
        values[60] = 1.0;
        let raster = |values| Raster {
            width: 11,
            height: 11,
            values,
        };
        let spread = raster(values).smoothed().values;
        let variance: f64 = (0..121)
            .map(|i| spread[i] * ((i % 11) as f64 - 5.0).powi(2))
            .sum();
        assert!((variance - 1.0).abs() < 1e-12);
        let even = raster(vec![3.0; 121]).smoothed().values;
        assert!(even.iter().all(|v| (v - 3.0).abs() < 1e-12));
    }
}
