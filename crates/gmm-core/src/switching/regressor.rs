//! One regression, as something that emits rows.

use std::sync::Arc;

use rand::Rng;

use super::densities::Densities;
use crate::cholesky::dot;
use crate::covariance::Covariance;
use crate::emission::Emission;
use crate::kernel::{Gathering, Wanted};
use crate::log_space::LN_2PI;
use crate::moments::{Form, Moments, add_outer, lower};
use crate::observation::Observation;
use crate::squarem::Coordinates;
use crate::survey::Survey;

/// A place among the given columns that all regressions of a fit have in common and that does not move: what their
/// levels are compared at.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reference {
    /// u₀, one value per given column.
    pub(crate) at: Vec<f64>,
    /// The square of each given column's scale.
    pub(crate) scale: Vec<f64>,
}

impl Reference {
    /// The mean and the scale of the first `n_given` columns.
    pub(crate) fn of(survey: &Survey, n_given: usize) -> Arc<Self> {
        Arc::new(Self {
            at: survey.mean[..n_given].to_vec(),
            scale: survey.scale[..n_given].to_vec(),
        })
    }

    /// No place in particular.
    pub(super) fn origin(n_given: usize) -> Arc<Self> {
        Arc::new(Self {
            at: vec![0.0; n_given],
            scale: vec![1.0; n_given],
        })
    }

    /// The scatters below which given columns are constant among rows of this weight: what rounding leaves of no variance
    /// is less.
    pub(super) fn least(&self, weight: f64) -> Vec<f64> {
        const CONSTANT: f64 = 1e-20;
        self.scale.iter().map(|s| CONSTANT * weight * s).collect()
    }
}

/// p(v|u) = N(v; mᵥ + B(u − mᵤ), R) of rows (u, v): what they say of their last columns given the first.
///
/// m is where the statistics of its rows are taken about, and the regression passes through it. It is no parameter: the
/// same regression passes through many places.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Regressor {
    /// m, one value per column.
    mean: Vec<f64>,
    /// B, targets × given columns, row by row.
    slopes: Vec<f64>,
    /// R.
    residual: Covariance,
    reference: Arc<Reference>,
}

impl Regressor {
    /// Through `mean`, with `slopes` (targets × given columns, row by row) and residuals of this covariance.
    pub(crate) fn new(
        mean: Vec<f64>,
        slopes: Vec<f64>,
        residual: Covariance,
        reference: Arc<Reference>,
    ) -> Self {
        debug_assert_eq!(mean.len(), reference.at.len() + residual.dim());
        debug_assert_eq!(slopes.len(), reference.at.len() * residual.dim());
        Self {
            mean,
            slopes,
            residual,
            reference,
        }
    }

    /// Number of targets, q.
    pub(crate) fn n_targets(&self) -> usize {
        self.residual.dim()
    }

    /// Number of given columns.
    pub(crate) fn n_given(&self) -> usize {
        self.mean.len() - self.n_targets()
    }

    /// m, one value per column.
    pub(crate) fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// B, targets × given columns, row by row.
    pub(crate) fn coefficients(&self) -> &[f64] {
        &self.slopes
    }

    /// R.
    pub(crate) fn residual(&self) -> &Covariance {
        &self.residual
    }

    /// The mean of the targets where all given columns are 0.
    pub(crate) fn intercept(&self) -> Vec<f64> {
        self.mean_given(&vec![0.0; self.n_given()])
    }

    /// The mean of the targets given u: mᵥ + B(u − mᵤ).
    pub(crate) fn mean_given(&self, given: &[f64]) -> Vec<f64> {
        let offset: Vec<f64> = given.iter().zip(&self.mean).map(|(u, m)| u - m).collect();
        let level = self.mean[self.n_given()..].iter().enumerate();
        level.map(|(i, m)| m + dot(self.row(i), &offset)).collect()
    }

    /// Targets drawn given u.
    pub(crate) fn draw<R: Rng + ?Sized>(&self, given: &[f64], rng: &mut R) -> Vec<f64> {
        let noise = self.residual.draw(rng);
        let mean = self.mean_given(given);
        mean.iter().zip(noise).map(|(m, e)| m + e).collect()
    }

