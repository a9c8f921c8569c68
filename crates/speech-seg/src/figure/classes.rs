//! Classes of sound: levels over ribbons of classes and of sound.

use gmm_figures::{Color, Sheet, decimal, distinct};

use super::timeline::Timeline;
use crate::features::runs;
use crate::model::Classes;

const LINE: Color = Color(90, 90, 90);

/// The levels of a recording's frames over a ribbon of their classes and one of sound, told by loudness alone.
#[derive(Debug, Clone)]
pub struct ClassChart<'a> {
    /// What it shows.
    pub title: String,
    /// More of that.
    pub subtitle: String,
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
        let half = 0.5 * found.step;
        let sound = runs(&found.speech).filter(|run| run.active);
        let sound = sound.map(|run| {
            let (first, last) = (found.times[run.first], found.times[run.last]);
            (first - half, last + half, LINE)
        });
        Timeline {
            title: &self.title,
            subtitle: &self.subtitle,
            names: found.levels.iter().enumerate().map(name).collect(),
            times: &found.times,
            levels: &found.frame_levels,
            colors: vec![LINE; found.times.len()],
            ribbons: vec![("Class", classes.collect()), ("Sound", sound.collect())],
        }
        .sheet()
    }
}
