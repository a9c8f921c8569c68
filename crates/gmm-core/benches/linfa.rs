//! Side by side with linfa-clustering: the same number of EM steps on the same data, in the same run.
//!
//! ```text
//! cargo bench -p gmm-core --bench linfa
//! ```

mod rows;

use std::time::Instant;

use gmm_core::rand::SeedableRng;
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_core::{Gmm, InitMethod};
use linfa::DatasetBase;
use linfa::traits::Fit;
use linfa_clustering::{GaussianMixtureModel, GmmInitMethod};
use rows::around_points;

const REPEATS: usize = 3;
const STEPS: u64 = 10;

/// The median time of some work, in seconds.
fn median(mut work: impl FnMut()) -> f64 {
    let mut seconds: Vec<f64> = (0..REPEATS)
        .map(|_| {
            let before = Instant::now();
            work();
            before.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    seconds[REPEATS / 2]
}

fn main() {
    println!("| rows × features, K | linfa-clustering, ms a step | gmm-core | ratio |");
    println!("|---|---|---|---|");
    for (n, d, k) in [
        (100_000, 1, 3),
        (100_000, 3, 5),
        (50_000, 16, 8),
        (10_000, 64, 4),
    ] {
        let dataset = DatasetBase::from(around_points(n, d, k, 3.0));
        // linfa refuses a fit that has not converged; the steps are done all the same. The difference of two
        // numbers of steps leaves the start out.
        let theirs = |n_steps: u64| {
            median(|| {
                let fitted = GaussianMixtureModel::params(k)
                    .init_method(GmmInitMethod::Random)
                    .with_rng(Xoshiro256Plus::seed_from_u64(1))
                    .tolerance(1e-300)
                    .max_n_iterations(n_steps)
                    .fit(&dataset);
                assert!(fitted.is_err(), "it must not stop early");
            })
        };
        let ours = |n_steps: u64| {
            median(|| {
                let fitted = Gmm::params(k)
                    .init_method(InitMethod::Random)
                    .with_rng(Xoshiro256Plus::seed_from_u64(1))
                    .tolerance(0.0)
                    .accelerate(false)
                    .reg_covariance(1e-6)
                    .max_n_iterations(n_steps as usize)
                    .fit_report(dataset.records());
                assert!(fitted.is_ok_and(|f| f.n_iterations() == n_steps as usize));
            })
        };
        let step = |time: &dyn Fn(u64) -> f64| (time(1 + STEPS) - time(1)) / STEPS as f64 * 1e3;
        let (theirs, ours) = (step(&theirs), step(&ours));
        println!(
            "| {n} × {d}, {k} | {theirs:.2} | {ours:.3} | {:.0} |",
            theirs / ours
        );
    }
}
