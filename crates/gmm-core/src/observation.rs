//! How a row was seen: which of its features, and with what noise.
//!
//! Rows that were seen in the same way are a mixture of fewer features, or of wider components, which the ordinary
//! kernels evaluate. What they say of the whole rows is linear in their moments: given what was seen, o, the rest of
//! a row of component k is Gaussian with mean μ + A(o − μₒ) and covariance Σ − AΣₒ, with A = Σ₋ₒ T⁻¹ and
//! T = Σₒₒ + S. So missing values (Ghahramani & Jordan, NIPS 6, 1994) and noise (Bovy, Hogg & Roweis, *Ann. Appl.
//! Stat.* 5, 2011, eq. 12–16) are one arithmetic, done once for each way of seeing and component.

use crate::cholesky::{Cholesky, dot};
use crate::covariance::Covariance;
use crate::moments::{Form, Moments, lower};

/// Some features of a row, with noise or without.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Observation {
    /// The features that were seen, in order.
    columns: Vec<usize>,
    /// Features of a whole row.
    n_features: usize,
    /// The covariance of the noise on those seen: its lower triangle.
    noise: Option<Vec<f64>>,
}

/// A covariance as a lower triangle, and whether it is a diagonal one.
struct Matrix {
    lower: Vec<f64>,
    is_diagonal: bool,
}

impl Observation {
    /// These columns of `n_features`, with noise of this covariance (its lower triangle over those columns).
    pub(crate) fn new(columns: Vec<usize>, n_features: usize, noise: Option<Vec<f64>>) -> Self {
        let noise = noise.filter(|s| s.iter().any(|s| *s != 0.0));
        Self {
            columns,
            n_features,
            noise,
        }
    }

    /// The features that were seen.
    pub(crate) fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// Whether rows were seen whole and as they are.
    pub(crate) fn is_whole(&self) -> bool {
        self.is_of_all_columns() && self.noise.is_none()
    }

    /// Whether all features were seen, with noise or without.
    pub(crate) fn is_of_all_columns(&self) -> bool {
        self.columns.len() == self.n_features
    }

    /// Whether what was seen is as it is, without noise.
    pub(crate) fn is_exact(&self) -> bool {
        self.noise.is_none()
    }

    /// Whether features that are independent in a component are so in what is seen of it.
    fn keeps_diagonals(&self) -> bool {
        let is_off_diagonal = |i: usize| (0..i).map(move |j| lower(i, j));
        self.noise.as_ref().is_none_or(|s| {
            (0..self.columns.len())
                .flat_map(is_off_diagonal)
                .all(|place| s[place] == 0.0)
        })
    }

    /// The second moments that must be gathered of what is seen, for those of whole rows in the given form.
    pub(crate) fn form(&self, wanted: Form) -> Form {
        match wanted {
            Form::Diagonal if self.keeps_diagonals() => Form::Diagonal,
            _ => Form::Full,
        }
    }

    /// Σₒₒ + S.
    fn matrix(&self, covariance: &Covariance) -> Matrix {
        let o = &self.columns;
        let mut matrix = vec![0.0; lower(o.len(), 0)];
        for i in 0..o.len() {
            for j in 0..=i {
                let noise = self.noise.as_ref().map_or(0.0, |s| s[lower(i, j)]);
                matrix[lower(i, j)] = covariance.entry(o[i], o[j]) + noise;
            }
        }
        let is_diagonal = self.keeps_diagonals() && covariance.is_diagonal();
        Matrix {
            lower: matrix,
            is_diagonal,
        }
    }

    /// A Gaussian as it is seen: N(μₒ, Σₒₒ + S).
    pub(crate) fn of(&self, mean: &[f64], covariance: &Covariance) -> (Vec<f64>, Covariance) {
        let matrix = self.matrix(covariance);
        let dim = self.columns.len();
        let variances = || (0..dim).map(|i| matrix.lower[lower(i, i)]).collect();
        let diagonal = matrix
            .is_diagonal
            .then(|| Covariance::diagonal(variances()));
        let covariance = match diagonal {
            Some(Ok(diagonal)) => diagonal,
            _ => Covariance::Full(Cholesky::to_rounding(matrix.lower, dim)),
        };
        (self.columns.iter().map(|&j| mean[j]).collect(), covariance)
    }

