//! How well scores tell targets from other rows: curves of a detector and what is read off them.

use crate::error::GmmError;

/// A detector at one of its thresholds: rows that score at least as much are taken for targets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// The least score that is taken for a target; +∞ for none.
    pub threshold: f64,
    /// Share of the targets that are found: recall, or 1 − the rate of misses.
    pub detection_rate: f64,
    /// Share of the other rows that are taken for targets.
    pub false_alarm_rate: f64,
    /// Share of targets among the rows taken for such; 1 where there are none.
    pub precision: f64,
}

impl Point {
    /// Share of the targets that are not found.
    pub fn miss_rate(&self) -> f64 {
        1.0 - self.detection_rate
    }
}

/// What scores, large for targets, say of rows whose truth is known.
///
/// Rows of equal scores are taken for targets together, so that no number depends on the order of the rows.
///
/// ```
/// use gmm_core::detection::Detection;
///
/// let detection = Detection::of(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true])?;
/// assert_eq!(detection.area_under_roc(), 0.75);
/// assert!((detection.average_precision() - 5.0 / 6.0).abs() < 1e-15);
/// assert_eq!(detection.equal_error_rate(), 0.5);
/// # Ok::<(), gmm_core::GmmError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Detection {
    n_targets: usize,
    n_others: usize,
    /// Scores from the largest down, each with the targets and the other rows that have it or more.
    steps: Vec<(f64, usize, usize)>,
}

impl Detection {
    /// Of the score of each row and whether it is a target. Scores may be infinite.
    ///
    /// # Errors
    /// [`GmmError::SizeMismatch`] for another number of truths than scores; [`GmmError::InvalidParameter`] for a score
    /// that is NaN, with its row, and unless there are targets and other rows.
    pub fn of(scores: &[f64], truth: &[bool]) -> Result<Self, GmmError> {
        GmmError::check_size("number of truths", scores.len(), truth.len())?;
        if let Some(row) = scores.iter().position(|s| s.is_nan()) {
            return Err(GmmError::InvalidParameter {
                name: "score",
                value: format!("NaN in row {row}"),
                allowed: "a number",
            });
        }
        let n_targets = truth.iter().filter(|&&t| t).count();
        let n_others = truth.len() - n_targets;
        if n_targets == 0 || n_others == 0 {
            return Err(GmmError::InvalidParameter {
                name: "truth",
                value: format!("true of {n_targets} of {} rows", truth.len()),
                allowed: "true of some rows and false of others",
            });
        }
        Ok(Self {
            n_targets,
            n_others,
            steps: steps(scores, truth),
        })
    }

    /// Rows that are targets.
    pub fn n_targets(&self) -> usize {
        self.n_targets
    }

    /// Rows that are not.
    pub fn n_others(&self) -> usize {
        self.n_others
    }

    /// The detector at every threshold that makes a difference, from none taken for targets to all. Detection rate over
    /// false-alarm rate is the ROC curve, precision over detection rate the precision–recall curve, miss rate over
    /// false-alarm rate (on axes of normal quantiles) the DET curve (Martin et al., Eurospeech 1997).
    pub fn points(&self) -> Vec<Point> {
        let none = (f64::INFINITY, 0, 0);
        let all = std::iter::once(&none).chain(&self.steps);
        all.map(|&(threshold, hits, alarms)| Point {
            threshold,
            detection_rate: hits as f64 / self.n_targets as f64,
            false_alarm_rate: alarms as f64 / self.n_others as f64,
            precision: precision(hits, alarms),
        })
        .collect()
    }

    /// The area under the ROC curve: the share of pairs of a target and another row in which the target scores more, ties
    /// counted half (Hanley & McNeil, *Radiology* 143, 1982). scikit-learn's `roc_auc_score`.
    pub fn area_under_roc(&self) -> f64 {
        // Twice the number of pairs, a whole number.
        let mut doubled = 0_u128;
        let mut before = (0, 0);
        for &(_, hits, alarms) in &self.steps {
            doubled += (hits + before.0) as u128 * (alarms - before.1) as u128;
            before = (hits, alarms);
        }
        doubled as f64 / 2.0 / (self.n_targets as f64 * self.n_others as f64)
    }

    /// The mean over targets of the precision at their score: Σ (Rₙ − Rₙ₋₁) Pₙ without interpolation. scikit-learn's
    /// `average_precision_score`.
    pub fn average_precision(&self) -> f64 {
        let mut sum = 0.0;
        let mut before = 0;
        for &(_, hits, alarms) in &self.steps {
            sum += (hits - before) as f64 * precision(hits, alarms);
            before = hits;
        }
        sum / self.n_targets as f64
    }

    /// The rate at which misses and false alarms are as frequent as each other, between neighbouring points of the ROC
    /// curve in proportion.
    pub fn equal_error_rate(&self) -> f64 {
        let (mut alarm_before, mut miss_before) = (0.0, 1.0);
        for point in self.points() {
            let (alarm, miss) = (point.false_alarm_rate, point.miss_rate());
            if alarm >= miss {
                let (gap_before, gap) = (miss_before - alarm_before, alarm - miss);
                let way = gap_before / (gap_before + gap);
                return if way.is_finite() {
                    alarm_before + way * (alarm - alarm_before)
                } else {
                    alarm
                };
            }
            (alarm_before, miss_before) = (alarm, miss);
        }
        miss_before
    }

