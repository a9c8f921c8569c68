//! Models as text: JSON, format versions 1 and 2.
//!
//! ```json
//! {
//!   "format": "gaussian-mixture",
//!   "version": 1,
//!   "covariance_type": "diag",
//!   "weights": [0.25, 0.75],
//!   "means": [[0.0, 1.0], [2.0, 3.0]],
//!   "covariances": [[1.0, 1.0], [0.5, 2.0]]
//! }
//! ```
//!
//! `weights` has K numbers, `means` K lists of D. `covariances` has scikit-learn's shape: K × D × D for
//! `full`, D × D for `tied`, K × D for `diag`, K for `spherical`; D for `tied-diag` and one number for
//! `tied-spherical`.
//!
//! Version 2 is written for the types that version 1 does not know, and for these alone: older programs read
//! all other models. `VEI`, `EVI`, `VEE`, `EVE`, `VVE`, `EEV`, `VEV` and `EVV` have K × D × D `covariances`. Those of
//! `mfa-2` (two factors) are `{"loadings": .., "noise": ..}`, K × D × 2 and K × D; those of `ppca-2` the same with K
//! noise variances.
//!
//! Version 2 is also that of models over a background, which is `{"share": .., "low": [..], "high": [..]}`; their
//! `weights` sum to what it leaves.
//!
//! Numbers are written so that they read back to the same bits, and a model is a function
//! of them, so it answers with the same bits too. Fields that are not listed are ignored.

use ndarray::{Array, Array1, Array2, Array3, Dimension, IntoDimension};
use serde::{Deserialize, Serialize};

use crate::background::Background;
use crate::covariance::CovarianceType;
use crate::error::GmmError;
use crate::gmm::Gmm;
use crate::shares::Shares;
use crate::typed_covariances::Covariances;

const FORMAT: &str = "gaussian-mixture";
const VERSION: u64 = 2;

/// What a text says of itself before anything else is believed of it.
#[derive(Deserialize)]
pub(crate) struct Header {
    format: String,
    version: u64,
}

impl Header {
    /// That it is of this format, in a version up to the newest that is known.
    pub(crate) fn check(&self, format: &str, newest: u64) -> Result<(), GmmError> {
        if self.format != format {
            return Err(GmmError::ModelFormat(format!(
                "its format is {:?}, not {format:?}",
                self.format
            )));
        }
        if self.version == 0 {
            return Err(GmmError::ModelFormat(String::from(
                "there is no format version 0",
            )));
        }
        if self.version > newest {
            return Err(GmmError::ModelVersion {
                found: self.version,
                supported: newest,
            });
        }
        Ok(())
    }
}

#[derive(Serialize, Deserialize)]
struct Body {
    covariance_type: CovarianceType,
    weights: Vec<f64>,
    means: Vec<Vec<f64>>,
    covariances: Nested,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    background: Option<Under>,
}

/// What lies under the components.
#[derive(Serialize, Deserialize)]
struct Under {
    share: f64,
    #[serde(flatten)]
    region: Background,
}

/// A model as it is written.
#[derive(Serialize)]
pub(crate) struct Document {
    format: &'static str,
    version: u64,
    #[serde(flatten)]
    body: Body,
}

/// Numbers in lists in lists, to any depth used here.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Nested {
    Number(f64),
    List(Vec<f64>),
    Rows(Vec<Vec<f64>>),
    Matrices(Vec<Vec<Vec<f64>>>),
    Factors {
        loadings: Vec<Vec<Vec<f64>>>,
        noise: Box<Nested>,
    },
}

/// The version that knows the type.
fn version_of(covariance_type: CovarianceType) -> u64 {
    if CovarianceType::BASIC.contains(&covariance_type) {
        1
    } else {
        2
    }
}

