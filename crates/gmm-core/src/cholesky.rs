//! A Cholesky factor is the proof that a matrix is positive definite.

mod several;

use crate::moments::lower;
use crate::simd::{LANES, Pack, Task, Vector, dispatch, flat, flat_mut, ln};

pub(crate) use several::{MANY_FEATURES, are_several, group_size, log_dets};

/// A symmetric positive definite matrix Σ = LLᵀ with the inverse of its factor.
///
/// Triangles are stored row by row, entry (i, j ≤ i) at i(i+1)/2 + j.
#[derive(Debug, Clone, PartialEq)]
pub struct Cholesky {
    dim: usize,
    /// Σ, L and L⁻¹, one after the other.
    triangles: Vec<f64>,
    log_det: f64,
}

/// The column at which a factorisation found a pivot that is not positive to working precision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BadPivot(pub(crate) usize);

impl Cholesky {
    /// Factors the matrix with this lower triangle.
    ///
    /// # Errors
    /// [`BadPivot`] where what a column adds to those before it is not above rounding: at most
    /// D·2⁻⁵² of its own variance.
    pub(crate) fn new(matrix: &[f64], dim: usize) -> Result<Self, BadPivot> {
        let n = matrix.len();
        let mut triangles = with_room(matrix);
        let (matrix, found) = triangles.split_at_mut(n);
        let log_det = dispatch(Eliminate {
            matrix,
            dim,
            found: Some(found.split_at_mut(n)),
        })?;
        Ok(Self {
            dim,
            triangles,
            log_det,
        })
    }

    /// The same for a matrix that is positive definite but for rounding: as much is added to its diagonal as
    /// rounding can have taken away.
    pub(crate) fn to_rounding(mut matrix: Vec<f64>, dim: usize) -> Self {
        // After some fifty doublings the diagonal dominates any matrix.
        const MOST_ROUNDS: i32 = 64;
        let rounding = dim as f64 * f64::EPSILON;
        for round in 0..MOST_ROUNDS {
            if let Ok(cholesky) = Self::new(&matrix, dim) {
                return cholesky;
            }
            for i in 0..dim {
                let variance = &mut matrix[lower(i, i)];
                *variance += variance.abs().max(1e-290) * rounding * 2f64.powi(round);
            }
        }
        let identity = (0..dim).flat_map(|i| (0..=i).map(move |j| f64::from(u8::from(i == j))));
        let identity: Vec<f64> = identity.collect();
        Self {
            dim,
            triangles: identity.repeat(3),
            log_det: 0.0,
        }
    }

    /// L⁻¹v.
    pub(crate) fn whitened(&self, v: &[f64]) -> Vec<f64> {
        let w = self.inverse_factor();
        (0..self.dim)
            .map(|i| dot(&w[lower(i, 0)..=lower(i, i)], &v[..=i]))
            .collect()
    }

    /// Σ⁻¹v.
    pub(crate) fn solve(&self, v: &[f64]) -> Vec<f64> {
        let (w, whitened) = (self.inverse_factor(), self.whitened(v));
        (0..self.dim)
            .map(|j| (j..self.dim).map(|i| w[lower(i, j)] * whitened[i]).sum())
            .collect()
    }

    /// LLᵀ for a factor given row by row, with the logarithms of its diagonal; none if that is not positive
    /// definite to working precision.
    ///
    /// It is factored anew, so that a model is a function of its parameters to the bit, however it was found.
    pub(crate) fn at(values: &mut std::slice::Iter<'_, f64>, dim: usize) -> Option<Self> {
        let mut factor: Vec<f64> = values.by_ref().take(lower(dim, 0)).copied().collect();
        for i in 0..dim {
            let diagonal = factor.get_mut(lower(i, i))?;
            *diagonal = diagonal.exp();
        }
        let mut matrix = vec![0.0; factor.len()];
        for i in 0..dim {
            for j in 0..=i {
                let rows = [i, j].map(|r| &factor[lower(r, 0)..][..=j]);
                matrix[lower(i, j)] = dot(rows[0], rows[1]);
            }
        }
        Self::new(&matrix, dim).ok()
    }

    /// D, for a D × D matrix.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// ln |Σ|.
    pub fn log_det(&self) -> f64 {
        self.log_det
    }

    /// Entry (i, j) of Σ.
    pub fn entry(&self, i: usize, j: usize) -> f64 {
        self.triangles[lower(i.max(j), i.min(j))]
    }

