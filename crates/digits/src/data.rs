//! Images with their labels.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use gmm_core::ndarray::Array2;

/// The 1797 images of slide 10, 8 × 8 grey levels in 0…16; credit in `assets/ATTRIBUTION.md`.
const SHIPPED: &[u8] = include_bytes!("../../../assets/digits/digits.csv.gz");

/// The longest file that is read, and the longest text that it may unpack to.
const LONGEST: u64 = 1 << 30;
const LARGEST_LABEL: usize = 255;
const GZIP: [u8; 2] = [0x1f, 0x8b];
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Why images cannot be read. Lines and columns are counted from 1.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImagesError {
    /// The file cannot be opened.
    #[error("{0}")]
    File(String),
    /// The file, or what it unpacks to, is too long.
    #[error("it is longer than {} MiB", LONGEST >> 20)]
    TooLong,
    /// Compressed data is cut short or damaged.
    #[error("the gzip data is cut short or damaged: {0}")]
    Compression(String),
    /// The bytes are not text.
    #[error("line {line} is not UTF-8 text")]
    NotText {
        /// Line of the first such byte.
        line: usize,
    },
    /// A row has more or fewer columns than the first.
    #[error("line {line} has {found} columns where the first row has {expected}")]
    Ragged {
        /// Line of the row.
        line: usize,
        /// Columns of the first row.
        expected: usize,
        /// Columns of this one.
        found: usize,
    },
    /// A value is not there.
    #[error("line {line}, column {column} is empty")]
    Missing {
        /// Line of the value.
        line: usize,
        /// Column of the value.
        column: usize,
    },
    /// A value is not a number.
    #[error("line {line}, column {column} is {found:?}, which is not a number")]
    NotANumber {
        /// Line of the value.
        line: usize,
        /// Column of the value.
        column: usize,
        /// What is there.
        found: String,
    },
    /// A value is NaN, or beyond what a number can hold.
    #[error("line {line}, column {column} is {found:?}, which is not a finite number")]
    NonFinite {
        /// Line of the value.
        line: usize,
        /// Column of the value.
        column: usize,
        /// What is there.
        found: String,
    },
    /// The last column holds what is no label.
    #[error(
        "line {line}, column {column} is {found:?}, but a label is a whole number from 0 to {LARGEST_LABEL}"
    )]
    Label {
        /// Line of the label.
        line: usize,
        /// Column of the label.
        column: usize,
        /// What is there.
        found: String,
    },
    /// There are no images.
    #[error("there are no rows of numbers")]
    NoRows,
    /// There is but one column.
    #[error("line {line} has one column only; before the label stand the pixels")]
    NoPixels {
        /// Line of the first row.
        line: usize,
    },
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
    /// Each line is an image: its pixels row by row, then its label, separated by commas. A first line without
    /// any number is taken for the columns' names; empty lines are passed over. Without a `width`, in pixels,
    /// images are square.
    ///
    /// # Errors
    /// A file that is missing, unreadable, a folder or longer than 1 GiB, compressed data that is cut short, and
    /// every value and shape that makes no images, with its line and column.
    pub fn read(path: &Path, width: Option<usize>) -> Result<Self, ImagesError> {
        if path.is_dir() {
            return Err(ImagesError::File(String::from("it is a folder")));
        }
        let file = |e: std::io::Error| match e.kind() {
            ErrorKind::NotFound => ImagesError::File(String::from("there is no such file")),
            ErrorKind::PermissionDenied => ImagesError::File(String::from("permission denied")),
            _ => ImagesError::File(one_line(&e.to_string())),
        };
        let opened = File::open(path).map_err(file)?;
        Self::decode(&limited(opened, file)?, width)
    }

    /// Reads the bytes of such a file.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn decode(bytes: &[u8], width: Option<usize>) -> Result<Self, ImagesError> {
        if bytes.starts_with(&GZIP) {
            let damaged = |e: std::io::Error| ImagesError::Compression(one_line(&e.to_string()));
            return Self::parse(&limited(MultiGzDecoder::new(bytes), damaged)?, width);
        }
        Self::parse(bytes, width)
    }

    fn parse(bytes: &[u8], width: Option<usize>) -> Result<Self, ImagesError> {
        let text = std::str::from_utf8(bytes).map_err(|e| ImagesError::NotText {
            line: 1 + bytes[..e.valid_up_to()]
                .iter()
                .filter(|b| **b == b'\n')
                .count(),
        })?;
        let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        let mut lines = (1..)
            .zip(text.lines())
            .filter(|(_, l)| !l.trim().is_empty())
            .peekable();
        lines.next_if(|(_, l)| fields(l).all(is_name));
        let Some(&(line, first)) = lines.peek() else {
            return Err(ImagesError::NoRows);
        };
        let n_columns = fields(first).count();
        let n_pixels = n_columns - 1;
        if n_pixels == 0 {
            return Err(ImagesError::NoPixels { line });
        }
        let (mut pixels, mut labels, mut line_of) = (Vec::new(), Vec::new(), Vec::new());
        for (line, text) in lines {
            let found = fields(text).count();
            if found != n_columns {
                return Err(ImagesError::Ragged {
                    line,
                    expected: n_columns,
                    found,
                });
            }
            for (column, field) in (1..).zip(fields(text)) {
                if column <= n_pixels {
                    pixels.push(number(field, line, column)?);
                } else {
                    labels.push(label(field, line, column)?);
                }
            }
            line_of.push(line);
        }
        let classes = classes(&labels, &line_of)?;
        let (width, height) = shape(n_pixels, width)?;
        let pixels = Array2::from_shape_vec((labels.len(), n_pixels), pixels)
            .map_err(|_| ImagesError::TooLong)?;
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

    /// The labels that occur, in rising order: class c has the label `classes()[c]`.
    pub fn classes(&self) -> &[usize] {
        &self.classes
    }
}

