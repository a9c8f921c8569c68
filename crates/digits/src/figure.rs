//! Images with what they were read as, and how the ridge decides.

mod generated;
mod judgement;
mod picture;

pub use generated::draw_generated;
pub use judgement::draw_judgement;
pub use picture::Pictures;

use gmm_figures::{
    Anchor, Axes, BELOW, Color, Fill, Frame, HEADING, Key, LEFT, MUTED, Place, Sheet, Stroke, TEXT,
    VERMILION, distinct, legend, padded,
};

use crate::data::Images;
use crate::model::Report;
use crate::validation::HeldOut;
use picture::{CELL, MARGIN, SIDE, framed};

/// Images in a row, and rows of any images, above those that were misread.
const ACROSS: usize = 10;
const ROWS: usize = 4;
/// Rows of misread images, at most.
const MOST_MISREAD: usize = 3;

/// Held-out images as they come, and below them those that were misread, the surest first.
pub fn draw(images: &Images, report: &Report) -> Sheet {
    let held_out = &report.held_out;
    let mut misread: Vec<usize> = (0..held_out.readings.len())
        .filter(|&i| !held_out.readings[i].is_right())
        .collect();
    let odds = |i: usize| held_out.readings[i].log_odds;
    misread.sort_by(|&a, &b| odds(b).total_cmp(&odds(a)));
    let n_misread = misread.len();
    misread.truncate(MOST_MISREAD * ACROSS);
    let any = spread(images.labels().len(), ACROSS * ROWS);

    let rows = |n: usize| n.div_ceil(ACROSS) as u32;
    let first = HEADING as u32 + 44;
    let second = first + rows(any.len()) * CELL.1 + 44;
    let width = ACROSS as u32 * CELL.0 + 2 * MARGIN;
    let mut sheet = Sheet::new(width, second + rows(misread.len()).max(1) * CELL.1 + 8);
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    sheet.heading(
        &format!(
            "{} of {} unseen images read right",
            percent(held_out.accuracy()),
            held_out.readings.len()
        ),
        &format!(
            "ridge and components chosen within the training folds · the slide's own recipe: {} of unseen images, {} of its own",
            percent(report.slide.held_out.accuracy()),
            percent(report.slide.training_accuracy)
        ),
    );
    let left = f64::from(MARGIN);
    let caption = "Some of the images: the digit they show, and what it was read as";
    sheet.bold(
        caption,
        (left, f64::from(first) - 20.0),
        15.0,
        TEXT,
        Anchor::Left,
    );
    grid(&mut sheet, images, held_out, &any, first);
    let caption = match n_misread {
        0 => String::from("None was misread"),
        n if n > misread.len() => format!("The {} surest of {n} misread", misread.len()),
        n => format!("All {n} that were misread, the surest first"),
    };
    sheet.bold(
        &caption,
        (left, f64::from(second) - 20.0),
        15.0,
        TEXT,
        Anchor::Left,
    );
    grid(&mut sheet, images, held_out, &misread, second);
    sheet
}

/// `n` numbers below `of`, evenly spread.
fn spread(of: usize, n: usize) -> Vec<usize> {
    let n = n.min(of);
    (0..n).map(|i| i * of / n).collect()
}

fn grid(sheet: &mut Sheet, images: &Images, held_out: &HeldOut, shown: &[usize], top: u32) {
    let pictures = Pictures::of(images);
    for (place, &i) in shown.iter().enumerate() {
        let (column, row) = ((place % ACROSS) as u32, (place / ACROSS) as u32);
        let x = MARGIN + column * CELL.0 + (CELL.0 - SIDE) / 2;
        let reading = &held_out.readings[i];
        let text = format!("{} read as {}", reading.label, reading.predicted);
        let (frame, color) = if reading.is_right() {
            (Color(225, 225, 225), MUTED)
        } else {
            (VERMILION, VERMILION)
        };
        let at = (x, top + row * CELL.1);
        framed(sheet, pictures.ink(i), at, frame, (&text, color));
    }
}

/// Accuracy in the inner validations against the ridge, a line for each number of components.
pub fn draw_ridges(report: &Report) -> Sheet {
    let frame = Frame {
        x: LEFT + 24,
        y: HEADING as u32 + 34,
        width: 780,
        height: 400,
    };
    let mut sheet = Sheet::new(frame.x + frame.width + 24, frame.y + frame.height + BELOW);
    sheet.heading(
        "The ridge decides what is learned",
        "share of images read right that the fits had not seen, in the validations that settings are chosen by",
    );
    // The slide's ridge would be far to the left, at −6: its accuracy is a line across.
    let slide = 100.0 * report.slide.held_out.accuracy();
    let logs = report.candidates.iter().map(|c| c.ridge.log10());
    let percents = report.candidates.iter().map(|c| 100.0 * c.accuracy);
    let axes = Axes::new(frame, padded(logs), padded(percents.chain([slide]))).labelled(
        "Ridge, as a power of ten [squared grey levels of 16]",
        "Read right [%]",
    );
    axes.draw(&mut sheet);
    let mut counts: Vec<usize> = report.candidates.iter().map(|c| c.n_components).collect();
    counts.dedup();
    let names: Vec<String> = counts
        .iter()
        .map(|k| format!("{k} component{}", if *k == 1 { "" } else { "s" }))
        .collect();
    let mut entries = Vec::new();
    for (i, (k, name)) in counts.iter().zip(&names).enumerate() {
        let stroke = Stroke::new(distinct(i), 2.2);
        let points: Vec<Place> = report
            .candidates
            .iter()
            .filter(|c| c.n_components == *k)
            .map(|c| (c.ridge.log10(), 100.0 * c.accuracy))
            .collect();
        for &point in &points {
            axes.dot(&mut sheet, point, 4.0, Fill::new(distinct(i)));
        }
        axes.line(&mut sheet, points, stroke);
        entries.push((Key::Line(stroke), name.as_str()));
    }
    let across = Stroke::new(TEXT, 1.4);
    axes.across(&mut sheet, slide, across);
    entries.push((Key::Line(across), "the slide's recipe, ridge 10⁻⁶"));
    let middle = f64::from(frame.x) + 0.5 * f64::from(frame.width);
    legend(&mut sheet, (middle, f64::from(frame.y) - 18.0), &entries);
    sheet
}
