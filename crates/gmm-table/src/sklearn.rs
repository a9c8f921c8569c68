//! scikit-learn's parameters: an NPZ archive of the arrays of a fitted `GaussianMixture`.
//!
//! The arrays have the names and shapes of its attributes, with or without the last underscore: `weights_` (K),
//! `means_` (K × D), `covariances_` (K × D × D, D × D, K × D or K) and, as text, `covariance_type` (`full`, `tied`,
//! `diag`, `spherical`). `precisions_cholesky_`, which its predictions are made from, is written too and not read.
//! Covariances of other types are written as the narrowest of the four that holds them.
//!
//! ```python
//! import numpy as np
//! from sklearn.mixture import GaussianMixture
//!
//! np.savez("model.npz", weights=gm.weights_, means=gm.means_, covariances=gm.covariances_,
//!          covariance_type=gm.covariance_type)                        # out of scikit-learn
//!
//! z = np.load("model.npz")                                            # and into it
//! gm = GaussianMixture(len(z["weights_"]), covariance_type=str(z["covariance_type"]))
//! for name in ("weights_", "means_", "covariances_", "precisions_cholesky_"):
//!     setattr(gm, name, z[name])
//! ```

use std::io::{Cursor, Write};

use gmm_core::ndarray::{Array, Array1, Array2, Array3, ArrayD, Axis, Dimension, Ix1, Ix2, Ix3};
use gmm_core::{CovarianceType, Covariances, Gmm, GmmError};
use ndarray_npy::{ReadNpyError, ReadNpyExt, WriteNpyExt};
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// Why parameters cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParametersError {
    /// The bytes are no archive, or cut short.
    #[error("not an NPZ archive, or cut short: {0}")]
    Archive(#[from] ZipError),
    /// There is no such array.
    #[error("there is no array {wanted} in the archive; there are {known}")]
    NoArray {
        /// What was looked for.
        wanted: &'static str,
        /// What there is.
        known: String,
    },
    /// An array cannot be used.
    #[error("the array {name} cannot be read: {reason}")]
    Array {
        /// Which.
        name: String,
        /// Why.
        reason: String,
    },
    /// It is not known what the covariances share.
    #[error(
        "the covariances are {rows} × {columns}, which is either of tied or of diag: store covariance_type in the archive, \
         or convert it with gmm convert --covariance"
    )]
    Ambiguous {
        /// Rows.
        rows: usize,
        /// Columns.
        columns: usize,
    },
    /// The covariances do not have the shape of their type.
    #[error("covariances of type {of} do not have the shape {shape:?}")]
    Shape {
        /// The type.
        of: String,
        /// Their shape.
        shape: Vec<usize>,
    },
    /// They are no parameters of a mixture.
    #[error(transparent)]
    Model(#[from] GmmError),
}

/// Whether bytes are an archive of parameters, and not one of a table.
pub fn is_parameters(bytes: &[u8]) -> bool {
    Arrays::of(bytes).is_ok_and(|arrays| arrays.find("weights_").is_some())
}

/// A mixture from the bytes of an archive; `named` is the type of its covariances where the archive does not say.
///
/// # Errors
/// An archive or an array that cannot be read, and the errors of [`Gmm::new`].
pub fn from_npz(bytes: &[u8], named: Option<CovarianceType>) -> Result<Gmm, ParametersError> {
    let mut arrays = Arrays::of(bytes)?;
    let weights: Array1<f64> = arrays.dimensional("weights_")?;
    let means: Array2<f64> = arrays.dimensional("means_")?;
    let covariances = arrays.numbers("covariances_")?;
    let own = match arrays.find("covariance_type") {
        Some(name) => Some(arrays.text(&name)?),
        None => None,
    };
    let parse = |name: String| match name.parse::<CovarianceType>() {
        Ok(of) => Ok(of),
        Err(error) => Err(ParametersError::Array {
            name: String::from("covariance_type"),
            reason: error.to_string(),
        }),
    };
    let own = own.map(parse).transpose()?.or(named);
    let covariances = typed(covariances, own, means.dim())?;
    Ok(Gmm::new(weights, means, covariances)?)
}