    /// The point of least expected cost `miss` · P(target) · misses + `false_alarm` · (1 − P(target)) · false alarms, with
    /// that cost over that of the better of the two detectors that say the same of every row (NIST's normalised
    /// minimum of the detection cost). Of equal costs the one of the largest threshold.
    ///
    /// # Errors
    /// [`GmmError::InvalidParameter`] unless the probability lies between 0 and 1 and costs are above 0 and finite.
    pub fn least_cost(
        &self,
        target_probability: f64,
        miss: f64,
        false_alarm: f64,
    ) -> Result<(Point, f64), GmmError> {
        let is_cost = |c: f64| c.is_finite() && c > 0.0;
        for (name, value, is_valid, allowed) in [
            (
                "target_probability",
                target_probability,
                target_probability > 0.0 && target_probability < 1.0,
                "above 0 and below 1",
            ),
            ("cost of a miss", miss, is_cost(miss), "finite and above 0"),
            (
                "cost of a false alarm",
                false_alarm,
                is_cost(false_alarm),
                "finite and above 0",
            ),
        ] {
            if !is_valid {
                return Err(GmmError::InvalidParameter {
                    name,
                    value: value.to_string(),
                    allowed,
                });
            }
        }
        let of_miss = miss * target_probability;
        let of_alarm = false_alarm * (1.0 - target_probability);
        let cost = |p: &Point| of_miss * p.miss_rate() + of_alarm * p.false_alarm_rate;
        let points = self.points();
        let mut best = points[0];
        for point in points {
            if cost(&point) < cost(&best) {
                best = point;
            }
        }
        Ok((best, cost(&best) / of_miss.min(of_alarm)))
    }
}

/// Each score that occurs, from the largest down, with the numbers of targets and of other rows that have it or more.
fn steps(scores: &[f64], truth: &[bool]) -> Vec<(f64, usize, usize)> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_unstable_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let mut steps: Vec<(f64, usize, usize)> = Vec::new();
    let (mut hits, mut alarms) = (0, 0);
    for row in order {
        hits += usize::from(truth[row]);
        alarms += usize::from(!truth[row]);
        match steps.last_mut() {
            // 0 and −0 are one score.
            Some(last) if last.0 == scores[row] => *last = (last.0, hits, alarms),
            _ => steps.push((scores[row], hits, alarms)),
        }
    }
    steps
}

fn precision(hits: usize, alarms: usize) -> f64 {
    match hits + alarms {
        0 => 1.0,
        taken => hits as f64 / taken as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_count_half_whatever_the_order() {
        let one = Detection::of(&[1.0, 1.0, 0.0, -0.0], &[true, false, true, false]).unwrap();
        let other = Detection::of(&[-0.0, 1.0, 1.0, 0.0], &[true, false, true, false]).unwrap();
        assert_eq!(one.points(), other.points());
        assert_eq!(one.area_under_roc(), 0.5);
        assert_eq!(one.equal_error_rate(), 0.5);
        let equal = Detection::of(&[3.0; 4], &[true, false, false, false]).unwrap();
        assert_eq!(
            (equal.area_under_roc(), equal.average_precision()),
            (0.5, 0.25)
        );
    }

    #[test]
    fn a_perfect_detector_and_its_opposite() {
        let truth = [true, true, false, false, false];
        let right = Detection::of(&[f64::INFINITY, 2.0, 1.0, 0.0, -1.0], &truth).unwrap();
        assert_eq!(
            (right.area_under_roc(), right.average_precision()),
            (1.0, 1.0)
        );
        assert_eq!(right.equal_error_rate(), 0.0);
        assert_eq!(right.least_cost(0.1, 1.0, 1.0).unwrap().1, 0.0);
        let wrong = Detection::of(&[f64::NEG_INFINITY, -2.0, 1.0, 2.0, 3.0], &truth).unwrap();
        assert_eq!(
            (wrong.area_under_roc(), wrong.equal_error_rate()),
            (0.0, 1.0)
        );
        assert_eq!(wrong.least_cost(0.1, 1.0, 1.0).unwrap().1, 1.0);
    }

    #[test]
    fn curves_run_from_nothing_to_everything() {
        let detection = Detection::of(&[0.3, 0.1, 0.2], &[true, false, true]).unwrap();
        let points = detection.points();
        let rates: Vec<_> = points
            .iter()
            .map(|p| (p.false_alarm_rate, p.detection_rate))
            .collect();
        assert_eq!(rates, [(0.0, 0.0), (0.0, 0.5), (0.0, 1.0), (1.0, 1.0)]);
        assert_eq!(points[3].precision, 2.0 / 3.0);
    }

    #[test]
    fn what_cannot_be_judged_is_refused() {
        let message =
            |scores: &[f64], truth: &[bool]| Detection::of(scores, truth).unwrap_err().to_string();
        assert!(message(&[0.0, f64::NAN], &[true, false]).contains("NaN in row 1"));
        assert!(message(&[0.0, 1.0], &[true, true]).contains("true of 2 of 2 rows"));
        assert!(message(&[], &[]).contains("true of 0 of 0 rows"));
        assert!(message(&[0.0], &[true, false]).contains("expected 1, found 2"));
        let detection = Detection::of(&[0.0, 1.0], &[false, true]).unwrap();
        assert!(detection.least_cost(1.0, 1.0, 1.0).is_err());
        assert!(detection.least_cost(0.5, 0.0, 1.0).is_err());
    }
}
