//! Plain EM steps from a given start, timed: this library's side of a comparison of speed.
//!
//! ```text
//! em_steps DIR NAME ITERATIONS
//! ```
//!
//! reads `DIR/NAME_{x,means,weights,covs}.npy` (f64, C order; `covs` is K×D×D for full covariances, K×D for
//! diagonal ones), runs exactly ITERATIONS steps of EM with a ridge of 1e-6 on the diagonals, and prints
//! `gmm-core NAME SECONDS MEAN_LOG_LIKELIHOOD`: the seconds of the steps alone, the likelihood of the model
//! after the last.

use std::error::Error;
use std::fs::File;
use std::path::Path;
use std::time::Instant;

use gmm_core::{Covariances, Gmm, InitMethod};
use ndarray::{Array1, Array2, Array3};
use ndarray_npy::ReadNpyExt;

fn read<T: ReadNpyExt>(dir: &str, name: &str, what: &str) -> Result<T, Box<dyn Error>> {
    let path = Path::new(dir).join(format!("{name}_{what}.npy"));
    let file = File::open(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(T::read_npy(file).map_err(|e| format!("{}: {e}", path.display()))?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [dir, name, iterations] = arguments.as_slice() else {
        return Err("usage: em_steps DIR NAME ITERATIONS".into());
    };
    let iterations: usize = iterations.parse()?;
    let x: Array2<f64> = read(dir, name, "x")?;
    let means: Array2<f64> = read(dir, name, "means")?;
    let weights: Array1<f64> = read(dir, name, "weights")?;
    let covariances = match read::<Array3<f64>>(dir, name, "covs") {
        Ok(full) => Covariances::Full(full),
        Err(_) => Covariances::Diagonal(read(dir, name, "covs")?),
    };
    let start = Gmm::new(weights, means, covariances)?;
    let params = Gmm::params(start.n_components())
        .covariance_type(start.covariance_type())
        .reg_covariance(1e-6)
        .tolerance(0.0)
        .accelerate(false)
        .max_n_iterations(iterations)
        .init_method(InitMethod::Parameters(start));
    let before = Instant::now();
    let fitted = params.fit_report(&x)?;
    let seconds = before.elapsed().as_secs_f64();
    assert_eq!(fitted.n_iterations(), iterations);
    println!(
        "gmm-core {name} {seconds:.4} {:.9}",
        fitted.mean_log_likelihood()
    );
    Ok(())
}
