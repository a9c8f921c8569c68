//! What the covariances of a mixture share.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Covariance;
use crate::cholesky::{self, BadPivot, Cholesky};
use crate::error::GmmError;
use crate::moments::{Form, lower};

/// The constraint on the covariances Σₖ of a mixture.
///
/// Fourteen are the volume–shape–orientation families of Celeux & Govaert (*Pattern Recognition* 28, 1995):
/// Σₖ = λₖ Dₖ Aₖ Dₖᵀ with volume λₖ, shape Aₖ (diagonal, |Aₖ| = 1) and orientation Dₖ. The three letters of
/// mclust's names say of each in turn whether it is equal (E) for all components, varies (V) or is none (I).
/// Two more are factor models.
///
/// mclust's names and scikit-learn's are both read by [`FromStr`]; files hold what [`Display`](fmt::Display)
/// writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum CovarianceType {
    /// Every component has its own matrix (`full`, VVV).
    #[default]
    Full,
    /// All components share one matrix (`tied`, EEE).
    Tied,
    /// Every component has its own variance per feature (`diag`, VVI).
    Diagonal,
    /// Every component has one variance (`spherical`, VII).
    Spherical,
    /// All components share one variance per feature (`tied-diag`, EEI).
    TiedDiagonal,
    /// All components share one variance (`tied-spherical`, EII).
    TiedSpherical,
    /// Variances per feature with a shape that all share, λₖA.
    Vei,
    /// Variances per feature with a volume that all share, λAₖ.
    Evi,
    /// Multiples of one matrix, λₖDADᵀ.
    Vee,
    /// One volume and one set of axes, λDAₖDᵀ.
    Eve,
    /// One set of axes, λₖDAₖDᵀ.
    Vve,
    /// One matrix turned about, λDₖADₖᵀ.
    Eev,
    /// Multiples of one matrix turned about, λₖDₖADₖᵀ.
    Vev,
    /// Matrices of one determinant, λDₖAₖDₖᵀ.
    Evv,
    /// Every component has its own loadings and noise variances, ΛₖΛₖᵀ + Ψₖ (`mfa-2` for two factors;
    /// Ghahramani & Hinton 1996; McLachlan & Peel, *Finite Mixture Models*, ch. 8).
    FactorAnalyzers {
        /// q, the number of factors: at least 1, and fewer than features.
        n_factors: usize,
    },
    /// Every component has its own loadings and one noise variance, ΛₖΛₖᵀ + σₖ²I (`ppca-2` for two factors;
    /// Tipping & Bishop, *Neural Computation* 11, 1999).
    ProbabilisticPca {
        /// q, the number of factors: at least 1, and fewer than features.
        n_factors: usize,
    },
}

impl CovarianceType {
    /// The types that scikit-learn has and the tied ones beside them, from the most to the fewest parameters of
    /// each form.
    pub const BASIC: [Self; 6] = [
        Self::Full,
        Self::Tied,
        Self::Diagonal,
        Self::TiedDiagonal,
        Self::Spherical,
        Self::TiedSpherical,
    ];

    /// The volume–shape–orientation families, in mclust's order.
    pub const FAMILIES: [Self; 14] = [
        Self::TiedSpherical,
        Self::Spherical,
        Self::TiedDiagonal,
        Self::Vei,
        Self::Evi,
        Self::Diagonal,
        Self::Tied,
        Self::Vee,
        Self::Eve,
        Self::Vve,
        Self::Eev,
        Self::Vev,
        Self::Evv,
        Self::Full,
    ];

