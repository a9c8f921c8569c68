//! What was not to be expected.

use gmm_figures::{
    Anchor, Axes, BLUE, Color, Fill, Key, Sheet, Stroke, TEXT, VERMILION, padded, text_width,
};

use super::fan::Band;
use super::page::{DATA, page, radius, time_axes, time_names, time_range};
use crate::data::Series;

const PLOT: u32 = 360;
const SCORES: u32 = 130;
const EXPECTED: Stroke = Stroke::new(BLUE, 1.6);
const BAND: Fill = Fill::new(BLUE).opacity(0.2);
const MARK: Fill = Fill::new(VERMILION).opacity(0.8);
const THRESHOLD: Stroke = Stroke::new(TEXT, 1.4);
/// The radii of the least surprising anomaly and of the most.
const RADII: (f64, f64) = (5.0, 11.0);
/// Anomalies that are named in the figure.
const NAMED: usize = 6;

/// How surprising a step was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Surprise {
    /// The step, from 0.
    pub place: usize,
    /// The larger, the more surprising.
    pub score: f64,
    /// Whether it is more so than allowed.
    pub is_anomaly: bool,
}

/// One column of a series with what was expected of it, its anomalies marked, over the scores of all steps.
#[derive(Debug, Clone)]
pub struct AnomalyChart<'a> {
    /// What it shows.
    pub title: String,
    /// More of that.
    pub subtitle: String,
    /// The series.
    pub series: &'a Series,
    /// The column that is shown.
    pub column: usize,
    /// What was expected at each step; NaN or nothing where no value was.
    pub expected: Vec<f64>,
    /// Where the value of each step was expected, if that is to be shown.
    pub band: Option<Band>,
    /// The scores of steps that have one, in order.
    pub surprises: Vec<Surprise>,
    /// What the scores are, with their unit.
    pub score_name: String,
    /// The score above which steps are anomalies.
    pub threshold: f64,
}

impl AnomalyChart<'_> {
    /// The figure; without panels where there is no such column.
    pub fn sheet(&self) -> Sheet {
        let (band_name, entries) = (self.band.as_ref().map(Band::name), |name: &str| {
            vec![
                (Key::Line(Stroke::new(DATA, 1.4)), String::from("Series")),
                (Key::Line(EXPECTED), String::from("Expected")),
                (Key::Area(BAND), format!("{name} of what was expected")),
                (
                    Key::Dot(MARK),
                    String::from("Anomaly, the larger the more surprising"),
                ),
                (Key::Line(THRESHOLD), String::from("Threshold")),
            ]
        });
        let mut keys = entries(band_name.as_deref().unwrap_or_default());
        if band_name.is_none() {
            keys.remove(2);
        }
        if self.expected.iter().all(|v| v.is_nan()) {
            keys.remove(1);
        }
        let entries: Vec<_> = keys
            .iter()
            .map(|(key, name)| (*key, name.as_str()))
            .collect();
        let (mut sheet, frames) = page(&self.title, &self.subtitle, &entries, &[PLOT, SCORES]);
        let series = self.series;
        let x = time_range(&series.times);
        let names = time_names(&series.times, &series.labels);
        if let ([plot, scores], Some(name)) = (frames.as_slice(), series.columns.get(self.column)) {
            let values = series.values.column(self.column).to_vec();
            let expected = self
                .expected
                .iter()
                .copied()
                .chain(self.band.iter().flat_map(Band::ends));
            let (low, high) = padded(values.iter().copied().chain(expected));
            // Room for names beyond the extreme values.
            let room = 0.07 * (high - low);
            let y = (low - room, high + room);
            let axes = time_axes(*plot, (x, y), &names, false).labelled("", name);
            axes.draw(&mut sheet);
            self.values(&mut sheet, &axes, &values);
            let of = |s: &Surprise| s.score;
            let (low, high) = padded(self.surprises.iter().map(of).chain([self.threshold]));
            let low = if self.surprises.iter().all(|s| s.score >= 0.0) {
                0.0
            } else {
                low
            };
            let axes = time_axes(*scores, (x, (low, high)), &names, true)
                .labelled(&series.time_name, &self.score_name);
            axes.draw(&mut sheet);
            self.scores(&mut sheet, &axes);
        }
        sheet
    }

    fn values(&self, sheet: &mut Sheet, axes: &Axes, values: &[f64]) {
        let times = &self.series.times;
        if let Some(band) = &self.band {
            band.draw(sheet, axes, (None, times), BAND);
        }
        let expected = times.iter().copied().zip(self.expected.iter().copied());
        axes.line(sheet, expected, EXPECTED);
        let points = || times.iter().copied().zip(values.iter().copied());
        axes.line(sheet, points(), Stroke::new(DATA, 1.2));
        for point in points() {
            axes.dot(sheet, point, 0.6 * radius(values.len()), Fill::new(DATA));
        }
        let mut found: Vec<&Surprise> = self.anomalies().collect();
        found.sort_by(|a, b| b.score.total_cmp(&a.score));
        let most = found.first().map_or(1.0, |s| s.score);
        let mut named: Vec<(f64, f64)> = Vec::new();
        for surprise in &found {
            let (Some(&t), Some(&v)) = (times.get(surprise.place), values.get(surprise.place))
            else {
                continue;
            };
            let share = (surprise.score - self.threshold) / (most - self.threshold);
            let share = if share.is_finite() {
                share.clamp(0.0, 1.0)
            } else {
                1.0
            };
            let size = RADII.0 + share * (RADII.1 - RADII.0);
            if !axes.shows((t, v)) {
                continue;
            }
            axes.dot(sheet, (t, v), size, MARK);
            let (px, py) = axes.at((t, v));
            // Above the mark where more came than was expected, else below.
            let is_high = self
                .expected
                .get(surprise.place)
                .is_none_or(|e| e.is_nan() || v >= *e);
            let at = (px, py + if is_high { -1.0 } else { 1.0 } * (size + 11.0));
            let is_free = named
                .iter()
                .all(|(x, y)| (x - at.0).abs() > 84.0 || (y - at.1).abs() > 16.0);
            if named.len() < NAMED && is_free {
                name(sheet, &self.series.labels[surprise.place], at);
                named.push(at);
            }
        }
    }

    fn anomalies(&self) -> impl Iterator<Item = &Surprise> {
        self.surprises.iter().filter(|s| s.is_anomaly)
    }

    fn scores(&self, sheet: &mut Sheet, axes: &Axes) {
        let base = axes.y().0.max(0.0);
        for surprise in &self.surprises {
            let Some(&t) = self.series.times.get(surprise.place) else {
                continue;
            };
            let (color, width) = match surprise.is_anomaly {
                true => (VERMILION, 2.6),
                false => (DATA, 1.2),
            };
            axes.line(
                sheet,
                [(t, base), (t, surprise.score)],
                Stroke::new(color, width),
            );
        }
        axes.across(sheet, self.threshold, THRESHOLD);
    }
}

/// A name that is to be read whatever lies under it.
fn name(sheet: &mut Sheet, text: &str, at: (f64, f64)) {
    const SIZE: f64 = 12.0;
    let width = text_width(text, SIZE, false) + 4.0;
    let corner = (at.0 - 0.5 * width, at.1 - 8.0);
    let under = Fill::new(Color(255, 255, 255)).opacity(0.75);
    sheet.rectangle(corner, (width, 16.0), under);
    sheet.text(text, at, SIZE, TEXT, Anchor::Center);
}
