//! Numbers as people read them.

/// A number for a terminal or a table: no sign before nothing but zeros.
pub fn decimal(value: f64, decimals: usize) -> String {
    let digits = format!("{:.decimals$}", value.abs());
    let is_zero = digits.bytes().all(|b| b == b'0' || b == b'.');
    if value < 0.0 && !is_zero {
        format!("-{digits}")
    } else {
        digits
    }
}

/// The same for a figure: with a true minus sign.
pub fn typeset(value: f64, decimals: usize) -> String {
    decimal(value, decimals).replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minus_sign_stands_only_before_what_is_below_zero() {
        assert_eq!(decimal(-1.25, 1), "-1.2");
        assert_eq!(typeset(-1.25, 1), "−1.2");
        assert_eq!(decimal(-0.04, 1), "0.0");
        assert_eq!(decimal(3.0, 0), "3");
    }
}
