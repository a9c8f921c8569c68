//! Where fits start, and where they go on from an optimum that is not the best.

use std::error::Error;

use gmm_core::ndarray::{Array2, Axis, array, stack};
use gmm_core::{CovarianceType, Covariances, Gmm, InitMethod};
use gmm_figures::{
    Axes, BLUE, Color, Fill, Key, PURPLE, Stroke, TEXT, VERMILION, distinct, padded, typeset,
};

use crate::data::{adjusted_rand_index, rows, seeded};
use crate::page::{Page, Shown, ellipses, plane, scatter};

/// Two long, thin groups side by side.
pub(crate) fn needles() -> Result<Shown, Box<dyn Error>> {
    const DRAWS: u64 = 20;
    let (sin, cos) = 30f64.to_radians().sin_cos();
    let turn = array![[cos, -sin], [sin, cos]];
    let means = array![[0.0, -3.0], [0.0, 3.0]].dot(&turn.t());
    let mut covariance: Array2<f64> = turn.dot(&array![[400.0, 0.0], [0.0, 1.0]]).dot(&turn.t());
    covariance[(0, 1)] = covariance[(1, 0)];
    let covariances = Covariances::Full(stack![Axis(0), covariance, covariance]);
    let truth = Gmm::new(array![0.5, 0.5], means, covariances)?;
    let (x, _) = truth.sample(1000, &mut seeded(0));

    let pooled = Gmm::params(2).fit_report(&x)?;
    let one = Gmm::params(2)
        .init_method(InitMethod::KMeans)
        .fit_report(&x)?;

    // The same of twenty samples; a figure shows the first that the two divide differently.
    let mut found = Vec::new();
    for seed in 0..DRAWS {
        let (x, groups) = truth.sample(1000, &mut seeded(seed));
        let pooled = Gmm::params(2).fit_report(&x)?.model;
        let one = Gmm::params(2)
            .init_method(InitMethod::KMeans)
            .fit_report(&x)?
            .model;
        let agreement = |gmm: &Gmm| -> Result<f64, Box<dyn Error>> {
            Ok(adjusted_rand_index(
                &gmm.labels(&x)?.to_vec(),
                &groups.to_vec(),
            ))
        };
        let of = (agreement(&one)?, agreement(&pooled)?);
        found.push((of, x, one));
    }
    let n_right =
        |which: fn(&(f64, f64)) -> f64| found.iter().filter(|f| which(&f.0) > 0.9).count();
    let first = found
        .iter()
        .position(|f| (f.0.0 - f.0.1).abs() > 0.1)
        .unwrap_or(0);
    let facts = format!(
        "first sample: log-likelihood {:.1} with defaults, {:.1} from one k-means start; right (agreement above 0.9) in {} \
         and {} of {DRAWS} samples; shown is sample {}",
        pooled.log_likelihood(),
        one.log_likelihood(),
        n_right(|of| of.1),
        n_right(|of| of.0),
        first + 1
    );
    let mut page = Page::new(
        (
            "Two needles side by side",
            "Two groups of 20 × 1 deviations, 6 apart, turned by 30°; samples of 1000 rows",
        ),
        (2, 1),
        (410, 330),
    );
    page.legend(&[
        (Key::Dot(Fill::new(distinct(0))), "Component 1"),
        (Key::Dot(Fill::new(distinct(1))), "Component 2"),
        (Key::Line(Stroke::new(TEXT, 1.8)), "Two deviations"),
        (Key::Cross(Stroke::new(TEXT, 2.0)), "One k-means start"),
        (Key::Ring(Stroke::new(PURPLE, 2.5)), "Defaults"),
    ]);
    let ((of_one, _), x, model) = &found[first];
    let labels = model.labels(x)?;
    let title = format!(
        "Sample {}, one k-means start: agreement {}",
        first + 1,
        typeset(*of_one, 2)
    );
    let axes = plane(page.frames[0], x, &[model], ("x", "y")).titled(&title);
    axes.draw(&mut page.sheet);
    scatter(&mut page.sheet, &axes, x, |i| {
        Fill::new(distinct(labels[i])).opacity(0.5)
    });
    ellipses(&mut page.sheet, &axes, model, Stroke::new(TEXT, 1.8));
    let axes = Axes::new(page.frames[1], (0.0, DRAWS as f64 + 1.0), (-0.05, 1.08))
        .with_whole_x()
        .labelled("Sample", "Agreement with the groups")
        .titled("Twenty samples");
    axes.draw(&mut page.sheet);
    for (i, (of, ..)) in found.iter().enumerate() {
        let x = 1.0 + i as f64;
        axes.dot(&mut page.sheet, (x, of.1), 7.0, Fill::new(PURPLE));
        axes.dot(
            &mut page.sheet,
            (x, of.1),
            4.8,
            Fill::new(Color(255, 255, 255)),
        );
        axes.cross(&mut page.sheet, (x, of.0), 4.0, Stroke::new(TEXT, 2.0));
    }
    Ok(Shown {
        name: "needles",
        facts,
        sheet: page.sheet,
    })
}

