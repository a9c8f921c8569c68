//! The figures: original beside segments, with a legend; regions; what was cut out.

mod files;
mod foreground;
mod pair;
mod regions;

use std::cmp::Reverse;

use gmm_figures::image::imageops::{self, FilterType};
use gmm_figures::image::{Rgb, RgbImage};
use gmm_figures::{
    Anchor, Color, FigureError, MUTED, Sheet, TEXT, encode_indexed, sequential, typeset,
};

use crate::data::Picture;
use crate::features::ColorSpace;
use crate::model::{MOST_SEGMENTS, Report};

pub use files::{cutout_file, labels_file, mask_file};
pub use foreground::draw_foreground;
pub use regions::draw_regions;

/// How segments are coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Palette {
    /// Viridis from the darkest segment to the lightest: segments stay apart for colour-blind eyes too.
    #[default]
    Ordered,
    /// Every segment in its mean colour.
    Mean,
}

impl Palette {
    fn colors(self, report: &Report) -> Vec<Color> {
        let n = report.segments.len();
        match self {
            Self::Ordered => (0..n).map(|i| sequential(i, n)).collect(),
            Self::Mean => report.segments.iter().map(|s| s.mean_color).collect(),
        }
    }
}

/// The label image: an indexed PNG whose pixel values are the segments, 0 the darkest.
///
/// # Errors
/// [`FigureError::Encoding`] if the encoder refuses.
pub fn label_image(
    picture: &Picture,
    report: &Report,
    palette: Palette,
) -> Result<Vec<u8>, FigureError> {
    encode_indexed(
        picture.width(),
        picture.height(),
        &report.labels,
        &palette.colors(report),
    )
}

/// The longest side of a panel, in pixels.
const PANEL: u32 = 760;
/// The same for pictures so wide that the panels stand one above the other.
const WIDE_PANEL: u32 = 2 * PANEL + MARGIN;
/// How much wider than high such pictures are.
const WIDE: u32 = 2;
/// The least width of a figure: below it the subtitle would be cut.
const LEAST_WIDTH: u32 = 920;
const MARGIN: u32 = 28;
const HEADING: u32 = 92;
/// The height of a line above a panel.
const CAPTION: u32 = 30;
/// The least width and the height of a legend entry.
const LEGEND_CELL: (u32, u32) = (305, 58);

/// Draws original and segments side by side, with what `title` says above and a legend below.
pub fn draw(picture: &Picture, report: &Report, palette: Palette, title: &str) -> Sheet {
    let colors = palette.colors(report);
    let is_wide = picture.width() > WIDE * picture.height();
    let (w, h) = panel_size(picture, if is_wide { WIDE_PANEL } else { PANEL });
    let across = if is_wide { w } else { 2 * w + MARGIN };
    let width = (across + 2 * MARGIN).max(LEAST_WIDTH);
    let left = (width - across) / 2;
    // The upper left corners of the panels.
    let original_at = (left, HEADING);
    let segments_at = if is_wide {
        (left, HEADING + h + CAPTION)
    } else {
        (left + w + MARGIN, HEADING)
    };
    let per_row = (width - 2 * MARGIN) / LEGEND_CELL.0;
    let cell = (width - 2 * MARGIN) / per_row;
    let n_rows = (report.segments.len() as u32).div_ceil(per_row);
    let legend_top = segments_at.1 + h + MARGIN;
    let height = legend_top + n_rows * LEGEND_CELL.1 + MARGIN / 2;

    let mut sheet = Sheet::new(width, height);
    sheet.heading(title, &subtitle(report));
    let at = |x: u32, y: u32| (f64::from(x), f64::from(y));
    for (caption, (x, y)) in [("Original", original_at), ("Segments", segments_at)] {
        let middle = at(x + w / 2, y - CAPTION / 2);
        sheet.text(caption, middle, 16.0, TEXT, Anchor::Center);
    }
    for (i, color) in colors.iter().enumerate() {
        let (column, row) = (i as u32 % per_row, i as u32 / per_row);
        let (x, y) = (MARGIN + column * cell, legend_top + row * LEGEND_CELL.1);
        let mean = report.segments[i].mean_color;
        sheet.swatch(at(x, y), (38.0, 38.0), *color);
        let beside = at(x + 50, y + 10);
        sheet.bold(&share(report, i), beside, 16.0, TEXT, Anchor::Left);
        sheet.swatch(at(x + 50, y + 22), (16.0, 16.0), mean);
        let below = at(x + 72, y + 30);
        sheet.text(&mean_color(report, i), below, 13.0, MUTED, Anchor::Left);
    }
    sheet.place(original_panel(picture, (w, h)), original_at);
    sheet.place(
        segments_panel(picture, report, &colors, (w, h)),
        segments_at,
    );
    sheet
}

