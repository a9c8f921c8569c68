//! Why a table cannot be read or used.

/// Characters of a field that a message shows.
const SHOWN: usize = 40;
/// Columns that a message lists.
const LISTED: usize = 10;

use gmm_files::FileError;

/// What is wrong with a table, in one line.
///
/// Lines are counted from 1 in the file, the names included; a record of several lines has the number of its
/// first. Texts from the file are shortened, and made one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// There are more columns than in tables that are read.
    #[error("line {line} has more than the {most_columns} columns that are read")]
    TooWide {
        /// Line of the record.
        line: usize,
        /// Columns that are read.
        most_columns: usize,
    },
    /// The bytes are those of something else.
    #[error("not a text table: line {line} has NUL bytes")]
    NotText {
        /// Line of the first.
        line: usize,
    },
    /// The bytes are no UTF-8.
    #[error("line {line} is not UTF-8 text")]
    NotUtf8 {
        /// Line of the first wrong byte.
        line: usize,
    },
    /// A quotation mark has no partner.
    #[error("line {line}: a quotation mark opens a field that never ends")]
    OpenQuote {
        /// Line where the record begins.
        line: usize,
    },
    /// There is nothing.
    #[error("the table is empty")]
    Empty,
    /// There are names only.
    #[error("there are no rows below the names of the columns")]
    NoRows,
    /// A row is longer or shorter than the first line.
    #[error("line {line} has {found} {}, where line {first_line} has {expected}", fields(*.found))]
    Ragged {
        /// Line of the row.
        line: usize,
        /// Its fields.
        found: usize,
        /// Fields of the first line.
        expected: usize,
        /// Line of the first record.
        first_line: usize,
    },
    /// Two columns have one name.
    #[error("columns {first} and {second} are both called \"{name}\"")]
    SameName {
        /// The name.
        name: String,
        /// Number of the first of them, from 1.
        first: usize,
        /// Number of the second, from 1.
        second: usize,
    },
    /// No column is called so.
    #[error("there is no column \"{wanted}\"; there are {known}")]
    UnknownColumn {
        /// What was asked for.
        wanted: String,
        /// The first of the columns' names.
        known: String,
    },
    /// There is text where a number is wanted.
    #[error("line {line}, column \"{column}\": \"{text}\" is not a number")]
    NotANumber {
        /// Line of the row.
        line: usize,
        /// Name of the column.
        column: String,
        /// The field.
        text: String,
    },
    /// There is a decimal comma where a number is wanted.
    #[error(
        "line {line}, column \"{column}\": \"{text}\" has a comma, numbers are read with a decimal point"
    )]
    DecimalComma {
        /// Line of the row.
        line: usize,
        /// Name of the column.
        column: String,
        /// The field.
        text: String,
    },
    /// A number is infinite, or too large to be held.
    #[error("line {line}, column \"{column}\": \"{text}\" is infinite or too large")]
    NotFinite {
        /// Line of the row.
        line: usize,
        /// Name of the column.
        column: String,
        /// The field.
        text: String,
    },
}

fn fields(n: usize) -> &'static str {
    if n == 1 { "field" } else { "fields" }
}

/// The beginning of a text, in one line.
pub(crate) fn shown(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let mut characters = text.trim().chars();
    let start: String = characters.by_ref().take(SHOWN).map(plain).collect();
    let rest = if characters.next().is_some() {
        "…"
    } else {
        ""
    };
    start + rest
}

/// The first names of many.
pub(crate) fn listed(names: &[String]) -> String {
    let start: Vec<String> = names
        .iter()
        .take(LISTED)
        .map(|name| format!("\"{}\"", shown(name)))
        .collect();
    let rest = match names.len().saturating_sub(LISTED) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    start.join(", ") + &rest
}
