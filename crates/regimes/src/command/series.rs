//! What all tasks are told of a series, and of the regimes to look for.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use gmm_cli::clap::{self, Args, ValueEnum};
use gmm_cli::{Failure, parse_seed};
use gmm_core::GmmError;
use gmm_core::switching::Switches;
use regimes::{DetectOptions, Series};

/// What a file is called.
pub(super) fn named(path: &Path) -> String {
    match path == Path::new("-") {
        true => String::from("standard input"),
        false => path.display().to_string(),
    }
}

/// That the times of a series are taken for names of its rows, if they are.
pub(super) fn named_rows(series: &Series) -> Option<String> {
    series.has_names().then(|| {
        format!(
            "{} tells no time, rows are counted; dates are written like 2021-03-05, 2021-03, 2021Q1 or 2021-03-05 14:30",
            series.time_name
        )
    })
}

/// Which series.
#[derive(Debug, Clone, Args)]
pub(super) struct SeriesArgs {
    /// Table with the series: CSV, TSV or the like; - is standard input
    pub(super) input: PathBuf,

    /// Columns of values, by name or number, one or several jointly [default: all of numbers but the time]
    #[arg(short, long = "column", value_name = "NAME")]
    pub(super) columns: Vec<String>,

    /// Column of the times [default: the first, if it is dates or counts steps]
    #[arg(short, long, value_name = "NAME")]
    pub(super) time: Option<String>,
}

impl SeriesArgs {
    pub(super) fn read(&self) -> Result<Series, Failure> {
        Series::read(&self.input, &self.columns, self.time.as_deref()).map_err(|e| self.failed(e))
    }

    /// A failure that names the table.
    pub(super) fn failed(&self, reason: impl std::fmt::Display) -> Failure {
        Failure::of(named(&self.input), reason)
    }

    /// What a fit refused, in the words of a series.
    pub(super) fn refused(&self, series: &Series, error: GmmError) -> Failure {
        match error {
            GmmError::TooFewRowsFor { n_rows, n_parameters } => self.failed(format!(
                "{n_rows} complete steps are too few for {n_parameters} parameters: fewer regimes, lags or waves may do"
            )),
            GmmError::Overflow { column } => {
                let lagged = series.columns.len().max(1);
                let name = series.columns.get(column % lagged).map_or("a column", String::as_str);
                self.failed(format!("the values of {name} are too large: their variance overflows"))
            }
            GmmError::NoRows | GmmError::MissingColumn { .. } => {
                self.failed(format!("none of {} steps has all that explains it", series.n_steps()))
            }
            error => self.failed(error),
        }
    }

    /// The place of a time that the command line names.
    pub(super) fn place_of(series: &Series, flag: &str, time: &str) -> Result<usize, Failure> {
        series.step_of(time).ok_or_else(|| {
            let end = |label: Option<&String>| label.cloned().unwrap_or_default();
            let (first, last) = (end(series.labels.first()), end(series.labels.last()));
            Failure::Usage(format!(
                "{flag} {time}: no step has this time; they go from {first} to {last}"
            ))
        })
    }

    /// What was found in the table, line by line.
    pub(super) fn told(series: &Series, n_missing: usize) -> Vec<String> {
        let mut lines = vec![format!(
            "{}: {} steps of {}, {}",
            series.name,
            series.n_steps(),
            series.columns.join(", "),
            match (series.labels.first(), series.labels.last()) {
                (Some(first), Some(last)) => format!("{first} to {last}, every {}", series.step),
                _ => String::from("none"),
            }
        )];
        lines.extend(named_rows(series));
        if let Some(first) = series.first_filled {
            let first = &series.labels[first];
            lines.push(match series.n_filled {
                1 => format!("1 step has no row, {first}; it is taken as missing"),
                n => {
                    format!(
                        "{n} steps have no row, the first is {first}; they are taken as missing"
                    )
                }
            });
        }
        if n_missing > series.n_filled {
            lines.push(match n_missing {
                1 => String::from("1 step lacks a value; it says nothing, and the regimes go on"),
                n => format!("{n} steps lack a value; they say nothing, and the regimes go on"),
            });
        }
        lines
    }
}