/// All bytes of a source that is not too long.
fn limited(
    source: impl Read,
    refusal: impl Fn(std::io::Error) -> ImagesError,
) -> Result<Vec<u8>, ImagesError> {
    let mut bytes = Vec::new();
    // One byte more than is allowed, to see that it is too many.
    source
        .take(LONGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(refusal)?;
    if bytes.len() as u64 > LONGEST {
        return Err(ImagesError::TooLong);
    }
    Ok(bytes)
}

/// The fields of a line, without the space and the quotation marks around them.
fn fields(line: &str) -> impl Iterator<Item = &str> {
    line.split(',').map(|field| {
        let field = field.trim();
        let unquoted = field.strip_prefix('"').and_then(|f| f.strip_suffix('"'));
        unquoted.map_or(field, str::trim)
    })
}

fn is_name(field: &str) -> bool {
    !field.is_empty() && field.parse::<f64>().is_err()
}

fn number(field: &str, line: usize, column: usize) -> Result<f64, ImagesError> {
    if field.is_empty() {
        return Err(ImagesError::Missing { line, column });
    }
    match field.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        Ok(_) => Err(ImagesError::NonFinite {
            line,
            column,
            found: excerpt(field),
        }),
        Err(_) => Err(ImagesError::NotANumber {
            line,
            column,
            found: excerpt(field),
        }),
    }
}

fn label(field: &str, line: usize, column: usize) -> Result<usize, ImagesError> {
    let value = number(field, line, column)?;
    if value.fract() == 0.0 && (0.0..=LARGEST_LABEL as f64).contains(&value) {
        Ok(value as usize)
    } else {
        Err(ImagesError::Label {
            line,
            column,
            found: excerpt(field),
        })
    }
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

/// The beginning of a field, for a message.
fn excerpt(field: &str) -> String {
    const LONGEST_EXCERPT: usize = 20;
    let mut letters = field.chars();
    let mut excerpt: String = letters.by_ref().take(LONGEST_EXCERPT).collect();
    if letters.next().is_some() {
        excerpt.push('…');
    }
    excerpt
}

fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
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
        assert_eq!(
            with("8,7"),
            "line 2 has 4 columns where the first row has 5"
        );
        assert_eq!(
            with("x,8,7"),
            "line 2, column 3 is \"x\", which is not a number"
        );
        assert_eq!(with("7,,7"), "line 2, column 4 is empty");
        assert_eq!(with("7,8,"), "line 2, column 5 is empty");
        for bad in ["nan", "inf", "-1e999"] {
            let refused = with(&format!("{bad},8,7"));
            assert!(refused.starts_with("line 2, column 3 is"), "{refused}");
            assert!(refused.ends_with("not a finite number"), "{refused}");
        }
        for bad in ["1.5", "-1", "256"] {
            let refused = with(&format!("7,8,{bad}"));
            assert!(refused.starts_with("line 2, column 5 is"), "{refused}");
            assert!(
                refused.ends_with("a whole number from 0 to 255"),
                "{refused}"
            );
        }
        // Lines are those of the file, with its names and empty lines.
        let below = TWO_CLASSES.replace("1,2,3,4,7", "a,b,c,d,e\n\n1,2,3,?,7");
        assert!(refusal(&below).starts_with("line 3, column 4 is \"?\""));
        let long = refusal(&TWO_CLASSES.replace("1,2", &"y".repeat(1000)));
        assert!(long.len() < 120, "{long}");
    }

    #[test]
    fn tables_that_hold_no_images_are_refused() {
        assert_eq!(refusal(""), "there are no rows of numbers");
        assert_eq!(refusal("a,b,c\n"), "there are no rows of numbers");
        assert!(refusal("1\n2\n").starts_with("line 1 has one column"));
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
