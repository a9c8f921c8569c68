//! Mixtures of one column: the distribution function and its inverse in closed form.

use ndarray::Array1;

use super::check_probability;
use super::root::increasing_root;
use crate::error::GmmError;
use crate::gmm::Gmm;
use crate::log_space::log_sum_exp_of;
use crate::special;

/// One Gaussian of a mixture of one column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bell {
    /// πₖ, above 0.
    pub(super) share: f64,
    pub(super) mean: f64,
    pub(super) deviation: f64,
}

impl Bell {
    fn standardised(&self, x: f64) -> f64 {
        (x - self.mean) / self.deviation
    }
}

/// A mixture of one column.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) bells: Vec<Bell>,
    /// Share, lower and upper edge of the background.
    background: Option<(f64, f64, f64)>,
}

impl Line {
    /// Of Gaussians with these shares, means and variances; those without a share take no part.
    pub(super) fn new(
        parts: impl Iterator<Item = (f64, f64, f64)>,
        background: Option<(f64, f64, f64)>,
    ) -> Self {
        let bell = |(share, mean, variance): (f64, f64, f64)| Bell {
            share,
            mean,
            deviation: variance.sqrt(),
        };
        Self {
            bells: parts.filter(|p| p.0 > 0.0).map(bell).collect(),
            background: background.filter(|b| b.0 > 0.0),
        }
    }

    /// Of a mixture of one column; none of more.
    pub(super) fn of(gmm: &Gmm) -> Option<Self> {
        if gmm.n_features() != 1 {
            return None;
        }
        let weights = gmm.weights();
        let components = gmm.components().iter().zip(weights.iter());
        let parts = components.map(|(c, w)| (*w, c.mean()[0], c.covariance().entry(0, 0)));
        let background = gmm.background().map(|(s, b)| (s, b.low[0], b.high[0]));
        Some(Self::new(parts, background))
    }

    /// ln of the density of the Gaussians, its slope and its curvature.
    pub(super) fn log_density(&self, x: f64) -> (f64, f64, f64) {
        let logs: Vec<f64> = self
            .bells
            .iter()
            .map(|b| (b.share / b.deviation).ln() + special::log_density(b.standardised(x)))
            .collect();
        let log = log_sum_exp_of(&logs);
        let (mut slope, mut curvature) = (0.0, 0.0);
        for (bell, l) in self.bells.iter().zip(&logs) {
            let (r, z) = ((l - log).exp(), bell.standardised(x));
            // A bell that is far away has no say, whose distance can be beyond all numbers.
            if r.is_nan() || r == 0.0 {
                continue;
            }
            slope -= r * z / bell.deviation;
            curvature += r * (z * z - 1.0) / bell.deviation / bell.deviation;
        }
        (log, slope, curvature - slope * slope)
    }

    /// Where the density of the Gaussians is highest and lowest in turn: its modes and the places between them, from
    /// left to right.
    ///
    /// The slope is looked at on a grid as fine as each Gaussian is wide, and zeros are found where it changes its sign.
    /// Left of the grid it rises, right of it it falls.
    pub(super) fn turns(&self) -> (Vec<f64>, Vec<f64>) {
        /// Steps of a deviation, and how far they go: beyond, a Gaussian is flat beside any other.
        const STEPS: i32 = 8;
        const REACH: i32 = 6;
        let on_grid = |b: &Bell| {
            let b = *b;
            let steps = -REACH * STEPS..=REACH * STEPS;
            let near = steps.map(move |i| b.mean + b.deviation * f64::from(i) / f64::from(STEPS));
            // Of a bell that is narrower than the numbers about it are apart.
            near.chain([b.mean.next_down(), b.mean.next_up()])
        };
        let mut grid: Vec<f64> = self.bells.iter().flat_map(on_grid).collect();
        grid.sort_by(f64::total_cmp);
        let slopes = grid.into_iter().map(|x| (x, self.log_density(x).1));
        let sloping: Vec<(f64, f64)> = slopes.filter(|(_, slope)| *slope != 0.0).collect();
        let (mut modes, mut lows) = (Vec::new(), Vec::new());
        for pair in sloping.windows(2) {
            let [(left, before), (right, after)] = [pair[0], pair[1]];
            if (before > 0.0) == (after > 0.0) {
                continue;
            }
            let sign = if before > 0.0 { -1.0 } else { 1.0 };
            let turn = increasing_root(left, right, |x| {
                let (_, slope, curvature) = self.log_density(x);
                (sign * slope, sign * curvature)
            });
            let of = if before > 0.0 { &mut modes } else { &mut lows };
            of.push(turn);
        }
        // Where no slope is a number, there are only the means.
        if modes.is_empty() {
            let likeliest = |a: &&Bell, b: &&Bell| a.share.total_cmp(&b.share);
            modes.extend(self.bells.iter().max_by(likeliest).map(|b| b.mean));
        }
        (modes, lows)
    }

