//! Apache Parquet, batch by batch.

use std::fs::File;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float64Type, Schema, SchemaRef};
use bytes::Bytes;
use ndarray::{Array2, ArrayView2, ShapeBuilder};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::arrow::arrow_writer::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::ChunkReader;

use crate::block::{Block, Lines, Texts};
use crate::error::{TableError, shown};
use crate::kind::Type;
use crate::number::number;
use crate::wanted::{Columns, Kind};

/// Values of a batch, about.
const VALUES: usize = 1 << 20;

type Batches = Box<dyn Iterator<Item = Result<RecordBatch, arrow::error::ArrowError>> + Send>;

/// A file whose schema was read.
pub(crate) struct Parquet {
    schema: SchemaRef,
    n_rows: usize,
    /// Batches of the columns at these places, of so many rows at most.
    batches: Box<dyn FnOnce(Vec<usize>, usize) -> Result<Batches, TableError> + Send>,
}

impl Parquet {
    pub(crate) fn of_file(file: File) -> Result<Self, TableError> {
        Self::of(file)
    }

    pub(crate) fn of_bytes(bytes: Vec<u8>) -> Result<Self, TableError> {
        Self::of(Bytes::from(bytes))
    }

    fn of(input: impl ChunkReader + 'static) -> Result<Self, TableError> {
        let builder =
            ParquetRecordBatchReaderBuilder::try_new(input).map_err(|e| unreadable(&e))?;
        let n_rows = builder.metadata().file_metadata().num_rows();
        let n_rows = usize::try_from(n_rows).unwrap_or_default();
        if n_rows == 0 || builder.schema().fields().is_empty() {
            return Err(TableError::Empty);
        }
        Ok(Self {
            schema: builder.schema().clone(),
            n_rows,
            batches: Box::new(move |columns, n_rows| {
                let columns = ProjectionMask::roots(builder.parquet_schema(), columns);
                let builder = builder.with_projection(columns).with_batch_size(n_rows);
                let batches: ParquetRecordBatchReader =
                    builder.build().map_err(|e| unreadable(&e))?;
                Ok(Box::new(batches))
            }),
        })
    }

    /// Names of the columns.
    pub(crate) fn names(&self) -> Vec<String> {
        let fields = self.schema.fields().iter();
        fields.map(|field| field.name().trim().to_owned()).collect()
    }

    /// What the columns hold.
    pub(crate) fn kinds(&self) -> Vec<Kind> {
        let kind = |field: &Arc<Field>| match is_number(field.data_type()) {
            true => Kind::Number,
            false => Kind::Text,
        };
        self.schema.fields().iter().map(kind).collect()
    }

    /// The rows of these columns.
    ///
    /// # Errors
    /// A column of texts that is wanted as numbers.
    pub(crate) fn blocks(self, columns: Columns) -> Result<ParquetBlocks, TableError> {
        for column in &columns.numbers {
            let field = self.schema.field(*column);
            if !is_number(field.data_type()) {
                return Err(TableError::NotNumbers {
                    column: shown(field.name()),
                    form: shown(&field.data_type().to_string()),
                });
            }
        }
        let mut read = [columns.numbers.as_slice(), &columns.texts].concat();
        read.sort_unstable();
        read.dedup();
        let rows_at_once = (VALUES / read.len().max(1)).max(1);
        Ok(ParquetBlocks {
            batches: (self.batches)(read.clone(), rows_at_once)?,
            names: self
                .schema
                .fields()
                .iter()
                .map(|f| f.name().clone())
                .collect(),
            columns,
            read,
            next_row: 0,
            n_rows: self.n_rows,
        })
    }
}

/// Whether values of a type are numbers, or truth values.
fn is_number(of: &DataType) -> bool {
    match of {
        DataType::Dictionary(_, values) => is_number(values),
        DataType::Boolean => true,
        other => other.is_numeric(),
    }
}

/// The rows of a file.
pub(crate) struct ParquetBlocks {
    batches: Batches,
    names: Vec<String>,
    columns: Columns,
    /// The columns of a batch by their places in the file.
    read: Vec<usize>,
    next_row: usize,
    n_rows: usize,
}

impl ParquetBlocks {
    /// The share of the rows that was read.
    pub(crate) fn share_read(&self) -> f64 {
        self.next_row as f64 / self.n_rows as f64
    }

    /// The next block; none at the end.
    pub(crate) fn next(&mut self) -> Option<Result<Block, TableError>> {
        let batch = match self.batches.next() {
            Some(batch) => batch,
            None if self.next_row == self.n_rows => return None,
            None => {
                self.next_row = self.n_rows;
                return Some(Err(TableError::CutShort));
            }
        };
        let block = batch
            .map_err(|e| unreadable(&e))
            .and_then(|b| self.block(&b));
        match &block {
            Ok(block) => self.next_row += block.n_rows(),
            Err(_) => {
                self.next_row = self.n_rows;
                self.batches = Box::new(std::iter::empty());
            }
        }
        Some(block)
    }

