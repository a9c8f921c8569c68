//! What each row says of each parameter: sₙ = ∂ ln p(xₙ)/∂θ.
//!
//! With rₙₖ the posterior, aₙₖ = Σₖ⁻¹(xₙ − μₖ) and Gₙₖ = ½(aₙₖaₙₖᵀ − Σₖ⁻¹), for the shares πₖ but the last, which is
//! 1 less their sum, the means and the covariances (McLachlan & Peel, *Finite Mixture Models*, §2.15; Magnus &
//! Neudecker, *Matrix Differential Calculus*, ch. 15):
//!
//! ∂/∂πₖ = rₙₖ/πₖ − rₙ_last/π_last, ∂/∂μₖ = rₙₖaₙₖ, ∂/∂Σₖ = rₙₖGₙₖ;
//!
//! an entry off the diagonal stands twice in Σ, and what components or features share has the sum of their scores.
//! What was seen of a row in part or with noise is Gaussian with Σₒₒ + S, so its score is the same with that matrix, and
//! nothing for the features that were not seen.

use rayon::prelude::*;

use super::chart::Chart;
use crate::gaussian::Gaussian;
use crate::mixture::{Joint, Mixture};
use crate::sample::{Part, Sample};
use crate::tile::Tile;

/// Folds the scores of all rows of a prepared sample, each with its weight: `add(sum, weight, score)`.
pub(super) fn fold<S: Send>(
    chart: &Chart,
    mixture: &Mixture<Gaussian>,
    sample: &Sample<'_>,
    new: impl Fn() -> S + Sync,
    add: impl Fn(&mut S, f64, &[f64]) + Sync,
    merge: impl Fn(&mut S, S) + Sync,
) -> S {
    let of = |seen: &Mixture<Gaussian>, columns: &[usize], rows: &Sample<'_>| {
        let scores = Scores::new(chart, seen, columns);
        let evaluation = seen.evaluation();
        rows.fold_tiles(
            &new,
            |sum, (joint, score): &mut (Joint, Vec<f64>), tile| {
                score.resize(chart.len(), 0.0);
                let posterior: Vec<&[f64]> = evaluation.posterior(tile, joint).collect();
                for (i, &weight) in rows.tile_weights(tile).iter().enumerate() {
                    if weight > 0.0 {
                        let label = rows.labels().and_then(|l| l[tile.first_row() + i]);
                        let share = |k: usize| match label {
                            Some(label) => f64::from(u8::from(label == k)),
                            None => posterior[k][i],
                        };
                        scores.write(tile, i, share, score);
                        add(sum, weight, score);
                    }
                }
            },
            &merge,
        )
    };
    let Some(parts) = sample.parts() else {
        let columns: Vec<usize> = (0..sample.n_features()).collect();
        return of(mixture, &columns, sample);
    };
    let of_part = |part: &Part| {
        let seen = mixture.seen(part.how());
        of(&seen, part.how().columns(), &part.sample(sample))
    };
    let merged = |mut total: S, part: S| {
        merge(&mut total, part);
        total
    };
    let of_piece = |piece: &[Part]| piece.iter().map(of_part).reduce(merged);
    let pieces: Vec<_> = parts.par_chunks(Part::PIECE).map(of_piece).collect();
    pieces
        .into_iter()
        .flatten()
        .reduce(merged)
        .unwrap_or_else(new)
}

/// The scores of rows that were seen in one way.
struct Scores<'a> {
    chart: &'a Chart,
    seen: &'a Mixture<Gaussian>,
    components: Vec<Component>,
}

/// What the scores of one component need.
struct Component {
    /// Σ⁻¹ of what is seen, row by row.
    precision: Vec<Vec<f64>>,
    /// The places of the mean's entries.
    means: Vec<usize>,
    /// The entries of the covariance's lower triangle that are parameters, and their places.
    entries: Vec<(usize, usize, usize)>,
}

impl<'a> Scores<'a> {
    fn new(chart: &'a Chart, seen: &'a Mixture<Gaussian>, columns: &[usize]) -> Self {
        let component = |(k, g): (usize, &Gaussian)| Component {
            precision: g.covariance().precision(),
            means: columns.iter().map(|&j| chart.mean(k, j)).collect(),
            entries: (0..columns.len())
                .flat_map(|i| (0..=i).map(move |j| (i, j)))
                .filter_map(|(i, j)| Some((i, j, chart.covariance(k, columns[i], columns[j])?)))
                .collect(),
        };
        Self {
            chart,
            seen,
            components: seen
                .components()
                .iter()
                .enumerate()
                .map(component)
                .collect(),
        }
    }

    /// The score of row `i` of a tile, of which component k has the share `share(k)`.
    fn write(&self, tile: &Tile, i: usize, share: impl Fn(usize) -> f64, score: &mut [f64]) {
        score.fill(0.0);
        let shares = self.seen.shares().values();
        let last = self.chart.n_free_shares();
        // A component without rows has no score; its information is then singular.
        let relative = |k: usize| {
            if shares[k] > 0.0 {
                share(k) / shares[k]
            } else {
                0.0
            }
        };
        for k in 0..last {
            score[k] = relative(k) - relative(last);
        }
        for (k, (g, component)) in self
            .seen
            .components()
            .iter()
            .zip(&self.components)
            .enumerate()
        {
            let r = share(k);
            if r <= 0.0 {
                continue;
            }
            let offset: Vec<f64> = g
                .mean()
                .iter()
                .enumerate()
                .map(|(j, m)| tile.feature(j)[i] - m)
                .collect();
            let a: Vec<f64> = component
                .precision
                .iter()
                .map(|row| row.iter().zip(&offset).map(|(p, x)| p * x).sum())
                .collect();
            for (&place, a) in component.means.iter().zip(&a) {
                score[place] += r * a;
            }
            for &(i, j, place) in &component.entries {
                let twice = if i == j { 0.5 } else { 1.0 };
                score[place] += r * twice * (a[i] * a[j] - component.precision[i][j]);
            }
        }
    }
}
