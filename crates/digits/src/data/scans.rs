//! Images of any form, with their labels where there are any.

use std::fs;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use gmm_core::ndarray::{Array2, s};
use gmm_table::Table;

use super::{GZIP, Images, ImagesError, LARGEST_LABEL, idx, npy, shape};

/// Grey images of one size.
#[derive(Debug, Clone, PartialEq)]
pub struct Scans {
    /// Pixels in a row.
    pub width: usize,
    /// Rows of pixels.
    pub height: usize,
    /// One image a row, in the units of the file.
    pub pixels: Array2<f64>,
    /// The label of each image, if there are labels.
    pub labels: Option<Vec<usize>>,
    /// What each image is called: its file, or its number from 1.
    pub names: Vec<String>,
}

/// How images are to be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading<'a> {
    /// The file of labels, if it is not to be found beside the images.
    pub labels: Option<&'a Path>,
    /// Width of images that come as rows of pixels; without it they are square.
    pub width: Option<usize>,
    /// Pixels of an image, where that is known: tables of just as many columns then have no labels.
    pub n_pixels: Option<usize>,
    /// Dark is ink.
    pub invert: bool,
}

impl Scans {
    /// Reads images from a file or a folder, whatever it is called: IDX (LeCun's format of MNIST), NPY of n × pixels or
    /// n × height × width, CSV with a label in the last column, all of these also in gzip; or a folder of pictures, one
    /// folder in it for each label, or none.
    ///
    /// # Errors
    /// Files that cannot be read, that are damaged or hold no images, and labels that are not as many as images.
    pub fn read(path: &Path, reading: &Reading<'_>) -> Result<Self, ImagesError> {
        let mut scans = match path.is_dir() {
            true => super::pictures::read(path)?,
            false => Self::of_file(path, reading)?,
        };
        if let Some(labels) = reading.labels {
            scans.labels = Some(labels_of(labels)?);
        }
        let n = scans.pixels.nrows();
        if let Some(labels) = scans.labels.as_ref().filter(|labels| labels.len() != n) {
            return Err(ImagesError::LabelCount {
                images: n,
                labels: labels.len(),
            });
        }
        if n == 0 {
            return Err(ImagesError::NoImages);
        }
        if let Some(((row, _), _)) = scans.pixels.indexed_iter().find(|(_, v)| !v.is_finite()) {
            return Err(ImagesError::NotFinite(scans.names[row].clone()));
        }
        if reading.invert {
            let brightest = scans.pixels.fold(f64::NEG_INFINITY, |most, &v| most.max(v));
            scans.pixels.mapv_inplace(|v| brightest - v);
        }
        Ok(scans)
    }

    fn of_file(path: &Path, reading: &Reading<'_>) -> Result<Self, ImagesError> {
        let bytes = unpacked(path)?;
        if idx::is_idx(&bytes) {
            let array = idx::read(&bytes)?;
            let labels = implied(path, reading)?;
            return Self::of_array(array.shape, array.values, labels, reading.width);
        }
        if npy::is_npy(&bytes) {
            let (shape, values) = npy::read(&bytes)?;
            let labels = implied(path, reading)?;
            return Self::of_array(shape, values, labels, reading.width);
        }
        Self::of_table(&bytes, reading)
    }

    fn of_array(
        dim: Vec<usize>,
        values: Vec<f64>,
        labels: Option<Vec<usize>>,
        width: Option<usize>,
    ) -> Result<Self, ImagesError> {
        let (n, width, height) = match dim[..] {
            [n, pixels] if pixels > 0 => {
                let (width, height) = shape(pixels, width)?;
                (n, width, height)
            }
            [n, height, width] if width > 0 && height > 0 => (n, width, height),
            _ => return Err(ImagesError::Shape(dim)),
        };
        let pixels = Array2::from_shape_vec((n, width * height), values);
        Ok(Self {
            width,
            height,
            pixels: pixels.map_err(|_| ImagesError::Shape(dim))?,
            labels,
            names: numbered(n),
        })
    }

