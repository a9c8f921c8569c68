//! The slide's example: a sine that becomes a cosine of twice the height.

use std::f64::consts::TAU;

use gmm_core::{Gmm, GmmError, Ridge};
use gmm_figures::{Exhibit, Fact, Sheet, typeset};
use numpy_legacy::{RandomState, linspace};

use crate::data::Series;
use crate::figure::{found_chart, slide_chart};
use crate::model::{DetectOptions, Detection, Options, Report, analyze, detect};

/// The slides that have an example here.
pub const SLIDES: [usize; 1] = [14];

/// When the slide's regime changes.
pub const SWITCH: f64 = 5.0;

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

/// The slide's series with its regimes, as the slide divides it and as they are found.
#[derive(Debug, Clone)]
pub struct TwoWays {
    /// The series.
    pub series: Series,
    /// A mixture of windows of two values.
    pub windows: Report,
    /// A chain of regressions on waves and lags.
    pub found: Detection,
}

/// Both ways, with default settings.
///
/// # Errors
/// As [`analyze`] and [`detect`].
pub fn two_ways() -> Result<TwoWays, GmmError> {
    let (series, windows) = report()?;
    let found = detect(&series, &DetectOptions::default(), &|_, _| {})?;
    Ok(TwoWays {
        series,
        windows,
        found,
    })
}

impl TwoWays {
    /// The slide's figure over that of the regimes that were found.
    pub fn sheet(&self) -> Sheet {
        let right = |regimes: &[Option<usize>]| 100.0 * share_right(&self.series, regimes);
        let mut above = slide_chart(&self.series, &self.windows);
        above.title = String::from("The slide's recipe: a mixture of windows of two values");
        above.subtitle = format!(
            "it tells high from low · {:.0} % of the times in the regime that made them",
            right(&self.windows.regimes)
        );
        let mut below = found_chart(&self.series, &self.found);
        below.title =
            String::from("Regressions on a wave, one for each regime, in a hidden Markov chain");
        below.subtitle = format!(
            "{} regimes and a period of {} steps, both chosen by BIC · {:.1} % of the times in the regime that made them",
            self.found.n_regimes(),
            self.found
                .periods()
                .first()
                .map_or_else(|| String::from("no"), |p| typeset(*p, 1)),
            right(&self.found.regimes)
        );
        above.sheet().above(below.sheet())
    }
}

/// Share of the times whose regime is the true one, under the better of the two ways of naming them.
pub fn share_right(series: &Series, regimes: &[Option<usize>]) -> f64 {
    let known = || series.times.iter().zip(regimes);
    let n = known().filter(|(_, regime)| regime.is_some()).count() as f64;
    let right_if = |first: usize| {
        let is_right = |(t, regime): &(&f64, &Option<usize>)| {
            **regime == Some(if **t < SWITCH { first } else { 1 - first })
        };
        known().filter(is_right).count() as f64 / n
    };
    right_if(0).max(right_if(1))
}

/// The figures of a slide; none for the slides of other domains.
///
/// # Errors
/// As [`two_ways`].
pub fn exhibits(slide: usize) -> Result<Vec<Exhibit>, GmmError> {
    if !SLIDES.contains(&slide) {
        return Ok(Vec::new());
    }
    let both = two_ways()?;
    let fitted = &both.windows.fitted;
    let (right, found) = (
        share_right(&both.series, &both.windows.regimes),
        share_right(&both.series, &both.found.regimes),
    );
    let change = both
        .found
        .changes
        .first()
        .map_or(f64::NAN, |&t| both.series.times[t]);
    Ok(vec![Exhibit {
        slide,
        name: "regimes",
        caption: format!(
            "Windows of two values in two components tell low from high, and only {:.0} % of the times are in the regime that \
             made them. Regressions on a wave in a hidden Markov chain find the regimes: {:.1} %.",
            100.0 * right,
            100.0 * found
        ),
        facts: vec![
            Fact::new("mean log-likelihood", fitted.mean_log_likelihood(), 6),
            Fact::new("BIC", fitted.bic(), 2),
            Fact::new("share of times in the true regime", right, 4),
            Fact::new("the same, regimes found as regressions on a wave", found, 4),
            Fact::new("time at which the regime is found to change", change, 3),
        ],
        sheet: both.sheet(),
    }])
}
