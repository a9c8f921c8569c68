//! Rows that were seen in part, with noise, or with labels.

use std::error::Error;

use gmm_core::ndarray::{Array2, array};
use gmm_core::rand::Rng;
use gmm_core::{CovarianceType, Covariances, Fitted, Gmm, InitMethod, Noise, Prior, Sample};
use gmm_figures::{
    Anchor, Axes, BLUE, Color, Fill, GREEN, Key, ORANGE, Stroke, TEXT, VERMILION, distinct, typeset,
};

use crate::data::{adjusted_rand_index, classes, rows, seeded, with_column_means, with_holes};
use crate::page::{FIT, Page, ROW, Shown, TRUTH, ellipses, interval, plane, scatter};

/// Draws of what is missing, or of labels, over which numbers are means.
const DRAWS: u64 = 20;
const PETALS: (&str, &str) = ("Petal length [cm]", "Petal width [cm]");

/// Irises of which three values in ten are missing.
pub(crate) fn missing() -> Result<Shown, Box<dyn Error>> {
    let x = rows("iris.csv", &["petal_length", "petal_width"])?;
    let holed = with_holes(&x, 0.3, 1);
    let sample = Sample::new(&holed).with_missing();
    let fitted = Gmm::params(3).fit_sample(&sample, &|_| {})?;
    let labels = fitted.model.labels_of(&sample)?;
    let completed = fitted.model.imputed(&sample)?;

    let filled = with_column_means(&holed);
    let of_filled = Gmm::params(3).fit_report(&filled)?;
    let of_all = Gmm::params(3).fit_report(&x)?;
    let species = classes("iris.csv", "species")?;
    let height = |gmm: &Gmm| gmm.mean_log_likelihood(&x);
    // How far off the values are that were put in the place of those not seen.
    let error = |guess: &Array2<f64>| {
        let pairs = guess.iter().zip(&x).zip(&holed);
        let squares: Vec<f64> = pairs
            .filter(|(_, h)| h.is_nan())
            .map(|((g, x), _)| (g - x).powi(2))
            .collect();
        (squares.iter().sum::<f64>() / squares.len() as f64).sqrt()
    };
    let mut means = [0.0; 2];
    for seed in 0..DRAWS {
        let holed = with_holes(&x, 0.3, seed);
        let sample = Sample::new(&holed).with_missing();
        let seen = Gmm::params(3).fit_sample(&sample, &|_| {})?.model;
        let filled = Gmm::params(3).fit_report(&with_column_means(&holed))?.model;
        means[0] += height(&seen)? / DRAWS as f64;
        means[1] += height(&filled)? / DRAWS as f64;
    }
    let n_complete = holed
        .outer_iter()
        .filter(|r| r.iter().all(|v| !v.is_nan()))
        .count();
    let of_filled_labels = of_filled.model.labels(&filled)?.to_vec();
    let facts = format!(
        "{n_complete} of 150 rows complete; mean log-likelihood of the complete rows under the fit to all values {:.3}, \
         with missing values {:.3}, with means in their place {:.3} (mean of {DRAWS} draws of what is missing: {:.3} and {:.3}); error of the values put in {:.2} cm against {:.2} \
         cm; agreement with the species {:.3} against {:.3}",
        height(&of_all.model)?,
        height(&fitted.model)?,
        height(&of_filled.model)?,
        means[0],
        means[1],
        error(&completed),
        error(&filled),
        adjusted_rand_index(&labels.to_vec(), &species),
        adjusted_rand_index(&of_filled_labels, &species),
    );
    let mut page = Page::new(
        (
            "Three values in ten missing: iris petals",
            "150 irises, three components; the ellipses are at two standard deviations",
        ),
        (2, 1),
        (410, 360),
    );
    let all_models = [&fitted.model, &of_filled.model, &of_all.model];
    let put_in = Fill::new(Color(230, 159, 0));
    page.legend(&[
        (Key::Dot(ROW), "Seen"),
        (Key::Dot(put_in), "Something put in"),
        (Key::Line(FIT), "Fit"),
        (Key::Line(TRUTH), "Fit to all values"),
    ]);
    let panels = [
        (&filled, &of_filled.model, "Column means in their place"),
        (
            &completed,
            &fitted.model,
            "Fitted as missing, expected values shown",
        ),
    ];
    for (frame, (shown, model, title)) in page.frames.clone().into_iter().zip(panels) {
        let axes = plane(frame, &x, &all_models, PETALS).titled(title);
        axes.draw(&mut page.sheet);
        ellipses(&mut page.sheet, &axes, &of_all.model, TRUTH);
        scatter(&mut page.sheet, &axes, shown, |i| {
            if holed.row(i).iter().any(|v| v.is_nan()) {
                put_in
            } else {
                ROW
            }
        });
        ellipses(&mut page.sheet, &axes, model, FIT);
    }
    Ok(Shown {
        name: "missing",
        facts,
        sheet: page.sheet,
    })
}

