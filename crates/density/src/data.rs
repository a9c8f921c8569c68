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
}

/// Rows of numbers under named columns, none of them missing.
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
