//! A smaller sample that stands for a larger one.

use rand::Rng;

use crate::sample::Sample;

/// Numbers of rows with the weight that each stands for.
#[derive(Debug)]
pub(super) struct Resampled {
    pub(super) rows: Vec<usize>,
    pub(super) weights: Vec<f64>,
}

/// Draws about `n` rows with probabilities proportional to their weights; together they weigh what all rows
/// do.
///
/// Rows so heavy that they are sure to be drawn are kept with their own weight. The draws among the others
/// are stratified, one from each equal part of their total weight, and stand for that part.
pub(super) fn stratified(sample: &Sample<'_>, n: usize, rng: &mut impl Rng) -> Resampled {
    if !sample.is_weighted() {
        return of_equals(sample, n, rng);
    }
    let weights: Vec<f64> = (0..sample.n_rows()).map(|i| sample.weight(i)).collect();
    let Split {
        is_heavy,
        n_heavy,
        weight_of_others,
    } = split(&weights, n);
    let step = weight_of_others / (n - n_heavy) as f64;
    let mut kept: Vec<usize> = Vec::new();
    let mut stands_for: Vec<f64> = Vec::new();
    let mut passed = 0.0;
    let mut drawn = 0;
    let mut next = step * rng.gen_range(0.0..1.0);
    for (i, &weight) in weights.iter().enumerate() {
        let mut part = 0.0;
        if is_heavy[i] {
            part = weight;
        } else {
            passed += weight;
            while drawn < n - n_heavy && next < passed {
                part += step;
                drawn += 1;
                next = step * (drawn as f64 + rng.gen_range(0.0..1.0));
            }
        }
        if part > 0.0 {
            kept.push(i);
            stands_for.push(part);
        }
    }
    Resampled {
        rows: kept,
        weights: stands_for,
    }
}

/// The same where all rows weigh 1, without a number for each.
fn of_equals(sample: &Sample<'_>, n: usize, rng: &mut impl Rng) -> Resampled {
    let step = sample.n_rows() as f64 / n as f64;
    let mut kept: Vec<usize> = Vec::with_capacity(n);
    let mut weights: Vec<f64> = Vec::with_capacity(n);
    for part in 0..n {
        let drawn = step * (part as f64 + rng.gen_range(0.0..1.0));
        let row = (drawn as usize).min(sample.n_rows() - 1);
        if kept.last() == Some(&row) {
            weights[kept.len() - 1] += step;
        } else {
            kept.push(row);
            weights.push(step);
        }
    }
    Resampled {
        rows: kept,
        weights,
    }
}

struct Split {
    is_heavy: Vec<bool>,
    n_heavy: usize,
    weight_of_others: f64,
}

/// Rows whose weight is at least the part that each of the remaining draws stands for.
fn split(weights: &[f64], n: usize) -> Split {
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by(|&a, &b| weights[b].total_cmp(&weights[a]));
    // rest[h]: the weight of all but the h heaviest, summed from the lightest.
    let mut rest = vec![0.0; order.len() + 1];
    for (h, &i) in order.iter().enumerate().rev() {
        rest[h] = rest[h + 1] + weights[i];
    }
    let n_heavy = (0..n.saturating_sub(1))
        .take_while(|&h| h < order.len() && weights[order[h]] * (n - h) as f64 > rest[h])
        .count();
    let mut is_heavy = vec![false; weights.len()];
    order[..n_heavy].iter().for_each(|&i| is_heavy[i] = true);
    Split {
        is_heavy,
        n_heavy,
        weight_of_others: rest[n_heavy],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};
    use rand::SeedableRng;
    use rand_xoshiro::Xoshiro256Plus;

    #[test]
    fn rows_are_drawn_in_proportion_to_their_weights() {
        let rows = Array2::from_shape_fn((400, 1), |(i, _)| (i % 4) as f64);
        let weights: Vec<f64> = (0..400).map(|i| [1.0, 0.0, 3.0, 6.0][i % 4]).collect();
        let sample = Sample::weighted(&rows, &weights).unwrap();
        let drawn = stratified(&sample, 50, &mut Xoshiro256Plus::seed_from_u64(7));
        assert!((drawn.weights.iter().sum::<f64>() - 1000.0).abs() < 1e-9);
        for (value, expected) in [(0.0, 100.0), (1.0, 0.0), (2.0, 300.0), (3.0, 600.0)] {
            let weight: f64 = drawn
                .rows
                .iter()
                .zip(&drawn.weights)
                .filter(|(i, _)| rows[[**i, 0]] == value)
                .map(|(_, w)| w)
                .sum();
            assert!((weight - expected).abs() <= 60.0, "{value}: {weight}");
        }
    }

    #[test]
    fn equal_weights_are_no_weights() {
        let rows = Array2::from_shape_fn((1000, 1), |(i, _)| i as f64);
        let ones = vec![1.0; 1000];
        for n in [7, 400, 900] {
            let plain = stratified(
                &Sample::new(&rows),
                n,
                &mut Xoshiro256Plus::seed_from_u64(3),
            );
            let weighted = Sample::weighted(&rows, &ones).unwrap();
            let same = stratified(&weighted, n, &mut Xoshiro256Plus::seed_from_u64(3));
            assert_eq!(plain.rows, same.rows);
            let total: f64 = plain.weights.iter().sum();
            assert!((total - 1000.0).abs() < 1e-9);
        }
    }

    #[test]
    fn a_row_that_outweighs_all_others_does_not_push_them_out() {
        let rows = Array2::from_shape_fn((1000, 1), |(i, _)| i as f64);
        let mut weights = vec![1.0; 1000];
        weights[17] = 1e9;
        let sample = Sample::weighted(&rows, &weights).unwrap();
        let drawn = stratified(&sample, 100, &mut Xoshiro256Plus::seed_from_u64(7));
        assert_eq!(drawn.rows.len(), 100);
        let heavy = drawn.rows.iter().position(|&i| i == 17).unwrap();
        assert_eq!(drawn.weights[heavy], 1e9);
        let others: f64 = drawn.weights.iter().filter(|w| **w < 1e9).sum();
        assert!((others - 999.0).abs() < 1e-9);
        let few = stratified(
            &Sample::new(&array![[1.0], [2.0]]),
            1,
            &mut Xoshiro256Plus::seed_from_u64(1),
        );
        assert_eq!(few.weights, [2.0]);
    }
}
