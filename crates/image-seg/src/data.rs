//! Pictures, and marks on them.

mod marks;

use std::io::Cursor;
use std::path::Path;

use gmm_files::FileError;
use image::{DynamicImage, ImageBuffer, ImageDecoder, ImageFormat, ImageReader, Limits, Rgba};
use zune_core::bytestream::ZCursor;
use zune_core::options::DecoderOptions;

pub use marks::{Mark, Marks};

/// Four channels of 16 bits.
type Pixels = ImageBuffer<Rgba<u16>, Vec<u16>>;

/// Andromeda (M31 with M32 and M110), 1024 × 1024; credit in `assets/ATTRIBUTION.md`.
const ANDROMEDA: &[u8] = include_bytes!("../../../assets/images/m31.png");

/// The largest picture that is read: beyond it, a small file can ask for all of a computer's memory.
const MOST_PIXELS: u64 = 64_000_000;
const MOST_PIXELS_A_SIDE: u32 = 65_535;
const MOST_BYTES: u64 = 1 << 30;
/// What a decoder may use before the size of the picture is known: a colour profile can unpack to anything.
const MOST_HEADER_BYTES: u64 = 64 << 20;

/// Why a picture cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PictureError {
    /// The file cannot be opened.
    #[error(transparent)]
    File(#[from] FileError),
    /// The bytes are no picture that can be read.
    #[error("not a readable picture (PNG, JPEG, PNM or BMP): {0}")]
    Decoding(String),
    /// There are no pixels.
    #[error("the picture has no pixels")]
    Empty,
    /// There are too many pixels.
    #[error("{0} × {1} pixels are more than the {MOST_PIXELS} that are read")]
    TooLarge(u32, u32),
    /// There are not three bytes for each pixel.
    #[error("{found} bytes do not make {width} × {height} pixels of three")]
    Misshapen {
        /// Width that was said.
        width: u32,
        /// Height that was said.
        height: u32,
        /// Bytes that were given.
        found: usize,
    },
}

/// A picture in sRGB with 16 bits a channel; 8-bit values v are held as 257·v, so that both are the same
/// share of the full scale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    width: u32,
    height: u32,
    pixels: Vec<[u16; 3]>,
}

impl Picture {
    /// Reads a PNG, JPEG, PNM or BMP file, whatever its name says.
    ///
    /// Grey becomes equal red, green and blue. Alpha is composited onto white, in sRGB values (as
    /// scikit-image's `rgba2rgb` does). The orientation that a camera notes in EXIF is applied.
    ///
    /// # Errors
    /// A file that is missing, unreadable or a folder; bytes that are no picture or a damaged one; a picture
    /// without pixels, or with more than 64 million.
    pub fn read(path: &Path) -> Result<Self, PictureError> {
        Self::decode(&gmm_files::read(path)?)
    }

    /// Reads the bytes of a PNG, JPEG, PNM or BMP file.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn decode(bytes: &[u8]) -> Result<Self, PictureError> {
        let image = decoded(bytes)?;
        Ok(Self {
            width: image.width(),
            height: image.height(),
            pixels: image.pixels().map(|p| on_white(p.0)).collect(),
        })
    }

    /// A picture of three bytes a pixel, row by row.
    ///
    /// # Errors
    /// [`PictureError::Misshapen`] for another number of bytes, [`PictureError::Empty`] for none.
    pub fn from_rgb8(width: u32, height: u32, bytes: &[u8]) -> Result<Self, PictureError> {
        let n_pixels = u64::from(width) * u64::from(height);
        if n_pixels == 0 {
            return Err(PictureError::Empty);
        }
        let (pixels, rest) = bytes.as_chunks::<3>();
        if pixels.len() as u64 != n_pixels || !rest.is_empty() {
            return Err(PictureError::Misshapen {
                width,
                height,
                found: bytes.len(),
            });
        }
        let pixels = pixels
            .iter()
            .map(|p| p.map(|v| u16::from(v) * 257))
            .collect();
        Ok(Self {
            width,
            height,
            pixels,
        })
    }

    /// A picture of `width · height` pixels.
    pub(crate) fn of_pixels(width: u32, height: u32, pixels: Vec<[u16; 3]>) -> Self {
        Self {
            width,
            height,
            pixels,
        }
    }

    /// Andromeda, the picture of the slides.
    ///
    /// # Errors
    /// None, as long as the program is whole.
    pub fn andromeda() -> Result<Self, PictureError> {
        Self::decode(ANDROMEDA)
    }

    /// Pixels in a row.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows of pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The pixels, row by row.
    pub fn pixels(&self) -> &[[u16; 3]] {
        &self.pixels
    }
}

