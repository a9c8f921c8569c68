//! Starts of every kind, and starts that several fits share.

use ndarray::Array2;
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256Plus;
use rayon::prelude::*;

use super::{Effort, Metric, Start, pool};
use crate::belief::{Belief, Ridge};
use crate::cholesky::Cholesky;
use crate::covariance::CovarianceType;
use crate::error::Collapse;
use crate::moments::{Form, Moments, lower};
use crate::sample::Sample;
use crate::survey::Survey;
use crate::tile::{TILE_ROWS, Tiles};

/// M-steps of an over-fit before it is merged.
const OVERFIT: usize = 6;

/// A kind of start. Each finds what others miss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// k-means, each feature in its deviation.
    KMeans,
    /// Twice the components, merged down.
    Overfit,
    /// k-means of whitened rows, in which no direction is longer than another.
    Whitened,
    /// Many small clusters, merged down.
    Agglomerate,
    /// k-means in the units of the data, which families of one variance for all features go by.
    Raw,
}

impl Kind {
    /// The kind of the i-th start of a fit.
    pub(super) fn of(i: usize) -> Self {
        match i % 10 {
            4 => Self::Whitened,
            9 => Self::Agglomerate,
            i if (i % 5).is_multiple_of(2) => Self::KMeans,
            _ => Self::Overfit,
        }
    }

    /// The kinds of the starts that fits of several families share, over-fits more often than others. Of one feature all
    /// sorts of k-means are the same.
    fn shared(n_features: usize) -> impl Iterator<Item = Self> {
        use Kind::{Agglomerate, KMeans, Overfit, Raw, Whitened};
        let (kinds, n_starts): (&[Self], usize) = match n_features {
            1 => (&[KMeans, Overfit, Agglomerate, Overfit], 6),
            _ => (&[KMeans, Overfit, Agglomerate, Whitened, Overfit, Raw], 12),
        };
        kinds.iter().copied().cycle().take(n_starts)
    }
}

impl Start<'_> {
    /// Statistics of a start.
    pub(super) fn seed(
        &self,
        kind: Kind,
        whitened: &Sample<'_>,
        rng: &mut impl Rng,
    ) -> Result<Vec<Moments>, Collapse> {
        Ok(match kind {
            Kind::KMeans => self.kmeans(Metric::Deviations, Effort::CONVERGED, rng),
            Kind::Raw => self.kmeans(Metric::Raw, Effort::CONVERGED, rng),
            Kind::Whitened => self.kmeans(Metric::Whitened(whitened), Effort::CONVERGED, rng),
            Kind::Overfit => {
                self.overfit_and_merge(Metric::Deviations, Effort::CONVERGED, OVERFIT, rng)?
            }
            Kind::Agglomerate => self.agglomerated(rng),
        })
    }

    /// The rows turned and scaled so that their covariance is the identity; each feature in its deviation if they
    /// have none of full rank.
    pub(super) fn whitened(&self) -> Tiles {
        let d = self.sample.n_features();
        let all = self.survey.moments(self.sample, Form::Full);
        let mut matrix: Vec<f64> = all.scatter.iter().map(|s| s / all.weight).collect();
        for (i, scale) in self.survey.scale.iter().enumerate() {
            matrix[lower(i, i)] += 1e-9 * scale;
        }
        let diagonal = || {
            let mut root = vec![0.0; lower(d, 0)];
            for (i, scale) in self.survey.scale.iter().enumerate() {
                root[lower(i, i)] = 1.0 / scale.sqrt();
            }
            root
        };
        let root =
            Cholesky::new(&matrix, d).map_or_else(|_| diagonal(), |c| c.inverse_factor().to_vec());
        let mut rows: Array2<f64> = Array2::zeros((self.sample.n_rows(), d));
        let numbers: Vec<usize> = (0..self.sample.n_rows()).collect();
        for piece in numbers.chunks(TILE_ROWS) {
            let values = self.sample.select(piece);
            for (&n, x) in piece.iter().zip(values.rows()) {
                for i in 0..d {
                    rows[(n, i)] = (0..=i)
                        .map(|j| root[lower(i, j)] * (x[j] - self.survey.mean[j]))
                        .sum::<f64>();
                }
            }
        }
        Tiles::of(&rows)
    }
}

/// Starts that do not depend on the family, for each number of components.
#[derive(Debug, Default)]
pub(crate) struct Seeds(Vec<(usize, Vec<Vec<Moments>>)>);

impl Seeds {
    /// Starts for these numbers of components, where fits of several families will share them and the data are small
    /// enough for all of their rows to be looked at; else none.
    pub(crate) fn of(
        sample: &Sample<'_>,
        survey: &Survey,
        ridge: Ridge,
        n_components: &[usize],
        rng: &mut impl Rng,
    ) -> Self {
        let belief = Belief::new(CovarianceType::Full, ridge, &survey.scale);
        let labels = sample.labels().into_iter().flatten().flatten();
        let least = labels.max().map_or(1, |largest| largest + 1);
        let mut numbers: Vec<usize> = n_components
            .iter()
            .copied()
            .filter(|k| (least..=survey.n_rows).contains(k))
            .collect();
        numbers.sort_unstable_by(|a, b| b.cmp(a));
        numbers.dedup();
        let most = numbers.first().copied().unwrap_or(1);
        let start = |n_components| Start {
            sample,
            survey,
            belief: &belief,
            n_components,
            accelerate: true,
            seeds: &[],
        };
        if numbers.is_empty() || !pool::sees_all_rows(&start(most)) {
            return Self(Vec::new());
        }
        let whitened = start(most).whitened();
        let whitened = sample.on(&whitened);
        let jobs: Vec<(Kind, u64)> = Kind::shared(sample.n_features())
            .map(|kind| (kind, rng.next_u64()))
            .collect();
        let found: Vec<Vec<(usize, Vec<Moments>)>> = jobs
            .into_par_iter()
            .map(|(kind, seed)| {
                let mut rng = Xoshiro256Plus::seed_from_u64(seed);
                let mut found = Vec::new();
                if kind == Kind::Agglomerate {
                    start(most).agglomerate(&numbers, &mut rng, |k, stats| found.push((k, stats)));
                } else {
                    for &k in &numbers {
                        // A start that collapses is one fewer.
                        if let Ok(stats) = start(k).seed(kind, &whitened, &mut rng) {
                            found.push((k, stats));
                        }
                    }
                }
                found
            })
            .collect();
        let of = |k: usize| {
            found
                .iter()
                .flatten()
                .filter(|(n, _)| *n == k)
                .map(|(_, s)| s.clone())
                .collect()
        };
        Self(numbers.iter().map(|&k| (k, of(k))).collect())
    }

    /// Those for a number of components.
    pub(crate) fn for_components(&self, n_components: usize) -> &[Vec<Moments>] {
        let found = self.0.iter().find(|(k, _)| *k == n_components);
        found.map_or(&[], |(_, seeds)| seeds)
    }
}
