//! Mixtures adapted from one that describes all rows to some of them, and what those then have more of.
//!
//! A background model describes the rows of everybody; the model of one is what Bayes makes of it with that one's
//! rows: D. A. Reynolds, T. F. Quatieri & R. B. Dunn, "Speaker verification using adapted Gaussian mixture models",
//! *Digital Signal Processing* 10, 2000, pp. 19–41.

use ndarray::Array2;

use crate::covariance::{Covariance, CovarianceType};
use crate::error::GmmError;
use crate::gaussian::Gaussian;
use crate::gmm::Gmm;
use crate::kernel::Wanted;
use crate::log_space::log_sum_exp_by;
use crate::mixture::{Joint, Mixture};
use crate::moments::{Form, Moments};
use crate::sample::{Part, Sample, map_rows};
use crate::shares::Shares;
use crate::threads::in_parallel;
use crate::tile::{Rows, Tile};

/// What of a mixture is adapted, and how readily.
///
/// A component that stands for nᵢ of the new rows goes the share αᵢ = nᵢ / (nᵢ + r) of the way from what it was to what
/// they say (eq. 14), where r is the relevance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adaptation {
    relevance: f64,
    means: bool,
    weights: bool,
    variances: bool,
}

impl Default for Adaptation {
    /// Of means alone with the relevance 16, as the paper recommends (sections 3.4 and 5).
    fn default() -> Self {
        Self {
            relevance: 16.0,
            means: true,
            weights: false,
            variances: false,
        }
    }
}

impl Adaptation {
    /// r: the rows that weigh as much as what was known. 0 forgets it wherever there are rows.
    #[must_use]
    pub fn relevance(self, relevance: f64) -> Self {
        Self { relevance, ..self }
    }

    /// Whether means are adapted.
    #[must_use]
    pub fn means(self, means: bool) -> Self {
        Self { means, ..self }
    }

    /// Whether weights are.
    #[must_use]
    pub fn weights(self, weights: bool) -> Self {
        Self { weights, ..self }
    }

    /// Whether covariances are.
    #[must_use]
    pub fn variances(self, variances: bool) -> Self {
        Self { variances, ..self }
    }

    /// αᵢ, eq. 14.
    fn share(&self, n: f64) -> f64 {
        if n > 0.0 {
            n / (n + self.relevance)
        } else {
            0.0
        }
    }

    fn check(&self, of: &Gmm) -> Result<(), GmmError> {
        if !(self.relevance.is_finite() && self.relevance >= 0.0) {
            return Err(GmmError::InvalidParameter {
                name: "relevance",
                value: self.relevance.to_string(),
                allowed: "a finite number of at least 0",
            });
        }
        let own = [
            CovarianceType::Full,
            CovarianceType::Diagonal,
            CovarianceType::Spherical,
        ];
        if self.variances && !own.contains(&of.covariance_type()) {
            return Err(GmmError::InvalidParameter {
                name: "covariance type",
                value: of.covariance_type().to_string(),
                allowed: "full, diagonal or spherical where variances are adapted: those of each component by itself",
            });
        }
        of.check_no_background()
    }

    /// μ̂ᵢ = αᵢ Eᵢ + (1 − αᵢ) μᵢ (eq. 12).
    fn mean(&self, of: &Gaussian, moments: &Moments) -> Vec<f64> {
        let share = if self.means {
            self.share(moments.weight)
        } else {
            0.0
        };
        let pairs = of.mean().iter().zip(&moments.mean);
        pairs.map(|(mu, e)| mu + share * (e - mu)).collect()
    }

    /// σ̂²ᵢ = αᵢ E²ᵢ + (1 − αᵢ)(σ²ᵢ + μ²ᵢ) − μ̂²ᵢ (eq. 13), as it is without cancellation:
    /// αᵢ Sᵢ + (1 − αᵢ) Σᵢ + αᵢ(1 − αᵢ)(Eᵢ − μᵢ)(Eᵢ − μᵢ)ᵀ with Sᵢ the covariance of the rows.
    ///
    /// About a mean that stays where it is the last term has the factor αᵢ: the paper's E²ᵢ is about 0, of which
    /// something negative could remain.
    fn covariance(
        &self,
        of: &Gaussian,
        moments: &Moments,
        covariance_type: CovarianceType,
    ) -> Result<Covariance, GmmError> {
        let share = self.share(moments.weight);
        if !self.variances || share == 0.0 {
            return Ok(of.covariance().clone());
        }
        let dim = of.mean().len();
        let form = moments.form;
        let of_offset = if self.means {
            share * (1.0 - share)
        } else {
            share
        };
        let offset = |i: usize| moments.mean[i] - of.mean()[i];
        let entry = |(i, j): (usize, usize)| {
            share * moments.scatter[form.place(i, j)] / moments.weight
                + (1.0 - share) * of.covariance().entry(i, j)
                + of_offset * offset(i) * offset(j)
        };
        let entries: Vec<f64> = match form {
            Form::Full => (0..dim)
                .flat_map(|i| (0..=i).map(move |j| (i, j)))
                .map(entry)
                .collect(),
            Form::Diagonal => (0..dim).map(|i| entry((i, i))).collect(),
        };
        covariance_type
            .covariance(entries, dim)
            .map_err(|pivot| GmmError::NotPositiveDefinite {
                component: 0,
                column: pivot.0,
            })
    }

