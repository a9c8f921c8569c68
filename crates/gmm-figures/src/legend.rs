//! What the marks of a figure mean.

use crate::measure::text_width;
use crate::sheet::{Anchor, Fill, Place, Sheet, Stroke, TEXT};

/// A mark as it looks in the figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Key {
    /// A line.
    Line(Stroke),
    /// A disc.
    Dot(Fill),
    /// A cross.
    Cross(Stroke),
    /// An area.
    Area(Fill),
}

/// A row of keys with what each means, centred on `at`.
pub fn legend(sheet: &mut Sheet, at: Place, entries: &[(Key, &str)]) {
    const SIZE: f64 = 14.0;
    const KEY: f64 = 22.0;
    const GAP: (f64, f64) = (8.0, 28.0);
    let width = |text: &str| KEY + GAP.0 + text_width(text, SIZE, false);
    let total: f64 = entries.iter().map(|(_, text)| width(text)).sum::<f64>()
        + GAP.1 * entries.len().saturating_sub(1) as f64;
    let (mut x, y) = (at.0 - 0.5 * total, at.1);
    for (key, text) in entries {
        let middle = (x + 0.5 * KEY, y);
        match *key {
            Key::Line(stroke) => sheet.line(vec![(x, y), (x + KEY, y)], stroke),
            Key::Dot(fill) => sheet.dot(middle, 5.0, fill),
            Key::Cross(stroke) => sheet.cross(middle, 5.0, stroke),
            Key::Area(fill) => sheet.rectangle((x + 2.0, y - 6.0), (KEY - 4.0, 12.0), fill),
        }
        sheet.text(text, (x + KEY + GAP.0, y), SIZE, TEXT, Anchor::Left);
        x += width(text) + GAP.1;
    }
}
