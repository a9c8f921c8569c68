//! Groups of frames with a mean each and one covariance for all.

use gmm_core::ndarray::{Array1, Array2, ArrayView1, Axis, array, s};
use gmm_core::{Covariances, Gmm, GmmError};

/// Of the mean variance: what keeps a covariance positive definite.
const RIDGE: f64 = 1e-4;

/// The deviations of frames from the means of their pieces, which end before `ends`.
pub(super) fn within(rows: &Array2<f64>, ends: &[usize]) -> Array2<f64> {
    let mut left = rows.clone();
    for piece in ends.windows(2) {
        let mut part = left.slice_mut(s![piece[0]..piece[1], ..]);
        if let Some(mean) = part.mean_axis(Axis(0)) {
            part -= &mean;
        }
    }
    left
}

/// The deviations of frames from the means of their labels.
pub(super) fn about(rows: &Array2<f64>, labels: &[usize]) -> Array2<f64> {
    let (means, _) = means(rows, labels);
    let mut left = rows.clone();
    for (mut row, &label) in left.outer_iter_mut().zip(labels) {
        row -= &means.row(label);
    }
    left
}

/// The mean of each label and how many frames have it.
fn means(rows: &Array2<f64>, labels: &[usize]) -> (Array2<f64>, Array1<f64>) {
    let k = labels.iter().max().map_or(0, |last| last + 1);
    let mut means = Array2::zeros((k, rows.ncols()));
    let mut counts = Array1::zeros(k);
    for (row, &label) in rows.outer_iter().zip(labels) {
        let mut mean = means.row_mut(label);
        mean += &row;
        counts[label] += 1.0;
    }
    for (mut mean, count) in means.outer_iter_mut().zip(&counts) {
        mean /= f64::max(*count, 1.0);
    }
    (means, counts)
}

/// A covariance that groups share.
pub(super) struct Shared {
    /// Rows of this matrix times a deviation make it one of variance 1.
    whitening: Array2<f64>,
    log_det: f64,
}

impl Shared {
    /// That of deviations from means.
    pub(super) fn of(left: &Array2<f64>) -> Result<Self, GmmError> {
        let (n, d) = left.dim();
        let mut covariance = left.t().dot(left) / n.max(1) as f64;
        let ridge = RIDGE * covariance.diag().sum() / d as f64 + f64::MIN_POSITIVE.sqrt();
        covariance.diag_mut().mapv_inplace(|v| v + ridge);
        // The same on both sides of the diagonal, to the bit.
        let symmetric = Array2::from_shape_fn((d, d), |(i, j)| covariance[(i.max(j), i.min(j))]);
        let one = Gmm::new(
            array![1.0],
            Array2::zeros((1, d)),
            Covariances::Tied(symmetric),
        )?;
        let covariance = one.components()[0].covariance();
        let rows = covariance.whitening();
        Ok(Self {
            whitening: Array2::from_shape_fn((d, d), |(i, j)| rows[i][j]),
            log_det: covariance.log_det(),
        })
    }

    pub(super) fn log_det(&self) -> f64 {
        self.log_det
    }

    /// Half the squared distance of every frame from the mean of every label, frames × labels.
    pub(super) fn costs(&self, rows: &Array2<f64>, labels: &[usize]) -> Array2<f64> {
        let (means, _) = means(rows, labels);
        let rows = rows.dot(&self.whitening.t());
        let means = means.dot(&self.whitening.t());
        Array2::from_shape_fn((rows.nrows(), means.nrows()), |(t, k)| {
            0.5 * squared(rows.row(t), means.row(k))
        })
    }

    /// 1 + 2 Σ ρ over lags up to the first at which frames within a piece are not alike any more.
    pub(super) fn frames_each(&self, rows: &Array2<f64>, ends: &[usize], lags: usize) -> f64 {
        let left = within(rows, ends).dot(&self.whitening.t());
        let products = |lag: usize| -> f64 {
            let pieces = ends.windows(2).map(|piece| {
                let part = left.slice(s![piece[0]..piece[1], ..]);
                let n = part.nrows().saturating_sub(lag);
                let pairs = (0..n).map(|t| part.row(t).dot(&part.row(t + lag)));
                pairs.sum::<f64>()
            });
            pieces.sum()
        };
        let whole = products(0);
        if whole <= 0.0 {
            return 1.0;
        }
        let correlations = (1..=lags).map(|lag| products(lag) / whole);
        1.0 + 2.0 * correlations.take_while(|r| *r > 0.0).sum::<f64>()
    }
}

