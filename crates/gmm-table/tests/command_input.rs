//! What `gmm` makes of the tables and models that it is given: read once, and by the names of their columns.
#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::process::{Output, Stdio};

use shipped::with_model;
use trial::Trial;

mod shipped;

/// Runs the program with a text on standard input.
fn fed(folder: &Trial, args: &[&str], text: &str) -> Output {
    let mut command = folder.command();
    command.args(args).stdin(Stdio::piped());
    let (out, err) = (Stdio::piped(), Stdio::piped());
    let mut child = command.stdout(out).stderr(err).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(text.as_bytes()).unwrap();
    drop(input);
    child.wait_with_output().unwrap()
}

#[test]
fn tables_that_can_be_read_but_once_are_read_whole() {
    let folder = with_model();
    let text = folder.read("faithful.csv");
    for args in [
        &["describe", "two.json"][..],
        &["compare", "two.json", "two.json"],
        &["plot", "two.json", "--out", "a.png"],
    ] {
        let whole = folder.said(&[args, &["faithful.csv"]].concat());
        let piped = fed(&folder, &[args, &["-"]].concat(), &text);
        assert!(piped.status.success(), "{args:?}: {piped:?}");
        let said = String::from_utf8(piped.stdout).unwrap();
        let said = said.replace("standard input", "faithful.csv");
        assert_eq!(said, whole, "{args:?}");
        #[cfg(unix)]
        {
            let piped = fed(&folder, &[args, &["/dev/stdin"]].concat(), &text);
            assert!(piped.status.success(), "{args:?}: {piped:?}");
        }
    }
    #[cfg(unix)]
    {
        folder.said(&["sample", "two.json", "-n", "9", "-o", "a.npy"]);
        folder.said(&["convert", "two.json", "two.npz"]);
        let piped = std::process::Command::new("sh")
            .args(["-c", "cat a.npy | \"$0\" score two.npz /dev/stdin"])
            .arg(env!("CARGO_BIN_EXE_gmm"))
            .current_dir(folder.path())
            .output()
            .unwrap();
        let said = folder.said(&["score", "two.npz", "a.npy"]);
        assert_eq!(String::from_utf8(piped.stdout).unwrap(), said);
        let args = ["plot", "/dev/stdin", "-k", "1", "--out", "a.png"];
        let piped = fed(&folder, &args, &text);
        let said = String::from_utf8(piped.stdout).unwrap();
        assert!(said.contains("272 rows of eruptions, waiting"), "{said}");
    }
}

#[test]
fn columns_of_weights_and_classes_may_be_numbered() {
    let folder = with_model();
    let mut text = String::from("eruptions,waiting,w,kind\n");
    for (i, line) in folder.read("faithful.csv").lines().skip(1).enumerate() {
        let kind = ["none", "007", "1.0", "?"][i % 4];
        text += &format!("{line},{},{kind}\n", i % 3);
    }
    folder.write("w.csv", text);
    let fit = |of: &str, out: &str| {
        let columns = ["-k", "2", "--weights", of, "-o", out];
        folder.said(&[&["fit", "w.csv"][..], &columns].concat())
    };
    let said = fit("w", "named.json");
    assert!(said.contains("rows of eruptions, waiting\n"), "{said}");
    for number in ["3", " w"] {
        fit(number, "numbered.json");
        assert_eq!(folder.read("numbered.json"), folder.read("named.json"));
    }
    let class = ["fit", "w.csv", "--class", "4", "-c", "1,2", "-o", "c.json"];
    let said = folder.said(&[&class[..], &["--missing", "None", "-k", "1"]].concat());
    assert!(!said.contains("not used"), "{said}");
    assert!(said.contains("136 rows without a class"), "{said}");
    let model: serde_json::Value = serde_json::from_str(&folder.read("c.json")).unwrap();
    let classes = [&model["classes"][0]["name"], &model["classes"][1]["name"]];
    assert_eq!(classes, ["007", "1.0"]);
    for args in [
        &["-c", "1,3", "--weights", "w"][..],
        &["-c", "1,2", "--class", "eruptions"],
        &["--weights", "3", "--class", "w"],
    ] {
        let args = [&["fit", "w.csv", "-o", "x.json"], args].concat();
        folder.refused(&args, 2, &["w.csv", "two purposes"]);
    }
    let texts = ["fit", "w.csv", "--weights", "kind", "-c", "1"];
    folder.refused(&texts, 1, &["w.csv", "\"kind\""]);
    folder.write("text.csv", "a,b\n1,x\n2,y\n");
    let texts = ["fit", "text.csv", "--weights", "b"];
    folder.refused(&texts, 1, &["text.csv", "weights", "\"b\"", "no numbers"]);
}

