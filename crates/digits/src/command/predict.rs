//! `digits predict`: what images say.

use std::path::PathBuf;

use digits::{Recognizer, Scans};
use gmm_cli::clap;
use gmm_cli::{Failure, OutputArgs, Targets, parse_share, to_json};
use gmm_core::ndarray::Array2;
use gmm_table::{number, to_csv};
use serde::Serialize;

use super::input::{ImageArgs, model, percent};

/// What is not read.
#[derive(Debug, clap::Args)]
pub(super) struct RejectArgs {
    /// Smallest probability that is read [default: the model's, for the error rate it was learned with]
    #[arg(long, value_name = "SHARE", value_parser = parse_share, allow_negative_numbers = true)]
    threshold: Option<f64>,
}

/// What the task is told.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The model, as `digits train` wrote it
    model: PathBuf,

    #[command(flatten)]
    images: ImageArgs,

    #[command(flatten)]
    reject: RejectArgs,

    /// CSV to write: label, probability and rejection of every image [default: standard output]
    #[arg(long, value_name = "PATH", help_heading = "Output")]
    csv: Option<PathBuf>,

    /// JSON report to write; - prints it in place of the summary
    #[arg(long, value_name = "PATH", help_heading = "Output")]
    json: Option<PathBuf>,

    /// Print nothing but errors
    #[arg(short, long, help_heading = "Output")]
    quiet: bool,
}

#[derive(Serialize)]
struct JsonReport<'a> {
    model: String,
    input: &'a str,
    images: usize,
    rejected: usize,
    threshold: f64,
    /// Images read as each class.
    read_as: Vec<(usize, usize)>,
}

/// The smallest probability that is read.
pub(super) fn threshold(args: &RejectArgs, recognizer: &Recognizer) -> f64 {
    args.threshold.unwrap_or(recognizer.rejection().0)
}

/// Does what the task says.
pub(super) fn run(args: Args) -> Result<(), Failure> {
    let name = args.images.name();
    let output = OutputArgs {
        out: None,
        json: args.json.clone(),
        quiet: args.quiet,
    };
    let mut inputs = args.images.files();
    inputs.push(args.model.clone());
    let inputs = inputs.iter().map(PathBuf::as_path);
    let mut targets = Targets::beside(inputs);
    let csv = args.csv.clone();
    let csv = csv
        .map(|path| targets.claim("--csv", path, &[]))
        .transpose()?;
    let report = output.json_file(&mut targets)?;
    let recognizer = model(&args.model)?;
    let threshold = threshold(&args.reject, &recognizer);
    let (scans, log_posteriors) = args
        .images
        .judged(&recognizer, &args.model.display().to_string())?;
    let table = table(&scans, &log_posteriors, &recognizer, threshold);
    let read = readings(&log_posteriors);
    let rejected = read.iter().filter(|(_, p)| *p < threshold).count();
    let count = |class: usize| read.iter().filter(|(c, _)| *c == class).count();
    let labels = recognizer.classes().iter().enumerate();
    let json = to_json(&JsonReport {
        model: args.model.display().to_string(),
        input: &name,
        images: read.len(),
        rejected,
        threshold,
        read_as: labels
            .map(|(class, &label)| (label, count(class)))
            .collect(),
    })?;
    let mut files = Vec::new();
    files.extend(csv.as_deref().map(|path| (path, &table[..])));
    files.extend(report.as_deref().map(|path| (path, &json[..])));
    output.deliver(&files, &json, || match &csv {
        None => String::from(String::from_utf8_lossy(&table).trim_end()),
        Some(path) => format!(
            "{name}: {} images read, {rejected} rejected ({}), those below {threshold:.4}\ntable   {}",
            read.len(),
            percent(rejected as f64 / read.len() as f64),
            path.display()
        ),
    })
}

/// The most probable class of each image, the first of several, and its probability.
fn readings(log_posteriors: &Array2<f64>) -> Vec<(usize, f64)> {
    let best = |row: gmm_core::ndarray::ArrayView1<'_, f64>| {
        let mut best = (0, f64::NEG_INFINITY);
        for (class, &value) in row.iter().enumerate() {
            if value > best.1 {
                best = (class, value);
            }
        }
        (best.0, best.1.exp().min(1.0))
    };
    log_posteriors.rows().into_iter().map(best).collect()
}

/// What was read, image by image.
pub(super) fn table(
    scans: &Scans,
    log_posteriors: &Array2<f64>,
    recognizer: &Recognizer,
    threshold: f64,
) -> Vec<u8> {
    let mut names = vec![String::from("image")];
    names.extend(scans.labels.as_ref().map(|_| String::from("label")));
    names.extend(["read_as", "posterior", "rejected"].map(String::from));
    names.extend(recognizer.classes().iter().map(|label| format!("p{label}")));
    let rows = readings(log_posteriors).into_iter().enumerate();
    let rows = rows.map(|(i, (class, posterior))| {
        let mut row = vec![scans.names[i].clone()];
        row.extend(scans.labels.as_ref().map(|labels| labels[i].to_string()));
        row.push(recognizer.classes()[class].to_string());
        row.push(number(posterior));
        row.push(u8::from(posterior < threshold).to_string());
        row.extend(log_posteriors.row(i).iter().map(|l| number(l.exp())));
        row
    });
    to_csv(&names, rows)
}
