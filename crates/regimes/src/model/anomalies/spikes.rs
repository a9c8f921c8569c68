//! Steps that stand out alone, before anything is fitted.

use gmm_core::ndarray::{Array2, ArrayView2};

/// How often the usual difference from both neighbours a value may be off: of independent normal values one in 10⁷ is.
const LIMIT: f64 = 5.0;
/// Standard deviations of a normal number in the median of its absolute value.
const OF_MEDIAN: f64 = 1.4826;
/// Differences of which something usual can be told.
const FEWEST: usize = 20;
/// Differences to each side that tell what is usual there: regimes can differ in their variance.
const AROUND: usize = 20;
/// What comes more often is usual.
const RARE: f64 = 0.02;

/// The values without those that are far above or far below both neighbours, of the first and the last the only one; NaN
/// stands for them. One alone can otherwise buy a regime, or a wave, in which it is usual.
///
/// Columns that have many such values, and those of which most equal the one before, stay as they are.
pub(super) fn without_spikes(values: ArrayView2<'_, f64>) -> Array2<f64> {
    let mut calm = values.to_owned();
    for mut column in calm.columns_mut() {
        let spikes = spikes(&column.to_vec());
        if spikes.len() as f64 <= (RARE * column.len() as f64).ceil() {
            spikes.into_iter().for_each(|t| column[t] = f64::NAN);
        }
    }
    calm
}

fn spikes(values: &[f64]) -> Vec<usize> {
    // That of step t from the one before; NaN where one of them is missing.
    let differences: Vec<f64> = (0..values.len())
        .map(|t| {
            if t == 0 {
                f64::NAN
            } else {
                values[t] - values[t - 1]
            }
        })
        .collect();
    let Some(usual) = usual(&differences, FEWEST) else {
        return Vec::new();
    };
    let is_spike = |t: &usize| {
        let after = differences.get(t + 1).map_or(f64::NAN, |d| -d);
        let offs = [differences[*t], after];
        let known = || offs.iter().filter(|d| !d.is_nan());
        let is_alone = known().all(|d| *d > 0.0) || known().all(|d| *d < 0.0);
        let off = known().map(|d| d.abs()).fold(f64::INFINITY, f64::min);
        let is_far = is_alone && known().next().is_some() && off > LIMIT * usual;
        is_far && {
            let before = &differences[t.saturating_sub(AROUND)..*t];
            let after = &differences[t + 1..(t + 1 + AROUND).min(values.len())];
            let here = [before, after].map(|side| self::usual(side, 1).unwrap_or(0.0));
            off > LIMIT * here[0].max(here[1])
        }
    };
    (0..values.len()).filter(is_spike).collect()
}

/// The deviation of at least so many differences, told by their median, which a few do not move; none where that is 0.
fn usual(differences: &[f64], fewest: usize) -> Option<f64> {
    let known = differences.iter().filter(|d| !d.is_nan());
    let mut sizes: Vec<f64> = known.map(|d| d.abs()).collect();
    if sizes.len() < fewest {
        return None;
    }
    sizes.sort_by(f64::total_cmp);
    let median = sizes.get(sizes.len() / 2)?;
    (*median > 0.0).then_some(OF_MEDIAN * median)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Between −1 and 1, hardly alike from step to step.
    fn noise(t: usize) -> f64 {
        (t as f64 * t as f64).sin()
    }

    #[test]
    fn what_stands_out_alone_is_a_spike() {
        let mut values: Vec<f64> = (0..200).map(noise).collect();
        values[60] += 20.0;
        values[150] = f64::NAN;
        values[199] -= 20.0;
        assert_eq!(spikes(&values), [60, 199]);
        assert!(spikes(&values[..10]).is_empty());
        // A step to another level and a stretch of other variance are none.
        let regimes = |t: usize| match t {
            0..70 => noise(t),
            70..140 => noise(t) + 30.0,
            _ => 40.0 * noise(t),
        };
        assert!(spikes(&(0..210).map(regimes).collect::<Vec<_>>()).is_empty());
    }

    #[test]
    fn what_comes_often_is_usual() {
        let december = |t: usize| noise(t) + if t % 12 == 11 { 30.0 } else { 0.0 };
        let often = Array2::from_shape_fn((240, 1), |(t, _)| december(t));
        assert_eq!(without_spikes(often.view()), often);
        let seldom = Array2::from_shape_fn((240, 1), |(t, _)| f64::from(u8::from(t == 7)));
        assert_eq!(without_spikes(seldom.view()), seldom);
    }
}
