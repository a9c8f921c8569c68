//! The guide `docs/fitting.md`: its code is that of the program that draws its figures, and its figures are there.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The lines of a text without their indents.
fn lines(text: &str) -> Vec<String> {
    text.lines().map(|l| l.trim().to_owned()).collect()
}

#[test]
fn every_piece_of_code_is_an_excerpt_of_the_program() {
    let folder = root().join("crates/density/examples/fitting");
    let sources: Vec<Vec<String>> = fs::read_dir(folder)
        .unwrap()
        .map(|file| lines(&fs::read_to_string(file.unwrap().path()).unwrap()))
        .collect();
    let guide = fs::read_to_string(root().join("docs/fitting.md")).unwrap();
    let pieces: Vec<&str> = guide.split("```rust\n").skip(1).collect();
    assert!(pieces.len() > 10);
    for piece in pieces {
        let piece = lines(piece.split("```").next().unwrap());
        let is_there = sources
            .iter()
            .any(|source| source.windows(piece.len()).any(|w| w == piece));
        assert!(is_there, "not in the program: {piece:#?}");
    }
}

#[test]
fn every_figure_and_section_that_is_named_is_there() {
    let guide = fs::read_to_string(root().join("docs/fitting.md")).unwrap();
    let sections: Vec<String> = guide
        .lines()
        .filter_map(|l| l.strip_prefix("## "))
        .map(|title| title.to_lowercase().replace(' ', "-"))
        .collect();
    for link in guide.split("](").skip(1) {
        let link = link.split(')').next().unwrap();
        match link.strip_prefix('#') {
            Some(section) => assert!(sections.iter().any(|s| s == section), "{link}"),
            None => assert!(root().join("docs").join(link).exists(), "{link}"),
        }
    }
}
