//! The rules of ARCHITECTURE.md, checked against the sources.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use gmm_tests::{read, root};

/// The floors of the house: a crate may depend on crates of lower floors only.
const FLOORS: &[(&str, usize)] = &[
    ("gmm-core", 0),
    ("gmm-files", 0),
    ("numpy-legacy", 0),
    ("trial", 0),
    ("gmm-figures", 1),
    ("gmm-cli", 1),
    ("gmm-table", 2),
    ("density", 3),
    ("digits", 3),
    ("image-seg", 3),
    ("regimes", 3),
    ("speech-seg", 3),
    ("slides", 4),
    ("gmm-tests", 5),
];

/// Crates of one domain each.
const DOMAINS: &[&str] = &["density", "digits", "image-seg", "regimes", "speech-seg"];

/// Lines of a file beyond which it should be two.
const LONG_FILE: usize = 500;

/// The files of a folder and those below it that end in `extension`; of none, all.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            found.extend(files(&path, extension));
        } else if extension.is_empty() || path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn crates() -> Vec<String> {
    let folders = fs::read_dir(root().join("crates")).unwrap();
    folders
        .map(|f| f.unwrap().file_name().into_string().unwrap())
        .collect()
}

fn sources(krate: &str) -> Vec<(PathBuf, String)> {
    let folder = root().join("crates").join(krate).join("src");
    files(&folder, "rs")
        .into_iter()
        .filter(|p| p.file_stem().unwrap() != "tests")
        .map(|p| (p.clone(), code(&fs::read_to_string(p).unwrap())))
        .collect()
}

/// A source without comments and without its unit tests.
fn code(source: &str) -> String {
    let without_tests = source.split("#[cfg(test)]\nmod tests").next().unwrap();
    without_tests
        .lines()
        .filter(|l| !l.trim_start().starts_with("//"))
        .map(|l| format!("{l}\n"))
        .collect()
}

fn nowhere(krate: &str, words: &[&str], allowed: &[&str], why: &str) {
    for (path, code) in sources(krate) {
        let is_allowed = path
            .iter()
            .any(|part| allowed.contains(&part.to_str().unwrap()));
        for word in words {
            assert!(
                is_allowed || !code.contains(word),
                "{} contains `{word}`: {why}",
                path.display()
            );
        }
    }
}

#[test]
fn dependencies_point_down() {
    let floor = |name: &str| FLOORS.iter().find(|(n, _)| *n == name).map(|(_, f)| *f);
    let mut manifests: Vec<(String, String)> = crates()
        .into_iter()
        .map(|c| (c.clone(), read(&format!("crates/{c}/Cargo.toml"))))
        .collect();
    manifests.push((String::from("gmm-tests"), read("tests/Cargo.toml")));
    for (name, manifest) in manifests {
        let own =
            floor(&name).unwrap_or_else(|| panic!("{name} has no floor: give it one in FLOORS"));
        for line in manifest.lines() {
            let dependency = line.split(['.', ' ', '=']).next().unwrap();
            if let Some(theirs) = floor(dependency) {
                assert!(
                    theirs < own,
                    "{name} (floor {own}) depends on {dependency} (floor {theirs})"
                );
            }
        }
    }
}

#[test]
fn the_core_has_no_files_no_drawing_no_printing_and_no_clock() {
    nowhere(
        "gmm-core",
        &[
            "std::fs",
            "std::io",
            "std::env",
            "println!",
            "eprintln!",
            "print!(",
            "std::time",
            "Instant",
            "thread_rng",
            "from_entropy",
        ],
        &[],
        "the core computes; what reads, prints or measures time lives above it",
    );
}

#[test]
fn the_core_does_not_panic() {
    let words = [
        ".unwrap()",
        ".expect(\"",
        "panic!(",
        "unreachable!(",
        "todo!(",
        "unimplemented!(",
        " assert!(",
        " assert_eq!(",
    ];
    // linfa's signatures leave no other way out there.
    nowhere(
        "gmm-core",
        &words,
        &["dataset.rs"],
        "the core returns errors",
    );
}

#[test]
fn programs_do_not_panic_either() {
    for krate in crates().iter().filter(|c| *c != "gmm-core") {
        nowhere(
            krate,
            &[".unwrap()", ".expect(\"", "panic!(", "todo!("],
            &[],
            "say what is wrong instead",
        );
    }
}

