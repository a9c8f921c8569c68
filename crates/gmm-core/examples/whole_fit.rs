//! A whole fit with default settings, timed: this library's side of a comparison of default fits.
//!
//! ```text
//! whole_fit FILE.npy K [FITS]
//! ```
//!
//! reads a table of f64 (rows × features, C order), fits K components FITS times from the seeds 42, 43, …
//! with a ridge of 1e-6 (scikit-learn's), and prints seconds and mean log-likelihood of each.

use std::error::Error;
use std::fs::File;
use std::time::Instant;

use gmm_core::rand::SeedableRng;
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_core::{Gmm, GmmParams};
use ndarray::Array2;
use ndarray_npy::ReadNpyExt;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (file, k, fits) = match arguments.as_slice() {
        [file, k] => (file, k, 1),
        [file, k, fits] => (file, k, fits.parse()?),
        _ => return Err("usage: whole_fit FILE.npy K [FITS]".into()),
    };
    let x = Array2::<f64>::read_npy(File::open(file).map_err(|e| format!("{file}: {e}"))?)?;
    let params: GmmParams = Gmm::params(k.parse()?).reg_covariance(1e-6);
    for seed in 42..42 + fits {
        let params = params.clone().with_rng(Xoshiro256Plus::seed_from_u64(seed));
        let before = Instant::now();
        let fitted = params.fit_report(&x)?;
        println!(
            "gmm-core {file} K {k} seed {seed}: {:.4} s, mean log-likelihood {:.6}, {} iterations",
            before.elapsed().as_secs_f64(),
            fitted.mean_log_likelihood(),
            fitted.n_iterations()
        );
    }
    Ok(())
}
