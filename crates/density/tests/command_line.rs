//! The command as a user meets it: its files, its words, its exit codes.
#![allow(clippy::unwrap_used)]

use std::fs;

use serde_json::Value;
use trial::Trial;

fn folder() -> Trial {
    Trial::of(env!("CARGO_BIN_EXE_density"))
}

/// Two clouds of twenty rows each, with a name for each row.
fn clouds() -> String {
    let row = |i: u32| {
        let (away, a, b) = (f64::from(i % 2) * 6.0, i * 7919 % 101, i * 104_729 % 103);
        let x = away + f64::from(a) * 0.02;
        let y = away + f64::from(b) * 0.02;
        format!("{x:.2},{y:.2},r{i}\n")
    };
    String::from("x,y,name\n") + &(0..40).map(row).collect::<String>()
}

fn with_clouds() -> Trial {
    let folder = folder();
    folder.write("clouds.csv", clouds());
    folder
}

#[test]
fn without_a_word_the_slides_are_drawn() {
    let folder = folder();
    let text = folder.said(&[]);
    let figures = [
        "density-01-density.png",
        "density-02-components.png",
        "density-03-em.png",
        "density-04-selection.png",
        "density-05-clusters.png",
        "density-06-anomalies.png",
        "density-07-density.png",
        "density-07-generated.png",
        "density-11-generated.png",
        "density-12-outliers.png",
        "density-13-directions.png",
        "density-13-latent.png",
        "density-13-reduction.png",
    ];
    assert_eq!(folder.names(), figures);
    for figure in figures {
        assert!(text.contains(figure), "{figure} is not in {text}");
    }
}

#[test]
fn every_task_writes_one_figure_named_after_the_table() {
    let folder = with_clouds();
    for (task, figure) in [
        ("estimate", "clouds-density.png"),
        ("em", "clouds-em.png"),
        ("select", "clouds-selection.png"),
        ("cluster", "clouds-clusters.png"),
        ("anomalies", "clouds-anomalies.png"),
        ("generate", "clouds-generated.png"),
        ("reduce", "clouds-reduction.png"),
    ] {
        let text = folder.said(&[task, "clouds.csv"]);
        assert!(text.contains("40 rows of x, y"), "{task}: {text}");
        assert!(text.contains(figure), "{task}: {text}");
        assert_eq!(folder.names(), [figure, "clouds.csv"], "{task}");
        let png = fs::read(folder.path().join(figure)).unwrap();
        assert!(png.starts_with(b"\x89PNG"), "{task}");
        fs::remove_file(folder.path().join(figure)).unwrap();
    }
}

#[test]
fn a_task_without_a_table_takes_the_slides_data() {
    let folder = folder();
    let report = folder.json(&["cluster"]);
    assert_eq!(folder.names(), ["slide-clusters.png"]);
    assert_eq!(report["n_components"], 2);
    // The slide reduces by five tied components, two of which are drawn.
    let report = folder.json(&["reduce"]);
    assert_eq!(report["n_components"], 5);
    assert_eq!(report["covariance_type"], "tied");
}

#[test]
fn the_report_agrees_with_the_table_of_rows() {
    let folder = with_clouds();
    let report = folder.json(&["cluster", "clouds.csv", "--csv", "rows.csv"]);
    assert_eq!(report["rows"], 40);
    assert_eq!(report["columns"], serde_json::json!(["x", "y"]));
    assert_eq!(report["sizes"], serde_json::json!([20, 20]));
    assert_eq!(report["outcome"], "converged");
    let rows = folder.csv("rows.csv");
    let head = "row,x,y,log_prob,component,posterior_1,posterior_2";
    assert_eq!(rows[0].join(","), head);
    assert_eq!(rows.len(), 41);
    let mut sum = 0.0;
    for (i, row) in rows[1..].iter().enumerate() {
        assert_eq!(row[0], (i + 1).to_string());
        // Odd rows of the file are the cloud at the origin.
        assert_eq!(row[4], if i % 2 == 0 { "1" } else { "2" });
        let number = |j: usize| row[j].parse::<f64>().unwrap();
        assert!((number(5) + number(6) - 1.0).abs() < 1e-12);
        sum += number(3);
    }
    let mean = report["mean_log_likelihood"].as_f64().unwrap();
    assert!((sum / 40.0 - mean).abs() < 1e-9, "{sum} {mean}");
}

