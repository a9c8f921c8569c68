//! Squared extrapolation of EM: fewer steps to the same optimum.
//!
//! EM converges linearly, by a factor that is near 1 where components overlap. From three points in a row,
//! θ₀, θ₁ = M(θ₀) and θ₂ = M(θ₁), with r = θ₁ − θ₀ and v = (θ₂ − θ₁) − r, SQUAREM goes to
//! θ₀ + 2αr + α²v, α = ‖r‖/‖v‖ (Varadhan & Roland, *Scand. J. Statist.* 35, 2008, scheme S3; α is −α there).
//! α = 1 is θ₂ itself.

/// Coordinates of a model in which every point is a model, or nearly: logarithms of shares, means, and factors
/// of covariances with the logarithms of their diagonals.
#[derive(Debug, Clone, Default)]
pub(crate) struct Coordinates {
    /// The coordinates.
    pub(crate) values: Vec<f64>,
    /// What a squared change of each counts, about its Fisher information: lengths do not depend on units, and
    /// small components count little.
    pub(crate) metric: Vec<f64>,
}

impl Coordinates {
    /// Makes room for so many more.
    pub(crate) fn reserve(&mut self, n: usize) {
        self.values.reserve_exact(n);
        self.metric.reserve_exact(n);
    }

    /// One more coordinate.
    pub(crate) fn push(&mut self, value: f64, metric: f64) {
        self.values.push(value);
        self.metric.push(metric);
    }

    /// More of them, whose changes count alike.
    pub(crate) fn extend(&mut self, values: &[f64], metric: f64) {
        self.values.extend_from_slice(values);
        self.metric.resize(self.values.len(), metric);
    }
}

/// What lies ahead of three points in a row.
#[derive(Debug)]
pub(crate) struct Ahead {
    /// The extrapolated point, unless it would be no further than θ₂.
    pub(crate) beyond: Option<Vec<f64>>,
    /// ½α²‖r‖²: about what the objective will have gained over that of the first point in the end, as the limit lies
    /// near θ₀ + αr, and lengths are measured in about the objective's own curvature. α is the largest of the last ones:
    /// where several slow modes share the way, not every step shows the slowest.
    pub(crate) to_come: f64,
}

/// How far extrapolations may go.
#[derive(Debug)]
pub(crate) struct Reach {
    longest: f64,
    /// The last α that were wanted, the newest first.
    wanted: [f64; Self::RECENT],
}

impl Reach {
    /// By how much the longest step grows after a success at full length, and shrinks after a failure.
    const GROWTH: f64 = 4.0;
    /// How many α are remembered.
    const RECENT: usize = 3;

    /// No further than EM itself, to begin with.
    pub(crate) fn new() -> Self {
        Self {
            longest: 1.0,
            wanted: [0.0; Self::RECENT],
        }
    }

    /// Where three points in a row lead to.
    pub(crate) fn ahead(&mut self, points: [&Coordinates; 3]) -> Ahead {
        let [first, second, third] = points.map(|p| p.values.as_slice());
        let metric = &points[0].metric;
        let r = || second.iter().zip(first).map(|(b, a)| b - a);
        let v = || {
            third
                .iter()
                .zip(second)
                .zip(r())
                .map(|((c, b), r)| (c - b) - r)
        };
        let length = |squares: f64| squares.sqrt();
        let r_length = length(r().zip(metric).map(|(r, m)| m * r * r).sum());
        let v_length = length(v().zip(metric).map(|(v, m)| m * v * v).sum());
        // Where there is nowhere to go, 0/0.
        let wanted = r_length / v_length;
        self.wanted.rotate_right(1);
        self.wanted[0] = wanted;
        let slowest = self.wanted.iter().copied().fold(1.0, f64::max);
        let to_come = if r_length == 0.0 {
            0.0
        } else {
            0.5 * (slowest * r_length).powi(2)
        };
        let alpha = if wanted.is_finite() {
            wanted.min(self.longest)
        } else {
            1.0
        };
        if alpha >= self.longest {
            self.longest *= Self::GROWTH;
        }
        let beyond = (alpha > 1.0).then(|| {
            first
                .iter()
                .zip(r().zip(v()))
                .map(|(x, (r, v))| x + 2.0 * alpha * r + alpha * alpha * v)
                .collect()
        });
        Ahead { beyond, to_come }
    }

    /// The last point was worse than where it came from.
    pub(crate) fn fell(&mut self) {
        // It had grown beforehand.
        self.longest = (self.longest / (Self::GROWTH * Self::GROWTH)).max(1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(values: &[f64]) -> Coordinates {
        Coordinates {
            values: values.to_vec(),
            metric: vec![1.0; values.len()],
        }
    }

    #[test]
    fn a_single_linear_mode_is_extrapolated_to_its_limit() {
        // x ← 5 + 0.9(x − 5) from 0: α = 1/(1−0.9) = 10 leads to 5 at once.
        let points = [0.0, 0.5, 0.95].map(|x| at(&[x]));
        let mut reach = Reach {
            longest: 100.0,
            ..Reach::new()
        };
        let ahead = reach.ahead([&points[0], &points[1], &points[2]]);
        let beyond = ahead.beyond.unwrap();
        assert!((beyond[0] - 5.0).abs() < 1e-12, "{beyond:?}");
        // Of −½(x − 5)², which has the curvature 1.
        assert!((ahead.to_come - 12.5).abs() < 1e-12, "{}", ahead.to_come);
    }

    #[test]
    fn reach_grows_with_success_and_shrinks_with_failure() {
        let points = [0.0, 0.5, 0.95].map(|x| at(&[x]));
        let mut reach = Reach::new();
        let go = |reach: &mut Reach| reach.ahead([&points[0], &points[1], &points[2]]).beyond;
        assert!(go(&mut reach).is_none(), "the first step is EM's own");
        let short = go(&mut reach).unwrap();
        assert!(short[0] > 0.95 && short[0] < 5.0);
        reach.fell();
        assert!(go(&mut reach).is_none());
        let still = [at(&[1.0]), at(&[1.0]), at(&[1.0])];
        let ahead = reach.ahead([&still[0], &still[1], &still[2]]);
        assert!(ahead.beyond.is_none());
        assert_eq!(ahead.to_come, 0.0);
    }
}
