//! How wrong turns are.

use super::Turn;

/// Speakers that are mapped to one another at most; more are so by their share of speech.
const MOST: usize = 16;

/// A time in which nothing changes: its seconds, and who speaks in truth and was found to.
type Piece = (f64, Vec<usize>, Vec<usize>);

/// True speakers so far: the seconds they have in common with those found that they were given, and these.
type Given = (f64, Vec<Option<usize>>);

/// Seconds that are wrong, and of how many.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DiarizationError {
    /// Speech that was not found.
    pub missed: f64,
    /// Speech where there is none.
    pub false_alarm: f64,
    /// Speech of somebody else.
    pub confused: f64,
    /// Speech that there is, within what is scored.
    pub total: f64,
}

impl DiarizationError {
    /// The diarisation error rate: all that is wrong over the speech that there is; NaN where there is none.
    pub fn rate(&self) -> f64 {
        (self.missed + self.false_alarm + self.confused) / self.total
    }
}

/// The error of turns that were found against the true ones, with the speakers mapped so that it is least; seconds within
/// `collar` of where a true turn begins or ends are not scored (NIST, *The Rich Transcription Spring 2006 Evaluation
/// Plan*, section 6.1). Turns may overlap.
pub fn diarization_error(truth: &[Turn], found: &[Turn], collar: f64) -> DiarizationError {
    let mut cuts: Vec<f64> = (truth.iter().chain(found))
        .flat_map(|t| [t.start, t.end])
        .collect();
    let edges: Vec<f64> = truth.iter().flat_map(|t| [t.start, t.end]).collect();
    cuts.extend(edges.iter().flat_map(|e| [e - collar, e + collar]));
    cuts.sort_by(f64::total_cmp);
    let is_scored = |at: f64| edges.iter().all(|e| (at - e).abs() >= collar);
    let speaking = |turns: &[Turn], at: f64| -> Vec<usize> {
        let mut who: Vec<usize> = (turns.iter().filter(|t| t.start <= at && at < t.end))
            .map(|t| t.speaker)
            .collect();
        who.sort_unstable();
        who.dedup();
        who
    };
    let pieces: Vec<Piece> = (cuts.windows(2))
        .map(|cut| (cut[1] - cut[0], 0.5 * (cut[0] + cut[1])))
        .filter(|(length, at)| *length > 0.0 && is_scored(*at))
        .map(|(length, at)| (length, speaking(truth, at), speaking(found, at)))
        .collect();
    let mapped = mapping(&pieces);
    let mut error = DiarizationError {
        missed: 0.0,
        false_alarm: 0.0,
        confused: 0.0,
        total: 0.0,
    };
    for (length, true_ones, found_ones) in &pieces {
        let right = (true_ones.iter())
            .filter(|t| {
                mapped
                    .get(**t)
                    .copied()
                    .flatten()
                    .is_some_and(|f| found_ones.contains(&f))
            })
            .count();
        let (n_true, n_found) = (true_ones.len(), found_ones.len());
        error.total += length * n_true as f64;
        error.missed += length * n_true.saturating_sub(n_found) as f64;
        error.false_alarm += length * n_found.saturating_sub(n_true) as f64;
        error.confused += length * (n_true.min(n_found) - right) as f64;
    }
    error
}

/// The found speaker of each true one, no two the same, with the most seconds in common: the best of all subsets.
fn mapping(pieces: &[Piece]) -> Vec<Option<usize>> {
    let count = |of: &dyn Fn(&Piece) -> Option<usize>| {
        pieces
            .iter()
            .filter_map(of)
            .max()
            .map_or(0, |last| last + 1)
    };
    let n_true = count(&|p| p.1.last().copied());
    let n_found = count(&|p| p.2.last().copied());
    let mut common = vec![vec![0.0; n_found]; n_true];
    let mut heard = vec![0.0; n_found];
    for (length, true_ones, found_ones) in pieces {
        for &f in found_ones {
            heard[f] += length;
            true_ones.iter().for_each(|&t| common[t][f] += length);
        }
    }
    let mut kept: Vec<usize> = (0..n_found).collect();
    kept.sort_by(|a, b| heard[*b].total_cmp(&heard[*a]));
    kept.truncate(MOST);
    // best[set]: the most seconds of the true speakers so far with this set of found ones given away.
    let mut best: Vec<Option<Given>> = vec![Some((0.0, Vec::new()))];
    best.resize(1 << kept.len(), None);
    for of_true in &common {
        let mut next: Vec<Option<Given>> = vec![None; best.len()];
        for (set, so_far) in best.iter().enumerate() {
            let Some((seconds, given)) = so_far else {
                continue;
            };
            let free = (0..kept.len()).filter(|f| set & (1 << f) == 0).map(Some);
            for choice in free.chain([None]) {
                let (place, more) = match choice {
                    Some(f) => (set | (1 << f), of_true[kept[f]]),
                    None => (set, 0.0),
                };
                let better = next[place]
                    .as_ref()
                    .is_none_or(|(s, _)| *s < seconds + more);
                if better {
                    let given = given.iter().copied().chain([choice.map(|f| kept[f])]);
                    next[place] = Some((seconds + more, given.collect()));
                }
            }
        }
        best = next;
    }
    let all = best.into_iter().flatten();
    all.max_by(|a, b| a.0.total_cmp(&b.0))
        .map_or_else(Vec::new, |(_, given)| given)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(of: &[(f64, f64, usize)]) -> Vec<Turn> {
        of.iter()
            .map(|&(start, end, speaker)| Turn {
                start,
                end,
                speaker,
            })
            .collect()
    }

    #[test]
    fn each_second_is_right_missed_false_or_confused() {
        let truth = turns(&[(0.0, 4.0, 0), (5.0, 9.0, 1)]);
        // Names are swapped; the change comes 1 s late, and half a second is missed.
        let found = turns(&[(0.5, 4.0, 1), (4.0, 6.0, 1), (6.0, 9.0, 0)]);
        let error = diarization_error(&truth, &found, 0.0);
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} is not {b}");
        near(error.total, 8.0);
        near(error.missed, 0.5);
        near(error.false_alarm, 1.0);
        near(error.confused, 1.0);
        near(error.rate(), 2.5 / 8.0);
        let error = diarization_error(&truth, &found, 0.25);
        near(error.total, 7.0);
        near(error.missed, 0.25);
        near(error.false_alarm, 0.5);
        near(error.confused, 0.75);
    }

    #[test]
    fn names_do_not_matter_and_nothing_found_is_all_missed() {
        let truth = turns(&[(0.0, 1.0, 0), (1.0, 2.0, 1), (2.0, 3.0, 2)]);
        let other = turns(&[(0.0, 1.0, 5), (1.0, 2.0, 0), (2.0, 3.0, 1)]);
        assert!(diarization_error(&truth, &other, 0.0).rate().abs() < 1e-12);
        assert_eq!(diarization_error(&truth, &[], 0.0).rate(), 1.0);
        assert!(diarization_error(&[], &[], 0.0).rate().is_nan());
        // Two at once.
        let both = turns(&[(0.0, 2.0, 0), (1.0, 2.0, 1)]);
        let one = turns(&[(0.0, 2.0, 0)]);
        let error = diarization_error(&both, &one, 0.0);
        assert!((error.rate() - 1.0 / 3.0).abs() < 1e-12);
    }
}
