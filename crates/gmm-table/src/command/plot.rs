//! `gmm plot`: a model over a table, or either alone.

use std::path::{Path, PathBuf};

use gmm_cli::clap::{self, Args};
use gmm_cli::{FIGURE, Failure, Outputs, Targets, named_after, print};
use gmm_core::CovarianceType;
use gmm_core::ndarray::Array2;
use gmm_figures::typeset;
use gmm_table::figure::{Groups, Portrait};
use gmm_table::model::{Model, ModelFile, is_json};
use gmm_table::summary::{components, counted};
use gmm_table::{Wanted, sklearn};

use super::input::{
    columns_of, model, named, one_from_standard_input, read_all, stem_of, title_of,
};
use super::learn::{Learning, name_of};
use super::lesson::Lesson;

/// Draw a model over a table, or either alone
///
/// Of one column, a histogram under the density; of two, contours, ellipses and rows; of more, panels of each column and
/// each pair. A table alone is fitted first, as gmm fit does it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gmm plot faithful.csv                    fit, and draw what was found
  gmm plot iris.csv -k 3 --covariance VEV  three components
  gmm plot model.json new.csv              a model over other rows
  gmm plot model.json -c waiting           one column of it, without rows
  gmm plot iris.csv --out iris.svg         a figure that stays sharp")]
pub(super) struct Plot {
    /// Model, or table to fit
    first: PathBuf,

    /// Table to draw the model over
    table: Option<PathBuf>,

    /// Figure to write: a PNG, or an SVG if it is named so [default: named after the input, in this folder]
    #[arg(short, long, value_name = "PATH", help_heading = "Output")]
    out: Option<PathBuf>,

    #[command(flatten)]
    learning: Learning,
}

pub(super) fn run(task: &Plot, quiet: bool) -> Result<(), Failure> {
    let inputs = [Some(task.first.as_path()), task.table.as_deref()];
    one_from_standard_input(inputs.into_iter().flatten())?;
    let mut targets = Targets::beside(inputs.into_iter().flatten());
    let usual = || {
        named_after(
            &stem_of(task.table.as_deref().unwrap_or(&task.first)),
            "mixture.png",
        )
    };
    let place = targets.claim("--out", task.out.clone().unwrap_or_else(usual), FIGURE)?;
    let is_model = task.table.is_some() || is_model(&task.first);
    let (sheet, lines) = match is_model {
        true => given(task, quiet)?,
        false => fitted(task, quiet)?,
    };
    let figure = sheet
        .to_file(&place)
        .map_err(|e| Failure::of(place.display(), e))?;
    let mut outputs = Outputs::default();
    outputs.add(&place, &figure)?;
    outputs.commit()?;
    if quiet {
        return Ok(());
    }
    let figure = format!("figure  {}", place.display());
    print(&[lines, vec![figure]].concat().join("\n"))
}

/// Whether a file holds a model, by its first bytes; what cannot be read is left to be refused later. What can be read
/// but once, a pipe, is a table.
fn is_model(path: &Path) -> bool {
    if !path.is_file() {
        return false;
    }
    let mut start = Vec::new();
    let opened = std::fs::File::open(path);
    let read = opened.and_then(|file| {
        std::io::Read::read_to_end(&mut std::io::Read::take(file, 64), &mut start)
    });
    let is_archive = || {
        let bytes = gmm_files::read(path).unwrap_or_default();
        sklearn::is_parameters(&bytes)
    };
    read.is_ok() && (is_json(&start) || (start.starts_with(b"PK") && is_archive()))
}

type Drawn = (gmm_figures::Sheet, Vec<String>);

