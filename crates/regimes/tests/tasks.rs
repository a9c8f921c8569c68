//! Regimes and anomalies of one's own series: what the tasks find, write and refuse.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use serde_json::Value;
use trial::Trial;

fn folder() -> Trial {
    Trial::of(env!("CARGO_BIN_EXE_regimes"))
}

/// A table of the repository.
fn asset(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../assets/tabular")
        .join(name);
    path.to_string_lossy().into_owned()
}

/// Numbers that look like noise of variance 1/12.
fn noise(i: usize) -> f64 {
    (i as f64 * 12.9898)
        .sin()
        .mul_add(43758.5453, 0.0)
        .rem_euclid(1.0)
        - 0.5
}

/// Days with a level that changes after 60, and some more to each.
fn days(n: usize, spoil: impl Fn(usize, f64) -> String) -> String {
    let day = |i: usize| {
        let value = if i < 60 { 1.0 } else { 3.0 } + noise(i);
        let date = format!("2021-{:02}-{:02}", 1 + i / 28, 1 + i % 28);
        format!("{date},{}\n", spoil(i, value))
    };
    String::from("day,load\n") + &(0..n).map(day).collect::<String>()
}

fn numbered(n: usize, value: impl Fn(usize) -> String) -> String {
    String::from("t,x\n")
        + &(0..n)
            .map(|i| format!("{i},{}\n", value(i)))
            .collect::<String>()
}

#[test]
fn the_change_of_the_nile_is_found() {
    let folder = folder();
    let report = folder.json(&["detect", &asset("nile.csv"), "--csv", "out.csv"]);
    assert_eq!(folder.names(), ["nile-regimes.png", "out.csv"]);
    let changes = report["changes"].as_array().unwrap();
    // 1898 is the last year of the old level.
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0]["at"], "1899");
    assert!(changes[0]["probability"].as_f64().unwrap() > 0.5);
    let mean = |k: usize| report["regimes"][k]["means"][0].as_f64().unwrap();
    assert!(
        (mean(0) - 850.0).abs() < 1.0 && (mean(1) - 1097.8).abs() < 1.0,
        "{report}"
    );
    let table = folder.read("out.csv");
    let header = table.lines().next().unwrap();
    assert_eq!(
        header,
        "year,volume,regime,smoothed_1,smoothed_2,filtered_1,filtered_2"
    );
    for line in table.lines().skip(1) {
        let fields: Vec<f64> = line.split(',').map(|f| f.parse().unwrap()).collect();
        assert!(
            (fields[3] + fields[4] - 1.0).abs() < 1e-12
                && (fields[5] + fields[6] - 1.0).abs() < 1e-12
        );
        assert_eq!(fields[2] as usize, 1 + usize::from(fields[0] < 1899.0));
    }
}

#[test]
fn hamiltons_model_is_a_few_flags() {
    let folder = folder();
    let text = folder.said(&[
        "detect",
        &asset("rgnp.csv"),
        "-k",
        "2",
        "--lags",
        "4",
        "--switches",
        "mean",
        "--common-variance",
    ]);
    assert!(
        text.contains("-181.263") && text.contains("4.1") && text.contains("10.4"),
        "{text}"
    );
}

#[test]
fn one_level_is_one_regime_and_a_constant_is_said_to_be_one() {
    let folder = folder();
    folder.write("noise.csv", numbered(200, |i| noise(i).to_string()));
    let report = folder.json(&["detect", "noise.csv", "-o", "x.png"]);
    assert_eq!(report["regimes"].as_array().unwrap().len(), 1);
    assert_eq!(report["regimes"][0]["expected_duration"], Value::Null);
    folder.write("constant.csv", numbered(50, |_| String::from("7")));
    let text = folder.said(&["detect", "constant.csv", "-o", "x.png"]);
    assert!(
        text.contains("x is constant") && text.contains("no change") && !text.contains("wave"),
        "{text}"
    );
}