impl Document {
    /// The model as it is written.
    pub(crate) fn of(gmm: &Gmm) -> Self {
        let body = Body {
            covariance_type: gmm.covariance_type(),
            weights: gmm.weights().to_vec(),
            means: rows_of(gmm.means()),
            covariances: Nested::from(gmm.typed_covariances()),
            background: gmm.background().map(|(share, region)| Under {
                share,
                region: region.clone(),
            }),
        };
        Self {
            format: FORMAT,
            version: match body.background {
                Some(_) => VERSION,
                None => version_of(body.covariance_type),
            },
            body,
        }
    }

    /// The model that was written as a part of another text.
    pub(crate) fn model(part: &serde_json::Value) -> Result<Gmm, GmmError> {
        let header = Header::deserialize(part).map_err(damaged)?;
        header.check(FORMAT, VERSION)?;
        Body::deserialize(part).map_err(damaged)?.model()
    }
}

impl Body {
    fn model(self) -> Result<Gmm, GmmError> {
        let k = self.weights.len();
        let d = self.means.first().map_or(0, Vec::len);
        let means = array((k, d), flat(self.means, k, d, "means")?, "means")?;
        let covariances = self.covariances.into_typed(self.covariance_type, k, d)?;
        let weights = Array1::from(self.weights);
        let Some(Under { share, region }) = self.background else {
            return Gmm::new(weights, means, covariances);
        };
        // All shares together, so that they keep their bits.
        let shares = Shares::new(weights.iter().copied().chain([share]).collect())?;
        region.check(d)?;
        let even = Array1::from_elem(k, 1.0 / k as f64);
        let own = Gmm::new(even, means, covariances)?;
        Ok(own.shared_out(shares, Some(region)))
    }
}

impl Gmm {
    /// The model as JSON.
    ///
    /// # Errors
    /// [`GmmError::ModelFormat`] if the text cannot be made; no model is known that causes it.
    pub fn to_json(&self) -> Result<String, GmmError> {
        serde_json::to_string_pretty(&Document::of(self)).map_err(damaged)
    }

    /// The model in a JSON text.
    ///
    /// # Errors
    /// [`GmmError::ModelFormat`] for text that is no model or is cut short (with line and column),
    /// [`GmmError::ModelVersion`] for one of a newer format, and the errors of [`Gmm::new`].
    pub fn from_json(text: &str) -> Result<Self, GmmError> {
        let header: Header = serde_json::from_str(text).map_err(damaged)?;
        header.check(FORMAT, VERSION)?;
        let body: Body = serde_json::from_str(text).map_err(damaged)?;
        body.model()
    }
}

impl From<Covariances> for Nested {
    fn from(covariances: Covariances) -> Self {
        match covariances {
            Covariances::Full(m) | Covariances::Family(_, m) => Self::Matrices(matrices_of(&m)),
            Covariances::Factors { loadings, noise } => Self::Factors {
                loadings: matrices_of(&loadings),
                noise: Box::new(Self::Rows(rows_of(&noise))),
            },
            Covariances::ProbabilisticPca { loadings, noise } => Self::Factors {
                loadings: matrices_of(&loadings),
                noise: Box::new(Self::List(noise.to_vec())),
            },
            Covariances::Tied(m) | Covariances::Diagonal(m) => Self::Rows(rows_of(&m)),
            Covariances::TiedDiagonal(v) | Covariances::Spherical(v) => Self::List(v.to_vec()),
            Covariances::TiedSpherical(v) => Self::Number(v),
        }
    }
}

