//! `speech-seg identify`: whose voice a recording is, of those that were enrolled, or nobody's.

use std::path::{Path, PathBuf};

use gmm_cli::clap;
use gmm_cli::{Bar, Failure, OutputArgs, Places, TableArgs, named_after, to_json};
use serde::Serialize;
use speech_seg::Voices;

use super::judged::{self, JsonScores, JsonThreshold, Judged};
use super::people;

/// What the task is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Model that `enroll` wrote
    model: PathBuf,

    /// Recordings
    #[arg(required = true, value_name = "WAV")]
    recordings: Vec<PathBuf>,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    table: TableArgs,
}

#[derive(Serialize)]
struct Json<'a> {
    model: String,
    speakers: &'a [String],
    threshold: JsonThreshold,
    recordings: Vec<JsonScores<'a>>,
}

/// Voices from a file.
pub(super) fn voices(path: &Path) -> Result<Voices, Failure> {
    let bytes = gmm_files::read(path).map_err(|e| Failure::of(path.display(), e))?;
    let text = String::from_utf8(bytes);
    let text =
        text.map_err(|_| Failure::of(path.display(), "it is no model of voices: it is no text"))?;
    Voices::from_json(&text).map_err(|e| Failure::of(path.display(), e))
}

/// Does what the command line says.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let inputs = args.recordings.iter().chain([&args.model]);
    let usual = named_after(&args.model, "identified.png");
    let places = Places::claim(
        inputs.map(PathBuf::as_path),
        &args.output,
        &args.table,
        usual,
    )?;
    let voices = voices(&args.model)?;
    let bar = Bar::new(1, args.output.quiet);
    let mut judged = Vec::with_capacity(args.recordings.len());
    for path in &args.recordings {
        bar.say(path.display().to_string());
        let (name, recording) = people::read(path)?;
        judged.push(Judged::of(&voices, name, &recording)?);
    }
    bar.finish();
    let json = to_json(&Json {
        model: args.model.display().to_string(),
        speakers: voices.names(),
        threshold: JsonThreshold::of(&voices.any),
        recordings: judged.iter().map(|j| j.json(&voices)).collect(),
    })?;
    let figure = judged::figure(&voices, &judged, "Whose voice is it?", &places.figure)?;
    let csv = judged::csv(&voices, &judged);
    places.deliver(&args.output, (&figure, &csv, &json), || {
        let mut lines = judged::table(&voices, &judged, |_| None);
        lines.push(String::new());
        lines.push(judged::explained("identified", &voices.any));
        lines.extend(judged::notes(&judged, voices.sample_rate()));
        lines
    })
}
