//! Hamilton's autoregression about a mean that switches (*Econometrica* 57, 1989, eq. 2.1 and 4.1).
//!
//! y_t − μ(s_t) = Σ φᵢ (y_{t−i} − μ(s_{t−i})) + e_t, with e_t ~ N(0, σ²) or N(0, σ²(s_t)). What is emitted at t depends on
//! the states of t and of the p times before it, so the model switches between K^{p+1} composite states, one for each
//! such tuple. Each is a regression of y_t on the p values before it; all have the same coefficients φ.

use std::sync::Arc;

use super::belief::{live, log_prior_of_shares};
use super::least_squares::Normal;
use super::regressor::{Reference, Regressor, residual_scatter};
use crate::background::Background;
use crate::belief::Ridge;
use crate::cholesky::dot;
use crate::covariance::Covariance;
use crate::emission::Estimate;
use crate::error::Collapse;
use crate::kernel::Wanted;
use crate::moments::{Form, Moments, add_outer, lower};
use crate::shares::Shares;
use crate::survey::Survey;

/// K^{p+1}, where a computer can count so far.
pub(crate) fn n_composites(n_states: usize, order: usize) -> Option<usize> {
    n_states.checked_pow(u32::try_from(order).ok()?.checked_add(1)?)
}

/// s_{t−lag} of a composite state, which is Σᵢ s_{t−i}Kⁱ.
pub(crate) fn state_at(composite: usize, lag: usize, n_states: usize) -> usize {
    (0..lag).fold(composite, |rest, _| rest / n_states) % n_states
}

/// The parameters of a switching mean.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Hamilton {
    /// μ, one for each of the K states.
    pub(crate) means: Vec<f64>,
    /// φ₁ … φ_p.
    pub(crate) ar: Vec<f64>,
    /// σ² of each state; all the same where it does not switch.
    pub(crate) variances: Vec<f64>,
}

impl Hamilton {
    /// Read from the K^{p+1} regressions of composite states, each of which passes through the means of its states.
    pub(crate) fn of(regressors: &[Regressor], n_states: usize) -> Self {
        // Those with s_t = k and all states before it 0.
        let of_state = &regressors[..n_states];
        let level = |r: &Regressor| r.mean()[r.n_given()];
        Self {
            means: of_state.iter().map(level).collect(),
            ar: of_state[0].coefficients().iter().rev().copied().collect(),
            variances: of_state.iter().map(|r| r.residual().entry(0, 0)).collect(),
        }
    }

    /// The regressions of all composite states, in their order: rows are (y_{t−p}, …, y_{t−1}, y_t).
    ///
    /// # Errors
    /// [`Collapse`] for a variance that is not positive.
    pub(crate) fn regressors(
        &self,
        reference: &Arc<Reference>,
    ) -> Result<Vec<Regressor>, Collapse> {
        let (k, p) = (self.means.len(), self.ar.len());
        let slopes = self.slopes();
        (0..self.n_composites())
            .map(|composite| {
                let state = state_at(composite, 0, k);
                let collapse = |_| Collapse {
                    component: composite,
                    column: p,
                };
                let residual = Covariance::spherical(self.variances[state], 1);
                let path = self.path(composite);
                let residual = residual.map_err(collapse)?;
                Ok(Regressor::new(
                    path,
                    slopes.clone(),
                    residual,
                    Arc::clone(reference),
                ))
            })
            .collect()
    }

    /// K^{p+1}; of regressions that exist there are not too many to count.
    fn n_composites(&self) -> usize {
        n_composites(self.means.len(), self.ar.len()).unwrap_or(usize::MAX)
    }

    /// φ in the order of the columns: the oldest first.
    fn slopes(&self) -> Vec<f64> {
        self.ar.iter().rev().copied().collect()
    }

    /// The means of a composite's states, in the order of the columns.
    fn path(&self, composite: usize) -> Vec<f64> {
        let mean = |lag| self.means[state_at(composite, lag, self.means.len())];
        (0..=self.ar.len()).rev().map(mean).collect()
    }

