//! Series of values in time.

mod calendar;
mod error;
mod regular;
mod time;

use std::path::Path;

use gmm_core::ndarray::Array2;
use gmm_table::{Column, Table, TableError};

use regular::{Clock, Kind, Times};

pub(crate) use calendar::calendar_names;
pub use error::{SeriesError, TimeError};
pub use time::Step;

/// Values of one or several columns in the order of time, a row of them for each of equal steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// What it is, for titles.
    pub name: String,
    /// What the values of each column are.
    pub columns: Vec<String>,
    /// The values, steps × columns; NaN where one is missing.
    pub values: Array2<f64>,
    /// When each step was, on an axis: a number, or for dates the days since 1970.
    pub times: Vec<f64>,
    /// When each was, as it was written.
    pub labels: Vec<String>,
    /// What the times are.
    pub time_name: String,
    /// What lies between a step and the next.
    pub step: Step,
    /// Steps that had no row; their values are missing.
    pub n_filled: usize,
    /// The first of them.
    pub first_filled: Option<usize>,
    clock: Clock,
}

impl Series {
    /// Values of one column at the times 1, 2, 3, …
    pub fn new(name: &str, values: Vec<f64>) -> Self {
        let n = values.len();
        let columns = vec![String::from("Value")];
        // One column of n values is of this shape.
        let values = Array2::from_shape_vec((n, 1), values).unwrap_or_default();
        Self::of_columns(name, columns, values)
    }

    /// Values of these columns, steps × columns, at the times 1, 2, 3, …
    pub fn of_columns(name: &str, columns: Vec<String>, values: Array2<f64>) -> Self {
        let n = values.nrows();
        let clock = Clock::Rows { has_words: false };
        Self {
            name: String::from(name),
            columns,
            values,
            times: (0..n).map(|t| clock.position(t)).collect(),
            labels: (0..n).map(|t| clock.label(t, n)).collect(),
            time_name: String::from("Time"),
            step: clock.step(),
            n_filled: 0,
            first_filled: None,
            clock,
        }
    }

    /// The same values at these times, which increase by equal steps.
    #[must_use]
    pub fn at(mut self, times: Vec<f64>) -> Self {
        let n_steps = times.len().saturating_sub(1).max(1) as f64;
        let ends = times.first().copied().zip(times.last().copied());
        let (first, last) = ends.unwrap_or((1.0, 1.0));
        self.clock = Clock::Numbers {
            first,
            step: (last - first) / n_steps,
            n_decimals: None,
        };
        self.step = self.clock.step();
        self.labels = times.iter().map(f64::to_string).collect();
        self.times = times;
        self
    }

    /// Number of steps.
    pub fn n_steps(&self) -> usize {
        self.values.nrows()
    }

    /// Whether rows have names that tell no time: steps are rows.
    pub fn has_names(&self) -> bool {
        matches!(self.clock, Clock::Rows { has_words: true })
    }

    /// The values, where there is one column.
    ///
    /// # Errors
    /// [`SeriesError::Ambiguous`] where there are several.
    pub fn only_column(&self) -> Result<Vec<f64>, SeriesError> {
        match self.columns.len() {
            1 => Ok(self.values.column(0).to_vec()),
            _ => Err(SeriesError::Ambiguous(self.columns.join(", "))),
        }
    }

    /// The step of a time as it is written, or as the same number.
    pub fn step_of(&self, label: &str) -> Option<usize> {
        let is_it = |own: &String| own == label.trim();
        let place = self.labels.iter().position(is_it);
        place.or_else(|| {
            let wanted: f64 = label.trim().parse().ok()?;
            let own = |label: &String| label.parse::<f64>().ok();
            self.labels
                .iter()
                .position(|label| own(label) == Some(wanted))
        })
    }

    /// The `h` steps after the last: their places on the axis, and how they are written, as those of the series are.
    /// Where rows have names that tell no time they are +1, +2, …
    pub fn after(&self, h: usize) -> (Vec<f64>, Vec<String>) {
        let n = self.n_steps();
        let of = |place: usize| (self.clock.position(place), self.clock.label(place, n));
        (n..n + h).map(of).unzip()
    }

    /// Reads columns of a table: those named, or all of numbers but the time. Times come from the column `time`; else
    /// from the first one where it holds dates, words, or numbers that are equally spaced or called a time. Without
    /// any, and where they are words, rows are counted.
    ///
    /// Times are numbers or dates of ISO 8601 (years, quarters, months, days, clocks) in equal steps, the most frequent
    /// of those between rows; clocks of several zones stand for the moments they say. Steps that have no row are put in, their values missing.
    ///
    /// # Errors
    /// [`SeriesError`] for a file that is no table, a column that is not there, holds text or infinite values, or has no
    /// value; for times that do not increase or are not in equal steps, and words where times were asked for.
    pub fn read(path: &Path, columns: &[String], time: Option<&str>) -> Result<Self, SeriesError> {
        let table = Table::read(path)?;
        let name = match path == Path::new("-") {
            true => "standard input".into(),
            false => path.file_name().unwrap_or_default().to_string_lossy(),
        };
        Self::of_table(&table, &name, columns, time)
    }

