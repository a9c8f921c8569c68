//! What is usual learnt from rows that are, with a rate of false alarms that holds on new rows.

use gmm_core::GmmError;
use gmm_core::ndarray::{Array2, Axis};
use gmm_core::rand::SeedableRng;
use gmm_core::rand::seq::SliceRandom;
use gmm_core::rand_xoshiro::Xoshiro256Plus;

use super::{DetectOptions, Detector, check_share};

/// Parts into which the usual rows are divided.
const FOLDS: usize = 5;

/// A detector that learnt from usual rows.
#[derive(Debug, Clone)]
pub struct Learnt {
    /// What says how unusual a row is.
    pub detector: Detector,
    /// Rows that score this or more are anomalies: the next number above the score that says so.
    pub threshold: f64,
    /// The score of each usual row by a detector that had not seen it.
    pub held_out: Vec<f64>,
}

/// Learns from usual rows, and when to raise an alarm: each row is scored by a detector that learnt from four fifths of
/// the rows without it, and the threshold is the ⌈(1 − α)(n + 1)⌉-th smallest of these scores, so that a new usual
/// row exceeds it with probability α at most, up to what a detector gains from the last fifth (cross-conformal prediction:
/// Vovk, *Ann. Math. Artif. Intell.* 74, 2015).
///
/// # Errors
/// [`GmmError::InvalidParameter`] for a rate that is not above 0 and at most a half, and where there are too few rows for
/// it, fewer than 1/α − 1 or than ten; as [`detect`](super::detect).
pub fn learn_usual(
    usual: &Array2<f64>,
    false_alarm_rate: f64,
    options: &DetectOptions,
) -> Result<Learnt, GmmError> {
    check_share(false_alarm_rate)?;
    let n = usual.nrows();
    let place = ((1.0 - false_alarm_rate) * (n as f64 + 1.0) - 1e-9).ceil() as usize;
    if n < 2 * FOLDS || place > n {
        return Err(GmmError::InvalidParameter {
            name: "false-alarm rate",
            value: format!("{false_alarm_rate} of {n} usual rows"),
            allowed: "at least 1/(rows + 1), of ten rows or more",
        });
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.shuffle(&mut Xoshiro256Plus::seed_from_u64(options.seed));
    let mut held_out = vec![0.0; n];
    for fold in 0..FOLDS {
        let in_fold = |place: &usize| place % FOLDS == fold;
        let (out, kept): (Vec<usize>, Vec<usize>) = (0..n).partition(in_fold);
        let rows = |places: &[usize]| -> Vec<usize> { places.iter().map(|&p| order[p]).collect() };
        let (out, kept) = (rows(&out), rows(&kept));
        let detector = Detector::learn(&usual.select(Axis(0), &kept), options)?;
        let scores = detector.scores(&usual.select(Axis(0), &out))?.scores;
        for (row, score) in out.into_iter().zip(scores) {
            held_out[row] = score;
        }
    }
    let mut sorted = held_out.clone();
    sorted.sort_by(f64::total_cmp);
    Ok(Learnt {
        detector: Detector::learn(usual, options)?,
        threshold: sorted[place.max(1) - 1].next_up(),
        held_out,
    })
}
