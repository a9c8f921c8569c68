//! What a field says.

/// Words for a value that is not there, in lower case; so is an empty field.
const MISSING: [&str; 6] = ["na", "n/a", "nan", "null", "?", "."];

/// A field's meaning.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Field {
    Missing,
    /// A number, or an infinity where it is called so or is too large.
    Number(f64),
    Text,
}

impl Field {
    /// Reads a field without spaces around it.
    #[inline]
    pub(crate) fn of(text: &str) -> Self {
        if let Some(value) = short_decimal(text.as_bytes()) {
            return Self::Number(value);
        }
        Self::of_rare(text)
    }

    fn of_rare(text: &str) -> Self {
        if text.is_empty() {
            return Self::Missing;
        }
        // No word for nothing is a number but NaN.
        match text.parse::<f64>() {
            Ok(value) if value.is_nan() => Self::Missing,
            Ok(value) => Self::Number(value),
            Err(_) if MISSING.iter().any(|word| text.eq_ignore_ascii_case(word)) => Self::Missing,
            Err(_) => Self::Text,
        }
    }
}

/// Digits that `u64` holds whatever they are.
const MOST_DIGITS: usize = 19;

/// Powers of ten up to that of as many decimals.
const POWERS: [u64; MOST_DIGITS + 1] = {
    let mut powers = [1; MOST_DIGITS + 1];
    let mut i = 1;
    while i < powers.len() {
        powers[i] = 10 * powers[i - 1];
        i += 1;
    }
    powers
};

/// whole / 10ⁿ, rounded once.
#[inline]
fn decimal(whole: u64, n_decimals: usize) -> f64 {
    const EXACT: u64 = 1 << f64::MANTISSA_DIGITS;
    let power = POWERS[n_decimals];
    // Both are integers that `f64` holds, as 5¹⁹ is: one division rounds once (Clinger, *PLDI* 1990).
    if whole <= EXACT {
        return whole as f64 / power as f64;
    }
    // A quotient of 63 or 64 bits. Made odd where something remains, it rounds to `f64` as what it stands for would
    // (Boldo & Melquiond, *IEEE Trans. Comput.* 57, 2008).
    let shift = 63 + whole.leading_zeros() - power.leading_zeros();
    let (dividend, divisor) = (u128::from(whole) << shift, u128::from(power));
    let quotient = (dividend / divisor) as u64;
    let rest = dividend % divisor;
    let scale = f64::from_bits(u64::from(1023 - shift) << 52);
    (quotient | u64::from(rest != 0)) as f64 * scale
}

/// A number of few digits without an exponent, to the bit as `str::parse` reads it; none where it takes more.
#[inline]
fn short_decimal(text: &[u8]) -> Option<f64> {
    let (value, length) = leading_decimal(text);
    value.filter(|_| length == text.len())
}

/// The same at the beginning of bytes, and where its digits end.
///
#[inline]
pub(crate) fn leading_decimal(bytes: &[u8]) -> (Option<f64>, usize) {
    // Without a branch, for signs of data are as good as random.
    let is_negative = bytes.first() == Some(&b'-');
    let start = usize::from(is_negative);
    let (mut whole, mut point, mut end) = (0_u64, None, start);
    while let Some(byte) = bytes.get(end) {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 {
            // Of more digits than are taken it means nothing.
            whole = whole.wrapping_mul(10).wrapping_add(u64::from(digit));
        } else if *byte == b'.' && point.is_none() {
            point = Some(end);
        } else {
            break;
        }
        end += 1;
    }
    let n_digits = end - start - usize::from(point.is_some());
    let n_decimals = point.map_or(0, |point| end - 1 - point);
    if n_digits == 0 || n_digits > MOST_DIGITS {
        return (None, end);
    }
    let value = decimal(whole, n_decimals);
    let sign = u64::from(is_negative) << 63;
    (Some(f64::from_bits(value.to_bits() | sign)), end)
}

/// What fields mean, with words for missing values beside those that always are.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Meaning {
    missing: Vec<String>,
    /// Those of the words that are numbers: they stand for all ways to write them.
    numbers: Vec<f64>,
}

