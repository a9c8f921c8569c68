//! The command as a user meets it: its files, its words, its exit codes.
#![allow(clippy::unwrap_used)]

use std::fs;

use serde_json::Value;
use trial::Trial;

fn folder() -> Trial {
    Trial::of(env!("CARGO_BIN_EXE_regimes"))
}

/// Forty days, low and high by turns of ten.
fn days() -> String {
    let row = |i: u32| {
        let value = f64::from(i / 10 % 2 * 8) + f64::from(i * 7 % 5) * 0.1;
        format!("day {},{value:.1},{i}\n", i + 1)
    };
    String::from("day,price,count\n") + &(0..40).map(row).collect::<String>()
}

fn with_days() -> Trial {
    let folder = folder();
    folder.write("days.csv", days());
    folder
}

#[test]
fn without_a_word_the_slides_series_is_divided_in_two_ways() {
    let folder = folder();
    let text = folder.said(&[]);
    assert_eq!(folder.names(), ["slide14-regimes.png"]);
    assert!(
        text.contains("100.0 %") && text.contains("slide14-regimes.png"),
        "{text}"
    );
    let report = folder.json(&[]);
    // The slide's recipe, and the regimes that made the series.
    let slide = report["slide_right"].as_f64().unwrap();
    assert!((0.5..0.55).contains(&slide), "{report}");
    assert!(report["found_right"].as_f64().unwrap() >= 0.99, "{report}");
    let changes = report["change_at"].as_array().unwrap();
    let step = 10.0 / 999.0;
    assert_eq!(changes.len(), 1);
    assert!(
        (changes[0].as_f64().unwrap() - 5.0).abs() <= 5.0 * step,
        "{report}"
    );
}

#[test]
fn the_report_agrees_with_the_table_of_times() {
    let folder = with_days();
    let report = folder.json(&["windows", "days.csv", "-c", "price", "--csv", "out.csv"]);
    assert_eq!(folder.names(), ["days-regimes.png", "days.csv", "out.csv"]);
    assert_eq!(
        (&report["column"], &report["values"]),
        (&"price".into(), &40.into())
    );
    let text = folder.read("out.csv");
    let rows: Vec<Vec<&str>> = text.lines().map(|l| l.split(',').collect()).collect();
    assert_eq!(
        rows[0],
        ["day", "price", "regime", "posterior_1", "posterior_2"]
    );
    assert_eq!(rows.len(), 41);
    // The first day has no day before it.
    assert_eq!(rows[1], ["day 1", "0", "", "", ""]);
    for regime in [1usize, 2] {
        let times = rows
            .iter()
            .filter(|row| row[2] == regime.to_string())
            .count();
        assert_eq!(report["regimes"][regime - 1]["times"], times);
        assert_eq!(report["sizes"][regime - 1], times);
    }
    let mean = |regime: usize| report["regimes"][regime]["mean"].as_f64().unwrap();
    assert!(mean(0) < 2.0 && mean(1) > 6.0, "{report}");
    for row in &rows[2..] {
        let sum: f64 = row[3..].iter().map(|p| p.parse::<f64>().unwrap()).sum();
        assert!((sum - 1.0).abs() < 1e-12);
    }
}

#[test]
fn a_figure_named_so_is_an_svg_and_quiet_is_quiet() {
    let folder = with_days();
    let args = [
        "windows", "days.csv", "-c", "2", "-t", "count", "-q", "-o", "x.svg", "--json", "x.json",
    ];
    assert_eq!(folder.said(&args), "");
    assert_eq!(folder.names(), ["days.csv", "x.json", "x.svg"]);
    assert!(folder.read("x.svg").contains("</svg>"));
    let report: Value = serde_json::from_str(&folder.read("x.json")).unwrap();
    assert_eq!(report["column"], "price");
}

