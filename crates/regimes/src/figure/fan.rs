//! What is to come, as a fan of intervals behind the last of what was.

use gmm_figures::{Axes, BLUE, Color, Fill, GREEN, Key, Sheet, Stroke, VERMILION, padded};

use super::page::{DATA, DIVIDING, page, radius, time_axes, time_names, time_range};

const PLOT: u32 = 440;
/// Each band is so opaque, and lies on those that are wider.
const OPACITY: f64 = 0.17;
const HISTORY: Stroke = Stroke::new(DATA, 1.4);
const CENTRE: Stroke = Stroke::new(BLUE, 2.4);
const MEAN: Stroke = Stroke::new(Color(0, 60, 110), 1.2);
const ONE_STEP: Stroke = Stroke::new(GREEN, 1.8);

/// Intervals of one probability, one for each step.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    /// The probability.
    pub level: f64,
    /// The lower ends; NaN where there is none.
    pub low: Vec<f64>,
    /// The upper ends.
    pub high: Vec<f64>,
}

impl Band {
    /// The area between both ends over these times, and before them at a point where all is known.
    pub(super) fn draw(
        &self,
        sheet: &mut Sheet,
        axes: &Axes,
        (from, times): (Option<(f64, f64)>, &[f64]),
        fill: Fill,
    ) {
        let start = from.map(|(t, y)| (t, y, y));
        let ends = times.iter().zip(self.low.iter().zip(&self.high));
        let mut piece: Vec<(f64, f64, f64)> = start.into_iter().collect();
        for (&t, (&low, &high)) in ends {
            if low.is_nan() || high.is_nan() {
                axes.band(sheet, &std::mem::take(&mut piece), fill);
            } else {
                piece.push((t, low, high));
            }
        }
        axes.band(sheet, &piece, fill);
    }

    /// `95 %`.
    pub(super) fn name(&self) -> String {
        format!("{} %", (1000.0 * self.level).round() / 10.0)
    }

    pub(super) fn ends(&self) -> impl Iterator<Item = f64> {
        self.low.iter().chain(&self.high).copied()
    }
}

/// Forecasts of one step, each from all before it.
#[derive(Debug, Clone, PartialEq)]
pub struct Rolling {
    /// Where the first stands in the history.
    pub start: usize,
    /// The forecasts.
    pub centre: Vec<f64>,
    /// An interval for each.
    pub band: Band,
}

/// A forecast behind the end of its history.
#[derive(Debug, Clone, PartialEq)]
pub struct Fan {
    /// What it shows.
    pub title: String,
    /// More of that.
    pub subtitle: String,
    /// What the values are.
    pub column: String,
    /// What the times are.
    pub time_name: String,
    /// The times of the history on the axis, and those of the forecast behind them.
    pub times: Vec<f64>,
    /// How these are written.
    pub labels: Vec<String>,
    /// The values of the history; NaN where one is missing.
    pub history: Vec<f64>,
    /// The median at each step to come.
    pub median: Vec<f64>,
    /// The mean at each, if it is to be shown.
    pub mean: Option<Vec<f64>>,
    /// Intervals for these steps, of any probabilities.
    pub bands: Vec<Band>,
    /// What came, as far as it is known.
    pub actual: Option<Vec<f64>>,
    /// Forecasts of one step within the history.
    pub rolling: Option<Rolling>,
}

