//! Choosing among models, and how sure a fit is.

use std::error::Error;

use gmm_core::inference::{Information, Parameters};
use gmm_core::selection::{cross_validate, rank};
use gmm_core::{CovarianceType, Criteria, Gmm, Sample};
use gmm_figures::{
    Axes, BLUE, Color, Fill, GREEN, Key, ORANGE, PURPLE, Stroke, TEXT, VERMILION, padded,
};

use crate::data::rows;
use crate::page::{Page, Shown, interval};

/// Criteria and rows left out, of Old Faithful.
pub(crate) fn selection() -> Result<Shown, Box<dyn Error>> {
    let x = rows("faithful.csv", &["eruptions", "waiting"])?;
    let sample = Sample::new(&x);
    let types = [CovarianceType::Full, CovarianceType::Tied];
    let ranking = rank(&sample, &Gmm::params(1), 1..=6, &types, &|_, _| {})?;
    let validated = cross_validate(&sample, &Gmm::params(1), 1..=6, &types, 10)?;
    for f in ranking.iter().take(4) {
        println!(
            "    {},{}  BIC {:.2}  AIC {:.2}  ICL {:.2}",
            f.model.covariance_type(),
            f.model.n_components(),
            f.bic(),
            f.aic(),
            f.icl()
        );
    }
    for v in validated.iter().take(4) {
        println!(
            "    {},{}  {:.4} ± {:.4} nats for a row left out",
            v.covariance_type, v.n_components, v.mean_log_likelihood, v.standard_error
        );
    }

    let of_type = |t: CovarianceType| -> Vec<Criteria> {
        let mut of: Vec<Criteria> = ranking
            .iter()
            .filter(|f| f.model.covariance_type() == t)
            .map(|f| f.criteria())
            .collect();
        of.sort_by_key(|c| c.n_components);
        of
    };
    let tied = of_type(CovarianceType::Tied);
    let mut page = Page::new(
        (
            "How many components: Old Faithful",
            "272 eruptions, one to six components; the best is ringed; one component is far worse",
        ),
        (2, 1),
        (410, 360),
    );
    let line = |color| Key::Line(Stroke::new(color, 2.2));
    page.legend(&[
        (line(BLUE), "BIC"),
        (line(ORANGE), "AIC"),
        (line(GREEN), "ICL"),
        (line(VERMILION), "Tied, left out"),
        (line(PURPLE), "Full, left out"),
        (Key::Ring(Stroke::new(TEXT, 2.5)), "Best"),
    ]);
    let values = tied
        .iter()
        .filter(|c| c.n_components > 1)
        .flat_map(|c| [c.bic, c.aic, c.icl]);
    let axes = Axes::new(page.frames[0], (0.8, 6.2), padded(values))
        .with_whole_x()
        .labelled("Number of components", "Criterion, the smaller the better")
        .titled("Criteria, tied");
    axes.draw(&mut page.sheet);
    type Value = fn(&Criteria) -> f64;
    let criteria: [(Color, Value); 3] =
        [(BLUE, |c| c.bic), (ORANGE, |c| c.aic), (GREEN, |c| c.icl)];
    for (color, value) in criteria {
        let points: Vec<_> = tied
            .iter()
            .map(|c| (c.n_components as f64, value(c)))
            .collect();
        axes.line(
            &mut page.sheet,
            points.iter().copied(),
            Stroke::new(color, 2.2),
        );
        if let Some(best) = points.iter().min_by(|a, b| a.1.total_cmp(&b.1)) {
            axes.dot(&mut page.sheet, *best, 8.0, Fill::new(TEXT));
            axes.dot(&mut page.sheet, *best, 5.5, Fill::new(Color(255, 255, 255)));
        }
        points
            .iter()
            .for_each(|p| axes.dot(&mut page.sheet, *p, 4.0, Fill::new(color)));
    }
    let shown = || validated.iter().filter(|v| v.n_components > 1);
    let ends = shown().flat_map(|v| {
        [
            v.mean_log_likelihood - v.standard_error,
            v.mean_log_likelihood + v.standard_error,
        ]
    });
    let axes = Axes::new(page.frames[1], (0.8, 6.2), padded(ends))
        .with_whole_x()
        .labelled("Number of components", "Mean log-likelihood [nats]")
        .titled("Rows left out, ten folds, ± one standard error");
    axes.draw(&mut page.sheet);
    for (of, color, aside) in [
        (CovarianceType::Tied, VERMILION, -0.06),
        (CovarianceType::Full, PURPLE, 0.06),
    ] {
        let mut all: Vec<_> = validated
            .iter()
            .filter(|v| v.covariance_type == of)
            .collect();
        all.sort_by_key(|v| v.n_components);
        let place = |v: &gmm_core::selection::CrossValidated| {
            (v.n_components as f64 + aside, v.mean_log_likelihood)
        };
        let points: Vec<_> = all.iter().map(|v| place(v)).collect();
        axes.line(
            &mut page.sheet,
            points.iter().copied(),
            Stroke::new(color, 2.2),
        );
        if let Some(best) = points.iter().max_by(|a, b| a.1.total_cmp(&b.1)) {
            axes.dot(&mut page.sheet, *best, 8.0, Fill::new(TEXT));
            axes.dot(&mut page.sheet, *best, 5.5, Fill::new(Color(255, 255, 255)));
        }
        for v in all {
            let (m, e) = (v.mean_log_likelihood, v.standard_error);
            let x = v.n_components as f64 + aside;
            interval(
                &mut page.sheet,
                &axes,
                x,
                (m - e, m, m + e),
                Stroke::new(color, 1.6),
            );
        }
    }
    let facts = format!(
        "least BIC {} with {} components ({:.2}), best left out {} with {} ({:.4})",
        ranking[0].model.covariance_type(),
        ranking[0].model.n_components(),
        ranking[0].bic(),
        validated[0].covariance_type,
        validated[0].n_components,
        validated[0].mean_log_likelihood
    );
    Ok(Shown {
        name: "selection",
        facts,
        sheet: page.sheet,
    })
}

