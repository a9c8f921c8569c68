//! Where a fit starts.
//!
//! A start is a set of statistics, one per component: the M-step turns it into the first model, so every
//! start obeys the same covariance type and ridge as the fit that follows.

mod agglomerate;
mod kmeans;
mod labels;
mod merge;
mod neighbours;
mod pool;
mod resample;
mod seeds;

use ndarray::{Array2, Axis};
use rand::Rng;

use crate::belief::{Belief, pooled};
use crate::emission::{Estimate as _, Gathering as _, Latent as _, Sums as _};
use crate::error::{Collapse, GmmError};
use crate::gaussian::Gaussian;
use crate::gmm::Gmm;
use crate::kernel::Gathering;
use crate::mixture::{Mixture, Tally};
use crate::moments::{Form, Moments};
use crate::sample::Sample;
use crate::shares::{Shares, pick};
use crate::simd::{Pack, flat_mut};
use crate::survey::Survey;
use crate::tile::{Columns, Scratch, Tile};

use kmeans::{Effort, KMeans};
pub(crate) use merge::{loss_of_merging, merge_pairs};
pub(crate) use seeds::Seeds;

/// How the first model of a fit is found.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub enum InitMethod {
    /// Short fits, the best continued: emEM (Biernacki, Celeux & Govaert, *CSDA* 41, 2003). Ten to fifty where
    /// they are cheap: from k-means, from k-means with twice the components merged down (Runnalls), from k-means of
    /// whitened rows and from agglomeration. Where they are dear the better of at most two merged ones, softened in its first
    /// steps if there are many features. On large data they see a random part of the rows.
    #[default]
    Pool,
    /// One k-means clustering of all rows (k-means++ seeds, Lloyd's iterations), each feature measured in its
    /// standard deviation.
    KMeans,
    /// Rows nearest to each of K seeds drawn by k-means++ (Arthur & Vassilvitskii 2007), without Lloyd's
    /// iterations.
    KMeansPlusPlus,
    /// Model-based agglomeration: many small clusters of k-means are merged, each time the two that cost least
    /// likelihood under a Gaussian each (Fraley, *SIAM J. Sci. Comput.* 20, 1998, begins with single rows; this
    /// scales to any number). It follows clusters of any shape and orientation.
    Agglomerate,
    /// K random rows as means, with the covariance of all rows.
    Random,
    /// A model; the fit goes on from it.
    Parameters(Gmm),
    /// Responsibilities, rows × K: each row is divided among the components in these proportions
    /// (the row sums are divided out).
    Responsibilities(Array2<f64>),
}

impl InitMethod {
    /// Whether nothing about the start is left to chance.
    pub(crate) const fn is_given(&self) -> bool {
        matches!(self, Self::Parameters(_) | Self::Responsibilities(_))
    }
}

/// What a start has of a background, for each row of the components.
const BACKGROUND: f64 = 0.05;

/// What a start needs to know of the fit.
#[derive(Debug)]
pub(crate) struct Start<'a> {
    pub(crate) sample: &'a Sample<'a>,
    pub(crate) survey: &'a Survey,
    pub(crate) belief: &'a Belief,
    pub(crate) n_components: usize,
    /// Whether short fits are accelerated.
    pub(crate) accelerate: bool,
    /// Statistics to start from, where several fits share them.
    pub(crate) seeds: &'a [Vec<Moments>],
}

/// What k-means measures rows in.
#[derive(Debug, Clone, Copy)]
enum Metric<'a> {
    /// Each feature in its standard deviation.
    Deviations,
    /// The units of the data.
    Raw,
    /// These rows, which are whitened ones.
    Whitened(&'a Sample<'a>),
}

/// The cluster of each row by k-means.
fn clusters(
    sample: &Sample<'_>,
    variances: &[f64],
    n_clusters: usize,
    effort: Effort,
    rng: &mut impl Rng,
) -> Vec<usize> {
    KMeans::of(sample, variances, n_clusters, effort, rng).labels(sample)
}

