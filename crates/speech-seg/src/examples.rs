//! The slide's example: an English prompt, by power as on the slide and by log-power.

use gmm_figures::{Exhibit, Fact};

use crate::data::Recording;
use crate::features::Scale;
use crate::figure::draw;
use crate::model::{Options, analyze};

/// The slides that have an example here.
pub const SLIDES: [usize; 1] = [9];

/// The figures of a slide; none for the slides of other domains.
///
/// # Errors
/// As [`Recording::shipped`] and [`analyze`].
pub fn exhibits(slide: usize) -> Result<Vec<Exhibit>, Box<dyn std::error::Error>> {
    if !SLIDES.contains(&slide) {
        return Ok(Vec::new());
    }
    let recording = Recording::shipped()?;
    let exhibit = |scale, name, title, caption, of_slide: bool| {
        let options = Options {
            scale,
            covariance_type: scale.usual_covariance(),
            ..Options::default()
        };
        let report = analyze(&recording, &options, &|_, _| {})?;
        let fitted = &report.fitted;
        // Densities of power and of its logarithm do not compare: only the former has scikit-learn's beside it.
        let of_log = if of_slide { "" } else { " of log-power" };
        Ok(Exhibit {
            slide,
            name,
            caption: String::from(caption),
            facts: vec![
                Fact::new(
                    format!("mean log-likelihood{of_log}"),
                    fitted.mean_log_likelihood(),
                    6,
                ),
                Fact::new(format!("BIC{of_log}"), fitted.bic(), 1),
            ],
            sheet: draw(&report, title),
        })
    };
    [
        exhibit(
            Scale::Power,
            "power",
            "Speech in three segments of power",
            "The slide's segments, of power, under the spectrogram in decibels: one segment for all that is loud, however loud.",
            true,
        ),
        exhibit(
            Scale::LogPower,
            "log-power",
            "Speech in three segments of log-power",
            "Segments of log-power, which is how loudness is heard, of equal width: pauses, weak sounds, and voices with their harmonics; below, when there is sound.",
            false,
        ),
    ]
    .into_iter()
    .collect()
}
