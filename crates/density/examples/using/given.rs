//! Some columns given the others, and probabilities.

use std::error::Error;

use gmm_core::ndarray::{Array2, Axis, array};
use gmm_core::{CovarianceType, Gmm, GmmError};
use gmm_figures::{Axes, Fill, Key, ORANGE, Stroke, TEXT, VERMILION, padded, typeset};

use crate::curve::{grid, share};
use crate::data::{rows, seeded};
use crate::page::{Page, ROW, Shown};

const DURATION: &str = "Duration [min]";
const WAITING: &str = "Waiting time [min]";

/// Each column of Old Faithful given the other.
pub(crate) fn regression() -> Result<Shown, Box<dyn Error>> {
    let x = rows("faithful.csv", &["eruptions", "waiting"])?;
    let gmm = Gmm::params(2).fit_report(&x)?.model;
    let waiting = gmm.regression(&[0])?; // of all other columns, given column 0
    let after = array![[2.0], [3.0], [4.5]]; // minutes that an eruption lasted
    let mean = waiting.mean(&after)?; // rows × targets
    let band = waiting.quantiles(&after, &[0.05, 0.95])?; // rows × targets × quantiles
    let duration = gmm.regression(&[1])?;
    let at_67 = duration.conditional(&[67.0])?; // a mixture of one column
    let modes = at_67.modes()?;

    let mut facts = Vec::new();
    for (i, after) in after.iter().enumerate() {
        facts.push(format!(
            "after {after} min wait {:.1} ({:.1} to {:.1})",
            mean[(i, 0)],
            band[(i, 0, 0)],
            band[(i, 0, 1)]
        ));
    }
    let spread = at_67.total_covariance()[(0, 0)].sqrt();
    facts.push(format!(
        "duration at 67 min: mean {:.2}, deviation {spread:.2}, 90 % {:.2}, weights {:.2}, modes {:?}",
        at_67.total_mean()[0],
        at_67.quantiles(&[0.05, 0.95])?,
        at_67.weights(),
        modes.iter().map(|m| (m.place[0], m.log_density.exp())).collect::<Vec<_>>()
    ));
    for (target, name) in [(1, "waiting"), (0, "duration")] {
        for k in 1..=2 {
            let (error, inside) = left_out(&x, k, target)?;
            facts.push(format!(
                "{name} of rows left out, {k} components: error {error:.3}, in the band {inside:.3}"
            ));
        }
    }

    let mut page = Page::new(
        (
            "One column given the other: Old Faithful",
            "272 eruptions and a mixture of two components",
        ),
        (2, 1),
        (410, 360),
    );
    page.legend(&[
        (Key::Dot(ROW), "Eruption"),
        (Key::Area(Fill::new(ORANGE).opacity(0.3)), "5 % to 95 %"),
        (Key::Line(Stroke::new(TEXT, 2.0)), "Mean"),
        (Key::Dot(Fill::new(VERMILION)), "Mode"),
    ]);
    for (frame, given, title) in [
        (page.frames[0], 0, "Waiting time, given the duration"),
        (page.frames[1], 1, "Duration, given the waiting time"),
    ] {
        let target = 1 - given;
        let names = [DURATION, WAITING];
        let regression = gmm.regression(&[given])?;
        let range = padded(x.column(given).to_vec());
        let at = grid(range, 400);
        let mean = regression.mean(&at)?;
        let band = regression.quantiles(&at, &[0.05, 0.95])?;
        let mode = regression.mode(&at)?;
        let ends: Vec<_> = (0..at.nrows())
            .map(|i| (at[(i, 0)], band[(i, 0, 0)], band[(i, 0, 1)]))
            .collect();
        let values = x.column(target).to_vec();
        let shown = values
            .into_iter()
            .chain(ends.iter().flat_map(|e| [e.1, e.2]));
        let axes = Axes::new(frame, range, padded(shown))
            .labelled(names[given], names[target])
            .titled(title);
        axes.draw(&mut page.sheet);
        axes.band(&mut page.sheet, &ends, Fill::new(ORANGE).opacity(0.3));
        for row in x.outer_iter() {
            axes.dot(&mut page.sheet, (row[given], row[target]), 2.8, ROW);
        }
        let places = at.iter().zip(&mode).step_by(4);
        places.for_each(|(x, m)| axes.dot(&mut page.sheet, (*x, *m), 1.9, Fill::new(VERMILION)));
        let places = at.iter().zip(&mean).map(|(x, m)| (*x, *m));
        axes.line(&mut page.sheet, places, Stroke::new(TEXT, 2.0));
    }
    Ok(Shown {
        name: "regression",
        facts: facts.join("; "),
        sheet: page.sheet,
    })
}

