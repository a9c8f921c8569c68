//! Memory: a fit keeps little beside its data, and answers need no more than their own room.
//!
//! One test alone, so that nothing else in the process uses memory at the same time.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use gmm_core::hmm::{Chain, GaussianHmm};
use gmm_core::{Covariances, Gmm, Rows, Tile};
use gmm_tests::two_groups;
use ndarray::{Array2, array};
use trial::memory;

/// Rows that are computed when they are asked for.
struct Computed {
    n_rows: usize,
    n_features: usize,
}

impl Rows for Computed {
    fn n_rows(&self) -> usize {
        self.n_rows
    }

    fn n_features(&self) -> usize {
        self.n_features
    }

    fn read(&self, tile: &mut Tile) {
        let first = tile.first_row();
        for j in 0..self.n_features {
            for (i, value) in tile.feature_mut(j).iter_mut().enumerate() {
                *value = ((first + i) * (j + 3) % 1009) as f64 / 100.0;
            }
        }
    }
}

#[test]
fn fits_and_answers_keep_little_beside_their_data() {
    const MORE: usize = 64;
    let groups = two_groups(1_000_000);
    let x = Array2::from_shape_fn((1_000_000, 3), |(i, j)| groups[(i, j % 2)] + j as f64);
    drop(groups);
    let before = memory("VmRSS");
    let fitted = Gmm::params(5).max_n_iterations(20).fit_report(&x).unwrap();
    let used = memory("VmHWM") - before.min(memory("VmHWM"));
    assert!(used <= MORE, "a fit of 1,000,000 × 3 took {used} MiB more");

    let model = Gmm::params(3)
        .max_n_iterations(3)
        .fit_report(&Computed {
            n_rows: 100_000,
            n_features: 2,
        })
        .unwrap()
        .model;
    let all = Computed {
        n_rows: 10_000_000,
        n_features: 2,
    };
    let before = memory("VmHWM");
    let n_answers = 10_000_000 * size_of::<f64>() / (1 << 20);
    assert_eq!(model.log_prob(&all).unwrap().len(), 10_000_000);
    assert_eq!(model.labels(&all).unwrap().len(), 10_000_000);
    assert!(model.mean_log_likelihood(&all).unwrap().is_finite());
    let used = memory("VmHWM") - before;
    assert!(
        used <= n_answers + MORE,
        "answers of {n_answers} MiB took {used} MiB"
    );
    drop(fitted);

    // A stream that nothing is kept of.
    let transitions = array![[0.99, 0.01], [0.02, 0.98]];
    let state = |mean: f64| {
        let mean = array![[mean, mean]];
        Gmm::new(array![1.0], mean, Covariances::Spherical(array![1.0])).unwrap()
    };
    let chain = Chain::running(transitions.view()).unwrap();
    let hmm = GaussianHmm::new(chain, vec![state(0.0), state(3.0)]).unwrap();
    let mut filter = hmm.filter();
    let before = memory("VmRSS");
    for t in 0..1_000_000_u32 {
        let level = f64::from(t / 500 % 2) * 3.0;
        filter
            .observe(&[level + f64::from(t % 7) * 0.1, level])
            .unwrap();
    }
    assert!(filter.log_likelihood().is_finite());
    let used = memory("VmRSS").saturating_sub(before);
    assert!(used <= 1, "a filter of 1,000,000 rows took {used} MiB");
}
