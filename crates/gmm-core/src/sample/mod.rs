//! Rows with weights, and how threads go through them.

mod noise;
mod parts;
mod passes;
mod rows;

use std::borrow::Cow;

use ndarray::Array2;
use rayon::prelude::*;

use crate::error::GmmError;
use crate::simd::{Pack, flat_mut};
use crate::tile::{Columns, Rows, TILE_ROWS, Tile, Tiles, tile_rows};

pub use noise::Noise;
pub(crate) use parts::Part;
use passes::held;
pub(crate) use passes::map_rows;

/// Values of which a fit keeps a copy in tiles: 16 MiB.
const MOST_VALUES_HELD: usize = 1 << 21;

const ONES: [f64; TILE_ROWS] = [1.0; TILE_ROWS];

/// Rows with a weight each, and what else is known of them: what every fit works on.
///
/// A weight is a multiplicity: a row of weight 3 counts as three equal rows, a row of weight 0 not at all
/// (but its values must be finite all the same, or missing where they [may be](Self::with_missing)). Weights that average less than 1 over the rows that have
/// any, or more than 1e12, cannot be multiplicities; they are taken as relative and scaled to average 1. A weight of less
/// than 1e-19 of those around it may count as 0, wherever its row is.
///
/// ```
/// use gmm_core::{Gmm, Sample};
/// use ndarray::array;
///
/// let x = array![[0.1, 1.0], [0.2, f64::NAN], [f64::NAN, 1.2], [5.1, 7.0], [5.2, f64::NAN], [5.0, 7.1]];
/// let weights = [1.0, 2.0, 1.0, 1.0, 1.0, 3.0];
/// let sample = Sample::weighted(&x, &weights)?
///     .with_missing()
///     .with_labels(&[Some(0), None, None, Some(1), None, None])?;
/// let gmm = Gmm::params(2).fit_sample(&sample, &|_| {})?.model;
/// assert_eq!(gmm.labels_of(&sample)?.to_vec(), [0, 0, 0, 1, 1, 1]);
/// # Ok::<(), gmm_core::GmmError>(())
/// ```
#[derive(Clone)]
pub struct Sample<'a> {
    /// The rows; where values were missing and a fit has begun, with something in their place.
    rows: &'a dyn Rows,
    weights: Option<Cow<'a, [f64]>>,
    total_weight: f64,
    has_missing: bool,
    noise: Option<Noise<'a>>,
    labels: Option<Cow<'a, [Option<usize>]>>,
    /// The rows by how they were seen, where that differs.
    parts: Option<&'a [Part]>,
    /// Share of the weight that a fit leaves out.
    trimming: f64,
}

impl std::fmt::Debug for Sample<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sample")
            .field("n_rows", &self.n_rows())
            .field("n_features", &self.n_features())
            .field("weighted", &self.weights.is_some())
            .field("has_missing", &self.has_missing)
            .field("has_noise", &self.noise.is_some())
            .field("labelled", &self.labels.is_some())
            .finish_non_exhaustive()
    }
}

impl<'a> Sample<'a> {
    /// Rows that all have weight 1.
    pub fn new(rows: &'a dyn Rows) -> Self {
        Self {
            rows,
            weights: None,
            total_weight: rows.n_rows() as f64,
            has_missing: false,
            noise: None,
            labels: None,
            parts: None,
            trimming: 0.0,
        }
    }

    /// Rows with one weight each.
    ///
    /// # Errors
    /// [`GmmError::SizeMismatch`] unless there are as many weights as rows,
    /// [`GmmError::InvalidWeight`] for a weight that is negative, NaN or infinite.
    pub fn weighted(rows: &'a dyn Rows, weights: &'a [f64]) -> Result<Self, GmmError> {
        GmmError::check_size("number of row weights", rows.n_rows(), weights.len())?;
        match weights
            .iter()
            .enumerate()
            .find(|(_, w)| !(w.is_finite() && **w >= 0.0))
        {
            Some((row, &weight)) => Err(GmmError::InvalidWeight { row, weight }),
            None => Ok(Self::new(rows).with_weights(multiplicities(weights))),
        }
    }

    /// The same in which NaN stands for a value that was not seen: likelihoods are those of the values that were,
    /// and an E-step expects the others (Ghahramani & Jordan, NIPS 6, 1994). This is right where the reason for
    /// missing does not depend on what is missing.
    ///
    /// A row of which nothing was seen changes nothing.
    #[must_use]
    pub fn with_missing(self) -> Self {
        Self {
            has_missing: true,
            ..self
        }
    }