    /// The lower triangle of Σ.
    pub fn matrix(&self) -> &[f64] {
        &self.triangles[..lower(self.dim, 0)]
    }

    /// The lower triangle of L.
    pub fn factor(&self) -> &[f64] {
        let n = lower(self.dim, 0);
        &self.triangles[n..2 * n]
    }

    /// The lower triangle of L⁻¹, which whitens: |L⁻¹(x−μ)|² is the squared Mahalanobis distance.
    pub fn inverse_factor(&self) -> &[f64] {
        &self.triangles[2 * lower(self.dim, 0)..]
    }

    /// The lower triangle of Σ⁻¹ = L⁻ᵀL⁻¹.
    pub fn inverse(&self) -> Vec<f64> {
        let w = self.inverse_factor();
        let mut inverse = vec![0.0; w.len()];
        for i in 0..self.dim {
            for j in 0..=i {
                inverse[lower(i, j)] = (i..self.dim).map(|k| w[lower(k, i)] * w[lower(k, j)]).sum();
            }
        }
        inverse
    }
}

/// ln |Σ| of the matrix with this lower triangle.
///
/// # Errors
/// As [`Cholesky::new`].
pub(crate) fn log_det(matrix: &[f64], dim: usize) -> Result<f64, BadPivot> {
    dispatch(Eliminate {
        matrix,
        dim,
        found: None,
    })
}

/// A triangle, and room for two more.
fn with_room(matrix: &[f64]) -> Vec<f64> {
    let mut triangles = Vec::with_capacity(3 * matrix.len());
    triangles.extend_from_slice(matrix);
    triangles.resize(3 * matrix.len(), 0.0);
    triangles
}

/// Finds ln |Σ|, and L and L⁻¹ where they are asked for.
///
/// Gaussian elimination of [Σ | 1]: it leaves DUᵀ of Σ = UDUᵀ in the place of Σ, and U⁻¹ beside it; L = UD^½ (Golub & Van
/// Loan, *Matrix Computations*, §4.1.2 and §4.2.5, the outer-product form). Whole rows are combined, eight columns at a
/// time, and no pivot waits for a square root.
struct Eliminate<'a> {
    matrix: &'a [f64],
    dim: usize,
    /// Where L and L⁻¹ go.
    found: Option<(&'a mut [f64], &'a mut [f64])>,
}

impl Task for Eliminate<'_> {
    type Output = Result<f64, BadPivot>;

    #[inline(always)]
    fn run<V: Vector>(self) -> Self::Output {
        let Self { matrix, dim, found } = self;
        let n = dim.div_ceil(LANES).max(1);
        let width = if found.is_some() { 2 * n } else { n };
        // Few features need no memory of their own.
        let (mut few, mut many) = ([Pack::splat(0.0); 1 + LANES * 2], Vec::new());
        let n_packs = n + dim * width;
        let packs = if n_packs <= few.len() {
            &mut few[..n_packs]
        } else {
            many.resize(n_packs, Pack::splat(0.0));
            &mut many
        };
        let (pivots, rows) = packs.split_at_mut(n);
        pivots.fill(Pack::splat(1.0));
        for (i, row) in rows.chunks_exact_mut(width).enumerate() {
            let row = flat_mut(row);
            for (j, x) in row[..dim].iter_mut().enumerate().skip(i) {
                *x = matrix[lower(j, i)];
            }
            if let Some(unit) = row.get_mut(n * LANES + i) {
                *unit = 1.0;
            }
        }
        let rounding = dim as f64 * f64::EPSILON;
        for j in 0..dim {
            let (row, below) = rows[j * width..].split_at_mut(width);
            let (row, numbers) = (&*row, flat(row));
            let pivot = numbers[j];
            // A NaN fails these comparisons.
            let least = (rounding * matrix[lower(j, j)]).max(f64::MIN_POSITIVE);
            if !(pivot >= least && pivot.is_finite()) {
                return Err(BadPivot(j));
            }
            flat_mut(pivots)[j] = pivot;
            let factor = -1.0 / pivot;
            // Beside Σ stand no more columns than rows that are done.
            let end = width.min(n + j / LANES + 1);
            for (i, other) in (j + 1..).zip(below.chunks_exact_mut(width)) {
                // Σ is symmetric: of row i the columns from i on are enough.
                let from = i / LANES;
                let factor = V::splat(factor * numbers[i]);
                for (pack, row) in other[from..end].iter_mut().zip(&row[from..end]) {
                    factor.mul_add(V::load(row), V::load(pack)).store(pack);
                }
            }
        }
        let mut log_det = V::splat(0.0);
        for pivots in &*pivots {
            log_det = log_det + ln(V::load(pivots));
        }
        if let Some((factor, inverse)) = found {
            let (rows, scales) = (flat(rows), flat_mut(pivots));
            scales
                .iter_mut()
                .for_each(|pivot| *pivot = 1.0 / pivot.sqrt());
            let stride = width * LANES;
            for i in 0..dim {
                let place = lower(i, 0)..=lower(i, i);
                for (j, x) in factor[place.clone()].iter_mut().enumerate() {
                    *x = rows[j * stride + i] * scales[j];
                }
                let row = &rows[i * stride + n * LANES..];
                for (x, unit) in inverse[place].iter_mut().zip(row) {
                    *x = unit * scales[i];
                }
            }
        }
        Ok(log_det.sum())
    }
}