impl Fan {
    /// The figure.
    pub fn sheet(&self) -> Sheet {
        let mut bands: Vec<&Band> = self.bands.iter().collect();
        bands.sort_by(|a, b| b.level.total_cmp(&a.level));
        let keys = self.keys(&bands);
        let entries: Vec<_> = keys
            .iter()
            .map(|(key, name)| (*key, name.as_str()))
            .collect();
        let (mut sheet, frames) = page(&self.title, &self.subtitle, &entries, &[PLOT]);
        let names = time_names(&self.times, &self.labels);
        let n = self.history.len().min(self.times.len());
        let (past, future) = self.times.split_at(n);
        for frame in frames {
            let ranges = (time_range(&self.times), padded(self.shown()));
            let axes =
                time_axes(frame, ranges, &names, true).labelled(&self.time_name, &self.column);
            axes.draw(&mut sheet);
            if let (Some(last), Some(first)) = (past.last(), future.first()) {
                let now = 0.5 * (last + first);
                axes.line(&mut sheet, [(now, axes.y().0), (now, axes.y().1)], DIVIDING);
            }
            // The fan opens at the last value that is known, if that is the last of all.
            let from = past.last().copied().zip(self.history.last().copied());
            let from = from.filter(|(_, y)| !y.is_nan());
            for band in &bands {
                let fill = Fill::new(BLUE).opacity(OPACITY);
                band.draw(&mut sheet, &axes, (from, future), fill);
            }
            self.one_step(&mut sheet, &axes);
            let line = |values: &[f64]| -> Vec<(f64, f64)> {
                let points = future.iter().copied().zip(values.iter().copied());
                from.into_iter().chain(points).collect()
            };
            if let Some(mean) = &self.mean {
                axes.line(&mut sheet, line(mean), MEAN);
            }
            axes.line(&mut sheet, line(&self.median), CENTRE);
            let points = || past.iter().copied().zip(self.history.iter().copied());
            axes.line(&mut sheet, points(), HISTORY);
            for point in points() {
                axes.dot(
                    &mut sheet,
                    point,
                    0.6 * radius(self.times.len()),
                    Fill::new(DATA),
                );
            }
            let came = || {
                future
                    .iter()
                    .copied()
                    .zip(self.actual.iter().flatten().copied())
            };
            axes.line(&mut sheet, came(), Stroke::new(VERMILION, 1.2));
            let size = 1.1 * radius(self.times.len());
            for point in came() {
                axes.dot(&mut sheet, point, size, Fill::new(VERMILION));
            }
        }
        sheet
    }

    fn one_step(&self, sheet: &mut Sheet, axes: &Axes) {
        let Some(rolling) = &self.rolling else {
            return;
        };
        let times = self.times.get(rolling.start..).unwrap_or_default();
        let fill = Fill::new(GREEN).opacity(0.22);
        rolling.band.draw(sheet, axes, (None, times), fill);
        let points = times.iter().copied().zip(rolling.centre.iter().copied());
        axes.line(sheet, points, ONE_STEP);
    }

    /// All values that are to be seen.
    fn shown(&self) -> Vec<f64> {
        let mut shown = [self.history.as_slice(), &self.median].concat();
        shown.extend(self.bands.iter().flat_map(Band::ends));
        shown.extend(self.mean.iter().chain(&self.actual).flatten());
        if let Some(rolling) = &self.rolling {
            shown.extend(rolling.band.ends().chain(rolling.centre.iter().copied()));
        }
        shown
    }

    fn keys(&self, bands: &[&Band]) -> Vec<(Key, String)> {
        let mut keys = vec![(Key::Line(HISTORY), String::from("Series"))];
        if let Some(rolling) = &self.rolling {
            let name = format!("One step ahead, with {}", rolling.band.name());
            keys.push((Key::Line(ONE_STEP), name));
        }
        keys.push((Key::Line(CENTRE), String::from("Median")));
        if self.mean.is_some() {
            keys.push((Key::Line(MEAN), String::from("Mean")));
        }
        // The narrowest first, which is the darkest.
        for (i, band) in bands.iter().enumerate().rev() {
            let opacity = 1.0 - (1.0 - OPACITY).powi(i as i32 + 1);
            keys.push((Key::Area(Fill::new(BLUE).opacity(opacity)), band.name()));
        }
        if self.actual.is_some() {
            keys.push((Key::Dot(Fill::new(VERMILION)), String::from("What came")));
        }
        keys
    }
}
