//! A smaller sample that stands for a larger one.

use ndarray::Array2;
use rand::Rng;

use crate::tile::Sample;

/// Rows with their multiplicities.
#[derive(Debug)]
pub(super) struct Resampled {
    pub(super) rows: Array2<f64>,
    pub(super) weights: Vec<f64>,
}

/// Draws `n` rows with probabilities proportional to their weights; rows drawn several times are kept once
/// with that multiplicity.
///
/// The draws are stratified: one from each n-th part of the total weight, so that a row of weight w is
/// drawn n·w/W times give or take one.
pub(super) fn stratified(sample: &Sample<'_>, n: usize, rng: &mut impl Rng) -> Resampled {
    let step = sample.total_weight() / n as f64;
    let mut kept: Vec<usize> = Vec::new();
    let mut weights: Vec<f64> = Vec::new();
    let mut passed = 0.0;
    let mut drawn = 0;
    let mut next = step * rng.gen_range(0.0..1.0);
    for i in 0..sample.n_rows() {
        passed += sample.weight(i);
        let mut multiplicity = 0.0;
        while drawn < n && next < passed {
            multiplicity += 1.0;
            drawn += 1;
            next = step * (drawn as f64 + rng.gen_range(0.0..1.0));
        }
        if multiplicity > 0.0 {
            kept.push(i);
            weights.push(multiplicity);
        }
    }
    Resampled {
        rows: sample.select(&kept),
        weights,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use rand::SeedableRng;
    use rand_xoshiro::Xoshiro256Plus;

    #[test]
    fn rows_are_drawn_in_proportion_to_their_weights() {
        let rows = array![[0.0], [1.0], [2.0], [3.0]];
        let weights = [10.0, 0.0, 30.0, 60.0];
        let sample = Sample::weighted(&rows, &weights).unwrap();
        let drawn = stratified(&sample, 50, &mut Xoshiro256Plus::seed_from_u64(7));
        assert_eq!(drawn.rows, array![[0.0], [2.0], [3.0]]);
        assert_eq!(drawn.weights, [5.0, 15.0, 30.0]);
    }
}
