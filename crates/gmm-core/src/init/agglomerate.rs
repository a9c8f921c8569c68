//! Many small clusters merged into few, whatever the shape of these.

use rand::Rng;

use super::{Effort, Start, clusters, merge};
use crate::belief::{Belief, Ridge, pooled};
use crate::covariance::CovarianceType;
use crate::moments::{Form, Moments};

/// Small clusters for each that is asked for, and at least.
const CELLS_PER_COMPONENT: usize = 10;
const LEAST_CELLS: usize = 60;
/// Rows in a small cluster on average, at least.
const ROWS_PER_CELL: usize = 2;
/// Lloyd's iterations for the small clusters, which need not be the best ones.
const EFFORT: Effort = Effort {
    lloyd: 10,
    seed_rows: None,
};

impl Start<'_> {
    /// Statistics of agglomerated clusters.
    pub(super) fn agglomerated(&self, rng: &mut impl Rng) -> Vec<Moments> {
        let mut found = Vec::new();
        self.agglomerate(&[self.n_components], rng, |_, stats| found = stats);
        let form = self.belief.covariance_type().form();
        self.widen(found.iter().map(|s| s.in_form(form)).collect())
    }

    /// The same, with full second moments, for several numbers of components from the largest to the smallest.
    pub(super) fn agglomerate(
        &self,
        n_components: &[usize],
        rng: &mut impl Rng,
        visit: impl FnMut(usize, Vec<Moments>),
    ) {
        let most = n_components.first().copied().unwrap_or(1);
        let n_cells = (self.survey.n_rows / ROWS_PER_CELL)
            .min(LEAST_CELLS.max(CELLS_PER_COMPONENT * most))
            .max(most);
        let labels = clusters(self.sample, &self.survey.scale, n_cells, EFFORT, rng);
        let mut cells = self.of_clusters(&labels, n_cells, Form::Full);
        cells.retain(|cell| cell.weight > 0.0);
        let missing = most.saturating_sub(cells.len());
        let copies: Vec<Moments> = cells.iter().cycle().take(missing).cloned().collect();
        cells.extend(copies);
        // A cell of few rows has no covariance: each is as wide at least as cells are on average.
        let all = pooled(&cells);
        for cell in &mut cells {
            let share = cell.weight / all.weight;
            cell.scatter
                .iter_mut()
                .zip(&all.scatter)
                .for_each(|(s, a)| *s += a * share);
        }
        let belief = Belief::new(
            CovarianceType::Full,
            Ridge::Relative(1e-6),
            &self.survey.scale,
        );
        merge::reduce_to(cells, n_components, &belief, visit);
    }
}
