//! How well images are read that were not learned from: the table of docs/accuracy.md.
//!
//! `cargo run -p digits --example accuracy -- FOLDER`, where FOLDER holds `optdigits.tra`, the training half of the set of
//! which the test half ships (Alpaydin & Kaynak, UCI Machine Learning Repository, 1998).

use std::error::Error;
use std::path::PathBuf;

use digits::{Images, Judgement, TrainOptions, cross_validate, train};

fn main() -> Result<(), Box<dyn Error>> {
    let folder: PathBuf = std::env::args_os()
        .nth(1)
        .ok_or("usage: accuracy FOLDER, which holds optdigits.tra")?
        .into();
    let options = TrainOptions::default();
    let writers = Images::read(&folder.join("optdigits.tra"), None)?;
    let trained = train(&writers, &options, &|_, _| {})?;
    for tried in &trained.tried {
        println!("  {}: log-loss {:.4}", tried.view, tried.log_loss);
        for part in &tried.parts {
            println!(
                "    weight {:.3} ridge {} {:?}",
                part.weight, part.ridge, part.shape
            );
        }
    }
    line(
        "optdigits.tra, held out in turn (settings chosen on it)",
        &trained.held_out,
    );
    if std::env::args_os()
        .nth(2)
        .is_some_and(|word| word == "development")
    {
        return Ok(());
    }
    let shipped = Images::shipped()?;
    let log_posteriors = trained.recognizer.log_posteriors(shipped.pixels())?;
    let test = Judgement::of(log_posteriors, shipped.class_of());
    line("optdigits.tra to the half that ships", &test);
    let (threshold, rate) = trained.recognizer.rejection();
    let at = test.at(threshold);
    println!(
        "  rejecting for {:.1} % of errors: {:.2} % read, {:.2} % of these wrong",
        100.0 * rate,
        100.0 * at.coverage,
        100.0 * at.error
    );
    for seed in 0..5 {
        let judgement = cross_validate(&shipped, &options, 5, seed, &|_, _| {})?;
        line(
            &format!("five folds of the half that ships, seed {seed}"),
            &judgement,
        );
    }
    Ok(())
}

fn line(what: &str, judgement: &Judgement) {
    println!(
        "{what}: {} of {} wrong, {:.2} ± {:.2} %, log-loss {:.4}, calibration error {:.4}",
        judgement.n_errors(),
        judgement.n_images(),
        100.0 * judgement.accuracy(),
        100.0 * judgement.standard_error(),
        judgement.log_loss(),
        judgement.calibration_error()
    );
}
