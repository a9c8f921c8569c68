//! Panels over one axis of time.

use gmm_figures::{
    Axes, BELOW, Color, Frame, HEADING, Key, LEFT, Sheet, Stroke, legend, text_width,
};

use crate::data::calendar_names;

/// The width of all figures.
pub(super) const WIDTH: u32 = 1180;
const MARGIN: u32 = 24;
/// Between panels.
const GAP: u32 = 24;
/// The height of a line of the legend, and the room around all of it.
const LEGEND: u32 = 24;
const AROUND_LEGEND: u32 = 10;

/// Values that are given: lines and dots.
pub(super) const DATA: Color = Color(70, 70, 70);
/// A thin line that divides.
pub(super) const DIVIDING: Stroke = Stroke::new(Color(165, 165, 165), 1.0);

/// Keys in lines that fit.
fn lines<'a>(entries: &[(Key, &'a str)]) -> Vec<Vec<(Key, &'a str)>> {
    /// What a key needs beside its text.
    const KEY: f64 = 58.0;
    let most = f64::from(WIDTH - 2 * MARGIN);
    let mut lines = Vec::new();
    let mut room = 0.0;
    for entry in entries {
        let width = KEY + text_width(entry.1, 14.0, false);
        if width > room {
            lines.push(Vec::new());
            room = most;
        }
        room -= width;
        if let Some(line) = lines.last_mut() {
            line.push(*entry);
        }
    }
    lines
}

/// A sheet with heading and legend, and the frames of panels of these heights, one above the other.
pub(super) fn page(
    title: &str,
    subtitle: &str,
    entries: &[(Key, &str)],
    heights: &[u32],
) -> (Sheet, Vec<Frame>) {
    let lines = lines(entries);
    let mut top = HEADING as u32 + AROUND_LEGEND + LEGEND * lines.len() as u32;
    let n_gaps = heights.len().saturating_sub(1) as u32;
    let height = top + heights.iter().sum::<u32>() + GAP * n_gaps + BELOW;
    let mut sheet = Sheet::new(WIDTH, height);
    sheet.heading(title, subtitle);
    let mut line_at = HEADING + 16.0;
    for line in &lines {
        legend(&mut sheet, (0.5 * f64::from(WIDTH), line_at), line);
        line_at += f64::from(LEGEND);
    }
    let x = LEFT + MARGIN;
    let frame = |height: &u32| {
        let frame = Frame {
            x,
            y: top,
            width: WIDTH - x - MARGIN,
            height: *height,
        };
        top += height + GAP;
        frame
    };
    (sheet, heights.iter().map(frame).collect())
}

/// The range of an axis of time: half a step more at both ends, and a little.
pub(super) fn time_range(times: &[f64]) -> (f64, f64) {
    const MARGIN: f64 = 0.008;
    match times {
        [] => (0.0, 1.0),
        [only] => (only - 1.0, only + 1.0),
        [first, .., last] => {
            let width = last - first;
            let margin = 0.5 * width / times.len() as f64 + MARGIN * width;
            (first - margin, last + margin)
        }
    }
}

/// The names of an axis of times that are no numbers: dates, or some of the words.
pub(super) fn time_names(times: &[f64], labels: &[String]) -> Vec<(f64, String)> {
    const MOST: usize = 10;
    /// Labels are rounded; dates without dashes are numbers too, but far from their places.
    const ROUNDED: f64 = 0.1;
    let is_number = |(label, time): (&String, &f64)| {
        let number = label.parse::<f64>();
        number.is_ok_and(|number| (number - time).abs() <= ROUNDED * (1.0 + time.abs()))
    };
    if labels.iter().zip(times).all(is_number) {
        return Vec::new();
    }
    let all = || labels.iter().cloned().enumerate();
    let names = calendar_names(labels, MOST).unwrap_or_else(|| {
        let every = labels.len().div_ceil(MOST).max(1);
        all().step_by(every).collect()
    });
    (names.into_iter())
        .filter_map(|(place, name)| Some((*times.get(place)?, name)))
        .collect()
}

/// Axes over time; only the lowest of several has names.
pub(super) fn time_axes(
    frame: Frame,
    (x, y): ((f64, f64), (f64, f64)),
    names: &[(f64, String)],
    is_lowest: bool,
) -> Axes {
    let axes = Axes::new(frame, x, y).with_x_names(names.iter().cloned());
    if is_lowest {
        axes
    } else {
        axes.without_x_ticks()
    }
}

/// The radius of one of `n` dots.
pub(super) fn radius(n: usize) -> f64 {
    match n {
        0..=120 => 3.6,
        121..=400 => 3.0,
        401..=1500 => 2.4,
        _ => 1.7,
    }
}

/// The stretches of successive places that have something.
pub(super) fn stretches(n: usize, has: impl Fn(usize) -> bool) -> Vec<std::ops::Range<usize>> {
    let mut found: Vec<std::ops::Range<usize>> = Vec::new();
    for place in (0..n).filter(|place| has(*place)) {
        match found.last_mut() {
            Some(last) if last.end == place => last.end += 1,
            _ => found.push(place..place + 1),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use gmm_figures::{BLUE, Fill};

    #[test]
    fn long_legends_take_more_lines() {
        let entries = [(
            Key::Dot(Fill::new(BLUE)),
            "a regime with a long description of it",
        ); 7];
        let found = lines(&entries);
        assert!(found.len() > 1 && found.iter().map(Vec::len).sum::<usize>() == 7);
        assert!(lines(&[]).is_empty());
    }

    #[test]
    fn dates_without_dashes_are_named_as_dates() {
        let of = |labels: [&str; 2], times: [f64; 2]| time_names(&times, &labels.map(String::from));
        assert!(of(["1871", "1872"], [1871.0, 1872.0]).is_empty());
        assert!(of(["0.1", "0.2"], [0.1, 0.2]).is_empty());
        let named = of(["20210305", "20210306"], [18691.0, 18692.0]);
        assert_eq!(named[1], (18692.0, String::from("2021-03-06")));
    }

    #[test]
    fn stretches_end_where_something_is_missing() {
        assert_eq!(stretches(6, |i| i != 2), [0..2, 3..6]);
        assert!(stretches(3, |_| false).is_empty());
    }
}
