//! `regimes windows`: a mixture of successive values, as the slide has it.

use std::path::{Path, PathBuf};

use gmm_cli::clap;
use gmm_cli::{
    Bar, Failure, FitArgs, FitReport, OutputArgs, Places, TableArgs, closing, named_after, notes,
    to_json,
};
use gmm_core::{GmmError, Ridge};
use gmm_figures::decimal;
use gmm_table::{number, to_csv};
use regimes::{Options, Report, Series, analyze, draw, examples};
use serde::Serialize;

use super::series::named;

/// What the task is told.
#[derive(Debug, clap::Args)]
#[command(mut_arg("components", |flag| flag.help("Number of regimes [default: 2]")))]
pub(crate) struct Args {
    /// Table with the series: CSV, TSV or the like; - is standard input [default: the slide's series]
    input: Option<PathBuf>,

    /// Column of the values, by name or number [default: the only one of numbers that is not the time]
    #[arg(short, long, value_name = "NAME")]
    column: Option<String>,

    /// Column of the times [default: the first, if it is dates or counts steps]
    #[arg(short, long, value_name = "NAME")]
    time: Option<String>,

    /// Values before each that are looked at with it
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(0..=1000),
          allow_negative_numbers = true)]
    lags: u16,

    #[command(flatten)]
    fit: FitArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    table: TableArgs,
}

#[derive(Serialize)]
struct JsonReport<'a> {
    input: &'a str,
    column: &'a str,
    values: usize,
    missing_values: usize,
    lags: u16,
    seed: u64,
    #[serde(flatten)]
    fit: FitReport,
    regimes: Vec<JsonRegime>,
}

#[derive(Serialize)]
struct JsonRegime {
    times: usize,
    mean: f64,
    visits: usize,
}

impl Args {
    fn series(&self) -> Result<Series, Failure> {
        match &self.input {
            Some(path) => {
                let columns: Vec<String> = self.column.iter().cloned().collect();
                Series::read(path, &columns, self.time.as_deref())
                    .and_then(|series| series.only_column().map(|_| series))
                    .map_err(|e| Failure::of(named(path), e))
            }
            None if self.column.is_none() && self.time.is_none() => {
                Ok(examples::sine_then_cosine())
            }
            None => Err(Failure::Usage(String::from(
                "--column and --time: there is no file to take them from",
            ))),
        }
    }

    fn name(&self, series: &Series) -> String {
        let input = self.input.as_deref();
        input.map_or_else(|| series.name.clone(), named)
    }

    fn refused(&self, series: &Series, error: GmmError) -> Failure {
        let windows = format!("--lags {} makes windows of {}", self.lags, self.lags + 1);
        let reason = match error {
            GmmError::NoRows => {
                let n = series.n_steps();
                format!("there are {n} values, no window of which is complete ({windows})")
            }
            GmmError::TooFewRows {
                n_rows,
                n_components,
            } => format!("too few complete windows for {n_components} regimes: {n_rows}"),
            GmmError::Overflow { .. } => format!(
                "the values of {} are too large: their variance overflows",
                series.columns[0]
            ),
            error => return Failure::of_fit(self.name(series), error),
        };
        Failure::of(self.name(series), reason)
    }

    fn options(&self, series: &Series) -> Options {
        // The slide's ridge for its own series.
        let ridge = match self.input {
            None => Ridge::Absolute(1e-6),
            Some(_) => Ridge::Relative(1e-6),
        };
        // More regimes than values are not even tried.
        let (least, most) = self.fit.n_components(2..=2).into_inner();
        Options {
            n_regimes: least..=most.min(series.n_steps()).max(least),
            n_lags: usize::from(self.lags),
            covariance_type: self.fit.covariance.unwrap_or_default(),
            params: self.fit.params(ridge),
        }
    }
}

/// Does what the command line says.
pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let input = args.input.as_deref();
    let name = input.unwrap_or(Path::new("slide14.csv"));
    let usual = named_after(name, "regimes.png");
    let places = Places::claim(input, &args.output, &args.table, usual)?;
    let series = args.series()?;
    let options = args.options(&series);
    let bar = Bar::new(options.n_regimes.clone().count(), args.output.quiet);
    let report = analyze(&series, &options, &|place, progress| {
        bar.tell(options.n_regimes.start() + place, progress);
    });
    bar.finish();
    let report = report.map_err(|e| args.refused(&series, e))?;
    let json = to_json(&JsonReport {
        input: &series.name,
        column: &series.columns[0],
        values: series.n_steps(),
        missing_values: report.n_missing,
        lags: args.lags,
        seed: args.fit.search.seed,
        fit: FitReport::new(
            &report.fitted,
            report.summary.iter().map(|r| r.size).collect(),
        ),
        regimes: report
            .summary
            .iter()
            .map(|r| JsonRegime {
                times: r.size,
                mean: r.mean,
                visits: r.n_visits,
            })
            .collect(),
    })?;
    let figure = draw(&series, &report)
        .to_file(&places.figure)
        .map_err(|e| Failure::of(places.figure.display(), e))?;
    let table = rows(&series, &report);
    places.deliver(&args.output, (&figure, &table, &json), || {
        summary(&series, &report)
    })
}

/// Every time with its value, regime and posteriors; the last two empty where there is none.
fn rows(series: &Series, report: &Report) -> Vec<u8> {
    let k = report.summary.len();
    let mut names = vec![
        series.time_name.clone(),
        series.columns[0].clone(),
        String::from("regime"),
    ];
    names.extend((1..=k).map(|regime| format!("posterior_{regime}")));
    let mut posteriors = report.posteriors.outer_iter();
    let lines = (0..series.n_steps()).map(|t| {
        let value = series.values[(t, 0)];
        let mut line = vec![
            series.labels[t].clone(),
            if value.is_nan() {
                String::new()
            } else {
                number(value)
            },
        ];
        let known = report.regimes[t].and_then(|regime| Some((regime, posteriors.next()?)));
        match known {
            Some((regime, row)) => {
                line.push((regime + 1).to_string());
                line.extend(row.iter().map(|p| number(*p)));
            }
            None => line.extend(vec![String::new(); k + 1]),
        }
        line
    });
    to_csv(&names, lines)
}

fn summary(series: &Series, report: &Report) -> Vec<String> {
    let fitted = &report.fitted;
    let mut lines = vec![format!(
        "{}: {} values of {}",
        series.name,
        series.n_steps(),
        series.columns[0]
    )];
    if report.n_missing > 0 {
        let values = match report.n_missing {
            1 => String::from("1 value is missing"),
            n => format!("{n} values are missing"),
        };
        lines.push(format!("{values}; windows that lack one have no regime"));
    }
    lines.push(String::new());
    lines.push(format!(
        "{:>6} {:>8} {:>8} {:>12} {:>8}",
        "regime", "times", "share", "mean", "visits"
    ));
    let total: usize = report.summary.iter().map(|r| r.size).sum();
    for (k, r) in report.summary.iter().enumerate() {
        let share = 100.0 * r.size as f64 / total.max(1) as f64;
        let mean = match r.size {
            0 => String::from("none"),
            _ => decimal(r.mean, 4),
        };
        lines.push(format!(
            "{:>6} {:>8} {share:>6.1} % {mean:>12} {:>8}",
            k + 1,
            r.size,
            r.n_visits
        ));
    }
    lines.push(String::new());
    lines.push(closing(fitted, "window"));
    lines.extend(notes(fitted, &[]));
    lines
}