#[test]
fn missing_values_are_told_and_take_their_windows_with_them() {
    let folder = folder();
    let value = |i: u32| match i {
        5 | 20 => String::from("NA\n"),
        _ => format!("{}\n", i / 10 % 2 * 8 + i * 7 % 5),
    };
    let text = String::from("v\n") + &(0..40).map(value).collect::<String>();
    folder.write("gaps.csv", text);
    let text = folder.said(&["windows", "gaps.csv", "--csv", "out.csv"]);
    assert!(
        text.contains("40 values of v") && text.contains("2 values are missing"),
        "{text}"
    );
    let report = folder.json(&["windows", "gaps.csv"]);
    assert_eq!(report["missing_values"], 2);
    assert_eq!(
        report["sizes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| s.as_u64().unwrap())
            .sum::<u64>(),
        35
    );
    let table = folder.read("out.csv");
    let without: Vec<usize> = (0..40)
        .filter(|&i| table.lines().nth(i + 1).unwrap().ends_with(",,,"))
        .collect();
    assert_eq!(without, [0, 5, 6, 20, 21]);
}

#[test]
fn unusual_series_are_still_series() {
    let folder = folder();
    folder.write("equal.csv", "3\n".repeat(30));
    let report = folder.json(&["windows", "equal.csv", "-k", "3"]);
    assert_eq!(report["regimes"].as_array().unwrap().len(), 3);
    assert!(
        !folder
            .said(&["windows", "equal.csv", "-k", "3"])
            .contains("NaN")
    );
    folder.write("one.csv", "5\n");
    let report = folder.json(&["windows", "one.csv", "--lags", "0", "-k", "1"]);
    assert_eq!(report["sizes"], serde_json::json!([1]));
    // Of a range only as many regimes are tried as there are values.
    folder.write("few.csv", "1\n2\n4\n1\n9\n3\n");
    let report = folder.json(&["windows", "few.csv", "--select", "1..1000000000"]);
    assert!(report["n_components"].as_u64().unwrap() <= 5);
    folder.write("spaced.csv", "day ; price\n1;2,5\n");
    folder.refused(
        &["windows", "spaced.csv", "-c", " price "],
        1,
        &["line 2", "\"price\"", "comma"],
    );
}

#[test]
fn the_same_seed_gives_the_same_bytes_on_any_number_of_threads() {
    let folder = with_days();
    let fit = [
        "windows",
        "days.csv",
        "-c",
        "price",
        "--select",
        "1..4",
        "--restarts",
        "3",
        "--seed",
        "5",
    ];
    let files = ["x.png", "x.csv", "x.json"];
    let outputs = ["--out", files[0], "--csv", files[1], "--json", files[2]];
    folder.same_on_any_threads(&[&fit[..], &outputs].concat(), &files);
}

#[test]
fn wrong_usage_is_exit_code_2() {
    let folder = with_days();
    let usage = |args: &[&str], words: &[&str]| folder.refused(args, 2, words);
    for (flag, value) in [
        ("--components", "0"),
        ("--components", "-2"),
        ("--select", "2"),
        ("--covariance", "round"),
        ("--ridge", "nan"),
        ("--seed", "x"),
        ("--lags", "-1"),
        ("--lags", "1001"),
        ("--out", "x.pdf"),
    ] {
        usage(
            &["windows", "days.csv", "-c", "price", flag, value],
            &[flag, value],
        );
    }
    usage(&["windows", "days.csv", "other.csv"], &["other.csv"]);
    usage(&["--nonsense"], &["--nonsense"]);
    usage(&["windows", "-c", "price"], &["--column", "no file"]);
    usage(&["windows", "-t", "day"], &["--time", "no file"]);
    usage(&["-o", "x.png", "detect", "days.csv"], &["detect"]);
    for (args, name) in [
        (["--csv", "./days.csv", "-q", "-q"], "-q"),
        (["--csv", "./days.csv", "--lags", "1"], "twice"),
        (["--json", "x.csv", "--csv", "x.csv"], "twice"),
        (["--out", "x.png", "--csv", "./x.png"], "twice"),
        (["--csv", "days-regimes.png", "--lags", "1"], "twice"),
    ] {
        usage(
            &[&["windows", "days.csv", "-c", "price"], &args[..]].concat(),
            &[name],
        );
    }
    assert_eq!(folder.read("days.csv"), days());
}

#[test]
fn failed_work_is_exit_code_1_and_names_the_place() {
    let folder = with_days();
    fs::create_dir(folder.path().join("folder.csv")).unwrap();
    for (name, text, words) in [
        ("ragged.csv", "a,b\n1,2\n3\n", &["line 3", "1 field"][..]),
        ("empty.csv", "", &["empty"]),
        ("header.csv", "a\n", &["no rows"]),
        ("words.csv", "a,b\nx,y\n", &["no column", "numbers"]),
        ("both.csv", "a,b\n1,2\n5,3\n", &["a, b", "--column"]),
        (
            "infinite.csv",
            "a\n1\n1e999\n",
            &["line 3", "\"a\"", "1e999"],
        ),
        ("binary.csv", "\0\u{1}\u{2}", &["line 1", "NUL"]),
        ("one.csv", "a\n1\n", &["1 value", "no window", "--lags 1"]),
        ("two.csv", "a\n1\n2\n", &["too few", "2 regimes", "1"]),
        (
            "large.csv",
            "a\n1e300\n-1e300\n1\n2\n",
            &["values of a", "large"],
        ),
        ("holes.csv", "a\n1\nNA\n2\n\"\"\n3\n", &["no window"]),
    ] {
        folder.write(name, text);
        folder.refused(&["windows", name], 1, &[&[name], words].concat());
    }
    let work = |args: &[&str], words: &[&str]| {
        folder.refused(
            &[&["windows", "days.csv"], args].concat(),
            1,
            &[&["days.csv"], words].concat(),
        );
    };
    work(&[], &["price, count", "--column"]);
    work(&["-c", "z"], &["\"z\"", "\"day\", \"price\", \"count\""]);
    work(&["-c", "price", "-t", "z"], &["\"z\""]);
    work(&["-c", "day"], &["line 2", "\"day\"", "\"day 1\""]);
    work(
        &["-c", "price", "--lags", "40"],
        &["40 values", "--lags 40"],
    );
    work(&["-c", "price", "-k", "40"], &["40 regimes", "39"]);
    folder.refused(&["windows", "gone.csv"], 1, &["gone.csv", "no such file"]);
    folder.refused(&["windows", "folder.csv"], 1, &["folder.csv", "folder"]);
    for args in [
        ["--json", "nowhere/x"],
        ["--csv", "folder.csv"],
        ["--out", "nowhere/x.png"],
    ] {
        let [_, place] = args;
        let args = [&["windows", "days.csv", "-c", "price"], &args[..]].concat();
        folder.refused(&args, 1, &["cannot write", place, "folder"]);
    }
}
