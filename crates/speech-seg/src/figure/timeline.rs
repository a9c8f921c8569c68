//! Levels over time, with ribbons of what is when beneath them.

use gmm_figures::{
    Anchor, Axes, BELOW, Color, Fill, Frame, HEADING, Key, LEFT, MUTED, Sheet, Stroke, legend,
    padded,
};

const WIDTH: u32 = 1120;
const PLOT: u32 = 230;
const RIBBON: u32 = 34;
const GAP: u32 = 16;
const MARGIN: u32 = 24;
/// Levels farther below the loudest are not told apart, in dB.
const RANGE: f64 = 70.0;

/// Spans of time, from and to in seconds, each in a colour.
pub(super) type Ribbon = Vec<(f64, f64, Color)>;

/// The levels of a recording's frames over named ribbons on one axis of time.
pub(super) struct Timeline<'a> {
    pub(super) title: &'a str,
    pub(super) subtitle: &'a str,
    /// What the colours are called.
    pub(super) names: Vec<(Color, String)>,
    /// The middles of the frames, in seconds.
    pub(super) times: &'a [f64],
    /// Levels of the frames, in dB.
    pub(super) levels: &'a [f64],
    /// The colour of each frame's level.
    pub(super) colors: Vec<Color>,
    pub(super) ribbons: Vec<(&'static str, Ribbon)>,
}

impl Timeline<'_> {
    pub(super) fn sheet(&self) -> Sheet {
        let left = LEFT + MARGIN;
        let frame = Frame {
            x: left,
            y: HEADING as u32 + 40,
            width: WIDTH - left - MARGIN,
            height: PLOT,
        };
        let beneath = (GAP + RIBBON) * self.ribbons.len() as u32;
        let mut sheet = Sheet::new(WIDTH, frame.y + PLOT + beneath + BELOW + 8);
        sheet.heading(self.title, self.subtitle);
        let entry = |(color, name)| (Key::Area(Fill::new(color)), name);
        let entries: Vec<(Key, &str)> = (self.names.iter())
            .map(|(color, name)| entry((*color, name.as_str())))
            .collect();
        let at = (0.5 * f64::from(WIDTH), HEADING + 18.0);
        legend(&mut sheet, at, &entries);
        let end = self.end();
        self.draw_levels(&mut sheet, frame, end);
        let mut place = frame;
        place.y += PLOT + GAP;
        place.height = RIBBON;
        for (i, (name, spans)) in self.ribbons.iter().enumerate() {
            let axes = Axes::new(place, (0.0, end), (0.0, 1.0))
                .without_grid()
                .without_y_ticks();
            let axes = if i + 1 == self.ribbons.len() {
                axes.labelled("Time [s]", "")
            } else {
                axes.without_x_ticks()
            };
            axes.draw(&mut sheet);
            for (start, stop, color) in spans {
                let band = [(start.max(0.0), 0.0, 1.0), (stop.min(end), 0.0, 1.0)];
                axes.band(&mut sheet, &band, Fill::new(*color));
            }
            let middle = f64::from(place.y) + 0.5 * f64::from(RIBBON);
            let at = (f64::from(place.x) - 12.0, middle);
            sheet.text(name, at, 13.0, MUTED, Anchor::Right);
            place.y += RIBBON + GAP;
        }
        sheet
    }

    /// The end of the last frame's step.
    fn end(&self) -> f64 {
        match self.times {
            [.., before, last] => last + 0.5 * (last - before),
            [only] => 2.0 * only,
            [] => 1.0,
        }
    }

    /// A line of levels in the colours of the frames.
    fn draw_levels(&self, sheet: &mut Sheet, frame: Frame, end: f64) {
        let all = || self.levels.iter().copied();
        let loudest = all().fold(f64::NEG_INFINITY, f64::max);
        let levels: Vec<f64> = all().map(|l| l.max(loudest - RANGE)).collect();
        let axes = Axes::new(frame, (0.0, end), padded(levels.iter().copied()))
            .labelled("", "Level [dB]")
            .without_x_ticks();
        axes.draw(sheet);
        let mut first = 0;
        for run in self.colors.chunk_by(|a, b| a == b) {
            // With the next frame, so that lines meet.
            let last = (first + run.len() + 1).min(levels.len());
            let points = (first..last).map(|t| (self.times[t], levels[t]));
            axes.line(sheet, points, Stroke::new(run[0], 1.3));
            first += run.len();
        }
    }
}
