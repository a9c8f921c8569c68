//! Axes that all components share: EVE and VVE.
//!
//! For axes D with Vₖ = DᵀWₖD and inverse eigenvalues bₖ, the axes of a plane (j, l) are best turned to the least
//! eigenvector of the 2 × 2 block of Σₖ (bₖⱼ − bₖₗ)Vₖ; eigenvalues given axes have closed forms. Plane after plane
//! in turn with eigenvalues never raises the objective (after Flury & Gautschi, *SIAM J. Sci. Stat. Comput.* 7,
//! 1986; Celeux & Govaert 1995 for EVE).

use super::{Group, Part, Refusal, mean_volume, pool};
use crate::cholesky::{BadPivot, dot};
use crate::covariance::Covariance;
use crate::eigen::{Eigen, compose, pair, root};
use crate::moments::lower;
use crate::simd::{Task, Vector, dispatch};

/// Gain of a sweep, per row and feature, below which the axes are found.
const SETTLED: f64 = 1e-13;

/// Sweeps after which the search ends: it is slow only where nearly nothing is left to gain.
const SWEEPS: usize = 300;

/// The same from axes that are known. An M-step that only gains something leads to the same optimum (generalised EM;
/// Dempster, Laird & Rubin 1977), but what SQUAREM extrapolates must be settled.
const STEPS: usize = 20;

/// Turns within one plane before the next.
const TURNS: usize = 4;

/// Angle that counts as long when sweeps are extrapolated.
const LONGEST: f64 = 0.5;

/// Squares that have lost no digits to underflow.
const LEAST_SQUARE: f64 = 1e-280;

/// How far from diagonal, relatively, covariances may be in axes that count as theirs.
const DIAGONAL: f64 = 1e-7;

/// Scatters seen along common axes.
struct Turning {
    dim: usize,
    /// nₖ.
    weights: Vec<f64>,
    /// The axes, one after the other.
    axes: Vec<f64>,
    /// Of each component D rows, the coordinates Yₖ of a root of Wₖ along each axis: Vₖ = YₖYₖᵀ.
    roots: Vec<f64>,
    /// The diagonals of Vₖ.
    variances: Vec<f64>,
    /// bₖ.
    inverse: Vec<f64>,
    /// Of one plane: the blocks of all Vₖ.
    blocks: Vec<[f64; 3]>,
    /// By how much the last sweep turned each plane: 2 tan(θ/2), which is the angle where that is small.
    angles: Vec<f64>,
    objective: f64,
}

impl Turning {
    /// From roots of the scatters, as [`root`] gives them.
    fn new(weights: Vec<f64>, columns: &[f64], axes: Vec<f64>, dim: usize) -> Self {
        let k = weights.len();
        let mut roots = vec![0.0; k * dim * dim];
        for (root, columns) in roots
            .chunks_exact_mut(dim * dim)
            .zip(columns.chunks_exact(dim * dim))
        {
            for (row, axis) in root.chunks_exact_mut(dim).zip(axes.chunks_exact(dim)) {
                for (y, column) in row.iter_mut().zip(columns.chunks_exact(dim)) {
                    *y = dot(axis, column);
                }
            }
        }
        Self {
            dim,
            axes,
            roots,
            variances: vec![0.0; k * dim],
            inverse: vec![0.0; k * dim],
            blocks: vec![[0.0; 3]; k],
            angles: Vec::new(),
            objective: f64::INFINITY,
            weights,
        }
    }

    /// The best eigenvalues along the axes, and the objective with them, but for constants: Σₖ nₖ Σⱼ ln Vₖⱼⱼ for
    /// own volumes, nD ln Σₖ |diag Vₖ|^(1/D) for one.
    #[inline(always)]
    fn settle<const ONE_VOLUME: bool>(&mut self) {
        let dim = self.dim;
        for (variance, y) in self.variances.iter_mut().zip(self.roots.chunks_exact(dim)) {
            *variance = dot(y, y);
        }
        let total: f64 = self.weights.iter().sum();
        let logs = self.variances.chunks_exact(dim);
        let logs: Vec<f64> = logs.map(|v| v.iter().map(|v| v.ln()).sum()).collect();
        let shared = if ONE_VOLUME {
            let means: Vec<f64> = logs.iter().map(|log| log / dim as f64).collect();
            mean_volume(&means, total)
        } else {
            0.0
        };
        self.objective = 0.0;
        for (k, (inverse, variances)) in self
            .inverse
            .chunks_exact_mut(dim)
            .zip(self.variances.chunks_exact(dim))
            .enumerate()
        {
            let n = self.weights[k];
            let weight = if ONE_VOLUME {
                (logs[k] / dim as f64 - shared).exp()
            } else {
                self.objective += n * (logs[k] - dim as f64 * n.ln());
                n
            };
            inverse
                .iter_mut()
                .zip(variances)
                .for_each(|(b, v)| *b = weight / v);
        }
        if ONE_VOLUME {
            self.objective = total * dim as f64 * shared;
        }
    }