/// Two groups measured with errors as large as they are.
pub(crate) fn noise() -> Result<Shown, Box<dyn Error>> {
    const N: usize = 1000;
    let truth = Gmm::new(
        array![0.35, 0.65],
        array![[-2.0, 0.0], [2.0, 1.0]],
        Covariances::Full(array![[[1.0, 0.5], [0.5, 0.8]], [[0.6, -0.2], [-0.2, 1.5]]]),
    )?;
    let mut rng = seeded(1);
    let mut x = truth.sample(N, &mut rng).0;
    let variances = Array2::from_shape_fn((N, 2), |_| 0.2 * 10f64.powf(rng.gen_range(0.0..1.0)));
    let unit = Gmm::new(
        array![1.0],
        array![[0.0, 0.0]],
        Covariances::Spherical(array![1.0]),
    )?;
    x += &(unit.sample(N, &mut rng).0 * variances.mapv(f64::sqrt));

    let sample = Sample::new(&x).with_noise(Noise::Variances(&variances))?;
    let deconvolved = Gmm::params(2).fit_sample(&sample, &|_| {})?;
    let plain = Gmm::params(2).fit_report(&x)?;

    // Of the component farther left: its variances, and how it leans.
    let of = |gmm: &Gmm| {
        let means = gmm.means();
        let c = usize::from(means[(0, 0)] > means[(1, 0)]);
        let v = gmm.covariances();
        let at = |c: usize, i: usize, j: usize| v[(c, i, j)];
        format!(
            "({:.2}, {:.2}; {:.2}) and ({:.2}, {:.2}; {:.2})",
            at(c, 0, 0),
            at(c, 1, 1),
            at(c, 0, 1),
            at(1 - c, 0, 0),
            at(1 - c, 1, 1),
            at(1 - c, 0, 1)
        )
    };
    let facts = format!(
        "variances and covariance of both components: truth {}; plain fit {}; with noise {}",
        of(&truth),
        of(&plain.model),
        of(&deconvolved.model)
    );
    let mut page = Page::new(
        (
            "Measured with errors that are known",
            "1000 rows of a known mixture, each with errors of its own, of variance 0.2 to 2; ellipses at two deviations",
        ),
        (2, 1),
        (410, 360),
    );
    let bar = Stroke::new(Color(90, 90, 90), 1.0);
    page.legend(&[
        (Key::Dot(ROW), "Measured"),
        (Key::Line(bar), "Error of one deviation, of each 50th row"),
        (Key::Line(FIT), "Fit"),
        (Key::Line(TRUTH), "Truth"),
    ]);
    let panels = [
        (&plain.model, "Errors taken for spread"),
        (&deconvolved.model, "Errors known to the fit"),
    ];
    for (frame, (model, title)) in page.frames.clone().into_iter().zip(panels) {
        let axes = plane(frame, &x, &[], ("x", "y"))
            .with_equal_units()
            .titled(title);
        axes.draw(&mut page.sheet);
        scatter(&mut page.sheet, &axes, &x, |_| ROW.opacity(0.3));
        for i in (0..N).step_by(50) {
            let (cx, cy) = (x[(i, 0)], x[(i, 1)]);
            let (sx, sy) = (variances[(i, 0)].sqrt(), variances[(i, 1)].sqrt());
            axes.line(&mut page.sheet, [(cx - sx, cy), (cx + sx, cy)], bar);
            axes.line(&mut page.sheet, [(cx, cy - sy), (cx, cy + sy)], bar);
        }
        ellipses(&mut page.sheet, &axes, &truth, TRUTH);
        ellipses(&mut page.sheet, &axes, model, FIT);
    }
    Ok(Shown {
        name: "noise",
        facts,
        sheet: page.sheet,
    })
}

