//! Rows coloured by what the mixture says of them.

use gmm_core::GmmError;
use gmm_figures::{
    Axes, Color, Fill, Frame, Key, Sheet, Stroke, VERMILION, color_bar, distinct, legend, padded,
    typeset, viridis,
};

use gmm_table::figure::{Groups, MARGIN, curve, legend_place, outline, page, scatter, square_page};

use super::{plane_axes, point, portrait, subtitle};
use crate::data::Points;
use crate::model::{Anomalies, Report, percentile};

/// Rows coloured by the posterior of the components, whose ellipses are drawn at one and two deviations; in panels of
/// pairs where there are more than two columns.
///
/// # Errors
/// As [`gmm_core::Gmm::marginal`], for rows of one column.
pub fn clusters(points: &Points, report: &Report) -> Result<Sheet, GmmError> {
    let model = &report.fitted.model;
    let title = format!("Clusters: {}", points.name);
    if points.columns.len() != 2 {
        return portrait(title, points, report).sheet();
    }
    let (mut sheet, frame) = square_page();
    sheet.heading(&title, &subtitle(points, report));
    let axes = plane_axes(frame, points, &[&points.rows]);
    axes.draw(&mut sheet);
    let posterior = &report.responsibilities;
    let k = model.n_components();
    // Of two components one number says all; of more, each has a colour and rows between mix them.
    let color = |row: usize| -> Color {
        if k == 2 {
            return viridis(posterior[(row, 0)]);
        }
        let mut sums = [0.0; 3];
        for (component, r) in posterior.row(row).iter().enumerate() {
            let Color(red, green, blue) = distinct(component);
            for (sum, channel) in sums.iter_mut().zip([red, green, blue]) {
                *sum += r * f64::from(channel);
            }
        }
        let [red, green, blue] = sums.map(|s| s.round() as u8);
        Color(red, green, blue)
    };
    scatter(&mut sheet, &axes, &points.rows, |row| {
        Fill::new(color(row)).opacity(0.85)
    });
    for component in 0..k {
        let color = match k {
            2 => Color(60, 60, 60),
            _ => distinct(component).mixed(0.7, Color(0, 0, 0)),
        };
        let stroke = Stroke::new(color, 1.6);
        for radius in [1.0, 2.0] {
            axes.line(&mut sheet, outline(model, component, radius), stroke);
        }
    }
    if k == 2 {
        color_bar(
            &mut sheet,
            frame,
            (0.0, 1.0),
            "Posterior of component 1",
            viridis,
        );
    } else {
        let names: Vec<String> = (1..=k).map(|i| format!("Component {i}")).collect();
        let keys = (0..k).map(|i| Key::Dot(Fill::new(distinct(i))));
        let entries: Vec<_> = keys.zip(names.iter().map(String::as_str)).collect();
        legend(&mut sheet, legend_place(frame), &entries);
    }
    Ok(sheet)
}

/// Rows coloured by their log-likelihood, those of `found` crossed out; `noun` is what these are called.
///
/// # Errors
/// As [`gmm_core::Gmm::log_prob`].
pub fn anomalies(
    points: &Points,
    report: &Report,
    found: &Anomalies,
    noun: &str,
) -> Result<Sheet, GmmError> {
    let threshold = typeset(found.threshold, 3);
    let title = format!("{noun}: {}", points.name);
    let subtitle = format!(
        "{} of {} rows have a log-likelihood below {threshold} nats",
        found.rows.len(),
        points.rows.nrows(),
    );
    let cross = Stroke::new(VERMILION, 2.4);
    if points.columns.len() == 1 {
        let (mut sheet, frame) = page(900, 560, MARGIN);
        sheet.heading(&title, &subtitle);
        let values = points.rows.column(0).to_vec();
        let axis = (points.columns[0].as_str(), padded(values.iter().copied()));
        let model = &report.fitted.model;
        let groups = Groups::of_components(model.n_components());
        let data = Some(("Data", values.as_slice()));
        let axes = curve(&mut sheet, frame, data, axis, (model, &groups))?;
        for &row in &found.rows {
            axes.cross(&mut sheet, (values[row], 0.0), 6.5, cross);
        }
        return Ok(sheet);
    }
    let (mut sheet, frame) = square_page();
    sheet.heading(&title, &subtitle);
    let log_prob = &report.log_prob;
    let axes = plane_axes(frame, points, &[&points.rows]);
    axes.draw(&mut sheet);
    // A far outlier would leave one colour for all others: what is further below the threshold than the densest row
    // is above it is as dark as it gets.
    let high = percentile(log_prob.iter().copied(), 100.0);
    let lowest = percentile(log_prob.iter().copied(), 0.0);
    let low = lowest.max(found.threshold - (high - found.threshold));
    let share = |l: f64| {
        if high > low {
            (l - low) / (high - low)
        } else {
            1.0
        }
    };
    for (row, &l) in points.rows.outer_iter().zip(log_prob) {
        axes.dot(
            &mut sheet,
            point(row),
            3.4,
            Fill::new(viridis(share(l))).opacity(0.8),
        );
    }
    for &row in &found.rows {
        axes.cross(&mut sheet, point(points.rows.row(row)), 6.5, cross);
    }
    let entries = [
        (
            Key::Dot(Fill::new(viridis(0.9))),
            "Row, coloured by log-likelihood",
        ),
        (Key::Cross(cross), "Below the threshold"),
    ];
    legend(&mut sheet, legend_place(frame), &entries);
    let label = if low > lowest {
        "Log-likelihood, or less [nats]"
    } else {
        "Log-likelihood [nats]"
    };
    color_bar(&mut sheet, frame, (low, high), label, viridis);
    Ok(sheet)
}

/// The rows beside what the slide reduces them to: the posteriors of the first two components.
///
/// # Errors
/// As [`clusters`].
pub fn reduction(points: &Points, report: &Report) -> Result<Sheet, GmmError> {
    const SIDE: u32 = 480;
    let model = report.fitted.model.marginal(&[0, 1])?;
    let width = 2 * (SIDE + gmm_figures::LEFT + MARGIN) + MARGIN;
    let (mut sheet, first) = page(width, SIDE + 164, SIDE + gmm_figures::LEFT + 2 * MARGIN);
    sheet.heading(
        &format!("Posteriors in place of columns: {}", points.name),
        &subtitle(points, report),
    );
    let second = Frame {
        x: first.x + first.width + gmm_figures::LEFT + MARGIN,
        ..first
    };
    let color = |row: usize| Fill::new(distinct(report.labels[row])).opacity(0.6);
    let axes = plane_axes(first, points, &[&points.rows]).titled("Original, by component");
    axes.draw(&mut sheet);
    scatter(&mut sheet, &axes, &points.rows, color);
    for component in 0..model.n_components() {
        let stroke = Stroke::new(Color(60, 60, 60), 1.2);
        axes.line(&mut sheet, outline(&model, component, 1.0), stroke);
    }
    let axes = Axes::new(second, (-0.04, 1.04), (-0.04, 1.04))
        .labelled("Posterior of component 1", "Posterior of component 2")
        .titled("Reduced");
    axes.draw(&mut sheet);
    let posterior = &report.responsibilities;
    for row in 0..posterior.nrows() {
        let place = (
            posterior[(row, 0)],
            posterior.row(row).get(1).copied().unwrap_or(0.0),
        );
        axes.dot(&mut sheet, place, 3.2, color(row));
    }
    Ok(sheet)
}
