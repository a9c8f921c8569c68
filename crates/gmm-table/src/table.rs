//! Tables that were read and what is asked of them.

use std::path::Path;

use gmm_core::{Rows, Tile};
use ndarray::{Array2, s};

use crate::block::Block;
use crate::error::{TableError, shown};
use crate::format::Format;
use crate::numbers::{Numbers, is_complete};
use crate::source::{Observe, Source};
use crate::text::field::{Field, Meaning, begins_numbers};
use crate::text::parse::refusal;
use crate::wanted::{Kind, Wanted, place};

/// What was read of a table: the numbers of some columns and the texts of others, at least one row of them.
///
/// The numbers are [`Rows`]: a fit reads them where they are. Columns of texts can be asked for numbers later.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    names: Vec<String>,
    has_header: bool,
    /// The columns of numbers and of texts, by their places among the names.
    numbers: Vec<usize>,
    texts: Vec<usize>,
    meaning: Meaning,
    n_rows: usize,
    blocks: Vec<Block>,
}

impl Source {
    /// All rows.
    ///
    /// A column that [`Wanted::all_numeric`] takes has at least one number in the end: one whose first value is a text
    /// is left out wherever that stands.
    ///
    /// # Errors
    /// [`TableError::UnknownColumn`]; what is no number where one is wanted, a row of another length than the first,
    /// and what else is wrong in the file, whichever is first in it.
    pub fn read(self, wanted: &Wanted, observe: Observe<'_>) -> Result<Table, TableError> {
        let (names, has_header) = (self.names().to_vec(), self.has_header());
        let meaning = self.meaning();
        let mut rest = self.blocks_of(wanted, observe, false)?;
        let mut blocks = Vec::new();
        for block in rest.by_ref() {
            blocks.push(block?);
        }
        let columns = rest.columns();
        let is_numeric = |kind: &Kind| wanted.names_numbers() || *kind == Kind::Number;
        let kept: Vec<usize> = (0..columns.numbers.len())
            .filter(|c| is_numeric(&rest.kinds()[*c]))
            .collect();
        let numbers = kept.iter().map(|c| columns.numbers[*c]).collect();
        if kept.len() < columns.numbers.len() {
            blocks.iter_mut().for_each(|block| block.keep(&kept));
        }
        Ok(Table {
            names,
            has_header,
            numbers,
            texts: columns.texts.clone(),
            meaning,
            n_rows: blocks.iter().map(Block::n_rows).sum(),
            blocks,
        })
    }
}

impl Table {
    /// Reads a file, all of it as texts.
    ///
    /// # Errors
    /// A file that is missing, a folder or not readable; else as [`from_bytes`](Self::from_bytes). The path is not
    /// part of the message.
    pub fn read(path: &Path) -> Result<Self, TableError> {
        Source::open(path, &Format::default())?.read(&Wanted::all_text(), &|_, _| {})
    }

