//! What the tasks read: images, labels and models.

use std::path::{Path, PathBuf};

use digits::{ImageReading, ImagesError, Judgement, Recognizer, Scans, labels_beside};
use gmm_cli::clap;
use gmm_cli::{Failure, parse_count};
use gmm_core::ndarray::Array2;

/// The images of a task.
#[derive(Debug, clap::Args)]
pub(super) struct ImageArgs {
    /// Images: IDX as of MNIST, NPY, or CSV with a label in the last column, all of these also in gzip; or a folder of PNGs,
    /// one folder in it for each label
    pub(super) images: PathBuf,

    /// Labels of the images: IDX, NPY or CSV [default: beside them, where `images` in the name becomes `labels`]
    #[arg(long, value_name = "PATH")]
    labels: Option<PathBuf>,

    /// Width of images that come as rows of pixels [default: they are square]
    #[arg(short, long, value_name = "PIXELS", value_parser = parse_count, allow_negative_numbers = true)]
    width: Option<usize>,

    /// Dark is ink: turn bright and dark round, so that the ground is 0
    #[arg(long)]
    invert: bool,
}

impl ImageArgs {
    /// What the images are called.
    pub(super) fn name(&self) -> String {
        self.images.display().to_string()
    }

    /// All files that are read, for outputs that must not be among them.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        let labels = self.labels.clone();
        let labels = labels.or_else(|| labels_beside(&self.images));
        [self.images.clone()].into_iter().chain(labels).collect()
    }

    /// The images to learn from.
    pub(super) fn read(&self) -> Result<Scans, Failure> {
        self.read_as(None, self.width)
    }

    /// The images, those in rows of pixels of this width; tables with as many columns as `n_pixels` have no labels.
    fn read_as(&self, n_pixels: Option<usize>, width: Option<usize>) -> Result<Scans, Failure> {
        let reading = ImageReading {
            labels: self.labels.as_deref(),
            width,
            n_pixels,
            invert: self.invert,
        };
        let scans = Scans::read(&self.images, &reading);
        scans.map_err(|error| unreadable(&self.name(), &error))
    }

    /// The images for a model: of its size, with ln p(c|x) of each.
    pub(super) fn judged(
        &self,
        recognizer: &Recognizer,
        model: &str,
    ) -> Result<(Scans, Array2<f64>), Failure> {
        let (width, height) = recognizer.size();
        let scans = self.read_as(Some(width * height), self.width.or(Some(width)))?;
        if (scans.width, scans.height) != (width, height) {
            return Err(Failure::of(
                self.name(),
                format!(
                    "the images have {} × {} pixels, those of {model} {width} × {height}",
                    scans.width, scans.height
                ),
            ));
        }
        let log_posteriors = recognizer.log_posteriors(&scans.pixels);
        let log_posteriors = log_posteriors.map_err(|error| match error {
            gmm_core::GmmError::NonFinite { row, value, .. } => Failure::of(
                self.name(),
                format!(
                    "image {}: a pixel is {value}, far beyond those that {model} was learned from",
                    scans.names[row]
                ),
            ),
            error => Failure::of(self.name(), error),
        })?;
        Ok((scans, log_posteriors))
    }
}

/// The readings of images whose labels are known.
pub(super) fn judgement(
    name: &str,
    scans: &Scans,
    log_posteriors: Array2<f64>,
    recognizer: &Recognizer,
) -> Result<Option<Judgement>, Failure> {
    let Some(labels) = &scans.labels else {
        return Ok(None);
    };
    let class = |(label, image): (&usize, &String)| {
        let place = recognizer.classes().binary_search(label);
        place.map_err(|_| {
            let line =
                format!("image {image} has the label {label}, which the model does not know");
            Failure::of(name, line)
        })
    };
    let class_of = labels.iter().zip(&scans.names).map(class);
    let class_of = class_of.collect::<Result<Vec<_>, _>>()?;
    Ok(Some(Judgement::of(log_posteriors, class_of)))
}

/// The model in a file.
pub(super) fn model(path: &Path) -> Result<Recognizer, Failure> {
    let named = |reason: &dyn std::fmt::Display| Failure::of(path.display(), reason);
    let bytes = gmm_files::read(path).map_err(|e| named(&e))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| named(&"it is no model of `digits train`: it is not text"))?;
    Recognizer::from_json(&text).map_err(|e| named(&e))
}

/// Why a file makes no images, with the flag that can help.
pub(super) fn unreadable(name: &str, error: &ImagesError) -> Failure {
    match error {
        ImagesError::NotSquare(_) | ImagesError::Width { .. } => {
            Failure::of(name, format!("{error} (--width)"))
        }
        error => Failure::of(name, error),
    }
}

/// A share as a percentage.
pub(super) fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}
