//! Some columns of a mixture given the others.

use ndarray::{Array1, Array2, Array3};

use super::line::Line;
use super::marginal::Whole;
use super::{check_columns, check_probability, length};
use crate::background::Background;
use crate::covariance::CovarianceType;
use crate::error::GmmError;
use crate::gaussian::Gaussian;
use crate::gmm::Gmm;
use crate::log_space::{LN_2PI, log_sum_exp_of};
use crate::mixture::Mixture;
use crate::moments::Form;
use crate::observation::{Observation, Unseen};
use crate::sample::map_rows;
use crate::shares::Shares;
use crate::tile::Rows;

/// The other columns of a mixture as a function of some: what they are expected to be, how surely, and their whole
/// distribution. All that does not depend on the row is computed once.
///
/// Of q targets given o columns. Rows hold the values of the given columns, in the order in which those were named; the
/// targets are all others, in their own order. Rows are answered in parallel, with the same bits on any number of
/// threads.
///
/// ```
/// use gmm_core::{Covariances, Gmm};
/// use ndarray::{Array1, array};
///
/// let gmm = Gmm::new(
///     array![1.0],
///     array![[0.0, 1.0]],
///     Covariances::Full(array![[[4.0, 2.0], [2.0, 3.0]]]),
/// )?;
/// let regression = gmm.regression(&[0])?;
/// assert_eq!(regression.mean(&array![[2.0]])?, array![[2.0]]);
/// assert_eq!(regression.covariance(&array![[2.0]])?, array![[[2.0]]]);
/// # Ok::<(), gmm_core::GmmError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Regression {
    given: Vec<usize>,
    targets: Vec<usize>,
    /// The mixture of the given columns.
    seen: Mixture<Gaussian>,
    /// The targets of each component.
    unseen: Vec<Unseen>,
    /// That of the targets.
    background: Option<Background>,
    covariance_type: CovarianceType,
}

impl Gmm {
    /// The mixture of all other columns, in their order, given these values of `columns`: per component Bishop, PRML (2.81)
    /// and (2.82), with shares πₖ N(values|μₖ, Σₖ) over their sum.
    ///
    /// Shares are computed in logarithms and from the nearest component on, so that at any distance they are those of the
    /// limit; components that are equally near to rounding share by their weights. A background keeps its density
    /// everywhere, so that far from all components it has the whole share. The type of the covariances stays where the given columns
    /// cannot change it (the diagonal, spherical and tied ones); VEI and EVI become diagonal, and all others full: VEE
    /// to EVV, and the models of factors, which are none of the rest given some.
    ///
    /// # Errors
    /// As [`regression`](Self::regression); [`GmmError::SizeMismatch`] for another number of values,
    /// [`GmmError::NonFinite`], in row 0, for one that is not finite, [`GmmError::InvalidParameter`] for values so far out
    /// that a mean given them overflows.
    pub fn conditional(&self, columns: &[usize], values: &[f64]) -> Result<Self, GmmError> {
        self.regression(columns)?.conditional(values)
    }

    /// The regression of all other columns, in their order, on these.
    ///
    /// # Errors
    /// [`GmmError::InvalidParameter`] unless `given` names at least one column, none twice, and not all of them.
    pub fn regression(&self, given: &[usize]) -> Result<Regression, GmmError> {
        let d = self.n_features();
        check_columns(given, d)?;
        let targets: Vec<usize> = (0..d).filter(|j| !given.contains(j)).collect();
        if targets.is_empty() {
            return Err(GmmError::InvalidParameter {
                name: "columns",
                value: format!("{given:?}"),
                allowed: "fewer columns than the mixture has: what is given leaves nothing",
            });
        }
        let how = Observation::new(given.to_vec(), d, None);
        let seen = self.mixture().seen(&how);
        let components = self.components().iter().zip(seen.components());
        let unseen = components
            .map(|(whole, seen)| how.unseen((whole.mean(), whole.covariance()), seen.covariance()));
        Ok(Regression {
            unseen: unseen.collect(),
            background: self.mixture().background().map(|b| b.of(&targets)),
            covariance_type: type_of_conditional(self.covariance_type()),
            given: given.to_vec(),
            targets,
            seen,
        })
    }
}

/// That what a row says of the targets is beyond all numbers.
fn too_far(row: usize) -> GmmError {
    GmmError::InvalidParameter {
        name: "given values",
        value: format!("those of row {row}"),
        allowed: "so near to the components that the means given them are below 1e308",
    }
}

/// The type of conditional covariances.
fn type_of_conditional(of: CovarianceType) -> CovarianceType {
    match of {
        _ if CovarianceType::BASIC.contains(&of) => of,
        _ if of.form() == Form::Diagonal => CovarianceType::Diagonal,
        _ => CovarianceType::Full,
    }
}

