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
    /// None yet.
    pub(crate) fn with_capacity(n: usize) -> Self {
        Self {
            values: Vec::with_capacity(n),
            metric: Vec::with_capacity(n),
        }
    }

    /// One more coordinate.
    pub(crate) fn push(&mut self, value: f64, metric: f64) {
        self.values.push(value);
        self.metric.push(metric);
    }
}

/// How far extrapolations may go.
#[derive(Debug)]
pub(crate) struct Reach {
    longest: f64,
}

impl Reach {
    /// By how much the longest step grows after a success at full length, and shrinks after a failure.
    const GROWTH: f64 = 4.0;

    /// No further than EM itself, to begin with.
    pub(crate) fn new() -> Self {
        Self { longest: 1.0 }
    }

    /// The extrapolated point, unless it would be no further than θ₂.
    pub(crate) fn beyond(&mut self, points: [&Coordinates; 3]) -> Option<Vec<f64>> {
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
        let wanted = r_length / v_length;
        // Not where there is nowhere to go, 0/0.
        let alpha = if wanted.is_finite() {
            wanted.min(self.longest)
        } else {
            1.0
        };
        if alpha >= self.longest {
            self.longest *= Self::GROWTH;
        }
        (alpha > 1.0).then(|| {
            first
                .iter()
                .zip(r().zip(v()))
                .map(|(x, (r, v))| x + 2.0 * alpha * r + alpha * alpha * v)
                .collect()
        })
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
        let mut reach = Reach { longest: 100.0 };
        let beyond = reach.beyond([&points[0], &points[1], &points[2]]).unwrap();
        assert!((beyond[0] - 5.0).abs() < 1e-12, "{beyond:?}");
    }

    #[test]
    fn reach_grows_with_success_and_shrinks_with_failure() {
        let points = [0.0, 0.5, 0.95].map(|x| at(&[x]));
        let mut reach = Reach::new();
        let go = |reach: &mut Reach| reach.beyond([&points[0], &points[1], &points[2]]);
        assert!(go(&mut reach).is_none(), "the first step is EM's own");
        let short = go(&mut reach).unwrap();
        assert!(short[0] > 0.95 && short[0] < 5.0);
        reach.fell();
        assert!(go(&mut reach).is_none());
        let still = [at(&[1.0]), at(&[1.0]), at(&[1.0])];
        assert!(reach.beyond([&still[0], &still[1], &still[2]]).is_none());
    }
}
