//! Factor models of one component: Σ = ΛΛᵀ + Ψ.

use super::volumes::solve;
use super::{Part, mean};
use crate::cholesky::{BadPivot, Cholesky};
use crate::covariance::Covariance;
use crate::eigen::Eigen;
use crate::moments::lower;

/// Share of a feature's variance that is always noise, where no larger floor is given.
const LEAST_SHARE: f64 = 1e-10;

/// Gain in ln p(x) per row below which Ψ is found.
const SETTLED: f64 = 1e-12;

/// Newton steps, and halvings of each.
const STEPS: usize = 200;
const HALVINGS: usize = 25;

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
            at.lower(&second, &free, &step, &least)
        });
        let Some(next) = better else { break };
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
    match Cholesky::new(second.to_vec(), dim) {
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
        hessian
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
