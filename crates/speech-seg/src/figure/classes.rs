//! Classes of sound: levels over ribbons of classes and of sound.

use gmm_figures::{
    Anchor, Axes, BELOW, Color, Fill, Frame, HEADING, Key, LEFT, MUTED, Sheet, Stroke, VERMILION,
    decimal, distinct, legend, padded,
};

use crate::model::Classes;

const WIDTH: u32 = 1120;
const PLOT: u32 = 220;
const RIBBON: u32 = 34;
const GAP: u32 = 16;
const MARGIN: u32 = 24;
const LINE: Color = Color(90, 90, 90);

/// The levels of a recording's frames over a ribbon of their classes and one of sound, told by loudness alone.
#[derive(Debug, Clone)]
pub struct ClassChart<'a> {
    /// What it shows.
    pub title: String,
    /// What was found.
    pub found: &'a Classes,
}

impl ClassChart<'_> {
    /// The figure.
    pub fn sheet(&self) -> Sheet {
        let found = self.found;
        let left = LEFT + MARGIN;
        let frame = Frame {
            x: left,
            y: HEADING as u32 + 40,
            width: WIDTH - left - MARGIN,
            height: PLOT,
        };
        let mut sheet = Sheet::new(WIDTH, frame.y + PLOT + 2 * (GAP + RIBBON) + BELOW + 8);
        let line = format!(
            "{} classes, {} stretches",
            found.levels.len(),
            found.stretches.len()
        );
        sheet.heading(&self.title, &line);
        let texts: Vec<String> = (found.levels.iter().enumerate())
            .map(|(c, level)| format!("class {} (mean {} dB)", c + 1, decimal(*level, 0)))
            .collect();
        let entries: Vec<(Key, &str)> = (texts.iter().enumerate())
            .map(|(c, text)| (Key::Area(Fill::new(distinct(c))), text.as_str()))
            .collect();
        legend(
            &mut sheet,
            (0.5 * f64::from(WIDTH), HEADING + 18.0),
            &entries,
        );
        let end = found.stretches.last().map_or(1.0, |s| s.end);
        let levels = padded(found.frame_levels.iter().copied());
        let axes = Axes::new(frame, (0.0, end), levels)
            .labelled("", "Level [dB]")
            .without_x_ticks();
        axes.draw(&mut sheet);
        let points = found
            .times
            .iter()
            .copied()
            .zip(found.frame_levels.iter().copied());
        axes.line(&mut sheet, points, Stroke::new(LINE, 1.2));
        let of_class = found
            .stretches
            .iter()
            .map(|s| (s.start, s.end, distinct(s.class)));
        self.ribbon(&mut sheet, frame, (0, end), "Class", of_class);
        let step = end / found.times.len().max(1) as f64;
        let spoken = (found.times.iter().zip(&found.speech))
            .filter(|(_, speech)| **speech)
            .map(|(t, _)| (t - 0.5 * step, t + 0.5 * step, VERMILION));
        self.ribbon(&mut sheet, frame, (1, end), "Sound", spoken);
        sheet
    }

    fn ribbon(
        &self,
        sheet: &mut Sheet,
        above: Frame,
        (place, end): (u32, f64),
        name: &str,
        spans: impl Iterator<Item = (f64, f64, Color)>,
    ) {
        let y = above.y + PLOT + GAP + (GAP + RIBBON) * place;
        let frame = Frame {
            y,
            height: RIBBON,
            ..above
        };
        let axes = Axes::new(frame, (0.0, end), (0.0, 1.0))
            .without_grid()
            .without_y_ticks();
        let axes = match place {
            0 => axes.without_x_ticks(),
            _ => axes.labelled("Time [s]", ""),
        };
        axes.draw(sheet);
        for (start, stop, color) in spans {
            let band = [(start.max(0.0), 0.0, 1.0), (stop.min(end), 0.0, 1.0)];
            axes.band(sheet, &band, Fill::new(color));
        }
        let middle = f64::from(y) + 0.5 * f64::from(RIBBON);
        let at = (f64::from(frame.x) - 12.0, middle);
        sheet.text(name, at, 13.0, MUTED, Anchor::Right);
    }
}
