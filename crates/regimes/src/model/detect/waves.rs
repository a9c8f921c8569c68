//! The frequencies of waves: where a series shows them, and where they explain it best.

use std::f64::consts::PI;

use gmm_core::GmmError;
use gmm_core::Sample;
use gmm_core::hmm::Sequences;
use gmm_core::ndarray::{Array2, ArrayView2, s};
use gmm_core::switching::SwitchingRegression;
use rustfft::FftPlanner;
use rustfft::num_complex::Complex;

use crate::features::Design;

/// Frequencies are looked for this many times as densely as the length of a series can tell them apart.
const OVERSAMPLED: usize = 4;
/// Stretches of a quarter of the series, half overlapping.
const STRETCHES: usize = 7;
/// Steps of which no wave can be told.
const SHORTEST: usize = 16;

/// The strongest frequency of a series, and that of its stretches on average, which a change of phase does not move; in
/// radians a step. None of a short one.
pub(super) fn peaks(values: &Array2<f64>) -> Vec<f64> {
    let n = values.nrows();
    if n < SHORTEST {
        return Vec::new();
    }
    let length = (OVERSAMPLED * n).next_power_of_two();
    let whole = power(values.view(), length);
    let part = (n / 4).max(SHORTEST / 2);
    let mut averaged = vec![0.0; whole.len()];
    for i in 0..STRETCHES {
        let start = i * (n - part) / (STRETCHES - 1);
        let of_part = power(values.slice(s![start..start + part, ..]), length);
        averaged.iter_mut().zip(of_part).for_each(|(a, p)| *a += p);
    }
    let peak = |power: &[f64], least: usize| {
        let best = (least..power.len()).max_by(|&a, &b| power[a].total_cmp(&power[b]))?;
        // Of what does not vary all frequencies are equally strong.
        (power[best] > 0.0).then_some(2.0 * PI * best as f64 / length as f64)
    };
    // What does not come twice in the whole, or once in each stretch, is no wave.
    let mut found: Vec<f64> = [peak(&whole, 2 * length / n), peak(&averaged, length / part)]
        .into_iter()
        .flatten()
        .collect();
    if found.len() == 2 && found[0] == found[1] {
        found.pop();
    }
    found
}

/// The power of each frequency below half a cycle a step, of all columns together, each in its own deviation.
fn power(values: ArrayView2<'_, f64>, length: usize) -> Vec<f64> {
    let mut sum = vec![0.0; length / 2];
    let transform = FftPlanner::new().plan_fft_forward(length);
    for column in values.columns() {
        let known: Vec<f64> = column.iter().copied().filter(|v| v.is_finite()).collect();
        let mean = known.iter().sum::<f64>() / known.len().max(1) as f64;
        let variance = known.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
        let is_varied = variance > 0.0 && variance.is_finite();
        if !is_varied {
            continue;
        }
        // What is missing shows nothing.
        let mut buffer: Vec<Complex<f64>> = column
            .iter()
            .map(|v| Complex::new(if v.is_finite() { v - mean } else { 0.0 }, 0.0))
            .collect();
        buffer.resize(length, Complex::default());
        transform.process(&mut buffer);
        for (sum, x) in sum.iter_mut().zip(&buffer) {
            *sum += x.norm_sqr() / variance;
        }
    }
    sum
}

/// What the regressions leave of each row, regimes weighted by their probabilities; NaN where something was missing.
pub(super) fn residuals(
    rows: &Array2<f64>,
    model: &SwitchingRegression,
    q: usize,
) -> Result<Array2<f64>, GmmError> {
    let data = Sequences::one(Sample::new(rows).with_missing());
    let smoothed = model.smoothed(&data)?.probabilities;
    let p = rows.ncols() - q;
    let mut left = rows.slice(s![.., p..]).to_owned();
    for k in 0..model.n_regimes() {
        let (Some(intercept), Some(coefficients)) = (model.intercept(k), model.coefficients(k))
        else {
            continue;
        };
        for (t, mut left) in left.outer_iter_mut().enumerate() {
            let expected = &intercept + &coefficients.dot(&rows.slice(s![t, ..p]));
            left.scaled_add(-smoothed[(t, k)], &expected);
        }
    }
    Ok(left)
}

