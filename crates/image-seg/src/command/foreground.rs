//! `image-seg foreground`: what is inside a rectangle or marked, cut out.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use gmm_cli::clap;
use gmm_cli::{
    Bar, FIGURE, Failure, OutputArgs, Targets, named_after, parse_count, parse_seed, parse_size,
    to_json,
};
use image_seg::{
    Foreground, ForegroundOptions, Marks, Picture, cutout_file, draw_foreground, find_foreground,
    mask_file,
};
use serde::Serialize;

/// What the task is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Picture to cut: PNG, JPEG, PNM or BMP
    input: PathBuf,

    /// Rectangle around the foreground: its left column and top row, from 0, its width and its height in pixels
    #[arg(
        long,
        value_name = "X,Y,W,H",
        allow_hyphen_values = true,
        conflicts_with = "mask"
    )]
    rectangle: Option<Rectangle>,

    /// Picture of the same size with marks: white is foreground, black background, all else and what is transparent
    /// unknown
    #[arg(long, value_name = "PATH")]
    mask: Option<PathBuf>,

    /// Components of each of the two mixtures, at most 50
    #[arg(short = 'k', long, value_name = "K", default_value_t = 5, value_parser = parse_count,
          allow_negative_numbers = true)]
    components: usize,

    /// What a border costs where the picture is even: larger values make smoother borders
    #[arg(long, value_name = "COST", default_value_t = 50.0, value_parser = parse_size,
          allow_negative_numbers = true)]
    smoothness: f64,

    /// Rounds of fitting and cutting, at most
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = parse_count,
          allow_negative_numbers = true)]
    rounds: usize,

    /// Seed of all random choices: the same seed gives the same answer
    #[arg(long, value_name = "N", default_value_t = 42, value_parser = parse_seed,
          allow_negative_numbers = true)]
    seed: u64,

    #[command(flatten)]
    output: OutputArgs,

    /// Foreground to write, a PNG whose background is transparent [default: beside the figure, -cutout.png]
    #[arg(long, value_name = "PATH", help_heading = "Output")]
    cutout: Option<PathBuf>,

    /// Foreground in white on black to write, a PNG that --mask reads [default: beside the figure, -mask.png]
    #[arg(long, value_name = "PATH", help_heading = "Output")]
    save_mask: Option<PathBuf>,
}

/// Columns and rows of a rectangle.
#[derive(Debug, Clone, Copy)]
struct Rectangle([u32; 4]);

impl FromStr for Rectangle {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let why = || String::from("must be four whole numbers: left, top, width, height");
        let numbers: Result<Vec<u32>, _> = text.split(',').map(|n| n.trim().parse()).collect();
        let numbers: [u32; 4] = numbers.map_err(|_| why())?.try_into().map_err(|_| why())?;
        if numbers[2] == 0 || numbers[3] == 0 {
            return Err(String::from("width and height must be at least 1"));
        }
        Ok(Self(numbers))
    }
}

#[derive(Serialize)]
struct JsonReport<'a> {
    input: &'a str,
    width: u32,
    height: u32,
    seed: u64,
    components: usize,
    smoothness: f64,
    rounds: usize,
    converged: bool,
    foreground_pixels: usize,
    share: f64,
    background_means: Vec<Vec<f64>>,
    foreground_means: Vec<Vec<f64>>,
}

/// The most components of a mixture of colours that are worth their time.
const MOST_COMPONENTS: usize = 50;

