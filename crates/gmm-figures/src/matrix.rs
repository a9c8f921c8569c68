//! A matrix of counts: what was said to be what.

use crate::measure::text_width;
use crate::palette::{BLUE, Color};
use crate::sheet::{Anchor, FAINT, Fill, HEADING, MUTED, Sheet, Stroke, TEXT};

const WHITE: Color = Color(255, 255, 255);
/// The smallest cells that hold a number.
const NUMBERED: f64 = 26.0;
/// The sizes of cells, and the width that all of them should have.
const SMALLEST: f64 = 10.0;
const LARGEST: f64 = 54.0;
const WIDTH: f64 = 620.0;
const MARGIN: f64 = 24.0;

/// A square matrix of counts under room for a [heading](Sheet::heading): the row is what something is, the column what it
/// was taken for. A cell is the darker the larger its share of its row, and says its count unless that is 0; `axes` are the
/// names of the columns and of the rows. Counts beyond the names are not drawn.
pub fn matrix(counts: &[Vec<usize>], names: &[String], axes: (&str, &str)) -> Sheet {
    let n = names.len().max(1) as f64;
    let cell = (WIDTH / n).clamp(SMALLEST, LARGEST).floor();
    let text = (0.42 * cell).clamp(8.0, 14.0);
    let widths = names.iter().map(|name| text_width(name, text, false));
    let room = widths.fold(0.0, f64::max).ceil() + 12.0;
    // Names that are wider than a cell are read from below.
    let is_upward = room - 12.0 > cell - 4.0;
    let above = if is_upward { room } else { text + 12.0 };
    let (left, top) = (MARGIN + 22.0 + room, HEADING + 30.0 + above);
    let size = cell * n;
    let width = (left + size + MARGIN).max(480.0);
    let left = left.max(0.5 * (width - size));
    let mut sheet = Sheet::new(width as u32, (top + size + MARGIN) as u32);
    for (i, row) in counts.iter().enumerate().take(names.len()) {
        let total = row.iter().sum::<usize>().max(1) as f64;
        for (j, &count) in row.iter().enumerate().take(names.len()) {
            let at = (left + cell * j as f64, top + cell * i as f64);
            let share = count as f64 / total;
            // A single error among many must still be seen.
            let depth = if count > 0 { 0.12 + 0.88 * share } else { 0.0 };
            sheet.rectangle(at, (cell, cell), Fill::new(BLUE.mixed(depth, WHITE)));
            if count > 0 && cell >= NUMBERED {
                let color = if depth > 0.55 { WHITE } else { TEXT };
                let middle = (at.0 + 0.5 * cell, at.1 + 0.5 * cell);
                sheet.text(&count.to_string(), middle, text, color, Anchor::Center);
            }
        }
    }
    for line in 0..=names.len() {
        let at = cell * line as f64;
        let stroke = Stroke::new(FAINT, 1.0);
        sheet.line(vec![(left, top + at), (left + size, top + at)], stroke);
        sheet.line(vec![(left + at, top), (left + at, top + size)], stroke);
    }
    for (i, name) in names.iter().enumerate() {
        let along = cell * (i as f64 + 0.5);
        sheet.text(name, (left - 7.0, top + along), text, TEXT, Anchor::Right);
        if is_upward {
            let middle = top - 6.0 - 0.5 * text_width(name, text, false);
            sheet.upward_text(name, (left + along, middle), text, TEXT);
        } else {
            let at = (left + along, top - 6.0 - 0.5 * text);
            sheet.text(name, at, text, TEXT, Anchor::Center);
        }
    }
    let (columns, rows) = axes;
    let middle = 0.5 * size;
    let over = (left + middle, top - above - 12.0);
    sheet.text(columns, over, 14.0, MUTED, Anchor::Center);
    let beside = (left - room - 10.0, top + middle);
    sheet.upward_text(rows, beside, 14.0, MUTED);
    sheet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_words_has_a_matrix() {
        for n in [0, 1, 2, 10, 70] {
            let names: Vec<String> = (0..n).map(|i| format!("word {i}")).collect();
            let counts = vec![vec![3; n]; n];
            let sheet = matrix(&counts, &names, ("taken for", "is"));
            let (width, height) = sheet.to_image().unwrap().dimensions();
            assert!(width >= 480 && height > 100, "{n}");
        }
    }
}
