//! A sheet to draw on: marks in logical pixels, painted when it is asked for as PNG or SVG.

use image::RgbImage;

use crate::measure::text_width;
use crate::palette::Color;

/// Color of text that is to be read first.
pub const TEXT: Color = Color(34, 34, 34);
/// Color of text that explains.
pub const MUTED: Color = Color(96, 96, 96);
/// Color of thin lines.
pub const FAINT: Color = Color(204, 204, 204);

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

/// A place on a sheet: pixels from its left and upper edges.
pub type Place = (f64, f64);

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

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stroke {
    /// Its colour.
    pub color: Color,
    /// Its width in pixels.
    pub width: f64,
    /// From 0, invisible, to 1, opaque.
    pub opacity: f64,
}

impl Stroke {
    /// An opaque line.
    pub const fn new(color: Color, width: f64) -> Self {
        Self {
            color,
            width,
            opacity: 1.0,
        }
    }

    /// The same line, seen through.
    #[must_use]
    pub const fn opacity(self, opacity: f64) -> Self {
        Self { opacity, ..self }
    }
}

/// How an area is filled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fill {
    /// Its colour.
    pub color: Color,
    /// From 0, invisible, to 1, opaque.
    pub opacity: f64,
}

impl Fill {
    /// An opaque area.
    pub const fn new(color: Color) -> Self {
        Self {
            color,
            opacity: 1.0,
        }
    }

    /// The same area, seen through.
    #[must_use]
    pub const fn opacity(self, opacity: f64) -> Self {
        Self { opacity, ..self }
    }
}

/// A line of text.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    pub(crate) text: String,
    pub(crate) at: Place,
    pub(crate) size: f64,
    pub(crate) is_bold: bool,
    pub(crate) color: Color,
    pub(crate) anchor: Anchor,
    /// Whether it is read from below.
    pub(crate) is_upward: bool,
}

/// One thing on a sheet.
#[derive(Debug, Clone)]
pub(crate) enum Mark {
    Rectangle {
        at: Place,
        size: Place,
        fill: Fill,
    },
    Line {
        points: Vec<Place>,
        stroke: Stroke,
    },
    Area {
        points: Vec<Place>,
        fill: Fill,
    },
    Dot {
        at: Place,
        radius: f64,
        fill: Fill,
    },
    Text(Text),
    /// A picture, each of its pixels one of the sheet's.
    Picture {
        picture: RgbImage,
        at: (u32, u32),
    },
}

/// A drawing on white.
#[derive(Debug, Clone)]
pub struct Sheet {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) marks: Vec<Mark>,
}

/// The height that [`Sheet::heading`] needs.
pub const HEADING: f64 = 74.0;

/// A text that fits: the middle of a long one is left out.
fn shortened(text: &str, fits: impl Fn(&str) -> bool) -> String {
    let letters: Vec<char> = text.chars().collect();
    let with_ends = |n: usize| -> String {
        let (first, last) = (n.div_ceil(2), n / 2);
        let end = &letters[letters.len() - last..];
        letters[..first].iter().chain(&['…']).chain(end).collect()
    };
    if fits(text) {
        return String::from(text);
    }
    // Of texts that never fit, the shortest.
    let n = (1..letters.len()).rev().find(|&n| fits(&with_ends(n)));
    with_ends(n.unwrap_or(0))
}

impl Sheet {
    /// An empty sheet of this many pixels.
    pub fn new(width: u32, height: u32) -> Self {
        Self {
            width,
            height,
            marks: Vec::new(),
        }
    }

    /// Width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// Title and subtitle, centred at the top; what is too long is shortened in its middle.
    pub fn heading(&mut self, title: &str, subtitle: &str) {
        const MARGIN: f64 = 20.0;
        let width = f64::from(self.width);
        let fitting = |text: &str, size: f64, is_bold: bool| {
            let fits = |text: &str| text_width(text, size, is_bold) <= width - 2.0 * MARGIN;
            shortened(text, fits)
        };
        let (title, subtitle) = (fitting(title, 20.0, true), fitting(subtitle, 14.0, false));
        self.bold(&title, (0.5 * width, 26.0), 20.0, TEXT, Anchor::Center);
        self.text(&subtitle, (0.5 * width, 52.0), 14.0, MUTED, Anchor::Center);
    }

    /// One line of text, `size` pixels high.
    pub fn text(&mut self, text: &str, at: Place, size: f64, color: Color, anchor: Anchor) {
        self.write(text, at, size, color, anchor, false);
    }

    /// One line of bold text, `size` pixels high.
    pub fn bold(&mut self, text: &str, at: Place, size: f64, color: Color, anchor: Anchor) {
        self.write(text, at, size, color, anchor, true);
    }

    fn write(
        &mut self,
        text: &str,
        at: Place,
        size: f64,
        color: Color,
        anchor: Anchor,
        is_bold: bool,
    ) {
        self.marks.push(Mark::Text(Text {
            text: String::from(text),
            at,
            size,
            is_bold,
            color,
            anchor,
            is_upward: false,
        }));
    }

    /// One line of text that is read from below, centred on its point.
    pub fn upward_text(&mut self, text: &str, at: Place, size: f64, color: Color) {
        self.marks.push(Mark::Text(Text {
            text: String::from(text),
            at,
            size,
            is_bold: false,
            color,
            anchor: Anchor::Center,
            is_upward: true,
        }));
    }

    /// A filled rectangle whose upper left corner is `at`.
    pub fn rectangle(&mut self, at: Place, size: Place, fill: Fill) {
        self.marks.push(Mark::Rectangle { at, size, fill });
    }

    /// A filled rectangle with a thin outline.
    pub fn swatch(&mut self, at: Place, size: Place, color: Color) {
        self.rectangle(at, size, Fill::new(color));
        let ((x, y), (w, h)) = (at, size);
        let corners = vec![(x, y), (x + w, y), (x + w, y + h), (x, y + h), (x, y)];
        self.line(corners, Stroke::new(FAINT, 1.0));
    }

    /// A line through these points.
    pub fn line(&mut self, points: Vec<Place>, stroke: Stroke) {
        if points.len() > 1 {
            self.marks.push(Mark::Line { points, stroke });
        }
    }

    /// The area that these points surround.
    pub fn area(&mut self, points: Vec<Place>, fill: Fill) {
        if points.len() > 2 {
            self.marks.push(Mark::Area { points, fill });
        }
    }

    /// A disc.
    pub fn dot(&mut self, at: Place, radius: f64, fill: Fill) {
        self.marks.push(Mark::Dot { at, radius, fill });
    }

    /// A diagonal cross whose arms are this long.
    pub fn cross(&mut self, (x, y): Place, arm: f64, stroke: Stroke) {
        self.line(vec![(x - arm, y - arm), (x + arm, y + arm)], stroke);
        self.line(vec![(x - arm, y + arm), (x + arm, y - arm)], stroke);
    }

    /// Puts a picture on the sheet, its upper left corner at `at`. What does not fit is cut off.
    pub fn place(&mut self, picture: RgbImage, at: (u32, u32)) {
        self.marks.push(Mark::Picture { picture, at });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_titles_keep_their_ends() {
        let fits = |text: &str| text.chars().count() <= 11;
        assert_eq!(
            shortened("0123456789abcdef.png", fits),
            "01234….png".replace("….png", "…f.png")
        );
        assert_eq!(shortened("m31.png", fits), "m31.png");
        assert_eq!(shortened("ab", |_| false), "…");
    }
}
