//! Fewer components from more: the pairs that cost least are merged.

use crate::belief::Belief;
use crate::moments::Moments;

/// A component with its Nₖ ln|Σₖ|.
struct Candidate {
    moments: Moments,
    volume: f64,
}

type Pair<'c> = (&'c Candidate, &'c Candidate);

/// Several components with their volumes.
fn candidates(moments: Vec<Moments>, belief: &Belief) -> Vec<Candidate> {
    let log_dets = belief.log_dets(&moments);
    let all = moments.into_iter().zip(log_dets);
    all.map(|(moments, log_det)| {
        // A component without rows costs nothing to merge.
        let volume = match log_det {
            Some(log_det) if moments.weight > 0.0 => moments.weight * log_det,
            _ => 0.0,
        };
        Candidate { moments, volume }
    })
    .collect()
}

/// Each pair as one.
fn united(pairs: &[Pair<'_>], belief: &Belief) -> Vec<Candidate> {
    let merge = |(a, b): &Pair<'_>| {
        let mut moments = a.moments.clone();
        moments.merge(&b.moments);
        moments
    };
    candidates(pairs.iter().map(merge).collect(), belief)
}

/// The bound on what is lost when two components are merged, as [`reduce`] has it.
pub(crate) fn loss_of_merging(a: &Moments, b: &Moments, belief: &Belief) -> f64 {
    let both = candidates(vec![a.clone(), b.clone()], belief);
    losses(&[(&both[0], &both[1])], belief)[0]
}

/// The same for each pair.
fn losses(pairs: &[Pair<'_>], belief: &Belief) -> Vec<f64> {
    let loss = |(both, (a, b)): (Candidate, &Pair<'_>)| 0.5 * (both.volume - a.volume - b.volume);
    let of_group = |pairs| united(pairs, belief).into_iter().zip(pairs).map(loss);
    // One group after the other, as their moments take memory.
    let groups = pairs.chunks(belief.group_size());
    groups.flat_map(of_group).collect()
}

/// Merges components in pairs until `n_components` are left, each time the pair with the smallest bound on
/// the loss, B = ½[(Nᵢ+Nⱼ) ln|Σᵢⱼ| − Nᵢ ln|Σᵢ| − Nⱼ ln|Σⱼ|] with Σᵢⱼ the covariance of both together
/// (Runnalls, *IEEE Trans. AES* 43, 2007).
pub(super) fn reduce(stats: Vec<Moments>, n_components: usize, belief: &Belief) -> Vec<Moments> {
    let mut left = Vec::new();
    reduce_to(stats, &[n_components], belief, |_, stats| left = stats);
    left
}

/// The same for several numbers of components, from the largest to the smallest; `visit` is given each.
pub(super) fn reduce_to(
    stats: Vec<Moments>,
    n_components: &[usize],
    belief: &Belief,
    visit: impl FnMut(usize, Vec<Moments>),
) {
    merge_pairs(stats, n_components, belief, |_, _, _| {}, visit);
}

/// The same, told of every merge by the places i < j of the pair among those that were left and by what it cost: what
/// they become is then at i, and those after j move up.
pub(crate) fn merge_pairs(
    stats: Vec<Moments>,
    n_components: &[usize],
    belief: &Belief,
    mut merged: impl FnMut(usize, usize, f64),
    mut visit: impl FnMut(usize, Vec<Moments>),
) {
    let mut left = candidates(stats, belief);
    // costs[i][j] for j < i, and the least of each row with its place.
    let row = |i: usize| losses(&pairs_of(&left, i, 0..i), belief);
    let mut costs: Vec<Vec<f64>> = (0..left.len()).map(row).collect();
    let least_of = |row: &Vec<f64>| {
        let places = row.iter().copied().zip(0..);
        places.min_by(|a: &(f64, usize), b| a.0.total_cmp(&b.0))
    };
    let mut least: Vec<Option<(f64, usize)>> = costs.iter().map(least_of).collect();
    for &n in n_components {
        while left.len() > n {
            let pairs = least
                .iter()
                .enumerate()
                .filter_map(|(i, l)| l.map(|(c, j)| (c, i, j)));
            let Some((loss, i, j)) = pairs.min_by(|a, b| a.0.total_cmp(&b.0)) else {
                break;
            };
            merged(j, i, loss);
            // j < i: the merged pair takes the place of j.
            let gone = left.remove(i);
            costs.remove(i);
            least.remove(i);
            for row in costs.iter_mut().skip(i) {
                row.remove(i);
            }
            if let Some(both) = united(&[(&left[j], &gone)], belief).pop() {
                left[j] = both;
            }
            let others: Vec<usize> = (0..left.len()).filter(|&other| other != j).collect();
            let pairs = pairs_of(&left, j, others.iter().copied());
            for (other, cost) in others.into_iter().zip(losses(&pairs, belief)) {
                costs[j.max(other)][j.min(other)] = cost;
            }
            for (row, least) in costs.iter().zip(&mut least).skip(j) {
                *least = least_of(row);
            }
        }
        visit(n, left.iter().map(|c| c.moments.clone()).collect());
    }
}

/// A component with each of some others, the later one first.
fn pairs_of(all: &[Candidate], one: usize, others: impl Iterator<Item = usize>) -> Vec<Pair<'_>> {
    let pair = |other: usize| (&all[one.max(other)], &all[one.min(other)]);
    others.map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::belief::Ridge;
    use crate::covariance::CovarianceType;
    use crate::moments::Form;

    #[test]
    fn the_closest_components_merge_and_moments_are_kept() {
        let at = |mean: f64, weight: f64| Moments {
            weight,
            mean: vec![mean],
            scatter: vec![weight],
            form: Form::Full,
        };
        let belief = Belief::new(CovarianceType::Full, Ridge::Absolute(0.0), &[1.0]);
        let stats = vec![at(0.0, 10.0), at(9.0, 30.0), at(0.5, 10.0), at(9.4, 10.0)];
        let merged = reduce(stats, 2, &belief);
        let mut means: Vec<f64> = merged.iter().map(|c| c.mean[0]).collect();
        means.sort_by(f64::total_cmp);
        assert!((means[0] - 0.25).abs() < 1e-12);
        assert!((means[1] - 9.1).abs() < 1e-12);
        let variance = merged[0].scatter[0] / merged[0].weight;
        assert!((variance - (1.0 + 0.0625)).abs() < 1e-12);
    }
}
