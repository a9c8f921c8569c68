//! Rows on the first directions, and what directions keep.

use gmm_core::GmmError;
use gmm_figures::{
    Axes, BLUE, Color, Fill, Frame, GREEN, Key, PURPLE, Place, Sheet, Stroke, VERMILION, distinct,
    legend, padded, text_width, typeset,
};
use gmm_table::figure::{MARGIN, legend_place, outline, page};

use crate::data::Points;
use crate::model::{Directions, Kept};

const SIDE: u32 = 480;

/// The rows on the first two directions in the colours of their components or classes, and what is kept by the first
/// 1, 2, … directions. Of one direction rows are spread upwards, so that all are seen.
///
/// # Errors
/// As [`gmm_core::Gmm::marginal`].
pub fn directions(points: &Points, found: &Directions) -> Result<Sheet, GmmError> {
    let step = SIDE + gmm_figures::LEFT + MARGIN;
    let (mut sheet, first) = page(2 * step + MARGIN, SIDE + 164, step + MARGIN);
    let n = found.kept.len();
    // As many directions as columns keep everything.
    let shown = n.min(2).min(points.columns.len() - 1).max(1);
    let two = found.kept[shown - 1];
    let kept = format!(
        "{} of {} columns keep{} {} % of what rows tell of their {}",
        if two.n_directions == 1 {
            "One direction"
        } else {
            "Two directions"
        },
        points.columns.len(),
        if two.n_directions == 1 { "s" } else { "" },
        typeset(100.0 * two.information, 1),
        if found.error_of_all.is_some() {
            "class"
        } else {
            "component"
        },
    );
    sheet.heading(
        &format!("Directions in which groups differ: {}", points.name),
        &kept,
    );
    scatter(&mut sheet, first, found)?;
    let second = Frame {
        x: first.x + step,
        ..first
    };
    shares(&mut sheet, second, found);
    Ok(sheet)
}

fn scatter(sheet: &mut Sheet, frame: Frame, found: &Directions) -> Result<(), GmmError> {
    let n = found.projected.nrows();
    let is_plane = found.projected.ncols() > 1;
    let place = |i: usize| -> Place {
        // The golden ratio spreads evenly.
        let y = if is_plane {
            found.projected[(i, 1)]
        } else {
            (0.618_033_988_75 * i as f64).fract()
        };
        (found.projected[(i, 0)], y)
    };
    let all = || (0..n).map(place);
    let (x, y) = (padded(all().map(|p| p.0)), padded(all().map(|p| p.1)));
    let axes = Axes::new(frame, x, y);
    let axes = if is_plane {
        axes.labelled("Direction 1", "Direction 2")
    } else {
        axes.labelled("Direction 1", "").without_y_ticks()
    };
    axes.draw(sheet);
    let radius = if n > 5000 { 2.0 } else { 3.2 };
    for i in 0..n {
        let fill = Fill::new(distinct(found.labels[i])).opacity(0.7);
        axes.dot(sheet, place(i), radius, fill);
    }
    if is_plane {
        let plane = found.mixture.marginal(&[0, 1])?;
        for component in 0..plane.n_components() {
            let stroke = Stroke::new(Color(60, 60, 60), 1.2);
            axes.line(sheet, outline(&plane, component, 1.0), stroke);
        }
    }
    const WIDE: usize = 4;
    const MOST: usize = 8;
    let many = found.names.len() > WIDE;
    let short = |name: &String| match name.strip_prefix("Component ") {
        Some(number) if many => String::from(number),
        _ => name.clone(),
    };
    let names: Vec<String> = found.names.iter().take(MOST).map(short).collect();
    let keys = (0..names.len()).map(|k| Key::Dot(Fill::new(distinct(k))));
    let entries: Vec<_> = keys.zip(names.iter().map(String::as_str)).collect();
    // What fits in the width of the panel.
    let width = |name: &str| 58.0 + text_width(name, 14.0, false);
    let mut room = f64::from(frame.width) + 60.0;
    let fits = entries.iter().take_while(|(_, name)| {
        room -= width(name);
        room >= 0.0
    });
    let fits = fits.count();
    legend(sheet, legend_place(frame), &entries[..fits]);
    Ok(())
}

/// A line's name, colour and values.
type Line<'a> = (&'static str, Color, &'a dyn Fn(&Kept) -> f64);

fn shares(sheet: &mut Sheet, frame: Frame, found: &Directions) {
    let n = found.kept.len();
    let axes = Axes::new(frame, (0.6, n as f64 + 0.4), (0.0, 1.03))
        .labelled("Directions", "Share kept")
        .with_whole_x();
    axes.draw(sheet);
    let has_errors = found.error_of_all.is_some();
    let lines: [Line<'_>; 4] = [
        ("Information", BLUE, &|k| k.information),
        ("Same label", GREEN, &|k| 1.0 - k.changed),
        ("Variance", PURPLE, &|k| k.variance),
        ("New rows right", VERMILION, &|k| {
            1.0 - k.error.unwrap_or(0.0)
        }),
    ];
    let lines = &lines[..if has_errors { 4 } else { 3 }];
    for (_, color, of) in lines {
        let points = || found.kept.iter().map(|k| (k.n_directions as f64, of(k)));
        axes.line(sheet, points(), Stroke::new(*color, 2.0));
        for point in points() {
            axes.dot(sheet, point, 4.0, Fill::new(*color));
        }
    }
    let entries: Vec<_> = (lines.iter())
        .map(|(name, color, _)| (Key::Line(Stroke::new(*color, 2.0)), *name))
        .collect();
    legend(sheet, legend_place(frame), &entries);
}