impl Regression {
    /// The columns that are given, as they were named.
    pub fn given(&self) -> &[usize] {
        &self.given
    }

    /// The columns that are answered, in order.
    pub fn targets(&self) -> &[usize] {
        &self.targets
    }

    /// The mean of the targets given each row, n × q: Σₖ rₖ(μ + A(x − μ))ₖ. A background counts with its centre.
    ///
    /// # Errors
    /// [`GmmError::SizeMismatch`] for rows that do not have the given columns, [`GmmError::NonFinite`] for a NaN or
    /// infinite value, [`GmmError::InvalidParameter`] for values so far out that the mean given them overflows.
    pub fn mean(&self, rows: &dyn Rows) -> Result<Array2<f64>, GmmError> {
        let q = self.targets.len();
        let means = self.map(rows, q, |row, shares, out| {
            self.with_parts(row, shares, |parts| out.copy_from_slice(&parts.mean()));
        })?;
        Ok(Array2::from_shape_fn((rows.n_rows(), q), |(i, j)| {
            means[i * q + j]
        }))
    }

    /// The covariance of the targets given each row, n × q × q: within the components and between them.
    ///
    /// # Errors
    /// As [`mean`](Self::mean).
    pub fn covariance(&self, rows: &dyn Rows) -> Result<Array3<f64>, GmmError> {
        let q = self.targets.len();
        let covariances = self.map(rows, q * q, |row, shares, out| {
            self.with_parts(row, shares, |parts| {
                out.copy_from_slice(&parts.covariance())
            });
        })?;
        let shape = (rows.n_rows(), q, q);
        Ok(Array3::from_shape_fn(shape, |(n, i, j)| {
            covariances[(n * q + i) * q + j]
        }))
    }

    /// The posterior probability of each component given each row, n × K; with a background one column more. They
    /// are the shares of [`conditional`](Self::conditional).
    ///
    /// # Errors
    /// As [`mean`](Self::mean).
    pub fn responsibilities(&self, rows: &dyn Rows) -> Result<Array2<f64>, GmmError> {
        let k = self.seen.shares().values().len();
        let shares = self.map(rows, k, |_, shares, out| out.copy_from_slice(shares))?;
        Ok(Array2::from_shape_fn((rows.n_rows(), k), |(i, c)| {
            shares[i * k + c]
        }))
    }

    /// Where the density of the targets given each row is highest, n × q: the first of
    /// [`Gmm::modes`](crate::Gmm::modes). Where a background has the whole share, it is the mean of the first component.
    ///
    /// # Errors
    /// As [`mean`](Self::mean).
    pub fn mode(&self, rows: &dyn Rows) -> Result<Array2<f64>, GmmError> {
        let q = self.targets.len();
        let places = self.map(rows, q, |row, shares, out| {
            out.copy_from_slice(&self.mixture_at(row, shares).highest());
        })?;
        Ok(Array2::from_shape_fn((rows.n_rows(), q), |(i, j)| {
            places[i * q + j]
        }))
    }

    /// The quantiles of each target alone given each row, n × q × the number of `p`; as [`Gmm::quantile`](crate::Gmm::quantile).
    ///
    /// # Errors
    /// As [`mean`](Self::mean), and [`GmmError::InvalidParameter`] for a p outside [0, 1].
    pub fn quantiles(&self, rows: &dyn Rows, p: &[f64]) -> Result<Array3<f64>, GmmError> {
        p.iter()
            .try_for_each(|&p| check_probability("p of a quantile", p))?;
        let q = self.targets.len();
        let width = q * p.len();
        let found = self.map(rows, width, |row, shares, out| {
            let means: Vec<Vec<f64>> = self.unseen.iter().map(|u| u.mean(row)).collect();
            for (j, out) in out.chunks_exact_mut(p.len().max(1)).enumerate() {
                let line = self.line(j, shares, &means);
                for (quantile, &p) in out.iter_mut().zip(p) {
                    *quantile = line.quantile(p);
                }
            }
        })?;
        let shape = (rows.n_rows(), q, p.len());
        Ok(Array3::from_shape_fn(shape, |(n, j, i)| {
            found[n * width + j * p.len() + i]
        }))
    }

    /// The mixture of the targets given these values of the given columns.
    ///
    /// # Errors
    /// As [`Gmm::conditional`](crate::Gmm::conditional).
    pub fn conditional(&self, row: &[f64]) -> Result<Gmm, GmmError> {
        let row = Array1::from(row.to_vec()).insert_axis(ndarray::Axis(0));
        let shares = self.responsibilities(&row)?;
        let of_row = |v: &Array2<f64>| v.iter().copied().collect::<Vec<f64>>();
        let mixture = self.mixture_at(&of_row(&row), &of_row(&shares));
        if mixture.means().iter().all(|m| m.is_finite()) {
            Ok(mixture)
        } else {
            Err(too_far(0))
        }
    }

