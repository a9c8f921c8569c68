//! The command line.

use std::path::{Path, PathBuf};

use gmm_cli::clap::{self, Parser, ValueEnum};
use gmm_cli::{Bar, Failure, FitArgs, FitReport, Outputs, print, to_json};
use gmm_core::Ridge;
use gmm_figures::decimal;
use image_seg::{ColorSpace, Options, Palette, Picture, Report, analyze, draw, label_image};
use serde::Serialize;

/// Segment a picture by a Gaussian mixture of its colours
///
/// Writes a figure (original beside segments), a label image (an indexed PNG whose pixel values are the
/// segments, 0 the darkest), and on request a JSON report.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "\
Examples:
  image-seg                                  Andromeda in 5 segments
  image-seg photo.jpg -k 8 --out eight.png   8 segments
  image-seg photo.jpg --select 2..8          as many segments as BIC finds
  image-seg photo.jpg --palette mean         segments in their mean colours"
)]
pub(crate) struct Args {
    /// Picture to segment: PNG, JPEG, PNM or BMP [default: the Andromeda galaxy]
    input: Option<PathBuf>,

    #[command(flatten)]
    fit: FitArgs,

    /// Variance added to every covariance, in squared units of the colour space
    #[arg(
        long,
        value_name = "VARIANCE",
        default_value_t = 1e-6,
        help_heading = "Fit",
        allow_negative_numbers = true
    )]
    ridge: f64,

    /// Space in which colours are compared
    #[arg(long, value_name = "SPACE", default_value = "lab")]
    color: SpaceArg,

    /// Colours of the segments: ordered from dark to light, or the mean of each
    #[arg(long, value_name = "NAME", default_value = "ordered")]
    palette: PaletteArg,

    /// Figure to write [default: INPUT-segments.png in this folder]
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,

    /// Label image to write [default: beside the figure, -labels.png]
    #[arg(long, value_name = "PATH")]
    labels: Option<PathBuf>,

    /// JSON report to write
    #[arg(long, value_name = "PATH")]
    json: Option<PathBuf>,

    /// Print nothing but errors
    #[arg(short, long)]
    quiet: bool,
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
        let name = self.name();
        let stem = Path::new(&name)
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let figure = self
            .out
            .clone()
            .unwrap_or_else(|| format!("{stem}-segments.png").into());
        let labels = self.labels.clone().unwrap_or_else(|| {
            let stem = figure
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let stem = stem.strip_suffix("-segments").unwrap_or(&stem);
            figure.with_file_name(format!("{stem}-labels.png"))
        });
        let all: Vec<&PathBuf> = [
            Some(&figure),
            Some(&labels),
            self.json.as_ref(),
            self.input.as_ref(),
        ]
        .into_iter()
        .flatten()
        .collect();
        for (i, a) in all.iter().enumerate() {
            if all[..i].iter().any(|b| same_file(a, b)) {
                let line = format!("{} is named twice among input and outputs", a.display());
                return Err(Failure::Usage(line));
            }
        }
        Ok(Paths {
            figure,
            labels,
            json: self.json.clone(),
        })
    }

    fn options(&self) -> Options {
        Options {
            n_components: self.fit.n_components(),
            covariance_type: self.fit.covariance,
            color_space: match self.color {
                SpaceArg::Lab => ColorSpace::Lab,
                SpaceArg::Rgb => ColorSpace::Rgb,
            },
            params: self.fit.params(Ridge::Absolute(self.ridge)),
        }
    }

    fn palette(&self) -> Palette {
        match self.palette {
            PaletteArg::Ordered => Palette::Ordered,
            PaletteArg::Mean => Palette::Mean,
        }
    }
}

