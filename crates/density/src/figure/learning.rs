//! EM at work.

use gmm_core::{Fitted, GmmError};
use gmm_figures::{
    Axes, BLUE, Color, Fill, Frame, HEADING, Sheet, Stroke, distinct, padded, typeset,
};

use gmm_table::figure::outline;

use super::{plane_axes, point};
use crate::data::Points;
use crate::model::Step;

/// Panels in a row.
const ACROSS: u32 = 3;
const PANEL: u32 = 330;
/// From one panel to the next, across and down.
const STEP: (u32, u32) = (PANEL + 92, PANEL + 104);

/// The components at each step, at one and two deviations over the rows, and how the log-likelihood climbed.
///
/// # Errors
/// As [`gmm_core::Gmm::marginal`], for rows of one column.
pub fn learning(points: &Points, steps: &[Step], whole: &Fitted) -> Result<Sheet, GmmError> {
    let n_rows = (steps.len() as u32 + 1).div_ceil(ACROSS);
    let width = ACROSS * STEP.0 + 32;
    let top = HEADING as u32 + 30;
    let mut sheet = Sheet::new(width, top + n_rows * STEP.1);
    sheet.heading(
        &format!("Expectation–maximization: {}", points.name),
        &format!(
            "from {} random rows · {} after {} iterations · mean log-likelihood {} nats · ellipses at one and two standard deviations",
            whole.model.n_components(),
            whole.outcome,
            whole.n_iterations(),
            typeset(whole.mean_log_likelihood(), 4)
        ),
    );
    let frame = |i: usize| Frame {
        x: 84 + (i as u32 % ACROSS) * STEP.0,
        y: top + (i as u32 / ACROSS) * STEP.1,
        width: PANEL,
        height: PANEL,
    };
    for (i, step) in steps.iter().enumerate() {
        let model = step.model.marginal(&[0, 1])?;
        let title = match step.iteration {
            0 => String::from("Start"),
            1 => String::from("1 iteration"),
            n => format!("{n} iterations"),
        };
        let axes = plane_axes(frame(i), points, &[&points.rows]).titled(&title);
        axes.draw(&mut sheet);
        let labels = step.model.labels(&points.rows)?;
        for (row, &label) in points.rows.outer_iter().zip(&labels) {
            let fill = Fill::new(distinct(label)).opacity(0.35);
            axes.dot(&mut sheet, point(row), 2.2, fill);
        }
        for component in 0..model.n_components() {
            let color = distinct(component).mixed(0.75, Color(0, 0, 0));
            for radius in [1.0, 2.0] {
                let stroke = Stroke::new(color, 2.2);
                axes.line(&mut sheet, outline(&model, component, radius), stroke);
            }
            let mean = point(model.means().row(component));
            axes.cross(&mut sheet, mean, 5.0, Stroke::new(color, 2.4));
        }
    }
    trace(&mut sheet, frame(steps.len()), steps, &whole.objective);
    Ok(sheet)
}

/// The log-likelihood at every iteration, those that are shown marked.
fn trace(sheet: &mut Sheet, frame: Frame, steps: &[Step], objective: &[f64]) {
    let last = objective.len() - 1;
    let axes = Axes::new(
        frame,
        padded([0.0, last as f64]),
        padded(objective.iter().copied()),
    )
    .with_whole_x()
    .labelled("Iteration", "nats")
    .titled("Mean log-likelihood");
    axes.draw(sheet);
    let points = || objective.iter().enumerate().map(|(i, &l)| (i as f64, l));
    axes.line(sheet, points(), Stroke::new(BLUE, 2.2));
    for step in steps {
        let place = (step.iteration as f64, objective[step.iteration]);
        axes.dot(sheet, place, 4.5, Fill::new(BLUE));
    }
}
