//! Numbers on a terminal, with the decimals that they need.

use gmm_figures::decimal;

/// How numbers of one kind are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Numerals {
    /// Decimals; none where powers of ten are shorter.
    n_decimals: Option<usize>,
}

impl Numerals {
    /// With the usual decimals, or so many more that three digits of each of these are seen; those that are 0 or no number do
    /// not count.
    pub(super) fn telling(numbers: impl IntoIterator<Item = f64>, usual: usize) -> Self {
        /// Beyond them powers of ten are shorter.
        const MOST_DECIMALS: i32 = 9;
        const MOST_DIGITS: i32 = 12;
        const SHOWN: i32 = 3;
        let sizes = numbers.into_iter().map(f64::abs);
        let sizes = sizes.filter(|x| *x > 0.0 && x.is_finite());
        let powers: Vec<i32> = sizes.map(|x| x.log10().floor() as i32).collect();
        let least = powers.iter().min().map_or(0, |power| SHOWN - 1 - power);
        let is_long = powers
            .iter()
            .max()
            .is_some_and(|power| *power > MOST_DIGITS);
        let n_decimals = match least {
            n if n > MOST_DECIMALS || is_long => None,
            n => Some(usual.max(usize::try_from(n).unwrap_or(0))),
        };
        Self { n_decimals }
    }

    pub(super) fn of(self, number: f64) -> String {
        match self.n_decimals {
            Some(decimals) => decimal(number, decimals),
            None => format!("{number:.3e}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_numbers_keep_three_digits_and_others_the_usual_decimals() {
        let shown = |unit: f64, number: f64| Numerals::telling([unit], 2).of(number);
        assert_eq!(shown(1.0, 12.3456), "12.35");
        assert_eq!(shown(0.0123, -0.00456), "-0.0046");
        assert_eq!(shown(0.0, 3.0), "3.00");
        assert_eq!(shown(f64::NAN, 3.0), "3.00");
        assert_eq!(shown(1e-150, 1.5e-150), "1.500e-150");
        assert_eq!(shown(1e150, -2e150), "-2.000e150");
    }
}
