//! Who speaks when: levels over a ribbon of speakers.

use gmm_figures::{
    Anchor, Axes, BELOW, Color, Fill, Frame, HEADING, Key, LEFT, MUTED, Sheet, Stroke, decimal,
    distinct, legend, padded,
};

use crate::model::{Turn, Turns};

const WIDTH: u32 = 1120;
const PLOT: u32 = 240;
const RIBBON: u32 = 34;
const GAP: u32 = 16;
const MARGIN: u32 = 24;
/// Levels farther below the loudest are not told apart, in dB.
const RANGE: f64 = 70.0;
const PAUSES: Color = Color(170, 170, 170);

/// The levels of a recording's frames in the colours of who speaks, over a ribbon of turns, and of the true ones where they
/// are known.
#[derive(Debug, Clone)]
pub struct TurnChart<'a> {
    /// What it shows.
    pub title: String,
    /// More of that.
    pub subtitle: String,
    /// What was found.
    pub found: &'a Turns,
    /// Names of the speakers.
    pub names: &'a [String],
    /// True turns, if they are known, with the speakers as they are to be coloured.
    pub truth: &'a [Turn],
}

impl TurnChart<'_> {
    /// The figure.
    pub fn sheet(&self) -> Sheet {
        let left = LEFT + MARGIN;
        let frame = Frame {
            x: left,
            y: HEADING as u32 + 40,
            width: WIDTH - left - MARGIN,
            height: PLOT,
        };
        let n_ribbons = if self.truth.is_empty() { 1 } else { 2 };
        let height = frame.y + PLOT + (GAP + RIBBON) * n_ribbons + BELOW + 8;
        let mut sheet = Sheet::new(WIDTH, height);
        sheet.heading(&self.title, &self.subtitle);
        let texts: Vec<String> = (self.names.iter().zip(self.found.seconds()))
            .map(|(name, s)| format!("{name} ({} s)", decimal(s, 1)))
            .collect();
        let entries: Vec<(Key, &str)> = (texts.iter().enumerate())
            .map(|(k, text)| (Key::Area(Fill::new(distinct(k))), text.as_str()))
            .collect();
        legend(
            &mut sheet,
            (0.5 * f64::from(WIDTH), HEADING + 18.0),
            &entries,
        );
        let end = self.found.times.last().copied().unwrap_or(1.0);
        self.levels(&mut sheet, frame, end);
        let ribbons = [("Found", &self.found.turns[..]), ("True", self.truth)];
        for (i, (name, turns)) in (0..n_ribbons).zip(ribbons) {
            let y = frame.y + PLOT + GAP + (GAP + RIBBON) * i;
            let place = Frame {
                y,
                height: RIBBON,
                ..frame
            };
            let axes = Axes::new(place, (0.0, end), (0.0, 1.0))
                .without_grid()
                .without_y_ticks();
            let axes = if i + 1 == n_ribbons {
                axes.labelled("Time [s]", "")
            } else {
                axes.without_x_ticks()
            };
            axes.draw(&mut sheet);
            for turn in turns {
                let (start, stop) = (turn.start.max(0.0), turn.end.min(end));
                let band = [(start, 0.0, 1.0), (stop, 0.0, 1.0)];
                axes.band(&mut sheet, &band, Fill::new(distinct(turn.speaker)));
            }
            let middle = f64::from(place.y) + 0.5 * f64::from(RIBBON);
            let at = (f64::from(place.x) - 12.0, middle);
            sheet.text(name, at, 13.0, MUTED, Anchor::Right);
        }
        sheet
    }

    /// A line of levels, grey in pauses.
    fn levels(&self, sheet: &mut Sheet, frame: Frame, end: f64) {
        let all = || self.found.levels.iter().copied();
        let loudest = all().fold(f64::NEG_INFINITY, f64::max);
        let levels: Vec<f64> = all().map(|l| l.max(loudest - RANGE) - loudest).collect();
        let axes = Axes::new(frame, (0.0, end), padded(levels.iter().copied()))
            .labelled("", "Level [dB]")
            .without_x_ticks();
        axes.draw(sheet);
        let mut first = 0;
        for run in self.found.speakers.chunk_by(|a, b| a == b) {
            // With the next frame, so that lines meet.
            let last = (first + run.len() + 1).min(levels.len());
            let points = (first..last).map(|t| (self.found.times[t], levels[t]));
            let color = run[0].map_or(PAUSES, distinct);
            axes.line(sheet, points, Stroke::new(color, 1.3));
            first += run.len();
        }
    }
}
