//! The command line.

mod evaluate;
mod generate;
mod input;
mod predict;
mod read;
mod train;

use gmm_cli::Failure;
use gmm_cli::clap::{self, Parser, Subcommand};

/// Read handwritten digits with Gaussian mixtures
///
/// Without a task it reports how many images are read right by a fit that has not seen them: by the slide's recipe, with
/// ridge and number of components chosen by cross-validation, and by what `digits train` learns.
#[derive(Debug, Parser)]
#[command(
    version,
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  digits                                          the 1797 digits that ship
  digits images.csv --csv readings.csv            your own: a row for each image, its label last
  digits --components 1 --ridges 1,3,10           a smaller search
  digits train train-images-idx3-ubyte.gz --model mnist.json
                                                  learn to read, labels beside the images
  digits evaluate mnist.json t10k-images-idx3-ubyte.gz
                                                  how many others are read right, and how sure that is
  digits predict mnist.json scans/ --csv out.csv  read a folder of PNGs"
)]
pub(crate) struct Commands {
    #[command(subcommand)]
    task: Option<Task>,

    #[command(flatten)]
    read: read::Args,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Learn to read: images with labels become a model
    Train(train::Args),
    /// How well a model reads images with labels that it has not seen
    Evaluate(evaluate::Args),
    /// Read images: labels, probabilities, and which are better left to someone else
    Predict(predict::Args),
    /// Make new images of each class, and draw the means of its components
    Generate(generate::Args),
}

/// Does what the command line says.
pub(crate) fn run(commands: Commands) -> Result<(), Failure> {
    match commands.task {
        Some(Task::Train(args)) => train::run(args),
        Some(Task::Evaluate(args)) => evaluate::run(args),
        Some(Task::Predict(args)) => predict::run(args),
        Some(Task::Generate(args)) => generate::run(args),
        None => read::run(commands.read),
    }
}
