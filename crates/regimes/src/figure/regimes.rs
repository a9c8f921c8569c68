//! Series in the colours of their regimes.

use gmm_core::ndarray::Array2;
use gmm_figures::{Anchor, Axes, Color, Fill, Frame, Key, MUTED, Sheet, Stroke, distinct, padded};

use super::page::{DIVIDING, page, radius, stretches, time_axes, time_names, time_range};
use crate::data::Series;

/// The height of the panel of the only column, of each of several, and of the ribbon.
const PLOT: u32 = 400;
const PANELS: u32 = 560;
const LEAST_PANEL: u32 = 130;
const RIBBON: u32 = 64;
/// Changes that are drawn: more are no news.
const MOST_CHANGES: usize = 24;

/// Each column of a series over time, its values in the colours of their regimes, over a ribbon of the regimes'
/// probabilities; thin lines where the regime changes, unless it does so all the time.
#[derive(Debug, Clone)]
pub struct RegimeChart<'a> {
    /// What it shows.
    pub title: String,
    /// More of that.
    pub subtitle: String,
    /// The series.
    pub series: &'a Series,
    /// The regime of each step, if it has one.
    pub regimes: &'a [Option<usize>],
    /// The probability of each regime at each step, steps × regimes; NaN where there are none.
    pub probabilities: Array2<f64>,
    /// What each regime is called, and a few words on it.
    pub names: Vec<(String, String)>,
}

impl RegimeChart<'_> {
    /// The figure.
    pub fn sheet(&self) -> Sheet {
        let series = self.series;
        let names: Vec<String> = self.names.iter().map(described).collect();
        let key = |(k, name): (usize, &'_ String)| (Key::Dot(Fill::new(distinct(k))), name.clone());
        let keys: Vec<(Key, String)> = names.iter().enumerate().map(key).collect();
        let entries: Vec<_> = keys
            .iter()
            .map(|(key, name)| (*key, name.as_str()))
            .collect();
        let n_columns = series.columns.len().max(1);
        let height = match n_columns {
            1 => PLOT,
            n => (PANELS / n as u32).max(LEAST_PANEL),
        };
        let heights = [vec![height; n_columns], vec![RIBBON]].concat();
        let (mut sheet, frames) = page(&self.title, &self.subtitle, &entries, &heights);
        let x = time_range(&series.times);
        let x_names = time_names(&series.times, &series.labels);
        let changes = self.changes();
        for (j, (name, frame)) in series.columns.iter().zip(&frames).enumerate() {
            let values = series.values.column(j).to_vec();
            let y = padded(values.iter().copied());
            let axes = time_axes(*frame, (x, y), &x_names, false).labelled("", name);
            axes.draw(&mut sheet);
            divide(&mut sheet, &axes, &changes);
            let points = || series.times.iter().copied().zip(values.iter().copied());
            axes.line(&mut sheet, points(), Stroke::new(Color(120, 120, 120), 1.0));
            for (point, regime) in points().zip(self.regimes) {
                if let Some(regime) = regime {
                    axes.dot(
                        &mut sheet,
                        point,
                        radius(values.len()),
                        Fill::new(distinct(*regime)),
                    );
                }
            }
        }
        if let Some(frame) = frames.last() {
            let axes = time_axes(*frame, (x, (0.0, 1.0)), &x_names, true);
            self.ribbon(&mut sheet, *frame, &axes.labelled(&series.time_name, ""));
        }
        sheet
    }

    /// Half way between the steps at which the regime is another than before; none of too many.
    fn changes(&self) -> Vec<f64> {
        let known: Vec<(f64, usize)> = (self.series.times.iter().zip(self.regimes))
            .filter_map(|(t, regime)| Some((*t, (*regime)?)))
            .collect();
        let changes: Vec<f64> = (known.windows(2))
            .filter(|pair| pair[0].1 != pair[1].1)
            .map(|pair| 0.5 * (pair[0].0 + pair[1].0))
            .collect();
        if changes.len() > MOST_CHANGES {
            Vec::new()
        } else {
            changes
        }
    }

    /// The probabilities one above the other, adding up to 1 at every step.
    fn ribbon(&self, sheet: &mut Sheet, frame: Frame, axes: &Axes) {
        let axes = axes.clone().without_y_ticks().without_grid();
        axes.draw(sheet);
        let times = &self.series.times;
        let last = times.len().saturating_sub(1);
        let halfway = |a: usize, b: usize| 0.5 * (times[a] + times[b]);
        let rows = &self.probabilities;
        let has = |t: usize| t <= last && rows.row(t).iter().all(|p| !p.is_nan());
        for stretch in stretches(rows.nrows().min(times.len()), has) {
            let mut below = vec![0.0; stretch.len()];
            for k in 0..rows.ncols() {
                let mut band = Vec::with_capacity(2 * stretch.len());
                for (t, base) in stretch.clone().zip(&mut below) {
                    let top = *base + rows[(t, k)];
                    // From half way to the step before to half way to the step after.
                    let ends = [
                        halfway(t.saturating_sub(1), t),
                        halfway(t, (t + 1).min(last)),
                    ];
                    band.extend(ends.map(|x| (x, *base, top)));
                    *base = top;
                }
                let color = distinct(k).mixed(0.75, Color(255, 255, 255));
                axes.band(sheet, &band, Fill::new(color));
            }
        }
        let middle = f64::from(frame.y) + 0.5 * f64::from(frame.height);
        let right = f64::from(frame.x) - 12.0;
        sheet.text("Probability", (right, middle), 13.0, MUTED, Anchor::Right);
    }
}

fn described((name, description): &(String, String)) -> String {
    if description.is_empty() {
        name.clone()
    } else {
        format!("{name} ({description})")
    }
}

fn divide(sheet: &mut Sheet, axes: &Axes, changes: &[f64]) {
    let (low, high) = axes.y();
    for &x in changes {
        axes.line(sheet, [(x, low), (x, high)], DIVIDING);
    }
}
