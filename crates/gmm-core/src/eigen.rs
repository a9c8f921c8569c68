//! Eigenvalues and axes of positive semi-definite matrices.
//!
//! One-sided Jacobi rotations of a pivoted Cholesky factor (Veselić & Hari, *Numer. Math.* 56, 1989): each
//! sweep is a fixed number of steps, and small eigenvalues of matrices with columns of very different scale
//! keep their digits (Demmel & Veselić, *SIAM J. Matrix Anal. Appl.* 13, 1992). The QR iteration of
//! linfa-linalg has no bound on its steps, can unwrap a `None`, and is accurate to the largest eigenvalue only.

use crate::cholesky::dot;
use crate::moments::lower;

/// Sweeps after which rotations end. About eight are needed; no matrix is known to need twenty.
const SWEEPS: usize = 40;

/// W = Σⱼ valuesⱼ aⱼaⱼᵀ with orthonormal axes a, by decreasing value.
#[derive(Debug, Clone)]
pub(crate) struct Eigen {
    /// The eigenvalues, the largest first.
    pub(crate) values: Vec<f64>,
    /// Their axes, one after the other.
    pub(crate) axes: Vec<f64>,
}

impl Eigen {
    /// Of the positive semi-definite matrix with this lower triangle; what rounding made negative counts as 0.
    /// None if its numbers are not finite.
    pub(crate) fn of(triangle: &[f64], dim: usize) -> Option<Self> {
        let mut columns = root(triangle, dim)?;
        let mut squares = vec![0.0; dim];
        let negligible = f64::EPSILON * (dim as f64).sqrt();
        for _ in 0..SWEEPS {
            for (square, x) in squares.iter_mut().zip(columns.chunks_exact(dim)) {
                *square = dot(x, x);
            }
            let mut is_done = true;
            for j in 0..dim {
                for l in j + 1..dim {
                    let (x, y) = pair(&mut columns, dim, j, l);
                    let product = dot(x, y);
                    let [a, b] = [squares[j], squares[l]];
                    // Also where they are no numbers: then nothing is ever done.
                    let is_skew = product.abs() > negligible * (a.sqrt() * b.sqrt());
                    if !is_skew {
                        continue;
                    }
                    is_done = false;
                    let (t, c) = tangent_and_cosine((b - a) / (2.0 * product));
                    let s = t * c;
                    for (x, y) in x.iter_mut().zip(y) {
                        (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
                    }
                    squares[j] = (a - t * product).max(0.0);
                    squares[l] = b + t * product;
                }
            }
            if is_done {
                break;
            }
        }
        Self::of_orthogonal(&columns, dim)
    }

    /// From orthogonal columns whose squared lengths are the values.
    fn of_orthogonal(columns: &[f64], dim: usize) -> Option<Self> {
        let mut order: Vec<(f64, usize)> = columns
            .chunks_exact(dim)
            .map(|x| dot(x, x))
            .zip(0..)
            .collect();
        order.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut axes = vec![0.0; dim * dim];
        let mut values = Vec::with_capacity(dim);
        for (i, &(value, column)) in order.iter().enumerate() {
            let (before, rest) = axes.split_at_mut(i * dim);
            let axis = &mut rest[..dim];
            let length = value.sqrt();
            if length > 0.0 && length.is_finite() {
                let column = &columns[column * dim..][..dim];
                axis.iter_mut()
                    .zip(column)
                    .for_each(|(a, x)| *a = x / length);
            } else {
                complete(before, axis);
            }
            values.push(value);
        }
        values
            .iter()
            .all(|v| v.is_finite())
            .then_some(Self { values, axes })
    }
}

/// The tangent, at most 1, and cosine of the rotation with cot 2θ = `cotangent`.
fn tangent_and_cosine(cotangent: f64) -> (f64, f64) {
    let size = cotangent.abs();
    // Beyond 1e150 its square overflows, and 1 is nothing to it.
    let root = if size < 1e150 {
        size.mul_add(size, 1.0).sqrt()
    } else {
        size
    };
    let t = (1.0 / (size + root)).copysign(cotangent);
    (t, 1.0 / (1.0 + t * t).sqrt())
}

/// A unit vector that is orthogonal to the axes `before` it.
fn complete(before: &[f64], axis: &mut [f64]) {
    let dim = axis.len();
    // The unit vector of which the axes hold least.
    let held = |i: usize| -> f64 { before.chunks_exact(dim).map(|a| a[i] * a[i]).sum() };
    let least = (0..dim).min_by(|&i, &j| held(i).total_cmp(&held(j)));
    axis.fill(0.0);
    axis[least.unwrap_or(0)] = 1.0;
    // Twice is enough.
    for _ in 0..2 {
        for other in before.chunks_exact(dim) {
            let part = dot(other, axis);
            axis.iter_mut().zip(other).for_each(|(a, o)| *a -= part * o);
        }
        let length = dot(axis, axis).sqrt();
        axis.iter_mut().for_each(|a| *a /= length);
    }
}

/// The columns, one after the other, of a matrix F with FFᵀ = W: the Cholesky factor with pivoting, so that it
/// exists for singular W too (Golub & Van Loan, *Matrix Computations*, §4.2.8). None if a number is not finite.
pub(crate) fn root(triangle: &[f64], dim: usize) -> Option<Vec<f64>> {
    let mut columns = vec![0.0; dim * dim];
    let mut rest: Vec<f64> = (0..dim).map(|i| triangle[lower(i, i)]).collect();
    if !triangle.iter().all(|w| w.is_finite()) {
        return None;
    }
    let rounding = dim as f64 * f64::EPSILON;
    // A feature whose rest is rounding of its variance is done.
    let least: Vec<f64> = rest.iter().map(|v| rounding * v).collect();
    let mut is_done: Vec<bool> = rest.iter().map(|v| *v <= 0.0).collect();
    for rank in 0..dim {
        let open = (0..dim).filter(|&i| !is_done[i]);
        let Some(pivot) = open.max_by(|&i, &j| rest[i].total_cmp(&rest[j])) else {
            break;
        };
        is_done[pivot] = true;
        let (before, column) = columns.split_at_mut(rank * dim);
        let column = &mut column[..dim];
        let length = rest[pivot].sqrt();
        column[pivot] = length;
        for i in (0..dim).filter(|&i| !is_done[i]) {
            column[i] = triangle[lower(i.max(pivot), i.min(pivot))];
        }
        for other in before.chunks_exact(dim) {
            let share = other[pivot];
            for i in (0..dim).filter(|&i| !is_done[i]) {
                column[i] -= other[i] * share;
            }
        }
        for i in 0..dim {
            if !is_done[i] {
                column[i] /= length;
                rest[i] -= column[i] * column[i];
                is_done[i] = rest[i] <= least[i];
            }
        }
    }
    Some(columns)
}

/// Rows i < j of `width` numbers.
pub(crate) fn pair(rows: &mut [f64], width: usize, i: usize, j: usize) -> (&mut [f64], &mut [f64]) {
    let (head, tail) = rows.split_at_mut(j * width);
    (&mut head[i * width..][..width], &mut tail[..width])
}

/// The lower triangle of Σⱼ valuesⱼ aⱼaⱼᵀ.
pub(crate) fn compose(axes: &[f64], values: impl Iterator<Item = f64>, dim: usize) -> Vec<f64> {
    let mut triangle = vec![0.0; lower(dim, 0)];
    for (axis, value) in axes.chunks_exact(dim).zip(values) {
        for (i, &a) in axis.iter().enumerate() {
            let scaled = value * a;
            triangle[lower(i, 0)..=lower(i, i)]
                .iter_mut()
                .zip(axis)
                .for_each(|(m, a)| *m += scaled * a);
        }
    }
    triangle
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng};
    use rand_xoshiro::Xoshiro256Plus;

