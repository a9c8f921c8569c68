//! The fits among which there is a choice.

use linfa::ParamGuard;
use rand::Rng;

use crate::covariance::CovarianceType;
use crate::error::GmmError;
use crate::fit::Settings;
use crate::params::GmmParams;

/// The settings of a fit and the seeds of its runs.
pub(super) type Candidate = (Settings, Vec<u64>);

/// Every number of components with every covariance type, all else as `params` say, as far as they are possible.
///
/// # Errors
/// That of the first, if none is.
pub(super) fn candidates<R: Rng + Clone>(
    params: &GmmParams<R>,
    n_components: impl IntoIterator<Item = usize>,
    types: &[CovarianceType],
) -> Result<Vec<Candidate>, GmmError> {
    let mut possible = Vec::new();
    let mut refused = None;
    for k in n_components {
        for &covariance_type in types {
            let params = params.clone().n_components(k);
            match params.covariance_type(covariance_type).check() {
                Ok(valid) => possible.push(valid.into_parts()),
                Err(error) => refused = refused.or(Some(error)),
            }
        }
    }
    match refused {
        Some(error) if possible.is_empty() => Err(error),
        _ => Ok(possible),
    }
}

/// For each candidate the first whose covariances are the same: of one feature only their volumes differ, and of one
/// component only what is free of it.
pub(super) fn twins(candidates: &[Candidate], n_features: usize) -> Vec<usize> {
    let sameness = |settings: &Settings| {
        let of = settings.covariance_type;
        let k = settings.n_components;
        let is_family = of.mclust_name().is_some();
        let is_plain = settings.prior.is_none()
            && settings.eigenvalue_ratio.is_none()
            && settings.trimming == 0.0
            && !settings.init_method.is_given();
        let has_one = n_features == 1 || k == 1;
        let free = of.n_parameters(k, n_features);
        let least_rows = of.least_rows(n_features).to_bits();
        (is_family && is_plain && has_one).then_some((k, free, least_rows))
    };
    let all: Vec<_> = candidates
        .iter()
        .map(|(settings, _)| sameness(settings))
        .collect();
    let first = |(place, own): (usize, &Option<_>)| match own {
        Some(_) => all.iter().position(|other| other == own).unwrap_or(place),
        None => place,
    };
    all.iter().enumerate().map(first).collect()
}
