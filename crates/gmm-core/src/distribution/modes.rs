//! Where the density of a mixture is highest.

use ndarray::Array2;

use super::line::Line;
use crate::cholesky::{Cholesky, dot};
use crate::eigen::Eigen;
use crate::error::GmmError;
use crate::gmm::Gmm;
use crate::log_space::log_sum_exp_of;
use crate::moments::lower;

/// Steps of one climb.
const MOST_STEPS: usize = 1000;
/// A slope below this, in deviations, is the top's; and tops closer than this are one.
const LEVEL: f64 = 1e-10;
const SAME: f64 = 1e-4;
/// How far a climb starts from a saddle, in deviations, and how often one may be left.
const PUSH: f64 = 0.1;
const MOST_SADDLES: usize = 8;

/// A place of highest density.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Mode {
    /// Where it is, D.
    pub place: Vec<f64>,
    /// ln p there.
    pub log_density: f64,
    /// The components from whose means the density leads up to it.
    pub components: Vec<usize>,
}

impl Gmm {
    /// The modes of the density, the highest first.
    ///
    /// In one column these are all there are, at most K: zeros of the slope between which it was looked at an eighth of a
    /// deviation apart. In more they are those that the mean of some component with a share leads to
    /// (Carreira-Perpiñán, *IEEE Trans. PAMI* 22, 2000: fixed-point steps, which never lead down, and Newton's near the
    /// top); Gaussians of different covariances can have further modes, more than components, to which none does. A
    /// background is as high everywhere and has no part in it; where it has the whole share, there is no mode. Components whose mean is a saddle lead to the tops on both
    /// sides of it.
    ///
    /// # Errors
    /// Those of [`log_prob`](Self::log_prob), for means beyond all numbers.
    pub fn modes(&self) -> Result<Vec<Mode>, GmmError> {
        let tops = self.tops();
        let d = self.n_features();
        let places = Array2::from_shape_fn((tops.len(), d), |(i, j)| tops[i].0[j]);
        let log_densities = self.log_prob(&places)?;
        let tops = tops.into_iter().zip(log_densities);
        let mut modes: Vec<Mode> = tops
            .map(|((place, components), log_density)| Mode {
                place,
                log_density,
                components,
            })
            .collect();
        modes.sort_by(|a, b| b.log_density.total_cmp(&a.log_density));
        Ok(modes)
    }

    /// The place of the highest of them.
    pub(super) fn highest(&self) -> Vec<f64> {
        let line = Line::of(self);
        let landscape = Landscape::of(self);
        let height = |x: &[f64]| match &line {
            Some(line) => line.log_density(x[0]).0,
            None => landscape.height(&landscape.standardised(x)),
        };
        let tops = self.tops().into_iter().map(|(place, _)| place);
        let heights = tops.map(|place: Vec<f64>| (height(&place), place));
        let highest = heights.reduce(|best, other| if other.0 > best.0 { other } else { best });
        highest.map_or_else(|| self.components()[0].mean().to_vec(), |(_, place)| place)
    }

    /// Places of the modes, with the components that lead to them, in no order.
    fn tops(&self) -> Vec<(Vec<f64>, Vec<usize>)> {
        match Line::of(self) {
            Some(line) => self.tops_of_line(&line),
            None => Landscape::of(self).tops(),
        }
    }

    fn tops_of_line(&self, line: &Line) -> Vec<(Vec<f64>, Vec<usize>)> {
        let (modes, lows) = line.turns();
        let weights = self.weights();
        let mut tops: Vec<_> = modes.into_iter().map(|x| (vec![x], Vec::new())).collect();
        for (k, component) in self.components().iter().enumerate() {
            let mean = component.mean()[0];
            let side = lows.partition_point(|low| *low < mean);
            if let Some((_, from)) = tops.get_mut(side).filter(|_| weights[k] > 0.0) {
                from.push(k);
            }
        }
        tops
    }
}

/// A component, measured in units of the landscape.
struct Hill {
    component: usize,
    /// ln of share over √|Σ|.
    log_height: f64,
    mean: Vec<f64>,
    /// Lower triangle of Σ⁻¹.
    precision: Vec<f64>,
}

/// A mixture about its mean, each feature in units of its mean deviation within the components, so that neither far
/// places nor small units cost digits.
struct Landscape {
    origin: Vec<f64>,
    unit: Vec<f64>,
    hills: Vec<Hill>,
}

