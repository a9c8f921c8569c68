//! Small pictures of images.

use gmm_core::ndarray::{Array2, ArrayView1};
use gmm_figures::image::imageops::{self, FilterType};
use gmm_figures::image::{Rgb, RgbImage};
use gmm_figures::{Anchor, Color, Fill, Place, Sheet};

use crate::data::{Images, Scans};

/// The side of a shown image, in pixels.
pub(super) const SIDE: u32 = 66;
/// From one image to the next, across and down.
pub(super) const CELL: (u32, u32) = (94, 104);
pub(super) const MARGIN: u32 = 30;

/// Images to be drawn, as dark ink on white.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pictures<'a> {
    pixels: &'a Array2<f64>,
    /// Width and height, in pixels.
    size: (usize, usize),
    /// What is black.
    brightest: f64,
}

impl<'a> Pictures<'a> {
    /// Of labelled images.
    pub fn of(images: &'a Images) -> Self {
        Self::new(images.pixels(), (images.width(), images.height()))
    }

    /// Of any images.
    pub fn of_scans(scans: &'a Scans) -> Self {
        Self::new(&scans.pixels, (scans.width, scans.height))
    }

    fn new(pixels: &'a Array2<f64>, size: (usize, usize)) -> Self {
        Self {
            pixels,
            size,
            brightest: pixels.iter().copied().fold(0.0, f64::max),
        }
    }

    /// Image i, enlarged or shrunk to about [`SIDE`] pixels; white where there is none.
    pub(super) fn ink(&self, i: usize) -> RgbImage {
        match i < self.pixels.nrows() {
            true => ink(self.pixels.row(i), self.size, self.brightest),
            false => RgbImage::from_pixel(SIDE, SIDE, Rgb([255; 3])),
        }
    }
}

/// An image whose `brightest` grey is black, enlarged or shrunk to about [`SIDE`] pixels.
pub(super) fn ink(
    pixels: ArrayView1<'_, f64>,
    (width, height): (usize, usize),
    brightest: f64,
) -> RgbImage {
    let picture = RgbImage::from_fn(width as u32, height as u32, |x, y| {
        let value = pixels[y as usize * width + x as usize];
        let share = if brightest > 0.0 {
            value / brightest
        } else {
            0.0
        };
        Rgb([(255.0 * (1.0 - share.clamp(0.0, 1.0))) as u8; 3])
    });
    let longer = width.max(height) as u32;
    let scaled = |side: u32| (u64::from(side) * u64::from(SIDE) / u64::from(longer)).max(1) as u32;
    let filter = if longer <= SIDE {
        FilterType::Nearest
    } else {
        FilterType::Triangle
    };
    imageops::resize(
        &picture,
        scaled(width as u32),
        scaled(height as u32),
        filter,
    )
}

/// A picture in a frame, with a line below it.
pub(super) fn framed(
    sheet: &mut Sheet,
    picture: RgbImage,
    (x, y): (u32, u32),
    frame: Color,
    (text, color): (&str, Color),
) {
    let (w, h) = picture.dimensions();
    let corner: Place = (f64::from(x) - 2.0, f64::from(y) - 2.0);
    let size = (f64::from(w) + 4.0, f64::from(h) + 4.0);
    sheet.rectangle(corner, size, Fill::new(frame));
    sheet.place(picture, (x, y));
    let below = (f64::from(x) + 0.5 * f64::from(w), f64::from(y + h) + 14.0);
    sheet.text(text, below, 13.0, color, Anchor::Center);
}