#[test]
fn columns_are_taken_by_the_names_that_either_model_has() {
    let folder = with_model();
    folder.said(&["convert", "two.json", "two.npz"]);
    let swap = |line: &str| line.split_once(',').map(|(a, b)| format!("{b},{a}\n"));
    let text = folder.read("faithful.csv");
    folder.write(
        "swapped.csv",
        text.lines().filter_map(swap).collect::<String>(),
    );
    let compare = |first: &str, second: &str, table: &str| {
        folder.json(&["compare", first, second, table, "--draws", "100"])["table"]["difference"]
            .as_f64()
    };
    let likelihood = |first: &str, second: &str| {
        let args = ["compare", first, second, "swapped.csv", "--draws", "100"];
        folder.json(&args)["table"]["mean_log_likelihood"].clone()
    };
    assert_eq!(compare("two.npz", "two.json", "swapped.csv"), Some(0.0));
    let named = likelihood("two.json", "two.npz");
    assert_eq!(likelihood("two.npz", "two.json"), named);
    assert!(named[0].as_f64().unwrap() > -5.0, "{named}");
}

#[test]
fn names_of_models_are_read_or_refused() {
    let folder = with_model();
    let text = folder.read("two.json");
    let names = "[\"eruptions\", \"waiting\"]";
    folder.write("marked.json", format!("\u{feff}{text}"));
    let said = folder.said(&["score", "marked.json", "faithful.csv"]);
    assert_eq!(said, folder.said(&["score", "two.json", "faithful.csv"]));
    for (other, words) in [
        ("[1, 2]", "names"),
        ("null", "names"),
        ("\"ab\"", "names"),
        ("[\"waiting\", \"waiting\"]", "\"waiting\""),
        ("[\"a\", \"b\", \"c\"]", "3"),
    ] {
        folder.write("other.json", text.replace(names, other));
        let score = ["score", "other.json", "faithful.csv"];
        folder.refused(&score, 1, &["other.json", words]);
    }
    for names in ["a,a", "a,"] {
        let convert = ["convert", "two.json", "x.json", "--columns", names];
        folder.refused(&convert, 2, &["--columns"]);
    }
}

#[test]
fn rows_that_lack_values_have_no_tail() {
    let folder = with_model();
    folder.write("holes.csv", "eruptions,waiting\n,\n3,\n3,70\n");
    folder.said(&["score", "two.json", "holes.csv", "--tail", "-o", "s.csv"]);
    let scores = folder.csv("s.csv");
    assert_eq!(scores[1], ["0", ""]);
    assert_eq!(scores[2][1], "");
    let tail: f64 = scores[3][1].parse().unwrap();
    assert!((0.0..1.0).contains(&tail));
}

#[test]
fn posteriors_keep_their_names_beside_columns_that_are_kept() {
    let folder = with_model();
    folder.write("kept.csv", "eruptions,waiting,posterior\n2,50,x\n");
    let kept = ["--keep", "posterior", "--posteriors"];
    let said = folder.said(&[&["predict", "two.json", "kept.csv"], &kept[..]].concat());
    let names = "posterior,component,posterior_3,posterior_1,posterior_2\n";
    assert!(said.starts_with(names), "{said}");
    let fields: Vec<&str> = said.lines().nth(1).unwrap().split(',').collect();
    assert_eq!(fields[2], fields[3], "of the first component");
}
