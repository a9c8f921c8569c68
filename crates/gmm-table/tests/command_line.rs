//! `gmm` as a user meets it: its files, its words, its exit codes.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use serde_json::Value;
use shipped::{folder_with, with_model};
use trial::Trial;

mod shipped;

fn numbers(folder: &Trial, table: &str, column: &str) -> Vec<f64> {
    let lines = folder.csv(table);
    let place = lines[0].iter().position(|name| name == column).unwrap();
    lines[1..]
        .iter()
        .map(|line| line[place].parse().unwrap())
        .collect()
}

#[test]
fn one_command_leads_from_a_table_to_a_figure_and_one_to_the_number_of_clusters() {
    let folder = folder_with(&["faithful.csv", "iris.csv", "galaxies.csv"]);
    for (table, words) in [
        (
            "faithful",
            "2 components with full covariances, chosen by BIC",
        ),
        ("iris", "2 components with full covariances"),
        ("galaxies", "82 rows of velocity_km_s"),
    ] {
        let said = folder.said(&["plot", &format!("{table}.csv"), "--select", "1..4"]);
        assert!(said.contains(words), "{said}");
        let figure = fs::read(folder.path().join(format!("{table}-mixture.png"))).unwrap();
        assert!(figure.starts_with(b"\x89PNG"));
    }
    let said = folder.said(&[
        "select",
        "faithful.csv",
        "--select",
        "1..4",
        "--csv",
        "all.csv",
    ]);
    assert!(
        said.contains("BIC prefers 3 components of form EEE (tied)"),
        "{said}"
    );
    assert!(
        folder
            .names()
            .contains(&String::from("faithful-selection.png"))
    );
    // Forms that cannot differ, of one component, are listed each.
    assert_eq!(folder.csv("all.csv").len(), 1 + 4 * 14);
    let bic = numbers(&folder, "all.csv", "bic");
    assert!((bic[0] - 2314.3).abs() < 0.1, "mclust's best");
    assert!(bic.windows(2).all(|w| w[0] <= w[1]));
}

