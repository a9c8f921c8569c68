//! The slide's example: the digits that ship.

use gmm_figures::{Exhibit, Fact};

use crate::data::Images;
use crate::figure::{draw, draw_ridges};
use crate::model::{Options, analyze};

/// The slides that have an example here.
pub const SLIDES: [usize; 1] = [10];

/// The figures of a slide; none for the slides of other domains.
///
/// # Errors
/// As [`Images::shipped`] and [`analyze`].
pub fn exhibits(slide: usize) -> Result<Vec<Exhibit>, Box<dyn std::error::Error>> {
    if !SLIDES.contains(&slide) {
        return Ok(Vec::new());
    }
    let images = Images::shipped()?;
    let report = analyze(&images, &Options::default(), &|_, _| {})?;
    let held_out = Fact::new("accuracy on unseen images", report.held_out.accuracy(), 4);
    let slides = Fact::new(
        "slide's recipe on unseen images",
        report.slide.held_out.accuracy(),
        4,
    );
    let own = Fact::new(
        "slide's recipe on its own images",
        report.slide.training_accuracy,
        4,
    );
    Ok(vec![
        Exhibit {
            slide,
            name: "digits",
            caption: String::from(
                "Every image is read by a fit that has not seen it; ridge and components are chosen within what is learned from.",
            ),
            facts: vec![held_out, slides, own],
            sheet: draw(&images, &report),
        },
        Exhibit {
            slide,
            name: "ridges",
            caption: String::from(
                "Why the slide's recipe fails: the smaller the ridge, the more a covariance of 64 pixels remembers and the less it learns.",
            ),
            facts: report
                .folds
                .iter()
                .enumerate()
                .map(|(i, fold)| {
                    let share = 1.0 - fold.n_errors as f64 / fold.n_images as f64;
                    Fact::new(format!("accuracy on unseen fold {}", i + 1), share, 4)
                })
                .collect(),
            sheet: draw_ridges(&report),
        },
    ])
}
