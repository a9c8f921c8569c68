//! Two panels beside each other, or one above the other for wide pictures.

use gmm_figures::image::RgbImage;
use gmm_figures::{Anchor, Sheet, TEXT};

use super::{CAPTION, HEADING, LEAST_WIDTH, MARGIN, PANEL, WIDE, WIDE_PANEL, panel_size};
use crate::data::Picture;

/// A sheet with two panels of a picture, and where they are.
pub(super) struct Pair {
    pub(super) sheet: Sheet,
    /// The size of a panel.
    pub(super) size: (u32, u32),
    places: [(u32, u32); 2],
}

impl Pair {
    /// An empty one with its heading.
    pub(super) fn of(picture: &Picture, title: &str, subtitle: &str) -> Self {
        let is_wide = picture.width() > WIDE * picture.height();
        let (w, h) = panel_size(picture, if is_wide { WIDE_PANEL } else { PANEL });
        let across = if is_wide { w } else { 2 * w + MARGIN };
        let width = (across + 2 * MARGIN).max(LEAST_WIDTH);
        let left = (width - across) / 2;
        let second = match is_wide {
            true => (left, HEADING + h + CAPTION),
            false => (left + w + MARGIN, HEADING),
        };
        let mut sheet = Sheet::new(width, second.1 + h + MARGIN);
        sheet.heading(title, subtitle);
        Self {
            sheet,
            size: (w, h),
            places: [(left, HEADING), second],
        }
    }

    /// The sheet with both panels under their captions.
    pub(super) fn with(mut self, panels: [(&str, RgbImage); 2]) -> Sheet {
        for ((caption, panel), (x, y)) in panels.into_iter().zip(self.places) {
            let middle = (f64::from(x + self.size.0 / 2), f64::from(y - CAPTION / 2));
            self.sheet.text(caption, middle, 16.0, TEXT, Anchor::Center);
            self.sheet.place(panel, (x, y));
        }
        self.sheet
    }
}

/// The pixel of a picture in the middle of what each pixel of a panel shows.
pub(super) fn shown(picture: &Picture, (w, h): (u32, u32)) -> impl Fn(u32, u32) -> usize {
    let (width, height) = (picture.width(), picture.height());
    let along = |i: u32, panel: u32, n: u32| {
        (u64::from(2 * i + 1) * u64::from(n) / u64::from(2 * panel)) as usize
    };
    move |x, y| along(y, h, height) * width as usize + along(x, w, width)
}

/// Draws a white line between dark ones over a panel wherever `of` differs between neighbours.
pub(super) fn outline<T: PartialEq>(panel: &mut RgbImage, of: impl Fn(u32, u32) -> T) {
    let (w, h) = panel.dimensions();
    let is_border = |x: u32, y: u32| {
        let own = of(x, y);
        (x + 1 < w && of(x + 1, y) != own) || (y + 1 < h && of(x, y + 1) != own)
    };
    let borders: Vec<(u32, u32)> = (0..h)
        .flat_map(|y| (0..w).map(move |x| (x, y)))
        .filter(|(x, y)| is_border(*x, *y))
        .collect();
    for &(x, y) in &borders {
        for (u, v) in (y.saturating_sub(1)..(y + 2).min(h))
            .flat_map(|v| (x.saturating_sub(1)..(x + 2).min(w)).map(move |u| (u, v)))
        {
            panel.get_pixel_mut(u, v).0 = [0; 3];
        }
    }
    for (x, y) in borders {
        panel.get_pixel_mut(x, y).0 = [255; 3];
    }
}
