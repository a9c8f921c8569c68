//! Probabilities of rectangles under a normal distribution of two numbers.

use std::f64::consts::PI;
use std::sync::OnceLock;

use crate::special::cdf;

/// Points of the Gauss-Legendre rule, which is right to rounding on the integrals below (Genz 2004, §2).
const POINTS: usize = 24;
/// A correlation from which on integration starts at the other end.
const STRONG: f64 = 0.9;
/// Panels of that integration, each of which makes the rest smaller by a factor e.
const PANELS: u32 = 40;
/// How far a probability may be off: some roundings of numbers of at most 1.
pub(super) const ERROR: f64 = 1e-14;

/// P(low₀ < X < high₀, low₁ < Y < high₁) for standard normal numbers of correlation r with |r| < 1.
///
/// Both are mirrored to where the rectangle lies above 0, so that orthants whose difference is taken are small.
pub(super) fn rectangle([low, high]: [[f64; 2]; 2], r: f64) -> f64 {
    // A correlation next to 1 can have been rounded to it.
    const MOST: f64 = 1.0 - 0.5 * f64::EPSILON;
    let (mut low, mut high, mut r) = (low, high, r.clamp(-MOST, MOST));
    for i in 0..2 {
        // Also where both ends are infinite, and their sum no number.
        if low[i] + high[i] < 0.0 {
            (low[i], high[i]) = (-high[i], -low[i]);
            r = -r;
        }
    }
    let above = |x: f64, y: f64| orthant(x, y, r);
    let left = above(low[0], low[1]) - above(low[0], high[1]);
    let right = above(high[0], low[1]) - above(high[0], high[1]);
    (left - right).clamp(0.0, 1.0)
}

/// P(X > h, Y > k) for standard normal numbers of correlation r.
///
/// Drezner & Wesolowsky, *J. Statist. Comput. Simul.* 35, 1990, in the form of Genz, *Statistics and Computing* 14,
/// 2004, eq. 3: what correlation adds to the product is an integral over its angle.
fn orthant(h: f64, k: f64, r: f64) -> f64 {
    if h == f64::INFINITY || k == f64::INFINITY {
        return 0.0;
    }
    if h == f64::NEG_INFINITY || k == f64::NEG_INFINITY {
        return cdf(-h.max(k));
    }
    if r.abs() < STRONG {
        let angle = r.asin();
        let integrand = |t: f64| {
            let (sin, cos) = t.sin_cos();
            (-(0.5 * (h * h + k * k) - h * k * sin) / (cos * cos)).exp()
        };
        let panel = integral(0.0, angle, integrand);
        return (cdf(-h) * cdf(-k) + panel / (2.0 * PI)).clamp(0.0, 1.0);
    }
    // P(X > h, Y > k) = P(X > h) − P(X > h, −Y > −k).
    let probability = if r > 0.0 {
        cdf(-h.max(k)) - strong(h, k, r)
    } else {
        (cdf(-h) - cdf(k)).max(0.0) + strong(h, -k, -r)
    };
    probability.clamp(0.0, 1.0)
}

/// What a correlation of 1 has more than r: the same integral from the angle of r to a right one, over its cosine x
/// (Genz 2004, eq. 5). As x goes to 0 the integrand falls off at |h − k|, however small; in ln x it is smooth.
fn strong(h: f64, k: f64, r: f64) -> f64 {
    let whole = ((1.0 - r) * (1.0 + r)).sqrt();
    let integrand = |u: f64| {
        let x = whole * (-u).exp();
        let sin = ((1.0 - x) * (1.0 + x)).sqrt();
        x * (-0.5 * ((h - k) / x).powi(2) - h * k / (1.0 + sin)).exp() / sin
    };
    let panels = (0..PANELS).map(f64::from);
    let sum: f64 = panels.map(|u| integral(u, u + 1.0, integrand)).sum();
    sum / (2.0 * PI)
}

/// The integral of a smooth function.
fn integral(from: f64, to: f64, of: impl Fn(f64) -> f64) -> f64 {
    let (middle, half) = (0.5 * (from + to), 0.5 * (to - from));
    let points = gauss_legendre().iter();
    half * points.map(|(x, w)| w * of(middle + half * x)).sum::<f64>()
}

/// Points on [−1, 1] and their weights: zeros of the Legendre polynomial by Newton's steps (Press et al., *Numerical
/// Recipes*, §4.6).
fn gauss_legendre() -> &'static [(f64, f64)] {
    static RULE: OnceLock<Vec<(f64, f64)>> = OnceLock::new();
    RULE.get_or_init(|| {
        let n = POINTS as f64;
        let point = |i: usize| {
            let mut x = (PI * (i as f64 + 0.75) / (n + 0.5)).cos();
            let mut slope = 1.0;
            for _ in 0..8 {
                let (mut last, mut value) = (1.0, x);
                for m in 2..=POINTS {
                    let m = m as f64;
                    let next = ((2.0 * m - 1.0) * x * value - (m - 1.0) * last) / m;
                    (last, value) = (value, next);
                }
                slope = n * (x * value - last) / (x * x - 1.0);
                x -= value / slope;
            }
            (x, 2.0 / ((1.0 - x * x) * slope * slope))
        };
        (0..POINTS).map(point).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orthants_at_the_origin_are_known() {
        // ¼ + asin(r)/2π.
        for r in [
            -0.999_999,
            -0.95,
            -0.5,
            0.0,
            0.3,
            0.89,
            0.91,
            0.999,
            1.0 - 1e-12,
        ] {
            let wanted = 0.25 + f64::asin(r) / (2.0 * PI);
            assert!((orthant(0.0, 0.0, r) - wanted).abs() < 1e-15, "{r}");
        }
    }

    #[test]
    fn both_ways_of_integration_agree() {
        for (h, k) in [(0.5, 0.5), (1.0, -2.0), (3.0, 3.1), (-1.0, -1.5)] {
            let weak = orthant(h, k, STRONG - 1e-13);
            let found = orthant(h, k, STRONG);
            assert!((weak - found).abs() < 1e-13, "{h} {k}: {weak} {found}");
            let weak = orthant(h, k, 1e-13 - STRONG);
            assert!((weak - orthant(h, k, -STRONG)).abs() < 1e-13);
        }
    }
}