    fn of_table(
        table: &Table,
        name: &str,
        columns: &[String],
        time: Option<&str>,
    ) -> Result<Self, SeriesError> {
        let wanted = columns
            .iter()
            .map(|name| Ok(table.column(name)?.name()))
            .collect::<Result<Vec<&str>, TableError>>()?;
        let time_column = match time {
            Some(name) => Some(table.column(name)?),
            None => first_column_as_time(table, &wanted),
        };
        let is_time = |name: &str| time_column.as_ref().is_some_and(|t| t.name() == name);
        let names = if wanted.is_empty() {
            let numeric = table.numeric_columns()?.into_iter();
            numeric.filter(|name| !is_time(name)).collect()
        } else {
            wanted
        };
        if names.is_empty() {
            return Err(SeriesError::NoNumbers);
        }
        let is_again = |(i, name): (usize, &&str)| names[..i].contains(name) || is_time(name);
        if let Some(place) = names.iter().enumerate().position(is_again) {
            return Err(SeriesError::Twice(String::from(names[place])));
        }
        let mut values = Array2::zeros((table.n_rows(), names.len()));
        for (mut target, name) in values.columns_mut().into_iter().zip(&names) {
            let numbers = table.column(name)?.numbers()?;
            if numbers.iter().all(|v| v.is_nan()) {
                return Err(SeriesError::NoValues(String::from(*name)));
            }
            target.iter_mut().zip(numbers).for_each(|(t, v)| *t = v);
        }
        let columns = names.into_iter().map(String::from).collect();
        let series = Self::of_columns(name, columns, values);
        match time_column {
            Some(column) => series.timed(&column, table.lines(), time.is_some()),
            None => Ok(series),
        }
    }

    /// The series at the times of a column of its table, steps without a row put in.
    fn timed(
        self,
        column: &Column<'_>,
        lines: Vec<usize>,
        are_asked: bool,
    ) -> Result<Self, SeriesError> {
        let times = Times {
            column: column.name(),
            texts: column.texts().collect(),
            lines,
        };
        let (clock, places) = times.regular(are_asked)?;
        let n = places.last().map_or(0, |last| last + 1);
        let mut row_of = vec![None; n];
        places
            .iter()
            .enumerate()
            .for_each(|(row, &p)| row_of[p] = Some(row));
        let label = |(place, row): (usize, &Option<usize>)| match row {
            Some(row) => String::from(times.texts[*row]),
            None => clock.label(place, n),
        };
        let shape = (n, self.columns.len());
        let value = |(place, j): (usize, usize)| {
            row_of[place].map_or(f64::NAN, |row| self.values[(row, j)])
        };
        Ok(Self {
            values: Array2::from_shape_fn(shape, value),
            times: (0..n).map(|place| clock.position(place)).collect(),
            labels: row_of.iter().enumerate().map(label).collect(),
            time_name: String::from(column.name()),
            step: clock.step(),
            n_filled: n - places.len(),
            first_filled: row_of.iter().position(Option::is_none),
            clock,
            ..self
        })
    }
}

/// The first column of a table tells time where it is words or dates, or numbers that increase by equal steps or are
/// called a time.
fn first_column_as_time<'t>(table: &'t Table, wanted: &[&str]) -> Option<Column<'t>> {
    const CALLED: [&str; 17] = [
        "t",
        "ds",
        "index",
        "step",
        "period",
        "hour",
        "minute",
        "second",
        "time",
        "date",
        "datetime",
        "timestamp",
        "year",
        "quarter",
        "month",
        "week",
        "day",
    ];
    let first = table.columns().next()?;
    if table.n_columns() < 2 || wanted.contains(&first.name()) {
        return None;
    }
    let Ok(numbers) = first.numbers() else {
        return Some(first);
    };
    let texts: Vec<&str> = first.texts().collect();
    let is_called = CALLED
        .iter()
        .any(|name| first.name().eq_ignore_ascii_case(name));
    if is_called || matches!(Kind::of(&texts), Kind::Dates(_)) {
        return Some(first);
    }
    /// Of fewer numbers any two steps would be equal.
    const FEWEST: usize = 3;
    const EQUAL: f64 = 1e-6;
    if numbers.len() < FEWEST {
        return None;
    }
    let step = numbers.get(1)? - numbers[0];
    let is_equal = |pair: &[f64]| ((pair[1] - pair[0]) - step).abs() <= EQUAL * step;
    (step > 0.0 && numbers.windows(2).all(is_equal)).then_some(first)
}

#[cfg(test)]
mod tests;
