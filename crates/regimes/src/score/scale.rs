//! Monotone transformations of a variable.

use std::fmt;

use serde::Serialize;

/// On what scale z a variable x is a mixture of Gaussians.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    /// z = x.
    #[default]
    Identity,
    /// z = 2(√(x + 1) − 1), of counts and amounts x ≥ 0: what of the mixture lies below z = 0 is at x = 0.
    Sqrt,
    /// z = ln x, of x > 0.
    Log,
}

impl Scale {
    /// z of an x; NaN for an x that the scale does not have.
    pub fn to(self, x: f64) -> f64 {
        match self {
            Self::Identity => x,
            Self::Sqrt if x >= 0.0 => 2.0 * ((x + 1.0).sqrt() - 1.0),
            Self::Log if x > 0.0 => x.ln(),
            Self::Sqrt | Self::Log => f64::NAN,
        }
    }

    /// x of a z; on the scale of roots 0 for z below 0.
    pub fn from(self, z: f64) -> f64 {
        match self {
            Self::Identity => z,
            // (z/2 + 1)² − 1 without its cancellation.
            Self::Sqrt => z.max(0.0) * (0.25 * z.max(0.0) + 1.0),
            Self::Log => z.exp(),
        }
    }

    /// The least x, whether it can be or is only come near.
    pub(super) fn least(self) -> f64 {
        match self {
            Self::Identity => f64::NEG_INFINITY,
            Self::Sqrt | Self::Log => 0.0,
        }
    }

    /// dx/dz, where z has an x of its own.
    pub(crate) fn slope(self, z: f64) -> f64 {
        match self {
            Self::Identity => 1.0,
            Self::Sqrt => 0.5 * z + 1.0,
            Self::Log => z.exp(),
        }
    }
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Identity => "identity",
            Self::Sqrt => "sqrt",
            Self::Log => "log",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_are_undone() {
        for scale in [Scale::Identity, Scale::Sqrt, Scale::Log] {
            for x in [1e-9, 0.3, 1.0, 154.7] {
                let z = scale.to(x);
                assert!(
                    (scale.from(z) - x).abs() <= 1e-15 * x.max(1.0),
                    "{scale} {x}"
                );
                let step = 1e-6 * z.abs().max(1.0);
                let slope = (scale.from(z + step) - scale.from(z - step)) / (2.0 * step);
                assert!(
                    x < 1e-6 || (slope / scale.slope(z) - 1.0).abs() < 1e-8,
                    "{scale} {x}"
                );
            }
        }
        assert_eq!(Scale::Sqrt.from(-3.0), 0.0);
        assert!(Scale::Sqrt.to(-0.1).is_nan() && Scale::Log.to(0.0).is_nan());
    }
}
