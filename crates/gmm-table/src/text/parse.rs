//! From text to blocks: whole records become numbers and texts.
//!
//! Text without quotation marks is cut at delimiters and line ends, which is fast; the rest goes through the `csv`
//! crate. Both ways hand each field to the same place and agree on every text that has no quotes.

use csv::StringRecord;
use memchr::{memchr, memchr_iter, memchr2};
use ndarray::{Array2, ShapeBuilder};

use crate::block::{Block, Lines, Texts};
use crate::error::{TableError, shown};
use crate::text::chunks::Chunk;
use crate::text::field::{Field, Meaning, begins_numbers, has_decimal_comma, leading_decimal};
use crate::text::records::{Records, text_of};
use crate::wanted::{Columns, Kind};

/// What becomes of the records of a text.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) names: Vec<String>,
    pub(crate) delimiter: u8,
    /// Line of the first record, which has as many fields as all.
    pub(crate) first_line: usize,
    pub(crate) meaning: Meaning,
    pub(crate) columns: Columns,
    /// What is made of each field.
    roles: Vec<Role>,
    /// Whether digits mean a number wherever they stand: they neither part fields nor stand for missing values.
    is_quick: bool,
}

/// The places of a field among the columns of numbers and those of texts.
#[derive(Debug, Clone, Copy, Default)]
struct Role {
    number: Option<usize>,
    text: Option<usize>,
}

/// What a chunk says.
#[derive(Debug)]
pub(crate) struct Parsed {
    /// Its rows, the first of them called 0.
    pub(crate) block: Block,
    /// What each column of numbers holds by its first value in the chunk.
    pub(crate) kinds: Vec<Kind>,
    /// The first field of each column of numbers that is none.
    pub(crate) refused: Vec<Option<TableError>>,
    /// Why reading cannot go on after these rows.
    pub(crate) fault: Option<TableError>,
}

impl Plan {
    pub(crate) fn new(
        names: Vec<String>,
        (delimiter, first_line): (u8, usize),
        meaning: Meaning,
        columns: Columns,
    ) -> Self {
        let mut roles = vec![Role::default(); names.len()];
        for (place, column) in columns.numbers.iter().enumerate() {
            roles[*column].number = Some(place);
        }
        for (place, column) in columns.texts.iter().enumerate() {
            roles[*column].text = Some(place);
        }
        let is_of_numbers = |byte: u8| byte.is_ascii_digit() || b"-.".contains(&byte);
        Self {
            is_quick: meaning.keeps_numbers() && !is_of_numbers(delimiter),
            names,
            delimiter,
            first_line,
            meaning,
            columns,
            roles,
        }
    }

    /// The rows of a chunk.
    pub(crate) fn parse(&self, chunk: &Chunk) -> Parsed {
        let mut filling = Filling::new(self, most_rows(chunk, self.names.len()));
        let text = match text_of(&chunk.bytes, chunk.line) {
            Ok(text) => text,
            Err(fault) => return filling.done(Some(fault)),
        };
        let outcome = if is_plain(&chunk.bytes) {
            filling.take_plain(text, chunk.line)
        } else {
            filling.take_records(text, chunk.line)
        };
        filling.done(outcome.err())
    }
}

/// Rows that a chunk can hold: as many as lines, and as many as there are bytes for their fields and ends.
fn most_rows(chunk: &Chunk, n_columns: usize) -> usize {
    let has_rest = !matches!(chunk.bytes.last(), None | Some(b'\n' | b'\r'));
    (chunk.n_lines + usize::from(has_rest)).min(chunk.bytes.len() / n_columns + 1)
}

/// Whether fields are what stands between delimiters and line ends: there are no quotation marks, and every CR is part
/// of a line end.
fn is_plain(bytes: &[u8]) -> bool {
    let is_lone = |i: usize| bytes.get(i + 1) != Some(&b'\n');
    memchr(b'"', bytes).is_none() && !memchr_iter(b'\r', bytes).any(is_lone)
}

/// Rows on their way into a block.
struct Filling<'p> {
    plan: &'p Plan,
    n_rows: usize,
    /// Rows that there is room for.
    capacity: usize,
    /// Column by column.
    numbers: Vec<f64>,
    texts: Vec<Texts>,
    lines: Lines,
    kinds: Vec<Kind>,
    refused: Vec<Option<TableError>>,
}

