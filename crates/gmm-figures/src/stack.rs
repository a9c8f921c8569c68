//! Two figures on one sheet.

use crate::sheet::{Mark, Place, Sheet};

impl Mark {
    /// The same mark further right and down.
    fn moved(self, (right, down): (u32, u32)) -> Self {
        let of = |(x, y): Place| (x + f64::from(right), y + f64::from(down));
        let all = |points: Vec<Place>| points.into_iter().map(of).collect();
        match self {
            Self::Rectangle { at, size, fill } => Self::Rectangle {
                at: of(at),
                size,
                fill,
            },
            Self::Line { points, stroke } => Self::Line {
                points: all(points),
                stroke,
            },
            Self::Area { points, fill } => Self::Area {
                points: all(points),
                fill,
            },
            Self::Dot { at, radius, fill } => Self::Dot {
                at: of(at),
                radius,
                fill,
            },
            Self::Text(mut text) => {
                text.at = of(text.at);
                Self::Text(text)
            }
            Self::Picture { picture, at } => Self::Picture {
                picture,
                at: (at.0 + right, at.1 + down),
            },
        }
    }
}

impl Sheet {
    /// This sheet with another below it, the narrower one in the middle.
    #[must_use]
    pub fn above(self, bottom: Self) -> Self {
        let (width, height) = (self.width.max(bottom.width), self.height + bottom.height);
        let mut both = Self::new(width, height);
        let height_of_top = self.height;
        for (sheet, down) in [(self, 0), (bottom, height_of_top)] {
            let by = ((width - sheet.width) / 2, down);
            let marks = sheet.marks.into_iter();
            both.marks.extend(marks.map(|mark| mark.moved(by)));
        }
        both
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::palette::{BLUE, GREEN};
    use crate::sheet::Fill;

    #[test]
    fn both_figures_are_on_the_sheet() {
        let mut top = Sheet::new(40, 20);
        top.rectangle((0.0, 0.0), (40.0, 20.0), Fill::new(BLUE));
        let mut bottom = Sheet::new(20, 10);
        bottom.rectangle((0.0, 0.0), (20.0, 10.0), Fill::new(GREEN));
        let picture = top.above(bottom).to_image().unwrap();
        assert_eq!(picture.dimensions(), (40, 30));
        let color = |x, y| picture.get_pixel(x, y).0;
        assert_eq!(color(5, 5), [BLUE.0, BLUE.1, BLUE.2]);
        assert_eq!(color(15, 25), [GREEN.0, GREEN.1, GREEN.2]);
        assert_eq!(color(3, 25), [255; 3]);
    }
}
