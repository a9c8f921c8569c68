//! The command as a user meets it: its files, its words, its exit codes.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use trial::Trial;

fn folder() -> Trial {
    Trial::of(env!("CARGO_BIN_EXE_digits"))
}

/// Forty images of 2 × 2 pixels in two classes, every tenth of which looks like the other.
fn images() -> Vec<String> {
    let row = |i: usize| {
        let looks = (i + usize::from(i % 10 == 9)) % 2;
        let grey = |j: usize| 4.0 + ((j + looks) % 2 * 8) as f64 + (i * 7 + j * 3) as f64 % 1.3;
        let pixels: Vec<String> = (0..4).map(|j| format!("{:.2}", grey(j))).collect();
        format!("{},{}", pixels.join(","), [3, 7][i % 2])
    };
    (0..40).map(row).collect()
}

fn text(rows: &[String]) -> String {
    rows.join("\n") + "\n"
}

fn with_images() -> Trial {
    let folder = folder();
    folder.write("few.csv", text(&images()));
    folder
}

#[test]
fn without_a_file_the_digits_that_ship_are_read() {
    let folder = folder();
    let text = folder.said(&["--components", "1", "--ridges", "3", "--folds", "3"]);
    assert_eq!(folder.names(), ["digits-read.png"]);
    for word in [
        "1797 images of 8 × 8 pixels, 10 classes",
        "slide's recipe",
        "misread",
        "digits train",
    ] {
        assert!(text.contains(word), "{word} is not in {text}");
    }
}

#[test]
fn the_report_agrees_with_the_table_of_readings() {
    let folder = with_images();
    let report = folder.json(&["few.csv", "--csv", "out.csv"]);
    assert_eq!(folder.names(), ["few-read.png", "few.csv", "out.csv"]);
    assert_eq!(
        (&report["images"], &report["width"]),
        (&40.into(), &2.into())
    );
    assert_eq!(report["classes"], serde_json::json!([3, 7]));
    assert_eq!(report["folds"].as_array().unwrap().len(), 5);
    let table = folder.read("out.csv");
    let rows: Vec<Vec<&str>> = table.lines().map(|l| l.split(',').collect()).collect();
    assert_eq!(
        rows[0].join(","),
        "image,label,read_as,posterior,log_odds,fold"
    );
    assert_eq!(rows.len(), 41);
    let mut confusion = [[0u64; 2]; 2];
    for (i, row) in rows[1..].iter().enumerate() {
        assert_eq!((row[0], row[1]), (&*(i + 1).to_string(), ["3", "7"][i % 2]));
        confusion[i % 2][usize::from(row[2] == "7")] += 1;
        let [posterior, log_odds] = [row[3], row[4]].map(|p| p.parse::<f64>().unwrap());
        assert!(
            (0.5..=1.0).contains(&posterior) && log_odds >= 0.0,
            "{row:?}"
        );
        assert!(("1"..="5").contains(&row[5]));
    }
    assert_eq!(report["confusion"], serde_json::json!(confusion));
    let errors = confusion[0][1] + confusion[1][0];
    assert_eq!(report["errors"], errors);
    assert!(errors >= 4, "{errors}");
    let accuracy = report["accuracy_on_unseen"].as_f64().unwrap();
    assert!((accuracy - 1.0 + errors as f64 / 40.0).abs() < 1e-12);
}

#[test]
fn a_figure_named_so_is_an_svg_and_quiet_is_quiet() {
    let folder = with_images();
    let args = [
        "few.csv", "-q", "-k", "1", "--out", "x.svg", "--json", "x.json",
    ];
    assert_eq!(folder.said(&args), "");
    assert_eq!(folder.names(), ["few.csv", "x.json", "x.svg"]);
    assert!(folder.read("x.svg").contains("</svg>"));
    let report: Value = serde_json::from_str(&folder.read("x.json")).unwrap();
    assert_eq!(report["input"], "few.csv");
}

#[test]
fn the_same_seed_gives_the_same_bytes_on_any_number_of_threads() {
    let folder = with_images();
    let fit = ["few.csv", "--ridges", "0.1,3", "--seed", "5"];
    let files = ["x.png", "x.csv", "x.json"];
    let outputs = ["--out", files[0], "--csv", files[1], "--json", files[2]];
    folder.same_on_any_threads(&[&fit[..], &outputs].concat(), &files);
}

