//! The slide's example: the Andromeda galaxy in five segments, and in regions.

use gmm_figures::{Exhibit, Fact};

use crate::data::Picture;
use crate::figure::{Palette, draw, draw_regions};
use crate::model::{Options, RegionOptions, analyze, find_regions};

/// The slides that have an example here.
pub const SLIDES: [usize; 1] = [8];

/// The figures of a slide; none for the slides of other domains.
///
/// # Errors
/// As [`Picture::andromeda`] and [`analyze`].
pub fn exhibits(slide: usize) -> Result<Vec<Exhibit>, Box<dyn std::error::Error>> {
    if !SLIDES.contains(&slide) {
        return Ok(Vec::new());
    }
    let picture = Picture::andromeda()?;
    let report = analyze(&picture, &Options::default(), &|_, _| {})?;
    let found = find_regions(&picture, &RegionOptions::default(), &|_| {})?;
    let fitted = &report.fitted;
    Ok(vec![Exhibit {
        slide,
        name: "segments",
        caption: String::from(
            "The Andromeda galaxy and five segments of its colours, from dark to light. A third of the pixels is exactly black: much of the likelihood is that of the narrow component on them, which other starts miss. Below, connected regions of the same picture: as many as differ in colour or texture, with borders where the picture has edges.",
        ),
        facts: vec![
            Fact::new("mean log-likelihood", fitted.mean_log_likelihood(), 6),
            Fact::new("BIC", fitted.bic(), 1),
        ],
        sheet: draw(
            &picture,
            &report,
            Palette::Ordered,
            "The Andromeda galaxy in five segments",
        )
        .above(draw_regions(&picture, &found, "The same in regions")),
    }])
}
