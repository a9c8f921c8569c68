//! A picture with the borders of its regions, beside the regions in their mean colours.

use gmm_figures::image::{Rgb, RgbImage};
use gmm_figures::{Color, Sheet};

use super::original_panel;
use super::pair::{Pair, outline, shown};
use crate::data::Picture;
use crate::model::Regions;

/// Draws a picture with the borders of its regions, beside the regions in their mean colours, with what `title` says
/// above.
pub fn draw_regions(picture: &Picture, found: &Regions, title: &str) -> Sheet {
    let n = found.regions.len();
    let subtitle = format!(
        "{n} region{} · a mixture of {} kinds of colour and texture says what is alike",
        if n == 1 { "" } else { "s" },
        found.n_kinds
    );
    let pair = Pair::of(picture, title, &subtitle);
    let (w, h) = pair.size;
    let place = shown(picture, (w, h));
    let label = |x: u32, y: u32| found.labels[place(x, y)];
    let mut bordered = original_panel(picture, (w, h));
    outline(&mut bordered, label);
    let flat = RgbImage::from_fn(w, h, |x, y| {
        let Color(r, g, b) = found.regions[usize::from(label(x, y))].mean_color;
        Rgb([r, g, b])
    });
    pair.with([
        ("Borders of the regions", bordered),
        ("Regions in their mean colours", flat),
    ])
}
