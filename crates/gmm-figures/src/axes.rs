//! A rectangle of a sheet with a scale along two sides, and what is drawn in it in the units of the data.

use image::{Rgb, RgbImage};

use crate::contour::{Field, contour};
use crate::measure::text_width;
use crate::palette::Color;
use crate::sheet::{Anchor, Fill, MUTED, Place, Sheet, Stroke, TEXT};
use crate::ticks::Ticks;

/// A rectangle in pixels, from its upper left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Left edge.
    pub x: u32,
    /// Upper edge.
    pub y: u32,
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

/// Room that numbers and labels need to the left of a frame.
pub const LEFT: u32 = 76;
/// Room that they need below it.
pub const BELOW: u32 = 56;

/// The range of some values, a little wider; of one value and of none, something around it.
pub fn padded(values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    const MARGIN: f64 = 0.04;
    let (low, high) = values
        .into_iter()
        .filter(|v| v.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
            (low.min(v), high.max(v))
        });
    if low > high {
        return (0.0, 1.0);
    }
    let width = high - low;
    let margin = if width > 0.0 {
        MARGIN * width
    } else if low == 0.0 {
        1.0
    } else {
        0.5 * low.abs()
    };
    (low - margin, high + margin)
}

/// Scales along the lower and the left side of a frame.
#[derive(Debug, Clone)]
pub struct Axes {
    frame: Frame,
    x: (f64, f64),
    y: (f64, f64),
    x_label: String,
    y_label: String,
    title: String,
    has_whole_x: bool,
    x_names: Vec<(f64, String)>,
    has_x_ticks: bool,
    has_y_ticks: bool,
    has_grid: bool,
}

impl Axes {
    /// Axes that show these ranges, each from its low to its high end.
    pub fn new(frame: Frame, x: (f64, f64), y: (f64, f64)) -> Self {
        Self {
            frame,
            x,
            y,
            x_label: String::new(),
            y_label: String::new(),
            title: String::new(),
            has_whole_x: false,
            x_names: Vec::new(),
            has_x_ticks: true,
            has_y_ticks: true,
            has_grid: true,
        }
    }

    /// Widens one of the ranges so that a unit is as long on both axes.
    #[must_use]
    pub fn with_equal_units(mut self) -> Self {
        let pixels = (f64::from(self.frame.width), f64::from(self.frame.height));
        let unit = ((self.x.1 - self.x.0) / pixels.0).max((self.y.1 - self.y.0) / pixels.1);
        let widened = |(low, high): (f64, f64), pixels: f64| {
            let (middle, half) = (0.5 * (low + high), 0.5 * unit * pixels);
            (middle - half, middle + half)
        };
        self.x = widened(self.x, pixels.0);
        self.y = widened(self.y, pixels.1);
        self
    }

    /// Names of both axes, with units.
    #[must_use]
    pub fn labelled(mut self, x: &str, y: &str) -> Self {
        (self.x_label, self.y_label) = (String::from(x), String::from(y));
        self
    }

    /// A line above the frame.
    #[must_use]
    pub fn titled(mut self, title: &str) -> Self {
        self.title = String::from(title);
        self
    }

    /// Numbers along x are counts.
    #[must_use]
    pub fn with_whole_x(mut self) -> Self {
        self.has_whole_x = true;
        self
    }

    /// Names along x in place of numbers, as many of these as fit.
    #[must_use]
    pub fn with_x_names(mut self, names: impl IntoIterator<Item = (f64, String)>) -> Self {
        self.x_names = names.into_iter().collect();
        self
    }

    /// Another range of y.
    #[must_use]
    pub fn with_y(mut self, y: (f64, f64)) -> Self {
        self.y = y;
        self
    }

    /// No numbers along x.
    #[must_use]
    pub fn without_x_ticks(mut self) -> Self {
        self.has_x_ticks = false;
        self
    }

    /// No numbers along y.
    #[must_use]
    pub fn without_y_ticks(mut self) -> Self {
        self.has_y_ticks = false;
        self
    }

    /// No lines across, as where a picture covers the frame.
    #[must_use]
    pub fn without_grid(mut self) -> Self {
        self.has_grid = false;
        self
    }

    /// The range of x.
    pub fn x(&self) -> (f64, f64) {
        self.x
    }

