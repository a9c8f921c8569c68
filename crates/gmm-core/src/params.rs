//! The estimator: what to fit, and how.

use linfa::ParamGuard;
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256Plus;

use crate::belief::Ridge;
use crate::covariance::CovarianceType;
use crate::error::GmmError;
use crate::fit::{Settings, fit};
use crate::fitted::{Fitted, Progress};
use crate::frozen::Frozen;
use crate::gmm::Gmm;
use crate::init::InitMethod;
use crate::prior::Prior;
use crate::sample::Sample;
use crate::search::Mending;
use crate::threads::in_parallel;
use crate::tile::Rows;

/// More runs than this are a mistake.
const MOST_RUNS: usize = 1_000_000;

/// Checked parameters of a fit; made by [`ParamGuard::check`] of [`GmmParams`].
#[derive(Debug, Clone, PartialEq)]
pub struct GmmValidParams<R: Rng = Xoshiro256Plus> {
    settings: Settings,
    rng: R,
}

/// Parameters of a fit.
///
/// | parameter | default | scikit-learn |
/// |---|---|---|
/// | `covariance_type` | [`CovarianceType::Full`] | `covariance_type` |
/// | `tolerance` | 1e-4 nats per free parameter in all, 1e-6 … 1e-4 per row, from the limit | `tol` = 1e-3, of one step |
/// | `ridge` | [`Ridge::Relative`]`(1e-6)` | `reg_covar` = 1e-6, absolute |
/// | `n_runs` | 1 | `n_init` |
/// | `max_n_iterations` | 1000 | `max_iter` = 100 |
/// | `init_method` | [`InitMethod::Pool`] | `init_params` = `kmeans` |
/// | `accelerate` | true: SQUAREM | none |
/// | `prior` | none | none |
/// | `frozen` | nothing | none |
/// | `background` | none | none |
/// | `trimming`, `eigenvalue_ratio` | none | none |
/// | `mending` | [`Mending::Reseed`] | none |
/// | `n_moves` | 0 | none |
/// | `with_rng` | Xoshiro256+ seeded with 42 | `random_state` |
///
/// # Degenerate data
///
/// | data | outcome |
/// |---|---|
/// | a NaN or infinite value | [`GmmError::NonFinite`] with its row and column |
/// | no row of positive weight, fewer such rows than components | [`GmmError::NoRows`], [`GmmError::TooFewRows`] |
/// | a variance beyond 1e308 | [`GmmError::Overflow`] with its column |
/// | equal rows, fewer distinct rows than components | a model; components may coincide, and no variance is below the ridge |
/// | a constant column, or one whose variance is below 1e-308 | a model in which the ridge is its variance, and [`Note::ConstantColumn`](crate::Note::ConstantColumn) |
/// | a component that describes no data, as below | given up and another divided, if a sound fit comes of it ([`mending`](Self::mending)); else |
/// | a component that loses all rows | it keeps its mean and weight 0, and [`Note::EmptyComponent`](crate::Note::EmptyComponent) tells |
/// | a component on fewer rows than its covariance needs | it stays, and [`Note::ThinComponent`](crate::Note::ThinComponent) tells; starts without such are preferred |
/// | a component on tied values, as narrow as a relative ridge | it stays, and [`Note::Spike`](crate::Note::Spike) tells; starts without such are preferred |
/// | a covariance that becomes singular, with a ridge of (nearly) 0 | the last model before, and [`Outcome::Collapsed`](crate::Outcome::Collapsed) |
/// | starts that are all singular | [`GmmError::NotPositiveDefinite`] with component and column |
/// | iterations run out | the model, and [`Outcome::IterationLimit`](crate::Outcome::IterationLimit) |
///
/// ```
/// use gmm_core::{CovarianceType, Gmm};
/// use ndarray::array;
///
/// let x = array![[0.0], [0.2], [0.1], [5.0], [5.1], [5.3]];
/// let fitted = Gmm::params(2).covariance_type(CovarianceType::Spherical).fit_report(&x)?;
/// assert_eq!(fitted.model.labels(&x)?[0], fitted.model.labels(&x)?[2]);
/// assert!(fitted.n_iterations() > 0);
/// # Ok::<(), gmm_core::GmmError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct GmmParams<R: Rng = Xoshiro256Plus>(GmmValidParams<R>);

