//! `digits evaluate`: how well a model reads what it has not seen.

use std::path::PathBuf;

use digits::{Bin, Operating, Pictures};
use gmm_cli::clap;
use gmm_cli::{Failure, OutputArgs, Places, TableArgs, named_after, to_json};
use serde::Serialize;

use super::input::{ImageArgs, judgement, model, percent};
use super::predict::{self, threshold};

/// What the task is told.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The model, as `digits train` wrote it
    model: PathBuf,

    #[command(flatten)]
    images: ImageArgs,

    #[command(flatten)]
    reject: predict::RejectArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    table: TableArgs,
}

#[derive(Serialize)]
struct JsonReport<'a> {
    model: String,
    input: &'a str,
    images: usize,
    errors: usize,
    accuracy: f64,
    standard_error: f64,
    log_loss: f64,
    calibration_error: f64,
    reliability: Vec<Bin>,
    classes: &'a [usize],
    /// True class by class it was read as.
    confusion: Vec<Vec<usize>>,
    rejection: Operating,
    reject_curve: Vec<Operating>,
}

/// Does what the task says.
pub(super) fn run(args: Args) -> Result<(), Failure> {
    let name = args.images.name();
    let file = args.images.images.file_name().unwrap_or("digits".as_ref());
    let mut inputs = args.images.files();
    inputs.push(args.model.clone());
    let inputs = inputs.iter().map(PathBuf::as_path);
    let usual = named_after(file.as_ref(), "evaluated.png");
    let places = Places::claim(inputs, &args.output, &args.table, usual)?;
    let recognizer = model(&args.model)?;
    let threshold = threshold(&args.reject, &recognizer);
    let (scans, log_posteriors) = args
        .images
        .judged(&recognizer, &args.model.display().to_string())?;
    let table = predict::table(&scans, &log_posteriors, &recognizer, threshold);
    let judged = judgement(&name, &scans, log_posteriors, &recognizer)?;
    let judged = judged.ok_or_else(|| Failure::of(&name, digits::ImagesError::NoLabels))?;
    let at = judged.at(threshold);
    let confusion = judged.confusion();
    let json = to_json(&JsonReport {
        model: args.model.display().to_string(),
        input: &name,
        images: judged.n_images(),
        errors: judged.n_errors(),
        accuracy: judged.accuracy(),
        standard_error: judged.standard_error(),
        log_loss: judged.log_loss(),
        calibration_error: judged.calibration_error(),
        reliability: judged.reliability(),
        classes: recognizer.classes(),
        confusion: confusion.outer_iter().map(|row| row.to_vec()).collect(),
        rejection: at,
        reject_curve: judged.rejection(),
    })?;
    let pictures = Pictures::of_scans(&scans);
    let figure = digits::draw_judgement(&judged, &pictures, recognizer.classes(), threshold, &name)
        .to_file(&places.figure)
        .map_err(|e| Failure::of(places.figure.display(), e))?;
    places.deliver(&args.output, (&figure, &table, &json), || {
        vec![
            format!(
                "{name}: {} of {} images read right, {}, standard error {}",
                judged.n_images() - judged.n_errors(),
                judged.n_images(),
                percent(judged.accuracy()),
                percent(judged.standard_error())
            ),
            format!(
                "log-loss {:.4} nats, calibration error {}",
                judged.log_loss(),
                percent(judged.calibration_error())
            ),
            format!(
                "probability {threshold:.4} and above: {} are read, {} of these wrongly",
                percent(at.coverage),
                percent(at.error)
            ),
        ]
    })
}
