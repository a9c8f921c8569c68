//! What the figures of the guides share: panels in rows, ellipses, error bars, small files.

use std::collections::HashMap;

use gmm_core::Gmm;
use gmm_core::ndarray::Array2;
use gmm_figures::{
    Axes, BELOW, BLUE, Color, FigureError, Fill, Frame, HEADING, Key, LEFT, Place, Sheet, Stroke,
    VERMILION, ellipse, encode_indexed, legend, padded,
};

/// What is known to be true, or what would be found if nothing were hidden: wide, so that it shows under a fit.
pub(crate) const TRUTH: Stroke = Stroke::new(Color(168, 168, 168), 5.0);
/// What was found.
pub(crate) const FIT: Stroke = Stroke::new(VERMILION, 2.2);
/// Rows.
pub(crate) const ROW: Fill = Fill::new(BLUE).opacity(0.45);

/// Room between panels.
const BETWEEN: u32 = LEFT + 14;
const RIGHT: u32 = 24;
const LEGEND: u32 = 26;
const TITLE: u32 = 36;

/// A figure of the guide: its name, the numbers it shows, and the drawing.
pub(crate) struct Shown {
    pub(crate) name: &'static str,
    pub(crate) facts: String,
    pub(crate) sheet: Sheet,
}

/// A sheet with panels.
pub(crate) struct Page {
    pub(crate) sheet: Sheet,
    pub(crate) frames: Vec<Frame>,
}

impl Page {
    /// A heading over columns × rows of panels of this width and height.
    pub(crate) fn new(
        (title, subtitle): (&str, &str),
        (columns, rows): (u32, u32),
        (width, height): (u32, u32),
    ) -> Self {
        let top = HEADING as u32 + LEGEND + TITLE;
        let pitch = height + BELOW + TITLE;
        let size = (
            columns * (BETWEEN + width) + RIGHT,
            top + rows * pitch - TITLE + 4,
        );
        let mut sheet = Sheet::new(size.0, size.1);
        sheet.heading(title, subtitle);
        let frame = |i: u32| Frame {
            x: BETWEEN + i % columns * (BETWEEN + width),
            y: top + i / columns * pitch,
            width,
            height,
        };
        Self {
            sheet,
            frames: (0..columns * rows).map(frame).collect(),
        }
    }

    /// What the marks mean, under the heading.
    pub(crate) fn legend(&mut self, entries: &[(Key, &str)]) {
        let place = (0.5 * f64::from(self.sheet.size().0), HEADING + 8.0);
        legend(&mut self.sheet, place, entries);
    }
}

pub(crate) fn point(row: gmm_core::ndarray::ArrayView1<'_, f64>) -> Place {
    (row[0], row[1])
}

/// Axes that show all rows of two columns, and the ellipses of these mixtures.
pub(crate) fn plane(
    frame: Frame,
    rows: &Array2<f64>,
    models: &[&Gmm],
    names: (&str, &str),
) -> Axes {
    let mut points: Vec<Place> = rows.outer_iter().map(point).collect();
    for model in models {
        points.extend((0..model.n_components()).flat_map(|c| outline(model, c)));
    }
    let x = padded(points.iter().map(|p| p.0));
    let y = padded(points.iter().map(|p| p.1));
    Axes::new(frame, x, y).labelled(names.0, names.1)
}

/// The ellipse of a component in the plane at two standard deviations.
fn outline(model: &Gmm, c: usize) -> Vec<Place> {
    let covariances = model.covariances();
    let at = |i: usize, j: usize| covariances[(c, i, j)];
    ellipse(
        point(model.means().row(c)),
        (at(0, 0), at(0, 1), at(1, 1)),
        2.0,
    )
}

/// A disc for each row.
pub(crate) fn scatter(
    sheet: &mut Sheet,
    axes: &Axes,
    rows: &Array2<f64>,
    fill: impl Fn(usize) -> Fill,
) {
    for (i, row) in rows.outer_iter().enumerate() {
        axes.dot(sheet, point(row), 2.8, fill(i));
    }
}

/// The ellipses of all components of a mixture in the plane at two standard deviations.
pub(crate) fn ellipses(sheet: &mut Sheet, axes: &Axes, model: &Gmm, stroke: Stroke) {
    for c in 0..model.n_components() {
        axes.line(sheet, outline(model, c), stroke);
    }
}

/// An interval with its middle.
pub(crate) fn interval(
    sheet: &mut Sheet,
    axes: &Axes,
    x: f64,
    (low, middle, high): (f64, f64, f64),
    stroke: Stroke,
) {
    const CAP: f64 = 5.0;
    axes.line(sheet, [(x, low), (x, high)], stroke);
    for end in [low, high] {
        if !axes.shows((x, end)) {
            continue;
        }
        let (px, py) = axes.at((x, end));
        sheet.line(vec![(px - CAP, py), (px + CAP, py)], stroke);
    }
    axes.dot(sheet, (x, middle), 4.0, Fill::new(stroke.color));
}

/// The sheet as a PNG of at most 256 colours: those that most pixels have, and for all others the nearest of these.
pub(crate) fn small_png(sheet: &Sheet) -> Result<Vec<u8>, FigureError> {
    const MOST: usize = 256;
    /// Channels that differ by less are one colour.
    const STEP: u8 = 4;
    let image = sheet.to_image()?;
    let rounded = |v: u8| v.saturating_add(STEP / 2) / STEP * STEP;
    let key = |p: &[u8; 3]| p.map(|v| if v > 250 { 255 } else { rounded(v) });
    let mut counts: HashMap<[u8; 3], usize> = HashMap::new();
    for pixel in image.pixels() {
        *counts.entry(key(&pixel.0)).or_default() += 1;
    }
    let mut common: Vec<_> = counts.iter().collect();
    common.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    let palette: Vec<[u8; 3]> = common.iter().take(MOST).map(|(c, _)| **c).collect();
    let distance = |a: &[u8; 3], b: &[u8; 3]| -> u32 {
        let squares = a
            .iter()
            .zip(b)
            .map(|(a, b)| u32::from(a.abs_diff(*b)).pow(2));
        squares.sum()
    };
    let nearest = |color: &[u8; 3]| {
        let by_distance = |i: &usize| distance(&palette[*i], color);
        (0..palette.len()).min_by_key(by_distance).unwrap_or(0) as u8
    };
    let place: HashMap<[u8; 3], u8> = counts.keys().map(|c| (*c, nearest(c))).collect();
    let labels: Vec<u8> = image.pixels().map(|p| place[&key(&p.0)]).collect();
    let colors: Vec<Color> = palette.iter().map(|c| Color(c[0], c[1], c[2])).collect();
    encode_indexed(image.width(), image.height(), &labels, &colors)
}