impl Gmm {
    /// An estimator of mixtures of `n_components` components, with the defaults of [`GmmParams`].
    pub fn params(n_components: usize) -> GmmParams {
        Self::params_with_rng(n_components, Xoshiro256Plus::seed_from_u64(42))
    }

    /// An estimator that draws its starts from `rng`.
    pub fn params_with_rng<R: Rng + Clone>(n_components: usize, rng: R) -> GmmParams<R> {
        let settings = Settings {
            n_components,
            covariance_type: CovarianceType::Full,
            tolerance: None,
            ridge: Ridge::Relative(1e-6),
            n_runs: 1,
            max_n_iterations: 1000,
            init_method: InitMethod::Pool,
            accelerate: true,
            prior: None,
            frozen: Frozen::default(),
            has_background: false,
            trimming: 0.0,
            eigenvalue_ratio: None,
            mending: Mending::default(),
            n_moves: 0,
        };
        GmmParams(GmmValidParams { settings, rng })
    }
}

impl<R: Rng + Clone> GmmParams<R> {
    /// The number of components.
    #[must_use]
    pub fn n_components(mut self, n_components: usize) -> Self {
        self.0.settings.n_components = n_components;
        self
    }

    /// The constraint on the covariances.
    #[must_use]
    pub fn covariance_type(mut self, covariance_type: CovarianceType) -> Self {
        self.0.settings.covariance_type = covariance_type;
        self
    }

