//! The density of one column as a curve, of two as a map.

use gmm_core::ndarray::Array2;
use gmm_core::{Gmm, GmmError};
use gmm_figures::{
    Axes, BLUE, COLOR_BAR, Color, Fill, Frame, Histogram, Key, Sheet, Stroke, TEXT, VERMILION,
    color_bar, distinct, legend, padded, round_numbers, viridis,
};

use super::{
    FEWEST_BARS, LEGEND, MARGIN, MOST_BARS, SQUARE, VALUES_IN_A_BAR, in_plane, legend_place,
    log_density, outline, page, plane_axes, scatter, subtitle, tint,
};
use crate::data::Points;
use crate::model::Report;

/// Points of a curve.
const CURVE: usize = 1000;

/// Histogram and curves of one column, or the map of two.
///
/// # Errors
/// As [`Gmm::log_prob`].
pub fn density(points: &Points, report: &Report) -> Result<Sheet, GmmError> {
    let title = format!("Density: {}", points.name);
    if points.columns.len() == 1 {
        let (mut sheet, frame) = page(900, 560, MARGIN);
        sheet.heading(&title, &subtitle(points, report));
        let values = points.rows.column(0).to_vec();
        let range = padded(values.iter().copied());
        let axis = (points.columns[0].as_str(), range);
        curve(
            &mut sheet,
            frame,
            ("Data", &values),
            axis,
            &report.fitted.model,
        )?;
        return Ok(sheet);
    }
    let model = in_plane(&report.fitted.model)?;
    let (mut sheet, frame) = square_page();
    sheet.heading(&title, &subtitle(points, report));
    let axes = plane_axes(frame, points, &[&points.rows]);
    map(&mut sheet, frame, &axes, &model)?;
    scatter(&mut sheet, &axes, &points.rows, |_| {
        Fill::new(TEXT).opacity(0.35)
    });
    Ok(sheet)
}

/// Histogram of values under the density of a mixture and its weighted components; returns the axes.
///
/// # Errors
/// As [`Gmm::log_prob`].
pub(super) fn curve(
    sheet: &mut Sheet,
    frame: Frame,
    (name, values): (&str, &[f64]),
    (label, range): (&str, (f64, f64)),
    model: &Gmm,
) -> Result<Axes, GmmError> {
    let n_bars = (values.len() / VALUES_IN_A_BAR).clamp(FEWEST_BARS, MOST_BARS);
    let histogram = Histogram::of(values, n_bars);
    let x = Array2::from_shape_fn((CURVE, 1), |(i, _)| {
        range.0 + (range.1 - range.0) * i as f64 / (CURVE - 1) as f64
    });
    let density = model.log_prob(&x)?.mapv(f64::exp);
    let shares = model.responsibilities(&x)?;
    // A narrow component must not press all else flat.
    let peak = density.iter().copied().fold(0.0, f64::max);
    let top = 1.08 * peak.min(3.0 * histogram.peak()).max(histogram.peak());
    let axes = Axes::new(frame, range, (0.0, top)).labelled(label, "Density");
    axes.draw(sheet);
    let bars = Fill::new(BLUE).opacity(0.28);
    for (bin, height) in histogram.bins() {
        axes.bar(sheet, bin, height, bars);
    }
    let component = Stroke::new(TEXT, 1.2).opacity(0.75);
    if model.n_components() > 1 {
        for share in shares.columns() {
            let line = x
                .iter()
                .zip(density.iter().zip(share))
                .map(|(&x, (p, r))| (x, p * r));
            axes.line(sheet, line, component);
        }
    }
    let mixture = Stroke::new(VERMILION, 2.6);
    axes.line(sheet, x.iter().copied().zip(density), mixture);
    let mut entries = vec![(Key::Area(bars), name), (Key::Line(mixture), "Mixture")];
    if model.n_components() > 1 {
        entries.push((Key::Line(component), "Components, weighted"));
    }
    legend(sheet, legend_place(frame), &entries);
    Ok(axes)
}

pub(super) fn square_page() -> (Sheet, Frame) {
    let width = SQUARE + gmm_figures::LEFT + MARGIN + COLOR_BAR;
    let height = SQUARE + gmm_figures::HEADING as u32 + LEGEND + gmm_figures::BELOW;
    page(width, height, COLOR_BAR)
}

/// Filled bands of density, contours between them, and the components' ellipses.
fn map(sheet: &mut Sheet, frame: Frame, axes: &Axes, model: &Gmm) -> Result<(), GmmError> {
    /// Bands, about.
    const BANDS: usize = 9;
    let mut field = log_density(axes, model)?;
    field.values.iter_mut().for_each(|l| *l = l.exp());
    // A narrow component may lie between the pixels.
    let at_means = model.log_prob(model.means())?.mapv(f64::exp);
    let peak = at_means
        .iter()
        .chain(&field.values)
        .copied()
        .fold(0.0, f64::max);
    // The colour bar has its numbers at the same steps.
    let levels = round_numbers(0.0, peak, BANDS);
    let step = levels.get(1).copied().unwrap_or(peak);
    let n_bands = (peak / step).ceil();
    // White where there is nothing, darker with density; light enough for what is drawn upon it.
    let color = |p: f64| {
        let share = (p / step).floor().min(n_bands - 1.0) / (n_bands - 1.0).max(1.0);
        // The lowest band fades.
        tint(
            viridis(1.0 - 0.9 * share),
            0.18 * (p / step).min(1.0) + 0.37 * share.sqrt(),
        )
    };
    axes.clone().without_grid().draw(sheet);
    axes.shade(sheet, &field, color);
    for &level in levels.iter().filter(|&&level| level > 0.0) {
        let line = Stroke::new(Color(120, 120, 120), 0.7);
        axes.contour(sheet, &field, level, line);
    }
    let strokes: Vec<Stroke> = (0..model.n_components())
        .map(|k| Stroke::new(distinct(k), 2.2))
        .collect();
    for (k, &stroke) in strokes.iter().enumerate() {
        for radius in [1.0, 2.0] {
            axes.line(sheet, outline(model, k, radius), stroke);
        }
    }
    let names: Vec<String> = (1..=strokes.len())
        .map(|k| format!("Component {k}"))
        .collect();
    let keys = strokes.iter().map(|&stroke| Key::Line(stroke));
    let entries: Vec<_> = keys.zip(names.iter().map(String::as_str)).collect();
    legend(sheet, legend_place(frame), &entries);
    color_bar(sheet, frame, (0.0, peak), "Density", |share| {
        color(share * peak)
    });
    Ok(())
}

/// The components of a mixture of two columns over the density of the whole, within the given ranges.
///
/// # Errors
/// As [`Gmm::log_prob`], and those of a mixture of one column.
pub fn components(
    model: &Gmm,
    title: &str,
    x: (f64, f64),
    y: (f64, f64),
) -> Result<Sheet, GmmError> {
    let model = in_plane(model)?;
    let (mut sheet, frame) = square_page();
    let weights: Vec<String> = model.weights().iter().map(|w| format!("{w:.2}")).collect();
    sheet.heading(
        title,
        &format!(
            "weights {} · ellipses at one and two standard deviations",
            weights.join(" and ")
        ),
    );
    let axes = Axes::new(frame, x, y).labelled("X", "Y");
    map(&mut sheet, frame, &axes, &model)?;
    Ok(sheet)
}
