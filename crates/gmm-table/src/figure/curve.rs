//! The density of one column as a curve.

use gmm_core::ndarray::{Array2, ArrayView1};
use gmm_core::{Gmm, GmmError};
use gmm_figures::{Axes, BLUE, Color, Fill, Frame, Histogram, Key, Sheet, Stroke, TEXT, legend};

use super::groups::Groups;
use super::page::legend_place;

/// Points of a curve.
const POINTS: usize = 1000;
/// The slides' number of bars, which is the most; and values in each, about, of fewer.
const MOST_BARS: usize = 50;
const VALUES_IN_A_BAR: usize = 20;
const FEWEST_BARS: usize = 10;

/// A histogram of so many bars as suit the number of values.
fn histogram(values: &[f64]) -> Histogram {
    let n_bars = (values.len() / VALUES_IN_A_BAR).clamp(FEWEST_BARS, MOST_BARS);
    Histogram::of(values, n_bars)
}

/// Densities of a mixture of one column along a range.
struct Profile {
    x: Vec<f64>,
    /// p(x).
    density: Vec<f64>,
    /// What each component, and the background, contributes to it.
    parts: Vec<Vec<f64>>,
}

impl Profile {
    fn of(model: &Gmm, (low, high): (f64, f64)) -> Result<Self, GmmError> {
        let at = |i: usize| low + (high - low) * i as f64 / (POINTS - 1) as f64;
        let x = Array2::from_shape_fn((POINTS, 1), |(i, _)| at(i));
        let density: Vec<f64> = model.log_prob(&x)?.iter().map(|l| l.exp()).collect();
        let shares = model.responsibilities(&x)?;
        let part =
            |share: ArrayView1<'_, f64>| density.iter().zip(share).map(|(p, r)| p * r).collect();
        Ok(Self {
            parts: shares.columns().into_iter().map(part).collect(),
            x: x.into_iter().collect(),
            density,
        })
    }

    fn line<'a>(&'a self, y: &'a [f64]) -> impl Iterator<Item = (f64, f64)> + 'a {
        self.x.iter().copied().zip(y.iter().copied())
    }
}

/// Histogram of values, if there are any, under the density of a mixture and its weighted components in the colours
/// of their groups; returns the axes.
///
/// # Errors
/// As [`Gmm::log_prob`].
pub fn curve(
    sheet: &mut Sheet,
    frame: Frame,
    values: Option<(&str, &[f64])>,
    (label, range): (&str, (f64, f64)),
    (model, groups): (&Gmm, &Groups),
) -> Result<Axes, GmmError> {
    let axes = Axes::new(frame, range, (0.0, 1.0)).labelled(label, "Density");
    let axes = draw(
        sheet,
        axes,
        values.map(|(_, values)| values),
        (model, groups),
    )?;
    let mut entries = Vec::new();
    if let Some((name, _)) = values {
        entries.push((Key::Area(BARS), name));
    }
    entries.push((Key::Line(MIXTURE), "Mixture"));
    if model.n_components() > 1 {
        entries.extend(groups.entries(model, |color| Key::Line(part_in(color))));
    }
    legend(sheet, legend_place(frame), &entries);
    Ok(axes)
}

const BARS: Fill = Fill::new(BLUE).opacity(0.25);
const MIXTURE: Stroke = Stroke::new(TEXT, 3.6);

fn part_in(color: Color) -> Stroke {
    Stroke::new(color, 1.6)
}

/// The same without a legend, on axes whose y is yet to be found.
pub(super) fn draw(
    sheet: &mut Sheet,
    axes: Axes,
    values: Option<&[f64]>,
    (model, groups): (&Gmm, &Groups),
) -> Result<Axes, GmmError> {
    let bars = values.map(histogram);
    let profile = Profile::of(model, axes.x())?;
    let peak = profile.density.iter().copied().fold(0.0, f64::max);
    // A narrow component must not press all else flat.
    let top = bars
        .as_ref()
        .map_or(peak, |bars| peak.min(3.0 * bars.peak()).max(bars.peak()));
    let axes = axes.with_y((0.0, 1.08 * top));
    axes.draw(sheet);
    for (bin, height) in bars.iter().flat_map(Histogram::bins) {
        axes.bar(sheet, bin, height, BARS);
    }
    axes.line(sheet, profile.line(&profile.density), MIXTURE);
    if model.n_components() > 1 {
        for (component, part) in profile.parts.iter().enumerate() {
            let stroke = part_in(groups.color(component));
            axes.line(sheet, profile.line(part), stroke);
        }
    }
    Ok(axes)
}