    fn of_table(bytes: &[u8], reading: &Reading<'_>) -> Result<Self, ImagesError> {
        let table = Table::from_bytes(bytes)?;
        let has_labels = reading.labels.is_none() && reading.n_pixels != Some(table.n_columns());
        if has_labels {
            let (table, labels) = super::labelled(&table)?;
            let (width, height) = shape(table.ncols(), reading.width)?;
            return Ok(Self {
                width,
                height,
                names: numbered(labels.len()),
                pixels: table,
                labels: Some(labels),
            });
        }
        let values = super::numbers(&table)?;
        let (width, height) = shape(table.n_columns(), reading.width)?;
        Ok(Self {
            width,
            height,
            names: numbered(values.nrows()),
            pixels: values,
            labels: None,
        })
    }

    /// The images with their labels, to be learned from.
    ///
    /// # Errors
    /// [`ImagesError::NoLabels`]; a class of one image, and fewer than two classes.
    pub fn into_images(self) -> Result<Images, ImagesError> {
        let labels = self.labels.ok_or(ImagesError::NoLabels)?;
        let mut classes = labels.clone();
        classes.sort_unstable();
        let alone = classes.chunk_by(|a, b| a == b).find(|own| own.len() == 1);
        if let Some(&[label]) = alone {
            return Err(ImagesError::OneImage(label));
        }
        classes.dedup();
        if let [only] = classes[..] {
            return Err(ImagesError::OneClass(only));
        }
        Ok(Images {
            width: self.width,
            height: self.height,
            pixels: self.pixels,
            labels,
            classes,
        })
    }
}

fn numbered(n: usize) -> Vec<String> {
    (1..=n).map(|i| i.to_string()).collect()
}

/// The bytes of a file, unpacked if they are gzip.
pub(super) fn unpacked(path: &Path) -> Result<Vec<u8>, ImagesError> {
    let bytes = gmm_files::read(path)?;
    if !bytes.starts_with(&GZIP) {
        return Ok(bytes);
    }
    gmm_files::read_from(MultiGzDecoder::new(&bytes[..])).map_err(ImagesError::Compression)
}

/// The labels in a file: IDX or NPY of one dimension, or the first column of a table.
fn labels_of(path: &Path) -> Result<Vec<usize>, ImagesError> {
    let name = path.display().to_string();
    let read = || -> Result<Vec<f64>, ImagesError> {
        let bytes = unpacked(path)?;
        let (dim, values) = if idx::is_idx(&bytes) {
            let array = idx::read(&bytes)?;
            (array.shape, array.values)
        } else if npy::is_npy(&bytes) {
            npy::read(&bytes)?
        } else {
            let values = super::numbers(&Table::from_bytes(&bytes)?)?;
            let column = values.slice(s![.., 0]).to_vec();
            (vec![column.len(), values.ncols()], column)
        };
        match dim[..] {
            [_] | [_, 1] => Ok(values),
            _ => Err(ImagesError::Shape(dim)),
        }
    };
    let values = read().map_err(|error| ImagesError::LabelsFile {
        name: name.clone(),
        error: Box::new(error),
    })?;
    let is_label = |v: &f64| v.fract() == 0.0 && (0.0..=LARGEST_LABEL as f64).contains(v);
    if let Some(row) = values.iter().position(|v| !is_label(v)) {
        return Err(ImagesError::NoLabel {
            name,
            row: row + 1,
            found: values[row],
        });
    }
    Ok(values.into_iter().map(|v| v as usize).collect())
}

/// The labels beside a file of images, unless others are given.
fn implied(path: &Path, reading: &Reading<'_>) -> Result<Option<Vec<usize>>, ImagesError> {
    let beside = match reading.labels {
        Some(_) => None,
        None => labels_beside(path),
    };
    beside.map(|path| labels_of(&path)).transpose()
}

/// The labels that belong to a file of images by its name, as MNIST's `train-labels-idx1-ubyte` to
/// `train-images-idx3-ubyte`, with or without `.gz`.
pub fn labels_beside(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let name = name.strip_suffix(".gz").unwrap_or(name);
    let named = name.replace("images", "labels").replace("idx3", "idx1");
    if named == name {
        return None;
    }
    let candidates = [named.clone(), format!("{named}.gz")];
    let mut paths = candidates.into_iter().map(|name| path.with_file_name(name));
    paths.find(|path| fs::metadata(path).is_ok())
}
