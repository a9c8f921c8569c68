//! What a mixture draws, beside what it was fitted to.

use gmm_core::GmmError;
use gmm_core::ndarray::Array2;
use gmm_figures::{Axes, BLUE, Fill, Frame, GREEN, Sheet, Stroke, padded};

use gmm_table::figure::{Groups, MARGIN, curve, outline, page, scatter};

use super::{plane_axes, subtitle};
use crate::data::Points;
use crate::model::Report;

/// Rows drawn from the mixture: of one column, their histogram under the density; of more, beside the original.
///
/// # Errors
/// As [`gmm_core::Gmm::log_prob`].
pub fn generated(points: &Points, report: &Report, drawn: &Array2<f64>) -> Result<Sheet, GmmError> {
    let title = format!(
        "{} rows drawn from the mixture: {}",
        drawn.nrows(),
        points.name
    );
    let subtitle = format!("fitted to {}", subtitle(points, report));
    if points.columns.len() == 1 {
        let (mut sheet, frame) = page(900, 560, MARGIN);
        sheet.heading(&title, &subtitle);
        let values = drawn.column(0).to_vec();
        // The range of both, so that the figures of data and draws can be compared.
        let all = points.rows.iter().chain(drawn);
        let axis = (points.columns[0].as_str(), padded(all.copied()));
        let model = &report.fitted.model;
        let groups = Groups::of_components(model.n_components());
        let drawn = Some(("Drawn", values.as_slice()));
        curve(&mut sheet, frame, drawn, axis, (model, &groups))?;
        return Ok(sheet);
    }
    const SIDE: u32 = 480;
    let model = report.fitted.model.marginal(&[0, 1])?;
    let step = SIDE + gmm_figures::LEFT + MARGIN;
    let (mut sheet, first) = page(2 * step + MARGIN, SIDE + 164, step + MARGIN);
    sheet.heading(&title, &subtitle);
    let second = Frame {
        x: first.x + step,
        ..first
    };
    for (frame, rows, name, color) in [
        (first, &points.rows, "Original", BLUE),
        (second, drawn, "Synthetic", GREEN),
    ] {
        let axes: Axes = plane_axes(frame, points, &[&points.rows, drawn]).titled(name);
        axes.draw(&mut sheet);
        scatter(&mut sheet, &axes, rows, |_| Fill::new(color).opacity(0.5));
        for component in 0..model.n_components() {
            let stroke = Stroke::new(gmm_figures::TEXT, 1.3);
            axes.line(&mut sheet, outline(&model, component, 2.0), stroke);
        }
    }
    Ok(sheet)
}