    /// How near to its limit the mean log-likelihood must be, in nats per row; 0 runs all iterations.
    ///
    /// By default 1e-4 nats for each free parameter in all, but at least 1e-6 and at most 1e-4 for each row. Divided evenly,
    /// what is left for a parameter by the first would move it by a seventieth of its standard error.
    #[must_use]
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.0.settings.tolerance = Some(tolerance);
        self
    }

    /// What is added to the diagonal of every covariance.
    #[must_use]
    pub fn ridge(mut self, ridge: Ridge) -> Self {
        self.0.settings.ridge = ridge;
        self
    }

    /// An absolute ridge, under linfa's name.
    #[must_use]
    pub fn reg_covariance(self, reg_covariance: f64) -> Self {
        self.ridge(Ridge::Absolute(reg_covariance))
    }

    /// Complete fits from new starts, at the same time, of which the best is kept. Each has random numbers of its
    /// own.
    #[must_use]
    pub fn n_runs(mut self, n_runs: usize) -> Self {
        self.0.settings.n_runs = n_runs;
        self
    }

    /// Most EM iterations of each run.
    #[must_use]
    pub fn max_n_iterations(mut self, max_n_iterations: usize) -> Self {
        self.0.settings.max_n_iterations = max_n_iterations;
        self
    }

    /// Where a fit starts.
    #[must_use]
    pub fn init_method(mut self, init_method: InitMethod) -> Self {
        self.0.settings.init_method = init_method;
        self
    }

    /// Whether steps of SQUAREM are tried between those of EM: fewer iterations to the same optimum, at which
    /// the objective still never falls. Without them a fit is EM to the letter.
    #[must_use]
    pub fn accelerate(mut self, accelerate: bool) -> Self {
        self.0.settings.accelerate = accelerate;
        self
    }

    /// A prior: the fit maximises the posterior density instead of the likelihood.
    #[must_use]
    pub fn prior(mut self, prior: Prior) -> Self {
        self.0.settings.prior = Some(prior);
        self
    }

    /// Parameters that stay as the start has them.
    #[must_use]
    pub fn frozen(mut self, frozen: Frozen) -> Self {
        self.0.settings.frozen = frozen;
        self
    }

    /// Whether there is a [`Background`](crate::Background) beside the components, uniform over the box of the data.
    /// Ridge and ratio are then measured in interquartile ranges, which outliers do not move.
    #[must_use]
    pub fn background(mut self, background: bool) -> Self {
        self.0.settings.has_background = background;
        self
    }

    /// The share of the rows that are left out as outliers, those least likely under the model; for scikit-learn's types
    /// together with a constraint on the eigenvalues, unless [`eigenvalue_ratio`](Self::eigenvalue_ratio) says another,
    /// of [`TRIMMED_RATIO`](crate::TRIMMED_RATIO). Ridge and ratio are then measured in interquartile ranges, which outliers do not move. Of
    /// rows seen in part, densities of different features are compared, so that units matter there. Trimmed likelihood: García-Escudero, Gordaliza, Matrán & Mayo-Iscar, *Ann. Statist.* 36, 2008.
    #[must_use]
    pub fn trimming(mut self, share: f64) -> Self {
        self.0.settings.trimming = share;
        self
    }

    /// The largest ratio of two eigenvalues of covariances, of one component or of two, each feature measured in
    /// its standard deviation; for the families of scikit-learn's types.
    #[must_use]
    pub fn eigenvalue_ratio(mut self, largest: f64) -> Self {
        self.0.settings.eigenvalue_ratio = Some(largest);
        self
    }

    /// What becomes of components that describe no data. Where they are removed, the model has fewer components than
    /// were asked for.
    #[must_use]
    pub fn mending(mut self, mending: Mending) -> Self {
        self.0.settings.mending = mending;
        self
    }

    /// How often, once a run of three or more components has converged, two components are merged and another is divided to see whether the
    /// objective then becomes larger (Ueda, Nakano, Ghahramani & Hinton, *Neural Computation* 12, 2000; accepted on
    /// the objective itself).
    #[must_use]
    pub fn n_moves(mut self, n_moves: usize) -> Self {
        self.0.settings.n_moves = n_moves;
        self
    }

    /// The source of every random choice: the same generator gives the same model, to the bit.
    #[must_use]
    pub fn with_rng<S: Rng + Clone>(self, rng: S) -> GmmParams<S> {
        GmmParams(GmmValidParams {
            settings: self.0.settings,
            rng,
        })
    }

    /// Fits to rows of weight 1 and tells how it went.
    ///
    /// # Errors
    /// Parameters out of range, data that no fit can use (empty, not finite, fewer rows than components), or
    /// a start that is not positive definite with a ridge of 0.
    pub fn fit_report(&self, rows: &dyn Rows) -> Result<Fitted, GmmError> {
        self.check_ref()?.fit_sample(&Sample::new(rows), &|_| {})
    }

    /// Fits to weighted rows and tells how it went. Weights are multiplicities, so that their sum is the n of
    /// BIC; [`Sample`] says what becomes of weights that cannot be.
    ///
    /// # Errors
    /// As [`fit_report`](Self::fit_report), and those of [`Sample::weighted`].
    pub fn fit_weighted(&self, rows: &dyn Rows, weights: &[f64]) -> Result<Fitted, GmmError> {
        self.check_ref()?
            .fit_sample(&Sample::weighted(rows, weights)?, &|_| {})
    }
}

impl<R: Rng + Clone> GmmParams<R> {
    /// Fits to a sample; `observe` hears of every iteration, from several threads where there are several runs.
    ///
    /// # Errors
    /// As [`fit_report`](Self::fit_report).
    pub fn fit_sample(
        &self,
        sample: &Sample<'_>,
        observe: &(dyn Fn(Progress) + Sync),
    ) -> Result<Fitted, GmmError> {
        self.check_ref()?.fit_sample(sample, observe)
    }
}

impl<R: Rng> ParamGuard for GmmParams<R> {
    type Checked = GmmValidParams<R>;
    type Error = GmmError;

