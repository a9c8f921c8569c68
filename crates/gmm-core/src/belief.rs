//! What a fit may find: Gaussians from their moments, by maximum likelihood or under a prior.

use serde::{Deserialize, Serialize};

use crate::background::Background;
use crate::cholesky;
use crate::covariance::{Covariance, CovarianceType};
use crate::emission::Estimate;
use crate::error::Collapse;
use crate::family::{self, Bounds, Part, Ratio};
use crate::frozen::Kept;
use crate::gaussian::Gaussian;
use crate::kernel::Wanted;
use crate::moments::{Moments, add_outer};
use crate::prior::Conjugate;
use crate::shares::Shares;

/// A component with less than this share of all rows no longer influences any density in `f64`.
pub(crate) const NO_SHARE: f64 = f64::EPSILON;

/// What is added to the diagonal of every covariance, so that none becomes singular.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ridge {
    /// This share of each feature's variance in the data, or of the square of its interquartile range where there may
    /// be outliers, as in a trimmed fit: the answer does not depend on units. A constant column takes the mean variance
    /// of the others, or 1 where all are constant.
    ///
    /// It only guards the arithmetic. A component that shrinks down to it is a spike on tied values, not a
    /// part of the data's density: such fits are ranked behind others and noted
    /// ([`Note::Spike`](crate::Note::Spike)).
    Relative(f64),
    /// This variance, in the units of the data (scikit-learn's and linfa's `reg_covar`).
    ///
    /// It states how fine the data can be; a component as narrow as that is taken for real.
    Absolute(f64),
}

/// What a fit may find: the covariances of one family, kept from collapsing, by maximum likelihood or under a prior.
#[derive(Debug, Clone)]
pub(crate) struct Belief {
    covariance_type: CovarianceType,
    ridge: Vec<f64>,
    ridge_is_guard: bool,
    /// The largest ratio of two eigenvalues of covariances, in units of this variance of each feature.
    ratio: Option<(f64, Vec<f64>)>,
    prior: Option<Conjugate>,
    kept: Option<Kept>,
    background: Option<Background>,
}

impl Belief {
    /// Maximum likelihood; `scale` is the variance of each feature that a relative ridge is a share of.
    pub(crate) fn new(covariance_type: CovarianceType, ridge: Ridge, scale: &[f64]) -> Self {
        let (ridge, ridge_is_guard) = match ridge {
            Ridge::Relative(share) => (scale.iter().map(|v| v * share).collect(), true),
            Ridge::Absolute(variance) => (vec![variance; scale.len()], false),
        };
        Self {
            covariance_type,
            ridge,
            ridge_is_guard,
            ratio: None,
            prior: None,
            kept: None,
            background: None,
        }
    }

    /// No eigenvalue of a covariance, each feature measured in the square root of its `scale`, is more than `largest`
    /// times another.
    pub(crate) fn with_ratio(self, largest: f64, scale: &[f64]) -> Self {
        Self {
            ratio: Some((largest, scale.to_vec())),
            ..self
        }
    }

    pub(crate) fn with_prior(self, prior: Conjugate) -> Self {
        Self {
            prior: Some(prior),
            ..self
        }
    }

    pub(crate) fn with_kept(self, kept: Kept) -> Self {
        Self {
            kept: Some(kept),
            ..self
        }
    }

    pub(crate) fn with_background(self, background: Background) -> Self {
        Self {
            background: Some(background),
            ..self
        }
    }

    /// Parameters that are not free.
    pub(crate) fn n_frozen(&self) -> usize {
        let of = self.covariance_type;
        let kept = self.kept.as_ref();
        kept.map_or(0, |kept| kept.n_parameters(self.ridge.len(), of))
    }

    /// The ridge of each feature, where it only guards the arithmetic.
    pub(crate) fn guard(&self) -> Option<&[f64]> {
        self.ridge_is_guard.then_some(&self.ridge)
    }

    /// The constraint on the covariances.
    pub(crate) fn covariance_type(&self) -> CovarianceType {
        self.covariance_type
    }

    /// Rows below which a component has too few to have a covariance of its own.
    pub(crate) fn least_rows(&self) -> f64 {
        if self.prior.is_some() {
            0.0
        } else {
            self.covariance_type.least_rows(self.ridge.len())
        }
    }