/// The density at a place, to second order, in units in which the mean precision Σ rₖΣₖ⁻¹ there is I: the slope of its
/// logarithm is a fixed-point step, and the curvature of that is the spread of the slopes of the hills less the square of
/// the slope and less I.
struct Slope {
    log_density: f64,
    /// W with WᵀW the inverse of the mean precision.
    whitener: Cholesky,
    gradient: Vec<f64>,
    /// Lower triangle of Σ rₖuₖuₖᵀ with the slopes u of the hills.
    spread: Vec<f64>,
}

impl Landscape {
    fn of(gmm: &Gmm) -> Self {
        let d = gmm.n_features();
        let weights = gmm.weights();
        let with_share = || {
            let components = gmm.components().iter().zip(weights.iter()).enumerate();
            components.filter(|(_, (_, w))| **w > 0.0)
        };
        let sum = weights.sum();
        let unit: Vec<f64> = (0..d)
            .map(|j| {
                let deviation = |c: &crate::gaussian::Gaussian| c.covariance().entry(j, j).sqrt();
                with_share().map(|(_, (c, w))| w / sum * deviation(c)).sum()
            })
            .collect();
        let origin = gmm.total_mean().to_vec();
        let hill = |(component, (c, w)): (usize, (&crate::gaussian::Gaussian, &f64))| {
            let precision = c.covariance().precision();
            let scaled = |i: usize, j: usize| precision[i][j] * unit[i] * unit[j];
            Hill {
                component,
                log_height: w.ln() - 0.5 * c.covariance().log_det(),
                mean: (0..d)
                    .map(|j| (c.mean()[j] - origin[j]) / unit[j])
                    .collect(),
                precision: (0..d)
                    .flat_map(|i| (0..=i).map(move |j| (i, j)))
                    .map(|(i, j)| scaled(i, j))
                    .collect(),
            }
        };
        let hills = with_share().map(hill).collect();
        Self {
            origin,
            unit,
            hills,
        }
    }

    fn standardised(&self, x: &[f64]) -> Vec<f64> {
        (0..x.len())
            .map(|j| (x[j] - self.origin[j]) / self.unit[j])
            .collect()
    }

    /// ℓₖ of each hill at a place, and the slope uₖ = Σₖ⁻¹(μₖ − x) of its logarithm.
    fn hills_at(&self, x: &[f64]) -> Vec<(f64, Vec<f64>)> {
        let at = |hill: &Hill| {
            let offset: Vec<f64> = hill.mean.iter().zip(x).map(|(m, x)| m - x).collect();
            let slope = times(&hill.precision, &offset);
            (hill.log_height - 0.5 * dot(&offset, &slope), slope)
        };
        self.hills.iter().map(at).collect()
    }

    /// ln of the density but for a constant.
    fn height(&self, x: &[f64]) -> f64 {
        let logs: Vec<f64> = self.hills_at(x).into_iter().map(|(l, _)| l).collect();
        log_sum_exp_of(&logs)
    }

    fn slope(&self, x: &[f64]) -> Slope {
        let d = x.len();
        let hills = self.hills_at(x);
        let logs: Vec<f64> = hills.iter().map(|(l, _)| *l).collect();
        let log_density = log_sum_exp_of(&logs);
        let shares: Vec<f64> = logs.iter().map(|l| (l - log_density).exp()).collect();
        let mut precision = vec![0.0; lower(d, 0)];
        for (hill, r) in self.hills.iter().zip(&shares) {
            let entries = precision.iter_mut().zip(&hill.precision);
            entries.for_each(|(sum, p)| *sum += r * p);
        }
        let whitener = Cholesky::to_rounding(precision, d);
        let (mut gradient, mut spread) = (vec![0.0; d], vec![0.0; lower(d, 0)]);
        for ((_, u), r) in hills.iter().zip(&shares) {
            let u = whitener.whitened(u);
            for i in 0..d {
                gradient[i] += r * u[i];
                for j in 0..=i {
                    spread[lower(i, j)] += r * u[i] * u[j];
                }
            }
        }
        Slope {
            log_density,
            whitener,
            gradient,
            spread,
        }
    }

