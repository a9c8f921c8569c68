//! Tables that are arrays of NumPy, block by block.

pub(crate) mod npy;
pub(crate) mod npz;

use std::io::{Read, Seek, SeekFrom};

use gmm_files::FileError;
use ndarray::{Array2, ShapeBuilder};

use crate::array::npy::{Header, fill};
use crate::block::{Block, Lines, Texts};
use crate::error::{TableError, shown};
use crate::number::number;
use crate::wanted::Columns;

/// Bytes of a block, about.
const BLOCK: usize = 4 << 20;

/// What one can go back in.
pub(crate) trait ReadSeek: Read + Seek + Send {}
impl<R: Read + Seek + Send> ReadSeek for R {}

/// Where the numbers are.
pub(crate) enum Data {
    /// One after the other from here on.
    Stream(Box<dyn Read + Send>),
    /// From this byte on.
    Seekable(Box<dyn ReadSeek>, u64),
}

/// An array whose header was read.
pub(crate) struct Array {
    header: Header,
    n_rows: usize,
    n_columns: usize,
    data: Data,
}

impl Array {
    /// An array with the numbers that follow its header.
    pub(crate) fn new(header: Header, data: Data) -> Result<Self, TableError> {
        let (n_rows, n_columns) = header.dim()?;
        if n_rows == 0 || n_columns == 0 {
            return Err(TableError::Empty);
        }
        let size = header.elements.size;
        let n_bytes = n_rows
            .checked_mul(n_columns)
            .and_then(|n| n.checked_mul(size));
        if n_bytes.is_none_or(|n| i64::try_from(n).is_err()) {
            return Err(TableError::CutShort);
        }
        // Columns that are stored one after the other are gone back to for every block.
        let data = match data {
            Data::Stream(input) if header.is_by_column && n_columns > 1 => {
                let bytes = gmm_files::read_from(input)?;
                Data::Seekable(Box::new(std::io::Cursor::new(bytes)), 0)
            }
            data => data,
        };
        Ok(Self {
            header,
            n_rows,
            n_columns,
            data,
        })
    }

    /// Bytes of header and numbers.
    pub(crate) fn n_bytes(&self) -> u64 {
        let n = self.n_rows * self.n_columns * self.header.elements.size;
        self.header.length + n as u64
    }

    pub(crate) fn n_columns(&self) -> usize {
        self.n_columns
    }

    /// The rows of these columns.
    pub(crate) fn blocks(self, names: Vec<String>, columns: Columns) -> ArrayBlocks {
        let row = self.header.elements.size * self.n_columns;
        ArrayBlocks {
            names,
            columns,
            rows_at_once: (BLOCK / row).max(1),
            next_row: 0,
            array: self,
            bytes: Vec::new(),
        }
    }
}

/// The blocks of an array.
pub(crate) struct ArrayBlocks {
    names: Vec<String>,
    columns: Columns,
    rows_at_once: usize,
    next_row: usize,
    array: Array,
    bytes: Vec<u8>,
}

impl ArrayBlocks {
    /// Bytes read so far.
    pub(crate) fn n_read(&self) -> u64 {
        let row = self.array.header.elements.size * self.array.n_columns;
        self.array.header.length + (self.next_row * row) as u64
    }

    /// The next block; none at the end.
    pub(crate) fn next(&mut self) -> Option<Result<Block, TableError>> {
        let first = self.next_row;
        let n = self.rows_at_once.min(self.array.n_rows - first);
        if n == 0 {
            return None;
        }
        let block = self.block(first, n);
        self.next_row = match block {
            Ok(_) => first + n,
            Err(_) => self.array.n_rows,
        };
        Some(block)
    }

    fn block(&mut self, first: usize, n: usize) -> Result<Block, TableError> {
        if !self.array.header.is_by_column || self.array.n_columns == 1 {
            self.fill(None, n * self.array.n_columns)?;
        }
        let mut values = Vec::with_capacity(n * self.columns.numbers.len());
        for place in 0..self.columns.numbers.len() {
            let column = self.columns.numbers[place];
            values.extend(self.column(column, first, n)?);
            let start = values.len() - n;
            if let Some(row) = values[start..].iter().position(|v| v.is_infinite()) {
                return Err(TableError::Infinite {
                    row: first + row + 1,
                    column: shown(&self.names[column]),
                });
            }
        }
        let mut texts = Vec::with_capacity(self.columns.texts.len());
        for place in 0..self.columns.texts.len() {
            let values = self.column(self.columns.texts[place], first, n)?;
            let text = |v: f64| if v.is_nan() { String::new() } else { number(v) };
            texts.push(values.into_iter().map(text).collect::<Texts>());
        }
        let shape = (n, self.columns.numbers.len()).f();
        Ok(Block {
            first_row: first,
            lines: Lines::from(first + 1),
            numbers: Array2::from_shape_vec(shape, values).unwrap_or_default(),
            texts,
        })
    }

    /// Some values of a column.
    fn column(&mut self, column: usize, first: usize, n: usize) -> Result<Vec<f64>, TableError> {
        let (elements, n_columns) = (self.array.header.elements, self.array.n_columns);
        let (start, step) = if self.array.header.is_by_column && n_columns > 1 {
            self.fill(Some(column * self.array.n_rows + first), n)?;
            (0, 1)
        } else {
            (column, n_columns)
        };
        let value = |bytes: &[u8]| elements.value(bytes);
        let elements = self.bytes.chunks_exact(elements.size);
        Ok(elements.skip(start).step_by(step).map(value).collect())
    }

    /// Reads so many elements, from the one at `at` on or from where reading stopped.
    fn fill(&mut self, at: Option<usize>, n: usize) -> Result<(), TableError> {
        let size = self.array.header.elements.size;
        self.bytes.resize(n * size, 0);
        match (&mut self.array.data, at) {
            (Data::Seekable(input, start), Some(at)) => {
                let place = SeekFrom::Start(*start + (at * size) as u64);
                input.seek(place).map_err(FileError::from)?;
                fill(input, &mut self.bytes)
            }
            (Data::Seekable(input, _), None) => fill(input, &mut self.bytes),
            (Data::Stream(input), _) => fill(input, &mut self.bytes),
        }
    }
}
