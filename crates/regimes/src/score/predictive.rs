//! A mixture of Gaussians as the distribution of a value to come.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use gmm_core::ndarray::{Array1, Array2};
use gmm_core::rand::Rng;
use gmm_core::{Covariances, Gmm, GmmError};

use super::Forecast;
use super::quadrature::integral;
use super::scale::Scale;

mod pool;

pub use pool::Pool;
pub(crate) use pool::log_sum_exp;

/// Deviations beyond which a Gaussian holds nothing that counts.
const REACH: f64 = 9.0;
/// Of the whole, what two rules of quadrature may differ by in an interval; the error is far less.
const TOLERANCE: f64 = 1e-9;
/// Components up to which the double sum of the closed form is faster than quadrature.
const CLOSED: usize = 256;

/// One Gaussian on the scale of the mixture.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Bell {
    share: f64,
    mean: f64,
    deviation: f64,
}

impl Bell {
    /// φ of the mean in deviations.
    fn density(&self) -> f64 {
        let t = self.mean / self.deviation;
        (-0.5 * t * t).exp() / (2.0 * PI).sqrt()
    }

    /// erf of the mean in deviations over √2: 2Φ − 1.
    fn sided(&self) -> f64 {
        libm::erf(self.mean / self.deviation * FRAC_1_SQRT_2)
    }

    /// E|Z|, the function A of Grimit et al.: 2σφ(μ/σ) + μ(2Φ(μ/σ) − 1).
    fn mean_size(&self) -> f64 {
        2.0 * self.deviation * self.density() + self.mean * self.sided()
    }
}

/// The distribution of a value: a mixture of Gaussians of one number, or of a transformation of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Predictive {
    mixture: Gmm,
    bells: Vec<Bell>,
    scale: Scale,
}

impl Predictive {
    /// Of Gaussians with these weights, means and standard deviations on a scale.
    ///
    /// # Errors
    /// [`GmmError::SizeMismatch`] for lists of different lengths, and those of [`Gmm::new`]: weights that are negative
    /// or do not sum to 1, means that are no finite numbers, deviations that are not above 0.
    pub fn new(
        weights: &[f64],
        means: &[f64],
        deviations: &[f64],
        scale: Scale,
    ) -> Result<Self, GmmError> {
        for (what, found) in [("means", means.len()), ("deviations", deviations.len())] {
            if found != weights.len() {
                return Err(GmmError::SizeMismatch {
                    what,
                    expected: weights.len(),
                    found,
                });
            }
        }
        let is_wrong = |s: &f64| !(*s > 0.0 && s.is_finite());
        if let Some(component) = deviations.iter().position(is_wrong) {
            return Err(GmmError::NotPositiveDefinite {
                component,
                column: 0,
            });
        }
        let variances = deviations.iter().map(|s| s * s).collect();
        let mixture = Gmm::new(
            Array1::from(weights.to_vec()),
            Array2::from_shape_fn((means.len(), 1), |(k, _)| means[k]),
            Covariances::Spherical(variances),
        )?;
        Self::of(mixture, scale)
    }

    /// Of a mixture of one column without a background.
    ///
    /// # Errors
    /// [`GmmError::SizeMismatch`] for a mixture of more columns, [`GmmError::InvalidParameter`] for a background.
    pub fn of(mixture: Gmm, scale: Scale) -> Result<Self, GmmError> {
        if mixture.n_features() != 1 {
            return Err(GmmError::SizeMismatch {
                what: "columns of a forecast",
                expected: 1,
                found: mixture.n_features(),
            });
        }
        if let Some((share, _)) = mixture.background() {
            return Err(GmmError::InvalidParameter {
                name: "background of a forecast",
                value: share.to_string(),
                allowed: "none",
            });
        }
        let components = mixture.components().iter().zip(mixture.weights());
        let bells = components
            .filter(|(_, share)| **share > 0.0)
            .map(|(component, &share)| Bell {
                share,
                mean: component.mean()[0],
                deviation: component.covariance().entry(0, 0).sqrt(),
            })
            .collect();
        Ok(Self {
            mixture,
            bells,
            scale,
        })
    }

    /// The mixture on its scale.
    pub fn mixture(&self) -> &Gmm {
        &self.mixture
    }

    /// The scale of the mixture.
    pub fn scale(&self) -> Scale {
        self.scale
    }

