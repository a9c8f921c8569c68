//! Affine maps of a mixture, and products of two.

use std::error::Error;

use gmm_core::ndarray::array;
use gmm_core::{Covariances, Gmm, GmmError, Prior};
use gmm_figures::{Axes, BLUE, Color, Fill, GREEN, Key, Stroke, VERMILION, padded};

use crate::curve::{curve, share};
use crate::data::{rows, seeded};
use crate::page::{Page, Shown};

/// Old Faithful in other units, and the sum of both columns.
pub(crate) fn units() -> Result<String, Box<dyn Error>> {
    let x = rows("faithful.csv", &["eruptions", "waiting"])?;
    let gmm = Gmm::params(2).fit_report(&x)?.model;
    let seconds = gmm.affine(&array![[60.0, 0.0], [0.0, 60.0]], &array![0.0, 0.0])?;
    let sum = gmm.affine(&array![[1.0, 1.0]], &array![0.0])?; // of both columns
    let ends = sum.quantiles(&[0.05, 0.95])?;

    let sums = x.map_axis(gmm_core::ndarray::Axis(1), |r| r.sum());
    let within = share(sums.iter().map(|s| (ends[0]..=ends[1]).contains(s)));
    Ok(format!(
        "means {:.2} s, log-likelihood a row {:.4} in minutes and {:.4} in seconds; sum: {} components, mean {:.3} (rows {:.3}), \
         deviation {:.3} (rows {:.3}), 90 % {ends:.2}, rows within {within:.3}",
        seconds.means(),
        gmm.mean_log_likelihood(&x)?,
        seconds.mean_log_likelihood(&x.mapv(|v| 60.0 * v))?,
        sum.n_components(),
        sum.total_mean()[0],
        sums.mean().unwrap_or_default(),
        sum.total_covariance()[(0, 0)].sqrt(),
        sums.std(0.0)
    ))
}

/// A measured value and its error as a mixture of one component.
fn measured(value: f64, error: f64) -> Result<Gmm, GmmError> {
    let variance = Covariances::TiedSpherical(error * error);
    Gmm::new(array![1.0], array![[value]], variance)
}

/// The velocity of one more galaxy, measured twice.
pub(crate) fn product() -> Result<Shown, Box<dyn Error>> {
    let speeds = rows("galaxies.csv", &[])?.mapv(|v| v / 1000.0);
    let fitted = Gmm::params(4).prior(Prior::default()).fit_report(&speeds)?;
    let galaxies = fitted.model;
    let (both, _) = measured(13.0, 2.5)?.product(&measured(15.0, 2.5)?)?;
    let (posterior, log_evidence) = galaxies.product(&both)?;
    let region = posterior.highest_density_region(0.9, 0, &mut seeded(1))?;

    let facts = format!(
        "both: mean {:.3}, deviation {:.3}; posterior: mean {:.3}, deviation {:.3}, 90 % {:.2?}, weights {:.3}, modes {:?}, log \
         evidence {log_evidence:.3}; of the galaxies means {:.2}, weights {:.2}",
        both.total_mean()[0],
        both.total_covariance()[(0, 0)].sqrt(),
        posterior.total_mean()[0],
        posterior.total_covariance()[(0, 0)].sqrt(),
        region.intervals,
        posterior.weights(),
        posterior
            .modes()?
            .iter()
            .map(|m| m.place[0])
            .collect::<Vec<_>>(),
        galaxies.means(),
        galaxies.weights()
    );
    let mut page = Page::new(
        (
            "What is known before, and two measurements: galaxies",
            "Four components of 82 galaxies; one more is measured as 13 ± 2.5 and as 15 ± 2.5",
        ),
        (1, 1),
        (760, 320),
    );
    let line = |color| Stroke::new(color, 2.2);
    let grey = Color(120, 120, 120);
    let styles = [
        (galaxies, grey, "Galaxies"),
        (both, BLUE, "Both measurements"),
        (posterior, VERMILION, "Product of all"),
    ];
    let mut entries: Vec<_> = styles
        .iter()
        .map(|(_, color, name)| (Key::Line(line(*color)), *name))
        .collect();
    entries.push((Key::Area(Fill::new(VERMILION).opacity(0.25)), "90 % of it"));
    entries.insert(1, (Key::Line(Stroke::new(GREEN, 1.4)), "A measurement"));
    page.legend(&entries);
    let range = (7.0, 30.0);
    let mut curves = Vec::new();
    for (model, color, _) in &styles {
        curves.push((curve(model, range)?, line(*color)));
    }
    for value in [13.0, 15.0] {
        curves.push((
            curve(&measured(value, 2.5)?, range)?,
            Stroke::new(GREEN, 1.4),
        ));
    }
    let heights = curves
        .iter()
        .flat_map(|(points, _)| points.iter().map(|p| p.1));
    let axes = Axes::new(page.frames[0], range, padded(heights))
        .labelled("Velocity [1000 km/s]", "Density");
    axes.draw(&mut page.sheet);
    for (low, high) in region.intervals.unwrap_or_default() {
        let within = curves[2].0.iter().filter(|p| (low..=high).contains(&p.0));
        let area: Vec<_> = within.map(|p| (p.0, 0.0, p.1)).collect();
        axes.band(&mut page.sheet, &area, Fill::new(VERMILION).opacity(0.25));
    }
    for (points, stroke) in curves {
        axes.line(&mut page.sheet, points, stroke);
    }
    Ok(Shown {
        name: "product",
        facts,
        sheet: page.sheet,
    })
}