#[test]
fn unusual_tables_are_still_images() {
    let folder = with_images();
    let whole = folder.json(&["few.csv", "-k", "1", "--ridges", "1"]);
    let as_well = |name: &str, bytes: &[u8]| {
        folder.write(name, bytes);
        let mut report = folder.json(&[name, "-k", "1", "--ridges", "1"]);
        report["input"] = Value::from("few.csv");
        assert_eq!(report, whole, "{name}");
    };
    let rows = text(&images());
    as_well("named.csv", format!("a,b,c,d,label\n{rows}").as_bytes());
    as_well(
        "windows.csv",
        format!("\u{feff}{}", rows.replace('\n', "\r\n\r\n")).as_bytes(),
    );
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(rows.as_bytes()).unwrap();
    as_well("few.csv.gz", &packed.finish().unwrap());

    let wide = [
        "few.csv", "--width", "4", "-k", "1", "--ridges", "1", "--folds", "3",
    ];
    let report = folder.json(&wide);
    assert_eq!(
        (&report["width"], &report["height"]),
        (&4.into(), &1.into())
    );
    folder.write("equal.csv", "1,1,1,1,0\n1,1,1,1,1\n".repeat(6));
    folder.json(&["equal.csv"]);
}

#[test]
fn wrong_usage_is_exit_code_2() {
    let folder = with_images();
    let usage = |args: &[&str], words: &[&str]| {
        folder.refused(&[&["few.csv"], args].concat(), 2, words);
    };
    for (flag, value) in [
        ("--components", "0"),
        ("--components", "1,"),
        ("--components", "two"),
        ("--ridges", "-1"),
        ("--ridges", "1,nan"),
        ("--folds", "0"),
        ("--folds", "2"),
        ("--folds", "41"),
        ("--folds", "18446744073709551615"),
        ("--width", "0"),
        ("--seed", "-1"),
        ("--out", "x.csv"),
    ] {
        let last = value.trim_start_matches("1,");
        usage(&[flag, value], &[flag, last]);
    }
    usage(&["other.csv"], &["other.csv"]);
    usage(&["--select", "1..3"], &["--select"]);
    usage(&["--csv", "./few.csv"], &["few.csv", "twice"]);
    usage(&["--csv", "few-read.png"], &["few-read.png", "twice"]);
    usage(&["--csv", "x", "--json", "./x"], &["x", "twice"]);
    folder.refused(&["--width", "8"], 2, &["--width", "no file"]);
    assert_eq!(folder.read("few.csv"), text(&images()));
}

#[test]
fn failed_work_is_exit_code_1_and_names_the_place() {
    let folder = with_images();
    fs::create_dir(folder.path().join("folder.csv")).unwrap();
    let with = |row: &str| {
        let mut rows = images();
        rows[6] = String::from(row);
        text(&rows)
    };
    for (name, bytes, words) in [
        (
            "ragged.csv",
            with("1,2,3,4,3,3"),
            &["line 7", "6 fields"][..],
        ),
        (
            "words.csv",
            with("1,2,x,4,3"),
            &["line 7", "column \"3\"", "\"x\""],
        ),
        (
            "gaps.csv",
            with("1,2,,4,3"),
            &["line 7", "column \"3\"", "no value"],
        ),
        (
            "holes.csv",
            with("1,nan,3,4,3"),
            &["line 7", "column \"2\"", "no value"],
        ),
        (
            "label.csv",
            with("1,2,3,4,2.5"),
            &["line 7", "column \"5\"", "2.5"],
        ),
        (
            "large.csv",
            with("1,2,3,4,300"),
            &["line 7", "column \"5\"", "300"],
        ),
        ("lonely.csv", with("1,2,3,4,9"), &["line 7", "label 9"]),
        ("one.csv", String::from("1,2,3,4,3\n"), &["label 3"]),
        (
            "same.csv",
            "1,2,3,4,3\n".repeat(9),
            &["label 3", "two classes"],
        ),
        ("column.csv", String::from("1\n2\n"), &["one column"]),
        (
            "oblong.csv",
            "1,2,3,4,5,6,0\n1,2,3,4,5,6,1\n".repeat(3),
            &["6 pixels", "--width"],
        ),
        ("empty.csv", String::new(), &["empty"]),
        ("header.csv", String::from("a,b,label\n"), &["no rows"]),
    ] {
        folder.write(name, bytes);
        let args = [name, "--csv", "x.csv", "--json", "x.json"];
        folder.refused(&args, 1, &[&[name], words].concat());
    }
    folder.write("binary.csv", (0..=255).collect::<Vec<u8>>());
    folder.write("cut.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\x03abc");
    let work = |args: &[&str], words: &[&str]| folder.refused(args, 1, words);
    work(&["binary.csv"], &["binary.csv", "not a text table"]);
    work(&["cut.gz"], &["cut.gz", "gzip"]);
    work(&["gone.csv"], &["gone.csv", "no such file"]);
    work(&["folder.csv"], &["folder.csv", "folder"]);
    work(
        &["few.csv", "--width", "3"],
        &["few.csv", "rows of 3", "--width"],
    );
    for (flag, place) in [
        ("--json", "nowhere/x.json"),
        ("--csv", "folder.csv"),
        ("--out", "nowhere/x.png"),
    ] {
        let args = ["few.csv", "-k", "1", flag, place];
        work(&args, &["cannot write", place, "folder"]);
    }
}
