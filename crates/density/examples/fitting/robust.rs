//! Rows of no component, spikes, and what is known beforehand.

use std::error::Error;

use gmm_core::ndarray::{Array2, Axis, array, concatenate};
use gmm_core::rand::Rng;
use gmm_core::{Covariances, Frozen, Gmm, InitMethod, Mending, Prior};
use gmm_figures::{
    Axes, BLUE, Color, Fill, Histogram, Key, PURPLE, Stroke, TEXT, VERMILION, padded, typeset,
};

use crate::data::{rows, seeded};
use crate::page::{FIT, Page, ROW, Shown, TRUTH, ellipses, plane, scatter};

/// Three groups.
fn groups() -> Result<Gmm, Box<dyn Error>> {
    Ok(Gmm::new(
        array![0.3, 0.45, 0.25],
        array![[0.0, 0.0], [8.0, 1.0], [2.0, 8.0]],
        Covariances::Full(array![
            [[1.0, 0.4], [0.4, 0.8]],
            [[0.6, -0.3], [-0.3, 1.4]],
            [[1.2, 0.0], [0.0, 0.6]]
        ]),
    )?)
}

/// The largest distance of a mean of the truth from the nearest of a fit.
fn farthest(truth: &Gmm, fit: &Gmm) -> f64 {
    let distance = |a: gmm_core::ndarray::ArrayView1<'_, f64>, b| -> f64 {
        let d: gmm_core::ndarray::Array1<f64> = &a - &b;
        d.dot(&d).sqrt()
    };
    let nearest = |mean: gmm_core::ndarray::ArrayView1<'_, f64>| {
        let all = fit.means().outer_iter().map(|b| distance(mean, b));
        all.fold(f64::INFINITY, f64::min)
    };
    truth.means().outer_iter().map(nearest).fold(0.0, f64::max)
}

/// Half of the rows spread over a box.
pub(crate) fn background() -> Result<Shown, Box<dyn Error>> {
    let truth = groups()?;
    let mut rng = seeded(2);
    let (own, _) = truth.sample(400, &mut rng);
    let spread = Array2::from_shape_simple_fn((400, 2), || rng.gen_range(-8.0..16.0));
    let x = concatenate(Axis(0), &[own.view(), spread.view()])?;

    let fitted = Gmm::params(3).background(true).fit_report(&x)?;
    let share = fitted.model.background().map_or(0.0, |(share, _)| share);
    let labels = fitted.model.labels(&x)?; // 3 where a row is of the background

    let plain = Gmm::params(3).fit_report(&x)?;
    let n_noise = labels.iter().filter(|l| **l == 3).count();
    let facts = format!(
        "share of the background {share:.3}, {n_noise} of 800 rows of no group; BIC {:.1} against {:.1} without; means \
         off by at most {:.2} against {:.2}",
        fitted.bic(),
        plain.bic(),
        farthest(&truth, &fitted.model),
        farthest(&truth, &plain.model)
    );
    let mut page = Page::new(
        (
            "Groups in a uniform background",
            "400 rows of three groups and 400 rows of none; ellipses at two standard deviations",
        ),
        (2, 1),
        (410, 400),
    );
    let noise = Fill::new(Color(150, 150, 150)).opacity(0.5);
    page.legend(&[
        (Key::Dot(ROW), "Of a component"),
        (Key::Dot(noise), "Of the background"),
        (Key::Line(FIT), "Fit"),
        (Key::Line(TRUTH), "Truth"),
    ]);
    let with = format!("Background, share {}", typeset(share, 2));
    let panels = [
        (&plain.model, false, "Three components alone"),
        (&fitted.model, true, with.as_str()),
    ];
    for (frame, (model, has_background, title)) in page.frames.clone().into_iter().zip(panels) {
        let axes = plane(frame, &x, &[&plain.model], ("x", "y"))
            .with_equal_units()
            .titled(title);
        axes.draw(&mut page.sheet);
        scatter(&mut page.sheet, &axes, &x, |i| {
            if has_background && labels[i] == 3 {
                noise
            } else {
                ROW
            }
        });
        ellipses(&mut page.sheet, &axes, &truth, TRUTH);
        ellipses(&mut page.sheet, &axes, model, FIT);
    }
    Ok(Shown {
        name: "background",
        facts,
        sheet: page.sheet,
    })
}

