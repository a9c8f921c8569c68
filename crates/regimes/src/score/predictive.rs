//! A mixture of Gaussians as the distribution of a value to come.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use gmm_core::ndarray::{Array1, Array2};
use gmm_core::rand::Rng;
use gmm_core::{Covariances, Gmm, GmmError};

use super::quadrature::integral;
use super::scale::Scale;

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
        let edges = self.edges();
        for (from, to, is_below) in [(low, middle, true), (middle, high, false)] {
            let within = edges.iter().copied().filter(|z| from < *z && *z < to);
            let breaks: Vec<f64> = [from].into_iter().chain(within).chain([to]).collect();
            score += integral(&breaks, TOLERANCE, |z| {
                let below = self.cdf_on_scale(z)?.into_iter().zip(z);
                let part = |(p, z): (f64, &f64)| {
                    let off = if is_below { p } else { 1.0 - p };
                    off * off * scale.slope(*z)
                };
                Ok::<_, GmmError>(below.map(part).collect())
            })?;
        }
        Ok(score)
    }

    /// Where the mixture begins and ceases to hold anything: both ends of the widest stretches that have no Gaussian's
    /// middle or end, in order.
    fn edges(&self) -> Vec<f64> {
        const STRETCHES: usize = 8;
        let of = |b: &Bell| [-REACH, 0.0, REACH].map(|reach| b.mean + reach * b.deviation);
        let mut edges: Vec<f64> = self.bells.iter().flat_map(of).collect();
        edges.sort_by(f64::total_cmp);
        let mut stretches: Vec<[f64; 2]> = edges.windows(2).map(|e| [e[0], e[1]]).collect();
        stretches.sort_by(|a, b| (b[1] - b[0]).total_cmp(&(a[1] - a[0])));
        stretches.truncate(STRETCHES);
        let mut ends = stretches.concat();
        ends.sort_by(f64::total_cmp);
        ends.dedup();
        ends
    }

    /// `n` draws.
    pub fn sample<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Vec<f64> {
        let (drawn, _) = self.mixture.sample(n, rng);
        drawn.iter().map(|z| self.scale.from(*z)).collect()
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
mod tests {
    use super::*;
    use gmm_core::rand::SeedableRng;
    use gmm_core::rand_xoshiro::Xoshiro256Plus;

    fn three(scale: Scale) -> Predictive {
        Predictive::new(
            &[0.5, 0.3, 0.2],
            &[1.0, -0.5, 2.0],
            &[0.4, 1.0, 0.05],
            scale,
        )
        .unwrap()
    }

    #[test]
    fn quadrature_agrees_with_the_closed_form() {
        let forecast = three(Scale::Identity);
        for y in [-30.0, -1.0, 0.2, 1.0, 2.01, 4.0, 1e3] {
            let (closed, found) = (
                forecast.closed_crps(y),
                forecast.integrated_crps(y).unwrap(),
            );
            assert!(
                (closed - found).abs() <= 1e-9 * closed,
                "{y}: {closed} {found}"
            );
        }
        let far = Predictive::new(&[0.5, 0.5], &[0.0, 1e6], &[1.0, 1e-3], Scale::Identity).unwrap();
        for y in [10.0, 0.2, 5e5, 1e6 - 1e-3, 1e7] {
            let (closed, found) = (far.closed_crps(y), far.integrated_crps(y).unwrap());
            assert!(
                (closed - found).abs() <= 1e-9 * closed,
                "{y}: {closed} {found}"
            );
        }
    }

    #[test]
    fn many_components_are_scored_as_few() {
        let n = CLOSED + 1;
        let weights = vec![1.0 / n as f64; n];
        let means: Vec<f64> = (0..n).map(|i| (i as f64 * 0.7).sin()).collect();
        let deviations: Vec<f64> = (0..n).map(|i| 0.1 + 0.01 * (i % 9) as f64).collect();
        let many = Predictive::new(&weights, &means, &deviations, Scale::Identity).unwrap();
        let (closed, found) = (many.closed_crps(0.3), many.crps(0.3).unwrap());
        assert!((closed - found).abs() <= 1e-9 * closed, "{closed} {found}");
    }

    #[test]
    fn on_the_scale_of_logarithms_the_score_is_the_closed_one_of_log_normals() {
        let forecast = three(Scale::Log);
        // E|X − c| of a log-normal, and E|X − X′| of two, by their partial expectations.
        let above = |t: f64| 0.5 * (1.0 + libm::erf(t * FRAC_1_SQRT_2));
        let mean = |b: &Bell| (b.mean + 0.5 * b.deviation * b.deviation).exp();
        let from = |b: &Bell, y: f64| {
            let t = (y.ln() - b.mean) / b.deviation;
            y * (2.0 * above(t) - 1.0) + mean(b) * (1.0 - 2.0 * above(t - b.deviation))
        };
        for y in [0.01f64, 1.0, 2.7, 7.5, 40.0] {
            let mut score = forecast.expected(|b| from(b, y));
            for a in &forecast.bells {
                for b in &forecast.bells {
                    let s = a.deviation.hypot(b.deviation);
                    let one = |a: &Bell, b: &Bell| {
                        let t = (a.mean - b.mean + a.deviation * a.deviation) / s;
                        mean(a) * (2.0 * above(t) - 1.0)
                    };
                    score -= 0.5 * a.share * b.share * (one(a, b) + one(b, a));
                }
            }
            let found = forecast.crps(y).unwrap();
            assert!(
                (score - found).abs() <= 1e-8 * score,
                "{y}: {score} {found}"
            );
        }
        assert!((forecast.crps(-3.0).unwrap() - 3.0 - forecast.crps(0.0).unwrap()).abs() < 1e-9);
    }

    #[test]
    fn on_the_scale_of_roots_the_score_is_that_of_sums_over_a_fine_grid() {
        const STEP: f64 = 5e-4;
        let forecast = three(Scale::Sqrt);
        let places: Vec<f64> = (0..80_000).map(|i| (f64::from(i) + 0.5) * STEP).collect();
        let z: Vec<f64> = places.iter().map(|x| Scale::Sqrt.to(*x)).collect();
        let cdf = forecast.cdf_on_scale(&z).unwrap();
        let tail: f64 = cdf.iter().map(|p| STEP * (1.0 - p)).sum();
        assert!((tail - forecast.mean()).abs() < 1e-6);
        for y in [0.0, 0.8, 3.0, 12.5] {
            let off = |(p, x): (&f64, &f64)| if *x < y { *p } else { 1.0 - p };
            let sum: f64 = cdf.iter().zip(&places).map(off).map(|d| STEP * d * d).sum();
            let found = forecast.crps(y).unwrap();
            assert!((sum - found).abs() < 1e-6, "{y}: {sum} {found}");
        }
    }

    #[test]
    fn moments_densities_and_scores_are_those_of_draws() {
        for scale in [Scale::Identity, Scale::Sqrt, Scale::Log] {
            let forecast = three(scale);
            let n = 200_000;
            let drawn = forecast.sample(n, &mut Xoshiro256Plus::seed_from_u64(7));
            let mean =
                |of: &dyn Fn(f64) -> f64| drawn.iter().map(|x| of(*x)).sum::<f64>() / n as f64;
            let centre = mean(&|x| x);
            let spread = mean(&|x| (x - centre).powi(2)).sqrt();
            let error = 5.0 * spread / (n as f64).sqrt();
            assert!((centre - forecast.mean()).abs() < error, "{scale}");
            let median = forecast.quantile(0.5).unwrap();
            let below = mean(&|x| f64::from(u8::from(x <= median)));
            assert!((below - 0.5).abs() < 0.006, "{scale} {below}");
            assert!((forecast.cdf(median).unwrap() - 0.5).abs() < 1e-12);
            // ½E|X − X′| by pairs of draws.
            let halves = drawn.split_at(n / 2);
            let within = halves
                .0
                .iter()
                .zip(halves.1)
                .map(|(a, b)| (a - b).abs())
                .sum::<f64>()
                / n as f64;
            for y in [0.0, 0.8, 3.0] {
                let drawn_score = mean(&|x| (x - y).abs()) - within;
                let score = forecast.crps(y).unwrap();
                assert!(
                    (drawn_score - score).abs() < 2.0 * error,
                    "{scale} {y}: {drawn_score} {score}"
                );
            }
            // The density is the slope of the distribution function.
            for x in [0.3, 1.0, 5.0] {
                let step = 1e-5;
                let slope = (forecast.cdf(x + step).unwrap() - forecast.cdf(x - step).unwrap())
                    / (2.0 * step);
                let density = forecast.log_density(x).unwrap().exp();
                assert!(
                    (slope - density).abs() < 1e-7,
                    "{scale} {x}: {slope} {density}"
                );
            }
        }
    }

    #[test]
    fn nothing_is_below_the_least() {
        let low = Predictive::new(&[1.0], &[-0.5], &[0.7], Scale::Sqrt).unwrap();
        assert_eq!(low.interval(0.5).unwrap().0, 0.0);
        assert!(low.cdf(0.0).unwrap() > 0.7);
        assert_eq!(
            (low.cdf(-1e-9).unwrap(), low.log_density(-0.1).unwrap()),
            (0.0, f64::NEG_INFINITY)
        );
        assert!(
            low.sample(500, &mut Xoshiro256Plus::seed_from_u64(1))
                .iter()
                .all(|x| *x >= 0.0)
        );
        assert!((low.crps(-2.0).unwrap() - 2.0 - low.crps(0.0).unwrap()).abs() < 1e-12);
        // All of it is at 0.
        let zero = Predictive::new(&[1.0], &[-90.0], &[0.7], Scale::Sqrt).unwrap();
        assert_eq!((zero.crps(0.0).unwrap(), zero.mean()), (0.0, 0.0));
        assert!((zero.crps(3.0).unwrap() - 3.0).abs() < 1e-12);
    }

    #[test]
    fn what_is_no_distribution_is_refused() {
        let of = |w: &[f64], m: &[f64], s: &[f64]| Predictive::new(w, m, s, Scale::Identity);
        assert!(of(&[1.0], &[0.0, 1.0], &[1.0]).is_err());
        assert!(of(&[0.5], &[0.0], &[1.0]).is_err());
        assert!(of(&[1.0], &[f64::NAN], &[1.0]).is_err());
        for s in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(of(&[1.0], &[0.0], &[s]).is_err());
        }
        assert!(of(&[], &[], &[]).is_err());
        let forecast = three(Scale::Log);
        assert!(forecast.crps(f64::NAN).is_err() && forecast.cdf(f64::NAN).is_err());
        assert!(forecast.quantile(1.5).is_err());
    }
}
