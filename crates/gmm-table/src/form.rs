//! Forms of files, told by their first bytes.

use std::path::Path;

use crate::array::npy;
use crate::error::TableError;

/// Bytes that tell a form.
pub(crate) const LONGEST_MAGIC: usize = 8;

/// A form that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    Npy,
    Npz,
    Parquet,
}

const UNPACK: &str = "unpack it first";
const RECODE: &str = "save it as UTF-8";
const SAVE: &str = "save the table as CSV";

/// First bytes of what is not read, its name, and what can be done.
const FOREIGN: [(&[u8], &str, &str); 13] = [
    (b"\x1f\x8b", "compressed with gzip", UNPACK),
    (b"BZh", "compressed with bzip2", UNPACK),
    (b"\xfd7zXZ\0", "compressed with xz", UNPACK),
    (b"\x28\xb5\x2f\xfd", "compressed with Zstandard", UNPACK),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "an old spreadsheet or document",
        SAVE,
    ),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", SAVE),
    (
        b"ARROW1",
        "an Arrow file",
        "save the table as Parquet or CSV",
    ),
    (b"SQLite f", "a database of SQLite", SAVE),
    (b"%PDF-", "a PDF document", SAVE),
    (b"\x89PNG", "a picture", SAVE),
    (b"\xff\xd8\xff", "a picture", SAVE),
    (b"\xff\xfe", "text in UTF-16", RECODE),
    (b"\xfe\xff", "text in UTF-16", RECODE),
];

impl Form {
    /// The form of a file by its first bytes.
    ///
    /// # Errors
    /// [`TableError::Empty`], [`TableError::Foreign`]; [`TableError::Misnamed`] where its ending says something else.
    pub(crate) fn of(bytes: &[u8], path: Option<&Path>) -> Result<Self, TableError> {
        if let Some((_, form, advice)) = FOREIGN.iter().find(|(m, ..)| bytes.starts_with(m)) {
            return Err(TableError::Foreign { form, advice });
        }
        if bytes.is_empty() {
            return Err(TableError::Empty);
        }
        let form = match bytes {
            _ if bytes.starts_with(npy::MAGIC) => Self::Npy,
            [b'P', b'K', 3 | 5, 4 | 6, ..] => Self::Npz,
            _ if bytes.starts_with(b"PAR1") => Self::Parquet,
            _ => Self::Text,
        };
        let named = path.and_then(Self::named).unwrap_or(form);
        if named == form {
            return Ok(form);
        }
        Err(TableError::Misnamed {
            wanted: named.name(),
            found: form.name(),
        })
    }

    /// The form that a file's ending says, if it says any.
    fn named(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_string_lossy().to_lowercase();
        match ending.as_str() {
            "csv" | "tsv" | "tab" | "txt" => Some(Self::Text),
            "npy" => Some(Self::Npy),
            "npz" => Some(Self::Npz),
            "parquet" | "pq" => Some(Self::Parquet),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Text => "a text table",
            Self::Npy => "an NPY file",
            Self::Npz => "an NPZ file",
            Self::Parquet => "a Parquet file",
        }
    }
}
