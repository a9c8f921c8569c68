//! The tour of `docs/time.md`, run as it is written.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use trial::Trial;

#[test]
fn the_tour_runs_and_prints_what_it_shows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = Trial::of(env!("CARGO_BIN_EXE_regimes"));
    let tables = folder.path().join("assets/tabular");
    fs::create_dir_all(&tables).unwrap();
    for table in ["nile.csv", "rgnp.csv", "sunspots.csv"] {
        fs::copy(root.join("assets/tabular").join(table), tables.join(table)).unwrap();
    }
    let tour = fs::read_to_string(root.join("docs/time.md")).unwrap();
    let mut said = String::new();
    let mut n_commands = 0;
    let consoles = tour.split("```console\n").skip(1);
    for line in consoles.flat_map(|block| block.split("```").next().unwrap().lines()) {
        if let Some(command) = line.strip_prefix("$ regimes") {
            let words: Vec<&str> = command.split_whitespace().collect();
            said = folder.said(&words);
            n_commands += 1;
        } else {
            assert!(
                said.lines().any(|printed| printed == line),
                "{line}\nis not in\n{said}"
            );
        }
    }
    assert!(n_commands >= 6, "{n_commands}");
}