/// A tenth of the rows are outliers.
pub(crate) fn trimming() -> Result<Shown, Box<dyn Error>> {
    const N: usize = 600;
    let truth = groups()?;
    let mut rng = seeded(3);
    let (own, _) = truth.sample(N * 9 / 10, &mut rng);
    let wild = Array2::from_shape_simple_fn((N / 10, 2), || rng.gen_range(-20.0..28.0));
    let x = concatenate(Axis(0), &[own.view(), wild.view()])?;

    let trimmed = Gmm::params(3).trimming(0.1).fit_report(&x)?;
    let log_prob = trimmed.model.log_prob(&x)?;
    let mut least: Vec<usize> = (0..N).collect();
    least.sort_by(|&a, &b| log_prob[a].total_cmp(&log_prob[b]));
    let left_out = &least[..N / 10];

    let plain = Gmm::params(3).fit_report(&x)?;
    let n_wild = left_out.iter().filter(|i| **i >= N * 9 / 10).count();
    let facts = format!(
        "{n_wild} of the 60 rows left out are outliers; means off by at most {:.2}, without trimming by {:.2}",
        farthest(&truth, &trimmed.model),
        farthest(&truth, &plain.model)
    );
    let mut page = Page::new(
        (
            "A tenth of the rows are outliers",
            "540 rows of three groups and 60 spread far about; ellipses at two standard deviations",
        ),
        (2, 1),
        (410, 400),
    );
    let cross = Stroke::new(PURPLE.mixed(0.8, Color(60, 0, 60)), 1.8);
    page.legend(&[
        (Key::Dot(ROW), "Row"),
        (Key::Cross(cross), "Left out"),
        (Key::Line(FIT), "Fit"),
        (Key::Line(TRUTH), "Truth"),
    ]);
    let panels = [
        (&plain.model, false, "All rows"),
        (&trimmed.model, true, "The least likely tenth left out"),
    ];
    for (frame, (model, is_trimmed, title)) in page.frames.clone().into_iter().zip(panels) {
        let axes = plane(frame, &x, &[], ("x", "y"))
            .with_equal_units()
            .titled(title);
        axes.draw(&mut page.sheet);
        scatter(&mut page.sheet, &axes, &x, |_| ROW);
        if is_trimmed {
            for i in left_out {
                axes.cross(&mut page.sheet, (x[(*i, 0)], x[(*i, 1)]), 4.0, cross);
            }
        }
        ellipses(&mut page.sheet, &axes, &truth, TRUTH);
        ellipses(&mut page.sheet, &axes, model, FIT);
    }
    Ok(Shown {
        name: "trimming",
        facts,
        sheet: page.sheet,
    })
}

/// The density of a mixture of one column along a range.
fn curve(gmm: &Gmm, (low, high): (f64, f64)) -> Result<Vec<(f64, f64)>, Box<dyn Error>> {
    const N: usize = 1600;
    let x = Array2::from_shape_fn((N, 1), |(i, _)| {
        low + (high - low) * i as f64 / (N - 1) as f64
    });
    let density = gmm.log_prob(&x)?;
    Ok(x.iter()
        .copied()
        .zip(density.iter().map(|l| l.exp()))
        .collect())
}

/// Many components for few galaxies.
pub(crate) fn prior() -> Result<Shown, Box<dyn Error>> {
    const K: usize = 8;
    // In thousands of km/s.
    let x = rows("galaxies.csv", &[])? / 1000.0;
    let plain = Gmm::params(K).fit_report(&x)?;
    let regular = Gmm::params(K).prior(Prior::default()).fit_report(&x)?;

    let one = Gmm::params(K)
        .init_method(InitMethod::KMeans)
        .mending(Mending::Keep)
        .fit_report(&x)?;
    let narrowest = |gmm: &Gmm| {
        let variances = gmm.covariances();
        let deviation = |k: usize| 1000.0 * variances[(k, 0, 0)].sqrt();
        let least = |a: &usize, b: &usize| deviation(*a).total_cmp(&deviation(*b));
        let k = (0..K).min_by(least).unwrap_or_default();
        let n_rows = 82.0 * gmm.weights()[k];
        format!("{:.0} km/s on {n_rows:.1} galaxies", deviation(k))
    };
    let notes: Vec<String> = one.notes.iter().map(ToString::to_string).collect();
    let facts = format!(
        "narrowest component: one k-means start {} ({}), defaults {} (notes {:?}), with prior {} (notes {:?}); \
         log-likelihood {:.2}, {:.2}, {:.2}",
        narrowest(&one.model),
        notes.join(", "),
        narrowest(&plain.model),
        plain.notes,
        narrowest(&regular.model),
        regular.notes,
        one.log_likelihood(),
        plain.log_likelihood(),
        regular.log_likelihood()
    );
    let mut page = Page::new(
        (
            "Eight components for 82 galaxies",
            "Velocities, in bars of 1000 km/s and as densities of the fits",
        ),
        (2, 1),
        (410, 330),
    );
    let bars = Fill::new(Color(0, 114, 178)).opacity(0.3);
    page.legend(&[(Key::Area(bars), "Galaxies"), (Key::Line(FIT), "Fit")]);
    let values = x.column(0).to_vec();
    let histogram = Histogram::of(&values, 25);
    let range = padded(values.iter().copied());
    let panels = [
        (&plain.model, "Without a prior"),
        (&regular.model, "With the default prior"),
    ];
    for (frame, (model, title)) in page.frames.clone().into_iter().zip(panels) {
        let axes = Axes::new(frame, range, (0.0, 1.6 * histogram.peak()))
            .labelled("Velocity [1000 km/s]", "Density [s/1000 km]")
            .titled(title);
        axes.draw(&mut page.sheet);
        for (edges, height) in histogram.bins() {
            axes.bar(&mut page.sheet, edges, height, bars);
        }
        axes.line(&mut page.sheet, curve(model, range)?, FIT);
    }
    Ok(Shown {
        name: "prior",
        facts,
        sheet: page.sheet,
    })
}

