//! Who speaks when: levels over a ribbon of speakers.

use gmm_figures::{Color, Sheet, decimal, distinct};

use super::timeline::{Ribbon, Timeline};
use crate::model::{Turn, Turns};

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
        let name = |(k, (name, seconds)): (usize, (&String, f64))| {
            (distinct(k), format!("{name} ({} s)", decimal(seconds, 1)))
        };
        let ribbon = |turns: &[Turn]| -> Ribbon {
            let span = |t: &Turn| (t.start, t.end, distinct(t.speaker));
            turns.iter().map(span).collect()
        };
        let color = |speaker: &Option<usize>| speaker.map_or(PAUSES, distinct);
        let mut ribbons = vec![("Found", ribbon(&self.found.turns))];
        if !self.truth.is_empty() {
            ribbons.push(("True", ribbon(self.truth)));
        }
        Timeline {
            title: &self.title,
            subtitle: &self.subtitle,
            names: (self.names.iter().zip(self.found.seconds()))
                .enumerate()
                .map(name)
                .collect(),
            times: &self.found.times,
            levels: &self.found.levels,
            colors: self.found.speakers.iter().map(color).collect(),
            ribbons,
        }
        .sheet()
    }
}