#[test]
fn candidates_anomalies_new_rows_and_iterations_are_tabled() {
    let folder = with_clouds();
    let table = ["--csv", "out.csv"];
    let of = |task: &[&str]| {
        let report = folder.json(&[task, &table].concat());
        (report, folder.csv("out.csv"))
    };
    let (report, rows) = of(&["select", "clouds.csv", "--select", "1..3"]);
    assert_eq!(
        rows[0].join(","),
        "n_components,mean_log_likelihood,bic,aic,icl"
    );
    assert_eq!((rows.len(), &*rows[3][0]), (4, "3"));
    assert_eq!(report["selection"].as_array().unwrap().len(), 3);
    let bic: Vec<f64> = rows[1..].iter().map(|r| r[2].parse().unwrap()).collect();
    let least = bic.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!(report["bic"], least);

    let (report, rows) = of(&["anomalies", "clouds.csv", "--rate", "0.1"]);
    let marked = rows[1..].iter().filter(|row| row[7] == "1");
    let marked: Vec<usize> = marked.map(|row| row[0].parse().unwrap()).collect();
    assert_eq!(marked.len(), 4);
    assert_eq!(report["anomalies"], serde_json::json!(marked));

    let (_, rows) = of(&["generate", "clouds.csv", "-n", "7"]);
    assert_eq!((rows[0].join(","), rows.len()), ("x,y,component".into(), 8));

    let (report, rows) = of(&["em", "clouds.csv"]);
    let iterations = report["log_likelihoods"].as_array().unwrap().len();
    assert_eq!(
        (rows[0].join(","), rows.len()),
        ("iteration,mean_log_likelihood".into(), iterations + 1)
    );
}

#[test]
fn another_table_can_be_what_is_usual() {
    let folder = with_clouds();
    folder.write("new.csv", "y,x\n0.9,1.1\n90,-70\n7,7\n");
    let report = folder.json(&[
        "anomalies",
        "new.csv",
        "--train",
        "clouds.csv",
        "--rate",
        "0",
    ]);
    assert_eq!(report["rows"], 3);
    assert_eq!(report["anomalies"], serde_json::json!([2]));
    // What is usual is not written over.
    let args = [
        "anomalies",
        "new.csv",
        "--train",
        "clouds.csv",
        "--csv",
        "clouds.csv",
    ];
    folder.refused(&args, 2, &["clouds.csv", "twice"]);
    assert_eq!(folder.read("clouds.csv"), clouds());
    let args = ["anomalies", "new.csv", "--train", "gone.csv"];
    folder.refused(&args, 1, &["gone.csv", "no such file"]);
    folder.refused(&["anomalies", "--train", "new.csv"], 2, &["--train"]);
}

