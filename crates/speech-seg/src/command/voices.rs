//! `speech-seg` without a task: the four voices that ship, enrolled and told apart.

use std::path::PathBuf;

use gmm_cli::clap;
use gmm_cli::{Bar, Failure, OutputArgs, Places, TableArgs, to_json};
use serde::Serialize;
use speech_seg::{SHIPPED_VOICES, VoiceOptions, enroll};

use super::judged::{self, JsonScores, JsonThreshold, Judged};
use super::people;

/// What the program is told without a task.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    table: TableArgs,
}

#[derive(Serialize)]
struct Json<'a> {
    speakers: &'a [String],
    components: usize,
    right: usize,
    threshold: JsonThreshold,
    recordings: Vec<JsonScores<'a>>,
}

/// Does what the command line says.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let places = Places::claim([], &args.output, &args.table, PathBuf::from("voices.png"))?;
    let bar = Bar::new(1, args.output.quiet);
    let speakers = people::shipped()?;
    let voices = enroll(&speakers, &[], &VoiceOptions::default(), &|done, of| {
        bar.say(format!("{done} of {of} backgrounds fitted"));
    });
    let voices = voices.map_err(|e| Failure::of("the voices that ship", e))?;
    let mut judged = Vec::new();
    let mut truth = Vec::new();
    for voice in &SHIPPED_VOICES {
        for (name, recording) in voice.test().map_err(|e| Failure::of(voice.name, e))? {
            judged.push(Judged::of(&voices, name, &recording)?);
            truth.push(String::from(voice.name));
        }
    }
    bar.finish();
    let is_right = |(j, name): &(&Judged, &String)| voices.names()[j.scores.best()] == **name;
    let right = judged.iter().zip(&truth).filter(is_right).count();
    let json = to_json(&Json {
        speakers: voices.names(),
        components: voices.n_components(),
        right,
        threshold: JsonThreshold::of(&voices.any),
        recordings: judged.iter().map(|j| j.json(&voices)).collect(),
    })?;
    let figure = judged::figure(&voices, &judged, "Whose voice is it?", &places.figure)?;
    let csv = judged::csv(&voices, &judged);
    places.deliver(&args.output, (&figure, &csv, &json), || {
        let mut lines = judged::table(&voices, &judged, |i| truth.get(i).cloned());
        lines.push(String::new());
        lines.push(format!(
            "{right} of {} recordings have their speaker as the most likely one",
            judged.len()
        ));
        lines.push(judged::explained(
            "against strangers a voice is accepted",
            &voices.any,
        ));
        lines
    })
}