    /// Density of the background at a place.
    pub(super) fn uniform(&self, x: f64) -> f64 {
        match self.background {
            Some((share, low, high)) if low <= x && x <= high => share / (high - low),
            _ => 0.0,
        }
    }

    /// What of the background lies below a place, and what above.
    fn parted(&self, x: f64) -> (f64, f64) {
        self.background.map_or((0.0, 0.0), |(share, low, high)| {
            let below = ((x - low) / (high - low)).clamp(0.0, 1.0);
            let above = ((high - x) / (high - low)).clamp(0.0, 1.0);
            (share * below, share * above)
        })
    }

    /// P(X ≤ x).
    pub(super) fn cdf(&self, x: f64) -> f64 {
        let below = self
            .bells
            .iter()
            .map(|b| b.share * special::cdf(b.standardised(x)));
        (below.sum::<f64>() + self.parted(x).0).min(1.0)
    }

    /// P(low ≤ X ≤ high).
    pub(super) fn between(&self, low: f64, high: f64) -> f64 {
        let of = |b: &Bell| b.share * special::between(b.standardised(low), b.standardised(high));
        let uniform = (self.parted(high).0 - self.parted(low).0).max(0.0);
        self.bells.iter().map(of).sum::<f64>() + uniform
    }

    /// ln P(X ≤ x), or of the mirrored ln P(X ≥ x), and its slope in x.
    fn log_tail(&self, x: f64, is_lower: bool) -> (f64, f64) {
        let sign = if is_lower { 1.0 } else { -1.0 };
        let of = |b: &Bell| b.share.ln() + special::log_cdf(sign * b.standardised(x));
        let (below, above) = self.parted(x);
        let uniform = if is_lower { below } else { above }.ln();
        let logs: Vec<f64> = self.bells.iter().map(of).chain([uniform]).collect();
        let log = log_sum_exp_of(&logs);
        let density = (self.log_density(x).0 - log).exp() + self.uniform(x) / log.exp().max(1e-300);
        (log, sign * density)
    }

    /// Where P(X ≤ x) = p for a p from 0 to 1: to rounding of x, or of p where the distribution is flat.
    ///
    /// It lies between the least and the largest quantile of the parts. The search is on the logarithm of the nearer
    /// tail, which is nearly a parabola far out.
    pub(super) fn quantile(&self, p: f64) -> f64 {
        if p <= 0.0 || p >= 1.0 {
            return if p <= 0.0 {
                f64::NEG_INFINITY
            } else {
                f64::INFINITY
            };
        }
        let z = special::quantile(p);
        let of_bells = self.bells.iter().map(|b| b.mean + b.deviation * z);
        let uniform = self.background.map(|(_, low, high)| low + p * (high - low));
        let (low, high) = of_bells
            .chain(uniform)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), q| {
                (l.min(q), h.max(q))
            });
        if low >= high {
            return low;
        }
        let is_lower = p <= 0.5;
        let goal = if is_lower { p.ln() } else { (1.0 - p).ln() };
        let sign = if is_lower { 1.0 } else { -1.0 };
        increasing_root(low, high, |x| {
            let (log, slope) = self.log_tail(x, is_lower);
            (sign * (log - goal), sign * slope)
        })
    }
}

impl Gmm {
    /// Where P(X ≤ x) = p, of a mixture of one column: −∞ at 0, ∞ at 1, and between them right to rounding of x, or of p
    /// where hardly anything lies.
    ///
    /// # Errors
    /// [`GmmError::SizeMismatch`] for a mixture of more columns (see [`marginal`](Self::marginal)),
    /// [`GmmError::InvalidParameter`] for a p outside [0, 1].
    pub fn quantile(&self, p: f64) -> Result<f64, GmmError> {
        Ok(self.quantiles(&[p])?[0])
    }

    /// [`quantile`](Self::quantile) for each of these p.
    ///
    /// # Errors
    /// As [`quantile`](Self::quantile).
    pub fn quantiles(&self, p: &[f64]) -> Result<Array1<f64>, GmmError> {
        let line = Line::of(self).ok_or(GmmError::SizeMismatch {
            what: "columns of a mixture that is asked for quantiles",
            expected: 1,
            found: self.n_features(),
        })?;
        p.iter()
            .map(|&p| check_probability("p of a quantile", p).map(|()| line.quantile(p)))
            .collect()
    }
}
