//! Whether the rows of classes determine their mixtures, or only what guards the arithmetic does.

use linfa::ParamGuard;
use ndarray::Array2;
use rand::Rng;

use crate::belief::Ridge;
use crate::covariance::{Covariance, CovarianceType};
use crate::eigen::Eigen;
use crate::error::GmmError;
use crate::fitted::{Fitted, Note};
use crate::moments::Form;
use crate::params::GmmParams;
use crate::sample::Sample;
use crate::survey::Survey;

/// A variance that is no more than this many relative ridges is one that the rows do not have.
const NARROW: f64 = 2.0;

/// What a fit must have of its rows.
#[derive(Debug)]
pub(super) enum Demand {
    /// More than these variances of the columns, which only guard the arithmetic.
    Above(Vec<f64>),
    /// Nothing: an absolute ridge, which says how fine rows can be, or a prior determines what they do not.
    Nothing,
}

impl Demand {
    /// What these parameters ask of rows that were looked at.
    pub(super) fn of<R: Rng + Clone>(
        params: &GmmParams<R>,
        survey: &Survey,
    ) -> Result<Self, GmmError> {
        let valid = params.check_ref()?;
        Ok(match valid.ridge() {
            _ if valid.has_prior() => Self::Nothing,
            Ridge::Absolute(ridge) if ridge > 0.0 => Self::Nothing,
            Ridge::Absolute(_) => Self::Above(vec![0.0; survey.scale.len()]),
            Ridge::Relative(share) => Self::Above(survey.scale.iter().map(|v| v * share).collect()),
        })
    }

    /// Whether the rows determine all components; if not, which they do not, and why. The responsibilities are those by
    /// which the fit divides the rows, rows × components and perhaps more.
    pub(super) fn check(
        &self,
        fitted: &Fitted,
        sample: &Sample<'_>,
        responsibilities: &Array2<f64>,
    ) -> Result<(), (usize, GmmError)> {
        let Self::Above(floor) = self else {
            return Ok(());
        };
        let of = fitted.model.covariance_type();
        let undetermined = |(component, why)| (component, undetermined(of, why));
        let flaw = |note: &Note| Some((note.component()?, in_words(note)));
        if let Some(flaw) = fitted.notes.iter().find_map(flaw) {
            return Err(undetermined(flaw));
        }
        let own = has_own_shapes(of).then(|| Own::of(sample, responsibilities));
        for (k, component) in fitted.model.components().iter().enumerate() {
            let covariance = component.covariance();
            let variances = covariance.conditional_variances();
            let is_narrow = |(v, least): (&f64, &f64)| *v <= NARROW * least;
            if let Some(column) = variances.iter().zip(floor).position(is_narrow) {
                return Err(undetermined((k, no_variance(column))));
            }
            if let Some(column) = own
                .as_ref()
                .and_then(|own| own.narrow(k, covariance, floor))
            {
                return Err(undetermined((k, no_variance(column))));
            }
        }
        Ok(())
    }
}

/// That rows do not determine a covariance of this type.
pub(super) fn undetermined(of: CovarianceType, why: String) -> GmmError {
    GmmError::Undetermined {
        covariance_type: of.to_string(),
        why,
    }
}

/// That a column has no variance of its own.
pub(super) fn no_variance(column: usize) -> String {
    format!("column {column} has no variance given the others")
}

fn in_words(note: &Note) -> String {
    match note {
        Note::ThinComponent { weight, .. } => format!("{weight:.1} rows are too few"),
        Note::Spike { column, .. } => no_variance(*column),
        note => note.to_string(),
    }
}

/// Whether each component has a shape of its own, which its own rows must determine.
const fn has_own_shapes(of: CovarianceType) -> bool {
    matches!(
        of,
        CovarianceType::Evi
            | CovarianceType::Diagonal
            | CovarianceType::Eve
            | CovarianceType::Vve
            | CovarianceType::Evv
            | CovarianceType::Full
    )
}

/// The second moments of the rows of each component about their mean, of the rows that were seen whole.
struct Own {
    rows: Array2<f64>,
    /// Weights, rows × components.
    weights: Array2<f64>,
}

impl Own {
    fn of(sample: &Sample<'_>, responsibilities: &Array2<f64>) -> Self {
        let all: Vec<usize> = (0..sample.n_rows()).collect();
        let mut rows = sample.select(&all);
        let mut weights = responsibilities.clone();
        for (i, (mut row, mut w)) in rows
            .rows_mut()
            .into_iter()
            .zip(weights.rows_mut())
            .enumerate()
        {
            if row.iter().all(|x| x.is_finite()) {
                w.mapv_inplace(|w| w * sample.weight(i));
            } else {
                w.fill(0.0);
                row.fill(0.0);
            }
        }
        Self { rows, weights }
    }

    /// The column that most is in an axis of a covariance along which the rows of the component have no more than these
    /// variances. Families of one volume would hide it: what a component lacks along one axis they give it along all.
    fn narrow(&self, component: usize, covariance: &Covariance, floor: &[f64]) -> Option<usize> {
        let weights = self.weights.column(component);
        let total = weights.sum();
        if total <= 0.0 {
            return None;
        }
        let d = floor.len();
        let mean = weights.dot(&self.rows) / total;
        let axes = Eigen::of(&covariance.entries(Form::Full), d)?.axes;
        for axis in axes.chunks_exact(d) {
            let along = |row: ndarray::ArrayView1<'_, f64>| -> f64 {
                let parts = row.iter().zip(&mean).zip(axis);
                parts.map(|((x, m), a)| (x - m) * a).sum()
            };
            let rows = self.rows.rows().into_iter().zip(&weights);
            let variance = rows.map(|(row, w)| w * along(row).powi(2)).sum::<f64>() / total;
            let least: f64 = axis.iter().zip(floor).map(|(a, f)| a * a * f).sum();
            if variance <= (NARROW - 1.0) * least {
                let size = |j: &usize| axis[*j].abs();
                return (0..d).max_by(|i, j| size(i).total_cmp(&size(j)));
            }
        }
        None
    }
}
