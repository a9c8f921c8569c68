//! Words of recordings by a model that was kept.

use std::path::{Path, PathBuf};

use gmm_cli::clap;
use gmm_cli::{Bar, FIGURE, Failure, OutputArgs, TableArgs, Targets, to_json};
use gmm_core::ndarray::Array2;
use gmm_table::{number, to_csv};
use serde::Serialize;
use speech_seg::Recording;
use speech_seg::words::{Clip, Naming, Recognized, Tested, WordError, WordModels, matrix_chart};

use super::output::{JsonTested, summary, table};
use super::{hearing, refused};

/// What the task is told.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Recordings of one word each
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Model of words, as `words train` writes it
    #[arg(long, value_name = "PATH")]
    model: PathBuf,

    /// The files are named WORD_SPEAKER_TAKE.wav: tell how many are recognised, and draw which words are taken for which
    #[arg(long)]
    labelled: bool,

    /// The files are of one speaker, or of those their names say: hear them together, by models that get used to the voice
    #[arg(long)]
    together: bool,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    table: TableArgs,
}

/// What one recording is taken to say; a word, or why there is none.
#[derive(Serialize)]
struct JsonClip<'a> {
    clip: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    word: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    posterior: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
}

/// Does what the command line says.
pub(super) fn run(args: Args) -> Result<(), Failure> {
    let inputs = args.files.iter().chain([&args.model]).map(PathBuf::as_path);
    let mut targets = Targets::beside(inputs);
    let figure = match (&args.output.out, args.labelled) {
        (Some(path), true) => Some(path.clone()),
        (None, true) => Some(PathBuf::from("words.png")),
        (Some(_), false) => {
            let line = "--out: a figure is drawn of files whose words are known (--labelled)";
            return Err(Failure::Usage(String::from(line)));
        }
        (None, false) => None,
    };
    let figure = figure
        .map(|path| targets.claim("--out", path, FIGURE))
        .transpose()?;
    let csv = args.table.csv.clone();
    let csv = csv
        .map(|path| targets.claim("--csv", path, &[]))
        .transpose()?;
    let report = args.output.json_file(&mut targets)?;
    let models = model(&args.model)?;
    let bar = Bar::new(1, args.output.quiet);
    bar.say("recognising");
    let mut wordless = None;
    let (files, json, lines) = if args.labelled {
        let (tested, names) = labelled(&models, &args)?;
        let json = to_json(&JsonTested::new(&tested, &names, &[]))?;
        let drawn = matrix_chart(&tested, "Spoken words");
        let place = figure.clone().unwrap_or_default();
        let drawn = drawn
            .to_file(&place)
            .map_err(|e| Failure::of(place.display(), e))?;
        ((drawn, table(&tested, &names)), json, summary(&tested, &[]))
    } else {
        let found = said(&models, &args)?;
        wordless = refusal(&found);
        let clips: Vec<JsonClip<'_>> = found.iter().map(|f| json_clip(&models, f)).collect();
        let lines = found.iter().map(|f| line(&models, f)).collect();
        (
            (Vec::new(), words(&models, &found)),
            to_json(&clips)?,
            lines,
        )
    };
    bar.finish();
    let mut outputs: Vec<(&Path, &[u8])> = Vec::new();
    outputs.extend(figure.as_deref().map(|path| (path, files.0.as_slice())));
    outputs.extend(csv.as_deref().map(|path| (path, files.1.as_slice())));
    outputs.extend(report.as_deref().map(|path| (path, json.as_slice())));
    let named: Vec<String> = outputs
        .iter()
        .map(|(path, _)| path.display().to_string())
        .collect();
    args.output.deliver(&outputs, &json, || {
        let mut lines: Vec<String> = lines;
        lines.extend(named.iter().map(|path| format!("written {path}")));
        lines.join("\n")
    })?;
    wordless.map_or(Ok(()), Err)
}

/// What is said in the end where some recordings have no word.
fn refusal(found: &Words) -> Option<Failure> {
    let mut refused = found.iter().filter_map(|(_, found)| found.as_ref().err());
    let first = refused.next()?;
    let line = match refused.count() {
        0 => first.clone(),
        more => format!("{first}; and {more} more have no word"),
    };
    Some(Failure::Work(line))
}

