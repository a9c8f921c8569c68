//! How far mixtures are apart, and mixtures of fewer components.

use std::error::Error;

use gmm_core::discriminant::{Classes, mclust_da};
use gmm_core::{CovarianceType, Gmm, Integral, Prior, Sample};
use gmm_figures::{Axes, BLUE, Fill, Key, Stroke, TEXT, VERMILION, padded, typeset};

use crate::data::{names, rows, seeded};
use crate::page::{FIT, Page, ROW, Shown, ellipses, plane, scatter};

/// Two mixtures that are near, and two that are not.
pub(crate) fn divergences() -> Result<String, Box<dyn Error>> {
    let x = rows("faithful.csv", &["eruptions", "waiting"])?;
    let p = Gmm::params(2).fit_report(&x)?.model;
    let tied = Gmm::params(3).covariance_type(CovarianceType::Tied);
    let q = tied.fit_report(&x)?.model;
    let mut rng = seeded(1);
    let kl = p.kl_divergence(&q, 100_000, &mut rng)?;
    let js = p.jensen_shannon_divergence(&q, 100_000, &mut rng)?;
    let hellinger = p.hellinger_distance(&q, 100_000, &mut rng)?;
    let cauchy_schwarz = p.cauchy_schwarz_divergence(&q)?;
    let l2 = p.l2_distance(&q)?;

    let notes = rows("banknote.csv", &[])?;
    let classes = Classes::new(&names("banknote.csv", "Status")?);
    let sample = Sample::new(&notes);
    let types = [CovarianceType::Tied, CovarianceType::Full];
    let trained = mclust_da(&sample, &classes, 1..=3, &types, &Gmm::params(1))?;
    let irises = rows("iris.csv", &[])?;
    let species = Classes::new(&names("iris.csv", "species")?);
    let of_iris = mclust_da(
        &Sample::new(&irises),
        &species,
        [1],
        &types,
        &Gmm::params(1),
    )?;
    let mut text =
        format!("here: {kl:.4?} {js:.4?} {hellinger:.4?} {cauchy_schwarz:.4?} {l2:.4?}\n");
    let (notes, irises) = (trained.model.models(), of_iris.model.models());
    for (name, p, q) in [
        ("Old Faithful, full 2 against tied 3", &p, &q),
        ("iris, versicolor against virginica", &irises[1], &irises[2]),
        (
            "banknotes, counterfeit against genuine",
            &notes[0],
            &notes[1],
        ),
    ] {
        let of = |i: Integral| format!("{:.5} ± {:.5} ({:?})", i.value, i.error, i.method);
        text += &format!(
            "{name}: {} and {} components\n  KL {}\n  back {}\n  JS {}\n  Hellinger {}\n  Cauchy-Schwarz {}\n  L2 {}\n",
            p.n_components(),
            q.n_components(),
            of(p.kl_divergence(q, 100_000, &mut rng)?),
            of(q.kl_divergence(p, 100_000, &mut rng)?),
            of(p.jensen_shannon_divergence(q, 100_000, &mut rng)?),
            of(p.hellinger_distance(q, 100_000, &mut rng)?),
            of(p.cauchy_schwarz_divergence(q)?),
            of(p.l2_distance(q)?),
        );
    }
    Ok(text)
}

/// Twenty components of Old Faithful, and fewer.
pub(crate) fn reduction() -> Result<Shown, Box<dyn Error>> {
    const DRAWS: usize = 100_000;
    let x = rows("faithful.csv", &["eruptions", "waiting"])?;
    let twenty = Gmm::params(20).prior(Prior::default());
    let many = twenty.fit_report(&x)?.model;
    let reduction = many.reduced(5)?;
    let few = reduction.model.clone();
    let bound = reduction.divergence_bound();
    let lost = many.kl_divergence(&few, 100_000, &mut seeded(1))?;

    let direct = Gmm::params(5).prior(Prior::default()).fit_report(&x)?.model;
    let of_direct = many.kl_divergence(&direct, DRAWS, &mut seeded(1))?;
    let mut facts = vec![format!(
        "reduced to 5: bound {bound:.4}, KL {:.4} ± {:.4}; of the fit of 5 {:.4} ± {:.4}; mean log-likelihoods {:.4}, {:.4}, \
         {:.4}; members {:?}",
        lost.value,
        lost.error,
        of_direct.value,
        of_direct.error,
        many.mean_log_likelihood(&x)?,
        few.mean_log_likelihood(&x)?,
        direct.mean_log_likelihood(&x)?,
        reduction.members
    )];
    let (mut bounds, mut losses) = (Vec::new(), Vec::new());
    for k in 1..=19 {
        let reduction = many.reduced(k)?;
        let lost = many.kl_divergence(&reduction.model, DRAWS, &mut seeded(1))?;
        bounds.push((k as f64, reduction.divergence_bound()));
        losses.push((k as f64, lost.value));
    }
    facts.push(format!("bounds {bounds:.4?}, divergences {losses:.4?}"));

    let mut page = Page::new(
        (
            "From twenty components to five: Old Faithful",
            "272 eruptions; the ellipses are at two standard deviations",
        ),
        (2, 2),
        (410, 260),
    );
    page.legend(&[
        (Key::Dot(ROW), "Eruption"),
        (Key::Line(FIT), "Component"),
        (Key::Line(Stroke::new(BLUE, 2.2)), "Divergence"),
        (Key::Line(Stroke::new(TEXT, 2.2)), "Its bound"),
        (Key::Cross(Stroke::new(VERMILION, 2.4)), "Of the fit of 5"),
    ]);
    let titles = [
        String::from("A fit of 20"),
        format!("Reduced to 5: {} nats from it", typeset(lost.value, 3)),
        format!("A fit of 5: {} nats from it", typeset(of_direct.value, 3)),
    ];
    let models = [&many, &few, &direct];
    for ((frame, model), title) in page.frames.clone().into_iter().zip(models).zip(&titles) {
        let names = ("Duration [min]", "Waiting time [min]");
        let axes = plane(frame, &x, &models, names).titled(title);
        axes.draw(&mut page.sheet);
        scatter(&mut page.sheet, &axes, &x, |_| ROW.opacity(0.3));
        ellipses(&mut page.sheet, &axes, model, FIT);
    }
    let shown = bounds.iter().chain(&losses).filter(|p| p.0 > 1.0);
    let axes = Axes::new(page.frames[3], (1.5, 19.5), padded(shown.map(|p| p.1)))
        .labelled("Number of components left", "Divergence [nats]")
        .titled("What fewer components lose");
    axes.draw(&mut page.sheet);
    for (points, color) in [(&bounds, TEXT), (&losses, BLUE)] {
        let shown = || points.iter().copied().filter(|p| p.0 > 1.0);
        axes.line(&mut page.sheet, shown(), Stroke::new(color, 2.2));
        shown().for_each(|p| axes.dot(&mut page.sheet, p, 3.4, Fill::new(color)));
    }
    let of_direct = (5.0, of_direct.value);
    axes.cross(&mut page.sheet, of_direct, 7.0, Stroke::new(VERMILION, 2.4));
    Ok(Shown {
        name: "reduction",
        facts: facts.join("; "),
        sheet: page.sheet,
    })
}