fn same_file(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// Does what the command line says.
pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let paths = args.paths()?;
    let picture = match &args.input {
        Some(path) => Picture::read(path).map_err(|e| Failure::of(path.display(), e))?,
        None => Picture::andromeda().map_err(|e| Failure::of("Andromeda", e))?,
    };
    let options = args.options();
    let bar = Bar::new(options.n_components.clone().count(), args.quiet);
    bar.say("counting colours");
    let report = analyze(&picture, &options, &mut |place, progress| {
        bar.at(place);
        bar.say(format!(
            "{} components, iteration {}: mean log-likelihood {:.4}",
            options.n_components.start() + place,
            progress.iteration,
            progress.objective
        ));
    })
    .map_err(|e| in_picture(&args, e))?;
    bar.say("drawing");
    let drawing = |e| Failure::of(args.name(), e);
    let sheet = draw(&picture, &report, args.palette(), &args.name()).map_err(drawing)?;
    let labels = label_image(&picture, &report, args.palette()).map_err(drawing)?;
    let mut outputs = Outputs::default();
    outputs.add(&paths.figure, &sheet.to_png().map_err(drawing)?)?;
    outputs.add(&paths.labels, &labels)?;
    if let Some(path) = &paths.json {
        outputs.add(path, &to_json(&JsonReport::new(&args, &picture, &report))?)?;
    }
    outputs.commit()?;
    bar.finish();
    if args.quiet {
        Ok(())
    } else {
        print(&summary(&args, &picture, &report, &paths))
    }
}

fn in_picture(args: &Args, error: gmm_core::GmmError) -> Failure {
    match Failure::from(error) {
        Failure::Work(reason) => Failure::of(args.name(), reason),
        usage => usage,
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
    ridge: f64,
    #[serde(flatten)]
    fit: FitReport,
    segments: Vec<JsonSegment>,
    selection: Vec<JsonCandidate>,
}

#[derive(Serialize)]
struct JsonSegment {
    share: f64,
    mean_color: String,
}

#[derive(Serialize)]
struct JsonCandidate {
    n_components: usize,
    bic: f64,
    mean_log_likelihood: f64,
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
            seed: args.fit.seed,
            ridge: args.ridge,
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
            selection: report
                .candidates
                .iter()
                .map(|c| JsonCandidate {
                    n_components: c.n_components,
                    bic: c.bic,
                    mean_log_likelihood: c.mean_log_likelihood,
                })
                .collect(),
        }
    }
}

fn summary(args: &Args, picture: &Picture, report: &Report, paths: &Paths) -> String {
    let fitted = &report.fitted;
    let [x, y, z] = report.color_space.axes();
    let mut lines = vec![
        format!(
            "{}: {} × {} pixels, {} distinct colours",
            args.name(),
            picture.width(),
            picture.height(),
            report.n_colors
        ),
        String::new(),
    ];
    if report.n_colors == 1 {
        lines.push(String::from(
            "The picture has a single colour, and so a single segment.",
        ));
        lines.push(String::new());
    } else if report.n_colors < *args.fit.n_components().end() {
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
        if report.segments.len() == *args.fit.n_components().end() {
            lines.push(String::from(
                "BIC is least at the end of the range; more may be better still.",
            ));
        }
        lines.push(String::new());
    }
    lines.push(format!(
        "{:>7} {:>8} {:>10}   {:<8} {x:>8} {y:>8} {z:>8}",
        "segment", "share", "pixels", "mean"
    ));
    let means = fitted.model.means();
    for (i, s) in report.segments.iter().enumerate() {
        lines.push(format!(
            "{:>7} {:>6.1} % {:>10}   {:<8} {:>8} {:>8} {:>8}",
            i + 1,
            100.0 * s.size as f64 / report.labels.len() as f64,
            s.size,
            s.mean_color.hex(),
            decimal(means[(i, 0)], 2),
            decimal(means[(i, 1)], 2),
            decimal(means[(i, 2)], 2),
        ));
    }
    lines.push(String::new());
    lines.push(format!(
        "mean log-likelihood {} nats per pixel, BIC {}, {} after {} iterations",
        decimal(fitted.mean_log_likelihood(), 6),
        decimal(fitted.bic(), 1),
        fitted.outcome.name(),
        fitted.n_iterations()
    ));
    lines.extend(fitted.notes.iter().map(|note| format!("note: {note}")));
    lines.push(format!("figure  {}", paths.figure.display()));
    lines.push(format!("labels  {}", paths.labels.display()));
    lines.extend(
        paths
            .json
            .iter()
            .map(|path| format!("report  {}", path.display())),
    );
    lines.join("\n")
}
