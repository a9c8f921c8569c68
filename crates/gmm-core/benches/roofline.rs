//! How near the machine's limits EM comes: its speed beside that of matrix products, of `exp` and of memory,
//! measured in the same run.
//!
//! ```text
//! cargo bench -p gmm-core --bench roofline
//! ```
#![allow(unsafe_code)] // the matrix product's interface takes pointers

#[allow(dead_code, unreachable_pub, missing_docs)]
#[path = "../src/simd/mod.rs"]
mod simd;

mod rows;

use std::hint::black_box;
use std::time::Instant;

use gmm_core::{CovarianceType, Gmm, GmmError, InitMethod};
use rayon::prelude::*;
use rows::around_points;
use simd::{Pack, Task, Vector};

const REPEATS: usize = 5;
const STEPS: usize = 10;
/// Rows of a tile: what matrix products are given at a time, as the kernels are.
const TILE: usize = 512;

/// The shortest time of some work, in seconds.
fn shortest(mut work: impl FnMut()) -> f64 {
    let times = (0..REPEATS).map(|_| {
        let before = Instant::now();
        work();
        before.elapsed().as_secs_f64()
    });
    times.fold(f64::INFINITY, f64::min)
}

/// c = a·b for column-major matrices of m × k and k × n numbers.
fn product(m: usize, n: usize, k: usize, a: &[f64], b: &[f64], c: &mut [f64]) {
    assert!(a.len() >= m * k && b.len() >= k * n && c.len() >= m * n);
    // SAFETY: the slices hold the matrices, checked above.
    unsafe {
        gemm_f64::gemm::f64::get_gemm_fn()(
            m,
            n,
            k,
            c.as_mut_ptr(),
            m as isize,
            1,
            false,
            a.as_ptr(),
            m as isize,
            1,
            b.as_ptr(),
            k as isize,
            1,
            0.0,
            1.0,
            false,
            false,
            false,
            gemm_common::Parallelism::None,
        );
    }
}

/// GFLOP/s of m × k by k × n products on all threads, each in its own cache.
fn product_speed(m: usize, n: usize, k: usize) -> f64 {
    let threads = rayon::current_num_threads();
    let repeats = 1 + 200_000_000 / (2 * m * n * k);
    let seconds = shortest(|| {
        (0..threads).into_par_iter().for_each(|_| {
            let (a, b) = (vec![1.0; m * k], vec![0.5; k * n]);
            let mut c = vec![0.0; m * n];
            for _ in 0..repeats {
                product(m, n, k, black_box(&a), black_box(&b), &mut c);
                black_box(&c);
            }
        });
    });
    (2 * m * n * k * repeats * threads) as f64 / seconds * 1e-9
}

/// `exp` of a slice, in place.
struct Exponentials<'a>(&'a mut [Pack]);

impl Task for Exponentials<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        for pack in self.0 {
            simd::exp(V::load(pack)).store(pack);
        }
    }
}

/// Billions of exponentials a second on all threads.
fn exp_speed() -> f64 {
    let threads = rayon::current_num_threads();
    let (n, repeats) = (4096, 2000);
    let seconds = shortest(|| {
        (0..threads).into_par_iter().for_each(|_| {
            let mut packs = vec![Pack::splat(-1.0); n / simd::LANES];
            for _ in 0..repeats {
                packs.fill(Pack::splat(-3.0));
                simd::dispatch(Exponentials(&mut packs));
                black_box(&packs);
            }
        });
    });
    (n * repeats * threads) as f64 / seconds * 1e-9
}

/// GB/s of reading a table too large for the caches on all threads.
fn memory_speed() -> f64 {
    let table = vec![1.0; 1 << 25];
    let seconds = shortest(|| {
        let sums = table.par_chunks(1 << 16).map(|part| {
            let mut lanes = [0.0; 16];
            for values in part.as_chunks::<16>().0 {
                lanes.iter_mut().zip(values).for_each(|(l, v)| *l += v);
            }
            lanes.iter().sum::<f64>()
        });
        black_box(sums.sum::<f64>());
    });
    size_of_val(table.as_slice()) as f64 / seconds * 1e-9
}