#[test]
fn only_gmm_figures_knows_plotters() {
    for krate in crates().iter().filter(|c| *c != "gmm-figures") {
        nowhere(
            krate,
            &["plotters"],
            &[],
            "drawing goes through gmm-figures",
        );
        assert!(
            !read(&format!("crates/{krate}/Cargo.toml")).contains("plotters"),
            "{krate}"
        );
    }
}

#[test]
fn only_gmm_cli_and_the_command_lines_know_clap() {
    for krate in crates().iter().filter(|c| *c != "gmm-cli") {
        nowhere(
            krate,
            &["clap::", "indicatif"],
            &["main.rs", "command.rs", "command"],
            "flags belong to the command line",
        );
    }
}

#[test]
fn only_two_doors_name_storage() {
    nowhere(
        "gmm-core",
        &["ArrayBase"],
        &["dataset.rs", "tile.rs"],
        "take views or Rows",
    );
}

#[test]
fn every_domain_has_the_same_rooms() {
    for domain in DOMAINS {
        for room in [
            "lib", "data", "features", "model", "figure", "examples", "main", "command",
        ] {
            let path = format!("crates/{domain}/src/{room}.rs");
            assert!(root().join(&path).exists(), "{path} is missing");
        }
        let main = read(&format!("crates/{domain}/src/main.rs"));
        assert!(main.lines().count() <= 40, "main.rs only calls");
    }
}

#[test]
fn no_file_is_long_and_none_is_a_junk_drawer() {
    let crates = crates();
    let folders = crates.iter().map(|c| root().join("crates").join(c));
    for folder in folders.chain([root().join("tests")]) {
        for path in files(&folder, "rs") {
            let lines = fs::read_to_string(&path).unwrap().lines().count();
            assert!(lines <= LONG_FILE, "{} has {lines} lines", path.display());
            let stem = path.file_stem().unwrap().to_str().unwrap();
            assert!(
                !["utils", "util", "misc", "common", "helpers"].contains(&stem),
                "{} is named after nothing",
                path.display()
            );
        }
    }
}

#[test]
fn modules_of_a_crate_import_without_circles() {
    for krate in crates() {
        let folder = root().join("crates").join(&krate).join("src");
        let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (path, code) in sources(&krate) {
            let place = path.strip_prefix(&folder).unwrap().with_extension("");
            let module = place.iter().next().unwrap().to_str().unwrap().to_owned();
            if ["lib", "main", "command"].contains(&module.as_str()) {
                continue;
            }
            for used in code.split("crate::").skip(1) {
                let name: String = used
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                if name != module && name.chars().all(|c| !c.is_uppercase()) {
                    imports.entry(module.clone()).or_default().insert(name);
                }
            }
        }
        // Take away, again and again, the modules that import nothing that is left.
        let mut left: BTreeSet<String> = imports.keys().cloned().collect();
        loop {
            let free: Vec<String> = left
                .iter()
                .filter(|m| imports[*m].is_disjoint(&left))
                .cloned()
                .collect();
            if free.is_empty() {
                break;
            }
            for module in free {
                left.remove(&module);
            }
        }
        assert!(
            left.is_empty(),
            "{krate}: these modules import each other in a circle: {left:?}"
        );
    }
}

#[test]
fn everything_shipped_is_credited() {
    let credits = read("assets/ATTRIBUTION.md");
    let assets = root().join("assets");
    for path in files(&assets, "") {
        let name = path.strip_prefix(&assets).unwrap().to_str().unwrap();
        let name = name.replace('\\', "/");
        // All files of a kind in a folder may be credited together.
        let kind = path.extension().unwrap_or_default().to_str().unwrap();
        let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
        let together = format!("{folder}/*.{kind}");
        assert!(
            name == "ATTRIBUTION.md" || credits.contains(&name) || credits.contains(&together),
            "assets/ATTRIBUTION.md does not name {name}"
        );
    }
}

#[test]
fn pictures_and_files_that_the_documents_name_are_there() {
    for document in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let text = read(document);
        for link in text
            .split("](")
            .skip(1)
            .map(|l| l.split(')').next().unwrap())
        {
            let path = link.split('#').next().unwrap();
            let is_file = !path.is_empty() && !path.contains("://");
            assert!(
                !is_file || root().join(path).exists(),
                "{document} names {path}"
            );
        }
    }
}
