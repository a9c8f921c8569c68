//! Components that belong together.

use gmm_core::Gmm;
use gmm_figures::{Color, Key, distinct};

/// The colour of the background, and of what belongs to no group.
const GREY: Color = Color(150, 150, 150);

/// Which components belong together, and what they are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Groups {
    /// The group of each component.
    pub of_component: Vec<usize>,
    /// Names of the groups.
    pub names: Vec<String>,
}

impl Groups {
    /// Every component a group of its own.
    pub fn of_components(n: usize) -> Self {
        Self {
            of_component: (0..n).collect(),
            names: (1..=n).map(|i| format!("Component {i}")).collect(),
        }
    }

    /// The colour of a component's group; grey for the background.
    pub(super) fn color(&self, component: usize) -> Color {
        let group = self.of_component.get(component);
        group.map_or(GREY, |&group| distinct(group))
    }

    /// The groups and their colours, for a legend.
    pub(super) fn entries(&self, model: &Gmm, key: impl Fn(Color) -> Key) -> Vec<(Key, &str)> {
        let names = self.names.iter().enumerate();
        let mut entries: Vec<_> = names
            .map(|(group, name)| (key(distinct(group)), name.as_str()))
            .collect();
        if model.background().is_some() {
            entries.push((key(GREY), "Background"));
        }
        entries
    }
}
