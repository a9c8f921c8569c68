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
    pub(crate) fn of(text: &str) -> Self {
        if text.is_empty() {
            return Self::Missing;
        }
        // Most fields are numbers, and no word for nothing is one but NaN.
        match text.parse::<f64>() {
            Ok(value) if value.is_nan() => Self::Missing,
            Ok(value) => Self::Number(value),
            Err(_) if MISSING.iter().any(|word| text.eq_ignore_ascii_case(word)) => Self::Missing,
            Err(_) => Self::Text,
        }
    }
}

/// What fields mean, with words for missing values beside those that always are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Meaning {
    missing: Vec<String>,
}

impl Meaning {
    /// With these words too; spaces around them do not count.
    pub(crate) fn new(missing: &[String]) -> Self {
        Self {
            missing: missing.iter().map(|word| word.trim().to_owned()).collect(),
        }
    }

    /// Reads a field without spaces around it.
    #[inline]
    pub(crate) fn of(&self, text: &str) -> Field {
        if !self.missing.is_empty() && self.missing.iter().any(|w| text.eq_ignore_ascii_case(w)) {
            return Field::Missing;
        }
        Field::of(text)
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
