//! The data of the guides: tables that ship, and what is done to them.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use density::Points;
use gmm_core::ndarray::Array2;
use gmm_core::rand::{Rng, SeedableRng};
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_table::Table;

/// A table of `assets/tabular`.
fn path(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../assets/tabular")
        .join(name)
}

/// Columns of a table that ships, rows × columns; of no names, all that hold numbers.
pub(crate) fn rows(table: &str, columns: &[&str]) -> Result<Array2<f64>, Box<dyn Error>> {
    let columns: Vec<String> = columns.iter().map(|&c| String::from(c)).collect();
    Ok(Points::read(&path(table), &columns)?.rows)
}

/// A column of names of a table that ships.
pub(crate) fn names(table: &str, column: &str) -> Result<Vec<String>, Box<dyn Error>> {
    let table = Table::read(&path(table))?;
    Ok(table.text(column)?.into_iter().map(String::from).collect())
}

/// The classes of a table that ships, from 0 in the order of their names.
pub(crate) fn classes(table: &str, column: &str) -> Result<Vec<usize>, Box<dyn Error>> {
    let of_rows = names(table, column)?;
    let mut names = of_rows.clone();
    names.sort_unstable();
    names.dedup();
    let place = |name: &String| names.binary_search(name).unwrap_or_default();
    Ok(of_rows.iter().map(place).collect())
}

/// The generator of a seed.
pub(crate) fn seeded(seed: u64) -> Xoshiro256Plus {
    Xoshiro256Plus::seed_from_u64(seed)
}

/// The rows with this share of their values missing at random.
pub(crate) fn with_holes(x: &Array2<f64>, share: f64, seed: u64) -> Array2<f64> {
    let mut rng = seeded(seed);
    x.mapv(|v| {
        if rng.gen_range(0.0..1.0) < share {
            f64::NAN
        } else {
            v
        }
    })
}

/// The rows with the mean of each column where a value is missing.
pub(crate) fn with_column_means(x: &Array2<f64>) -> Array2<f64> {
    let mut filled = x.clone();
    for mut column in filled.columns_mut() {
        let seen: Vec<f64> = column.iter().copied().filter(|v| !v.is_nan()).collect();
        let mean = seen.iter().sum::<f64>() / seen.len() as f64;
        column.mapv_inplace(|v| if v.is_nan() { mean } else { v });
    }
    filled
}

/// How far two partitions of the same rows agree: 1 where they are equal, about 0 by chance (Hubert & Arabie,
/// *J. Classification* 2, 1985).
pub(crate) fn adjusted_rand_index(a: &[usize], b: &[usize]) -> f64 {
    fn pairs<T: Ord>(labels: impl Iterator<Item = T>) -> f64 {
        let mut counts = BTreeMap::new();
        labels.for_each(|label| *counts.entry(label).or_insert(0.0) += 1.0);
        counts.values().map(|n: &f64| n * (n - 1.0) / 2.0).sum()
    }
    let together = pairs(a.iter().zip(b));
    let (in_a, in_b) = (pairs(a.iter()), pairs(b.iter()));
    let by_chance = in_a * in_b / pairs(a.iter().map(|_| 0));
    (together - by_chance) / (0.5 * (in_a + in_b) - by_chance)
}

/// Each column less its mean, in its standard deviation.
pub(crate) fn standardised(x: &Array2<f64>) -> Array2<f64> {
    let axis = gmm_core::ndarray::Axis(0);
    let mut z = x - &x.mean_axis(axis).unwrap_or_default();
    z /= &x.std_axis(axis, 0.0);
    z
}
