//! How far two partitions agree.

use std::collections::BTreeMap;

/// The adjusted Rand index of two partitions of weighted rows: 1 where they are equal, about 0 by chance (Hubert &
/// Arabie, *J. Classification* 2, 1985). A weight is a number of rows.
pub(crate) fn adjusted_rand_index(a: &[usize], b: &[usize], weight: impl Fn(usize) -> f64) -> f64 {
    fn pairs<T: Ord>(labels: impl Iterator<Item = (T, f64)>) -> f64 {
        let mut counts = BTreeMap::new();
        labels.for_each(|(label, w)| *counts.entry(label).or_insert(0.0) += w);
        counts
            .values()
            .map(|n: &f64| n * (n - 1.0).max(0.0) / 2.0)
            .sum()
    }
    let rows = || (0..a.len()).map(|i| (i, weight(i)));
    let together = pairs(rows().map(|(i, w)| ((a[i], b[i]), w)));
    let (in_a, in_b) = (
        pairs(rows().map(|(i, w)| (a[i], w))),
        pairs(rows().map(|(i, w)| (b[i], w))),
    );
    let by_chance = in_a * in_b / pairs(rows().map(|(_, w)| ((), w)));
    let most = 0.5 * (in_a + in_b) - by_chance;
    // Both have one part, or all rows apart.
    if most.abs() > 0.0 {
        (together - by_chance) / most
    } else {
        1.0
    }
}

#[cfg(test)]
mod tests {
    use super::adjusted_rand_index;

    #[test]
    fn agreement_is_that_of_hubert_and_arabie() {
        let (a, b) = ([0, 0, 1, 1], [1, 1, 0, 0]);
        assert_eq!(adjusted_rand_index(&a, &b, |_| 1.0), 1.0);
        let crossed = adjusted_rand_index(&a, &[0, 1, 0, 1], |_| 1.0);
        assert!((crossed + 0.5).abs() < 1e-15);
        assert_eq!(adjusted_rand_index(&[0; 4], &[3; 4], |_| 1.0), 1.0);
        assert_eq!(adjusted_rand_index(&[], &[], |_| 1.0), 1.0);
        // A row of weight 2 is two rows.
        let once = adjusted_rand_index(&[0, 0, 0, 1, 1], &[0, 0, 1, 1, 1], |_| 1.0);
        let weighted = adjusted_rand_index(&[0, 0, 1], &[0, 1, 1], |i| [2.0, 1.0, 2.0][i]);
        assert!((once - weighted).abs() < 1e-15);
    }
}
