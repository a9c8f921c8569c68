//! Where an axis has its numbers.

use crate::numerals::typeset;

/// Round numbers within a range, and how many decimals they need.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ticks {
    pub(crate) values: Vec<f64>,
    pub(crate) labels: Vec<String>,
}

impl Ticks {
    /// About `n` multiples of 1, 2 or 5 times a power of ten between `low` and `high`, whole ones on request.
    pub(crate) fn between((low, high): (f64, f64), n: usize, are_whole: bool) -> Self {
        let width = high - low;
        if !(width > 0.0 && width.is_finite()) {
            return Self {
                values: Vec::new(),
                labels: Vec::new(),
            };
        }
        /// Ticks may stand this much closer than asked for, rather than half as close.
        const DENSEST: f64 = 0.7;
        let rough = width / n.max(1) as f64;
        let power = rough.log10().floor();
        let unit = 10f64.powf(power);
        let step = [1.0, 2.0, 5.0, 10.0]
            .map(|multiple| multiple * unit)
            .into_iter()
            .find(|step| *step >= DENSEST * rough)
            .unwrap_or(10.0 * unit);
        let step = if are_whole { step.max(1.0) } else { step };
        // Rounding must not lose the ends.
        let slack = 1e-9 * width;
        let first = ((low - slack) / step).ceil();
        let count = (((high + slack) / step).floor() - first).max(-1.0) as usize + 1;
        let values: Vec<f64> = (0..count).map(|i| (first + i as f64) * step).collect();
        let labels = labels(&values, step);
        Self { values, labels }
    }
}

/// Round numbers between `low` and `high`, about `n` of them: an axis has its numbers there, and a map its levels.
pub fn round_numbers(low: f64, high: f64, n: usize) -> Vec<f64> {
    Ticks::between((low, high), n, false).values
}

/// The values as people read them; very large and very small ones as powers of ten.
fn labels(values: &[f64], step: f64) -> Vec<String> {
    /// Beyond this many digits, zeros are hard to count.
    const MOST_DIGITS: i32 = 5;
    let largest = values.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    let magnitude = if largest > 0.0 {
        largest.log10().floor() as i32
    } else {
        0
    };
    if !(-3..=MOST_DIGITS).contains(&magnitude) {
        let unit = 10f64.powi(magnitude);
        let decimals = decimals(step / unit);
        let one = |v: &f64| {
            if *v == 0.0 {
                String::from("0")
            } else {
                format!(
                    "{}·10{}",
                    typeset(v / unit, decimals),
                    superscript(magnitude)
                )
            }
        };
        return values.iter().map(one).collect();
    }
    values.iter().map(|&v| typeset(v, decimals(step))).collect()
}

/// Decimals that tell multiples of `step` apart.
fn decimals(step: f64) -> usize {
    /// No axis needs more.
    const MOST: f64 = 12.0;
    (-step.log10().floor()).clamp(0.0, MOST) as usize
}

fn superscript(number: i32) -> String {
    let digit = |c: char| match c {
        '-' => '⁻',
        '0' => '⁰',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        _ => '⁹',
    };
    number.to_string().chars().map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels_of(low: f64, high: f64, n: usize) -> Vec<String> {
        Ticks::between((low, high), n, false).labels
    }

    #[test]
    fn ticks_are_round_and_keep_the_ends() {
        assert_eq!(
            labels_of(0.0, 1.0, 5),
            ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
        );
        assert_eq!(labels_of(-5.2, 10.4, 4), ["−5", "0", "5", "10"]);
        assert_eq!(
            labels_of(4500.0, 4830.0, 4),
            ["4500", "4600", "4700", "4800"]
        );
        assert_eq!(labels_of(0.0, 2e7, 2), ["0", "1·10⁷", "2·10⁷"]);
        assert_eq!(labels_of(0.0, 4e-9, 2), ["0", "2·10⁻⁹", "4·10⁻⁹"]);
        assert_eq!(Ticks::between((0.6, 3.4), 9, true).labels, ["1", "2", "3"]);
    }

    #[test]
    fn ranges_without_width_have_none() {
        for range in [
            (1.0, 1.0),
            (2.0, 1.0),
            (0.0, f64::NAN),
            (0.0, f64::INFINITY),
        ] {
            assert!(Ticks::between(range, 5, false).values.is_empty());
        }
    }
}