/// The pixels of a file, with alpha.
fn decoded(bytes: &[u8]) -> Result<Pixels, PictureError> {
    let decoding = |e: image::ImageError| PictureError::Decoding(one_line(&e.to_string()));
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_PIXELS_A_SIDE);
    limits.max_image_height = Some(MOST_PIXELS_A_SIDE);
    limits.max_alloc = Some(MOST_HEADER_BYTES);
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|e| PictureError::Decoding(e.to_string()))?;
    reader.limits(limits.clone());
    let format = reader.format();
    let mut decoder = reader.into_decoder().map_err(decoding)?;
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(PictureError::Empty);
    }
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(PictureError::TooLarge(width, height));
    }
    limits.max_alloc = Some(MOST_BYTES);
    decoder.set_limits(limits).map_err(decoding)?;
    if format == Some(ImageFormat::Jpeg) {
        check_jpeg(bytes)?;
    }
    let orientation = decoder.orientation().map_err(decoding)?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(decoding)?;
    image.apply_orientation(orientation);
    Ok(image.into_rgba16())
}

/// Refuses a JPEG whose data is cut short or damaged: the decoder below fills what it cannot read with grey.
fn check_jpeg(bytes: &[u8]) -> Result<(), PictureError> {
    /// Some cameras leave bytes there; the pixels are not affected.
    const HARMLESS: &str = "Extra bytes between headers";
    let side = MOST_PIXELS_A_SIDE as usize;
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(side)
        .set_max_height(side);
    let decode = |bytes: &[u8]| {
        zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(bytes), options).decode()
    };
    let decoded = match decode(bytes) {
        Err(error) if error.to_string().contains(HARMLESS) => decode(&tidy_headers(bytes)),
        decoded => decoded,
    };
    decoded
        .map(drop)
        .map_err(|error| PictureError::Decoding(one_line(&error.to_string())))
}

/// A JPEG without what stands between its header segments (ITU T.81, B.1.1.3 and B.1.1.4: a marker is 0xff
/// and a code, most are followed by their length).
fn tidy_headers(bytes: &[u8]) -> Vec<u8> {
    const START_OF_SCAN: u8 = 0xda;
    let mut tidy = bytes[..bytes.len().min(2)].to_vec();
    let mut at = 2;
    while let Some(&[mark, code, high, low]) = bytes.get(at..at + 4) {
        if mark != 0xff || code == 0 || code == 0xff {
            at += 1;
            continue;
        }
        if code == START_OF_SCAN {
            break;
        }
        let end = (at + 2 + usize::from(u16::from_be_bytes([high, low]))).min(bytes.len());
        tidy.extend_from_slice(&bytes[at..end]);
        at = end;
    }
    tidy.extend_from_slice(&bytes[at.min(bytes.len())..]);
    tidy
}

/// Composites a pixel with alpha onto white: a·c + (1−a).
fn on_white([r, g, b, a]: [u16; 4]) -> [u16; 3] {
    const FULL: u32 = u16::MAX as u32;
    let a = u32::from(a);
    [r, g, b].map(|c| {
        let sum = u64::from(a) * u64::from(c) + u64::from(FULL - a) * u64::from(FULL);
        ((sum + u64::from(FULL) / 2) / u64::from(FULL)) as u16
    })
}

fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Luma, LumaA, Rgb};

    fn file(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image.into().write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn eight_and_sixteen_bits_grey_and_alpha_are_the_same_picture() {
        let expected = [257 * 100; 3];
        let pictures = [
            file(
                image::RgbImage::from_pixel(2, 3, Rgb([100; 3])),
                ImageFormat::Png,
            ),
            file(
                image::RgbImage::from_pixel(2, 3, Rgb([100; 3])),
                ImageFormat::Bmp,
            ),
            file(
                image::RgbImage::from_pixel(2, 3, Rgb([100; 3])),
                ImageFormat::Pnm,
            ),
            file(
                image::GrayImage::from_pixel(2, 3, Luma([100])),
                ImageFormat::Png,
            ),
            file(
                image::ImageBuffer::from_pixel(2, 3, Luma([25700u16])),
                ImageFormat::Png,
            ),
            file(
                image::ImageBuffer::from_pixel(2, 3, Rgb([25700u16; 3])),
                ImageFormat::Png,
            ),
            file(
                image::ImageBuffer::from_pixel(2, 3, LumaA([100u8, 255])),
                ImageFormat::Png,
            ),
        ];
        for bytes in pictures {
            let picture = Picture::decode(&bytes).unwrap();
            assert_eq!((picture.width(), picture.height()), (2, 3));
            assert!(
                picture.pixels().iter().all(|p| *p == expected),
                "{:?}",
                picture.pixels()
            );
        }
    }

    #[test]
    fn alpha_is_composited_onto_white() {
        let half = file(
            image::RgbaImage::from_pixel(1, 1, Rgba([0, 0, 255, 0])),
            ImageFormat::Png,
        );
        assert_eq!(Picture::decode(&half).unwrap().pixels(), [[65535; 3]]);
        assert_eq!(on_white([0, 65535, 0, 32768]), [32767, 65535, 32767]);
        assert_eq!(on_white([1, 2, 3, 65535]), [1, 2, 3]);
    }

    #[test]
    fn damaged_files_and_bombs_are_refused() {
        let png = file(
            image::RgbImage::from_pixel(40, 40, Rgb([9, 9, 9])),
            ImageFormat::Png,
        );
        let jpeg = file(
            image::RgbImage::from_pixel(40, 40, Rgb([9, 9, 9])),
            ImageFormat::Jpeg,
        );
        for bytes in [
            &[][..],
            b"not a picture",
            &png[..png.len() / 2],
            &jpeg[..jpeg.len() / 3],
        ] {
            let refused = Picture::decode(bytes).unwrap_err().to_string();
            assert!(!refused.contains('\n'), "{refused}");
        }
        let bytes: Vec<u8> = (0..200 * 200 * 3)
            .map(|i| (i64::from(i) * i64::from(i) % 253) as u8)
            .collect();
        let noise = image::RgbImage::from_vec(200, 200, bytes).unwrap();
        let whole = file(noise, ImageFormat::Jpeg);
        assert!(Picture::decode(&whole).is_ok());
        for percent in [50, 90, 99] {
            let cut = &whole[..whole.len() * percent / 100];
            assert!(Picture::decode(cut).is_err(), "a JPEG cut at {percent} %");
        }
        let mut damaged = whole.clone();
        let middle = damaged.len() / 2;
        damaged[middle..middle + 100].fill(0xff);
        assert!(Picture::decode(&damaged).is_err());
        // Some cameras leave bytes between headers: that is no damage, and hides none.
        let table = whole.windows(2).position(|w| w == [0xff, 0xdb]).unwrap();
        let padded = [&whole[..table], &[0, 0], &whole[table..]].concat();
        assert_eq!(
            Picture::decode(&padded).unwrap(),
            Picture::decode(&whole).unwrap()
        );
        assert!(Picture::decode(&padded[..padded.len() / 2]).is_err());
        let wide = file(
            image::RgbImage::from_pixel(20_000, 2, Rgb([9; 3])),
            ImageFormat::Jpeg,
        );
        assert_eq!(Picture::decode(&wide).unwrap().width(), 20_000);
        let bomb = Picture::decode(b"P6 60000 60000 255\n").unwrap_err();
        assert!(
            matches!(bomb, PictureError::TooLarge(60000, 60000)),
            "{bomb}"
        );
        assert!(Picture::decode(b"P6 0 10 255\n").is_err());
        assert!(matches!(
            Picture::from_rgb8(0, 0, &[]),
            Err(PictureError::Empty)
        ));
        assert!(matches!(
            Picture::from_rgb8(2, 1, &[0; 5]),
            Err(PictureError::Misshapen { .. })
        ));
    }
}
