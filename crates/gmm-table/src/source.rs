//! Tables that were opened.

use std::fmt;
use std::io::{Cursor, Read, Seek};
use std::path::Path;

use gmm_files::FileError;

use crate::array::npy::Header;
use crate::array::npz;
use crate::array::{Array, ArrayBlocks, Data, ReadSeek};
use crate::block::Block;
use crate::columnar::{Parquet, ParquetBlocks};
use crate::error::TableError;
use crate::form::{Form, LONGEST_MAGIC};
use crate::format::Format;
use crate::text::field::Meaning;
use crate::text::head::check_distinct;
use crate::text::{Text, TextBlocks};
use crate::wanted::{Columns, Kind, Wanted, place};

/// The path that stands for standard input.
const STANDARD_INPUT: &str = "-";

/// Is told of bytes read, and of how many there are where that is known.
pub type Observe<'o> = &'o dyn Fn(u64, Option<u64>);

/// A table whose columns are known and whose rows are still to be read.
pub struct Source {
    names: Vec<String>,
    has_header: bool,
    /// What each column holds, as far as is known.
    kinds: Vec<Kind>,
    meaning: Meaning,
    input: Input,
    /// Bytes in all.
    n_bytes: Option<u64>,
}

/// A table in one of the forms.
enum Input {
    Text(Text),
    Array(Array),
    Parquet(Parquet),
}

/// Its rows.
enum Rows {
    Text(TextBlocks),
    Array(ArrayBlocks),
    Parquet(ParquetBlocks),
}

impl Source {
    /// Opens a file, or standard input for the path `-`, and looks at its beginning.
    ///
    /// A file whose first bytes say so is NPY, NPZ or Parquet; any other is text. Where one must go back and forth in
    /// it, standard input and pipes are read whole first, up to 1 GiB.
    ///
    /// # Errors
    /// A file that is missing, a folder or not readable; that is none of the form that its ending says; a beginning
    /// that is no table's. The path is not part of the message.
    pub fn open(path: &Path, format: &Format) -> Result<Self, TableError> {
        if path.as_os_str() == STANDARD_INPUT {
            return Self::stream(std::io::stdin(), format);
        }
        let mut file = gmm_files::open(path)?;
        let metadata = file.metadata().ok().filter(std::fs::Metadata::is_file);
        let Some(n_bytes) = metadata.map(|m| m.len()) else {
            // A pipe with a name.
            return Self::stream(file, format);
        };
        let mut start = Vec::new();
        let beginning = file.by_ref().take(LONGEST_MAGIC as u64);
        { beginning }
            .read_to_end(&mut start)
            .map_err(FileError::from)?;
        file.rewind().map_err(FileError::from)?;
        match Form::of(&start, Some(path))? {
            Form::Parquet => Self::parquet(Parquet::of_file(file)?, n_bytes),
            form => Self::new(form, Box::new(file), n_bytes, format),
        }
    }

    /// What can be read but once, from the beginning on.
    fn stream(mut input: impl Read + Send + 'static, format: &Format) -> Result<Self, TableError> {
        let mut start = Vec::new();
        let beginning = input.by_ref().take(LONGEST_MAGIC as u64);
        { beginning }
            .read_to_end(&mut start)
            .map_err(FileError::from)?;
        let form = Form::of(&start, None)?;
        let whole = Cursor::new(start).chain(input);
        if form == Form::Text {
            return Self::text(Box::new(whole), None, format);
        }
        Self::from_bytes(gmm_files::read_from(whole)?, format)
    }