    fn expected(&self, of: impl Fn(&Bell) -> f64) -> f64 {
        self.bells.iter().map(|bell| bell.share * of(bell)).sum()
    }

    /// The mean of the value.
    pub fn mean(&self) -> f64 {
        match self.scale {
            Scale::Identity => self.expected(|b| b.mean),
            Scale::Log => self.expected(|b| (b.mean + 0.5 * b.deviation * b.deviation).exp()),
            // E[Z²/4 + Z; Z > 0].
            Scale::Sqrt => self.expected(|b| {
                let above = 0.5 * (1.0 + b.sided());
                let first = b.mean * above + b.deviation * b.density();
                let second = b.deviation * b.deviation * above + b.mean * first;
                0.25 * second + first
            }),
        }
    }

    /// The distribution function of the mixture at places of its scale.
    fn cdf_on_scale(&self, z: &[f64]) -> Result<Vec<f64>, GmmError> {
        let rows = Array2::from_shape_fn((z.len(), 1), |(i, _)| z[i]);
        let found = self.mixture.cdf(&rows)?;
        Ok(found.into_iter().map(|p| p.value).collect())
    }

    /// P(X ≤ x).
    ///
    /// # Errors
    /// [`GmmError::NonFinite`] for a NaN.
    pub fn cdf(&self, x: f64) -> Result<f64, GmmError> {
        let z = self.scale.to(x);
        if z.is_nan() && !x.is_nan() {
            return Ok(0.0);
        }
        Ok(self.cdf_on_scale(&[z])?[0])
    }

    /// Where P(X ≤ x) = p: the ends of what is possible at 0 and 1.
    ///
    /// # Errors
    /// [`GmmError::InvalidParameter`] for a p outside [0, 1].
    pub fn quantile(&self, p: f64) -> Result<f64, GmmError> {
        Ok(self.quantiles(&[p])?[0])
    }

    /// [`quantile`](Self::quantile) for each of these p.
    ///
    /// # Errors
    /// As [`quantile`](Self::quantile).
    pub fn quantiles(&self, p: &[f64]) -> Result<Vec<f64>, GmmError> {
        let of_mixture = self.mixture.quantiles(p)?;
        Ok(of_mixture.iter().map(|z| self.scale.from(*z)).collect())
    }

    /// The interval of this probability that leaves as much below as above.
    ///
    /// # Errors
    /// [`GmmError::InvalidParameter`] for a level outside [0, 1].
    pub fn interval(&self, level: f64) -> Result<(f64, f64), GmmError> {
        let ends = self.quantiles(&[0.5 - 0.5 * level, 0.5 + 0.5 * level])?;
        Ok((ends[0], ends[1]))
    }

    /// ln p(x), −∞ where no value can be. On the scale of roots it is the density of the values above 0 continued to
    /// 0, where the probability of what is not above 0 lies beside it.
    ///
    /// # Errors
    /// [`GmmError::NonFinite`] for an x that is no finite number.
    pub fn log_density(&self, x: f64) -> Result<f64, GmmError> {
        check_finite(x)?;
        let z = self.scale.to(x);
        if z.is_nan() {
            return Ok(f64::NEG_INFINITY);
        }
        let row = Array2::from_elem((1, 1), z);
        Ok(self.mixture.log_prob(&row)?[0] - self.scale.slope(z).ln())
    }

    /// The continuous ranked probability score, ∫(F(x) − 1{x ≥ y})² dx (Gneiting & Raftery 2007, eq. 20), in the units
    /// of the value: E|X − y| − ½E|X − X′|, which for Gaussians is a sum over their pairs (Grimit et al., *QJRMS* 132,
    /// 2006). Of more than 256 components and on other scales it is found by quadrature, right to about 1e-9 of itself.
    ///
    /// # Errors
    /// [`GmmError::NonFinite`] for a y that is no finite number.
    pub fn crps(&self, y: f64) -> Result<f64, GmmError> {
        check_finite(y)?;
        if self.scale == Scale::Identity && self.bells.len() <= CLOSED {
            Ok(self.closed_crps(y))
        } else {
            self.integrated_crps(y)
        }
    }

    fn closed_crps(&self, y: f64) -> f64 {
        let from_truth = self.expected(|bell| {
            let mean = bell.mean - y;
            Bell { mean, ..*bell }.mean_size()
        });
        let mut within = 0.0;
        for (i, a) in self.bells.iter().enumerate() {
            let pair = |b: &Bell| {
                let difference = Bell {
                    share: 1.0,
                    mean: a.mean - b.mean,
                    deviation: a.deviation.hypot(b.deviation),
                };
                a.share * b.share * difference.mean_size()
            };
            within += 0.5 * pair(a) + self.bells[..i].iter().map(pair).sum::<f64>();
        }
        from_truth - within
    }

