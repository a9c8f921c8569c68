//! Tables and what is asked of them.

use std::collections::HashMap;
use std::path::Path;

use csv::StringRecord;
use ndarray::{Array2, ArrayView1, ArrayView2, Axis};

use crate::error::{TableError, listed, shown};
use crate::field::{Field, has_decimal_comma};
use crate::records::{Records, text_of};

/// The widest table that is read.
const MOST_COLUMNS: usize = 1 << 16;

/// Rows of fields in named columns: at least one row and one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    names: Vec<String>,
    has_header: bool,
    /// The line of each row.
    lines: Vec<usize>,
    /// The fields, row by row.
    fields: Texts,
}

/// Many texts in one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Texts {
    joined: String,
    ends: Vec<usize>,
}

impl Texts {
    fn push(&mut self, text: &str) {
        self.joined.push_str(text);
        self.ends.push(self.joined.len());
    }

    fn get(&self, i: usize) -> &str {
        let start = if i == 0 { 0 } else { self.ends[i - 1] };
        &self.joined[start..self.ends[i]]
    }
}

impl Table {
    /// Reads a file.
    ///
    /// # Errors
    /// A file that is missing, a folder, not readable or longer than 1 GiB; else as
    /// [`from_bytes`](Self::from_bytes). The path is not part of the message.
    pub fn read(path: &Path) -> Result<Self, TableError> {
        Self::from_bytes(&gmm_files::read(path)?)
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// Bytes that are no UTF-8 text or too many; a table without rows; a row with more or fewer fields than the
    /// first line; a quotation mark without a partner; two columns of one name; more than 65 536 columns.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TableError> {
        let mut records = Records::new(text_of(bytes)?);
        let mut record = StringRecord::new();
        let first_line = records.read(&mut record)?.ok_or(TableError::Empty)?;
        let n_columns = record.len();
        if n_columns > MOST_COLUMNS {
            return Err(TableError::TooWide {
                line: first_line,
                most_columns: MOST_COLUMNS,
            });
        }
        let first = record.clone();
        let mut next_line = records.read(&mut record)?;
        let has_header = is_header(&first, next_line.map(|_| &record));
        let mut table = Self {
            names: names_of(&first, has_header)?,
            has_header,
            lines: Vec::new(),
            fields: Texts::default(),
        };
        if !has_header {
            table.push(first_line, &first);
        }
        while let Some(line) = next_line {
            if record.len() != n_columns {
                return Err(TableError::Ragged {
                    line,
                    found: record.len(),
                    expected: n_columns,
                    first_line,
                });
            }
            table.push(line, &record);
            next_line = records.read(&mut record)?;
        }
        if table.lines.is_empty() {
            return Err(TableError::NoRows);
        }
        Ok(table)
    }

    fn push(&mut self, line: usize, record: &StringRecord) {
        self.lines.push(line);
        for field in record {
            self.fields.push(field.trim());
        }
    }

    /// Number of rows, the names not counted.
    pub fn n_rows(&self) -> usize {
        self.lines.len()
    }

    /// Number of columns.
    pub fn n_columns(&self) -> usize {
        self.names.len()
    }

    /// Names of the columns, from left to right.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether the first line names the columns.
    pub fn has_header(&self) -> bool {
        self.has_header
    }

    /// The line of each row in the file, from 1.
    pub fn lines(&self) -> &[usize] {
        &self.lines
    }

    /// The columns, from left to right.
    pub fn columns(&self) -> impl Iterator<Item = Column<'_>> {
        (0..self.n_columns()).map(|index| Column { table: self, index })
    }

    /// A column by its name, or by its number from 1 where no column is called so; spaces around it do not count.
    ///
    /// # Errors
    /// [`TableError::UnknownColumn`], with the names that there are.
    pub fn column(&self, name: &str) -> Result<Column<'_>, TableError> {
        let name = name.trim();
        let named = self.names.iter().position(|n| n == name);
        let numbered = || {
            let index = name.parse::<usize>().ok()?.checked_sub(1)?;
            (index < self.n_columns()).then_some(index)
        };
        match named.or_else(numbered) {
            Some(index) => Ok(Column { table: self, index }),
            None => Err(TableError::UnknownColumn {
                wanted: shown(name),
                known: listed(&self.names),
            }),
        }
    }

    /// The fields of a column as they are written; missing ones too.
    ///
    /// # Errors
    /// As [`column`](Self::column).
    pub fn text(&self, name: &str) -> Result<Vec<&str>, TableError> {
        Ok(self.column(name)?.texts().collect())
    }

    /// Names of the columns with nothing but numbers and missing values, of which at least one is a number.
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
    /// [`TableError::UnknownColumn`]; and with line and column: [`TableError::NotANumber`],
    /// [`TableError::DecimalComma`], [`TableError::NotFinite`].
    pub fn numbers<N: AsRef<str>>(&self, names: &[N]) -> Result<Numbers, TableError> {
        let mut values = Array2::zeros((self.n_rows(), names.len()));
        let mut found = Vec::with_capacity(names.len());
        for (mut target, name) in values.columns_mut().into_iter().zip(names) {
            let column = self.column(name.as_ref())?;
            for (value, number) in target.iter_mut().zip(column.numbers()?) {
                *value = number;
            }
            found.push(String::from(column.name()));
        }
        Ok(Numbers {
            names: found,
            values,
        })
    }
}