#[test]
fn a_model_is_written_described_and_used() {
    let folder = with_model();
    let model: Value = serde_json::from_str(&folder.read("two.json")).unwrap();
    assert_eq!(
        model["columns"],
        serde_json::json!(["eruptions", "waiting"])
    );
    let said = folder.said(&["describe", "two.json", "faithful.csv"]);
    for words in [
        "2 components of 2 columns",
        "waiting",
        "modes",
        "50 % lies",
        "BIC 2322.2",
        "1, 2",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let report = folder.json(&["describe", "two.json", "faithful.csv"]);
    assert_eq!(report["n_parameters"], 11);
    assert_eq!(report["modes"].as_array().unwrap().len(), 2);
    let mean = report["table"]["mean_log_likelihood"].as_f64().unwrap();

    let said = folder.said(&[
        "score",
        "two.json",
        "faithful.csv",
        "-o",
        "scores.csv",
        "--keep",
        "waiting",
    ]);
    assert!(
        said.contains("272 rows") && said.contains("scores.csv"),
        "{said}"
    );
    let scores = numbers(&folder, "scores.csv", "log_prob");
    assert!((scores.iter().sum::<f64>() / 272.0 - mean).abs() < 1e-9);
    assert_eq!(numbers(&folder, "scores.csv", "waiting")[1], 54.0);

    let rows = folder.said(&["predict", "two.json", "faithful.csv", "--posteriors"]);
    assert!(
        rows.starts_with("component,posterior,posterior_1,posterior_2\n"),
        "{rows}"
    );
    let ones = rows
        .lines()
        .skip(1)
        .filter(|line| line.starts_with("1,"))
        .count();
    assert!(
        (90..110).contains(&ones) && rows.lines().count() == 273,
        "{ones}"
    );
}

#[test]
fn columns_are_predicted_from_others() {
    let folder = with_model();
    folder.write("new.csv", "id,eruptions\na,2.0\nb,4.5\n");
    let rows = folder.said(&[
        "predict",
        "two.json",
        "new.csv",
        "--target",
        "waiting",
        "--quantiles",
        ".05,.95",
        "--mode",
        "--keep",
        "id",
    ]);
    let lines: Vec<Vec<&str>> = rows.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(
        lines[0],
        [
            "id",
            "waiting",
            "waiting_sd",
            "waiting_mode",
            "waiting_q0.05",
            "waiting_q0.95"
        ]
    );
    for (line, expected) in lines[1..].iter().zip([54.0, 81.0]) {
        let values: Vec<f64> = line[1..].iter().map(|v| v.parse().unwrap()).collect();
        assert!((values[0] - expected).abs() < 2.0, "{line:?}");
        assert!(values[3] < values[0] && values[0] < values[4]);
        assert!((values[0] - values[2]).abs() < 0.5);
    }
    folder.refused(
        &["predict", "two.json", "new.csv", "--target", "wating"],
        2,
        &["--target", "wating", "waiting"],
    );
    folder.write("gap.csv", "eruptions\n2.0\n\nNA\n");
    folder.refused(
        &["predict", "two.json", "gap.csv", "--target", "waiting"],
        1,
        &["gap.csv", "line 4", "eruptions"],
    );
}

#[test]
fn rows_with_gaps_are_used_as_far_as_they_go() {
    let folder = with_model();
    let table = folder
        .read("faithful.csv")
        .replacen("3.6,79.0", "3.6,NA", 1)
        .replacen("1.8,54.0", ",54.0", 1);
    folder.write("gaps.csv", &table);
    let said = folder.said(&["fit", "gaps.csv", "-k", "2", "-o", "gaps.json"]);
    assert!(
        said.contains("without a value somewhere: 2 rows, used"),
        "{said}"
    );
    let said = folder.said(&[
        "fit",
        "gaps.csv",
        "-k",
        "2",
        "-o",
        "gaps.json",
        "--complete-rows",
    ]);
    assert!(
        said.contains("270 rows") && said.contains("left out"),
        "{said}"
    );
    let whole = folder.said(&["predict", "two.json", "gaps.csv", "--impute"]);
    let lines: Vec<&str> = whole.lines().collect();
    assert_eq!(lines[0], "eruptions,waiting");
    assert!(
        lines[1].starts_with("3.6,7") && lines[2].ends_with(",54"),
        "{lines:?}"
    );
    let scored = folder.said(&["score", "two.json", "gaps.csv"]);
    assert!(
        scored
            .lines()
            .all(|line| line == "log_prob" || line.parse::<f64>().unwrap() < 0.0)
    );
}

#[test]
fn rows_are_drawn_as_is_asked() {
    let folder = with_model();
    let said = folder.said(&[
        "sample",
        "two.json",
        "-n",
        "1e4",
        "--component",
        "-o",
        "new.csv",
    ]);
    assert!(said.contains("10000 rows drawn"), "{said}");
    let of = numbers(&folder, "new.csv", "component");
    let share = of.iter().filter(|k| **k == 1.0).count() as f64 / 1e4;
    assert!((share - 0.356).abs() < 0.02, "{share}");
    folder.said(&[
        "sample",
        "two.json",
        "-n",
        "1000",
        "--stratified",
        "--component",
        "-o",
        "even.csv",
    ]);
    let ones = numbers(&folder, "even.csv", "component")
        .iter()
        .filter(|k| **k == 1.0)
        .count();
    assert!((355..=356).contains(&ones), "{ones}");
    folder.said(&[
        "sample",
        "two.json",
        "-n",
        "2000",
        "--antithetic",
        "-o",
        "pairs.csv",
    ]);
    let given = folder.said(&["sample", "two.json", "-n", "500", "--given", "eruptions=2"]);
    let rows: Vec<Vec<f64>> = (given.lines().skip(1))
        .map(|line| line.split(',').map(|v| v.parse().unwrap()).collect())
        .collect();
    assert!(rows.iter().all(|row| row[0] == 2.0));
    let mean = rows.iter().map(|row| row[1]).sum::<f64>() / 500.0;
    assert!((mean - 54.0).abs() < 2.0, "{mean}");
    folder.refused(
        &["sample", "two.json", "--given", "x=2"],
        2,
        &["--given", "x", "eruptions"],
    );
    folder.refused(&["sample", "two.json", "-n", "0"], 2, &["--rows"]);
}

#[test]
fn what_goes_out_comes_back_in() {
    let folder = with_model();
    for file in ["rows.csv", "rows.tsv", "rows.npy"] {
        folder.said(&["-q", "sample", "two.json", "-n", "300", "-o", file]);
        let scores = folder.said(&["score", "two.json", file]);
        assert_eq!(scores.lines().count(), 301, "{file}");
        folder.write(&format!("{file}.scores"), scores);
    }
    assert_eq!(
        folder.read("rows.csv.scores"),
        folder.read("rows.npy.scores")
    );
    assert_eq!(
        folder.read("rows.csv.scores"),
        folder.read("rows.tsv.scores")
    );
    let json = folder.said(&["sample", "two.json", "-n", "2", "--format", "json"]);
    let records: Value = serde_json::from_str(&json).unwrap();
    assert!(records[1]["waiting"].is_number(), "{json}");
}

#[test]
fn models_are_compared() {
    let folder = with_model();
    folder.said(&[
        "fit",
        "faithful.csv",
        "-k",
        "3",
        "-o",
        "three.json",
        "--covariance",
        "EEE",
    ]);
    let said = folder.said(&[
        "compare",
        "two.json",
        "three.json",
        "faithful.csv",
        "--draws",
        "20000",
    ]);
    for words in [
        "Hellinger",
        "Cauchy–Schwarz",
        "formula",
        "draws, ±",
        "difference",
        "BIC 2322",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let same = folder.json(&["compare", "two.json", "two.json", "--draws", "1000"]);
    for distance in same["divergences"].as_array().unwrap() {
        assert!(
            distance["value"].as_f64().unwrap().abs() < 1e-7,
            "{distance}"
        );
    }
    folder.write("one.csv", "a\n1\n2\n4\n8\n");
    folder.said(&["fit", "one.csv", "-k", "1", "-o", "one.json"]);
    folder.refused(
        &["compare", "two.json", "one.json"],
        1,
        &["two.json", "one.json", "2 columns", "1 column"],
    );
}

#[test]
fn standard_input_and_output_do_for_files() {
    let folder = with_model();
    let table = folder.read("faithful.csv");
    let mut child = folder.command();
    let child = child
        .args(["score", "two.json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = child.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(table.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let from_file = folder.said(&["score", "two.json", "faithful.csv"]);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), from_file);
    let model = folder.said(&["fit", "faithful.csv", "-k", "2", "-o", "-"]);
    assert_eq!(model, folder.read("two.json"));
    folder.refused(&["score", "-", "-"], 2, &["standard input"]);
}

#[test]
fn a_closed_pipe_ends_the_work_quietly() {
    let folder = with_model();
    let mut child = folder.command();
    let child = child
        .args(["sample", "two.json", "-n", "1e9"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = child.spawn().unwrap();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    assert_eq!(line, "eruptions,waiting\n");
    drop(reader);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(
        output.stderr.is_empty(),
        "{:?}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn the_same_on_any_number_of_threads() {
    let folder = with_model();
    folder.same_on_any_threads(
        &["fit", "faithful.csv", "--select", "1..4", "-o", "m.json"],
        &["m.json"],
    );
    folder.same_on_any_threads(&["score", "two.json", "faithful.csv", "--tail"], &[]);
    let one = folder.said(&[
        "--threads",
        "1",
        "select",
        "faithful.csv",
        "--select",
        "1..3",
    ]);
    let three = folder.said(&[
        "--threads",
        "3",
        "select",
        "faithful.csv",
        "--select",
        "1..3",
    ]);
    assert_eq!(one, three);
}

#[test]
fn help_completions_and_manual_are_there() {
    let folder = folder_with(&[]);
    assert!(folder.said(&["--help"]).contains("gmm plot faithful.csv"));
    for task in [
        "fit", "select", "score", "predict", "sample", "describe", "plot", "compare", "convert",
    ] {
        assert!(
            folder.said(&[task, "--help"]).contains("Examples:"),
            "{task}"
        );
        assert!(folder.said(&["man", task]).contains(".TH"), "{task}");
    }
    for shell in ["bash", "zsh", "fish"] {
        assert!(
            folder.said(&["completions", shell]).contains("predict"),
            "{shell}"
        );
    }
    folder.refused(&["frobnicate"], 2, &["frobnicate"]);
    folder.refused(&["fit"], 2, &["TABLE"]);
}
