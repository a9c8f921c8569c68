//! Where fits start, and where they go on from an optimum that is not the best.

use std::error::Error;

use gmm_core::ndarray::{Array2, Axis, array, stack};
use gmm_core::{Covariances, Gmm, InitMethod, Sample};
use gmm_figures::{
    Axes, BLUE, Color, Fill, Key, Stroke, TEXT, VERMILION, distinct, padded, typeset,
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
    let (x, groups) = truth.sample(1000, &mut seeded(1));

    let pooled = Gmm::params(2).fit_report(&x)?;
    let one = Gmm::params(2)
        .init_method(InitMethod::KMeans)
        .fit_report(&x)?;

    let agreement = |gmm: &Gmm, x: &Array2<f64>, groups: &[usize]| -> Result<f64, Box<dyn Error>> {
        Ok(adjusted_rand_index(&gmm.labels(x)?.to_vec(), groups))
    };
    let of = |gmm: &Gmm| agreement(gmm, &x, &groups.to_vec());
    let mut n_right = [0; 2];
    for seed in 0..DRAWS {
        let (x, groups) = truth.sample(1000, &mut seeded(seed));
        let models = [
            Gmm::params(2).fit_report(&x)?.model,
            Gmm::params(2)
                .init_method(InitMethod::KMeans)
                .fit_report(&x)?
                .model,
        ];
        for (n, model) in n_right.iter_mut().zip(&models) {
            *n += usize::from(agreement(model, &x, &groups.to_vec())? > 0.9);
        }
    }
    let facts = format!(
        "agreement with the groups: k-means start {:.3} (log-likelihood {:.1}), defaults {:.3} ({:.1}); right in {} and {} \
         of {DRAWS} samples",
        of(&one.model)?,
        one.log_likelihood(),
        of(&pooled.model)?,
        pooled.log_likelihood(),
        n_right[1],
        n_right[0]
    );
    let mut page = Page::new(
        (
            "Two needles side by side",
            "1000 rows of two groups of 20 × 1 deviations, turned by 30°; rows by the component they were given to",
        ),
        (2, 1),
        (410, 330),
    );
    page.legend(&[
        (Key::Dot(Fill::new(distinct(0))), "Component 1"),
        (Key::Dot(Fill::new(distinct(1))), "Component 2"),
        (Key::Line(Stroke::new(TEXT, 1.8)), "Two deviations"),
    ]);
    let panels = [
        (
            &one.model,
            format!(
                "One k-means start: agreement {}",
                typeset(of(&one.model)?, 2)
            ),
        ),
        (
            &pooled.model,
            format!("Defaults: agreement {}", typeset(of(&pooled.model)?, 2)),
        ),
    ];
    for (frame, (model, title)) in page.frames.clone().into_iter().zip(panels) {
        let labels = model.labels(&x)?;
        let axes = plane(frame, &x, ("x", "y")).titled(&title);
        axes.draw(&mut page.sheet);
        scatter(&mut page.sheet, &axes, &x, |i| {
            Fill::new(distinct(labels[i])).opacity(0.5)
        });
        ellipses(&mut page.sheet, &axes, model, Stroke::new(TEXT, 1.8));
    }
    Ok(Shown {
        name: "needles",
        facts,
        sheet: page.sheet,
    })
}

/// Fits from single starts, with and without moves.
pub(crate) fn moves() -> Result<Shown, Box<dyn Error>> {
    const RUNS: u64 = 40;
    const K: usize = 7;
    let x = rows("iris.csv", &[])?;
    let z = rows("banknote.csv", &[])?;
    let sample = Sample::new(&z);
    let fit = |seed: u64, n_moves: usize, method: InitMethod| {
        Gmm::params_with_rng(K, seeded(seed))
            .init_method(method)
            .n_moves(n_moves)
            .covariance_type(gmm_core::CovarianceType::Tied)
            .fit_sample(&sample, &|_| {})
    };
    let mut heights: [Vec<f64>; 3] = Default::default();
    for seed in 0..RUNS {
        heights[0].push(fit(seed, 0, InitMethod::KMeansPlusPlus)?.log_likelihood());
        heights[1].push(fit(seed, 30, InitMethod::KMeansPlusPlus)?.log_likelihood());
        heights[2].push(fit(seed, 0, InitMethod::Pool)?.log_likelihood());
    }
    heights.iter_mut().for_each(|h| h.sort_by(f64::total_cmp));
    let best = heights
        .iter()
        .flatten()
        .copied()
        .fold(f64::NEG_INFINITY, f64::max);
    let mean = |h: &[f64]| h.iter().sum::<f64>() / h.len() as f64;
    let near = |h: &[f64]| h.iter().filter(|l| **l > best - 0.1).count();
    let facts = format!(
        "mean log-likelihood of {RUNS} runs {:.2} from k-means++ seeds, {:.2} with 30 moves, {:.2} with defaults; best \
         {best:.2}, found by {}, {} and {}; rows {}",
        mean(&heights[0]),
        mean(&heights[1]),
        mean(&heights[2]),
        near(&heights[0]),
        near(&heights[1]),
        near(&heights[2]),
        x.nrows()
    );
    let mut page = Page::new(
        ("Moves from one optimum to another", "banknotes"),
        (1, 1),
        (860, 360),
    );
    let styles = [
        ("k-means++ seeds", Color(120, 120, 120)),
        ("with 30 moves", VERMILION),
        ("Defaults", BLUE),
    ];
    let entries: Vec<_> = styles
        .iter()
        .map(|(name, color)| (Key::Dot(Fill::new(*color)), *name))
        .collect();
    page.legend(&entries);
    let range = padded(heights.iter().flatten().copied());
    let axes = Axes::new(page.frames[0], (0.0, RUNS as f64 + 1.0), range)
        .labelled("Runs, from the worst to the best", "Log-likelihood [nats]");
    axes.draw(&mut page.sheet);
    for (heights, (_, color)) in heights.iter().zip(styles) {
        for (i, h) in heights.iter().enumerate() {
            axes.dot(&mut page.sheet, (1.0 + i as f64, *h), 4.0, Fill::new(color));
        }
    }
    Ok(Shown {
        name: "moves",
        facts,
        sheet: page.sheet,
    })
}
