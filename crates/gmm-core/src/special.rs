//! The normal distribution of one number, to full precision far into its tails.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use crate::log_space::LN_2PI;

/// Below this ln Φ is ln φ and the logarithm of Mills' ratio, which then converges fast.
const TAIL: f64 = -5.0;
/// Terms of the continued fraction of Mills' ratio: from 5 on more change nothing.
const MILLS_TERMS: u32 = 60;

/// ln φ(z), the logarithm of the density.
pub(crate) fn log_density(z: f64) -> f64 {
    -0.5 * (z * z + LN_2PI)
}

/// φ(z), the density.
pub(crate) fn density(z: f64) -> f64 {
    log_density(z).exp()
}

/// Φ(z), the probability of less than z.
pub(crate) fn cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z * FRAC_1_SQRT_2)
}

/// ln Φ(z), also where Φ underflows.
pub(crate) fn log_cdf(z: f64) -> f64 {
    if z > 0.0 {
        (-cdf(-z)).ln_1p()
    } else if z > TAIL {
        cdf(z).ln()
    } else {
        log_density(z) + mills_ratio(-z).ln()
    }
}

/// Φ(high) − Φ(low) for low ≤ high, from the tail that both are nearer to.
pub(crate) fn between(low: f64, high: f64) -> f64 {
    let difference = if low > 0.0 {
        cdf(-low) - cdf(-high)
    } else {
        cdf(high) - cdf(low)
    };
    difference.max(0.0)
}

/// The z between `low` and `high` below which a share of what lies between them is.
pub(crate) fn quantile_between(low: f64, high: f64, share: f64) -> f64 {
    if low > 0.0 {
        return -quantile_between(-high, -low, 1.0 - share);
    }
    let below = cdf(low);
    quantile(below + share * (cdf(high) - below)).clamp(low, high)
}

/// Φ⁻¹(p): −∞ at 0, ∞ at 1, and no number outside.
pub(crate) fn quantile(p: f64) -> f64 {
    if p > 0.5 {
        // 1 − p has no rounding there.
        -quantile(1.0 - p)
    } else if p > 0.25 {
        central_quantile(p - 0.5)
    } else {
        quantile_of_log(p.ln())
    }
}

/// Φ⁻¹(½ + offset) for |offset| ≤ ¼, by Halley's steps on erf, which is exact about 0.
fn central_quantile(offset: f64) -> f64 {
    // The first terms of its series: right to 1.2e-3, of which two steps of third order leave nothing.
    let w = 2.0 * offset;
    let series = 1.0 + w * w * PI / 12.0 * (1.0 + w * w * PI * 7.0 / 40.0);
    let mut z = (0.5 * PI).sqrt() * w * series;
    for _ in 0..2 {
        let step = (0.5 * libm::erf(z * FRAC_1_SQRT_2) - offset) / density(z);
        z -= step / (1.0 + 0.5 * z * step);
    }
    z
}

/// Φ⁻¹(exp l) for l ≤ ln ½, also where exp l underflows.
///
/// It starts at Abramowitz & Stegun, *Handbook of Mathematical Functions*, 26.2.23, right to 4.5e-4, and takes Halley's
/// steps on ln Φ, which is nearly a parabola there.
pub(crate) fn quantile_of_log(l: f64) -> f64 {
    if l == f64::NEG_INFINITY {
        return l;
    }
    let t = (-2.0 * l).sqrt();
    let above = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let below = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    let mut z = above / below - t;
    for _ in 0..2 {
        let log = log_cdf(z);
        // The slope of ln Φ is s, and that of s is −s(z + s).
        let s = (log_density(z) - log).exp();
        let step = (log - l) / s;
        z -= step / (1.0 + 0.5 * step * (z + s));
    }
    z
}

/// (1 − Φ(x)) / φ(x) for x ≥ 5: Abramowitz & Stegun 26.2.14.
fn mills_ratio(x: f64) -> f64 {
    let fraction = (1..=MILLS_TERMS)
        .rev()
        .fold(x, |below, n| x + f64::from(n) / below);
    1.0 / fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (z, ln Φ(z)).
    const LOG_CDF: [(f64, f64); 9] = [
        (-40.0, -804.6084420137538),
        (-100000.0, -5000000012.431864),
        (-8.5, -39.19739642821767),
        (-5.0, -15.064998393988725),
        (-4.9, -14.551182689355313),
        (-1.0, -1.8410216450092636),
        (0.5, -0.3689464152886564),
        (3.0, -0.0013508099647481938),
        (8.0, -6.220960574271786e-16),
    ];

    /// (p, Φ⁻¹(p)).
    const QUANTILES: [(f64, f64); 9] = [
        (1e-300, -37.0470962993612),
        (1e-12, -7.034483825301132),
        (0.001, -3.0902323061678136),
        (0.2, -0.8416212335729142),
        (0.3, -0.5244005127080408),
        (0.49999, -2.5066282748960008e-05),
        (0.75, 0.6744897501960817),
        (0.975, 1.9599639845400538),
        (1.0 - 1.0 / 1_099_511_627_776.0, 7.047700256664409),
    ];

    fn close(found: f64, wanted: f64) {
        let off = (found - wanted).abs();
        assert!(off <= 1e-14 * wanted.abs(), "{found} {wanted}");
    }

    #[test]
    fn logarithms_of_the_distribution_are_right_in_both_tails() {
        // mpmath 1.4.1, fifty digits: log(erfc(-z/sqrt(2))/2).
        for (z, wanted) in LOG_CDF {
            close(log_cdf(z), wanted);
        }
        assert_eq!(log_cdf(f64::NEG_INFINITY), f64::NEG_INFINITY);
        assert_eq!(log_cdf(f64::INFINITY), 0.0);
    }

    #[test]
    fn quantiles_are_right_to_the_last_digits() {
        // mpmath 1.4.1, fifty digits: erfinv.
        for (p, wanted) in QUANTILES {
            close(quantile(p), wanted);
        }
        assert_eq!(quantile(0.0), f64::NEG_INFINITY);
        assert_eq!(quantile(1.0), f64::INFINITY);
        assert_eq!(quantile(0.5), 0.0);
        assert!(quantile(-0.1).is_nan() && quantile(1.1).is_nan());
        for l in [-1e3, -1e5, -1e8] {
            close(log_cdf(quantile_of_log(l)), l);
        }
    }

    #[test]
    fn what_lies_between_is_found_from_the_nearer_tail() {
        close(between(9.0, 10.0), between(-10.0, -9.0));
        assert!(between(9.0, 10.0) > 1e-19);
        for share in [0.0, 0.25, 1.0] {
            let z = quantile_between(9.0, 10.0, share);
            assert!((9.0..=10.0).contains(&z));
            let found = between(9.0, z) / between(9.0, 10.0);
            assert!((found - share).abs() < 1e-12);
        }
    }
}
