//! Patches merged into regions, those that differ least first.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BinaryHeap};

use super::boundaries::half_chi_square;
use super::parts::squared_distance;

/// What tells two neighbouring regions apart, each between 0 and about 1, and how much it counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Weights {
    /// χ² between the shares of the mixture's components.
    pub(super) kinds: f64,
    /// 1 − exp(−|Δ|²/20²) of the mean colours in Lab.
    pub(super) color: f64,
    /// The contrast along the common border, in narrow and in wide windows.
    pub(super) borders: [f64; 2],
    /// The power of the sizes' harmonic sum, as shares of the picture: small regions merge sooner.
    pub(super) size: f64,
}

/// Beyond this distance in Lab, colours are simply different.
const COLOR_SCALE: f64 = 20.0;

/// Pixels that belong together, summed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Piece {
    pub(super) n_pixels: f64,
    /// Σ of the posteriors of each component.
    pub(super) kinds: Vec<f64>,
    /// Σ of the colours.
    pub(super) color: [f64; 3],
}

impl Piece {
    fn absorb(&mut self, other: &Self) {
        self.n_pixels += other.n_pixels;
        let both = self.kinds.iter_mut().zip(&other.kinds);
        both.for_each(|(a, b)| *a += b);
        let both = self.color.iter_mut().zip(other.color);
        both.for_each(|(a, b)| *a += b);
    }
}

/// A border: pairs of pixels across it, and the sums of the contrasts there.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Border {
    pub(super) length: f64,
    pub(super) contrasts: [f64; 2],
}

impl Border {
    pub(super) fn add(&mut self, other: Self) {
        self.length += other.length;
        let both = self.contrasts.iter_mut().zip(other.contrasts);
        both.for_each(|(a, b)| *a += b);
    }
}

/// Pieces, and the borders between them by the pair, the lower number first.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mosaic {
    pub(super) pieces: Vec<Piece>,
    pub(super) borders: BTreeMap<(u32, u32), Border>,
}

/// One step: `gone` became a part of `kept`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Step {
    pub(super) kept: u32,
    pub(super) gone: u32,
    /// How much they differed, or how much others did that were merged before.
    pub(super) difference: f64,
}

/// Two pieces that could merge, as they were when this was noted.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Candidate {
    difference: f64,
    pair: (u32, u32),
    /// How often each had changed.
    versions: (u32, u32),
}

impl Eq for Candidate {}

