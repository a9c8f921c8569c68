//! `speech-seg speakers`: who speaks when.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use gmm_cli::clap;
use gmm_cli::{
    Bar, Failure, OutputArgs, Places, Span, TableArgs, named_after, parse_count, to_json,
};
use gmm_figures::decimal;
use gmm_table::summary::counted;
use gmm_table::{number, to_csv};
use serde::Serialize;
use speech_seg::{
    DiarizationError, Turn, TurnChart, TurnError, TurnOptions, Turns, diarization_error, turns,
};

use super::people;

/// Seconds about changes that NIST does not score.
const COLLAR: f64 = 0.25;

/// What the task is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Recording, a WAV of 8 to 32 bits or floats, mono or not
    input: PathBuf,

    /// Number of speakers, if it is known
    #[arg(short = 'k', long, value_name = "K", value_parser = parse_count, allow_negative_numbers = true,
          conflicts_with = "select")]
    speakers: Option<usize>,

    /// Range of the number of speakers, both ends included [default: 1..8]
    #[arg(long, value_name = "MIN..MAX")]
    select: Option<Span>,

    /// The least speech of a turn, in seconds
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 2.0,
        allow_negative_numbers = true
    )]
    shortest: f64,

    /// True turns, to tell how wrong those found are: CSV with the columns start, end and speaker, in seconds
    #[arg(long, value_name = "PATH")]
    truth: Option<PathBuf>,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    table: TableArgs,
}

#[derive(Serialize)]
struct Json {
    input: String,
    seconds: f64,
    speakers: Vec<JsonSpeaker>,
    turns: Vec<JsonTurn>,
    candidates: Vec<JsonCandidate>,
    independent_every: f64,
    error: Option<JsonError>,
}

#[derive(Serialize)]
struct JsonSpeaker {
    name: String,
    seconds: f64,
}

#[derive(Serialize)]
struct JsonTurn {
    start: f64,
    end: f64,
    speaker: String,
}

#[derive(Serialize)]
struct JsonCandidate {
    speakers: usize,
    bic: f64,
}

#[derive(Serialize)]
struct JsonError {
    missed: f64,
    false_alarm: f64,
    confused: f64,
    speech: f64,
    rate: f64,
    rate_with_collar: Option<f64>,
}

/// Does what the command line says.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let usual = named_after(&args.input, "speakers.png");
    let inputs = [Some(args.input.as_path()), args.truth.as_deref()];
    let places = Places::claim(
        inputs.into_iter().flatten(),
        &args.output,
        &args.table,
        usual,
    )?;
    let options = TurnOptions {
        n_speakers: n_speakers(args),
        shortest: args.shortest,
    };
    let (name, recording) = people::read(&args.input)?;
    let truth = args
        .truth
        .as_deref()
        .map(|path| read_truth(path, recording.duration()))
        .transpose()?
        .unwrap_or_default();
    let bar = Bar::new(1, args.output.quiet);
    bar.say("looking for speakers");
    let found = turns(&recording, &options);
    bar.finish();
    let found = found.map_err(|error| match error {
        TurnError::Option { .. } => Failure::Usage(error.to_string()),
        error => Failure::of(&name, error),
    })?;
    let names: Vec<String> = (1..=found.n_speakers)
        .map(|k| format!("speaker {k}"))
        .collect();
    let error = (!truth.is_empty()).then(|| {
        let of = |collar: f64| diarization_error(&truth, &found.turns, collar);
        (of(0.0), of(COLLAR))
    });
    let json = to_json(&json(
        &name,
        recording.duration(),
        &names,
        &found,
        error.as_ref(),
    ))?;
    let file = Path::new(&name)
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    let chart = TurnChart {
        title: format!("Who speaks when in {file}"),
        subtitle: format!(
            "{}, {}",
            counted(found.n_speakers, "speaker"),
            counted(found.turns.len(), "turn")
        ),
        found: &found,
        names: &names,
        truth: &truth,
    };
    let figure = chart.sheet().to_file(&places.figure);
    let figure = figure.map_err(|e| Failure::of(places.figure.display(), e))?;
    let columns = ["start", "end", "speaker"].map(String::from);
    let rows = found
        .turns
        .iter()
        .map(|t| vec![number(t.start), number(t.end), names[t.speaker].clone()]);
    let table = to_csv(&columns, rows);
    places.deliver(&args.output, (&figure, &table, &json), || {
        summary(&name, recording.duration(), &found, &names, error.as_ref())
    })
}

fn n_speakers(args: &Args) -> RangeInclusive<usize> {
    match (args.speakers, &args.select) {
        (Some(k), _) => k..=k,
        (None, Some(span)) => span.least..=span.most,
        (None, None) => TurnOptions::default().n_speakers,
    }
}

