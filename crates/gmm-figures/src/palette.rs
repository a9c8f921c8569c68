//! Colours that stay apart for every kind of colour vision.

/// A colour of the sRGB space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Color(pub u8, pub u8, pub u8);

impl Color {
    /// As `#rrggbb`.
    pub fn hex(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

/// Viridis (van der Walt & Smith, CC0) at ten equal steps: its lightness grows evenly, so that it reads in
/// print, in grey and by colour-blind eyes.
const VIRIDIS: [[f64; 3]; 10] = [
    [68.0, 1.0, 84.0],
    [72.0, 40.0, 120.0],
    [62.0, 73.0, 137.0],
    [49.0, 104.0, 142.0],
    [38.0, 130.0, 142.0],
    [31.0, 158.0, 137.0],
    [53.0, 183.0, 121.0],
    [110.0, 206.0, 88.0],
    [181.0, 222.0, 43.0],
    [253.0, 231.0, 37.0],
];

/// Color `i` of `n` ordered ones, from dark to light.
pub fn sequential(i: usize, n: usize) -> Color {
    let last = VIRIDIS.len() - 1;
    let position = if n > 1 {
        i as f64 / (n - 1) as f64
    } else {
        0.5
    } * last as f64;
    let below = (position as usize).min(last - 1);
    let share = position - below as f64;
    let channel = |c: usize| {
        (VIRIDIS[below][c] * (1.0 - share) + VIRIDIS[below + 1][c] * share).round() as u8
    };
    Color(channel(0), channel(1), channel(2))
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
    }
}
