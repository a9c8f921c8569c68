//! Images as rows of grey levels.

mod view;

use gmm_core::ndarray::{Array2, Axis};

pub use view::View;

use crate::data::Images;

/// Grey levels from 0 to the brightest pixel: those of the shipped images.
const LEVELS: f64 = 16.0;

/// What a fit is made to: the pixels themselves, and the class of each image.
///
/// The units are sixteenths of the brightest pixel of all images, so that a ridge, in squared grey levels, means
/// the same whatever the range of the file is. For the shipped images they are the pixels as they are.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    /// One image a row, n × width·height, in grey levels.
    pub rows: Array2<f64>,
    /// The class of each image, by its place in [`Images::classes`].
    pub class_of: Vec<usize>,
    /// Number of classes.
    pub n_classes: usize,
}

impl Features {
    /// The features of all images.
    pub fn of(images: &Images) -> Self {
        let brightest = images.pixels().fold(0.0f64, |most, v| most.max(v.abs()));
        let level = |v: f64| {
            if brightest > 0.0 {
                v / brightest * LEVELS
            } else {
                0.0
            }
        };
        Self {
            rows: images.pixels().mapv(level),
            class_of: images.class_of(),
            n_classes: images.classes().len(),
        }
    }

    /// The rows with these numbers.
    pub fn select(&self, numbers: &[usize]) -> Array2<f64> {
        self.rows.select(Axis(0), numbers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_pixels_are_grey_levels_already() {
        let images = Images::shipped().unwrap();
        let features = Features::of(&images);
        assert_eq!(&features.rows, images.pixels());
        assert_eq!(features.class_of, images.labels());
        assert_eq!(features.n_classes, 10);
    }

    #[test]
    fn the_range_of_the_file_does_not_matter() {
        let images = |csv: &str| Images::decode(csv.as_bytes(), None).unwrap();
        let bytes = Features::of(&images("255,5\n0,5\n51,9\n0,9\n"));
        let shares = Features::of(&images("1,0\n0,0\n0.2,1\n0,1\n"));
        assert_eq!(bytes, shares);
        assert_eq!(bytes.rows[(0, 0)], 16.0);
        assert_eq!(bytes.class_of, [0, 0, 1, 1]);
        let black = Features::of(&images("0,0\n0,0\n0,1\n0,1\n"));
        assert_eq!(black.rows.sum(), 0.0);
    }
}
