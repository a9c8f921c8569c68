//! Classes of sound: levels over ribbons of classes and of sound.

use gmm_figures::{Color, Sheet, decimal, distinct};

use super::timeline::Timeline;
use crate::model::Classes;

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
        let name = |(c, level): (usize, &f64)| {
            let name = format!("class {} (mean {} dB)", c + 1, decimal(*level, 0));
            (distinct(c), name)
        };
        let classes = (found.stretches.iter()).map(|s| (s.start, s.end, distinct(s.class)));
        let end = found.stretches.last().map_or(1.0, |s| s.end);
        let step = end / found.times.len().max(1) as f64;
        let sound = (found.times.iter().zip(&found.speech))
            .filter(|(_, speech)| **speech)
            .map(|(t, _)| (t - 0.5 * step, t + 0.5 * step, LINE));
        Timeline {
            title: &self.title,
            subtitle: &format!(
                "{} classes, {} stretches",
                found.levels.len(),
                found.stretches.len()
            ),
            names: found.levels.iter().enumerate().map(name).collect(),
            times: &found.times,
            levels: &found.frame_levels,
            colors: vec![LINE; found.times.len()],
            ribbons: vec![("Class", classes.collect()), ("Sound", sound.collect())],
        }
        .sheet()
    }
}
