//! Which shapes components may have.

use std::error::Error;

use gmm_core::selection::{cross_validate, rank};
use gmm_core::{CovarianceType, Fitted, Gmm, Sample};
use gmm_figures::{
    Anchor, Axes, BLUE, Color, Fill, GREEN, Key, ORANGE, PURPLE, Stroke, TEXT, VERMILION, padded,
    typeset,
};

use crate::data::{rows, standardised};
use crate::page::{FIT, Page, ROW, Shown, ellipses, interval, plane, scatter};

/// mclust's name, and what scikit-learn calls the same.
fn name(of: CovarianceType) -> String {
    match (of.mclust_name(), of.name()) {
        (Some(mclust), own) if own != mclust => format!("{mclust} ({own})"),
        (_, own) => own.into_owned(),
    }
}

/// Three components of Old Faithful under four constraints.
pub(crate) fn families() -> Result<Shown, Box<dyn Error>> {
    let x = rows("faithful.csv", &["eruptions", "waiting"])?;
    let types = CovarianceType::FAMILIES;
    let ranking = rank(&Sample::new(&x), &Gmm::params(1), [3], &types, &|_, _| {})?;
    let best = &ranking[0];

    let facts: Vec<String> = ranking
        .iter()
        .map(|f| {
            let mark = if f.is_proper() { "" } else { " (improper)" };
            let of = f.model.covariance_type().mclust_name().unwrap_or_default();
            format!("{of} {:.1}{mark}", f.bic())
        })
        .collect();
    let mut page = Page::new(
        (
            "What components may look like: Old Faithful",
            "272 eruptions, three components; the ellipses are at two standard deviations",
        ),
        (2, 2),
        (410, 250),
    );
    page.legend(&[
        (Key::Dot(ROW), "Eruption"),
        (Key::Line(FIT), "Component"),
        (
            Key::Line(Stroke::new(BLUE, 2.2)),
            "Component of the least BIC",
        ),
    ]);
    let shown = [
        CovarianceType::TiedDiagonal,
        CovarianceType::Diagonal,
        CovarianceType::Tied,
        CovarianceType::Full,
    ];
    let models: Vec<&Gmm> = ranking
        .iter()
        .filter(|f| shown.contains(&f.model.covariance_type()))
        .map(|f| &f.model)
        .collect();
    for (frame, of) in page.frames.clone().into_iter().zip(shown) {
        let of_type = |f: &&Fitted| f.model.covariance_type() == of;
        let Some(fitted) = ranking.iter().find(of_type) else {
            continue;
        };
        let is_best = fitted.model == best.model;
        let title = format!(
            "{}: BIC {}{}",
            name(of),
            typeset(fitted.bic(), 1),
            if is_best { ", the least" } else { "" }
        );
        let axes =
            plane(frame, &x, &models, ("Duration [min]", "Waiting time [min]")).titled(&title);
        axes.draw(&mut page.sheet);
        scatter(&mut page.sheet, &axes, &x, |_| ROW.opacity(0.3));
        let color = if is_best { BLUE } else { VERMILION };
        ellipses(
            &mut page.sheet,
            &axes,
            &fitted.model,
            Stroke::new(color, 2.2),
        );
    }
    Ok(Shown {
        name: "families",
        facts: format!("BIC of 3 components: {}", facts.join(", ")),
        sheet: page.sheet,
    })
}

/// Of which kind a family is, and its colour.
fn kind(of: CovarianceType) -> (&'static str, Color) {
    match of.mclust_name().map(|n| n.as_bytes()[1..].to_vec()) {
        Some(letters) if letters == b"II" => ("round", ORANGE),
        Some(letters) if letters[1] == b'I' => ("along the axes", GREEN),
        _ => ("in any direction", BLUE),
    }
}

