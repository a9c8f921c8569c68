//! Clusters of several components, and the directions that tell them apart.

use std::error::Error;

use gmm_core::ndarray::{Array2, Axis};
use gmm_core::subspace::Subspace;
use gmm_core::{Covariance, CovarianceType, Gmm, Sample};
use gmm_figures::{Axes, BLUE, Fill, Key, Stroke, TEXT, distinct, padded, typeset};

use crate::data::{adjusted_rand_index, classes, rows, standardised};
use crate::page::{Page, Shown, ellipses, plane, scatter};

/// Four components of Old Faithful and the clusters that they make.
pub(crate) fn clusters() -> Result<Shown, Box<dyn Error>> {
    let x = rows("faithful.csv", &["eruptions", "waiting"])?;
    let along_axes = Gmm::params(4).covariance_type(CovarianceType::Diagonal);
    let gmm = along_axes.fit_report(&x)?.model;
    let hierarchy = gmm.clusters(&Sample::new(&x))?;
    let n_clusters = hierarchy.n_clusters_at_bend();
    let labels = hierarchy.labels(n_clusters, &gmm.responsibilities(&x)?)?;

    let two = Gmm::params(2).fit_report(&x)?.model.labels(&x)?;
    let mut bends = Vec::new();
    for of in [CovarianceType::Diagonal, CovarianceType::Full] {
        for k in 3..=8 {
            let fitted = Gmm::params(k).covariance_type(of).fit_report(&x)?;
            let hierarchy = fitted.model.clusters(&Sample::new(&x))?;
            let bend = hierarchy.n_clusters_at_bend();
            bends.push(format!("{of},{k} BIC {:.1} bend {bend}", fitted.bic()));
        }
    }
    let facts = format!(
        "{bends:?}; entropies {:.3?}, bend at {n_clusters}, two bends {:?}, components {:?}, agreement with the fit of two {:.3}",
        hierarchy.entropies,
        hierarchy.n_clusters_at_two_bends(),
        hierarchy.of_components(n_clusters)?,
        adjusted_rand_index(&labels.to_vec(), &two.to_vec())
    );
    let mut page = Page::new(
        (
            "Clusters of several components: Old Faithful",
            "272 eruptions, four components along the axes; the ellipses are at two standard deviations",
        ),
        (2, 1),
        (410, 340),
    );
    page.legend(&[
        (Key::Dot(Fill::new(distinct(0))), "Cluster 1"),
        (Key::Dot(Fill::new(distinct(1))), "Cluster 2"),
        (Key::Line(Stroke::new(TEXT, 1.8)), "Component"),
        (Key::Line(Stroke::new(BLUE, 2.2)), "Entropy"),
        (Key::Ring(Stroke::new(TEXT, 2.5)), "Bend"),
    ]);
    let points = (1..).zip(&hierarchy.entropies);
    let points: Vec<_> = points
        .into_iter()
        .map(|(k, e)| (f64::from(k), *e))
        .collect();
    let range = padded(points.iter().map(|p| p.1));
    let axes = Axes::new(page.frames[0], (0.8, 4.2), range)
        .with_whole_x()
        .labelled("Number of clusters", "Entropy of the posteriors [nats]")
        .titled("Merging step by step, from right to left");
    axes.draw(&mut page.sheet);
    let line = Stroke::new(BLUE, 2.2);
    axes.line(&mut page.sheet, points.iter().copied(), line);
    let bend = points[n_clusters - 1];
    axes.dot(&mut page.sheet, bend, 8.0, Fill::new(TEXT));
    axes.dot(
        &mut page.sheet,
        bend,
        5.5,
        Fill::new(gmm_figures::Color(255, 255, 255)),
    );
    for point in &points {
        axes.dot(&mut page.sheet, *point, 4.0, Fill::new(BLUE));
    }
    let title = format!("{n_clusters} clusters of four components");
    let names = ("Duration [min]", "Waiting time [min]");
    let axes = plane(page.frames[1], &x, &[&gmm], names).titled(&title);
    axes.draw(&mut page.sheet);
    scatter(&mut page.sheet, &axes, &x, |i| {
        Fill::new(distinct(labels[i])).opacity(0.5)
    });
    ellipses(&mut page.sheet, &axes, &gmm, Stroke::new(TEXT, 1.8));
    Ok(Shown {
        name: "clusters",
        facts,
        sheet: page.sheet,
    })
}

/// The first two principal axes of the rows, columns × 2, as the loadings of one component with two factors.
fn principal_axes(x: &Array2<f64>) -> Result<Array2<f64>, Box<dyn Error>> {
    let factors = CovarianceType::ProbabilisticPca { n_factors: 2 };
    let one = Gmm::params(1).covariance_type(factors).fit_report(x)?.model;
    let Covariance::LowRank { loadings, .. } = one.components()[0].covariance() else {
        return Err("no loadings".into());
    };
    let mut axes = Array2::from_shape_vec((x.ncols(), 2), loadings.clone())?;
    for mut axis in axes.columns_mut() {
        let length = axis.dot(&axis).sqrt();
        axis /= length;
    }
    Ok(axes)
}

