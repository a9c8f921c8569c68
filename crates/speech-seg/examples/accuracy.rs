//! How many words are recognised: `cargo run -p speech-seg --example accuracy -- FOLDER`, where FOLDER holds clips named
//! WORD_SPEAKER_TAKE.wav.
//!
//! The baseline is one mixture of 16 Gaussians for each word, of the same rows.

use std::path::PathBuf;

use speech_seg::words::{Clip, LeaveOut, Prepared, Validation, WordError, WordOptions, validate};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.ok_or("a folder of clips is needed")?;
    let clips = Clip::folder(&folder)?;
    let ours = WordOptions::default();
    let prepared = Prepared::all(&clips, &ours)?;
    let plain: Vec<Prepared> = prepared.iter().map(Prepared::plain).collect();
    let baseline = ours.clone().mixtures(16);
    for (what, leave_out) in [
        ("a speaker left out", LeaveOut::Speaker),
        ("takes left out, five-fold", LeaveOut::Takes(5)),
    ] {
        let chains = validated(&prepared, &ours, leave_out)?;
        let mixtures = validated(&plain, &baseline, leave_out)?;
        println!("{what:<28} {:>14} {:>14}", "16 Gaussians", "ours");
        for (a, b) in mixtures.folds.iter().zip(&chains.folds) {
            row(&a.name, a.accuracy(), b.accuracy());
        }
        row("all", mixtures.tested.accuracy(), chains.tested.accuracy());
        let losses = (mixtures.tested.log_loss(), chains.tested.log_loss());
        println!(
            "{:<28} {:>14.3} {:>14.3}\n",
            "mean -ln p(word)", losses.0, losses.1
        );
    }
    Ok(())
}

fn validated(
    clips: &[Prepared],
    options: &WordOptions,
    leave_out: LeaveOut,
) -> Result<Validation, WordError> {
    validate(clips, options, leave_out, &mut |_, _| {})
}

fn row(name: &str, mixtures: f64, chains: f64) {
    let percent = |share: f64| format!("{:.2} %", 100.0 * share);
    println!(
        "{name:<28} {:>14} {:>14}",
        percent(mixtures),
        percent(chains)
    );
}
