//! Mixtures on several scales as one distribution.

use gmm_core::GmmError;

use super::{Predictive, REACH, check_finite, squared, widest};
use crate::score::{Forecast, Scale};

/// The linear pool Σ wᵢ pᵢ(x) of distributions (Stone, *Ann. Math. Statist.* 32, 1961): what is drawn from it is drawn
/// from one of them, each chosen with its weight. Those on the same scale are one mixture of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Pool {
    /// One of each scale at most, the narrowest last: that of logarithms, of roots, of the values.
    parts: Vec<(f64, Predictive)>,
}

impl Pool {
    /// Of distributions with weights, which are divided by their sum.
    ///
    /// # Errors
    /// [`GmmError::NoRows`] for no distribution of positive weight, [`GmmError::InvalidShare`] for a weight that is negative or no
    /// finite number.
    pub fn new(members: &[(f64, &Predictive)]) -> Result<Self, GmmError> {
        let is_wrong = |(w, _): &(f64, &Predictive)| !(*w >= 0.0 && w.is_finite());
        if let Some(component) = members.iter().position(is_wrong) {
            let weight = members[component].0;
            return Err(GmmError::InvalidShare { component, weight });
        }
        let bells = members.iter().flat_map(|(weight, p)| {
            let own = p.bells.iter();
            own.map(move |b| (p.scale, [weight * b.share, b.mean, b.deviation]))
        });
        Self::of_gaussians(&bells.collect::<Vec<_>>())
    }

    /// Of Gaussians, each on its scale, with weight, mean and standard deviation; the weights are divided by their sum.
    ///
    /// # Errors
    /// [`GmmError::NoRows`] where no weight is positive, and those of [`Predictive::new`].
    pub fn of_gaussians(gaussians: &[(Scale, [f64; 3])]) -> Result<Self, GmmError> {
        let total: f64 = gaussians.iter().map(|(_, [w, ..])| w).sum();
        if !(total > 0.0 && total.is_finite()) {
            return Err(GmmError::NoRows);
        }
        let mut parts = Vec::new();
        for scale in [Scale::Identity, Scale::Sqrt, Scale::Log] {
            let own = gaussians
                .iter()
                .filter(|(s, [w, ..])| *s == scale && *w > 0.0);
            let own: Vec<[f64; 3]> = own.map(|(_, gaussian)| *gaussian).collect();
            let sum: f64 = own.iter().map(|[w, ..]| w).sum();
            if sum > 0.0 {
                let column = |i: usize| own.iter().map(|g| g[i]).collect::<Vec<f64>>();
                let weights: Vec<f64> = column(0).iter().map(|w| w / sum).collect();
                let part = Predictive::new(&weights, &column(1), &column(2), scale)?;
                parts.push((sum / total, part));
            }
        }
        Ok(Self { parts })
    }

    /// What it is made of: weight and mixture, one for each scale at most.
    pub fn parts(&self) -> &[(f64, Predictive)] {
        &self.parts
    }

    fn expected(&self, of: impl Fn(&Predictive) -> Result<f64, GmmError>) -> Result<f64, GmmError> {
        (self.parts.iter()).try_fold(0.0, |sum, (weight, part)| Ok(sum + weight * of(part)?))
    }

    /// The interval of this probability that leaves as much below as above.
    ///
    /// # Errors
    /// [`GmmError::InvalidParameter`] for a level outside [0, 1].
    pub fn interval(&self, level: f64) -> Result<(f64, f64), GmmError> {
        let ends = self.quantiles(&[0.5 - 0.5 * level, 0.5 + 0.5 * level])?;
        Ok((ends[0], ends[1]))
    }

    /// The quantile lies between those of the parts; the bracket is halved to the last bit.
    fn between(&self, p: f64, mut low: f64, mut high: f64) -> Result<f64, GmmError> {
        loop {
            let middle = 0.5 * low + 0.5 * high;
            if !(low < middle && middle < high) {
                return Ok(high);
            }
            if self.cdf(middle)? < p {
                low = middle;
            } else {
                high = middle;
            }
        }
    }

