//! Figures of rows and their mixture. Of rows with more than two columns, the first two are shown.

mod clusters;
mod densities;
mod learning;
mod samples;
mod selection;

use gmm_core::ndarray::{Array2, ArrayView1};
use gmm_core::{Gmm, GmmError};
use gmm_figures::{
    Axes, Color, Field, Fill, Frame, HEADING, LEFT, Place, Sheet, ellipse, padded, typeset,
};

use crate::data::Points;
use crate::model::Report;

pub use clusters::{anomalies, clusters, reduction};
pub use densities::{components, density};
pub use learning::learning;
pub use samples::generated;
pub use selection::selection;

/// Room above a frame for its legend.
const LEGEND: u32 = 34;
/// Room around what is drawn.
const MARGIN: u32 = 24;
/// The side of a square figure's frame.
const SQUARE: u32 = 560;
/// The slides' number of bars, which is the most; and values in each, about, of fewer.
const MOST_BARS: usize = 50;
const VALUES_IN_A_BAR: usize = 20;
const FEWEST_BARS: usize = 10;

/// A sheet with a heading, its frame and the middle of the line above it.
fn page(width: u32, height: u32, right: u32) -> (Sheet, Frame) {
    let y = HEADING as u32 + LEGEND;
    let frame = Frame {
        x: LEFT + MARGIN,
        y,
        width: width - LEFT - MARGIN - right,
        height: height - y - gmm_figures::BELOW,
    };
    (Sheet::new(width, height), frame)
}

/// Where the legend of a frame is centred.
fn legend_place(frame: Frame) -> Place {
    let middle = f64::from(frame.x) + 0.5 * f64::from(frame.width);
    (middle, f64::from(frame.y) - 18.0)
}

/// What was fitted, in a line.
fn subtitle(points: &Points, report: &Report) -> String {
    let fitted = &report.fitted;
    let k = fitted.model.n_components();
    let shown = match points.columns.len() {
        d if d > 2 => format!(", the first two of {d} columns"),
        _ => String::new(),
    };
    format!(
        "{} rows{shown} · {k} component{} · {} covariances · mean log-likelihood {} nats",
        points.rows.nrows(),
        if k == 1 { "" } else { "s" },
        fitted.model.covariance_type(),
        typeset(fitted.mean_log_likelihood(), 4),
    )
}

/// The mixture in the plane of the first two columns.
fn in_plane(model: &Gmm) -> Result<Gmm, GmmError> {
    match model.n_features() {
        2 => Ok(model.clone()),
        _ => model.marginal(&[0, 1]),
    }
}

fn point(row: ArrayView1<'_, f64>) -> Place {
    (row[0], row[1])
}

/// Axes over the first two columns of some rows; where they are of like size, a unit is as long on both.
fn plane_axes(frame: Frame, points: &Points, rows: &[&Array2<f64>]) -> Axes {
    /// Ranges that differ by less are of like size: what is round then looks round.
    const LIKE: f64 = 2.0;
    let values = |column: usize| {
        let all = rows
            .iter()
            .flat_map(move |rows| rows.column(column).to_vec());
        padded(all)
    };
    let (x, y) = (values(0), values(1));
    let ratio = (x.1 - x.0) / (y.1 - y.0);
    let axes = Axes::new(frame, x, y).labelled(&points.columns[0], &points.columns[1]);
    if (1.0 / LIKE..LIKE).contains(&ratio) {
        axes.with_equal_units()
    } else {
        axes
    }
}

/// A disc for each row.
fn scatter(sheet: &mut Sheet, axes: &Axes, rows: &Array2<f64>, fill: impl Fn(usize) -> Fill) {
    let radius = if rows.nrows() > 5000 { 2.0 } else { 3.2 };
    for (i, row) in rows.outer_iter().enumerate() {
        axes.dot(sheet, point(row), radius, fill(i));
    }
}

/// The ellipse of a component at this many deviations.
fn outline(model: &Gmm, component: usize, radius: f64) -> Vec<Place> {
    let covariances = model.covariances();
    let at = |i: usize, j: usize| covariances[(component, i, j)];
    let mean = point(model.means().row(component));
    ellipse(mean, (at(0, 0), at(0, 1), at(1, 1)), radius)
}

/// ln p of the mixture at every pixel of a frame.
fn log_density(axes: &Axes, model: &Gmm) -> Result<Field, GmmError> {
    let pixels = axes.pixels();
    let rows = Array2::from_shape_fn((pixels.len(), 2), |(i, j)| pixels[i][j]);
    Ok(axes.field(model.log_prob(&rows)?.to_vec()))
}

/// A colour as bright as it is seen through white.
fn tint(color: Color, share: f64) -> Color {
    color.mixed(share, Color(255, 255, 255))
}