/// One component is known.
pub(crate) fn frozen() -> Result<Shown, Box<dyn Error>> {
    const N: usize = 300;
    const DRAWS: u64 = 50;
    let truth = Gmm::new(
        array![0.7, 0.3],
        array![[0.0], [2.0]],
        Covariances::Full(array![[[1.0]], [[0.49]]]),
    )?;
    let (x, _) = truth.sample(N, &mut seeded(1));

    // The first component is known, the second a guess.
    let start = Gmm::new(
        array![0.5, 0.5],
        array![[0.0], [3.0]],
        Covariances::Full(array![[[1.0]], [[1.0]]]),
    )?;
    let params = Gmm::params(2)
        .init_method(InitMethod::Parameters(start))
        .frozen(Frozen::default().means([0]).covariances([0]));
    let fitted = params.fit_report(&x)?;
    let free = Gmm::params(2).fit_report(&x)?;

    // The component that is to be learned: the one farther right.
    let of = |gmm: &Gmm| {
        let k = usize::from(gmm.means()[(1, 0)] > gmm.means()[(0, 0)]);
        [
            gmm.weights()[k],
            gmm.means()[(k, 0)],
            gmm.covariances()[(k, 0, 0)].sqrt(),
        ]
    };
    let expected = of(&truth);
    let mut errors = [[0.0; 3]; 2];
    let mut places = [const { Vec::new() }; 2];
    for seed in 0..DRAWS {
        let (x, _) = truth.sample(N, &mut seeded(seed));
        let models = [
            Gmm::params(2).fit_report(&x)?.model,
            params.fit_report(&x)?.model,
        ];
        for (i, found) in models.iter().map(of).enumerate() {
            places[i].push((found[0], found[1]));
            for ((error, found), expected) in errors[i].iter_mut().zip(found).zip(expected) {
                *error += (found - expected).powi(2) / DRAWS as f64;
            }
        }
    }
    let list = |v: [f64; 3]| format!("{:.2}, {:.2}, {:.2}", v[0], v[1], v[2]);
    let facts = format!(
        "weight, mean and deviation of the second component: truth {}; all free {}; the first known {}; root mean square \
         errors of {DRAWS} samples {} and {}",
        list(expected),
        list(of(&free.model)),
        list(of(&fitted.model)),
        list(errors[0].map(f64::sqrt)),
        list(errors[1].map(f64::sqrt))
    );
    let mut page = Page::new(
        (
            "One component is known",
            "Two overlapping groups, N(0, 1) with weight 0.7 and N(2, 0.7²) with 0.3; 300 values in each sample",
        ),
        (2, 1),
        (410, 330),
    );
    let bars = Fill::new(BLUE).opacity(0.2);
    let cross = Stroke::new(TEXT, 2.4);
    page.legend(&[
        (Key::Area(bars), "Values"),
        (Key::Line(TRUTH), "True densities"),
        (Key::Cross(cross), "True values"),
        (Key::Dot(Fill::new(BLUE)), "Both learned"),
        (Key::Dot(Fill::new(VERMILION)), "The first known"),
    ]);
    let values = x.column(0).to_vec();
    let histogram = Histogram::of(&values, 25);
    let range = padded(values.iter().copied());
    let axes = Axes::new(page.frames[0], range, (0.0, 1.15 * histogram.peak()))
        .labelled("Value", "Density")
        .titled("One sample, and both components of the fits");
    axes.draw(&mut page.sheet);
    for (edges, height) in histogram.bins() {
        axes.bar(&mut page.sheet, edges, height, bars);
    }
    for (gmm, stroke) in [
        (&truth, TRUTH),
        (&free.model, Stroke::new(BLUE, 2.0)),
        (&fitted.model, FIT),
    ] {
        for k in 0..2 {
            let alone = Gmm::new(
                array![1.0],
                gmm.means().select(Axis(0), &[k]),
                Covariances::Full(gmm.covariances().select(Axis(0), &[k])),
            )?;
            let share = gmm.weights()[k];
            let points = curve(&alone, range)?;
            let points = points.into_iter().map(|(x, p)| (x, share * p));
            axes.line(&mut page.sheet, points, stroke);
        }
    }
    let all = || places.iter().flatten();
    let axes = Axes::new(
        page.frames[1],
        padded(all().map(|p| p.0)),
        padded(all().map(|p| p.1)),
    )
    .labelled("Weight of the second component", "Its mean")
    .titled("Fits of 50 samples");
    axes.draw(&mut page.sheet);
    for (places, color) in places.iter().zip([BLUE, VERMILION]) {
        for place in places {
            axes.dot(&mut page.sheet, *place, 4.0, Fill::new(color).opacity(0.75));
        }
    }
    axes.cross(&mut page.sheet, (expected[0], expected[1]), 8.0, cross);
    Ok(Shown {
        name: "frozen",
        facts,
        sheet: page.sheet,
    })
}
