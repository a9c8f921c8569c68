//! From marks to pixels and to SVG, by plotters.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};
use plotters::backend::{BitMapBackend, DrawingBackend, SVGBackend};
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Polygon, Rectangle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, FontTransform, RGBAColor, RGBColor, ShapeStyle, TextStyle};

use crate::measure::{face, font};
use crate::palette::Color;
use crate::sheet::{Anchor, FigureError, Fill, Mark, Sheet, Stroke, Text};

/// Everything is painted this many times too large and averaged down, which smooths edges and letters alike.
const SUPERSAMPLING: u32 = 3;
/// Units of an SVG for each logical pixel: plotters has whole coordinates only.
const SVG_UNITS: u32 = 8;
/// The most pixels a sheet may have.
const MOST_PIXELS: u64 = 25_000_000;

fn drawing(error: impl std::fmt::Display) -> FigureError {
    FigureError::Drawing(error.to_string())
}

impl Sheet {
    /// The sheet's pixels.
    ///
    /// # Errors
    /// [`FigureError::Size`] for a sheet without pixels or of more than 25 million, and
    /// [`FigureError::Drawing`] if the drawing library refuses.
    pub fn to_image(&self) -> Result<RgbImage, FigureError> {
        self.check()?;
        let (w, h) = (self.width * SUPERSAMPLING, self.height * SUPERSAMPLING);
        let mut large = RgbImage::from_pixel(w, h, Rgb([255; 3]));
        // Pictures are painted between what lies below and what lies above them.
        for part in self
            .marks
            .split_inclusive(|m| matches!(m, Mark::Picture { .. }))
        {
            {
                let area = BitMapBackend::with_buffer(&mut large, (w, h)).into_drawing_area();
                let painter = Painter {
                    area: &area,
                    scale: f64::from(SUPERSAMPLING),
                    round_joins: true,
                };
                part.iter().try_for_each(|mark| painter.paint(mark))?;
                area.present().map_err(drawing)?;
            }
            if let Some(Mark::Picture { picture, at }) = part.last() {
                let (pw, ph) = (
                    picture.width() * SUPERSAMPLING,
                    picture.height() * SUPERSAMPLING,
                );
                let picture = imageops::resize(picture, pw, ph, FilterType::Nearest);
                let (x, y) = (at.0 * SUPERSAMPLING, at.1 * SUPERSAMPLING);
                imageops::replace(&mut large, &picture, i64::from(x), i64::from(y));
            }
        }
        Ok(averaged(&large))
    }

    /// The sheet as a PNG file.
    ///
    /// # Errors
    /// As [`to_image`](Self::to_image), and [`FigureError::Encoding`] if the encoder refuses.
    pub fn to_png(&self) -> Result<Vec<u8>, FigureError> {
        encode(&self.to_image()?)
    }

    /// The sheet as an SVG file, its pictures within it.
    ///
    /// # Errors
    /// As [`to_png`](Self::to_png).
    pub fn to_svg(&self) -> Result<Vec<u8>, FigureError> {
        self.check()?;
        let (w, h) = (self.width * SVG_UNITS, self.height * SVG_UNITS);
        let mut document = String::new();
        let mut parts = String::new();
        for part in self
            .marks
            .split_inclusive(|m| matches!(m, Mark::Picture { .. }))
        {
            document.clear();
            {
                let area = SVGBackend::with_string(&mut document, (w, h)).into_drawing_area();
                let painter = Painter {
                    area: &area,
                    scale: f64::from(SVG_UNITS),
                    round_joins: false,
                };
                part.iter().try_for_each(|mark| painter.paint(mark))?;
                area.present().map_err(drawing)?;
            }
            // What stands between the opening tag and the closing one.
            let body = document.split_once('>').map_or("", |(_, rest)| rest);
            let body = body.rsplit_once("</svg>").map_or(body, |(body, _)| body);
            // Texts are laid out in this face; one much like it is on most systems.
            parts.push_str(&body.replace("\"sans-serif\"", "\"DejaVu Sans, Verdana, sans-serif\""));
            if let Some(Mark::Picture { picture, at }) = part.last() {
                parts.push_str(&embedded(picture, *at)?);
            }
        }
        let (width, height) = (self.width, self.height);
        Ok(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {w} {h}\">\n<rect width=\"{w}\" height=\"{h}\" fill=\"#FFFFFF\"/>{parts}</svg>\n"
        )
        .into_bytes())
    }

    /// The sheet as the file that this name says: an SVG or, whatever else it ends in, a PNG.
    ///
    /// # Errors
    /// As [`to_png`](Self::to_png).
    pub fn to_file(&self, name: &Path) -> Result<Vec<u8>, FigureError> {
        match name.extension() {
            Some(ending) if ending.eq_ignore_ascii_case("svg") => self.to_svg(),
            _ => self.to_png(),
        }
    }

    fn check(&self) -> Result<(), FigureError> {
        let (w, h) = (self.width, self.height);
        if w == 0 || h == 0 || u64::from(w) * u64::from(h) > MOST_PIXELS {
            return Err(FigureError::Size(w, h));
        }
        face().map_err(FigureError::Drawing)
    }
}

