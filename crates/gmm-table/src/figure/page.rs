//! Where things lie on a sheet, and the marks of rows and components in the plane of two columns.

use gmm_core::ndarray::{Array2, ArrayView1};
use gmm_core::{Gmm, GmmError};
use gmm_figures::{
    Axes, COLOR_BAR, Field, Fill, Frame, HEADING, LEFT, Place, Sheet, ellipse, padded,
};

/// Room above a frame for its legend.
pub const LEGEND: u32 = 34;
/// Room around what is drawn.
pub const MARGIN: u32 = 24;
/// The side of a square figure's frame.
const SQUARE: u32 = 560;

/// A sheet with a heading, its frame and the room right of that.
pub fn page(width: u32, height: u32, right: u32) -> (Sheet, Frame) {
    let y = HEADING as u32 + LEGEND;
    let frame = Frame {
        x: LEFT + MARGIN,
        y,
        width: width - LEFT - MARGIN - right,
        height: height - y - gmm_figures::BELOW,
    };
    (Sheet::new(width, height), frame)
}

/// A sheet with a square frame and room for a colour bar.
pub fn square_page() -> (Sheet, Frame) {
    let width = SQUARE + LEFT + MARGIN + COLOR_BAR;
    let height = SQUARE + HEADING as u32 + LEGEND + gmm_figures::BELOW;
    page(width, height, COLOR_BAR)
}

/// Where the legend of a frame is centred.
pub fn legend_place(frame: Frame) -> Place {
    let middle = f64::from(frame.x) + 0.5 * f64::from(frame.width);
    (middle, f64::from(frame.y) - 18.0)
}

pub(super) fn point(row: ArrayView1<'_, f64>) -> Place {
    (row[0], row[1])
}

/// Axes over two ranges; where these are of like size, a unit is as long on both.
pub(super) fn axes_over(frame: Frame, x: (f64, f64), y: (f64, f64)) -> Axes {
    /// Ranges that differ by less are of like size: what is round then looks round.
    const LIKE: f64 = 2.0;
    let ratio = (x.1 - x.0) / (y.1 - y.0);
    let axes = Axes::new(frame, x, y);
    if (1.0 / LIKE..LIKE).contains(&ratio) {
        axes.with_equal_units()
    } else {
        axes
    }
}

/// Axes over the first two columns of some rows, with their names.
pub fn plane_axes(frame: Frame, names: &[String], rows: &[&Array2<f64>]) -> Axes {
    let range = |column: usize| {
        let values = rows.iter().flat_map(|rows| rows.column(column).to_vec());
        padded(values)
    };
    axes_over(frame, range(0), range(1)).labelled(&names[0], &names[1])
}

/// A disc for each row.
pub fn scatter(sheet: &mut Sheet, axes: &Axes, rows: &Array2<f64>, fill: impl Fn(usize) -> Fill) {
    let radius = if rows.nrows() > 5000 { 2.0 } else { 3.2 };
    for (i, row) in rows.outer_iter().enumerate() {
        axes.dot(sheet, point(row), radius, fill(i));
    }
}

/// The ellipse of a component of a mixture in the plane, at this many deviations.
pub fn outline(model: &Gmm, component: usize, radius: f64) -> Vec<Place> {
    let component = &model.components()[component];
    let at = |i: usize, j: usize| component.covariance().entry(i, j);
    let mean = (component.mean()[0], component.mean()[1]);
    ellipse(mean, (at(0, 0), at(0, 1), at(1, 1)), radius)
}

/// ln p of a mixture in the plane at every pixel of a frame.
///
/// # Errors
/// As [`Gmm::log_prob`].
pub fn log_density(axes: &Axes, model: &Gmm) -> Result<Field, GmmError> {
    let pixels = axes.pixels();
    let rows = Array2::from_shape_fn((pixels.len(), 2), |(i, j)| pixels[i][j]);
    Ok(axes.field(model.log_prob(&rows)?.to_vec()))
}
