//! What may be asked of any model with hidden regimes.

/// Gives a model the questions that all have in common. It must have `hmm`, and `ready(&data, work)`, which checks
/// sequences and works on them as the model sees them.
macro_rules! answers {
    ($model:ty) => {
        impl $model {
            /// How regimes follow one another.
            pub fn chain(&self) -> &$crate::hmm::Chain {
                self.hmm.chain()
            }

            /// K.
            pub fn n_regimes(&self) -> usize {
                self.hmm.chain().n_regimes()
            }

            /// ln p of each sequence (hmmlearn: `score` is their sum), in nats.
            ///
            /// # Errors
            /// [`GmmError::SizeMismatch`](crate::GmmError::SizeMismatch) for another number of columns,
            /// [`GmmError::NonFinite`](crate::GmmError::NonFinite) for a value that is no number where none may be missing,
            /// [`GmmError::InvalidLabel`](crate::GmmError::InvalidLabel) for a regime that there is not.
            pub fn log_likelihoods(
                &self,
                data: &$crate::hmm::Sequences<'_>,
            ) -> Result<Vec<f64>, $crate::GmmError> {
                self.filtered(data)
                    .map(|posteriors| posteriors.log_likelihoods)
            }

            /// p(s_t = k | all rows of the sequence) (hmmlearn: `predict_proba`; Kim's smoother, *J. Econometrics* 60, 1994).
            ///
            /// # Errors
            /// As [`log_likelihoods`](Self::log_likelihoods).
            pub fn smoothed(
                &self,
                data: &$crate::hmm::Sequences<'_>,
            ) -> Result<$crate::hmm::Posteriors, $crate::GmmError> {
                self.ready(data, |data| {
                    self.hmm
                        .of_regimes($crate::chain::Posterior::Smoothed, data)
                })
            }

            /// p(s_t = k | the rows up to t).
            ///
            /// # Errors
            /// As [`log_likelihoods`](Self::log_likelihoods).
            pub fn filtered(
                &self,
                data: &$crate::hmm::Sequences<'_>,
            ) -> Result<$crate::hmm::Posteriors, $crate::GmmError> {
                self.ready(data, |data| {
                    self.hmm
                        .of_regimes($crate::chain::Posterior::Filtered, data)
                })
            }

            /// The regimes that are most probable together (hmmlearn: `decode`).
            ///
            /// # Errors
            /// As [`log_likelihoods`](Self::log_likelihoods).
            pub fn most_probable(
                &self,
                data: &$crate::hmm::Sequences<'_>,
            ) -> Result<$crate::hmm::Path, $crate::GmmError> {
                self.ready(data, |data| self.hmm.path(data))
            }

            /// ln p of each row given all rows of its sequence before it, and given all others, in nats; 0 where nothing of
            /// a row was seen. The first is what an alarm knows when the row comes, the second what is known in the end.
            ///
            /// # Errors
            /// As [`log_likelihoods`](Self::log_likelihoods).
            pub fn log_predictive(
                &self,
                data: &$crate::hmm::Sequences<'_>,
            ) -> Result<(::ndarray::Array1<f64>, ::ndarray::Array1<f64>), $crate::GmmError> {
                self.ready(data, |data| self.hmm.log_predictive(data))
            }

            /// Probabilities of the regimes of each row given all rows of its sequence before it, and given all others, n × K
            /// each.
            ///
            /// # Errors
            /// As [`log_likelihoods`](Self::log_likelihoods).
            pub fn predicted(
                &self,
                data: &$crate::hmm::Sequences<'_>,
            ) -> Result<(::ndarray::Array2<f64>, ::ndarray::Array2<f64>), $crate::GmmError> {
                self.ready(data, |data| self.hmm.predicted_regimes(data))
            }
        }
    };
}
pub(crate) use answers;
