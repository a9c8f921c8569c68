//! Rows in the coordinates of their components, and what coordinates keep.

use gmm_figures::{
    Anchor, Axes, BLUE, Color, Fill, Frame, GREEN, Key, MUTED, Place, Sheet, Stroke, TEXT,
    VERMILION, distinct, legend, padded, typeset,
};
use gmm_table::figure::{MARGIN, legend_place, page, scatter};

use super::plane_axes;
use crate::data::Points;
use crate::model::{Latent, NewRows};

const SIDE: u32 = 480;
/// The golden ratio spreads evenly.
const GOLDEN: f64 = 0.618_033_988_75;

/// Of two columns the rows with the pieces of lines to which they are reduced, beside their coordinates; of more, their
/// coordinates, and over the number of coordinates what these keep of new rows.
pub fn latent(points: &Points, found: &Latent) -> Sheet {
    let is_plane = points.columns.len() == 2;
    let n_panels = if is_plane { 2 } else { 3 };
    let step = SIDE + gmm_figures::LEFT + MARGIN;
    let (mut sheet, first) = page(
        n_panels * step + MARGIN,
        SIDE + 164,
        (n_panels - 1) * step + MARGIN,
    );
    let percent = |share: f64| typeset(100.0 * share, 1);
    let k = found.report.fitted.model.n_components();
    let (q, plural) = match found.n_latent {
        1 => (String::from("1 coordinate"), ""),
        q => (format!("{q} coordinates"), "s"),
    };
    let subtitle = format!(
        "{k} component{} and {q} keep {} % of the variance of {} columns, {} principal component{plural} of all rows {} %",
        if k == 1 { "" } else { "s" },
        percent(found.local),
        points.columns.len(),
        found.n_latent,
        percent(found.global),
    );
    let title = format!("Reduced within components: {}", points.name);
    sheet.heading(&title, &subtitle);
    let panel = |place: u32| Frame {
        x: first.x + place * step,
        ..first
    };
    if is_plane {
        pieces(&mut sheet, first, points, found);
        strips(&mut sheet, panel(1), found);
        return sheet;
    }
    if found.n_latent == 1 {
        strips(&mut sheet, first, found);
    } else {
        panels(&mut sheet, first, found);
    }
    shares(&mut sheet, panel(1), found);
    likelihoods(&mut sheet, panel(2), found);
    sheet
}

fn fill(component: usize) -> Fill {
    Fill::new(distinct(component)).opacity(0.6)
}

/// The rows of a component.
fn rows_of(found: &Latent, component: usize) -> impl Iterator<Item = usize> {
    let of = found.scores.components.iter().enumerate();
    of.filter(move |(_, c)| **c == component)
        .map(|(row, _)| row)
}

/// The rows of the plane and the lines on which reconstructions lie, from the first to the last.
fn pieces(sheet: &mut Sheet, frame: Frame, points: &Points, found: &Latent) {
    let both = [&points.rows, &found.reconstructed];
    let axes = plane_axes(frame, points, &both);
    axes.draw(sheet);
    scatter(sheet, &axes, &points.rows, |row| {
        fill(found.scores.components[row])
    });
    for component in 0..found.report.fitted.model.n_components() {
        let score = |row: &usize| found.scores.scores[(*row, 0)];
        let order = |a: &usize, b: &usize| score(a).total_cmp(&score(b));
        let ends = [
            rows_of(found, component).min_by(order),
            rows_of(found, component).max_by(order),
        ];
        let place = |row: usize| -> Place {
            (found.reconstructed[(row, 0)], found.reconstructed[(row, 1)])
        };
        let ends = ends.into_iter().flatten().map(place);
        axes.line(sheet, ends, Stroke::new(TEXT, 2.6));
    }
    let entries = [
        (Key::Dot(fill(0)), "Row, by component"),
        (Key::Line(Stroke::new(TEXT, 2.6)), "What it is reduced to"),
    ];
    legend(sheet, legend_place(frame), &entries);
}

/// Of each component a strip, in which rows lie at their coordinate and are spread upwards.
fn strips(sheet: &mut Sheet, frame: Frame, found: &Latent) {
    let k = found.report.fitted.model.n_components();
    let x = padded(found.scores.scores.column(0).iter().copied());
    let axes = Axes::new(frame, x, (0.0, k as f64))
        .labelled("Coordinate in the component", "")
        .without_y_ticks();
    axes.draw(sheet);
    for component in 0..k {
        let floor = (k - 1 - component) as f64;
        for row in rows_of(found, component) {
            let y = floor + 0.15 + 0.7 * (GOLDEN * row as f64).fract();
            axes.dot(
                sheet,
                (found.scores.scores[(row, 0)], y),
                3.2,
                fill(component),
            );
        }
        let (left, middle) = axes.at((x.0, floor + 0.5));
        let name = format!("{}", component + 1);
        sheet.text(&name, (left - 10.0, middle), 14.0, TEXT, Anchor::Right);
        if component > 0 {
            axes.across(sheet, floor + 1.0, Stroke::new(MUTED, 0.8));
        }
    }
    sheet.text(
        "Component",
        (f64::from(frame.x) - 6.0, f64::from(frame.y) - 14.0),
        14.0,
        TEXT,
        Anchor::Center,
    );
}

