//! From a table to rows that can be fitted.

use std::path::Path;

use gmm_table::{Format, Source, Wanted};

use crate::data::{Points, PointsError, Truth};

impl Points {
    /// Reads the named columns of a table, or all that hold numbers only. Rows that lack a value in one of them
    /// are left out and counted.
    ///
    /// # Errors
    /// [`PointsError`] for a file that is no such table, a column that is not there or holds text, and where no
    /// row is complete.
    pub fn read(path: &Path, columns: &[String]) -> Result<Self, PointsError> {
        Ok(Self::read_classes(path, columns, None)?.0)
    }

    /// The same with the class of each row, from a column which is then none of the columns.
    ///
    /// # Errors
    /// As [`read`](Self::read); [`PointsError::Labels`] for a complete row without a class.
    pub fn read_classes(
        path: &Path,
        columns: &[String],
        class: Option<&str>,
    ) -> Result<(Self, Vec<String>), PointsError> {
        let class: Vec<&str> = class.into_iter().collect();
        let wanted = match columns {
            [] => Wanted::all_numeric().except(&class),
            named => Wanted::numbers(named),
        };
        let source = Source::open(path, &Format::default())?;
        let table = source.read(&wanted.and_text(&class), &|_, _| {})?;
        let columns = table.number_names();
        if columns.is_empty() {
            return Err(PointsError::NoNumbers);
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let (kept, rows) = table.complete();
        if kept.is_empty() {
            return Err(PointsError::NoCompleteRow(
                table.n_rows(),
                columns.join(", "),
            ));
        }
        let mut classes = Vec::new();
        if let Some(column) = table.columns().next() {
            let texts = table.text(column.name())?;
            classes = kept
                .iter()
                .map(|&row| texts[row].trim().to_owned())
                .collect();
            if let Some(place) = classes.iter().position(String::is_empty) {
                return Err(PointsError::Labels {
                    column: String::from(column.name()),
                    why: format!("row {} has no class", kept[place] + 1),
                });
            }
        }
        let points = Self {
            name: name.into_owned(),
            n_incomplete: table.n_rows() - kept.len(),
            numbers: kept.iter().map(|row| row + 1).collect(),
            columns,
            rows,
        };
        Ok((points, classes))
    }

    /// The same with rows that lack values, NaN in their place, and with what a column of labels says of them, which is
    /// then none of the columns.
    ///
    /// # Errors
    /// As [`read`](Self::read) but for incomplete rows; a column without a value; those of [`Truth::of`].
    pub fn read_with_gaps(
        path: &Path,
        columns: &[String],
        labels: Option<&str>,
    ) -> Result<(Self, Option<Truth>), PointsError> {
        let labels: Vec<&str> = labels.into_iter().collect();
        let wanted = match columns {
            [] => Wanted::all_numeric().except(&labels),
            named => Wanted::numbers(named),
        };
        let source = Source::open(path, &Format::default())?;
        let table = source.read(&wanted.and_text(&labels), &|_, _| {})?;
        let columns = table.number_names();
        if columns.is_empty() {
            return Err(PointsError::NoNumbers);
        }
        table.require_values()?;
        let truth = table.columns().next().map(|column| {
            let name = String::from(column.name());
            if columns.contains(&name) {
                let why = String::from("what is to be found cannot be among the columns");
                return Err(PointsError::Labels { column: name, why });
            }
            let texts = table.text(&name)?;
            if let Some(row) = texts.iter().position(|text| table.is_missing(text)) {
                let why = format!("row {} has no label", row + 1);
                return Err(PointsError::Labels { column: name, why });
            }
            Truth::of(&name, &texts)
        });
        let truth = truth.transpose()?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let rows = table.into_array();
        let lacks = |row: &gmm_core::ndarray::ArrayView1<'_, f64>| row.iter().any(|v| v.is_nan());
        let points = Self {
            name: name.into_owned(),
            columns,
            numbers: (1..=rows.nrows()).collect(),
            n_incomplete: rows.rows().into_iter().filter(lacks).count(),
            rows,
        };
        Ok((points, truth))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, columns: &[&str]) -> Result<Points, PointsError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        std::fs::write(&path, text).unwrap();
        let columns: Vec<String> = columns.iter().map(|&c| String::from(c)).collect();
        Points::read(&path, &columns)
    }

    #[test]
    fn incomplete_rows_are_left_out_and_counted() {
        let points = read("name,a,b\nx,1,2\ny,,3\nz,4,5\n", &[]).unwrap();
        assert_eq!(points.columns, ["a", "b"]);
        assert_eq!((points.rows.nrows(), points.n_incomplete), (2, 1));
        assert_eq!(points.numbers, [1, 3]);
        let one = read("name,a,b\nx,1,2\ny,,3\nz,4,5\n", &["b"]).unwrap();
        assert_eq!((one.rows.nrows(), one.n_incomplete), (3, 0));
    }

    #[test]
    fn tables_without_numbers_are_refused() {
        assert!(matches!(
            read("a,b\nx,y\n", &[]),
            Err(PointsError::NoNumbers)
        ));
        assert!(matches!(
            read("a\nNA\n", &["a"]),
            Err(PointsError::NoCompleteRow(1, _))
        ));
        let named = read("a,b\n1,y\n", &["b"]).unwrap_err().to_string();
        assert!(named.contains("line 2") && named.contains('b'), "{named}");
    }
}