/// What switches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Intercepts and coefficients
    All,
    /// Intercepts alone
    Intercept,
    /// The mean about which the series is an autoregression (Hamilton)
    Mean,
}

/// Which regimes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Regimes")]
pub(super) struct RegimeArgs {
    /// Number of regimes, or a range of which BIC chooses
    #[arg(short = 'k', long, value_name = "N|A..B", default_value = "1..4", value_parser = counts, allow_negative_numbers = true)]
    regimes: RangeInclusive<usize>,

    /// Steps before each that it may depend on: a number, or a range
    #[arg(long, value_name = "N|A..B", default_value = "0..2", value_parser = counts, allow_negative_numbers = true)]
    lags: RangeInclusive<usize>,

    /// Waves of periods that are found: a number, or a range
    #[arg(long, value_name = "N|A..B", default_value = "0..2", value_parser = counts, allow_negative_numbers = true)]
    waves: RangeInclusive<usize>,

    /// What differs between regimes, beside the variance
    #[arg(long, value_name = "WHAT", default_value = "all")]
    switches: What,

    /// One variance for all regimes
    #[arg(long)]
    common_variance: bool,

    /// Steps from each regime to itself that count as seen beforehand: regimes then last longer
    #[arg(long, value_name = "STEPS", default_value_t = 0.0, value_parser = gmm_cli::parse_size, allow_negative_numbers = true)]
    stickiness: f64,

    /// Starts of each fit
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = gmm_cli::parse_count, allow_negative_numbers = true)]
    starts: usize,

    /// Seed of the starts: the same seed gives the same answer
    #[arg(long, value_name = "N", default_value_t = 42, value_parser = parse_seed, allow_negative_numbers = true)]
    pub(super) seed: u64,
}

impl RegimeArgs {
    pub(super) fn options(&self) -> Result<DetectOptions, Failure> {
        /// Beyond them nobody would wait.
        const MOST_REGIMES: usize = 50;
        const MOST_LAGS: usize = 200;
        const MOST_WAVES: usize = 10;
        const MOST_STARTS: usize = 10_000;
        let check = |flag: &str, range: &RangeInclusive<usize>, least: usize, most: usize| {
            if *range.start() < least || *range.end() > most {
                return Err(Failure::Usage(format!(
                    "{flag}: must be from {least} to {most}"
                )));
            }
            Ok(())
        };
        check("--regimes", &self.regimes, 1, MOST_REGIMES)?;
        check("--lags", &self.lags, 0, MOST_LAGS)?;
        check("--waves", &self.waves, 0, MOST_WAVES)?;
        check("--starts", &(self.starts..=self.starts), 1, MOST_STARTS)?;
        if self.switches == What::Mean && *self.waves.start() > 0 {
            return Err(Failure::Usage(String::from(
                "--waves: a mean that switches goes without waves; --switches intercept goes with them",
            )));
        }
        Ok(DetectOptions {
            n_regimes: self.regimes.clone(),
            n_lags: self.lags.clone(),
            n_waves: self.waves.clone(),
            switches: match self.switches {
                What::All => Switches::All,
                What::Intercept => Switches::Intercept,
                What::Mean => Switches::Mean,
            },
            has_own_variances: !self.common_variance,
            stickiness: self.stickiness,
            n_starts: self.starts,
            seed: self.seed,
        })
    }
}

/// A number, or two with dots between.
fn counts(text: &str) -> Result<RangeInclusive<usize>, String> {
    const SHAPE: &str = "must be a whole number, or two written like 1..4";
    let number = |text: &str| text.parse::<usize>().map_err(|_| String::from(SHAPE));
    let (least, most) = match text.split_once("..") {
        Some((least, most)) => (
            number(least)?,
            number(most.strip_prefix('=').unwrap_or(most))?,
        ),
        None => (number(text)?, number(text)?),
    };
    if least <= most {
        Ok(least..=most)
    } else {
        Err(format!("{least} is more than {most}"))
    }
}