/// Σ aᵢbᵢ in four interleaved sums, which the compiler can vectorise.
#[inline(always)]
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (a4, a_rest) = a.as_chunks::<4>();
    let (b4, b_rest) = b.as_chunks::<4>();
    let mut lanes = [0.0; 4];
    for (a, b) in a4.iter().zip(b4) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += a * b;
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    lanes.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_inverts_and_takes_the_determinant() {
        let c = Cholesky::new(&[4.0, 2.0, 5.0, 1.0, 3.0, 6.0], 3).unwrap();
        assert_eq!(c.factor()[..3], [2.0, 1.0, 2.0]);
        assert!((c.log_det() - 67f64.ln()).abs() < 1e-14);
        let inverse = c.inverse();
        for i in 0..3 {
            for j in 0..3 {
                let product: f64 = (0..3)
                    .map(|k| c.entry(i, k) * inverse[lower(k.max(j), k.min(j))])
                    .sum();
                assert!((product - f64::from(u8::from(i == j))).abs() < 1e-14);
            }
        }
    }

    #[test]
    fn nothing_has_the_determinant_one() {
        let c = Cholesky::new(&[], 0).unwrap();
        assert_eq!((c.log_det(), c.factor().len()), (0.0, 0));
    }

    #[test]
    fn blocks_of_columns_are_filled_or_not() {
        for dim in [1, 7, 8, 9, 16, 23] {
            let entry = |i: usize, j: usize| 1.0 / (1 + i + j) as f64;
            let ridge = |i: usize, j: usize| f64::from(u8::from(i == j)) + entry(i, j);
            let matrix = (0..dim).flat_map(|i| (0..=i).map(move |j| ridge(i, j)));
            let c = Cholesky::new(&matrix.collect::<Vec<_>>(), dim).unwrap();
            for i in 0..dim {
                for j in 0..=i {
                    let row = |of: &[f64], i: usize| of[lower(i, 0)..=lower(i, i)].to_vec();
                    let (a, b) = (row(c.factor(), i), row(c.factor(), j));
                    let product: f64 = a.iter().zip(&b).map(|(x, y)| x * y).sum();
                    assert!((product - ridge(i, j)).abs() < 1e-14, "{dim}: {i}, {j}");
                    let inverse = |k: usize| c.inverse_factor()[lower(k, j)];
                    let unit: f64 = (j..=i).map(|k| a[k] * inverse(k)).sum();
                    let expected = f64::from(u8::from(i == j));
                    assert!((unit - expected).abs() < 1e-14, "{dim}: {i}, {j}");
                }
            }
            assert_eq!(c.log_det(), log_det(c.matrix(), dim).unwrap());
        }
    }

    #[test]
    fn columns_of_very_different_scale_are_no_obstacle() {
        let c = Cholesky::new(&[1e-300, 0.5, 1e300], 2).unwrap();
        assert!((c.log_det() - 0.75f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn refuses_what_is_singular_indefinite_or_not_a_number() {
        assert_eq!(Cholesky::new(&[1.0, 1.0, 1.0], 2), Err(BadPivot(1)));
        assert_eq!(Cholesky::new(&[1.0, 2.0, 1.0], 2), Err(BadPivot(1)));
        assert_eq!(Cholesky::new(&[0.0], 1), Err(BadPivot(0)));
        assert_eq!(Cholesky::new(&[f64::NAN], 1), Err(BadPivot(0)));
        assert_eq!(Cholesky::new(&[f64::INFINITY], 1), Err(BadPivot(0)));
    }
}
