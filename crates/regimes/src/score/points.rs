//! Forecasts that are single numbers.

use gmm_core::GmmError;
use serde::Serialize;

/// What errors are measured against; scores without theirs are left out.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Yardstick {
    /// The mean absolute error of the naive forecast where the model was fitted: [`naive_mae`].
    pub naive_mae: Option<f64>,
    /// The variance of the series.
    pub variance: Option<f64>,
}

/// The mean absolute error of taking each value for that `season` steps later, 1 for the one before; over the pairs in
/// which none is missing. None where there are no such pairs.
pub fn naive_mae(values: &[f64], season: usize) -> Option<f64> {
    let pairs = values.iter().zip(values.get(season..)?);
    let errors = pairs.map(|(a, b)| (a - b).abs());
    let known: Vec<f64> = errors.filter(|e| !e.is_nan()).collect();
    (season > 0 && !known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
}

/// How far single numbers were from the truth, on average.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PointScores {
    /// Forecasts that could be compared.
    pub n: usize,
    /// Those of which the forecast or the truth is missing.
    pub n_missing: usize,
    /// Mean squared error.
    pub mse: f64,
    /// Mean absolute error.
    pub mae: f64,
    /// MAE over that of the naive forecast (Hyndman & Koehler, *Int. J. Forecasting* 22, 2006).
    pub mase: Option<f64>,
    /// MSE over the variance of the series: its average relative variance (Weigend, Huberman & Rumelhart 1990).
    pub arv: Option<f64>,
}

impl PointScores {
    /// Of forecasts and what came; those with a NaN are left out. Of none, the means are NaN.
    ///
    /// # Errors
    /// [`GmmError::SizeMismatch`] for as many truths as there are not forecasts.
    pub fn of(forecasts: &[f64], truths: &[f64], yardstick: Yardstick) -> Result<Self, GmmError> {
        if forecasts.len() != truths.len() {
            return Err(GmmError::SizeMismatch {
                what: "truths of forecasts",
                expected: forecasts.len(),
                found: truths.len(),
            });
        }
        let errors = forecasts.iter().zip(truths).map(|(f, y)| y - f);
        let errors: Vec<f64> = errors.filter(|e| !e.is_nan()).collect();
        let mse = mean(errors.iter().map(|e| e * e));
        let mae = mean(errors.iter().map(|e| e.abs()));
        Ok(Self {
            n: errors.len(),
            n_missing: truths.len() - errors.len(),
            mse,
            mae,
            mase: yardstick.naive_mae.map(|naive| mae / naive),
            arv: yardstick.variance.map(|variance| mse / variance),
        })
    }
}

/// The mean of some numbers; NaN of none.
pub(super) fn mean(numbers: impl Iterator<Item = f64>) -> f64 {
    let (sum, n) = numbers.fold((0.0, 0u32), |(sum, n), v| (sum + v, n + 1));
    sum / f64::from(n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_those_of_pairs_that_are_there() {
        let yardstick = Yardstick {
            naive_mae: naive_mae(&[1.0, 3.0, f64::NAN, 4.0, 8.0], 1),
            variance: Some(10.0),
        };
        assert_eq!(yardstick.naive_mae, Some(3.0));
        let scores = PointScores::of(
            &[1.0, 2.0, f64::NAN, 5.0],
            &[2.0, f64::NAN, 1.0, 2.0],
            yardstick,
        );
        let scores = scores.unwrap();
        assert_eq!((scores.n, scores.n_missing), (2, 2));
        assert_eq!((scores.mse, scores.mae), (5.0, 2.0));
        assert_eq!((scores.mase, scores.arv), (Some(2.0 / 3.0), Some(0.5)));
        assert!(PointScores::of(&[1.0], &[], yardstick).is_err());
        assert!(PointScores::of(&[], &[], yardstick).unwrap().mse.is_nan());
    }

    #[test]
    fn the_naive_forecast_needs_a_pair() {
        assert_eq!(naive_mae(&[1.0, 2.0, 5.0, 3.0], 2), Some(2.5));
        assert_eq!(
            (
                naive_mae(&[1.0], 1),
                naive_mae(&[1.0], 7),
                naive_mae(&[1.0], 0)
            ),
            (None, None, None)
        );
    }
}
