//! Starts that agree with the labels of some rows.

use super::Start;
use crate::gaussian::Gaussian;
use crate::mixture::Mixture;
use crate::shares::Shares;

impl Start<'_> {
    /// Clusters in the order of the labels that most of their labelled rows have, and those rows in their own.
    pub(super) fn relabelled(&self, clusters: Vec<usize>) -> Vec<usize> {
        let Some(labels) = self.sample.labels() else {
            return clusters;
        };
        let k = self.n_components;
        let mut agreement = vec![vec![0.0; k]; k];
        for (row, (label, &cluster)) in labels.iter().zip(&clusters).enumerate() {
            if let Some(label) = label {
                agreement[*label][cluster] += self.sample.weight(row);
            }
        }
        let mut place_of = vec![0; k];
        for (place, &cluster) in matching(&agreement).iter().enumerate() {
            place_of[cluster] = place;
        }
        let own = labels.iter().zip(clusters);
        own.map(|(label, cluster)| label.unwrap_or(place_of[cluster]))
            .collect()
    }

    /// The components in the order of the labels that most of their labelled rows have.
    pub(super) fn aligned(&self, model: Mixture<Gaussian>) -> Mixture<Gaussian> {
        let Some(labels) = self.sample.labels() else {
            return model;
        };
        let k = model.components().len();
        let evaluation = model.evaluation();
        let nothing = || vec![vec![0.0; k]; k];
        let agreement = self.sample.fold_tiles(
            nothing,
            |agreement, joint, tile| {
                let labels = &labels[tile.first_row()..][..tile.n_rows()];
                let weights = self.sample.tile_weights(tile);
                for (c, column) in evaluation.posterior(tile, joint).take(k).enumerate() {
                    for ((label, w), r) in labels.iter().zip(weights).zip(column) {
                        if let Some(label) = label {
                            agreement[*label][c] += w * r;
                        }
                    }
                }
            },
            |total, leaf| {
                for (a, b) in total.iter_mut().flatten().zip(leaf.iter().flatten()) {
                    *a += b;
                }
            },
        );
        let order = matching(&agreement);
        let shares = model.shares().values();
        let own = order.iter().map(|&c| shares[c]);
        let shares = Shares::of_counts(&own.chain(shares[k..].iter().copied()).collect::<Vec<_>>());
        let components = order
            .iter()
            .map(|&c| model.components()[c].clone())
            .collect();
        Mixture::new(shares, components, model.background().cloned())
    }
}

/// For each label the column it agrees with most, none twice: the largest agreement of all first.
fn matching(agreement: &[Vec<f64>]) -> Vec<usize> {
    let k = agreement.len();
    let mut column_of = vec![None; k];
    let mut is_taken = vec![false; k];
    for _ in 0..k {
        let mut best = None;
        for label in (0..k).filter(|&l| column_of[l].is_none()) {
            for column in (0..k).filter(|&c| !is_taken[c]) {
                let value = agreement[label][column];
                if best.is_none_or(|(_, _, most)| value > most) {
                    best = Some((label, column, value));
                }
            }
        }
        if let Some((label, column, _)) = best {
            column_of[label] = Some(column);
            is_taken[column] = true;
        }
    }
    column_of.into_iter().map(|c| c.unwrap_or(0)).collect()
}