/// Wines on the directions in which clusters differ, and on principal axes.
pub(crate) fn subspace() -> Result<Shown, Box<dyn Error>> {
    let x = standardised(&rows("wine.csv", &[])?);
    let sample = Sample::new(&x);
    let tied = Gmm::params(3).covariance_type(CovarianceType::Tied);
    let gmm = tied.fit_report(&x)?.model;
    let subspace = Subspace::of(&gmm, &sample, 1.0)?.first(2)?;
    let seen = subspace.project(&sample)?; // 178 × 2
    let in_plane = subspace.mixture(&gmm)?;
    let kept = subspace.kept(&gmm, &sample)?;

    // The same on principal axes.
    let axes = principal_axes(&x)?;
    let centre = x.mean_axis(Axis(0)).unwrap_or_default();
    let on_axes = (&x - &centre).dot(&axes);
    let of_axes = gmm.affine(&axes.t().to_owned(), &-axes.t().dot(&centre))?;

    let cultivars = classes("wine.csv", "cultivar")?;
    let whole = gmm.labels(&x)?.to_vec();
    let [on_plane, on_principal] = [in_plane.labels(&seen)?, of_axes.labels(&on_axes)?];
    let agreement =
        |labels: &gmm_core::ndarray::Array1<usize>| adjusted_rand_index(&labels.to_vec(), &whole);
    let of_cultivars = |labels: &[usize]| adjusted_rand_index(labels, &cultivars);
    let own = Gmm::params(3).covariance_type("VVE".parse::<CovarianceType>()?);
    let own = own.fit_report(&x)?;
    let mut of_own = Vec::new();
    for lambda in [1.0, 0.5] {
        let whole = Subspace::of(&own.model, &sample, lambda)?;
        for q in [2, 4, 8, 13] {
            if let Ok(first) = whole.first(q) {
                let kept = first.kept(&own.model, &sample)?;
                of_own.push(format!("{lambda}, {q} directions: {kept:.3?}"));
            }
        }
    }
    let facts = format!(
        "BIC {:.1}, kept {kept:.4?}; agreement on principal axes {:.3}; with the cultivars: all columns {:.3}, directions {:.3}, \
         principal {:.3}; VVE: BIC {:.1}, {of_own:?}",
        gmm.bic(&x)?,
        agreement(&on_principal),
        of_cultivars(&whole),
        of_cultivars(&on_plane.to_vec()),
        of_cultivars(&on_principal.to_vec()),
        own.bic(),
    );
    let mut page = Page::new(
        (
            "Thirteen columns in two: wine",
            "178 wines of three cultivars; a mixture of three components, projected; two standard deviations",
        ),
        (2, 1),
        (410, 380),
    );
    page.legend(&[
        (Key::Dot(Fill::new(distinct(0))), "Cultivar 0"),
        (Key::Dot(Fill::new(distinct(1))), "Cultivar 1"),
        (Key::Dot(Fill::new(distinct(2))), "Cultivar 2"),
        (Key::Line(Stroke::new(TEXT, 1.8)), "Component"),
        (
            Key::Cross(Stroke::new(TEXT, 2.0)),
            "Other component than with all columns",
        ),
    ]);
    let (first, second) = (
        format!(
            "Directions of clusters: {} kept",
            typeset(kept.agreement, 2)
        ),
        format!(
            "Principal axes: {} kept",
            typeset(agreement(&on_principal), 2)
        ),
    );
    for (frame, (rows, model, labels), names, title) in [
        (
            page.frames[0],
            (&seen, &in_plane, &on_plane),
            ("First direction", "Second direction"),
            first,
        ),
        (
            page.frames[1],
            (&on_axes, &of_axes, &on_principal),
            ("First principal axis", "Second principal axis"),
            second,
        ),
    ] {
        let axes = plane(frame, rows, &[model], names).titled(&title);
        axes.draw(&mut page.sheet);
        scatter(&mut page.sheet, &axes, rows, |i| {
            Fill::new(distinct(cultivars[i])).opacity(0.55)
        });
        ellipses(&mut page.sheet, &axes, model, Stroke::new(TEXT, 1.8));
        let lost = (0..rows.nrows()).filter(|i| labels[*i] != whole[*i]);
        for i in lost {
            let place = (rows[(i, 0)], rows[(i, 1)]);
            axes.cross(&mut page.sheet, place, 4.5, Stroke::new(TEXT, 2.0));
        }
    }
    Ok(Shown {
        name: "subspace",
        facts,
        sheet: page.sheet,
    })
}