/// Each pixel the mean of those it stands for.
fn averaged(large: &RgbImage) -> RgbImage {
    let (n, stride) = (SUPERSAMPLING, large.width() as usize * 3);
    let share = n * n;
    let pixels = large.as_raw();
    RgbImage::from_fn(large.width() / n, large.height() / n, |x, y| {
        let first = (y * n) as usize * stride + (x * n) as usize * 3;
        let mut sums = [0u32; 3];
        for row in pixels[first..].chunks(stride).take(n as usize) {
            for pixel in row.chunks_exact(3).take(n as usize) {
                for (sum, &value) in sums.iter_mut().zip(pixel) {
                    *sum += u32::from(value);
                }
            }
        }
        Rgb(sums.map(|sum| ((sum + share / 2) / share) as u8))
    })
}

fn encode(picture: &RgbImage) -> Result<Vec<u8>, FigureError> {
    let mut file = std::io::Cursor::new(Vec::new());
    picture
        .write_to(&mut file, image::ImageFormat::Png)
        .map_err(|e| FigureError::Encoding(e.to_string()))?;
    Ok(file.into_inner())
}

fn embedded(picture: &RgbImage, at: (u32, u32)) -> Result<String, FigureError> {
    let [x, y, w, h] =
        [at.0, at.1, picture.width(), picture.height()].map(|pixels| pixels * SVG_UNITS);
    let data = data_uri("image/png", &encode(picture)?);
    Ok(format!(
        "<image x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" style=\"image-rendering:pixelated\" href=\"{data}\"/>\n"
    ))
}

/// A file as an address that contains it, for pages that stand alone.
pub fn data_uri(media_type: &str, file: &[u8]) -> String {
    format!("data:{media_type};base64,{}", BASE64.encode(file))
}

struct Painter<'a, B: DrawingBackend> {
    area: &'a DrawingArea<B, Shift>,
    scale: f64,
    /// Whether opaque lines are drawn segment by segment with round joins: of translucent ones the joins would show, and
    /// viewers of SVG limit mitres.
    round_joins: bool,
}

impl<B: DrawingBackend> Painter<'_, B> {
    fn paint(&self, mark: &Mark) -> Result<(), FigureError> {
        match mark {
            Mark::Rectangle { at, size, fill } => {
                let corners = [self.place(*at), self.place((at.0 + size.0, at.1 + size.1))];
                self.area
                    .draw(&Rectangle::new(corners, filled(fill)))
                    .map_err(drawing)
            }
            Mark::Line { points, stroke } if self.round_joins && stroke.opacity >= 1.0 => {
                let points: Vec<_> = points.iter().map(|&p| self.place(p)).collect();
                self.joined(&points, self.stroke(stroke))
            }
            Mark::Line { points, stroke } => {
                let points: Vec<_> = points.iter().map(|&p| self.place(p)).collect();
                self.area
                    .draw(&PathElement::new(points, self.stroke(stroke)))
                    .map_err(drawing)
            }
            Mark::Area { points, fill } => {
                let points: Vec<_> = points.iter().map(|&p| self.place(p)).collect();
                self.area
                    .draw(&Polygon::new(points, filled(fill)))
                    .map_err(drawing)
            }
            Mark::Dot { at, radius, fill } => {
                let radius = (radius * self.scale).round() as i32;
                self.area
                    .draw(&Circle::new(self.place(*at), radius, filled(fill)))
                    .map_err(drawing)
            }
            Mark::Text(text) => self.write(text),
            // Not plotters' business.
            Mark::Picture { .. } => Ok(()),
        }
    }

    /// A line with round joins: plotters' bitmaps have mitres, which spike where a thick line turns back.
    fn joined(&self, points: &[(i32, i32)], style: ShapeStyle) -> Result<(), FigureError> {
        for ends in points.windows(2) {
            let piece = PathElement::new(ends.to_vec(), style);
            self.area.draw(&piece).map_err(drawing)?;
        }
        let radius = (style.stroke_width / 2) as i32;
        let inner = points.get(1..points.len().saturating_sub(1)).unwrap_or(&[]);
        for &joint in inner.iter().filter(|_| radius > 0) {
            let disc = Circle::new(joint, radius, style.color.filled());
            self.area.draw(&disc).map_err(drawing)?;
        }
        Ok(())
    }

    fn write(&self, text: &Text) -> Result<(), FigureError> {
        let horizontal = match text.anchor {
            Anchor::Left => HPos::Left,
            Anchor::Center => HPos::Center,
            Anchor::Right => HPos::Right,
        };
        let mut font = font(text.size * self.scale, text.is_bold);
        if text.is_upward {
            font = font.transform(FontTransform::Rotate270);
        }
        let color = rgb(text.color);
        let style = TextStyle::from(font)
            .color(&color)
            .pos(Pos::new(horizontal, VPos::Center));
        self.area
            .draw_text(&text.text, &style, self.place(text.at))
            .map_err(drawing)
    }

    fn stroke(&self, stroke: &Stroke) -> ShapeStyle {
        ShapeStyle {
            color: mixed(stroke.color, stroke.opacity),
            filled: false,
            stroke_width: ((stroke.width * self.scale).round() as u32).max(1),
        }
    }

    fn place(&self, (x, y): (f64, f64)) -> (i32, i32) {
        let whole = |v: f64| (v * self.scale).round() as i32;
        (whole(x), whole(y))
    }
}

