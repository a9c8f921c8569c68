//! Forms of files that are written.

use std::path::Path;

use crate::error::{TableError, shown};

/// The form of a file that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Text with commas (RFC 4180), lines ending in `\n`; what is missing is an empty field.
    Csv,
    /// The same with tabs.
    Tsv,
    /// An array of records, each an object on a line of its own; what is missing or infinite is null.
    Json,
    /// NumPy's array of `f64`, rows × columns: numbers only, without their names; what is missing is NaN.
    Npy,
    /// Apache Parquet; what is missing is null. Needs the feature `parquet`.
    Parquet,
}

impl Kind {
    /// The kind that a file's ending says, in any case.
    ///
    /// # Errors
    /// [`TableError::UnknownKind`].
    pub fn of(path: &Path) -> Result<Self, TableError> {
        let ending = path.extension().unwrap_or_default().to_string_lossy();
        match ending.to_lowercase().as_str() {
            "csv" | "txt" => Ok(Self::Csv),
            "tsv" | "tab" => Ok(Self::Tsv),
            "json" => Ok(Self::Json),
            "npy" => Ok(Self::Npy),
            "parquet" | "pq" => Ok(Self::Parquet),
            _ => Err(TableError::UnknownKind {
                ending: shown(&ending),
            }),
        }
    }
}

/// What a column holds that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// Numbers, NaN where they are missing.
    Number,
    /// Texts, empty where they are missing.
    Text,
}
