//! Tables going out, block by block.

use std::fmt;
use std::io::{Seek, SeekFrom, Write};
use std::ops::Range;

use csv::WriterBuilder;
use gmm_files::{FileError, reason};
use ndarray::ArrayView2;
use rayon::prelude::*;

use crate::array::npy;
use crate::block::Texts;
use crate::columnar::ParquetWriter;
use crate::error::{TableError, shown};
use crate::kind::{Kind, Type};
use crate::number::{distinct, number};

/// Rows that a thread writes at a time.
const ROWS_AT_ONCE: usize = 4096;

/// Writes a table block by block, with the memory of a block.
///
/// Numbers are written as [`number`] does, to be read as the same. A name that is there already gets a number.
pub struct Writer<'w> {
    layout: Layout,
    parquet: Option<ParquetWriter>,
    out: Out<'w>,
    n_rows: usize,
}

/// How rows look.
#[derive(Debug)]
struct Layout {
    kind: Kind,
    /// Names and types of the columns.
    columns: Vec<(String, Type)>,
}

/// Where bytes go.
enum Out<'w> {
    Stream(Box<dyn Write + 'w>),
    Seekable(Box<dyn WriteSeek + 'w>),
}

trait WriteSeek: Write + Seek {}
impl<W: Write + Seek> WriteSeek for W {}

impl Out<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), TableError> {
        match self {
            Self::Stream(out) => out.write_all(bytes),
            Self::Seekable(out) => out.write_all(bytes),
        }
        .map_err(|e| refused(&e))
    }

    fn flush(&mut self) -> Result<(), TableError> {
        match self {
            Self::Stream(out) => out.flush(),
            Self::Seekable(out) => out.flush(),
        }
        .map_err(|e| refused(&e))
    }
}

fn refused(error: &std::io::Error) -> TableError {
    TableError::File(FileError::Refused(reason(error)))
}

impl<'w> Writer<'w> {
    /// Begins a table of these columns.
    ///
    /// # Errors
    /// What the target refuses; a kind that holds no texts, and [`Kind::Npy`], which tells the number of rows first, so
    /// that it needs [`seekable`](Self::seekable).
    pub fn new(
        kind: Kind,
        columns: &[(&str, Type)],
        out: impl Write + 'w,
    ) -> Result<Self, TableError> {
        if kind == Kind::Npy {
            return Err(TableError::NotSeekable);
        }
        Self::to(kind, columns, Out::Stream(Box::new(out)))
    }

    /// The same in a target that can be gone back in, a file or memory, from where it is now.
    ///
    /// # Errors
    /// What the target refuses; a kind that holds no texts.
    pub fn seekable(
        kind: Kind,
        columns: &[(&str, Type)],
        out: impl Write + Seek + 'w,
    ) -> Result<Self, TableError> {
        Self::to(kind, columns, Out::Seekable(Box::new(out)))
    }

    fn to(kind: Kind, columns: &[(&str, Type)], out: Out<'w>) -> Result<Self, TableError> {
        let names: Vec<String> = columns
            .iter()
            .map(|(name, _)| String::from(*name))
            .collect();
        let types = columns.iter().map(|(_, kind)| *kind);
        let columns = distinct(&names).into_iter().zip(types).collect();
        let layout = Layout { kind, columns };
        let head = match kind {
            Kind::Csv | Kind::Tsv => {
                let names = layout.columns.iter().map(|(name, _)| name.as_str());
                delimited(layout.delimiter(), |record| record.write(names))
            }
            Kind::Json => Vec::from(b"["),
            Kind::Npy => {
                let text = layout.columns.iter().find(|(_, kind)| *kind == Type::Text);
                if let Some((column, _)) = text {
                    let column = shown(column);
                    return Err(TableError::NumbersOnly { column });
                }
                npy::header(0, layout.columns.len())
            }
            // It begins with its first rows.
            Kind::Parquet => Vec::new(),
        };
        let parquet = (kind == Kind::Parquet).then(|| ParquetWriter::new(&layout.columns));
        let mut writer = Self {
            layout,
            parquet: parquet.transpose()?,
            out,
            n_rows: 0,
        };
        writer.out.write(&head)?;
        Ok(writer)
    }