    /// Σ w ln p(v|u) over rows with these moments, in nats.
    pub(crate) fn log_likelihood(&self, rows: &Moments) -> f64 {
        let q = self.n_targets();
        let mut scatter = residual_scatter(&self.slopes, rows, q);
        let expected = self.mean_given(&rows.mean[..self.n_given()]);
        let seen = rows.mean[self.n_given()..].iter();
        let offset: Vec<f64> = seen.zip(expected).map(|(v, m)| v - m).collect();
        add_outer(Form::Full, rows.weight, &offset, &mut scatter);
        let precision = self.residual.precision();
        let mut squared = 0.0;
        for i in 0..q {
            for j in 0..=i {
                let twice = if i == j { 1.0 } else { 2.0 };
                squared += twice * precision[i][j] * scatter[lower(i, j)];
            }
        }
        -0.5 * (rows.weight * (q as f64 * LN_2PI + self.residual.log_det()) + squared)
    }

    /// Row i of B.
    pub(super) fn row(&self, i: usize) -> &[f64] {
        let p = self.n_given();
        &self.slopes[i * p..][..p]
    }
}

/// The scatter of v − Bu over rows with these moments, as a lower triangle: CSCᵀ with C = (−B, 1).
pub(super) fn residual_scatter(slopes: &[f64], rows: &Moments, n_targets: usize) -> Vec<f64> {
    let p = rows.mean.len() - n_targets;
    let row = |i: usize| &slopes[i * p..][..p];
    let entry = |a: usize, b: usize| rows.scatter[lower(a.max(b), a.min(b))];
    let mut scatter = vec![0.0; lower(n_targets, 0)];
    for i in 0..n_targets {
        // What the residual i has in common with each column.
        let common = |a: usize| {
            let explained: f64 = (0..p).map(|b| row(i)[b] * entry(a, b)).sum();
            entry(a, p + i) - explained
        };
        let with_given: Vec<f64> = (0..p).map(common).collect();
        for j in 0..=i {
            scatter[lower(i, j)] = common(p + j) - dot(row(j), &with_given);
        }
        // Not `max`, which would turn an overflow's NaN into 0.
        let variance = &mut scatter[lower(i, i)];
        if *variance < 0.0 {
            *variance = 0.0;
        }
    }
    scatter
}

impl Emission for Regressor {
    type Stats = Moments;
    type Wanted = Wanted;
    type Densities = Densities;
    type Gathering = Gathering;

    fn densities(states: &[Self]) -> Densities {
        Densities::new(states)
    }

    /// Second moments of all pairs of columns, whatever form the residuals have.
    fn gathering(states: &[Self], _: Wanted) -> Gathering {
        Gathering::about(Form::Full, states.iter().map(|s| s.mean.as_slice()))
    }

    /// A regression speaks of rows that were seen whole and as they are. Of any other it says nothing: as a regression of
    /// no target its density is 1.
    fn seen(&self, how: &Observation) -> Self {
        if how.is_whole() {
            return self.clone();
        }
        Self {
            mean: how.columns().iter().map(|&j| self.mean[j]).collect(),
            slopes: Vec::new(),
            residual: Covariance::Spherical {
                variance: 1.0,
                dim: 0,
            },
            reference: Arc::clone(&self.reference),
        }
    }

    fn wanted_of_seen(wanted: Wanted, _: &Observation) -> Wanted {
        wanted
    }

    /// Rows that were not seen whole bring nothing.
    fn completed(&self, stats: &Moments, how: &Observation, _: &Self, _: Wanted) -> Moments {
        if how.is_whole() {
            return stats.clone();
        }
        Moments {
            weight: 0.0,
            mean: self.mean.clone(),
            scatter: vec![0.0; Form::Full.n_entries(self.mean.len())],
            form: Form::Full,
        }
    }

    /// The level at the [`Reference`], B, and those of R: a chart that does not depend on m, which moves from step to
    /// step.
    fn coordinates(&self, share: f64, into: &mut Coordinates) {
        let level = self.mean_given(&self.reference.at);
        for (i, level) in level.iter().enumerate() {
            let precision = share / self.residual.entry(i, i);
            into.push(*level, precision);
            for (slope, scale) in self.row(i).iter().zip(&self.reference.scale) {
                into.push(*slope, precision * scale);
            }
        }
        self.residual.coordinates(share, into);
    }