    /// P(X ≤ x) at places z of a scale.
    fn cdf_on(&self, scale: Scale, z: &[f64]) -> Result<Vec<f64>, GmmError> {
        let mut sums = vec![0.0; z.len()];
        for (weight, part) in &self.parts {
            let own: Vec<f64> = if part.scale == scale {
                z.to_vec()
            } else {
                z.iter().map(|z| part.scale.to(scale.from(*z))).collect()
            };
            let possible: Vec<f64> = own.iter().copied().filter(|z| !z.is_nan()).collect();
            let mut found = part.cdf_on_scale(&possible)?.into_iter();
            for (sum, z) in sums.iter_mut().zip(own) {
                if !z.is_nan() {
                    *sum += weight * found.next().unwrap_or(0.0);
                }
            }
        }
        Ok(sums)
    }

    /// Middles and ends of all Gaussians, on a scale; those it does not have are left out.
    fn edges_on(&self, scale: Scale) -> Vec<f64> {
        let of = |part: &Predictive| -> Vec<f64> {
            let edges = part.edges().into_iter();
            if part.scale == scale {
                edges.collect()
            } else {
                edges.map(|z| scale.to(part.scale.from(z))).collect()
            }
        };
        let all = self.parts.iter().flat_map(|(_, part)| of(part));
        all.filter(|z| z.is_finite()).collect()
    }

    /// The score by quadrature: below 0 over the values, above 0 over the strongest of the scales, on which every part is
    /// smooth.
    fn integrated_crps(&self, y: f64) -> Result<f64, GmmError> {
        /// Of the largest value, what is as good as 0 on the scale of logarithms.
        const NOTHING: f64 = 1e-14;
        let strongest = self.parts.last().map_or(Scale::Identity, |(_, p)| p.scale);
        let ends = self.parts.iter().flat_map(|(_, part)| {
            let ends = |b: &super::Bell| [-REACH, REACH].map(|r| b.mean + r * b.deviation);
            part.bells.iter().flat_map(ends).map(|z| part.scale.from(z))
        });
        let (low, high) = ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| {
            (low.min(x), high.max(x.min(f64::MAX)))
        });
        let mut score = (low - y).max(0.0) + (y - high).max(0.0);
        if low < 0.0 {
            let end = high.min(0.0);
            let edges = widest(self.edges_on(Scale::Identity));
            let places = [low, y.clamp(low, end), end];
            score += squared(Scale::Identity, places, &edges, |z| {
                self.cdf_on(Scale::Identity, z)
            })?;
        }
        if high > 0.0 {
            let least = match strongest {
                Scale::Log => low.max(NOTHING * high),
                Scale::Identity | Scale::Sqrt => low.max(0.0),
            };
            let places = [least, y.clamp(least, high), high].map(|x| strongest.to(x));
            let edges = widest(self.edges_on(strongest));
            score += squared(strongest, places, &edges, |z| self.cdf_on(strongest, z))?;
        }
        Ok(score)
    }
}

impl Forecast for Pool {
    fn mean(&self) -> f64 {
        self.parts.iter().map(|(w, part)| w * part.mean()).sum()
    }

    fn cdf(&self, x: f64) -> Result<f64, GmmError> {
        self.expected(|part| part.cdf(x))
    }

    fn quantiles(&self, p: &[f64]) -> Result<Vec<f64>, GmmError> {
        let of_parts: Vec<Vec<f64>> = (self.parts.iter())
            .map(|(_, part)| part.quantiles(p))
            .collect::<Result<_, _>>()?;
        let quantile = |(i, p): (usize, &f64)| {
            let own = || of_parts.iter().map(|q| q[i]);
            let low = own().fold(f64::INFINITY, f64::min);
            let high = own().fold(f64::NEG_INFINITY, f64::max);
            if low == high || !(low.is_finite() && high.is_finite()) {
                // At 0 and 1 the ends of what is possible.
                return Ok(if *p < 0.5 { low } else { high });
            }
            self.between(*p, low, high)
        };
        p.iter().enumerate().map(quantile).collect()
    }

    fn log_density(&self, x: f64) -> Result<f64, GmmError> {
        check_finite(x)?;
        let logs: Vec<f64> = (self.parts.iter())
            .map(|(weight, part)| Ok(weight.ln() + part.log_density(x)?))
            .collect::<Result<_, GmmError>>()?;
        Ok(log_sum_exp(&logs))
    }

