//! Pictures made smaller, and what was found in them made as large as they were.

use rayon::prelude::*;

use crate::data::Picture;

/// The pixels of a large picture that each pixel of a small one stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scale {
    /// The column of the small picture for each column of the large one.
    columns: Vec<u32>,
    /// The same of rows.
    rows: Vec<u32>,
    /// The width of the small picture.
    width: u32,
}

impl Scale {
    /// What the small picture has for each pixel of the large one.
    pub(crate) fn enlarged<T: Copy>(&self, small: &[T]) -> Vec<T> {
        let width = self.width as usize;
        let row = |y: &u32| {
            let row = &small[*y as usize * width..][..width];
            self.columns.iter().map(|x| row[*x as usize])
        };
        self.rows.iter().flat_map(row).collect()
    }
}

impl Scale {
    /// From pixels of a picture of the second size to those of a larger one.
    pub(crate) fn between((width, height): (u32, u32), (w, h): (u32, u32)) -> Self {
        let stands_for = |n: u32, small: u32| -> Vec<u32> {
            let of = |i: u32| (u64::from(i) * u64::from(small) / u64::from(n)) as u32;
            (0..n).map(of).collect()
        };
        Self {
            columns: stands_for(width, w),
            rows: stands_for(height, h),
            width: w,
        }
    }
}

/// The sides of a picture divided by the same number, so that it has at most about `most` pixels. A picture of one row
/// keeps its row, and so more pixels.
pub(crate) fn shrunk_size((width, height): (u32, u32), most: usize) -> (u32, u32) {
    let n_pixels = f64::from(width) * f64::from(height);
    let factor = (n_pixels / most as f64).sqrt().max(1.0);
    let side = |n: u32| ((f64::from(n) / factor).round() as u32).clamp(1, n);
    (side(width), side(height))
}

/// The picture at this size, which is not larger: each pixel is the mean of those that it stands for, in sRGB values.
pub(crate) fn shrunk(picture: &Picture, (w, h): (u32, u32)) -> Picture {
    let (width, height) = (picture.width(), picture.height());
    if (w, h) == (width, height) {
        return picture.clone();
    }
    let first = |i: u32, n: u32, small: u32| {
        (u64::from(i) * u64::from(n)).div_ceil(u64::from(small)) as usize
    };
    let pixel = |place: usize| {
        let (x, y) = (place as u32 % w, place as u32 / w);
        let columns = first(x, width, w)..first(x + 1, width, w);
        let rows = first(y, height, h)..first(y + 1, height, h);
        let count = (columns.len() * rows.len()) as u64;
        let mut sums = [0_u64; 3];
        for row in rows {
            for pixel in &picture.pixels()[row * width as usize..][columns.clone()] {
                let both = sums.iter_mut().zip(pixel);
                both.for_each(|(s, v)| *s += u64::from(*v));
            }
        }
        sums.map(|s| ((s + count / 2) / count) as u16)
    };
    let pixels = (0..w as usize * h as usize).into_par_iter().map(pixel);
    Picture::of_pixels(w, h, pixels.collect())
}

/// The picture with every pixel a square of `factor`² pixels.
pub(crate) fn magnified(picture: &Picture, factor: u32) -> Picture {
    let size = (picture.width(), picture.height());
    let large = (size.0 * factor, size.1 * factor);
    let pixels = Scale::between(large, size).enlarged(picture.pixels());
    Picture::of_pixels(large.0, large.1, pixels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_pictures_are_the_means_of_large_ones() {
        let bytes: Vec<u8> = (0..7 * 5).flat_map(|i| [i as u8 * 7; 3]).collect();
        let picture = Picture::from_rgb8(7, 5, &bytes).unwrap();
        for most in [1, 3, 9, 20] {
            let size = shrunk_size((7, 5), most);
            let (small, scale) = (shrunk(&picture, size), Scale::between((7, 5), size));
            let (w, h) = (small.width() as usize, small.height() as usize);
            let places: Vec<usize> = (0..w * h).collect();
            let large = scale.enlarged(&places);
            assert_eq!(large.len(), 35);
            for place in places {
                let of: Vec<u64> = (0..35)
                    .filter(|i| large[*i] == place)
                    .map(|i| u64::from(picture.pixels()[i][0]))
                    .collect();
                let mean = of.iter().sum::<u64>() as f64 / of.len() as f64;
                assert!((f64::from(small.pixels()[place][0]) - mean).abs() <= 0.5);
            }
        }
        assert_eq!(shrunk(&magnified(&picture, 3), (7, 5)), picture);
        assert_eq!(shrunk_size((4000, 1), 1000), (2000, 1));
        assert_eq!(shrunk_size((7, 5), 35), (7, 5));
    }
}
