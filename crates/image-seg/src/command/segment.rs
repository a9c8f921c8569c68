//! `image-seg segment`: a mixture of colours, as on the slide.

use std::path::{Path, PathBuf};

use gmm_cli::clap::{self, ValueEnum};
use gmm_cli::{
    Bar, FIGURE, Failure, FitArgs, FitReport, OutputArgs, Targets, closing, named_after, to_json,
};
use gmm_core::{Criteria, GmmError, Note, Ridge};
use gmm_figures::decimal;
use image_seg::{
    ColorSpace, MOST_SEGMENTS, Options, Palette, Picture, RegionOptions, Report, analyze, draw,
    draw_regions, find_regions, label_image,
};
use serde::Serialize;

/// What the task is told.
#[derive(Debug, clap::Args)]
#[command(mut_arg("components", |flag| flag.help("Number of segments [default: 5]")))]
pub(crate) struct Args {
    /// Picture to segment: PNG, JPEG, PNM or BMP [default: the Andromeda galaxy]
    input: Option<PathBuf>,

    #[command(flatten)]
    fit: FitArgs,

    #[command(flatten)]
    output: OutputArgs,

    /// Label image to write, a PNG [default: beside the figure, -labels.png]
    #[arg(long, value_name = "PATH", help_heading = "Output")]
    labels: Option<PathBuf>,

    /// Space in which colours are compared
    #[arg(long, value_name = "SPACE", default_value = "lab", ignore_case = true)]
    color: SpaceArg,