    /// The moments of whole rows of N(mean, covariance), in the given form, expected from those of what was seen.
    ///
    /// `seen` is the covariance of what is seen, by [`of`](Self::of).
    pub(crate) fn completed(
        &self,
        stats: &Moments,
        (mean, covariance): (&[f64], &Covariance),
        seen: &Covariance,
        form: Form,
    ) -> Moments {
        let (d, o) = (self.n_features, self.columns.as_slice());
        let offset = self.offset(&stats.mean, mean);
        let slopes = Slopes::new(self, covariance, seen);
        let mut whole = Moments {
            weight: stats.weight,
            mean: mean.to_vec(),
            scatter: vec![0.0; form.n_entries(d)],
            form,
        };
        if stats.weight <= 0.0 {
            return whole;
        }
        for i in 0..d {
            whole.mean[i] += slopes.row(i, &offset);
        }
        let scatter = |a: usize, b: usize| match (stats.form, a == b) {
            (Form::Full, _) => stats.scatter[lower(a.max(b), a.min(b))],
            (Form::Diagonal, true) => stats.scatter[a],
            (Form::Diagonal, false) => 0.0,
        };
        for i in 0..d {
            // A row of A times the scatter of what was seen.
            let through = slopes.through(i, o.len(), &scatter);
            let partners = if form == Form::Full { 0 } else { i };
            for j in partners..=i {
                let mut value = slopes.row(j, &through);
                if !(slopes.is_exact(i) || slopes.is_exact(j)) {
                    value += stats.weight * slopes.unknown(i, j, o, covariance);
                }
                whole.scatter[form.place(i, j)] = value;
            }
        }
        whole.at_least_nothing();
        whole
    }

    /// What completes rows of N(mean, covariance); `seen` as for [`completed`](Self::completed).
    pub(crate) fn completion<'c>(
        &self,
        (mean, covariance): (&'c [f64], &Covariance),
        seen: &Covariance,
    ) -> Completion<'c> {
        Completion {
            mean,
            seen_mean: self.columns.iter().map(|&j| mean[j]).collect(),
            slopes: Slopes::new(self, covariance, seen),
        }
    }

    /// The features of N(mean, covariance) that were not seen, given those that were, all without noise; `seen` as for
    /// [`completed`](Self::completed). Bishop, PRML (2.81) and (2.82).
    pub(crate) fn unseen(
        &self,
        (mean, covariance): (&[f64], &Covariance),
        seen: &Covariance,
    ) -> Unseen {
        let rest: Vec<usize> = (0..self.n_features)
            .filter(|j| !self.columns.contains(j))
            .collect();
        let slopes = Slopes::new(self, covariance, seen);
        let of = |places: &[usize]| places.iter().map(|&j| mean[j]).collect();
        Unseen {
            mean: of(&rest),
            seen_mean: of(&self.columns),
            covariance: self.left(&rest, covariance, &slopes),
            slopes: rest.iter().map(|&i| slopes.rows[i].clone()).collect(),
        }
    }

    /// What is left unknown of the features in `rest`, in the form of the whole where that is diagonal.
    fn left(&self, rest: &[usize], covariance: &Covariance, slopes: &Slopes) -> Covariance {
        let dim = rest.len();
        let own = |i: usize| covariance.entry(rest[i], rest[i]);
        let kept = match covariance {
            Covariance::Spherical { variance, .. } => Covariance::spherical(*variance, dim).ok(),
            Covariance::Diagonal { .. } => Covariance::diagonal((0..dim).map(own).collect()).ok(),
            _ => None,
        };
        kept.unwrap_or_else(|| {
            let mut matrix = vec![0.0; lower(dim, 0)];
            for i in 0..dim {
                for j in 0..=i {
                    matrix[lower(i, j)] =
                        slopes.unknown(rest[i], rest[j], &self.columns, covariance);
                }
                // Rounding takes away as much as this from what the others leave of a variance.
                let rounding = self.n_features as f64 * f64::EPSILON * own(i);
                matrix[lower(i, i)] = matrix[lower(i, i)].max(rounding);
            }
            Covariance::Full(Cholesky::to_rounding(matrix, dim))
        })
    }

    /// What was seen less where it is expected.
    fn offset(&self, seen: &[f64], mean: &[f64]) -> Vec<f64> {
        seen.iter()
            .zip(&self.columns)
            .map(|(x, &j)| x - mean[j])
            .collect()
    }
}

