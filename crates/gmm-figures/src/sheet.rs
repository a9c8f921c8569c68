//! A sheet to draw on: text and shapes in logical pixels, pictures in real ones.

use std::sync::LazyLock;

use image::RgbImage;
use image::imageops::{self, FilterType};
use plotters::backend::BitMapBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::Rectangle;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{
    Color as _, FontStyle, IntoFont, RGBColor, ShapeStyle, TextStyle, register_font,
};

use crate::palette::Color;

/// Color of text that is to be read first.
pub const TEXT: Color = Color(34, 34, 34);
/// Color of text that explains.
pub const MUTED: Color = Color(102, 102, 102);
/// Color of thin lines.
pub const FAINT: Color = Color(204, 204, 204);

/// Everything is drawn this many times too large and shrunk, which smooths edges and letters alike.
const SUPERSAMPLING: u32 = 2;

/// The most pixels a sheet may have.
const MOST_PIXELS: u64 = 100_000_000;

/// Why a figure could not be drawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FigureError {
    /// The figure would have no pixels, or too many.
    #[error("a figure of {0} × {1} pixels cannot be drawn")]
    Size(u32, u32),
    /// The drawing library refused.
    #[error("drawing failed: {0}")]
    Drawing(String),
    /// A picture could not be encoded.
    #[error("encoding failed: {0}")]
    Encoding(String),
}

fn drawing(error: impl std::fmt::Display) -> FigureError {
    FigureError::Drawing(error.to_string())
}

/// Where text stands relative to its point; it is always centred vertically.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// The text begins at the point.
    Left,
    /// The text is centred on the point.
    Center,
    /// The text ends at the point.
    Right,
}

/// What draws on a sheet.
#[allow(missing_debug_implementations, reason = "plotters' areas have none")]
pub struct Pen<'p, 'b> {
    area: &'p DrawingArea<BitMapBackend<'b>, Shift>,
}

/// A finished drawing.
#[derive(Debug, Clone)]
pub struct Sheet {
    image: RgbImage,
}

/// The face of all text, carried along so that no system font is needed.
static FONT: LazyLock<Result<(), String>> = LazyLock::new(|| {
    register_font("sans-serif", FontStyle::Normal, dejavu::sans::regular())
        .and_then(|()| register_font("sans-serif", FontStyle::Bold, dejavu::sans::bold()))
        .map_err(|_| String::from("the font could not be read"))
});

impl Sheet {
    /// A white sheet with what `draw` puts on it.
    ///
    /// # Errors
    /// [`FigureError::Size`] for a sheet without pixels or of more than 100 million, and what `draw` returns.
    pub fn draw(
        width: u32,
        height: u32,
        draw: impl FnOnce(&Pen<'_, '_>) -> Result<(), FigureError>,
    ) -> Result<Self, FigureError> {
        if width == 0 || height == 0 || u64::from(width) * u64::from(height) > MOST_PIXELS {
            return Err(FigureError::Size(width, height));
        }
        FONT.clone().map_err(FigureError::Drawing)?;
        let (w, h) = (width * SUPERSAMPLING, height * SUPERSAMPLING);
        let mut large = RgbImage::from_pixel(w, h, image::Rgb([255; 3]));
        {
            let area = BitMapBackend::with_buffer(&mut large, (w, h)).into_drawing_area();
            draw(&Pen { area: &area })?;
            area.present().map_err(drawing)?;
        }
        Ok(Self {
            image: imageops::resize(&large, width, height, FilterType::Triangle),
        })
    }

    /// Puts a picture on the sheet, its upper left corner at `at`. What does not fit is cut off.
    pub fn place(&mut self, picture: &RgbImage, at: (u32, u32)) {
        imageops::replace(&mut self.image, picture, i64::from(at.0), i64::from(at.1));
    }

    /// The sheet's pixels.
    pub fn image(&self) -> &RgbImage {
        &self.image
    }

    /// The sheet as a PNG file.
    ///
    /// # Errors
    /// [`FigureError::Encoding`] if the encoder refuses.
    pub fn to_png(&self) -> Result<Vec<u8>, FigureError> {
        let mut file = std::io::Cursor::new(Vec::new());
        self.image
            .write_to(&mut file, image::ImageFormat::Png)
            .map_err(|e| FigureError::Encoding(e.to_string()))?;
        Ok(file.into_inner())
    }
}

impl Pen<'_, '_> {
    /// Writes one line of text, `size` pixels high.
    ///
    /// # Errors
    /// [`FigureError::Drawing`] if the drawing library refuses.
    pub fn text(
        &self,
        text: &str,
        at: (i32, i32),
        size: u32,
        color: Color,
        anchor: Anchor,
    ) -> Result<(), FigureError> {
        self.write(text, at, size, FontStyle::Normal, color, anchor)
    }

    /// Writes one line of bold text, `size` pixels high.
    ///
    /// # Errors
    /// [`FigureError::Drawing`] if the drawing library refuses.
    pub fn bold(
        &self,
        text: &str,
        at: (i32, i32),
        size: u32,
        color: Color,
        anchor: Anchor,
    ) -> Result<(), FigureError> {
        self.write(text, at, size, FontStyle::Bold, color, anchor)
    }

    fn write(
        &self,
        text: &str,
        at: (i32, i32),
        size: u32,
        face: FontStyle,
        color: Color,
        anchor: Anchor,
    ) -> Result<(), FigureError> {
        let horizontal = match anchor {
            Anchor::Left => HPos::Left,
            Anchor::Center => HPos::Center,
            Anchor::Right => HPos::Right,
        };
        let font = ("sans-serif", f64::from(size * SUPERSAMPLING), face).into_font();
        let color = rgb(color);
        let style = TextStyle::from(font)
            .color(&color)
            .pos(Pos::new(horizontal, VPos::Center));
        self.area
            .draw_text(text, &style, scaled(at))
            .map_err(drawing)
    }

    /// Fills a rectangle of `size` whose upper left corner is `at`, with a thin outline.
    ///
    /// # Errors
    /// [`FigureError::Drawing`] if the drawing library refuses.
    pub fn swatch(
        &self,
        at: (i32, i32),
        size: (i32, i32),
        color: Color,
    ) -> Result<(), FigureError> {
        let corners = [scaled(at), scaled((at.0 + size.0, at.1 + size.1))];
        self.area
            .draw(&Rectangle::new(corners, rgb(color).filled()))
            .map_err(drawing)?;
        let outline = ShapeStyle {
            color: rgb(FAINT).into(),
            filled: false,
            stroke_width: 1,
        };
        self.area
            .draw(&Rectangle::new(corners, outline))
            .map_err(drawing)
    }
}

fn rgb(Color(r, g, b): Color) -> RGBColor {
    RGBColor(r, g, b)
}

fn scaled((x, y): (i32, i32)) -> (i32, i32) {
    let scale = SUPERSAMPLING as i32;
    (x * scale, y * scale)
}