/// BIC of every family against the number of components.
pub(crate) fn all_families() -> Result<Shown, Box<dyn Error>> {
    const MOST: usize = 6;
    const APART: f64 = 16.0;
    let x = rows("iris.csv", &[])?;
    let types = CovarianceType::FAMILIES;
    let ranking = rank(
        &Sample::new(&x),
        &Gmm::params(1),
        1..=MOST,
        &types,
        &|_, _| {},
    )?;
    let names: Vec<String> = ranking
        .iter()
        .take(3)
        .map(|f| {
            let of = f.model.covariance_type().mclust_name().unwrap_or_default();
            format!("{of},{} {:.2}", f.model.n_components(), f.bic())
        })
        .collect();
    let mut page = Page::new(
        (
            "Fourteen families: iris",
            "150 irises, four measurements; the fits of one to six components; those of one that are not shown lie above",
        ),
        (1, 1),
        (760, 520),
    );
    // Room for the names.
    let (width, height) = page.sheet.size();
    let mut sheet = gmm_figures::Sheet::new(width + 110, height);
    sheet.heading(
        "Fourteen families: iris",
        "150 irises, four measurements; the fits of one to six components; those of one that are not shown lie above",
    );
    page.sheet = sheet;
    let line = |color| Key::Line(Stroke::new(color, 2.0));
    page.legend(&[
        (line(ORANGE), "Round"),
        (line(GREEN), "Along the axes"),
        (line(BLUE), "In any direction"),
        (Key::Ring(Stroke::new(TEXT, 2.5)), "Least"),
    ]);
    let axes = Axes::new(page.frames[0], (0.8, MOST as f64 + 0.2), (540.0, 1060.0))
        .with_whole_x()
        .labelled("Number of components", "BIC, the smaller the better");
    axes.draw(&mut page.sheet);
    let mut ends = Vec::new();
    for of in types {
        let mut fits: Vec<&Fitted> = ranking
            .iter()
            .filter(|f| f.model.covariance_type() == of)
            .collect();
        fits.sort_by_key(|f| f.model.n_components());
        let place = |f: &Fitted| (f.model.n_components() as f64, f.bic());
        let (_, color) = kind(of);
        let is_best = ranking[0].model.covariance_type() == of;
        let stroke = Stroke::new(color, if is_best { 3.4 } else { 1.4 });
        axes.line(&mut page.sheet, fits.iter().map(|f| place(f)), stroke);
        for f in &fits {
            axes.dot(&mut page.sheet, place(f), 3.0, Fill::new(color));
        }
        if let Some(last) = fits.last() {
            ends.push((axes.at(place(last)), of, is_best));
        }
    }
    let best = (ranking[0].model.n_components() as f64, ranking[0].bic());
    axes.dot(&mut page.sheet, best, 8.0, Fill::new(TEXT));
    axes.dot(&mut page.sheet, best, 5.5, Fill::new(BLUE));
    // Names that would cover each other are moved apart, the middle of each crowd where it was.
    ends.sort_by(|a, b| a.0.1.total_cmp(&b.0.1));
    let mut heights: Vec<f64> = ends.iter().map(|e| e.0.1).collect();
    for _ in 0..200 {
        for i in 1..heights.len() {
            let lacking = APART - (heights[i] - heights[i - 1]);
            if lacking > 0.0 {
                heights[i] += 0.5 * lacking;
                heights[i - 1] -= 0.5 * lacking;
            }
        }
    }
    let lowest = heights.last().copied().unwrap_or_default();
    let bottom = f64::from(page.frames[0].y + page.frames[0].height);
    let up = (lowest - bottom).max(0.0);
    heights.iter_mut().for_each(|y| *y -= up);
    for (((px, py), of, is_best), y) in ends.into_iter().zip(heights) {
        let (_, color) = kind(of);
        let from = (px + 6.0, py);
        let leader = vec![from, (px + 40.0, y), (px + 46.0, y)];
        page.sheet.line(leader, Stroke::new(color, 1.0));
        let (at, color) = ((px + 50.0, y), color.mixed(0.75, TEXT));
        if is_best {
            page.sheet.bold(&name(of), at, 13.0, color, Anchor::Left);
        } else {
            page.sheet.text(&name(of), at, 13.0, color, Anchor::Left);
        }
    }
    Ok(Shown {
        name: "all-families",
        facts: format!("least BIC: {}", names.join(", ")),
        sheet: page.sheet,
    })
}

