//! What someone has said of the pixels of a picture.

use std::path::Path;

use super::{PictureError, decoded};

/// What is said of a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Nothing.
    Unknown,
    /// It belongs to the foreground.
    Foreground,
    /// It belongs to the background.
    Background,
}

/// Marks on all pixels of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marks {
    /// Pixels in a row.
    pub width: u32,
    /// Rows of pixels.
    pub height: u32,
    /// The marks, row by row.
    pub marks: Vec<Mark>,
}

impl Marks {
    /// Reads marks painted in a picture: white is foreground, black is background, and all else (grey, colours, what is
    /// transparent) says nothing. White and black are as near as an eighth of the full scale in every channel.
    ///
    /// # Errors
    /// As [`Picture::read`](super::Picture::read).
    pub fn read(path: &Path) -> Result<Self, PictureError> {
        Self::decode(&gmm_files::read(path)?)
    }

    /// Reads the bytes of such a picture.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn decode(bytes: &[u8]) -> Result<Self, PictureError> {
        const NEAR: u16 = u16::MAX / 8;
        let image = decoded(bytes)?;
        let mark = |[r, g, b, a]: [u16; 4]| {
            let all = |is: fn(u16) -> bool| [r, g, b].into_iter().all(is);
            match a > u16::MAX / 2 {
                true if all(|v| v >= u16::MAX - NEAR) => Mark::Foreground,
                true if all(|v| v <= NEAR) => Mark::Background,
                _ => Mark::Unknown,
            }
        };
        Ok(Self {
            width: image.width(),
            height: image.height(),
            marks: image.pixels().map(|p| mark(p.0)).collect(),
        })
    }

    /// Marks for a picture of this size of which only what is inside a rectangle can be foreground; what of the
    /// rectangle is outside the picture is cut off. None if all of it is.
    pub fn outside(
        (width, height): (u32, u32),
        [left, top, across, down]: [u32; 4],
    ) -> Option<Self> {
        let right = left.saturating_add(across).min(width);
        let bottom = top.saturating_add(down).min(height);
        if left >= right || top >= bottom {
            return None;
        }
        let mark = |(x, y): (u32, u32)| {
            let is_inside = (left..right).contains(&x) && (top..bottom).contains(&y);
            if is_inside {
                Mark::Unknown
            } else {
                Mark::Background
            }
        };
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        Some(Self {
            width,
            height,
            marks: places.map(mark).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use image::{ImageFormat, Rgba, RgbaImage};

    #[test]
    fn white_and_black_are_marks_and_nothing_else_is() {
        let colors = [
            [255, 255, 255, 255],
            [0, 0, 0, 255],
            [128, 128, 128, 255],
            [255, 0, 0, 255],
            [255, 255, 255, 0],
            [0, 0, 0, 100],
            [230, 240, 235, 255],
        ];
        let image = RgbaImage::from_fn(7, 1, |x, _| Rgba(colors[x as usize]));
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, ImageFormat::Png).unwrap();
        let marks = Marks::decode(&bytes.into_inner()).unwrap();
        use Mark::{Background, Foreground, Unknown};
        assert_eq!(
            marks.marks,
            [
                Foreground, Background, Unknown, Unknown, Unknown, Unknown, Foreground
            ]
        );
    }

    #[test]
    fn rectangles_are_cut_to_the_picture() {
        let marks = Marks::outside((3, 2), [1, 1, u32::MAX, 9]).unwrap();
        use Mark::{Background, Unknown};
        assert_eq!(
            marks.marks,
            [
                Background, Background, Background, Background, Unknown, Unknown
            ]
        );
        assert!(Marks::outside((3, 2), [3, 0, 1, 1]).is_none());
        assert!(Marks::outside((3, 2), [0, 0, 0, 1]).is_none());
    }
}
