//! Images with their labels.

mod idx;
mod npy;
mod pictures;
mod scans;

use std::path::Path;

use flate2::read::MultiGzDecoder;
use gmm_core::ndarray::{Array2, Axis, s};
use gmm_files::FileError;
use gmm_table::{Table, TableError};

pub use scans::{Reading, Scans, labels_beside};

/// The 1797 images of slide 10, 8 × 8 grey levels in 0…16; credit in `assets/ATTRIBUTION.md`.
const SHIPPED: &[u8] = include_bytes!("../../../assets/digits/digits.csv.gz");

const LARGEST_LABEL: usize = 255;
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Why images cannot be read. Lines and columns are counted from 1.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImagesError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// Compressed data is cut short, damaged or unpacks to too much.
    #[error("the gzip data cannot be unpacked: {0}")]
    Compression(FileError),
    /// The text is no table of numbers.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A value is not there.
    #[error("line {line}, column \"{column}\": there is no value")]
    Missing {
        /// Line of the value.
        line: usize,
        /// Name of its column.
        column: String,
    },
    /// The last column holds what is no label.
    #[error(
        "line {line}, column \"{column}\": {found} is no label, a whole number from 0 to {LARGEST_LABEL}"
    )]
    Label {
        /// Line of the label.
        line: usize,
        /// Name of its column.
        column: String,
        /// What is there.
        found: f64,
    },
    /// There is but one column.
    #[error("there is one column only; before the label stand the pixels")]
    NoPixels,
    /// The shape of the images is not known.
    #[error("{0} pixels do not make a square; say how wide the images are")]
    NotSquare(usize),
    /// The pixels do not make rows of this width.
    #[error("{n_pixels} pixels do not make rows of {width}")]
    Width {
        /// Pixels of an image.
        n_pixels: usize,
        /// The width that was said.
        width: usize,
    },
    /// A class has one image, which cannot be held out and learned from.
    #[error("only line {line} has the label {label}; a class needs at least two images")]
    LonelyClass {
        /// The label.
        label: usize,
        /// Its only line.
        line: usize,
    },
    /// The same, where the file has no lines.
    #[error("only one image has the label {0}; a class needs at least two images")]
    OneImage(usize),
    /// There are no images.
    #[error("there are no images")]
    NoImages,
    /// There are no labels.
    #[error("the images have no labels (--labels)")]
    NoLabels,
    /// Images and labels do not go together.
    #[error("there are {images} images and {labels} labels")]
    LabelCount {
        /// Images.
        images: usize,
        /// Labels.
        labels: usize,
    },
    /// The file of labels cannot be read.
    #[error("labels {name}: {error}")]
    LabelsFile {
        /// The file.
        name: String,
        /// Why.
        error: Box<ImagesError>,
    },
    /// A file of labels holds what is none.
    #[error("labels {name}: number {row} is {found}, no whole number from 0 to {LARGEST_LABEL}")]
    NoLabel {
        /// The file.
        name: String,
        /// Its place, from 1.
        row: usize,
        /// What is there.
        found: f64,
    },
    /// An IDX file is damaged.
    #[error("the IDX file is damaged: {0}")]
    Idx(String),
    /// An NPY file is damaged, or of no numbers.
    #[error("the NPY file cannot be read: {0}")]
    Npy(String),
    /// An array is not of images.
    #[error("its shape is {0:?}; images are n × pixels or n × height × width, labels n")]
    Shape(Vec<usize>),
    /// A pixel is no number.
    #[error("image {0}: a pixel is no finite number")]
    NotFinite(String),
    /// A picture cannot be read.
    #[error("{name}: {error}")]
    Picture {
        /// The file.
        name: String,
        /// Why.
        error: String,
    },
    /// Pictures have different sizes.
    #[error("{name}: it has {} × {} pixels, where the first has {} × {}", found.0, found.1, first.0, first.1)]
    Sizes {
        /// The file.
        name: String,
        /// Its width and height.
        found: (u32, u32),
        /// Those of the first picture.
        first: (u32, u32),
    },
    /// A folder among the images is not named after a label.
    #[error(
        "the folder {0:?} is not named after a label, a whole number from 0 to {LARGEST_LABEL}"
    )]
    LabelFolder(String),
    /// There is nothing to tell apart.
    #[error("all images have the label {0}; a classifier needs at least two classes")]
    OneClass(usize),
}

/// Grey images of one size, each with the label of its class.
#[derive(Debug, Clone, PartialEq)]
pub struct Images {
    width: usize,
    height: usize,
    pixels: Array2<f64>,
    labels: Vec<usize>,
    classes: Vec<usize>,
}

impl Images {
    /// The images of slide 10: scikit-learn's `load_digits`, 1797 of 8 × 8 pixels.
    ///
    /// # Errors
    /// None, as long as the program is whole.
    pub fn shipped() -> Result<Self, ImagesError> {
        Self::decode(SHIPPED, None)
    }

