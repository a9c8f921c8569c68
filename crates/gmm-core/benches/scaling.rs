//! How the time of an EM step grows with rows and with components.
//!
//! ```text
//! cargo bench -p gmm-core --bench scaling
//! ```

use std::time::Instant;

use gmm_core::rand::{Rng, SeedableRng};
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_core::{CovarianceType, Gmm, GmmError, InitMethod};
use ndarray::Array2;

const REPEATS: usize = 3;

fn rows(n: usize, d: usize) -> Array2<f64> {
    let mut rng = Xoshiro256Plus::seed_from_u64(7);
    Array2::from_shape_fn((n, d), |_| {
        rng.gen_range(-1.0..1.0) + rng.gen_range(-1.0..1.0)
    })
}

/// Seconds of one EM step.
fn step(x: &Array2<f64>, k: usize, covariance_type: CovarianceType) -> Result<f64, GmmError> {
    let params = |n| {
        Gmm::params(k)
            .covariance_type(covariance_type)
            .tolerance(0.0)
            .accelerate(false)
            .max_n_iterations(n)
    };
    // Means along the data, so that no start has to be searched for.
    let first = params(1).init_method(InitMethod::Random);
    let small = x.slice(ndarray::s![..x.nrows().min(20_000), ..]).to_owned();
    let start = first.fit_report(&small)?.model;
    let params = |n| params(n).init_method(InitMethod::Parameters(start.clone()));
    let mut shortest = f64::INFINITY;
    for _ in 0..REPEATS {
        let time = |n| {
            let before = Instant::now();
            params(n)
                .fit_report(x)
                .map(|_| before.elapsed().as_secs_f64())
        };
        shortest = shortest.min((time(4)? - time(1)?) / 3.0);
    }
    Ok(shortest)
}

fn main() -> Result<(), GmmError> {
    println!("| rows | features | K | covariance | ms a step | ns a row and component |");
    println!("|---|---|---|---|---|---|");
    let (full, diagonal) = (CovarianceType::Full, CovarianceType::Diagonal);
    let by_rows = [10_000, 100_000, 1_000_000, 10_000_000].map(|n| (n, 2, 4, full));
    let by_components = [4, 16, 64, 256, 1024].map(|k| (50_000, 8, k, full));
    let by_components_diagonal = [4, 16, 64, 256, 1024].map(|k| (50_000, 8, k, diagonal));
    let all = by_rows.into_iter().chain(by_components);
    for (n, d, k, covariance_type) in all.chain(by_components_diagonal) {
        let seconds = step(&rows(n, d), k, covariance_type)?;
        let each = seconds / (n * k) as f64 * 1e9;
        println!(
            "| {n} | {d} | {k} | {covariance_type} | {:.3} | {each:.2} |",
            seconds * 1e3
        );
    }
    Ok(())
}
