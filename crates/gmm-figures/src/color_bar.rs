//! What the colours of a map mean.

use image::{Rgb, RgbImage};

use crate::axes::{Axes, Frame};
use crate::measure::text_width;
use crate::palette::Color;
use crate::sheet::{Anchor, FAINT, MUTED, Sheet, Stroke, TEXT};
use crate::ticks::Ticks;

/// A bar of all colours from low to high with numbers and a label, to the right of a frame.
pub fn color_bar(
    sheet: &mut Sheet,
    beside: Frame,
    range: (f64, f64),
    label: &str,
    color: impl Fn(f64) -> Color,
) {
    const GAP: u32 = 22;
    const WIDTH: u32 = 18;
    let bar = Frame {
        x: beside.x + beside.width + GAP,
        width: WIDTH,
        ..beside
    };
    let picture = RgbImage::from_fn(bar.width, bar.height, |_, row| {
        let share = (f64::from(bar.height - row) - 0.5) / f64::from(bar.height);
        let Color(r, g, b) = color(share);
        Rgb([r, g, b])
    });
    sheet.place(picture, (bar.x, bar.y));
    let right = f64::from(bar.x + bar.width);
    let (left, top) = (f64::from(bar.x), f64::from(bar.y));
    let bottom = top + f64::from(bar.height);
    let corners = vec![
        (left, top),
        (right, top),
        (right, bottom),
        (left, bottom),
        (left, top),
    ];
    sheet.line(corners, Stroke::new(FAINT, 1.0));
    let ticks = Ticks::between(range, (bar.height / 60).clamp(2, 8) as usize, false);
    let axes = Axes::new(bar, (0.0, 1.0), range);
    let mut room = 0.0f64;
    for (&value, label) in ticks.values.iter().zip(&ticks.labels) {
        room = room.max(text_width(label, 13.0, false));
        let (_, y) = axes.at((0.0, value));
        sheet.line(vec![(right, y), (right + 5.0, y)], Stroke::new(FAINT, 1.0));
        sheet.text(label, (right + 9.0, y), 13.0, MUTED, Anchor::Left);
    }
    let middle = f64::from(bar.y) + 0.5 * f64::from(bar.height);
    let beyond = right + room + 26.0;
    sheet.upward_text(&ticks.name(label), (beyond, middle), 14.0, TEXT);
}

/// Room that a colour bar needs to the right of a frame.
pub const COLOR_BAR: u32 = 110;