    /// Opens what would be the bytes of a file.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn from_bytes(bytes: impl Into<Vec<u8>>, format: &Format) -> Result<Self, TableError> {
        let bytes = bytes.into();
        let n_bytes = bytes.len() as u64;
        match Form::of(&bytes, None)? {
            Form::Parquet => Self::parquet(Parquet::of_bytes(bytes)?, n_bytes),
            form => Self::new(form, Box::new(Cursor::new(bytes)), n_bytes, format),
        }
    }

    fn new(
        form: Form,
        mut input: Box<dyn ReadSeek>,
        n_bytes: u64,
        format: &Format,
    ) -> Result<Self, TableError> {
        let array = match form {
            Form::Text | Form::Parquet => {
                return Self::text(Box::new(input), Some(n_bytes), format);
            }
            Form::Npz => npz::open(input, format.entry.as_deref())?,
            Form::Npy => {
                let header = Header::read(&mut input)?;
                let start = header.length;
                let array = Array::new(header, Data::Seekable(input, start))?;
                if array.n_bytes() > n_bytes {
                    return Err(TableError::CutShort);
                }
                array
            }
        };
        let n_columns = array.n_columns();
        Ok(Self {
            names: (1..=n_columns).map(|column| column.to_string()).collect(),
            has_header: false,
            kinds: vec![Kind::Number; n_columns],
            meaning: Meaning::default(),
            n_bytes: Some(array.n_bytes()),
            input: Input::Array(array),
        })
    }

    fn parquet(parquet: Parquet, n_bytes: u64) -> Result<Self, TableError> {
        let names = parquet.names();
        check_distinct(&names)?;
        Ok(Self {
            names,
            has_header: true,
            kinds: parquet.kinds(),
            meaning: Meaning::default(),
            input: Input::Parquet(parquet),
            n_bytes: Some(n_bytes),
        })
    }

    fn text(
        input: Box<dyn Read + Send>,
        n_bytes: Option<u64>,
        format: &Format,
    ) -> Result<Self, TableError> {
        let text = Text::open(input, format)?;
        Ok(Self {
            names: text.head.names.clone(),
            has_header: text.head.has_header,
            kinds: text.head.kinds.clone(),
            meaning: text.meaning.clone(),
            input: Input::Text(text),
            n_bytes,
        })
    }

    /// Blocks of about so many bytes of text.
    #[cfg(test)]
    pub(crate) fn in_chunks_of(mut self, bytes: usize) -> Self {
        if let Input::Text(text) = self.input {
            self.input = Input::Text(text.in_chunks_of(bytes));
        }
        self
    }

    /// Names of the columns, from left to right.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The name of the column that is called so or, where none is, that has this number from 1; spaces around it do not
    /// count.
    ///
    /// # Errors
    /// [`TableError::UnknownColumn`].
    pub fn name_of(&self, column: &str) -> Result<&str, TableError> {
        Ok(&self.names[place(column, &self.names)?])
    }

    /// Whether the first line names the columns.
    pub fn has_header(&self) -> bool {
        self.has_header
    }

    /// Whether it is text, in which words may stand for missing values.
    pub fn is_text(&self) -> bool {
        matches!(self.input, Input::Text(_))
    }

    /// What its fields mean.
    pub(crate) fn meaning(&self) -> Meaning {
        self.meaning.clone()
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
        let columns = wanted.columns(&self.names, &self.kinds)?;
        let of = |places: &[usize]| places.iter().map(|c| self.names[*c].clone()).collect();
        Ok(Blocks {
            number_names: of(&columns.numbers),
            text_names: of(&columns.texts),
            columns: columns.clone(),
            rows: match self.input {
                Input::Text(text) => Rows::Text(text.blocks(columns, refuses_text)),
                Input::Array(array) => Rows::Array(array.blocks(self.names, columns)),
                Input::Parquet(parquet) => Rows::Parquet(parquet.blocks(columns)?),
            },
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
    rows: Rows,
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
        match &self.rows {
            Rows::Text(rows) => rows.kinds(),
            Rows::Array(_) | Rows::Parquet(_) => &self.columns.kinds,
        }
    }
}

impl Iterator for Blocks<'_> {
    type Item = Result<Block, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (next, n_read) = match &mut self.rows {
            Rows::Text(rows) => (rows.next(), rows.n_read()),
            Rows::Array(rows) => (rows.next(), rows.n_read()),
            Rows::Parquet(rows) => {
                let n_bytes = self.n_bytes.unwrap_or_default() as f64;
                (rows.next(), (rows.share_read() * n_bytes) as u64)
            }
        };
        (self.observe)(n_read, self.n_bytes);
        next
    }
}