    /// scikit-learn's name, or the one that follows from it; else mclust's, or `mfa-2` and `ppca-2` for factor
    /// models of two factors.
    pub fn name(self) -> Cow<'static, str> {
        let name = match self {
            Self::Full => "full",
            Self::Tied => "tied",
            Self::Diagonal => "diag",
            Self::Spherical => "spherical",
            Self::TiedDiagonal => "tied-diag",
            Self::TiedSpherical => "tied-spherical",
            Self::FactorAnalyzers { n_factors } => return format!("mfa-{n_factors}").into(),
            Self::ProbabilisticPca { n_factors } => return format!("ppca-{n_factors}").into(),
            family => family.mclust_name().unwrap_or_default(),
        };
        Cow::Borrowed(name)
    }

    /// mclust's name, of the fourteen [`FAMILIES`](Self::FAMILIES).
    pub const fn mclust_name(self) -> Option<&'static str> {
        Some(match self {
            Self::TiedSpherical => "EII",
            Self::Spherical => "VII",
            Self::TiedDiagonal => "EEI",
            Self::Vei => "VEI",
            Self::Evi => "EVI",
            Self::Diagonal => "VVI",
            Self::Tied => "EEE",
            Self::Vee => "VEE",
            Self::Eve => "EVE",
            Self::Vve => "VVE",
            Self::Eev => "EEV",
            Self::Vev => "VEV",
            Self::Evv => "EVV",
            Self::Full => "VVV",
            Self::FactorAnalyzers { .. } | Self::ProbabilisticPca { .. } => return None,
        })
    }

    /// q, of the factor models.
    pub const fn n_factors(self) -> Option<usize> {
        match self {
            Self::FactorAnalyzers { n_factors } | Self::ProbabilisticPca { n_factors } => {
                Some(n_factors)
            }
            _ => None,
        }
    }

    /// Whether all components have the same covariance.
    pub const fn is_tied(self) -> bool {
        matches!(self, Self::Tied | Self::TiedDiagonal | Self::TiedSpherical)
    }

    /// Whether this type can be asked of rows of so many features.
    ///
    /// # Errors
    /// [`GmmError::InvalidParameter`] for a factor model without factors, or with as many as features or more.
    pub(crate) fn check(self, n_features: usize) -> Result<(), GmmError> {
        match self.n_factors() {
            Some(n_factors) if n_factors == 0 || n_factors >= n_features => {
                Err(GmmError::InvalidParameter {
                    name: "covariance type",
                    value: format!("{self} for {n_features} columns"),
                    allowed: "of at least one factor and fewer than there are columns",
                })
            }
            _ => Ok(()),
        }
    }

    /// Whether the eigenvalues of its covariances can be kept within a ratio of each other.
    pub(crate) const fn allows_ratio(self) -> bool {
        matches!(
            self,
            Self::Full
                | Self::Tied
                | Self::Diagonal
                | Self::Spherical
                | Self::TiedDiagonal
                | Self::TiedSpherical
        )
    }

    /// Whether a component has one variance in every direction.
    pub(crate) const fn is_spherical(self) -> bool {
        matches!(self, Self::Spherical | Self::TiedSpherical)
    }

    /// Whether each component has its own covariance, whatever the others have.
    pub(crate) const fn has_own_covariances(self) -> bool {
        matches!(
            self,
            Self::Full
                | Self::Diagonal
                | Self::Spherical
                | Self::FactorAnalyzers { .. }
                | Self::ProbabilisticPca { .. }
        )
    }

    /// Whether the coordinates of its covariances lead to others of it, however they are extrapolated.
    pub(crate) const fn is_closed_under_extrapolation(self) -> bool {
        self.has_own_covariances() || self.is_tied()
    }

    /// The second moments such covariances are made of.
    pub(crate) const fn form(self) -> Form {
        match self {
            Self::Diagonal
            | Self::Spherical
            | Self::TiedDiagonal
            | Self::TiedSpherical
            | Self::Vei
            | Self::Evi => Form::Diagonal,
            _ => Form::Full,
        }
    }

    /// Free parameters in the covariances of `n_components` components of `n_features` features: volumes, D−1
    /// for each shape, D(D−1)/2 for each orientation.
    ///
    /// Loadings count less the q(q−1)/2 of a rotation that nobody sees.
    pub const fn n_parameters(self, n_components: usize, n_features: usize) -> usize {
        let (k, d) = (n_components, n_features);
        // Of no features nothing is asked.
        let shape = d.saturating_sub(1);
        let orientation = d * shape / 2;
        match self {
            Self::TiedSpherical => 1,
            Self::Spherical => k,
            Self::TiedDiagonal => d,
            Self::Vei => k + shape,
            Self::Evi => 1 + k * shape,
            Self::Diagonal => k * d,
            Self::Tied => lower(d, 0),
            Self::Vee => k + shape + orientation,
            Self::Eve => 1 + k * shape + orientation,
            Self::Vve => k + k * shape + orientation,
            Self::Eev => 1 + shape + k * orientation,
            Self::Vev => k + shape + k * orientation,
            Self::Evv => 1 + k * shape + k * orientation,
            Self::Full => k * lower(d, 0),
            Self::FactorAnalyzers { n_factors } => k * (loadings_of(d, n_factors) + d),
            Self::ProbabilisticPca { n_factors } => k * (loadings_of(d, n_factors) + 1),
        }
    }

    /// Rows below which a component has too few to have a covariance of its own: what only it has must be
    /// determined by them. Its volume, and a shape along given axes, by two rows; axes by D; a matrix by D+1. Of one
    /// feature there is nothing but the volume.
    pub(crate) const fn least_rows(self, n_features: usize) -> f64 {
        match self {
            Self::Evi | Self::Eve | Self::Eev | Self::Evv if n_features < 2 => 0.0,
            Self::Full | Self::Evv => n_features as f64 + 1.0,
            Self::Eev | Self::Vev if n_features > 2 => n_features as f64,
            Self::FactorAnalyzers { n_factors } | Self::ProbabilisticPca { n_factors } => {
                n_factors as f64 + 2.0
            }
            Self::Tied | Self::TiedDiagonal | Self::TiedSpherical => 0.0,
            _ => 2.0,
        }
    }

    /// The covariance of one component alone whose second moments are `variances` (laid out as its
    /// [`form`](Self::form)); factor models as the matrix they approximate.
    pub(crate) fn covariance(
        self,
        variances: Vec<f64>,
        dim: usize,
    ) -> Result<Covariance, BadPivot> {
        match (self, self.form()) {
            (Self::Spherical | Self::TiedSpherical, _) => {
                let mean = variances.iter().map(|v| v / dim as f64).sum();
                Covariance::spherical(mean, dim)
            }
            (_, Form::Full) => Cholesky::new(&variances, dim).map(Covariance::Full),
            (_, Form::Diagonal) => Covariance::diagonal(variances),
        }
    }

    /// ln |Σ| of what [`covariance`](Self::covariance) would make of each of several.
    pub(crate) fn log_dets(
        self,
        variances: Vec<Vec<f64>>,
        dim: usize,
    ) -> Vec<Result<f64, BadPivot>> {
        match self.form() {
            Form::Full => cholesky::log_dets(&variances, dim),
            Form::Diagonal => {
                let log_det = |variances| self.covariance(variances, dim).map(|c| c.log_det());
                variances.into_iter().map(log_det).collect()
            }
        }
    }
}

