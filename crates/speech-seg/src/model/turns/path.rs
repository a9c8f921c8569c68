//! The path of least cost whose stays are not short.

use gmm_core::ndarray::Array2;

/// For each row (rows × states) its state on the path of least total cost that stays at least `shortest` rows in each
/// state it enters; with fewer rows, the one state of least cost. Dynamic programming over where a stay began.
pub(super) fn most_probable(costs: &Array2<f64>, shortest: usize) -> Vec<usize> {
    let (n, k) = costs.dim();
    let shortest = shortest.min(n).max(1);
    // Cost of all rows before t in a state.
    let mut sums = Array2::<f64>::zeros((n + 1, k));
    for t in 0..n {
        for s in 0..k {
            sums[(t + 1, s)] = sums[(t, s)] + costs[(t, s)];
        }
    }
    // The least cost of the first t rows, and the state of the last stay with where it began.
    let mut least = vec![f64::INFINITY; n + 1];
    least[0] = 0.0;
    let mut last = vec![(0, 0); n + 1];
    // Of each state the least cost of a stay that goes on, with where it began.
    let mut staying = vec![(f64::INFINITY, 0); k];
    for t in shortest..=n {
        let start = t - shortest;
        for (s, stay) in staying.iter_mut().enumerate() {
            let goes_on = stay.0 + costs[(t - 1, s)];
            let begins = least[start] + sums[(t, s)] - sums[(start, s)];
            *stay = if begins < goes_on {
                (begins, start)
            } else {
                (goes_on, stay.1)
            };
            if stay.0 < least[t] {
                (least[t], last[t]) = (stay.0, (s, stay.1));
            }
        }
    }
    let mut path = vec![0; n];
    let mut end = n;
    while end > 0 {
        let (state, start) = last[end];
        path[start..end].fill(state);
        end = start;
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(favoured: &str, shortest: usize) -> String {
        let states: Vec<usize> = favoured.bytes().map(|b| usize::from(b - b'a')).collect();
        let costs = Array2::from_shape_fn((states.len(), 3), |(t, s)| {
            f64::from(u8::from(states[t] != s))
        });
        let found = most_probable(&costs, shortest);
        found.iter().map(|s| char::from(b'a' + *s as u8)).collect()
    }

    #[test]
    fn stays_are_as_long_as_they_must_be() {
        assert_eq!(path("aaaabaaaa", 1), "aaaabaaaa");
        assert_eq!(path("aaaabaaaa", 2), "aaaaaaaaa");
        assert_eq!(path("aaabbbccc", 3), "aaabbbccc");
        assert_eq!(path("aaaabbccc", 3), "aaabbbccc");
        assert_eq!(path("ab", 5), "aa");
        assert_eq!(path("", 5), "");
    }
}