    fn gram(rows: usize, dim: usize, scale: impl Fn(usize) -> f64, seed: u64) -> Vec<f64> {
        let mut rng = Xoshiro256Plus::seed_from_u64(seed);
        let mut triangle = vec![0.0; lower(dim, 0)];
        for _ in 0..rows {
            let x: Vec<f64> = (0..dim)
                .map(|j| scale(j) * rng.gen_range(-1.0..1.0))
                .collect();
            for i in 0..dim {
                for j in 0..=i {
                    triangle[lower(i, j)] += x[i] * x[j];
                }
            }
        }
        triangle
    }

    fn check(triangle: &[f64], dim: usize) -> Eigen {
        let eigen = Eigen::of(triangle, dim).unwrap();
        assert!(eigen.values.is_sorted_by(|a, b| a >= b));
        for i in 0..dim {
            for j in 0..dim {
                let product = dot(&eigen.axes[i * dim..][..dim], &eigen.axes[j * dim..][..dim]);
                let wanted = f64::from(u8::from(i == j));
                assert!((product - wanted).abs() < 1e-12, "{i} {j} {product}");
            }
        }
        let again = compose(&eigen.axes, eigen.values.iter().copied(), dim);
        for i in 0..dim {
            for j in 0..=i {
                let size = triangle[lower(i, i)].sqrt() * triangle[lower(j, j)].sqrt();
                let off = again[lower(i, j)] - triangle[lower(i, j)];
                assert!(off.abs() <= 1e-12 * size, "{i} {j}: {off} of {size}");
            }
        }
        eigen
    }

    #[test]
    fn axes_and_values_make_the_matrix_again() {
        for dim in [1, 2, 3, 4, 7, 13, 30, 100] {
            for scale in [1.0, 1e-150, 1e150] {
                check(&gram(2 * dim + 5, dim, |_| scale, dim as u64), dim);
            }
        }
    }

    #[test]
    fn singular_matrices_have_all_their_axes() {
        for dim in [2, 5, 20] {
            let eigen = check(&gram(dim / 2, dim, |_| 1.0, 3), dim);
            assert!(eigen.values[dim - 1] <= 1e-14 * eigen.values[0]);
        }
        let nothing = Eigen::of(&[0.0, 0.0, 0.0], 2).unwrap();
        assert_eq!(nothing.values, [0.0, 0.0]);
        assert_eq!(nothing.axes, [1.0, 0.0, 0.0, 1.0]);
        assert!(Eigen::of(&[1.0, f64::NAN, 1.0], 2).is_none());
    }

    #[test]
    fn small_values_keep_their_digits() {
        // 2 × 2 with columns 1e-8 apart: λ₂ = det/λ₁.
        let triangle = [1.0, 0.5e-8, 1e-16];
        let eigen = check(&triangle, 2);
        let wanted = 0.75e-16 / eigen.values[0];
        assert!((eigen.values[1] / wanted - 1.0).abs() < 1e-14);
        check(&gram(40, 12, |j| 10f64.powi(-12 * j as i32), 9), 12);
    }
}
