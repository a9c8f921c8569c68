//! Factor models of one component: Σ = ΛΛᵀ + Ψ.

use super::volumes::solve;
use super::{Part, mean};
use crate::cholesky::{BadPivot, Cholesky, dot};
use crate::covariance::Covariance;
use crate::eigen::Eigen;
use crate::moments::lower;

/// Share of a feature's variance that is always noise, where no larger floor is given.
const LEAST_SHARE: f64 = 1e-10;

/// Share of a feature's variance below which noise that shrinks may be sliding to its floor.
const SMALL_SHARE: f64 = 1e-2;

/// Gain in ln p(x) per row below which Ψ is found.
const SETTLED: f64 = 1e-12;

/// Newton steps, and halvings of each.
const STEPS: usize = 200;
const HALVINGS: usize = 12;

/// What is added to second derivatives, which are about 1.
const DAMPING: f64 = 1e-6;

/// Longest step of a ln ψⱼ.
const LONGEST: f64 = 2.0;

/// ΛΛᵀ + σ²I in closed form (Tipping & Bishop 1999, eqs. 3.12 and 3.13): σ² is the mean of the eigenvalues that are
/// left out, Λ = U(L − σ²I)^½ of the others.
pub(super) fn principal(
    part: &Part,
    dim: usize,
    n_factors: usize,
    floor: &[f64],
) -> Result<Covariance, BadPivot> {
    let eigen = Eigen::of(&mean(part), dim).ok_or(BadPivot(0))?;
    let left = eigen.values.get(n_factors..).unwrap_or(&[]);
    let count = left.len().max(1) as f64;
    let least = floor.iter().map(|f| f / dim as f64).sum::<f64>();
    let variance = left.iter().map(|l| l / count).sum::<f64>().max(least);
    let lengths = eigen.values.iter().map(|l| (l - variance).max(0.0).sqrt());
    let loadings = columns(&eigen, lengths.take(n_factors), |_| 1.0, dim, n_factors);
    Covariance::low_rank(loadings, vec![variance; dim])
}

/// The columns unitⱼ·aₘⱼ·lengthₘ, row by row, each with its largest entry positive: so they do not jump between
/// steps.
fn columns(
    eigen: &Eigen,
    lengths: impl Iterator<Item = f64>,
    unit: impl Fn(usize) -> f64,
    dim: usize,
    n_factors: usize,
) -> Vec<f64> {
    let mut loadings = vec![0.0; dim * n_factors];
    for (m, (axis, length)) in eigen.axes.chunks_exact(dim).zip(lengths).enumerate() {
        let entry = |j: usize| unit(j) * axis[j];
        let largest = (0..dim).max_by(|&i, &j| entry(i).abs().total_cmp(&entry(j).abs()));
        let sign = largest.map_or(1.0, |j| 1f64.copysign(entry(j)));
        for j in 0..dim {
            loadings[j * n_factors + m] = sign * length * entry(j);
        }
    }
    loadings
}

