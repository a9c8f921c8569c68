//! Some rows of a table.

use ndarray::{Array2, ArrayView2, ShapeBuilder};

/// Rows that follow each other in a table: the numbers of some columns and the texts of others.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    pub(crate) first_row: usize,
    pub(crate) lines: Lines,
    /// Rows × columns, column by column in memory.
    pub(crate) numbers: Array2<f64>,
    pub(crate) texts: Vec<Texts>,
}

impl Block {
    /// Leaves out all columns of numbers but these, which are in order.
    pub(crate) fn keep(&mut self, columns: &[usize]) {
        let n_rows = self.n_rows();
        let (mut values, _) = std::mem::take(&mut self.numbers).into_raw_vec_and_offset();
        for (to, from) in columns.iter().enumerate() {
            values.copy_within(from * n_rows..(from + 1) * n_rows, to * n_rows);
        }
        values.truncate(columns.len() * n_rows);
        values.shrink_to_fit();
        let shape = (n_rows, columns.len()).f();
        self.numbers = Array2::from_shape_vec(shape, values).unwrap_or_default();
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.numbers.nrows()
    }

    /// Row of the table that is the first of this block, from 0.
    pub fn first_row(&self) -> usize {
        self.first_row
    }

    /// The line of a row of this block in the file, from 1; of files without lines the number of the row.
    pub fn line(&self, row: usize) -> usize {
        self.lines.get(row)
    }

    /// The numbers, rows × columns of numbers: finite, or NaN where they are missing.
    pub fn numbers(&self) -> ArrayView2<'_, f64> {
        self.numbers.view()
    }

    /// The texts of each column of texts, as they are written but for the spaces around them.
    pub fn texts(&self) -> &[Texts] {
        &self.texts
    }
}

/// Many texts in one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts {
    joined: String,
    ends: Vec<usize>,
}

impl Texts {
    pub(crate) fn push(&mut self, text: &str) {
        self.joined.push_str(text);
        self.ends.push(self.joined.len());
    }

    /// Keeps the first `n`.
    pub(crate) fn truncate(&mut self, n: usize) {
        self.ends.truncate(n);
        self.joined.truncate(self.ends.last().copied().unwrap_or(0));
    }

    /// Gives back the memory that is not used.
    pub(crate) fn shrink(&mut self) {
        self.joined.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The text of a row; beyond the last, an empty one.
    pub fn get(&self, row: usize) -> &str {
        let end = |i: usize| self.ends.get(i).copied().unwrap_or(self.joined.len());
        let start = row.checked_sub(1).map_or(0, end);
        &self.joined[start..end(row)]
    }

    /// All of them in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|row| self.get(row))
    }
}

impl<S: AsRef<str>> FromIterator<S> for Texts {
    fn from_iter<I: IntoIterator<Item = S>>(texts: I) -> Self {
        let mut all = Self::default();
        texts.into_iter().for_each(|text| all.push(text.as_ref()));
        all
    }
}

/// The line of each row, kept as runs of lines that follow each other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Lines {
    n_rows: usize,
    /// First row and first line of each run.
    runs: Vec<(usize, usize)>,
}

impl Lines {
    /// Lines that follow each other from this one on.
    pub(crate) fn from(line: usize) -> Self {
        Self {
            n_rows: 0,
            runs: vec![(0, line)],
        }
    }

    pub(crate) fn push(&mut self, line: usize) {
        let follows = |(row, first): &(usize, usize)| first + (self.n_rows - row) == line;
        if !self.runs.last().is_some_and(follows) {
            self.runs.push((self.n_rows, line));
        }
        self.n_rows += 1;
    }

    pub(crate) fn get(&self, row: usize) -> usize {
        let run = self.runs.partition_point(|(first, _)| *first <= row);
        match run.checked_sub(1).and_then(|run| self.runs.get(run)) {
            Some((first, line)) => line + (row - first),
            None => row + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_follow_each_other_are_one_run() {
        let mut lines = Lines::default();
        let given = [2, 3, 4, 7, 9, 10];
        given.iter().for_each(|line| lines.push(*line));
        assert_eq!(lines.runs, [(0, 2), (3, 7), (4, 9)]);
        assert_eq!([0, 1, 2, 3, 4, 5].map(|row| lines.get(row)), given);
        assert_eq!(Lines::default().get(2), 3);
    }

    #[test]
    fn texts_are_kept_in_order() {
        let mut texts: Texts = ["a", "", "bcd"].into_iter().collect();
        assert_eq!(texts.iter().collect::<Vec<_>>(), ["a", "", "bcd"]);
        texts.truncate(2);
        assert_eq!((texts.len(), texts.get(1)), (2, ""));
        texts.truncate(0);
        assert!(texts.is_empty() && texts.get(3).is_empty());
    }
}
