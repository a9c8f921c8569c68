//! Criteria against the number of components.

use gmm_core::Criteria;
use gmm_figures::{
    Axes, BLUE, Color, Fill, Frame, GREEN, Key, LEFT, Sheet, Stroke, TEXT, VERMILION, legend,
    padded, typeset,
};

use super::{MARGIN, legend_place, page};
use crate::data::Points;

/// What a criterion is called, its colour and its value.
type Criterion = (&'static str, Color, fn(&Criteria) -> f64);

/// ICL has a scale of its own: it also counts how much components overlap.
const PANELS: [&[Criterion]; 2] = [
    &[("BIC", BLUE, |c| c.bic), ("AIC", VERMILION, |c| c.aic)],
    &[("ICL", GREEN, |c| c.icl)],
];

/// BIC, AIC and ICL of every number of components, the least of each ringed.
pub fn selection(points: &Points, candidates: &[Criteria]) -> Sheet {
    /// The widths of the panels: BIC, by which models are chosen, is shown larger.
    const WIDTHS: [u32; 2] = [560, 320];
    const BETWEEN: u32 = LEFT + MARGIN;
    let (width, right) = (
        WIDTHS[0] + WIDTHS[1] + 2 * BETWEEN + MARGIN,
        WIDTHS[1] + BETWEEN + MARGIN,
    );
    let (mut sheet, first) = page(width, 540, right);
    let best = least(candidates, |c| c.bic).map_or_else(String::new, |c| {
        let s = if c.n_components == 1 { "" } else { "s" };
        let bic = typeset(c.bic, 1);
        format!("BIC is least, {bic}, with {} component{s}", c.n_components)
    });
    sheet.heading(
        &format!("Number of components: {}", points.name),
        &format!("{} rows · {best}", points.rows.nrows()),
    );
    let second = Frame {
        x: first.x + first.width + BETWEEN,
        width: WIDTHS[1],
        ..first
    };
    for (frame, criteria) in [first, second].into_iter().zip(PANELS) {
        panel(&mut sheet, frame, candidates, criteria);
    }
    sheet
}

fn least(candidates: &[Criteria], value: fn(&Criteria) -> f64) -> Option<&Criteria> {
    let least = |a: &&Criteria, b: &&Criteria| value(a).total_cmp(&value(b));
    candidates.iter().min_by(least)
}

fn panel(sheet: &mut Sheet, frame: Frame, candidates: &[Criteria], criteria: &[Criterion]) {
    let values = criteria
        .iter()
        .flat_map(|(_, _, value)| candidates.iter().map(value));
    let counts = candidates.iter().map(|c| c.n_components as f64);
    let axes = Axes::new(frame, padded(counts), padded(values))
        .with_whole_x()
        .labelled("Number of components", "Criterion, the smaller the better");
    axes.draw(sheet);
    let mut entries = Vec::new();
    for &(name, color, value) in criteria {
        let place = |c: &Criteria| (c.n_components as f64, value(c));
        let stroke = Stroke::new(color, 2.2);
        axes.line(sheet, candidates.iter().map(place), stroke);
        for candidate in candidates {
            axes.dot(sheet, place(candidate), 4.0, Fill::new(color));
        }
        if let Some(best) = least(candidates, value) {
            axes.dot(sheet, place(best), 8.0, Fill::new(TEXT));
            axes.dot(sheet, place(best), 5.5, Fill::new(color));
        }
        entries.push((Key::Line(stroke), name));
    }
    entries.push((Key::Ring(Stroke::new(TEXT, 2.5)), "Least"));
    legend(sheet, legend_place(frame), &entries);
}
