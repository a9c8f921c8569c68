//! A square table of counts, true class by class that was told.

use crate::axes::Frame;
use crate::measure::text_width;
use crate::palette::{BLUE, Color, VERMILION};
use crate::sheet::{Anchor, Fill, HEADING, MUTED, Sheet, TEXT};

/// Below this many pixels a cell has no room for its number.
const SMALLEST_CELL: f64 = 17.0;
/// The share of a row at which a cell has its full colour when it is wrong: mistakes are rare, and must be seen.
const FULL_MISTAKE: f64 = 0.1;
/// The size of names.
const NAME: f64 = 13.0;
/// The sizes of a chart's cells, and the width that all of them should have.
const SMALLEST: f64 = 10.0;
const LARGEST: f64 = 54.0;
const WIDTH: f64 = 620.0;

/// A [`confusion_matrix`] under room for a [heading](Sheet::heading), with cells as large as their number allows.
pub fn confusion_chart(names: &[String], counts: &[Vec<usize>]) -> Sheet {
    let n = names.len().max(1) as f64;
    let cell = (WIDTH / n).clamp(SMALLEST, LARGEST).floor();
    let size = cell * n;
    let room = widest(names) + 60.0;
    let width = (room + size + 24.0).max(480.0);
    let below = if is_upward(names, cell) { room } else { 60.0 };
    let top = HEADING + 16.0;
    let mut sheet = Sheet::new(width as u32, (top + size + below) as u32);
    let frame = Frame {
        x: room.max(0.5 * (width - size)) as u32,
        y: top as u32,
        width: size as u32,
        height: size as u32,
    };
    confusion_matrix(&mut sheet, frame, names, counts);
    sheet
}

/// A confusion matrix: the rows of `counts` are the true classes, the columns those that were told, both in the order of
/// `names`. What is right is blue and what is wrong vermilion, deeper with its share of the row; zeros are blank.
///
/// It fills a frame, with names of rows and columns to the left and below, upward where they are wider than a cell. Counts
/// beyond the names are not drawn.
pub fn confusion_matrix(sheet: &mut Sheet, frame: Frame, names: &[String], counts: &[Vec<usize>]) {
    let n = names.len().max(1) as f64;
    let (x, y) = (f64::from(frame.x), f64::from(frame.y));
    let cell = (f64::from(frame.width) / n, f64::from(frame.height) / n);
    let size = (0.42 * cell.0.min(cell.1)).clamp(9.0, 15.0);
    let has_room = cell.0.min(cell.1) >= SMALLEST_CELL;
    // Names that would run into each other are thinned out.
    let every = (SMALLEST_CELL / cell.0.min(cell.1)).ceil().max(1.0) as usize;
    for (row, counts) in counts.iter().enumerate().take(names.len()) {
        let total = counts.iter().sum::<usize>().max(1) as f64;
        let top = y + row as f64 * cell.1;
        for (column, &count) in counts.iter().enumerate().take(names.len()) {
            let left = x + column as f64 * cell.0;
            let color = shade(count as f64 / total, row == column);
            let inner = (cell.0 - 1.0, cell.1 - 1.0);
            sheet.rectangle((left, top), inner, Fill::new(color));
            if count > 0 && has_room {
                let middle = (left + 0.5 * cell.0, top + 0.5 * cell.1);
                let ink = legible_on(color);
                sheet.text(&count.to_string(), middle, size, ink, Anchor::Center);
            }
        }
    }
    let bottom = y + f64::from(frame.height);
    let is_upward = is_upward(names, cell.0);
    for (place, name) in names.iter().enumerate().step_by(every) {
        let along = place as f64 + 0.5;
        let beside = (x - 8.0, y + along * cell.1);
        sheet.text(name, beside, NAME, TEXT, Anchor::Right);
        let column = x + along * cell.0;
        if is_upward {
            let middle = bottom + 8.0 + 0.5 * text_width(name, NAME, false);
            sheet.upward_text(name, (column, middle), NAME, TEXT);
        } else {
            sheet.text(name, (column, bottom + 14.0), NAME, TEXT, Anchor::Center);
        }
    }
    let beyond = if is_upward { widest(names) } else { 14.0 };
    let under = (x + 0.5 * f64::from(frame.width), bottom + beyond + 24.0);
    sheet.text("recognised as", under, 14.0, MUTED, Anchor::Center);
    let beside = (x - 24.0 - widest(names), y + 0.5 * f64::from(frame.height));
    sheet.upward_text("true", beside, 14.0, MUTED);
}

fn widest(names: &[String]) -> f64 {
    let widths = names.iter().map(|name| text_width(name, NAME, false));
    widths.fold(0.0, f64::max)
}

/// Whether names are wider than a cell of this width.
fn is_upward(names: &[String], cell: f64) -> bool {
    widest(names) > (cell - 4.0).max(SMALLEST_CELL)
}

/// The colour of a cell that holds this share of its row.
fn shade(share: f64, is_right: bool) -> Color {
    const EMPTY: Color = Color(246, 246, 246);
    if share <= 0.0 {
        return EMPTY;
    }
    let (full, depth) = match is_right {
        true => (BLUE, 0.15 + 0.85 * share * share),
        false => (VERMILION, 0.25 + 0.75 * (share / FULL_MISTAKE).min(1.0)),
    };
    full.mixed(depth, EMPTY)
}

/// White on dark colours, black on light ones.
fn legible_on(Color(r, g, b): Color) -> Color {
    let luma = 0.299 * f64::from(r) + 0.587 * f64::from(g) + 0.114 * f64::from(b);
    if luma < 140.0 {
        Color(255, 255, 255)
    } else {
        TEXT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_count_is_written_and_what_is_wrong_has_another_colour() {
        let mut sheet = Sheet::new(300, 300);
        let frame = Frame {
            x: 60,
            y: 60,
            width: 200,
            height: 200,
        };
        let names = ["a", "b"].map(String::from);
        confusion_matrix(&mut sheet, frame, &names, &[vec![17, 3], vec![0, 20]]);
        let svg = String::from_utf8(sheet.to_svg().unwrap()).unwrap();
        let words: Vec<&str> = svg.split(['<', '>', '\n']).map(str::trim).collect();
        for text in ["17", "20", "3", "recognised as", "true"] {
            assert!(words.contains(&text), "{text}");
        }
        assert_ne!(shade(0.1, true), shade(0.1, false));
        assert_eq!(shade(0.0, true), shade(0.0, false));
        assert_ne!(legible_on(shade(1.0, true)), legible_on(shade(0.0, true)));
        confusion_matrix(&mut sheet, frame, &[], &[]);
    }

    #[test]
    fn any_number_of_classes_has_a_chart() {
        for n in [0, 1, 2, 10, 70] {
            let names: Vec<String> = (0..n).map(|i| format!("word {i}")).collect();
            let sheet = confusion_chart(&names, &vec![vec![3; n]; n]);
            let (width, height) = sheet.to_image().unwrap().dimensions();
            assert!(width >= 480 && height > 100, "{n}");
        }
    }
}
