//! Frames one after the other that hold sound, or do not.

/// Frames one after the other that are all active, or all not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Run {
    pub(crate) active: bool,
    pub(crate) first: usize,
    pub(crate) last: usize,
}

impl Run {
    fn duration(&self, step: f64) -> f64 {
        (self.last - self.first + 1) as f64 * step
    }
}

pub(crate) fn runs(active: &[bool]) -> impl Iterator<Item = Run> {
    let mut first = 0;
    active.chunk_by(|a, b| a == b).map(move |run| {
        let (active, start) = (run[0], first);
        first += run.len();
        Run {
            active,
            first: start,
            last: first - 1,
        }
    })
}

/// Fills pauses between sounds that are shorter than `pause` seconds, then drops sounds shorter than `sound`.
pub(crate) fn smooth(active: &mut [bool], step: f64, pause: f64, sound: f64) {
    let all: Vec<Run> = runs(active).collect();
    for run in &all {
        let is_between = run.first > 0 && run.last + 1 < active.len();
        if !run.active && is_between && run.duration(step) < pause {
            active[run.first..=run.last].fill(true);
        }
    }
    let all: Vec<Run> = runs(active).collect();
    for run in &all {
        if run.active && run.duration(step) < sound {
            active[run.first..=run.last].fill(false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_pauses_are_filled_and_short_sounds_dropped() {
        let smoothed = |pattern: &str| {
            let mut active: Vec<bool> = pattern.chars().map(|c| c == '#').collect();
            smooth(&mut active, 0.03, 0.1, 0.1);
            active
                .iter()
                .map(|&a| if a { '#' } else { '.' })
                .collect::<String>()
        };
        assert_eq!(smoothed("..##...##...."), "..#######....");
        assert_eq!(smoothed("####....###...."), "####...........");
        assert_eq!(smoothed("..####"), "..####");
        assert_eq!(smoothed("##...##"), "#######");
        assert_eq!(smoothed(""), "");
    }
}
