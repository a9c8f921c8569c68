//! Clusters of several components each.
//!
//! BIC chooses as many components as the density needs, and a cluster that is not Gaussian needs several. Merging
//! components step by step, those first that are least told apart, gives a [`Hierarchy`] of clusters under a mixture that
//! stays as it is (Baudry, Raftery, Celeux, Lo & Gottardo, *J. Comput. Graph. Statist.* 19, 2010).
//!
//! ```
//! use gmm_core::{Covariances, Gmm, Sample};
//! use ndarray::array;
//!
//! let gmm = Gmm::new(
//!     array![0.25, 0.25, 0.5],
//!     array![[-0.5], [0.5], [9.0]],
//!     Covariances::TiedSpherical(1.0),
//! )?;
//! let x = array![[-1.0], [-0.2], [0.4], [1.1], [8.2], [9.1], [9.7]];
//! let hierarchy = gmm.clusters(&Sample::new(&x))?;
//! assert_eq!(hierarchy.of_components(2)?, [0, 0, 1]);
//! assert_eq!(hierarchy.labels(2, &gmm.responsibilities(&x)?)?.to_vec(), [0, 0, 0, 0, 1, 1, 1]);
//! assert_eq!(hierarchy.n_clusters_at_bend(), 2);
//! # Ok::<(), gmm_core::GmmError>(())
//! ```

use ndarray::{Array1, Array2};
use rayon::prelude::*;

use crate::answers::largest;
use crate::error::GmmError;
use crate::gmm::Gmm;
use crate::sample::Sample;

/// The clusters that the components of a mixture become when they are merged pair by pair: from K clusters, each a
/// component, to one.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Hierarchy {
    /// What becomes one, step by step: places i < j among the clusters that are left, where j joins i and those after j
    /// move up.
    pub merges: Vec<(usize, usize)>,
    /// For 1, 2, .. K clusters the entropy −Σₙ wₙ Σ_c r_nc ln r_nc of the posteriors of the clusters, in nats: 0 where
    /// every row is sure of its cluster.
    pub entropies: Vec<f64>,
    has_background: bool,
}

impl Gmm {
    /// The hierarchy of clusters that merges, at each step, the two whose union takes most from the entropy of the
    /// posteriors of these rows; the first of several. A background is a cluster of its own, which nothing joins and no
    /// number of clusters counts.
    ///
    /// # Errors
    /// As [`responsibilities_of`](Self::responsibilities_of).
    pub fn clusters(&self, sample: &Sample<'_>) -> Result<Hierarchy, GmmError> {
        let posteriors = self.responsibilities_of(sample)?;
        let weights: Vec<f64> = (0..sample.n_rows()).map(|row| sample.weight(row)).collect();
        let k = self.n_components();
        Ok(Hierarchy::of(&posteriors, &weights, k))
    }
}

/// Σ wₙ rₙ ln rₙ, 0 for r = 0.
fn sum_of_logs(posteriors: impl Iterator<Item = f64>, weights: &[f64]) -> f64 {
    let term = |(r, w): (f64, &f64)| if r > 0.0 { w * r * r.ln() } else { 0.0 };
    posteriors.zip(weights).map(term).sum()
}

/// Σ wₙ rₙ ln rₙ with r the posterior of both.
fn together(a: &[f64], b: &[f64], weights: &[f64]) -> f64 {
    sum_of_logs(a.iter().zip(b).map(|(a, b)| a + b), weights)
}

impl Hierarchy {
    fn of(posteriors: &Array2<f64>, weights: &[f64], k: usize) -> Self {
        let mut columns: Vec<Vec<f64>> = posteriors
            .columns()
            .into_iter()
            .map(|c| c.to_vec())
            .collect();
        let background = columns.split_off(k);
        let alone = |column: &Vec<f64>| sum_of_logs(column.iter().copied(), weights);
        let of_background: f64 = background.iter().map(alone).sum();
        let mut sums: Vec<f64> = columns.iter().map(alone).collect();
        // pairs[j][i] for i < j.
        let mut pairs: Vec<Vec<f64>> = (0..k)
            .into_par_iter()
            .map(|j| {
                (0..j)
                    .map(|i| together(&columns[i], &columns[j], weights))
                    .collect()
            })
            .collect();
        let entropy = |sums: &[f64]| (-sums.iter().sum::<f64>() - of_background).max(0.0);
        let mut entropies = vec![entropy(&sums)];
        let mut merges = Vec::new();
        while columns.len() > 1 {
            let (i, j) = best_pair(&pairs, &sums);
            merges.push((i, j));
            let gone = columns.remove(j);
            sums.remove(j);
            pairs.remove(j);
            for row in pairs.iter_mut().skip(j) {
                row.remove(j);
            }
            columns[i].iter_mut().zip(gone).for_each(|(a, b)| *a += b);
            sums[i] = alone(&columns[i]);
            let anew: Vec<f64> = columns
                .par_iter()
                .map(|column| together(&columns[i], column, weights))
                .collect();
            for (other, value) in anew
                .into_iter()
                .enumerate()
                .filter(|(other, _)| *other != i)
            {
                pairs[i.max(other)][i.min(other)] = value;
            }
            entropies.push(entropy(&sums));
        }
        entropies.reverse();
        Self {
            merges,
            entropies,
            has_background: !background.is_empty(),
        }
    }