    /// Writes some rows: the numbers of the columns of numbers, rows × columns, and the texts of each of texts, in the
    /// order in which they were named.
    ///
    /// # Errors
    /// Numbers or texts that do not fit the columns or each other; what the target refuses.
    pub fn write(
        &mut self,
        numbers: ArrayView2<'_, f64>,
        texts: &[Texts],
    ) -> Result<(), TableError> {
        let n_rows = self.layout.checked(numbers, texts)?;
        if let Some(parquet) = &mut self.parquet {
            let bytes = parquet.write(numbers, texts)?;
            return self.out.write(&bytes);
        }
        let starts: Vec<usize> = (0..n_rows).step_by(ROWS_AT_ONCE).collect();
        let threads = rayon::current_num_threads();
        for starts in starts.chunks(4 * threads) {
            let (layout, is_first) = (&self.layout, self.n_rows == 0);
            let piece = |start: &usize| {
                let rows = *start..(start + ROWS_AT_ONCE).min(n_rows);
                layout.piece(numbers, texts, rows, is_first && *start == 0)
            };
            let pieces: Vec<Vec<u8>> = starts.par_iter().map(piece).collect();
            for bytes in pieces {
                self.out.write(&bytes)?;
            }
        }
        self.n_rows += n_rows;
        Ok(())
    }

    /// Ends the table.
    ///
    /// # Errors
    /// What the target refuses.
    pub fn finish(mut self) -> Result<(), TableError> {
        if let Some(parquet) = self.parquet.take() {
            self.out.write(&parquet.finish()?)?;
        }
        match (self.layout.kind, &mut self.out) {
            (Kind::Json, out) => out.write(b"\n]\n")?,
            (Kind::Npy, Out::Seekable(out)) => {
                let n_columns = self.layout.columns.len();
                let header = npy::header(self.n_rows, n_columns);
                let n_bytes = header.len() + 8 * self.n_rows * n_columns;
                let back = i64::try_from(n_bytes).unwrap_or(i64::MAX);
                out.seek(SeekFrom::Current(-back))
                    .and_then(|_| out.write_all(&header))
                    .and_then(|()| out.seek(SeekFrom::Current(back - header.len() as i64)))
                    .map_err(|e| refused(&e))?;
            }
            _ => {}
        }
        self.out.flush()
    }
}

impl Layout {
    fn delimiter(&self) -> u8 {
        if self.kind == Kind::Tsv { b'\t' } else { b',' }
    }

    /// How many rows there are.
    fn checked(&self, numbers: ArrayView2<'_, f64>, texts: &[Texts]) -> Result<usize, TableError> {
        let n_of = |wanted: Type| self.columns.iter().filter(|(_, t)| *t == wanted).count();
        let check = |what, expected, found| {
            let misfit = TableError::Misfit {
                what,
                expected,
                found,
            };
            if expected == found {
                Ok(())
            } else {
                Err(misfit)
            }
        };
        check("columns of numbers", n_of(Type::Number), numbers.ncols())?;
        check("columns of texts", n_of(Type::Text), texts.len())?;
        let n_rows = match texts.first() {
            Some(first) if numbers.ncols() == 0 => first.len(),
            _ => numbers.nrows(),
        };
        for texts in texts {
            check("rows", n_rows, texts.len())?;
        }
        Ok(n_rows)
    }