    /// The range of y.
    pub fn y(&self) -> (f64, f64) {
        self.y
    }

    /// Where a point of the data lies on the sheet.
    pub fn at(&self, (x, y): Place) -> Place {
        let Frame {
            x: left,
            y: top,
            width,
            height,
        } = self.frame;
        let share = |v: f64, (low, high): (f64, f64)| (v - low) / (high - low);
        (
            f64::from(left) + share(x, self.x) * f64::from(width),
            f64::from(top + height) - share(y, self.y) * f64::from(height),
        )
    }

    /// Draws grid, numbers and labels: first, so that data lie upon them.
    pub fn draw(&self, sheet: &mut Sheet) {
        /// Pixels from one number to the next.
        const APART: (u32, u32) = (90, 60);
        let Frame {
            x,
            y,
            width,
            height,
        } = self.frame;
        let (left, top) = (f64::from(x), f64::from(y));
        let (right, bottom) = (left + f64::from(width), top + f64::from(height));
        let grid = Stroke::new(Color(235, 235, 235), 1.0);
        let line = Stroke::new(Color(140, 140, 140), 1.0);
        let n_ticks = |pixels: u32, apart: u32| {
            (pixels / apart).clamp(2 + (pixels / 140).min(1), 10) as usize
        };
        let along_x = self.ticks_along_x(n_ticks(width, APART.0));
        for (&value, label) in along_x.values.iter().zip(&along_x.labels) {
            let (px, _) = self.at((value, self.y.0));
            if self.has_grid {
                sheet.line(vec![(px, top), (px, bottom)], grid);
            }
            if !self.has_x_ticks {
                continue;
            }
            sheet.line(vec![(px, bottom), (px, bottom + 5.0)], line);
            sheet.text(label, (px, bottom + 16.0), 13.0, MUTED, Anchor::Center);
        }
        let mut room = 10.0;
        let mut y_label = self.y_label.clone();
        if self.has_y_ticks {
            let along_y = Ticks::between(self.y, n_ticks(height, APART.1), false);
            y_label = along_y.name(&self.y_label);
            for (&value, label) in along_y.values.iter().zip(&along_y.labels) {
                let (_, py) = self.at((self.x.0, value));
                if self.has_grid {
                    sheet.line(vec![(left, py), (right, py)], grid);
                }
                sheet.line(vec![(left - 5.0, py), (left, py)], line);
                sheet.text(label, (left - 9.0, py), 13.0, MUTED, Anchor::Right);
                room = f64::max(room, 16.0 + text_width(label, 13.0, false));
            }
        }
        sheet.line(vec![(left, top), (left, bottom), (right, bottom)], line);
        let middle = (0.5 * (left + right), 0.5 * (top + bottom));
        sheet.text(
            &along_x.name(&self.x_label),
            (middle.0, bottom + 40.0),
            14.0,
            TEXT,
            Anchor::Center,
        );
        sheet.upward_text(&y_label, (left - room - 9.0, middle.1), 14.0, TEXT);
        sheet.text(
            &self.title,
            (middle.0, top - 16.0),
            15.0,
            TEXT,
            Anchor::Center,
        );
    }

    fn ticks_along_x(&self, n: usize) -> Ticks {
        /// Counts up to this many are all named.
        const FEW: f64 = 13.0;
        let (low, high) = self.x;
        let names: Vec<_> = (self.x_names.iter())
            .filter(|(x, _)| (low..=high).contains(x))
            .collect();
        if names.is_empty() {
            let is_few = self.has_whole_x && high - low <= FEW;
            return Ticks::between(
                self.x,
                if is_few { FEW as usize } else { n },
                self.has_whole_x,
            );
        }
        let every = names.len().div_ceil(n);
        let shown = names.into_iter().step_by(every).cloned();
        let (values, labels) = shown.unzip();
        Ticks {
            values,
            labels,
            scale: String::new(),
        }
    }