/// Does what the command line says.
pub(crate) fn run(args: Args) -> Result<(), Failure> {
    if args.rectangle.is_none() && args.mask.is_none() {
        return Err(Failure::Usage(String::from(
            "give a --rectangle or a --mask",
        )));
    }
    if args.components > MOST_COMPONENTS {
        return Err(Failure::Usage(format!(
            "--components {}: at most {MOST_COMPONENTS}",
            args.components
        )));
    }
    let inputs = std::iter::once(args.input.as_path()).chain(args.mask.as_deref());
    let mut targets = Targets::beside(inputs);
    let figure = args.output.out.clone();
    let figure = figure.unwrap_or_else(|| named_after(&args.input, "foreground.png"));
    let beside = |ending| figure.with_file_name(named_after(&figure, ending));
    let cutout = args.cutout.clone().unwrap_or_else(|| beside("cutout.png"));
    let mask = args.save_mask.clone().unwrap_or_else(|| beside("mask.png"));
    let figure = targets.claim("--out", figure, FIGURE)?;
    let cutout = targets.claim("--cutout", cutout, &["png"])?;
    let mask = targets.claim("--save-mask", mask, &["png"])?;
    let json_file = args.output.json_file(&mut targets)?;

    let name = args.input.file_name().unwrap_or_default().to_string_lossy();
    let bar = Bar::new(args.rounds, args.output.quiet);
    bar.say("reading the picture");
    let picture = Picture::read(&args.input).map_err(|e| Failure::of(args.input.display(), e))?;
    let marks = marks(&args, &picture)?;
    let options = ForegroundOptions {
        n_components: args.components,
        max_n_rounds: args.rounds,
        smoothness: args.smoothness,
        seed: args.seed,
    };
    let found = find_foreground(&picture, &marks, &options, &|round| {
        bar.say(format!("round {round}"));
    })
    .map_err(|e| match &args.mask {
        Some(mask) => Failure::of(mask.display(), e),
        None => Failure::of(&name, e),
    })?;
    bar.say("drawing");
    let drawing = |e| Failure::of(&name, e);
    let drawn = draw_foreground(&picture, &marks, &found, &name);
    let drawn = drawn.to_file(&figure).map_err(drawing)?;
    let cut = cutout_file(&picture, &found).map_err(drawing)?;
    let white = mask_file(&picture, &found).map_err(drawing)?;
    let n = found.is_foreground.iter().filter(|f| **f).count();
    let means = |side: usize| {
        let rows = found.mixtures[side].means().rows().into_iter();
        rows.map(|row| row.to_vec()).collect()
    };
    let json = to_json(&JsonReport {
        input: &name,
        width: picture.width(),
        height: picture.height(),
        seed: args.seed,
        components: args.components,
        smoothness: args.smoothness,
        rounds: found.n_rounds,
        converged: found.has_converged,
        foreground_pixels: n,
        share: n as f64 / found.is_foreground.len() as f64,
        background_means: means(0),
        foreground_means: means(1),
    })?;
    bar.finish();
    let mut files: Vec<(&Path, &[u8])> = vec![(&figure, &drawn), (&cutout, &cut), (&mask, &white)];
    files.extend(json_file.as_deref().map(|path| (path, json.as_slice())));
    args.output.deliver(&files, &json, || {
        let mut lines = vec![told(&name, &picture, &found, n)];
        let named = |what: &str, path: &Path| format!("{what:<7} {}", path.display());
        lines.extend([
            named("figure", &figure),
            named("cutout", &cutout),
            named("mask", &mask),
        ]);
        lines.extend(json_file.as_deref().map(|path| named("report", path)));
        lines.join("\n")
    })
}

/// What the command line says of the pixels.
fn marks(args: &Args, picture: &Picture) -> Result<Marks, Failure> {
    let size = (picture.width(), picture.height());
    match (&args.mask, args.rectangle) {
        (Some(mask), _) => Marks::read(mask).map_err(|e| Failure::of(mask.display(), e)),
        (None, Some(Rectangle(rectangle))) => {
            let outside = || {
                let [x, y, w, h] = rectangle;
                let (width, height) = size;
                Failure::Usage(format!(
                    "--rectangle {x},{y},{w},{h}: lies outside the picture of {width} × {height} pixels"
                ))
            };
            Marks::outside(size, rectangle).ok_or_else(outside)
        }
        (None, None) => Err(Failure::Usage(String::from(
            "give a --rectangle or a --mask",
        ))),
    }
}

fn told(name: &str, picture: &Picture, found: &Foreground, n: usize) -> String {
    format!(
        "{name}: {} × {} pixels, {:.1} % of them foreground; {} after {} round{}",
        picture.width(),
        picture.height(),
        100.0 * n as f64 / found.is_foreground.len() as f64,
        if found.has_converged {
            "converged"
        } else {
            "stopped"
        },
        found.n_rounds,
        if found.n_rounds == 1 { "" } else { "s" }
    )
}