    /// K, the most clusters.
    pub fn n_components(&self) -> usize {
        self.entropies.len()
    }

    /// The cluster of each component where there are so many clusters. They are in the order of their first components.
    ///
    /// # Errors
    /// [`GmmError::InvalidParameter`] unless there are from 1 to K.
    pub fn of_components(&self, n_clusters: usize) -> Result<Vec<usize>, GmmError> {
        let k = self.n_components();
        if !(1..=k).contains(&n_clusters) {
            return Err(GmmError::InvalidParameter {
                name: "n_clusters",
                value: format!("{n_clusters} of {k} components"),
                allowed: "from 1 to the number of components",
            });
        }
        let mut cluster: Vec<usize> = (0..k).collect();
        for &(i, j) in &self.merges[..k - n_clusters] {
            for c in &mut cluster {
                match (*c).cmp(&j) {
                    std::cmp::Ordering::Equal => *c = i,
                    std::cmp::Ordering::Greater => *c -= 1,
                    std::cmp::Ordering::Less => {}
                }
            }
        }
        Ok(cluster)
    }

    /// The posteriors of so many clusters, rows × clusters, from those of the components, as
    /// [`Gmm::responsibilities`] has them. That of a background stays the last column.
    ///
    /// # Errors
    /// As [`of_components`](Self::of_components); [`GmmError::SizeMismatch`] for another number of columns.
    pub fn posteriors(
        &self,
        n_clusters: usize,
        responsibilities: &Array2<f64>,
    ) -> Result<Array2<f64>, GmmError> {
        let mut cluster = self.of_components(n_clusters)?;
        cluster.extend(self.has_background.then_some(n_clusters));
        let expected = cluster.len();
        GmmError::check_size(
            "columns of the responsibilities",
            expected,
            responsibilities.ncols(),
        )?;
        let n_columns = n_clusters + usize::from(self.has_background);
        let mut posteriors = Array2::zeros((responsibilities.nrows(), n_columns));
        for (column, &cluster) in responsibilities.columns().into_iter().zip(&cluster) {
            let mut sum = posteriors.column_mut(cluster);
            sum += &column;
        }
        Ok(posteriors)
    }

    /// The cluster of largest posterior of each row, the first of several; the number of clusters for the background.
    ///
    /// # Errors
    /// As [`posteriors`](Self::posteriors).
    pub fn labels(
        &self,
        n_clusters: usize,
        responsibilities: &Array2<f64>,
    ) -> Result<Array1<usize>, GmmError> {
        let posteriors = self.posteriors(n_clusters, responsibilities)?;
        let first = |row| largest(row).0;
        Ok(posteriors.rows().into_iter().map(first).collect())
    }

    /// The number of clusters at which two lines, fitted to the entropies before and after it by least squares, fit best
    /// (Baudry et al. 2010, §4): where merging stops to take much. Of one or two components their number.
    pub fn n_clusters_at_bend(&self) -> usize {
        let k = self.n_components();
        let bends = (2..k).map(|bend| vec![1, bend, k]);
        self.best_bend(bends).map_or(k, |bends| bends[1])
    }

    /// The numbers of clusters at which three lines meet that fit the entropies best, where there are more than three
    /// components; the first is the coarser choice, the second the finer one.
    pub fn n_clusters_at_two_bends(&self) -> Option<(usize, usize)> {
        let k = self.n_components();
        let pairs = (2..k).flat_map(|first| (first + 1..k).map(move |second| (first, second)));
        let bends = pairs.map(|(first, second)| vec![1, first, second, k]);
        self.best_bend(bends).map(|bends| (bends[1], bends[2]))
    }

    /// The first of the ends of lines with the least squares.
    fn best_bend(&self, ends: impl Iterator<Item = Vec<usize>>) -> Option<Vec<usize>> {
        let squares = |ends: &[usize]| -> f64 {
            let lines = ends.windows(2);
            lines
                .map(|ends| self.squares_about_line(ends[0], ends[1]))
                .sum()
        };
        let all = ends.map(|ends| (squares(&ends), ends));
        all.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, ends)| ends)
    }

    /// Σ of squares about the line of least squares through the entropies of `first` to `last` clusters.
    fn squares_about_line(&self, first: usize, last: usize) -> f64 {
        let n = (last - first + 1) as f64;
        let points = || (first..=last).map(|c| (c as f64, self.entropies[c - 1]));
        let (x, y) = points().fold((0.0, 0.0), |sum, at| (sum.0 + at.0 / n, sum.1 + at.1 / n));
        let products = points().map(|at| (at.0 - x) * (at.1 - y)).sum::<f64>();
        let slope = products / points().map(|at| (at.0 - x).powi(2)).sum::<f64>();
        points()
            .map(|at| (at.1 - y - slope * (at.0 - x)).powi(2))
            .sum()
    }
}

/// The pair whose union takes most from the entropy, the first of several.
fn best_pair(pairs: &[Vec<f64>], sums: &[f64]) -> (usize, usize) {
    let mut best = (0, 1, f64::NEG_INFINITY);
    for i in 0..sums.len() {
        for j in i + 1..sums.len() {
            let gain = pairs[j][i] - sums[i] - sums[j];
            if gain > best.2 {
                best = (i, j, gain);
            }
        }
    }
    (best.0, best.1)
}
