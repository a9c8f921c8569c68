//! Regions of highest density, and modes.

use std::error::Error;

use gmm_core::Gmm;
use gmm_core::ndarray::array;
use gmm_figures::{
    Axes, BLUE, Fill, Key, ORANGE, Place, Stroke, TEXT, VERMILION, padded, sequential, typeset,
};
use gmm_table::figure::{log_density, outline};

use crate::curve::{curve, share};
use crate::data::{rows, seeded};
use crate::page::{Page, ROW, Shown, point, scatter};

/// Intervals of 82 galaxies and of the waiting times of Old Faithful: by quantiles, and of highest density.
pub(crate) fn intervals() -> Result<Shown, Box<dyn Error>> {
    let x = rows("faithful.csv", &["waiting"])?;
    let gmm = Gmm::params(2).fit_report(&x)?.model;
    let region = gmm.highest_density_region(0.5, 0, &mut seeded(1))?; // one column takes no draws
    let densest = region.intervals.as_deref().unwrap_or_default();
    let central = gmm.quantiles(&[0.25, 0.75])?;
    let modes = gmm.modes()?;

    let speeds = rows("galaxies.csv", &[])?.mapv(|v| v / 1000.0);
    let galaxies = Gmm::params(4)
        .prior(Default::default())
        .fit_report(&speeds)?;
    let galaxies = galaxies.model;
    let of_speeds = galaxies.highest_density_region(0.9, 0, &mut seeded(1))?;
    let mut facts = Vec::new();
    let mut page = Page::new(
        (
            "The shortest intervals that hold a given share",
            "Marks along the axis are the rows",
        ),
        (2, 1),
        (410, 320),
    );
    let (found, quantiles) = (Stroke::new(VERMILION, 6.0), Stroke::new(BLUE, 6.0));
    page.legend(&[
        (Key::Line(Stroke::new(TEXT, 2.0)), "Density"),
        (Key::Line(found), "Highest density"),
        (Key::Line(quantiles), "Between quantiles"),
    ]);
    for (frame, (model, values), (mass, intervals), (label, title)) in [
        (
            page.frames[0],
            (&gmm, &x),
            (0.5, densest),
            ("Waiting time [min]", "Old Faithful: half of the eruptions"),
        ),
        (
            page.frames[1],
            (&galaxies, &speeds),
            (0.9, of_speeds.intervals.as_deref().unwrap_or_default()),
            ("Velocity [1000 km/s]", "82 galaxies: nine tenths"),
        ),
    ] {
        let ends = model.quantiles(&[0.5 - 0.5 * mass, 0.5 + 0.5 * mass])?;
        let range = padded(values.iter().copied());
        let density = curve(model, range)?;
        let top = density.iter().map(|p| p.1).fold(0.0, f64::max);
        let axes = Axes::new(frame, range, (-0.2 * top, 1.05 * top))
            .labelled(label, "Density")
            .titled(title)
            .without_y_ticks();
        axes.draw(&mut page.sheet);
        for &(low, high) in intervals {
            let within = density.iter().filter(|p| (low..=high).contains(&p.0));
            let area: Vec<_> = within.map(|p| (p.0, 0.0, p.1)).collect();
            axes.band(&mut page.sheet, &area, Fill::new(ORANGE).opacity(0.35));
            axes.line(
                &mut page.sheet,
                [(low, -0.06 * top), (high, -0.06 * top)],
                found,
            );
        }
        let between = [(ends[0], -0.11 * top), (ends[1], -0.11 * top)];
        axes.line(&mut page.sheet, between, quantiles);
        axes.across(&mut page.sheet, 0.0, Stroke::new(TEXT, 0.7));
        for v in values {
            let mark = [(*v, -0.19 * top), (*v, -0.155 * top)];
            axes.line(&mut page.sheet, mark, Stroke::new(TEXT, 1.0).opacity(0.5));
        }
        axes.line(&mut page.sheet, density, Stroke::new(TEXT, 2.0));
        let is_in = |v: &f64| intervals.iter().any(|(l, h)| (l..=h).contains(&v));
        let length: f64 = intervals.iter().map(|(l, h)| h - l).sum();
        facts.push(format!(
            "{title}: {intervals:.2?} of length {length:.2}, rows within {:.3}; quantiles {ends:.2} of length {:.2}, rows \
             within {:.3}",
            share(values.iter().map(is_in)),
            ends[1] - ends[0],
            share(values.iter().map(|v| (ends[0]..=ends[1]).contains(v)))
        ));
    }
    let lowest = gmm.log_prob(&array![[0.5 * (central[0] + central[1])]])?[0].exp();
    let heights: Vec<_> = modes
        .iter()
        .map(|m| (m.place[0], m.log_density.exp()))
        .collect();
    facts.push(format!(
        "modes {heights:.4?}, in the middle of the quartiles {lowest:.4}"
    ));
    let heights: Vec<_> = galaxies
        .modes()?
        .iter()
        .map(|m| (m.place[0], m.log_density.exp()))
        .collect();
    facts.push(format!("modes of the galaxies {heights:.4?}"));
    Ok(Shown {
        name: "intervals",
        facts: facts.join("; "),
        sheet: page.sheet,
    })
}

