//! The command line.

mod foreground;
mod regions;
mod segment;

use gmm_cli::Failure;
use gmm_cli::clap::{self, Parser, Subcommand};

/// Divide a picture: by a mixture of its colours, into connected regions, or into foreground and background
///
/// Without a task it segments by a Gaussian mixture of colours, as on the slide, and writes a figure (original beside
/// segments), a label image (an indexed PNG whose pixel values are the segments, 0 the darkest), and on request a JSON
/// report.
#[derive(Debug, Parser)]
#[command(
    version,
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  image-seg                                  Andromeda in 5 segments, and in regions
  image-seg photo.jpg -k 8 --out eight.png   8 segments of its colours
  image-seg photo.jpg --select 2..8          as many segments as BIC finds
  image-seg photo.jpg --palette mean         segments in their mean colours
  image-seg regions photo.jpg                connected regions, as many as there are
  image-seg foreground photo.jpg --rectangle 40,60,300,220
                                             what is inside a rectangle, cut out"
)]
pub(crate) struct Commands {
    #[command(subcommand)]
    task: Option<Task>,

    #[command(flatten)]
    segment: segment::Args,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Segment by a Gaussian mixture of colours, as without a task
    Segment(segment::Args),
    /// Find connected regions of one colour or texture, as many as there are
    Regions(regions::Args),
    /// Cut out the foreground, given a rectangle around it or marks on it
    Foreground(foreground::Args),
}

/// Does what the command line says.
pub(crate) fn run(commands: Commands) -> Result<(), Failure> {
    match commands.task {
        Some(Task::Segment(args)) => segment::run(args),
        Some(Task::Regions(args)) => regions::run(args),
        Some(Task::Foreground(args)) => foreground::run(args),
        None => segment::run(commands.segment),
    }
}
