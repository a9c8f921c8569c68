//! Folders with tables that ship, for the tests of `gmm`: each of these uses some of it.
#![allow(dead_code, clippy::unwrap_used)]

use std::fs;

use trial::Trial;

/// A folder with some of the tables that ship.
pub(crate) fn folder_with(tables: &[&str]) -> Trial {
    let folder = Trial::of(env!("CARGO_BIN_EXE_gmm"));
    for table in tables {
        let path = format!(
            "{}/../../assets/tabular/{table}",
            env!("CARGO_MANIFEST_DIR")
        );
        folder.write(table, fs::read(path).unwrap());
    }
    folder
}

/// The same with a model of two components of Old Faithful.
#[allow(dead_code, reason = "not every file of tests needs a model")]
pub(crate) fn with_model() -> Trial {
    let folder = folder_with(&["faithful.csv"]);
    folder.said(&["fit", "faithful.csv", "-k", "2", "-o", "two.json"]);
    folder
}
