//! How well anomalies are found in a folder of tables: NPZ files with rows `X` and truths `y`, 1 for an anomaly.
//!
//! `cargo run -p density --example accuracy -- FOLDER`
#![allow(clippy::print_stdout)]

use std::path::{Path, PathBuf};

use density::{DetectOptions, Limit, View, detect};
use gmm_core::detection::Detection;
use gmm_core::ndarray::Array2;
use gmm_table::{Format, Source, TableError, Wanted};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let folder = std::env::args().nth(1).ok_or("which folder?")?;
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)?
        .map(|entry| entry.map(|e| e.path()))
        .collect::<Result<_, _>>()?;
    files.retain(|path| path.extension().is_some_and(|e| e == "npz"));
    files.sort();
    println!(
        "{:<16} {:>6} {:>4} {:>6} {:>7} {:>7} {:>7} {:>3}  AUC of each view",
        "set", "rows", "cols", "share", "AUC", "AP", "seconds", "K"
    );
    let mut sums = [0.0; 2];
    for path in &files {
        let (rows, truth) = read(path)?;
        let begun = std::time::Instant::now();
        let (detector, found) = detect(&rows, Limit::Drawn(0.01), &DetectOptions::default())?;
        let seconds = begun.elapsed().as_secs_f64();
        let detection = Detection::of(&found.scores.scores, &truth)?;
        let [auc, ap] = [detection.area_under_roc(), detection.average_precision()];
        sums = [sums[0] + auc, sums[1] + ap];
        let of_view = |view: View| {
            let scores = found.scores.views.column(view as usize).to_vec();
            Detection::of(&scores, &truth)
                .map(|d| format!("{} {:.3}", view.name(), d.area_under_roc()))
        };
        let views: Vec<String> = View::ALL
            .into_iter()
            .map(of_view)
            .collect::<Result<_, _>>()?;
        println!(
            "{:<16} {:>6} {:>4} {:>6.3} {auc:>7.3} {ap:>7.3} {seconds:>7.1} {:>3}  {}",
            path.file_stem().unwrap_or_default().to_string_lossy(),
            rows.nrows(),
            rows.ncols(),
            detection.n_targets() as f64 / truth.len() as f64,
            detector.groups().model.n_components(),
            views.join("  "),
        );
    }
    let [auc, ap] = sums.map(|s| s / files.len() as f64);
    println!("{:<16} {:>18} {auc:>7.4} {ap:>7.4}", "mean", "");
    Ok(())
}

/// The rows of a file and which of them are anomalies.
fn read(path: &Path) -> Result<(Array2<f64>, Vec<bool>), Failure> {
    let array = |name: &str| -> Result<Array2<f64>, TableError> {
        let format = Format {
            entry: Some(String::from(name)),
            ..Format::default()
        };
        let source = Source::open(path, &format)?;
        Ok(source
            .read(&Wanted::all_numeric(), &|_, _| {})?
            .into_array())
    };
    let truth = array("y")?;
    Ok((array("X")?, truth.iter().map(|&y| y == 1.0).collect()))
}
