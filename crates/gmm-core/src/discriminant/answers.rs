//! What a classifier says of rows.

use ndarray::{Array1, Array2, ArrayView1};

use super::Classifier;
use crate::answers::largest;
use crate::error::GmmError;
use crate::log_space::log_sum_exp_of;
use crate::sample::Sample;
use crate::tile::Rows;

impl Classifier {
    /// ln p(x) = ln Σ_c π_c p(x|c) of each row, whatever its class, in nats.
    ///
    /// # Errors
    /// As [`Gmm::log_prob`](crate::Gmm::log_prob).
    pub fn log_prob(&self, rows: &dyn Rows) -> Result<Array1<f64>, GmmError> {
        self.log_prob_of(&Sample::new(rows))
    }

    /// The same of what was seen of each row of a sample; 0 for a row of which nothing was.
    ///
    /// # Errors
    /// As [`Gmm::log_prob_of`](crate::Gmm::log_prob_of).
    pub fn log_prob_of(&self, sample: &Sample<'_>) -> Result<Array1<f64>, GmmError> {
        let joint = self.joint(sample)?;
        Ok(joint.rows().into_iter().map(log_sum_exp_of).collect())
    }

    /// The posterior probability of each class given each row, rows × classes (scikit-learn: `predict_proba`). A row so
    /// far out that its density is 0 in every class says nothing: it has the priors.
    ///
    /// # Errors
    /// As [`log_prob`](Self::log_prob).
    pub fn posteriors(&self, rows: &dyn Rows) -> Result<Array2<f64>, GmmError> {
        self.posteriors_of(&Sample::new(rows))
    }

    /// The same given what was seen of each row of a sample; the priors for a row of which nothing was.
    ///
    /// # Errors
    /// As [`log_prob_of`](Self::log_prob_of).
    pub fn posteriors_of(&self, sample: &Sample<'_>) -> Result<Array2<f64>, GmmError> {
        Ok(self.answers(sample)?.1)
    }

    /// The class of largest posterior of each row, the first of several, as its place among the names.
    ///
    /// # Errors
    /// As [`log_prob`](Self::log_prob).
    pub fn labels(&self, rows: &dyn Rows) -> Result<Array1<usize>, GmmError> {
        self.labels_of(&Sample::new(rows))
    }

    /// The same given what was seen of each row of a sample.
    ///
    /// # Errors
    /// As [`log_prob_of`](Self::log_prob_of).
    pub fn labels_of(&self, sample: &Sample<'_>) -> Result<Array1<usize>, GmmError> {
        let posteriors = self.posteriors_of(sample)?;
        let first = |row| largest(row).0;
        Ok(posteriors.rows().into_iter().map(first).collect())
    }

    /// The class of each row where it is clear: none where no posterior is at least `least_posterior` (Chow, *IEEE Trans.
    /// Inf. Theory* 16, 1970), or where ln p(x) is below `least_log_density`, as of a row that is of none of the classes.
    /// 0 and −∞ reject nothing.
    ///
    /// # Errors
    /// As [`log_prob`](Self::log_prob); [`GmmError::InvalidParameter`] unless `least_posterior` lies in [0, 1] and
    /// `least_log_density` is a number.
    pub fn labels_or_reject(
        &self,
        rows: &dyn Rows,
        least_posterior: f64,
        least_log_density: f64,
    ) -> Result<Array1<Option<usize>>, GmmError> {
        self.labels_or_reject_of(&Sample::new(rows), least_posterior, least_log_density)
    }

    /// The same given what was seen of each row of a sample. The density is that of the values that were, so that rows
    /// seen in different columns are held to one bound in different units.
    ///
    /// # Errors
    /// As [`labels_or_reject`](Self::labels_or_reject).
    pub fn labels_or_reject_of(
        &self,
        sample: &Sample<'_>,
        least_posterior: f64,
        least_log_density: f64,
    ) -> Result<Array1<Option<usize>>, GmmError> {
        let invalid = |name, value: f64, allowed| GmmError::InvalidParameter {
            name,
            value: value.to_string(),
            allowed,
        };
        if !(0.0..=1.0).contains(&least_posterior) {
            return Err(invalid("least_posterior", least_posterior, "from 0 to 1"));
        }
        if least_log_density.is_nan() {
            let name = "least_log_density";
            return Err(invalid(name, least_log_density, "a number"));
        }
        let (log_prob, posteriors) = self.answers(sample)?;
        let label = |(row, &log_density)| {
            let (class, posterior) = largest(row);
            let is_clear = posterior >= least_posterior && log_density >= least_log_density;
            is_clear.then_some(class)
        };
        let rows = posteriors.rows().into_iter().zip(&log_prob);
        Ok(rows.map(label).collect())
    }

    /// ln p(x) and the posteriors.
    fn answers(&self, sample: &Sample<'_>) -> Result<(Array1<f64>, Array2<f64>), GmmError> {
        let mut joint = self.joint(sample)?;
        let mut log_prob = Array1::zeros(joint.nrows());
        for (mut row, log_prob) in joint.rows_mut().into_iter().zip(&mut log_prob) {
            *log_prob = log_sum_exp_of(&row);
            if log_prob.is_finite() {
                row.mapv_inplace(|l| (l - *log_prob).exp());
                // Once more, for what rounding left.
                let sum = row.sum();
                row.mapv_inplace(|r| r / sum);
            } else {
                row.assign(&ArrayView1::from(self.priors()));
            }
        }
        Ok((log_prob, joint))
    }

    /// ln π_c + ln p(x|c), rows × classes.
    fn joint(&self, sample: &Sample<'_>) -> Result<Array2<f64>, GmmError> {
        let mut joint = Array2::zeros((sample.n_rows(), self.n_classes()));
        let classes = self.models.iter().zip(self.priors.logs());
        for (mut column, (model, log_prior)) in joint.columns_mut().into_iter().zip(classes) {
            column.assign(&(model.log_prob_of(sample)? + *log_prior));
        }
        Ok(joint)
    }
}