    /// Reads the bytes of a file, all of it as texts.
    ///
    /// # Errors
    /// Bytes that are no UTF-8 text; a table without rows; a row with more or fewer fields than the first line; a
    /// quotation mark without a partner; two columns of one name; more than 65 536 columns.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TableError> {
        Source::from_bytes(bytes, &Format::default())?.read(&Wanted::all_text(), &|_, _| {})
    }

    /// Number of rows, the names not counted.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Number of columns of the file.
    pub fn n_columns(&self) -> usize {
        self.names.len()
    }

    /// Names of the columns of the file, from left to right.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Names of the columns that were read as numbers, in the order of [`Rows`].
    pub fn number_names(&self) -> Vec<String> {
        self.numbers
            .iter()
            .map(|c| self.names[*c].clone())
            .collect()
    }

    /// Names of the columns that were read as texts.
    pub fn text_names(&self) -> Vec<String> {
        self.texts.iter().map(|c| self.names[*c].clone()).collect()
    }

    /// Whether the first line names the columns.
    pub fn has_header(&self) -> bool {
        self.has_header
    }

    /// The rows as they were read.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The line of each row in the file, from 1.
    pub fn lines(&self) -> Vec<usize> {
        let lines = |block: &Block| {
            (0..block.n_rows())
                .map(|r| block.line(r))
                .collect::<Vec<_>>()
        };
        self.blocks.iter().flat_map(lines).collect()
    }

    /// The line of a row in the file, from 1; of files without lines the number of the row.
    pub fn line(&self, row: usize) -> usize {
        let line = |(block, row): (&Block, usize)| block.line(row);
        self.block_of(row).map_or(row + 1, line)
    }

    /// The block that has a row, and its place there.
    fn block_of(&self, row: usize) -> Option<(&Block, usize)> {
        let is_before = |block: &Block| block.first_row + block.n_rows() <= row;
        let block = self.blocks.get(self.blocks.partition_point(is_before))?;
        Some((block, row - block.first_row))
    }

    /// The columns that were read as texts, in the order in which they were named.
    pub fn columns(&self) -> impl Iterator<Item = Column<'_>> {
        (0..self.texts.len()).map(|place| Column { table: self, place })
    }

    /// A column that was read as texts by its name, or by its number from 1 where no column is called so; spaces around
    /// it do not count.
    ///
    /// # Errors
    /// [`TableError::UnknownColumn`], with the names that there are; [`TableError::NotRead`].
    pub fn column(&self, name: &str) -> Result<Column<'_>, TableError> {
        let wanted = place(name, &self.names)?;
        let column = self.columns().find(|c| c.index() == wanted);
        column.ok_or_else(|| self.not_read(wanted))
    }

    fn not_read(&self, column: usize) -> TableError {
        TableError::NotRead {
            column: shown(&self.names[column]),
        }
    }

    /// The fields of a column as they are written; missing ones too.
    ///
    /// # Errors
    /// As [`column`](Self::column).
    pub fn text(&self, name: &str) -> Result<Vec<&str>, TableError> {
        Ok(self.column(name)?.texts().collect())
    }

    /// Names of the columns, among those read as texts, with nothing but numbers and missing values, of which at least
    /// one is a number.
    ///
    /// # Errors
    /// A column that begins with a number was meant to hold numbers: as [`numbers`](Self::numbers) where it does
    /// not.
    pub fn numeric_columns(&self) -> Result<Vec<&str>, TableError> {
        let mut names = Vec::new();
        for column in self.columns() {
            if !column.is_numeric() && column.begins_with_a_number() {
                column.numbers()?;
            }
            if column.is_numeric() {
                names.push(column.name());
            }
        }
        Ok(names)
    }

    /// The numbers of some columns, in the order in which they are named.
    ///
    /// # Errors
    /// [`TableError::UnknownColumn`], [`TableError::NotRead`]; and with line and column: [`TableError::NotANumber`],
    /// [`TableError::DecimalComma`], [`TableError::NotFinite`].
    pub fn numbers<N: AsRef<str>>(&self, names: &[N]) -> Result<Numbers, TableError> {
        let mut values = Array2::zeros((self.n_rows(), names.len()));
        let mut found = Vec::with_capacity(names.len());
        for (mut target, name) in values.columns_mut().into_iter().zip(names) {
            let wanted = place(name.as_ref(), &self.names)?;
            let numbers = match self.numbers.iter().position(|c| *c == wanted) {
                Some(j) => self.number_column(j),
                None => self.column(name.as_ref())?.numbers()?,
            };
            target
                .iter_mut()
                .zip(numbers)
                .for_each(|(t, number)| *t = number);
            found.push(self.names[wanted].clone());
        }
        Ok(Numbers {
            names: found,
            values,
        })
    }

    /// The values of a column of numbers.
    fn number_column(&self, j: usize) -> Vec<f64> {
        let columns = self.blocks.iter().map(|block| block.numbers.column(j));
        columns.flat_map(|column| column.to_vec()).collect()
    }

    /// Whether a text stands for a missing value, by the words of this table.
    pub fn is_missing(&self, text: &str) -> bool {
        self.meaning.of(text.trim()) == Field::Missing
    }

    /// How many values are missing in each column of numbers.
    pub fn n_missing(&self) -> Vec<usize> {
        let mut n = vec![0; self.numbers.len()];
        for block in &self.blocks {
            for (n, column) in n.iter_mut().zip(block.numbers.columns()) {
                *n += column.iter().filter(|v| v.is_nan()).count();
            }
        }
        n
    }

    /// That every column of numbers has a value in some row.
    ///
    /// # Errors
    /// [`TableError::NoValues`] with the first that has none.
    pub fn require_values(&self) -> Result<(), TableError> {
        let is_empty = |n: &usize| *n == self.n_rows;
        match self.n_missing().iter().position(is_empty) {
            Some(j) => Err(TableError::NoValues {
                column: shown(&self.names[self.numbers[j]]),
            }),
            None => Ok(()),
        }
    }

    /// The rows of numbers in which nothing is missing: their indices in the table, from 0, and the numbers.
    pub fn complete(&self) -> (Vec<usize>, Array2<f64>) {
        let mut indices = Vec::new();
        let mut values = Vec::new();
        for block in &self.blocks {
            for (row, numbers) in (block.first_row..).zip(block.numbers.rows()) {
                if is_complete(&numbers) {
                    indices.push(row);
                    values.extend(numbers);
                }
            }
        }
        let shape = (indices.len(), self.numbers.len());
        (
            indices,
            Array2::from_shape_vec(shape, values).unwrap_or_default(),
        )
    }

    /// The numbers as one array, rows × columns. Each block is given up as it is copied.
    pub fn into_array(self) -> Array2<f64> {
        let mut values = Array2::zeros((self.n_rows, self.numbers.len()));
        for block in self.blocks {
            let rows = block.first_row..block.first_row + block.n_rows();
            values.slice_mut(s![rows, ..]).assign(&block.numbers);
        }
        values
    }
}

