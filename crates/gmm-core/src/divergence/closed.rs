//! Integrals of two Gaussians that have formulas.

use rayon::prelude::*;

use crate::cholesky::{Cholesky, dot};
use crate::gaussian::Gaussian;
use crate::gmm::Gmm;
use crate::log_space::{LN_2PI, log_sum_exp_of};
use crate::moments::{Form, lower};

/// KL(a‖b) = ½[tr(B⁻¹A) + δᵀB⁻¹δ − D + ln|B| − ln|A|] with δ = μ_b − μ_a.
///
/// With A = L_A L_Aᵀ and T = L_B⁻¹L_A it is ½[Σᵢ (tᵢᵢ² − 1 − ln tᵢᵢ²) + Σ_{j<i} tᵢⱼ² + |L_B⁻¹δ|²], of which no part is below
/// 0, so that nearly singular covariances cost no digits.
pub(super) fn kl_between(a: &Gaussian, b: &Gaussian) -> f64 {
    let (own, other) = (a.covariance(), b.covariance());
    let (factor, whitener) = (own.factor(), other.inverse_factor());
    let entry = |i: usize, j: usize| -> f64 {
        (j..=i)
            .map(|k| whitener[lower(i, k)] * factor[lower(k, j)])
            .sum()
    };
    let volume = |i: usize| {
        let t = entry(i, i);
        (t * t - 1.0 - 2.0 * t.ln()).max(0.0)
    };
    let of_row = |i: usize| volume(i) + (0..i).map(|j| entry(i, j).powi(2)).sum::<f64>();
    let offset = other.whitened(&offset(a, b));
    0.5 * ((0..own.dim()).map(of_row).sum::<f64>() + dot(&offset, &offset))
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
    log_sum_exp_of(&logs.concat())
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
