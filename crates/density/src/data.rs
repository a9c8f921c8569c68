//! Rows of numbers, from a file or drawn.

use gmm_core::ndarray::Array2;
use gmm_table::TableError;

/// Why there are no rows to work on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PointsError {
    /// The file is no table, or not the one that was asked for.
    #[error(transparent)]
    Table(#[from] TableError),
    /// No column holds numbers only.
    #[error("no column holds numbers only")]
    NoNumbers,
    /// Every row lacks a value.
    #[error("all {0} rows lack a value in one of the columns {1}")]
    NoCompleteRow(usize, String),
    /// The labels do not say what an anomaly is.
    #[error("column {column}: {why}")]
    Labels {
        /// The column of labels.
        column: String,
        /// What is wrong with it.
        why: String,
    },
}

/// Which rows are anomalies, as somebody has said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    /// The column that says so.
    pub column: String,
    /// What it says of anomalies.
    pub meaning: String,
    /// Of each row.
    pub is_anomaly: Vec<bool>,
}

impl Truth {
    /// Of labels of two values: of 0 and 1 anomalies are 1, of others the rarer value, of equally rare ones the first.
    ///
    /// # Errors
    /// [`PointsError::Labels`] for a row without label, named by its number, and another number of values than two.
    pub fn of(column: &str, labels: &[&str]) -> Result<Self, PointsError> {
        let refused = |why: String| PointsError::Labels {
            column: String::from(column),
            why,
        };
        let labels: Vec<&str> = labels.iter().map(|l| l.trim()).collect();
        if let Some(row) = labels.iter().position(|l| l.is_empty()) {
            return Err(refused(format!("row {} has no label", row + 1)));
        }
        let mut values: Vec<(&str, usize)> = Vec::new();
        for label in &labels {
            match values.iter().position(|(value, _)| value == label) {
                Some(place) => values[place].1 += 1,
                None if values.len() == 2 => {
                    let why = "labels have two values, one of them for anomalies; this has more";
                    return Err(refused(String::from(why)));
                }
                None => values.push((label, 1)),
            }
        }
        let [first, second] = values[..] else {
            let why = "labels have two values, one of them for anomalies; this has one";
            return Err(refused(String::from(why)));
        };
        let number = |value: &str| value.parse::<f64>().ok();
        let meaning = match (number(first.0), number(second.0)) {
            (Some(0.0), Some(1.0)) => second.0,
            (Some(1.0), Some(0.0)) => first.0,
            _ if second.1 < first.1 => second.0,
            _ => first.0,
        };
        Ok(Self {
            column: String::from(column),
            meaning: String::from(meaning),
            is_anomaly: labels.iter().map(|l| *l == meaning).collect(),
        })
    }
}

/// Rows of numbers under named columns, none of them missing but where they were [read with gaps](Self::read_with_gaps).
#[derive(Debug, Clone, PartialEq)]
pub struct Points {
    /// What they are, for titles.
    pub name: String,
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The values, rows × columns.
    pub rows: Array2<f64>,
    /// The number of each row in its source, from 1.
    pub numbers: Vec<usize>,
    /// Rows of the source that lack a value and were left out.
    pub n_incomplete: usize,
}

impl Points {
    /// Rows under the names of their columns.
    pub fn new(name: &str, columns: &[&str], rows: Array2<f64>) -> Self {
        Self {
            name: String::from(name),
            columns: columns.iter().map(|&c| String::from(c)).collect(),
            numbers: (1..=rows.nrows()).collect(),
            rows,
            n_incomplete: 0,
        }
    }

    /// The variance of each column, Σ(x−mean)²/n; 1 for a column of equal values.
    pub fn variances(&self) -> Vec<f64> {
        let columns = self.rows.var_axis(gmm_core::ndarray::Axis(0), 0.0);
        columns
            .iter()
            .map(|&v| if v > 0.0 { v } else { 1.0 })
            .collect()
    }
}
