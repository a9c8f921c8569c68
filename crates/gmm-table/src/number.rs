//! Numbers and names as they are written.

use std::collections::HashSet;

/// The same names, those that repeat with `_2`, `_3`, … behind them, as far as no other is called so.
pub(crate) fn distinct(names: &[String]) -> Vec<String> {
    let all: HashSet<&String> = names.iter().collect();
    let mut taken = HashSet::new();
    let free = |name: &String| {
        let numbered = (2..).map(|i| format!("{name}_{i}"));
        let numbered = numbered.filter(|candidate| !all.contains(candidate));
        let mut candidates = std::iter::once(name.clone()).chain(numbered);
        candidates.find(|candidate| taken.insert(candidate.clone()))
    };
    names.iter().filter_map(free).collect()
}

/// A number as it is written: the shortest text that is read as the same, very large and very small ones with an
/// exponent.
pub fn number(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 || (1e-5..1e15).contains(&size) {
        value.to_string()
    } else {
        format!("{value:e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_exact() {
        for (value, text) in [
            (1120.0, "1120"),
            (0.1, "0.1"),
            (1e-300, "1e-300"),
            (-2.5e17, "-2.5e17"),
        ] {
            assert_eq!(number(value), text);
            assert_eq!(text.parse(), Ok(value));
        }
    }

    #[test]
    fn names_that_repeat_are_numbered() {
        let names = ["x", "component", "component", "component"].map(String::from);
        assert_eq!(
            distinct(&names),
            ["x", "component", "component_2", "component_3"]
        );
        let names = ["posterior", "posterior", "posterior_2"].map(String::from);
        assert_eq!(
            distinct(&names),
            ["posterior", "posterior_3", "posterior_2"]
        );
    }
}
