//! What mixtures know of their classes: means, and images that they make.

use gmm_core::ndarray::Array2;
use gmm_figures::{Anchor, Color, HEADING, MUTED, Sheet, TEXT};

use super::picture::{CELL, MARGIN, SIDE, framed, ink};
use crate::generator::Generator;

/// For the labels, left of each row; and between means and images.
const LABEL: u32 = 40;
const GAP: u32 = 30;
const FRAME: Color = Color(225, 225, 225);
/// Means of a class that are drawn, at most: those of the largest weights.
const MOST_MEANS: usize = 10;

/// A row for each class: the means of its components with their weights, and `drawn` images of it.
pub fn draw_generated(
    generator: &Generator,
    drawn: &[Array2<f64>],
    classes: &[usize],
    size: (usize, usize),
    subtitle: &str,
) -> Sheet {
    let means: Vec<_> = (0..generator.n_classes())
        .map(|class| generator.means(class))
        .collect();
    let most = |counts: &mut dyn Iterator<Item = usize>| counts.max().unwrap_or(0) as u32;
    let n_means = most(&mut means.iter().map(|(weights, _)| weights.len()));
    let n_means = n_means.min(MOST_MEANS as u32);
    let n_drawn = most(&mut drawn.iter().map(|images| images.nrows()));
    let first = MARGIN + LABEL;
    let second = first + n_means * CELL.0 + GAP;
    let top = HEADING as u32 + 44;
    // Wide enough for the heading above few pictures.
    let width = (second + n_drawn * CELL.0 + MARGIN).max(640);
    let mut sheet = Sheet::new(width, top + classes.len() as u32 * CELL.1 + 8);
    sheet.heading("What a mixture for each class makes of it", subtitle);
    let caption = |sheet: &mut Sheet, text: &str, x: u32| {
        let at = (f64::from(x) + 14.0, f64::from(top) - 20.0);
        sheet.bold(text, at, 15.0, TEXT, Anchor::Left);
    };
    let title = if n_means == 1 {
        "Mean"
    } else {
        "Means, and weights"
    };
    caption(&mut sheet, title, first);
    caption(&mut sheet, "Drawn at random", second);
    for (row, label) in classes.iter().enumerate() {
        let y = top + row as u32 * CELL.1;
        let beside = (f64::from(MARGIN) + 12.0, f64::from(y + SIDE / 2));
        sheet.bold(&label.to_string(), beside, 20.0, TEXT, Anchor::Center);
        let x = |from: u32, column: usize| from + column as u32 * CELL.0 + (CELL.0 - SIDE) / 2;
        let brightest = generator.brightest();
        let (weights, means) = &means[row];
        let shown = weights.iter().zip(means.rows()).take(MOST_MEANS);
        for (column, (weight, mean)) in shown.enumerate() {
            let text = format!("{:.0} %", 100.0 * weight);
            let picture = ink(mean, size, brightest);
            framed(
                &mut sheet,
                picture,
                (x(first, column), y),
                FRAME,
                (&text, MUTED),
            );
        }
        for (column, image) in drawn[row].rows().into_iter().enumerate() {
            let picture = ink(image, size, brightest);
            framed(
                &mut sheet,
                picture,
                (x(second, column), y),
                FRAME,
                ("", MUTED),
            );
        }
    }
    sheet
}
