//! Rows that do not belong: what is unusual in one of four views of a table.
//!
//! A row may be unusual in each column alone, by its size over all columns, by what its columns say of each other, or
//! in that it lies between groups. No mixture sees all of this: one that is fine enough for the last describes a few far
//! rows of a kind as a group of their own. So there are four, each fitted robustly, and a row is as unusual as in the
//! view in which it is most.

mod ground;
mod reasons;
mod usual;
mod views;

use std::collections::BTreeMap;

use gmm_core::ndarray::{Array2, Axis};
use gmm_core::rand::SeedableRng;
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_core::{Fitted, GmmError, Sample};

use crate::model::percentile;
use ground::Ground;
use views::{Views, drawn};

pub use reasons::{Part, Reason};
pub use usual::{Learnt, learn_usual};

/// Rows that say what is usual of a view.
const REFERENCE: usize = 4000;
/// Surprises that vary less say nothing, in nats: the interquartile range of a view is at least this.
const LEAST_RANGE: f64 = 0.25;
/// Rows that are drawn for a threshold.
const DRAWN: usize = 10_000;

/// A way to look at a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum View {
    /// Each column alone, as a mixture of up to three components.
    Columns = 0,
    /// All columns as independent Gaussians: far from the middle.
    Spread = 1,
    /// All columns as one Gaussian: not as columns go together.
    Whole = 2,
    /// All columns as a mixture: between the groups.
    Groups = 3,
}

impl View {
    /// All, in the order of columns of [`Scores::views`].
    pub const ALL: [Self; 4] = [Self::Columns, Self::Spread, Self::Whole, Self::Groups];

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Columns => "columns",
            Self::Spread => "spread",
            Self::Whole => "whole",
            Self::Groups => "groups",
        }
    }
}

/// How what is usual is learnt.
#[derive(Debug, Clone, PartialEq)]
pub struct DetectOptions {
    /// Share of the rows that the Gaussians and the mixture leave out as unusual, from 0 to below 0.5.
    pub trimming: f64,
    /// The seed of all random choices.
    pub seed: u64,
}

impl Default for DetectOptions {
    /// A tenth of the rows is left out.
    fn default() -> Self {
        Self {
            trimming: 0.1,
            seed: 42,
        }
    }
}

/// What divides the unusual rows from the others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// The score that this share of rows drawn from the mixture of the groups exceeds.
    Drawn(f64),
    /// The score that this share of the rows themselves reaches; where more rows tie there, that above it.
    Share(f64),
}

/// How unusual rows are.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    /// In each view the surprise −ln p, in interquartile ranges above the median of rows seen in the same columns, rows × 4.
    pub views: Array2<f64>,
    /// The largest of each row; 0 of a row of which nothing was seen.
    pub scores: Vec<f64>,
}

impl Scores {
    /// The view in which a row is most unusual.
    pub fn view(&self, row: usize) -> View {
        let of = |view: &View| self.views[(row, *view as usize)];
        let larger = |a: View, b: View| if of(&b) > of(&a) { b } else { a };
        View::ALL.into_iter().fold(View::Columns, larger)
    }
}

/// Rows with what is unusual among them.
#[derive(Debug, Clone)]
pub struct Detected {
    /// How unusual each row is.
    pub scores: Scores,
    /// Rows that score at least this are anomalies.
    pub threshold: f64,
    /// Those rows, from 0, in their order.
    pub anomalies: Vec<usize>,
    /// Why each of them is one.
    pub reasons: Vec<Reason>,
}

/// Four mixtures that say what is usual.
#[derive(Debug, Clone)]
pub struct Detector {
    ground: Ground,
    views: Views,
    /// Usual rows, measured and complete.
    reference: Array2<f64>,
}

/// Finds what is unusual among rows of which nothing is known: NaN is a value that was not seen.
///
/// ```
/// use density::{DetectOptions, Limit, detect};
/// use gmm_core::ndarray::Array2;
///
/// // A line, and a row beside it that is usual in each of its columns.
/// let row = |(i, j): (usize, usize)| match (i, j) {
///     (60, 0) => 30.0,
///     (60, 1) => 90.0,
///     (i, 0) => i as f64,
///     (i, _) => 2.0 * i as f64 + (i * i % 7) as f64,
/// };
/// let rows = Array2::from_shape_fn((61, 2), row);
/// let (_, found) = detect(&rows, Limit::Share(0.02), &DetectOptions::default())?;
/// assert_eq!(found.anomalies, [60]);
/// # Ok::<(), gmm_core::GmmError>(())
/// ```
///
/// # Errors
/// [`GmmError::InvalidParameter`] for a share that is not above 0 and at most a half, or a trimming out of range; for
/// fewer than 2 rows [`GmmError::TooFewRows`]; values that no fit can use.
pub fn detect(
    rows: &Array2<f64>,
    limit: Limit,
    options: &DetectOptions,
) -> Result<(Detector, Detected), GmmError> {
    let (Limit::Drawn(share) | Limit::Share(share)) = limit;
    check_share(share)?;
    let detector = Detector::learn(rows, options)?;
    let scores = detector.scores(rows)?;
    let threshold = match limit {
        Limit::Drawn(rate) => detector.threshold_of_draws(rate, options.seed)?,
        Limit::Share(share) => {
            let mut sorted = scores.scores.clone();
            sorted.sort_by(|a, b| b.total_cmp(a));
            let n = (share * sorted.len() as f64).round() as usize;
            let n = n.clamp(1, sorted.len());
            let least = sorted[n - 1];
            // Of rows that tie there, none.
            match sorted.get(n) {
                Some(next) if *next == least => least.next_up(),
                _ => least,
            }
        }
    };
    let detected = detector.detected(rows, scores, threshold)?;
    Ok((detector, detected))
}