impl Ord for Candidate {
    /// The least difference is the greatest; of equal ones the first pair.
    fn cmp(&self, other: &Self) -> Ordering {
        let by_difference = other.difference.total_cmp(&self.difference);
        by_difference.then(other.pair.cmp(&self.pair))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Mosaic {
    /// How much two neighbours differ.
    fn difference(&self, (a, b): (u32, u32), border: Border, n_pixels: f64, by: &Weights) -> f64 {
        let (a, b) = (&self.pieces[a as usize], &self.pieces[b as usize]);
        let kinds = a.kinds.iter().zip(&b.kinds);
        let kinds = kinds.map(|(p, q)| half_chi_square(p / a.n_pixels, q / b.n_pixels));
        let mean = |p: &Piece| p.color.map(|c| c / p.n_pixels);
        let color = 1.0 - (-squared_distance(mean(a), mean(b)) / COLOR_SCALE.powi(2)).exp();
        let borders = by.borders.iter().zip(border.contrasts);
        let borders = borders.map(|(weight, sum)| weight * sum / border.length);
        let size = a.n_pixels * b.n_pixels / (a.n_pixels + b.n_pixels) / n_pixels;
        let total = by.kinds * kinds.sum::<f64>() + by.color * color + borders.sum::<f64>();
        total * size.powf(by.size)
    }

    /// Merges until nothing is left to merge, and tells how.
    pub(super) fn merged(mut self, by: &Weights) -> Vec<Step> {
        let n_pixels: f64 = self.pieces.iter().map(|p| p.n_pixels).sum();
        let mut neighbours: Vec<BTreeMap<u32, Border>> = vec![BTreeMap::new(); self.pieces.len()];
        for (&(a, b), &border) in &self.borders {
            neighbours[a as usize].insert(b, border);
            neighbours[b as usize].insert(a, border);
        }
        let mut versions = vec![0_u32; self.pieces.len()];
        let candidate = |mosaic: &Self, versions: &[u32], pair: (u32, u32), border: Border| {
            let (a, b) = (pair.0.min(pair.1), pair.0.max(pair.1));
            Candidate {
                difference: mosaic.difference((a, b), border, n_pixels, by),
                pair: (a, b),
                versions: (versions[a as usize], versions[b as usize]),
            }
        };
        let mut heap: BinaryHeap<Candidate> = BinaryHeap::new();
        for (&pair, &border) in &self.borders {
            heap.push(candidate(&self, &versions, pair, border));
        }
        let mut steps: Vec<Step> = Vec::new();
        while let Some(next) = heap.pop() {
            let (kept, gone) = next.pair;
            if next.versions != (versions[kept as usize], versions[gone as usize]) {
                continue;
            }
            let before = steps.last().map_or(0.0, |s| s.difference);
            steps.push(Step {
                kept,
                gone,
                difference: next.difference.max(before),
            });
            let lost = self.pieces[gone as usize].clone();
            self.pieces[kept as usize].absorb(&lost);
            versions[kept as usize] += 1;
            // No candidate of a piece that is gone is ever of this version again.
            versions[gone as usize] = u32::MAX;
            for (other, border) in std::mem::take(&mut neighbours[gone as usize]) {
                neighbours[other as usize].remove(&gone);
                if other != kept {
                    for (from, to) in [(kept, other), (other, kept)] {
                        neighbours[from as usize].entry(to).or_default().add(border);
                    }
                }
            }
            for (&other, &border) in &neighbours[kept as usize] {
                heap.push(candidate(&self, &versions, (kept, other), border));
            }
        }
        steps
    }
}

/// The regions that are left when the first `n` steps are taken: for each of `n_pieces` the number of its region.
pub(super) fn after(steps: &[Step], n: usize, n_pieces: usize) -> Vec<u32> {
    let mut parent: Vec<u32> = (0..n_pieces as u32).collect();
    for step in &steps[..n] {
        parent[step.gone as usize] = step.kept;
    }
    // What is kept always has the lower number.
    for i in 0..n_pieces {
        parent[i] = parent[parent[i] as usize];
    }
    parent
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEIGHTS: Weights = Weights {
        kinds: 1.0,
        color: 0.0,
        borders: [0.0, 0.0],
        size: 0.0,
    };

    fn piece(share: f64) -> Piece {
        Piece {
            n_pixels: 10.0,
            kinds: vec![10.0 * share, 10.0 * (1.0 - share)],
            color: [0.0; 3],
        }
    }

    #[test]
    fn the_most_similar_merge_first() {
        let border = Border {
            length: 3.0,
            contrasts: [0.0; 2],
        };
        let mosaic = Mosaic {
            pieces: [0.0, 0.9, 0.1, 1.0].map(piece).to_vec(),
            borders: BTreeMap::from([(0, 1), (1, 2), (2, 3), (0, 2), (1, 3)].map(|p| (p, border))),
        };
        let steps = mosaic.merged(&WEIGHTS);
        let pairs: Vec<_> = steps.iter().map(|s| (s.kept, s.gone)).collect();
        assert_eq!(pairs.len(), 3);
        assert!(pairs[..2].contains(&(0, 2)) && pairs[..2].contains(&(1, 3)));
        assert!(steps.is_sorted_by(|a, b| a.difference <= b.difference));
        assert_eq!(after(&steps, 2, 4), [0, 1, 0, 1]);
        assert_eq!(after(&steps, 3, 4), [0; 4]);
        assert_eq!(after(&steps, 0, 4), [0, 1, 2, 3]);
    }

    #[test]
    fn borders_add_up() {
        let border = |contrast: f64| Border {
            length: 2.0,
            contrasts: [2.0 * contrast, 0.0],
        };
        // 0 and 1 are one; towards 2 one has a weak border and one a strong one.
        let mosaic = Mosaic {
            pieces: vec![piece(0.5); 3],
            borders: BTreeMap::from([
                ((0, 1), border(0.0)),
                ((0, 2), border(0.2)),
                ((1, 2), border(0.6)),
            ]),
        };
        let by = Weights {
            borders: [1.0, 0.0],
            ..WEIGHTS
        };
        let steps = mosaic.merged(&by);
        assert!((steps[1].difference - 0.4).abs() < 1e-12);
    }
}
