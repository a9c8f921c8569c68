//! Time of EM steps, scoring, sampling and starts, over sizes and covariance types.
//!
//! ```text
//! cargo bench -p gmm-core --bench speed [-- FILTER]
//! ```

mod rows;

use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput};
use gmm_core::rand::SeedableRng;
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_core::{CovarianceType, Gmm, InitMethod};
use ndarray::Array2;
use rows::around_points;

/// Rows, features and components: each of them alone, and together, away from the middle.
const GRID: [(usize, usize, usize); 8] = [
    (100_000, 1, 3),
    (100_000, 3, 5),
    (100_000, 3, 64),
    (20_000, 8, 8),
    (20_000, 16, 32),
    (200_000, 16, 32),
    (10_000, 64, 16),
    (20_000, 39, 256),
];

/// A model to go on from.
fn start(
    x: &Array2<f64>,
    k: usize,
    covariance_type: CovarianceType,
) -> Result<Gmm, gmm_core::GmmError> {
    let params = Gmm::params(k)
        .covariance_type(covariance_type)
        .init_method(InitMethod::Random)
        .max_n_iterations(1);
    Ok(params.fit_report(x)?.model)
}

fn group<'c>(criterion: &'c mut Criterion, name: &str) -> BenchmarkGroup<'c, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group
        .sample_size(10)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(800));
    group
}

fn steps_and_scores(criterion: &mut Criterion) -> Result<(), gmm_core::GmmError> {
    for (n, d, k) in GRID {
        let x = around_points(n, d, k, 3.0);
        for covariance_type in CovarianceType::BASIC {
            let model = start(&x, k, covariance_type)?;
            let size = format!("{n} x {d}, K {k}");
            let id = BenchmarkId::new(covariance_type.name(), size);
            let params = Gmm::params(k)
                .covariance_type(covariance_type)
                .tolerance(0.0)
                .accelerate(false)
                .max_n_iterations(1)
                .init_method(InitMethod::Parameters(model.clone()));
            let mut steps = group(
                criterion,
                "one EM step, look at the data and last score included",
            );
            steps.throughput(Throughput::Elements(n as u64));
            steps.bench_function(id.clone(), |b| b.iter(|| params.fit_report(&x)));
            steps.finish();
            let mut scores = group(criterion, "log_prob");
            scores.throughput(Throughput::Elements(n as u64));
            scores.bench_function(id, |b| b.iter(|| model.log_prob(&x)));
            scores.finish();
        }
    }
    Ok(())
}

fn samples(criterion: &mut Criterion) -> Result<(), gmm_core::GmmError> {
    for (d, k) in [(3, 5), (16, 32)] {
        let x = around_points(5_000, d, k, 3.0);
        for covariance_type in [CovarianceType::Full, CovarianceType::Diagonal] {
            let model = start(&x, k, covariance_type)?;
            let mut rng = Xoshiro256Plus::seed_from_u64(1);
            let mut group = group(criterion, "sample");
            group.throughput(Throughput::Elements(100_000));
            let id = BenchmarkId::new(covariance_type.name(), format!("100000 x {d}, K {k}"));
            group.bench_function(id, |b| b.iter(|| model.sample(100_000, &mut rng)));
            group.finish();
        }
    }
    Ok(())
}

fn starts(criterion: &mut Criterion) {
    for (n, d, k) in [(1_000, 4, 3), (2_000, 16, 10), (100_000, 3, 16)] {
        let x = around_points(n, d, k, 3.0);
        for (name, init) in [
            ("pool", InitMethod::Pool),
            ("kmeans", InitMethod::KMeans),
            ("kmeans++", InitMethod::KMeansPlusPlus),
            ("random", InitMethod::Random),
        ] {
            let params = Gmm::params(k).max_n_iterations(1).init_method(init);
            let mut group = group(criterion, "a start and one step");
            let id = BenchmarkId::new(name, format!("{n} x {d}, K {k}"));
            group.bench_function(id, |b| b.iter(|| params.fit_report(&x)));
            group.finish();
        }
    }
}

fn main() -> Result<(), gmm_core::GmmError> {
    let mut criterion = Criterion::default().configure_from_args();
    steps_and_scores(&mut criterion)?;
    samples(&mut criterion)?;
    starts(&mut criterion);
    criterion.final_summary();
    Ok(())
}
