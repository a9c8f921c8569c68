//! What a fit of switching regressions may find, and the M-step that finds it.

use std::sync::Arc;

use super::least_squares::Normal;
use super::regressor::{Reference, Regressor, residual_scatter};
use crate::background::Background;
use crate::belief::{Belief, NO_SHARE, Ridge, pooled};
use crate::covariance::{Covariance, CovarianceType};
use crate::emission::Estimate;
use crate::error::Collapse;
use crate::gaussian::Gaussian;
use crate::kernel::Wanted;
use crate::moments::{Form, Moments, lower};
use crate::shares::Shares;
use crate::survey::Survey;

/// What the states of a switching regression differ in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum What {
    /// Each has its own intercepts and coefficients.
    #[default]
    All,
    /// Each has its own intercepts; the coefficients are those of all.
    InterceptOnly,
}

/// Rows that are believed to have been seen in every state before the data speaks: the conjugate prior of a regression,
/// whose density is the likelihood of these rows.
#[derive(Debug, Clone)]
pub(crate) struct PseudoRows {
    /// Their moments, in [`Form::Full`].
    pub(crate) moments: Moments,
    /// Rows that the prior of a share is worth.
    pub(crate) extra_counts: f64,
}

impl PseudoRows {
    /// Rows of this weight with the mean and the scales of the data and no correlation: coefficients are drawn to 0,
    /// residuals to the variance of the data.
    pub(crate) fn of(survey: &Survey, weight: f64, extra_counts: f64) -> Self {
        let d = survey.mean.len();
        let mut scatter = vec![0.0; lower(d, 0)];
        for (j, scale) in survey.scale.iter().enumerate() {
            scatter[lower(j, j)] = weight * scale;
        }
        Self {
            moments: Moments {
                weight,
                mean: survey.mean.clone(),
                scatter,
                form: Form::Full,
            },
            extra_counts,
        }
    }
}

/// What a fit of switching regressions may find: by maximum likelihood or, with pseudo-rows, under a prior.
#[derive(Debug, Clone)]
pub(crate) struct RegressionBelief {
    n_targets: usize,
    /// Of the residuals, which are Gaussian about 0.
    residuals: Belief,
    what: What,
    prior: Option<PseudoRows>,
    pub(super) reference: Arc<Reference>,
}

impl RegressionBelief {
    /// Of rows whose last `n_targets` columns are explained by the others; the covariances of the residuals are of
    /// `residual_type`, and of the variance of each target in the data at least the `ridge`.
    pub(crate) fn new(
        survey: &Survey,
        n_targets: usize,
        residual_type: CovarianceType,
        ridge: Ridge,
    ) -> Self {
        let n_given = survey.mean.len() - n_targets;
        Self {
            n_targets,
            residuals: Belief::new(residual_type, ridge, &survey.scale[n_given..]),
            what: What::default(),
            prior: None,
            reference: Reference::of(survey, n_given),
        }
    }

    /// The states differ in `what`.
    pub(crate) fn with_switching(self, what: What) -> Self {
        Self { what, ..self }
    }

    /// Under a prior, over all columns.
    pub(crate) fn with_prior(self, prior: PseudoRows) -> Self {
        Self {
            prior: Some(prior),
            ..self
        }
    }

    /// Free parameters of so many states: intercepts, coefficients and covariances.
    pub(crate) fn n_parameters(&self, n_states: usize) -> usize {
        let n_slopes = self.n_targets * self.reference.at.len();
        let of_slopes = match self.what {
            What::All => n_states * n_slopes,
            What::InterceptOnly => n_slopes,
        };
        let of_residuals = self.residuals.covariance_type();
        n_states * self.n_targets + of_slopes + of_residuals.n_parameters(n_states, self.n_targets)
    }

    /// B by least squares within rows of these moments: for every target the same equations.
    ///
    /// Of given columns that depend on those before them, constant ones among them, the coefficients are 0.
    fn slopes(&self, rows: &Moments) -> Vec<f64> {
        let p = self.reference.at.len();
        let least = self.reference.least(rows.weight);
        let normal = Normal::new(rows.scatter[..lower(p, 0)].to_vec(), &least);
        let of_target = |i: usize| normal.solve(&rows.scatter[lower(p + i, 0)..][..p]);
        (0..self.n_targets).flat_map(of_target).collect()
    }

