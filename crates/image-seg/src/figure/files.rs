//! Labels, masks and cut-outs as PNG files.

use std::io::Cursor;

use gmm_figures::FigureError;
use image::{DynamicImage, ImageBuffer, ImageFormat, Luma, Rgba};

use crate::data::Picture;
use crate::model::{Foreground, Regions};

/// The labels of regions as a grey PNG of 16 bits: region `i` of the list has the value `i + 1`.
///
/// # Errors
/// [`FigureError::Encoding`] if the encoder refuses.
pub fn labels_file(picture: &Picture, found: &Regions) -> Result<Vec<u8>, FigureError> {
    let values = found.labels.iter().map(|l| l + 1).collect();
    let image = ImageBuffer::<Luma<u16>, _>::from_vec(picture.width(), picture.height(), values);
    encoded(image.map(DynamicImage::from))
}

/// The foreground as a grey PNG of 8 bits: white on black.
///
/// # Errors
/// [`FigureError::Encoding`] if the encoder refuses.
pub fn mask_file(picture: &Picture, found: &Foreground) -> Result<Vec<u8>, FigureError> {
    let values = found.is_foreground.iter().map(|f| 255 * u8::from(*f));
    let (w, h) = (picture.width(), picture.height());
    let image = ImageBuffer::<Luma<u8>, _>::from_vec(w, h, values.collect());
    encoded(image.map(DynamicImage::from))
}

/// The picture with nothing but its foreground: an RGBA PNG of 8 bits whose background is transparent.
///
/// # Errors
/// [`FigureError::Encoding`] if the encoder refuses.
pub fn cutout_file(picture: &Picture, found: &Foreground) -> Result<Vec<u8>, FigureError> {
    let values = picture.pixels().iter().zip(&found.is_foreground);
    let values = values.flat_map(|(pixel, is_inside)| match is_inside {
        true => {
            let [r, g, b] = pixel.map(|v| (v / 257) as u8);
            [r, g, b, 255]
        }
        false => [0; 4],
    });
    let (w, h) = (picture.width(), picture.height());
    let image = ImageBuffer::<Rgba<u8>, _>::from_vec(w, h, values.collect());
    encoded(image.map(DynamicImage::from))
}

fn encoded(image: Option<DynamicImage>) -> Result<Vec<u8>, FigureError> {
    let refused = |why: String| FigureError::Encoding(why);
    let image =
        image.ok_or_else(|| refused(String::from("there are not as many labels as pixels")))?;
    let mut bytes = Cursor::new(Vec::new());
    let written = image.write_to(&mut bytes, ImageFormat::Png);
    written.map_err(|e| refused(e.to_string()))?;
    Ok(bytes.into_inner())
}