fn filled(fill: &Fill) -> ShapeStyle {
    mixed(fill.color, fill.opacity).filled()
}

fn mixed(color: Color, opacity: f64) -> RGBAColor {
    rgb(color).mix(opacity)
}

fn rgb(Color(r, g, b): Color) -> RGBColor {
    RGBColor(r, g, b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheet::TEXT;

    #[test]
    fn pictures_keep_their_pixels_and_lie_between_marks() {
        let mut sheet = Sheet::new(40, 30);
        let black = Fill::new(Color(0, 0, 0));
        sheet.rectangle((0.0, 0.0), (40.0, 30.0), black);
        let picture = RgbImage::from_fn(8, 6, |x, y| Rgb([x as u8 * 9, y as u8 * 7, 200]));
        sheet.place(picture.clone(), (3, 5));
        sheet.rectangle((3.0, 5.0), (2.0, 1.0), Fill::new(Color(255, 0, 0)));
        let image = sheet.to_image().unwrap();
        assert_eq!(image.get_pixel(0, 0).0, [0; 3]);
        assert_eq!(image.get_pixel(10, 10), picture.get_pixel(7, 5));
        assert_eq!(image.get_pixel(3, 5).0, [255, 0, 0]);
    }

    #[test]
    fn a_sheet_is_also_an_svg_with_its_pictures_inside() {
        let mut sheet = Sheet::new(100, 50);
        sheet.text("a < b", (50.0, 10.0), 12.0, TEXT, Anchor::Center);
        sheet.place(RgbImage::new(4, 4), (10, 20));
        sheet.line(vec![(0.0, 0.0), (100.0, 50.0)], Stroke::new(TEXT, 1.5));
        let svg = String::from_utf8(sheet.to_svg().unwrap()).unwrap();
        assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"));
        assert_eq!(svg.matches("<svg").count(), 1);
        assert!(
            svg.contains("data:image/png;base64,") && svg.contains("a &lt; b"),
            "{svg}"
        );
        assert!(svg.find("<image").unwrap() < svg.find("<polyline").unwrap());
    }

    #[test]
    fn thick_lines_that_turn_back_have_no_spikes() {
        let mut sheet = Sheet::new(40, 60);
        let black = Stroke::new(Color(0, 0, 0), 3.0);
        sheet.line(vec![(18.0, 50.0), (20.0, 20.0), (22.0, 50.0)], black);
        let image = sheet.to_image().unwrap();
        let is_inked = |y: u32| (0..40).any(|x| image.get_pixel(x, y).0[0] < 200);
        assert!(is_inked(20) && !(0..17).any(is_inked));
    }

    #[test]
    fn sheets_without_pixels_and_huge_ones_are_refused() {
        for (w, h) in [(0, 10), (10, 0), (60_000, 60_000)] {
            assert!(matches!(
                Sheet::new(w, h).to_png(),
                Err(FigureError::Size(..))
            ));
            assert!(matches!(
                Sheet::new(w, h).to_svg(),
                Err(FigureError::Size(..))
            ));
        }
    }
}
