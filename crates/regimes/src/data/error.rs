//! Why a series cannot be read.

use gmm_table::TableError;

/// Why there is no series to work on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SeriesError {
    /// The file is no table, or not the one that was asked for.
    #[error(transparent)]
    Table(#[from] TableError),
    /// No column holds numbers only.
    #[error("no column holds numbers only")]
    NoNumbers,
    /// The choice of a column is left open.
    #[error("there are several columns of numbers, {0}: choose one with --column")]
    Ambiguous(String),
    /// There are no values.
    #[error("column {0} has no values")]
    NoValues(String),
    /// A column is asked for twice, or as values and as times.
    #[error("column {0} is asked for twice")]
    Twice(String),
    /// Times are none, or not in equal steps.
    #[error(transparent)]
    Time(Box<TimeError>),
}

impl From<TimeError> for SeriesError {
    fn from(error: TimeError) -> Self {
        Self::Time(Box::new(error))
    }
}

/// What is wrong with the times of a series, with the line of the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimeError {
    /// A field is no time.
    #[error("line {line}, column \"{column}\": \"{value}\" is no time{}", like_what(.like.as_deref()))]
    NotATime {
        /// Line of the row.
        line: usize,
        /// Name of the column.
        column: String,
        /// The field.
        value: String,
        /// The first time, whose notation the others have.
        like: Option<String>,
    },
    /// A time is before the one above it.
    #[error("line {line}, column \"{column}\": {value} stands after {before}; times must increase")]
    Unsorted {
        /// Line of the row.
        line: usize,
        /// Name of the column.
        column: String,
        /// The time.
        value: String,
        /// The time of the row before.
        before: String,
    },
    /// Two rows have one time.
    #[error("line {line}, column \"{column}\": {value} stands in line {first_line} already")]
    TwiceTheTime {
        /// Line of the second row.
        line: usize,
        /// Name of the column.
        column: String,
        /// The time.
        value: String,
        /// Line of the first row.
        first_line: usize,
    },
    /// Times are not in equal steps.
    #[error(
        "line {line}, column \"{column}\": {value} is {gap} after {before}, which is no multiple of the usual step of \
         {step}"
    )]
    Irregular {
        /// Line of the row.
        line: usize,
        /// Name of the column.
        column: String,
        /// The time.
        value: String,
        /// What lies between it and the time before.
        gap: String,
        /// The time of the row before.
        before: String,
        /// The most frequent step.
        step: String,
    },
    /// Many more steps are missing than there are rows.
    #[error(
        "line {line}, column \"{column}\": {n_missing} steps are missing between {before} and {value}"
    )]
    LongGap {
        /// Line of the row after the gap.
        line: usize,
        /// Name of the column.
        column: String,
        /// The time of that row.
        value: String,
        /// The time of the row before.
        before: String,
        /// Steps that have no row.
        n_missing: usize,
    },
}

fn like_what(first: Option<&str>) -> String {
    first.map_or_else(
        || String::from(", neither a number nor a date like 2021-03-05, 2021-03, 2021Q1 or 2021-03-05 14:30"),
        |first| format!(" written like {first}, the first"),
    )
}
