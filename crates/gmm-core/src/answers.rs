//! What a mixture says of rows that were seen in part, or with noise.

use ndarray::{Array1, Array2, ArrayView1};

use crate::error::GmmError;
use crate::gmm::Gmm;
use crate::mixture::Mixture;
use crate::sample::{Part, Sample};

impl Gmm {
    /// ln p of what was seen of each row of a sample, in nats; 0 for a row of which nothing was.
    ///
    /// # Errors
    /// [`GmmError::SizeMismatch`] for rows of another number of columns, [`GmmError::NonFinite`] for an infinite
    /// value, or a NaN unless the sample is [`with_missing`](Sample::with_missing).
    pub fn log_prob_of(&self, sample: &Sample<'_>) -> Result<Array1<f64>, GmmError> {
        self.check_columns(sample.n_features())?;
        if sample.is_plain() {
            return self.log_prob(sample.rows());
        }
        let parts = Part::all_of(sample)?;
        let seen = sample.in_parts(sample.rows(), &parts);
        let seen = seen.without_labels();
        Ok(Array1::from(self.mixture().log_densities(&seen)))
    }

    /// The posterior probability of each component given what was seen of each row, whatever its label, as
    /// [`responsibilities`](Self::responsibilities) has it; the weights for a row of which nothing was.
    ///
    /// # Errors
    /// As [`log_prob_of`](Self::log_prob_of).
    pub fn responsibilities_of(&self, sample: &Sample<'_>) -> Result<Array2<f64>, GmmError> {
        self.check_columns(sample.n_features())?;
        if sample.is_plain() {
            return self.responsibilities(sample.rows());
        }
        let shares = self.mixture().shares().values();
        let shape = (sample.n_rows(), shares.len());
        let mut out = Array2::from_shape_fn(shape, |(_, k)| shares[k]);
        for part in &Part::all_of(sample)? {
            let of_part = posteriors(&self.mixture().seen(part.how()), part, sample);
            for (&row, r) in part.rows().iter().zip(of_part.rows()) {
                out.row_mut(row).assign(&r);
            }
        }
        Ok(out)
    }

    /// The component of largest posterior given what was seen of each row, whatever its label, the first of several; K
    /// stands for the background.
    ///
    /// # Errors
    /// As [`log_prob_of`](Self::log_prob_of).
    pub fn labels_of(&self, sample: &Sample<'_>) -> Result<Array1<usize>, GmmError> {
        if sample.is_plain() {
            return self.labels(sample.rows());
        }
        let responsibilities = self.responsibilities_of(sample)?;
        let first = |row| largest(row).0;
        Ok(responsibilities.rows().into_iter().map(first).collect())
    }

    /// Each row as it is expected to be: where values were not seen or were measured with noise, their means given
    /// what was, rows × D. A row of which nothing was seen is the mean of the mixture. The background expects nothing.
    ///
    /// # Errors
    /// As [`log_prob_of`](Self::log_prob_of).
    pub fn imputed(&self, sample: &Sample<'_>) -> Result<Array2<f64>, GmmError> {
        self.check_columns(sample.n_features())?;
        let weights = self.weights();
        let mean = weights.dot(self.means()) / weights.sum();
        let mut out = Array2::from_shape_fn((sample.n_rows(), mean.len()), |(_, j)| mean[j]);
        for part in &Part::all_of(sample)? {
            let seen = self.mixture().seen(part.how());
            let of_part = posteriors(&seen, part, sample);
            let k = self.n_components();
            let completions: Vec<_> = self
                .components()
                .iter()
                .zip(seen.components())
                .map(|(whole, seen)| {
                    let of_component = (whole.mean(), whole.covariance());
                    part.how().completion(of_component, seen.covariance())
                })
                .collect();
            let mut posteriors = of_part.rows().into_iter();
            part.each_row(|row, values| {
                let Some(posterior) = posteriors.next() else {
                    return;
                };
                let in_components: f64 = posterior.iter().take(k).sum();
                let mut expected = vec![0.0; mean.len()];
                for (c, completion) in completions.iter().enumerate() {
                    let share = if in_components > 0.0 {
                        posterior[c] / in_components
                    } else {
                        weights[c] / weights.sum()
                    };
                    for (e, x) in expected.iter_mut().zip(completion.row(values)) {
                        *e += share * x;
                    }
                }
                // What was seen as it is stays so to the bit.
                if part.how().is_exact() {
                    for (&j, &x) in part.how().columns().iter().zip(values) {
                        expected[j] = x;
                    }
                }
                out.row_mut(row).assign(&Array1::from(expected));
            });
        }
        Ok(out)
    }
}

/// The first of the largest numbers of a row: where it is, and the number itself.
pub(crate) fn largest(row: ArrayView1<'_, f64>) -> (usize, f64) {
    let first = (0, f64::NEG_INFINITY);
    row.iter()
        .copied()
        .enumerate()
        .fold(first, |best, own| if own.1 > best.1 { own } else { best })
}

/// The posteriors of the rows of a part, rows × components and background.
fn posteriors(
    seen: &Mixture<crate::gaussian::Gaussian>,
    part: &Part,
    whole: &Sample<'_>,
) -> Array2<f64> {
    let evaluation = seen.evaluation();
    let rows = part.sample(whole);
    let n = seen.shares().values().len();
    let mut out = vec![vec![0.0; n]; rows.n_rows()];
    rows.map_tiles(1, &mut out, |joint, tile, out| {
        for (c, column) in evaluation.posterior(tile, joint).enumerate() {
            for (row, r) in out.iter_mut().zip(column) {
                row[c] = *r;
            }
        }
    });
    Array2::from_shape_fn((out.len(), n), |(i, c)| out[i][c])
}