    /// The same with the noise that its rows were measured with.
    ///
    /// # Errors
    /// [`GmmError::SizeMismatch`] for another number of rows or columns, [`GmmError::InvalidNoise`] with the row for
    /// what is no covariance.
    pub fn with_noise(self, noise: Noise<'a>) -> Result<Self, GmmError> {
        noise.check(self.n_rows(), self.n_features())?;
        Ok(Self {
            noise: Some(noise),
            ..self
        })
    }

    /// The same with the component of some rows given: partial labels, one for each row that has one. Component k of
    /// the fit is then what the label k stands for.
    ///
    /// # Errors
    /// [`GmmError::SizeMismatch`] for another number of labels than rows. Labels beyond the number of components are
    /// refused by the fit.
    pub fn with_labels(self, labels: &'a [Option<usize>]) -> Result<Self, GmmError> {
        GmmError::check_size("number of labels", self.n_rows(), labels.len())?;
        Ok(Self {
            labels: labels
                .iter()
                .any(Option::is_some)
                .then_some(Cow::Borrowed(labels)),
            ..self
        })
    }

    /// The same with other weights, taken as they are.
    pub(crate) fn with_weights(self, weights: Cow<'a, [f64]>) -> Self {
        Self {
            total_weight: weights.iter().sum(),
            weights: Some(weights),
            ..self
        }
    }

    /// The same of which a fit leaves out this share of the weight.
    pub(crate) fn with_trimming(self, trimming: f64) -> Self {
        Self { trimming, ..self }
    }

