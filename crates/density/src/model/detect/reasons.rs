//! Which columns make a row unusual.

use gmm_core::GmmError;
use gmm_core::ndarray::{Array2, Axis};

use super::views::Views;
use super::{View, patterns};
use crate::model::percentile;

/// What one column says of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    /// The column, from 0.
    pub column: usize,
    /// −ln p of the value alone above that of the median row, in nats.
    pub alone: f64,
    /// How many standard deviations the value is above what the mixture of the groups expects given the others.
    pub given_others: f64,
}

/// Why a row is an anomaly.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    /// The view in which it is.
    pub view: View,
    /// Its columns that were seen, those that say most first: of views of independent columns by themselves, else given
    /// the others.
    pub parts: Vec<Part>,
}

/// The reasons of measured rows, each with the view in which it is unusual.
pub(super) fn of(
    models: &Views,
    reference: &Array2<f64>,
    rows: &Array2<f64>,
    views: &[View],
) -> Result<Vec<Reason>, GmmError> {
    if rows.nrows() == 0 {
        return Ok(Vec::new());
    }
    let usual = models.of_columns(reference)?;
    let medians: Vec<f64> = (usual.columns().into_iter())
        .map(|column| percentile(column.iter().copied(), 50.0))
        .collect();
    let alone = models.of_columns(rows)?;
    let given = given_others(models, rows)?;
    let reason = |(i, &view): (usize, &View)| {
        let part = |column: usize| Part {
            column,
            alone: alone[(i, column)] - medians[column],
            given_others: given[(i, column)],
        };
        let is_seen = |j: &usize| !rows[(i, *j)].is_nan();
        let mut parts: Vec<Part> = (0..rows.ncols()).filter(is_seen).map(part).collect();
        let size = |p: &Part| match view {
            View::Columns | View::Spread => p.alone,
            View::Whole | View::Groups => p.given_others.abs(),
        };
        parts.sort_by(|a, b| size(b).total_cmp(&size(a)));
        Reason { view, parts }
    };
    Ok(views.iter().enumerate().map(reason).collect())
}

/// (x − E[x | others]) / deviation of each value that was seen, rows × columns; of one value alone from the mean.
fn given_others(models: &Views, rows: &Array2<f64>) -> Result<Array2<f64>, GmmError> {
    let model = &models.groups.model;
    let mut found = Array2::from_elem(rows.dim(), f64::NAN);
    for (pattern, places) in patterns(rows) {
        let seen: Vec<usize> = (0..rows.ncols()).filter(|&j| pattern[j]).collect();
        if seen.is_empty() {
            continue;
        }
        let of_seen = model.marginal(&seen)?;
        let values = rows.select(Axis(0), &places).select(Axis(1), &seen);
        for (own, &column) in seen.iter().enumerate() {
            let others: Vec<usize> = (0..seen.len()).filter(|&o| o != own).collect();
            let (means, variances): (Vec<f64>, Vec<f64>) = if others.is_empty() {
                let (mean, variance) =
                    (of_seen.total_mean()[0], of_seen.total_covariance()[(0, 0)]);
                (vec![mean; places.len()], vec![variance; places.len()])
            } else {
                let regression = of_seen.regression(&others)?;
                let given = values.select(Axis(1), &others);
                let means = regression.mean(&given)?.column(0).to_vec();
                let covariances = regression.covariance(&given)?;
                (means, covariances.iter().copied().collect())
            };
            for (place, &row) in places.iter().enumerate() {
                found[(row, column)] =
                    (values[(place, own)] - means[place]) / variances[place].sqrt();
            }
        }
    }
    Ok(found)
}