    /// Reads a CSV file, compressed with gzip or not, whatever its name says.
    ///
    /// Each line is an image: its pixels row by row, then its label, as a [`Table`] is read. Without a `width`, in
    /// pixels, images are square.
    ///
    /// # Errors
    /// A file that is missing, unreadable, a folder or longer than 1 GiB, compressed data that is cut short, and
    /// every value and shape that makes no images, with its line and column.
    pub fn read(path: &Path, width: Option<usize>) -> Result<Self, ImagesError> {
        Self::decode(&gmm_files::read(path)?, width)
    }

    /// Reads the bytes of such a file.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn decode(bytes: &[u8], width: Option<usize>) -> Result<Self, ImagesError> {
        if bytes.starts_with(&GZIP) {
            let unpacked = gmm_files::read_from(MultiGzDecoder::new(bytes));
            return Self::parse(&unpacked.map_err(ImagesError::Compression)?, width);
        }
        Self::parse(bytes, width)
    }

    fn parse(bytes: &[u8], width: Option<usize>) -> Result<Self, ImagesError> {
        let table = Table::from_bytes(bytes)?;
        let (pixels, labels) = labelled(&table)?;
        let classes = classes(&labels, &table.lines())?;
        let (width, height) = shape(pixels.ncols(), width)?;
        Ok(Self {
            width,
            height,
            pixels,
            labels,
            classes,
        })
    }

    /// Pixels in a row of an image.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows of pixels of an image.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The pixels, n × width·height, in the units of the file.
    pub fn pixels(&self) -> &Array2<f64> {
        &self.pixels
    }

    /// The label of each image.
    pub fn labels(&self) -> &[usize] {
        &self.labels
    }

    /// The class of each image, by its place in [`classes`](Self::classes).
    pub fn class_of(&self) -> Vec<usize> {
        let class = |label: &usize| self.classes.partition_point(|c| c < label);
        self.labels.iter().map(class).collect()
    }

    /// The images with these numbers; the classes are those that are left.
    pub fn select(&self, numbers: &[usize]) -> Self {
        let labels: Vec<usize> = numbers.iter().map(|&i| self.labels[i]).collect();
        let mut classes = labels.clone();
        classes.sort_unstable();
        classes.dedup();
        Self {
            width: self.width,
            height: self.height,
            pixels: self.pixels.select(Axis(0), numbers),
            labels,
            classes,
        }
    }

    /// The labels that occur, in rising order: class c has the label `classes()[c]`.
    pub fn classes(&self) -> &[usize] {
        &self.classes
    }
}

/// The numbers of a table, none of them missing.
fn numbers(table: &Table) -> Result<Array2<f64>, ImagesError> {
    let numbers = table.numbers(table.names())?;
    let values = numbers.values();
    if let Some(((row, j), _)) = values.indexed_iter().find(|(_, v)| v.is_nan()) {
        return Err(ImagesError::Missing {
            line: table.lines()[row],
            column: table.names()[j].clone(),
        });
    }
    Ok(values.to_owned())
}

/// Pixels, and the labels in the last column.
fn labelled(table: &Table) -> Result<(Array2<f64>, Vec<usize>), ImagesError> {
    let values = numbers(table)?;
    let n_pixels = table.n_columns() - 1;
    if n_pixels == 0 {
        return Err(ImagesError::NoPixels);
    }
    let is_label = |v: f64| v.fract() == 0.0 && (0.0..=LARGEST_LABEL as f64).contains(&v);
    let given = values.column(n_pixels);
    if let Some((row, &found)) = given.indexed_iter().find(|(_, v)| !is_label(**v)) {
        return Err(ImagesError::Label {
            line: table.lines()[row],
            column: table.names()[n_pixels].clone(),
            found,
        });
    }
    let labels = given.iter().map(|&v| v as usize).collect();
    Ok((values.slice(s![.., ..n_pixels]).to_owned(), labels))
}

/// The labels that occur, in rising order.
fn classes(labels: &[usize], line_of: &[usize]) -> Result<Vec<usize>, ImagesError> {
    let mut sorted = labels.to_vec();
    sorted.sort_unstable();
    let classes: Vec<&[usize]> = sorted.chunk_by(|a, b| a == b).collect();
    let lonely = labels
        .iter()
        .zip(line_of)
        .find(|(l, _)| classes.contains(&[**l].as_slice()));
    if let Some((&label, &line)) = lonely {
        return Err(ImagesError::LonelyClass { label, line });
    }
    match classes[..] {
        [only] => Err(ImagesError::OneClass(only[0])),
        _ => Ok(classes.into_iter().map(|class| class[0]).collect()),
    }
}

