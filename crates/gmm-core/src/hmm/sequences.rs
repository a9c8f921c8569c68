//! Rows in the order of time.

use std::ops::Range;

use crate::error::GmmError;
use crate::sample::Sample;

/// Rows in the order of time, in one sequence or several that know nothing of one another.
///
/// Missing values, noise, weights and labels are those of the [`Sample`]: a missing value (with
/// [`Sample::with_missing`]) takes nothing away but what it would have told; a weight is the number of times that a row
/// was observed at its one time, so that 0 is none; a label is the regime of that time.
#[derive(Debug)]
pub struct Sequences<'a> {
    sample: Sample<'a>,
    starts: Vec<usize>,
}

impl<'a> Sequences<'a> {
    /// One sequence.
    pub fn one(sample: Sample<'a>) -> Self {
        let starts = if sample.n_rows() > 0 {
            vec![0]
        } else {
            Vec::new()
        };
        Self { sample, starts }
    }

    /// Sequences of these lengths, one after the other.
    ///
    /// # Errors
    /// [`GmmError::SizeMismatch`] unless the lengths add up to the number of rows, [`GmmError::InvalidParameter`] for a
    /// length of 0.
    pub fn of_lengths(sample: Sample<'a>, lengths: &[usize]) -> Result<Self, GmmError> {
        let mut starts = Vec::with_capacity(lengths.len());
        let mut end = 0_usize;
        for (place, length) in lengths.iter().enumerate() {
            if *length == 0 {
                return Err(GmmError::InvalidParameter {
                    name: "length of a sequence",
                    value: format!("0 (sequence {place})"),
                    allowed: "at least 1",
                });
            }
            starts.push(end);
            end = end.saturating_add(*length);
        }
        GmmError::check_size("rows of all sequences", sample.n_rows(), end)?;
        Ok(Self { sample, starts })
    }

    /// Their rows.
    pub fn sample(&self) -> &Sample<'a> {
        &self.sample
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// The rows of each.
    pub fn ranges(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        let ends = self
            .starts
            .iter()
            .skip(1)
            .copied()
            .chain([self.sample.n_rows()]);
        self.starts
            .iter()
            .copied()
            .zip(ends)
            .map(|(start, end)| start..end)
    }

    /// The same sequences on what was made of their sample.
    pub(crate) fn on<'s>(&'s self, sample: &'s Sample<'_>) -> Sequences<'s> {
        Sequences {
            sample: sample.borrowed(),
            starts: self.starts.clone(),
        }
    }
}
