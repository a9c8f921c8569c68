//! `digits generate`: images that nobody has written.

use std::path::PathBuf;

use digits::{Generator, draw_generated};
use gmm_cli::clap;
use gmm_cli::{
    Failure, OutputArgs, Places, TableArgs, named_after, parse_count, parse_seed, to_json,
};
use gmm_core::ndarray::Array2;
use gmm_table::{number, to_csv};
use serde::Serialize;

use super::input::{ImageArgs, unreadable};

/// Images of a class in the figure, at most; all are in the table.
const MOST_DRAWN: usize = 12;
/// Images of a class that are made, at most: they are in memory.
const MOST_MADE: usize = 1000;

/// What the task is told.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    images: ImageArgs,

    /// Components of each class, whose means are drawn
    #[arg(short = 'k', long, value_name = "K", default_value_t = 3, value_parser = parse_count,
          allow_negative_numbers = true, help_heading = "Fit")]
    components: usize,

    /// Images of each class to make, at most 1000
    #[arg(short, long, value_name = "N", default_value_t = 8, value_parser = parse_number,
          allow_negative_numbers = true, help_heading = "Fit")]
    number: usize,

    /// Seed of all random choices: the same seed makes the same images
    #[arg(long, value_name = "N", default_value_t = 42, value_parser = parse_seed,
          allow_negative_numbers = true, help_heading = "Fit")]
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
    /// Weights of the components of each class, the largest first.
    weights: Vec<Vec<f64>>,
    made_of_each: usize,
    seed: u64,
}

/// Does what the task says.
pub(super) fn run(args: Args) -> Result<(), Failure> {
    let name = args.images.name();
    let file = args.images.images.file_name().unwrap_or("digits".as_ref());
    let usual = named_after(file.as_ref(), "generated.png");
    let inputs = args.images.files();
    let inputs = inputs.iter().map(PathBuf::as_path);
    let places = Places::claim(inputs, &args.output, &args.table, usual)?;
    let images = args.images.read()?.into_images();
    let images = images.map_err(|error| unreadable(&name, &error))?;
    let generator = Generator::fit(&images, args.components, args.seed);
    let generator = generator.map_err(|error| Failure::of_fit(&name, error))?;
    let classes = images.classes();
    let made: Vec<Array2<f64>> = (0..classes.len())
        .map(|class| generator.draw(class, args.number, args.seed))
        .collect();
    let weights = (0..classes.len()).map(|class| generator.means(class).0);
    let json = to_json(&JsonReport {
        input: &name,
        images: images.labels().len(),
        width: images.width(),
        height: images.height(),
        classes,
        weights: weights.collect(),
        made_of_each: args.number,
        seed: args.seed,
    })?;
    let n_shown = args.number.min(MOST_DRAWN);
    let shown: Vec<Array2<f64>> = made.iter().map(|of| first(of, n_shown)).collect();
    let subtitle = format!(
        "{name}: mixtures of {} of grey levels",
        counted(args.components)
    );
    let size = (images.width(), images.height());
    let figure = draw_generated(&generator, &shown, classes, size, &subtitle)
        .to_file(&places.figure)
        .map_err(|e| Failure::of(places.figure.display(), e))?;
    let table = table(classes, &made);
    places.deliver(&args.output, (&figure, &table, &json), || {
        vec![format!(
            "{name}: {} images of {} classes, {} for each; {} made of each",
            images.labels().len(),
            classes.len(),
            counted(args.components),
            args.number
        )]
    })
}

fn parse_number(text: &str) -> Result<usize, String> {
    match parse_count(text)? {
        n if n > MOST_MADE => Err(format!("must be at most {MOST_MADE}")),
        n => Ok(n),
    }
}

fn counted(components: usize) -> String {
    format!(
        "{components} component{}",
        if components == 1 { "" } else { "s" }
    )
}

fn first(images: &Array2<f64>, n: usize) -> Array2<f64> {
    Array2::from_shape_fn((n, images.ncols()), |place| images[place])
}

/// A row for each image: its pixels and its label, as `digits train` reads them.
fn table(classes: &[usize], made: &[Array2<f64>]) -> Vec<u8> {
    let n_pixels = made.first().map_or(0, |images| images.ncols());
    let mut names: Vec<String> = (1..=n_pixels).map(|j| format!("pixel{j}")).collect();
    names.push(String::from("label"));
    let rows = classes.iter().zip(made).flat_map(|(label, images)| {
        images.rows().into_iter().map(move |image| {
            let pixels = image.iter().map(|&v| number(v));
            pixels.chain([label.to_string()]).collect::<Vec<_>>()
        })
    });
    to_csv(&names, rows)
}