/// 95 % intervals of the means of Old Faithful, in four ways.
pub(crate) fn standard_errors() -> Result<Shown, Box<dyn Error>> {
    const Z: f64 = 1.959964;
    let x = rows("faithful.csv", &["eruptions", "waiting"])?;
    let sample = Sample::new(&x);
    let params = Gmm::params(2);
    let gmm = params.fit_sample(&sample, &|_| {})?.model;
    let errors = gmm.standard_errors(&sample)?;
    let bootstrap = params.bootstrap(&gmm, &sample, 999)?;
    let (low, high) = bootstrap.interval(0.95)?;

    // The short eruptions first.
    let order = if gmm.means()[(0, 0)] < gmm.means()[(1, 0)] {
        [0, 1]
    } else {
        [1, 0]
    };
    let ways = [
        (
            "empirical",
            gmm.standard_errors_by(Information::Empirical, &sample)?,
            BLUE,
        ),
        (
            "observed",
            gmm.standard_errors_by(Information::Observed, &sample)?,
            GREEN,
        ),
        ("robust", errors, VERMILION),
    ];
    let mut page = Page::new(
        (
            "How sure the parameters are: Old Faithful",
            "Two components of 272 eruptions; 95 % intervals in four ways",
        ),
        (2, 2),
        (410, 200),
    );
    page.legend(&[
        (Key::Dot(Fill::new(TEXT)), "Estimate, and 95 % interval by:"),
        (Key::Line(Stroke::new(BLUE, 2.2)), "scores"),
        (Key::Line(Stroke::new(GREEN, 2.2)), "curvature"),
        (Key::Line(Stroke::new(VERMILION, 2.2)), "both (default)"),
        (Key::Line(Stroke::new(PURPLE, 2.2)), "999 new samples"),
    ]);
    let [short, long] = order;
    type Value = Box<dyn Fn(&Parameters) -> f64>;
    let shown: [(&str, &str, f64, Value); 4] = [
        (
            "Mean duration, short eruptions",
            "[min]",
            gmm.means()[(short, 0)],
            Box::new(move |p| p.means[(short, 0)]),
        ),
        (
            "Mean duration, long eruptions",
            "[min]",
            gmm.means()[(long, 0)],
            Box::new(move |p| p.means[(long, 0)]),
        ),
        (
            "Mean waiting time, short eruptions",
            "[min]",
            gmm.means()[(short, 1)],
            Box::new(move |p| p.means[(short, 1)]),
        ),
        (
            "Variance of duration, short eruptions",
            "[min²]",
            gmm.covariances()[(short, 0, 0)],
            Box::new(move |p| p.covariances[(short, 0, 0)]),
        ),
    ];
    let names = ["empirical", "observed", "robust", "bootstrap"];
    let drawn = bootstrap.standard_errors();
    let mut facts = Vec::new();
    for (frame, (title, unit, value, of)) in page.frames.clone().into_iter().zip(&shown) {
        let mut bars: Vec<_> = ways
            .iter()
            .map(|(_, errors, color)| {
                let half = Z * of(errors);
                ((value - half, *value, value + half), *color)
            })
            .collect();
        bars.push(((of(&low), *value, of(&high)), PURPLE));
        let ends = bars.iter().flat_map(|((low, _, high), _)| [*low, *high]);
        let named = (0..4)
            .zip(names)
            .map(|(i, n)| (f64::from(i), String::from(n)));
        let axes = Axes::new(frame, (-0.5, 3.5), padded(ends))
            .with_x_names(named)
            .labelled("", unit)
            .titled(title);
        axes.draw(&mut page.sheet);
        for (i, (bar, color)) in bars.into_iter().enumerate() {
            interval(
                &mut page.sheet,
                &axes,
                i as f64,
                bar,
                Stroke::new(color, 2.2),
            );
        }
        let errors: Vec<String> = ways
            .iter()
            .map(|(n, e, _)| format!("{n} {:.4}", of(e)))
            .collect();
        facts.push(format!(
            "{title} {value:.4}, standard error {}, bootstrap {:.4}",
            errors.join(", "),
            of(&drawn)
        ));
    }
    Ok(Shown {
        name: "errors",
        facts: facts.join("; "),
        sheet: page.sheet,
    })
}

