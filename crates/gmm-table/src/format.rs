//! What is said of a file before it is read.

use crate::error::TableError;

/// How a file is to be read. What is not said is guessed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Format {
    /// What parts fields of text.
    pub delimiter: Option<u8>,
    /// Whether the first line of text names the columns.
    pub header: Option<bool>,
    /// Words of text for missing values beside those that always are: in any case, and before numbers, so that `-999`
    /// may be one.
    pub missing: Vec<String>,
    /// Which table of a file that holds several: the name of an entry of an NPZ file.
    pub entry: Option<String>,
}

impl Format {
    /// Refuses what cannot part fields.
    pub(crate) fn check(&self) -> Result<(), TableError> {
        match self.delimiter {
            Some(byte) if !byte.is_ascii() || matches!(byte, b'"' | b'\n' | b'\r' | 0) => {
                Err(TableError::Delimiter { byte })
            }
            _ => Ok(()),
        }
    }
}
