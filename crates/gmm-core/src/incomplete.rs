//! Samples made ready for a fit: in tiles, and where values are missing by how rows were seen.

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256Plus;

use crate::belief::{Belief, Ridge};
use crate::covariance::{Covariance, CovarianceType};
use crate::em::{self, Stopping};
use crate::error::GmmError;
use crate::gaussian::Gaussian;
use crate::mixture::Mixture;
use crate::moments::{Form, Moments};
use crate::observation::Observation;
use crate::sample::{Part, Sample};
use crate::shares::Shares;
use crate::survey::Survey;
use crate::tile::Tiles;

/// When the Gaussian that stands in for missing values is good enough: starts and the defaults of priors depend on it.
const STOPPING: Stopping = Stopping {
    tolerance: 1e-2,
    max_n_iterations: 10,
    accelerate: true,
};

/// Rows that have no say in what stands for missing values, where there may be outliers.
const TRIMMED: f64 = 0.1;

/// Works on a sample as tiles, grouped by how its rows were seen where that differs. In place of what was not seen
/// stands what one Gaussian draws, for the starts, which look at whole rows.
pub(crate) fn prepared<T>(
    sample: &Sample<'_>,
    has_outliers: bool,
    work: impl FnOnce(&Sample<'_>) -> Result<T, GmmError>,
) -> Result<T, GmmError> {
    if sample.is_plain() {
        return sample.in_tiles(work);
    }
    if sample.n_features() == 0 {
        return Err(GmmError::NoColumns);
    }
    if sample.total_weight() <= 0.0 {
        return Err(GmmError::NoRows);
    }
    let parts = Part::all_of(sample)?;
    let seen = sample.in_parts(sample.rows(), &parts);
    if seen.is_of_whole_rows() {
        return seen.in_tiles(work);
    }
    let seen = seen.with_trimming(if has_outliers { TRIMMED } else { 0.0 });
    let filled = filled(&seen, &parts)?;
    work(&sample.in_parts(&filled, &parts))
}

/// The moments of all rows together: of rows seen in part, those of the Gaussian that stands in.
pub(crate) fn moments(
    sample: &Sample<'_>,
    survey: &Survey,
    form: Form,
) -> Result<Moments, GmmError> {
    if sample.is_of_whole_rows() {
        return Ok(survey.moments(sample, form));
    }
    let whole = stand_in(&sample.borrowed().with_trimming(0.0), survey)?;
    let scatter = whole.covariance().entries(form);
    Ok(Moments {
        weight: survey.weight,
        mean: whole.mean().to_vec(),
        scatter: scatter.into_iter().map(|v| v * survey.weight).collect(),
        form,
    })
}

/// One Gaussian, fitted to what was seen.
fn stand_in(seen: &Sample<'_>, survey: &Survey) -> Result<Gaussian, GmmError> {
    let d = seen.n_features();
    let belief = Belief::new(CovarianceType::Full, Ridge::Relative(1e-6), &survey.scale);
    let covariance = Covariance::diagonal(survey.scale.clone())
        .and_then(|diagonal| CovarianceType::Full.covariance(diagonal.entries(Form::Full), d))
        .map_err(|pivot| GmmError::Overflow { column: pivot.0 })?;
    let start = Gaussian::new(survey.mean.clone(), covariance);
    let start = Mixture::new(Shares::of_counts(&[1.0]), vec![start], None);
    let run = em::climb(start, &seen.without_labels(), &belief, STOPPING, &|_, _| {});
    Ok(run.model.components()[0].clone())
}

/// Rows in which the values that were not seen are drawn from one Gaussian, fitted to the others, given those that were:
/// the values that it expects would lie on lines, and lines look like components.
fn filled(seen: &Sample<'_>, parts: &[Part]) -> Result<Tiles, GmmError> {
    let d = seen.n_features();
    let survey = Survey::of(seen)?;
    let whole = stand_in(seen, &survey)?;
    let mut rng = Xoshiro256Plus::seed_from_u64(0);
    let mut filled = Tiles::of(seen.rows());
    for part in parts {
        // What stands for a value does not depend on noise.
        let how = Observation::new(part.how().columns().to_vec(), d, None);
        if how.is_whole() {
            continue;
        }
        let (_, covariance) = how.of(whole.mean(), whole.covariance());
        let completion = how.completion((whole.mean(), whole.covariance()), &covariance);
        part.each_row(|row, values| {
            // What a draw is less what is expected of it has the spread of what was not seen.
            let drawn = whole.draw(&mut rng);
            let seen: Vec<f64> = how.columns().iter().map(|&j| drawn[j]).collect();
            let expected = completion.row(values).zip(completion.row(&seen));
            for (j, ((expected, of_drawn), drawn)) in expected.zip(&drawn).enumerate() {
                let value = expected + (drawn - of_drawn);
                // The range of a column is that of what was seen of it.
                let (low, high) = survey.range[j];
                let value = if value.is_finite() {
                    value
                } else {
                    survey.mean[j]
                };
                filled.set(row, j, value.max(low).min(high));
            }
        });
    }
    for (row, is_seen) in seen.is_seen(parts).into_iter().enumerate() {
        if !is_seen {
            let mean = survey.mean.iter().enumerate();
            mean.for_each(|(j, &mean)| filled.set(row, j, mean));
        }
    }
    Ok(filled)
}