fn squared(a: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// The frames of pieces in `most` groups, then in one less, and so on to one: at each step those two are merged whose
/// frames come to lie least farther from their means (J. H. Ward, *J. Am. Statist. Ass.* 58, 1963).
pub(super) fn merged(
    rows: &Array2<f64>,
    ends: &[usize],
    shared: &Shared,
    most: usize,
) -> Vec<Vec<usize>> {
    let n_pieces = ends.len() - 1;
    let of_piece: Vec<usize> = (ends.windows(2).enumerate())
        .flat_map(|(i, piece)| std::iter::repeat_n(i, piece[1] - piece[0]))
        .collect();
    let (means, counts) = means(rows, &of_piece);
    let mut means = means.dot(&shared.whitening.t());
    let mut counts = counts.to_vec();
    let mut group: Vec<usize> = (0..n_pieces).collect();
    let mut alive: Vec<usize> = group.clone();
    let cost = |means: &Array2<f64>, counts: &[f64], a: usize, b: usize| {
        let weight = counts[a] * counts[b] / (counts[a] + counts[b]).max(1.0);
        weight * squared(means.row(a), means.row(b))
    };
    let mut costs =
        Array2::from_shape_fn((n_pieces, n_pieces), |(a, b)| cost(&means, &counts, a, b));
    let mut found = Vec::new();
    loop {
        if alive.len() <= most {
            let place = |i: &usize| alive.iter().position(|a| *a == group[*i]).unwrap_or(0);
            found.push(of_piece.iter().map(place).collect());
        }
        let pairs = (alive.iter().enumerate())
            .flat_map(|(i, &a)| alive[i + 1..].iter().map(move |&b| (a, b)));
        let Some((a, b)) = pairs.min_by(|p, q| costs[*p].total_cmp(&costs[*q])) else {
            return found;
        };
        let weight = counts[b] / (counts[a] + counts[b]).max(1.0);
        let moved = &means.row(a) + &((&means.row(b) - &means.row(a)) * weight);
        means.row_mut(a).assign(&moved);
        counts[a] += counts[b];
        alive.retain(|i| *i != b);
        group.iter_mut().filter(|g| **g == b).for_each(|g| *g = a);
        for &other in &alive {
            let c = cost(&means, &counts, a, other);
            (costs[(a, other)], costs[(other, a)]) = (c, c);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_that_are_alike_are_merged_first() {
        let rows = Array2::from_shape_fn((40, 2), |(t, j)| {
            let shake = (t as f64 * 12.9898).sin();
            (if (10..30).contains(&t) { 8.0 } else { 0.0 }) + shake * (j as f64 + 0.5)
        });
        let ends = [0, 10, 20, 30, 40];
        let shared = Shared::of(&within(&rows, &ends)).unwrap();
        let found = merged(&rows, &ends, &shared, 2);
        assert_eq!(found.len(), 2);
        let two: Vec<usize> = [0, 10, 20, 30].iter().map(|&t| found[0][t]).collect();
        assert_eq!(two, [0, 1, 1, 0]);
        assert_eq!(found[1], vec![0; 40]);
        let costs = shared.costs(&rows, &found[0]);
        assert!(costs[(5, 0)] < costs[(5, 1)] && costs[(15, 1)] < costs[(15, 0)]);
        assert!(
            Shared::of(&about(&rows, &found[0])).unwrap().log_det()
                < Shared::of(&about(&rows, &found[1])).unwrap().log_det()
        );
    }

    #[test]
    fn frames_that_repeat_themselves_count_less() {
        let rows = |every: usize| {
            Array2::from_shape_fn((400, 1), |(t, _)| {
                let shake = ((t / every) as f64 * 12.9898).sin() * 43_758.545_3;
                shake - shake.floor()
            })
        };
        let each = |rows: &Array2<f64>| {
            let ends = [0, 200, 400];
            Shared::of(&within(rows, &ends))
                .unwrap()
                .frames_each(rows, &ends, 40)
        };
        // Of runs of 4 equal values: 1 + 2 (3/4 + 2/4 + 1/4).
        assert!((each(&rows(4)) - 4.0).abs() < 1.0, "{}", each(&rows(4)));
        assert!(each(&rows(1)) < 1.5);
        assert_eq!(each(&Array2::zeros((400, 1))), 1.0);
    }
}
