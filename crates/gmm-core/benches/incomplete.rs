//! What missing values and noise cost: fits of the same rows, complete, with values missing and with noise, in the
//! same run; the ratios to the complete fit are what counts.
//!
//! ```text
//! cargo bench -p gmm-core --bench incomplete
//! ```

mod rows;

use std::error::Error;
use std::time::Instant;

use gmm_core::rand::{Rng, SeedableRng};
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_core::{CovarianceType, Gmm, InitMethod, Noise, Sample};
use ndarray::Array2;
use rows::around_points;

const REPEATS: usize = 5;
const STEPS: usize = 20;

fn median_seconds(
    mut work: impl FnMut() -> Result<(), Box<dyn Error>>,
) -> Result<f64, Box<dyn Error>> {
    let mut seconds = Vec::new();
    for _ in 0..REPEATS {
        let before = Instant::now();
        work()?;
        seconds.push(before.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    Ok(seconds[REPEATS / 2])
}

fn main() -> Result<(), Box<dyn Error>> {
    println!(
        "{STEPS} EM steps from a given model, median of {REPEATS}; x is the ratio to the complete rows"
    );
    println!(
        "| rows | type | complete, s | 1 % missing | x | 20 % missing | x | noise, common | x | noise, own | x |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for (n, d, k, of) in [
        (100_000, 10, 8, CovarianceType::Full),
        (100_000, 10, 8, CovarianceType::Diagonal),
        (20_000, 3, 5, CovarianceType::Full),
        (5_000, 30, 8, CovarianceType::Full),
    ] {
        let x = around_points(n, d, k, 3.0);
        let random = Gmm::params(k)
            .covariance_type(of)
            .init_method(InitMethod::Random);
        let start = random.max_n_iterations(1).fit_report(&x)?.model;
        let params = Gmm::params(k)
            .covariance_type(of)
            .init_method(InitMethod::Parameters(start))
            .tolerance(0.0)
            .max_n_iterations(STEPS)
            .accelerate(false);
        let fit = |sample: &Sample<'_>| -> Result<(), Box<dyn Error>> {
            params.fit_sample(sample, &|_| {})?;
            Ok(())
        };
        let complete = median_seconds(|| fit(&Sample::new(&x)))?;
        let mut line = format!("| {n} x {d}, K {k} | {of} | {complete:.3} |");
        for share in [0.01, 0.2] {
            let mut rng = Xoshiro256Plus::seed_from_u64(1);
            let holed: Array2<f64> = x.mapv(|v| {
                if rng.gen_range(0.0..1.0) < share {
                    f64::NAN
                } else {
                    v
                }
            });
            let seconds = median_seconds(|| fit(&Sample::new(&holed).with_missing()))?;
            line += &format!(" {seconds:.3} | {:.2} |", seconds / complete);
        }
        let common = Array2::from_shape_fn((d, d), |(i, j)| if i == j { 0.1 } else { 0.02 });
        let own = Array2::from_shape_fn((n, d), |(i, j)| 0.05 + ((i * 7 + j) % 13) as f64 * 0.01);
        // A covariance for each row is a pass of its own for each row.
        let own_rows = (n <= 20_000).then_some(Noise::Variances(&own));
        for noise in [Some(Noise::Common(&common)), own_rows] {
            let Some(noise) = noise else {
                line += " – | – |";
                continue;
            };
            let sample = Sample::new(&x).with_noise(noise)?;
            let seconds = median_seconds(|| fit(&sample))?;
            line += &format!(" {seconds:.3} | {:.2} |", seconds / complete);
        }
        println!("{line}");
    }
    Ok(())
}
