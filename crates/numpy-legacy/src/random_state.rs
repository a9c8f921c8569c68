//! `np.random.RandomState`.

use ndarray::Array2;

use crate::mersenne::Mersenne;

/// NumPy's legacy generator: the one behind `np.random.seed` and scikit-learn's `random_state`.
///
/// Methods have the names of NumPy's and draw as many words as they, so that a program can be followed call by
/// call. What NumPy draws with `size=n` is n calls here. See NumPy's reference, "Legacy random generation".
#[derive(Debug, Clone, PartialEq)]
pub struct RandomState {
    words: Mersenne,
    /// Normal numbers come in pairs: the second waits here.
    second_normal: Option<f64>,
}

impl RandomState {
    /// The generator after `np.random.seed(seed)`.
    pub fn seed(seed: u32) -> Self {
        Self {
            words: Mersenne::new(seed),
            second_normal: None,
        }
    }

    /// A number in [0, 1), a multiple of 2⁻⁵³, as `random_sample()`.
    pub fn random_sample(&mut self) -> f64 {
        let upper = f64::from(self.words.word() >> 5);
        let lower = f64::from(self.words.word() >> 6);
        (upper * (1u64 << 26) as f64 + lower) / (1u64 << 53) as f64
    }

    /// A number between `low` and `high`, as `uniform(low, high)`.
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.random_sample()
    }

    /// A number of mean 0 and variance 1, as `standard_normal()`.
    ///
    /// The polar method: G. Marsaglia and T. A. Bray, "A convenient method for generating normal variables",
    /// SIAM Review 6 (1964) 260–264.
    pub fn standard_normal(&mut self) -> f64 {
        if let Some(second) = self.second_normal.take() {
            return second;
        }
        loop {
            let x = 2.0 * self.random_sample() - 1.0;
            let y = 2.0 * self.random_sample() - 1.0;
            let square = x * x + y * y;
            if square < 1.0 && square > 0.0 {
                let factor = (-2.0 * square.ln() / square).sqrt();
                // NumPy hands out the second of the pair first.
                self.second_normal = Some(factor * x);
                return factor * y;
            }
        }
    }

    /// A number of this mean and standard deviation, as `normal(mean, sd)`.
    pub fn normal(&mut self, mean: f64, sd: f64) -> f64 {
        mean + sd * self.standard_normal()
    }

    /// `n_rows` × `n_columns` numbers, as `uniform(low, high, (n_rows, n_columns))`.
    pub fn uniform_table(
        &mut self,
        n_rows: usize,
        n_columns: usize,
        low: f64,
        high: f64,
    ) -> Array2<f64> {
        Array2::from_shape_simple_fn((n_rows, n_columns), || self.uniform(low, high))
    }

    /// `n_rows` × `n_columns` numbers, as `normal(mean, sd, (n_rows, n_columns))`.
    pub fn normal_table(
        &mut self,
        n_rows: usize,
        n_columns: usize,
        mean: f64,
        sd: f64,
    ) -> Array2<f64> {
        Array2::from_shape_simple_fn((n_rows, n_columns), || self.normal(mean, sd))
    }

    /// `n_rows` vectors with independent entries, as `multivariate_normal(mean, np.diag(variances), n_rows)`.
    ///
    /// To the bit up to D = 25; beyond, NumPy's singular values are rounded once more. A negative variance makes
    /// its column NaN.
    pub fn multivariate_normal_diagonal<const D: usize>(
        &mut self,
        mean: &[f64; D],
        variances: &[f64; D],
        n_rows: usize,
    ) -> Array2<f64> {
        let order = singular_order(variances);
        let mut rows = Array2::zeros((n_rows, D));
        for mut row in rows.rows_mut() {
            for &column in &order {
                let z = self.standard_normal();
                row[column] = mean[column] + z * variances[column].sqrt();
            }
        }
        rows
    }

    /// A whole number from 0 to `max`, both included, as `randint(max + 1)`.
    ///
    /// Words are cut to the bits of `max`, and drawn again until one is not above it.
    pub fn at_most(&mut self, max: u64) -> u64 {
        if max == 0 {
            return 0;
        }
        let mask = u64::MAX >> max.leading_zeros();
        loop {
            let word = match u32::try_from(max) {
                Ok(_) => u64::from(self.words.word()),
                Err(_) => self.words.long_word(),
            };
            if word & mask <= max {
                return word & mask;
            }
        }
    }

    /// Puts the items in random order, as `shuffle(items)`.
    ///
    /// R. Durstenfeld, "Algorithm 235: Random permutation", Communications of the ACM 7 (1964) 420.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            let j = self.at_most(i as u64) as usize;
            items.swap(i, j);
        }
    }

    /// The numbers from 0 to n − 1 in random order, as `permutation(n)`.
    ///
    /// The first k of them are `choice(n, k, replace=False)`.
    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut numbers: Vec<usize> = (0..n).collect();
        self.shuffle(&mut numbers);
        numbers
    }
}

/// The columns by the order of their singular values in NumPy's factor of a diagonal covariance: the i-th normal
/// number of a row goes to the i-th of these columns.
///
/// NumPy takes the factor from LAPACK's `gesdd`, largest value first. Three routines of it sort one after the
/// other (`bdsqr`, `lasdq`, `bdsdc`), each by exchanges, and not all in the same direction: that decides the order
/// of equal values.
fn singular_order(variances: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..variances.len()).collect();
    let n = order.len();
    for end in (1..n).rev() {
        let last_smallest = extreme(&order, variances, 0..=end, |new, best| new <= best);
        order.swap(end, last_smallest);
    }
    for start in 0..n {
        let smallest = extreme(&order, variances, start..=n - 1, |new, best| new < best);
        order.swap(start, smallest);
    }
    for start in 0..n {
        let largest = extreme(&order, variances, start..=n - 1, |new, best| new > best);
        order.swap(start, largest);
    }
    order
}

/// Where in `range` the value stands that wins over all before it and is not beaten after.
fn extreme(
    order: &[usize],
    values: &[f64],
    range: std::ops::RangeInclusive<usize>,
    wins: impl Fn(f64, f64) -> bool,
) -> usize {
    let start = *range.start();
    range.fold(start, |best, i| {
        if wins(values[order[i]], values[order[best]]) {
            i
        } else {
            best
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_variances_keep_lapacks_order() {
        // NumPy 2.4.6: np.linalg.svd(np.diag(v))[2].argmax(axis=1).
        let cases: [(&[f64], &[usize]); 8] = [
            (&[], &[]),
            (&[1.5, 1.5], &[0, 1]),
            (&[1.0, 4.0], &[1, 0]),
            (&[2.0, 1.0, 2.0], &[2, 0, 1]),
            (&[3.0, 2.0, 2.0, 3.0], &[0, 3, 1, 2]),
            (&[1.0, 1.0, 2.0, 1.0], &[2, 1, 3, 0]),
            (&[2.0, 1.0, 2.0, 1.0, 3.0], &[4, 2, 0, 3, 1]),
            (
                &[3.0, 1.0, 3.0, 1.0, 3.0, 1.0, 2.0, 2.0, 2.0, 5.0, 5.0],
                &[10, 9, 4, 2, 0, 7, 8, 6, 5, 1, 3],
            ),
        ];
        for (variances, expected) in cases {
            assert_eq!(singular_order(variances), expected, "{variances:?}");
        }
    }
}
