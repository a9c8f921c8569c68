//! A series of values in time.

use std::path::Path;

use gmm_table::{Table, TableError};

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
}

/// Values in the order of time, one for each step.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// What it is, for titles.
    pub name: String,
    /// What the values are.
    pub value_name: String,
    /// The values; NaN where one is missing.
    pub values: Vec<f64>,
    /// When each was: a number on an axis.
    pub times: Vec<f64>,
    /// When each was, as it was written.
    pub labels: Vec<String>,
    /// What the times are.
    pub time_name: String,
}

impl Series {
    /// Values at the times 1, 2, 3, …
    pub fn new(name: &str, values: Vec<f64>) -> Self {
        let times: Vec<f64> = (1..=values.len()).map(|t| t as f64).collect();
        Self {
            name: String::from(name),
            value_name: String::from("Value"),
            labels: times.iter().map(f64::to_string).collect(),
            times,
            values,
            time_name: String::from("Time"),
        }
    }

    /// The same values at these times, which increase.
    #[must_use]
    pub fn at(mut self, times: Vec<f64>) -> Self {
        self.labels = times.iter().map(f64::to_string).collect();
        self.times = times;
        self
    }

    /// Reads a column of a table: the one named, or else the only one of numbers that is not the time. Times come
    /// from `time`, numbers or words; of words, and without such a column, the steps are counted.
    ///
    /// # Errors
    /// [`SeriesError`] for a file that is no table, a column that is not there, holds text or has no value, and
    /// where none is named and there are several.
    pub fn read(
        path: &Path,
        column: Option<&str>,
        time: Option<&str>,
    ) -> Result<Self, SeriesError> {
        let table = Table::read(path)?;
        let time = match time {
            Some(name) => Some(table.column(name)?),
            None => first_column_as_time(&table, column),
        };
        let column = match column {
            Some(name) => table.column(name)?,
            None => {
                let candidates: Vec<&str> = table
                    .numeric_columns()?
                    .into_iter()
                    .filter(|name| time.as_ref().is_none_or(|t| t.name() != *name))
                    .collect();
                match candidates[..] {
                    [only] => table.column(only)?,
                    [] => return Err(SeriesError::NoNumbers),
                    _ => return Err(SeriesError::Ambiguous(candidates.join(", "))),
                }
            }
        };
        let values = column.numbers()?;
        if values.iter().all(|v| v.is_nan()) {
            return Err(SeriesError::NoValues(String::from(column.name())));
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let mut series = Self::new(&name, values);
        series.value_name = String::from(column.name());
        if let Some(time) = time {
            series.time_name = String::from(time.name());
            series.labels = time.texts().map(String::from).collect();
            let increases = |t: &[f64]| t.windows(2).all(|pair| pair[0] < pair[1]);
            if let Some(times) = time.numbers().ok().filter(|times| increases(times)) {
                series.times = times;
            }
        }
        Ok(series)
    }
}

/// The first column of a table tells time where it is words, or numbers that increase by equal steps.
fn first_column_as_time<'t>(
    table: &'t Table,
    wanted: Option<&str>,
) -> Option<gmm_table::Column<'t>> {
    let first = table.columns().next()?;
    if table.n_columns() < 2 || wanted == Some(first.name()) {
        return None;
    }
    let Ok(numbers) = first.numbers() else {
        return Some(first);
    };
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
mod tests {
    use super::*;

    fn read(text: &str, column: Option<&str>) -> Result<Series, SeriesError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("series.csv");
        std::fs::write(&path, text).unwrap();
        Series::read(&path, column, None)
    }

    #[test]
    fn the_column_of_values_is_found_and_the_one_of_time_too() {
        let years = read("year,volume\n1871,3\n1872,5\n1873,\n", None).unwrap();
        assert_eq!(
            (years.value_name.as_str(), years.time_name.as_str()),
            ("volume", "year")
        );
        assert_eq!(years.times, [1871.0, 1872.0, 1873.0]);
        assert!(years.values[2].is_nan());
        let quarters = read("quarter,rate\n1954Q3,1\n1954Q4,2\n", None).unwrap();
        assert_eq!(quarters.labels, ["1954Q3", "1954Q4"]);
        assert_eq!(quarters.times, [1.0, 2.0]);
        assert_eq!(read("4\n6\n5\n", None).unwrap().values, [4.0, 6.0, 5.0]);
    }

    #[test]
    fn doubt_is_told() {
        let several = read("a,b\n1,2\n5,3\n", None).unwrap_err().to_string();
        assert!(several.contains("a, b"), "{several}");
        assert!(read("a,b\nx,y\n", None).is_err());
        assert!(read("a,b\n1,2\n", Some("c")).is_err());
        assert!(matches!(
            read("t,b\n1,NA\n2,\n", Some("b")),
            Err(SeriesError::NoValues(_))
        ));
    }
}