    /// A line through points of the data, cut off at the frame.
    pub fn line(&self, sheet: &mut Sheet, points: impl IntoIterator<Item = Place>, stroke: Stroke) {
        let mut piece: Vec<Place> = Vec::new();
        let mut last: Option<Place> = None;
        for point in points {
            let Some((from, to)) = last.and_then(|from| self.clipped(from, point)) else {
                sheet.line(std::mem::take(&mut piece), stroke);
                last = is_number(point).then_some(point);
                continue;
            };
            if piece.last() != Some(&self.at(from)) {
                sheet.line(std::mem::take(&mut piece), stroke);
                piece.push(self.at(from));
            }
            piece.push(self.at(to));
            last = Some(point);
        }
        sheet.line(piece, stroke);
    }

    /// The part of a segment that is within the ranges; Liang & Barsky (*ACM TOG* 3, 1984).
    fn clipped(&self, from: Place, to: Place) -> Option<(Place, Place)> {
        if !is_number(from) || !is_number(to) {
            return None;
        }
        let step = (to.0 - from.0, to.1 - from.1);
        let (mut enter, mut leave) = (0.0f64, 1.0f64);
        for (start, step, (low, high)) in [(from.0, step.0, self.x), (from.1, step.1, self.y)] {
            if step == 0.0 {
                if start < low || start > high {
                    return None;
                }
                continue;
            }
            let (a, b) = ((low - start) / step, (high - start) / step);
            enter = enter.max(a.min(b));
            leave = leave.min(a.max(b));
        }
        let along = |t: f64| (from.0 + t * step.0, from.1 + t * step.1);
        // The ends themselves where nothing is cut, so that pieces join.
        let first = if enter > 0.0 { along(enter) } else { from };
        let last = if leave < 1.0 { along(leave) } else { to };
        (enter <= leave).then_some((first, last))
    }

    /// The area between two lines over the same x, from `x`, lower and upper y.
    pub fn band(&self, sheet: &mut Sheet, points: &[(f64, f64, f64)], fill: Fill) {
        let within = |v: f64, (low, high): (f64, f64)| v.max(low).min(high);
        let inside = |x: f64, y: f64| self.at((within(x, self.x), within(y, self.y)));
        let upper = points.iter().map(|&(x, _, high)| inside(x, high));
        let lower = points.iter().rev().map(|&(x, low, _)| inside(x, low));
        sheet.area(upper.chain(lower).collect(), fill);
    }

    /// Whether a point is within the ranges.
    pub fn shows(&self, (x, y): Place) -> bool {
        (self.x.0..=self.x.1).contains(&x) && (self.y.0..=self.y.1).contains(&y)
    }

    /// A disc at a point of the data; none outside the frame.
    pub fn dot(&self, sheet: &mut Sheet, point: Place, radius: f64, fill: Fill) {
        if self.shows(point) {
            sheet.dot(self.at(point), radius, fill);
        }
    }

    /// A cross at a point of the data; none outside the frame.
    pub fn cross(&self, sheet: &mut Sheet, point: Place, arm: f64, stroke: Stroke) {
        if self.shows(point) {
            sheet.cross(self.at(point), arm, stroke);
        }
    }

    /// A bar from 0 up to `height`, over the part of x from `low` to `high`.
    pub fn bar(&self, sheet: &mut Sheet, (low, high): (f64, f64), height: f64, fill: Fill) {
        let base = self.y.0.max(0.0);
        let (left, top) = self.at((low.max(self.x.0), height.min(self.y.1)));
        let (right, bottom) = self.at((high.min(self.x.1), base));
        if right > left && bottom > top {
            sheet.rectangle((left, top), (right - left, bottom - top), fill);
        }
    }

    /// A level line across the frame.
    pub fn across(&self, sheet: &mut Sheet, y: f64, stroke: Stroke) {
        self.line(sheet, [(self.x.0, y), (self.x.1, y)], stroke);
    }

    /// The points of the data in the middles of the frame's pixels, row by row from the upper left.
    pub fn pixels(&self) -> Vec<[f64; 2]> {
        let Frame { width, height, .. } = self.frame;
        let along = |i: u32, n: u32, (low, high): (f64, f64)| {
            low + (f64::from(i) + 0.5) / f64::from(n) * (high - low)
        };
        (0..height)
            .flat_map(|row| (0..width).map(move |column| (row, column)))
            .map(|(row, column)| {
                [
                    along(column, width, self.x),
                    along(height - 1 - row, height, self.y),
                ]
            })
            .collect()
    }

    /// A field from its values at [`pixels`](Self::pixels).
    pub fn field(&self, values: Vec<f64>) -> Field {
        Field {
            width: self.frame.width as usize,
            values,
        }
    }

