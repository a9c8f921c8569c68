//! The guides under `docs`: their code is that of the programs that draw their figures, and their figures are there.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

/// Each guide, and the program that draws its figures.
const GUIDES: [(&str, &str); 2] = [("docs/fitting.md", "fitting"), ("docs/using.md", "using")];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(guide: &str) -> String {
    fs::read_to_string(root().join(guide)).unwrap()
}

/// The lines of a text without their indents.
fn lines(text: &str) -> Vec<String> {
    text.lines().map(|l| l.trim().to_owned()).collect()
}

/// The names of the sections of a guide as links have them.
fn sections(guide: &str) -> Vec<String> {
    guide
        .lines()
        .filter_map(|l| l.strip_prefix("## "))
        .map(|title| title.to_lowercase().replace(' ', "-"))
        .collect()
}

#[test]
fn every_piece_of_code_is_an_excerpt_of_the_program() {
    for (guide, program) in GUIDES {
        let folder = root().join("crates/density/examples").join(program);
        let sources: Vec<Vec<String>> = fs::read_dir(folder)
            .unwrap()
            .map(|file| lines(&fs::read_to_string(file.unwrap().path()).unwrap()))
            .collect();
        let text = read(guide);
        let pieces: Vec<&str> = text.split("```rust\n").skip(1).collect();
        assert!(pieces.len() > 10, "{guide}");
        for piece in pieces {
            let piece = lines(piece.split("```").next().unwrap());
            let is_there = sources
                .iter()
                .any(|source| source.windows(piece.len()).any(|w| w == piece));
            assert!(is_there, "{guide}: not in the program: {piece:#?}");
        }
    }
}

#[test]
fn every_figure_and_section_that_is_named_is_there() {
    for (guide, _) in GUIDES {
        let text = read(guide);
        for link in text.split("](").skip(1) {
            let link = link.split(')').next().unwrap();
            match link.split_once('#') {
                Some(("", section)) => {
                    assert!(
                        sections(&text).iter().any(|s| s == section),
                        "{guide}: {link}"
                    );
                }
                Some((other, section)) => {
                    let other = read(&format!("docs/{other}"));
                    assert!(
                        sections(&other).iter().any(|s| s == section),
                        "{guide}: {link}"
                    );
                }
                None => assert!(root().join("docs").join(link).exists(), "{guide}: {link}"),
            }
        }
    }
}

#[test]
fn every_figure_of_a_program_is_shown_in_its_guide() {
    for (guide, program) in GUIDES {
        let text = read(guide);
        for figure in fs::read_dir(root().join("docs/figures")).unwrap() {
            let name = figure.unwrap().file_name().into_string().unwrap();
            if name.starts_with(&format!("{program}-")) {
                assert!(
                    text.contains(&format!("(figures/{name})")),
                    "{guide}: {name}"
                );
            }
        }
    }
}