#[test]
fn a_figure_named_so_is_an_svg_and_quiet_is_quiet() {
    let folder = with_clouds();
    for args in [["-q", "estimate"], ["estimate", "-q"]] {
        let rest = ["clouds.csv", "--out", "x.svg", "--json", "x.json"];
        assert_eq!(folder.said(&[&args[..], &rest].concat()), "");
        assert_eq!(folder.names(), ["clouds.csv", "x.json", "x.svg"]);
        assert!(folder.read("x.svg").contains("</svg>"));
        let report: Value = serde_json::from_str(&folder.read("x.json")).unwrap();
        assert_eq!(report["input"], "clouds.csv");
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_on_any_number_of_threads() {
    let folder = with_clouds();
    let fit = [
        "generate",
        "clouds.csv",
        "--select",
        "1..4",
        "--restarts",
        "3",
    ];
    let files = ["x.png", "x.csv", "x.json"];
    let outputs = ["--out", files[0], "--csv", files[1], "--json", files[2]];
    folder.same_on_any_threads(&[&fit[..], &outputs].concat(), &files);
    let other = ["generate", "clouds.csv", "--seed", "7", "--csv", "y.csv"];
    folder.said(&other);
    assert_ne!(folder.read("x.csv"), folder.read("y.csv"));
}

#[test]
fn rows_that_lack_a_value_are_left_out_and_counted() {
    let folder = folder();
    folder.write("gaps.csv", "a,b\n1,2\n,4\n5,6\nNA,3\n2,2\n7,9\n1,?\n");
    let args = ["cluster", "gaps.csv", "--csv", "rows.csv"];
    let text = folder.said(&args);
    assert!(text.contains("4 rows of a, b"), "{text}");
    assert!(
        text.contains("3 rows lack a value and were left out"),
        "{text}"
    );
    assert_eq!(folder.json(&args)["incomplete_rows_left_out"], 3);
    // Rows keep their numbers.
    let rows = folder.csv("rows.csv");
    let numbers: Vec<&str> = rows[1..].iter().map(|row| &*row[0]).collect();
    assert_eq!(numbers, ["1", "3", "5", "6"]);
    let text = folder.said(&["estimate", "gaps.csv", "-c", "b"]);
    assert!(
        text.contains("1 row") && text.contains("left out"),
        "{text}"
    );
}

#[test]
fn unusual_tables_are_still_tables() {
    let folder = folder();
    folder.write("bare.csv", "1\t2\r\n2\t3\r\n5\t5\r\n7\t1\r\n");
    assert!(
        folder
            .said(&["cluster", "bare.csv"])
            .contains("4 rows of 1, 2")
    );
    assert!(
        folder
            .said(&["estimate", "bare.csv", "-c", "2"])
            .contains("4 rows of 2")
    );
    folder.write("spaced.csv", "\u{feff}x ; y\n1;2\n3;5\n4;4\n");
    assert!(
        folder
            .said(&["cluster", "spaced.csv", "-c", "y, x"])
            .contains("3 rows of y, x")
    );
    folder.write("equal.csv", "a,b\n".to_owned() + &"1,2\n".repeat(9));
    assert!(
        folder
            .said(&["cluster", "equal.csv"])
            .contains("all values of a are equal")
    );
    folder.write(
        "far.csv",
        (0..30)
            .map(|i| format!("1{:015},{}\n", i, i % 7))
            .collect::<String>(),
    );
    assert!(folder.said(&["cluster", "far.csv"]).contains("30 rows"));
    // Of a range only as many components are tried as there are rows.
    let report = folder.json(&["select", "bare.csv", "--select", "1..1000000000"]);
    assert_eq!(report["selection"].as_array().unwrap().len(), 4);
}

#[test]
fn wrong_usage_is_exit_code_2() {
    let folder = with_clouds();
    let usage = |args: &[&str], words: &[&str]| folder.refused(args, 2, words);
    usage(&["clouds.csv"], &["clouds.csv"]);
    usage(&["estimate", "clouds.csv", "other.csv"], &["other.csv"]);
    usage(&["estimate", ""], &["FILE"]);
    for (flag, value) in [
        ("--components", "0"),
        ("--components", "many"),
        ("--select", "4..2"),
        ("--covariance", "round"),
        ("--ridge", "-1"),
        ("--tolerance", "nan"),
        ("--seed", "-1"),
        ("--restarts", "0"),
        ("--max-iterations", "0"),
        ("--out", "x.jpg"),
    ] {
        usage(&["estimate", "clouds.csv", flag, value], &[flag, value]);
    }
    usage(
        &["anomalies", "clouds.csv", "--rate", "1.5"],
        &["--rate", "1.5"],
    );
    usage(
        &["anomalies", "clouds.csv", "--rate", "-0.1"],
        &["--rate", "-0.1"],
    );
    usage(&["generate", "clouds.csv", "-n", "0"], &["--rows", "0"]);
    usage(&["generate", "clouds.csv", "-n", "-5"], &["--rows", "-5"]);
    usage(
        &["estimate", "clouds.csv", "-k", "2", "--select", "1..2"],
        &["--select"],
    );
    usage(&["estimate", "-c", "x"], &["--columns", "no file"]);
    usage(
        &["estimate", "clouds.csv", "-c", "x,y,1"],
        &["--columns", "\"x\"", "twice"],
    );
    usage(&["em", "clouds.csv", "--select", "1..3"], &["--select"]);
    usage(&["em", "clouds.csv", "--restarts", "3"], &["--restarts"]);
    // Before any work, and before the table is read.
    usage(
        &["estimate", "gone.csv", "--out", "x.jpg"],
        &["--out", "x.jpg"],
    );
}

#[test]
fn no_file_is_named_twice() {
    let folder = with_clouds();
    let usage = |args: &[&str], name: &str| {
        let args = [&["cluster", "clouds.csv"], args].concat();
        folder.refused(&args, 2, &[name, "twice"]);
    };
    usage(&["--csv", "./clouds.csv"], "clouds.csv");
    usage(&["--json", "clouds.csv"], "clouds.csv");
    usage(&["--csv", "clouds-clusters.png"], "clouds-clusters.png");
    usage(&["--csv", "x.csv", "--json", "x.csv"], "x.csv");
    usage(&["--out", "x.svg", "--json", "./x.svg"], "x.svg");
    assert_eq!(folder.read("clouds.csv"), clouds());
}

#[test]
fn failed_work_is_exit_code_1_and_names_the_place() {
    let folder = with_clouds();
    fs::create_dir(folder.path().join("folder.csv")).unwrap();
    for (name, text, words) in [
        (
            "ragged.csv",
            "a,b\n1,2\n3,4,5\n",
            &["line 3", "3 fields"][..],
        ),
        ("empty.csv", "", &["empty"]),
        ("header.csv", "a,b\n", &["no rows"]),
        ("words.csv", "a,b\nx,y\n", &["no column", "numbers"]),
        ("gaps.csv", "a,b\n1,\n,2\n", &["all 2 rows", "a, b"]),
        (
            "infinite.csv",
            "a,b\n1,2\n2,inf\n",
            &["line 3", "\"b\"", "inf"],
        ),
        ("names.csv", "a,a\n1,2\n", &["columns 1 and 2", "\"a\""]),
        ("quote.csv", "a,b\n1,\"2\n", &["line 2", "quotation"]),
        ("binary.csv", "\0\u{1}\u{2}", &["line 1", "NUL"]),
        ("one.csv", "a,b\n1,2\n", &["too few rows", "2 components"]),
        (
            "large.csv",
            "a,b\n1,1e300\n2,-1e300\n",
            &["values of b", "large"],
        ),
    ] {
        folder.write(name, text);
        for task in ["estimate", "em", "cluster", "generate"] {
            folder.refused(&[task, name], 1, &[&[name], words].concat());
        }
    }
    folder.write("latin.csv", b"a,b\n1,\xe9\n");
    let work = |args: &[&str], words: &[&str]| folder.refused(args, 1, words);
    work(
        &["estimate", "latin.csv"],
        &["latin.csv", "line 2", "UTF-8"],
    );
    work(&["estimate", "gone.csv"], &["gone.csv", "no such file"]);
    work(&["estimate", "folder.csv"], &["folder.csv", "folder"]);
    work(
        &["estimate", "clouds.csv", "-c", "z"],
        &["\"z\"", "\"x\", \"y\", \"name\""],
    );
    work(
        &["estimate", "clouds.csv", "-c", "x,name"],
        &["line 2", "\"name\"", "\"r0\""],
    );
    work(
        &["estimate", "clouds.csv", "-k", "41"],
        &["clouds.csv", "41 components", "40"],
    );
    work(&["em", "clouds.csv", "-k", "41"], &["41 components", "40"]);
    work(
        &["cluster", "clouds.csv", "-c", "x"],
        &["clouds.csv", "one column"],
    );
}

#[test]
fn nothing_is_half_written() {
    let folder = with_clouds();
    fs::create_dir(folder.path().join("x.png")).unwrap();
    for args in [
        ["--json", "nowhere/x.json"],
        ["--csv", "nowhere/x.csv"],
        ["--csv", "x.png"],
        ["--out", "x.png"],
        ["--out", "nowhere/x.png"],
    ] {
        let [_, place] = args;
        let args = [&["cluster", "clouds.csv"], &args[..]].concat();
        folder.refused(&args, 1, &["cannot write", place, "folder"]);
    }
}
