//! Weights of several forecasts.

use gmm_core::ndarray::Array2;

/// How near to its maximum the mean logarithm of the pool is brought, in nats.
const TOLERANCE: f64 = 1e-6;
const MOST_ITERATIONS: usize = 20_000;
/// Weights below this are taken for none.
const NEGLIGIBLE: f64 = 2e-3;

/// Weights w ≥ 0 with Σ w = 1 that maximise the mean of ln Σ_c w_c p_c(y_t) over times t (Yao, Vehtari, Simpson & Gelman,
/// *Bayesian Analysis* 13, 2018, eq. 4), from `log_densities` ln p_c(y_t), times × candidates. Those that come to nothing
/// are 0.
///
/// It is the EM of the shares of a mixture whose components are fixed. The objective is concave in w, so that
/// max_c mean_t p_c/Σ w p − 1 bounds what is missing to its maximum. Times at which no candidate has a density say nothing;
/// with none that says something all weights are equal.
pub(super) fn stacked(log_densities: &Array2<f64>) -> Vec<f64> {
    let n = log_densities.ncols();
    let all: Vec<usize> = (0..n).collect();
    let weights = of_subset(log_densities, &all);
    // Away with the negligible, and the rest once more.
    let most = weights.iter().copied().fold(0.0, f64::max);
    let kept: Vec<usize> = (0..n)
        .filter(|c| weights[*c] >= NEGLIGIBLE.min(most))
        .collect();
    let of_kept = of_subset(log_densities, &kept);
    let mut out = vec![0.0; n];
    kept.iter().zip(of_kept).for_each(|(c, w)| out[*c] = w);
    out
}

/// The weights of some of the candidates.
fn of_subset(log_densities: &Array2<f64>, candidates: &[usize]) -> Vec<f64> {
    // Densities in units of the best of each time: EM does not see the difference.
    let relative = |row: gmm_core::ndarray::ArrayView1<'_, f64>| {
        let own = || candidates.iter().map(|c| row[*c]);
        let most = own().fold(f64::NEG_INFINITY, f64::max);
        most.is_finite()
            .then(|| own().map(|l| (l - most).exp()).collect::<Vec<f64>>())
    };
    let rows: Vec<Vec<f64>> = log_densities.outer_iter().filter_map(relative).collect();
    let n = candidates.len();
    let mut weights = vec![1.0 / n.max(1) as f64; n];
    if rows.is_empty() {
        return weights;
    }
    for _ in 0..MOST_ITERATIONS {
        let mut gains = vec![0.0; n];
        for row in &rows {
            let pooled: f64 = row.iter().zip(&weights).map(|(p, w)| p * w).sum();
            let unit = 1.0 / (pooled * rows.len() as f64);
            gains.iter_mut().zip(row).for_each(|(g, p)| *g += p * unit);
        }
        let gap = gains.iter().copied().fold(0.0, f64::max) - 1.0;
        if gap <= TOLERANCE {
            break;
        }
        weights.iter_mut().zip(&gains).for_each(|(w, g)| *w *= g);
    }
    let sum: f64 = weights.iter().sum();
    weights.iter().map(|w| w / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::{Predictive, Scale};
    use gmm_core::rand::SeedableRng;
    use gmm_core::rand_xoshiro::Xoshiro256Plus;

    fn normal(mean: f64) -> Predictive {
        Predictive::new(&[1.0], &[mean], &[1.0], Scale::Identity).unwrap()
    }

    fn objective(logs: &Array2<f64>, weights: &[f64]) -> f64 {
        let of_row = |row: gmm_core::ndarray::ArrayView1<'_, f64>| {
            let pooled: f64 = row.iter().zip(weights).map(|(l, w)| w * l.exp()).sum();
            pooled.ln()
        };
        logs.outer_iter().map(of_row).sum::<f64>() / logs.nrows() as f64
    }

    /// Draws of 0.7 N(0, 1) + 0.3 N(4, 1), with N(0, 1), N(4, 1) and N(9, 1) as candidates.
    fn drawn() -> Array2<f64> {
        let truth =
            Predictive::new(&[0.7, 0.3], &[0.0, 4.0], &[1.0, 1.0], Scale::Identity).unwrap();
        let draws = truth.sample(4000, &mut Xoshiro256Plus::seed_from_u64(1));
        let candidates = [normal(0.0), normal(4.0), normal(9.0)];
        Array2::from_shape_fn((4000, 3), |(t, c)| {
            candidates[c].log_density(draws[t]).unwrap()
        })
    }

    #[test]
    fn the_weights_of_a_mixture_are_recovered() {
        let weights = stacked(&drawn());
        assert!(
            (weights[0] - 0.7).abs() < 0.03 && (weights[1] - 0.3).abs() < 0.03,
            "{weights:?}"
        );
        assert_eq!(weights[2], 0.0);
        assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn no_step_aside_is_better() {
        let logs = drawn();
        let weights = stacked(&logs);
        let best = objective(&logs, &weights);
        for c in 0..3 {
            for step in [1e-3, 0.02, 0.3] {
                let aside =
                    |(k, w): (usize, &f64)| w * (1.0 - step) + if k == c { step } else { 0.0 };
                let aside: Vec<f64> = weights.iter().enumerate().map(aside).collect();
                assert!(objective(&logs, &aside) <= best + 2.0 * TOLERANCE);
            }
        }
    }

    #[test]
    fn the_impossible_gets_nothing_and_nothing_is_shared_evenly() {
        let never = f64::NEG_INFINITY;
        let logs = Array2::from_shape_fn((5, 2), |(_, c)| [never, -1.0][c]);
        assert_eq!(stacked(&logs), [0.0, 1.0]);
        let logs = Array2::from_elem((5, 2), never);
        assert_eq!(stacked(&logs), [0.5, 0.5]);
        assert_eq!(stacked(&Array2::zeros((0, 3))), [1.0 / 3.0; 3]);
        assert!(stacked(&Array2::zeros((3, 0))).is_empty());
    }
}
