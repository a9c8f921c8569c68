//! Shapes that all components share under volumes of their own, Σₖ = λₖC: VEI, VEE and VEV.
//!
//! Given the volumes, C = Σ Wₖ/(nλₖ); given C, λₖ = tr(C⁻¹Wₖ)/(Dnₖ) (Celeux & Govaert 1995). In uₖ = ln λₖ what is
//! left to minimise, Φ(u) = D Σ nₖuₖ + n ln|Σ Wₖe^(−uₖ)|, is convex: one minimum, but the two steps in turn
//! can be slow to reach it where components are unlike. Newton's steps then are not.

use super::{Group, Refusal, axes_of};
use crate::cholesky::{BadPivot, Cholesky, dot};
use crate::covariance::Covariance;
use crate::eigen::compose;
use crate::moments::lower;

/// Relative change of all volumes below which they are found; Φ then is right to its square.
const SETTLED: f64 = 1e-9;

/// Rounds of the two steps before Newton's.
const PLAIN_ROUNDS: usize = 12;

/// Newton steps, and halvings of each.
const NEWTON_STEPS: usize = 100;
const HALVINGS: usize = 40;

/// Longest step of a ln λₖ, and one so short that Newton's method cannot miss, though rounding may hide the gain.
const LONGEST: f64 = 4.0;
const NEAR: f64 = 1e-4;

/// The shape C that several scatters share.
trait Shape {
    /// C = Σ Wₖ/(nλₖ).
    fn settle(&mut self, volumes: &[f64]) -> Result<(), BadPivot>;

    /// ln|C|.
    fn log_det(&self) -> f64;

    /// tr(C⁻¹Wₖ).
    fn trace(&self, k: usize) -> f64;

    /// tr(C⁻¹WₖC⁻¹Wₗ)/(nλₖ)(nλₗ), the lower triangle of all k and l.
    fn products(&self, volumes: &[f64]) -> Vec<f64>;
}

/// Diagonal scatters, or eigenvalues.
struct Diagonal {
    /// Those of each component, one after the other.
    scatters: Vec<f64>,
    shape: Vec<f64>,
    total: f64,
}

impl Diagonal {
    fn new<'s>(scatters: impl Iterator<Item = &'s [f64]>, dim: usize, total: f64) -> Self {
        Self {
            scatters: scatters.flatten().copied().collect(),
            shape: vec![0.0; dim],
            total,
        }
    }

    /// tr(C⁻¹W).
    fn trace_of(&self, scatter: &[f64]) -> f64 {
        scatter.iter().zip(&self.shape).map(|(w, c)| w / c).sum()
    }
}

impl Shape for Diagonal {
    fn settle(&mut self, volumes: &[f64]) -> Result<(), BadPivot> {
        self.shape.fill(0.0);
        let dim = self.shape.len();
        for (scatter, volume) in self.scatters.chunks_exact(dim).zip(volumes) {
            let share = self.total * volume;
            for (c, w) in self.shape.iter_mut().zip(scatter) {
                *c += w / share;
            }
        }
        let is_bad = |c: &f64| !(*c >= f64::MIN_POSITIVE && c.is_finite());
        self.shape
            .iter()
            .position(is_bad)
            .map_or(Ok(()), |column| Err(BadPivot(column)))
    }

    fn log_det(&self) -> f64 {
        self.shape.iter().map(|c| c.ln()).sum()
    }

    fn trace(&self, k: usize) -> f64 {
        let dim = self.shape.len();
        self.trace_of(&self.scatters[k * dim..][..dim])
    }

    fn products(&self, volumes: &[f64]) -> Vec<f64> {
        let dim = self.shape.len();
        let mut whitened = Vec::with_capacity(self.scatters.len());
        for (scatter, volume) in self.scatters.chunks_exact(dim).zip(volumes) {
            let share = self.total * volume;
            whitened.extend(scatter.iter().zip(&self.shape).map(|(w, c)| w / share / c));
        }
        gram(&whitened, dim)
    }
}

/// Scatters as matrices.
struct Full<'p> {
    scatters: Vec<&'p [f64]>,
    shape: Cholesky,
    /// C⁻¹, its entries off the diagonal doubled.
    inverse: Vec<f64>,
    total: f64,
}

impl<'p> Full<'p> {
    fn new(
        scatters: Vec<&'p [f64]>,
        volumes: &[f64],
        dim: usize,
        total: f64,
    ) -> Result<Self, BadPivot> {
        let shape = Cholesky::new(&mean_shape(&scatters, volumes, total), dim)?;
        let inverse = doubled(&shape);
        Ok(Self {
            scatters,
            shape,
            inverse,
            total,
        })
    }

    /// tr(C⁻¹W).
    fn trace_of(&self, scatter: &[f64]) -> f64 {
        dot(&self.inverse, scatter)
    }
}