/// A table with the mixture that is fitted to it.
fn fitted(task: &Plot, quiet: bool) -> Result<Drawn, Failure> {
    let lesson = Lesson::read(&task.first, &task.learning, None, quiet)?;
    let (counts, types) = (
        task.learning.family.counts(1..=9),
        task.learning.family.types(&[CovarianceType::Full]),
    );
    let is_choice = counts.clone().count() * types.len() > 1;
    let mut ranking = lesson.ranking(&task.learning, counts, &types, quiet)?;
    let best = ranking.swap_remove(0);
    let rows = lesson.array();
    let by = match is_choice {
        true => format!(", chosen by {}", name_of(task.learning.family.criterion)),
        false => String::new(),
    };
    let k = counted(best.model.n_components(), "component");
    let form = best.model.covariance_type();
    let portrait = Portrait {
        subtitle: format!(
            "{} · {k} with {form} covariances{by} · mean log-likelihood {} nats",
            counted(lesson.n_rows(), "row"),
            typeset(best.mean_log_likelihood(), 4)
        ),
        rows: Some(rows.view()),
        ..Portrait::new(title_of(&lesson.name), &lesson.columns, &best.model)
    };
    let sheet = portrait.sheet().map_err(|e| lesson.refused(e))?;
    let mut lines = lesson.told();
    lines.push(format!("{k} with {form} covariances{by}"));
    lines.push(String::new());
    lines.extend(components(&best.model, &lesson.columns));
    lines.push(String::new());
    Ok((sheet, lines))
}

/// A given model, over a table or alone.
fn given(task: &Plot, quiet: bool) -> Result<Drawn, Failure> {
    let mut file = model(&task.first, None)?;
    let rows = match &task.table {
        None => None,
        Some(path) => {
            let source = task.learning.reading.open(path)?;
            let wanted = Wanted::numbers(&columns_of(&file, &source, path)?);
            Some(read_all(source, path, &wanted, quiet)?.into_array())
        }
    };
    let (mixture, groups) = drawn(&file)?;
    let names = file.names();
    let shown = places(&task.learning.chosen.columns, &names)?;
    let mixture = mixture.marginal(&shown)?;
    let rows: Option<Array2<f64>> =
        rows.map(|rows| rows.select(gmm_core::ndarray::Axis(1), &shown));
    file.columns = shown.iter().map(|&i| names[i].clone()).collect();
    let what = counted(mixture.n_components(), "component");
    let over = match (&task.table, &rows) {
        (Some(path), Some(rows)) => {
            format!(
                " over {} of {}",
                counted(rows.nrows(), "row"),
                title_of(&named(path))
            )
        }
        _ => String::new(),
    };
    let portrait = Portrait {
        subtitle: format!("{what}{over}"),
        rows: rows.as_ref().map(|rows| rows.view()),
        groups,
        ..Portrait::new(title_of(&named(&task.first)), &file.columns, &mixture)
    };
    Ok((
        portrait.sheet()?,
        vec![format!("{}: {what}{over}", named(&task.first))],
    ))
}

/// The mixture of a model, and what its components are called.
fn drawn(file: &ModelFile) -> Result<(gmm_core::Gmm, Groups), Failure> {
    let mixture = file.model.mixture()?;
    let groups = match &file.model {
        Model::Mixture(gmm) => Groups::of_components(gmm.n_components()),
        Model::Classifier(classifier) => Groups {
            of_component: classifier.class_of_component(),
            names: classifier.names().to_vec(),
        },
    };
    Ok((mixture, groups))
}

/// The places of the columns that are asked for; of none, all.
fn places(asked: &[String], names: &[String]) -> Result<Vec<usize>, Failure> {
    if asked.is_empty() {
        return Ok((0..names.len()).collect());
    }
    let place = |name: &String| {
        let numbered = || {
            name.parse::<usize>()
                .ok()?
                .checked_sub(1)
                .filter(|i| *i < names.len())
        };
        let found = names.iter().position(|n| n == name).or_else(numbered);
        found.ok_or_else(|| {
            let line = format!(
                "--columns: the model has no column \"{name}\"; it has {}",
                names.join(", ")
            );
            Failure::Usage(line)
        })
    };
    let places: Vec<usize> = asked.iter().map(place).collect::<Result<_, _>>()?;
    match (1..places.len()).find(|i| places[..*i].contains(&places[*i])) {
        Some(i) => {
            let line = format!("--columns: \"{}\" is named twice", names[places[i]]);
            Err(Failure::Usage(line))
        }
        None => Ok(places),
    }
}