    fn integrated_crps(&self, y: f64) -> Result<f64, GmmError> {
        let scale = self.scale;
        let least = scale.least();
        // What lies between the truth and all that is possible counts in full.
        let (mut score, truth) = ((least - y).max(0.0), y.max(least));
        let reach = |sign: f64| {
            self.bells
                .iter()
                .map(move |b| b.mean + sign * REACH * b.deviation)
        };
        let low = reach(-1.0).fold(f64::INFINITY, f64::min);
        let high = reach(1.0).fold(f64::NEG_INFINITY, f64::max);
        let (low, high) = match scale {
            Scale::Sqrt => (low.max(0.0), high.max(0.0)),
            Scale::Identity | Scale::Log => (low, high),
        };
        score += (scale.from(low) - truth).max(0.0) + (truth - scale.from(high)).max(0.0);
        let z = scale.to(truth);
        let middle = if z.is_nan() { low } else { z.clamp(low, high) };
        let edges = widest(self.edges());
        score += squared(scale, [low, middle, high], &edges, |z| self.cdf_on_scale(z))?;
        Ok(score)
    }

    /// The middles and the ends of all Gaussians.
    fn edges(&self) -> Vec<f64> {
        let of = |b: &Bell| [-REACH, 0.0, REACH].map(|reach| b.mean + reach * b.deviation);
        self.bells.iter().flat_map(of).collect()
    }

    /// `n` draws.
    pub fn sample<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Vec<f64> {
        let (drawn, _) = self.mixture.sample(n, rng);
        drawn.iter().map(|z| self.scale.from(*z)).collect()
    }
}

/// ∫ (F − 1{z ≥ middle})² dx between the ends of [low, middle, high], places on a scale, `cdf` being F there.
fn squared(
    scale: Scale,
    [low, middle, high]: [f64; 3],
    edges: &[f64],
    cdf: impl Fn(&[f64]) -> Result<Vec<f64>, GmmError>,
) -> Result<f64, GmmError> {
    let mut sum = 0.0;
    for (from, to, is_below) in [(low, middle, true), (middle, high, false)] {
        let within = edges.iter().copied().filter(|z| from < *z && *z < to);
        let breaks: Vec<f64> = [from].into_iter().chain(within).chain([to]).collect();
        sum += integral(&breaks, TOLERANCE, |z| {
            let part = |(p, z): (f64, &f64)| {
                let off = if is_below { p } else { 1.0 - p };
                off * off * scale.slope(*z)
            };
            Ok::<_, GmmError>(cdf(z)?.into_iter().zip(z).map(part).collect())
        })?;
    }
    Ok(sum)
}

/// Where a mixture begins and ceases to hold anything: both ends of the widest stretches between these places, in order.
fn widest(mut edges: Vec<f64>) -> Vec<f64> {
    const STRETCHES: usize = 8;
    edges.sort_by(f64::total_cmp);
    let mut stretches: Vec<[f64; 2]> = edges.windows(2).map(|e| [e[0], e[1]]).collect();
    stretches.sort_by(|a, b| (b[1] - b[0]).total_cmp(&(a[1] - a[0])));
    stretches.truncate(STRETCHES);
    let mut ends = stretches.concat();
    ends.sort_by(f64::total_cmp);
    ends.dedup();
    ends
}

impl Forecast for Predictive {
    fn mean(&self) -> f64 {
        self.mean()
    }

    fn cdf(&self, x: f64) -> Result<f64, GmmError> {
        self.cdf(x)
    }

    fn quantiles(&self, p: &[f64]) -> Result<Vec<f64>, GmmError> {
        self.quantiles(p)
    }

    fn log_density(&self, x: f64) -> Result<f64, GmmError> {
        self.log_density(x)
    }

    fn crps(&self, y: f64) -> Result<f64, GmmError> {
        self.crps(y)
    }
}

fn check_finite(value: f64) -> Result<(), GmmError> {
    if value.is_finite() {
        return Ok(());
    }
    Err(GmmError::NonFinite {
        row: 0,
        column: 0,
        value,
    })
}

#[cfg(test)]
mod tests;