struct Workload {
    name: &'static str,
    n: usize,
    d: usize,
    k: usize,
    covariance_type: CovarianceType,
}

impl Workload {
    /// Seconds of one EM step.
    fn step(&self) -> Result<f64, GmmError> {
        let x = around_points(self.n, self.d, self.k, 2.0);
        let params = |n| {
            Gmm::params(self.k)
                .covariance_type(self.covariance_type)
                .tolerance(0.0)
                .accelerate(false)
                .max_n_iterations(n)
        };
        let start = params(2).init_method(InitMethod::Random).fit_report(&x)?;
        let params = |n| params(n).init_method(InitMethod::Parameters(start.model.clone()));
        let mut refused = Ok(());
        let mut time = |n| {
            shortest(|| {
                if let Err(error) = params(n).fit_report(&x) {
                    refused = Err(error);
                }
            })
        };
        let seconds = (time(1 + STEPS) - time(1)) / STEPS as f64;
        refused.map(|()| seconds)
    }

    /// Operations of one step that no arrangement can avoid: triangles of D(D+1)/2 for whitening and scatter,
    /// D for centring, squaring and the mean.
    fn operations(&self) -> f64 {
        let (n, d, k) = (self.n as f64, self.d as f64, self.k as f64);
        match self.covariance_type {
            CovarianceType::Full => 2.0 * n * k * (d * d + 3.0 * d),
            _ => 4.0 * n * k * (2.0 * d + 1.0),
        }
    }

    /// The best of the products that an EM of matrix products would be made of: x·Wₖ, all x·W at once, and
    /// xᵀ·(r∘x).
    fn products(&self) -> f64 {
        let (d, k) = (self.d, self.k);
        let shapes = match self.covariance_type {
            CovarianceType::Full => vec![(TILE, d, d), (TILE, d * k, d), (d, d, TILE)],
            _ => vec![(TILE, k, 2 * d + 1), (k, 2 * d + 1, TILE)],
        };
        let speeds = shapes.into_iter().map(|(m, n, k)| product_speed(m, n, k));
        speeds.fold(0.0, f64::max)
    }
}

fn main() -> Result<(), GmmError> {
    let (exp, memory) = (exp_speed(), memory_speed());
    println!(
        "{} threads; exp {exp:.2} G/s; memory {memory:.0} GB/s\n",
        rayon::current_num_threads()
    );
    println!(
        "| workload | ms a step | GFLOP/s | matrix product, GFLOP/s | share | exp, share of the time | memory, share |"
    );
    println!("|---|---|---|---|---|---|---|");
    let full = CovarianceType::Full;
    for (name, n, d, k, covariance_type) in [
        ("onedim", 1_000_000, 1, 3, full),
        ("pixels", 1_000_000, 3, 5, full),
        ("midfull", 200_000, 16, 32, full),
        ("highfull", 50_000, 64, 16, full),
        ("ubmdiag", 100_000, 39, 256, CovarianceType::Diagonal),
    ] {
        let workload = Workload {
            name,
            n,
            d,
            k,
            covariance_type,
        };
        let seconds = workload.step()?;
        let speed = workload.operations() / seconds * 1e-9;
        let products = workload.products();
        let of_exp = (n * k) as f64 / (exp * 1e9) / seconds;
        let of_memory = (n * d * size_of::<f64>()) as f64 / (memory * 1e9) / seconds;
        println!(
            "| {} {n} × {d}, K {k} | {:.2} | {speed:.0} | {products:.0} | {:.0} % | {:.0} % | {:.0} % |",
            workload.name,
            seconds * 1e3,
            100.0 * speed / products,
            100.0 * of_exp,
            100.0 * of_memory
        );
    }
    Ok(())
}