    /// ŵᵢ = [αᵢ nᵢ/T + (1 − αᵢ) wᵢ] γ (eq. 11), where γ makes them sum to 1.
    fn shares(&self, of: &Gmm, moments: &[Moments]) -> Shares {
        let total: f64 = moments.iter().map(|m| m.weight).sum();
        if !self.weights || total <= 0.0 {
            return of.mixture().shares().clone();
        }
        let adapted = of.weights().into_iter().zip(moments).map(|(w, m)| {
            let share = self.share(m.weight);
            share * m.weight / total + (1.0 - share) * w
        });
        Shares::of_counts(&adapted.collect::<Vec<_>>())
    }
}

impl Gmm {
    /// The mixture adapted to a sample: the maximum a posteriori one where this one is what is known before, as far as
    /// `adaptation` says. Rows of weight 3 count as three; where values are missing, what is expected in their place.
    ///
    /// Components that stand for no row stay as they are, and all do where there are no rows.
    ///
    /// ```
    /// use gmm_core::{Adaptation, Covariances, Gmm, Sample};
    /// use ndarray::array;
    ///
    /// let all = Gmm::new(array![1.0], array![[0.0]], Covariances::Diagonal(array![[1.0]]))?;
    /// let rows = array![[3.0], [5.0], [4.0], [4.0]];
    /// let one = all.adapted(&Sample::new(&rows), &Adaptation::default())?;
    /// // 4 rows of mean 4 and 16 at 0.
    /// assert!((one.means()[(0, 0)] - 0.8).abs() < 1e-12);
    /// # Ok::<(), gmm_core::GmmError>(())
    /// ```
    ///
    /// # Errors
    /// [`GmmError::InvalidParameter`] for a relevance that is negative or not finite, for variances of a covariance type
    /// that components share, and for a mixture with a background; [`GmmError::SizeMismatch`] and
    /// [`GmmError::NonFinite`] for the rows; [`GmmError::NotPositiveDefinite`] where a relevance of 0 leaves a component
    /// with too few rows.
    pub fn adapted(&self, sample: &Sample<'_>, adaptation: &Adaptation) -> Result<Self, GmmError> {
        adaptation.check(self)?;
        self.check_columns(sample.n_features())?;
        let form = match adaptation.variances {
            true => self.covariance_type().form(),
            false => Form::Diagonal,
        };
        let wanted = Wanted {
            form,
            pooled: false,
        };
        let moments = if sample.is_plain() {
            sample.check_finite()?;
            in_parallel(|| self.mixture().tally(sample, wanted))
                .0
                .components
        } else {
            let parts = Part::all_of(sample)?;
            let seen = sample.in_parts(sample.rows(), &parts);
            in_parallel(|| self.mixture().tally(&seen, wanted))
                .0
                .components
        };
        let adapted = |(component, (own, moments)): (usize, (&Gaussian, &Moments))| {
            let covariance = adaptation.covariance(own, moments, self.covariance_type());
            let covariance = covariance.map_err(|error| match error {
                GmmError::NotPositiveDefinite { column, .. } => {
                    GmmError::NotPositiveDefinite { component, column }
                }
                other => other,
            })?;
            Ok(Gaussian::new(adaptation.mean(own, moments), covariance))
        };
        let components = self.components().iter().zip(&moments).enumerate();
        let components = components
            .map(adapted)
            .collect::<Result<Vec<_>, GmmError>>()?;
        let shares = adaptation.shares(self, &moments);
        Ok(Self::from_mixture(
            Mixture::new(shares, components, None),
            self.covariance_type(),
        ))
    }