#[test]
fn missing_values_and_gaps_are_told_and_regimes_go_on() {
    let folder = folder();
    // A day without a value, and one without a row.
    let text = days(112, |i, v| {
        if i == 20 {
            String::new()
        } else {
            v.to_string()
        }
    });
    let lines: Vec<&str> = text
        .lines()
        .filter(|l| !l.starts_with("2021-03-20"))
        .collect();
    folder.write("days.csv", lines.join("\n"));
    let said = folder.said(&[
        "detect", "days.csv", "--lags", "0", "--waves", "0", "-k", "2", "--csv", "out.csv",
    ]);
    assert!(
        said.contains("have no row") && said.contains("2021-01-29"),
        "{said}"
    );
    let table = folder.read("out.csv");
    // Every day is there, and each has probabilities.
    for line in table.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        assert!(!fields[2].is_empty() && !fields[3].is_empty(), "{line}");
    }
    let of = |day: &str| {
        table
            .lines()
            .find(|l| l.starts_with(day))
            .unwrap()
            .to_owned()
    };
    assert!(of("2021-01-21").starts_with("2021-01-21,,1,"));
    assert!(of("2021-03-20").starts_with("2021-03-20,,2,"));
    let text = numbered(30, |i| noise(i).to_string());
    let lines: Vec<&str> = text.lines().filter(|l| !l.starts_with("21,")).collect();
    folder.write("one.csv", lines.join("\n"));
    let said = folder.said(&["detect", "one.csv", "-k", "1", "-o", "x.png"]);
    assert!(said.contains("1 step has no row, 21; it"), "{said}");
}