impl<'p> Filling<'p> {
    fn new(plan: &'p Plan, capacity: usize) -> Self {
        let (n_numbers, n_texts) = (plan.columns.numbers.len(), plan.columns.texts.len());
        Self {
            plan,
            n_rows: 0,
            capacity,
            numbers: vec![0.0; n_numbers * capacity],
            texts: vec![Texts::default(); n_texts],
            lines: Lines::default(),
            kinds: vec![Kind::Open; n_numbers],
            refused: vec![None; n_numbers],
        }
    }

    /// All rows of a text that [`is_plain`].
    fn take_plain(&mut self, text: &str, line: usize) -> Result<(), TableError> {
        let (bytes, delimiter) = (text.as_bytes(), self.plan.delimiter);
        let (mut line, mut start, mut row_start, mut column) = (line, 0, 0, 0);
        while start < bytes.len() || column > 0 {
            let end = match self.take_short_number(column, &bytes[start..]) {
                Some(length) => start + length,
                None => {
                    let length = memchr2(delimiter, b'\n', &bytes[start..]);
                    let end = length.map_or(bytes.len(), |length| start + length);
                    self.take(column, &text[start..end], line);
                    end
                }
            };
            (start, column) = (end + 1, column + 1);
            if bytes.get(end).is_none_or(|byte| *byte == b'\n') {
                let is_blank = column == 1 && bytes[row_start..end].trim_ascii().is_empty();
                self.end_row(column, is_blank, line)?;
                (line, row_start, column) = (line + 1, start, 0);
            }
        }
        Ok(())
    }

    /// Takes a number of few digits that is a whole field, as most are, and says where the field ends: the digits are
    /// gone through once.
    #[inline]
    fn take_short_number(&mut self, column: usize, bytes: &[u8]) -> Option<usize> {
        let place = match self.plan.roles.get(column) {
            Some(Role {
                number: Some(place),
                text: None,
            }) if self.plan.is_quick => *place,
            _ => return None,
        };
        let (value, length) = leading_decimal(bytes);
        let value = value?;
        let length = match bytes.get(length) {
            // Every CR is part of a line end.
            Some(b'\r') => length + 1,
            Some(byte) if *byte == self.plan.delimiter || *byte == b'\n' => length,
            None => length,
            Some(_) => return None,
        };
        self.numbers[place * self.capacity + self.n_rows] = value;
        if self.kinds[place] == Kind::Open {
            self.kinds[place] = Kind::Number;
        }
        Some(length)
    }

    /// All rows of any text.
    fn take_records(&mut self, text: &str, line: usize) -> Result<(), TableError> {
        let mut records = Records::new(text, self.plan.delimiter, line, true);
        let mut record = StringRecord::new();
        while let Some(line) = records.read(&mut record)? {
            for (column, field) in record.iter().enumerate() {
                self.take(column, field, line);
            }
            self.end_row(record.len(), false, line)?;
        }
        Ok(())
    }

    /// A field of the row that is being read.
    #[inline]
    fn take(&mut self, column: usize, field: &str, line: usize) {
        // A row that is too long is refused at its end.
        let Some(role) = self.plan.roles.get(column) else {
            return;
        };
        if let Some(place) = role.number {
            self.take_number(place, trimmed(field), line);
        }
        if let Some(place) = role.text {
            self.texts[place].push(trimmed(field));
        }
    }

    #[inline]
    fn take_number(&mut self, place: usize, text: &str, line: usize) {
        let field = self.plan.meaning.of(text);
        let value = match field {
            Field::Number(value) if value.is_finite() => value,
            _ => f64::NAN,
        };
        self.numbers[place * self.capacity + self.n_rows] = value;
        if field == Field::Missing {
            return;
        }
        if self.kinds[place] == Kind::Open {
            self.kinds[place] = if begins_numbers(field, text) {
                Kind::Number
            } else {
                Kind::Text
            };
        }
        if value.is_nan() && self.refused[place].is_none() {
            let column = &self.plan.names[self.plan.columns.numbers[place]];
            self.refused[place] = Some(refusal(field, column, text, line));
        }
    }

