//! A search over components and covariance types, timed: this library's side of a comparison with mclust.
//!
//! ```text
//! model_search FILE.csv LARGEST_K
//! ```
//!
//! reads a table of numbers without a header, fits 1 to LARGEST_K components with every covariance type and default
//! settings, and prints `SECONDS TYPE,K BIC`: the seconds of the search alone, and of its best model the BIC in
//! mclust's sign, 2L − df·ln n, where more is better. `benches/mclust.sh` runs it beside mclust.

use std::error::Error;
use std::time::Instant;

use gmm_core::selection::rank;
use gmm_core::{CovarianceType, Gmm, Sample};
use ndarray::Array2;

fn read(path: &str) -> Result<Array2<f64>, Box<dyn Error>> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{path}: {e}"))?;
    let (mut values, mut n_rows) = (Vec::new(), 0);
    for line in text.lines() {
        n_rows += 1;
        for field in line.split(',') {
            let value: f64 = field
                .trim()
                .parse()
                .map_err(|e| format!("{path}, line {n_rows}: '{field}': {e}"))?;
            values.push(value);
        }
    }
    let n_columns = values.len() / n_rows.max(1);
    Array2::from_shape_vec((n_rows, n_columns), values).map_err(|e| format!("{path}: {e}").into())
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, largest] = arguments.as_slice() else {
        return Err("usage: model_search FILE.csv LARGEST_K".into());
    };
    let (x, largest): (_, usize) = (read(path)?, largest.parse()?);
    let before = Instant::now();
    let ranking = rank(
        &Sample::new(&x),
        &Gmm::params(1),
        1..=largest,
        &CovarianceType::FAMILIES,
        &|_, _| {},
    )?;
    let seconds = before.elapsed().as_secs_f64();
    let best = ranking.first().ok_or("LARGEST_K must be at least 1")?;
    println!(
        "{seconds:.4} {},{} {:.4}",
        best.model.covariance_type(),
        best.model.n_components(),
        -best.bic()
    );
    Ok(())
}
