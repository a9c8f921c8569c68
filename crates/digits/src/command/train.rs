//! `digits train`: images become a model.

use std::path::PathBuf;

use digits::{Own, Part, Pictures, Prior, Shape, TrainOptions, View, train};
use gmm_cli::clap;
use gmm_cli::{
    Bar, FIGURE, Failure, OutputArgs, Targets, named_after, parse_count, parse_seed, parse_share,
    parse_size, to_json,
};
use serde::Serialize;

use super::input::{ImageArgs, percent};

/// What the task is told.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    images: ImageArgs,

    /// Model to write [default: named after the images, in this folder]
    #[arg(short, long, value_name = "PATH", help_heading = "Output")]
    model: Option<PathBuf>,

    /// What may be seen of an image: strokes (gradients by direction), greys
    #[arg(long, value_name = "VIEW", value_delimiter = ',', default_value = "strokes,greys",
          value_parser = ["strokes", "greys"], help_heading = "Fit")]
    views: Vec<String>,

    /// Numbers of components of each class to choose from; with no more images, each is one
    #[arg(short = 'k', long, value_name = "K", value_delimiter = ',', default_values_t = [30, 400],
          value_parser = parse_count, allow_negative_numbers = true, help_heading = "Fit")]
    components: Vec<usize>,

    /// Ridges within classes that are pooled, where the mean variance of a feature is 1
    #[arg(long, value_name = "VARIANCE", value_delimiter = ',', value_parser = parse_size,
          default_values_t = [0.03, 0.3, 1.0], allow_negative_numbers = true, help_heading = "Fit")]
    ridges: Vec<f64>,

    /// Principal components of each class, to choose from beside shrunk covariances
    #[arg(long, value_name = "Q", value_delimiter = ',', value_parser = parse_count,
          allow_negative_numbers = true, help_heading = "Fit")]
    factors: Vec<usize>,

    /// Classes are equally probable, however many images there are of each
    #[arg(long, help_heading = "Fit")]
    equal_priors: bool,

    /// Share of read images that may be misread: others are rejected
    #[arg(long, value_name = "SHARE", default_value_t = 0.005, value_parser = parse_share,
          allow_negative_numbers = true, help_heading = "Fit")]
    error_rate: f64,

    /// Folds that are held out in turn
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = parse_count,
          allow_negative_numbers = true, help_heading = "Fit")]
    folds: usize,

    /// Seed of all random choices: the same seed gives the same model
    #[arg(long, value_name = "N", default_value_t = 42, value_parser = parse_seed,
          allow_negative_numbers = true, help_heading = "Fit")]
    seed: u64,

    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Serialize)]
struct JsonReport<'a> {
    input: &'a str,
    images: usize,
    width: usize,
    height: usize,
    classes: &'a [usize],
    view: View,
    parts: Vec<Part>,
    held_out_images: usize,
    held_out_accuracy: f64,
    standard_error: f64,
    log_loss: f64,
    calibration_error: f64,
    threshold: f64,
    held_out_coverage: f64,
    seed: u64,
}

/// Does what the task says.
pub(super) fn run(args: Args) -> Result<(), Failure> {
    if args.folds < 2 {
        let line = format!("--folds {}: at least 2 are needed", args.folds);
        return Err(Failure::Usage(line));
    }
    let name = args.images.name();
    let mut targets = Targets::beside(args.images.files().iter().map(PathBuf::as_path));
    let file = args.images.images.file_name().unwrap_or("digits".as_ref());
    let usual = named_after(file.as_ref(), "model.json");
    let model = targets.claim("--model", args.model.clone().unwrap_or(usual), &["json"])?;
    let usual = named_after(file.as_ref(), "learned.png");
    let figure = targets.claim("--out", args.output.out.clone().unwrap_or(usual), FIGURE)?;
    let report = args.output.json_file(&mut targets)?;
    let images = args.images.read()?.into_images();
    let images = images.map_err(|error| super::input::unreadable(&name, &error))?;
    let options = options(&args);
    let bar = Bar::new(options.n_steps(), args.output.quiet);
    let trained = train(&images, &options, &|done, of| {
        bar.at(done);
        bar.say(format!("step {done} of {of}"));
    });
    bar.finish();
    let trained = trained.map_err(|error| Failure::of_fit(&name, error))?;
    let (recognizer, held) = (&trained.recognizer, &trained.held_out);
    let (threshold, rate) = recognizer.rejection();
    let at = held.at(threshold);
    let json = to_json(&JsonReport {
        input: &name,
        images: images.labels().len(),
        width: images.width(),
        height: images.height(),
        classes: images.classes(),
        view: recognizer.view(),
        parts: recognizer.parts(),
        held_out_images: held.n_images(),
        held_out_accuracy: held.accuracy(),
        standard_error: held.standard_error(),
        log_loss: held.log_loss(),
        calibration_error: held.calibration_error(),
        threshold,
        held_out_coverage: at.coverage,
        seed: args.seed,
    })?;
    let text = recognizer
        .to_json()
        .map_err(|e| Failure::of(model.display(), e))?;
    let shown = images.select(&trained.held_out_images);
    let picture = digits::draw_judgement(
        held,
        &Pictures::of(&shown),
        recognizer.classes(),
        threshold,
        "held out in turn while learning",
    )
    .to_file(&figure)
    .map_err(|e| Failure::of(figure.display(), e))?;
    let mut files = vec![
        (model.as_path(), text.as_bytes()),
        (figure.as_path(), &picture[..]),
    ];
    files.extend(report.as_deref().map(|path| (path, &json[..])));
    args.output.deliver(&files, &json, || {
        let mut lines = vec![
            format!(
                "{name}: {} images of {} × {} pixels, {} classes",
                images.labels().len(),
                images.width(),
                images.height(),
                images.classes().len()
            ),
            format!("seen: {}", recognizer.view()),
        ];
        lines.extend(recognizer.parts().iter().map(described));
        lines.push(format!(
            "held out in turn: {} of {} read right, standard error {}; settings were chosen on them",
            percent(held.accuracy()),
            held.n_images(),
            percent(held.standard_error())
        ));
        lines.push(format!(
            "log-loss {:.4} nats, calibration error {}",
            held.log_loss(),
            percent(held.calibration_error())
        ));
        lines.push(format!(
            "with at most {} of errors {} are read, those of probability {threshold:.4} and above",
            percent(rate),
            percent(at.coverage)
        ));
        lines.push(format!("model   {}", model.display()));
        lines.push(format!("figure  {}", figure.display()));
        lines.join("\n")
    })
}

fn options(args: &Args) -> TrainOptions {
    let usual = TrainOptions::default();
    let view = |name: &String| match name.as_str() {
        "greys" => View::Greys,
        _ => View::Strokes,
    };
    let factors = args.factors.iter().map(|&q| Own::Components(q));
    TrainOptions {
        views: args.views.iter().map(view).collect(),
        components: args.components.clone(),
        ridges: args.ridges.clone(),
        owns: usual.owns.iter().copied().chain(factors).collect(),
        prior: if args.equal_priors {
            Prior::Equal
        } else {
            Prior::Frequency
        },
        error_rate: args.error_rate,
        n_folds: args.folds,
        seed: args.seed,
        ..usual
    }
}

fn described(part: &Part) -> String {
    let shape = match part.shape {
        Shape::Spheres {
            components,
            deviation,
        } => {
            format!("at most {components} spheres a class, deviation {deviation}")
        }
        Shape::Own(own) => format!("one Gaussian a class, {own}"),
    };
    format!("  weight {:.3}, ridge {}: {shape}", part.weight, part.ridge)
}
