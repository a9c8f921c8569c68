//! Normal equations that may not determine all that is asked of them.

use crate::cholesky::dot;
use crate::moments::lower;

/// What a column must add to those before it, as a share of its own second moment, to count as another one. What it
/// adds is known to about 1e-15 of that.
const DEPENDENT: f64 = 1e-12;

/// A factored positive semi-definite matrix A, for the solutions of Ax = b in which each unknown that those before it
/// leave undetermined is 0.
pub(super) struct Normal {
    /// L row by row, with an infinite diagonal where a column depends on those before it: dividing by that gives 0.
    factor: Vec<f64>,
}

impl Normal {
    /// From the lower triangle of A; an unknown whose pivot is at most `least` is not determined either.
    pub(super) fn new(matrix: Vec<f64>, least: &[f64]) -> Self {
        let mut factor = matrix;
        for i in 0..least.len() {
            let (rows, row) = factor.split_at_mut(lower(i, 0));
            for j in 0..i {
                let other = &rows[lower(j, 0)..=lower(j, j)];
                row[j] = (row[j] - dot(&row[..j], &other[..j])) / other[j];
            }
            let rest = row[i] - dot(&row[..i], &row[..i]);
            // Not so where it is no number.
            let is_determined = rest > (DEPENDENT * row[i]).max(least[i]);
            row[i] = if is_determined {
                rest.sqrt()
            } else {
                f64::INFINITY
            };
        }
        Self { factor }
    }

    /// x of Ax = b.
    pub(super) fn solve(&self, b: &[f64]) -> Vec<f64> {
        let l = |i: usize, j: usize| self.factor[lower(i, j)];
        let mut x = b.to_vec();
        for i in 0..x.len() {
            let known: f64 = (0..i).map(|j| l(i, j) * x[j]).sum();
            x[i] = (x[i] - known) / l(i, i);
        }
        for i in (0..x.len()).rev() {
            let known: f64 = (i + 1..x.len()).map(|j| l(j, i) * x[j]).sum();
            x[i] = (x[i] - known) / l(i, i);
        }
        x
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_determined_is_solved_and_the_rest_is_nought() {
        let regular = Normal::new(vec![4.0, 2.0, 5.0], &[0.0; 2]);
        let x = regular.solve(&[8.0, 12.0]);
        assert!((x[0] - 1.0).abs() < 1e-15 && (x[1] - 2.0).abs() < 1e-15);
        // The second is twice the first, the third says nothing, the fourth is on its own.
        let matrix = vec![1.0, 2.0, 4.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 4.0];
        let x = Normal::new(matrix, &[0.0; 4]).solve(&[3.0, 6.0, 0.0, 2.0]);
        assert_eq!(x, [3.0, 0.0, 0.0, 0.5]);
        assert!(Normal::new(Vec::new(), &[]).solve(&[]).is_empty());
    }
}
