//! What the marks of a figure mean.

use crate::measure::text_width;
use crate::palette::Color;
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
    /// A disc within a ring.
    Ring(Stroke),
}

/// A row of keys with what each means, centred on `at`: as many as fit on the sheet, and how many more there are.
pub fn legend(sheet: &mut Sheet, at: Place, entries: &[(Key, &str)]) {
    const SIZE: f64 = 14.0;
    const KEY: f64 = 22.0;
    const GAP: (f64, f64) = (8.0, 28.0);
    let width = |text: &str| KEY + GAP.0 + text_width(text, SIZE, false) + GAP.1;
    let most = 2.0 * at.0.min(f64::from(sheet.size().0) - at.0);
    let widths: Vec<f64> = entries.iter().map(|(_, text)| width(text)).collect();
    let fits = |n: usize| {
        let more = if n < entries.len() {
            width("and 999 more")
        } else {
            0.0
        };
        widths[..n].iter().sum::<f64>() + more <= most
    };
    let n_shown = (0..=entries.len()).rev().find(|&n| fits(n)).unwrap_or(0);
    let more = match entries.len() - n_shown {
        0 => String::new(),
        n => format!("and {n} more"),
    };
    let rest = if more.is_empty() {
        -GAP.1
    } else {
        text_width(&more, SIZE, false)
    };
    let total = widths[..n_shown].iter().sum::<f64>() + rest;
    let (mut x, y) = (at.0 - 0.5 * total, at.1);
    for (key, text) in &entries[..n_shown] {
        let middle = (x + 0.5 * KEY, y);
        match *key {
            Key::Line(stroke) => sheet.line(vec![(x, y), (x + KEY, y)], stroke),
            Key::Dot(fill) => sheet.dot(middle, 5.0, fill),
            Key::Ring(stroke) => {
                sheet.dot(middle, 6.5, Fill::new(stroke.color));
                sheet.dot(middle, 6.5 - stroke.width, Fill::new(Color(255, 255, 255)));
            }
            Key::Cross(stroke) => sheet.cross(middle, 5.0, stroke),
            Key::Area(fill) => sheet.rectangle((x + 2.0, y - 6.0), (KEY - 4.0, 12.0), fill),
        }
        sheet.text(text, (x + KEY + GAP.0, y), SIZE, TEXT, Anchor::Left);
        x += width(text);
    }
    sheet.text(&more, (x, y), SIZE, TEXT, Anchor::Left);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::palette::BLUE;
    use crate::sheet::Mark;

    #[test]
    fn a_long_legend_stays_on_the_sheet_and_says_what_is_missing() {
        let mut sheet = Sheet::new(400, 100);
        let entries = [(Key::Dot(Fill::new(BLUE)), "a long name of a component"); 9];
        legend(&mut sheet, (200.0, 50.0), &entries);
        let texts: Vec<(&str, f64)> = (sheet.marks.iter())
            .filter_map(|mark| match mark {
                Mark::Text(text) => Some((text.text.as_str(), text.at.0)),
                _ => None,
            })
            .collect();
        assert_eq!(texts.last().unwrap().0, "and 8 more");
        assert!(texts.iter().all(|(_, x)| (0.0..400.0).contains(x)));
    }
}