fn mean_shape(scatters: &[&[f64]], volumes: &[f64], total: f64) -> Vec<f64> {
    let mut shape = vec![0.0; scatters.first().map_or(0, |s| s.len())];
    for (scatter, volume) in scatters.iter().zip(volumes) {
        let share = 1.0 / (total * volume);
        // Its reciprocal overflows before it is nothing.
        if share.is_finite() && share >= f64::MIN_POSITIVE {
            shape
                .iter_mut()
                .zip(*scatter)
                .for_each(|(c, w)| *c += w * share);
        } else {
            shape
                .iter_mut()
                .zip(*scatter)
                .for_each(|(c, w)| *c += w / volume / total);
        }
    }
    shape
}

fn doubled(shape: &Cholesky) -> Vec<f64> {
    let mut inverse = shape.inverse();
    for i in 0..shape.dim() {
        inverse[lower(i, 0)..lower(i, i)]
            .iter_mut()
            .for_each(|x| *x *= 2.0);
    }
    inverse
}

impl Shape for Full<'_> {
    fn settle(&mut self, volumes: &[f64]) -> Result<(), BadPivot> {
        let shape = mean_shape(&self.scatters, volumes, self.total);
        self.shape = Cholesky::new(&shape, self.shape.dim())?;
        self.inverse = doubled(&self.shape);
        Ok(())
    }

    fn log_det(&self) -> f64 {
        self.shape.log_det()
    }

    fn trace(&self, k: usize) -> f64 {
        self.trace_of(self.scatters[k])
    }

    /// The products of L⁻¹WₖL⁻ᵀ as vectors, C = LLᵀ.
    fn products(&self, volumes: &[f64]) -> Vec<f64> {
        let dim = self.shape.dim();
        let mut whitened = Vec::with_capacity(self.scatters.len() * dim * dim);
        let row = |i: usize| &self.shape.inverse_factor()[lower(i, 0)..=lower(i, i)];
        let mut half = vec![0.0; dim];
        for (scatter, volume) in self.scatters.iter().zip(volumes) {
            let share = self.total * volume;
            for i in 0..dim {
                for (l, h) in half.iter_mut().enumerate() {
                    let entries = row(i).iter().enumerate();
                    *h = entries
                        .map(|(m, a)| a * scatter[lower(l.max(m), l.min(m))])
                        .sum();
                }
                whitened.extend((0..dim).map(|j| dot(row(j), &half[..=j]) / share));
            }
        }
        gram(&whitened, dim * dim)
    }
}

/// The inner products of rows of `width` numbers, lower triangle.
fn gram(rows: &[f64], width: usize) -> Vec<f64> {
    let n = rows.len() / width;
    let row = |i: usize| &rows[i * width..][..width];
    let pairs = (0..n).flat_map(|i| (0..=i).map(move |j| (i, j)));
    pairs.map(|(i, j)| dot(row(i), row(j))).collect()
}

/// Brings the volumes, and with them the shape, to the minimum.
fn minimise(
    shape: &mut impl Shape,
    group: &Group<'_>,
    volumes: &mut Vec<f64>,
) -> Result<(), Refusal> {
    check(volumes)?;
    shape.settle(volumes)?;
    if group.n_live < 2 {
        return Ok(());
    }
    let dim = group.dim as f64;
    let mut last = f64::INFINITY;
    for _ in 0..PLAIN_ROUNDS {
        let mut change = 0.0f64;
        for (k, (volume, part)) in volumes.iter_mut().zip(group.live()).enumerate() {
            let next = shape.trace(k) / (dim * part.weight);
            change = change.max((next / *volume - 1.0).abs());
            *volume = next;
        }
        check(volumes)?;
        shape.settle(volumes)?;
        // What is left of a geometric series.
        if change <= SETTLED * (1.0 - change / last) {
            return Ok(());
        }
        last = change;
    }
    for _ in 0..NEWTON_STEPS {
        let Some(step) = newton_step(shape, group, volumes) else {
            break;
        };
        let longest = step.iter().fold(0.0f64, |a, s| a.max(s.abs()));
        let before = shape.log_det();
        // Of Φ without what the steps do not change.
        let live = || group.live().iter().zip(&step);
        let slope = dim * live().map(|(part, s)| part.weight * s).sum::<f64>();
        let kept = volumes.clone();
        let mut factor = 2.0 * (LONGEST / longest).min(1.0);
        let is_lower = (0..HALVINGS).any(|_| {
            factor *= 0.5;
            volumes.clear();
            volumes.extend(kept.iter().zip(&step).map(|(v, s)| v * (factor * s).exp()));
            shape.settle(volumes).is_ok()
                && (longest <= NEAR
                    || factor * slope + group.total * (shape.log_det() - before) < 0.0)
        });
        if !is_lower {
            *volumes = kept;
            return Ok(shape.settle(volumes)?);
        }
        if longest <= SETTLED {
            break;
        }
    }
    Ok(())
}

/// Refuses the first component that has no volume.
fn check(volumes: &[f64]) -> Result<(), Refusal> {
    let is_bad = |v: &f64| !(*v >= f64::MIN_POSITIVE && v.is_finite());
    match volumes.iter().position(is_bad) {
        Some(part) => Err(Refusal { part, column: 0 }),
        None => Ok(()),
    }
}