/// ΛΛᵀ + Ψ, each ψⱼ at least its floor.
///
/// Given Ψ, Λ is known from the eigenvalues θ and axes of Ψ^(−½)SΨ^(−½) (Lawley 1940): what is left is a function of
/// ln ψ alone, which Newton's method with bounds minimises (Jöreskog, *Psychometrika* 32, 1967; Bertsekas, *SIAM J.
/// Control Optim.* 20, 1982). It only goes down, from `now` if that is given.
pub(super) fn analysis(
    part: &Part,
    dim: usize,
    n_factors: usize,
    floor: &[f64],
    now: Option<&[f64]>,
) -> Result<Covariance, BadPivot> {
    let second = mean(part);
    let least: Vec<f64> = (0..dim)
        .map(|j| floor[j].max(LEAST_SHARE * second[lower(j, j)]).ln())
        .collect();
    if let Some(column) = least.iter().position(|l| !l.is_finite()) {
        return Err(BadPivot(column));
    }
    let start = match now {
        Some(noise) => noise.to_vec(),
        None => first_noise(&second, dim, n_factors),
    };
    let start = start.iter().zip(&least).map(|(psi, l)| psi.ln().max(*l));
    let mut at = Profile::new(&second, start.collect(), n_factors).ok_or(BadPivot(0))?;
    for _ in 0..STEPS {
        let gradient = at.gradient();
        // A noise on its floor that would go below it stays there.
        let free: Vec<usize> = (0..dim)
            .filter(|&j| at.log_noise[j] > least[j] || gradient[j] < 0.0)
            .collect();
        let slope: Vec<f64> = free.iter().map(|&j| gradient[j]).collect();
        let better = [true, false].into_iter().find_map(|exact| {
            let step = solve(at.hessian(&free, exact), &slope)?;
            // Rounding would hide a gain as small as this.
            let gain = -0.5 * dot(&step, &slope);
            let is_worth_it = gain > SETTLED * dim as f64;
            is_worth_it
                .then(|| at.lower(&second, &free, &step, &least))
                .flatten()
        });
        let better = better.map(|next| next.dropped(&at, &second, &least).unwrap_or(next));
        let gain = better.as_ref().map_or(0.0, |next| at.value - next.value);
        let leap = at.leap(&second, &least, 2.0 * gain);
        let Some(next) = leap.or(better) else { break };
        let gain = at.value - next.value;
        at = next;
        if gain <= SETTLED * dim as f64 {
            break;
        }
    }
    let unit: Vec<f64> = at.log_noise.iter().map(|x| (0.5 * x).exp()).collect();
    let lengths = at.eigen.values.iter().map(|t| (t - 1.0).max(0.0).sqrt());
    let loadings = columns(
        &at.eigen,
        lengths.take(n_factors),
        |j| unit[j],
        dim,
        n_factors,
    );
    Covariance::low_rank(loadings, at.log_noise.iter().map(|x| x.exp()).collect())
}

/// (1 − q/2D)/(S⁻¹)ⱼⱼ (Jöreskog 1967), or half the variance where S has no inverse.
fn first_noise(second: &[f64], dim: usize, n_factors: usize) -> Vec<f64> {
    let share = 1.0 - n_factors as f64 / (2 * dim) as f64;
    match Cholesky::new(second, dim) {
        Ok(c) => {
            let conditional = Covariance::Full(c).conditional_variances();
            conditional.iter().map(|v| share * v).collect()
        }
        Err(_) => (0..dim).map(|j| 0.5 * second[lower(j, j)]).collect(),
    }
}

/// ln|Σ| + tr(Σ⁻¹S) with the best Λ for a Ψ.
struct Profile {
    /// ln ψ.
    log_noise: Vec<f64>,
    /// Of Ψ^(−½)SΨ^(−½).
    eigen: Eigen,
    /// q.
    n_factors: usize,
    /// Factors that are of use: those with θ > 1.
    n_used: usize,
    value: f64,
}

impl Profile {
    fn new(second: &[f64], log_noise: Vec<f64>, n_factors: usize) -> Option<Self> {
        let dim = log_noise.len();
        let unit: Vec<f64> = log_noise.iter().map(|x| (-0.5 * x).exp()).collect();
        let mut scaled = second.to_vec();
        for i in 0..dim {
            for j in 0..=i {
                let entry = &mut scaled[lower(i, j)];
                *entry = *entry * unit[i] * unit[j];
            }
        }
        let eigen = Eigen::of(&scaled, dim)?;
        let n_used = eigen.values[..n_factors]
            .iter()
            .filter(|t| **t > 1.0)
            .count();
        let (used, left) = eigen.values.split_at(n_used);
        let value = log_noise.iter().sum::<f64>()
            + used.iter().map(|t| t.ln() + 1.0).sum::<f64>()
            + left.iter().sum::<f64>();
        value.is_finite().then_some(Self {
            log_noise,
            eigen,
            n_factors,
            n_used,
            value,
        })
    }

    fn axis(&self, m: usize) -> &[f64] {
        let dim = self.log_noise.len();
        &self.eigen.axes[m * dim..][..dim]
    }