    /// Some rows as they are written.
    fn piece(
        &self,
        numbers: ArrayView2<'_, f64>,
        texts: &[Texts],
        rows: Range<usize>,
        is_first: bool,
    ) -> Vec<u8> {
        match self.kind {
            Kind::Json => self.objects(numbers, texts, rows, is_first),
            Kind::Npy => {
                let values = rows.flat_map(|row| numbers.row(row).to_vec());
                values.flat_map(f64::to_le_bytes).collect()
            }
            Kind::Csv | Kind::Tsv | Kind::Parquet => delimited(self.delimiter(), |record| {
                for row in rows {
                    self.fields(numbers, texts, row, |_, value| match value {
                        Value::Number(v) if v.is_nan() => record.field(""),
                        Value::Number(v) => record.field(&number(v)),
                        Value::Text(text) => record.field(text),
                    });
                    record.end();
                }
            }),
        }
    }

    /// Hands out the names and values of a row.
    fn fields(
        &self,
        numbers: ArrayView2<'_, f64>,
        texts: &[Texts],
        row: usize,
        mut take: impl FnMut(&str, Value<'_>),
    ) {
        let (mut j, mut texts) = (0, texts.iter());
        for (name, kind) in &self.columns {
            match kind {
                Type::Number => {
                    take(name, Value::Number(numbers[(row, j)]));
                    j += 1;
                }
                Type::Text => take(name, Value::Text(texts.next().map_or("", |t| t.get(row)))),
            }
        }
    }

    fn objects(
        &self,
        numbers: ArrayView2<'_, f64>,
        texts: &[Texts],
        rows: Range<usize>,
        is_first: bool,
    ) -> Vec<u8> {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let mut all = String::new();
        let mut before = if is_first { "\n{" } else { ",\n{" };
        for row in rows {
            all += std::mem::replace(&mut before, ",\n{");
            let mut between = "";
            self.fields(numbers, texts, row, |name, value| {
                let value = match value {
                    Value::Number(v) if v.is_finite() => number(v),
                    Value::Text(text) if !text.is_empty() => quoted(text),
                    _ => String::from("null"),
                };
                all += &[between, &quoted(name), ":", &value].concat();
                between = ",";
            });
            all.push('}');
        }
        all.into_bytes()
    }
}

impl fmt::Debug for Writer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Writer");
        shown.field("layout", &self.layout).finish_non_exhaustive()
    }
}

/// One value of a row.
enum Value<'v> {
    Number(f64),
    Text(&'v str),
}

/// Records of text on their way into memory, which does not refuse to be written to.
struct Record(csv::Writer<Vec<u8>>);

impl Record {
    fn field(&mut self, text: &str) {
        drop(self.0.write_field(text));
    }

    fn end(&mut self) {
        drop(self.0.write_record(None::<&[u8]>));
    }

    /// A whole record.
    fn write<T: AsRef<[u8]>>(&mut self, fields: impl IntoIterator<Item = T>) {
        drop(self.0.write_record(fields));
    }
}

/// Text with delimiters: a field that has one, a quotation mark or a line break stands in quotation marks.
fn delimited(delimiter: u8, write: impl FnOnce(&mut Record)) -> Vec<u8> {
    let mut builder = WriterBuilder::new();
    builder.flexible(true).delimiter(delimiter);
    let mut record = Record(builder.from_writer(Vec::new()));
    write(&mut record);
    record.0.into_inner().unwrap_or_default()
}

/// A table as CSV text (RFC 4180, lines ending in `\n`): the names of the columns and then the rows. A field that
/// has a comma, a quotation mark or a line break stands in quotation marks. A name that is there already gets a
/// number, so that the table can be read again.
pub fn to_csv(names: &[String], rows: impl IntoIterator<Item = Vec<String>>) -> Vec<u8> {
    delimited(b',', |record| {
        record.write(distinct(names));
        rows.into_iter().for_each(|row| record.write(row));
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Table;

    #[test]
    fn what_is_written_is_read_again() {
        let names = ["a, b", "c"].map(String::from);
        let text = to_csv(&names, [vec![String::from("1.5"), String::from("-2e-3")]]);
        assert_eq!(text, b"\"a, b\",c\n1.5,-2e-3\n");
        let table = Table::from_bytes(&text).unwrap();
        assert_eq!(table.names(), names);
        assert_eq!(table.numbers(&names).unwrap().values()[(0, 1)], -2e-3);
    }
}
