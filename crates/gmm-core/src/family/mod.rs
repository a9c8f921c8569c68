//! The M-step of every covariance type: the covariances that the second moments of the components ask for.
//!
//! Of the volume–shape–orientation families (Celeux & Govaert, *Pattern Recognition* 28, 1995) most have closed
//! forms. Shared shapes under own volumes are a convex problem ([`volumes`]); axes that all share are turned
//! plane by plane ([`orientation`]); factor models are fitted per component ([`factors`]).

mod factors;
mod orientation;
mod ratio;
mod volumes;

use rayon::prelude::*;

use crate::cholesky::{self, BadPivot, Cholesky};
use crate::covariance::{Covariance, CovarianceType};
use crate::eigen::{Eigen, compose};
use crate::error::Collapse;
use crate::moments::Form;

/// The second moments that one component brings to an M-step: it wants weight·ln|Σ| + tr(Σ⁻¹·scatter) small.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Part {
    /// nₖ.
    pub(crate) weight: f64,
    /// Wₖ: the lower triangle row by row, or the diagonal, as [`CovarianceType::form`] says.
    pub(crate) scatter: Vec<f64>,
}

/// What no covariance may be without.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds<'b> {
    /// Least noise variance ψⱼ of factor models, one per feature.
    pub(crate) floor: &'b [f64],
    /// How unlike the eigenvalues may be, for types that allow it.
    pub(crate) ratio: Option<Ratio<'b>>,
}

/// All eigenvalues of all components lie within a factor of each other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ratio<'b> {
    /// The factor, at least 1.
    pub(crate) largest: f64,
    /// What each feature's variance is measured in; one variance for all features is measured as it is.
    pub(crate) scale: &'b [f64],
}

/// The parts that have rows, and perhaps one that stands for those that have none: all of them together.
struct Group<'p> {
    parts: Vec<&'p Part>,
    n_live: usize,
    /// Σ nₖ.
    total: f64,
    dim: usize,
}

impl<'p> Group<'p> {
    /// The parts that decide what is shared.
    fn live(&self) -> &[&'p Part] {
        &self.parts[..self.n_live]
    }

    /// The covariance of each part, the stand-in included.
    fn each(
        &self,
        covariance: impl Fn(usize, &Part) -> Result<Covariance, BadPivot> + Sync,
    ) -> Result<Vec<Covariance>, Refusal> {
        /// Features from which a factorisation is worth another thread.
        const MANY_FEATURES: usize = 8;
        let one = |(i, part): (usize, &&Part)| covariance(i, part);
        if self.dim < MANY_FEATURES {
            return in_order(self.parts.iter().enumerate().map(one));
        }
        let found: Vec<_> = self.parts.par_iter().enumerate().map(one).collect();
        in_order(found)
    }

    /// The same where each is the factor of a matrix.
    fn factored(
        &self,
        matrix: impl Fn(usize, &Part) -> Vec<f64> + Sync,
    ) -> Result<Vec<Covariance>, Refusal> {
        if !cholesky::are_several(self.parts.len(), self.dim) {
            return self
                .each(|i, part| Cholesky::new(&matrix(i, part), self.dim).map(Covariance::Full));
        }
        let one = |(i, part): (usize, &&Part)| matrix(i, part);
        let matrices: Vec<Vec<f64>> = if self.dim < cholesky::MANY_FEATURES {
            self.parts.iter().enumerate().map(one).collect()
        } else {
            self.parts.par_iter().enumerate().map(one).collect()
        };
        let factored = Cholesky::of_each(&matrices, self.dim).into_iter();
        in_order(factored.map(|found| found.map(Covariance::Full)))
    }
}

/// What was found for each part, or the first refusal: the same on any number of threads.
fn in_order<T>(found: impl IntoIterator<Item = Result<T, BadPivot>>) -> Result<Vec<T>, Refusal> {
    let each = found.into_iter().enumerate();
    each.map(|(part, found)| found.map_err(|BadPivot(column)| Refusal { part, column }))
        .collect()
}

