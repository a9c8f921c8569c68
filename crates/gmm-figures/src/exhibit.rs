//! A figure with the numbers that it shows.

use crate::sheet::Sheet;

/// A figure of one of the slides.
#[derive(Debug, Clone)]
pub struct Exhibit {
    /// The number of the slide.
    pub slide: usize,
    /// The stem of its file's name.
    pub name: &'static str,
    /// What it shows, in a sentence.
    pub caption: String,
    /// The numbers that matter, the most important first.
    pub facts: Vec<Fact>,
    /// The drawing.
    pub sheet: Sheet,
}

/// A number with its name.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// What it is, with its unit.
    pub name: String,
    /// How much.
    pub value: f64,
    /// Decimals worth showing.
    pub decimals: usize,
}

impl Fact {
    /// A number under its name.
    pub fn new(name: impl Into<String>, value: f64, decimals: usize) -> Self {
        Self {
            name: name.into(),
            value,
            decimals,
        }
    }
}