/// Covariances in the shape of their type; without one, of the type that has their shape.
fn typed(
    array: ArrayD<f64>,
    of: Option<CovarianceType>,
    (k, d): (usize, usize),
) -> Result<Covariances, ParametersError> {
    let shape = array.shape().to_vec();
    let of = match (of, shape.as_slice()) {
        (Some(of), _) => of,
        (None, [_]) => CovarianceType::Spherical,
        (None, &[rows, columns]) => match (rows == k && columns == d, rows == d && columns == d) {
            (true, true) => return Err(ParametersError::Ambiguous { rows, columns }),
            (_, true) => CovarianceType::Tied,
            _ => CovarianceType::Diagonal,
        },
        (None, _) => CovarianceType::Full,
    };
    let wrong = || ParametersError::Shape {
        of: of.to_string(),
        shape: shape.clone(),
    };
    match of {
        CovarianceType::Full => shaped::<Ix3>(array).map(Covariances::Full),
        CovarianceType::Tied => shaped::<Ix2>(array).map(Covariances::Tied),
        CovarianceType::Diagonal => shaped::<Ix2>(array).map(Covariances::Diagonal),
        CovarianceType::Spherical => shaped::<Ix1>(array).map(Covariances::Spherical),
        _ => None,
    }
    .ok_or_else(wrong)
}

fn shaped<D: Dimension>(array: ArrayD<f64>) -> Option<Array<f64, D>> {
    array.into_dimensionality().ok()
}

/// The entries of an archive.
struct Arrays<'a>(ZipArchive<Cursor<&'a [u8]>>);

impl<'a> Arrays<'a> {
    fn of(bytes: &'a [u8]) -> Result<Self, ParametersError> {
        Ok(Self(ZipArchive::new(Cursor::new(bytes))?))
    }

    /// The entry of this name, with or without its last underscore.
    fn find(&self, name: &str) -> Option<String> {
        let short = name.trim_end_matches('_');
        let candidates = [format!("{name}.npy"), format!("{short}.npy")];
        let is_there = |name: &String| self.0.index_for_name(name).is_some();
        candidates.into_iter().find(is_there)
    }

    fn named(&self, wanted: &'static str) -> Result<String, ParametersError> {
        self.find(wanted).ok_or_else(|| {
            let names = self.0.file_names().map(|n| n.trim_end_matches(".npy"));
            let mut names: Vec<&str> = names.collect();
            names.sort_unstable();
            ParametersError::NoArray {
                wanted,
                known: if names.is_empty() {
                    String::from("none")
                } else {
                    names.join(", ")
                },
            }
        })
    }

    fn bytes(&mut self, entry: &str) -> Result<Vec<u8>, ParametersError> {
        let file = self.0.by_name(entry)?;
        gmm_files::read_from(file).map_err(|e| ParametersError::Array {
            name: String::from(entry.trim_end_matches(".npy")),
            reason: e.to_string(),
        })
    }

    /// An array of 64- or 32-bit floats.
    fn numbers(&mut self, wanted: &'static str) -> Result<ArrayD<f64>, ParametersError> {
        let entry = self.named(wanted)?;
        let bytes = self.bytes(&entry)?;
        let array = match ArrayD::<f64>::read_npy(bytes.as_slice()) {
            Err(ReadNpyError::WrongDescriptor(_)) => {
                ArrayD::<f32>::read_npy(bytes.as_slice()).map(|array| array.mapv(f64::from))
            }
            array => array,
        };
        array.map_err(|e| ParametersError::Array {
            name: String::from(wanted),
            reason: e.to_string(),
        })
    }

