//! The slides' examples, with their data, models and figures.

use gmm_core::ndarray::array;
use gmm_core::rand::SeedableRng;
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_core::{CovarianceType, Covariances, Gmm, GmmError, Ridge};
use gmm_figures::{Exhibit, Fact};

use crate::data::Points;
use crate::model::{Kept, Options, Report, analyze, anomalies, directions, latent, score, watch};
use crate::{figure, samples};

/// The slides that have an example here.
pub const SLIDES: [usize; 10] = [1, 2, 3, 4, 5, 6, 7, 11, 12, 13];

/// Share of the rows that slides 6 and 12 flag.
pub const RATE: f64 = 0.01;
/// Rows that slides 7 and 11 draw.
const N_DRAWN: usize = 1000;
/// Moments of EM that slide 3 shows, beside its end.
const MOMENTS: [usize; 4] = [0, 1, 3, 10];

/// The slides' estimator: scikit-learn's ridge with the defaults of this library.
fn options(n_components: usize) -> Options {
    Options {
        n_components: n_components..=n_components,
        params: Gmm::params(n_components).ridge(Ridge::Absolute(1e-6)),
        ..Options::default()
    }
}

/// The data that a slide fits, and how.
fn recipe(slide: usize) -> (Points, Options) {
    match slide {
        3 => (samples::two_blobs(), options(2)),
        4 => {
            let options = Options {
                n_components: 1..=9,
                ..options(2)
            };
            (samples::two_peaks(), options)
        }
        5 => (samples::two_clouds(), options(2)),
        6 => (samples::clouds_with_anomalies().0, options(2)),
        7 => (samples::overlapping_peaks(), options(2)),
        11 => (samples::wide_and_narrow(), options(2)),
        12 => (samples::cloud_with_outliers(), options(1)),
        13 => {
            let options = Options {
                covariance_type: CovarianceType::Tied,
                ..options(5)
            };
            (samples::moons(), options)
        }
        _ => (samples::two_peaks(), options(2)),
    }
}

/// The data that a slide fits and what its mixture says about them.
///
/// # Errors
/// As [`analyze`].
pub fn report(slide: usize) -> Result<(Points, Report), GmmError> {
    let (points, options) = recipe(slide);
    let report = analyze(&points, &options, &|_, _| {})?;
    Ok((points, report))
}

/// Slide 2's mixture, whose parameters are given.
fn given() -> Result<Gmm, GmmError> {
    Gmm::new(
        array![0.4, 0.6],
        array![[0.0, 0.0], [7.0, 7.0]],
        Covariances::Full(array![[[2.0, 0.0], [0.0, 2.0]], [[1.5, 1.0], [1.0, 1.5]]]),
    )
}