    /// ln p(x|one) − ln p(x|this) of each row for each of some mixtures that were [adapted](Self::adapted) from this one,
    /// rows × mixtures: the score of section 2.3.
    ///
    /// Both are of the `n_best` components of this one that are the most probable for the row, as the paper has it
    /// with 5 (section 3.5): an adapted component still stands for what it came from. Where that is all components, the
    /// ratio is exact.
    ///
    /// # Errors
    /// [`GmmError::InvalidParameter`] for `n_best` of 0 or a background, [`GmmError::SizeMismatch`] for mixtures of other
    /// sizes or rows of other columns, [`GmmError::NonFinite`].
    pub fn log_ratios(
        &self,
        of: &[&Self],
        rows: &dyn Rows,
        n_best: usize,
    ) -> Result<Array2<f64>, GmmError> {
        self.check_columns(rows.n_features())?;
        self.check_no_background()?;
        if n_best == 0 {
            return Err(GmmError::InvalidParameter {
                name: "number of best components",
                value: String::from("0"),
                allowed: "at least 1",
            });
        }
        for one in of {
            GmmError::check_size(
                "components of an adapted mixture",
                self.n_components(),
                one.n_components(),
            )?;
            self.check_columns(one.n_features())?;
            one.check_no_background()?;
        }
        let mut out = Array2::zeros((rows.n_rows(), of.len()));
        let n_best = n_best.min(self.n_components());
        let background = self.mixture().evaluation();
        let adapted: Vec<_> = of.iter().map(|one| one.mixture().evaluation()).collect();
        let width = of.len();
        let Some(values) = out.as_slice_mut().filter(|values| !values.is_empty()) else {
            return Ok(out);
        };
        let visit = |joint: &mut Joint, tile: &Tile, out: &mut [f64]| {
            let columns: Vec<&[f64]> = background.joint(tile, joint).collect();
            let best: Vec<Vec<usize>> = (0..tile.n_rows())
                .map(|row| best_of(&columns, row, n_best))
                .collect();
            let below: Vec<f64> = (best.iter().enumerate())
                .map(|(row, best)| log_sum(&columns, row, best))
                .collect();
            for (m, one) in adapted.iter().enumerate() {
                let columns: Vec<&[f64]> = one.joint(tile, joint).collect();
                for (row, best) in best.iter().enumerate() {
                    out[row * width + m] = log_sum(&columns, row, best) - below[row];
                }
            }
        };
        map_rows(rows, width, values, visit)?;
        Ok(out)
    }
}

/// The components of largest ℓₙₖ of a row, in any order; of equal ones the first.
fn best_of(columns: &[&[f64]], row: usize, n_best: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..columns.len()).collect();
    if n_best < order.len() {
        let falling =
            |a: &usize, b: &usize| columns[*b][row].total_cmp(&columns[*a][row]).then(a.cmp(b));
        order.select_nth_unstable_by(n_best, falling);
        order.truncate(n_best);
        // In the order of the components, so that sums do not depend on how the best were found.
        order.sort_unstable();
    }
    order
}

