//! Trials of recordings whose speakers are known, and thresholds that they set.

use gmm_core::GmmError;
use gmm_core::detection::Detection;

/// A recording with a speaker that it was said to be of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trial {
    /// The score for that speaker.
    pub score: f64,
    /// Whether it is of that speaker.
    pub is_true: bool,
}

/// A threshold, and what is known of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threshold {
    /// The least score that is accepted.
    pub score: f64,
    /// The share of false trials that it was asked to accept at most.
    pub false_alarms: f64,
    /// False trials that it was set by.
    pub n_false: usize,
    /// True trials beside them.
    pub n_true: usize,
    /// The rate at which true trials are refused as often as false ones are accepted; NaN without trials of both kinds.
    pub equal_error_rate: f64,
    /// The share of true trials below the threshold; NaN without any.
    pub misses: f64,
}

impl Threshold {
    /// The least threshold that accepts at most this share of the false trials: half way between the last of them that it
    /// refuses and the first score above.
    ///
    /// Without false trials it is 0, where a speaker is as probable as everybody.
    pub(super) fn of(trials: &[Trial], false_alarms: f64) -> Result<Self, GmmError> {
        let mut scores: Vec<f64> = trials
            .iter()
            .filter(|t| !t.is_true)
            .map(|t| t.score)
            .collect();
        scores.sort_by(|a, b| b.total_cmp(a));
        let accepted = (false_alarms * scores.len() as f64).floor() as usize;
        let score = match (scores.get(accepted), accepted.checked_sub(1)) {
            (None, _) => scores.last().copied().unwrap_or(0.0),
            (Some(refused), Some(last)) => 0.5 * (refused + scores[last]),
            (Some(refused), None) => refused.next_up(),
        };
        // Of ties with the refused one, none is accepted.
        let score = match scores.get(accepted) {
            Some(refused) if score <= *refused => refused.next_up(),
            _ => score,
        };
        let n_true = trials.len() - scores.len();
        let missed = trials
            .iter()
            .filter(|t| t.is_true && t.score < score)
            .count();
        let equal_error_rate = if n_true > 0 && !scores.is_empty() {
            detection(trials)?.equal_error_rate()
        } else {
            f64::NAN
        };
        Ok(Self {
            score,
            false_alarms,
            n_false: scores.len(),
            n_true,
            equal_error_rate,
            misses: if n_true > 0 {
                missed as f64 / n_true as f64
            } else {
                f64::NAN
            },
        })
    }
}

/// The curves of trials.
pub(super) fn detection(trials: &[Trial]) -> Result<Detection, GmmError> {
    let scores: Vec<f64> = trials.iter().map(|t| t.score).collect();
    let truth: Vec<bool> = trials.iter().map(|t| t.is_true).collect();
    Detection::of(&scores, &truth)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trials(of_true: &[f64], of_false: &[f64]) -> Vec<Trial> {
        let trial = |is_true| move |&score: &f64| Trial { score, is_true };
        let all = of_true
            .iter()
            .map(trial(true))
            .chain(of_false.iter().map(trial(false)));
        all.collect()
    }

    #[test]
    fn no_more_false_trials_are_accepted_than_asked() {
        let of_false: Vec<f64> = (0..20).map(f64::from).collect();
        let known = trials(&[15.0, 25.0], &of_false);
        for (rate, score) in [(0.1, 17.5), (0.05, 18.5), (1.0, 0.0)] {
            let found = Threshold::of(&known, rate).unwrap();
            assert_eq!(found.score, score, "{rate}");
        }
        let strict = Threshold::of(&known, 0.01).unwrap();
        assert!(strict.score > 19.0 && strict.score < 19.001);
        assert_eq!((strict.misses, strict.n_true, strict.n_false), (0.5, 2, 20));
        let tied = Threshold::of(&trials(&[], &[1.0; 10]), 0.3).unwrap();
        assert!(tied.score > 1.0 && tied.equal_error_rate.is_nan());
        assert_eq!(Threshold::of(&trials(&[1.0], &[]), 0.1).unwrap().score, 0.0);
    }
}
