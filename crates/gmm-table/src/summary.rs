//! Mixtures and counts in words, for the summaries of programs.

use std::borrow::Cow;

use gmm_core::{CovarianceType, Fitted, Gmm, GmmError};

/// mclust's name of a form of covariances, or its own.
pub fn form(of: CovarianceType) -> Cow<'static, str> {
    of.mclust_name().map_or_else(|| of.name(), Cow::Borrowed)
}

/// So many of something.
pub fn counted(n: usize, noun: &str) -> String {
    let s = match n {
        1 => "",
        _ if noun.ends_with("ch") || noun.ends_with('s') => "es",
        _ => "s",
    };
    format!("{n} {noun}{s}")
}

/// Weight, and mean and deviation in each column, of each component: lines under a heading. `names` are those of the
/// columns.
pub fn components(model: &Gmm, names: &[String]) -> Vec<String> {
    /// Columns that fit beside each other.
    const SHOWN: usize = 4;
    let shown = names.len().min(SHOWN);
    let more = if names.len() > shown { "  …" } else { "" };
    let heads: String = names[..shown]
        .iter()
        .map(|name| format!(" {name:>22.22}"))
        .collect();
    let mut lines = vec![format!("{:>10} {:>8}{heads}{more}", "component", "weight")];
    let parts = model.components().iter().zip(model.weights());
    for (k, (component, weight)) in parts.enumerate() {
        let cells: String = (0..shown)
            .map(|j| {
                let deviation = component.covariance().entry(j, j).sqrt();
                format!(
                    " {:>11} ± {:<8}",
                    short(component.mean()[j]),
                    short(deviation)
                )
            })
            .collect();
        let line = format!("{:>10} {weight:>8.4}{cells}", k + 1);
        lines.push(String::from(line.trim_end()));
    }
    if let Some((share, _)) = model.background() {
        lines.push(format!("{:>10} {share:>8.4}", "background"));
    }
    lines
}

/// A number in about five digits.
pub fn short(value: f64) -> String {
    const DIGITS: i32 = 5;
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let magnitude = value.abs().log10().floor() as i32;
    if (-4..9).contains(&magnitude) {
        let decimals = (DIGITS - 1 - magnitude).clamp(0, 8) as usize;
        format!("{value:.decimals$}")
    } else {
        format!("{value:.4e}")
    }
}

/// The same fit with its components in the order of their means in the first column.
///
/// # Errors
/// None that is known: every component is there once.
pub fn in_order(fitted: &Fitted) -> Result<Fitted, GmmError> {
    let means = fitted.model.means();
    let mut order: Vec<usize> = (0..fitted.model.n_components()).collect();
    order.sort_by(|&a, &b| means[(a, 0)].total_cmp(&means[(b, 0)]));
    fitted.clone().reordered(&order)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_five_digits() {
        for (value, text) in [
            (0.0, "0"),
            (2.0 / 3.0, "0.66667"),
            (-12345.6, "-12346"),
            (0.00123456, "0.0012346"),
            (1.5e-7, "1.5000e-7"),
            (2.5e12, "2.5000e12"),
        ] {
            assert_eq!(short(value), text);
        }
    }
}
