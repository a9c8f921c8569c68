//! How far parameters vary when rows are drawn anew.

use std::borrow::Cow;

use linfa::ParamGuard;
use ndarray::{Array, Dimension};
use rand::{Rng, SeedableRng};
use rand_distr::{Beta, Distribution, Open01};
use rand_xoshiro::Xoshiro256Plus;
use rayon::prelude::*;

use super::Parameters;
use crate::error::GmmError;
use crate::fit::fit;
use crate::gmm::Gmm;
use crate::incomplete::prepared;
use crate::init::InitMethod;
use crate::params::GmmParams;
use crate::sample::Sample;
use crate::threads::in_parallel;

/// Fits to samples that were drawn from the rows of one (Efron & Tibshirani, *An Introduction to the Bootstrap*, 1993).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Bootstrap {
    /// The proper fits; component k of each is what component k of the model became.
    pub replicates: Vec<Gmm>,
    /// Samples whose fit failed or was not proper ([`Fitted::is_proper`](crate::Fitted::is_proper)); they count in
    /// nothing else.
    pub n_failed: usize,
}

impl<R: Rng + Clone> GmmParams<R> {
    /// The nonparametric bootstrap of a fit to this sample: as many rows as it has are drawn from it, again and again,
    /// and each time the fit goes on from the model, so that components keep their names. It serves every covariance
    /// type, priors, frozen parameters, a background and trimming, as these parameters have them; the number of
    /// components and the covariance type are the model's. Standard errors hold where the model's optimum is the one
    /// that a new sample would have led to as well.
    ///
    /// Rows are not copied: a replicate is the same rows with other weights. The generator of these parameters draws
    /// them; the fits go on at the same time.
    ///
    /// ```
    /// use gmm_core::{Gmm, Sample};
    /// use ndarray::array;
    ///
    /// let x = array![[0.1], [0.4], [0.2], [0.5], [0.3], [5.3], [5.1], [5.4], [5.2], [5.6]];
    /// let sample = Sample::new(&x);
    /// let params = Gmm::params(2);
    /// let model = params.fit_sample(&sample, &|_| {})?.model;
    /// let bootstrap = params.bootstrap(&model, &sample, 100)?;
    /// let errors = bootstrap.standard_errors();
    /// let (low, high) = bootstrap.interval(0.95)?;
    /// assert!(errors.means[(0, 0)] > 0.0);
    /// assert!(low.means[(0, 0)] < model.means()[(0, 0)] && model.means()[(0, 0)] < high.means[(0, 0)]);
    /// # Ok::<(), gmm_core::GmmError>(())
    /// ```
    ///
    /// # Errors
    /// Those of a fit from the model to the sample itself; [`GmmError::NoReplicates`] where no replicate has a proper
    /// fit, and where none is asked for.
    pub fn bootstrap(
        &self,
        model: &Gmm,
        sample: &Sample<'_>,
        n_replicates: usize,
    ) -> Result<Bootstrap, GmmError> {
        let (settings, _) = self
            .clone()
            .n_components(model.n_components())
            .covariance_type(model.covariance_type())
            .init_method(InitMethod::Parameters(model.clone()))
            .check()?
            .into_parts();
        let mut rng = self.check_ref()?.rng();
        let seeds: Vec<u64> = (0..n_replicates).map(|_| rng.next_u64()).collect();
        let replicates: Vec<Option<Gmm>> =
            prepared(sample, settings.expects_outliers(), |sample| {
                // What is wrong with the sample itself is not a failure of each replicate.
                fit(&settings, &[0], sample, &|_| {})?;
                let weights: Vec<f64> = (0..sample.n_rows()).map(|i| sample.weight(i)).collect();
                let replicate = |&seed: &u64| {
                    let drawn = redrawn(&weights, &mut Xoshiro256Plus::seed_from_u64(seed));
                    let drawn = sample.borrowed().with_weights(Cow::Owned(drawn));
                    let fitted = fit(&settings, &[seed], &drawn, &|_| {}).ok()?;
                    fitted.is_proper().then_some(fitted.model)
                };
                let seeds = seeds.par_iter().with_max_len(1);
                Ok(in_parallel(|| seeds.map(replicate).collect()))
            })?;
        let replicates: Vec<Gmm> = replicates.into_iter().flatten().collect();
        if replicates.is_empty() {
            return Err(GmmError::NoReplicates { n_replicates });
        }
        Ok(Bootstrap {
            n_failed: n_replicates - replicates.len(),
            replicates,
        })
    }
}

/// How often each row is drawn when as many rows are drawn as there are, each as likely as its weight says: a
/// multinomial, row by row as binomials of what is left (Devroye, *Non-Uniform Random Variate Generation*, ch. XI.1).
fn redrawn(weights: &[f64], rng: &mut impl Rng) -> Vec<f64> {
    let mut weight_left: f64 = weights.iter().sum();
    let mut n_left = weight_left.round();
    let last = weights.iter().rposition(|w| *w > 0.0);
    let draw = |(row, &weight): (usize, &f64)| {
        // The last takes what is left, whatever rounding says.
        let share = if Some(row) == last {
            1.0
        } else {
            weight / weight_left
        };
        weight_left -= weight;
        let n = binomial(n_left, share, rng);
        n_left -= n;
        n
    };
    weights.iter().enumerate().map(draw).collect()
}