    /// mᵤ stays, mᵥ is where the regression then passes.
    fn at(&self, values: &mut std::slice::Iter<'_, f64>) -> Option<Self> {
        let p = self.n_given();
        let (mut mean, mut slopes) = (
            self.mean[..p].to_vec(),
            Vec::with_capacity(self.slopes.len()),
        );
        let reference = self.mean.iter().zip(&self.reference.at);
        let offset: Vec<f64> = reference.map(|(m, u)| m - u).collect();
        for _ in 0..self.n_targets() {
            let level = values.next()?;
            let row: Vec<f64> = values.by_ref().take(p).copied().collect();
            mean.push(level + dot(&row, &offset));
            slopes.extend(row);
        }
        let residual = self.residual.at(values)?;
        let is_finite = mean.iter().chain(&slopes).all(|x| x.is_finite());
        is_finite.then(|| Self {
            mean,
            slopes,
            residual,
            reference: Arc::clone(&self.reference),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cholesky::Cholesky;
    use crate::emission::Densities as _;
    use crate::gaussian::Gaussian;
    use crate::simd::flat;
    use crate::tile::{Columns, Scratch, Tile};
    use ndarray::Array2;
    use rand::SeedableRng;
    use rand_xoshiro::Xoshiro256Plus;

    /// A covariance of `dim` targets, of each form in turn.
    fn residual(rng: &mut Xoshiro256Plus, dim: usize, form: usize) -> Covariance {
        let factor = Array2::from_shape_fn((dim, dim), |(i, j)| match i.cmp(&j) {
            std::cmp::Ordering::Equal => rng.gen_range(0.5..2.0),
            _ => rng.gen_range(-0.5..0.5),
        });
        let matrix = factor.dot(&factor.t());
        let lower = (0..dim).flat_map(|i| (0..=i).map(move |j| (i, j)));
        match form % 3 {
            0 => Covariance::Full(
                Cholesky::new(&lower.map(|at| matrix[at]).collect::<Vec<_>>(), dim).unwrap(),
            ),
            1 => Covariance::diagonal(matrix.diag().to_vec()).unwrap(),
            _ => Covariance::spherical(matrix[(0, 0)], dim).unwrap(),
        }
    }

    fn regressors(p: usize, q: usize, k: usize, offset: f64) -> Vec<Regressor> {
        let mut rng = Xoshiro256Plus::seed_from_u64((100 * p + 10 * q + k) as u64);
        let reference = Arc::new(Reference {
            at: vec![offset; p],
            scale: vec![2.0; p],
        });
        (0..k)
            .map(|form| {
                let mut about = |n, offset: f64| -> Vec<f64> {
                    (0..n).map(|_| offset + rng.gen_range(-2.0..2.0)).collect()
                };
                let (mean, slopes) = (about(p + q, offset), about(p * q, 0.0));
                Regressor::new(
                    mean,
                    slopes,
                    residual(&mut rng, q, form),
                    Arc::clone(&reference),
                )
            })
            .collect()
    }

    fn log_densities<E: Emission>(states: &[E], rows: &Array2<f64>) -> Vec<Vec<f64>> {
        let mut tile = Tile::new(rows.ncols());
        tile.load(rows, 0);
        let (mut out, mut scratch) = (Columns::default(), Scratch::default());
        let offsets: Vec<f64> = (0..states.len()).map(|k| -0.5 * k as f64).collect();
        E::densities(states).log_densities(&tile, &offsets, &mut scratch, &mut out);
        let columns = out.iter(states.len()).zip(offsets);
        columns
            .map(|(c, o)| flat(c)[..rows.nrows()].iter().map(|l| l - o).collect())
            .collect()
    }

    fn rows(d: usize, offset: f64) -> Array2<f64> {
        let mut rng = Xoshiro256Plus::seed_from_u64(d as u64);
        Array2::from_shape_fn((83, d), |_| offset + rng.gen_range(-4.0..4.0))
    }

    #[test]
    fn densities_are_those_of_the_formula() {
        for (p, q) in [
            (0, 1),
            (1, 1),
            (2, 1),
            (5, 1),
            (0, 3),
            (1, 2),
            (3, 2),
            (4, 5),
        ] {
            for offset in [0.0, 1e8] {
                let states = regressors(p, q, 3, offset);
                let x = rows(p + q, offset);
                for (state, found) in states.iter().zip(log_densities(&states, &x)) {
                    let precision = state.residual().precision();
                    for (row, found) in x.rows().into_iter().zip(found) {
                        let e: Vec<f64> = (0..q)
                            .map(|i| {
                                let b = &state.coefficients()[i * p..][..p];
                                let moved = (0..p).map(|j| b[j] * (row[j] - state.mean()[j]));
                                row[p + i] - state.mean()[p + i] - moved.sum::<f64>()
                            })
                            .collect();
                        let mut squared = 0.0;
                        for i in 0..q {
                            for j in 0..q {
                                squared += e[i] * precision[i][j] * e[j];
                            }
                        }
                        let log_det = state.residual().log_det();
                        let expected = -0.5 * (q as f64 * LN_2PI + log_det + squared);
                        let off = (found - expected).abs() / expected.abs().max(1.0);
                        assert!(off < 1e-12, "{p} {q} {offset}: {found} {expected}");
                    }
                }
            }
        }
    }

    #[test]
    fn without_given_columns_it_is_a_gaussian() {
        let states = regressors(0, 3, 3, 1e6);
        let gaussian = |r: &Regressor| Gaussian::new(r.mean().to_vec(), r.residual().clone());
        let gaussians: Vec<Gaussian> = states.iter().map(gaussian).collect();
        let x = rows(3, 1e6);
        let (of_states, of_gaussians) = (log_densities(&states, &x), log_densities(&gaussians, &x));
        for (a, b) in of_states
            .iter()
            .flatten()
            .zip(of_gaussians.iter().flatten())
        {
            assert!((a - b).abs() <= 1e-13 * b.abs(), "{a} {b}");
        }
    }

    #[test]
    fn so_far_away_that_there_is_no_distance_the_density_is_nought() {
        let states = regressors(2, 1, 1, 0.0);
        let x = Array2::from_shape_fn((1, 3), |(_, j)| if j == 2 { 1e200 } else { 1e300 });
        assert_eq!(log_densities(&states, &x)[0][0], f64::NEG_INFINITY);
    }

    #[test]
    fn coordinates_do_not_depend_on_where_a_regression_is_centred() {
        for (p, q) in [(0, 2), (1, 1), (3, 2)] {
            let state = regressors(p, q, 1, 3.0).remove(0);
            let elsewhere: Vec<f64> = state.mean()[..p].iter().map(|m| m - 1.5).collect();
            let through = [elsewhere.clone(), state.mean_given(&elsewhere)].concat();
            let moved = Regressor {
                mean: through,
                ..state.clone()
            };
            let [own, other] = [&state, &moved].map(|r| {
                let mut into = Coordinates::default();
                r.coordinates(0.5, &mut into);
                into
            });
            assert_eq!(own.values.len(), q + p * q + lower(q, 0));
            for (a, b) in own.values.iter().zip(&other.values) {
                assert!((a - b).abs() < 1e-13, "{a} {b}");
            }
            let back = moved.at(&mut own.values.iter()).unwrap();
            for (a, b) in back.mean().iter().zip(moved.mean()) {
                assert!((a - b).abs() < 1e-13, "{a} {b}");
            }
            assert_eq!(back.coefficients(), state.coefficients());
            assert!(state.at(&mut own.values[1..].iter()).is_none());
        }
    }

    #[test]
    fn the_likelihood_of_moments_is_that_of_their_rows() {
        let (state, x) = (regressors(2, 2, 1, 5.0).remove(0), rows(4, 5.0));
        let moments = Survey::of(&crate::sample::Sample::new(&x))
            .unwrap()
            .moments(&crate::sample::Sample::new(&x), Form::Full);
        let found = state.log_likelihood(&moments);
        let expected: f64 = log_densities(&[state], &x)[0].iter().sum();
        assert!((found - expected).abs() < 1e-11 * expected.abs());
    }

    #[test]
    fn draws_follow_the_given_columns() {
        let state = regressors(1, 1, 1, 0.0).remove(0);
        let mut rng = Xoshiro256Plus::seed_from_u64(3);
        let n = 4000;
        let drawn: Vec<f64> = (0..n).map(|_| state.draw(&[7.0], &mut rng)[0]).collect();
        let mean = drawn.iter().sum::<f64>() / f64::from(n);
        let expected = state.intercept()[0] + 7.0 * state.coefficients()[0];
        let error = (state.residual().entry(0, 0) / f64::from(n)).sqrt();
        assert!((mean - expected).abs() < 4.0 * error, "{mean} {expected}");
    }
}