/// Whole rows of one Gaussian, expected from what was seen of them.
pub(crate) struct Completion<'c> {
    mean: &'c [f64],
    seen_mean: Vec<f64>,
    slopes: Slopes,
}

impl Completion<'_> {
    /// The whole row.
    pub(crate) fn row(&self, seen: &[f64]) -> impl Iterator<Item = f64> {
        let offset: Vec<f64> = seen
            .iter()
            .zip(&self.seen_mean)
            .map(|(x, m)| x - m)
            .collect();
        let places = self.slopes.exact.iter().zip(self.mean).enumerate();
        places.map(move |(i, (exact, mean))| match exact {
            Some(place) => seen[*place],
            None => mean + self.slopes.row(i, &offset),
        })
    }
}

/// The features of a Gaussian that were not seen, in order, as a function of those that were.
#[derive(Debug, Clone)]
pub(crate) struct Unseen {
    /// Their mean where all that was seen is at its mean.
    mean: Vec<f64>,
    seen_mean: Vec<f64>,
    /// The rows of A.
    slopes: Vec<Vec<f64>>,
    /// Their covariance, whatever was seen.
    pub(crate) covariance: Covariance,
}

impl Unseen {
    /// Their mean given these values of what was seen.
    pub(crate) fn mean(&self, seen: &[f64]) -> Vec<f64> {
        let offset: Vec<f64> = seen
            .iter()
            .zip(&self.seen_mean)
            .map(|(x, m)| x - m)
            .collect();
        let moved = |(mean, slopes): (&f64, &Vec<f64>)| mean + dot(slopes, &offset);
        self.mean.iter().zip(&self.slopes).map(moved).collect()
    }
}

/// A = Σ₋ₒ T⁻¹, D × o.
struct Slopes {
    /// Row i of A; not used where the feature was seen exactly.
    rows: Vec<Vec<f64>>,
    /// For each feature its place among those seen, if it was seen without noise: a row of A that is a unit vector.
    exact: Vec<Option<usize>>,
}

impl Slopes {
    fn new(how: &Observation, covariance: &Covariance, seen: &Covariance) -> Self {
        let o = how.columns.as_slice();
        let mut exact = vec![None; how.n_features];
        if how.noise.is_none() {
            o.iter()
                .enumerate()
                .for_each(|(place, &j)| exact[j] = Some(place));
        }
        let row = |i: usize| {
            if exact[i].is_some() {
                return Vec::new();
            }
            let cross: Vec<f64> = o.iter().map(|&j| covariance.entry(i, j)).collect();
            seen.solve(&cross)
        };
        let rows = (0..how.n_features).map(row).collect();
        Self { rows, exact }
    }

    fn is_exact(&self, i: usize) -> bool {
        self.exact[i].is_some()
    }

    /// Row i of A times a vector.
    fn row(&self, i: usize, v: &[f64]) -> f64 {
        match self.exact[i] {
            Some(place) => v[place],
            None => self.rows[i].iter().zip(v).map(|(a, v)| a * v).sum(),
        }
    }

    /// Row i of A times a symmetric matrix.
    fn through(&self, i: usize, n: usize, matrix: &impl Fn(usize, usize) -> f64) -> Vec<f64> {
        match self.exact[i] {
            Some(place) => (0..n).map(|b| matrix(place, b)).collect(),
            None => (0..n)
                .map(|b| (0..n).map(|a| self.rows[i][a] * matrix(a, b)).sum())
                .collect(),
        }
    }

    /// What is left unknown: (Σ − AΣₒ)ᵢⱼ.
    fn unknown(&self, i: usize, j: usize, columns: &[usize], covariance: &Covariance) -> f64 {
        let known: f64 = self.rows[i]
            .iter()
            .zip(columns)
            .map(|(a, &c)| a * covariance.entry(c, j))
            .sum();
        covariance.entry(i, j) - known
    }
}