/// Free parameters in D × q loadings, Dq − q(q−1)/2.
const fn loadings_of(d: usize, q: usize) -> usize {
    (d * q).saturating_sub(q * q.saturating_sub(1) / 2)
}

impl fmt::Display for CovarianceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name())
    }
}

impl FromStr for CovarianceType {
    type Err = GmmError;

    fn from_str(name: &str) -> Result<Self, GmmError> {
        let small = name.to_ascii_lowercase();
        let factors = |prefix: &str| -> Option<usize> {
            let digits = small.strip_prefix(prefix)?;
            let is_plain = digits.bytes().all(|b| b.is_ascii_digit());
            digits.parse().ok().filter(|q| is_plain && *q > 0)
        };
        if let Some(n_factors) = factors("mfa-") {
            return Ok(Self::FactorAnalyzers { n_factors });
        }
        if let Some(n_factors) = factors("ppca-") {
            return Ok(Self::ProbabilisticPca { n_factors });
        }
        match small.as_str() {
            "full" => Ok(Self::Full),
            "tied" => Ok(Self::Tied),
            "diag" | "diagonal" => Ok(Self::Diagonal),
            // mclust's names of one feature.
            "spherical" | "v" => Ok(Self::Spherical),
            "tied-spherical" | "e" => Ok(Self::TiedSpherical),
            "tied-diag" | "tied-diagonal" => Ok(Self::TiedDiagonal),
            _ => Self::FAMILIES
                .into_iter()
                .find(|family| {
                    family
                        .mclust_name()
                        .is_some_and(|m| m.eq_ignore_ascii_case(name))
                })
                .ok_or_else(|| GmmError::InvalidParameter {
                    name: "covariance type",
                    value: format!("'{name}'"),
                    allowed: "full, tied, diag, spherical, tied-diag or tied-spherical \
                              (or VVV, EEE, VVI, VII, EEI, EII), \
                              VEI, EVI, VEE, EVE, VVE, EEV, VEV, EVV, \
                              or mfa-2, ppca-2 and so on for that many factors",
                }),
        }
    }
}

