//! Colours that stay apart for every kind of colour vision.

/// A colour of the sRGB space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Color(pub u8, pub u8, pub u8);

impl Color {
    /// As `#rrggbb`.
    pub fn hex(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }

    /// A share of this colour, the rest of another.
    #[must_use]
    pub fn mixed(self, share: f64, other: Self) -> Self {
        let channel =
            |a: u8, b: u8| (f64::from(a) * share + f64::from(b) * (1.0 - share)).round() as u8;
        Self(
            channel(self.0, other.0),
            channel(self.1, other.1),
            channel(self.2, other.2),
        )
    }
}

/// Viridis (van der Walt & Smith, CC0) at ten equal steps: its lightness grows evenly, so that it reads in
/// print, in grey and by colour-blind eyes.
const VIRIDIS: [Color; 10] = [
    Color(68, 1, 84),
    Color(72, 40, 120),
    Color(62, 73, 137),
    Color(49, 104, 142),
    Color(38, 130, 142),
    Color(31, 158, 137),
    Color(53, 183, 121),
    Color(110, 206, 88),
    Color(181, 222, 43),
    Color(253, 231, 37),
];

/// Colours for what has no order (Okabe & Ito, "Color Universal Design", 2008): the first differ most.
const DISTINCT: [Color; 7] = [BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK];

/// For what is given: data, observations.
pub const BLUE: Color = Color(0, 114, 178);
/// For what is to be noticed: fits, anomalies.
pub const VERMILION: Color = Color(213, 94, 0);
/// Bluish green.
pub const GREEN: Color = Color(0, 158, 115);
/// Reddish purple.
pub const PURPLE: Color = Color(204, 121, 167);
/// Orange.
pub const ORANGE: Color = Color(230, 159, 0);
/// Sky blue.
pub const SKY: Color = Color(86, 180, 233);
const BLACK: Color = Color(60, 60, 60);

/// The colour at `share` of the way from dark (0) to light (1).
pub fn viridis(share: f64) -> Color {
    let last = VIRIDIS.len() - 1;
    let share = if share.is_nan() {
        0.0
    } else {
        share.clamp(0.0, 1.0)
    };
    let position = share * last as f64;
    let below = (position as usize).min(last - 1);
    VIRIDIS[below + 1].mixed(position - below as f64, VIRIDIS[below])
}

/// Color `i` of `n` ordered ones, from dark to light.
pub fn sequential(i: usize, n: usize) -> Color {
    viridis(if n > 1 {
        i as f64 / (n - 1) as f64
    } else {
        0.5
    })
}

/// Color `i` of things without an order; after the seventh they begin again, a little lighter.
pub fn distinct(i: usize) -> Color {
    let lighter = 0.7f64.powi((i / DISTINCT.len()) as i32);
    DISTINCT[i % DISTINCT.len()].mixed(lighter, Color(255, 255, 255))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_from_dark_to_light() {
        assert_eq!(sequential(0, 5), Color(68, 1, 84));
        assert_eq!(sequential(4, 5), Color(253, 231, 37));
        let light: Vec<f64> = (0..16)
            .map(|i| sequential(i, 16))
            .map(|Color(r, g, b)| {
                0.2126 * f64::from(r) + 0.7152 * f64::from(g) + 0.0722 * f64::from(b)
            })
            .collect();
        assert!(light.windows(2).all(|w| w[0] < w[1]), "{light:?}");
        assert_eq!(Color(253, 231, 37).hex(), "#fde725");
        let _one_of_one = sequential(0, 1);
        assert_eq!(viridis(f64::NAN), viridis(0.0));
    }

    #[test]
    fn distinct_colours_go_on_without_repeating() {
        let colors: Vec<Color> = (0..21).map(distinct).collect();
        for (i, color) in colors.iter().enumerate() {
            assert!(!colors[..i].contains(color), "{i}");
        }
    }
}
