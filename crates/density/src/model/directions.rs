//! Few directions in place of many columns: those in which components or classes differ, and what they keep.

use gmm_core::discriminant::{Classes, Classifier, edda};
use gmm_core::ndarray::{Array1, Array2, ArrayView1, Axis};
use gmm_core::rand::SeedableRng;
use gmm_core::rand::seq::SliceRandom;
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_core::subspace::Subspace;
use gmm_core::{CovarianceType, Gmm, GmmError, Sample};

/// Parts in which classes are read that were not learnt from.
const FOLDS: usize = 5;

/// What the first directions keep.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kept {
    /// How many directions.
    pub n_directions: usize,
    /// Their share of the eigenvalues.
    pub eigenvalues: f64,
    /// Share of what rows tell of their component or class, Σ r ln(r/π̄), that their projections tell.
    pub information: f64,
    /// Share of the rows whose most probable component or class becomes another.
    pub changed: f64,
    /// Share of the variance of the columns, each in units of its own, that a linear function of the directions explains.
    pub variance: f64,
    /// Of classes the share of rows read wrong by classifiers and directions that were learnt without them.
    pub error: Option<f64>,
}

/// Rows on few directions.
#[derive(Debug, Clone)]
pub struct Directions {
    /// What means count against covariances, λ.
    pub lambda: f64,
    /// The directions, those that say most first.
    pub subspace: Subspace,
    /// The rows on them, rows × q.
    pub projected: Array2<f64>,
    /// The component of largest posterior of each row, or its class.
    pub labels: Vec<usize>,
    /// The names of components or classes.
    pub names: Vec<String>,
    /// The mixture after projection, of all classes together.
    pub mixture: Gmm,
    /// What the first 1, 2, … q directions keep.
    pub kept: Vec<Kept>,
    /// Of classes the share of rows read wrong in all columns, by classifiers learnt without them.
    pub error_of_all: Option<f64>,
}

/// The directions in which the components of a mixture differ (GMMDR; Scrucca, *Statistics and Computing* 20, 2010): with λ
/// of 1 in their means, with ½ in means and covariances; unless it is said, whichever of these keeps more information on
/// the first two directions, of equals 1.
///
/// # Errors
/// As [`Subspace::of`]: for one component, and λ out of range.
pub fn directions(
    rows: &Array2<f64>,
    gmm: &Gmm,
    lambda: Option<f64>,
) -> Result<Directions, GmmError> {
    let sample = Sample::new(rows);
    let before = gmm.responsibilities(rows)?;
    let after =
        |first: &Subspace, projected: &Array2<f64>| first.mixture(gmm)?.responsibilities(projected);
    let of = |lambda| {
        let subspace = Subspace::of(gmm, &sample, lambda)?;
        let kept = kept(rows, &subspace, &before, &after)?;
        Ok((subspace, kept))
    };
    let (lambda, (subspace, kept)) = better(lambda, &of)?;
    Ok(Directions {
        lambda,
        mixture: subspace.mixture(gmm)?,
        projected: subspace.project(&sample)?,
        labels: before.rows().into_iter().map(largest).collect(),
        names: (1..=gmm.n_components())
            .map(|k| format!("Component {k}"))
            .collect(),
        subspace,
        kept,
        error_of_all: None,
    })
}