/// −H⁻¹g of Φ in ln λ. H does not know the scale that λ and C share; what fixes it changes nothing else, since g
/// sums to 0.
fn newton_step(shape: &impl Shape, group: &Group<'_>, volumes: &[f64]) -> Option<Vec<f64>> {
    let k = group.n_live;
    let n = group.total;
    let dim = group.dim as f64;
    let parts: Vec<f64> = (0..k).map(|i| shape.trace(i) / volumes[i] / n).collect();
    let mut hessian = shape.products(volumes);
    let scale = dim / (k * k) as f64;
    for i in 0..k {
        for j in 0..=i {
            let entry = &mut hessian[lower(i, j)];
            *entry = scale - *entry;
        }
        hessian[lower(i, i)] += parts[i];
    }
    let gradient = group.live().iter().zip(&parts);
    let gradient: Vec<f64> = gradient
        .map(|(part, p)| dim * part.weight / n - p)
        .collect();
    let step = solve(hessian, &gradient)?;
    let is_step = step.iter().all(|s| s.is_finite()) && step.iter().any(|s| *s != 0.0);
    is_step.then_some(step)
}

/// −H⁻¹g for a positive definite H.
pub(super) fn solve(hessian: Vec<f64>, gradient: &[f64]) -> Option<Vec<f64>> {
    let n = gradient.len();
    let h = Cholesky::new(&hessian, n).ok()?;
    let w = h.inverse_factor();
    let half: Vec<f64> = (0..n)
        .map(|i| dot(&w[lower(i, 0)..=lower(i, i)], &gradient[..=i]))
        .collect();
    let entry = |j: usize| -(j..n).map(|i| w[lower(i, j)] * half[i]).sum::<f64>();
    Some((0..n).map(entry).collect())
}

/// Volumes to begin with: those of `now`, else mean variances.
fn first_volumes(
    group: &Group<'_>,
    now: Option<&[&Covariance]>,
    trace: impl Fn(usize) -> f64,
) -> Vec<f64> {
    let dim = group.dim as f64;
    match now {
        Some(now) => now.iter().map(|c| (c.log_det() / dim).exp()).collect(),
        None => {
            let live = group.live().iter().enumerate();
            live.map(|(k, part)| trace(k) / (part.weight * dim))
                .collect()
        }
    }
}

/// λₖA, all diagonal.
pub(super) fn vei(
    group: &Group<'_>,
    now: Option<&[&Covariance]>,
) -> Result<Vec<Covariance>, Refusal> {
    let parts = group.live();
    let scatters = parts.iter().map(|p| p.scatter.as_slice());
    let mut shape = Diagonal::new(scatters, group.dim, group.total);
    let mut volumes = first_volumes(group, now, |k| parts[k].scatter.iter().sum());
    minimise(&mut shape, group, &mut volumes)?;
    group.each(|i, part| {
        let own = || shape.trace_of(&part.scatter) / (group.dim as f64 * part.weight);
        let volume = volumes.get(i).copied().unwrap_or_else(own);
        Covariance::diagonal(shape.shape.iter().map(|c| c * volume).collect())
    })
}

/// λₖDADᵀ.
pub(super) fn vee(
    group: &Group<'_>,
    now: Option<&[&Covariance]>,
) -> Result<Vec<Covariance>, Refusal> {
    let parts = group.live();
    let dim = group.dim;
    let trace = |k: usize| (0..dim).map(|j| parts[k].scatter[lower(j, j)]).sum();
    let mut volumes = first_volumes(group, now, trace);
    check(&volumes)?;
    let scatters = parts.iter().map(|p| p.scatter.as_slice()).collect();
    let mut shape = Full::new(scatters, &volumes, dim, group.total)?;
    minimise(&mut shape, group, &mut volumes)?;
    group.factored(|i, part| {
        let own = || shape.trace_of(&part.scatter) / (dim as f64 * part.weight);
        let volume = volumes.get(i).copied().unwrap_or_else(own);
        shape.shape.matrix().iter().map(|c| c * volume).collect()
    })
}

/// λₖDₖADₖᵀ: the axes of each Wₖ, and of their sorted eigenvalues what VEI makes of variances.
pub(super) fn vev(
    group: &Group<'_>,
    now: Option<&[&Covariance]>,
) -> Result<Vec<Covariance>, Refusal> {
    let axes = axes_of(group)?;
    let (live, dim) = (&axes[..group.n_live], group.dim);
    let mut shape = Diagonal::new(live.iter().map(|e| e.values.as_slice()), dim, group.total);
    let mut volumes = first_volumes(group, now, |k| axes[k].values.iter().sum());
    minimise(&mut shape, group, &mut volumes)?;
    group.factored(|i, part| {
        let own = || shape.trace_of(&axes[i].values) / (dim as f64 * part.weight);
        let volume = volumes.get(i).copied().unwrap_or_else(own);
        compose(&axes[i].axes, shape.shape.iter().map(|c| c * volume), dim)
    })
}