    /// ln |Σ| of Sₖ/Nₖ + ridge for each of these, were it one component's own, where there is one.
    pub(crate) fn log_dets<'m>(
        &self,
        moments: impl IntoIterator<Item = &'m Moments>,
    ) -> Vec<Option<f64>> {
        let variances = |moments: &Moments| {
            let entries = moments.scatter.iter().map(|s| s / moments.weight);
            let mut variances: Vec<f64> = entries.collect();
            self.add_ridge(1.0, &mut variances);
            variances
        };
        let all = moments.into_iter().map(variances).collect();
        let found = self.covariance_type.log_dets(all, self.ridge.len());
        found.into_iter().map(Result::ok).collect()
    }

    /// Of how many components [`log_dets`](Self::log_dets) are best found together.
    pub(crate) fn group_size(&self) -> usize {
        cholesky::group_size(self.ridge.len())
    }

    /// μₖ: of the rows, and of what is believed of it.
    fn mean(&self, component: usize, stats: &Moments) -> Vec<f64> {
        let kept = self.kept.as_ref().and_then(|k| k.means[component].clone());
        let of_rows = || match &self.prior {
            Some(prior) if prior.strength > 0.0 => {
                let share = prior.share(stats.weight);
                let means = stats.mean.iter().zip(&prior.mean);
                means.map(|(x, m)| x + share * (m - x)).collect()
            }
            _ => stats.mean.clone(),
        };
        kept.unwrap_or_else(of_rows)
    }

    /// What a component brings to the M-step of the covariances: its scatter about its mean, with the ridge and,
    /// unless all share one covariance, the prior.
    fn part(&self, component: usize, stats: &Moments) -> Part {
        let (mut weight, mut scatter) = (stats.weight, stats.scatter.clone());
        let offset = |mean: &[f64]| -> Vec<f64> {
            stats.mean.iter().zip(mean).map(|(x, m)| x - m).collect()
        };
        let kept = self.kept.as_ref().and_then(|k| k.means[component].as_ref());
        match (kept, &self.prior) {
            (Some(mean), prior) => {
                add_outer(stats.form, stats.weight, &offset(mean), &mut scatter);
                if let Some(prior) = prior {
                    let from_prior = mean.iter().zip(&prior.mean).map(|(x, m)| x - m);
                    let from_prior: Vec<f64> = from_prior.collect();
                    add_outer(stats.form, prior.strength, &from_prior, &mut scatter);
                }
            }
            (None, Some(prior)) if prior.strength > 0.0 => {
                let between = stats.weight * prior.share(stats.weight);
                add_outer(stats.form, between, &offset(&prior.mean), &mut scatter);
            }
            _ => {}
        }
        if let Some(prior) = &self.prior {
            weight += prior.rows_of_mean();
            if !self.covariance_type.is_tied() {
                weight += prior.rows;
                add(&mut scatter, &prior.scatter);
            }
        }
        self.add_ridge(weight, &mut scatter);
        Part { weight, scatter }
    }

    /// The prior of a covariance that all share.
    fn common_part(&self) -> Option<Part> {
        let prior = self.prior.as_ref()?;
        self.covariance_type.is_tied().then(|| {
            let mut scatter = prior.scatter.clone();
            self.add_ridge(prior.rows, &mut scatter);
            Part {
                weight: prior.rows,
                scatter,
            }
        })
    }

    fn add_ridge(&self, weight: f64, scatter: &mut [f64]) {
        let form = self.covariance_type.form();
        for (i, ridge) in self.ridge.iter().enumerate() {
            scatter[form.place(i, i)] += weight * ridge;
        }
    }

    fn covariances(
        &self,
        parts: &[Part],
        now: Option<&[&Covariance]>,
    ) -> Result<Vec<Covariance>, Collapse> {
        let bounds = Bounds {
            floor: &self.ridge,
            ratio: self.ratio.as_ref().map(|(largest, scale)| Ratio {
                largest: *largest,
                scale,
            }),
        };
        family::covariances(self.covariance_type, parts, self.ridge.len(), &bounds, now)
    }

    /// The same, but for covariances that stay as they are.
    fn free_covariances(
        &self,
        mut parts: Vec<Part>,
        now: Option<&[&Covariance]>,
    ) -> Result<Vec<Covariance>, Collapse> {
        let Some(kept) = self.kept.as_ref().map(|kept| &kept.covariances) else {
            return self.covariances(&parts, now);
        };
        let is_free: Vec<bool> = kept.iter().map(Option::is_none).collect();
        let n_free = is_free.iter().filter(|free| **free).count();
        let mut free = Vec::new();
        if n_free == kept.len() {
            free = self.covariances(&parts, now)?;
        } else if n_free > 0 {
            // Each has its own covariance then.
            let place: Vec<usize> = (0..kept.len()).filter(|&k| is_free[k]).collect();
            let own: Vec<Part> = place
                .iter()
                .map(|&k| std::mem::take(&mut parts[k]))
                .collect();
            let now: Option<Vec<&Covariance>> =
                now.map(|now| place.iter().map(|&k| now[k]).collect());
            free = self
                .covariances(&own, now.as_deref())
                .map_err(|collapse| Collapse {
                    component: place[collapse.component],
                    ..collapse
                })?;
        }
        let mut free = free.into_iter();
        let covariance = |kept: &Option<Covariance>| kept.clone().or_else(|| free.next());
        Ok(kept.iter().filter_map(covariance).collect())
    }

    /// No variance, whatever the other features say, is below the ridge.
    fn allows(&self, emission: &Gaussian) -> bool {
        /// What logarithms and back may round away.
        const ROUNDING: f64 = 1e-9;
        let d = self.ridge.len() as f64;
        let least = |ridge: f64| ridge * (1.0 - ROUNDING);
        match emission.covariance() {
            Covariance::Spherical { variance, .. } => {
                *variance >= least(self.ridge.iter().map(|r| r / d).sum())
            }
            covariance => {
                let variances = covariance.conditional_variances();
                variances
                    .iter()
                    .zip(&self.ridge)
                    .all(|(v, r)| *v >= least(*r))
            }
        }
    }

    /// Whether all that extrapolation leads to is of the family.
    fn is_open(&self) -> bool {
        self.ratio.is_none() && self.covariance_type.is_closed_under_extrapolation()
    }
}