/// Factor models of the wines, with no factor to four, by BIC and by what is left out.
pub(crate) fn factors() -> Result<Shown, Box<dyn Error>> {
    let x = standardised(&rows("wine.csv", &[])?);
    let sample = Sample::new(&x);
    let mut types = CovarianceType::BASIC.to_vec();
    for n_factors in 1..=4 {
        types.push(CovarianceType::FactorAnalyzers { n_factors });
        types.push(CovarianceType::ProbabilisticPca { n_factors });
    }
    let ranking = rank(&sample, &Gmm::params(1), [3], &types, &|_, _| {})?;
    let validated = cross_validate(&sample, &Gmm::params(1), [3], &types, 10)?;

    let bic = |of: CovarianceType| {
        let fitted = ranking.iter().find(|f| f.model.covariance_type() == of);
        fitted.map_or(f64::NAN, Fitted::bic)
    };
    let left_out = |of: CovarianceType| {
        let found = validated.iter().find(|v| v.covariance_type == of);
        found.map_or((f64::NAN, f64::NAN), |v| {
            (v.mean_log_likelihood, v.standard_error)
        })
    };
    let mut page = Page::new(
        (
            "A few hidden factors in place of whole covariances: wine",
            "178 wines, 13 measurements, each in its standard deviation; three components",
        ),
        (2, 1),
        (410, 360),
    );
    let styles = [
        ("Factor analysers (mfa)", VERMILION),
        ("Probabilistic PCA (ppca)", BLUE),
    ];
    page.legend(&[
        (Key::Line(Stroke::new(VERMILION, 2.2)), styles[0].0),
        (Key::Line(Stroke::new(BLUE, 2.2)), styles[1].0),
        (Key::Line(Stroke::new(GREEN, 2.2)), "Full"),
        (Key::Line(Stroke::new(PURPLE, 2.2)), "Tied"),
    ]);
    let of_factors = |q: usize, is_ppca: bool| match (q, is_ppca) {
        (0, false) => CovarianceType::Diagonal,
        (0, true) => CovarianceType::Spherical,
        (n_factors, false) => CovarianceType::FactorAnalyzers { n_factors },
        (n_factors, true) => CovarianceType::ProbabilisticPca { n_factors },
    };
    let levels = [
        (CovarianceType::Full, GREEN),
        (CovarianceType::Tied, PURPLE),
    ];
    let shown: Vec<CovarianceType> = types
        .iter()
        .copied()
        .filter(|t| *t != CovarianceType::TiedSpherical && *t != CovarianceType::TiedDiagonal)
        .collect();
    let x_label = "Number of factors; 0: diag and spherical";
    let axes = Axes::new(
        page.frames[0],
        (-0.4, 4.9),
        padded(shown.iter().map(|t| bic(*t))),
    )
    .with_whole_x()
    .labelled(x_label, "BIC, the smaller the better")
    .titled("BIC");
    axes.draw(&mut page.sheet);
    let ends = |t: &CovarianceType| {
        let (mean, error) = left_out(*t);
        [mean - error, mean + error]
    };
    let other = Axes::new(
        page.frames[1],
        (-0.4, 4.9),
        padded(shown.iter().flat_map(ends)),
    )
    .with_whole_x()
    .labelled(x_label, "Mean log-likelihood [nats]")
    .titled("Rows left out, ten folds, ± one standard error");
    other.draw(&mut page.sheet);
    for (of, color) in levels {
        axes.across(&mut page.sheet, bic(of), Stroke::new(color, 2.0));
        let (mean, error) = left_out(of);
        other.across(&mut page.sheet, mean, Stroke::new(color, 2.0));
        let x = if of == CovarianceType::Full {
            4.65
        } else {
            4.45
        };
        let ends = (mean - error, mean, mean + error);
        interval(&mut page.sheet, &other, x, ends, Stroke::new(color, 1.6));
    }
    for (is_ppca, color) in [(false, VERMILION), (true, BLUE)] {
        let stroke = Stroke::new(color, 2.2);
        let points = (0..=4).map(|q| (q as f64, bic(of_factors(q, is_ppca))));
        axes.line(&mut page.sheet, points.clone(), stroke);
        points.for_each(|p| axes.dot(&mut page.sheet, p, 4.0, Fill::new(color)));
        let aside = if is_ppca { 0.06 } else { -0.06 };
        let means = (0..=4).map(|q| (q as f64 + aside, left_out(of_factors(q, is_ppca))));
        other.line(
            &mut page.sheet,
            means.clone().map(|(x, (m, _))| (x, m)),
            stroke,
        );
        for (x, (m, e)) in means {
            interval(
                &mut page.sheet,
                &other,
                x,
                (m - e, m, m + e),
                Stroke::new(color, 1.6),
            );
        }
    }
    let facts: Vec<String> = shown
        .iter()
        .map(|t| {
            let (mean, error) = left_out(*t);
            let fitted = ranking.iter().find(|f| f.model.covariance_type() == *t);
            let p = fitted.map_or(0, |f| f.model.n_parameters());
            format!(
                "{t} {p} parameters, BIC {:.0}, left out {mean:.2} ± {error:.2}",
                bic(*t)
            )
        })
        .collect();
    Ok(Shown {
        name: "factors",
        facts: facts.join("; "),
        sheet: page.sheet,
    })
}