    /// The mixture of the targets given a row that was checked, and its shares.
    fn mixture_at(&self, row: &[f64], shares: &[f64]) -> Gmm {
        let of = |u: &Unseen| Gaussian::new(u.mean(row), u.covariance.clone());
        let components = self.unseen.iter().map(of).collect();
        let shares = Shares::of_counts(shares);
        let mixture = Mixture::new(shares, components, self.background.clone());
        Gmm::from_mixture(mixture, self.covariance_type)
    }

    /// One target alone.
    fn line(&self, target: usize, shares: &[f64], means: &[Vec<f64>]) -> Line {
        let parts = self.unseen.iter().zip(means).zip(shares);
        let edges = |b: &Background| (b.low[target], b.high[target]);
        let uniform = self.background.as_ref().map(edges);
        let share = shares.last().copied().unwrap_or(0.0);
        Line::new(
            parts.map(|((u, mean), &share)| {
                (share, mean[target], u.covariance.entry(target, target))
            }),
            uniform.map(|(low, high)| (share, low, high)),
        )
    }

    /// Works with the parts of the targets given a row, for their moments.
    fn with_parts(&self, row: &[f64], shares: &[f64], work: impl FnOnce(&Whole<'_>)) {
        let means: Vec<Vec<f64>> = self.unseen.iter().map(|u| u.mean(row)).collect();
        work(&Whole {
            shares,
            means: means.iter().map(Vec::as_slice).collect(),
            covariances: self.unseen.iter().map(|u| &u.covariance).collect(),
            background: self.background.as_ref(),
        });
    }

    /// `width` numbers for every row, from its values and the shares given them, in parallel.
    fn map(
        &self,
        rows: &dyn Rows,
        width: usize,
        visit: impl Fn(&[f64], &[f64], &mut [f64]) + Sync,
    ) -> Result<Vec<f64>, GmmError> {
        let found = rows.n_features();
        GmmError::check_size("columns of the data", self.given.len(), found)?;
        // Nothing for a row is one number that nobody reads.
        let width = width.max(1);
        let mut out = vec![0.0; rows.n_rows() * width];
        map_rows(
            rows,
            width,
            &mut out,
            |_: &mut (), tile, out: &mut [f64]| {
                for (i, out) in out.chunks_exact_mut(width).enumerate() {
                    let row: Vec<f64> = (0..found).map(|j| tile.feature(j)[i]).collect();
                    visit(&row, &self.shares(&row), out);
                }
            },
        )?;
        match out.iter().position(|x| x.is_nan()) {
            Some(place) => Err(too_far(place / width)),
            None => Ok(out),
        }
    }

    /// The posterior probability of each component, and of the background, given a row.
    ///
    /// Distances are taken from the nearest component before anything is added to them, so that far from all of them
    /// neither their size nor an overflow costs digits of what they differ by.
    fn shares(&self, row: &[f64]) -> Vec<f64> {
        let logs = self.seen.shares().logs();
        let components = self.seen.components();
        // Halves, in units of the largest: neither these nor their squares overflow.
        let halves: Vec<Vec<f64>> = components
            .iter()
            .map(|c| {
                row.iter()
                    .zip(c.mean())
                    .map(|(x, m)| 0.5 * x - 0.5 * m)
                    .collect()
            })
            .collect();
        let unit = halves
            .iter()
            .flatten()
            .fold(f64::MIN_POSITIVE, |a, b| a.max(b.abs()));
        let lengths: Vec<f64> = components
            .iter()
            .zip(&halves)
            .map(|(c, half)| length(c, half.iter().map(|h| h / unit)))
            .collect();
        let with_share = lengths.iter().zip(logs).filter(|(_, log)| log.is_finite());
        let nearest = with_share.map(|(l, _)| *l).fold(f64::INFINITY, f64::min);
        let relative = |((component, length), log): ((&Gaussian, &f64), &f64)| {
            let farther = if *length == nearest || !log.is_finite() {
                0.0
            } else {
                (length - nearest) * unit * ((length + nearest) * unit)
            };
            log - 0.5 * component.covariance().log_det() - 2.0 * farther
        };
        let of_components = components.iter().zip(&lengths).zip(logs).map(relative);
        // The density of the background in the same units.
        let background = self.seen.background().map(|b| {
            let least = 2.0 * (nearest * unit) * (nearest * unit);
            let d = row.len() as f64;
            logs[logs.len() - 1] + b.log_density() + 0.5 * d * LN_2PI + least
        });
        let joint: Vec<f64> = of_components.chain(background).collect();
        if background == Some(f64::INFINITY) {
            return joint
                .iter()
                .map(|l| f64::from(u8::from(*l == f64::INFINITY)))
                .collect();
        }
        let sum = log_sum_exp_of(&joint);
        joint.iter().map(|l| (l - sum).exp()).collect()
    }
}
