//! `regimes forecast`: what comes next, with intervals.

mod output;

use std::ops::RangeInclusive;
use std::path::PathBuf;

use gmm_cli::clap::{self, ValueEnum};
use gmm_cli::{
    Bar, Failure, OutputArgs, Places, Span, TableArgs, named_after, parse_count, parse_seed,
};
use regimes::{
    Choose, ForecastError, ForecastOptions, Method, Scale, Series, draw_forecast, forecast,
};

use super::series::{SeriesArgs, named};

/// What the task is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Table with the series: CSV, TSV or the like; - is standard input
    input: PathBuf,

    /// Column of the values, by name or number; of several the forecast is joint [default: all of numbers but the time]
    #[arg(short, long = "column", value_name = "NAME")]
    columns: Vec<String>,

    /// Column of the times [default: the first, if it is dates or counts steps]
    #[arg(short, long, value_name = "NAME")]
    time: Option<String>,

    /// Steps to forecast [default: a season of the calendar, else 12]
    #[arg(long, value_name = "STEPS", value_parser = parse_horizon, allow_negative_numbers = true,
          conflicts_with_all = ["train_until", "test_from"])]
    horizon: Option<usize>,

    /// Learn from the steps up to this time, as the table writes it, and forecast all later ones one by one
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    train_until: Option<String>,

    /// The same, told by the first time that is not learnt from
    #[arg(
        long,
        value_name = "TIME",
        conflicts_with = "train_until",
        allow_hyphen_values = true
    )]
    test_from: Option<String>,

    /// The models
    #[command(flatten)]
    models: Models,

    /// What mean squared errors are measured against [default: the variance of what is learnt from]
    #[arg(long, value_name = "VARIANCE", value_parser = parse_variance, allow_negative_numbers = true)]
    variance: Option<f64>,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    table: TableArgs,
}

/// Which models are tried.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Models")]
struct Models {
    /// Models to try: mixtures of lags and value, autoregressions of hidden regimes, or both
    #[arg(long, value_enum, default_value_t)]
    method: MethodFlag,

    /// Numbers of lags to try [default: 1..12, and some with the season]
    #[arg(long, value_name = "N|MIN..MAX", value_parser = parse_counts, allow_negative_numbers = true)]
    lags: Option<Span>,

    /// Numbers of components of mixtures to try [default: 1..4]
    #[arg(short = 'k', long, value_name = "K|MIN..MAX", value_parser = parse_counts, allow_negative_numbers = true)]
    components: Option<Span>,

    /// The scale on which values are modelled [default: all that the values allow]
    #[arg(long, value_enum)]
    scale: Option<ScaleFlag>,

    /// Forecast with the best model alone, not with a pool of all
    #[arg(long)]
    single: bool,

    /// What the best is: by BIC, or by rolling forecasts of one step [default: rolling]
    #[arg(long, value_enum, requires = "single")]
    choose: Option<ChooseFlag>,

