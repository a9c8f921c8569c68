//! The face of all text, and how wide it is.

use std::sync::LazyLock;

use plotters::style::{FontDesc, FontStyle, IntoFont, register_font};

/// Carried along so that no system font is needed.
static FACE: LazyLock<Result<(), String>> = LazyLock::new(|| {
    register_font("sans-serif", FontStyle::Normal, dejavu::sans::regular())
        .and_then(|()| register_font("sans-serif", FontStyle::Bold, dejavu::sans::bold()))
        .map_err(|_| String::from("the font could not be read"))
});

/// Makes sure that the face is there.
pub(crate) fn face() -> Result<(), String> {
    FACE.clone()
}

pub(crate) fn font(size: f64, is_bold: bool) -> FontDesc<'static> {
    let style = if is_bold {
        FontStyle::Bold
    } else {
        FontStyle::Normal
    };
    ("sans-serif", size, style).into_font()
}

/// How wide a line of text will be, in pixels.
pub fn text_width(text: &str, size: f64, is_bold: bool) -> f64 {
    /// Of a letter in heights, should the font be missing.
    const TYPICAL: f64 = 0.6;
    // Of large letters, since plotters measures in whole pixels.
    const LARGE: f64 = 8.0;
    let measured = face()
        .ok()
        .and_then(|()| font(size * LARGE, is_bold).box_size(text).ok());
    measured.map_or(text.chars().count() as f64 * size * TYPICAL, |(w, _)| {
        f64::from(w) / LARGE
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wider_text_is_measured_wider() {
        assert!(text_width("mm", 14.0, false) > text_width("i", 14.0, false));
        assert!(text_width("word", 14.0, true) > text_width("word", 14.0, false));
    }
}
