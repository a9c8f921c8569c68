//! `speech-seg enroll`: voices to be told apart later.

use std::path::{Path, PathBuf};

use gmm_cli::clap;
use gmm_cli::{Bar, Failure, Outputs, Targets, parse_count, parse_seed, print};
use gmm_figures::decimal;
use speech_seg::{VoiceError, VoiceOptions, enroll};

use super::{judged, people};

/// What the task is told.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  speech-seg enroll people/                          one folder of recordings for each speaker
  speech-seg enroll anna=a1.wav anna=a2.wav ben=ben/ -o family.json

Fewer than three speakers are told from the voices that ship, too.")]
pub(crate) struct Args {
    /// A folder with one folder of recordings for each speaker, or NAME=FILE or NAME=FOLDER
    #[arg(required = true, value_name = "SPEAKERS")]
    speakers: Vec<PathBuf>,

    /// Model to write
    #[arg(short, long, value_name = "PATH", default_value = "voices.json")]
    out: PathBuf,

    /// Samples per second that recordings are brought to
    #[arg(
        long,
        value_name = "HZ",
        default_value_t = 8000,
        value_parser = clap::value_parser!(u32).range(1000..=384_000),
        allow_negative_numbers = true
    )]
    rate: u32,

    /// Gaussians of the mixture of everybody [default: by the amount of speech]
    #[arg(short = 'k', long, value_name = "K", value_parser = parse_count, allow_negative_numbers = true)]
    components: Option<usize>,

    /// Frames that weigh as much as what is known of everybody
    #[arg(
        long,
        value_name = "FRAMES",
        default_value_t = 16.0,
        allow_negative_numbers = true
    )]
    relevance: f64,

    /// Share of recordings of others that may be accepted
    #[arg(
        long,
        value_name = "SHARE",
        default_value_t = 0.05,
        allow_negative_numbers = true
    )]
    false_alarms: f64,

    /// Ratios of speech to the noise of copies that are learnt from too, in dB; "none" for no copies
    #[arg(
        long,
        value_name = "DB,..",
        default_value = "20,10",
        allow_hyphen_values = true
    )]
    noise: String,

    /// Seed of all random choices: the same seed gives the same answer
    #[arg(long, value_name = "N", default_value_t = 42, value_parser = parse_seed, allow_negative_numbers = true)]
    seed: u64,

    /// Print nothing but errors
    #[arg(short, long)]
    quiet: bool,
}

impl Args {
    fn options(&self) -> Result<VoiceOptions, Failure> {
        let ratio = |text: &str| {
            let line = format!("--noise {}: {text} is no number of dB", self.noise);
            text.trim().parse::<f64>().map_err(|_| Failure::Usage(line))
        };
        let noise = match self.noise.as_str() {
            "none" => Vec::new(),
            list => list.split(',').map(ratio).collect::<Result<_, _>>()?,
        };
        Ok(VoiceOptions {
            sample_rate: self.rate,
            n_components: self.components,
            relevance: self.relevance,
            noise,
            false_alarms: self.false_alarms,
            seed: self.seed,
        })
    }
}

/// Does what the command line says.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let options = args.options()?;
    let out = Targets::default().claim("--out", args.out.clone(), &["json"])?;
    let speakers = people::speakers(&args.speakers)?;
    let others = people::others(speakers.len())?;
    let bar = Bar::new(1, args.quiet);
    let voices = enroll(&speakers, &others, &options, &|done, of| {
        bar.say(format!("{done} of {of} backgrounds fitted"));
    });
    bar.finish();
    let voices = voices.map_err(refused)?;
    let text = voices
        .to_json()
        .map_err(|e| Failure::of(out.display(), e))?;
    let mut outputs = Outputs::default();
    outputs.add(&out, text.as_bytes())?;
    outputs.commit()?;
    if args.quiet {
        return Ok(());
    }
    let mut lines = vec![format!(
        "{:<24} {:>10} {:>8}",
        "speaker", "recordings", "speech"
    )];
    for (speaker, seconds) in speakers.iter().zip(voices.seconds()) {
        let n = speaker.recordings.len();
        lines.push(format!(
            "{:<24} {n:>10} {:>6} s",
            speaker.name,
            decimal(*seconds, 1)
        ));
    }
    lines.push(String::new());
    lines.push(format!(
        "{} Gaussians of everybody's speech, adapted to each; features at {} Hz",
        voices.n_components(),
        voices.sample_rate()
    ));
    if !others.is_empty() {
        lines.push(String::from("the voices that ship are among everybody"));
    }
    let rates = speakers
        .iter()
        .flat_map(|s| &s.recordings)
        .map(|(_, r)| r.sample_rate());
    let n_resampled = rates.filter(|rate| *rate != voices.sample_rate()).count();
    if n_resampled > 0 {
        lines.push(format!("note: {n_resampled} recordings were resampled"));
    }
    lines.push(judged::explained("identified", &voices.any));
    lines.push(judged::explained("verified", &voices.claim));
    lines.push(format!("model   {}", Path::new(&out).display()));
    print(&lines.join("\n"))
}

fn refused(error: VoiceError) -> Failure {
    match error {
        VoiceError::Option { .. } => Failure::Usage(error.to_string()),
        VoiceError::Fit(error) => Failure::from(error),
        error => Failure::Work(error.to_string()),
    }
}
