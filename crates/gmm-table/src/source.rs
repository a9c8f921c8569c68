//! Tables that were opened.

use std::fmt;
use std::io::{Cursor, Read};
use std::path::Path;

use crate::block::Block;
use crate::error::TableError;
use crate::field::Meaning;
use crate::format::Format;
use crate::text::{Text, TextBlocks};
use crate::wanted::{Columns, Kind, Wanted};

/// The path that stands for standard input.
const STANDARD_INPUT: &str = "-";

/// Is told of bytes read, and of how many there are where that is known.
pub type Observe<'o> = &'o dyn Fn(u64, Option<u64>);

/// A table whose columns are known and whose rows are still to be read.
pub struct Source {
    text: Text,
    /// Bytes in all.
    n_bytes: Option<u64>,
}

impl Source {
    /// Opens a file, or standard input for the path `-`, and looks at its beginning.
    ///
    /// # Errors
    /// A file that is missing, a folder or not readable; a beginning that is no table's. The path is not part of the
    /// message.
    pub fn open(path: &Path, format: &Format) -> Result<Self, TableError> {
        if path.as_os_str() == STANDARD_INPUT {
            return Self::new(Box::new(std::io::stdin()), None, format);
        }
        let file = gmm_files::open(path)?;
        let metadata = file.metadata().ok().filter(std::fs::Metadata::is_file);
        Self::new(Box::new(file), metadata.map(|m| m.len()), format)
    }

    /// Opens what would be the bytes of a file.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn from_bytes(bytes: impl Into<Vec<u8>>, format: &Format) -> Result<Self, TableError> {
        let bytes = bytes.into();
        let n_bytes = bytes.len() as u64;
        Self::new(Box::new(Cursor::new(bytes)), Some(n_bytes), format)
    }

    fn new(
        input: Box<dyn Read + Send>,
        n_bytes: Option<u64>,
        format: &Format,
    ) -> Result<Self, TableError> {
        Ok(Self {
            text: Text::open(input, format)?,
            n_bytes,
        })
    }

    /// Blocks of about so many bytes of text.
    #[cfg(test)]
    pub(crate) fn in_chunks_of(mut self, bytes: usize) -> Self {
        self.text = self.text.in_chunks_of(bytes);
        self
    }

    /// Names of the columns, from left to right.
    pub fn names(&self) -> &[String] {
        &self.text.head.names
    }

    /// Whether the first line names the columns.
    pub fn has_header(&self) -> bool {
        self.text.head.has_header
    }

    /// What its fields mean.
    pub(crate) fn meaning(&self) -> Meaning {
        self.text.meaning.clone()
    }

    /// The rows, in blocks of a size that is the source's to choose, in the order of the file.
    ///
    /// A column that [`Wanted::all_numeric`] takes and that has no value in the first 4 MiB is read as numbers; text in
    /// it is refused. After an error there are no more blocks.
    ///
    /// # Errors
    /// [`TableError::UnknownColumn`].
    pub fn blocks<'o>(
        self,
        wanted: &Wanted,
        observe: Observe<'o>,
    ) -> Result<Blocks<'o>, TableError> {
        self.blocks_of(wanted, observe, true)
    }

    /// The same, where a column may turn out to be texts further down and be left out in the end, or may not.
    pub(crate) fn blocks_of<'o>(
        self,
        wanted: &Wanted,
        observe: Observe<'o>,
        refuses_text: bool,
    ) -> Result<Blocks<'o>, TableError> {
        let head = &self.text.head;
        let columns = wanted.columns(&head.names, &head.kinds)?;
        let of = |places: &[usize]| places.iter().map(|c| head.names[*c].clone()).collect();
        Ok(Blocks {
            number_names: of(&columns.numbers),
            text_names: of(&columns.texts),
            columns: columns.clone(),
            rows: self.text.blocks(columns, refuses_text),
            n_bytes: self.n_bytes,
            observe,
        })
    }
}

/// The rows of a table, block by block.
pub struct Blocks<'o> {
    number_names: Vec<String>,
    text_names: Vec<String>,
    columns: Columns,
    rows: TextBlocks,
    n_bytes: Option<u64>,
    observe: Observe<'o>,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Source");
        shown.field("names", &self.names()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Blocks<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Blocks");
        shown.field("numbers", &self.number_names);
        shown
            .field("texts", &self.text_names)
            .finish_non_exhaustive()
    }
}

impl Blocks<'_> {
    /// Names of the columns of numbers.
    pub fn number_names(&self) -> &[String] {
        &self.number_names
    }

    /// Names of the columns of texts.
    pub fn text_names(&self) -> &[String] {
        &self.text_names
    }

    /// The columns that are read.
    pub(crate) fn columns(&self) -> &Columns {
        &self.columns
    }

    /// What each column of numbers holds by its first value so far.
    pub(crate) fn kinds(&self) -> &[Kind] {
        self.rows.kinds()
    }
}

impl Iterator for Blocks<'_> {
    type Item = Result<Block, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.rows.next();
        (self.observe)(self.rows.n_read(), self.n_bytes);
        next
    }
}
