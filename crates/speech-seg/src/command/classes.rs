//! `speech-seg classes`: which sounds there are, and when.

use std::path::PathBuf;

use gmm_cli::clap;
use gmm_cli::{
    Bar, Failure, OutputArgs, Places, Span, TableArgs, named_after, parse_count, parse_seed,
    to_json,
};
use gmm_core::GmmError;
use gmm_figures::decimal;
use gmm_table::summary::counted;
use gmm_table::{number, to_csv};
use serde::Serialize;
use speech_seg::{ClassChart, ClassError, Classes, classes};

use super::people;

/// What the task is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Recording, a WAV of 8 to 32 bits or floats, mono or not
    input: PathBuf,

    /// Number of classes
    #[arg(short = 'k', long, value_name = "K", value_parser = parse_count, allow_negative_numbers = true,
          conflicts_with = "select")]
    classes: Option<usize>,

    /// Choose the number of classes from this range, both ends included, by BIC [default: 2..6]
    #[arg(long, value_name = "MIN..MAX")]
    select: Option<Span>,

    /// Seed of all random choices: the same seed gives the same answer
    #[arg(long, value_name = "N", default_value_t = 42, value_parser = parse_seed, allow_negative_numbers = true)]
    seed: u64,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    table: TableArgs,
}

#[derive(Serialize)]
struct Json {
    input: String,
    levels: Vec<f64>,
    stretches: Vec<JsonStretch>,
    candidates: Vec<JsonCandidate>,
}

#[derive(Serialize)]
struct JsonStretch {
    start: f64,
    end: f64,
    class: usize,
}

#[derive(Serialize)]
struct JsonCandidate {
    classes: usize,
    bic: f64,
}

/// Does what the command line says.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let usual = named_after(&args.input, "classes.png");
    let places = Places::claim([args.input.as_path()], &args.output, &args.table, usual)?;
    let range = match (args.classes, &args.select) {
        (Some(k), _) => k..=k,
        (None, Some(span)) => span.least..=span.most,
        (None, None) => 2..=6,
    };
    let (name, recording) = people::read(&args.input)?;
    let bar = Bar::new(1, args.output.quiet);
    bar.say("fitting hidden Markov models");
    let found = classes(&recording, range, args.seed);
    bar.finish();
    let found = found.map_err(|error| match error {
        ClassError::Fit(error @ GmmError::InvalidParameter { .. }) => {
            let flag = args.classes.map_or("--select", |_| "--classes");
            Failure::Usage(format!("{flag}: {error}"))
        }
        ClassError::Fit(error) => Failure::of_fit(&name, error),
        error => Failure::of(&name, error),
    })?;
    let json = to_json(&Json {
        input: name.clone(),
        levels: found.levels.clone(),
        stretches: (found.stretches.iter())
            .map(|s| JsonStretch {
                start: s.start,
                end: s.end,
                class: s.class + 1,
            })
            .collect(),
        candidates: (found.candidates.iter())
            .map(|&(classes, bic)| JsonCandidate { classes, bic })
            .collect(),
    })?;
    let chart = ClassChart {
        title: format!("Sounds of {name}"),
        subtitle: format!(
            "{}, {}",
            counted(found.levels.len(), "class"),
            counted(found.stretches.len(), "stretch")
        ),
        found: &found,
    };
    let figure = chart.sheet().to_file(&places.figure);
    let figure = figure.map_err(|e| Failure::of(places.figure.display(), e))?;
    let columns = ["start", "end", "class"].map(String::from);
    let rows = found
        .stretches
        .iter()
        .map(|s| vec![number(s.start), number(s.end), (s.class + 1).to_string()]);
    let table = to_csv(&columns, rows);
    places.deliver(&args.output, (&figure, &table, &json), || {
        summary(&name, &found)
    })
}

fn summary(name: &str, found: &Classes) -> Vec<String> {
    let mut lines = vec![String::from(name), String::new()];
    lines.push(format!(
        "{:>5} {:>9} {:>10} {:>11}",
        "class", "seconds", "stretches", "level"
    ));
    for (class, level) in found.levels.iter().enumerate() {
        let own = found.stretches.iter().filter(|s| s.class == class);
        let seconds: f64 = own.clone().map(|s| s.end - s.start).sum();
        let (seconds, level) = (decimal(seconds, 2), decimal(*level, 1));
        lines.push(format!(
            "{:>5} {seconds:>9} {:>10} {level:>8} dB",
            class + 1,
            own.count()
        ));
    }
    if found.candidates.len() > 1 {
        let bic: Vec<String> = (found.candidates.iter())
            .map(|(k, bic)| format!("{k}: {}", decimal(*bic, 1)))
            .collect();
        lines.push(String::new());
        lines.push(format!("BIC by number of classes: {}", bic.join(", ")));
    }
    lines
}
