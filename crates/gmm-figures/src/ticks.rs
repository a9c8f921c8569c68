//! Where an axis has its numbers.

use crate::numerals::typeset;

/// Round numbers within a range, and how many decimals they need.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ticks {
    pub(crate) values: Vec<f64>,
    pub(crate) labels: Vec<String>,
    /// What the labels leave out, `× 10⁻⁸` or `+ 100000000`; nothing for most.
    pub(crate) scale: String,
}

impl Ticks {
    /// About `n` multiples of 1, 2 or 5 times a power of ten between `low` and `high`, whole ones on request.
    pub(crate) fn between((low, high): (f64, f64), n: usize, are_whole: bool) -> Self {
        let width = high - low;
        if !(width > 0.0 && width.is_finite()) {
            return Self {
                values: Vec::new(),
                labels: Vec::new(),
                scale: String::new(),
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
        let (labels, scale) = labels(&values, step);
        Self {
            values,
            labels,
            scale,
        }
    }

    /// The name of an axis with what its labels leave out.
    pub(crate) fn name(&self, name: &str) -> String {
        if self.scale.is_empty() {
            String::from(name)
        } else {
            format!("{name} ({})", self.scale)
        }
    }
}

/// Round numbers between `low` and `high`, about `n` of them: an axis has its numbers there, and a map its levels.
pub fn round_numbers(low: f64, high: f64, n: usize) -> Vec<f64> {
    Ticks::between((low, high), n, false).values
}

/// The values as people read them, and what is left out: of values far from 0 for their differences the first one,
/// of very large and very small ones a power of ten.
fn labels(values: &[f64], step: f64) -> (Vec<String>, String) {
    /// Beyond these powers of ten, zeros are hard to count.
    const PLAIN: std::ops::RangeInclusive<i32> = -3..=4;
    /// Values this many steps from 0 differ in their last digits only.
    const FAR: f64 = 1e7;
    let largest = |values: &[f64]| values.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    let is_far = largest(values) >= FAR * step;
    let offset = if is_far { values[0] } else { 0.0 };
    let values: Vec<f64> = values.iter().map(|v| v - offset).collect();
    let magnitude = magnitude(largest(&values));
    let power = if PLAIN.contains(&magnitude) {
        0
    } else {
        magnitude
    };
    let unit = 10f64.powi(power);
    let shown = |v: &f64| typeset(v / unit, decimals(step / unit));
    let mut scale = Vec::new();
    if power != 0 {
        scale.push(format!("× 10{}", superscript(power)));
    }
    if is_far {
        scale.push(format!("+ {}", typeset(offset, decimals(step))));
    }
    (values.iter().map(shown).collect(), scale.join(" "))
}

/// The power of ten of a number; of nothing, 0.
fn magnitude(size: f64) -> i32 {
    if size > 0.0 {
        size.log10().floor() as i32
    } else {
        0
    }
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
        let large = Ticks::between((0.0, 2e7), 2, false);
        assert_eq!(
            (large.labels.as_slice(), large.name("x")),
            (
                ["0", "1", "2"].map(String::from).as_slice(),
                String::from("x (× 10⁷)")
            )
        );
        let small = Ticks::between((0.0, 4e-9), 2, false);
        assert_eq!(
            (small.labels[1].as_str(), small.scale.as_str()),
            ("2", "× 10⁻⁹")
        );
        let far = Ticks::between((1e8 - 2.0, 1e8 + 2.0), 4, false);
        assert_eq!(far.labels, ["0", "1", "2", "3", "4"]);
        assert_eq!(far.scale, "+ 99999998");
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