impl Rows for Table {
    fn n_rows(&self) -> usize {
        self.n_rows
    }

    fn n_features(&self) -> usize {
        self.numbers.len()
    }

    fn read(&self, tile: &mut Tile) {
        let (first, n) = (tile.first_row(), tile.n_rows());
        let mut done = 0;
        while let Some((block, row)) = self.block_of(first + done).filter(|_| done < n) {
            let n_here = (block.n_rows() - row).min(n - done);
            for (j, column) in block.numbers.columns().into_iter().enumerate() {
                let target = &mut tile.feature_mut(j)[done..done + n_here];
                let source = column.slice(s![row..row + n_here]);
                match source.as_slice() {
                    Some(source) => target.copy_from_slice(source),
                    None => target.iter_mut().zip(source).for_each(|(t, v)| *t = *v),
                }
            }
            done += n_here;
        }
    }
}

/// One column of a table that was read as texts.
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    table: &'a Table,
    /// Its place among the columns of texts.
    place: usize,
}

impl<'a> Column<'a> {
    /// Its place in the file.
    fn index(&self) -> usize {
        self.table.texts[self.place]
    }

    /// Its name.
    pub fn name(&self) -> &'a str {
        &self.table.names[self.index()]
    }

    /// Its number from the left, from 1.
    pub fn number(&self) -> usize {
        self.index() + 1
    }

    /// Its fields as they are written, without the spaces around them; missing ones too.
    pub fn texts(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let Self { table, place } = *self;
        table
            .blocks
            .iter()
            .flat_map(move |block| block.texts[place].iter())
    }

    fn fields(&self) -> impl Iterator<Item = Field> + use<'a> {
        let meaning = &self.table.meaning;
        self.texts().map(|text| meaning.of(text))
    }

    /// Whether the first value that is there is a number, if need be with a decimal comma.
    fn begins_with_a_number(&self) -> bool {
        let is_there = |(field, _): &(Field, &str)| *field != Field::Missing;
        let first = self.fields().zip(self.texts()).find(is_there);
        first.is_some_and(|(field, text)| begins_numbers(field, text))
    }

    /// Whether every field is a number or missing, and at least one is a number.
    ///
    /// A number that is infinite or too large is one: it is refused when the numbers are asked for.
    pub fn is_numeric(&self) -> bool {
        self.fields().all(|field| field != Field::Text)
            && self.fields().any(|field| field != Field::Missing)
    }

    /// How many of its fields are missing.
    pub fn n_missing(&self) -> usize {
        self.fields().filter(|f| *f == Field::Missing).count()
    }

    /// Its numbers, NaN where they are missing.
    ///
    /// # Errors
    /// With line and column: [`TableError::NotANumber`], [`TableError::DecimalComma`],
    /// [`TableError::NotFinite`].
    pub fn numbers(&self) -> Result<Vec<f64>, TableError> {
        let number = |(row, text): (usize, &str)| match self.table.meaning.of(text) {
            Field::Missing => Ok(f64::NAN),
            Field::Number(value) if value.is_finite() => Ok(value),
            field => Err(refusal(field, self.name(), text, self.table.line(row))),
        };
        self.texts().enumerate().map(number).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_beside_numbers_is_no_header() {
        let table = Table::from_bytes(b"5.1,3.5,setosa\n4.9,3,setosa\n").unwrap();
        assert_eq!((table.n_rows(), table.has_header()), (2, false));
        for header in [
            "5.1,width,class\n4.9,3,setosa\n",
            "a,b\nx,y\n",
            "class,\nsetosa,2\n",
        ] {
            assert!(
                Table::from_bytes(header.as_bytes()).unwrap().has_header(),
                "{header}"
            );
        }
    }
}
