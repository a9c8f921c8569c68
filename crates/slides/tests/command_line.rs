//! The command as a user meets it: its files, its words, its exit codes.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_slides"))
}

/// Runs the program in a folder of its own.
fn run(folder: &TempDir, args: &[&str]) -> Output {
    program().args(args).current_dir(folder).output().unwrap()
}

/// Runs it to a good end, and says what it said.
fn said(folder: &TempDir, args: &[&str]) -> String {
    let output = run(folder, args);
    assert!(output.status.success(), "{args:?}: {output:?}");
    assert!(output.stderr.is_empty(), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn read(folder: &TempDir, name: &str) -> String {
    fs::read_to_string(folder.path().join(name)).unwrap()
}

/// The refusal must be one line on standard error, and leave nothing behind.
fn refused(folder: &TempDir, args: &[&str], code: i32, words: &[&str]) {
    let before = names(folder.path());
    let output = run(folder, args);
    let line = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{args:?}: {line}");
    assert_eq!(line.matches('\n').count(), 1, "{args:?}: {line}");
    assert!(line.starts_with("error: "), "{args:?}: {line}");
    for word in words {
        assert!(line.contains(word), "{args:?}: '{word}' is not in {line}");
    }
    assert!(output.stdout.is_empty(), "{args:?}");
    assert_eq!(
        names(folder.path()),
        before,
        "{args:?} left something behind"
    );
}

#[test]
fn the_slides_asked_for_are_drawn_with_a_page_of_them() {
    let folder = folder();
    let text = said(&folder, &["4", "13", "4"]);
    assert_eq!(names(folder.path()), ["figures"]);
    let figures = ["slide04-selection.png", "slide13-reduction.png"];
    let all = [&["index.html"], &figures[..]].concat();
    assert_eq!(names(&folder.path().join("figures")), all);
    for word in [&figures[..], &["scikit-learn", "index.html"]].concat() {
        assert!(text.contains(word), "{word} is not in {text}");
    }
    let page = read(&folder, "figures/index.html");
    assert_eq!(page.matches("<img").count(), 2);
    assert!(page.contains("id=\"s4\"") && page.contains("id=\"s13\""));
    assert!(!page.contains("http") && !page.contains("id=\"s5\""));
}

#[test]
fn without_a_word_every_slide_is_drawn() {
    let folder = folder();
    let text = said(&folder, &[]);
    let written = names(&folder.path().join("figures"));
    for slide in 1..=14 {
        let start = format!("slide{slide:02}-");
        assert!(
            written.iter().any(|name| name.starts_with(&start)),
            "{start}"
        );
    }
    assert!(written.iter().all(|name| text.contains(&**name)), "{text}");
    let pages = written.iter().filter(|name| !name.ends_with(".png"));
    assert_eq!(pages.collect::<Vec<_>>(), ["index.html"]);
    let page = read(&folder, "figures/index.html");
    assert_eq!(page.matches("<img").count(), written.len() - 1);
}

#[test]
fn the_list_draws_nothing() {
    let folder = folder();
    let text = said(&folder, &["--list"]);
    assert_eq!(text.lines().count(), 14);
    assert!(
        text.starts_with(" 1  ") && text.contains("\n14  Time series"),
        "{text}"
    );
    assert_eq!(names(folder.path()), [""; 0]);
}

#[test]
fn figures_can_be_svg_in_a_folder_of_any_depth_and_quiet_is_quiet() {
    let folder = folder();
    assert_eq!(said(&folder, &["13", "--svg", "-q", "--out", "a/b"]), "");
    let written = ["index.html", "slide13-reduction.svg"];
    assert_eq!(names(&folder.path().join("a/b")), written);
    assert!(read(&folder, "a/b/slide13-reduction.svg").contains("</svg>"));
    assert!(read(&folder, "a/b/index.html").contains("image/svg+xml"));
    // This folder, and what is there already.
    fs::write(folder.path().join("index.html"), "old").unwrap();
    said(&folder, &["13", "--svg", "--out", "."]);
    assert!(
        read(&folder, "index.html").contains("<svg")
            || read(&folder, "index.html").contains("svg+xml")
    );
}

#[test]
fn the_same_bytes_come_from_any_number_of_threads() {
    let folder = folder();
    let mut first = None;
    for threads in ["1", "2", "3"] {
        let output = program()
            .args(["4", "7", "14"])
            .env("RAYON_NUM_THREADS", threads)
            .current_dir(&folder)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let figures = folder.path().join("figures");
        let files: Vec<Vec<u8>> = names(&figures)
            .iter()
            .map(|name| fs::read(figures.join(name)).unwrap())
            .collect();
        let all = (output.stdout, files);
        assert!(
            first.get_or_insert_with(|| all.clone()) == &all,
            "{threads}"
        );
    }
}

#[test]
fn wrong_usage_is_exit_code_2() {
    let folder = folder();
    for wrong in ["0", "15", "99", "-1", "four", "4,13", "1-3", "4.0"] {
        refused(&folder, &[wrong], 2, &[wrong, "1 to 14", "--list"]);
        refused(&folder, &["4", wrong], 2, &[wrong]);
    }
    refused(&folder, &["--list", "99"], 2, &["99"]);
    refused(&folder, &["4", "--json", "x"], 2, &["--json"]);
    refused(&folder, &["4", "--out", ""], 2, &["--out"]);
    refused(&folder, &["4", "--out"], 2, &["--out"]);
}

#[test]
fn failed_work_is_exit_code_1_and_names_the_place() {
    let folder = folder();
    fs::write(folder.path().join("file"), "").unwrap();
    let work = |place: &str, words: &[&str]| {
        refused(&folder, &["13", "--out", place], 1, words);
    };
    work("file", &["file", "not a folder"]);
    work("file/x", &["file/x", "a file where a folder"]);
    // One file cannot be written, so none is.
    for name in ["index.html", "slide13-reduction.png"] {
        let inner = folder.path().join("figures").join(name);
        fs::create_dir_all(&inner).unwrap();
        work("figures", &["cannot write", name, "folder"]);
        assert_eq!(names(&folder.path().join("figures")), [name]);
        fs::remove_dir(&inner).unwrap();
    }
}