/// The directions in which classes differ, each a Gaussian of the family of least BIC.
///
/// # Errors
/// Those of [`edda`] and [`Subspace::of`]; [`GmmError::SizeMismatch`] for another number of classes than rows.
pub fn directions_of_classes(
    rows: &Array2<f64>,
    classes: &Classes,
    lambda: Option<f64>,
    seed: u64,
) -> Result<Directions, GmmError> {
    let sample = Sample::new(rows);
    let classifier = edda(&sample, classes, families(rows))?.model;
    let before = classifier.posteriors(rows)?;
    let after = |first: &Subspace, projected: &Array2<f64>| {
        first.classifier(&classifier)?.posteriors(projected)
    };
    let of = |lambda| {
        let subspace = Subspace::of_classifier(&classifier, &sample, lambda)?;
        let kept = kept(rows, &subspace, &before, &after)?;
        Ok((subspace, kept))
    };
    let (lambda, (subspace, mut kept)) = better(lambda, &of)?;
    let (of_all, errors) = errors(rows, classes, (lambda, kept.len()), seed)?;
    for (kept, error) in kept.iter_mut().zip(errors) {
        kept.error = Some(error);
    }
    Ok(Directions {
        lambda,
        projected: subspace.project(&sample)?,
        mixture: subspace.mixture(&classifier.mixture()?)?,
        labels: classes.of_rows().to_vec(),
        names: classes.names().to_vec(),
        subspace,
        kept,
        error_of_all: Some(of_all),
    })
}

/// The families that rows can tell apart: of no more rows than columns, those whose axes are the columns.
fn families(rows: &Array2<f64>) -> &'static [CovarianceType] {
    const ALONG_COLUMNS: [CovarianceType; 4] = [
        CovarianceType::TiedSpherical,
        CovarianceType::Spherical,
        CovarianceType::TiedDiagonal,
        CovarianceType::Diagonal,
    ];
    if rows.nrows() > rows.ncols() {
        &CovarianceType::FAMILIES
    } else {
        &ALONG_COLUMNS
    }
}

/// A subspace and what it keeps.
type Found = (Subspace, Vec<Kept>);

/// What λ leads to; unless it is given, the better of 1 and ½.
fn better(
    lambda: Option<f64>,
    of: &dyn Fn(f64) -> Result<Found, GmmError>,
) -> Result<(f64, Found), GmmError> {
    if let Some(lambda) = lambda {
        return Ok((lambda, of(lambda)?));
    }
    let of_two = |kept: &[Kept]| {
        kept[..kept.len().min(2)]
            .last()
            .map_or(0.0, |k| k.information)
    };
    match (of(1.0), of(0.5)) {
        (Ok(means), Ok(both)) if of_two(&both.1) > of_two(&means.1) + 1e-9 => Ok((0.5, both)),
        (Ok(means), _) => Ok((1.0, means)),
        (Err(_), both) => Ok((0.5, both?)),
    }
}

/// Posteriors of projected rows.
type After<'a> = &'a dyn Fn(&Subspace, &Array2<f64>) -> Result<Array2<f64>, GmmError>;

fn kept(
    rows: &Array2<f64>,
    subspace: &Subspace,
    before: &Array2<f64>,
    after: After<'_>,
) -> Result<Vec<Kept>, GmmError> {
    let sample = Sample::new(rows);
    let told = information(before);
    let shares = subspace.cumulative_shares();
    let variances = explained(rows, &subspace.project(&sample)?);
    let of = |q: usize| {
        let first = subspace.first(q)?;
        let posteriors = after(&first, &first.project(&sample)?)?;
        let pairs = before.rows().into_iter().zip(posteriors.rows());
        let changed = pairs.filter(|(a, b)| largest(*a) != largest(*b)).count();
        Ok(Kept {
            n_directions: q,
            eigenvalues: shares[q - 1],
            // What is told of nothing is kept.
            information: match information(&posteriors) / told {
                share if share.is_finite() => share.min(1.0),
                _ => 1.0,
            },
            changed: changed as f64 / rows.nrows() as f64,
            variance: variances[q - 1],
            error: None,
        })
    };
    (1..=subspace.n_directions()).map(of).collect()
}

/// Mean over rows of Σ r ln(r/π̄) with π̄ the mean posterior: what a row tells of where it is from, in nats.
fn information(posteriors: &Array2<f64>) -> f64 {
    let Some(mean) = posteriors.mean_axis(Axis(0)) else {
        return 0.0;
    };
    let of = |row: ArrayView1<'_, f64>| -> f64 {
        let terms = row.iter().zip(&mean).filter(|(r, _)| **r > 0.0);
        terms.map(|(r, p)| r * (r / p).ln()).sum()
    };
    posteriors.rows().into_iter().map(of).sum::<f64>() / posteriors.nrows() as f64
}

