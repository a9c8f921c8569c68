//! How well images were read: confusion, calibration and rejection.

use gmm_figures::{
    Anchor, Axes, BELOW, BLUE, Fill, Frame, HEADING, Key, LEFT, MUTED, Place, Sheet, Stroke, TEXT,
    VERMILION, confusion_matrix, legend, padded,
};

use super::picture::{CELL, MARGIN, Pictures, SIDE, framed};
use crate::judgement::Judgement;

/// Rows of misread images, at most.
const MOST_MISREAD: u32 = 2;
const MATRIX: u32 = 420;
const PANEL: (u32, u32) = (360, 160);

/// A sheet with the confusion matrix, what was said against what came true, and the errors that remain where the least
/// probable images are not read; `threshold` is marked. Below are the misread images, those with the largest odds against
/// the truth first.
pub fn draw_judgement(
    judgement: &Judgement,
    pictures: &Pictures<'_>,
    classes: &[usize],
    threshold: f64,
    subtitle: &str,
) -> Sheet {
    let top = HEADING as u32 + 40;
    let matrix = Frame {
        x: LEFT + 10,
        y: top,
        width: MATRIX,
        height: MATRIX,
    };
    let x = matrix.x + MATRIX + LEFT + 50;
    let upper = Frame {
        x,
        y: top,
        width: PANEL.0,
        height: PANEL.1,
    };
    let lower = Frame {
        y: top + PANEL.1 + 100,
        ..upper
    };
    let misread = judgement.misread();
    let (width, below) = (x + PANEL.0 + 34, top + MATRIX + BELOW);
    let across = ((width - 2 * MARGIN) / CELL.0) as usize;
    let n_rows = misread.len().div_ceil(across).min(MOST_MISREAD as usize) as u32;
    let mut sheet = Sheet::new(width, below + 42 + n_rows * CELL.1);
    sheet.heading(
        &format!(
            "{:.2} % of {} images read right",
            100.0 * judgement.accuracy(),
            judgement.n_images()
        ),
        subtitle,
    );
    let names: Vec<String> = classes.iter().map(usize::to_string).collect();
    let counts = judgement.confusion();
    let counts: Vec<Vec<usize>> = counts.outer_iter().map(|row| row.to_vec()).collect();
    confusion_matrix(&mut sheet, matrix, &names, &counts);
    reliability(&mut sheet, upper, judgement);
    rejection(&mut sheet, lower, judgement, threshold);
    let shown = &misread[..misread.len().min(across * n_rows as usize)];
    let caption = match misread.len() {
        0 => String::from("None was misread"),
        1 => String::from("The only one misread: the digit, what it was read as and how surely"),
        n if n > shown.len() => {
            let shown = shown.len();
            format!(
                "The worst {shown} of {n} misread, by the odds against the truth: the digit, what it was read as and how surely"
            )
        }
        n => format!(
            "All {n} misread, by the odds against the truth: the digit, what it was read as and how surely"
        ),
    };
    let left = (f64::from(MARGIN), f64::from(below) + 16.0);
    sheet.bold(&caption, left, 15.0, TEXT, Anchor::Left);
    for (place, &i) in shown.iter().enumerate() {
        let (column, row) = ((place % across) as u32, (place / across) as u32);
        let x = MARGIN + column * CELL.0 + (CELL.0 - SIDE) / 2;
        let text = format!(
            "{} → {}, {:.1} %",
            names[judgement.class_of[i]],
            names[judgement.predicted[i]],
            100.0 * judgement.posterior(i)
        );
        let at = (x, below + 40 + row * CELL.1);
        let label = (text.as_str(), VERMILION);
        framed(&mut sheet, pictures.ink(i), at, VERMILION, label);
    }
    sheet
}

/// What was said against what came true, in tenths of the images.
fn reliability(sheet: &mut Sheet, frame: Frame, judgement: &Judgement) {
    let points: Vec<Place> = judgement
        .reliability()
        .iter()
        .map(|bin| (100.0 * bin.said, 100.0 * bin.right))
        .collect();
    let all = points.iter().flat_map(|&(x, y)| [x, y]).chain([100.0]);
    let range = padded(all);
    let axes = Axes::new(frame, range, range).labelled("Said [%]", "Came true [%]");
    axes.draw(sheet);
    let ideal = Stroke::new(MUTED, 1.4);
    axes.line(sheet, [(range.0, range.0), (range.1, range.1)], ideal);
    for &point in &points {
        axes.dot(sheet, point, 4.5, Fill::new(BLUE));
    }
    let entries = [(Key::Line(ideal), "probabilities that come true")];
    above(sheet, frame, &entries);
}

/// Errors among what is read against the share that is read.
fn rejection(sheet: &mut Sheet, frame: Frame, judgement: &Judgement, threshold: f64) {
    let points: Vec<Place> = judgement
        .rejection()
        .iter()
        .map(|at| (100.0 * at.coverage, 100.0 * at.error))
        .collect();
    let at = judgement.at(threshold);
    let at = (100.0 * at.coverage, 100.0 * at.error);
    let x = padded(
        points
            .iter()
            .map(|p| p.0)
            .filter(|x| *x >= 80.0)
            .chain([90.0, 100.0]),
    );
    let shown = points.iter().filter(|p| p.0 >= x.0).map(|p| p.1);
    let y = padded(shown.chain([0.0, 1.0]));
    let axes = Axes::new(frame, x, y).labelled("Read [%]", "Misread of these [%]");
    axes.draw(sheet);
    let stroke = Stroke::new(BLUE, 2.0);
    axes.line(sheet, points.into_iter().filter(|p| p.0 >= x.0), stroke);
    let mut entries = vec![(Key::Line(stroke), "the least probable not read")];
    if at.0 >= x.0 {
        axes.dot(sheet, at, 5.0, Fill::new(VERMILION));
        entries.push((Key::Dot(Fill::new(VERMILION)), "at the threshold"));
    }
    above(sheet, frame, &entries);
}

fn above(sheet: &mut Sheet, frame: Frame, entries: &[(Key, &str)]) {
    let middle = f64::from(frame.x) + 0.5 * f64::from(frame.width);
    legend(sheet, (middle, f64::from(frame.y) - 18.0), entries);
}