    /// The B that all states share, by generalised least squares: of the residuals' precisions P, the solution of
    /// Σₖ PₖBSₖ = Σₖ Pₖ(cross scatter)ₖ.
    fn common_slopes(&self, live: &[&Moments], residuals: &[&Covariance]) -> Vec<f64> {
        let (p, q) = (self.reference.at.len(), self.n_targets);
        let n = p * q;
        let (mut matrix, mut right) = (vec![0.0; lower(n, 0)], vec![0.0; n]);
        let mut least = vec![0.0; n];
        for (rows, residual) in live.iter().zip(residuals) {
            let precision = residual.precision();
            let of_rows = self.reference.least(rows.weight);
            let given = |a: usize, b: usize| rows.scatter[lower(a.max(b), a.min(b))];
            for i in 0..n {
                let (target, column) = (i / p, i % p);
                for j in 0..=i {
                    matrix[lower(i, j)] += precision[target][j / p] * given(column, j % p);
                }
                let of_target =
                    |t: usize| precision[target][t] * rows.scatter[lower(p + t, column)];
                right[i] += (0..q).map(of_target).sum::<f64>();
                least[i] += precision[target][target] * of_rows[column];
            }
        }
        Normal::new(matrix, &least).solve(&right)
    }

    /// The M-step of the residuals' covariances, given B of each state.
    fn residual_covariances(
        &self,
        stats: &[Moments],
        slopes: &[&[f64]],
        now: Option<&[Gaussian]>,
    ) -> Result<Vec<Gaussian>, Collapse> {
        let form = self.residuals.covariance_type().form();
        let residual = |(rows, slopes): (&Moments, &&[f64])| Moments {
            weight: rows.weight,
            mean: vec![0.0; self.n_targets],
            scatter: residual_scatter(slopes, rows, self.n_targets),
            form: Form::Full,
        };
        let parts = stats.iter().zip(slopes).map(residual);
        let parts: Vec<Moments> = parts.map(|part| part.in_form(form)).collect();
        let of_target = |collapse: Collapse| Collapse {
            column: self.reference.at.len() + collapse.column,
            ..collapse
        };
        self.residuals.emissions(&parts, now).map_err(of_target)
    }

    /// Each with its own coefficients: those of least squares, whatever the covariances of the residuals are.
    fn of_own_slopes(
        &self,
        stats: &[Moments],
        is_live: &[bool],
        now: Option<&[Gaussian]>,
    ) -> Result<Vec<Regressor>, Collapse> {
        let all_live = is_live.iter().all(|live| *live);
        let pooled = (!all_live).then(|| self.slopes(&pooled_of(stats, is_live)));
        let of_state = |(rows, live): (&Moments, &bool)| match &pooled {
            Some(pooled) if !live => pooled.clone(),
            _ => self.slopes(rows),
        };
        let slopes: Vec<Vec<f64>> = stats.iter().zip(is_live).map(of_state).collect();
        let slopes: Vec<&[f64]> = slopes.iter().map(Vec::as_slice).collect();
        let residuals = self.residual_covariances(stats, &slopes, now)?;
        Ok(self.regressors(stats, &slopes, residuals))
    }

    /// All with the same coefficients: in turn these, given the covariances of the residuals, and those, given the
    /// coefficients. Each turn climbs (Meng & Rubin, *Biometrika* 80, 1993).
    fn of_common_slopes(
        &self,
        stats: &[Moments],
        is_live: &[bool],
        now: Option<&[Gaussian]>,
    ) -> Result<Vec<Regressor>, Collapse> {
        const TURNS: usize = 4;
        // With one covariance for all, least squares are best whatever it is.
        let is_weighted = !self.residuals.covariance_type().is_tied();
        let live: Vec<&Moments> = of_live(stats, is_live).collect();
        let least_squares = || self.slopes(&pooled_of(stats, is_live));
        let weighted = |now: &[Gaussian]| {
            let residuals: Vec<&Covariance> =
                of_live(now, is_live).map(Gaussian::covariance).collect();
            self.common_slopes(&live, &residuals)
        };
        let mut slopes = match now {
            Some(now) if is_weighted => weighted(now),
            _ => least_squares(),
        };
        let estimate = |slopes: &[f64], now: Option<&[Gaussian]>| {
            self.residual_covariances(stats, &vec![slopes; stats.len()], now)
        };
        let mut residuals = estimate(&slopes, now)?;
        if is_weighted {
            for _ in 1..TURNS {
                slopes = weighted(&residuals);
                residuals = estimate(&slopes, Some(&residuals))?;
            }
        }
        Ok(self.regressors(stats, &vec![slopes.as_slice(); stats.len()], residuals))
    }

    /// Through the means of the rows.
    fn regressors(
        &self,
        stats: &[Moments],
        slopes: &[&[f64]],
        residuals: Vec<Gaussian>,
    ) -> Vec<Regressor> {
        let states = stats.iter().zip(slopes).zip(residuals);
        states
            .map(|((rows, slopes), residual)| {
                let covariance = residual.covariance().clone();
                let reference = Arc::clone(&self.reference);
                Regressor::new(rows.mean.clone(), slopes.to_vec(), covariance, reference)
            })
            .collect()
    }