    fn check_ref(&self) -> Result<&Self::Checked, GmmError> {
        let p = &self.0.settings;
        let (Ridge::Relative(ridge) | Ridge::Absolute(ridge)) = p.ridge;
        let count = "at least 1";
        let size = "a finite number of at least 0";
        let is_size = |x: f64| x.is_finite() && x >= 0.0;
        let checks = [
            (
                p.n_components >= 1,
                "n_components",
                p.n_components.to_string(),
                count,
            ),
            (
                (1..=MOST_RUNS).contains(&p.n_runs),
                "n_runs",
                p.n_runs.to_string(),
                "from 1 to 1000000",
            ),
            (
                p.max_n_iterations >= 1,
                "max_n_iterations",
                p.max_n_iterations.to_string(),
                count,
            ),
            (
                p.tolerance.is_none_or(is_size),
                "tolerance",
                p.tolerance.unwrap_or_default().to_string(),
                size,
            ),
            (is_size(ridge), "ridge", ridge.to_string(), size),
            (
                (0.0..0.5).contains(&p.trimming),
                "trimming",
                p.trimming.to_string(),
                "at least 0 and below 0.5",
            ),
            (
                p.eigenvalue_ratio.is_none_or(|c| c.is_finite() && c >= 1.0),
                "eigenvalue_ratio",
                p.eigenvalue_ratio.unwrap_or_default().to_string(),
                "a finite number of at least 1",
            ),
            (
                p.eigenvalue_ratio.is_none() || p.covariance_type.allows_ratio(),
                "covariance_type",
                p.covariance_type.to_string(),
                "one of scikit-learn's types where a ratio of eigenvalues is asked for",
            ),
        ];
        if let Some(prior) = &p.prior {
            prior.check()?;
        }
        match checks.into_iter().find(|(valid, ..)| !valid) {
            Some((_, name, value, allowed)) => Err(GmmError::InvalidParameter {
                name,
                value,
                allowed,
            }),
            None => Ok(&self.0),
        }
    }

    fn check(self) -> Result<Self::Checked, GmmError> {
        self.check_ref()?;
        Ok(self.0)
    }
}

impl<R: Rng + Clone> GmmValidParams<R> {
    /// K, the number of components.
    pub fn n_components(&self) -> usize {
        self.settings.n_components
    }

    /// The constraint on the covariances.
    pub fn covariance_type(&self) -> CovarianceType {
        self.settings.covariance_type
    }

    /// How near to its limit the mean log-likelihood must be, in nats per row; none where the size of the sample says.
    pub fn tolerance(&self) -> Option<f64> {
        self.settings.tolerance
    }

    /// What is added to the diagonal of every covariance.
    pub fn ridge(&self) -> Ridge {
        self.settings.ridge
    }

    /// Whether there is a prior.
    pub(crate) fn has_prior(&self) -> bool {
        self.settings.prior.is_some()
    }

    /// Complete fits from new starts.
    pub fn n_runs(&self) -> usize {
        self.settings.n_runs
    }

    /// Most EM iterations of each run.
    pub fn max_n_iterations(&self) -> usize {
        self.settings.max_n_iterations
    }

    /// Whether steps of SQUAREM are tried.
    pub fn accelerate(&self) -> bool {
        self.settings.accelerate
    }

    /// Where a fit starts.
    pub fn init_method(&self) -> &InitMethod {
        &self.settings.init_method
    }

    /// Fits to a sample; `observe` hears of every iteration, from several threads where there are several runs.
    ///
    /// # Errors
    /// Data that no fit can use (empty, not finite, fewer rows than components, sizes that disagree with a
    /// given start), or starts that are all not positive definite, which only a ridge of 0 allows.
    pub fn fit_sample(
        &self,
        sample: &Sample<'_>,
        observe: &(dyn Fn(Progress) + Sync),
    ) -> Result<Fitted, GmmError> {
        let (settings, seeds) = (&self.settings, self.seeds());
        in_parallel(|| fit(settings, &seeds, sample, observe))
    }

    /// The settings and the source of randomness of each run.
    pub(crate) fn into_parts(self) -> (Settings, Vec<u64>) {
        let seeds = self.seeds();
        (self.settings, seeds)
    }

    /// The source of every random choice, as it was given.
    pub(crate) fn rng(&self) -> R {
        self.rng.clone()
    }

    fn seeds(&self) -> Vec<u64> {
        let mut rng = self.rng.clone();
        // A given start leaves nothing to chance, so one run says it all.
        let is_given = self.settings.init_method.is_given();
        let n_runs = if is_given { 1 } else { self.settings.n_runs };
        (0..n_runs).map(|_| rng.next_u64()).collect()
    }
}