    /// Σ (1 − θₘ)ωₘⱼ² over the axes that are left out.
    fn gradient(&self) -> Vec<f64> {
        let dim = self.log_noise.len();
        let mut gradient = vec![0.0; dim];
        for m in self.n_used..dim {
            let factor = 1.0 - self.eigen.values[m];
            for (g, w) in gradient.iter_mut().zip(self.axis(m)) {
                *g += factor * w * w;
            }
        }
        gradient
    }

    /// The second derivatives by the `free` ln ψ, lower triangle, with P = Σ ωₘωₘᵀ and T = Σ θₘωₘωₘᵀ over the axes m left
    /// out: T∘P, which is positive, and if `exact` for each of them and each n in use
    /// (1 − θₘ)(θₙ + θₘ)/(θₙ − θₘ) ωₘωₘᵀ∘ωₙωₙᵀ.
    fn hessian(&self, free: &[usize], exact: bool) -> Vec<f64> {
        let dim = self.log_noise.len();
        let n = free.len();
        let mut hessian = vec![0.0; lower(n, 0)];
        let (mut p, mut t) = (hessian.clone(), hessian.clone());
        let mut of_used = vec![0.0; n];
        for m in self.n_used..dim {
            let theta = self.eigen.values[m];
            let axis = self.axis(m);
            for (i, &a) in free.iter().enumerate() {
                for (j, &b) in free[..=i].iter().enumerate() {
                    let product = axis[a] * axis[b];
                    p[lower(i, j)] += product;
                    t[lower(i, j)] += theta * product;
                }
            }
            if !exact {
                continue;
            }
            for u in 0..self.n_used {
                let used = self.eigen.values[u];
                let factor = (1.0 - theta) * (used + theta) / (used - theta);
                let other = self.axis(u);
                for (i, &a) in free.iter().enumerate() {
                    of_used[i] = axis[a] * other[a];
                    for j in 0..=i {
                        hessian[lower(i, j)] += factor * of_used[i] * of_used[j];
                    }
                }
            }
        }
        for ((h, p), t) in hessian.iter_mut().zip(&p).zip(&t) {
            *h += p * t;
        }
        if !exact {
            // Where there are more parameters than Σ has entries it is singular.
            (0..n).for_each(|i| hessian[lower(i, i)] += DAMPING);
        }
        hessian
    }

    /// This with noise on its floor that slides there: in ln ψ Newton's steps would only be −1 each. None if that is
    /// not lower.
    fn dropped(&self, before: &Self, second: &[f64], least: &[f64]) -> Option<Self> {
        let slides = |j: usize| {
            let small = self.log_noise[j].exp() < SMALL_SHARE * second[lower(j, j)];
            small && self.log_noise[j] > least[j] && self.log_noise[j] < before.log_noise[j] - 0.5
        };
        let mut log_noise = self.log_noise.clone();
        for j in (0..log_noise.len()).filter(|&j| slides(j)) {
            log_noise[j] = least[j];
        }
        if log_noise == self.log_noise {
            return None;
        }
        let next = Self::new(second, log_noise, self.n_factors)?;
        (next.value < self.value).then_some(next)
    }