/// Width and height of an image of so many pixels.
fn shape(n_pixels: usize, width: Option<usize>) -> Result<(usize, usize), ImagesError> {
    match width {
        Some(width) if width == 0 || !n_pixels.is_multiple_of(width) => {
            Err(ImagesError::Width { n_pixels, width })
        }
        Some(width) => Ok((width, n_pixels / width)),
        None => match n_pixels.isqrt() {
            side if side * side == n_pixels => Ok((side, side)),
            _ => Err(ImagesError::NotSquare(n_pixels)),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const TWO_CLASSES: &str = "1,2,3,4,7\n5,6,7,8,7\n0,0,0,1,3\n0,0,0,2,3\n";

    fn decoded(text: &str) -> Images {
        Images::decode(text.as_bytes(), None).unwrap()
    }

    fn refusal(text: &str) -> String {
        let refused = Images::decode(text.as_bytes(), None)
            .unwrap_err()
            .to_string();
        assert!(!refused.contains('\n'), "{refused}");
        refused
    }

    fn zipped(text: &str) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn the_shipped_images_are_those_of_the_slide() {
        let images = Images::shipped().unwrap();
        assert_eq!(images.pixels().dim(), (1797, 64));
        assert_eq!((images.width(), images.height()), (8, 8));
        assert_eq!(images.classes(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        // Sums of scikit-learn's `load_digits`.
        assert_eq!(images.pixels().sum(), 561_718.0);
        assert_eq!(images.pixels().mapv(|v| v * v).sum(), 6_907_012.0);
        assert_eq!(images.labels()[..4], [0, 1, 2, 3]);
    }

    #[test]
    fn names_empty_lines_quotes_and_compression_change_nothing() {
        let plain = decoded(TWO_CLASSES);
        assert_eq!(plain.labels(), [7, 7, 3, 3]);
        assert_eq!(plain.classes(), [3, 7]);
        assert_eq!(plain.pixels()[(1, 2)], 7.0);
        let dressed = format!(
            "\u{feff}a,b,c,d,label\r\n\r\n{}",
            TWO_CLASSES.replace("3,4,7", " 3.0 ,\"4\",7.0")
        );
        assert_eq!(decoded(&dressed), plain);
        assert_eq!(Images::decode(&zipped(TWO_CLASSES), None).unwrap(), plain);
        let wide = Images::decode(TWO_CLASSES.as_bytes(), Some(4)).unwrap();
        assert_eq!((wide.width(), wide.height()), (4, 1));
    }

    #[test]
    fn every_bad_value_is_named_with_its_place() {
        let with = |bad: &str| refusal(&TWO_CLASSES.replace("7,8,7", bad));
        assert_eq!(with("8,7"), "line 2 has 4 fields, where line 1 has 5");
        assert_eq!(with("x,8,7"), "line 2, column \"3\": \"x\" is not a number");
        assert_eq!(with("7,,7"), "line 2, column \"4\": there is no value");
        assert_eq!(with("7,8,"), "line 2, column \"5\": there is no value");
        for bad in ["inf", "-1e999"] {
            let refused = with(&format!("{bad},8,7"));
            assert!(refused.starts_with("line 2, column \"3\": "), "{refused}");
        }
        for bad in ["1.5", "-1", "256"] {
            let refused = with(&format!("7,8,{bad}"));
            assert!(refused.starts_with("line 2, column \"5\": "), "{refused}");
            assert!(
                refused.ends_with("a whole number from 0 to 255"),
                "{refused}"
            );
        }
        // Lines are those of the file, with its names and empty lines.
        let below = TWO_CLASSES.replace("1,2,3,4,7", "a,b,c,d,e\n\n1,2,3,?,7");
        assert_eq!(refusal(&below), "line 3, column \"d\": there is no value");
        let long = refusal(&TWO_CLASSES.replace("1,2", &"y".repeat(1000)));
        assert!(long.len() < 120, "{long}");
    }

    #[test]
    fn tables_that_hold_no_images_are_refused() {
        assert_eq!(refusal(""), "the table is empty");
        assert!(refusal("a,b,c\n").starts_with("there are no rows"));
        assert!(refusal("1\n2\n").starts_with("there is one column only"));
        assert!(refusal("1,2,0\n1,2,0\n1,2,1\n1,2,1\n").starts_with("2 pixels do not make"));
        assert!(refusal(&TWO_CLASSES[..30]).starts_with("only line 3 has the label 3"));
        assert!(refusal(&TWO_CLASSES[..20]).starts_with("all images have the label 7"));
        for width in [0, 3, 5] {
            let refused = Images::decode(TWO_CLASSES.as_bytes(), Some(width)).unwrap_err();
            assert!(matches!(refused, ImagesError::Width { .. }), "{refused}");
        }
        let refused = Images::decode(b"1,2\n\xff\xfe", None).unwrap_err();
        assert_eq!(refused.to_string(), "line 2 is not UTF-8 text");
    }

    #[test]
    fn files_that_cannot_be_read_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let read = |name: &str| Images::read(&folder.path().join(name), None);
        assert_eq!(read("").unwrap_err().to_string(), "it is a folder");
        assert_eq!(
            read("nothing.csv").unwrap_err().to_string(),
            "there is no such file"
        );
        let bytes = zipped(&TWO_CLASSES.repeat(100));
        for (name, part) in [
            ("whole.csv.gz", bytes.len()),
            ("cut.csv.gz", bytes.len() - 9),
            ("stub", 2),
        ] {
            std::fs::write(folder.path().join(name), &bytes[..part]).unwrap();
        }
        assert_eq!(read("whole.csv.gz").unwrap().labels().len(), 400);
        for name in ["cut.csv.gz", "stub"] {
            let refused = read(name).unwrap_err();
            assert!(matches!(refused, ImagesError::Compression(_)), "{refused}");
        }
    }
}