    /// Seed of all random choices: the same seed gives the same answer
    #[arg(long, value_name = "N", default_value_t = 42, value_parser = parse_seed, allow_negative_numbers = true)]
    seed: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum MethodFlag {
    #[default]
    Pool,
    Mixture,
    Regimes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ScaleFlag {
    Identity,
    Sqrt,
    Log,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ChooseFlag {
    Bic,
    Rolling,
}

/// Simulated futures: the farther they go, the fewer, since time and memory grow with all their steps.
fn n_paths(horizon: usize) -> usize {
    const MOST_STEPS: usize = 300_000;
    (MOST_STEPS / horizon.max(1)).min(ForecastOptions::default().n_paths)
}

fn parse_horizon(text: &str) -> Result<usize, String> {
    /// Beyond it nothing is known that was not before.
    const MOST: usize = 1_000;
    match parse_count(text)? {
        n if n <= MOST => Ok(n),
        _ => Err(format!("must be at most {MOST}")),
    }
}

fn parse_variance(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(variance) if variance.is_finite() && variance > 0.0 => Ok(variance),
        _ => Err(String::from("must be a finite number above 0")),
    }
}

/// A number or a range of them, at most as many as can be meant.
fn parse_counts(text: &str) -> Result<Span, String> {
    const MOST: usize = 1000;
    let span = match parse_count(text) {
        Ok(n) => Span { least: n, most: n },
        Err(why) if !text.contains("..") => return Err(why),
        Err(_) => text.parse::<Span>()?,
    };
    if span.most <= MOST {
        Ok(span)
    } else {
        Err(format!("must be at most {MOST}"))
    }
}

impl Models {
    fn method(&self) -> Method {
        match self.method {
            MethodFlag::Pool => Method::Pool,
            MethodFlag::Mixture => Method::Mixture,
            MethodFlag::Regimes => Method::Regimes,
        }
    }

    fn single(&self) -> Option<Choose> {
        self.single.then_some(match self.choose {
            Some(ChooseFlag::Bic) => Choose::Bic,
            Some(ChooseFlag::Rolling) | None => Choose::Rolling,
        })
    }

    fn scale(&self) -> Option<Scale> {
        self.scale.map(|scale| match scale {
            ScaleFlag::Identity => Scale::Identity,
            ScaleFlag::Sqrt => Scale::Sqrt,
            ScaleFlag::Log => Scale::Log,
        })
    }
}

impl Args {
    /// How many of the steps are learnt from, if not all are.
    fn n_train(&self, series: &Series) -> Result<Option<usize>, Failure> {
        let (flag, label, more) = match (&self.train_until, &self.test_from) {
            (Some(label), _) => ("--train-until", label, 1),
            (None, Some(label)) => ("--test-from", label, 0),
            (None, None) => return Ok(None),
        };
        match SeriesArgs::place_of(series, flag, label)? + more {
            0 => Err(Failure::Usage(format!(
                "{flag} {label}: nothing is before it to learn from"
            ))),
            n if n == series.n_steps() => Err(Failure::Usage(format!(
                "{flag} {label}: no step is left to forecast"
            ))),
            n => Ok(Some(n)),
        }
    }

    fn refused(&self, error: ForecastError) -> Failure {
        match (error, &self.models.scale) {
            (error @ ForecastError::OffScale { .. }, Some(_)) => {
                Failure::Usage(format!("--scale: {error}"))
            }
            (error, _) => Failure::of(named(&self.input), error),
        }
    }
}

/// Does what the command line says.
pub(crate) fn run(args: Args) -> Result<(), Failure> {
    /// Steps that are forecast where there is no season.
    const HORIZON: usize = 12;
    let input = args.input.as_path();
    let usual = named_after(input, "forecast.png");
    let places = Places::claim([input], &args.output, &args.table, usual)?;
    let series = Series::read(input, &args.columns, args.time.as_deref())
        .map_err(|e| Failure::of(named(input), e))?;
    let range = |span: Span| -> RangeInclusive<usize> { span.least..=span.most };
    let horizon = args.horizon.or(series.step.season()).unwrap_or(HORIZON);
    let options = ForecastOptions {
        horizon,
        n_paths: n_paths(horizon),
        n_train: args.n_train(&series)?,
        method: args.models.method(),
        single: args.models.single(),
        lags: args.models.lags.map(range),
        components: args.models.components.map(range),
        scale: args.models.scale(),
        variance: args.variance,
        seed: args.models.seed,
    };
    /// Parts of the bar.
    const STAGES: usize = 100;
    let bar = Bar::new(STAGES, args.output.quiet);
    bar.say("fitting models to the past, to see how each would have forecast");
    let report = forecast(&series, &options, &|done, total| {
        bar.at(STAGES * done / total.max(1));
    });
    bar.finish();
    let report = report.map_err(|e| args.refused(e))?;
    let lines = output::lines(&series, &report).map_err(|e| Failure::of(named(input), e))?;
    let json = output::json(&series, &report, &options, &lines)?;
    let figure = draw_forecast(&series, &report)
        .map_err(|e| Failure::of(named(input), e))?
        .to_file(&places.figure)
        .map_err(|e| Failure::of(places.figure.display(), e))?;
    let table = output::table(&series, &report, &lines);
    places.deliver(&args.output, (&figure, &table, &json), || {
        output::summary(&series, &report, &lines)
    })
}