/// Root mean square error of the mean, and the share of rows in the 90 % band, of tenths that were left out.
fn left_out(x: &Array2<f64>, k: usize, target: usize) -> Result<(f64, f64), GmmError> {
    const FOLDS: usize = 10;
    let (mut squares, mut inside) = (0.0, Vec::new());
    for fold in 0..FOLDS {
        let (out, kept): (Vec<usize>, Vec<usize>) =
            (0..x.nrows()).partition(|row| row % FOLDS == fold);
        let gmm = Gmm::params(k).fit_report(&x.select(Axis(0), &kept))?.model;
        let regression = gmm.regression(&[1 - target])?;
        let out = x.select(Axis(0), &out);
        let given = out.select(Axis(1), &[1 - target]);
        let mean = regression.mean(&given)?;
        let band = regression.quantiles(&given, &[0.05, 0.95])?;
        for (i, row) in out.outer_iter().enumerate() {
            let value = row[target];
            squares += (value - mean[(i, 0)]).powi(2);
            inside.push((band[(i, 0, 0)]..=band[(i, 0, 1)]).contains(&value));
        }
    }
    Ok(((squares / x.nrows() as f64).sqrt(), share(inside)))
}

/// Probabilities and quantiles of one, two and four columns.
pub(crate) fn probabilities() -> Result<String, Box<dyn Error>> {
    let speeds = rows("galaxies.csv", &[])?;
    let galaxies = Gmm::params(4)
        .prior(Default::default())
        .fit_report(&speeds)?;
    let galaxies = galaxies.model;
    let below = galaxies.cdf(&array![[20_000.0]])?[0]; // km/s
    let quartiles = galaxies.quantiles(&[0.25, 0.5, 0.75])?;

    let x = rows("faithful.csv", &["eruptions", "waiting"])?;
    let faithful = Gmm::params(2).fit_report(&x)?.model;
    let (low, high) = ([4.0, 80.0], [f64::INFINITY; 2]);
    let long = faithful.box_probability(&low, &high, &mut seeded(1))?;

    let flowers = rows("iris.csv", &[])?;
    let iris = Gmm::params(3).fit_report(&flowers)?.model;
    let (low, high) = ([5.0, 2.5, 3.0, 1.0], [6.5, 3.5, 5.0, 2.0]); // cm
    let middling = iris.box_probability(&low, &high, &mut seeded(1))?;

    let of_speeds = share(speeds.iter().map(|v| *v <= 20_000.0));
    let of_faithful = share(x.outer_iter().map(|r| r[0] >= 4.0 && r[1] >= 80.0));
    let is_in = |v: &f64, (l, h): (f64, f64)| (l..=h).contains(v);
    let of_flowers = share(
        flowers
            .outer_iter()
            .map(|r| (0..4).all(|j| is_in(&r[j], (low[j], high[j])))),
    );
    let mut text = format!(
        "galaxies below 20000: {below:?}, of rows {of_speeds:.4}; quartiles {quartiles:.0}\n\
         long eruptions: {long:?}, of rows {of_faithful:.4}\n\
         iris: {middling:?}, of rows {of_flowers:.4}"
    );
    let diagonal = Gmm::params(6)
        .covariance_type(CovarianceType::Diagonal)
        .fit_report(&flowers)?
        .model;
    let closed = diagonal.box_probability(&low, &high, &mut seeded(1))?;
    text += &format!("\niris, diagonal: {closed:?}, {}", typeset(closed.value, 4));
    Ok(text)
}
