//! Probabilities of boxes under a normal distribution of three or more numbers.
//!
//! Genz' separation of variables (*J. Comput. Graph. Statist.* 1, 1992): the triangular factor of the covariance turns
//! the box into the unit cube, over which a smooth function is the integrand; with the variables in the order of Gibson,
//! Glasbey & Elston (*Advances in Numerical Methods and Applications*, 1994), and randomly shifted lattices (Genz &
//! Bretz, *Computation of Multivariate Normal and t Probabilities*, 2009, §4.2).

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256Plus;
use rayon::prelude::*;

use crate::integral::{Integral, Method};
use crate::moments::lower;
use crate::special::{between, density, quantile_between};

/// Random shifts, from whose scatter the error is known.
const SHIFTS: usize = 12;
/// Points of a shift at first and at most; they are doubled.
const FIRST_POINTS: usize = 256;
const MOST_POINTS: usize = 1 << 16;
/// The standard error that is good enough, and the share of a small value.
const ERROR: f64 = 1e-5;
const RELATIVE_ERROR: f64 = 1e-2;

/// A box, each variable in its deviation, in the order of integration.
struct Cube {
    low: Vec<f64>,
    high: Vec<f64>,
    /// Lower triangle of the factor of the correlations.
    factor: Vec<f64>,
}

/// P(low < X < high) for normal numbers of mean 0 with these correlations (lower triangle) and deviation 1.
pub(super) fn probability(low: &[f64], high: &[f64], correlations: &[f64], seed: u64) -> Integral {
    let cube = Cube::new(low, high, correlations);
    let n = low.len() - 1;
    let mut rng = Xoshiro256Plus::seed_from_u64(seed);
    let mut draw = || (0..n).map(|_| rng.gen_range(0.0..1.0)).collect();
    let shifts: Vec<Vec<f64>> = (0..SHIFTS).map(|_| draw()).collect();
    let steps = roots_of_primes(n);
    let mut sums = vec![0.0; SHIFTS];
    let (mut done, mut next) = (0, FIRST_POINTS);
    loop {
        let of_shift = |(sum, shift): (&mut f64, &Vec<f64>)| {
            let mut place = vec![0.0; n];
            let mut room = vec![0.0; n + 1];
            for point in done..next {
                for ((x, step), shift) in place.iter_mut().zip(&steps).zip(shift) {
                    let at = (point as f64 * step + shift).fract();
                    // Folded, so that the integrand is periodic.
                    *x = (2.0 * at - 1.0).abs();
                }
                *sum += cube.density(&place, &mut room);
            }
        };
        sums.par_iter_mut().zip(&shifts).for_each(of_shift);
        done = next;
        let value = sums.iter().sum::<f64>() / (SHIFTS * done) as f64;
        let scatter: f64 = sums.iter().map(|s| (s / done as f64 - value).powi(2)).sum();
        let error = (scatter / (SHIFTS * (SHIFTS - 1)) as f64).sqrt();
        let is_good = error <= ERROR && error <= RELATIVE_ERROR * value;
        if is_good || done >= MOST_POINTS {
            let method = Method::MonteCarlo {
                draws: SHIFTS * done,
            };
            return Integral {
                value,
                error,
                method,
            };
        }
        next = 2 * done;
    }
}

impl Cube {
    /// Each time the variable that most likely lies outside, given where the ones before it are expected, so that the
    /// integrand varies least.
    fn new(low: &[f64], high: &[f64], correlations: &[f64]) -> Self {
        let m = low.len();
        let entry = |i: usize, j: usize| correlations[lower(i.max(j), i.min(j))];
        let mut order: Vec<usize> = (0..m).collect();
        // Row i is of variable i, and is filled up to the variables that were taken.
        let mut rows = vec![vec![0.0; m]; m];
        let mut expected: Vec<f64> = Vec::with_capacity(m);
        let inner =
            |row: &[f64], other: &[f64]| -> f64 { row.iter().zip(other).map(|(a, b)| a * b).sum() };
        for i in 0..m {
            let ends = |v: usize| {
                let row = &rows[v][..i];
                // Not below what rounding leaves of 1.
                let left = (1.0 - inner(row, row)).max(m as f64 * f64::EPSILON).sqrt();
                let shift = inner(row, &expected);
                ((low[v] - shift) / left, (high[v] - shift) / left, left)
            };
            let held = |v: usize| {
                let (low, high, _) = ends(v);
                between(low, high)
            };
            let least = (i..m).min_by(|&a, &b| held(order[a]).total_cmp(&held(order[b])));
            order.swap(i, least.unwrap_or(i));
            let taken = order[i];
            let (from, to, left) = ends(taken);
            expected.push(truncated_mean(from, to));
            for &v in &order[i + 1..] {
                let known = inner(&rows[v][..i], &rows[taken][..i]);
                rows[v][i] = (entry(v, taken) - known) / left;
            }
            rows[taken][i] = left;
        }
        let row = |(i, &v): (usize, &usize)| rows[v][..=i].to_vec();
        Self {
            low: order.iter().map(|&v| low[v]).collect(),
            high: order.iter().map(|&v| high[v]).collect(),
            factor: order.iter().enumerate().flat_map(row).collect(),
        }
    }

    /// The integrand at a place in the unit cube.
    fn density(&self, place: &[f64], y: &mut [f64]) -> f64 {
        let mut product = 1.0;
        for i in 0..self.low.len() {
            let row = &self.factor[lower(i, 0)..=lower(i, i)];
            let shift: f64 = row.iter().zip(&y[..i]).map(|(l, y)| l * y).sum();
            let low = (self.low[i] - shift) / row[i];
            let high = (self.high[i] - shift) / row[i];
            product *= between(low, high);
            // Also where it is no number.
            let is_positive = product > 0.0;
            if !is_positive {
                return 0.0;
            }
            if let Some(&share) = place.get(i) {
                y[i] = quantile_between(low, high, share);
            }
        }
        product
    }
}

/// The mean of a standard normal number between two places.
fn truncated_mean(low: f64, high: f64) -> f64 {
    let mass = between(low, high);
    let mean = (density(low) - density(high)) / mass;
    // So far out that all of it lies at the nearer end, its mean is no number.
    let mean = if mass > 1e-300 && mean.is_finite() {
        mean
    } else {
        0.0
    };
    // Of covariances that are singular to rounding the ends can be no numbers, which `clamp` refuses.
    mean.max(low).min(high)
}

/// Fractions of √2, √3, √5, …: the steps of Richtmyer's lattice.
fn roots_of_primes(n: usize) -> Vec<f64> {
    let is_prime = |p: &u32| {
        (2..*p)
            .take_while(|q| q * q <= *p)
            .all(|q| !p.is_multiple_of(q))
    };
    let roots = (2..).filter(is_prime).map(|p| f64::from(p).sqrt().fract());
    roots.take(n).collect()
}