    /// The residuals of regressions, as what they are learned as.
    fn gaussians(&self, of: &[Regressor]) -> Vec<Gaussian> {
        let residual =
            |r: &Regressor| Gaussian::new(vec![0.0; self.n_targets], r.residual().clone());
        of.iter().map(residual).collect()
    }
}

/// Those of the states that have rows.
fn of_live<'s, T>(states: &'s [T], is_live: &[bool]) -> impl Iterator<Item = &'s T> {
    let live = states.iter().zip(is_live.to_vec());
    live.filter(|(_, live)| *live).map(|(state, _)| state)
}

/// The moments within the states that have rows, of which there is at least one.
fn pooled_of(stats: &[Moments], is_live: &[bool]) -> Moments {
    let live: Vec<Moments> = of_live(stats, is_live).cloned().collect();
    pooled(&live)
}

/// Which states have rows.
///
/// # Errors
/// [`Collapse`] where none has, or where the moments of one are no numbers.
pub(super) fn live(stats: &[Moments]) -> Result<Vec<bool>, Collapse> {
    let total: f64 = stats.iter().map(|s| s.weight).sum();
    // Not so where it is no number.
    let is_live: Vec<bool> = stats.iter().map(|s| s.weight > NO_SHARE * total).collect();
    if !is_live.contains(&true) {
        return Err(Collapse {
            component: 0,
            column: 0,
        });
    }
    for (component, rows) in stats.iter().enumerate().filter(|(k, _)| is_live[*k]) {
        let is_number = |j: &usize| (rows.mean[*j] + rows.scatter[lower(*j, *j)]).is_finite();
        if let Some(column) = (0..rows.mean.len()).find(|j| !is_number(j)) {
            return Err(Collapse { component, column });
        }
    }
    Ok(is_live)
}

/// Σ extra·ln πₖ over the shares that are not 0.
pub(super) fn log_prior_of_shares(extra_counts: f64, shares: &Shares) -> f64 {
    let logs = shares.logs().iter().filter(|l| l.is_finite());
    logs.map(|l| extra_counts * l).sum()
}

impl Estimate<Regressor> for RegressionBelief {
    fn wanted(&self) -> Wanted {
        Wanted {
            form: Form::Full,
            pooled: false,
        }
    }

    /// Coefficients by least squares within the rows of each state, or of all; the covariances of what they leave as
    /// those of Gaussians are learned. A state without rows stays where it was and takes the coefficients and the
    /// covariance that all together would have.
    fn emissions(
        &self,
        stats: &[Moments],
        now: Option<&[Regressor]>,
    ) -> Result<Vec<Regressor>, Collapse> {
        let mut stats = stats.to_vec();
        if let Some(prior) = &self.prior {
            stats.iter_mut().for_each(|s| s.merge(&prior.moments));
        }
        let is_live = live(&stats)?;
        let now = now.map(|now| self.gaussians(now));
        match self.what {
            What::All => self.of_own_slopes(&stats, &is_live, now.as_deref()),
            What::InterceptOnly => self.of_common_slopes(&stats, &is_live, now.as_deref()),
        }
    }

    fn admitted(
        &self,
        shares: &[f64],
        emissions: Vec<Regressor>,
    ) -> Option<(Shares, Vec<Regressor>)> {
        let (shares, residuals) = self
            .residuals
            .admitted(shares, self.gaussians(&emissions))?;
        let admitted = emissions.iter().zip(residuals).map(|(r, residual)| {
            let (mean, slopes) = (r.mean().to_vec(), r.coefficients().to_vec());
            let covariance = residual.covariance().clone();
            Regressor::new(mean, slopes, covariance, Arc::clone(&self.reference))
        });
        Some((shares, admitted.collect()))
    }

    fn shares(&self, counts: &[f64]) -> Shares {
        let extra = self.prior.as_ref().map_or(0.0, |prior| prior.extra_counts);
        let counts: Vec<f64> = counts.iter().map(|c| c + extra).collect();
        Shares::of_counts(&counts)
    }

    fn background(&self) -> Option<&Background> {
        None
    }

    /// The likelihood of the pseudo-rows in every state.
    fn log_prior(&self, shares: &Shares, emissions: &[Regressor]) -> f64 {
        let Some(prior) = &self.prior else { return 0.0 };
        let of_states = emissions.iter().map(|r| r.log_likelihood(&prior.moments));
        of_states.sum::<f64>() + log_prior_of_shares(prior.extra_counts, shares)
    }
}