    /// Turns every plane once.
    #[inline(always)]
    fn sweep<const ONE_VOLUME: bool>(&mut self) {
        self.angles.clear();
        for l in 1..self.dim {
            for j in 0..l {
                let (c, s) = self.turn::<ONE_VOLUME>(j, l).unwrap_or((1.0, 0.0));
                self.angles.push(2.0 * s / (1.0 + c));
                if s != 0.0 {
                    self.rotate(j, l, c, s);
                }
            }
        }
    }

    /// Turns axis j towards axis l.
    #[inline(always)]
    fn rotate(&mut self, j: usize, l: usize, c: f64, s: f64) {
        let dim = self.dim;
        let of_all = self.roots.chunks_exact_mut(dim * dim);
        for rows in of_all.chain(std::iter::once(self.axes.as_mut_slice())) {
            let (x, y) = pair(rows, dim, j, l);
            for (x, y) in x.iter_mut().zip(y) {
                (*x, *y) = (c * *x + s * *y, c * *y - s * *x);
            }
        }
    }

    /// Cosine and sine of the best turn of axis j towards axis l, none if there is nothing to turn; the
    /// eigenvalues are those after it.
    #[inline(always)]
    fn turn<const ONE_VOLUME: bool>(&mut self, j: usize, l: usize) -> Option<(f64, f64)> {
        let dim = self.dim;
        for (k, block) in self.blocks.iter_mut().enumerate() {
            let row = |i: usize| &self.roots[(k * dim + i) * dim..][..dim];
            let at = k * dim;
            *block = [
                self.variances[at + j],
                dot(row(j), row(l)),
                self.variances[at + l],
            ];
        }
        let (mut c, mut s) = (1.0, 0.0);
        for turn in 0..TURNS {
            let [mut half, mut off] = [0.0; 2];
            for (block, b) in self.blocks.iter().zip(self.inverse.chunks_exact(dim)) {
                let weight = b[j] - b[l];
                half += 0.5 * weight * (block[0] - block[2]);
                off += weight * block[1];
            }
            let Some((cos, sin)) = least_axis(half, off) else {
                if turn == 0 {
                    return None;
                }
                break;
            };
            (c, s) = (c * cos - s * sin, s * cos + c * sin);
            for (k, block) in self.blocks.iter_mut().enumerate() {
                let [a, e, d] = *block;
                let cross = 2.0 * cos * sin * e;
                // What rounding takes below 0 is found anew after the sweep.
                let least = f64::EPSILON * f64::EPSILON * (a + d);
                *block = [
                    (cos * cos * a + cross + sin * sin * d).max(least),
                    cos * sin * (d - a) + (cos * cos - sin * sin) * e,
                    (sin * sin * a - cross + cos * cos * d).max(least),
                ];
                let b = &mut self.inverse[k * dim..][..dim];
                if ONE_VOLUME {
                    // The product is the shape's to keep.
                    let product = b[j].sqrt() * b[l].sqrt();
                    let quotient = (block[2] / block[0]).sqrt();
                    (b[j], b[l]) = (product * quotient, product / quotient);
                } else {
                    (b[j], b[l]) = (self.weights[k] / block[0], self.weights[k] / block[2]);
                }
            }
            if sin.abs() < 1e-3 {
                break;
            }
        }
        for (variances, block) in self.variances.chunks_exact_mut(dim).zip(&self.blocks) {
            (variances[j], variances[l]) = (block[0], block[2]);
        }
        Some((c, s))
    }