/// A part of a [`Group`] that has no covariance; 0 too for what all share.
#[derive(Debug, Clone, Copy)]
struct Refusal {
    part: usize,
    column: usize,
}

impl From<BadPivot> for Refusal {
    fn from(BadPivot(column): BadPivot) -> Self {
        Self { part: 0, column }
    }
}

/// The covariances of the type that minimise Σₖ [nₖ ln|Σₖ| + tr(Σₖ⁻¹Wₖ)].
///
/// They are never worse than `now`, if that is given and of the type; the search starts there. A component
/// without rows takes no part in what is shared; of its own it has what all the others together would have.
pub(crate) fn covariances(
    of: CovarianceType,
    parts: &[Part],
    dim: usize,
    bounds: &Bounds<'_>,
    now: Option<&[&Covariance]>,
) -> Result<Vec<Covariance>, Collapse> {
    let total: f64 = parts.iter().map(|p| p.weight).sum();
    // Also where it is no number.
    let is_live = |part: &Part| part.weight > f64::EPSILON * total;
    let live = || (0..parts.len()).filter(|&k| is_live(&parts[k]));
    let first_empty = (0..parts.len()).find(|&k| !is_live(&parts[k]));
    let n_live = live().count();
    if n_live == 0 {
        return Err(Collapse {
            component: 0,
            column: 0,
        });
    }
    // What is no number would spoil what is shared, and with it the others.
    for component in live() {
        let variance = |j: usize| parts[component].scatter[of.form().place(j, j)];
        if let Some(column) = (0..dim).find(|&j| !variance(j).is_finite()) {
            return Err(Collapse { component, column });
        }
    }
    let pooled;
    let mut members: Vec<&Part> = live().map(|k| &parts[k]).collect();
    if first_empty.is_some() || of.is_tied() {
        pooled = pool(&members, of.form().n_entries(dim));
        if of.is_tied() {
            members = vec![&pooled];
        } else {
            members.push(&pooled);
        }
    }
    let now: Option<Vec<&Covariance>> = now
        .filter(|now| now.len() == parts.len() && now.iter().all(|c| c.dim() == dim))
        .map(|now| live().map(|k| now[k]).collect());
    let group = Group {
        n_live: if of.is_tied() { 1 } else { n_live },
        total: live().map(|k| parts[k].weight).sum(),
        parts: members,
        dim,
    };
    let component = |part: usize| live().nth(part).or(first_empty).unwrap_or(0);
    let found = fit(of, &group, bounds, now.as_deref()).map_err(|refusal| Collapse {
        component: component(refusal.part),
        column: refusal.column,
    })?;
    if first_empty.is_none() && !of.is_tied() {
        return Ok(found);
    }
    // Each has its own in turn; the last is for all others.
    let (stand_in, own) = match found.split_last() {
        Some(split) => split,
        None => return Ok(found),
    };
    let mut own = own.iter();
    Ok(parts
        .iter()
        .map(|part| {
            let own = is_live(part).then(|| own.next()).flatten();
            own.unwrap_or(stand_in).clone()
        })
        .collect())
}

/// Σ nₖ and Σ Wₖ.
fn pool(parts: &[&Part], n_entries: usize) -> Part {
    let mut pooled = Part {
        weight: 0.0,
        scatter: vec![0.0; n_entries],
    };
    for part in parts {
        pooled.weight += part.weight;
        pooled
            .scatter
            .iter_mut()
            .zip(&part.scatter)
            .for_each(|(a, b)| *a += b);
    }
    pooled
}

