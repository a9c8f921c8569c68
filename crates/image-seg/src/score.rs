//! How well segments agree with those that someone else made.

use std::collections::BTreeMap;

/// The pixels that segments of two segmentations share, from which all scores are made.
///
/// ```
/// use image_seg::score::Agreement;
///
/// let halves = Agreement::of(&[1, 1, 1, 2], &[7, 7, 9, 9]).ok_or("as many labels")?;
/// // The first human segment is covered to 2/3, the second to 1/2.
/// assert!((halves.covering() - (2.0 / 3.0 + 0.5) / 2.0).abs() < 1e-12);
/// // Of six pairs of pixels, both say the same of three.
/// assert_eq!(halves.rand_index(), 0.5);
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Agreement {
    /// Places of two segments in `sizes`, and the pixels that they share, where there are any.
    shared: Vec<(usize, usize, f64)>,
    sizes: [Vec<f64>; 2],
    n_pixels: f64,
}

impl Agreement {
    /// Compares segments with `truth`; none if these are different numbers of pixels, or none.
    ///
    /// Labels are any numbers; a segment is all pixels of a label, connected or not.
    pub fn of(segments: &[u32], truth: &[u32]) -> Option<Self> {
        if segments.len() != truth.len() || segments.is_empty() {
            return None;
        }
        let mut counts: BTreeMap<(u32, u32), usize> = BTreeMap::new();
        let mut last = (segments[0], truth[0]);
        let mut run = 0;
        for pair in segments.iter().copied().zip(truth.iter().copied()) {
            if pair != last {
                *counts.entry(last).or_default() += run;
                (last, run) = (pair, 0);
            }
            run += 1;
        }
        *counts.entry(last).or_default() += run;
        let mut places = [BTreeMap::new(), BTreeMap::new()];
        let mut sizes = [Vec::new(), Vec::new()];
        let mut place = |side: usize, label: u32, count: f64| {
            let own: &mut Vec<f64> = &mut sizes[side];
            let place = *places[side].entry(label).or_insert(own.len());
            if place == own.len() {
                own.push(0.0);
            }
            own[place] += count;
            place
        };
        let shared = counts.into_iter().map(|((s, t), count)| {
            let count = count as f64;
            (place(0, s, count), place(1, t, count), count)
        });
        Some(Self {
            shared: shared.collect(),
            sizes,
            n_pixels: segments.len() as f64,
        })
    }

    /// Σ |R|/N · max |R ∩ S| / |R ∪ S| over the segments R of the truth: how well the best segment S covers each
    /// (Arbeláez, Maire, Fowlkes & Malik, *PAMI* 33, 2011, eq. 14). From 0 to 1, where all are the same.
    pub fn covering(&self) -> f64 {
        let [segments, truth] = &self.sizes;
        let mut best = vec![0.0_f64; truth.len()];
        for &(s, t, both) in &self.shared {
            best[t] = best[t].max(both / (segments[s] + truth[t] - both));
        }
        let covered = truth.iter().zip(best).map(|(size, best)| size * best);
        covered.sum::<f64>() / self.n_pixels
    }

    /// The share of pairs of pixels of which both say the same: that they belong together, or that they do not (Rand,
    /// *JASA* 66, 1971). Its mean over several people is the probabilistic Rand index (Unnikrishnan, Pantofaru &
    /// Hebert, *PAMI* 29, 2007, eq. 3). Of a single pixel it is 1.
    pub fn rand_index(&self) -> f64 {
        let pairs = |n: f64| n * (n - 1.0) / 2.0;
        let all = pairs(self.n_pixels);
        if all == 0.0 {
            return 1.0;
        }
        let [a, b] = [0, 1].map(|side| self.sizes[side].iter().map(|n| pairs(*n)).sum::<f64>());
        let both: f64 = self.shared.iter().map(|(_, _, n)| pairs(*n)).sum();
        (all + 2.0 * both - a - b) / all
    }

    /// What each segmentation leaves unknown of the other, H(S | T) + H(T | S), in nats (Meilă, *JMVA* 98, 2007,
    /// eq. 16): 0 where they are the same.
    pub fn variation_of_information(&self) -> f64 {
        let [segments, truth] = &self.sizes;
        let unknown = self
            .shared
            .iter()
            .map(|&(s, t, both)| both * ((segments[s] / both).ln() + (truth[t] / both).ln()));
        unknown.sum::<f64>() / self.n_pixels
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_segments_agree_whatever_they_are_called() {
        let same = Agreement::of(&[5, 5, 9, 0], &[1, 1, 2, 3]).unwrap();
        assert_eq!((same.covering(), same.rand_index()), (1.0, 1.0));
        assert_eq!(same.variation_of_information(), 0.0);
        assert!(Agreement::of(&[1], &[1, 2]).is_none() && Agreement::of(&[], &[]).is_none());
        assert_eq!(Agreement::of(&[4], &[2]).unwrap().rand_index(), 1.0);
    }

    #[test]
    fn scores_are_those_of_their_definitions() {
        let (s, t) = ([0, 0, 1, 1, 2, 2, 0, 1], [0, 0, 0, 1, 1, 1, 1, 1]);
        let found = Agreement::of(&s, &t).unwrap();
        let n = s.len();
        let pairs: Vec<(usize, usize)> = (0..n).flat_map(|i| (0..i).map(move |j| (i, j))).collect();
        let agree = pairs
            .iter()
            .filter(|(i, j)| (s[*i] == s[*j]) == (t[*i] == t[*j]))
            .count();
        assert_eq!(found.rand_index(), agree as f64 / pairs.len() as f64);
        // Segment 0 of 3 pixels shares 2 with the first of 3; segments 1 and 2 share 2 with the second of 5.
        let expected = (3.0 * (2.0 / 4.0) + 5.0 * (2.0_f64 / 6.0).max(2.0 / 5.0)) / 8.0;
        assert!((found.covering() - expected).abs() < 1e-12);
        let entropy =
            |counts: &[f64]| -> f64 { counts.iter().map(|c| -c / 8.0 * (c / 8.0).ln()).sum() };
        let joint = entropy(&[2.0, 1.0, 1.0, 2.0, 2.0]);
        let expected = 2.0 * joint - entropy(&[3.0, 3.0, 2.0]) - entropy(&[3.0, 5.0]);
        assert!((found.variation_of_information() - expected).abs() < 1e-12);
    }

    #[test]
    fn many_segments_or_one_are_no_way_out() {
        let truth: Vec<u32> = (0..1000).map(|i| i / 250).collect();
        let score = |labels: &[u32]| Agreement::of(labels, &truth).unwrap();
        let (one, each) = (vec![0; 1000], (0..1000).collect::<Vec<u32>>());
        assert_eq!(score(&one).covering(), 0.25);
        assert!(score(&each).covering() < 0.005 && score(&each).rand_index() < 0.76);
    }
}