    /// What the regression of a composite leaves of a row.
    fn residual(&self, composite: usize, row: &[f64]) -> f64 {
        let path = self.path(composite);
        let offset: Vec<f64> = row.iter().zip(path).map(|(y, m)| y - m).collect();
        let (now, before) = (offset[self.ar.len()], &offset[..self.ar.len()]);
        now - dot(&self.slopes(), before)
    }

    /// How the residuals of a composite fall as each μ grows.
    fn weights_of_means(&self, composite: usize) -> Vec<f64> {
        let k = self.means.len();
        let mut weights = vec![0.0; k];
        weights[state_at(composite, 0, k)] += 1.0;
        for (i, phi) in self.ar.iter().enumerate() {
            weights[state_at(composite, i + 1, k)] -= phi;
        }
        weights
    }
}

/// What is believed of a switching mean before the data speaks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct HamiltonPrior {
    /// Where the means are expected.
    pub(crate) mean: f64,
    /// The variance that residuals are expected to have; rows that tell of the means have it too.
    pub(crate) variance: f64,
    /// Rows that the expectation of a mean is worth.
    pub(crate) strength: f64,
    /// Rows that the expectation of a variance is worth, in each state; once where all share it.
    pub(crate) rows: f64,
    /// Rows that the prior of a share is worth.
    pub(crate) extra_counts: f64,
}

/// What a fit of Hamilton's model may find: by maximum likelihood or under a prior.
#[derive(Debug, Clone)]
pub(crate) struct HamiltonBelief {
    n_states: usize,
    has_own_variances: bool,
    ridge: f64,
    /// The variance of the series.
    scale: f64,
    prior: Option<HamiltonPrior>,
    reference: Arc<Reference>,
}

/// The stages of a conditional maximisation, over the moments of all composites.
struct Stages<'a> {
    belief: &'a HamiltonBelief,
    stats: &'a [Moments],
    at: Hamilton,
}

impl HamiltonBelief {
    /// Of rows (y_{t−p}, …, y_{t−1}, y_t); the ridge is a share of the variance of y.
    pub(crate) fn new(
        survey: &Survey,
        n_states: usize,
        has_own_variances: bool,
        ridge: Ridge,
    ) -> Self {
        let order = survey.mean.len() - 1;
        let scale = survey.scale[order];
        Self {
            n_states,
            has_own_variances,
            ridge: match ridge {
                Ridge::Relative(share) => share * scale,
                Ridge::Absolute(variance) => variance,
            },
            scale,
            prior: None,
            reference: Reference::of(survey, order),
        }
    }

    /// Under a prior.
    pub(crate) fn with_prior(self, prior: HamiltonPrior) -> Self {
        Self {
            prior: Some(prior),
            ..self
        }
    }

    /// p.
    fn order(&self) -> usize {
        self.reference.at.len()
    }

    /// Free parameters of the emissions: means, coefficients and variances.
    pub(crate) fn n_parameters(&self) -> usize {
        let n_variances = if self.has_own_variances {
            self.n_states
        } else {
            1
        };
        self.n_states + self.order() + n_variances
    }

    /// The means that are best for points of each composite with these weights, given the rest of `at`. A mean that they
    /// do not determine stays.
    fn means<'p>(
        &self,
        at: &Hamilton,
        points: impl Iterator<Item = (f64, &'p [f64])>,
        prior: Option<&HamiltonPrior>,
    ) -> Vec<f64> {
        let k = self.n_states;
        let (mut matrix, mut right) = (vec![0.0; lower(k, 0)], vec![0.0; k]);
        for (composite, (weight, point)) in points.enumerate() {
            if weight <= 0.0 {
                // A place without rows need not be a number.
                continue;
            }
            let weight = weight / at.variances[state_at(composite, 0, k)];
            let of_means = at.weights_of_means(composite);
            add_outer(Form::Full, weight, &of_means, &mut matrix);
            let residual = at.residual(composite, point);
            let terms = right.iter_mut().zip(&of_means);
            terms.for_each(|(r, a)| *r += weight * a * residual);
        }
        if let Some(prior) = prior {
            let weight = prior.strength / prior.variance;
            for state in 0..k {
                matrix[lower(state, state)] += weight;
                right[state] += weight * (prior.mean - at.means[state]);
            }
        }
        let steps = Normal::new(matrix, &vec![0.0; k]).solve(&right);
        at.means
            .iter()
            .zip(steps)
            .map(|(m, step)| m + step)
            .collect()
    }