fn model(path: &Path) -> Result<WordModels, Failure> {
    let bytes = gmm_files::read(path).map_err(|e| Failure::of(path.display(), e))?;
    let text = String::from_utf8_lossy(&bytes);
    WordModels::from_json(&text).map_err(|e| Failure::of(path.display(), e))
}

/// Recordings with their words, or why there are none.
type Words = Vec<(String, Result<Recognized, String>)>;

/// The word of each recording; one that cannot be read or holds no sound has none, and the others are recognised all the same.
fn said(models: &WordModels, args: &Args) -> Result<Words, Failure> {
    let rows_of = |path: &PathBuf| {
        let name = path.display().to_string();
        let recording = Recording::read(path).map_err(|e| format!("{name}: {e}"))?;
        models.rows(&name, &recording).map_err(|e| e.to_string())
    };
    let all: Vec<Result<Array2<f64>, String>> = args.files.iter().map(rows_of).collect();
    let heard = all.iter().flatten().map(|rows| (None, rows.view()));
    let found = models.recognize_all(&heard.collect::<Vec<_>>(), hearing(args.together));
    let mut found = found.map_err(refused)?.into_iter();
    let named = args.files.iter().map(|path| path.display().to_string());
    let words = all.iter().map(|rows| match rows {
        Ok(_) => found.next().ok_or_else(String::new),
        Err(why) => Err(why.clone()),
    });
    Ok(named.zip(words).collect())
}

/// Files whose names say their words.
fn labelled(models: &WordModels, args: &Args) -> Result<(Tested, Vec<String>), Failure> {
    let read = |path: &PathBuf| {
        let clip = Clip::read(path, Naming::Names)?;
        let rows = models.rows(&clip.name, &clip.recording)?;
        Ok((clip, rows))
    };
    let clips: Vec<(Clip, Array2<f64>)> = args
        .files
        .iter()
        .map(read)
        .collect::<Result<_, WordError>>()
        .map_err(refused)?;
    let heard = clips.iter();
    let heard: Vec<_> = heard
        .map(|(clip, rows)| (clip.speaker.as_deref(), rows.view()))
        .collect();
    let found = models.recognize_all(&heard, hearing(args.together));
    let words = clips.iter().map(|(clip, _)| clip.word.clone());
    let tested = Tested::of(models, words.zip(found.map_err(refused)?));
    let names = clips.into_iter().map(|(clip, _)| clip.name);
    Ok((tested, names.collect()))
}

fn json_clip<'a>(
    models: &'a WordModels,
    (name, found): &(String, Result<Recognized, String>),
) -> JsonClip<'a> {
    let found_one = found.as_ref().ok();
    JsonClip {
        clip: name.clone(),
        word: found_one.map(|f| models.words()[f.word].as_str()),
        posterior: found_one.map(|f| f.posteriors[f.word]),
        refused: found.as_ref().err().cloned(),
    }
}

fn line(models: &WordModels, (name, found): &(String, Result<Recognized, String>)) -> String {
    match found {
        Ok(found) => {
            let percent = 100.0 * found.posteriors[found.word];
            format!(
                "{:<16} {percent:>5.1} %  {name}",
                models.words()[found.word]
            )
        }
        Err(why) => format!("no word: {why}"),
    }
}

/// Every recording with its word, its posterior, those of all words, and why there is none.
fn words(models: &WordModels, all: &Words) -> Vec<u8> {
    let mut head = ["clip", "word", "posterior"].map(String::from).to_vec();
    head.extend(models.words().iter().map(|word| format!("p_{word}")));
    head.push(String::from("refused"));
    let rows = all.iter().map(|(name, found)| {
        let mut line = vec![name.clone()];
        match found {
            Ok(found) => {
                line.push(models.words()[found.word].clone());
                line.push(number(found.posteriors[found.word]));
                line.extend(found.posteriors.iter().map(|p| number(*p)));
                line.push(String::new());
            }
            Err(why) => {
                line.extend(vec![String::new(); models.words().len() + 2]);
                line.push(why.clone());
            }
        }
        line
    });
    to_csv(&head, rows)
}