    /// Turns the axes until nothing is gained, `n_sweeps` times at most.
    #[inline(always)]
    fn minimise<const ONE_VOLUME: bool>(&mut self, n_sweeps: usize) {
        let rows: f64 = self.weights.iter().sum();
        let little = SETTLED * rows * self.dim as f64;
        self.settle::<ONE_VOLUME>();
        let mut last: Vec<f64> = Vec::new();
        for _ in 0..n_sweeps {
            let before = self.objective;
            self.sweep::<ONE_VOLUME>();
            self.settle::<ONE_VOLUME>();
            // Also where it is no number.
            let gain = before - self.objective;
            let gains = gain > little;
            if !gains {
                break;
            }
            if last.is_empty() {
                last.clone_from(&self.angles);
            } else {
                self.go_beyond::<ONE_VOLUME>(&last);
                last.clear();
            }
        }
    }

    /// Turns on as far as two sweeps of angles r and r + v in a row suggest, by 2(α−1)r + (α²−1)v with α = ‖r‖/‖v‖
    /// (Varadhan & Roland 2008), and back where that is worse.
    #[inline(always)]
    fn go_beyond<const ONE_VOLUME: bool>(&mut self, first: &[f64]) {
        let angles = || first.iter().zip(&self.angles);
        let r: f64 = first.iter().map(|r| r * r).sum();
        let v: f64 = angles().map(|(r, s)| (s - r) * (s - r)).sum();
        let alpha = (r / v).sqrt().min(LONGEST / r.sqrt());
        // Also where it is no number.
        let is_longer = alpha > 1.0;
        if !is_longer {
            return;
        }
        let further: Vec<f64> = angles()
            .map(|(r, s)| 2.0 * (alpha - 1.0) * r + (alpha * alpha - 1.0) * (s - r))
            .collect();
        let kept = (self.axes.clone(), self.roots.clone(), self.objective);
        let mut further = further.into_iter();
        for l in 1..self.dim {
            for (j, angle) in (0..l).zip(further.by_ref()) {
                let tangent = 0.5 * angle;
                let scale = 1.0 / (1.0 + tangent * tangent);
                let cos = (1.0 - tangent * tangent) * scale;
                self.rotate(j, l, cos, 2.0 * tangent * scale);
            }
        }
        self.settle::<ONE_VOLUME>();
        let is_better = self.objective < kept.2;
        if !is_better {
            (self.axes, self.roots, self.objective) = kept;
            self.settle::<ONE_VOLUME>();
        }
    }

    /// Whether all Vₖ are diagonal.
    fn is_diagonal(&self) -> bool {
        let dim = self.dim;
        self.roots.chunks_exact(dim * dim).all(|rows| {
            let row = |i: usize| &rows[i * dim..][..dim];
            let length = |i: usize| dot(row(i), row(i)).sqrt();
            (0..dim).all(|i| {
                (0..i).all(|j| dot(row(i), row(j)).abs() <= DIAGONAL * length(i) * length(j))
            })
        })
    }
}

/// [`Turning::minimise`] at the processor's level.
struct Minimise<'t, const ONE_VOLUME: bool> {
    turning: &'t mut Turning,
    n_sweeps: usize,
}

impl<const ONE_VOLUME: bool> Task for Minimise<'_, ONE_VOLUME> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        self.turning.minimise::<ONE_VOLUME>(self.n_sweeps);
    }
}

/// (cos θ, sin θ) least in [cos θ, sin θ] M [cos θ, sin θ]ᵀ, for half the difference of the diagonal of M and what is
/// off it. None if M does not turn.
#[inline(always)]
fn least_axis(half: f64, off: f64) -> Option<(f64, f64)> {
    let square = half * half + off * off;
    // `hypot` takes several times as long, for what overflows or underflows between.
    let length = if (LEAST_SQUARE..f64::INFINITY).contains(&square) {
        square.sqrt()
    } else {
        half.hypot(off)
    };
    // Also where they are no numbers.
    let is_axis = length > 0.0 && off != 0.0;
    if !is_axis && half <= 0.0 || length.is_nan() {
        return None;
    }
    let (cos2, sin2) = (-half / length, -off / length);
    if cos2 >= 0.0 {
        let cos = (0.5 * (1.0 + cos2)).sqrt();
        Some((cos, sin2 / (2.0 * cos)))
    } else {
        let sin = (0.5 * (1.0 - cos2)).sqrt();
        Some((sin2 / (2.0 * sin), sin))
    }
}