/// The figures of a slide; none for the slides of other domains.
///
/// # Errors
/// As [`analyze`].
pub fn exhibits(slide: usize) -> Result<Vec<Exhibit>, GmmError> {
    if slide == 2 {
        let model = given()?;
        let title = "Components of a Gaussian mixture";
        let range = (-5.0, 15.0);
        return Ok(vec![Exhibit {
            slide,
            name: "components",
            caption: String::from(
                "Two components at one and two standard deviations over the density of their mixture.",
            ),
            facts: (1..)
                .zip(model.log_prob(model.means())?)
                .map(|(k, l)| Fact::new(format!("density at mean {k}"), l.exp(), 5))
                .collect(),
            sheet: figure::components(&model, title, range)?,
        }]);
    }
    if slide == 3 {
        return Ok(vec![learning()?]);
    }
    let (points, report) = report(slide)?;
    let fitted = &report.fitted;
    let likelihood = Fact::new("mean log-likelihood", fitted.mean_log_likelihood(), 6);
    let bic = Fact::new("BIC", fitted.bic(), 2);
    let one = |name, caption: &str, facts, sheet| Exhibit {
        slide,
        name,
        caption: String::from(caption),
        facts,
        sheet,
    };
    Ok(match slide {
        1 => vec![one(
            "density",
            "A histogram of 1000 values and the density of the mixture that was fitted to them.",
            vec![likelihood, bic],
            figure::density(&points, &report)?,
        )],
        4 => {
            let least = fitted.model.n_components() as f64;
            let mut facts = vec![Fact::new("components of least BIC", least, 0)];
            let of_k =
                |c: &gmm_core::Criteria| Fact::new(format!("BIC of {}", c.n_components), c.bic, 2);
            facts.extend(report.candidates.iter().map(of_k));
            vec![one(
                "selection",
                "BIC, AIC and ICL of one to nine components; the least of each is ringed.",
                facts,
                figure::selection(&points, &report.candidates),
            )]
        }
        5 => vec![one(
            "clusters",
            "Every point in the colour of its posterior: soft clusters.",
            vec![likelihood, bic],
            figure::clusters(&points, &report)?,
        )],
        6 => {
            let (_, all) = samples::clouds_with_anomalies();
            let fitted = report.fitted.clone();
            vec![flagged(slide, &all, &score(&all, fitted, Vec::new())?)?]
        }
        12 => vec![flagged(slide, &points, &report)?],
        7 | 11 => {
            let mut rng = Xoshiro256Plus::seed_from_u64(42);
            let (drawn, _) = fitted.model.sample(N_DRAWN, &mut rng);
            let facts = vec![likelihood, bic];
            let synthetic = figure::generated(&points, &report, &drawn)?;
            let caption = "As many rows drawn from the mixture as it was fitted to: they look like the original.";
            let mut exhibits = vec![one("generated", caption, facts.clone(), synthetic)];
            if slide == 7 {
                let sheet = figure::density(&points, &report)?;
                let caption = "A histogram of 1000 values of two overlapping peaks and the density of their mixture.";
                exhibits.insert(0, one("density", caption, facts, sheet));
            }
            exhibits
        }
        13 => {
            let found = directions(&points.rows, &fitted.model, None)?;
            let of_first =
                |k: &Kept| Fact::new("information kept by one direction", k.information, 4);
            let pieces = latent(&points, 1, &options(5), 42, &|_, _| {})?;
            vec![
                one(
                    "reduction",
                    "The slide's reduction keeps two of five posteriors: most rows fall into a corner.",
                    vec![likelihood, bic],
                    figure::reduction(&points, &report)?,
                ),
                one(
                    "directions",
                    "Directions in which the components differ: rows keep their places, and what is lost is told.",
                    found.kept.iter().take(1).map(of_first).collect(),
                    figure::directions(&points, &found)?,
                ),
                one(
                    "latent",
                    "Each row as one of five pieces of lines and its place on it: little of where it was is lost.",
                    vec![
                        Fact::new("variance kept", pieces.local, 4),
                        Fact::new("variance kept by one principal component", pieces.global, 4),
                    ],
                    figure::latent(&points, &pieces),
                ),
            ]
        }
        _ => Vec::new(),
    })
}

/// Slides 6 and 12: the percent of least density.
fn flagged(slide: usize, points: &Points, report: &Report) -> Result<Exhibit, GmmError> {
    let found = anomalies(&report.log_prob, RATE);
    let (name, noun, caption) = match slide {
        6 => (
            "anomalies",
            "Anomalies",
            "Fitted to the clouds, asked about all rows: crosses mark the percent of least density.",
        ),
        _ => (
            "outliers",
            "Outliers",
            "Fitted to all rows: crosses mark the percent of least density, whatever that is.",
        ),
    };
    let mut facts = vec![
        Fact::new("flagged", found.rows.len() as f64, 0),
        Fact::new("threshold", found.threshold, 6),
        Fact::new(
            "mean log-likelihood",
            report.fitted.mean_log_likelihood(),
            6,
        ),
    ];
    if slide == 6 {
        let of_all = report.log_prob.mean().unwrap_or(f64::NAN);
        facts.push(Fact::new("mean log-likelihood of all", of_all, 6));
    }
    Ok(Exhibit {
        slide,
        name,
        caption: String::from(caption),
        facts,
        sheet: figure::anomalies(points, report, &found, noun)?,
    })
}

fn learning() -> Result<Exhibit, GmmError> {
    let (points, options) = recipe(3);
    let mut rng = Xoshiro256Plus::seed_from_u64(42);
    let (steps, whole) = watch(&points, &options, &[1.0, 1.0], &MOMENTS, &mut rng)?;
    Ok(Exhibit {
        slide: 3,
        name: "em",
        caption: String::from(
            "EM from two random rows: components after 0, 1, 3, 10 and all iterations, and the log-likelihood.",
        ),
        facts: vec![
            Fact::new("mean log-likelihood", whole.mean_log_likelihood(), 6),
            Fact::new("iterations", whole.n_iterations() as f64, 0),
        ],
        sheet: figure::learning(&points, &steps, &whole)?,
    })
}
