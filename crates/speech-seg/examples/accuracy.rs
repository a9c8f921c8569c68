//! How many words are recognised: `cargo run -p speech-seg --example accuracy -- FOLDER`, where FOLDER holds clips named
//! WORD_SPEAKER_TAKE.wav.
//!
//! The baseline is one mixture of 16 Gaussians for each word, of the same rows.

use std::path::PathBuf;

use speech_seg::words::{
    Clip, Hearing, LeaveOut, Prepared, SpeakerAdaptation, Validation, WordError, WordOptions,
    validate,
};

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
        let together = Hearing::Together(SpeakerAdaptation::default());
        let all = [
            validated(&plain, &baseline, leave_out, Hearing::Alone)?,
            validated(&prepared, &ours, leave_out, Hearing::Alone)?,
            validated(&plain, &baseline, leave_out, together)?,
            validated(&prepared, &ours, leave_out, together)?,
        ];
        println!(
            "{what:<26} {:>14} {:>14} {:>31}",
            "", "each alone", "the speaker's together"
        );
        println!(
            "{:<26} {:>14} {:>14} {:>14} {:>14}",
            "", "16 Gaussians", "ours", "16 Gaussians", "ours"
        );
        for (place, fold) in all[0].folds.iter().enumerate() {
            row(
                &fold.name,
                all.each_ref().map(|v| v.folds[place].accuracy()),
            );
        }
        row("all", all.each_ref().map(|v| v.tested.accuracy()));
        let losses = all
            .each_ref()
            .map(|v| format!("{:>14.3}", v.tested.log_loss()));
        println!("{:<26} {}\n", "mean -ln p(word)", losses.join(" "));
    }
    Ok(())
}

fn validated(
    clips: &[Prepared],
    options: &WordOptions,
    leave_out: LeaveOut,
    hearing: Hearing,
) -> Result<Validation, WordError> {
    validate(clips, options, leave_out, hearing, &mut |_, _| {})
}

fn row(name: &str, shares: [f64; 4]) {
    let percents = shares.map(|share| format!("{:>12.2} %", 100.0 * share));
    println!("{name:<26} {}", percents.join(" "));
}