impl Serialize for CovarianceType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CovarianceType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_reads_its_names_back() {
        let factors = [
            CovarianceType::FactorAnalyzers { n_factors: 2 },
            CovarianceType::ProbabilisticPca { n_factors: 13 },
        ];
        for of in CovarianceType::FAMILIES.into_iter().chain(factors) {
            for name in [Some(of.name()), of.mclust_name().map(Cow::Borrowed)] {
                let name = name.unwrap_or_else(|| of.name());
                assert_eq!(name.parse(), Ok(of));
                assert_eq!(name.to_lowercase().parse(), Ok(of));
            }
            let json = serde_json::to_string(&of).unwrap();
            assert_eq!(json, format!("\"{of}\""));
            assert_eq!(serde_json::from_str::<CovarianceType>(&json).unwrap(), of);
        }
        assert_eq!("E".parse(), Ok(CovarianceType::TiedSpherical));
        assert_eq!("v".parse(), Ok(CovarianceType::Spherical));
        for bad in [
            "", "EEVV", "mfa", "mfa-", "mfa-0", "mfa-+1", "ppca--1", "XXX",
        ] {
            assert!(bad.parse::<CovarianceType>().is_err(), "{bad}");
        }
    }

    #[test]
    fn parameters_are_counted_as_mclust_does() {
        // mclust::nVarParams(name, d = 4, G = 3).
        let wanted = [1, 3, 4, 6, 10, 12, 10, 12, 16, 18, 22, 24, 28, 30];
        let found = CovarianceType::FAMILIES.map(|of| of.n_parameters(3, 4));
        assert_eq!(found, wanted);
        // mclust::nVarParams(name, d = 1, G = 3) of its E and V.
        for of in CovarianceType::FAMILIES {
            let varies = of.mclust_name().unwrap().starts_with('V');
            assert_eq!(of.n_parameters(3, 1), if varies { 3 } else { 1 }, "{of}");
        }
        let mfa = CovarianceType::FactorAnalyzers { n_factors: 2 };
        let ppca = CovarianceType::ProbabilisticPca { n_factors: 2 };
        assert_eq!(mfa.n_parameters(3, 6), 3 * (12 + 6 - 1));
        assert_eq!(ppca.n_parameters(3, 6), 3 * (12 + 1 - 1));
    }

    #[test]
    fn factors_are_fewer_than_features() {
        for n_factors in [1, 2] {
            assert!(
                CovarianceType::FactorAnalyzers { n_factors }
                    .check(3)
                    .is_ok()
            );
            assert!(
                CovarianceType::ProbabilisticPca { n_factors }
                    .check(3)
                    .is_ok()
            );
        }
        for n_factors in [0, 3, 4] {
            assert!(
                CovarianceType::FactorAnalyzers { n_factors }
                    .check(3)
                    .is_err()
            );
            assert!(
                CovarianceType::ProbabilisticPca { n_factors }
                    .check(3)
                    .is_err()
            );
        }
        assert!(CovarianceType::Full.check(1).is_ok());
    }
}
