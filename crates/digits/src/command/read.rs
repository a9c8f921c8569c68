//! The bare command: images that were not seen, by the slide's recipe and by better ones.

use std::path::{Path, PathBuf};

use digits::{Images, Judgement, Options, Report, TrainOptions, analyze, cross_validate, draw};
use gmm_cli::clap;
use gmm_cli::{
    Bar, Failure, OutputArgs, Places, TableArgs, named_after, parse_count, parse_seed, parse_size,
    to_json,
};
use gmm_core::Ridge;
use gmm_table::{number, to_csv};
use serde::Serialize;

use super::input::unreadable;

/// Two are held out for every choice, and one more is needed to learn from.
const FEWEST_FOLDS: usize = 3;

/// What the bare command is told.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Images to read: CSV, or CSV in gzip, with the pixels of an image in a row and its label in the last column
    /// [default: the digits that ship]
    input: Option<PathBuf>,

    /// Width of the images in pixels [default: they are square]
    #[arg(short, long, value_name = "PIXELS", value_parser = parse_count, allow_negative_numbers = true)]
    width: Option<usize>,

    /// Numbers of components of each class to choose from
    #[arg(short = 'k', long, value_name = "K", value_delimiter = ',', default_values_t = [1, 2, 3],
          value_parser = parse_count, allow_negative_numbers = true, help_heading = "Fit")]
    components: Vec<usize>,

    /// Ridges to choose from, in squared grey levels of 16
    #[arg(long, value_name = "VARIANCE", value_delimiter = ',', value_parser = parse_size,
          default_values_t = [0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0],
          allow_negative_numbers = true, help_heading = "Fit")]
    ridges: Vec<f64>,

    /// Folds of the cross-validation
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = parse_count,
          allow_negative_numbers = true, help_heading = "Fit")]
    folds: usize,

    /// Seed of all random choices: the same seed gives the same answer
    #[arg(
        long,
        value_name = "N",
        default_value_t = 42,
        value_parser = parse_seed,
        allow_negative_numbers = true,
        help_heading = "Fit"
    )]
    seed: u64,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    table: TableArgs,
}

#[derive(Serialize)]
struct JsonReport<'a> {
    input: &'a str,
    images: usize,
    width: usize,
    height: usize,
    classes: &'a [usize],
    folds: Vec<JsonFold>,
    seed: u64,
    accuracy_on_unseen: f64,
    standard_error: f64,
    errors: usize,
    /// By what `digits train` learns.
    trained_accuracy_on_unseen: f64,
    trained_standard_error: f64,
    trained_log_loss: f64,
    trained_calibration_error: f64,
    slide_accuracy_on_unseen: f64,
    slide_accuracy_on_its_own: f64,
    /// True class by class it was read as.
    confusion: Vec<Vec<usize>>,
    candidates: Vec<JsonCandidate>,
}

#[derive(Serialize)]
struct JsonFold {
    n_components: usize,
    ridge: f64,
    images: usize,
    errors: usize,
}

#[derive(Serialize)]
struct JsonCandidate {
    n_components: usize,
    ridge: f64,
    validation_accuracy: f64,
}

/// Does what the command line says.
pub(super) fn run(args: Args) -> Result<(), Failure> {
    let input = args.input.as_deref();
    let name = input.map_or_else(
        || String::from("digits that ship"),
        |path| path.display().to_string(),
    );
    let file = input.and_then(Path::file_name).unwrap_or("digits".as_ref());
    let usual = named_after(Path::new(file), "read.png");
    let places = Places::claim(input, &args.output, &args.table, usual)?;
    let images = match input {
        Some(path) => Images::read(path, args.width),
        None if args.width.is_none() => Images::shipped(),
        None => {
            let line = "--width: there is no file of images; those that ship are 8 × 8 pixels";
            return Err(Failure::Usage(String::from(line)));
        }
    };
    let images = images.map_err(|e| unreadable(&name, &e))?;
    let n_images = images.labels().len();
    if args.folds < FEWEST_FOLDS || args.folds > n_images {
        return Err(Failure::Usage(format!(
            "--folds {}: {name} has {n_images} images, which make from {FEWEST_FOLDS} to {n_images} folds",
            args.folds
        )));
    }
    let options = Options {
        candidate_components: args.components.clone(),
        candidate_ridges: args.ridges.clone(),
        n_folds: args.folds,
        seed: args.seed,
        ..Options::default()
    };
    let learning = TrainOptions {
        seed: args.seed,
        ..TrainOptions::default()
    };
    let n_steps = options.n_classifiers();
    let bar = Bar::new(n_steps + args.folds * learning.n_steps(), args.output.quiet);
    let report = analyze(&images, &options, &|done, of| {
        bar.at(done);
        bar.say(format!("classifier {done} of {of}"));
    });
    let report = report.map_err(|e| Failure::of_fit(&name, e))?;
    let trained = cross_validate(&images, &learning, args.folds, args.seed, &|done, of| {
        bar.at(n_steps + done);
        bar.say(format!("recognizers, step {done} of {of}"));
    });
    bar.finish();
    let trained = trained.map_err(|e| Failure::of_fit(&name, e))?;
    let json = to_json(&JsonReport::new(&args, &name, &images, &report, &trained))?;
    let figure = draw(&images, &report)
        .to_file(&places.figure)
        .map_err(|e| Failure::of(places.figure.display(), e))?;
    places.deliver(&args.output, (&figure, &readings(&report), &json), || {
        summary(&name, &images, &report, &trained)
    })
}

