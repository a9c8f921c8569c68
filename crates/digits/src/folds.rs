//! Folds for cross-validation.

use gmm_core::rand::SeedableRng;
use gmm_core::rand::seq::SliceRandom;
use gmm_core::rand_xoshiro::Xoshiro256Plus;

/// Rows divided into folds that each hold the same share of every class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folds {
    n_folds: usize,
    fold_of: Vec<usize>,
}

impl Folds {
    /// Shuffles the rows of each class and deals them out in turn: sizes of folds, and of a class in them,
    /// differ by at most one. Of no folds there is one.
    pub fn stratified(class_of: &[usize], n_folds: usize, seed: u64) -> Self {
        let n_folds = n_folds.max(1);
        let mut rng = Xoshiro256Plus::seed_from_u64(seed);
        let mut rows: Vec<usize> = (0..class_of.len()).collect();
        rows.sort_by_key(|&row| class_of[row]);
        for class in rows.chunk_by_mut(|&a, &b| class_of[a] == class_of[b]) {
            class.shuffle(&mut rng);
        }
        let mut fold_of = vec![0; rows.len()];
        for (place, &row) in rows.iter().enumerate() {
            fold_of[row] = place % n_folds;
        }
        Self { n_folds, fold_of }
    }

    /// Cuts the rows of each class, in their order, into as many runs: rows that follow one another often come from one
    /// hand, which then is not both learned from and held out. Of no folds there is one.
    pub fn in_order(class_of: &[usize], n_folds: usize) -> Self {
        let n_folds = n_folds.max(1);
        let mut sizes = vec![0; class_of.iter().max().map_or(0, |most| most + 1)];
        for &class in class_of {
            sizes[class] += 1;
        }
        let mut seen = vec![0; sizes.len()];
        let fold = |&class: &usize| {
            seen[class] += 1;
            (seen[class] - 1) * n_folds / sizes[class]
        };
        let fold_of = class_of.iter().map(fold).collect();
        Self { n_folds, fold_of }
    }

    /// Number of folds.
    pub fn n_folds(&self) -> usize {
        self.n_folds
    }

    /// The fold of each row.
    pub fn fold_of(&self) -> &[usize] {
        &self.fold_of
    }

    /// The rows of a fold, in rising order.
    pub fn rows_of(&self, fold: usize) -> Vec<usize> {
        self.rows(|f| f == fold)
    }

    /// The rows of all folds but these, in rising order.
    pub fn rows_without(&self, folds: &[usize]) -> Vec<usize> {
        self.rows(|f| !folds.contains(&f))
    }

    fn rows(&self, is_wanted: impl Fn(usize) -> bool) -> Vec<usize> {
        let rows = 0..self.fold_of.len();
        rows.filter(|&row| is_wanted(self.fold_of[row])).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_in_order_are_runs_of_each_class() {
        let folds = Folds::in_order(&[0, 1, 0, 1, 0, 1, 0, 1], 2);
        assert_eq!(folds.fold_of(), [0, 0, 0, 0, 1, 1, 1, 1]);
        let folds = Folds::in_order(&[2, 2, 2, 0], 3);
        assert_eq!(folds.fold_of(), [0, 1, 2, 0]);
        assert_eq!(Folds::in_order(&[], 0).n_folds(), 1);
    }
    use crate::data::Images;
    use crate::features::Features;

    #[test]
    fn folds_are_disjoint_and_stratified() {
        let features = Features::of(&Images::shipped().unwrap());
        let folds = Folds::stratified(&features.class_of, 5, 42);
        let mut seen = vec![0; features.class_of.len()];
        let mut sizes = Vec::new();
        let mut by_class = vec![Vec::new(); features.n_classes];
        for fold in 0..5 {
            let held_out = folds.rows_of(fold);
            let training = folds.rows_without(&[fold]);
            assert_eq!(held_out.len() + training.len(), seen.len());
            assert!(held_out.iter().all(|row| !training.contains(row)));
            held_out.iter().for_each(|&row| seen[row] += 1);
            sizes.push(held_out.len());
            for (class, counts) in by_class.iter_mut().enumerate() {
                counts.push(
                    held_out
                        .iter()
                        .filter(|r| features.class_of[**r] == class)
                        .count(),
                );
            }
        }
        assert!(seen.iter().all(|&n| n == 1));
        for counts in by_class.into_iter().chain([sizes]) {
            let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
            assert!(most - least <= 1, "{counts:?}");
        }
    }

    #[test]
    fn a_seed_decides_everything() {
        let classes = [1, 0, 0, 1, 1, 0, 1, 0, 0, 1, 0, 1];
        let of = |seed| Folds::stratified(&classes, 3, seed);
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
        assert_eq!(Folds::stratified(&classes, 0, 1).n_folds(), 1);
        assert_eq!(of(1).rows_without(&[0, 1]), of(1).rows_of(2));
    }
}
