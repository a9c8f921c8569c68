//! The command line.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use gmm_cli::clap::{self, Parser};
use gmm_cli::{Bar, Failure, Outputs, print};
use gmm_figures::{Exhibit, decimal};
use rayon::prelude::*;

use crate::gallery::{Shown, page};
use crate::peers::Peers;
use crate::registry::{SLIDES, Slide};

/// Regenerate the figures of the slides, with a gallery of them
///
/// Writes figures and index.html, a page that needs no other file, and prints for each figure the number that
/// matters with scikit-learn's beside it.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "\
Examples:
  slides           all figures, into figures/
  slides 4 13      those of two slides
  slides --svg     drawings that stay sharp at any size"
)]
pub(crate) struct Args {
    /// Slides to draw [default: all]
    #[arg(value_name = "SLIDE", allow_negative_numbers = true, value_parser = parse_slide)]
    slides: Vec<usize>,

    /// List the slides and draw nothing
    #[arg(long)]
    list: bool,

    /// Write SVG in place of PNG
    #[arg(long)]
    svg: bool,

    /// Folder to write to; it is made if it is not there
    #[arg(short, long, value_name = "FOLDER", default_value = "figures")]
    out: PathBuf,

    /// Print nothing but errors
    #[arg(short, long)]
    quiet: bool,
}

fn parse_slide(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if SLIDES.iter().any(|s| s.number == number) => Ok(number),
        _ => Err(String::from(
            "slides with figures are 1 to 14 (--list names them)",
        )),
    }
}

/// Does what the command line says.
pub(crate) fn run(args: Args) -> Result<(), Failure> {
    if args.list {
        let lines: Vec<String> = SLIDES
            .iter()
            .map(|s| format!("{:>2}  {}", s.number, s.title))
            .collect();
        return print(&lines.join("\n"));
    }
    if args.out.exists() && !args.out.is_dir() {
        return Err(Failure::of(args.out.display(), "it is not a folder"));
    }
    let wanted: Vec<&Slide> = SLIDES
        .iter()
        .filter(|s| args.slides.is_empty() || args.slides.contains(&s.number))
        .collect();
    let peers = Peers::read().map_err(|e| Failure::of("scikit-learn's numbers", e))?;
    let (ending, media_type) = if args.svg {
        ("svg", "image/svg+xml")
    } else {
        ("png", "image/png")
    };
    let bar = Bar::new(wanted.len(), args.quiet);
    let n_done = AtomicUsize::new(0);
    let drawn = wanted
        .par_iter()
        .map(|slide| {
            bar.say(format!("slide {}: {}", slide.number, slide.title));
            let drawn = draw(slide, args.svg)?;
            bar.at(n_done.fetch_add(1, Ordering::Relaxed) + 1);
            Ok(drawn)
        })
        .collect::<Result<Vec<_>, Failure>>()?;
    bar.finish();
    let shown: Vec<Shown<'_>> = wanted
        .iter()
        .zip(&drawn)
        .map(|(slide, exhibits)| Shown { slide, exhibits })
        .collect();
    let html = page(&shown, &peers, media_type);
    // The folder is only made once there is something to put into it.
    std::fs::create_dir_all(&args.out).map_err(|e| cannot_make(&args.out, &e))?;
    let mut outputs = Outputs::default();
    let mut lines = Vec::new();
    for (exhibit, file) in drawn.iter().flatten() {
        let path = args.out.join(format!(
            "slide{:02}-{}.{ending}",
            exhibit.slide, exhibit.name
        ));
        outputs.add(&path, file)?;
        lines.push(line(exhibit, &path.display().to_string(), &peers));
    }
    let index = args.out.join("index.html");
    outputs.add(&index, html.as_bytes())?;
    outputs.commit()?;
    if args.quiet {
        return Ok(());
    }
    lines.push(format!("gallery  {}", index.display()));
    print(&lines.join("\n"))
}

fn cannot_make(folder: &Path, error: &std::io::Error) -> Failure {
    let why = gmm_files::reason(error);
    Failure::of(folder.display(), format!("cannot make this folder: {why}"))
}

fn draw(slide: &Slide, as_svg: bool) -> Result<Vec<(Exhibit, Vec<u8>)>, Failure> {
    let refused = |e: &dyn std::fmt::Display| Failure::of(format!("slide {}", slide.number), e);
    let exhibits = slide.exhibits().map_err(|e| refused(&e))?;
    let with_file = |exhibit: Exhibit| {
        let file = if as_svg {
            exhibit.sheet.to_svg()
        } else {
            exhibit.sheet.to_png()
        };
        Ok((exhibit, file.map_err(|e| refused(&e))?))
    };
    exhibits.into_iter().map(with_file).collect()
}

/// A figure's file with the number that matters, and scikit-learn's.
fn line(exhibit: &Exhibit, path: &str, peers: &Peers) -> String {
    let Some(fact) = exhibit.facts.first() else {
        return String::from(path);
    };
    let number = |value: f64| decimal(value, fact.decimals);
    let peer = peers
        .value(exhibit.slide, &fact.name)
        .map(|value| format!("  (scikit-learn {})", number(value)));
    format!(
        "{path:<34} {:<26} {:>12}{}",
        fact.name,
        number(fact.value),
        peer.unwrap_or_default()
    )
}