    /// The best ln ψⱼ of one feature for the present Λ, which is known: where it gains more than `least_gain`.
    ///
    /// With a = ψ(Σ⁻¹)ⱼⱼ and b = ψ(Σ⁻¹SΣ⁻¹)ⱼⱼ the objective changes by ln s − (1 − 1/s)b/a, s = 1 + a(ψ′/ψ − 1); least for
    /// s = b/a (Zhao, Yu & Jiang, *Stat. Comput.* 18, 2008). Near ψ = 0 slopes in ln ψ vanish, and only this leaves it.
    fn leap(&self, second: &[f64], least: &[f64], least_gain: f64) -> Option<Self> {
        let dim = self.log_noise.len();
        let (mut a, mut b) = (vec![0.0; dim], vec![0.0; dim]);
        for m in 0..dim {
            let theta = self.eigen.values[m];
            let [of_a, of_b] = if m < self.n_used {
                [1.0 / theta, 1.0 / theta]
            } else {
                [1.0, theta]
            };
            for (j, w) in self.axis(m).iter().enumerate() {
                a[j] += of_a * w * w;
                b[j] += of_b * w * w;
            }
        }
        let gain = |j: usize| {
            let ratio = b[j] / a[j];
            let lowest = 1.0 + a[j] * (least[j] - self.log_noise[j]).exp_m1();
            let s = ratio.max(lowest);
            ((1.0 - 1.0 / s) * ratio - s.ln(), j, (s - 1.0) / a[j])
        };
        let (gain, j, change) = (0..dim).map(gain).max_by(|x, y| x.0.total_cmp(&y.0))?;
        // Not so where it is no number.
        let is_worth_it = gain > least_gain.max(SETTLED);
        if !is_worth_it {
            return None;
        }
        let mut log_noise = self.log_noise.clone();
        log_noise[j] = (log_noise[j] + change.ln_1p()).max(least[j]);
        let next = Self::new(second, log_noise, self.n_factors)?;
        (next.value < self.value - least_gain).then_some(next)
    }