    fn block(&self, batch: &RecordBatch) -> Result<Block, TableError> {
        let n = batch.num_rows();
        let array = |column: &usize| {
            let place = self.read.partition_point(|read| read < column);
            batch.column(place)
        };
        let mut values = Vec::with_capacity(n * self.columns.numbers.len());
        for column in &self.columns.numbers {
            let start = values.len();
            values.extend(numbers_of(array(column))?);
            if let Some(row) = values[start..].iter().position(|v| v.is_infinite()) {
                return Err(TableError::Infinite {
                    row: self.next_row + row + 1,
                    column: shown(&self.names[*column]),
                });
            }
        }
        let texts = self
            .columns
            .texts
            .iter()
            .map(|column| texts_of(array(column)));
        let shape = (n, self.columns.numbers.len()).f();
        Ok(Block {
            first_row: self.next_row,
            lines: Lines::from(self.next_row + 1),
            numbers: Array2::from_shape_vec(shape, values).unwrap_or_default(),
            texts: texts.collect::<Result<_, _>>()?,
        })
    }
}

/// The numbers of an array, NaN where they are missing.
fn numbers_of(array: &ArrayRef) -> Result<Vec<f64>, TableError> {
    let numbers = cast(array, &DataType::Float64).map_err(|e| unreadable(&e))?;
    let numbers = numbers.as_primitive::<Float64Type>();
    Ok(match numbers.null_count() {
        0 => numbers.values().to_vec(),
        _ => numbers.iter().map(|v| v.unwrap_or(f64::NAN)).collect(),
    })
}

/// The values of an array as texts, empty where they are missing.
fn texts_of(array: &ArrayRef) -> Result<Texts, TableError> {
    if array.data_type().is_floating() {
        let text = |v: f64| if v.is_nan() { String::new() } else { number(v) };
        return Ok(numbers_of(array)?.into_iter().map(text).collect());
    }
    let texts = cast(array, &DataType::Utf8).map_err(|e| unreadable(&e))?;
    let texts = texts.as_string::<i32>();
    Ok(texts
        .iter()
        .map(|text| text.unwrap_or_default().trim())
        .collect())
}

fn unreadable(error: &dyn std::error::Error) -> TableError {
    TableError::Unreadable {
        form: "Parquet",
        why: shown(&error.to_string()),
    }
}

/// A file that is written to memory, to be taken away piece by piece.
pub(crate) struct ParquetWriter {
    schema: SchemaRef,
    types: Vec<Type>,
    writer: ArrowWriter<Vec<u8>>,
}

impl ParquetWriter {
    pub(crate) fn new(columns: &[(String, Type)]) -> Result<Self, TableError> {
        let field = |(name, kind): &(String, Type)| match kind {
            Type::Number => Field::new(name, DataType::Float64, true),
            Type::Text => Field::new(name, DataType::Utf8, true),
        };
        let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
        let compression = WriterProperties::builder().set_compression(Compression::SNAPPY);
        let properties = Some(compression.build());
        let writer = ArrowWriter::try_new(Vec::new(), schema.clone(), properties);
        Ok(Self {
            schema,
            types: columns.iter().map(|(_, kind)| *kind).collect(),
            writer: writer.map_err(|e| unwritten(&e))?,
        })
    }

    /// Takes rows, and gives the bytes that are ready.
    pub(crate) fn write(
        &mut self,
        numbers: ArrayView2<'_, f64>,
        texts: &[Texts],
    ) -> Result<Vec<u8>, TableError> {
        let mut columns = numbers.columns().into_iter();
        let mut texts = texts.iter();
        let array = |kind: &Type| -> ArrayRef {
            match kind {
                Type::Number => {
                    let seen = |v: f64| (!v.is_nan()).then_some(v);
                    let column = columns.next();
                    let values = column.iter().flatten().map(|v| seen(*v));
                    Arc::new(values.collect::<Float64Array>())
                }
                Type::Text => {
                    let seen = |text| Some(text).filter(|text: &&str| !text.is_empty());
                    let values = texts.next().into_iter().flat_map(Texts::iter).map(seen);
                    Arc::new(values.collect::<StringArray>())
                }
            }
        };
        let arrays = self.types.iter().map(array).collect();
        let batch = RecordBatch::try_new(self.schema.clone(), arrays).map_err(|e| unwritten(&e))?;
        self.writer.write(&batch).map_err(|e| unwritten(&e))?;
        Ok(std::mem::take(self.writer.inner_mut()))
    }

    /// The last bytes.
    pub(crate) fn finish(self) -> Result<Vec<u8>, TableError> {
        self.writer.into_inner().map_err(|e| unwritten(&e))
    }
}

fn unwritten(error: &dyn std::error::Error) -> TableError {
    TableError::File(gmm_files::FileError::Refused(shown(&error.to_string())))
}
