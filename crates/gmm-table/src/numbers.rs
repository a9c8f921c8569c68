//! Numbers of some columns.

use ndarray::{Array2, ArrayView1, ArrayView2, Axis};

/// Numbers of some columns of a table: finite, or NaN where they are missing.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbers {
    pub(crate) names: Vec<String>,
    pub(crate) values: Array2<f64>,
}

impl Numbers {
    /// Names of the columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The numbers: all rows of the table, the columns in the order of the names.
    pub fn values(&self) -> ArrayView2<'_, f64> {
        self.values.view()
    }

    /// The numbers, without their names.
    pub fn into_values(self) -> Array2<f64> {
        self.values
    }

    /// How many values are missing in each column.
    pub fn n_missing(&self) -> Vec<usize> {
        let count = |column: ArrayView1<'_, f64>| column.iter().filter(|v| v.is_nan()).count();
        self.values.columns().into_iter().map(count).collect()
    }

    /// The rows in which nothing is missing: their indices in the table, from 0, and their numbers.
    pub fn complete(&self) -> (Vec<usize>, Array2<f64>) {
        let rows = self.values.rows().into_iter().enumerate();
        let indices: Vec<usize> = rows
            .filter(|(_, row)| is_complete(row))
            .map(|(i, _)| i)
            .collect();
        let values = self.values.select(Axis(0), &indices);
        (indices, values)
    }
}

/// Whether nothing is missing in a row.
pub(crate) fn is_complete(row: &ArrayView1<'_, f64>) -> bool {
    !row.iter().any(|value| value.is_nan())
}