    /// The same without labels.
    pub(crate) fn without_labels(&self) -> Sample<'_> {
        Sample {
            labels: None,
            ..self.borrowed()
        }
    }

    /// The same weights and labels on other rows, one for each, that were seen whole.
    pub(crate) fn on<'s>(&'s self, rows: &'s dyn Rows) -> Sample<'s> {
        Sample {
            rows,
            parts: None,
            ..self.borrowed()
        }
    }

    /// Works on the rows of which something was seen, as if what stands for them had been seen.
    pub(crate) fn as_whole<T>(&self, work: impl FnOnce(&Sample<'_>) -> T) -> T {
        let Some(parts) = self.parts else {
            return work(self);
        };
        let mut seen: Vec<usize> = parts.iter().flat_map(Part::rows).copied().collect();
        if seen.len() == self.n_rows() {
            return work(&self.on(self.rows));
        }
        seen.sort_unstable();
        let weights = seen.iter().map(|&i| self.weight(i)).collect();
        let whole = self.on(self.rows);
        whole.subset(&seen, weights, work)
    }

    /// The same, without copies.
    pub(crate) fn borrowed(&self) -> Sample<'_> {
        Sample {
            weights: self.weights.as_deref().map(Cow::Borrowed),
            labels: self.labels.as_deref().map(Cow::Borrowed),
            ..*self
        }
    }

    /// Rows that were seen in one way.
    pub(crate) fn of_part(
        rows: &'a dyn Rows,
        weights: Option<Vec<f64>>,
        labels: Option<Cow<'a, [Option<usize>]>>,
    ) -> Self {
        let sample = Self {
            labels,
            ..Self::new(rows)
        };
        match weights {
            Some(weights) => sample.with_weights(Cow::Owned(weights)),
            None => sample,
        }
    }

    /// The same by how its rows were seen, with these rows to stand for whole ones. Rows that are in no part do not
    /// count.
    pub(crate) fn in_parts<'s>(&'s self, rows: &'s dyn Rows, parts: &'s [Part]) -> Sample<'s> {
        let sample = Sample {
            rows,
            has_missing: false,
            noise: None,
            parts: Some(parts),
            ..self.borrowed()
        };
        let n_seen: usize = parts.iter().map(|part| part.rows().len()).sum();
        if n_seen == self.n_rows() {
            return sample;
        }
        let mut weights = vec![0.0; self.n_rows()];
        for &i in parts.iter().flat_map(Part::rows) {
            weights[i] = self.weight(i);
        }
        sample.with_weights(Cow::Owned(weights))
    }

    /// Whether every row was seen whole and as it is.
    pub(crate) fn is_plain(&self) -> bool {
        !self.has_missing && self.noise.is_none()
    }

    /// The noise of its rows.
    pub(crate) fn noise(&self) -> Option<&Noise<'a>> {
        self.noise.as_ref()
    }

    /// Whether every row was seen in all columns, with noise or without.
    pub(crate) fn is_of_whole_rows(&self) -> bool {
        let Some(parts) = self.parts else { return true };
        let whole = parts.iter().filter(|part| part.how().is_of_all_columns());
        whole.map(|part| part.rows().len()).sum::<usize>() == self.n_rows()
    }

    /// The first row of which nothing was seen, and how many there are, if there are any.
    pub(crate) fn unseen_rows(&self) -> Option<(usize, usize)> {
        let is_seen = self.is_seen(self.parts?);
        let first = is_seen.iter().position(|seen| !seen)?;
        Some((first, is_seen.iter().filter(|seen| !**seen).count()))
    }

    /// Whether something was seen of each row.
    pub(crate) fn is_seen(&self, parts: &[Part]) -> Vec<bool> {
        let mut is_seen = vec![false; self.n_rows()];
        for &row in parts.iter().flat_map(Part::rows) {
            is_seen[row] = true;
        }
        is_seen
    }

    /// The components that are known.
    pub(crate) fn labels(&self) -> Option<&[Option<usize>]> {
        self.labels.as_deref()
    }

    /// The rows by how they were seen, where that differs.
    pub(crate) fn parts(&self) -> Option<&[Part]> {
        self.parts
    }

    /// The rows themselves.
    pub(crate) fn rows(&self) -> &dyn Rows {
        self.rows
    }

    /// Share of the weight that a fit leaves out.
    pub(crate) fn trimming(&self) -> f64 {
        self.trimming
    }

    /// Sum of the weights that a fit does not leave out.
    pub(crate) fn kept_weight(&self) -> f64 {
        self.total_weight * (1.0 - self.trimming)
    }

    /// The same without the rows of the smallest values, so many as are to be left out; the last of them in part.
    pub(crate) fn without_least(&self, values: &[f64]) -> Sample<'_> {
        let mut order: Vec<usize> = (0..values.len()).collect();
        // By the row where values are equal, so that there is one order.
        order.par_sort_unstable_by(|&a, &b| values[a].total_cmp(&values[b]).then(a.cmp(&b)));
        let mut weights: Vec<f64> = (0..values.len()).map(|i| self.weight(i)).collect();
        let mut left = self.total_weight * self.trimming;
        for i in order {
            let out = weights[i].min(left);
            weights[i] -= out;
            left -= out;
            if left <= 0.0 {
                break;
            }
        }
        Sample {
            trimming: 0.0,
            ..self.borrowed()
        }
        .with_total(weights, self.kept_weight())
    }

    fn with_total(self, weights: Vec<f64>, total_weight: f64) -> Self {
        Self {
            weights: Some(Cow::Owned(weights)),
            total_weight,
            ..self
        }
    }

    /// Takes from the joint densities of a tile, a column for each component, what labels rule out.
    pub(crate) fn rule_out(&self, tile: &Tile, n_columns: usize, joint: &mut Columns) {
        let Some(labels) = &self.labels else { return };
        let labels = &labels[tile.first_row()..][..tile.n_rows()];
        for (k, column) in joint.iter_mut(n_columns).enumerate() {
            for (l, label) in flat_mut(column).iter_mut().zip(labels) {
                if label.is_some_and(|label| label != k) {
                    *l = f64::NEG_INFINITY;
                }
            }
        }
    }

    /// Number of rows, those of weight 0 included.
    pub fn n_rows(&self) -> usize {
        self.rows.n_rows()
    }

    /// Number of columns.
    pub fn n_features(&self) -> usize {
        self.rows.n_features()
    }

    /// Weight of row `i`.
    pub fn weight(&self, i: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |w| w[i])
    }

    /// Whether rows have weights of their own.
    pub(crate) fn is_weighted(&self) -> bool {
        self.weights.is_some()
    }

    /// Sum of the weights.
    pub fn total_weight(&self) -> f64 {
        self.total_weight
    }

    /// The weights of the rows in `tile`.
    pub fn tile_weights(&self, tile: &Tile) -> &[f64] {
        match &self.weights {
            Some(weights) => &weights[tile.first_row()..][..tile.n_rows()],
            None => &ONES[..tile.n_rows()],
        }
    }

    /// The weights of the rows in `tile`, in packs; 0 beyond its last row. Says whether each is 0 or 1.
    pub(crate) fn pack_weights(&self, tile: &Tile, out: &mut [Pack]) -> bool {
        let weights = self.tile_weights(tile);
        let out = flat_mut(out);
        out[..tile.n_rows()].copy_from_slice(weights);
        out[tile.n_rows()..].fill(0.0);
        let count_once = |all, w: &f64| all & ((*w == 0.0) | (*w == 1.0));
        !self.is_weighted() || weights.iter().fold(true, count_once)
    }

    /// Works on the sample as tiles, copied once for all iterations and threads, unless it is large.
    pub(crate) fn in_tiles<T>(&self, work: impl FnOnce(&Sample<'_>) -> T) -> T {
        let n_rows = self.n_rows().next_multiple_of(TILE_ROWS);
        let is_large = n_rows.saturating_mul(self.n_features()) > MOST_VALUES_HELD;
        if is_large || held(self.rows, 0).is_some() {
            return work(self);
        }
        work(&Sample {
            rows: &Tiles::of(self.rows),
            ..self.borrowed()
        })
    }

    /// The values of row `i`.
    pub(crate) fn row(&self, i: usize) -> Vec<f64> {
        self.select(&[i]).into_raw_vec_and_offset().0
    }

    /// That all values are numbers.
    ///
    /// # Errors
    /// [`GmmError::NonFinite`] for the first row that holds a NaN or infinite value.
    pub(crate) fn check_finite(&self) -> Result<(), GmmError> {
        self.fold_tiles(
            || Ok(()),
            |checked: &mut Result<(), GmmError>, (): &mut (), tile| {
                if checked.is_ok() {
                    *checked = tile.check_finite();
                }
            },
            |before, after| {
                if before.is_ok() {
                    *before = after;
                }
            },
        )
    }

    /// The rows with these numbers, one after the other.
    pub(crate) fn select(&self, numbers: &[usize]) -> Array2<f64> {
        let mut selected = Array2::zeros((numbers.len(), self.n_features()));
        let mut copy = None;
        let tile_rows = tile_rows(self.rows);
        for (mut row, &i) in selected.rows_mut().into_iter().zip(numbers) {
            let (tile, place) = match held(self.rows, i / tile_rows * tile_rows) {
                Some(tile) => (tile, i % tile_rows),
                None => {
                    let copy = copy.get_or_insert_with(|| Tile::new(self.n_features()));
                    copy.load_some(self.rows, i, 1);
                    (&*copy, 0)
                }
            };
            for (j, value) in row.iter_mut().enumerate() {
                *value = tile.feature(j)[place];
            }
        }
        selected
    }

    /// Works on some rows, with other weights.
    pub(crate) fn subset<T>(
        &self,
        kept: &[usize],
        weights: Vec<f64>,
        work: impl FnOnce(&Sample<'_>) -> T,
    ) -> T {
        let rows = Tiles::of(&self.select(kept));
        let are_equal = weights.iter().all(|w| *w == 1.0);
        let labels: Option<Vec<_>> = self.labels().map(|l| kept.iter().map(|&i| l[i]).collect());
        let parts: Option<Vec<Part>> = self.parts.map(|parts| {
            let mut place_of = vec![None; self.n_rows()];
            kept.iter()
                .enumerate()
                .for_each(|(place, &i)| place_of[i] = Some(place));
            parts
                .iter()
                .filter_map(|part| part.among(&place_of))
                .collect()
        });
        let sample = Sample {
            labels: labels.map(Cow::Owned),
            parts: parts.as_deref(),
            trimming: self.trimming,
            ..Sample::new(&rows)
        };
        if are_equal {
            work(&sample)
        } else {
            work(&sample.with_weights(Cow::Owned(weights)))
        }
    }
}

/// Weights as numbers of rows.
fn multiplicities(weights: &[f64]) -> Cow<'_, [f64]> {
    const MOST: f64 = 1e12;
    let largest = weights.iter().copied().fold(0.0, f64::max);
    let n_weighted = weights.iter().filter(|&&w| w > 0.0).count();
    if n_weighted == 0 {
        return Cow::Borrowed(weights);
    }
    // In shares of the largest, so that no sum overflows.
    let mean: f64 = weights.iter().map(|w| w / largest).sum::<f64>() / n_weighted as f64;
    if (1.0..=MOST).contains(&(mean * largest)) {
        Cow::Borrowed(weights)
    } else {
        Cow::Owned(weights.iter().map(|w| w / largest / mean).collect())
    }
}