/// True turns of a CSV with a head; speakers are numbered as they come.
fn read_truth(path: &Path, duration: f64) -> Result<Vec<Turn>, Failure> {
    let bytes = gmm_files::read(path).map_err(|e| Failure::of(path.display(), e))?;
    let text = String::from_utf8_lossy(&bytes);
    let mut names: Vec<String> = Vec::new();
    let mut turns = Vec::new();
    let mut lines = text.lines().enumerate();
    let head: Vec<&str> = lines
        .next()
        .map_or_else(Vec::new, |(_, l)| l.split(',').map(str::trim).collect());
    if head != ["start", "end", "speaker"] {
        let line = "its first line must be start,end,speaker";
        return Err(Failure::of(path.display(), line));
    }
    for (at, line) in lines.filter(|(_, l)| !l.trim().is_empty()) {
        let refused = || {
            Failure::of(
                path.display(),
                format!(
                    "line {}: two times from 0 on, one after the other, and a speaker are needed",
                    at + 1
                ),
            )
        };
        let fields: Vec<&str> = line.splitn(3, ',').map(str::trim).collect();
        let [start, end, name] = fields[..] else {
            return Err(refused());
        };
        let time = |text: &str| text.parse::<f64>().ok().filter(|t| t.is_finite());
        let (Some(start), Some(end)) = (time(start), time(end)) else {
            return Err(refused());
        };
        if start < 0.0 || start >= end || name.is_empty() {
            return Err(refused());
        }
        if start >= duration {
            let line = format!(
                "line {}: the recording has {duration:.2} s, and this turn begins later",
                at + 1
            );
            return Err(Failure::of(path.display(), line));
        }
        let speaker = names.iter().position(|n| n == name).unwrap_or_else(|| {
            names.push(String::from(name));
            names.len() - 1
        });
        turns.push(Turn {
            start,
            end: end.min(duration),
            speaker,
        });
    }
    if turns.is_empty() {
        return Err(Failure::of(path.display(), "it has no turns"));
    }
    Ok(turns)
}

fn json(
    name: &str,
    seconds: f64,
    names: &[String],
    found: &Turns,
    error: Option<&(DiarizationError, DiarizationError)>,
) -> Json {
    Json {
        input: String::from(name),
        seconds,
        speakers: (names.iter().zip(found.seconds()))
            .map(|(name, seconds)| JsonSpeaker {
                name: name.clone(),
                seconds,
            })
            .collect(),
        turns: (found.turns.iter())
            .map(|t| JsonTurn {
                start: t.start,
                end: t.end,
                speaker: names[t.speaker].clone(),
            })
            .collect(),
        candidates: (found.candidates.iter())
            .map(|&(speakers, bic)| JsonCandidate { speakers, bic })
            .collect(),
        independent_every: found.frames_each,
        error: error.map(|(all, collared)| JsonError {
            missed: all.missed,
            false_alarm: all.false_alarm,
            confused: all.confused,
            speech: all.total,
            rate: all.rate(),
            rate_with_collar: Some(collared.rate()).filter(|rate| rate.is_finite()),
        }),
    }
}

fn summary(
    name: &str,
    seconds: f64,
    found: &Turns,
    names: &[String],
    error: Option<&(DiarizationError, DiarizationError)>,
) -> Vec<String> {
    const MOST: usize = 40;
    let mut lines = vec![format!("{name}: {} s", decimal(seconds, 2)), String::new()];
    lines.push(format!("{:>8} {:>8}  speaker", "start", "end"));
    for turn in found.turns.iter().take(MOST) {
        let (start, end) = (decimal(turn.start, 2), decimal(turn.end, 2));
        lines.push(format!("{start:>8} {end:>8}  {}", names[turn.speaker]));
    }
    if found.turns.len() > MOST {
        lines.push(format!(
            "and {} more turns; --csv writes all",
            found.turns.len() - MOST
        ));
    }
    lines.push(String::new());
    let of: Vec<String> = (names.iter().zip(found.seconds()))
        .map(|(name, s)| format!("{name} {} s", decimal(s, 1)))
        .collect();
    lines.push(of.join(", "));
    if found.candidates.len() > 1 {
        let bic: Vec<String> = (found.candidates.iter())
            .map(|(k, bic)| format!("{k}: {}", decimal(*bic, 1)))
            .collect();
        lines.push(format!("BIC by number of speakers: {}", bic.join(", ")));
    }
    if let Some((all, collared)) = error {
        let per_cent = |seconds: f64| decimal(100.0 * seconds / all.total, 1);
        let collared = match collared.rate() {
            rate if rate.is_finite() => format!("{} %", decimal(100.0 * rate, 1)),
            _ => String::from("nothing to score"),
        };
        lines.push(format!(
            "diarisation error {} % ({} % missed, {} % false, {} % confused); {collared} with a collar of {COLLAR} s",
            decimal(100.0 * all.rate(), 1),
            per_cent(all.missed),
            per_cent(all.false_alarm),
            per_cent(all.confused)
        ));
    }
    lines
}
