//! The command line.

mod detection;
mod job;
mod latent;
mod reduction;
mod tasks;

use std::ops::RangeInclusive;
use std::path::PathBuf;

use density::{Options, figure, samples};
use gmm_cli::clap::{self, Args, Parser, Subcommand};
use gmm_cli::{Failure, FitArgs, OutputArgs, TableArgs};
use gmm_core::{CovarianceType, Ridge};

use detection::AnomalyArgs;
use job::{Job, Made};
use reduction::ReduceArgs;
use tasks::{find_anomalies, fit_and, generated, selected, show_examples, watch};

/// What a Gaussian mixture says about a table: density, clusters, anomalies, samples
///
/// Without a task it draws the examples of the slides into this folder. A task without a file works on the slide's
/// data.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "\
Examples:
  density                                        the slides' ten examples
  density estimate data.csv -c waiting           histogram and density of one column
  density select data.csv                        how many components? BIC, AIC and ICL of 1 to 9
  density cluster data.csv -k 3 --csv out.csv    clusters, with the posteriors of each row
  density anomalies data.csv                     rows that do not belong, and why
  density anomalies new.csv --train usual.csv    at most one usual row in a hundred is marked
  density reduce data.csv --class kind           two directions in place of all columns
  density reduce data.csv --latent 2             each row as its cluster and two coordinates there
  density generate data.csv -n 500 --csv new.csv 500 rows like those of the table"
)]
pub(crate) struct Commands {
    #[command(subcommand)]
    task: Option<Task>,

    /// Print nothing but errors
    #[arg(short, long, global = true)]
    quiet: bool,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Draw the density: a curve over a histogram, or a map of two columns
    Estimate(Common),
    /// Watch EM find the components from a random start
    Em(Common),
    /// Compare numbers of components by BIC, AIC and ICL [default: --select 1..9]
    #[command(mut_arg("components", |flag| flag.help("The only number of components")))]
    Select(Common),
    /// Draw the rows in the colours of their posteriors
    Cluster(Common),
    /// Mark the rows that do not belong, and say why: by four mixtures, or by the slide's rule (--rate)
    Anomalies {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        asked: AnomalyArgs,
    },
    /// Draw new rows like those of the table
    Generate {
        #[command(flatten)]
        common: Common,
        /// Rows to draw
        #[arg(short = 'n', long, value_name = "N", default_value_t = 1000,
              value_parser = clap::value_parser!(u32).range(1..=10_000_000), allow_negative_numbers = true)]
        rows: u32,
    },
    /// Draw the rows on the directions in which components or classes differ, in coordinates of their components (--latent),
    /// or in the slide's way (--posteriors)
    #[command(mut_arg("components", |flag| flag.help("Number of components [default: 2..9 by BIC; --latent: 1..9; --posteriors: 5]")))]
    Reduce {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        asked: ReduceArgs,
    },
}

/// What all tasks ask for.
#[derive(Debug, Args)]
struct Common {
    /// Table to read: CSV, TSV or the like, with or without names of columns [default: the slide's data]
    file: Option<PathBuf>,

    /// Columns to use, by name or number, separated by commas [default: all that hold numbers only]
    #[arg(short, long, value_name = "NAMES", value_delimiter = ',')]
    columns: Vec<String>,

    #[command(flatten)]
    fit: FitArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    table: TableArgs,
}

impl Common {
    /// Flags that do nothing where one run of plain EM is watched.
    fn refuse_what_em_does_not_hear(&self) -> Result<(), Failure> {
        let given = [
            ("--select", self.fit.select.is_some()),
            ("--restarts", self.fit.search.restarts != 1),
        ];
        match given.iter().find(|(_, is_given)| *is_given) {
            Some((flag, _)) => Err(Failure::Usage(format!(
                "{flag}: em watches one run with one number of components"
            ))),
            None => Ok(()),
        }
    }

    /// Flags of one mixture, where four are chosen.
    fn refuse_one_mixture(&self) -> Result<(), Failure> {
        let fit = &self.fit;
        let given = [
            (
                fit.count_flag(),
                fit.components.or(fit.select.map(|s| s.least)).is_some(),
            ),
            ("--covariance", fit.covariance.is_some()),
            ("--ridge", fit.search.ridge.is_some()),
            ("--restarts", fit.search.restarts != 1),
        ];
        match given.iter().find(|(_, is_given)| *is_given) {
            Some((flag, _)) => Err(Failure::Usage(format!(
                "{flag}: anomalies chooses its mixtures; with --rate it fits one, as the slide does"
            ))),
            None => Ok(()),
        }
    }

