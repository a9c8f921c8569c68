//! `speech-seg segment`: a recording by a Gaussian mixture of its spectrogram.

use std::path::{Path, PathBuf};

use gmm_cli::clap::{self, ValueEnum};
use gmm_cli::{
    Bar, Failure, FitArgs, FitReport, OutputArgs, Places, TableArgs, closing, named_after, notes,
    parse_count, to_json,
};
use gmm_core::Ridge;
use gmm_figures::decimal;
use gmm_table::{number, to_csv};
use serde::Serialize;
use speech_seg::{
    AnalysisError, MOST_SEGMENTS, Options, Recording, Report, Scale, Windows, analyze, draw,
};

/// Segment a recording by a Gaussian mixture of its spectrogram
///
/// Writes a figure (spectrogram over segments, and when there is sound), and on request a table of the windows and
/// a JSON report. Segments of log-power are of equal width in decibels (tied) unless said otherwise, those of power
/// each of its own (full).
#[derive(Debug, clap::Args)]
#[command(
    mut_arg("components", |flag| flag.help("Number of segments [default: 3]")),
    after_help = "\
Examples:
  speech-seg segment                                 the prompt that ships, by log-power
  speech-seg segment --scale power                   as the slide has it
  speech-seg segment voice.wav -k 4 --csv out.csv    four segments; level and sound of every window
  speech-seg segment music.wav --window 1024 --overlap 768"
)]
pub(crate) struct Args {
    /// Recording to segment, a WAV of 8 to 32 bits or floats, mono or not [default: an English prompt]
    input: Option<PathBuf>,

    /// What is compared: power, as on the slide, or its logarithm
    #[arg(
        long,
        value_name = "NAME",
        default_value = "log-power",
        ignore_case = true
    )]
    scale: ScaleArg,

    /// Samples in a window
    #[arg(
        long,
        value_name = "N",
        default_value_t = 256,
        value_parser = parse_count,
        allow_negative_numbers = true
    )]
    window: usize,

    /// Samples that a window shares with the next [default: half of it]
    #[arg(long, value_name = "N", value_parser = parse_overlap, allow_negative_numbers = true)]
    overlap: Option<usize>,

    #[command(flatten)]
    fit: FitArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    table: TableArgs,
}

fn parse_overlap(text: &str) -> Result<usize, String> {
    let refused = |_| String::from("must be a whole number of at least 0");
    text.parse().map_err(refused)
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ScaleArg {
    Power,
    LogPower,
}

#[derive(Serialize)]
struct JsonReport {
    input: String,
    sample_rate: u32,
    channels: u16,
    seconds: f64,
    scale: &'static str,
    window: usize,
    overlap: usize,
    seed: u64,
    #[serde(flatten)]
    fit: FitReport,
    segments: Vec<JsonSegment>,
    sound: Vec<[f64; 2]>,
}

#[derive(Serialize)]
struct JsonSegment {
    share: f64,
    mean: f64,
}

impl Args {
    fn name(&self) -> String {
        let input = self.input.as_deref();
        input.map_or_else(
            || String::from("vm-intro.wav"),
            |path| path.display().to_string(),
        )
    }

    fn options(&self) -> Result<Options, Failure> {
        let n_components = self.fit.n_components(3..=3);
        let most = *n_components.end();
        if most > MOST_SEGMENTS {
            let flag = self.fit.count_flag();
            let line = format!("{flag} {most}: a recording has at most {MOST_SEGMENTS} segments");
            return Err(Failure::Usage(line));
        }
        let windows = Windows {
            nperseg: self.window,
            noverlap: self.overlap.unwrap_or(self.window / 2),
        };
        windows
            .step()
            .map_err(|e| Failure::Usage(format!("--window and --overlap: {e}")))?;
        let scale = match self.scale {
            ScaleArg::Power => Scale::Power,
            ScaleArg::LogPower => Scale::LogPower,
        };
        let covariance = self.fit.covariance;
        Ok(Options {
            n_components,
            covariance_type: covariance.unwrap_or_else(|| scale.usual_covariance()),
            scale,
            windows,
            params: self.fit.params(Ridge::Absolute(1e-6)),
        })
    }
}

/// Does what the command line says.
pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let input = args.input.as_deref();
    let options = args.options()?;
    let usual = named_after(input.unwrap_or(Path::new("vm-intro.wav")), "segments.png");
    let places = Places::claim(input, &args.output, &args.table, usual)?;
    let recording = match input {
        Some(path) => Recording::read(path),
        None => Recording::shipped(),
    };
    let recording = recording.map_err(|e| Failure::of(args.name(), e))?;
    let bar = Bar::new(options.n_components.clone().count(), args.output.quiet);
    let report = analyze(&recording, &options, &|place, progress| {
        bar.tell(options.n_components.start() + place, progress);
    });
    bar.finish();
    let report = report.map_err(|e| refused(&args, e))?;
    let json = to_json(&JsonReport::new(&args, &recording, &options, &report))?;
    let title = format!("Segments of {}", file_name(&args));
    let figure = draw(&report, &title)
        .to_file(&places.figure)
        .map_err(|e| Failure::of(places.figure.display(), e))?;
    places.deliver(&args.output, (&figure, &windows(&report), &json), || {
        summary(&args, &recording, &report)
    })
}