    fn dimensional<D: Dimension>(
        &mut self,
        wanted: &'static str,
    ) -> Result<Array<f64, D>, ParametersError> {
        let array = self.numbers(wanted)?;
        let n = array.ndim();
        shaped(array).ok_or_else(|| ParametersError::Array {
            name: String::from(wanted),
            reason: format!("it has {n} dimensions"),
        })
    }

    /// The text of an array of one string.
    fn text(&mut self, entry: &str) -> Result<String, ParametersError> {
        let bytes = self.bytes(entry)?;
        unicode(&bytes).ok_or_else(|| ParametersError::Array {
            name: String::from(entry.trim_end_matches(".npy")),
            reason: String::from("it is not one little-endian string"),
        })
    }
}

/// The first bytes of a file of format 1.0: what follows is the length of the header, the header and the data.
const MAGIC: &[u8] = b"\x93NUMPY\x01\x00";

/// The string in an NPY file of dtype `<U…` (NumPy Enhancement Proposal 1; four bytes a character).
fn unicode(file: &[u8]) -> Option<String> {
    let rest = file.strip_prefix(MAGIC)?;
    let (length, rest) = rest.split_first_chunk::<2>()?;
    let length = usize::from(u16::from_le_bytes(*length));
    let (header, data) = rest.split_at_checked(length)?;
    std::str::from_utf8(header)
        .ok()?
        .contains("'<U")
        .then_some(())?;
    let characters = data.as_chunks::<4>().0.iter();
    let characters = characters.map(|c| char::from_u32(u32::from_le_bytes(*c)));
    let text: Option<String> = characters.collect();
    Some(text?.trim_end_matches('\0').to_owned())
}

/// The same file of a string.
fn of_unicode(text: &str) -> Vec<u8> {
    const ALIGNED: usize = 64;
    let n = text.chars().count();
    let mut header = format!("{{'descr': '<U{n}', 'fortran_order': False, 'shape': (), }}");
    let unpadded = MAGIC.len() + 2 + header.len() + 1;
    header.push_str(&" ".repeat(unpadded.next_multiple_of(ALIGNED) - unpadded));
    header.push('\n');
    let mut file = MAGIC.to_vec();
    // A few words are far from the most that a header holds.
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.as_bytes());
    file.extend(text.chars().flat_map(|c| (c as u32).to_le_bytes()));
    file
}

/// A mixture as the bytes of an archive that scikit-learn's attributes can be set from.
///
/// # Errors
/// A background, which scikit-learn does not have.
pub fn to_npz(model: &Gmm) -> Result<Vec<u8>, ParametersError> {
    if model.background().is_some() {
        return Err(ParametersError::Array {
            name: String::from("background"),
            reason: String::from("scikit-learn's mixtures have none"),
        });
    }
    let (k, d) = (model.n_components(), model.n_features());
    let (name, covariances) = match model.typed_covariances() {
        Covariances::Tied(matrix) => ("tied", matrix.into_dyn()),
        Covariances::Diagonal(variances) => ("diag", variances.into_dyn()),
        Covariances::Spherical(variances) => ("spherical", variances.into_dyn()),
        Covariances::TiedSpherical(variance) => {
            ("spherical", Array1::from_elem(k, variance).into_dyn())
        }
        _ if (model.components().iter()).all(|c| c.covariance().is_diagonal()) => {
            let components = model.components();
            let at = |(c, j): (usize, usize)| components[c].covariance().entry(j, j);
            ("diag", Array2::from_shape_fn((k, d), at).into_dyn())
        }
        _ => ("full", model.covariances().into_dyn()),
    };
    let precisions = match name {
        "full" => precision_factors(model).into_dyn(),
        "tied" => precision_factors(model)
            .index_axis_move(Axis(0), 0)
            .into_dyn(),
        _ => covariances.mapv(|variance| variance.sqrt().recip()),
    };
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let arrays = [
        ("weights_", model.weights().to_owned().into_dyn()),
        ("means_", model.means().clone().into_dyn()),
        ("covariances_", covariances),
        ("precisions_cholesky_", precisions),
    ];
    for (name, array) in arrays {
        archive.start_file(format!("{name}.npy"), SimpleFileOptions::default())?;
        (array.write_npy(&mut archive)).map_err(|e| ParametersError::Array {
            name: String::from(name),
            reason: e.to_string(),
        })?;
    }
    archive.start_file("covariance_type.npy", SimpleFileOptions::default())?;
    archive.write_all(&of_unicode(name)).map_err(ZipError::Io)?;
    Ok(archive.finish()?.into_inner())
}