/// ln Σ exp ℓₙₖ of a row over some components.
fn log_sum(columns: &[&[f64]], row: usize, of: &[usize]) -> f64 {
    log_sum_exp_by(of.iter().map(|&k| columns[k][row]))
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::typed_covariances::Covariances;

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-12, "{a} is not {b}");
    }

    /// Two components so far apart that each row is of one of them.
    fn apart() -> Gmm {
        let covariances = Covariances::Diagonal(array![[1.0], [2.0]]);
        Gmm::new(array![0.25, 0.75], array![[0.0], [1000.0]], covariances).unwrap()
    }

    #[test]
    fn each_part_goes_its_share_of_the_way_of_the_paper() {
        // n = 4 and 1 of T = 5; E = 2 and 1004; E² about the mean: 5/4 and 0. α = 4/8 and 1/5 with r = 4.
        let rows = array![[1.0], [2.0], [1.5], [3.5], [1004.0]];
        let all = Adaptation::default()
            .relevance(4.0)
            .weights(true)
            .variances(true);
        let found = apart().adapted(&Sample::new(&rows), &all).unwrap();
        near(found.means()[(0, 0)], 1.0);
        near(found.means()[(1, 0)], 1000.0 + 0.2 * 4.0);
        let [a, b] = [0.5 * 0.8 + 0.5 * 0.25, 0.2 * 0.2 + 0.8 * 0.75];
        near(found.weights()[0], a / (a + b));
        // Eq. 13 with E² = 1.5²+… as it stands: S = 0.875.
        let square = (1.0 + 4.0 + 2.25 + 12.25) / 4.0;
        near(
            found.covariances()[(0, 0, 0)],
            0.5 * square + 0.5 * 1.0 - 1.0,
        );
        near(found.covariances()[(1, 0, 0)], 0.8 * 2.0 + 0.2 * 0.8 * 16.0);
    }

    #[test]
    fn what_is_not_asked_for_and_what_has_no_rows_stay() {
        let rows = array![[1.0], [3.0]];
        let sample = Sample::new(&rows);
        let found = apart().adapted(&sample, &Adaptation::default()).unwrap();
        near(found.means()[(0, 0)], 2.0 * 2.0 / 18.0);
        assert_eq!(found.means()[(1, 0)], 1000.0);
        assert_eq!(found.weights(), apart().weights());
        assert_eq!(found.covariances(), apart().covariances());
        // About a mean that stays: α (1 + 9)/2 + (1 − α) 1.
        let variances = Adaptation::default().means(false).variances(true);
        let found = apart().adapted(&sample, &variances).unwrap();
        near(found.covariances()[(0, 0, 0)], (2.0 * 5.0 + 16.0) / 18.0);
        let nobody = ndarray::Array2::<f64>::zeros((0, 1));
        let all = Adaptation::default().weights(true).variances(true);
        assert_eq!(apart().adapted(&Sample::new(&nobody), &all), Ok(apart()));
    }

    #[test]
    fn full_covariances_adapt_as_their_diagonals_do_and_weights_count_rows() {
        let full = Gmm::new(
            array![1.0],
            array![[0.0, 1.0]],
            Covariances::Full(array![[[2.0, 0.5], [0.5, 1.0]]]),
        );
        let rows = array![[1.0, 2.0], [3.0, 1.0]];
        let twice = array![[1.0, 2.0], [3.0, 1.0], [3.0, 1.0]];
        let all = Adaptation::default().relevance(3.0).variances(true);
        let full = full.unwrap();
        let weighted = Sample::weighted(&rows, &[1.0, 2.0]).unwrap();
        let found = full.adapted(&weighted, &all).unwrap();
        let plain = full.adapted(&Sample::new(&twice), &all).unwrap();
        for (a, b) in found.covariances().iter().zip(&plain.covariances()) {
            near(*a, *b);
        }
        // E[xy] = (2 + 3 + 3)/3, of which the product of the new means is taken away.
        let mean = |j| found.means()[(0, j)];
        near(mean(0), 0.5 * 7.0 / 3.0);
        near(
            found.covariances()[(0, 0, 1)],
            0.5 * 8.0 / 3.0 + 0.5 * 0.5 - mean(0) * mean(1),
        );
    }

    #[test]
    fn ratios_of_all_components_are_exact_and_of_the_best_nearly() {
        let background = Gmm::new(
            array![0.5, 0.3, 0.2],
            array![[0.0, 0.0], [3.0, 1.0], [-2.0, 4.0]],
            Covariances::Diagonal(array![[1.0, 1.0], [0.5, 2.0], [1.0, 0.3]]),
        )
        .unwrap();
        let rows = array![[2.8, 1.5], [-1.0, 3.0], [0.3, -0.4], [9.0, 9.0]];
        let one = background
            .adapted(&Sample::new(&rows), &Adaptation::default().relevance(1.0))
            .unwrap();
        let ratios = |n| {
            background
                .log_ratios(&[&one, &background], &rows, n)
                .unwrap()
        };
        let exact = one.log_prob(&rows).unwrap() - background.log_prob(&rows).unwrap();
        for (row, exact) in exact.iter().enumerate() {
            near(ratios(7)[(row, 0)], *exact);
            assert_eq!(ratios(3)[(row, 1)], 0.0);
            assert!((ratios(2)[(row, 0)] - exact).abs() < 0.05);
        }
        let none = ndarray::Array2::<f64>::zeros((0, 2));
        assert_eq!(
            background.log_ratios(&[&one], &none, 5).unwrap().dim(),
            (0, 1)
        );
        assert_eq!(background.log_ratios(&[], &rows, 5).unwrap().dim(), (4, 0));
    }

    #[test]
    fn what_cannot_be_adapted_is_refused() {
        let rows = array![[1.0]];
        let sample = Sample::new(&rows);
        let negative = Adaptation::default().relevance(-1.0);
        assert!(apart().adapted(&sample, &negative).is_err());
        let tied = Gmm::new(array![1.0], array![[0.0]], Covariances::Tied(array![[1.0]])).unwrap();
        assert!(tied.adapted(&sample, &Adaptation::default()).is_ok());
        assert!(
            tied.adapted(&sample, &Adaptation::default().variances(true))
                .is_err()
        );
        let certain = Adaptation::default().relevance(0.0).variances(true);
        let refused = apart().adapted(&sample, &certain).unwrap_err();
        assert!(
            matches!(refused, GmmError::NotPositiveDefinite { component: 0, .. }),
            "{refused}"
        );
        let nan = array![[f64::NAN]];
        assert!(
            apart()
                .adapted(&Sample::new(&nan), &Adaptation::default())
                .is_err()
        );
        assert!(apart().log_ratios(&[&tied], &rows, 1).is_err());
        assert!(apart().log_ratios(&[], &rows, 0).is_err());
    }
}