    /// The end of a row of so many fields.
    fn end_row(&mut self, n_fields: usize, is_blank: bool, line: usize) -> Result<(), TableError> {
        if is_blank {
            self.texts.iter_mut().for_each(|t| t.truncate(self.n_rows));
            return Ok(());
        }
        if n_fields != self.plan.names.len() {
            self.texts.iter_mut().for_each(|t| t.truncate(self.n_rows));
            return Err(TableError::Ragged {
                line,
                found: n_fields,
                expected: self.plan.names.len(),
                first_line: self.plan.first_line,
            });
        }
        self.lines.push(line);
        self.n_rows += 1;
        Ok(())
    }

    fn done(mut self, fault: Option<TableError>) -> Parsed {
        let (n, n_numbers) = (self.n_rows, self.plan.columns.numbers.len());
        if n < self.capacity {
            for place in 1..n_numbers {
                let start = place * self.capacity;
                self.numbers.copy_within(start..start + n, place * n);
            }
            self.numbers.truncate(n * n_numbers);
            self.numbers.shrink_to_fit();
        }
        self.texts.iter_mut().for_each(Texts::shrink);
        let numbers = Array2::from_shape_vec((n, n_numbers).f(), self.numbers);
        Parsed {
            block: Block {
                first_row: 0,
                lines: self.lines,
                numbers: numbers.unwrap_or_default(),
                texts: self.texts,
            },
            kinds: self.kinds,
            refused: self.refused,
            fault,
        }
    }
}

/// A text without spaces around it.
#[inline]
fn trimmed(text: &str) -> &str {
    let is_plain = |byte: &u8| byte.is_ascii_graphic();
    match text.as_bytes() {
        [only] if is_plain(only) => text,
        [first, .., last] if is_plain(first) && is_plain(last) => text,
        _ => text.trim(),
    }
}

/// Why a field is no number to compute with.
pub(crate) fn refusal(field: Field, column: &str, text: &str, line: usize) -> TableError {
    let (column, has_comma) = (shown(column), has_decimal_comma(text));
    let text = shown(text);
    match field {
        Field::Text if has_comma => TableError::DecimalComma { line, column, text },
        Field::Text => TableError::NotANumber { line, column, text },
        _ => TableError::NotFinite { line, column, text },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wanted::Wanted;
    use proptest::prelude::*;

    fn plan(n_columns: usize, wanted: &Wanted, missing: &[String]) -> Plan {
        let names: Vec<String> = (1..=n_columns).map(|c| c.to_string()).collect();
        let columns = wanted
            .columns(&names, &vec![Kind::Open; n_columns])
            .unwrap();
        Plan::new(names, (b';', 1), Meaning::new(missing), columns)
    }

    proptest! {
        #[test]
        fn both_ways_agree_where_there_are_no_quotes(
            pieces in prop::collection::vec(
                prop::sample::select(vec![
                    "1", "-2.5", "3e8", ";", ";", ";", "\n", "\r\n", " ", "\t", "NA", "-9", "x", "inf", "1,5", "\u{a0}", "é",
                ]),
                0..60,
            ),
            n_columns in 1usize..4,
            has_word in any::<bool>(),
            has_text in any::<bool>(),
        ) {
            let text = pieces.concat();
            let missing = [String::from("-9")];
            let texts = ["1"];
            let wanted = Wanted::all_numeric().and_text(&texts[..usize::from(has_text)]);
            let plan = plan(n_columns, &wanted, &missing[..usize::from(has_word)]);
            let chunk = Chunk {
                n_lines: crate::text::records::n_line_ends(text.as_bytes()),
                bytes: text.clone().into_bytes(),
                line: 3,
            };
            let capacity = most_rows(&chunk, n_columns);
            let (mut plain, mut careful) = (Filling::new(&plan, capacity), Filling::new(&plan, capacity));
            let outcome = plain.take_plain(&text, 3);
            prop_assert_eq!(&outcome, &careful.take_records(&text, 3));
            let (plain, careful) = (plain.done(outcome.err()), careful.done(None));
            let (a, b) = (&plain.block, &careful.block);
            prop_assert_eq!(&a.texts, &b.texts);
            prop_assert_eq!(&a.lines, &b.lines);
            prop_assert_eq!(a.numbers.mapv(f64::to_bits), b.numbers.mapv(f64::to_bits));
            prop_assert_eq!((plain.kinds, plain.refused), (careful.kinds, careful.refused));
        }
    }
}
