//! What the workspace's tests share: the data and the golden numbers.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gmm_core::rand::SeedableRng;
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_core::{Covariances, Gmm};
use ndarray::{Array2, array};
use serde_json::Value;

/// The root of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A file of the workspace as text.
pub fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// The golden numbers of `tests/golden/NAME`.
pub fn golden(name: &str) -> Value {
    serde_json::from_str(&read(&format!("tests/golden/{name}"))).unwrap()
}

/// The first `n_columns` columns of a CSV file with one header line.
pub fn table(path: &str, n_columns: usize) -> Array2<f64> {
    let numbers: Vec<f64> = read(path)
        .lines()
        .skip(1)
        .flat_map(|line| {
            line.split(',')
                .take(n_columns)
                .map(|v| v.parse().unwrap())
                .collect::<Vec<f64>>()
        })
        .collect();
    Array2::from_shape_vec((numbers.len() / n_columns, n_columns), numbers).unwrap()
}

/// Duration of, and waiting time before, 272 eruptions of Old Faithful.
pub fn faithful() -> Array2<f64> {
    table("assets/tabular/faithful.csv", 2)
}

/// The four measurements of 150 irises.
pub fn iris() -> Array2<f64> {
    table("assets/tabular/iris.csv", 4)
}

/// Two unit Gaussians, six apart.
pub fn two_groups(n: usize) -> Array2<f64> {
    let gmm = Gmm::new(
        array![0.5, 0.5],
        array![[0.0, 0.0], [6.0, 0.0]],
        Covariances::TiedSpherical(1.0),
    );
    gmm.unwrap()
        .sample(n, &mut Xoshiro256Plus::seed_from_u64(1))
        .0
}

/// How far two partitions of the same rows agree: 1 where they are equal, about 0 by chance (Hubert & Arabie,
/// *J. Classification* 2, 1985).
pub fn adjusted_rand_index(a: &[impl Ord], b: &[impl Ord]) -> f64 {
    fn pairs<T: Ord>(labels: impl Iterator<Item = T>) -> f64 {
        let mut counts = BTreeMap::new();
        labels.for_each(|label| *counts.entry(label).or_insert(0.0) += 1.0);
        counts.values().map(|n: &f64| n * (n - 1.0) / 2.0).sum()
    }
    assert_eq!(a.len(), b.len());
    let together = pairs(a.iter().zip(b));
    let (in_a, in_b) = (pairs(a.iter()), pairs(b.iter()));
    let by_chance = in_a * in_b / pairs(a.iter().map(|_| 0));
    (together - by_chance) / (0.5 * (in_a + in_b) - by_chance)
}

/// A list of numbers, at any depth, in order.
pub fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(list) => list.iter().flat_map(numbers).collect(),
        number => vec![number.as_f64().unwrap()],
    }
}

/// The README's example, compiled and run.
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;
