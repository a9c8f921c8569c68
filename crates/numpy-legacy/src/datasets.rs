//! What the generator's numbers are usually mixed with.

use std::f64::consts::PI;

use ndarray::Array2;

use crate::random_state::RandomState;

/// `n` numbers at equal distances, from `start` to `stop`, as `np.linspace(start, stop, n)`.
///
/// One number is `start`.
pub fn linspace(start: f64, stop: f64, n: usize) -> Vec<f64> {
    let step = (stop - start) / n.saturating_sub(1) as f64;
    (0..n)
        .map(|i| match i {
            // One number alone has no step.
            0 => start,
            // The sum can miss it by a rounding.
            _ if i == n - 1 => stop,
            _ => i as f64 * step + start,
        })
        .collect()
}

/// Two interleaving half circles, as scikit-learn's `make_moons(n_samples, noise=noise, random_state=seed)`:
/// points with x and y, and which moon (0 the upper, 1 the lower) each is of.
///
/// `noise` is the standard deviation of the normal noise on x and y. Order and noise are scikit-learn's to the
/// bit; sines and cosines are the platform's, and NumPy's own can differ from them in the last bit.
pub fn make_moons(n_samples: usize, noise: f64, seed: u32) -> (Array2<f64>, Vec<usize>) {
    let n_upper = n_samples / 2;
    let n_lower = n_samples - n_upper;
    let upper = linspace(0.0, PI, n_upper)
        .into_iter()
        .map(|angle| (angle.cos(), angle.sin(), 0));
    let lower = linspace(0.0, PI, n_lower)
        .into_iter()
        .map(|angle| (1.0 - angle.cos(), 1.0 - angle.sin() - 0.5, 1));
    let moons: Vec<(f64, f64, usize)> = upper.chain(lower).collect();

    let mut random = RandomState::seed(seed);
    let order = random.permutation(n_samples);
    let mut points = Array2::zeros((n_samples, 2));
    for (mut point, &i) in points.rows_mut().into_iter().zip(&order) {
        let (x, y, _) = moons[i];
        point[0] = x + random.normal(0.0, noise);
        point[1] = y + random.normal(0.0, noise);
    }
    let labels = order.iter().map(|&i| moons[i].2).collect();
    (points, labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linspace_has_both_ends() {
        assert_eq!(linspace(1.0, 9.0, 0), [0.0; 0]);
        assert_eq!(linspace(1.0, 9.0, 1), [1.0]);
        assert_eq!(linspace(1.0, 9.0, 2), [1.0, 9.0]);
        // NumPy 2.4.6: np.linspace(0, 0.7, 8).
        let expected = [
            0.0,
            0.09999999999999999,
            0.19999999999999998,
            0.3,
            0.39999999999999997,
            0.49999999999999994,
            0.6,
            0.7,
        ];
        assert_eq!(linspace(0.0, 0.7, 8), expected);
    }

    #[test]
    fn any_number_of_samples_makes_moons() {
        for n in 0..5 {
            let (points, labels) = make_moons(n, 0.0, 3);
            assert_eq!((points.dim(), labels.len()), ((n, 2), n));
            assert_eq!(labels.iter().sum::<usize>(), n.div_ceil(2));
        }
    }
}