impl Start<'_> {
    /// The first model of a fit.
    pub(crate) fn model(
        &self,
        method: &InitMethod,
        rng: &mut impl Rng,
    ) -> Result<Mixture<Gaussian>, GmmError> {
        let stats = match method {
            InitMethod::Parameters(gmm) => return Ok(self.given(gmm.mixture())),
            InitMethod::Pool => return self.pool(rng),
            InitMethod::KMeans => self.kmeans(Metric::Deviations, Effort::CONVERGED, rng),
            InitMethod::KMeansPlusPlus => self.kmeans(Metric::Deviations, Effort::SEEDS, rng),
            InitMethod::Agglomerate => self.agglomerated(rng),
            InitMethod::Random => self.random_rows(rng),
            InitMethod::Responsibilities(r) => self.responsibilities(r)?,
        };
        Ok(self.aligned(self.begin(stats)?))
    }

    /// A model that is given, over the background of the fit where there is one, and over none where there is not.
    fn given(&self, model: &Mixture<Gaussian>) -> Mixture<Gaussian> {
        let background = self.belief.background();
        let shares = model.shares().values();
        let own = shares.iter().copied().take(model.components().len());
        let shares = match (background, model.background()) {
            (Some(_), None) => Shares::of_counts(&own.chain([BACKGROUND]).collect::<Vec<_>>()),
            (None, Some(_)) => Shares::of_counts(&own.collect::<Vec<_>>()),
            _ => model.shares().clone(),
        };
        Mixture::new(shares, model.components().to_vec(), background.cloned())
    }

    /// The model of some statistics.
    fn begin(&self, stats: Vec<Moments>) -> Result<Mixture<Gaussian>, Collapse> {
        Mixture::maximize(&self.tally(stats), self.belief, None)
    }

    /// Statistics of components, with a little for the background where there is one.
    fn tally(&self, components: Vec<Moments>) -> Tally<Moments> {
        let total: f64 = components.iter().map(|s| s.weight).sum();
        Tally {
            components,
            background: self.belief.background().map(|_| BACKGROUND * total),
        }
    }

    /// Statistics of the rows of each cluster of k-means.
    fn kmeans(&self, metric: Metric<'_>, effort: Effort, rng: &mut impl Rng) -> Vec<Moments> {
        let k = self.n_components;
        let ones = || vec![1.0; self.sample.n_features()];
        let labels = match metric {
            Metric::Deviations => clusters(self.sample, &self.survey.scale, k, effort, rng),
            Metric::Raw => clusters(self.sample, &ones(), k, effort, rng),
            Metric::Whitened(rows) => clusters(rows, &ones(), k, effort, rng),
        };
        let labels = self.relabelled(labels);
        self.widen(self.of_clusters(&labels, k, self.belief.covariance_type().form()))
    }

    /// Statistics of the rows of each cluster.
    fn of_clusters(&self, labels: &[usize], n_clusters: usize, form: Form) -> Vec<Moments> {
        let d = self.sample.n_features();
        let nothing = || vec![(0.0, vec![0.0; d]); n_clusters];
        let sums = self.sample.fold_tiles(
            nothing,
            |sums, (): &mut (), tile| {
                let weights = self.sample.tile_weights(tile);
                let labels = &labels[tile.first_row()..][..tile.n_rows()];
                for (&c, w) in labels.iter().zip(weights) {
                    sums[c].0 += w;
                }
                for j in 0..d {
                    for ((&c, w), x) in labels.iter().zip(weights).zip(tile.feature(j)) {
                        sums[c].1[j] += w * (x - self.survey.mean[j]);
                    }
                }
            },
            |total, leaf| {
                for (a, b) in total.iter_mut().zip(leaf) {
                    a.0 += b.0;
                    a.1.iter_mut().zip(b.1).for_each(|(a, b)| *a += b);
                }
            },
        );
        let centres: Vec<Vec<f64>> = sums
            .iter()
            .map(|(weight, sum)| {
                let weight = weight.max(f64::MIN_POSITIVE);
                sum.iter()
                    .zip(&self.survey.mean)
                    .map(|(s, m)| m + s / weight)
                    .collect()
            })
            .collect();
        let gathering = Gathering::about(form, centres.iter().map(Vec::as_slice));
        self.gathered(&gathering, n_clusters, |tile, weights, columns| {
            for column in columns.iter_mut(n_clusters) {
                column.fill(Pack::default());
            }
            let labels = &labels[tile.first_row()..];
            for (i, (&c, w)) in labels.iter().zip(weights).enumerate() {
                flat_mut(columns.column_mut(c))[i] = *w;
            }
        })
    }

    /// K random rows, each with an equal share of all moments.
    fn random_rows(&self, rng: &mut impl Rng) -> Vec<Moments> {
        let k = self.n_components;
        let mut stats = self.statistics(|_, _| 1.0 / k as f64);
        let mut left: Vec<f64> = (0..self.sample.n_rows())
            .map(|i| self.sample.weight(i))
            .collect();
        for s in &mut stats {
            let row = pick(&left, rng);
            left[row] = 0.0;
            s.mean = self.sample.row(row);
        }
        stats
    }

    fn responsibilities(&self, given: &Array2<f64>) -> Result<Vec<Moments>, GmmError> {
        let (n_rows, n_columns) = given.dim();
        GmmError::check_size("rows of the responsibilities", self.sample.n_rows(), n_rows)?;
        GmmError::check_size(
            "columns of the responsibilities",
            self.n_components,
            n_columns,
        )?;
        if let Some(((row, column), r)) = given
            .indexed_iter()
            .find(|(_, r)| !(r.is_finite() && **r >= 0.0))
        {
            return Err(GmmError::InvalidParameter {
                name: "responsibilities",
                value: format!("{r} at row {row}, column {column}"),
                allowed: "finite and at least 0",
            });
        }
        let sums = given.sum_axis(Axis(1));
        if let Some(row) = sums.iter().position(|s| !(*s > 0.0 && s.is_finite())) {
            return Err(GmmError::InvalidParameter {
                name: "responsibilities",
                value: format!("{} in sum at row {row}", sums[row]),
                allowed: "finite and above 0",
            });
        }
        Ok(self.statistics(|row, component| given[(row, component)] / sums[row]))
    }

    /// Statistics of components from the weights that the rows of a tile have for each: `fill` is given the tile, the weights
    /// of its rows and a column for each component.
    fn gathered(
        &self,
        gathering: &Gathering,
        n_components: usize,
        fill: impl Fn(&Tile, &[f64], &mut Columns) + Sync,
    ) -> Vec<Moments> {
        let sums = self.sample.fold_tiles(
            || gathering.nothing(),
            |sums, (columns, scratch): &mut (Columns, Scratch), tile| {
                columns.resize(n_components, tile.n_packs());
                fill(tile, self.sample.tile_weights(tile), columns);
                gathering.gather(tile, columns, scratch, sums);
            },
            |total, leaf| total.merge(&leaf),
        );
        gathering.statistics(&sums)
    }

    /// Statistics of the rows, divided among the components by `share(row, component)`.
    fn statistics(&self, share: impl Fn(usize, usize) -> f64 + Sync) -> Vec<Moments> {
        let form = self.belief.covariance_type().form();
        let k = self.n_components;
        let about = |gathering: &Gathering| {
            self.gathered(gathering, k, |tile, weights, columns| {
                for (component, column) in columns.iter_mut(k).enumerate() {
                    let column = flat_mut(column);
                    for (i, (out, w)) in column.iter_mut().zip(weights).enumerate() {
                        *out = w * share(tile.first_row() + i, component);
                    }
                    column[weights.len()..].fill(0.0);
                }
            })
        };
        // The first pass finds centres near enough for the second to lose no digits.
        let middle = (0..k).map(|_| self.survey.mean.as_slice());
        let rough = about(&Gathering::about(form, middle));
        let centres = rough.iter().map(|s| s.mean.as_slice());
        about(&Gathering::about(form, centres))
    }

    /// Gives clusters of too few rows the pooled covariance: on those rows alone EM could only shrink.
    fn widen(&self, mut stats: Vec<Moments>) -> Vec<Moments> {
        let all = pooled(&stats);
        let least = self.belief.least_rows();
        for s in stats.iter_mut().filter(|s| s.weight < least) {
            s.scatter = all
                .scatter
                .iter()
                .map(|x| x * s.weight / all.weight)
                .collect();
        }
        stats
    }
}
