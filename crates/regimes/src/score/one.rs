//! One forecast and what came.

use gmm_core::GmmError;

use super::Forecast;

/// The probabilities of the intervals that are scored.
pub const INTERVALS: [f64; 4] = [0.5, 0.8, 0.9, 0.95];
/// The probabilities of the quantiles that are scored.
pub const PINBALLS: [f64; 19] = [
    0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85,
    0.9, 0.95,
];

/// The central interval of a forecast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Its probability.
    pub level: f64,
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

impl Interval {
    /// Whether a value is within it, its ends included.
    pub fn holds(&self, y: f64) -> bool {
        (self.low..=self.high).contains(&y)
    }

    /// Its width, and 2/α times the distance to a value outside, α = 1 − level (Winkler 1972; Gneiting & Raftery 2007,
    /// eq. 43).
    pub fn winkler(&self, y: f64) -> f64 {
        let outside = (self.low - y).max(0.0) + (y - self.high).max(0.0);
        self.high - self.low + 2.0 / (1.0 - self.level) * outside
    }
}

/// Quantile score: p times the distance to a value above the quantile, 1 − p times that to one below (Koenker & Bassett
/// 1978).
pub(super) fn pinball(p: f64, quantile: f64, y: f64) -> f64 {
    let off = y - quantile;
    off * if off >= 0.0 { p } else { p - 1.0 }
}

/// What can be said of a forecast when the value has come.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// The value.
    pub truth: f64,
    /// The mean of the forecast.
    pub mean: f64,
    /// Its median.
    pub median: f64,
    /// Its central intervals, of [`INTERVALS`].
    pub intervals: [Interval; INTERVALS.len()],
    /// Quantile scores, of [`PINBALLS`].
    pub pinballs: [f64; PINBALLS.len()],
    /// Continuous ranked probability score.
    pub crps: f64,
    /// −ln of the density.
    pub log_score: f64,
    /// P(X ≤ truth), uniform if the forecasts are right (Dawid 1984; Diebold, Gunther & Tay 1998); of a 0 on the scale of
    /// roots, which has a probability of its own, that probability.
    pub pit: f64,
}

impl Score {
    /// Of a forecast and a value; none where that is missing.
    ///
    /// # Errors
    /// [`GmmError::NonFinite`] for an infinite value.
    pub fn of(forecast: &dyn Forecast, truth: f64) -> Result<Option<Self>, GmmError> {
        if truth.is_nan() {
            return Ok(None);
        }
        // Quantiles of the levels from both sides, among which are those of the intervals.
        let ends = INTERVALS.map(|level| [0.5 - 0.5 * level, 0.5 + 0.5 * level]);
        let of_pinballs = forecast.quantiles(&PINBALLS)?;
        let of_ends = forecast.quantiles(ends.as_flattened())?;
        let mut intervals = [Interval {
            level: 0.0,
            low: 0.0,
            high: 0.0,
        }; INTERVALS.len()];
        for ((interval, level), ends) in intervals.iter_mut().zip(INTERVALS).zip(of_ends.chunks(2))
        {
            *interval = Interval {
                level,
                low: ends[0],
                high: ends[1],
            };
        }
        let mut pinballs = [0.0; PINBALLS.len()];
        for ((loss, p), quantile) in pinballs.iter_mut().zip(PINBALLS).zip(&of_pinballs) {
            *loss = pinball(p, *quantile, truth);
        }
        Ok(Some(Self {
            truth,
            mean: forecast.mean(),
            median: of_pinballs[PINBALLS.len() / 2],
            intervals,
            pinballs,
            crps: forecast.crps(truth)?,
            log_score: -forecast.log_density(truth)?,
            pit: forecast.cdf(truth)?,
        }))
    }
}
