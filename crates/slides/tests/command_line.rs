//! The command as a user meets it: its files, its words, its exit codes.
#![allow(clippy::unwrap_used)]

use std::fs;

use trial::{Trial, names};

fn folder() -> Trial {
    Trial::of(env!("CARGO_BIN_EXE_slides"))
}

#[test]
fn the_slides_asked_for_are_drawn_with_a_page_of_them() {
    let folder = folder();
    let text = folder.said(&["4", "13", "4"]);
    assert_eq!(folder.names(), ["figures"]);
    let figures = [
        "slide04-selection.png",
        "slide13-directions.png",
        "slide13-latent.png",
        "slide13-reduction.png",
    ];
    let all = [&["index.html"], &figures[..]].concat();
    assert_eq!(names(&folder.path().join("figures")), all);
    for word in [&figures[..], &["scikit-learn", "index.html"]].concat() {
        assert!(text.contains(word), "{word} is not in {text}");
    }
    let page = folder.read("figures/index.html");
    assert_eq!(page.matches("<img").count(), 4);
    assert!(page.contains("id=\"s4\"") && page.contains("id=\"s13\""));
    assert!(!page.contains("http") && !page.contains("id=\"s5\""));
}

#[test]
fn without_a_word_every_slide_is_drawn() {
    let folder = folder();
    let text = folder.said(&[]);
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
    let page = folder.read("figures/index.html");
    assert_eq!(page.matches("<img").count(), written.len() - 1);
}

#[test]
fn the_list_draws_nothing() {
    let folder = folder();
    let text = folder.said(&["--list"]);
    assert_eq!(text.lines().count(), 14);
    assert!(
        text.starts_with(" 1  ") && text.contains("\n14  Time series"),
        "{text}"
    );
    assert_eq!(folder.names(), [""; 0]);
}

#[test]
fn figures_can_be_svg_in_a_folder_of_any_depth_and_quiet_is_quiet() {
    let folder = folder();
    assert_eq!(folder.said(&["13", "--svg", "-q", "--out", "a/b"]), "");
    let written = [
        "index.html",
        "slide13-directions.svg",
        "slide13-latent.svg",
        "slide13-reduction.svg",
    ];
    assert_eq!(names(&folder.path().join("a/b")), written);
    assert!(folder.read("a/b/slide13-reduction.svg").contains("</svg>"));
    assert!(folder.read("a/b/index.html").contains("image/svg+xml"));
    // This folder, and what is there already.
    fs::write(folder.path().join("index.html"), "old").unwrap();
    folder.said(&["13", "--svg", "--out", "."]);
    assert!(
        folder.read("index.html").contains("<svg") || folder.read("index.html").contains("svg+xml")
    );
}

#[test]
fn the_same_bytes_come_from_any_number_of_threads() {
    let folder = folder();
    let files = [
        "slide04-selection.png",
        "slide07-density.png",
        "slide14-regimes.png",
        "index.html",
    ];
    let files = files.map(|name| format!("figures/{name}"));
    folder.same_on_any_threads(&["4", "7", "14"], &files.each_ref().map(String::as_str));
}

#[test]
fn wrong_usage_is_exit_code_2() {
    let folder = folder();
    for wrong in ["0", "15", "99", "-1", "four", "4,13", "1-3", "4.0"] {
        folder.refused(&[wrong], 2, &[wrong, "1 to 14", "--list"]);
        folder.refused(&["4", wrong], 2, &[wrong]);
    }
    folder.refused(&["--list", "99"], 2, &["99"]);
    folder.refused(&["4", "--json", "x"], 2, &["--json"]);
    folder.refused(&["4", "--out", ""], 2, &["--out"]);
    folder.refused(&["4", "--out"], 2, &["--out"]);
}

#[test]
fn failed_work_is_exit_code_1_and_names_the_place() {
    let folder = folder();
    fs::write(folder.path().join("file"), "").unwrap();
    let work = |place: &str, words: &[&str]| {
        folder.refused(&["13", "--out", place], 1, words);
    };
    work("file", &["file", "not a folder"]);
    work("file/x", &["file/x", "a file where its folder"]);
    // One file cannot be written, so none is.
    for name in ["index.html", "slide13-reduction.png"] {
        let inner = folder.path().join("figures").join(name);
        fs::create_dir_all(&inner).unwrap();
        work("figures", &["cannot write", name, "folder"]);
        assert_eq!(names(&folder.path().join("figures")), [name]);
        fs::remove_dir(&inner).unwrap();
    }
}
