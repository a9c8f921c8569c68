//! The slides, and who draws them.

use std::error::Error;

use gmm_figures::Exhibit;

/// The figures of a slide, or why there are none.
type Exhibits = Result<Vec<Exhibit>, Box<dyn Error>>;

/// A slide with figures.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slide {
    pub(crate) number: usize,
    pub(crate) title: &'static str,
    /// The figures of a slide, by its number.
    exhibits: fn(usize) -> Exhibits,
}

impl Slide {
    pub(crate) fn exhibits(&self) -> Exhibits {
        (self.exhibits)(self.number)
    }
}

/// All slides but the last, which lists references.
pub(crate) const SLIDES: [Slide; 14] = [
    of_density(1, "Introduction to Gaussian mixture models"),
    of_density(2, "Components of a Gaussian mixture model"),
    of_density(3, "Expectation–maximization algorithm"),
    of_density(4, "Choosing the number of components"),
    of_density(5, "Clustering"),
    of_density(6, "Anomaly detection"),
    of_density(7, "Density estimation"),
    Slide {
        number: 8,
        title: "Image segmentation",
        exhibits: image_seg::examples::exhibits,
    },
    Slide {
        number: 9,
        title: "Speech recognition",
        exhibits: speech_seg::examples::exhibits,
    },
    Slide {
        number: 10,
        title: "Handwriting recognition",
        exhibits: digits::examples::exhibits,
    },
    of_density(11, "Data generation"),
    of_density(12, "Outlier detection"),
    of_density(13, "Dimensionality reduction"),
    Slide {
        number: 14,
        title: "Time series analysis",
        exhibits: |slide| Ok(regimes::examples::exhibits(slide)?),
    },
];

const fn of_density(number: usize, title: &'static str) -> Slide {
    Slide {
        number,
        title,
        exhibits: |slide| Ok(density::examples::exhibits(slide)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_slide_is_there_once_and_its_domain_knows_it() {
        let numbers: Vec<usize> = SLIDES.iter().map(|s| s.number).collect();
        assert_eq!(numbers, (1..=14).collect::<Vec<_>>());
        let mut known = density::examples::SLIDES.to_vec();
        known.extend(image_seg::examples::SLIDES);
        known.extend(speech_seg::examples::SLIDES);
        known.extend(digits::examples::SLIDES);
        known.extend(regimes::examples::SLIDES);
        known.sort_unstable();
        assert_eq!(known, numbers);
    }
}
