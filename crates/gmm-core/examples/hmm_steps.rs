//! Plain EM steps of a hidden Markov model from a start that the rows give, timed: this library's side of a comparison of
//! speed (`benches/hmmlearn.sh`).
//!
//! ```text
//! hmm_steps FILE.npy K ITERATIONS
//! ```
//!
//! The means are the rows n·i/K, the covariances the identity times the mean variance of the columns, the beginning is
//! even, and each state stays with probability 0.9. Prints `STEP SCORE DECODE POSTERIORS LOGLIK BEST`: seconds of a step on
//! average, of the log-likelihood, of the best path and of the posteriors under the last model, then its log-likelihood and
//! that of its best path.

use std::error::Error;
use std::fs::File;
use std::time::Instant;

use gmm_core::hmm::{Chain, GaussianHmm, Sequences};
use gmm_core::{Covariances, Gmm, Ridge, Sample};
use ndarray::{Array1, Array2, Axis, s};
use ndarray_npy::ReadNpyExt;

fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let done = work();
    (done, start.elapsed().as_secs_f64())
}

fn start(x: &Array2<f64>, k: usize) -> Result<GaussianHmm, Box<dyn Error>> {
    let (n, d) = x.dim();
    let variance = x.var_axis(Axis(0), 0.0).mean().ok_or("no columns")?;
    let state = |i: usize| {
        let mean = x.slice(s![n * i / k..n * i / k + 1, ..]).to_owned();
        let covariance = Array2::from_diag_elem(d, variance).insert_axis(Axis(0));
        Gmm::new(Array1::ones(1), mean, Covariances::Full(covariance))
    };
    let other = 0.1 / (k - 1) as f64;
    let transitions = Array2::from_shape_fn((k, k), |(i, j)| if i == j { 0.9 } else { other });
    let chain = Chain::new(Array1::from_elem(k, 1.0 / k as f64), transitions.view())?;
    Ok(GaussianHmm::new(
        chain,
        (0..k).map(state).collect::<Result<_, _>>()?,
    )?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, k, iterations] = arguments.as_slice() else {
        return Err("usage: hmm_steps FILE.npy K ITERATIONS".into());
    };
    let (k, iterations): (usize, usize) = (k.parse()?, iterations.parse()?);
    if k < 2 {
        return Err("K must be at least 2".into());
    }
    let x = Array2::<f64>::read_npy(File::open(path).map_err(|e| format!("{path}: {e}"))?)?;
    let data = Sequences::one(Sample::new(&x));
    let params = GaussianHmm::params(k)
        .ridge(Ridge::Absolute(0.0))
        .tolerance(0.0)
        .accelerate(false)
        .max_n_iterations(iterations)
        .start(start(&x, k)?);
    let (fitted, of_fit) = timed(|| params.fit(&data));
    let model = fitted?.model;
    let (score, of_score) = timed(|| model.log_likelihoods(&data));
    let (best, of_path) = timed(|| model.most_probable(&data));
    let (smoothed, of_posteriors) = timed(|| model.smoothed(&data));
    smoothed?;
    println!(
        "{} {of_score} {of_path} {of_posteriors} {:.6} {:.6}",
        of_fit / iterations as f64,
        score?.iter().sum::<f64>(),
        best?.log_probabilities.iter().sum::<f64>(),
    );
    Ok(())
}
