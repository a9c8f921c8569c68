//! Panels of each column and of each pair of columns.

use gmm_core::ndarray::Axis;
use gmm_core::{Gmm, GmmError};
use gmm_figures::{Anchor, Axes, Color, Frame, HEADING, LEFT, MUTED, Sheet, Stroke, legend};

use super::curve::draw;
use super::page::{LEGEND, MARGIN, legend_place};
use super::plane::{MASSES, ellipses, regions};
use super::portrait::{Dots, Portrait};

/// Columns that are shown of more.
const MOST_COLUMNS: usize = 6;
/// The side of all panels together, about, and of one at most.
const WHOLE: u32 = 960;
const PANEL: u32 = 270;
/// Between panels.
const GAP: u32 = 12;
/// For the line below them.
const NOTE: u32 = 26;

/// On the diagonal the density of each column, below it the rows and ellipses of each pair, above it their regions of
/// highest density.
pub(super) fn pairs(portrait: &Portrait<'_>) -> Result<Sheet, GmmError> {
    let shown = telling_columns(portrait.model);
    let n = shown.len() as u32;
    let side = (WHOLE / n).min(PANEL);
    let whole = n * side + (n - 1) * GAP;
    let (left, top) = (LEFT + MARGIN, HEADING as u32 + LEGEND);
    let mut sheet = Sheet::new(
        left + whole + MARGIN,
        top + whole + gmm_figures::BELOW + NOTE,
    );
    let d = portrait.columns.len();
    let subtitle = match d > shown.len() {
        true => format!(
            "{} · {n} of {d} columns, those in which components differ most",
            portrait.subtitle
        ),
        false => portrait.subtitle.clone(),
    };
    sheet.heading(&portrait.title, &subtitle);
    let dots = portrait.dots()?;
    let panel = |row: u32, column: u32| Frame {
        x: left + column * (side + GAP),
        y: top + row * (side + GAP),
        width: side,
        height: side,
    };
    let last = n - 1;
    for row in 0..n {
        for column in 0..n {
            let (x, y) = (shown[column as usize], shown[row as usize]);
            let frame = panel(row, column);
            let mut axes = Axes::new(frame, portrait.range(x), portrait.range(y)).labelled(
                if row == last {
                    &portrait.columns[x]
                } else {
                    ""
                },
                if column == 0 {
                    &portrait.columns[y]
                } else {
                    ""
                },
            );
            if row < last {
                axes = axes.without_x_ticks();
            }
            if column > 0 || row == 0 {
                axes = axes.without_y_ticks();
            }
            if row == column {
                one(&mut sheet, axes, portrait, x)?;
            } else {
                let model = portrait.model.marginal(&[x, y])?;
                if row < column {
                    regions(&mut sheet, &axes, &model)?;
                } else {
                    two(&mut sheet, &axes, portrait, &model, dots.as_ref(), (x, y));
                }
            }
        }
    }
    let whole = Frame {
        x: left,
        y: top,
        width: whole,
        height: whole,
    };
    let shares = MASSES.map(|mass| format!("{} %", 100.0 * mass)).join(", ");
    let note = format!(
        "Below the diagonal, ellipses at one and two standard deviations; above it, regions that hold {shares}"
    );
    let bottom = f64::from(top + whole.height + gmm_figures::BELOW) + 4.0;
    let middle = f64::from(left) + 0.5 * f64::from(whole.width);
    sheet.text(&note, (middle, bottom), 12.0, MUTED, Anchor::Center);
    legend(&mut sheet, legend_place(whole), &portrait.entries());
    Ok(sheet)
}

/// The columns that are shown, in order: of many, those in which the components' means spread most against the
/// whole deviation.
fn telling_columns(model: &Gmm) -> Vec<usize> {
    let (weights, means) = (model.weights(), model.means());
    let total = weights.sum();
    let spread = |column: usize| {
        let of = means.column(column);
        let mean = weights.dot(&of) / total;
        let between: f64 = weights
            .iter()
            .zip(of)
            .map(|(w, m)| w * (m - mean).powi(2))
            .sum();
        let within: f64 = (weights.iter().zip(model.components()))
            .map(|(w, component)| w * component.covariance().entry(column, column))
            .sum();
        between / (between + within)
    };
    let mut columns: Vec<usize> = (0..model.n_features()).collect();
    columns.sort_by(|&a, &b| spread(b).total_cmp(&spread(a)));
    columns.truncate(MOST_COLUMNS);
    columns.sort_unstable();
    columns
}

/// A column's histogram under its density and its parts.
fn one(
    sheet: &mut Sheet,
    axes: Axes,
    portrait: &Portrait<'_>,
    column: usize,
) -> Result<(), GmmError> {
    let values = portrait.rows.map(|rows| rows.column(column).to_vec());
    let model = portrait.model.marginal(&[column])?;
    let axes = axes.without_y_ticks().without_grid();
    draw(sheet, axes, values.as_deref(), (&model, &portrait.groups)).map(drop)
}

/// A pair's rows in their colours, and the components' ellipses.
fn two(
    sheet: &mut Sheet,
    axes: &Axes,
    portrait: &Portrait<'_>,
    model: &Gmm,
    dots: Option<&Dots>,
    (x, y): (usize, usize),
) {
    axes.draw(sheet);
    if let Some(dots) = dots {
        let pair = Dots {
            rows: dots.rows.select(Axis(1), &[x, y]),
            colors: dots.colors.clone(),
        };
        pair.scatter(sheet, axes, 2.2);
    }
    ellipses(sheet, axes, model, |component| {
        let dark = portrait.groups.color(component).mixed(0.8, Color(0, 0, 0));
        Stroke::new(dark, 1.4)
    });
}
