//! The classes of rows.

use std::collections::BTreeSet;

use crate::error::GmmError;
use crate::sample::Sample;

/// Which class each of some rows is of.
///
/// ```
/// use gmm_core::discriminant::Classes;
///
/// let classes = Classes::new(&["setosa", "virginica", "setosa"]);
/// assert_eq!(classes.names(), ["setosa", "virginica"]);
/// assert_eq!(classes.of_rows(), [0, 1, 0]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classes {
    names: Vec<String>,
    of_rows: Vec<usize>,
}

impl Classes {
    /// From the name of the class of each row; the classes are in alphabetical order.
    pub fn new(of_rows: &[impl AsRef<str>]) -> Self {
        let names: BTreeSet<&str> = of_rows.iter().map(AsRef::as_ref).collect();
        let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        let place = |name: &str| names.binary_search_by(|n| n.as_str().cmp(name));
        let place = |name: &str| place(name).unwrap_or_else(|place| place);
        let of_rows = of_rows.iter().map(|name| place(name.as_ref())).collect();
        Self { names, of_rows }
    }

    /// From the names of the classes, in an order of one's own, and the place of the class of each row among them.
    ///
    /// # Errors
    /// [`GmmError::InvalidParameter`] for two classes of one name, [`GmmError::InvalidLabel`] with the row for a place
    /// beyond the last class.
    pub fn of_places(names: Vec<String>, of_rows: Vec<usize>) -> Result<Self, GmmError> {
        check_names(&names)?;
        match of_rows.iter().position(|&class| class >= names.len()) {
            Some(row) => Err(GmmError::InvalidLabel {
                row,
                label: of_rows[row],
                n_components: names.len(),
            }),
            None => Ok(Self { names, of_rows }),
        }
    }

    /// The names of the classes.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The class of each row, as its place among the names.
    pub fn of_rows(&self) -> &[usize] {
        &self.of_rows
    }

    /// The rows of one class.
    pub(super) fn rows_of(&self, class: usize) -> Vec<usize> {
        let rows = 0..self.of_rows.len();
        rows.filter(|&row| self.of_rows[row] == class).collect()
    }

    /// The classes of some rows, under the same names.
    pub(super) fn among(&self, rows: &[usize]) -> Self {
        Self {
            names: self.names.clone(),
            of_rows: rows.iter().map(|&row| self.of_rows[row]).collect(),
        }
    }

    /// That there is a class for each row of a sample.
    pub(super) fn check_rows(&self, sample: &Sample<'_>) -> Result<(), GmmError> {
        GmmError::check_size(
            "number of classes of rows",
            sample.n_rows(),
            self.of_rows.len(),
        )
    }

    /// Σ of the weights of each class.
    ///
    /// # Errors
    /// [`GmmError::NoRows`] where there is no class; the same, [in the class](GmmError::InClass), where one has no row of
    /// positive weight.
    pub(super) fn weights(&self, sample: &Sample<'_>) -> Result<Vec<f64>, GmmError> {
        self.check_rows(sample)?;
        let mut weights = vec![0.0; self.names.len()];
        for (row, &class) in self.of_rows.iter().enumerate() {
            weights[class] += sample.weight(row);
        }
        match weights.iter().position(|w| *w <= 0.0) {
            Some(class) => Err(GmmError::NoRows.in_class(&self.names[class])),
            None if weights.is_empty() => Err(GmmError::NoRows),
            None => Ok(weights),
        }
    }
}

/// That no two classes have one name.
pub(super) fn check_names(names: &[String]) -> Result<(), GmmError> {
    let twice = |(i, name): &(usize, &String)| names[..*i].contains(name);
    match names.iter().enumerate().find(twice) {
        Some((_, name)) => Err(GmmError::InvalidParameter {
            name: "class name",
            value: format!("'{name}' twice"),
            allowed: "the name of one class",
        }),
        None => Ok(()),
    }
}