impl Meaning {
    /// With these words too; spaces around them do not count.
    pub(crate) fn new(missing: &[String]) -> Self {
        let missing: Vec<String> = missing.iter().map(|word| word.trim().to_owned()).collect();
        let numbers = missing.iter().filter_map(|word| word.parse().ok());
        Self {
            numbers: numbers.collect(),
            missing,
        }
    }

    /// Whether every number is one, and no word for a missing value.
    pub(crate) fn keeps_numbers(&self) -> bool {
        self.missing.is_empty()
    }

    /// Reads a field without spaces around it.
    #[inline]
    pub(crate) fn of(&self, text: &str) -> Field {
        if !self.missing.is_empty() && self.missing.iter().any(|w| text.eq_ignore_ascii_case(w)) {
            return Field::Missing;
        }
        match Field::of(text) {
            Field::Number(value) if self.numbers.contains(&value) => Field::Missing,
            field => field,
        }
    }
}

/// Whether a field that is there begins a column of numbers: it is one, if need be with a decimal comma.
pub(crate) fn begins_numbers(field: Field, text: &str) -> bool {
    field != Field::Text || has_decimal_comma(text)
}

/// Whether a text would be a number if its comma were a point.
pub(crate) fn has_decimal_comma(text: &str) -> bool {
    text.matches(',').count() == 1 && text.replace(',', ".").parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_read_as_they_are_written() {
        let numbers = [
            ("0", 0.0),
            ("-1.5", -1.5),
            ("+2", 2.0),
            (".5", 0.5),
            ("5.", 5.0),
            ("1e3", 1000.0),
            ("6.02E+23", 6.02e23),
            ("0.1", 0.1),
            ("1e-400", 0.0),
            ("1e999", f64::INFINITY),
            ("-inf", f64::NEG_INFINITY),
            ("Infinity", f64::INFINITY),
        ];
        for (text, value) in numbers {
            assert_eq!(Field::of(text), Field::Number(value), "{text}");
        }
    }

    proptest! {
        #[test]
        fn decimals_are_read_to_the_bit(
            whole in any::<u64>(), decimals in 0usize..22, n_digits in 0usize..21, is_negative in any::<bool>()
        ) {
            let digits = &format!("{whole:020}")[20 - n_digits..];
            let (before, after) = digits.split_at(n_digits.saturating_sub(decimals));
            for point in ["", "."] {
                let text = format!("{}{before}{point}{after}", if is_negative { "-" } else { "" });
                let expected = text.parse::<f64>().ok().map(f64::to_bits);
                let found = short_decimal(text.as_bytes()).map(f64::to_bits);
                prop_assert!(found.is_none() || found == expected, "{}", text);
            }
        }

        #[test]
        fn any_short_text_is_what_it_is_to_the_standard_library(text in "[-+.0-9eE ]{0,9}") {
            let expected = text.parse::<f64>().ok().map(f64::to_bits);
            let found = short_decimal(text.as_bytes()).map(f64::to_bits);
            prop_assert!(found.is_none() || found == expected, "{}", text);
        }
    }

    #[test]
    fn ties_go_to_the_even_number() {
        for text in [
            "9007199254740993",
            "9007199254740995.0",
            "-9007199254740993.001",
            "0.1",
            "0.9007199254740993",
        ] {
            let found = short_decimal(text.as_bytes()).map(f64::to_bits);
            assert_eq!(found, text.parse().ok().map(f64::to_bits), "{text}");
        }
    }

    #[test]
    fn words_for_nothing_are_missing_values() {
        for text in [
            "", "NA", "na", "N/A", "n/a", "NaN", "nan", "-nan", "null", "NULL", "?", ".",
        ] {
            assert_eq!(Field::of(text), Field::Missing, "{text}");
        }
    }

    #[test]
    fn anything_else_is_text() {
        for text in [
            "a",
            "1_000",
            "0x10",
            "1,5",
            "1 2",
            "2024-05-01",
            "12%",
            "-",
            "e5",
            "None",
            "1.2.3",
            "…",
        ] {
            assert_eq!(Field::of(text), Field::Text, "{text}");
        }
        assert!(has_decimal_comma("-1,5") && has_decimal_comma("1,5e3"));
        assert!(!has_decimal_comma("1,000,000") && !has_decimal_comma("a,b"));
    }
}