/// Fits from single starts, with and without moves.
pub(crate) fn moves() -> Result<Shown, Box<dyn Error>> {
    const RUNS: u64 = 30;
    const K: usize = 7;
    let x = rows("banknote.csv", &[])?;
    let mut heights: [Vec<f64>; 3] = Default::default();
    for seed in 0..RUNS {
        let params = Gmm::params(K)
            .covariance_type(CovarianceType::Tied)
            .with_rng(seeded(seed));
        let seeds = params.clone().init_method(InitMethod::KMeansPlusPlus);
        let moved = seeds.clone().n_moves(30);
        for (heights, params) in heights.iter_mut().zip([seeds, moved, params]) {
            heights.push(params.fit_report(&x)?.log_likelihood());
        }
    }
    heights.iter_mut().for_each(|h| h.sort_by(f64::total_cmp));
    let best = heights
        .iter()
        .flatten()
        .copied()
        .fold(f64::NEG_INFINITY, f64::max);
    let mean = |h: &[f64]| h.iter().sum::<f64>() / h.len() as f64;
    let near = |h: &[f64]| h.iter().filter(|l| **l > best - 0.5).count();
    let facts = format!(
        "mean log-likelihood of {RUNS} runs {:.2} from k-means++ seeds, {:.2} with 30 moves, {:.2} with defaults; best \
         {best:.2}, reached to half a nat by {}, {} and {}",
        mean(&heights[0]),
        mean(&heights[1]),
        mean(&heights[2]),
        near(&heights[0]),
        near(&heights[1]),
        near(&heights[2])
    );
    let mut page = Page::new(
        (
            "Moves from one optimum to another: banknotes",
            "200 banknotes, six lengths; seven components, tied; 30 seeds",
        ),
        (1, 1),
        (860, 360),
    );
    let styles = [
        ("One start at k-means++ seeds", Color(120, 120, 120)),
        ("The same with 30 moves", VERMILION),
        ("Defaults", BLUE),
    ];
    let entries: Vec<_> = styles
        .iter()
        .map(|(name, color)| (Key::Dot(Fill::new(*color)), *name))
        .collect();
    page.legend(&entries);
    let range = padded(heights.iter().flatten().copied());
    let axes = Axes::new(page.frames[0], (0.0, RUNS as f64 + 1.0), range).labelled(
        "Runs of each, from the worst to the best",
        "Log-likelihood [nats]",
    );
    axes.draw(&mut page.sheet);
    for ((heights, (_, color)), aside) in heights.iter().zip(styles).zip([0.0, 0.25, -0.25]) {
        for (i, h) in heights.iter().enumerate() {
            let place = (1.0 + i as f64 + aside, *h);
            axes.dot(&mut page.sheet, place, 3.6, Fill::new(color));
        }
    }
    Ok(Shown {
        name: "moves",
        facts,
        sheet: page.sheet,
    })
}
