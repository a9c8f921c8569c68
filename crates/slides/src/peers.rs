//! What scikit-learn makes of the slides.

use serde_json::Value;

/// The golden numbers that the tests use too; `tests/golden/slides_sklearn.py` makes them.
const SKLEARN: &str = include_str!("../../../tests/golden/slides_sklearn.json");

/// scikit-learn's numbers for the slides.
#[derive(Debug)]
pub(crate) struct Peers(Value);

impl Peers {
    pub(crate) fn read() -> Result<Self, serde_json::Error> {
        serde_json::from_str(SKLEARN).map(Self)
    }

    /// scikit-learn's value of a fact, where it has one.
    pub(crate) fn value(&self, slide: usize, fact: &str) -> Option<f64> {
        self.0
            .get(slide.to_string())?
            .get("facts")?
            .get(fact)?
            .as_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_found_by_slide_and_name() {
        let peers = Peers::read().unwrap();
        let likelihood = peers.value(1, "mean log-likelihood").unwrap();
        assert!((likelihood + 2.24).abs() < 1e-3);
        assert_eq!(peers.value(12, "flagged"), Some(11.0));
        assert_eq!(peers.value(2, "mean log-likelihood"), None);
    }
}