    /// Fills the frame with a colour for each value of a field.
    pub fn shade(&self, sheet: &mut Sheet, field: &Field, color: impl Fn(f64) -> Color) {
        let Frame {
            x,
            y,
            width,
            height,
        } = self.frame;
        let picture = RgbImage::from_fn(width, height, |column, row| {
            let place = row as usize * field.width + column as usize;
            let Color(r, g, b) = color(field.values.get(place).copied().unwrap_or(f64::NAN));
            Rgb([r, g, b])
        });
        sheet.place(picture, (x, y));
    }

    /// The lines along which a field has this value.
    pub fn contour(&self, sheet: &mut Sheet, field: &Field, level: f64, stroke: Stroke) {
        let corner = (f64::from(self.frame.x) + 0.5, f64::from(self.frame.y) + 0.5);
        for line in contour(field, level) {
            let points = line.iter().map(|(x, y)| (corner.0 + x, corner.1 + y));
            sheet.line(points.collect(), stroke);
        }
    }

    /// Fills the frame with cells, `columns` × `rows` of them, in the colour of each (column, row), row 0 at
    /// the bottom.
    pub fn cells(
        &self,
        sheet: &mut Sheet,
        (columns, rows): (usize, usize),
        color: impl Fn(usize, usize) -> Color,
    ) {
        let Frame {
            x,
            y,
            width,
            height,
        } = self.frame;
        let cell = |i: u32, pixels: u32, n: usize| {
            ((u64::from(i) * n as u64 / u64::from(pixels)) as usize).min(n.saturating_sub(1))
        };
        let picture = RgbImage::from_fn(width, height, |px, py| {
            let row = cell(height - 1 - py, height, rows);
            let Color(r, g, b) = color(cell(px, width, columns), row);
            Rgb([r, g, b])
        });
        sheet.place(picture, (x, y));
    }
}

fn is_number((x, y): Place) -> bool {
    x.is_finite() && y.is_finite()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axes() -> Axes {
        let frame = Frame {
            x: 10,
            y: 20,
            width: 100,
            height: 50,
        };
        Axes::new(frame, (0.0, 10.0), (-1.0, 1.0))
    }

    #[test]
    fn points_lie_where_the_scales_say() {
        assert_eq!(axes().at((0.0, -1.0)), (10.0, 70.0));
        assert_eq!(axes().at((10.0, 1.0)), (110.0, 20.0));
        let equal = axes().with_equal_units();
        let (a, b) = (equal.at((0.0, 0.0)), equal.at((1.0, 1.0)));
        assert!(((b.0 - a.0) - (a.1 - b.1)).abs() < 1e-9);
        assert!(equal.shows((0.0, 0.0)) && equal.shows((10.0, 1.0)));
        let pixels = axes().pixels();
        assert_eq!(pixels.len(), 5000);
        assert_eq!(axes().at((pixels[0][0], pixels[0][1])), (10.5, 20.5));
    }

    #[test]
    fn lines_are_cut_at_the_frame_and_broken_by_gaps() {
        let mut sheet = Sheet::new(200, 100);
        let gap = (f64::NAN, 0.0);
        let points = [
            (-5.0, 0.0),
            (5.0, 0.0),
            gap,
            (6.0, 0.0),
            (6.0, 9.0),
            (7.0, 9.0),
            (7.0, 0.0),
        ];
        axes().line(&mut sheet, points, Stroke::new(TEXT, 1.0));
        let lines: Vec<_> = sheet
            .marks
            .iter()
            .map(|m| match m {
                crate::sheet::Mark::Line { points, .. } => points.clone(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[0], [(10.0, 45.0), (60.0, 45.0)]);
        assert_eq!(lines[1], [(70.0, 45.0), (70.0, 20.0)]);
        assert_eq!(lines[2], [(80.0, 20.0), (80.0, 45.0)]);
    }

    #[test]
    fn ranges_have_width_whatever_the_values() {
        assert_eq!(padded([0.0, 10.0]), (-0.4, 10.4));
        for values in [vec![], vec![3.0], vec![0.0], vec![f64::NAN]] {
            let (low, high) = padded(values);
            assert!(low < high);
        }
    }
}