impl<'a> JsonReport<'a> {
    fn new(
        args: &Args,
        name: &'a str,
        images: &Images,
        report: &'a Report,
        trained: &Judgement,
    ) -> Self {
        let held_out = &report.held_out;
        Self {
            input: name,
            images: images.labels().len(),
            width: images.width(),
            height: images.height(),
            classes: &report.classes,
            folds: report
                .folds
                .iter()
                .map(|f| JsonFold {
                    n_components: f.settings.n_components,
                    ridge: absolute(f.settings.ridge),
                    images: f.n_images,
                    errors: f.n_errors,
                })
                .collect(),
            seed: args.seed,
            accuracy_on_unseen: held_out.accuracy(),
            standard_error: held_out.standard_error(),
            errors: held_out.n_errors(),
            trained_accuracy_on_unseen: trained.accuracy(),
            trained_standard_error: trained.standard_error(),
            trained_log_loss: trained.log_loss(),
            trained_calibration_error: trained.calibration_error(),
            slide_accuracy_on_unseen: report.slide.held_out.accuracy(),
            slide_accuracy_on_its_own: report.slide.training_accuracy,
            confusion: held_out
                .confusion
                .outer_iter()
                .map(|row| row.to_vec())
                .collect(),
            candidates: report
                .candidates
                .iter()
                .map(|c| JsonCandidate {
                    n_components: c.n_components,
                    ridge: c.ridge,
                    validation_accuracy: c.accuracy,
                })
                .collect(),
        }
    }
}

fn absolute((Ridge::Absolute(ridge) | Ridge::Relative(ridge)): Ridge) -> f64 {
    ridge
}

/// How each image was read by a fit that had not seen it.
fn readings(report: &Report) -> Vec<u8> {
    let names = ["image", "label", "read_as", "posterior", "log_odds", "fold"].map(String::from);
    let rows = report.held_out.readings.iter().enumerate().map(|(i, r)| {
        vec![
            (i + 1).to_string(),
            r.label.to_string(),
            r.predicted.to_string(),
            number(r.posterior),
            number(r.log_odds),
            (r.fold + 1).to_string(),
        ]
    });
    to_csv(&names, rows)
}

fn slide_recipe(report: &Report) -> String {
    let settings = &report.slide.settings;
    let (k, ridge) = (settings.n_components, absolute(settings.ridge));
    format!("the slide's recipe, {k} components, ridge {ridge:e}")
}

fn summary(name: &str, images: &Images, report: &Report, trained: &Judgement) -> Vec<String> {
    let held_out = &report.held_out;
    let percent = |share: f64| format!("{:.2} %", 100.0 * share);
    let mut lines = vec![
        format!(
            "{name}: {} images of {} × {} pixels, {} classes, {} folds",
            images.labels().len(),
            images.width(),
            images.height(),
            report.classes.len(),
            report.folds.len()
        ),
        String::new(),
        format!("{:<44} {:>10} {:>14}", "", "unseen", "own images"),
        format!(
            "{:<44} {:>10} {:>14}",
            slide_recipe(report),
            percent(report.slide.held_out.accuracy()),
            percent(report.slide.training_accuracy)
        ),
        format!(
            "{:<44} {:>10} {:>14}",
            "components and ridge chosen within the folds",
            percent(held_out.accuracy()),
            percent(report.training_accuracy)
        ),
        format!(
            "{:<44} {:>10}",
            "digits train, all chosen within the folds",
            percent(trained.accuracy())
        ),
        String::new(),
    ];
    let chosen: Vec<String> = report
        .folds
        .iter()
        .map(|f| {
            format!(
                "{} with {}",
                f.settings.n_components,
                absolute(f.settings.ridge)
            )
        })
        .collect();
    lines.push(format!(
        "chosen components and ridge: {}",
        chosen.join(", ")
    ));
    lines.push(format!(
        "{} of {} misread, standard error {:.2} %",
        held_out.n_errors(),
        held_out.readings.len(),
        100.0 * held_out.standard_error()
    ));
    lines
}