    /// Where there is no model yet: the means of the rows that each state has now, no dependence, the variance of the
    /// series.
    fn start(&self, stats: &[Moments], is_live: &[bool]) -> Hamilton {
        let p = self.order();
        let mean_of = |state: Option<usize>| {
            let is_of = |c: usize| state.is_none_or(|s| state_at(c, 0, self.n_states) == s);
            let of = || (0..stats.len()).filter(|&c| is_live[c] && is_of(c));
            let weight: f64 = of().map(|c| stats[c].weight).sum();
            let origin = of().next().map(|c| stats[c].mean[p])?;
            let offset = |c: usize| stats[c].weight / weight * (stats[c].mean[p] - origin);
            Some(origin + of().map(offset).sum::<f64>())
        };
        let overall = mean_of(None).unwrap_or(0.0);
        let mean = |state| mean_of(Some(state)).unwrap_or(overall);
        Hamilton {
            means: (0..self.n_states).map(mean).collect(),
            ar: vec![0.0; p],
            variances: vec![self.scale; self.n_states],
        }
    }
}

impl Stages<'_> {
    /// nₖ and the squared residuals of the rows of each state.
    fn squares(&self) -> Vec<(f64, f64)> {
        let k = self.belief.n_states;
        let mut squares = vec![(0.0, 0.0); k];
        let slopes = self.at.slopes();
        for (composite, rows) in self.stats.iter().enumerate() {
            if rows.weight <= 0.0 {
                continue;
            }
            let (weight, square) = &mut squares[state_at(composite, 0, k)];
            let residual = self.at.residual(composite, &rows.mean);
            *weight += rows.weight;
            *square += residual_scatter(&slopes, rows, 1)[0] + rows.weight * residual * residual;
        }
        squares
    }

    /// μ given φ and σ².
    fn means(&mut self) {
        let points = self.stats.iter().map(|s| (s.weight, s.mean.as_slice()));
        self.at.means = self
            .belief
            .means(&self.at, points, self.belief.prior.as_ref());
    }

    /// φ given μ and σ²: least squares of what is left of y after the means, weighted.
    fn ar(&mut self) {
        let (k, p) = (self.belief.n_states, self.belief.order());
        let mut second = vec![0.0; lower(p + 1, 0)];
        let mut total = 0.0;
        for (composite, rows) in self.stats.iter().enumerate() {
            if rows.weight <= 0.0 {
                continue;
            }
            let precision = 1.0 / self.at.variances[state_at(composite, 0, k)];
            let path = self.at.path(composite);
            let offset: Vec<f64> = rows.mean.iter().zip(path).map(|(y, m)| y - m).collect();
            add_outer(Form::Full, precision * rows.weight, &offset, &mut second);
            let scatter = second.iter_mut().zip(&rows.scatter);
            scatter.for_each(|(s, own)| *s += precision * own);
            total += precision * rows.weight;
        }
        let least = self.belief.reference.least(total);
        let right = second[lower(p, 0)..][..p].to_vec();
        second.truncate(lower(p, 0));
        let slopes = Normal::new(second, &least).solve(&right);
        self.at.ar = slopes.into_iter().rev().collect();
    }

    /// σ² given μ and φ; a state without rows has that of all rows, unless a prior says of its own.
    fn variances(&mut self) {
        let squares = self.squares();
        let prior = self.belief.prior.as_ref();
        let (rows, expected) = prior.map_or((0.0, 0.0), |p| (p.rows, p.rows * p.variance));
        let variance = |(weight, square): (f64, f64)| {
            (square + expected) / (weight + rows) + self.belief.ridge
        };
        let all = squares
            .iter()
            .fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
        let own = |own: &(f64, f64)| {
            let has_rows = own.0 + rows > f64::EPSILON * all.0;
            let is_own = self.belief.has_own_variances && has_rows;
            variance(if is_own { *own } else { all })
        };
        self.at.variances = squares.iter().map(own).collect();
    }

    /// How far a step has led from another place, in deviations of the residuals; a coefficient counts as it is.
    fn distance(&self, from: &Hamilton) -> f64 {
        let largest = |a: &[f64], b: &[f64]| {
            let steps = a.iter().zip(b).map(|(a, b)| (a - b).abs());
            steps.fold(0.0, f64::max)
        };
        let variance = self
            .at
            .variances
            .iter()
            .copied()
            .fold(f64::INFINITY, f64::min);
        let of_means = largest(&self.at.means, &from.means) / variance.sqrt();
        of_means.max(largest(&self.at.ar, &from.ar))
    }
}