/// Σⱼ R²ⱼ over the columns that vary, by the number of directions. Directions are uncorrelated, so that their squared
/// correlations with a column add.
fn explained(rows: &Array2<f64>, projected: &Array2<f64>) -> Vec<f64> {
    let centred = |x: ArrayView1<'_, f64>| -> Array1<f64> { &x - x.mean().unwrap_or(0.0) };
    let columns: Vec<Array1<f64>> = (rows.columns().into_iter().map(centred))
        .filter(|x| x.dot(x) > 0.0)
        .collect();
    let mut sum = 0.0;
    let mut shares = Vec::new();
    for direction in projected.columns() {
        let t = centred(direction);
        let square = |x: &Array1<f64>| (x.dot(&t)).powi(2) / (x.dot(x) * t.dot(&t));
        sum += columns
            .iter()
            .map(square)
            .filter(|r| r.is_finite())
            .sum::<f64>();
        shares.push((sum / columns.len().max(1) as f64).min(1.0));
    }
    shares
}

/// The shares of rows read wrong, in all columns and on the first 1, 2, … directions, by what was learnt without them.
fn errors(
    rows: &Array2<f64>,
    classes: &Classes,
    (lambda, most): (f64, usize),
    seed: u64,
) -> Result<(f64, Vec<f64>), GmmError> {
    let n = rows.nrows();
    let mut order: Vec<usize> = (0..n).collect();
    order.shuffle(&mut Xoshiro256Plus::seed_from_u64(seed));
    // The rows of a class one after the other, so that each part has its share of them.
    order.sort_by_key(|&row| classes.of_rows()[row]);
    let mut wrong = vec![0_usize; most + 1];
    for fold in 0..FOLDS {
        let in_fold = |place: &usize| place % FOLDS == fold;
        let (out, own): (Vec<usize>, Vec<usize>) = (0..n).partition(in_fold);
        let of = |places: &[usize]| -> Vec<usize> { places.iter().map(|&p| order[p]).collect() };
        let (out, own) = (of(&out), of(&own));
        let names = |rows: &[usize]| -> Vec<&str> {
            let name = |&row: &usize| classes.names()[classes.of_rows()[row]].as_str();
            rows.iter().map(name).collect()
        };
        let learnt_rows = rows.select(Axis(0), &own);
        let sample = Sample::new(&learnt_rows);
        let known = Classes::new(&names(&own));
        let classifier = edda(&sample, &known, families(&learnt_rows))?.model;
        let subspace = Subspace::of_classifier(&classifier, &sample, lambda)?;
        let new_rows = rows.select(Axis(0), &out);
        let truth = names(&out);
        let count = |classifier: &Classifier, rows: &Array2<f64>| -> Result<usize, GmmError> {
            let posteriors = classifier.posteriors(rows)?;
            let read = posteriors.rows().into_iter().map(largest);
            Ok(read
                .zip(&truth)
                .filter(|(c, name)| classifier.names()[*c] != **name)
                .count())
        };
        wrong[0] += count(&classifier, &new_rows)?;
        for (q, wrong) in wrong.iter_mut().enumerate().skip(1) {
            let first = subspace.first(q.min(subspace.n_directions()))?;
            let projected = first.project(&Sample::new(&new_rows))?;
            *wrong += count(&first.classifier(&classifier)?, &projected)?;
        }
    }
    let shares: Vec<f64> = wrong.iter().map(|w| *w as f64 / n as f64).collect();
    Ok((shares[0], shares[1..].to_vec()))
}

/// The place of the largest; of equals the first.
fn largest(row: ArrayView1<'_, f64>) -> usize {
    let larger = |best: usize, i: usize| if row[i] > row[best] { i } else { best };
    (0..row.len()).fold(0, larger)
}
