//! Scores of recordings for each speaker, as a matrix.

use gmm_core::ndarray::Array2;
use gmm_figures::{
    Anchor, COLOR_BAR, Color, Fill, Frame, HEADING, MUTED, Sheet, Stroke, TEXT, color_bar,
    text_width, typeset, viridis,
};

/// The most recordings that are drawn: the first.
const MOST: usize = 60;
const ROW: u32 = 26;
const GAP: u32 = 24;
const WHITE: Color = Color(255, 255, 255);
const BLACK: Color = Color(20, 20, 20);

/// A matrix of scores, recordings × speakers: the largest of each row framed, and bold where it is accepted.
#[derive(Debug, Clone)]
pub struct VoiceChart<'a> {
    /// What it shows.
    pub title: String,
    /// More of that.
    pub subtitle: String,
    /// What the recordings are called.
    pub recordings: &'a [String],
    /// What the speakers are called.
    pub speakers: &'a [String],
    /// Scores in nats a frame, recordings × speakers.
    pub scores: &'a Array2<f64>,
    /// The least score that is accepted.
    pub threshold: f64,
}

impl VoiceChart<'_> {
    /// The figure.
    pub fn sheet(&self) -> Sheet {
        let n_shown = self.recordings.len().min(MOST);
        let widest = |names: &[String], size: f64| {
            let widths = names.iter().map(|n| text_width(n, size, false));
            widths.fold(0.0, f64::max)
        };
        let left = GAP + widest(&self.recordings[..n_shown], 13.0).min(420.0) as u32 + 12;
        let column = (widest(self.speakers, 14.0) as u32 + 24).clamp(84, 200);
        let frame = Frame {
            x: left,
            y: HEADING as u32 + 44,
            width: column * self.speakers.len() as u32,
            height: ROW * n_shown as u32,
        };
        let width = (left + frame.width + COLOR_BAR + GAP).max(760);
        let mut sheet = Sheet::new(width, frame.y + frame.height + 64);
        sheet.heading(&self.title, &self.subtitle);
        self.cells(&mut sheet, frame, n_shown);
        let rest = match self.recordings.len() - n_shown {
            0 => String::new(),
            n => format!(" · {n} more recordings are not shown"),
        };
        let line = format!(
            "framed: the most likely speaker; bold: accepted, at least {}{rest}",
            typeset(self.threshold, 2)
        );
        let at = (
            0.5 * f64::from(width),
            f64::from(frame.y + frame.height) + 30.0,
        );
        sheet.text(&line, at, 13.0, MUTED, Anchor::Center);
        sheet
    }

    fn cells(&self, sheet: &mut Sheet, frame: Frame, n_shown: usize) {
        let n = self.speakers.len().max(1) as u32;
        let shown = || self.scores.rows().into_iter().take(n_shown);
        let low = shown().flatten().copied().fold(f64::INFINITY, f64::min);
        let high = shown().flatten().copied().fold(f64::NEG_INFINITY, f64::max);
        let range = (high - low).max(1e-9);
        let size = (f64::from(frame.width / n), f64::from(ROW));
        let corner = |row: usize, column: usize| {
            (
                f64::from(frame.x) + size.0 * column as f64,
                f64::from(frame.y) + size.1 * row as f64,
            )
        };
        for (s, name) in self.speakers.iter().enumerate() {
            let at = (corner(0, s).0 + 0.5 * size.0, f64::from(frame.y) - 16.0);
            sheet.text(name, at, 14.0, TEXT, Anchor::Center);
        }
        for (r, scores) in shown().enumerate() {
            let middle = corner(r, 0).1 + 0.5 * size.1;
            let at = (f64::from(frame.x) - 10.0, middle);
            sheet.text(&self.recordings[r], at, 13.0, TEXT, Anchor::Right);
            let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let best = scores.iter().position(|s| *s == largest);
            for (s, score) in scores.iter().enumerate() {
                let share = (score - low) / range;
                let at = corner(r, s);
                sheet.rectangle(at, size, Fill::new(viridis(share)));
                let ink = if share > 0.55 { BLACK } else { WHITE };
                let place = (at.0 + 0.5 * size.0, middle);
                let text = typeset(*score, 2);
                if Some(s) == best {
                    framed(sheet, at, size, ink);
                }
                if Some(s) == best && *score >= self.threshold {
                    sheet.bold(&text, place, 14.0, ink, Anchor::Center);
                } else {
                    sheet.text(&text, place, 13.0, ink, Anchor::Center);
                }
            }
        }
        let label = "Score [nats per frame]";
        color_bar(sheet, frame, (low, low + range), label, viridis);
    }
}

fn framed(sheet: &mut Sheet, (x, y): (f64, f64), (w, h): (f64, f64), color: Color) {
    let (left, top, right, bottom) = (x + 2.0, y + 2.0, x + w - 2.0, y + h - 2.0);
    let corners = [
        (left, top),
        (right, top),
        (right, bottom),
        (left, bottom),
        (left, top),
    ];
    sheet.line(corners.to_vec(), Stroke::new(color, 2.0));
}