fn file_name(args: &Args) -> String {
    let name = args.input.as_deref().and_then(Path::file_name);
    name.map_or_else(|| args.name(), |name| name.to_string_lossy().into_owned())
}

fn refused(args: &Args, error: AnalysisError) -> Failure {
    match error {
        AnalysisError::Fit(error) => Failure::of_fit(args.name(), error),
        error => Failure::of(args.name(), error),
    }
}

impl JsonReport {
    fn new(args: &Args, recording: &Recording, options: &Options, report: &Report) -> Self {
        Self {
            input: args.name(),
            sample_rate: recording.sample_rate(),
            channels: recording.n_channels(),
            seconds: recording.duration(),
            scale: report.scale.name(),
            window: options.windows.nperseg,
            overlap: options.windows.noverlap,
            seed: args.fit.search.seed,
            fit: FitReport::new(
                &report.fitted,
                report.segments.iter().map(|s| s.size).collect(),
            ),
            segments: report
                .segments
                .iter()
                .map(|s| JsonSegment {
                    share: s.share,
                    mean: s.mean,
                })
                .collect(),
            sound: (report.spans().iter())
                .map(|span| [span.start, span.end])
                .collect(),
        }
    }
}

/// Every window with its level, whether it holds sound, and the share of its cells in each segment.
fn windows(report: &Report) -> Vec<u8> {
    let k = report.segments.len();
    let mut names = ["time_s", "level_db", "sound"].map(String::from).to_vec();
    names.extend((1..=k).map(|segment| format!("share_{segment}")));
    let rows = report
        .spectrogram
        .times
        .iter()
        .enumerate()
        .map(|(t, &time)| {
            let sound = report
                .activity
                .as_ref()
                .map(|a| u8::from(a.active[t]).to_string());
            let mut line = vec![
                number(time),
                number(report.frame_levels[t]),
                sound.unwrap_or_default(),
            ];
            let cells = report.labels.column(t);
            line.extend((0..k).map(|segment| {
                let count = cells
                    .iter()
                    .filter(|&&label| usize::from(label) == segment)
                    .count();
                number(count as f64 / cells.len() as f64)
            }));
            line
        });
    to_csv(&names, rows)
}

fn summary(args: &Args, recording: &Recording, report: &Report) -> Vec<String> {
    let fitted = &report.fitted;
    let channels = match recording.n_channels() {
        1 => String::from("mono"),
        n => format!("the mean of {n} channels"),
    };
    let mut lines = vec![
        format!(
            "{}: {:.2} s at {} Hz, {channels}",
            args.name(),
            recording.duration(),
            recording.sample_rate()
        ),
        String::new(),
    ];
    if report.candidates.len() > 1 {
        lines.push(format!("{:>10} {:>16}", "components", "BIC"));
        lines.extend(
            report
                .candidates
                .iter()
                .map(|c| format!("{:>10} {:>16}", c.n_components, decimal(c.bic, 1))),
        );
        lines.push(String::new());
    }
    let unit = report.scale.unit();
    lines.push(format!(
        "{:>7} {:>8} {:>10} {:>14}",
        "segment",
        "share",
        "cells",
        format!("mean [{unit}]")
    ));
    for (i, s) in report.segments.iter().enumerate() {
        let share = 100.0 * s.share;
        lines.push(format!(
            "{:>7} {share:>6.1} % {:>10} {:>14}",
            i + 1,
            s.size,
            decimal(s.mean, 3)
        ));
    }
    lines.push(String::new());
    match &report.activity {
        Some(_) => {
            let spans: Vec<String> = (report.spans().iter())
                .map(|span| format!("{:.2}–{:.2}", span.start, span.end))
                .collect();
            lines.push(format!("sound at {} s", spans.join(", ")));
        }
        None => lines.push(String::from(
            "sound and pauses cannot be told apart by loudness",
        )),
    }
    lines.push(closing(fitted, "cell"));
    lines.extend(notes(fitted, &[]));
    lines
}
