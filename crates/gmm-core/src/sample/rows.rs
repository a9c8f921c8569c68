//! Some rows of a sample, with all that is known of them.

use std::borrow::Cow;

use ndarray::Axis;

use super::{Noise, Sample};

impl Sample<'_> {
    /// Works on some rows, with their weights and as they were seen, but without labels.
    pub(crate) fn among<T>(&self, kept: &[usize], work: impl FnOnce(&Sample<'_>) -> T) -> T {
        let rows = self.select(kept);
        let (variances, covariances);
        let noise = match self.noise() {
            Some(Noise::Variances(all)) => {
                variances = all.select(Axis(0), kept);
                Some(Noise::Variances(&variances))
            }
            Some(Noise::Covariances(all)) => {
                covariances = all.select(Axis(0), kept);
                Some(Noise::Covariances(&covariances))
            }
            Some(Noise::Common(all)) => Some(Noise::Common(all)),
            None => None,
        };
        let sample = Sample {
            has_missing: self.has_missing,
            noise,
            ..Sample::new(&rows)
        };
        if !self.is_weighted() {
            return work(&sample);
        }
        let weights = kept.iter().map(|&row| self.weight(row)).collect();
        work(&sample.with_weights(Cow::Owned(weights)))
    }
}
