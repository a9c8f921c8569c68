//! Criteria against the number of components.

use gmm_core::{CovarianceType, Criteria};
use gmm_figures::{
    Axes, BLUE, Color, FAINT, Fill, Frame, GREEN, Key, LEFT, Sheet, Stroke, TEXT, VERMILION,
    distinct, legend, padded, typeset,
};

use super::page::{MARGIN, legend_place, page};
use crate::summary::form;

/// What a criterion is called, its colour and its value.
type Criterion = (&'static str, Color, fn(&Criteria) -> f64);

/// ICL has a scale of its own: it also counts how much components overlap.
const PANELS: [&[Criterion]; 2] = [
    &[("BIC", BLUE, |c| c.bic), ("AIC", VERMILION, |c| c.aic)],
    &[("ICL", GREEN, |c| c.icl)],
];

/// BIC, AIC and ICL of every number of components of one type, the least of each ringed; `rows` says of what.
pub fn criteria(title: &str, n_rows: usize, candidates: &[Criteria]) -> Sheet {
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
    sheet.heading(title, &format!("{n_rows} rows · {best}"));
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
            ring(sheet, &axes, place(best), color);
        }
        entries.push((Key::Line(stroke), name));
    }
    entries.push((Key::Ring(Stroke::new(TEXT, 2.5)), "Least"));
    legend(sheet, legend_place(frame), &entries);
}

fn ring(sheet: &mut Sheet, axes: &Axes, place: (f64, f64), color: Color) {
    axes.dot(sheet, place, 8.0, Fill::new(TEXT));
    axes.dot(sheet, place, 5.5, Fill::new(color));
}

/// One criterion of every number of components of several types: the best types in colours, the others grey, the
/// least ringed.
pub fn families(
    title: &str,
    subtitle: &str,
    criterion: (&str, fn(&Criteria) -> f64),
    candidates: &[(CovarianceType, Criteria)],
) -> Sheet {
    /// Types that are told apart.
    const COLOURED: usize = 6;
    let (criterion, value) = criterion;
    let mut types: Vec<CovarianceType> = Vec::new();
    let mut order: Vec<&(CovarianceType, Criteria)> = candidates.iter().collect();
    order.sort_by(|a, b| value(&a.1).total_cmp(&value(&b.1)));
    for (of, _) in &order {
        if !types.contains(of) {
            types.push(*of);
        }
    }
    let (mut sheet, frame) = page(900, 560, MARGIN);
    sheet.heading(title, subtitle);
    let counts = candidates.iter().map(|(_, c)| c.n_components as f64);
    let axes = Axes::new(frame, padded(counts), shown_range(&order, value))
        .with_whole_x()
        .labelled(
            "Number of components",
            &format!("{criterion}, the smaller the better"),
        );
    axes.draw(&mut sheet);
    let color = |rank: usize| {
        if rank < COLOURED {
            distinct(rank)
        } else {
            FAINT
        }
    };
    // The best last, so that it lies on top.
    for (rank, of) in types.iter().enumerate().rev() {
        let mut own: Vec<(f64, f64)> = candidates
            .iter()
            .filter(|(t, _)| t == of)
            .map(|(_, c)| (c.n_components as f64, value(c)))
            .collect();
        own.sort_by(|a, b| a.0.total_cmp(&b.0));
        axes.line(
            &mut sheet,
            own.iter().copied(),
            Stroke::new(color(rank), 2.0),
        );
        for place in own {
            axes.dot(&mut sheet, place, 3.4, Fill::new(color(rank)));
        }
    }
    if let Some((_, best)) = order.first() {
        ring(
            &mut sheet,
            &axes,
            (best.n_components as f64, value(best)),
            color(0),
        );
    }
    let names: Vec<String> = types.iter().map(|of| form(*of).into_owned()).collect();
    let coloured = names.iter().take(COLOURED).enumerate();
    let mut entries: Vec<(Key, &str)> = coloured
        .map(|(rank, name)| (Key::Line(Stroke::new(color(rank), 2.2)), name.as_str()))
        .collect();
    if types.len() > COLOURED {
        entries.push((Key::Line(Stroke::new(FAINT, 2.2)), "Others"));
    }
    entries.push((Key::Ring(Stroke::new(TEXT, 2.5)), "Least"));
    legend(&mut sheet, legend_place(frame), &entries);
    sheet
}

/// The range of a criterion that is worth seeing: from the least to a little above the median, so that one bad fit
/// does not press all else flat.
fn shown_range(order: &[&(CovarianceType, Criteria)], value: fn(&Criteria) -> f64) -> (f64, f64) {
    let values: Vec<f64> = order.iter().map(|(_, c)| value(c)).collect();
    let (Some(&least), Some(&most)) = (values.first(), values.last()) else {
        return (0.0, 1.0);
    };
    let usual = values[values.len() * 3 / 4];
    padded([
        least,
        most.min(least + 2.0 * (usual - least).max(0.1 * (most - least))),
    ])
}
