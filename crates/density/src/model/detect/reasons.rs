//! Which columns make a row unusual.

use gmm_core::ndarray::{Array1, Array2, Array3, Axis};
use gmm_core::{Gmm, GmmError};

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
    let mut found = Array2::from_elem(rows.dim(), f64::NAN);
    for (pattern, places) in patterns(rows) {
        let seen: Vec<usize> = (0..rows.ncols()).filter(|&j| pattern[j]).collect();
        if seen.is_empty() {
            continue;
        }
        let model = models.groups.model.marginal(&seen)?;
        let precisions = model.precisions();
        for &i in &places {
            let row = rows.row(i).select(Axis(0), &seen);
            for (own, z) in deviations(&model, &precisions, &row)
                .into_iter()
                .enumerate()
            {
                found[(i, seen[own])] = z;
            }
        }
    }
    Ok(found)
}

/// The same of one row of a mixture, by its precisions Λ (Bishop, PRML, eq. 2.73 and 2.75): of component k the value is
/// x − (Λ(x − μ))ⱼ/Λⱼⱼ with variance 1/Λⱼⱼ, and its share given the others is as its density of x over that of xⱼ given them.
fn deviations(model: &Gmm, precisions: &Array3<f64>, row: &Array1<f64>) -> Vec<f64> {
    let turned: Vec<(f64, Array1<f64>)> = (precisions.outer_iter().zip(model.components()))
        .zip(model.weights())
        .map(|((precision, component), weight)| {
            let offset = row - &Array1::from(component.mean().to_vec());
            let turned = precision.dot(&offset);
            let log_joint =
                weight.ln() - 0.5 * (component.covariance().log_det() + offset.dot(&turned));
            (log_joint, turned)
        })
        .collect();
    let of = |j: usize| {
        // The share of each component, how far the value is above what it expects, and its variance.
        let parts: Vec<(f64, f64, f64)> = (turned.iter().zip(precisions.outer_iter()))
            .map(|((log_joint, turned), precision)| {
                let own = precision[(j, j)];
                let alone = 0.5 * (own.ln() - turned[j].powi(2) / own);
                (log_joint - alone, turned[j] / own, 1.0 / own)
            })
            .collect();
        let most = parts.iter().map(|p| p.0).fold(f64::NEG_INFINITY, f64::max);
        let share = |p: &(f64, f64, f64)| (p.0 - most).exp();
        let total: f64 = parts.iter().map(share).sum();
        let mean = |of: &dyn Fn(&(f64, f64, f64)) -> f64| {
            parts.iter().map(|p| share(p) * of(p)).sum::<f64>() / total
        };
        let above = mean(&|p| p.1);
        let variance = mean(&|p| p.2 + (p.1 - above).powi(2));
        above / variance.sqrt()
    };
    (0..row.len()).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gmm_core::Covariances;
    use gmm_core::ndarray::array;

    #[test]
    fn deviations_are_those_of_the_regression_on_the_others() {
        let model = Gmm::new(
            array![0.3, 0.7],
            array![[0.0, 1.0, 2.0], [3.0, -1.0, 0.5]],
            Covariances::Full(array![
                [[2.0, 0.5, 0.1], [0.5, 1.0, 0.3], [0.1, 0.3, 1.5]],
                [[1.0, -0.4, 0.0], [-0.4, 2.0, 0.6], [0.0, 0.6, 1.0]]
            ]),
        )
        .unwrap();
        let row = array![1.4, 0.2, 3.0];
        let found = deviations(&model, &model.precisions(), &row);
        for j in 0..3 {
            let others: Vec<usize> = (0..3).filter(|&o| o != j).collect();
            let regression = model.regression(&others).unwrap();
            let given = row.select(Axis(0), &others).insert_axis(Axis(0));
            let mean = regression.mean(&given).unwrap()[(0, 0)];
            let variance = regression.covariance(&given).unwrap()[(0, 0, 0)];
            let expected = (row[j] - mean) / variance.sqrt();
            assert!(
                (found[j] - expected).abs() < 1e-10,
                "{j}: {} {expected}",
                found[j]
            );
        }
    }
}
