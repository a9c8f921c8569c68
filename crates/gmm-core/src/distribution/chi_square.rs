//! The distribution of the squared Mahalanobis length of a normal row: χ² of D degrees of freedom.

use super::root::increasing_root;

/// The length whose square so much of the rows have at most, squared; `mass` lies above 0 and below 1.
///
/// The search is on the logarithm of the smaller tail.
pub(super) fn quantile(mass: f64, n: usize) -> f64 {
    let mut high = n as f64;
    while tails(high, n).below < mass {
        high *= 2.0;
    }
    increasing_root(0.0, high, |x| {
        let Tails {
            below,
            above,
            density,
        } = tails(x, n);
        if mass <= 0.5 {
            (below.ln() - mass.ln(), density / below)
        } else {
            ((1.0 - mass).ln() - above.ln(), density / above)
        }
    })
}

/// Of χ² at a place: what lies below and above it, and the density.
struct Tails {
    below: f64,
    above: f64,
    density: f64,
}

/// With y = x/2, a = n/2 and g(a) = yᵃe⁻ʸ/Γ(a+1), what lies below is g(a) + g(a+1) + .. and what lies above
/// g(a−1) + g(a−2) + .. down to a power of 0 or ½, with erfc √y where n is odd (Abramowitz & Stegun 6.5.29, 26.4.4–5).
/// The one of few terms is summed.
fn tails(x: f64, n: usize) -> Tails {
    let (y, a) = (0.5 * x, 0.5 * n as f64);
    let at_a = (a * y.ln() - y - libm::lgamma(a + 1.0)).exp();
    let density = 0.5 * at_a * a / y;
    if y < a {
        let (mut below, mut term, mut power) = (0.0, at_a, a);
        while term > f64::EPSILON * below {
            below += term;
            power += 1.0;
            term *= y / power;
        }
        let above = 1.0 - below;
        return Tails {
            below,
            above,
            density,
        };
    }
    let mut above = if n % 2 == 1 {
        libm::erfc(y.sqrt())
    } else {
        0.0
    };
    let (mut term, mut power) = (at_a, a);
    for _ in 0..n / 2 {
        term *= power / y;
        power -= 1.0;
        above += term;
    }
    Tails {
        below: 1.0 - above,
        above,
        density,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_right_in_both_tails() {
        for (mass, n, wanted) in MPMATH {
            let found = quantile(mass, n);
            assert!(
                (found / wanted - 1.0).abs() < 2e-13,
                "{mass} {n}: {found} {wanted}"
            );
        }
    }

    /// (mass, degrees of freedom, quantile): mpmath, forty digits.
    const MPMATH: [(f64, usize, f64); 12] = [
        (0.5, 1, 0.4549364231195728),
        (0.9, 2, 4.605170185988092),
        (0.95, 3, 7.814727903251178),
        (1e-12, 3, 2.417987942718036e-8),
        (0.3, 4, 2.194698421406983),
        (0.999999, 5, 35.88818687961042),
        (1e-09, 30, 3.611035786678966),
        (0.5, 30, 29.33603151666159),
        (0.95, 30, 43.77297182574218),
        (0.99, 199, 248.328595720066),
        (0.01, 2000, 1855.816319593285),
        (0.9, 2000, 2081.46861602738),
    ];
}
