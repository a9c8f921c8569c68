//! Whether one component more is more than chance.

use linfa::ParamGuard;
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256Plus;
use rayon::prelude::*;
use serde::Serialize;

use super::in_deviations;
use crate::eigen::Eigen;
use crate::error::GmmError;
use crate::fit::{Settings, fit};
use crate::fitted::Fitted;
use crate::gaussian::Gaussian;
use crate::gmm::Gmm;
use crate::incomplete::prepared;
use crate::init::InitMethod;
use crate::mixture::Mixture;
use crate::params::GmmParams;
use crate::sample::Sample;
use crate::shares::Shares;
use crate::survey::Survey;
use crate::threads::in_parallel;

/// A test of K components against K + 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LikelihoodRatioTest {
    /// K, the number of components of the hypothesis.
    pub n_components: usize,
    /// 2 (ln L of K + 1 components − ln L of K), in nats; at least 0.
    pub statistic: f64,
    /// The share of the replicates, and of the data among them, whose statistic is at least as large.
    pub p_value: f64,
    /// The statistic of each sample that was drawn from the fit of K components.
    pub replicates: Vec<f64>,
    /// Samples of which a fit failed or was not proper ([`Fitted::is_proper`](crate::Fitted::is_proper)); they do not
    /// count.
    pub n_failed: usize,
    /// Whether both fits to the data are proper; if not, the statistic says more of the ridge than of the data.
    pub is_proper: bool,
}

/// Values of a replicate beyond which it would not fit into memory.
const MOST_VALUES: f64 = 1e9;

impl<R: Rng + Clone> GmmParams<R> {
    /// Tests 1 component against 2, 2 against 3 and so on up to `most` against `most` + 1, by the bootstrap of the
    /// likelihood ratio, whose distribution is not that of χ² (McLachlan, *Appl. Statist.* 36, 1987; mclust's
    /// `mclustBootstrapLRT`). With a level of `significance` they end at the first test whose p-value is above it: its K
    /// is then enough.
    ///
    /// Each of `n_replicates` samples is drawn from the fit of K components and fitted as the data are: with K, also
    /// from the fit it was drawn from, and with K + 1, also from the fit with K and each component divided. The search is
    /// as these parameters say, the same for data and replicates, so that neither is favoured; the fits go on at the
    /// same time. Weights are multiplicities: a replicate has as many rows as they sum to.
    ///
    /// ```
    /// use gmm_core::{CovarianceType, Gmm, Sample};
    /// use ndarray::Array2;
    ///
    /// let x = Array2::from_shape_fn((40, 1), |(i, _)| (i % 2) as f64 * 9.0 + (i as f64).sin());
    /// let params = Gmm::params(1).covariance_type(CovarianceType::Tied);
    /// let tests = params.likelihood_ratio_tests(&Sample::new(&x), 1, 19, None)?;
    /// assert_eq!(tests[0].p_value, 0.05);
    /// # Ok::<(), gmm_core::GmmError>(())
    /// ```
    ///
    /// # Errors
    /// [`GmmError::InvalidParameter`] for rows with missing values, noise or labels, trimming, a given start, no
    /// replicates, or weights that sum to more than a thousand million values; [`GmmError::NoReplicates`] where none has proper fits; those of a fit to the data.
    pub fn likelihood_ratio_tests(
        &self,
        sample: &Sample<'_>,
        most: usize,
        n_replicates: usize,
        significance: Option<f64>,
    ) -> Result<Vec<LikelihoodRatioTest>, GmmError> {
        let (settings, seeds) = self.clone().check()?.into_parts();
        check(&settings, sample, n_replicates)?;
        let mut rng = self.check_ref()?.rng();
        let search = Search { settings, seeds };
        let mut tests = Vec::new();
        prepared(sample, search.settings.expects_outliers(), |sample| {
            let mut null = in_parallel(|| search.fit(1, sample))?;
            for n_components in 1..=most {
                let (statistic, larger) = in_parallel(|| search.statistic(&null, sample))?;
                let seeds: Vec<u64> = (0..n_replicates).map(|_| rng.next_u64()).collect();
                let n_rows = sample.total_weight().round() as usize;
                let replicate = |&seed: &u64| search.replicate(&null.model, n_rows, seed);
                let seeds = seeds.par_iter().with_max_len(1);
                let drawn: Vec<Option<f64>> = in_parallel(|| seeds.map(replicate).collect());
                let replicates: Vec<f64> = drawn.into_iter().flatten().collect();
                if replicates.is_empty() {
                    return Err(GmmError::NoReplicates { n_replicates });
                }
                let n_as_large = replicates.iter().filter(|s| **s >= statistic).count();
                let p_value = (1 + n_as_large) as f64 / (1 + replicates.len()) as f64;
                tests.push(LikelihoodRatioTest {
                    n_components,
                    statistic,
                    p_value,
                    n_failed: n_replicates - replicates.len(),
                    replicates,
                    is_proper: null.is_proper() && larger.is_proper(),
                });
                if significance.is_some_and(|level| p_value > level) {
                    break;
                }
                null = larger;
            }
            Ok(())
        })?;
        Ok(tests)
    }
}

