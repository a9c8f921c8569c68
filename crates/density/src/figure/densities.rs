//! The density of one column as a curve, of two as a map, of more as panels.

use gmm_core::{Gmm, GmmError};
use gmm_figures::Sheet;
use gmm_table::figure::Portrait;

use super::portrait;
use crate::data::Points;
use crate::model::Report;

/// Histogram and curves of one column, the map of two, panels of more.
///
/// # Errors
/// As [`Gmm::log_prob`].
pub fn density(points: &Points, report: &Report) -> Result<Sheet, GmmError> {
    portrait(format!("Density: {}", points.name), points, report).sheet()
}

/// The components of a mixture of two columns over the density of the whole, within the given ranges.
///
/// # Errors
/// As [`Gmm::log_prob`].
pub fn components(model: &Gmm, title: &str, range: (f64, f64)) -> Result<Sheet, GmmError> {
    let weights: Vec<String> = model.weights().iter().map(|w| format!("{w:.2}")).collect();
    let columns = ["X", "Y"].map(String::from);
    let portrait = Portrait {
        subtitle: format!(
            "weights {} · ellipses at one and two standard deviations",
            weights.join(" and ")
        ),
        ranges: Some(vec![range; 2]),
        ..Portrait::new(title, &columns, model)
    };
    portrait.sheet()
}
