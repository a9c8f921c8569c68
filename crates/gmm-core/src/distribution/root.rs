//! Zeros of increasing functions of one number.

/// Steps after which the search ends. Halving the range of all numbers takes some 1100.
const MOST_STEPS: usize = 2200;

/// Where an increasing function is 0 between two places, to rounding: Newton's steps, and halves of the bracket where
/// they leave it or do not shrink fast. `of` gives the value and the slope; the end where it has no zero in between.
pub(super) fn increasing_root(
    mut low: f64,
    mut high: f64,
    mut of: impl FnMut(f64) -> (f64, f64),
) -> f64 {
    let middle = |low: f64, high: f64| 0.5 * low + 0.5 * high;
    let mut x = middle(low, high);
    let mut last = f64::INFINITY;
    for _ in 0..MOST_STEPS {
        let (value, slope) = of(x);
        if value == 0.0 {
            break;
        }
        *(if value < 0.0 { &mut low } else { &mut high }) = x;
        let newton = x - value / slope;
        let is_fast = slope.is_finite() && (newton - x).abs() < 0.5 * last;
        let next = if is_fast && low <= newton && newton <= high {
            newton
        } else {
            middle(low, high)
        };
        last = (next - x).abs();
        let is_settled = last <= f64::EPSILON * x.abs();
        x = next;
        if is_settled || low >= high {
            break;
        }
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_zeros_of_steep_flat_and_far_functions() {
        let cube = |x: f64| (x.powi(3) - 2.0, 3.0 * x * x);
        assert!((increasing_root(-10.0, 1e6, cube) - 2f64.cbrt()).abs() < 1e-15);
        // A slope that says nothing.
        let step = |x: f64| (if x < 0.3 { -1.0 } else { 1.0 }, 0.0);
        assert!((increasing_root(-1e300, 1e300, step) - 0.3).abs() < 1e-15);
        let flat = |x: f64| ((x - 1.0).powi(5), 5.0 * (x - 1.0).powi(4));
        assert!((increasing_root(-3.0, 2.0, flat) - 1.0).abs() < 1e-12);
        // No zero in between.
        assert!(increasing_root(0.0, 1.0, |_| (-1.0, 1.0)) > 1.0 - 1e-15);
    }
}
