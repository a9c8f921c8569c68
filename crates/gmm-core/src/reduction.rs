//! Mixtures of fewer components that are near one of many.

use ndarray::Array1;

use crate::belief::{Belief, Ridge};
use crate::cholesky::Cholesky;
use crate::covariance::{Covariance, CovarianceType};
use crate::error::GmmError;
use crate::gaussian::Gaussian;
use crate::gmm::Gmm;
use crate::init::merge_pairs;
use crate::moments::{Form, Moments};

/// Stands for the weight of a component that has none, so that its covariance is not lost.
const NEXT_TO_NOTHING: f64 = 1e-200;

/// A mixture with some of its components merged, and how it came to that.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Reduction {
    /// The mixture of fewer components, of [`CovarianceType::Full`]: it has the mean and covariance of the one of many.
    pub model: Gmm,
    /// The components of the mixture of many that each of `model` stands for.
    pub members: Vec<Vec<usize>>,
    /// The merges, one after the other.
    pub merges: Vec<Merge>,
}

/// Two components that became one with their moments.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Merge {
    /// One of them: a number below K is a component of the mixture, K + i what the i-th merge made, both from 0.
    pub first: usize,
    /// The other.
    pub second: usize,
    /// B, the most that the Kullback–Leibler divergence from the mixture before to the one after can be, in nats.
    pub cost: f64,
}

impl Reduction {
    /// The most that the Kullback–Leibler divergence from the mixture of many to that of few can be, in nats: the sum of
    /// all costs. It is Σₖ πₖ KL(Nₖ ‖ N of what k became), which bounds the divergence by the log-sum inequality.
    pub fn divergence_bound(&self) -> f64 {
        self.merges.iter().map(|merge| merge.cost).sum()
    }
}

impl Gmm {
    /// A mixture of `n_components` components near this one: again and again the two components are merged into one of
    /// their weight, mean and covariance for which the bound on the divergence
    /// B = ½[(πᵢ+πⱼ) ln|Σᵢⱼ| − πᵢ ln|Σᵢ| − πⱼ ln|Σⱼ|] is least (Runnalls, *IEEE Trans. AES* 43, 2007). A background stays
    /// as it is.
    ///
    /// ```
    /// use gmm_core::{Covariances, Gmm};
    /// use ndarray::array;
    ///
    /// let gmm = Gmm::new(
    ///     array![0.25, 0.25, 0.5],
    ///     array![[-0.1], [0.1], [9.0]],
    ///     Covariances::TiedSpherical(1.0),
    /// )?;
    /// let reduction = gmm.reduced(2)?;
    /// assert_eq!(reduction.members, [vec![0, 1], vec![2]]);
    /// assert!((reduction.model.covariances()[(0, 0, 0)] - 1.01).abs() < 1e-12);
    /// # Ok::<(), gmm_core::GmmError>(())
    /// ```
    ///
    /// # Errors
    /// [`GmmError::InvalidParameter`] unless there are from 1 to K components to be left;
    /// [`GmmError::NotPositiveDefinite`] where numbers overflow.
    pub fn reduced(&self, n_components: usize) -> Result<Reduction, GmmError> {
        let k = self.n_components();
        if !(1..=k).contains(&n_components) {
            return Err(GmmError::InvalidParameter {
                name: "n_components",
                value: format!("{n_components} of {k}"),
                allowed: "from 1 to the number of components",
            });
        }
        let belief = Belief::new(
            CovarianceType::Full,
            Ridge::Absolute(0.0),
            &vec![0.0; self.n_features()],
        );
        let mut numbers: Vec<usize> = (0..k).collect();
        let mut members: Vec<Vec<usize>> = (0..k).map(|component| vec![component]).collect();
        let mut merges = Vec::new();
        let mut left = Vec::new();
        let record = |i: usize, j: usize, cost: f64| {
            merges.push(Merge {
                first: numbers[i],
                second: numbers.remove(j),
                // Rounding can leave it below 0.
                cost: cost.max(0.0),
            });
            numbers[i] = k + merges.len() - 1;
            let more = members.remove(j);
            members[i].extend(more);
        };
        let visit = |_, stats| left = stats;
        merge_pairs(self.moments(), &[n_components], &belief, record, visit);
        members.iter_mut().for_each(|of_one| of_one.sort_unstable());
        Ok(Reduction {
            model: self.of_groups(&members, &left)?,
            members,
            merges,
        })
    }

    /// Weight, mean and scatter of each component.
    fn moments(&self) -> Vec<Moments> {
        let of = |(gaussian, weight): (&Gaussian, &f64)| {
            let weight = weight.max(NEXT_TO_NOTHING);
            let entries = gaussian.covariance().entries(Form::Full);
            Moments {
                weight,
                mean: gaussian.mean().to_vec(),
                scatter: entries.iter().map(|v| v * weight).collect(),
                form: Form::Full,
            }
        };
        self.components()
            .iter()
            .zip(self.weights())
            .map(of)
            .collect()
    }

    /// The mixture of groups of components with these moments; a component alone stays as it is, to the bit.
    fn of_groups(&self, members: &[Vec<usize>], moments: &[Moments]) -> Result<Self, GmmError> {
        let group = |(component, (members, moments)): (usize, (&Vec<usize>, &Moments))| {
            if let [alone] = members[..] {
                return Ok(self.components()[alone].clone());
            }
            let entries = moments.scatter.iter().map(|s| s / moments.weight);
            let factored = Cholesky::new(&entries.collect::<Vec<_>>(), self.n_features());
            let factored = factored.map_err(|pivot| GmmError::NotPositiveDefinite {
                component,
                column: pivot.0,
            })?;
            let covariance = Covariance::Full(factored);
            Ok(Gaussian::new(moments.mean.clone(), covariance))
        };
        let groups = members.iter().zip(moments).enumerate().map(group);
        let groups = groups.collect::<Result<Vec<_>, GmmError>>()?;
        let own: Array1<f64> = self.weights().to_owned();
        let weight = |of_one: &Vec<usize>| of_one.iter().map(|&c| own[c]).sum::<f64>();
        let weights: Vec<f64> = members.iter().map(weight).collect();
        let Some((share, region)) = self.background() else {
            return Self::of_gaussians(weights, &groups);
        };
        let own = weights.iter().map(|w| w / (1.0 - share)).collect();
        let reduced = Self::of_gaussians(own, &groups)?;
        reduced.with_background(share, region.clone())
    }
}
