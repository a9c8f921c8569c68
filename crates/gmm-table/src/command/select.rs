//! `gmm select`: how many components, and of which form?

use std::path::PathBuf;

use gmm_cli::clap::{self, Args};
use gmm_cli::{Failure, OutputArgs, Places, TableArgs, named_after, to_json};
use gmm_core::selection::Criterion;
use gmm_core::{CovarianceType, Criteria, Fitted};
use gmm_figures::{decimal, typeset};
use gmm_table::figure::families;
use gmm_table::summary::{counted, form};
use gmm_table::{number, to_csv};
use serde::Serialize;

use super::input::{stem_of, title_of};
use super::learn::{Learning, name_of};
use super::lesson::Lesson;

/// How many components, and of which form?
///
/// Fits a mixture of every number of components with every form of covariances, and ranks them. The figure shows the
/// criterion of all; fits with components that describe no data (too few rows, spikes on tied values) rank behind.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gmm select faithful.csv                            14 forms of 1 to 9 components, by BIC
  gmm select iris.csv --criterion icl                components that are clusters too
  gmm select wine.csv --covariance full,tied,mfa-2   these forms only
  gmm select data.csv --select 1..20 --csv all.csv   every fit as a table")]
pub(super) struct Select {
    /// Table to read; - is standard input
    table: PathBuf,
    #[command(flatten)]
    learning: Learning,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    csv: TableArgs,
}

/// A fit in numbers.
#[derive(Debug, Clone, Serialize)]
struct Candidate {
    covariance_type: CovarianceType,
    #[serde(flatten)]
    criteria: Criteria,
    n_parameters: usize,
    is_proper: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    input: &'a str,
    columns: &'a [String],
    rows: usize,
    incomplete_rows: usize,
    seed: u64,
    criterion: Criterion,
    candidates: &'a [Candidate],
}

/// Fits that are listed.
const LISTED: usize = 10;

pub(super) fn run(task: &Select, quiet: bool) -> Result<(), Failure> {
    let output = OutputArgs {
        quiet: quiet || task.output.quiet,
        ..task.output.clone()
    };
    let usual = named_after(&stem_of(&task.table), "selection.png");
    let places = Places::claim([task.table.as_path()], &output, &task.csv, usual)?;
    let lesson = Lesson::read(&task.table, &task.learning, None, output.quiet)?;
    let counts = task.learning.family.counts(1..=9);
    let types = task.learning.family.types(&CovarianceType::FAMILIES);
    let ranking = lesson.ranking(&task.learning, counts, &types, output.quiet)?;
    let candidates: Vec<Candidate> = ranking.iter().map(Candidate::of).collect();
    let criterion = task.learning.family.criterion;
    let report = to_json(&Report {
        input: &lesson.name,
        columns: &lesson.columns,
        rows: lesson.n_rows(),
        incomplete_rows: lesson.n_incomplete,
        seed: task.learning.search.seed,
        criterion,
        candidates: &candidates,
    })?;
    let figure = figure(&lesson, criterion, &candidates).to_file(&places.figure);
    let figure = figure.map_err(|e| Failure::of(places.figure.display(), e))?;
    places.deliver(&output, (&figure, &table(&candidates), &report), || {
        let mut lines = lesson.told();
        lines.push(String::new());
        lines.extend(listed(criterion, &candidates));
        lines
    })
}

impl Candidate {
    fn of(fitted: &Fitted) -> Self {
        Self {
            covariance_type: fitted.model.covariance_type(),
            criteria: fitted.criteria(),
            n_parameters: fitted.model.n_parameters(),
            is_proper: fitted.is_proper(),
        }
    }

    /// As `VEV, 3`; scikit-learn's name beside mclust's where there is one.
    fn form(&self) -> String {
        let of = self.covariance_type;
        match (form(of), of.name()) {
            (form, name) if form == name => form.into_owned(),
            (form, name) => format!("{form} ({name})"),
        }
    }
}

fn listed(criterion: Criterion, candidates: &[Candidate]) -> Vec<String> {
    let name = name_of(criterion);
    let Some(best) = candidates.first() else {
        return Vec::new();
    };
    let least = criterion.of(&best.criteria);
    let mut lines = vec![format!(
        "{:>10}  {:<20} {:>10} {:>20} {:>12} {:>9}",
        "components", "covariances", "parameters", "mean log-likelihood", name, "+"
    )];
    for candidate in candidates.iter().take(LISTED) {
        let value = criterion.of(&candidate.criteria);
        let mark = match candidate.is_proper {
            true => "",
            false => "  some components describe no data",
        };
        lines.push(format!(
            "{:>10}  {:<20} {:>10} {:>20.6} {:>12} {:>9}{mark}",
            candidate.criteria.n_components,
            candidate.form(),
            candidate.n_parameters,
            candidate.criteria.mean_log_likelihood,
            decimal(value, 2),
            decimal(value - least, 2),
        ));
    }
    if candidates.len() > LISTED {
        lines.push(format!(
            "{:>10}  and {} more",
            "",
            candidates.len() - LISTED
        ));
    }
    lines.push(String::new());
    lines.push(format!(
        "{name} prefers {} of form {}",
        counted(best.criteria.n_components, "component"),
        best.form(),
    ));
    lines
}

fn figure(lesson: &Lesson, criterion: Criterion, candidates: &[Candidate]) -> gmm_figures::Sheet {
    let name = name_of(criterion);
    let shown: Vec<(CovarianceType, Criteria)> = (candidates.iter())
        .filter(|c| c.is_proper)
        .map(|c| (c.covariance_type, c.criteria))
        .collect();
    let best = candidates.first().map_or_else(String::new, |best| {
        format!(
            "{name} is least, {}, with {} of form {}",
            typeset(criterion.of(&best.criteria), 1),
            counted(best.criteria.n_components, "component"),
            best.form()
        )
    });
    let value: fn(&Criteria) -> f64 = match criterion {
        Criterion::Aic => |c| c.aic,
        Criterion::Icl => |c| c.icl,
        _ => |c| c.bic,
    };
    let title = format!("How many components? {}", title_of(&lesson.name));
    let subtitle = format!("{} · {best}", counted(lesson.n_rows(), "row"));
    families(&title, &subtitle, (name, value), &shown)
}

fn table(candidates: &[Candidate]) -> Vec<u8> {
    let names = [
        "n_components",
        "covariance_type",
        "n_parameters",
        "mean_log_likelihood",
        "bic",
        "aic",
        "icl",
        "is_proper",
    ];
    let rows = candidates.iter().map(|c| {
        let values = [
            c.criteria.mean_log_likelihood,
            c.criteria.bic,
            c.criteria.aic,
            c.criteria.icl,
        ];
        let head = [
            c.criteria.n_components.to_string(),
            c.covariance_type.to_string(),
            c.n_parameters.to_string(),
        ];
        let proper = [c.is_proper.to_string()];
        [head.to_vec(), values.map(number).to_vec(), proper.to_vec()].concat()
    });
    to_csv(&names.map(String::from), rows)
}
