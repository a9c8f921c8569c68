//! Classifiers, weights and scikit-learn's models through `gmm`.
#![allow(clippy::unwrap_used)]

use std::fs;

use gmm_core::ndarray::{ArrayD, Dimension};
use ndarray_npy::ReadNpyExt;
use serde_json::Value;
use shipped::folder_with;
use trial::Trial;

mod shipped;

/// Models of scikit-learn and what it says of iris.csv; `tests/golden/sklearn_npz.py` makes them.
fn golden() -> Value {
    let path = format!(
        "{}/../../tests/golden/sklearn_npz.json",
        env!("CARGO_MANIFEST_DIR")
    );
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn flat(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(list) => list.iter().flat_map(flat).collect(),
        number => vec![number.as_f64().unwrap()],
    }
}

fn rows_of(folder: &Trial, table: &str, columns: std::ops::RangeFrom<usize>) -> Vec<f64> {
    let lines = folder.csv(table);
    let fields = lines[1..]
        .iter()
        .flat_map(|line| line[columns.clone()].to_vec());
    fields.map(|field| field.parse().unwrap()).collect()
}

fn close(a: &[f64], b: &[f64], what: &str) {
    assert_eq!(a.len(), b.len(), "{what}");
    for (a, b) in a.iter().zip(b) {
        assert!((a - b).abs() <= 1e-9 * b.abs().max(1.0), "{what}: {a} {b}");
    }
}

#[test]
fn models_of_scikit_learn_say_the_same_here_and_go_back() {
    let golden = golden();
    let folder = folder_with(&["iris.csv"]);
    let four: Vec<String> = (folder.csv("iris.csv").iter())
        .map(|line| line[..4].join(",") + "\n")
        .collect();
    folder.write("iris4.csv", four.concat());
    for of in ["full", "tied", "diag", "spherical"] {
        let golden = &golden["models"][of];
        let source = format!(
            "{}/../../tests/golden/sklearn_npz/{of}.npz",
            env!("CARGO_MANIFEST_DIR")
        );
        folder.write("model.npz", fs::read(source).unwrap());
        let names = "sepal_length,sepal_width,petal_length,petal_width";
        folder.said(&["convert", "model.npz", "model.json", "--columns", names]);
        for model in ["model.npz", "model.json"] {
            // A model without names takes the columns by their places.
            let table = if model == "model.npz" {
                "iris4.csv"
            } else {
                "iris.csv"
            };
            folder.said(&["score", model, table, "-o", "scores.csv"]);
            close(
                &rows_of(&folder, "scores.csv", 0..),
                &flat(&golden["log_prob"]),
                of,
            );
        }
        folder.said(&[
            "predict",
            "model.json",
            "iris.csv",
            "--posteriors",
            "-o",
            "rows.csv",
        ]);
        close(
            &rows_of(&folder, "rows.csv", 2..),
            &flat(&golden["posteriors"]),
            of,
        );
        // Back again: the arrays that scikit-learn's predictions are made from.
        let back = format!("{of}-back.npz");
        folder.said(&["convert", "model.json", &back]);
        let file = fs::File::open(folder.path().join(&back)).unwrap();
        let mut archive = zip::ZipArchive::new(file).unwrap();
        let entry = archive.by_name("precisions_cholesky_.npy").unwrap();
        let factors = ArrayD::<f64>::read_npy(entry).unwrap();
        assert_eq!(
            factors.raw_dim().ndim(),
            if of == "full" {
                3
            } else if of == "spherical" {
                1
            } else {
                2
            }
        );
        close(
            &factors.into_iter().collect::<Vec<_>>(),
            &flat(&golden["precisions_cholesky"]),
            of,
        );
    }
}

#[test]
fn classes_are_learnt_and_read() {
    let folder = folder_with(&["iris.csv"]);
    let said = folder.said(&[
        "fit",
        "iris.csv",
        "--class",
        "species",
        "-o",
        "iris.json",
        "--json",
        "report.json",
    ]);
    assert!(
        said.contains("setosa") && said.contains("EDDA") && said.contains("MclustDA"),
        "{said}"
    );
    let report: Value = serde_json::from_str(&folder.read("report.json")).unwrap();
    assert!(report["training_error"].as_f64().unwrap() <= 0.0201);
    assert!(report["cross_validated_error"].as_f64().unwrap() < 0.04);
    let rows = folder.said(&[
        "predict",
        "iris.json",
        "iris.csv",
        "--keep",
        "species",
        "--reject",
        "0.8",
    ]);
    let lines: Vec<Vec<&str>> = rows
        .lines()
        .skip(1)
        .map(|l| l.split(',').collect())
        .collect();
    let open = lines.iter().filter(|line| line[1].is_empty()).count();
    let wrong = lines
        .iter()
        .filter(|line| !line[1].is_empty() && line[0] != line[1])
        .count();
    assert!(open > 0 && open < 15 && wrong <= 2, "{open} {wrong}");
    let said = folder.said(&["plot", "iris.json", "iris.csv", "-o", "iris.png"]);
    assert!(said.contains("iris.png"), "{said}");
    let said = folder.said(&["describe", "iris.json"]);
    assert!(said.contains("virginica"), "{said}");
    folder.refused(
        &["convert", "iris.json", "iris.npz"],
        1,
        &["iris.npz", "classifier"],
    );
    folder.refused(
        &["predict", "iris.json", "iris.csv", "--impute"],
        2,
        &["--impute"],
    );
}

#[test]
fn weights_are_repetitions() {
    let folder = folder_with(&[]);
    let rows = [(0.0, 3), (0.5, 1), (1.0, 2), (5.0, 4), (5.4, 1), (6.1, 2)];
    let weighted = rows.map(|(x, w)| format!("{x},{w}\n")).concat();
    let repeated = rows.map(|(x, w)| format!("{x}\n").repeat(w)).concat();
    folder.write("weighted.csv", format!("x,n\n{weighted}"));
    folder.write("repeated.csv", format!("x\n{repeated}"));
    let args = ["-k", "1", "-o"];
    folder.said(
        &[
            &["fit", "weighted.csv", "--weights", "n"][..],
            &args,
            &["a.json"],
        ]
        .concat(),
    );
    folder.said(&[&["fit", "repeated.csv"][..], &args, &["b.json"]].concat());
    let model = |name: &str| serde_json::from_str::<Value>(&folder.read(name)).unwrap();
    let mean = |m: &Value| m["means"][0][0].as_f64().unwrap();
    assert!((mean(&model("a.json")) - mean(&model("b.json"))).abs() < 1e-12);
    folder.write("negative.csv", "x,n\n1,2\n2,-1\n3,1\n");
    folder.refused(
        &["fit", "negative.csv", "--weights", "n"],
        1,
        &["negative.csv", "line 3", "\"n\"", "-1"],
    );
}
