//! The series in the colours of its regimes.

use gmm_figures::{
    Anchor, Axes, BELOW, Color, Fill, Frame, HEADING, Key, LEFT, MUTED, Sheet, Stroke, distinct,
    legend, padded, typeset,
};

use crate::data::Series;
use crate::model::Report;

const WIDTH: u32 = 1180;
const PLOT: u32 = 400;
/// The height of the ribbon of posteriors.
const RIBBON: u32 = 64;
const MARGIN: u32 = 24;
const LEGEND: u32 = 34;

/// The series, each value in the colour of its regime, over a ribbon of the regimes' posteriors.
pub fn draw(series: &Series, report: &Report) -> Sheet {
    let top = HEADING as u32 + LEGEND;
    let left = LEFT + MARGIN;
    let plot = Frame {
        x: left,
        y: top,
        width: WIDTH - left - MARGIN,
        height: PLOT,
    };
    let ribbon = Frame {
        y: top + PLOT + 40,
        height: RIBBON,
        ..plot
    };
    let mut sheet = Sheet::new(WIDTH, ribbon.y + RIBBON + BELOW);
    let n_regimes = report.summary.len();
    sheet.heading(
        &format!("Regimes of {}", series.name),
        &format!(
            "{} values · {n_regimes} regimes of windows of {} · mean log-likelihood {} nats",
            series.n_steps(),
            report.fitted.model.n_features(),
            typeset(report.fitted.mean_log_likelihood(), 4)
        ),
    );
    let times = padded(series.times.iter().copied());
    let axes = with_names(
        series,
        Axes::new(plot, times, padded(series.values.column(0).iter().copied())),
    )
    .labelled("", &series.columns[0]);
    axes.draw(&mut sheet);
    let points = || {
        series
            .times
            .iter()
            .copied()
            .zip(series.values.column(0).to_vec())
    };
    axes.line(&mut sheet, points(), Stroke::new(Color(120, 120, 120), 1.0));
    let radius = if series.n_steps() > 400 { 2.6 } else { 3.6 };
    for (point, regime) in points().zip(&report.regimes) {
        if let Some(regime) = regime {
            axes.dot(&mut sheet, point, radius, Fill::new(distinct(*regime)));
        }
    }
    let names: Vec<String> = (0..n_regimes)
        .map(|k| {
            format!(
                "Regime {} (mean {})",
                k + 1,
                typeset(report.summary[k].mean, 2)
            )
        })
        .collect();
    let entries: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(k, name)| (Key::Dot(Fill::new(distinct(k))), name.as_str()))
        .collect();
    let middle = f64::from(plot.x) + 0.5 * f64::from(plot.width);
    legend(&mut sheet, (middle, f64::from(plot.y) - 18.0), &entries);
    posteriors(&mut sheet, ribbon, times, series, report);
    sheet
}

/// Axes with the times as they were written, where these are words.
fn with_names(series: &Series, axes: Axes) -> Axes {
    let are_words = series
        .labels
        .iter()
        .any(|label| label.parse::<f64>().is_err());
    if !are_words {
        return axes;
    }
    let times = series.times.iter().copied();
    axes.with_x_names(times.zip(series.labels.iter().cloned()))
}

/// The posteriors one above the other, adding up to 1 at every time.
fn posteriors(
    sheet: &mut Sheet,
    frame: Frame,
    times: (f64, f64),
    series: &Series,
    report: &Report,
) {
    let axes = with_names(series, Axes::new(frame, times, (0.0, 1.0)))
        .without_y_ticks()
        .without_grid()
        .labelled(&series.time_name, "");
    axes.draw(sheet);
    let ends: Vec<usize> = (0..series.times.len())
        .filter(|&t| report.regimes[t].is_some())
        .collect();
    // From half way to the time before to half way to the time after.
    let halfway = |a: usize, b: usize| 0.5 * (series.times[a] + series.times[b]);
    let last = series.times.len() - 1;
    for (row, &t) in report.posteriors.outer_iter().zip(&ends) {
        let from = halfway(t.saturating_sub(1), t);
        let to = halfway(t, (t + 1).min(last));
        let mut below = 0.0;
        for (k, p) in row.iter().enumerate() {
            let band = [(from, below, below + p), (to, below, below + p)];
            axes.band(
                sheet,
                &band,
                Fill::new(distinct(k).mixed(0.75, Color(255, 255, 255))),
            );
            below += p;
        }
    }
    let middle = f64::from(frame.y) + 0.5 * f64::from(frame.height);
    let right = f64::from(frame.x) - 12.0;
    sheet.text("Posterior", (right, middle), 13.0, MUTED, Anchor::Right);
}
