//! The bare command: the slide's series, divided as the slide does and as it was made.

use std::path::PathBuf;

use gmm_cli::clap;
use gmm_cli::{Bar, Failure, OutputArgs, Places, TableArgs, to_json};
use gmm_figures::decimal;
use regimes::examples;
use serde::Serialize;

/// What the bare command is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Serialize)]
struct JsonReport {
    times: usize,
    slide_right: f64,
    slide_mean_log_likelihood: f64,
    found_right: f64,
    found_regimes: usize,
    found_period: Option<f64>,
    change_at: Vec<f64>,
    true_change_at: f64,
}

/// Does what the command line says.
pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let places = Places::claim(
        [],
        &args.output,
        &TableArgs { csv: None },
        PathBuf::from("slide14-regimes.png"),
    )?;
    let bar = Bar::new(1, args.output.quiet);
    bar.say("dividing the slide's series");
    let both = examples::two_ways();
    bar.finish();
    let both = both.map_err(|e| Failure::of("the slide's series", e))?;
    let right = examples::share_right(&both.series, &both.windows.regimes);
    let found_right = examples::share_right(&both.series, &both.found.regimes);
    let json = to_json(&JsonReport {
        times: both.series.n_steps(),
        slide_right: right,
        slide_mean_log_likelihood: both.windows.fitted.mean_log_likelihood(),
        found_right,
        found_regimes: both.found.n_regimes(),
        found_period: both.found.periods().first().copied(),
        change_at: both
            .found
            .changes
            .iter()
            .map(|&t| both.series.times[t])
            .collect(),
        true_change_at: examples::SWITCH,
    })?;
    let sheet = both.sheet();
    let figure = sheet
        .to_file(&places.figure)
        .map_err(|e| Failure::of(places.figure.display(), e))?;
    places.deliver(&args.output, (&figure, &[], &json), || {
        let changes: Vec<String> = both
            .found
            .changes
            .iter()
            .map(|&t| decimal(both.series.times[t], 3))
            .collect();
        vec![
            format!(
                "{}: {} values, the regime changes at {}",
                both.series.name,
                both.series.n_steps(),
                examples::SWITCH
            ),
            format!(
                "the slide's mixture of windows   {:5.1} % of the times in the right regime",
                100.0 * right
            ),
            format!(
                "regressions on a wave, chained   {:5.1} %, the change found at {}",
                100.0 * found_right,
                changes.join(", ")
            ),
        ]
    })
}
