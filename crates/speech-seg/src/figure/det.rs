//! Misses over false alarms on axes of normal quantiles.

use gmm_core::detection::Detection;
use gmm_core::ndarray::array;
use gmm_core::{Covariances, Gmm, GmmError};
use gmm_figures::{
    Anchor, Axes, BELOW, BLUE, FAINT, Fill, Frame, HEADING, LEFT, MUTED, Sheet, Stroke, TEXT,
    VERMILION, typeset,
};

const SIDE: u32 = 480;
const MARGIN: u32 = 30;
/// Rates that are marked, and the least and largest that are shown.
const MARKED: [f64; 8] = [0.002, 0.01, 0.03, 0.1, 0.2, 0.4, 0.6, 0.8];
const SHOWN: (f64, f64) = (0.001, 0.9);

/// The detection-error trade-off of trials (Martin et al., "The DET curve in assessment of detection task performance",
/// Eurospeech 1997): normal scores make a straight line.
#[derive(Debug, Clone)]
pub struct DetChart<'a> {
    /// What it shows.
    pub title: String,
    /// More of that.
    pub subtitle: String,
    /// The trials.
    pub detection: &'a Detection,
    /// A threshold to be marked.
    pub threshold: f64,
}

impl DetChart<'_> {
    /// The figure. Rates below 0.1 % are drawn there.
    ///
    /// # Errors
    /// None that is known of.
    pub fn sheet(&self) -> Result<Sheet, GmmError> {
        let normal = Gmm::new(
            array![1.0],
            array![[0.0]],
            Covariances::Spherical(array![1.0]),
        )?;
        let place = |rate: f64| normal.quantile(rate.clamp(SHOWN.0, SHOWN.1));
        let left = LEFT + MARGIN;
        let frame = Frame {
            x: left,
            y: HEADING as u32 + 30,
            width: SIDE,
            height: SIDE,
        };
        let mut sheet = Sheet::new(left + SIDE + MARGIN + 60, frame.y + SIDE + BELOW + 24);
        sheet.heading(&self.title, &self.subtitle);
        let range = (place(SHOWN.0)?, place(SHOWN.1)?);
        let mut names = Vec::new();
        for rate in MARKED {
            let name = format!("{} %", typeset(100.0 * rate, usize::from(rate < 0.01)));
            names.push((place(rate)?, name));
        }
        let axes = Axes::new(frame, range, range)
            .labelled("False alarms", "")
            .with_x_names(names.iter().cloned())
            .without_grid()
            .without_y_ticks();
        axes.draw(&mut sheet);
        let thin = Stroke::new(FAINT, 1.0);
        for (at, name) in &names {
            axes.across(&mut sheet, *at, thin);
            axes.line(&mut sheet, [(*at, range.0), (*at, range.1)], thin);
            let (x, y) = axes.at((range.0, *at));
            sheet.text(name, (x - 8.0, y), 13.0, MUTED, Anchor::Right);
        }
        let middle = f64::from(frame.y) + 0.5 * f64::from(SIDE);
        sheet.upward_text("Misses", (f64::from(frame.x) - 66.0, middle), 14.0, TEXT);
        let equal = [(range.0, range.0), (range.1, range.1)];
        axes.line(&mut sheet, equal, Stroke::new(FAINT, 1.5));
        let points = self.detection.points();
        let mut line: Vec<(f64, f64)> = Vec::with_capacity(2 * points.len());
        for point in &points {
            let at = (place(point.false_alarm_rate)?, place(point.miss_rate())?);
            // Steps: one rate changes at a time.
            let corner = line.last().map(|last| (last.0, at.1));
            line.extend(corner);
            line.push(at);
        }
        axes.line(&mut sheet, line, Stroke::new(BLUE, 2.2));
        if let Some(point) = points.iter().rfind(|p| p.threshold >= self.threshold) {
            let at = (place(point.false_alarm_rate)?, place(point.miss_rate())?);
            axes.dot(&mut sheet, at, 6.0, Fill::new(VERMILION));
            let (x, y) = axes.at(at);
            let text = format!("threshold {}", typeset(self.threshold, 2));
            sheet.text(&text, (x + 12.0, y - 12.0), 13.0, VERMILION, Anchor::Left);
        }
        Ok(sheet)
    }
}
