//! Words learnt from a folder of clips, and what such learning is worth.

use std::path::PathBuf;

use gmm_cli::clap::{self, ValueEnum};
use gmm_cli::{
    Bar, Failure, OutputArgs, Places, TableArgs, Targets, named_after, parse_count, parse_seed,
    to_json,
};
use speech_seg::clipped_share;
use speech_seg::words::{
    Clip, LeaveOut, Prepared, WordModels, WordOptions, matrix_chart, validate as validated,
};

use super::output::{JsonTested, summary, table};
use super::{hearing, refused};

/// The share of clipped samples from which on a clip is named.
const CLIPPED: f64 = 0.01;

/// How words are learnt.
#[derive(Debug, clap::Args)]
pub(super) struct LearnArgs {
    /// Folder of labelled WAV files
    folder: PathBuf,

    /// States of each word; 1 makes one mixture of its frames
    #[arg(long, value_name = "N", default_value_t = WordOptions::default().n_states, value_parser = parse_count,
          allow_negative_numbers = true)]
    states: usize,

    /// Gaussians of each state
    #[arg(short = 'k', long, value_name = "N", default_value_t = WordOptions::default().n_components,
          value_parser = parse_count, allow_negative_numbers = true)]
    components: usize,

    /// Factors of throats that clips are also learnt with [default: 0.9 1.1]
    #[arg(long, value_name = "FACTOR", num_args = 1.., conflicts_with = "unwarped")]
    warps: Vec<f64>,

    /// Learn clips only as they are
    #[arg(long)]
    unwarped: bool,

    /// Samples per second that recordings are brought to
    #[arg(long, value_name = "HZ", default_value_t = 8000)]
    rate: u32,

    /// Seed of the starts
    #[arg(long, value_name = "N", default_value_t = 42, value_parser = parse_seed, allow_negative_numbers = true)]
    seed: u64,
}

impl LearnArgs {
    fn options(&self) -> Result<WordOptions, Failure> {
        let mut options = WordOptions {
            n_states: self.states,
            n_components: self.components,
            seed: self.seed,
            ..WordOptions::default()
        };
        options.front_end.sample_rate = self.rate;
        if self.unwarped {
            options.warps = Vec::new();
        } else if !self.warps.is_empty() {
            options.warps.clone_from(&self.warps);
        }
        options.check().map_err(refused)?;
        Ok(options)
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct TrainArgs {
    #[command(flatten)]
    learn: LearnArgs,

    /// Model to write, as JSON
    #[arg(long, value_name = "PATH", default_value = "words.json")]
    model: PathBuf,

    /// Print nothing but errors
    #[arg(short, long)]
    quiet: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct ValidateArgs {
    #[command(flatten)]
    learn: LearnArgs,

    /// What is left out of learning, one after the other: all clips of a speaker, or every fifth take of each
    #[arg(long, value_name = "WHAT", default_value = "takes", ignore_case = true)]
    leave_out: LeaveOutArg,

    /// Hear the clips of each speaker together, by models that get used to the voice
    #[arg(long)]
    together: bool,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    table: TableArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LeaveOutArg {
    Speaker,
    Takes,
}

/// Learns words and keeps them.
pub(super) fn train(args: TrainArgs) -> Result<(), Failure> {
    let options = args.learn.options()?;
    let model =
        Targets::beside([args.learn.folder.as_path()]).claim("--model", args.model, &["json"])?;
    let bar = Bar::new(1, args.quiet);
    bar.say("reading clips");
    let clips = Clip::folder(&args.learn.folder).map_err(refused)?;
    let prepared = Prepared::all(&clips, &options).map_err(refused)?;
    bar.say("learning words");
    let all: Vec<&Prepared> = prepared.iter().collect();
    let models = WordModels::train(&all, &options).map_err(refused)?;
    bar.finish();
    let text = models.to_json().map_err(refused)?;
    let output = OutputArgs {
        out: None,
        json: None,
        quiet: args.quiet,
    };
    output.deliver(&[(&model, text.as_bytes())], &[], || {
        let mut lines = told(&clips, options.front_end.sample_rate);
        lines.push(format!("words: {}", models.words().join(", ")));
        lines.push(format!("model   {}", model.display()));
        lines.join("\n")
    })
}

/// Learns without some clips and recognises them.
pub(super) fn validate(args: ValidateArgs) -> Result<(), Failure> {
    let options = args.learn.options()?;
    let folder = &args.learn.folder;
    let usual = named_after(folder, "words.png");
    let places = Places::claim([folder.as_path()], &args.output, &args.table, usual)?;
    let bar = Bar::new(1, args.output.quiet);
    bar.say("reading clips");
    let clips = Clip::folder(folder).map_err(refused)?;
    let prepared = Prepared::all(&clips, &options).map_err(refused)?;
    let (leave_out, what) = match args.leave_out {
        LeaveOutArg::Speaker => (LeaveOut::Speaker, "speaker"),
        LeaveOutArg::Takes => (LeaveOut::Takes(5), "takes"),
    };
    let hearing = hearing(args.together);
    let validation = validated(
        &prepared,
        &options,
        leave_out,
        hearing,
        &mut |place, name| {
            bar.say(format!("{}: learning without {name}", place + 1));
        },
    );
    bar.finish();
    let validation = validation.map_err(refused)?;
    let names: Vec<String> = clips.iter().map(|clip| clip.name.clone()).collect();
    let tested = &validation.tested;
    let json = to_json(&JsonTested::new(tested, &names, &validation.folds))?;
    let figure = matrix_chart(tested, &format!("Spoken words, each {what} left out"))
        .to_file(&places.figure)
        .map_err(|e| Failure::of(places.figure.display(), e))?;
    places.deliver(
        &args.output,
        (&figure, &table(tested, &names), &json),
        || {
            let mut lines = told(&clips, options.front_end.sample_rate);
            lines.push(String::new());
            lines.extend(summary(tested, &validation.folds));
            lines
        },
    )
}

/// What was read, and what is unusual about it.
fn told(clips: &[Clip], rate: u32) -> Vec<String> {
    let seconds: f64 = clips.iter().map(|clip| clip.recording.duration()).sum();
    let mut lines = vec![format!("{} clips, {seconds:.1} s of sound", clips.len())];
    let other = clips
        .iter()
        .filter(|clip| clip.recording.sample_rate() != rate);
    let other: Vec<&Clip> = other.collect();
    if let Some(first) = other.first() {
        lines.push(format!(
            "note: {} of them brought to {rate} Hz, {} from {} Hz",
            other.len(),
            first.name,
            first.recording.sample_rate()
        ));
    }
    for clip in clips {
        let share = clipped_share(&clip.recording);
        if share >= CLIPPED {
            let percent = 100.0 * share;
            lines.push(format!(
                "note: {percent:.1} % of the samples of {} are clipped",
                clip.name
            ));
        }
    }
    lines
}