/// L⁻ᵀ of each Σ = LLᵀ, K × D × D: the upper triangle by which scikit-learn whitens.
fn precision_factors(model: &Gmm) -> Array3<f64> {
    let factors: Vec<_> = (model.components().iter())
        .map(|c| c.covariance().whitening())
        .collect();
    let d = model.n_features();
    Array3::from_shape_fn((factors.len(), d, d), |(c, i, j)| factors[c][j][i])
}

#[cfg(test)]
mod tests {
    use super::*;
    use gmm_core::ndarray::array;

    fn mixture(covariances: Covariances) -> Gmm {
        let means = array![[0.0, 1.0], [4.0, -1.0]];
        Gmm::new(array![0.25, 0.75], means, covariances).unwrap()
    }

    #[test]
    fn every_shape_comes_back() {
        let full = array![[[2.0, 0.5], [0.5, 1.0]], [[1.0, -0.3], [-0.3, 3.0]]];
        for covariances in [
            Covariances::Full(full),
            Covariances::Tied(array![[2.0, 0.5], [0.5, 1.0]]),
            Covariances::Diagonal(array![[1.0, 2.0], [3.0, 4.0]]),
            Covariances::Spherical(array![1.0, 2.0]),
        ] {
            let model = mixture(covariances);
            let back = from_npz(&to_npz(&model).unwrap(), None).unwrap();
            assert_eq!(back, model);
        }
        let tied = mixture(Covariances::TiedSpherical(2.0));
        let back = from_npz(&to_npz(&tied).unwrap(), None).unwrap();
        assert_eq!(back.covariance_type(), CovarianceType::Spherical);
        assert_eq!(back.covariances(), tied.covariances());
    }

    #[test]
    fn strings_are_written_as_numpy_writes_them() {
        let file = of_unicode("tied");
        assert_eq!(file.len() % 64, 16);
        assert_eq!(unicode(&file).unwrap(), "tied");
        assert_eq!(unicode(&file[..9]), None);
    }

    #[test]
    fn what_is_no_archive_is_refused() {
        let said = |bytes: &[u8]| from_npz(bytes, None).unwrap_err().to_string();
        assert!(said(b"weights,means\n").contains("NPZ"));
        let whole = to_npz(&mixture(Covariances::TiedSpherical(1.0))).unwrap();
        assert!(said(&whole[..whole.len() / 2]).contains("cut short"));
        let mut other = ZipWriter::new(Cursor::new(Vec::new()));
        other
            .start_file("x.npy", SimpleFileOptions::default())
            .unwrap();
        array![1.0].write_npy(&mut other).unwrap();
        let said = said(other.finish().unwrap().get_ref());
        assert!(said.contains("weights_") && said.contains('x'), "{said}");
    }

    #[test]
    fn square_covariances_of_no_type_are_not_guessed() {
        let square = array![[2.0, 0.5], [0.5, 1.0]].into_dyn();
        let typed = |of, shape| typed(square.clone(), of, shape);
        assert!(matches!(
            typed(None, (2, 2)),
            Err(ParametersError::Ambiguous { .. })
        ));
        assert!(matches!(typed(None, (3, 2)), Ok(Covariances::Tied(_))));
        let tied = typed(Some(CovarianceType::Tied), (2, 2));
        assert!(matches!(tied, Ok(Covariances::Tied(_))));
    }
}
