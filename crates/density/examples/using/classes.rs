//! Rows whose classes are known, and rows whose classes are not.

use std::error::Error;

use gmm_core::discriminant::{Classes, CrossValidated, cross_validate, edda, mclust_da};
use gmm_core::ndarray::Axis;
use gmm_core::{CovarianceType, Gmm, GmmError, Sample};
use gmm_figures::{Axes, BLUE, Color, GREEN, Key, PURPLE, Stroke, VERMILION};

use crate::data::{names, rows};
use crate::page::{Page, Shown};

/// Errors on rows that were left out, and what rejecting the least clear ones saves.
pub(crate) fn classes() -> Result<Shown, Box<dyn Error>> {
    let x = rows("iris.csv", &[])?;
    let classes = Classes::new(&names("iris.csv", "species")?);
    let sample = Sample::new(&x);
    let types = CovarianceType::FAMILIES;
    let trained = edda(&sample, &classes, &types)?;
    let learn = |rows: &Sample<'_>, classes: &Classes| edda(rows, classes, &types);
    let validated = cross_validate(&sample, &classes, 10, 1, &learn)?;
    let classifier = &trained.model;
    let clear = classifier.labels_or_reject(&x, 0.95, f64::NEG_INFINITY)?;

    let rejected = clear.iter().filter(|label| label.is_none()).count();
    let mut facts = vec![format!(
        "iris, all rows: {:?}, BIC {:.2}; 0.95 rejects {rejected}, of {} that are wrong {} are kept; {}",
        classifier.shared(),
        trained.bic(),
        wrong(&classifier.labels(&x)?.mapv(Some), &classes),
        wrong(&clear, &classes),
        told(&validated)
    )];
    let by_mixtures = |rows: &Sample<'_>, classes: &Classes| {
        let types = [
            CovarianceType::Full,
            CovarianceType::Tied,
            CovarianceType::Diagonal,
        ];
        mclust_da(rows, classes, 1..=3, &types, &Gmm::params(1))
    };
    let whole = by_mixtures(&sample, &classes)?;
    let sizes: Vec<_> = whole.model.models().iter().map(Gmm::n_components).collect();
    facts.push(format!(
        "iris, components of MclustDA {sizes:?}, BIC {:.2}",
        whole.bic()
    ));

    let mut page = Page::new(
        (
            "Errors of the rows that are not rejected",
            "Rows left out in ten folds; the least clear ones are rejected first",
        ),
        (2, 1),
        (410, 340),
    );
    let styles = [
        ("Iris, two columns", VERMILION),
        ("Iris", BLUE),
        ("Diabetes", PURPLE),
        ("Banknotes", GREEN),
    ];
    let entries: Vec<_> = styles
        .iter()
        .map(|(name, color)| (Key::Line(Stroke::new(*color, 2.4)), *name))
        .collect();
    page.legend(&entries);
    let tables: [(&str, &str, &[&str], Color); 4] = [
        (
            "iris.csv",
            "species",
            &["sepal_length", "sepal_width"],
            VERMILION,
        ),
        ("iris.csv", "species", &[], BLUE),
        ("diabetes_mclust_flawed.csv", "class", &[], PURPLE),
        ("banknote.csv", "Status", &[], GREEN),
    ];
    let titles = ["One Gaussian each (EDDA)", "Mixtures (MclustDA)"];
    type Learn<'a> = &'a (
            dyn Fn(&Sample<'_>, &Classes) -> Result<gmm_core::discriminant::Trained, GmmError>
                + Sync
        );
    let ways: [Learn<'_>; 2] = [&learn, &by_mixtures];
    for ((frame, title), learn) in page.frames.clone().into_iter().zip(titles).zip(ways) {
        let axes = Axes::new(frame, (-1.0, 52.0), (-0.8, 26.0))
            .labelled("Rejected [%]", "Errors among the others [%]")
            .titled(title);
        axes.draw(&mut page.sheet);
        for (table, column, columns, color) in tables {
            let x = rows(table, columns)?;
            let classes = Classes::new(&names(table, column)?);
            let validated = cross_validate(&Sample::new(&x), &classes, 10, 1, learn)?;
            let curve = rejecting(&validated, &classes);
            let at = |share: f64| curve[(share * x.nrows() as f64) as usize].1;
            facts.push(format!(
                "{title}, {table} {columns:?}: {}; of 0, 5, 10, 20, 40 % rejected {:.2?}",
                told(&validated),
                [0.0, 0.05, 0.1, 0.2, 0.4].map(at)
            ));
            axes.line(&mut page.sheet, curve, Stroke::new(color, 2.4));
        }
    }
    Ok(Shown {
        name: "classes",
        facts: facts.join("\n"),
        sheet: page.sheet,
    })
}

/// How many of the labels that were given are wrong.
fn wrong(labels: &gmm_core::ndarray::Array1<Option<usize>>, classes: &Classes) -> usize {
    let pairs = labels.iter().zip(classes.of_rows());
    pairs
        .filter(|(label, class)| label.is_some_and(|l| l != **class))
        .count()
}

fn told(validated: &CrossValidated) -> String {
    format!(
        "error {:.2} ± {:.2} %, Brier {:.4} ± {:.4}, confusion {:?}",
        100.0 * validated.score.error,
        100.0 * validated.error_of_error,
        validated.score.brier,
        validated.error_of_brier,
        validated
            .score
            .confusion
            .outer_iter()
            .map(|r| r.to_vec())
            .collect::<Vec<_>>()
    )
}

/// For each number of rows that are rejected, those of smallest posterior first, its share and that of errors among the
/// others, in percent.
fn rejecting(validated: &CrossValidated, classes: &Classes) -> Vec<(f64, f64)> {
    let mut rows: Vec<(f64, bool)> = validated
        .posteriors
        .axis_iter(Axis(0))
        .zip(classes.of_rows())
        .map(|(r, &class)| {
            let largest = r.iter().copied().fold(0.0, f64::max);
            (largest, r[class] < largest)
        })
        .collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let n = rows.len();
    let share = |rejected: usize| {
        let wrong = rows[rejected..].iter().filter(|r| r.1).count();
        let kept = (n - rejected) as f64;
        (
            100.0 * rejected as f64 / n as f64,
            100.0 * wrong as f64 / kept,
        )
    };
    (0..n).map(share).collect()
}
