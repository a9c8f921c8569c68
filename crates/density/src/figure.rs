//! Figures of rows and their mixture. Of rows with more than two columns, densities and clusters are shown in panels of
//! pairs, all else in the first two.

mod clusters;
mod densities;
mod detected;
mod directions;
mod latent;
mod learning;
mod samples;
mod selection;

use gmm_core::ndarray::{Array2, ArrayView1};
use gmm_figures::{Axes, Frame, Place, typeset};
use gmm_table::figure::{self, Portrait};

use crate::data::Points;
use crate::model::Report;

pub use clusters::{anomalies, clusters, reduction};
pub use densities::{components, density};
pub use detected::detected;
pub use directions::directions;
pub use latent::latent;
pub use learning::learning;
pub use samples::generated;
pub use selection::selection;

/// What was fitted, in a line.
fn subtitle(points: &Points, report: &Report) -> String {
    let fitted = &report.fitted;
    let k = fitted.model.n_components();
    format!(
        "{} rows · {k} component{} · {} covariances · mean log-likelihood {} nats",
        points.rows.nrows(),
        if k == 1 { "" } else { "s" },
        fitted.model.covariance_type(),
        typeset(fitted.mean_log_likelihood(), 4),
    )
}

fn point(row: ArrayView1<'_, f64>) -> Place {
    (row[0], row[1])
}

fn plane_axes(frame: Frame, points: &Points, rows: &[&Array2<f64>]) -> Axes {
    figure::plane_axes(frame, &points.columns, rows)
}

/// The mixture over its rows.
fn portrait<'a>(title: String, points: &'a Points, report: &'a Report) -> Portrait<'a> {
    Portrait {
        subtitle: subtitle(points, report),
        rows: Some(points.rows.view()),
        ..Portrait::new(title, &points.columns, &report.fitted.model)
    }
}