fn add(to: &mut [f64], from: &[f64]) {
    to.iter_mut().zip(from).for_each(|(a, b)| *a += b);
}

/// The within-component moments Σₖ Sₖ of all components together.
///
/// The mean of the result is that of the first component and has no meaning.
pub(crate) fn pooled(stats: &[Moments]) -> Moments {
    let mut pooled = stats[0].clone();
    for s in &stats[1..] {
        pooled.weight += s.weight;
        add(&mut pooled.scatter, &s.scatter);
    }
    pooled
}

impl Estimate<Gaussian> for Belief {
    fn wanted(&self) -> Wanted {
        Wanted {
            form: self.covariance_type.form(),
            pooled: self.covariance_type.is_tied(),
        }
    }

    /// The nearest covariances of the family are those of an M-step to which each brings itself.
    fn admitted(
        &self,
        shares: &[f64],
        emissions: Vec<Gaussian>,
    ) -> Option<(Shares, Vec<Gaussian>)> {
        let shares = match &self.kept {
            Some(kept) => Shares::of_whole(kept.shares(shares)),
            None => Shares::of_counts(shares),
        };
        let emissions = if self.is_open() {
            emissions
        } else {
            let now: Vec<&Covariance> = emissions.iter().map(Gaussian::covariance).collect();
            let form = self.covariance_type.form();
            let of_itself = |(covariance, share): (&&Covariance, &f64)| Part {
                weight: *share,
                scatter: covariance.entries(form).iter().map(|v| v * share).collect(),
            };
            let parts: Vec<Part> = now.iter().zip(shares.values()).map(of_itself).collect();
            let near = self.covariances(&parts, Some(&now)).ok()?;
            emissions
                .iter()
                .zip(near)
                .map(|(g, covariance)| Gaussian::new(g.mean().to_vec(), covariance))
                .collect()
        };
        let emissions = match &self.kept {
            Some(kept) => kept.restore(emissions),
            None => emissions,
        };
        let are_allowed = emissions.iter().all(|g| self.allows(g));
        are_allowed.then_some((shares, emissions))
    }

    /// μₖ and Σₖ of Bishop, PRML (9.24)–(9.25), the covariances as their family has them; with a prior the mode of the
    /// posterior (Fraley & Raftery 2007, table 1).
    ///
    /// A component without rows keeps its mean and takes the pooled covariance, so that the model stays
    /// valid; its weight says that it is empty.
    fn emissions(
        &self,
        stats: &[Moments],
        now: Option<&[Gaussian]>,
    ) -> Result<Vec<Gaussian>, Collapse> {
        let mut parts: Vec<Part> = stats
            .iter()
            .enumerate()
            .map(|(component, s)| self.part(component, s))
            .collect();
        parts.extend(self.common_part());
        let now: Option<Vec<&Covariance>> =
            now.map(|now| now.iter().map(Gaussian::covariance).collect());
        let covariances = self.free_covariances(parts, now.as_deref())?;
        let mean = |(component, s)| self.mean(component, s);
        let means = stats.iter().enumerate().map(mean);
        Ok(means
            .zip(covariances)
            .map(|(mean, covariance)| Gaussian::new(mean, covariance))
            .collect())
    }

    fn shares(&self, counts: &[f64]) -> Shares {
        let mut counts = counts.to_vec();
        if let Some(prior) = &self.prior {
            counts.iter_mut().for_each(|c| *c += prior.extra_counts);
        }
        match &self.kept {
            Some(kept) => Shares::of_whole(kept.shares(&counts)),
            None => Shares::of_counts(&counts),
        }
    }

    fn background(&self) -> Option<&Background> {
        self.background.as_ref()
    }

    fn log_prior(&self, shares: &Shares, emissions: &[Gaussian]) -> f64 {
        let Some(prior) = &self.prior else { return 0.0 };
        let form = self.covariance_type.form();
        let n_covariances = if self.covariance_type.is_tied() {
            1
        } else {
            emissions.len()
        };
        let of_means: f64 = emissions.iter().map(|g| prior.log_density_of_mean(g)).sum();
        let of_covariances: f64 = emissions[..n_covariances]
            .iter()
            .map(|g| prior.log_density_of_covariance(g, form))
            .sum();
        let of_shares: f64 = if prior.extra_counts > 0.0 {
            let of_share = |l: &f64| prior.extra_counts * l;
            // A share that was frozen at 0 says nothing.
            shares
                .logs()
                .iter()
                .filter(|l| l.is_finite())
                .map(of_share)
                .sum()
        } else {
            0.0
        };
        of_means + of_covariances + of_shares
    }
}