/// Contours of Old Faithful that hold given shares.
pub(crate) fn contours() -> Result<Shown, Box<dyn Error>> {
    let x = rows("faithful.csv", &["eruptions", "waiting"])?;
    let gmm = Gmm::params(2).fit_report(&x)?.model;
    let masses = [0.25, 0.5, 0.75, 0.9, 0.95];
    let levels = gmm.contour_levels(&masses, 100_000, &mut seeded(1))?;
    let half = gmm.highest_density_region(0.5, 100_000, &mut seeded(1))?;
    let inside = half.contains(&x)?; // of each row whether it lies within

    let log_prob = gmm.log_prob(&x)?;
    let held = |level: f64| share(log_prob.iter().map(|l| *l >= level));
    let shares: Vec<f64> = levels.iter().map(|level| held(*level)).collect();
    let mut page = Page::new(
        (
            "Regions that hold given shares of the mixture: Old Faithful",
            "272 eruptions, two components; in brackets the share of the eruptions that lies within",
        ),
        (1, 1),
        (760, 430),
    );
    let color = |i: usize| sequential(i, masses.len() + 1);
    let names: Vec<String> = masses
        .iter()
        .zip(&shares)
        .map(|(m, s)| format!("{} % ({} %)", typeset(100.0 * m, 0), typeset(100.0 * s, 0)))
        .collect();
    let mut entries: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(i, name)| (Key::Line(Stroke::new(color(i), 2.4)), name.as_str()))
        .collect();
    entries.push((Key::Cross(Stroke::new(VERMILION, 3.0)), "Mode"));
    page.legend(&entries);
    let names = ("Duration [min]", "Waiting time [min]");
    let mut places: Vec<_> = (0..2).flat_map(|c| outline(&gmm, c, 2.8)).collect();
    places.extend(x.outer_iter().map(point));
    let [across, up] = [|p: &Place| p.0, |p: &Place| p.1].map(|of| padded(places.iter().map(of)));
    let axes = Axes::new(page.frames[0], across, up).labelled(names.0, names.1);
    axes.draw(&mut page.sheet);
    scatter(&mut page.sheet, &axes, &x, |_| ROW.opacity(0.3));
    let field = log_density(&axes, &gmm)?;
    for (i, level) in levels.iter().enumerate() {
        axes.contour(&mut page.sheet, &field, *level, Stroke::new(color(i), 2.4));
    }
    let modes = gmm.modes()?;
    for mode in &modes {
        let place = (mode.place[0], mode.place[1]);
        axes.cross(&mut page.sheet, place, 6.0, Stroke::new(VERMILION, 3.0));
    }
    let places: Vec<_> = modes.iter().map(|m| (&m.place, m.log_density)).collect();
    Ok(Shown {
        name: "contours",
        facts: format!(
            "masses {masses:?}, rows {shares:.3?}, of half {:.3} with error of the level {:.4}; modes {places:.3?}",
            share(inside),
            half.error
        ),
        sheet: page.sheet,
    })
}
