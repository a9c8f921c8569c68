//! `image-seg regions`: connected regions, as many as there are.

use std::path::{Path, PathBuf};

use gmm_cli::clap;
use gmm_cli::{
    Bar, FIGURE, Failure, OutputArgs, TableArgs, Targets, named_after, parse_count, parse_seed,
    parse_size, to_json,
};
use gmm_figures::decimal;
use image_seg::{
    MOST_REGIONS, Picture, Region, RegionOptions, Regions, draw_regions, find_regions, labels_file,
};
use serde::Serialize;

/// What the task is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Picture to divide: PNG, JPEG, PNM or BMP
    input: PathBuf,

    /// Number of regions, in place of as many as differ; small pictures may have fewer
    #[arg(long, value_name = "N", value_parser = parse_count, allow_negative_numbers = true,
          conflicts_with = "threshold")]
    regions: Option<usize>,

    /// How much regions must differ to stay apart: 0.8 leaves many more, 1.1 few
    #[arg(long, value_name = "DIFFERENCE", default_value_t = 1.0, value_parser = parse_size,
          allow_negative_numbers = true)]
    threshold: f64,

    /// Seed of all random choices: the same seed gives the same answer
    #[arg(long, value_name = "N", default_value_t = 42, value_parser = parse_seed,
          allow_negative_numbers = true)]
    seed: u64,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    table: TableArgs,

    /// Label image to write, a grey PNG of 16 bits: region 1 has the value 1 [default: beside the figure, -labels.png]
    #[arg(long, value_name = "PATH", help_heading = "Output")]
    labels: Option<PathBuf>,
}

#[derive(Serialize)]
struct JsonReport<'a> {
    input: &'a str,
    width: u32,
    height: u32,
    seed: u64,
    threshold: Option<f64>,
    regions: Vec<JsonRegion>,
    /// How much the next two regions to merge differ, by the number of regions.
    differences: Vec<JsonDifference>,
}

#[derive(Serialize)]
struct JsonRegion {
    region: usize,
    pixels: usize,
    share: f64,
    mean_color: String,
    mean_lab: [f64; 3],
    left: u32,
    top: u32,
    width: u32,
    height: u32,
    centre: [f64; 2],
}

#[derive(Serialize)]
struct JsonDifference {
    regions: usize,
    difference: f64,
}

/// Does what the command line says.
pub(crate) fn run(args: Args) -> Result<(), Failure> {
    if let Some(n) = args.regions.filter(|n| *n > MOST_REGIONS) {
        let line = format!("--regions {n}: a picture is divided into at most {MOST_REGIONS}");
        return Err(Failure::Usage(line));
    }
    if args.threshold <= 0.0 {
        return Err(Failure::Usage(String::from("--threshold: must be above 0")));
    }
    let mut targets = Targets::beside([args.input.as_path()]);
    let figure = args.output.out.clone();
    let figure = figure.unwrap_or_else(|| named_after(&args.input, "regions.png"));
    let beside = figure.with_file_name(named_after(&figure, "labels.png"));
    let labels = args.labels.clone().unwrap_or(beside);
    let figure = targets.claim("--out", figure, FIGURE)?;
    let labels = targets.claim("--labels", labels, &["png"])?;
    let csv = args.table.csv.clone();
    let csv = csv
        .map(|path| targets.claim("--csv", path, &[]))
        .transpose()?;
    let json_file = args.output.json_file(&mut targets)?;

    let name = args.input.file_name().unwrap_or_default().to_string_lossy();
    let bar = Bar::new(1, args.output.quiet);
    bar.say("reading the picture");
    let picture = Picture::read(&args.input).map_err(|e| Failure::of(args.input.display(), e))?;
    let options = RegionOptions {
        threshold: args.threshold,
        n_regions: args.regions,
        seed: args.seed,
    };
    let found = find_regions(&picture, &options, &|what| bar.say(what));
    let found = found.map_err(|e| Failure::of_fit(&name, e))?;
    bar.say("drawing");
    let drawing = |e| Failure::of(&name, e);
    let drawn = draw_regions(&picture, &found, &name);
    let drawn = drawn.to_file(&figure).map_err(drawing)?;
    let label_image = labels_file(&picture, &found).map_err(drawing)?;
    let listed = listed(&found);
    let table = table(&listed);
    let json = to_json(&JsonReport {
        input: &name,
        width: picture.width(),
        height: picture.height(),
        seed: args.seed,
        threshold: args.regions.is_none().then_some(args.threshold),
        regions: listed,
        differences: found
            .differences
            .iter()
            .map(|&(regions, difference)| JsonDifference {
                regions,
                difference,
            })
            .collect(),
    })?;
    bar.finish();
    let mut files: Vec<(&Path, &[u8])> = vec![(&figure, &drawn), (&labels, &label_image)];
    files.extend(csv.as_deref().map(|path| (path, table.as_slice())));
    files.extend(json_file.as_deref().map(|path| (path, json.as_slice())));
    args.output.deliver(&files, &json, || {
        let mut lines = summary(&name, &picture, &found, args.regions);
        let named = |what: &str, path: &Path| format!("{what:<7} {}", path.display());
        lines.push(named("figure", &figure));
        lines.push(format!(
            "{}   (values 1 to {})",
            named("labels", &labels),
            found.regions.len()
        ));
        lines.extend(csv.as_deref().map(|path| named("table", path)));
        lines.extend(json_file.as_deref().map(|path| named("report", path)));
        lines.join("\n")
    })
}