fn subtitle(report: &Report) -> String {
    let fitted = &report.fitted;
    format!(
        "{} segment{} · {} covariances of {} colours · mean log-likelihood {} nats per pixel",
        report.segments.len(),
        if report.segments.len() == 1 { "" } else { "s" },
        fitted.model.covariance_type(),
        report.color_space.name(),
        typeset(fitted.mean_log_likelihood(), 4),
    )
}

fn share(report: &Report, i: usize) -> String {
    let size = report.segments[i].size as f64;
    format!(
        "{}   {:.1} %",
        i + 1,
        100.0 * size / report.labels.len() as f64
    )
}

fn mean_color(report: &Report, i: usize) -> String {
    let decimals = match report.color_space {
        ColorSpace::Lab => 0,
        ColorSpace::Rgb => 2,
    };
    let coordinates: Vec<String> = report
        .color_space
        .axes()
        .iter()
        .zip(report.segments[i].mean)
        .map(|(axis, value)| format!("{axis} {}", typeset(value, decimals)))
        .collect();
    format!(
        "mean {}  {}",
        report.segments[i].mean_color.hex(),
        coordinates.join("  ")
    )
}

/// The size in which a picture is shown: large ones are shrunk until the longer side is `most` pixels, small
/// ones enlarged by a whole number.
fn panel_size(picture: &Picture, most: u32) -> (u32, u32) {
    let (w, h) = (picture.width(), picture.height());
    let longer = w.max(h);
    if longer <= most {
        let factor = most / longer;
        return (w * factor, h * factor);
    }
    let scale = f64::from(most) / f64::from(longer);
    let side = |s: u32| ((f64::from(s) * scale).round() as u32).clamp(1, most);
    (side(w), side(h))
}

/// Large pictures are averaged down, small ones enlarged with their pixels left square.
fn original_panel(picture: &Picture, (w, h): (u32, u32)) -> RgbImage {
    let pixels = picture.pixels();
    let original = RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let place = y as usize * picture.width() as usize + x as usize;
        Rgb(pixels[place].map(|v| (v / 257) as u8))
    });
    let filter = if w < picture.width() {
        FilterType::Triangle
    } else {
        FilterType::Nearest
    };
    imageops::resize(&original, w, h, filter)
}

/// Every pixel has the colour of one segment: of those it stands for, the one of most pixels.
fn segments_panel(
    picture: &Picture,
    report: &Report,
    colors: &[Color],
    (w, h): (u32, u32),
) -> RgbImage {
    // The pixels of the picture along one side that pixel `i` of the panel stands for.
    let span = |i: u32, panel: u32, picture: u32| {
        let edge = |i: u32| (u64::from(i) * u64::from(picture) / u64::from(panel)) as usize;
        edge(i)..edge(i + 1).max(edge(i) + 1)
    };
    RgbImage::from_fn(w, h, |x, y| {
        let mut counts = [0u32; MOST_SEGMENTS];
        for row in span(y, h, picture.height()) {
            let first = row * picture.width() as usize;
            for column in span(x, w, picture.width()) {
                counts[usize::from(report.labels[first + column])] += 1;
            }
        }
        let most = (0..colors.len())
            .max_by_key(|&i| (counts[i], Reverse(i)))
            .unwrap_or(0);
        let Color(r, g, b) = colors[most];
        Rgb([r, g, b])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Options, analyze};

    #[test]
    fn pictures_of_any_shape_get_a_figure() {
        for (w, h) in [(1, 1), (1, 900), (2000, 1), (30, 20)] {
            let bytes: Vec<u8> = (0..w * h * 3).map(|i| (i * 37 % 251) as u8).collect();
            let picture = Picture::from_rgb8(w, h, &bytes).unwrap();
            let report = analyze(&picture, &Options::default(), &|_, _| {}).unwrap();
            let sheet = draw(&picture, &report, Palette::Ordered, "x");
            let legend: Vec<[u8; 3]> = Palette::Ordered
                .colors(&report)
                .iter()
                .map(|c| [c.0, c.1, c.2])
                .collect();
            let panel = segments_panel(
                &picture,
                &report,
                &Palette::Ordered.colors(&report),
                (60, 40),
            );
            assert!(
                panel.pixels().all(|p| legend.contains(&p.0)),
                "only colours of the legend"
            );
            let (width, height) = sheet.to_image().unwrap().dimensions();
            assert!(
                (LEAST_WIDTH..1700).contains(&width) && height < 1100,
                "{width} × {height}"
            );
            label_image(&picture, &report, Palette::Mean).unwrap();
        }
    }
}
