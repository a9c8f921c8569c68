//! The slide's example: a sine that becomes a cosine of twice the height.

use std::f64::consts::TAU;

use gmm_core::{Gmm, GmmError, Ridge};
use gmm_figures::{Exhibit, Fact};
use numpy_legacy::{RandomState, linspace};

use crate::data::Series;
use crate::figure::draw;
use crate::model::{Options, Report, analyze};

/// The slides that have an example here.
pub const SLIDES: [usize; 1] = [14];

/// When the slide's regime changes.
const SWITCH: f64 = 5.0;

/// Slide 14's series of 1000 values, as NumPy draws it after `np.random.seed(42)`.
pub fn sine_then_cosine() -> Series {
    let mut rng = RandomState::seed(42);
    let times = linspace(0.0, 10.0, 1000);
    let noise = |rng: &mut RandomState| -> Vec<f64> {
        times.iter().map(|_| rng.normal(0.0, 0.1)).collect()
    };
    let (first, second) = (noise(&mut rng), noise(&mut rng));
    let value = |i: usize| {
        let t = times[i];
        if t < SWITCH {
            (TAU * t).sin() + first[i]
        } else {
            2.0 * (TAU * t).cos() + second[i]
        }
    };
    let values = (0..times.len()).map(value).collect();
    Series::new("a sine that becomes a cosine", values).at(times)
}

/// The slide's fit.
///
/// # Errors
/// As [`analyze`].
pub fn report() -> Result<(Series, Report), GmmError> {
    let series = sine_then_cosine();
    let options = Options {
        params: Gmm::params(2).ridge(Ridge::Absolute(1e-6)),
        ..Options::default()
    };
    let report = analyze(&series, &options, &|_, _| {})?;
    Ok((series, report))
}

/// Share of the times whose regime is the true one, under the better of the two ways of naming them.
pub fn share_right(series: &Series, report: &Report) -> f64 {
    let known = || series.times.iter().zip(&report.regimes);
    let n = known().filter(|(_, regime)| regime.is_some()).count() as f64;
    let is_right =
        |(t, regime): &(&f64, &Option<usize>)| **regime == Some(usize::from(**t >= SWITCH));
    let right = known().filter(is_right).count() as f64 / n;
    right.max(1.0 - right)
}

/// The figures of a slide; none for the slides of other domains.
///
/// # Errors
/// As [`analyze`].
pub fn exhibits(slide: usize) -> Result<Vec<Exhibit>, GmmError> {
    if !SLIDES.contains(&slide) {
        return Ok(Vec::new());
    }
    let (series, report) = report()?;
    let fitted = &report.fitted;
    let right = share_right(&series, &report);
    Ok(vec![Exhibit {
        slide,
        name: "regimes",
        caption: format!(
            "Windows of two values in two components: they tell low from high, and only {:.0} % of the times are in \
             the regime that made them.",
            100.0 * right
        ),
        facts: vec![
            Fact::new("mean log-likelihood", fitted.mean_log_likelihood(), 6),
            Fact::new("BIC", fitted.bic(), 2),
            Fact::new("share of times in the true regime", right, 4),
        ],
        sheet: draw(&series, &report),
    }])
}
