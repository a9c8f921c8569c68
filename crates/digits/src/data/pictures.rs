//! Folders of pictures.

use std::fs;
use std::path::{Path, PathBuf};

use gmm_core::ndarray::Array2;
use gmm_files::FileError;

use super::{ImagesError, LARGEST_LABEL, Scans};

/// Reads a folder of PNGs: those of each folder in it have its name as their label; without such folders, those in it have
/// none. Other files are passed over.
///
/// # Errors
/// Files that cannot be read, pictures of two sizes, folders that are not named after a label, and none at all.
pub(super) fn read(folder: &Path) -> Result<Scans, ImagesError> {
    let entries = listed(folder)?;
    let folders: Vec<&PathBuf> = entries.iter().filter(|path| path.is_dir()).collect();
    let mut files = Vec::new();
    for of_label in &folders {
        let name = of_label.file_name().unwrap_or_default().to_string_lossy();
        let label = name.parse::<usize>().ok().filter(|l| *l <= LARGEST_LABEL);
        let label = label.ok_or_else(|| ImagesError::LabelFolder(name.to_string()))?;
        let own = listed(of_label)?.into_iter().filter(|path| is_png(path));
        files.extend(own.map(|path| (path, Some(label))));
    }
    if folders.is_empty() {
        let own = entries.iter().filter(|path| is_png(path)).cloned();
        files.extend(own.map(|path| (path, None)));
    }
    let (mut size, mut pixels, mut labels, mut names) = (None, Vec::new(), Vec::new(), Vec::new());
    for (path, label) in &files {
        let name = path
            .strip_prefix(folder)
            .unwrap_or(path)
            .display()
            .to_string();
        let in_file = |error| ImagesError::Picture {
            name: name.clone(),
            error,
        };
        let bytes = gmm_files::read(path).map_err(|e| in_file(e.to_string()))?;
        let picture = image::load_from_memory_with_format(&bytes, image::ImageFormat::Png);
        let picture = picture.map_err(|e| in_file(e.to_string()))?.into_luma16();
        let found = picture.dimensions();
        let first = *size.get_or_insert(found);
        if found != first {
            return Err(ImagesError::Sizes { name, found, first });
        }
        pixels.extend(picture.into_raw().into_iter().map(|v| f64::from(v) / 257.0));
        labels.extend(*label);
        names.push(name);
    }
    let Some((width, height)) = size else {
        return Err(ImagesError::NoImages);
    };
    let (width, height) = (width as usize, height as usize);
    let shape = (names.len(), width * height);
    let pixels = Array2::from_shape_vec(shape, pixels);
    Ok(Scans {
        width,
        height,
        pixels: pixels.map_err(|_| ImagesError::Shape(vec![shape.0, shape.1]))?,
        labels: (!folders.is_empty()).then_some(labels),
        names,
    })
}

fn is_png(path: &Path) -> bool {
    path.extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("png"))
}

/// What a folder holds, by name.
fn listed(folder: &Path) -> Result<Vec<PathBuf>, ImagesError> {
    let refused = |error| ImagesError::File(FileError::from(error));
    let entries = fs::read_dir(folder).map_err(refused)?;
    let paths = entries.map(|entry| Ok(entry.map_err(refused)?.path()));
    let mut paths = paths.collect::<Result<Vec<_>, ImagesError>>()?;
    paths.sort();
    Ok(paths)
}