    fn crps(&self, y: f64) -> Result<f64, GmmError> {
        check_finite(y)?;
        match self.parts.as_slice() {
            [(_, only)] => only.crps(y),
            _ => self.integrated_crps(y),
        }
    }
}

/// ln Σ eˡ; −∞ of none.
pub(crate) fn log_sum_exp(logs: &[f64]) -> f64 {
    let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if most.is_infinite() {
        return most;
    }
    most + logs.iter().map(|l| (l - most).exp()).sum::<f64>().ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts() -> [Predictive; 3] {
        [
            Predictive::new(&[0.3, 0.7], &[1.0, 6.0], &[2.0, 1.0], Scale::Identity).unwrap(),
            Predictive::new(&[1.0], &[2.5], &[0.7], Scale::Sqrt).unwrap(),
            Predictive::new(&[0.5, 0.5], &[0.0, 1.5], &[0.4, 0.3], Scale::Log).unwrap(),
        ]
    }

    fn pool() -> Pool {
        let parts = parts();
        Pool::new(&[(1.0, &parts[0]), (2.0, &parts[1]), (1.0, &parts[2])]).unwrap()
    }

    #[test]
    fn a_pool_is_the_weighted_sum_of_its_parts() {
        let (pool, parts) = (pool(), parts());
        for x in [-3.0, 0.0, 0.5, 2.0, 9.0] {
            let of = |f: &dyn Fn(&Predictive) -> f64| {
                0.25 * f(&parts[0]) + 0.5 * f(&parts[1]) + 0.25 * f(&parts[2])
            };
            assert!((pool.cdf(x).unwrap() - of(&|p| p.cdf(x).unwrap())).abs() < 1e-15);
            let density = of(&|p| p.log_density(x).unwrap().exp());
            assert!((pool.log_density(x).unwrap().exp() / density - 1.0).abs() < 1e-12);
            assert!((pool.mean() - of(&Predictive::mean)).abs() < 1e-12);
        }
        let p = [0.025, 0.1, 0.5, 0.9, 0.99];
        for (p, x) in p.iter().zip(pool.quantiles(&p).unwrap()) {
            assert!((pool.cdf(x).unwrap() - p).abs() < 1e-14);
        }
        assert_eq!(
            pool.quantiles(&[0.0, 1.0]).unwrap(),
            [f64::NEG_INFINITY, f64::INFINITY]
        );
    }

    #[test]
    fn the_score_of_a_pool_is_that_of_a_fine_grid() {
        let parts = parts();
        let without_log = Pool::new(&[(1.0, &parts[0]), (2.0, &parts[1])]).unwrap();
        let positive = Pool::new(&[(1.0, &parts[1]), (2.0, &parts[2])]).unwrap();
        for pool in [pool(), without_log, positive] {
            for y in [-4.0, 0.0, 0.3, 2.0, 30.0] {
                let n = 400_000;
                let (low, high) = (-30.0, 70.0);
                let width = (high - low) / f64::from(n);
                let brute: f64 = (0..n)
                    .map(|i| low + width * (f64::from(i) + 0.5))
                    .map(|x| {
                        let off = pool.cdf(x).unwrap() - f64::from(u8::from(x >= y));
                        off * off * width
                    })
                    .sum();
                let found = pool.crps(y).unwrap();
                assert!((found / brute - 1.0).abs() < 2e-4, "{y}: {found} {brute}");
            }
        }
    }

    #[test]
    fn parts_of_one_scale_are_one_mixture() {
        let [identity, ..] = parts();
        let twice = Pool::new(&[(0.5, &identity), (1.5, &identity)]).unwrap();
        assert_eq!(twice.parts().len(), 1);
        assert!((twice.crps(2.0).unwrap() - identity.crps(2.0).unwrap()).abs() < 1e-14);
        assert!(Pool::new(&[]).is_err() && Pool::new(&[(0.0, &identity)]).is_err());
        assert!(Pool::new(&[(-1.0, &identity)]).is_err());
    }
}