/// This many rows of each class, drawn by a seed, and their classes.
fn drawn(classes: &[usize], n_each: usize, seed: u64) -> Vec<Option<usize>> {
    let mut known = vec![None; classes.len()];
    let mut rng = seeded(seed);
    for k in 0..3 {
        let mut left = n_each;
        while left > 0 {
            let row = rng.gen_range(0..classes.len());
            if classes[row] == k && known[row].is_none() {
                known[row] = Some(k);
                left -= 1;
            }
        }
    }
    known
}

/// Labels of some irises of species that overlap.
pub(crate) fn labels() -> Result<Shown, Box<dyn Error>> {
    const N_EACH: [usize; 6] = [0, 1, 2, 5, 10, 20];
    let x = rows("iris.csv", &["sepal_length", "sepal_width"])?;
    let species = classes("iris.csv", "species")?;
    let known = drawn(&species, 5, 1); // Some(species) of five irises each, None of all others
    let sample = Sample::new(&x).with_labels(&known)?;
    let labelled = Gmm::params(3).fit_sample(&sample, &|_| {})?;
    let found = labelled.model.labels(&x)?; // 0 is setosa, 1 versicolor, 2 virginica

    // Of the rows without a label.
    let agreement = |(x, classes): (&Array2<f64>, &[usize]),
                     known: &[Option<usize>],
                     gmm: &Gmm|
     -> Result<f64, Box<dyn Error>> {
        let labels = gmm.labels(x)?;
        let free: Vec<usize> = (0..x.nrows()).filter(|i| known[*i].is_none()).collect();
        let own: Vec<usize> = free.iter().map(|i| labels[*i]).collect();
        let truth: Vec<usize> = free.iter().map(|i| classes[*i]).collect();
        Ok(adjusted_rand_index(&own, &truth))
    };
    // Round groups that overlap; each draw is of other rows.
    let round = Gmm::new(
        array![0.3, 0.4, 0.3],
        array![[0.0, 0.0], [1.5, 0.5], [0.5, 2.0]],
        Covariances::TiedSpherical(0.7),
    )?;
    let all = rows("iris.csv", &[])?;
    let cases = [
        ("Sepals, tied", Some(&x), CovarianceType::Tied, ORANGE),
        ("Sepals, full", Some(&x), CovarianceType::Full, VERMILION),
        ("Four columns", Some(&all), CovarianceType::Full, BLUE),
        ("Drawn groups", None, CovarianceType::Full, GREEN),
    ];
    let mut lines = Vec::new();
    let mut facts = Vec::new();
    for (name, x, of, color) in cases {
        let mut line = Vec::new();
        for n_each in N_EACH {
            let mut values = Vec::new();
            for seed in 0..DRAWS {
                let (x, classes) = match x {
                    Some(x) => (x.clone(), species.clone()),
                    None => {
                        let (x, classes) = round.sample(150, &mut seeded(seed));
                        (x, classes.to_vec())
                    }
                };
                let known = drawn(&classes, n_each, seed);
                let sample = Sample::new(&x).with_labels(&known)?;
                let gmm = Gmm::params(3)
                    .covariance_type(of)
                    .fit_sample(&sample, &|_| {})?;
                values.push(agreement((&x, &classes), &known, &gmm.model)?);
            }
            let mean = values.iter().sum::<f64>() / DRAWS as f64;
            let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
            line.push((mean, (squares / ((DRAWS - 1) * DRAWS) as f64).sqrt()));
        }
        let list: Vec<String> = line.iter().map(|(m, _)| format!("{m:.2}")).collect();
        facts.push(format!("{name} {}", list.join(" ")));
        lines.push((line, color));
    }
    let n_right = found.iter().zip(&species).filter(|(a, b)| a == b).count();
    let of = agreement((&x, &species), &known, &labelled.model)?;
    let facts = format!(
        "{n_right} of 150 under their own name with five labels each; mean agreement (adjusted Rand index) of the rows \
         without one, with 0, 1, 2, 5, 10, 20 labels each: {}",
        facts.join("; ")
    );
    let mut page = Page::new(
        (
            "Labels of some rows",
            "150 irises of three species; ellipses at two standard deviations; on the right also drawn groups that overlap",
        ),
        (2, 1),
        (410, 360),
    );
    let names = ["setosa", "versicolor", "virginica"];
    let mut entries: Vec<(Key, &str)> = Vec::new();
    for (k, name) in names.into_iter().enumerate() {
        entries.push((Key::Dot(Fill::new(distinct(k))), name));
    }
    entries.push((Key::Ring(Stroke::new(TEXT, 2.0)), "Label given"));
    entries.push((Key::Line(Stroke::new(TEXT, 2.0)), "Component"));
    page.legend(&entries);
    let title = format!("Sepals, five labels each: agreement {}", typeset(of, 2));
    let model = &labelled.model;
    let axes = plane(
        page.frames[0],
        &x,
        &[model],
        ("Sepal length [cm]", "Sepal width [cm]"),
    )
    .titled(&title);
    axes.draw(&mut page.sheet);
    for (i, row) in x.outer_iter().enumerate() {
        let at = (row[0], row[1]);
        if known[i].is_some() {
            axes.dot(&mut page.sheet, at, 6.5, Fill::new(TEXT));
            axes.dot(&mut page.sheet, at, 4.5, Fill::new(Color(255, 255, 255)));
        }
        axes.dot(
            &mut page.sheet,
            at,
            3.0,
            Fill::new(distinct(species[i])).opacity(0.7),
        );
    }
    ellipses(&mut page.sheet, &axes, model, Stroke::new(TEXT, 2.0));
    let axes = Axes::new(page.frames[1], (-1.0, 30.0), (0.15, 1.0))
        .labelled(
            "Labels of each species",
            "Adjusted Rand index of the other rows",
        )
        .titled("Mean of 20 draws of labels, ± one standard error");
    axes.draw(&mut page.sheet);
    for ((line, color), (name, ..)) in lines.iter().zip(cases) {
        let stroke = Stroke::new(*color, 2.0);
        let places = N_EACH
            .iter()
            .zip(line)
            .map(|(n, (mean, _))| (*n as f64, *mean));
        axes.line(&mut page.sheet, places, stroke);
        for (n, (mean, error)) in N_EACH.iter().zip(line) {
            let ends = (mean - error, *mean, mean + error);
            interval(
                &mut page.sheet,
                &axes,
                *n as f64,
                ends,
                Stroke::new(*color, 1.4),
            );
        }
        if let Some((mean, _)) = line.last() {
            let (px, py) = axes.at((20.0, *mean));
            page.sheet.text(
                name,
                (px + 10.0, py),
                12.0,
                color.mixed(0.8, TEXT),
                Anchor::Left,
            );
        }
    }
    Ok(Shown {
        name: "labels",
        facts,
        sheet: page.sheet,
    })
}

