//! The README's tour of `gmm`, run as it is written.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use trial::Trial;

#[test]
fn the_tour_of_the_readme_runs_and_prints_what_it_shows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = Trial::of(env!("CARGO_BIN_EXE_gmm"));
    let tables = folder.path().join("assets/tabular");
    fs::create_dir_all(&tables).unwrap();
    for table in ["faithful.csv", "iris.csv"] {
        fs::copy(root.join("assets/tabular").join(table), tables.join(table)).unwrap();
    }
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let tour = readme.split("## Your own table").nth(1).unwrap();
    let tour = tour.split("\n## ").next().unwrap();
    let mut said = String::new();
    let mut n_commands = 0;
    let consoles = tour.split("```console\n").skip(1);
    for line in consoles.flat_map(|block| block.split("```").next().unwrap().lines()) {
        if let Some(command) = line.strip_prefix("$ gmm ") {
            let words: Vec<&str> = command.split_whitespace().collect();
            said = folder.said(&words);
            n_commands += 1;
        } else if !line.starts_with("$ ") && line != "..." {
            assert!(
                said.lines().any(|printed| printed == line),
                "{line}\nis not in\n{said}"
            );
        }
    }
    assert!(n_commands >= 12, "{n_commands}");
    let made = folder.names();
    for name in [
        "iris-mixture.png",
        "iris-selection.png",
        "geyser.npz",
        "read.csv",
        "three-minutes.csv",
    ] {
        assert!(
            made.iter().any(|made| made == name),
            "{name} is not in {made:?}"
        );
    }
}
