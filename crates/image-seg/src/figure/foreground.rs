//! A picture with the border of its foreground, beside the foreground alone.

use gmm_figures::image::{Rgb, RgbImage};
use gmm_figures::{BLUE, Color, ORANGE, Sheet, typeset};

use super::original_panel;
use super::pair::{Pair, outline, shown};
use crate::data::{Mark, Marks, Picture};
use crate::model::Foreground;

/// How much of a mark's colour is over the picture.
const TINT: f64 = 0.55;
/// The side of a square of what stands for nothing, in pixels.
const SQUARE: u32 = 12;

/// Draws a picture with the border of its foreground and what was marked, beside the foreground alone, with what `title`
/// says above.
pub fn draw_foreground(picture: &Picture, marks: &Marks, found: &Foreground, title: &str) -> Sheet {
    let n = found.is_foreground.iter().filter(|f| **f).count();
    let share = 100.0 * n as f64 / found.is_foreground.len() as f64;
    let subtitle = format!(
        "foreground {} % of the pixels · {} round{} of fitting and cutting{}",
        typeset(share, 1),
        found.n_rounds,
        if found.n_rounds == 1 { "" } else { "s" },
        if found.has_converged {
            ""
        } else {
            ", stopped early"
        },
    );
    let pair = Pair::of(picture, title, &subtitle);
    let (w, h) = pair.size;
    let place = shown(picture, (w, h));
    let original = original_panel(picture, (w, h));
    let mut marked = original.clone();
    let has_foreground = marks.marks.contains(&Mark::Foreground);
    for (x, y, pixel) in marked.enumerate_pixels_mut() {
        let [r, g, b] = pixel.0;
        let own = Color(r, g, b);
        let tinted = match marks.marks[place(x, y)] {
            Mark::Unknown => own,
            Mark::Foreground => ORANGE.mixed(TINT, own),
            // Beside marks; a rectangle only darkens what is outside.
            Mark::Background if has_foreground => BLUE.mixed(TINT, own),
            Mark::Background => Color(0, 0, 0).mixed(TINT, own),
        };
        pixel.0 = [tinted.0, tinted.1, tinted.2];
    }
    let is_inside = |x: u32, y: u32| found.is_foreground[place(x, y)];
    outline(&mut marked, is_inside);
    let cut = RgbImage::from_fn(w, h, |x, y| match is_inside(x, y) {
        true => *original.get_pixel(x, y),
        false if (x / SQUARE + y / SQUARE).is_multiple_of(2) => Rgb([255; 3]),
        false => Rgb([222; 3]),
    });
    let caption = match has_foreground {
        true => "Marks (orange foreground, blue background) and border",
        false => "Border; what is dark was given as background",
    };
    pair.with([(caption, marked), ("Foreground", cut)])
}