fn listed(found: &Regions) -> Vec<JsonRegion> {
    let region = |(i, r): (usize, &Region)| {
        let [left, top, width, height] = r.bounding_box;
        JsonRegion {
            region: i + 1,
            pixels: r.size,
            share: r.size as f64 / found.labels.len() as f64,
            mean_color: r.mean_color.hex(),
            mean_lab: r.mean_lab,
            left,
            top,
            width,
            height,
            centre: r.centre,
        }
    };
    found.regions.iter().enumerate().map(region).collect()
}

/// One line for each region.
fn table(regions: &[JsonRegion]) -> Vec<u8> {
    let mut lines = vec![String::from(
        "region,pixels,share,mean_color,mean_l,mean_a,mean_b,left,top,width,height,centre_x,centre_y",
    )];
    for r in regions {
        let [l, a, b] = r.mean_lab;
        let [x, y] = r.centre;
        lines.push(format!(
            "{},{},{},{},{l},{a},{b},{},{},{},{},{x},{y}",
            r.region, r.pixels, r.share, r.mean_color, r.left, r.top, r.width, r.height
        ));
    }
    (lines.join("\n") + "\n").into_bytes()
}

/// Regions that are listed on a terminal.
const LISTED: usize = 12;

fn summary(name: &str, picture: &Picture, found: &Regions, asked: Option<usize>) -> Vec<String> {
    let n = found.regions.len();
    let mut lines = vec![
        format!(
            "{name}: {} × {} pixels, {n} region{}",
            picture.width(),
            picture.height(),
            if n == 1 { "" } else { "s" }
        ),
        String::new(),
        format!(
            "{:>6} {:>8} {:>10}   {:<8} {:>8} {:>8} {:>8}   at (left, top), width × height",
            "region", "share", "pixels", "mean", "L*", "a*", "b*"
        ),
    ];
    for (i, r) in found.regions.iter().enumerate().take(LISTED) {
        let [left, top, width, height] = r.bounding_box;
        lines.push(format!(
            "{:>6} {:>6.1} % {:>10}   {:<8} {:>8} {:>8} {:>8}   ({left}, {top}), {width} × {height}",
            i + 1,
            100.0 * r.size as f64 / found.labels.len() as f64,
            r.size,
            r.mean_color.hex(),
            decimal(r.mean_lab[0], 2),
            decimal(r.mean_lab[1], 2),
            decimal(r.mean_lab[2], 2),
        ));
    }
    if n > LISTED {
        lines.push(format!("{:>6} {} more", "and", n - LISTED));
    }
    if asked.is_some_and(|asked| asked > n) {
        lines.push(format!(
            "note: the picture has only {n} regions to tell apart"
        ));
    }
    lines.push(String::new());
    lines
}
