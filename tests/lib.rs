//! What the workspace's tests share: the data and the golden numbers.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::{Path, PathBuf};

use gmm_core::hmm::{Chain, GaussianHmm};
use gmm_core::rand::{Rng, SeedableRng};
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_core::{CovarianceType, Covariances, Fitted, Gmm, GmmParams, InitMethod, Sample};
use ndarray::{Array2, Array3, array};
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

/// Three regimes in the plane, of two Gaussians each.
pub fn hidden_regimes() -> GaussianHmm {
    let regime = |x: f64| {
        Gmm::new(
            array![0.4, 0.6],
            array![[x, 0.0], [x + 1.5, 1.0]],
            Covariances::Diagonal(array![[0.3, 0.5], [0.4, 0.2]]),
        )
        .unwrap()
    };
    let transitions = array![[0.95, 0.03, 0.02], [0.05, 0.9, 0.05], [0.0, 0.1, 0.9]];
    let chain = Chain::new(array![0.2, 0.3, 0.5], transitions.view()).unwrap();
    GaussianHmm::new(chain, vec![regime(0.0), regime(4.0), regime(2.0)]).unwrap()
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

/// The generator of a seed.
pub fn rng(seed: u64) -> Xoshiro256Plus {
    Xoshiro256Plus::seed_from_u64(seed)
}

/// The fourteen families and two factor models.
pub fn all_types() -> Vec<CovarianceType> {
    let factors = ["mfa-2", "ppca-2"].map(|name| name.parse().unwrap());
    CovarianceType::FAMILIES
        .into_iter()
        .chain(factors)
        .collect()
}

/// The data with this share of its values missing at random.
pub fn with_holes(x: &Array2<f64>, share: f64, seed: u64) -> Array2<f64> {
    let mut rng = rng(seed);
    x.mapv(|v| {
        if rng.r#gen::<f64>() < share {
            f64::NAN
        } else {
            v
        }
    })
}

/// Whole weights from 0 to 3.
pub fn row_weights(n: usize, seed: u64) -> Vec<f64> {
    let mut rng = rng(seed);
    (0..n).map(|_| f64::from(rng.gen_range(0..4u8))).collect()
}

/// A noise covariance for each row, the standard deviations a share of `deviations`; diagonal or correlated.
pub fn noise_of(n: usize, deviations: &[f64], is_diagonal: bool, seed: u64) -> Array3<f64> {
    let d = deviations.len();
    let mut rng = rng(seed);
    let mut noise = Array3::zeros((n, d, d));
    for mut m in noise.outer_iter_mut() {
        let root = Array2::from_shape_fn((d, d), |(i, j)| {
            let factor = if is_diagonal && i != j { 0.0 } else { 0.5 };
            deviations[i] * factor * rng.gen_range(-1.0..1.0)
        });
        m.assign(&root.dot(&root.t()));
    }
    noise
}

/// A model of a family after a few steps on the data.
pub fn rough(x: &Array2<f64>, k: usize, covariance_type: CovarianceType) -> Gmm {
    let params = Gmm::params(k)
        .covariance_type(covariance_type)
        .init_method(InitMethod::KMeans)
        .max_n_iterations(4);
    params.fit_report(x).unwrap().model
}

/// A fit to a sample that is none to be refused.
pub fn fit(params: &GmmParams, sample: &Sample<'_>) -> Fitted {
    params.fit_sample(sample, &|_| {}).unwrap()
}

/// Numbers are within `tolerance` of others, relatively where those are above 1; how far they are apart at most.
pub fn close<'a>(
    a: impl IntoIterator<Item = &'a f64>,
    b: impl IntoIterator<Item = &'a f64>,
    tolerance: f64,
    what: &str,
) -> f64 {
    let (a, b): (Vec<_>, Vec<_>) = (a.into_iter().collect(), b.into_iter().collect());
    assert_eq!(a.len(), b.len(), "{what}");
    let mut most = 0.0f64;
    for (x, y) in a.into_iter().zip(b) {
        let off = (x - y).abs() / y.abs().max(1.0);
        // Not so where either is no number.
        assert!(off <= tolerance, "{what}: {x} {y}");
        most = most.max(off);
    }
    most
}

/// The objective of no iteration is below that of the last by more than `slack`, relatively.
pub fn never_falls(fitted: &Fitted, slack: f64, what: &str) {
    for pair in fitted.objective.windows(2) {
        let is_climbing = pair[1] >= pair[0] - slack * pair[0].abs().max(1.0);
        assert!(is_climbing, "{what}: {pair:?}");
    }
}

/// The columns of numbers of a file in assets/tabular.
pub fn columns_of_numbers(file: &str) -> Array2<f64> {
    let text = read(&format!("assets/tabular/{file}"));
    let lines: Vec<Vec<f64>> = text
        .lines()
        .skip(1)
        .map(|line| line.split(',').filter_map(|v| v.parse().ok()).collect())
        .collect();
    let shape = (lines.len(), lines[0].len());
    Array2::from_shape_vec(shape, lines.concat()).unwrap()
}

/// A partition, one digit per row from 1 on, as responsibilities; rows of 0 are divided evenly.
pub fn partition(value: &Value) -> Array2<f64> {
    let digits: Vec<usize> = value
        .as_str()
        .unwrap()
        .bytes()
        .map(|b| usize::from(b - b'0'))
        .collect();
    let k = *digits.iter().max().unwrap();
    Array2::from_shape_fn((digits.len(), k), |(i, c)| {
        if digits[i] == 0 {
            1.0
        } else {
            f64::from(u8::from(digits[i] == c + 1))
        }
    })
}

/// The README's example, compiled and run.
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;

/// An answer that has to be the same on 1, 2, 3 and 7 threads.
pub fn on_any_number_of_threads<T: PartialEq + Debug + Send>(answer: impl Fn() -> T + Sync) -> T {
    let on = |n: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build();
        pool.unwrap().install(&answer)
    };
    let alone = on(1);
    for n in [2, 3, 7] {
        assert_eq!(on(n), alone, "on {n} threads");
    }
    alone
}