/// Of each component a small panel of its first two coordinates, all of the same ranges.
fn panels(sheet: &mut Sheet, frame: Frame, found: &Latent) {
    const GAP: u32 = 36;
    let k = found.report.fitted.model.n_components();
    let across = (1..=k).find(|n| n * n >= k).unwrap_or(1);
    let down = k.div_ceil(across);
    let column = |m: usize| padded(found.scores.scores.column(m).iter().copied());
    let (x, y) = (column(0), column(1));
    let (width, height) = (
        (frame.width + GAP) / across as u32 - GAP,
        (frame.height + GAP) / down as u32 - GAP,
    );
    for component in 0..k {
        let (right, below) = (component % across, component / across);
        let small = Frame {
            x: frame.x + right as u32 * (width + GAP),
            y: frame.y + below as u32 * (height + GAP),
            width,
            height,
        };
        let mut axes = Axes::new(small, x, y).titled(&format!("Component {}", component + 1));
        if right > 0 {
            axes = axes.without_y_ticks();
        }
        // The last one of its column has the numbers.
        let is_last = component + across >= k;
        axes = match (is_last, right) {
            (false, 0) => axes.without_x_ticks().labelled("", "Coordinate 2"),
            (false, _) => axes.without_x_ticks(),
            (true, 0) => axes.labelled("Coordinate 1", "Coordinate 2"),
            (true, _) => axes.labelled("Coordinate 1", ""),
        };
        axes.draw(sheet);
        for row in rows_of(found, component) {
            let scores = &found.scores.scores;
            axes.dot(
                sheet,
                (scores[(row, 0)], scores[(row, 1)]),
                2.6,
                fill(component),
            );
        }
    }
}

/// A line's name, colour and values.
type Line = (&'static str, Color, fn(&NewRows) -> f64);

/// Lines over the number of coordinates.
fn lines(sheet: &mut Sheet, axes: &Axes, found: &Latent, lines: &[Line]) {
    for (_, color, of) in lines {
        let places = || {
            let known = found
                .kept
                .iter()
                .filter_map(|k| Some((k.n_latent, k.of_new?)));
            known.map(|(q, new)| (q as f64, of(&new)))
        };
        axes.line(sheet, places(), Stroke::new(*color, 2.0));
        for place in places() {
            axes.dot(sheet, place, 4.0, Fill::new(*color));
        }
    }
}

fn over_coordinates(found: &Latent) -> (f64, f64) {
    let most = found.kept.last().map_or(1, |k| k.n_latent);
    (0.6, most as f64 + 0.4)
}

fn shares(sheet: &mut Sheet, frame: Frame, found: &Latent) {
    const LINES: [Line; 2] = [
        ("Within components", BLUE, |new| new.local),
        ("Principal components of all", VERMILION, |new| new.global),
    ];
    let known = found.kept.iter().filter_map(|k| k.of_new);
    let least = known
        .map(|new| new.local.min(new.global))
        .fold(0.0, f64::min);
    let axes = Axes::new(frame, over_coordinates(found), (least, 1.03))
        .labelled("Coordinates", "Share of the variance of new rows kept")
        .with_whole_x();
    axes.draw(sheet);
    lines(sheet, &axes, found, &LINES);
    let entries = LINES.map(|(name, color, _)| (Key::Line(Stroke::new(color, 2.0)), name));
    legend(sheet, legend_place(frame), &entries);
}

fn likelihoods(sheet: &mut Sheet, frame: Frame, found: &Latent) {
    const LINES: [Line; 1] = [("Few coordinates", BLUE, |new| new.log_likelihood)];
    let known = found.kept.iter().filter_map(|k| k.of_new);
    let known = known.map(|new| new.log_likelihood);
    let y = padded(known.chain(found.full_log_likelihood));
    let axes = Axes::new(frame, over_coordinates(found), y)
        .labelled("Coordinates", "Log-likelihood of new rows [nats per row]")
        .with_whole_x();
    axes.draw(sheet);
    let full = Stroke::new(GREEN, 2.0);
    if let Some(value) = found.full_log_likelihood {
        axes.across(sheet, value, full);
    }
    lines(sheet, &axes, found, &LINES);
    let entries = [
        (Key::Line(Stroke::new(BLUE, 2.0)), LINES[0].0),
        (Key::Line(full), "Full covariances"),
    ];
    legend(sheet, legend_place(frame), &entries);
}
