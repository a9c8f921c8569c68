//! Integrals of one number, to an error that is asked for.

/// Nodes of Kronrod's rule of 15 points on [−1, 1] from the end to the middle, its weights, and for every other one
/// those of Gauss' rule of 7 (Kronrod 1965; Piessens et al., *QUADPACK*, 1983, `qk15`).
const NODES: [(f64, f64, f64); 8] = [
    (0.991_455_371_120_812_6, 0.022_935_322_010_529_224, 0.0),
    (
        0.949_107_912_342_758_5,
        0.063_092_092_629_978_56,
        0.129_484_966_168_869_7,
    ),
    (0.864_864_423_359_769_1, 0.104_790_010_322_250_19, 0.0),
    (
        0.741_531_185_599_394_4,
        0.140_653_259_715_525_92,
        0.279_705_391_489_276_64,
    ),
    (0.586_087_235_467_691_1, 0.169_004_726_639_267_9, 0.0),
    (
        0.405_845_151_377_397_2,
        0.190_350_578_064_785_4,
        0.381_830_050_505_118_9,
    ),
    (0.207_784_955_007_898_47, 0.204_432_940_075_298_89, 0.0),
    (0.0, 0.209_482_141_084_727_82, 0.417_959_183_673_469_4),
];

/// Halves of an interval beyond which it is not divided.
const DEEPEST: usize = 60;

/// Places on [−1, 1] with the weights of both rules.
fn rule() -> impl Iterator<Item = (f64, f64, f64)> {
    let left = NODES.iter().map(|&(x, k, g)| (-x, k, g));
    let right = NODES.iter().rev().skip(1).copied();
    left.chain(right)
}

/// The integral from the first of `breaks` to the last of a function that is given many places at once. Intervals
/// where the two rules differ by more than `tolerance` of the whole are halved. What happens within a hundredth of an
/// interval beside one of its ends may be overlooked: such places must be breaks.
pub(super) fn integral<E>(
    breaks: &[f64],
    tolerance: f64,
    of: impl Fn(&[f64]) -> Result<Vec<f64>, E>,
) -> Result<f64, E> {
    let mut settled = 0.0;
    let mut open: Vec<(f64, f64)> = breaks.windows(2).map(|b| (b[0], b[1])).collect();
    for depth in 0..=DEEPEST {
        let place = |(a, b): (f64, f64), x: f64| 0.5 * (a + b) + 0.5 * (b - a) * x;
        let places: Vec<f64> = (open.iter())
            .flat_map(|&interval| rule().map(move |(x, ..)| place(interval, x)))
            .collect();
        let values = of(&places)?;
        let sums: Vec<(f64, f64)> = (open.iter().zip(values.chunks(2 * NODES.len() - 1)))
            .map(|(&(a, b), values)| {
                let half = 0.5 * (b - a);
                let with = |weight: fn((f64, f64, f64)) -> f64| {
                    let terms = rule().zip(values).map(|(node, value)| weight(node) * value);
                    half * terms.sum::<f64>()
                };
                (with(|node| node.1), with(|node| node.2))
            })
            .collect();
        let whole = settled + sums.iter().map(|(kronrod, _)| kronrod).sum::<f64>();
        let mut next = Vec::new();
        for (&(a, b), (kronrod, gauss)) in open.iter().zip(sums) {
            let is_rough = (kronrod - gauss).abs() > tolerance * whole.abs();
            if is_rough && depth < DEEPEST {
                let middle = 0.5 * (a + b);
                next.extend([(a, middle), (middle, b)]);
            } else {
                settled += kronrod;
            }
        }
        if next.is_empty() {
            break;
        }
        open = next;
    }
    Ok(settled)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of((low, high): (f64, f64), f: impl Fn(f64) -> f64) -> f64 {
        let all = |x: &[f64]| Ok::<_, ()>(x.iter().map(|x| f(*x)).collect());
        integral(&[low, high], 1e-10, all).unwrap()
    }

    #[test]
    fn polynomials_bends_and_jumps_are_integrated() {
        // Kronrod's rule is right up to degree 22, Gauss' up to 13.
        assert!((of((-1.0, 1.0), |x| x.powi(12)) - 2.0 / 13.0).abs() < 1e-16);
        assert!((of((0.0, 3.0), |x| x.powi(22)) / 3f64.powi(23) * 23.0 - 1.0).abs() < 1e-14);
        assert!((of((0.0, 1.0), f64::sqrt) - 2.0 / 3.0).abs() < 1e-10);
        let jump = |x: f64| f64::from(u8::from(x > 123.4));
        assert!((of((0.0, 1e3), jump) - 876.6).abs() < 1e-6);
        assert_eq!(of((2.0, 2.0), |x| x), 0.0);
        assert_eq!(of((0.0, 1.0), |_| 0.0), 0.0);
    }
}