fn fit(
    of: CovarianceType,
    group: &Group<'_>,
    bounds: &Bounds<'_>,
    now: Option<&[&Covariance]>,
) -> Result<Vec<Covariance>, Refusal> {
    let (dim, floor) = (group.dim, bounds.floor);
    match of {
        CovarianceType::Vei => volumes::vei(group, now),
        CovarianceType::Vee => volumes::vee(group, now),
        CovarianceType::Vev => volumes::vev(group, now),
        CovarianceType::Evi | CovarianceType::Evv => equal_volume(of, group),
        CovarianceType::Eev => eev(group),
        CovarianceType::Eve => orientation::common_axes::<true>(group, now),
        CovarianceType::Vve => orientation::common_axes::<false>(group, now),
        CovarianceType::FactorAnalyzers { n_factors } => group.each(|i, part| {
            let now = now.and_then(|now| now.get(i)).and_then(|c| c.factors());
            factors::analysis(part, dim, n_factors, floor, now.map(|(_, noise)| noise))
        }),
        CovarianceType::ProbabilisticPca { n_factors } => {
            group.each(|_, part| factors::principal(part, dim, n_factors, floor))
        }
        _ => match bounds.ratio {
            Some(ratio) if of.allows_ratio() => ratio::within(of, group, &ratio),
            _ if of.form() == Form::Full => group.factored(|_, part| mean(part)),
            _ => group.each(|_, part| of.covariance(mean(part), dim)),
        },
    }
}

/// Wₖ/nₖ.
fn mean(part: &Part) -> Vec<f64> {
    part.scatter.iter().map(|w| w / part.weight).collect()
}

/// Σₖ = λ Cₖ with |Cₖ| = 1: Cₖ = Wₖ/|Wₖ|^(1/D), λ = Σ|Wₖ|^(1/D)/n (Celeux & Govaert 1995, EVI and EVV).
fn equal_volume(of: CovarianceType, group: &Group<'_>) -> Result<Vec<Covariance>, Refusal> {
    let dim = group.dim;
    let scatters: Vec<&[f64]> = group.parts.iter().map(|p| p.scatter.as_slice()).collect();
    let log_dets = match of.form() {
        Form::Full => cholesky::log_dets(&scatters, dim),
        Form::Diagonal => {
            let log_det = |w: &&[f64]| Ok(w.iter().map(|w| w.ln()).sum());
            scatters.iter().map(log_det).collect()
        }
    };
    let logs = in_order(log_dets)?;
    let logs: Vec<f64> = logs.into_iter().map(|log| log / dim as f64).collect();
    let shared = mean_volume(&logs[..group.n_live], group.total);
    let scaled = |i: usize, part: &Part| -> Vec<f64> {
        let factor = (shared - logs[i]).exp();
        part.scatter.iter().map(|w| w * factor).collect()
    };
    match of.form() {
        Form::Full => group.factored(scaled),
        Form::Diagonal => group.each(|i, part| Covariance::diagonal(scaled(i, part))),
    }
}

/// ln(Σ exp(logs)/n), which neither overflows nor vanishes.
fn mean_volume(logs: &[f64], n: f64) -> f64 {
    let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = logs.iter().map(|log| (log - largest).exp()).sum();
    largest + (sum / n).ln()
}

/// Σₖ = Dₖ Λ Dₖᵀ: the axes of each Wₖ, and the mean of their eigenvalues, sorted (Celeux & Govaert 1995, EEV).
fn eev(group: &Group<'_>) -> Result<Vec<Covariance>, Refusal> {
    let axes = axes_of(group)?;
    let mut values = vec![0.0; group.dim];
    for eigen in &axes[..group.n_live] {
        values
            .iter_mut()
            .zip(&eigen.values)
            .for_each(|(v, w)| *v += w / group.total);
    }
    group.factored(|i, _| compose(&axes[i].axes, values.iter().copied(), group.dim))
}

/// The axes of each Wₖ.
fn axes_of(group: &Group<'_>) -> Result<Vec<Eigen>, Refusal> {
    let parts = group.parts.iter().enumerate();
    parts
        .map(|(part, p)| Eigen::of(&p.scatter, group.dim).ok_or(Refusal { part, column: 0 }))
        .collect()
}

#[cfg(test)]
mod tests;