fn check(settings: &Settings, sample: &Sample<'_>, n_replicates: usize) -> Result<(), GmmError> {
    let checks = [
        (
            sample.is_plain() && sample.labels().is_none(),
            "sample of a likelihood-ratio test",
            "with missing values, noise or labels",
            "of whole rows, of which replicates can be drawn",
        ),
        (
            settings.trimming == 0.0,
            "trimming in a likelihood-ratio test",
            "above 0",
            "0: what is trimmed has no likelihood",
        ),
        (
            !settings.init_method.is_given(),
            "start of a likelihood-ratio test",
            "given",
            "one that there is for any number of components",
        ),
        (
            sample.total_weight() * sample.n_features() as f64 <= MOST_VALUES,
            "sum of the weights",
            "too large",
            "that of at most a thousand million values, which replicates have as well",
        ),
        (n_replicates > 0, "n_replicates", "0", "at least 1"),
    ];
    match checks.into_iter().find(|(valid, ..)| !valid) {
        Some((_, name, value, allowed)) => Err(GmmError::InvalidParameter {
            name,
            value: String::from(value),
            allowed,
        }),
        None => Ok(()),
    }
}

/// How data and replicates are fitted.
struct Search {
    settings: Settings,
    seeds: Vec<u64>,
}

impl Search {
    fn fit(&self, n_components: usize, sample: &Sample<'_>) -> Result<Fitted, GmmError> {
        let settings = Settings {
            n_components,
            ..self.settings.clone()
        };
        fit(&settings, &self.seeds, sample, &|_| {})
    }

    fn fit_from(&self, start: Gmm, sample: &Sample<'_>) -> Result<Fitted, GmmError> {
        let settings = Settings {
            n_components: start.n_components(),
            init_method: InitMethod::Parameters(start),
            ..self.settings.clone()
        };
        fit(&settings, &[0], sample, &|_| {})
    }

    /// The statistic of a fit against one component more, and the fit that has it.
    fn statistic(&self, null: &Fitted, sample: &Sample<'_>) -> Result<(f64, Fitted), GmmError> {
        let k = null.model.n_components();
        let scale = Survey::of(sample)?.scale;
        let divided = |component: usize| {
            let start = divided(&null.model, component, &scale)?;
            self.fit_from(start, sample).ok()
        };
        let (searched, divided) = rayon::join(
            || self.fit(k + 1, sample),
            || -> Vec<Option<Fitted>> { (0..k).into_par_iter().map(divided).collect() },
        );
        let larger = divided.into_iter().flatten().fold(searched?, better);
        // A mixture of K is one of K + 1 of which two are the same, so less than 0 is a search that fell short.
        let statistic = 2.0 * (larger.log_likelihood() - null.log_likelihood());
        Ok((statistic.max(0.0), larger))
    }

    /// The statistic of a sample from the hypothesis, if its fits are proper.
    fn replicate(&self, null: &Gmm, n_rows: usize, seed: u64) -> Option<f64> {
        let (rows, _) = null.sample(n_rows, &mut Xoshiro256Plus::seed_from_u64(seed));
        let statistic = Sample::new(&rows).in_tiles(|sample| {
            let searched = self.fit(null.n_components(), sample);
            let from_itself = self.fit_from(null.clone(), sample);
            let smaller = match (searched, from_itself) {
                (Ok(one), Ok(other)) => better(one, other),
                (one, other) => one.or(other)?,
            };
            let (statistic, larger) = self.statistic(&smaller, sample)?;
            let is_proper = smaller.is_proper() && larger.is_proper();
            Ok::<_, GmmError>(is_proper.then_some(statistic))
        });
        statistic.ok()?
    }
}

/// The proper one of two fits, or the likelier one.
fn better(one: Fitted, other: Fitted) -> Fitted {
    let rank = |fitted: &Fitted| (fitted.is_proper(), fitted.mean_log_likelihood());
    if rank(&other) > rank(&one) {
        other
    } else {
        one
    }
}

/// The mixture with a component divided in two, one deviation to either side along its longest axis, each feature
/// measured in the root of its `scale`. Both keep its covariance, and so the family.
fn divided(gmm: &Gmm, component: usize, scale: &[f64]) -> Option<Gmm> {
    let mixture = gmm.mixture();
    let whole = &gmm.components()[component];
    let eigen = Eigen::of(&in_deviations(whole.covariance(), scale), scale.len())?;
    let length = eigen.values[0].sqrt();
    let at = |side: f64| {
        let axis = eigen.axes.iter().zip(scale);
        let offset = axis.map(|(a, s)| side * length * a * s.sqrt());
        let mean = whole.mean().iter().zip(offset).map(|(m, o)| m + o);
        Gaussian::new(mean.collect(), whole.covariance().clone())
    };
    let mut components = gmm.components().to_vec();
    components.splice(component..=component, [at(-1.0), at(1.0)]);
    let mut shares = mixture.shares().values().to_vec();
    shares[component] *= 0.5;
    shares.insert(component, shares[component]);
    let shares = Shares::of_counts(&shares);
    let mixture = Mixture::new(shares, components, mixture.background().cloned());
    Some(Gmm::from_mixture(mixture, gmm.covariance_type()))
}