impl Nested {
    fn into_typed(self, of: CovarianceType, k: usize, d: usize) -> Result<Covariances, GmmError> {
        const WHAT: &str = "covariances";
        let cube = |m: Vec<Vec<Vec<f64>>>, width: usize| {
            let regular = m.len() == k && m.iter().all(|m| m.len() == d);
            let rows = if regular { m.concat() } else { Vec::new() };
            let flat = flat(rows, k * d, width, WHAT)?;
            array((k, d, width), flat, WHAT)
        };
        match (of, self) {
            (CovarianceType::Full, Self::Matrices(m)) => cube(m, d).map(Covariances::Full),
            (CovarianceType::Tied, Self::Rows(m)) => {
                array((d, d), flat(m, d, d, WHAT)?, WHAT).map(Covariances::Tied)
            }
            (CovarianceType::Diagonal, Self::Rows(m)) => {
                array((k, d), flat(m, k, d, WHAT)?, WHAT).map(Covariances::Diagonal)
            }
            (CovarianceType::TiedDiagonal, Self::List(v)) => {
                array(d, v, WHAT).map(Covariances::TiedDiagonal)
            }
            (CovarianceType::Spherical, Self::List(v)) => {
                array(k, v, WHAT).map(Covariances::Spherical)
            }
            (CovarianceType::TiedSpherical, Self::Number(v)) => Ok(Covariances::TiedSpherical(v)),
            (CovarianceType::FactorAnalyzers { n_factors }, Self::Factors { loadings, noise }) => {
                let Self::Rows(noise) = *noise else {
                    return Err(misshapen(WHAT));
                };
                Ok(Covariances::Factors {
                    loadings: cube(loadings, n_factors)?,
                    noise: array((k, d), flat(noise, k, d, WHAT)?, WHAT)?,
                })
            }
            (CovarianceType::ProbabilisticPca { n_factors }, Self::Factors { loadings, noise }) => {
                let Self::List(noise) = *noise else {
                    return Err(misshapen(WHAT));
                };
                Ok(Covariances::ProbabilisticPca {
                    loadings: cube(loadings, n_factors)?,
                    noise: array(k, noise, WHAT)?,
                })
            }
            (of, Self::Matrices(m)) if version_of(of) == 2 && of.n_factors().is_none() => {
                cube(m, d).map(|m| Covariances::Family(of, m))
            }
            _ => Err(misshapen(WHAT)),
        }
    }
}

/// The numbers of `n` rows of `d`, row by row.
fn flat(rows: Vec<Vec<f64>>, n: usize, d: usize, what: &str) -> Result<Vec<f64>, GmmError> {
    if rows.len() == n && rows.iter().all(|row| row.len() == d) {
        Ok(rows.concat())
    } else {
        Err(misshapen(what))
    }
}

fn array<I, D>(shape: I, numbers: Vec<f64>, what: &str) -> Result<Array<f64, D>, GmmError>
where
    D: Dimension,
    I: IntoDimension<Dim = D>,
{
    Array::from_shape_vec(shape.into_dimension(), numbers).map_err(|_| misshapen(what))
}

/// That a text is not what it should be, and where.
pub(crate) fn damaged(error: serde_json::Error) -> GmmError {
    GmmError::ModelFormat(error.to_string())
}

fn rows_of(m: &Array2<f64>) -> Vec<Vec<f64>> {
    m.rows().into_iter().map(|r| r.to_vec()).collect()
}

fn matrices_of(m: &Array3<f64>) -> Vec<Vec<Vec<f64>>> {
    let matrices = m.outer_iter();
    matrices.map(|m| rows_of(&m.to_owned())).collect()
}