/// That a share of rows can be called unusual.
fn check_share(share: f64) -> Result<(), GmmError> {
    if share > 0.0 && share <= 0.5 {
        return Ok(());
    }
    Err(GmmError::InvalidParameter {
        name: "share of anomalies or false alarms",
        value: share.to_string(),
        allowed: "above 0 and at most 0.5",
    })
}

impl Detector {
    /// Learns what is usual; rows may lack values (NaN).
    ///
    /// # Errors
    /// As [`detect`].
    pub fn learn(rows: &Array2<f64>, options: &DetectOptions) -> Result<Self, GmmError> {
        let is_seen =
            |row: &gmm_core::ndarray::ArrayView1<'_, f64>| row.iter().any(|v| !v.is_nan());
        let n_rows = rows.rows().into_iter().filter(is_seen).count();
        if n_rows < 2 {
            return Err(GmmError::TooFewRows {
                n_rows,
                n_components: 2,
            });
        }
        let ground = Ground::of(rows.view())?;
        let measured = ground.measured(rows.view())?;
        let views = Views::of(&measured, options)?;
        let some = drawn(&measured, REFERENCE, options.seed);
        let reference = views
            .groups
            .model
            .imputed(&Sample::new(&some).with_missing())?;
        Ok(Self {
            ground,
            views,
            reference,
        })
    }

    /// The mixture of the groups, of columns measured from their medians in widths.
    pub fn groups(&self) -> &Fitted {
        &self.views.groups
    }

    /// How unusual rows are, those of the fit or others; NaN is a value that was not seen.
    ///
    /// # Errors
    /// [`GmmError::SizeMismatch`] for another number of columns, [`GmmError::NonFinite`] for an infinite value.
    pub fn scores(&self, rows: &Array2<f64>) -> Result<Scores, GmmError> {
        self.scores_of(&self.ground.measured(rows.view())?)
    }

    fn scores_of(&self, measured: &Array2<f64>) -> Result<Scores, GmmError> {
        let mut views = self.views.surprises(measured)?;
        for (pattern, rows) in patterns(measured) {
            let usual = self.usual(&pattern)?;
            for i in rows {
                for (view, (median, range)) in usual.iter().enumerate() {
                    views[(i, view)] = (views[(i, view)] - median) / range;
                }
            }
        }
        let most = |row: gmm_core::ndarray::ArrayView1<'_, f64>| {
            row.iter().copied().fold(f64::NEG_INFINITY, f64::max)
        };
        let scores = views.rows().into_iter().map(most).collect();
        Ok(Scores { views, scores })
    }

    /// Median and interquartile range of the surprise of usual rows in each view, where these columns are seen.
    fn usual(&self, is_seen: &[bool]) -> Result<[(f64, f64); 4], GmmError> {
        /// Rows that say so of columns that are seen in part.
        const OF_PART: usize = 1000;
        let is_whole = is_seen.iter().all(|s| *s);
        let mut rows = match is_whole {
            true => self.reference.clone(),
            false => drawn(&self.reference, OF_PART, 0),
        };
        for (mut column, _) in rows
            .columns_mut()
            .into_iter()
            .zip(is_seen)
            .filter(|(_, s)| !**s)
        {
            column.fill(f64::NAN);
        }
        if !is_seen.contains(&true) {
            return Ok([(0.0, 1.0); 4]);
        }
        let surprises = self.views.surprises(&rows)?;
        Ok(View::ALL.map(|view| {
            let of = || {
                surprises
                    .column(view as usize)
                    .iter()
                    .copied()
                    .collect::<Vec<_>>()
            };
            let [low, median, high] = [25.0, 50.0, 75.0].map(|p| percentile(of(), p));
            (median, (high - low).max(LEAST_RANGE))
        }))
    }

    /// The score that a share of rows exceeds that are drawn from the mixture of the groups.
    fn threshold_of_draws(&self, rate: f64, seed: u64) -> Result<f64, GmmError> {
        let mut rng = Xoshiro256Plus::seed_from_u64(seed);
        let (drawn, _) = self.views.groups.model.sample(DRAWN, &mut rng);
        let scores = self.scores_of(&drawn)?.scores;
        Ok(percentile(scores, 100.0 * (1.0 - rate)))
    }

    /// The rows that reach a score, and why.
    ///
    /// # Errors
    /// As [`scores`](Self::scores).
    pub fn detected(
        &self,
        rows: &Array2<f64>,
        scores: Scores,
        threshold: f64,
    ) -> Result<Detected, GmmError> {
        let anomalies: Vec<usize> = (0..scores.scores.len())
            .filter(|&row| scores.scores[row] >= threshold)
            .collect();
        let measured = self
            .ground
            .measured(rows.select(Axis(0), &anomalies).view())?;
        let views: Vec<View> = anomalies.iter().map(|&row| scores.view(row)).collect();
        Ok(Detected {
            reasons: reasons::of(&self.views, &self.reference, &measured, &views)?,
            scores,
            threshold,
            anomalies,
        })
    }
}

/// Rows by which of their columns were seen.
fn patterns(rows: &Array2<f64>) -> BTreeMap<Vec<bool>, Vec<usize>> {
    let mut patterns: BTreeMap<Vec<bool>, Vec<usize>> = BTreeMap::new();
    for (i, row) in rows.rows().into_iter().enumerate() {
        let pattern = row.iter().map(|v| !v.is_nan()).collect();
        patterns.entry(pattern).or_default().push(i);
    }
    patterns
}
