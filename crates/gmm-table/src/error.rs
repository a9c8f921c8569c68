//! Why a table cannot be read or used.

/// Characters of a field that a message shows.
const SHOWN: usize = 40;
/// Columns that a message lists.
const LISTED: usize = 10;

/// Bytes of the longest record that is read.
pub(crate) const LONGEST_RECORD: usize = 64 << 20;

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
    /// What was said to part fields cannot.
    #[error("fields cannot be parted by {:?}", char::from(*.byte))]
    Delimiter {
        /// What was said.
        byte: u8,
    },
    /// A record is too long to be one, for want of a quotation mark perhaps.
    #[error(
        "line {line}: a record does not end within {} MiB; is a quotation mark without its partner?",
        LONGEST_RECORD >> 20
    )]
    Endless {
        /// Line where the record begins.
        line: usize,
    },
    /// A column is there, but was not asked for when the table was read.
    #[error("column \"{column}\" was not read")]
    NotRead {
        /// Name of the column.
        column: String,
    },
    /// The bytes are those of a table in a form that is read, but cannot be read.
    #[error("not a readable {form} file: {why}")]
    Unreadable {
        /// The form.
        form: &'static str,
        /// What is wrong.
        why: String,
    },
    /// The file is of another form than its ending says.
    #[error("not {wanted}: it begins like {found}")]
    Misnamed {
        /// The form by the ending.
        wanted: &'static str,
        /// The form by the first bytes.
        found: &'static str,
    },
    /// The file is of a form that is not read.
    #[error("it is {form}; {advice}")]
    Foreign {
        /// The form.
        form: &'static str,
        /// What can be done.
        advice: &'static str,
    },
    /// The file ends before the table does.
    #[error("the file is cut short")]
    CutShort,
    /// An archive has no array of a name.
    #[error("there is no array \"{wanted}\"; there are {known}")]
    UnknownEntry {
        /// What was asked for.
        wanted: String,
        /// The first of the arrays' names.
        known: String,
    },
    /// An archive has several tables, or none.
    #[error("which array is the table must be said; there are {known}")]
    WhichEntry {
        /// The first of the arrays' names.
        known: String,
    },
    /// A number of a table without lines is infinite.
    #[error("row {row}, column \"{column}\": the value is infinite")]
    Infinite {
        /// Number of the row, from 1.
        row: usize,
        /// Name of the column.
        column: String,
    },
    /// A column that holds something else is wanted as numbers.
    #[error("column \"{column}\" holds {form}, not numbers")]
    NotNumbers {
        /// Name of the column.
        column: String,
        /// What it holds.
        form: String,
    },
    /// The ending of a file names no form of tables.
    #[error("the ending \".{ending}\" is none of .csv, .tsv, .json, .npy and .parquet")]
    UnknownKind {
        /// The ending.
        ending: String,
    },
    /// A column of texts is to be written where only numbers are held.
    #[error("column \"{column}\" is text, and an NPY file holds numbers only")]
    NumbersOnly {
        /// Name of the column.
        column: String,
    },
    /// An NPY file is to be written where one cannot go back to say how many rows there are.
    #[error("an NPY file is written to a file, not to a stream")]
    NotSeekable,
    /// The program was built without Parquet.
    #[error(
        "this program was built without Parquet; build it with \"cargo run -p gmm-table --features parquet\""
    )]
    NoParquet,
    /// What is written does not fit the columns.
    #[error("{what}: expected {expected}, found {found}")]
    Misfit {
        /// What was counted.
        what: &'static str,
        /// As many are expected.
        expected: usize,
        /// As many were given.
        found: usize,
    },
    /// No row has a value in a column.
    #[error("column \"{column}\" has no value in any row")]
    NoValues {
        /// Name of the column.
        column: String,
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
    #[error("there is no column \"{wanted}\"{} there are {known}", meant(.nearest))]
    UnknownColumn {
        /// What was asked for.
        wanted: String,
        /// A column whose name is nearly the same.
        nearest: Option<String>,
        /// The first of the columns' names.
        known: String,
    },
    /// A column is asked for twice.
    #[error("column \"{name}\" is named twice")]
    NamedTwice {
        /// The name.
        name: String,
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

impl TableError {
    /// The line that it is about.
    pub fn line(&self) -> Option<usize> {
        match self {
            Self::TooWide { line, .. }
            | Self::NotText { line }
            | Self::NotUtf8 { line }
            | Self::OpenQuote { line }
            | Self::Endless { line }
            | Self::Ragged { line, .. }
            | Self::NotANumber { line, .. }
            | Self::DecimalComma { line, .. }
            | Self::NotFinite { line, .. } => Some(*line),
            _ => None,
        }
    }
}

/// The refusal of a column that is not there.
pub(crate) fn unknown(wanted: &str, names: &[String]) -> TableError {
    TableError::UnknownColumn {
        wanted: shown(wanted),
        nearest: nearest(wanted, names).map(|name| shown(name)),
        known: listed(names),
    }
}

/// The name that is most like another, if they are as alike as a word and its misspelling.
fn nearest<'n>(wanted: &str, names: &'n [String]) -> Option<&'n String> {
    let wanted = wanted.to_lowercase();
    let likeness = |name: &String| strsim::osa_distance(&wanted, &name.to_lowercase());
    let nearest = names.iter().min_by_key(|name| likeness(name))?;
    let is_like = likeness(nearest) <= wanted.chars().count() / 3;
    is_like.then_some(nearest)
}

fn meant(nearest: &Option<String>) -> String {
    let ask = |name: &String| format!("; did you mean \"{name}\"?");
    nearest.as_ref().map_or(String::from(";"), ask)
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