    /// A point along the step, cut to the bounds, that is lower.
    fn lower(&self, second: &[f64], free: &[usize], step: &[f64], least: &[f64]) -> Option<Self> {
        let longest = step.iter().fold(0.0f64, |a, s| a.max(s.abs()));
        let mut factor = (LONGEST / longest).min(1.0);
        (0..HALVINGS).find_map(|_| {
            let mut log_noise = self.log_noise.clone();
            for (&j, s) in free.iter().zip(step) {
                log_noise[j] = (log_noise[j] + factor * s).max(least[j]);
            }
            factor *= 0.5;
            let next = Self::new(second, log_noise, self.n_factors)?;
            (next.value < self.value).then_some(next)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::covariance::CovarianceType;
    use rand::{Rng, SeedableRng};
    use rand_xoshiro::Xoshiro256Plus;

    fn triangle(c: &Covariance) -> Vec<f64> {
        let pairs = (0..c.dim()).flat_map(|i| (0..=i).map(move |j| (i, j)));
        pairs.map(|(i, j)| c.entry(i, j)).collect()
    }

    fn part(c: &Covariance) -> Part {
        Part {
            weight: 50.0,
            scatter: triangle(c).iter().map(|s| 50.0 * s).collect(),
        }
    }

    fn are_near(a: &Covariance, b: &Covariance, slack: f64) -> bool {
        let size = |i: usize| b.entry(i, i).sqrt();
        (0..b.dim()).all(|i| {
            (0..=i).all(|j| (a.entry(i, j) - b.entry(i, j)).abs() <= slack * size(i) * size(j))
        })
    }

    #[test]
    fn factors_that_are_there_are_found() {
        let mut rng = Xoshiro256Plus::seed_from_u64(1);
        for (dim, n_factors) in [(5, 1), (6, 2), (13, 3), (30, 4)] {
            // Columns in very different units: the answer must not depend on them.
            for unit in [1.0, 1e-3] {
                let unit = |j: usize| f64::powi(unit, (j % 5) as i32);
                let loadings: Vec<f64> = (0..dim * n_factors)
                    .map(|at| unit(at / n_factors) * rng.gen_range(-2.0..2.0))
                    .collect();
                let noise = (0..dim).map(|j| unit(j) * unit(j) * rng.gen_range(0.3..2.0));
                let truth = Covariance::low_rank(loadings, noise.collect()).unwrap();
                let found = analysis(&part(&truth), dim, n_factors, &vec![0.0; dim], None).unwrap();
                assert!(are_near(&found, &truth, 1e-5), "{dim} {n_factors}");
                assert!((found.log_det() - truth.log_det()).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn noise_stays_on_its_floor() {
        // The third feature is a sum of the factor and nothing else.
        let truth =
            Covariance::low_rank(vec![1.0, 2.0, 3.0, 1.0], vec![1.0, 1.0, 1e-9, 2.0]).unwrap();
        let floor = [0.01, 0.01, 0.04, 0.01];
        let found = analysis(&part(&truth), 4, 1, &floor, None).unwrap();
        let (_, noise) = found.factors().unwrap();
        assert!((noise[2] / 0.04 - 1.0).abs() < 1e-12, "{noise:?}");
        assert!(
            noise
                .iter()
                .zip(floor)
                .all(|(n, f)| *n >= f * (1.0 - 1e-12))
        );
        // And leaves it when there is noise again: there slopes in its logarithm are nothing.
        let noisy =
            Covariance::low_rank(vec![1.0, 2.0, 3.0, 1.0], vec![1.0, 1.0, 1.0, 2.0]).unwrap();
        let from = [1.0, 1.0, 1e-9, 1.0];
        let found = analysis(&part(&noisy), 4, 1, &[1e-10; 4], Some(&from)).unwrap();
        assert!(are_near(&found, &noisy, 1e-5), "{found:?}");
    }

    #[test]
    fn no_loadings_nearby_are_better() {
        let mut rng = Xoshiro256Plus::seed_from_u64(2);
        let (dim, q) = (6, 2);
        for of_one in [false, true] {
            let own = Covariance::low_rank(
                (0..dim * dim).map(|_| rng.gen_range(-1.0..1.0)).collect(),
                vec![0.2; dim],
            );
            let part = part(&own.unwrap());
            let second = mean(&part);
            let floor = vec![1e-3; dim];
            let found = if of_one {
                principal(&part, dim, q, &floor).unwrap()
            } else {
                analysis(&part, dim, q, &floor, None).unwrap()
            };
            let value = |c: &Covariance| {
                let precision = c.precision();
                let trace =
                    |i: usize, j: usize| precision[i][j] * second[lower(i.max(j), i.min(j))];
                let trace: f64 = (0..dim)
                    .flat_map(|i| (0..dim).map(move |j| (i, j)))
                    .map(|(i, j)| trace(i, j))
                    .sum();
                c.log_det() + trace
            };
            let best = value(&found);
            let (loadings, noise) = found.factors().unwrap();
            for step in [1e-5, 1e-3, 0.1] {
                for _ in 0..300 {
                    let moved = loadings.iter().map(|l| l + step * rng.gen_range(-1.0..1.0));
                    let moved = moved.collect();
                    let common = rng.gen_range(-1.0..1.0);
                    let change = |own: f64| f64::exp(step * if of_one { common } else { own });
                    let moved_noise: Vec<f64> = noise
                        .iter()
                        .map(|n| (n * change(rng.gen_range(-1.0..1.0))).max(1e-3))
                        .collect();
                    let other = Covariance::low_rank(moved, moved_noise).unwrap();
                    assert!(value(&other) >= best - 1e-12, "{of_one} {step}");
                }
            }
        }
    }

    #[test]
    fn principal_components_are_those_of_the_matrix() {
        // Eigenvalues 9, 4, 1.5, 0.5 along the axes of features.
        let second = CovarianceType::Diagonal
            .covariance(vec![1.5, 9.0, 0.5, 4.0], 4)
            .unwrap();
        let found = principal(&part(&second), 4, 2, &[0.0; 4]).unwrap();
        let (loadings, noise) = found.factors().unwrap();
        assert_eq!(noise, [1.0; 4]);
        let wanted = [0.0, 0.0, 8f64.sqrt(), 0.0, 0.0, 0.0, 0.0, 3f64.sqrt()];
        assert!(
            loadings
                .iter()
                .zip(wanted)
                .all(|(l, w)| (l - w).abs() < 1e-14),
            "{loadings:?}"
        );
        let floored = principal(&part(&second), 4, 2, &[5.0; 4]).unwrap();
        assert_eq!(floored.factors().unwrap().1, [5.0; 4]);
        assert_eq!(floored.entry(3, 3), 5.0);
    }
}