    /// From a place up to where the density is level.
    fn climb(&self, mut x: Vec<f64>) -> (Vec<f64>, Slope) {
        let mut slope = self.slope(&x);
        for _ in 0..MOST_STEPS {
            if dot(&slope.gradient, &slope.gradient) <= LEVEL * LEVEL {
                break;
            }
            let newton = slope.newton_step().map(|step| moved(&x, &slope, &step));
            let uphill = newton.map(|place| (self.slope(&place), place));
            (slope, x) = match uphill.filter(|(next, _)| next.log_density > slope.log_density) {
                Some(next) => next,
                None => {
                    let place = moved(&x, &slope, &slope.gradient);
                    (self.slope(&place), place)
                }
            };
        }
        (x, slope)
    }

    /// The tops that a place leads to.
    fn tops_from(&self, start: Vec<f64>) -> Vec<(Vec<f64>, Slope)> {
        let (mut starts, mut tops) = (vec![start], Vec::new());
        let mut n_saddles = 0;
        while let Some(start) = starts.pop() {
            let (x, slope) = self.climb(start);
            match slope
                .way_off_a_saddle()
                .filter(|_| n_saddles < MOST_SADDLES)
            {
                Some(way) => {
                    n_saddles += 1;
                    for sign in [PUSH, -PUSH] {
                        let step: Vec<f64> = way.iter().map(|w| sign * w).collect();
                        starts.push(moved(&x, &slope, &step));
                    }
                }
                None => tops.push((x, slope)),
            }
        }
        tops
    }

    fn tops(&self) -> Vec<(Vec<f64>, Vec<usize>)> {
        let mut tops: Vec<(Vec<f64>, Vec<usize>)> = Vec::new();
        for hill in &self.hills {
            for (x, slope) in self.tops_from(hill.mean.clone()) {
                let is_same =
                    |(top, _): &&mut (Vec<f64>, Vec<usize>)| slope.distance(&x, top) <= SAME;
                match tops.iter_mut().find(is_same) {
                    Some((_, from)) if from.last() == Some(&hill.component) => {}
                    Some((_, from)) => from.push(hill.component),
                    None => tops.push((x, vec![hill.component])),
                }
            }
        }
        for (top, _) in &mut tops {
            for (j, x) in top.iter_mut().enumerate() {
                *x = self.origin[j] + self.unit[j] * *x;
            }
        }
        tops
    }
}

impl Slope {
    /// Newton's step, where the density curves down in all directions and no farther than a deviation, so that it stays
    /// on its hill.
    fn newton_step(&self) -> Option<Vec<f64>> {
        let d = self.gradient.len();
        let mut curvature: Vec<f64> = self.spread.iter().map(|s| -s).collect();
        for i in 0..d {
            curvature[lower(i, i)] += 1.0;
            for j in 0..=i {
                curvature[lower(i, j)] += self.gradient[i] * self.gradient[j];
            }
        }
        let step = Cholesky::new(&curvature, d).ok()?.solve(&self.gradient);
        (dot(&step, &step) <= 1.0).then_some(step)
    }

    /// Where it is level but not a top: the direction in which the density curves up most.
    fn way_off_a_saddle(&self) -> Option<Vec<f64>> {
        /// Of a curvature of 1; less is a flat top.
        const UPWARDS: f64 = 1e-6;
        let d = self.gradient.len();
        let eigen = Eigen::of(&self.spread, d)?;
        (eigen.values[0] > 1.0 + UPWARDS).then(|| eigen.axes[..d].to_vec())
    }

    /// How far two places are apart, in deviations.
    fn distance(&self, x: &[f64], y: &[f64]) -> f64 {
        let offset: Vec<f64> = x.iter().zip(y).map(|(x, y)| x - y).collect();
        dot(&offset, &times(self.whitener.matrix(), &offset)).sqrt()
    }
}

/// A step in whitened units from a place.
fn moved(x: &[f64], slope: &Slope, step: &[f64]) -> Vec<f64> {
    let w = slope.whitener.inverse_factor();
    let along = |j: usize| (j..x.len()).map(|i| w[lower(i, j)] * step[i]).sum::<f64>();
    (0..x.len()).map(|j| x[j] + along(j)).collect()
}

/// A symmetric matrix, given as its lower triangle, times a vector.
fn times(triangle: &[f64], v: &[f64]) -> Vec<f64> {
    let entry = |i: usize, j: usize| triangle[lower(i.max(j), i.min(j))];
    (0..v.len())
        .map(|i| (0..v.len()).map(|j| entry(i, j) * v[j]).sum())
        .collect()
}
