//! Forecasts of a series that others have forecast: yearly sunspot numbers, learnt to 1920.
//!
//! Weigend, Huberman & Rumelhart (1990) and all who followed measure forecasts of one year on 1921–55 and 1956–79, as mean
//! squared errors over 1535, a constant of the field.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use gmm_tests::root;
use regimes::{ForecastOptions, Held, Score, Scores, Series, Yardstick, forecast};

fn sunspots() -> Series {
    let path = root().join("assets/tabular/sunspots.csv");
    Series::read(Path::new(&path), &[], None).unwrap()
}

/// The scores of the years from one to another, both included.
fn scores(series: &Series, held: &Held, (from, to): (&str, &str)) -> Scores {
    let years = series.step_of(from).unwrap()..=series.step_of(to).unwrap();
    let of_year = |year: usize| {
        let pool = held.forecasts[year - held.start][0].as_ref().unwrap();
        Score::of(pool, series.values[(year, 0)]).unwrap()
    };
    let yardstick = Yardstick {
        variance: Some(1535.0),
        ..Yardstick::default()
    };
    Scores::gathered(&years.map(of_year).collect::<Vec<_>>(), yardstick).unwrap()
}

/// Both periods, with this seed and all else as it is by default.
fn measured(seed: u64) -> [Scores; 2] {
    let series = sunspots();
    let n_train = series.step_of("1920").unwrap() + 1;
    let options = ForecastOptions {
        n_train: Some(n_train),
        seed,
        ..ForecastOptions::default()
    };
    let report = forecast(&series, &options, &|_, _| {}).unwrap();
    let held = report.held.unwrap();
    [("1921", "1955"), ("1956", "1979")].map(|years| scores(&series, &held, years))
}

fn meets([first, second]: &[Scores; 2]) -> bool {
    let covers = |scores: &Scores| (0.80..=0.97).contains(&scores.intervals[2].coverage);
    first.arv.unwrap() <= 0.097 && second.arv.unwrap() <= 0.28 && covers(first) && covers(second)
}

#[test]
fn sunspots_are_forecast_as_well_as_the_best_published_with_intervals_that_hold() {
    let found = measured(ForecastOptions::default().seed);
    assert!(meets(&found), "{found:?}");
}