/// λDAₖDᵀ, or λₖDAₖDᵀ.
pub(super) fn common_axes<const ONE_VOLUME: bool>(
    group: &Group<'_>,
    now: Option<&[&Covariance]>,
) -> Result<Vec<Covariance>, Refusal> {
    let dim = group.dim;
    let roots = roots_of(group.live().iter().map(|p| p.scatter.as_slice()), dim)?;
    let weights: Vec<f64> = group.live().iter().map(|p| p.weight).collect();
    let known = now.and_then(|now| axes_of_all(now, dim));
    let n_sweeps = if known.is_some() { STEPS } else { SWEEPS };
    let axes = match known {
        Some(axes) => axes,
        None => {
            let pooled = pool(group.live(), lower(dim, 0));
            Eigen::of(&pooled.scatter, dim).ok_or(BadPivot(0))?.axes
        }
    };
    let mut best = Turning::new(weights, &roots, axes, dim);
    dispatch(Minimise::<ONE_VOLUME> {
        turning: &mut best,
        n_sweeps,
    });
    let total = group.total;
    let log_volume = |v: &[f64]| v.iter().map(|v| v.ln()).sum::<f64>() / dim as f64;
    let of_live: Vec<f64> = best.variances.chunks_exact(dim).map(log_volume).collect();
    let shared = mean_volume(&of_live, total);
    group.factored(|i, part| {
        let stand_in;
        let variances = match best.variances.chunks_exact(dim).nth(i) {
            Some(variances) => variances,
            None => {
                stand_in = along(part, &best.axes, dim);
                &stand_in
            }
        };
        let factor = if ONE_VOLUME {
            (shared - log_volume(variances)).exp()
        } else {
            1.0 / part.weight
        };
        compose(&best.axes, variances.iter().map(|v| v * factor), dim)
    })
}

fn roots_of<'s>(
    scatters: impl Iterator<Item = &'s [f64]>,
    dim: usize,
) -> Result<Vec<f64>, Refusal> {
    let mut roots = Vec::new();
    for (part, scatter) in scatters.enumerate() {
        roots.extend(root(scatter, dim).ok_or(Refusal { part, column: 0 })?);
    }
    Ok(roots)
}

/// The diagonal of DᵀWD.
fn along(part: &Part, axes: &[f64], dim: usize) -> Vec<f64> {
    let entry = |i: usize, j: usize| part.scatter[lower(i.max(j), i.min(j))];
    let of_axis = |a: &[f64]| -> f64 {
        let row = |i: usize| a[i] * (0..dim).map(|j| a[j] * entry(i, j)).sum::<f64>();
        (0..dim).map(row).sum()
    };
    axes.chunks_exact(dim).map(of_axis).collect()
}

/// The axes that covariances have in common: those of a sum of them with weights that hardly make different
/// eigenvalues equal, turned until all are diagonal where they did.
fn axes_of_all(covariances: &[&Covariance], dim: usize) -> Option<Vec<f64>> {
    let triangle = |c: &Covariance| -> Vec<f64> {
        let pairs = (0..dim).flat_map(|i| (0..=i).map(move |j| (i, j)));
        pairs.map(|(i, j)| c.entry(i, j)).collect()
    };
    let triangles: Vec<Vec<f64>> = covariances.iter().map(|c| triangle(c)).collect();
    let mut sum = vec![0.0; lower(dim, 0)];
    let mut weight = 0.5;
    for (triangle, covariance) in triangles.iter().zip(covariances) {
        /// The golden ratio's part after the point: its multiples keep apart.
        const STEP: f64 = 0.618_033_988_749_894_9;
        weight = (weight + STEP) % 1.0;
        let size = (covariance.log_det() / dim as f64).exp();
        sum.iter_mut()
            .zip(triangle)
            .for_each(|(s, t)| *s += (1.0 + weight) * t / size);
    }
    let axes = Eigen::of(&sum, dim)?.axes;
    let roots = roots_of(triangles.iter().map(Vec::as_slice), dim).ok()?;
    let mut turning = Turning::new(vec![1.0; covariances.len()], &roots, axes, dim);
    if !turning.is_diagonal() {
        turning.minimise::<false>(SWEEPS);
    }
    Some(turning.axes)
}
