//! The beginning of a table of text: what parts its fields, and what its columns are called.

use std::collections::HashMap;

use csv::StringRecord;

use crate::error::{TableError, shown};
use crate::format::Format;
use crate::text::field::{Field, Meaning, begins_numbers};
use crate::text::records::{Records, delimiter_of};
use crate::wanted::Kind;

/// The widest table that is read.
const MOST_COLUMNS: usize = 1 << 16;

/// What the beginning of a text says of the table.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) delimiter: u8,
    pub(crate) names: Vec<String>,
    pub(crate) has_header: bool,
    /// What each column holds, as far as the beginning tells.
    pub(crate) kinds: Vec<Kind>,
    /// Line of the first record.
    pub(crate) first_line: usize,
    /// Where the rows begin: the byte, and the line there.
    pub(crate) rows_at: (usize, usize),
}

impl Head {
    /// Reads it; none if the text is not whole and too short to tell.
    ///
    /// # Errors
    /// An empty table, one without rows, one that is too wide, two columns of one name.
    pub(crate) fn of(
        text: &str,
        is_whole: bool,
        format: &Format,
        meaning: &Meaning,
    ) -> Result<Option<Self>, TableError> {
        let guess = || delimiter_of(text, is_whole);
        let delimiter = format.delimiter.unwrap_or_else(guess);
        let mut records = Records::new(text, delimiter, 1, is_whole);
        let (mut first, mut next) = (StringRecord::new(), StringRecord::new());
        let Some(first_line) = records.read(&mut first)? else {
            return if is_whole {
                Err(TableError::Empty)
            } else {
                Ok(None)
            };
        };
        let n_columns = first.len();
        if n_columns > MOST_COLUMNS {
            return Err(TableError::TooWide {
                line: first_line,
                most_columns: MOST_COLUMNS,
            });
        }
        let below = records.end();
        let has_next = records.read(&mut next)?.is_some();
        if !has_next && !is_whole {
            return Ok(None);
        }
        let guess = || is_header(&first, has_next.then_some(&next), meaning);
        let has_header = format.header.unwrap_or_else(guess);
        let names = names_of(&first, has_header)?;
        if has_header && !has_next {
            return Err(TableError::NoRows);
        }
        let mut kinds = vec![Kind::Open; n_columns];
        if !has_header {
            decide(&mut kinds, &first, meaning);
        }
        let mut has_record = has_next;
        while has_record && kinds.contains(&Kind::Open) {
            decide(&mut kinds, &next, meaning);
            // What is wrong there is said when it is read.
            has_record = matches!(records.read(&mut next), Ok(Some(_)));
        }
        Ok(Some(Self {
            delimiter,
            names,
            has_header,
            kinds,
            first_line,
            rows_at: if has_header { below } else { (0, 1) },
        }))
    }
}

/// Lets a record decide what the columns hold that are still open.
fn decide(kinds: &mut [Kind], record: &StringRecord, meaning: &Meaning) {
    let open = |(kind, _): &(&mut Kind, &str)| **kind == Kind::Open;
    for (kind, text) in kinds.iter_mut().zip(record).filter(open) {
        let text = text.trim();
        *kind = match meaning.of(text) {
            Field::Missing => Kind::Open,
            field if begins_numbers(field, text) => Kind::Number,
            _ => Kind::Text,
        };
    }
}

/// Whether the first line names the columns: words alone do, and so does a word above a number.
fn is_header(first: &StringRecord, second: Option<&StringRecord>, meaning: &Meaning) -> bool {
    let kinds = |record: &StringRecord| -> Vec<Field> {
        record.iter().map(|f| meaning.of(f.trim())).collect()
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
    check_distinct(&names)?;
    Ok(names)
}

/// Refuses two columns of one name.
pub(crate) fn check_distinct(names: &[String]) -> Result<(), TableError> {
    let mut numbers = HashMap::new();
    for (number, name) in (1..).zip(names) {
        if let Some(first) = numbers.insert(name, number) {
            return Err(TableError::SameName {
                name: shown(name),
                first,
                second: number,
            });
        }
    }
    Ok(())
}