/// How many of `n` trials succeed that each do with probability `p`; of no trials none. Its time grows with ln n.
fn binomial(mut n: f64, p: f64, rng: &mut impl Rng) -> f64 {
    /// Expected successes that are waited for one by one.
    const FEW: f64 = 10.0;
    if p > 0.5 {
        return n - binomial(n, 1.0 - p, rng);
    }
    // Also where it is no number.
    let mut p = p.max(0.0);
    let mut successes = 0.0;
    // The middle one of n uniform numbers is beta distributed, and those on either side of it are uniform there: all on
    // one side of p are decided at once (Devroye 1986, ch. X.4.4).
    while n * p > FEW {
        let middle = ((n + 1.0) / 2.0).floor();
        let Ok(beta) = Beta::new(middle, n + 1.0 - middle) else {
            break;
        };
        let b: f64 = beta.sample(rng);
        if b <= p {
            successes += middle;
            n -= middle;
            p = ((p - b) / (1.0 - b)).clamp(0.0, 1.0).max(0.0);
        } else {
            n = middle - 1.0;
            p /= b;
        }
    }
    // From success to success (Devroye 1986, ch. X.4.3); of a probability of 0 the first never comes.
    let log_failure = (-p).ln_1p();
    let mut trial = 0.0;
    loop {
        let u: f64 = Open01.sample(rng);
        trial += (u.ln() / log_failure).floor() + 1.0;
        let is_one_of_them = trial <= n;
        if !is_one_of_them {
            return successes;
        }
        successes += 1.0;
    }
}

impl Bootstrap {
    /// The mean of each parameter over the replicates. Less the model's it estimates its bias.
    pub fn mean(&self) -> Parameters {
        self.each(mean)
    }

    /// The standard deviation of each parameter over the replicates: its standard error. 0 of a single replicate.
    pub fn standard_errors(&self) -> Parameters {
        self.each(|values| {
            let mean = mean(values);
            let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
            (squares / (values.len() as f64 - 1.0).max(1.0)).sqrt()
        })
    }

    /// The interval that holds this share of the replicates' values of each parameter by itself, as many being below it
    /// as above (Efron & Tibshirani 1993, eq. 13.5).
    ///
    /// # Errors
    /// [`GmmError::InvalidParameter`] unless the share lies between 0 and 1.
    pub fn interval(&self, share: f64) -> Result<(Parameters, Parameters), GmmError> {
        if !(share > 0.0 && share < 1.0) {
            return Err(GmmError::InvalidParameter {
                name: "share of an interval",
                value: share.to_string(),
                allowed: "above 0 and below 1",
            });
        }
        let below = 0.5 * (1.0 - share);
        let at = |p: f64| self.each(|values| quantile(values, p));
        Ok((at(below), at(1.0 - below)))
    }

    /// Something of the replicates' values of each parameter, which are in order.
    fn each(&self, of: impl Fn(&[f64]) -> f64) -> Parameters {
        let all: Vec<Parameters> = self.replicates.iter().map(Parameters::of).collect();
        Parameters {
            weights: over(&all, |p| &p.weights, &of),
            means: over(&all, |p| &p.means, &of),
            covariances: over(&all, |p| &p.covariances, &of),
        }
    }
}

/// Something of the values of each entry, which are in order.
fn over<D: Dimension>(
    all: &[Parameters],
    part: impl Fn(&Parameters) -> &Array<f64, D>,
    of: &impl Fn(&[f64]) -> f64,
) -> Array<f64, D> {
    let mut entries: Vec<_> = all.iter().map(|p| part(p).iter()).collect();
    // There is a replicate.
    part(&all[0]).map(|_| {
        let mut values: Vec<f64> = entries
            .iter_mut()
            .filter_map(|e| e.next().copied())
            .collect();
        values.sort_by(f64::total_cmp);
        of(&values)
    })
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The value below which the share `p` of sorted values lies, between two of them where it falls there (Hyndman & Fan,
/// *Amer. Statist.* 50, 1996, definition 7).
fn quantile(sorted: &[f64], p: f64) -> f64 {
    let place = p * (sorted.len() - 1) as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (place - below as f64) * (sorted[above] - sorted[below])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redrawn_rows_are_as_many_and_as_likely() {
        let weights = [3.0, 0.0, 1.0, 40.0, 6.0, 0.0];
        let mut rng = Xoshiro256Plus::seed_from_u64(1);
        let n = 20_000;
        let mut sums = [0.0; 6];
        let mut squares = [0.0; 6];
        for _ in 0..n {
            let drawn = redrawn(&weights, &mut rng);
            assert_eq!(drawn.iter().sum::<f64>(), 50.0);
            for (i, v) in drawn.into_iter().enumerate() {
                sums[i] += v / n as f64;
                squares[i] += v * v / n as f64;
            }
        }
        for (i, w) in weights.into_iter().enumerate() {
            let variance = w * (1.0 - w / 50.0);
            let error = (variance / n as f64).sqrt();
            assert!((sums[i] - w).abs() <= 5.0 * error, "{sums:?}");
            let found = squares[i] - sums[i] * sums[i];
            assert!(
                (found - variance).abs() <= 0.06 * variance,
                "{found} {variance}"
            );
        }
        // A thousand million rows take no longer.
        let drawn = redrawn(&[1e9, 3e9], &mut rng);
        assert_eq!(drawn.iter().sum::<f64>(), 4e9);
        assert!((drawn[0] - 1e9).abs() < 5.0 * 27_387.0);
        assert_eq!(redrawn(&[0.0, 0.0], &mut rng), [0.0, 0.0]);
    }

    #[test]
    fn quantiles_lie_between_values() {
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.5), 2.0);
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.75), 3.0);
        assert_eq!(quantile(&[7.0], 0.1), 7.0);
    }
}
