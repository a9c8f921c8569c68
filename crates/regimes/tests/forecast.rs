//! `regimes forecast` as a user meets it.
#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;

use trial::Trial;

/// Sixty months with a season, above 0.
fn months() -> String {
    let mut text = String::from("month,sales\n");
    for i in 0..60u32 {
        let (year, month) = (2015 + i / 12, i % 12 + 1);
        let season = f64::from(i % 12 * 30).to_radians().sin();
        let noise = f64::from(i * 7919 % 101) / 101.0;
        let value = 100.0 + 30.0 * season + 6.0 * noise;
        writeln!(text, "{year}-{month:02},{value:.2}").unwrap();
    }
    text
}

fn folder() -> Trial {
    let folder = Trial::of(env!("CARGO_BIN_EXE_regimes"));
    folder.write("sales.csv", months());
    folder
}

#[test]
fn a_season_is_forecast_with_table_report_and_figure() {
    let folder = folder();
    let text = folder.said(&[
        "forecast",
        "sales.csv",
        "--lags",
        "1..2",
        "-k",
        "1..2",
        "--csv",
        "out.csv",
        "--json",
        "out.json",
    ]);
    assert_eq!(
        folder.names(),
        ["out.csv", "out.json", "sales-forecast.png", "sales.csv"]
    );
    for words in [
        "a pool of",
        "weight",
        "check: one step ahead",
        "2020-12",
        "90 %",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let table = folder.read("out.csv");
    let rows: Vec<Vec<&str>> = table.lines().map(|l| l.split(',').collect()).collect();
    assert_eq!(
        rows[0],
        [
            "month", "column", "mean", "median", "q0.025", "q0.05", "q0.1", "q0.25", "q0.5",
            "q0.75", "q0.9", "q0.95", "q0.975"
        ]
    );
    assert_eq!(
        (rows.len(), rows[1][0], rows[12][0]),
        (13, "2020-01", "2020-12")
    );
    for row in &rows[1..] {
        let quantiles: Vec<f64> = row[4..].iter().map(|q| q.parse().unwrap()).collect();
        assert!(
            quantiles.windows(2).all(|pair| pair[0] <= pair[1]),
            "{row:?}"
        );
        assert_eq!(row[3], row[8]);
    }
    let report: serde_json::Value = serde_json::from_str(&folder.read("out.json")).unwrap();
    let sum = |name: &str| -> f64 {
        let models = report["models"].as_array().unwrap();
        models.iter().map(|m| m[name].as_f64().unwrap()).sum()
    };
    assert!((sum("weight") - 1.0).abs() < 1e-12);
    assert_eq!(report["validation"]["steps"], 30);
    assert_eq!(report["forecasts"].as_array().unwrap().len(), 12);
    assert!(report["validation"]["scores"][0]["crps"].as_f64().unwrap() > 0.0);
}

#[test]
fn what_is_held_out_is_forecast_step_by_step() {
    let folder = folder();
    let flags = [
        "forecast",
        "sales.csv",
        "--lags",
        "2",
        "-k",
        "1",
        "--variance",
        "400",
        "--csv",
        "out.csv",
    ];
    let until = folder.json(&[&flags[..], &["--train-until", "2018-12"]].concat());
    let table = folder.read("out.csv");
    assert_eq!(table.lines().count(), 13);
    assert!(table.lines().next().unwrap().ends_with(",actual"));
    assert!(table.lines().nth(1).unwrap().starts_with("2019-01,sales,"));
    let from = folder.json(&[&flags[..], &["--test-from", "2019-01"]].concat());
    assert_eq!(until, from);
    let scores = &until["held_out"]["scores"][0];
    assert_eq!(
        (&scores["n"], &until["learnt_until"]),
        (&12.into(), &"2018-12".into())
    );
    let (mse, arv) = (
        scores["mse"].as_f64().unwrap(),
        scores["arv"].as_f64().unwrap(),
    );
    assert!((mse / 400.0 - arv).abs() < 1e-12);
}

#[test]
fn one_model_may_be_chosen_in_two_ways() {
    let folder = folder();
    for choose in ["bic", "rolling"] {
        let args = [
            "forecast",
            "sales.csv",
            "--single",
            "--choose",
            choose,
            "--lags",
            "1..2",
            "-k",
            "1..2",
            "--method",
            "mixture",
            "--scale",
            "log",
        ];
        let report = folder.json(&args);
        assert_eq!(report["models"].as_array().unwrap().len(), 1);
        assert_eq!(
            (&report["chosen_by"], &report["method"]),
            (&choose.into(), &"mixture".into())
        );
        assert_eq!(report["models"][0]["scales"][0], "log");
    }
}

#[test]
fn files_are_the_same_on_any_number_of_threads() {
    let args = [
        "forecast",
        "sales.csv",
        "--lags",
        "1..2",
        "-k",
        "1..2",
        "--csv",
        "out.csv",
        "-o",
        "x.svg",
    ];
    folder().same_on_any_threads(&args, &["out.csv", "x.svg"]);
}

#[test]
fn bad_input_is_one_line_and_the_right_exit_code() {
    let folder = folder();
    folder.write("flat.csv", String::from("v\n") + &"3\n".repeat(40));
    folder.write("short.csv", "v\n1\n2\n4\n3\n");
    folder.write("one.csv", "v\n1\n");
    folder.write(
        "large.csv",
        String::from("v\n") + &"1e300\n-1e300\n".repeat(40),
    );
    folder.write("zero.csv", String::from("v\n") + &"0\n1\n5\n2\n".repeat(10));
    for (args, code, words) in [
        (&["flat.csv"][..], 1, "all values of v"),
        (&["short.csv"], 1, "too few"),
        (&["one.csv"], 1, "too few"),
        (&["large.csv"], 1, "values of v are too large"),
        (&["none.csv"], 1, "none.csv"),
        (&["zero.csv", "--scale", "log"], 2, "--scale"),
        (
            &["sales.csv", "--train-until", "2031-01"],
            2,
            "2015-01 to 2019-12",
        ),
        (
            &["sales.csv", "--train-until", "2019-12"],
            2,
            "no step is left",
        ),
        (
            &["sales.csv", "--test-from", "2015-01"],
            2,
            "nothing is before",
        ),
        (&["sales.csv", "--horizon", "0"], 2, "--horizon"),
        (&["sales.csv", "--horizon", "1001"], 2, "--horizon"),
        (&["sales.csv", "--lags", "0"], 2, "--lags"),
        (&["sales.csv", "--choose", "bic"], 2, "--single"),
        (&["sales.csv", "--variance", "0"], 2, "--variance"),
    ] {
        let args = [&["forecast"][..], args].concat();
        folder.refused(&args, code, &[words]);
    }
}
