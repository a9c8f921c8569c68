//! Integrals of two Gaussians that have formulas.

use rayon::prelude::*;

use crate::cholesky::{Cholesky, dot};
use crate::gaussian::Gaussian;
use crate::gmm::Gmm;
use crate::log_space::LN_2PI;
use crate::moments::Form;

/// KL(a‖b) = ½[tr(B⁻¹A) + δᵀB⁻¹δ − D + ln|B| − ln|A|] with δ = μ_b − μ_a.
pub(super) fn kl_between(a: &Gaussian, b: &Gaussian) -> f64 {
    let (own, other) = (a.covariance(), b.covariance());
    let precision = other.precision();
    let trace: f64 = (0..own.dim())
        .map(|i| {
            (0..own.dim())
                .map(|j| precision[i][j] * own.entry(i, j))
                .sum::<f64>()
        })
        .sum();
    let offset = offset(a, b);
    let distance = dot(&offset, &other.solve(&offset));
    let logs = other.log_det() - own.log_det();
    (0.5 * (trace + distance - own.dim() as f64 + logs)).max(0.0)
}

/// ln ∫√(N_a N_b) = ¼ln|A| + ¼ln|B| − ½ln|C| − ⅛δᵀC⁻¹δ with C = (A+B)/2: at most 0.
pub(super) fn log_affinity(a: &Gaussian, b: &Gaussian) -> f64 {
    let (between, offset) = (sum(a, b, 0.5), offset(a, b));
    let logs = 0.25 * (a.covariance().log_det() + b.covariance().log_det());
    let distance = dot(&offset, &between.solve(&offset));
    (logs - 0.5 * between.log_det() - 0.125 * distance).min(0.0)
}

/// ln ∫pq of two mixtures without backgrounds: the sum over pairs of components.
pub(super) fn log_overlap(p: &Gmm, q: &Gmm) -> f64 {
    let of_component = |i: usize| -> Vec<f64> {
        let pairs = q.components().iter().zip(q.weights());
        let own = &p.components()[i];
        pairs
            .map(|(b, w)| p.weights()[i].ln() + w.ln() + log_overlap_between(own, b))
            .collect()
    };
    let logs: Vec<Vec<f64>> = (0..p.n_components())
        .into_par_iter()
        .map(of_component)
        .collect();
    let logs = logs.concat();
    let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !largest.is_finite() {
        return largest;
    }
    largest + logs.iter().map(|l| (l - largest).exp()).sum::<f64>().ln()
}

/// ln ∫N_a N_b = ln N(μ_a|μ_b, A+B).
fn log_overlap_between(a: &Gaussian, b: &Gaussian) -> f64 {
    let (both, offset) = (sum(a, b, 1.0), offset(a, b));
    let distance = dot(&offset, &both.solve(&offset));
    -0.5 * (both.dim() as f64 * LN_2PI + both.log_det() + distance)
}

/// μ_b − μ_a.
fn offset(a: &Gaussian, b: &Gaussian) -> Vec<f64> {
    b.mean().iter().zip(a.mean()).map(|(b, a)| b - a).collect()
}

/// `factor`·(A + B).
fn sum(a: &Gaussian, b: &Gaussian, factor: f64) -> Cholesky {
    let [own, other] = [a, b].map(|g| g.covariance().entries(Form::Full));
    let entries = own.iter().zip(other).map(|(a, b)| factor * (a + b));
    Cholesky::to_rounding(entries.collect(), a.mean().len())
}