    /// A flag that says what `--latent` says.
    fn refuse_covariance_of_latent(&self) -> Result<(), Failure> {
        match self.fit.covariance {
            Some(_) => Err(Failure::Usage(String::from(
                "--covariance: --latent Q has covariances of its own, ppca-Q",
            ))),
            None => Ok(()),
        }
    }

    fn job(&self, task: &'static str, defaults: Defaults) -> Job<'_> {
        // The slide's own recipe, where its data are used.
        let ridge = if self.file.is_none() {
            Ridge::Absolute(1e-6)
        } else {
            Ridge::Relative(1e-6)
        };
        let usual = match self.file {
            None => defaults.covariance_type,
            Some(_) => CovarianceType::Full,
        };
        Job {
            task,
            file: self.file.as_deref(),
            columns: &self.columns,
            options: Options {
                n_components: self.fit.n_components(defaults.n_components),
                covariance_type: self.fit.covariance.unwrap_or(usual),
                params: self.fit.params(ridge),
            },
            least_columns: defaults.least_columns,
            seed: self.fit.search.seed,
            output: &self.output,
            table: &self.table,
        }
    }
}

/// What a task does where nothing is said.
struct Defaults {
    n_components: RangeInclusive<usize>,
    covariance_type: CovarianceType,
    least_columns: usize,
}

impl Defaults {
    /// Of tasks that draw two columns.
    fn of_plane() -> Self {
        Self {
            least_columns: 2,
            ..Self::default()
        }
    }
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            n_components: 2..=2,
            covariance_type: CovarianceType::Full,
            least_columns: 1,
        }
    }
}

/// Does what the command line says.
pub(crate) fn run(commands: Commands) -> Result<(), Failure> {
    match &commands.task {
        None => show_examples(commands.quiet),
        Some(Task::Estimate(common)) => fit_and(
            &common.job("density", Defaults::default()),
            samples::two_peaks,
            |_, points, report| {
                Ok(Made {
                    sheet: figure::density(points, report)?,
                    ..Made::of_rows(points, report)
                })
            },
        ),
        Some(Task::Em(common)) => {
            common.refuse_what_em_does_not_hear()?;
            watch(&common.job("em", Defaults::of_plane()))
        }
        Some(Task::Select(common)) => {
            let defaults = Defaults {
                n_components: 1..=9,
                ..Defaults::default()
            };
            fit_and(
                &common.job("selection", defaults),
                samples::two_peaks,
                |_, points, report| Ok(selected(points, report)),
            )
        }
        Some(Task::Cluster(common)) => fit_and(
            &common.job("clusters", Defaults::of_plane()),
            samples::two_clouds,
            |_, points, report| {
                Ok(Made {
                    sheet: figure::clusters(points, report)?,
                    ..Made::of_rows(points, report)
                })
            },
        ),
        Some(Task::Anomalies { common, asked }) => {
            let job = common.job("anomalies", Defaults::default());
            match (&common.file, asked.rate) {
                (Some(file), None) => {
                    common.refuse_one_mixture()?;
                    detection::run(&job, file, asked)
                }
                (file, rate) => {
                    if file.is_none() {
                        asked.refuse_what_slides_lack()?;
                    }
                    let rate = rate.unwrap_or(density::examples::RATE);
                    find_anomalies(&job, rate, asked.train.as_deref())
                }
            }
        }
        Some(Task::Generate { common, rows }) => fit_and(
            &common.job("generated", Defaults::default()),
            samples::wide_and_narrow,
            |job, points, report| generated(job, points, report, *rows as usize),
        ),
        Some(Task::Reduce { common, asked }) => {
            if let Some(n_latent) = asked.latent {
                common.refuse_covariance_of_latent()?;
                let usual = if common.file.is_some() { 1..=9 } else { 5..=5 };
                let defaults = Defaults {
                    n_components: usual,
                    ..Defaults::default()
                };
                return latent::run(&common.job("latent", defaults), n_latent);
            }
            if let (Some(file), false) = (&common.file, asked.posteriors) {
                let defaults = Defaults {
                    n_components: 2..=9,
                    ..Defaults::default()
                };
                return reduction::run(&common.job("reduction", defaults), file, asked);
            }
            asked.refuse_what_slides_lack()?;
            if *common.fit.n_components(5..=5).start() < 2 {
                let line = format!("{} 1: two posteriors are drawn", common.fit.count_flag());
                return Err(Failure::Usage(line));
            }
            let defaults = Defaults {
                n_components: 5..=5,
                covariance_type: CovarianceType::Tied,
                ..Defaults::of_plane()
            };
            fit_and(
                &common.job("reduction", defaults),
                samples::moons,
                |_, points, report| {
                    Ok(Made {
                        sheet: figure::reduction(points, report)?,
                        ..Made::of_rows(points, report)
                    })
                },
            )
        }
    }
}