impl Estimate<Regressor> for HamiltonBelief {
    fn wanted(&self) -> Wanted {
        Wanted {
            form: Form::Full,
            pooled: false,
        }
    }

    /// μ, φ and σ² in turn, each the best given the others, until they stay (Meng & Rubin, *Biometrika* 80, 1993).
    fn emissions(
        &self,
        stats: &[Moments],
        now: Option<&[Regressor]>,
    ) -> Result<Vec<Regressor>, Collapse> {
        const MOST_ROUNDS: usize = 100;
        const NEAR: f64 = 1e-9;
        let is_live = live(stats)?;
        let at = match now {
            Some(now) => Hamilton::of(now, self.n_states),
            None => self.start(stats, &is_live),
        };
        let belief = self;
        let mut stages = Stages { belief, stats, at };
        for _ in 0..MOST_ROUNDS {
            let before = stages.at.clone();
            stages.means();
            stages.ar();
            stages.variances();
            // Also where it is no number.
            let goes_on = stages.distance(&before) > NEAR;
            if !goes_on {
                break;
            }
        }
        stages.at.regressors(&self.reference)
    }

    /// The nearest means are those that are best for the points that the regressions pass through, as if each were the
    /// mean of the rows of its state.
    fn admitted(
        &self,
        shares: &[f64],
        emissions: Vec<Regressor>,
    ) -> Option<(Shares, Vec<Regressor>)> {
        /// What logarithms and back may round away.
        const ROUNDING: f64 = 1e-9;
        /// A composite without a share counts a little, so that every mean is determined.
        const LITTLE: f64 = 1e-3;
        let mut at = Hamilton::of(&emissions, self.n_states);
        let least = (self.ridge * (1.0 - ROUNDING)).max(f64::MIN_POSITIVE);
        if at.variances.iter().any(|v| *v < least) {
            return None;
        }
        let shares = Shares::of_counts(shares);
        let little = LITTLE / emissions.len() as f64;
        let points = shares.values().iter().zip(&emissions);
        let points = points.map(|(share, r)| (share + little, r.mean()));
        at.means = self.means(&at, points, None);
        if at.means.iter().any(|m| !m.is_finite()) {
            return None;
        }
        Some((shares, at.regressors(&self.reference).ok()?))
    }

    fn shares(&self, counts: &[f64]) -> Shares {
        let extra = self.prior.map_or(0.0, |prior| prior.extra_counts);
        let counts: Vec<f64> = counts.iter().map(|c| c + extra).collect();
        Shares::of_counts(&counts)
    }

    fn background(&self) -> Option<&Background> {
        None
    }

    /// Of each mean −½κ(μ − m)²/v, of each variance −½n(ln σ² + v/σ²): κ and n rows of variance v.
    fn log_prior(&self, shares: &Shares, emissions: &[Regressor]) -> f64 {
        let Some(prior) = &self.prior else { return 0.0 };
        let at = Hamilton::of(emissions, self.n_states);
        let of_mean = |m: &f64| prior.strength * (m - prior.mean).powi(2) / prior.variance;
        let of_variance = |v: &f64| prior.rows * (v.ln() + prior.variance / v);
        let n_variances = if self.has_own_variances {
            self.n_states
        } else {
            1
        };
        let of_means: f64 = at.means.iter().map(of_mean).sum();
        let of_variances: f64 = at.variances[..n_variances].iter().map(of_variance).sum();
        log_prior_of_shares(prior.extra_counts, shares) - 0.5 * (of_means + of_variances)
    }
}

#[cfg(test)]
mod tests;