/// The design with its frequencies one Gauss–Newton step nearer to where the regressions explain most, given what is
/// known of the regimes; none where they stay.
///
/// ∂y/∂ω = t(c cos ωt − b sin ωt) of b cos ωt + c sin ωt. What the coefficients can make up for is taken out of it: the step is
/// the regression of the residuals on the rest (Frisch and Waugh).
pub(super) fn refined(
    design: &Design,
    rows: &Array2<f64>,
    model: &SwitchingRegression,
    q: usize,
) -> Result<Option<Design>, GmmError> {
    let data = Sequences::one(Sample::new(rows).with_missing());
    let smoothed = model.smoothed(&data)?.probabilities;
    let (n, p, j) = (rows.nrows(), rows.ncols() - q, design.frequencies.len());
    // Steps count from the middle: what moves the phases as well is taken out in any case.
    let time = |t: usize| t as f64 - 0.5 * n as f64;
    let mut slopes: Vec<Vec<f64>> = vec![Vec::new(); j];
    let mut left = Vec::new();
    for k in 0..model.n_regimes() {
        let (Some(intercept), Some(coefficients), Some(residual)) = (
            model.intercept(k),
            model.coefficients(k),
            model.residual_covariance(k),
        ) else {
            continue;
        };
        for target in 0..q {
            let scale = residual[(target, target)].sqrt();
            let weight = |t: usize| smoothed[(t, k)].sqrt() / scale;
            let is_whole = |t: &usize| rows.row(*t).iter().all(|v| v.is_finite());
            let steps: Vec<usize> = (0..n).filter(is_whole).collect();
            let column = |of: &dyn Fn(usize) -> f64| -> Vec<f64> {
                steps.iter().map(|&t| weight(t) * of(t)).collect()
            };
            let mut basis = vec![column(&|_| 1.0)];
            basis.extend((0..p).map(|c| column(&|t| rows[(t, c)])));
            let basis = orthonormal(basis);
            for (wave, slopes) in slopes.iter_mut().enumerate() {
                let (b, c) = (
                    coefficients[(target, 2 * wave)],
                    coefficients[(target, 2 * wave + 1)],
                );
                let mut slope =
                    column(&|t| time(t) * (c * rows[(t, 2 * wave)] - b * rows[(t, 2 * wave + 1)]));
                clear(&mut slope, &basis);
                slopes.extend(slope);
            }
            let mut of_target = column(&|t| {
                let expected =
                    intercept[target] + coefficients.row(target).dot(&rows.slice(s![t, ..p]));
                rows[(t, p + target)] - expected
            });
            clear(&mut of_target, &basis);
            left.extend(of_target);
        }
    }
    let Some(steps) = regressed(&slopes, left) else {
        return Ok(None);
    };
    let most = 0.5 / n as f64;
    let moved = design
        .frequencies
        .iter()
        .zip(&steps)
        .map(|(w, step)| w + step.clamp(-most, most));
    let moved: Vec<f64> = moved.collect();
    let stays = steps.iter().all(|step| step.abs() < 1e-9);
    let slowest = 4.0 * PI / n as f64;
    let are_waves = moved.iter().all(|w| (slowest..PI).contains(w));
    Ok((!stays && are_waves).then(|| Design {
        frequencies: moved,
        ..design.clone()
    }))
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Takes out of a column what is along these, which are orthonormal.
fn clear(column: &mut [f64], basis: &[Vec<f64>]) {
    for b in basis {
        let along = dot(column, b);
        column.iter_mut().zip(b).for_each(|(x, b)| *x -= along * b);
    }
}

/// The span of some columns (Gram and Schmidt, twice); those that depend on others bring nothing.
fn orthonormal(columns: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    const NOTHING: f64 = 1e-10;
    let mut basis: Vec<Vec<f64>> = Vec::with_capacity(columns.len());
    for mut column in columns {
        let before = dot(&column, &column).sqrt();
        clear(&mut column, &basis);
        clear(&mut column, &basis);
        let length = dot(&column, &column).sqrt();
        if length > NOTHING * before {
            column.iter_mut().for_each(|x| *x /= length);
            basis.push(column);
        }
    }
    basis
}

/// Coefficients of the regression of a column on others; none where these depend on one another.
fn regressed(columns: &[Vec<f64>], mut target: Vec<f64>) -> Option<Vec<f64>> {
    let basis = orthonormal(columns.to_vec());
    if basis.len() < columns.len() {
        return None;
    }
    // Back substitution in R of columns = basis·R.
    let mut coefficients = vec![0.0; columns.len()];
    for i in (0..columns.len()).rev() {
        coefficients[i] = dot(&target, &basis[i]) / dot(&columns[i], &basis[i]);
        target
            .iter_mut()
            .zip(&columns[i])
            .for_each(|(t, x)| *t -= coefficients[i] * x);
    }
    coefficients
        .iter()
        .all(|c| c.is_finite())
        .then_some(coefficients)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_regression_finds_what_columns_were_mixed_with() {
        let columns = vec![vec![1.0, 2.0, 3.0, 4.0], vec![1.0, -1.0, 2.0, 0.5]];
        let target: Vec<f64> = (0..4)
            .map(|i| 2.0 * columns[0][i] - 3.0 * columns[1][i])
            .collect();
        let found = regressed(&columns, target).unwrap();
        assert!((found[0] - 2.0).abs() < 1e-12 && (found[1] + 3.0).abs() < 1e-12);
        assert!(
            regressed(
                &[columns[0].clone(), columns[0].clone()],
                columns[1].clone()
            )
            .is_none()
        );
    }

    #[test]
    fn the_peak_is_at_the_frequency_of_a_wave() {
        let values = Array2::from_shape_fn((400, 1), |(t, _)| 5.0 + (0.3 * t as f64).sin());
        for w in peaks(&values) {
            assert!((w - 0.3).abs() < 0.5 / 100.0, "{w}");
        }
        assert!(peaks(&values.slice(s![..5, ..]).to_owned()).is_empty());
        assert!(peaks(&Array2::from_elem((400, 1), 5.0)).is_empty());
    }
}