    /// Colours of the segments: ordered from dark to light, or the mean of each
    #[arg(
        long,
        value_name = "NAME",
        default_value = "ordered",
        ignore_case = true
    )]
    palette: PaletteArg,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SpaceArg {
    Lab,
    Rgb,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PaletteArg {
    Ordered,
    Mean,
}

/// The slides' ridge, in squared units of the colour space.
const RIDGE: f64 = 1e-6;

/// Where everything goes.
struct Paths {
    figure: PathBuf,
    labels: PathBuf,
    json: Option<PathBuf>,
}

impl Args {
    fn name(&self) -> String {
        let file = self.input.as_deref().and_then(Path::file_name);
        file.map_or_else(
            || String::from("m31.png"),
            |name| name.to_string_lossy().into_owned(),
        )
    }

    fn paths(&self) -> Result<Paths, Failure> {
        let input = self.input.as_deref();
        let name = input.unwrap_or(Path::new("m31.png"));
        let figure = self.output.out.clone();
        let figure = figure.unwrap_or_else(|| named_after(name, "segments.png"));
        let labels = self
            .labels
            .clone()
            .unwrap_or_else(|| match &self.output.out {
                Some(out) => out.with_file_name(named_after(out, "labels.png")),
                None => named_after(name, "labels.png"),
            });
        let mut targets = Targets::beside(input);
        Ok(Paths {
            figure: targets.claim("--out", figure, FIGURE)?,
            labels: targets.claim("--labels", labels, &["png"])?,
            json: self.output.json_file(&mut targets)?,
        })
    }

    fn check_count(&self) -> Result<(), Failure> {
        let most = *self.fit.n_components(5..=5).end();
        let flag = self.fit.count_flag();
        if most > MOST_SEGMENTS {
            let line = format!("{flag} {most}: a picture has at most {MOST_SEGMENTS} segments");
            return Err(Failure::Usage(line));
        }
        Ok(())
    }

    fn options(&self) -> Options {
        Options {
            n_components: self.fit.n_components(5..=5),
            covariance_type: self.fit.covariance.unwrap_or_default(),
            color_space: match self.color {
                SpaceArg::Lab => ColorSpace::Lab,
                SpaceArg::Rgb => ColorSpace::Rgb,
            },
            params: self.fit.params(Ridge::Absolute(RIDGE)),
        }
    }

    fn palette(&self) -> Palette {
        match self.palette {
            PaletteArg::Ordered => Palette::Ordered,
            PaletteArg::Mean => Palette::Mean,
        }
    }
}

/// Does what the command line says.
pub(crate) fn run(args: Args) -> Result<(), Failure> {
    args.check_count()?;
    let paths = args.paths()?;
    let bar = Bar::new(args.fit.n_components(5..=5).count(), args.output.quiet);
    bar.say("reading the picture");
    let picture = match &args.input {
        Some(path) => Picture::read(path).map_err(|e| Failure::of(path.display(), e))?,
        None => Picture::andromeda().map_err(|e| Failure::of("Andromeda", e))?,
    };
    let options = args.options();
    let report = analyze(&picture, &options, &|place, progress| {
        bar.tell(options.n_components.start() + place, progress);
    })
    .map_err(|e| in_picture(&args, e))?;
    bar.say("drawing");
    let drawing = |e| Failure::of(args.name(), e);
    let sheet = draw(&picture, &report, args.palette(), &args.name());
    // The slide's picture also shows what does more than the slide.
    let sheet = match args.input {
        Some(_) => sheet,
        None => {
            let found = find_regions(&picture, &RegionOptions::default(), &|what| bar.say(what));
            let found = found.map_err(|e| in_picture(&args, e))?;
            sheet.above(draw_regions(&picture, &found, "The same in regions"))
        }
    };
    let figure = sheet.to_file(&paths.figure).map_err(drawing)?;
    let labels = label_image(&picture, &report, args.palette()).map_err(drawing)?;
    let json = to_json(&JsonReport::new(&args, &picture, &report))?;
    bar.finish();
    // Everything is ready before anything is written.
    let mut files: Vec<(&Path, &[u8])> = vec![(&paths.figure, &figure), (&paths.labels, &labels)];
    files.extend(paths.json.as_deref().map(|path| (path, json.as_slice())));
    args.output
        .deliver(&files, &json, || summary(&args, &picture, &report, &paths))
}

fn in_picture(args: &Args, error: GmmError) -> Failure {
    match error {
        GmmError::NotPositiveDefinite { .. } => {
            let why = "a segment has no spread of its own; give a --ridge above 0";
            Failure::of(args.name(), why)
        }
        error => Failure::of_fit(args.name(), error),
    }
}

#[derive(Serialize)]
struct JsonReport {
    input: String,
    width: u32,
    height: u32,
    n_colors: usize,
    color_space: &'static str,
    seed: u64,
    restarts: usize,
    tolerance: f64,
    max_iterations: usize,
    ridge: f64,
    #[serde(flatten)]
    fit: FitReport,
    segments: Vec<JsonSegment>,
    selection: Vec<Criteria>,
}

#[derive(Serialize)]
struct JsonSegment {
    share: f64,
    mean_color: String,
}

impl JsonReport {
    fn new(args: &Args, picture: &Picture, report: &Report) -> Self {
        let n_pixels = report.labels.len() as f64;
        Self {
            input: args.name(),
            width: picture.width(),
            height: picture.height(),
            n_colors: report.n_colors,
            color_space: report.color_space.name(),
            seed: args.fit.search.seed,
            restarts: args.fit.search.restarts,
            tolerance: report.fitted.tolerance,
            max_iterations: args.fit.search.max_iterations,
            ridge: args.fit.search.ridge.unwrap_or(RIDGE),
            fit: FitReport::new(
                &report.fitted,
                report.segments.iter().map(|s| s.size).collect(),
            ),
            segments: report
                .segments
                .iter()
                .map(|s| JsonSegment {
                    share: s.size as f64 / n_pixels,
                    mean_color: s.mean_color.hex(),
                })
                .collect(),
            selection: report.candidates.clone(),
        }
    }
}

fn summary(args: &Args, picture: &Picture, report: &Report, paths: &Paths) -> String {
    let fitted = &report.fitted;
    let [x, y, z] = report.color_space.axes();
    let mut lines = vec![format!(
        "{}: {} × {} pixels, {} distinct colour{}",
        args.name(),
        picture.width(),
        picture.height(),
        report.n_colors,
        if report.n_colors == 1 { "" } else { "s" }
    )];
    if report.color_depth < 16 {
        lines.push(format!(
            "colours are told apart at {} bits a channel",
            report.color_depth
        ));
    }
    lines.push(String::new());
    if report.n_colors == 1 {
        lines.push(String::from(
            "The picture has a single colour, and so a single segment.",
        ));
        lines.push(String::new());
    } else if report.n_colors < *args.fit.n_components(5..=5).end() {
        lines.push(format!(
            "It has only {} colours to make segments of.",
            report.n_colors
        ));
        lines.push(String::new());
    }
    if report.candidates.len() > 1 {
        lines.push(format!(
            "{:>10} {:>16} {:>22}",
            "components", "BIC", "mean log-likelihood"
        ));
        for c in &report.candidates {
            let mark = if c.n_components == report.segments.len() {
                "  best"
            } else {
                ""
            };
            lines.push(format!(
                "{:>10} {:>16} {:>22}{mark}",
                c.n_components,
                decimal(c.bic, 1),
                decimal(c.mean_log_likelihood, 6)
            ));
        }
        if report.segments.len() == *args.fit.n_components(5..=5).end() {
            lines.push(String::from(
                "BIC is least at the end of the range, as it often is: it trusts that pixels are independent.",
            ));
        }
        lines.push(String::new());
    }
    lines.push(format!(
        "{:>7} {:>8} {:>10}   {:<8} {x:>8} {y:>8} {z:>8}",
        "segment", "share", "pixels", "mean"
    ));
    for (i, s) in report.segments.iter().enumerate() {
        lines.push(format!(
            "{:>7} {:>6.1} % {:>10}   {:<8} {:>8} {:>8} {:>8}",
            i + 1,
            100.0 * s.size as f64 / report.labels.len() as f64,
            s.size,
            s.mean_color.hex(),
            decimal(s.mean[0], 2),
            decimal(s.mean[1], 2),
            decimal(s.mean[2], 2),
        ));
    }
    lines.push(String::new());
    lines.push(closing(fitted, "pixel"));
    lines.extend(fitted.notes.iter().filter_map(note));
    lines.extend(
        (1..)
            .zip(&report.segments)
            .filter(|(_, s)| s.size == 0)
            .map(|(i, _)| {
                format!("note: segment {i} has no pixels: others are more probable for all")
            }),
    );
    lines.push(format!("figure  {}", paths.figure.display()));
    lines.push(format!(
        "labels  {}   (values 0 to {})",
        paths.labels.display(),
        report.segments.len() - 1
    ));
    lines.extend(
        paths
            .json
            .iter()
            .map(|path| format!("report  {}", path.display())),
    );
    lines.join("\n")
}

/// A note in the words of pictures, with segments counted from 1 as in the table.
fn note(note: &Note) -> Option<String> {
    let segment = note.component()? + 1;
    Some(match note {
        // Told with the segments that have no pixels.
        Note::EmptyComponent { .. } => return None,
        Note::ThinComponent { weight, .. } => {
            format!("note: segment {segment} rests on {weight:.1} pixels only")
        }
        Note::Collapsed { .. } => {
            format!("note: segment {segment} shrank onto one colour; a larger --ridge avoids that")
        }
        other => format!("note: segment {segment}: {other}"),
    })
}