fn misshapen(what: &str) -> GmmError {
    GmmError::ModelFormat(format!(
        "its {what} do not have the shape its weights and type ask for"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::family::{Bounds, Part, covariances};
    use crate::moments::Form;
    use rand::{Rng, SeedableRng};
    use rand_xoshiro::Xoshiro256Plus;

    /// A mixture of the type with three components in four dimensions, as a fit would find it.
    fn mixture(of: CovarianceType, seed: u64) -> Gmm {
        let mut rng = Xoshiro256Plus::seed_from_u64(seed);
        let (k, d) = (3, 4);
        let parts: Vec<Part> = (0..k)
            .map(|_| {
                let rows: Vec<[f64; 4]> = (0..20)
                    .map(|_| [(); 4].map(|()| rng.gen_range(-1.0..1.0f64)))
                    .collect();
                let mut scatter = Vec::new();
                for i in 0..d {
                    let first = if of.form() == Form::Full { 0 } else { i };
                    for j in first..=i {
                        let ridge = if i == j { 0.01 } else { 0.0 };
                        scatter.push(ridge + rows.iter().map(|x| x[i] * x[j]).sum::<f64>());
                    }
                }
                Part {
                    weight: 20.0,
                    scatter,
                }
            })
            .collect();
        let bounds = Bounds {
            floor: &[1e-6; 4],
            ratio: None,
        };
        let found = covariances(of, &parts, d, &bounds, None).unwrap();
        let found = Covariances::of_type(of, &found.iter().collect::<Vec<_>>());
        let means = Array2::from_shape_fn((k, d), |(c, j)| c as f64 - 0.3 * j as f64);
        Gmm::new(Array1::from(vec![0.2, 0.3, 0.5]), means, found).unwrap()
    }

    fn types() -> impl Iterator<Item = CovarianceType> {
        let factors = [1, 3].into_iter().flat_map(|n_factors| {
            [
                CovarianceType::FactorAnalyzers { n_factors },
                CovarianceType::ProbabilisticPca { n_factors },
            ]
        });
        CovarianceType::FAMILIES.into_iter().chain(factors)
    }

    #[test]
    fn every_type_reads_back_to_the_same_bits() {
        for of in types() {
            for seed in 0..5 {
                let model = mixture(of, seed);
                assert_eq!(model.covariance_type(), of);
                let text = model.to_json().unwrap();
                let version = if CovarianceType::BASIC.contains(&of) {
                    1
                } else {
                    2
                };
                assert!(text.contains(&format!("\"version\": {version},")), "{text}");
                let again = Gmm::from_json(&text).unwrap();
                assert_eq!(again, model, "{of}");
                assert_eq!(again.typed_covariances(), model.typed_covariances());
            }
        }
    }

    #[test]
    fn matrices_outside_their_family_are_refused() {
        let full = mixture(CovarianceType::Full, 1);
        for of in types().filter(|of| version_of(*of) == 2 && of.n_factors().is_none()) {
            let made = Gmm::new(
                full.weights().to_owned(),
                full.means().clone(),
                Covariances::Family(of, full.covariances()),
            );
            assert!(
                matches!(made, Err(GmmError::OutsideFamily { .. })),
                "{of}: {made:?}"
            );
            // A different one does not match this family's either.
            let text = mixture(of, 2).to_json().unwrap();
            let name = format!("\"{of}\"");
            let wrong = text.replace(&name, "\"mfa-2\"");
            assert!(matches!(
                Gmm::from_json(&wrong),
                Err(GmmError::ModelFormat(_))
            ));
        }
        let basic = Covariances::Family(CovarianceType::Full, full.covariances());
        let made = Gmm::new(full.weights().to_owned(), full.means().clone(), basic);
        assert!(matches!(made, Err(GmmError::InvalidParameter { .. })));
    }

    #[test]
    fn marginals_of_every_type_are_those_of_its_matrices() {
        for of in types() {
            let model = mixture(of, 3);
            for columns in [vec![2], vec![3, 0], vec![0, 1, 2, 3]] {
                let marginal = model.marginal(&columns).unwrap();
                let [whole, part] = [model.covariances(), marginal.covariances()];
                for ((c, i, j), found) in part.indexed_iter() {
                    let wanted = whole[(c, columns[i], columns[j])];
                    assert!((found - wanted).abs() < 1e-14, "{of} {columns:?}");
                }
            }
        }
    }

    #[test]
    fn factors_must_fit_the_columns() {
        let model = mixture(CovarianceType::FactorAnalyzers { n_factors: 1 }, 4);
        for n_factors in [0, 4] {
            let made = Gmm::new(
                model.weights().to_owned(),
                model.means().clone(),
                Covariances::Factors {
                    loadings: Array3::zeros((3, 4, n_factors)),
                    noise: Array2::ones((3, 4)),
                },
            );
            assert!(matches!(made, Err(GmmError::InvalidParameter { .. })));
        }
    }
}