/// Likelihood-ratio tests of Old Faithful.
pub(crate) fn tests() -> Result<String, Box<dyn Error>> {
    let x = rows("faithful.csv", &["eruptions", "waiting"])?;
    let params = Gmm::params(1).covariance_type(CovarianceType::Tied);
    let tests = params.likelihood_ratio_tests(&Sample::new(&x), 5, 199, Some(0.05))?;
    let mut table = String::new();
    for t in &tests {
        let mut drawn = t.replicates.clone();
        drawn.sort_by(f64::total_cmp);
        let largest = drawn.last().copied().unwrap_or_default();
        table += &format!(
            "{} against {}: LR {:.2}, p {:.3}, largest of {} replicates {largest:.2}, {} failed\n",
            t.n_components,
            t.n_components + 1,
            t.statistic,
            t.p_value,
            drawn.len(),
            t.n_failed
        );
    }
    Ok(table)
}

/// What twenty fits say of the best of them.
pub(crate) fn audit() -> Result<String, Box<dyn Error>> {
    let x = rows("faithful.csv", &["eruptions", "waiting"])?;
    let audit = Gmm::params(3).audit(&Sample::new(&x), 20)?;
    let wine = rows("wine.csv", &[])?;
    let of_wine = Gmm::params(3).audit(&Sample::new(&wine), 20)?;
    Ok(format!("{audit}\n{of_wine}"))
}