#[test]
fn what_standard_input_and_names_of_rows_are_called_is_said() {
    let folder = folder();
    let rows = (0..40).map(|i| format!("3/{}/2021,{}e-9\n", i + 1, noise(i)));
    let text = String::from("when,x\n") + &rows.collect::<String>();
    folder.write("american.csv", text.clone());
    let said = folder.said(&["detect", "american.csv", "-o", "x.png"]);
    assert!(said.contains("when tells no time"), "{said}");
    // Small numbers keep their digits.
    assert!(!said.contains("0.0000"), "{said}");
    let mut child = folder
        .command()
        .args(["detect", "-"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.starts_with("standard input: 40 steps"), "{said}");
    assert!(
        folder.names().contains(&String::from("stdin-regimes.png")),
        "{said}"
    );
}

#[test]
fn an_outlier_is_an_anomaly_and_little_else_is() {
    let folder = folder();
    let spoilt = |i: usize| match i {
        70 => String::from("4"),
        150 => String::from("-3.5"),
        _ => noise(i).to_string(),
    };
    folder.write("x.csv", numbered(300, spoilt));
    for mode in [&[][..], &["--offline"]] {
        let report = folder.json(
            &[
                &["anomalies", "x.csv", "-o", "x.png", "--csv", "x.out"],
                mode,
            ]
            .concat(),
        );
        for which in ["online", "offline"] {
            let found: Vec<&str> = report[which]
                .as_array()
                .unwrap()
                .iter()
                .map(|a| a["at"].as_str().unwrap())
                .collect();
            assert!(
                found.contains(&"70") && found.contains(&"150") && found.len() <= 4,
                "{which} {found:?}"
            );
        }
    }
    let table = folder.read("x.out");
    let header = "t,x,expected_x,p_online,anomaly_online,p_offline,anomaly_offline";
    assert_eq!(table.lines().next().unwrap(), header);
    let line = table.lines().find(|l| l.starts_with("70,")).unwrap();
    let p: f64 = line.split(',').nth(3).unwrap().parse().unwrap();
    assert!(p < 1e-12, "{line}");
    // What was learnt before cannot know of what comes after.
    let report = folder.json(&["anomalies", "x.csv", "-o", "x.png", "--train-until", "60"]);
    assert_eq!(report["learnt_steps"], 61);
    assert!(
        report["online"]
            .as_array()
            .unwrap()
            .iter()
            .any(|a| a["at"] == "150")
    );
}

#[test]
fn an_outlier_buys_no_regime_in_which_it_is_usual() {
    let folder = folder();
    for far in [149, 299] {
        let mut before = 0.0;
        let values = (0..300).map(|i| {
            before = 0.9 * before + noise(i);
            let spike = if i == far { 12.0 } else { 0.0 };
            format!("{i},{}\n", before + spike)
        });
        folder.write("x.csv", String::from("t,x\n") + &values.collect::<String>());
        let report = folder.json(&["anomalies", "x.csv", "-o", "x.png"]);
        let found: Vec<&str> = report["online"]
            .as_array()
            .unwrap()
            .iter()
            .map(|a| a["at"].as_str().unwrap())
            .collect();
        assert_eq!(found, [far.to_string()], "{report}");
    }
}

#[test]
fn several_columns_change_together() {
    let folder = folder();
    let rows = (0..200).map(|i| {
        let sign = if i < 90 { 1.0 } else { -1.0 };
        format!(
            "{i},{},{}\n",
            noise(i),
            sign * noise(i) + 0.2 * noise(i + 1000)
        )
    });
    folder.write(
        "two.csv",
        String::from("t,a,b\n") + &rows.collect::<String>(),
    );
    // Neither column alone knows of it: what changes is how they go together.
    let report = folder.json(&["detect", "two.csv", "-o", "x.png", "-k", "1..3"]);
    assert_eq!(report["columns"], serde_json::json!(["a", "b"]));
    let changes = report["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 1, "{report}");
    let at: f64 = changes[0]["at"].as_str().unwrap().parse().unwrap();
    assert!((at - 90.0).abs() <= 3.0, "{at}");
    let text = folder.said(&["anomalies", "two.csv", "-o", "x.png"]);
    assert!(text.contains("anomalies"), "{text}");
}

#[test]
fn the_same_bytes_come_of_any_number_of_threads() {
    let folder = folder();
    folder.write("days.csv", days(112, |_, v| v.to_string()));
    let files = ["x.png", "x.csv", "x.json"];
    let outputs = ["--out", files[0], "--csv", files[1], "--json", files[2]];
    folder.same_on_any_threads(&[&["detect", "days.csv"][..], &outputs].concat(), &files);
    folder.same_on_any_threads(&[&["anomalies", "days.csv"][..], &outputs].concat(), &files);
}

#[test]
fn what_is_wrong_is_named() {
    let folder = folder();
    folder.write("days.csv", days(112, |_, v| v.to_string()));
    for task in ["detect", "anomalies"] {
        for (flag, value) in [
            ("-k", "0"),
            ("-k", "3..2"),
            ("-k", "a"),
            ("--lags", "-1"),
            ("--lags", "1000"),
            ("--waves", "1.5"),
            ("--switches", "all-of-it"),
            ("--stickiness", "-1"),
            ("--seed", "x"),
            ("--starts", "0"),
        ] {
            folder.refused(
                &[task, "days.csv", flag, value],
                2,
                &[if flag == "-k" { "--regimes" } else { flag }],
            );
        }
        folder.refused(&[task], 2, &["<INPUT>"]);
        for (name, text, words) in [
            ("unsorted.csv", "t,x\n1,2\n3,1\n2,4\n", &["line 4"][..]),
            ("twice.csv", "t,x\n1,2\n2,1\n2,4\n3,1\n", &["line 4"]),
            (
                "dates.csv",
                "day,x\n2021-01-02,1\n2021-01-01,2\n2021-01-03,1\n",
                &["line 3", "2021-01-01"],
            ),
            ("infinite.csv", "t,x\n1,2\n2,inf\n3,1\n", &["line 3", "inf"]),
            ("short.csv", "t,x\n1,2\n2,1\n3,4\n", &["too few"]),
            ("empty.csv", "t,x\n", &["no rows"]),
            (
                "large.csv",
                "t,x\n1,1\n2,2\n3,1\n4,1e300\n5,-1e300\n6,2\n7,1\n8,3\n9,1\n",
                &["values of x", "large"],
            ),
            ("missing.csv", "t,x\n1,\n2,\n3,\n", &["numbers"]),
        ] {
            folder.write(name, text);
            folder.refused(&[task, name], 1, &[&[name], words].concat());
        }
        folder.refused(
            &[task, "days.csv", "-k", "40", "--lags", "0", "--waves", "0"],
            1,
            &["days.csv", "too few", "parameters"],
        );
    }
    folder.refused(
        &["anomalies", "days.csv", "--train-until", "2031-01-01"],
        2,
        &["--train-until", "2031-01-01", "2021-01-01"],
    );
    for share in ["0", "0.5", "1"] {
        let args = ["anomalies", "days.csv", "--false-alarms", share];
        folder.refused(&args, 2, &["--false-alarms", "below 0.5"]);
    }
    let waves = ["detect", "days.csv", "--switches", "mean", "--waves", "1"];
    folder.refused(&waves, 2, &["--waves", "--switches intercept"]);
    folder.refused(&["detect", "days.csv", "--starts", "99999"], 2, &["10000"]);
    let left = folder.names();
    assert!(left.iter().all(|name| name.ends_with(".csv")), "{left:?}");
}