/// Weights, missing values, a prior and a family in one call.
pub(crate) fn together() -> Result<String, Box<dyn Error>> {
    let x = with_holes(&rows("iris.csv", &[])?, 0.2, 3);
    let weights: Vec<f64> = (0..x.nrows()).map(|i| [1.0, 2.0, 4.0][i % 3]).collect();
    let sample = Sample::weighted(&x, &weights)?.with_missing();
    let fitted = Gmm::params(3)
        .covariance_type("VEV".parse::<CovarianceType>()?)
        .prior(Prior::default())
        .fit_sample(&sample, &|_| {})?;
    let labels = fitted.model.labels_of(&sample)?;

    let whole = rows("iris.csv", &[])?;
    let of_whole = Gmm::params(3)
        .covariance_type(CovarianceType::Vev)
        .fit_report(&whole)?;
    let on = Gmm::params(3)
        .covariance_type(CovarianceType::Vev)
        .prior(Prior::default())
        .init_method(InitMethod::Parameters(of_whole.model.clone()))
        .fit_sample(&sample, &|_| {})?;
    let last = |f: &Fitted| f.objective.last().copied().unwrap_or_default();
    let species = classes("iris.csv", "species")?;
    Ok(format!(
        "together: {} after {} iterations, total weight {}, {} parameters, log-likelihood {:.2}, notes {:?}, agreement \
         with the species {:.3}; objective {:.4}, from the fit to all values {:.4}, agreement {:.3}",
        fitted.outcome,
        fitted.n_iterations(),
        fitted.total_weight,
        fitted.model.n_parameters(),
        fitted.log_likelihood(),
        fitted.notes,
        adjusted_rand_index(&labels.to_vec(), &species),
        last(&fitted),
        last(&on),
        adjusted_rand_index(&on.model.labels_of(&sample)?.to_vec(), &species)
    ))
}