/// Whether the first line names the columns: words alone do, and so does a word above a number.
fn is_header(first: &StringRecord, second: Option<&StringRecord>) -> bool {
    let kinds = |record: &StringRecord| -> Vec<Field> {
        record.iter().map(|f| Field::of(f.trim())).collect()
    };
    let is_number = |field: &Field| matches!(field, Field::Number(_));
    let (first, second) = (kinds(first), second.map(kinds).unwrap_or_default());
    let mut pairs = first.iter().zip(&second);
    first.contains(&Field::Text)
        && (!first.iter().any(is_number) || pairs.any(|(a, b)| *a == Field::Text && is_number(b)))
}

/// The names in a header, or numbers.
fn names_of(first: &StringRecord, is_header: bool) -> Result<Vec<String>, TableError> {
    let name = |(i, field): (usize, &str)| match field.trim() {
        name if is_header && !name.is_empty() => String::from(name),
        _ => (i + 1).to_string(),
    };
    let names: Vec<String> = first.iter().enumerate().map(name).collect();
    let mut numbers = HashMap::new();
    for (number, name) in (1..).zip(&names) {
        if let Some(first) = numbers.insert(name, number) {
            return Err(TableError::SameName {
                name: shown(name),
                first,
                second: number,
            });
        }
    }
    Ok(names)
}

/// One column of a table.
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    table: &'a Table,
    index: usize,
}

impl<'a> Column<'a> {
    /// Its name.
    pub fn name(&self) -> &'a str {
        &self.table.names[self.index]
    }

    /// Its number from the left, from 1.
    pub fn number(&self) -> usize {
        self.index + 1
    }

    /// Its fields as they are written, without the spaces around them; missing ones too.
    pub fn texts(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let Self { table, index } = *self;
        (0..table.n_rows()).map(move |row| table.fields.get(row * table.n_columns() + index))
    }

    fn fields(&self) -> impl Iterator<Item = Field> + use<'a> {
        self.texts().map(Field::of)
    }

    /// Whether the first value that is there is a number, if need be with a decimal comma.
    fn begins_with_a_number(&self) -> bool {
        let is_there = |text: &&str| Field::of(text) != Field::Missing;
        (self.texts().find(is_there))
            .is_some_and(|text| Field::of(text) != Field::Text || has_decimal_comma(text))
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
        let number = |(text, line): (&str, &usize)| match Field::of(text) {
            Field::Missing => Ok(f64::NAN),
            Field::Number(value) if value.is_finite() => Ok(value),
            field => Err(self.refused(field, text, *line)),
        };
        self.texts().zip(&self.table.lines).map(number).collect()
    }

    /// Why a field is no number to compute with.
    fn refused(&self, field: Field, text: &str, line: usize) -> TableError {
        let column = shown(self.name());
        let is_text = field == Field::Text;
        let has_comma = is_text && has_decimal_comma(text);
        let text = shown(text);
        if has_comma {
            TableError::DecimalComma { line, column, text }
        } else if is_text {
            TableError::NotANumber { line, column, text }
        } else {
            TableError::NotFinite { line, column, text }
        }
    }
}

/// Numbers of some columns of a table: finite, or NaN where they are missing.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbers {
    names: Vec<String>,
    values: Array2<f64>,
}

impl Numbers {
    /// Names of the columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The numbers: all rows of the table, the columns in the order of the names.
    pub fn values(&self) -> ArrayView2<'_, f64> {
        self.values.view()
    }

    /// The numbers, without their names.
    pub fn into_values(self) -> Array2<f64> {
        self.values
    }

    /// How many values are missing in each column.
    pub fn n_missing(&self) -> Vec<usize> {
        let count = |column: ArrayView1<'_, f64>| column.iter().filter(|v| v.is_nan()).count();
        self.values.columns().into_iter().map(count).collect()
    }

    /// The rows in which nothing is missing: their indices in the table, from 0, and their numbers.
    pub fn complete(&self) -> (Vec<usize>, Array2<f64>) {
        let is_complete = |row: &ArrayView1<'_, f64>| !row.iter().any(|value| value.is_nan());
        let rows = self.values.rows().into_iter().enumerate();
        let indices: Vec<usize> = rows
            .filter(|(_, row)| is_complete(row))
            .map(|(i, _)| i)
            .collect();
        let values = self.values.select(Axis(0), &indices);
        (indices, values)
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
