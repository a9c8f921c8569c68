//! `gmm predict`: the component or class of each row, or columns that are predicted from the others.

use std::path::PathBuf;

use gmm_cli::clap::{self, Args};
use gmm_cli::{Bar, Failure, parse_share};
use gmm_core::ndarray::{Array2, ArrayView2};
use gmm_core::{Gmm, GmmError, Regression, Sample};
use gmm_table::model::{Model, ModelFile, repeated};
use gmm_table::summary::counted;
use gmm_table::{Texts, Type, Wanted};

use super::input::{Reading, columns_of, model, named, one_from_standard_input};
use super::output::{RowsOut, tell};

/// The component or class of each row; or columns that are predicted from the others
///
/// Rows that lack values are assigned by what they have. With --target, the columns of the model that are not in it are
/// predicted from those that are: mixture regression. The table is read in pieces and may be of any length.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gmm predict model.json new.csv                         component and posterior of each row
  gmm predict model.json new.csv --posteriors --keep id  all posteriors beside a column of the table
  gmm predict species.json new.csv --reject .9           classes; those below a posterior of 0.9 are left open
  gmm predict model.json new.csv --target waiting        mean and deviation of a column given the others
  gmm predict model.json new.csv --target waiting --quantiles .05,.5,.95
  gmm predict model.json holes.csv --impute -o whole.csv missing values filled with their expectations")]
pub(super) struct Predict {
    /// Model: JSON, or NPZ of scikit-learn's parameters
    model: PathBuf,

    /// Table to read; - is standard input
    table: PathBuf,

    /// Columns of the table to put before the results
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    keep: Vec<String>,

    /// The posterior of every component or class
    #[arg(long)]
    posteriors: bool,

    /// Leave open the component or class of rows whose largest posterior is below this
    #[arg(long, value_name = "SHARE", value_parser = parse_share, allow_negative_numbers = true)]
    reject: Option<f64>,

    /// Columns of the model to predict from the others, which the table must have
    #[arg(long, value_name = "NAMES", value_delimiter = ',', conflicts_with_all = ["posteriors", "reject", "impute"])]
    target: Vec<String>,

    /// Quantiles of each predicted column, as .05,.5,.95
    #[arg(long, value_name = "SHARES", value_delimiter = ',', value_parser = parse_share, requires = "target")]
    quantiles: Vec<f64>,

    /// The most probable value of the predicted columns, beside their means
    #[arg(long, requires = "target")]
    mode: bool,

    /// The columns of the model themselves, missing values filled with their expectations
    #[arg(long, conflicts_with_all = ["posteriors", "reject"])]
    impute: bool,

    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    output: RowsOut,
}

/// What is written of each row beside what is kept.
enum Answer {
    /// Its component or class.
    Label {
        /// Names of the classes; those of components are their numbers from 1, and that of a background is 0.
        names: Vec<String>,
        has_classes: bool,
        posteriors: bool,
        reject: f64,
    },
    /// Other columns.
    Regression {
        regression: Box<Regression>,
        targets: Vec<String>,
        quantiles: Vec<f64>,
        mode: bool,
    },
    /// Itself, whole.
    Whole(Box<Gmm>),
}

pub(super) fn run(task: &Predict, quiet: bool) -> Result<(), Failure> {
    one_from_standard_input([task.model.as_path(), task.table.as_path()])?;
    let file = model(&task.model, None)?;
    let source = task.reading.open(&task.table)?;
    let refused = |e: &dyn std::fmt::Display| Failure::of(named(&task.table), e);
    let (answer, columns) = match task.target.is_empty() {
        false => regression(task, &file)?,
        true => (
            label(task, &file)?,
            columns_of(&file, &source, &task.table)?,
        ),
    };
    let bar = Bar::of_bytes(&named(&task.table), quiet);
    let wanted = Wanted::numbers(&columns).and_text(&task.keep);
    let observe = |read, all| bar.at_byte(read, all);
    let blocks = source.blocks(&wanted, &observe);
    let blocks = blocks.map_err(|e| super::input::refused(&task.table, e))?;
    let mut names: Vec<(String, Type)> = task
        .keep
        .iter()
        .map(|name| (name.clone(), Type::Text))
        .collect();
    names.extend(answer.columns(&columns));
    let (mut n, mut n_rejected) = (0, 0);
    let inputs = [task.model.as_path(), task.table.as_path()];
    task.output.write(&names, &inputs, |write| {
        for block in blocks {
            let block = block.map_err(|e| refused(&e))?;
            let (numbers, labels) = answer
                .of(&file.model, block.numbers())
                .map_err(|e| refused(&at_line(e, |row| block.line(row), &columns)))?;
            n += numbers.nrows();
            n_rejected += match &labels {
                Some(labels) => labels.iter().filter(|label| label.is_empty()).count(),
                None => numbers
                    .column(0)
                    .iter()
                    .filter(|label| label.is_nan())
                    .count(),
            };
            let texts = [block.texts(), labels.as_slice()].concat();
            write((numbers.view(), &texts))?;
        }
        bar.finish();
        Ok(())
    })?;
    let rejected = match n_rejected {
        0 => String::new(),
        n => format!(", {n} left open"),
    };
    let line = format!("{}: {}{rejected}", named(&task.table), counted(n, "row"));
    tell(quiet, &task.output, &line)
}

/// What is wrong with a row, with its line.
fn at_line(error: GmmError, line: impl Fn(usize) -> usize, columns: &[String]) -> String {
    match error {
        GmmError::NonFinite { row, column, value } => {
            let what = if value.is_nan() {
                String::from("is missing")
            } else {
                format!("is {value}")
            };
            let name = columns.get(column).map_or("", String::as_str);
            format!("line {}: \"{name}\" {what}", line(row))
        }
        error => error.to_string(),
    }
}

fn label(task: &Predict, file: &ModelFile) -> Result<Answer, Failure> {
    Ok(match (&file.model, task.impute) {
        (Model::Mixture(gmm), true) => Answer::Whole(Box::new(gmm.clone())),
        (Model::Classifier(_), true) => {
            let line = "--impute asks for a mixture, and the model is a classifier";
            return Err(Failure::Usage(String::from(line)));
        }
        (model, false) => Answer::Label {
            names: match model {
                Model::Mixture(gmm) => {
                    let n = gmm.n_components();
                    let background = gmm.background().map(|_| String::from("0"));
                    (1..=n).map(|k| k.to_string()).chain(background).collect()
                }
                Model::Classifier(classifier) => classifier.names().to_vec(),
            },
            has_classes: matches!(model, Model::Classifier(_)),
            posteriors: task.posteriors,
            reject: task.reject.unwrap_or(0.0),
        },
    })
}

/// The regression on the columns that are not targets, and their names.
fn regression(task: &Predict, file: &ModelFile) -> Result<(Answer, Vec<String>), Failure> {
    let names = file.names();
    let mixture = file.model.mixture()?;
    let place = |name: &String| {
        names.iter().position(|n| n == name).ok_or_else(|| {
            let line = format!(
                "--target: the model has no column \"{name}\"; it has {}",
                names.join(", ")
            );
            Failure::Usage(line)
        })
    };
    let targets = task
        .target
        .iter()
        .map(place)
        .collect::<Result<Vec<_>, _>>()?;
    if let Some(name) = repeated(&task.target) {
        let line = format!("--target: \"{name}\" is named twice");
        return Err(Failure::Usage(line));
    }
    let given: Vec<usize> = (0..names.len()).filter(|i| !targets.contains(i)).collect();
    if given.is_empty() {
        let line = "--target: no column is left to predict from";
        return Err(Failure::Usage(String::from(line)));
    }
    let regression = mixture.regression(&given)?;
    let answer = Answer::Regression {
        targets: regression
            .targets()
            .iter()
            .map(|&i| names[i].clone())
            .collect(),
        regression: Box::new(regression),
        quantiles: task.quantiles.clone(),
        mode: task.mode,
    };
    Ok((answer, given.iter().map(|&i| names[i].clone()).collect()))
}

impl Answer {
    /// Names of what is written of each row.
    fn columns(&self, columns: &[String]) -> Vec<(String, Type)> {
        let number = |name: String| (name, Type::Number);
        match self {
            Self::Label {
                names,
                has_classes,
                posteriors,
                ..
            } => {
                let label = match has_classes {
                    true => (String::from("class"), Type::Text),
                    false => number(String::from("component")),
                };
                let mut all = vec![label, number(String::from("posterior"))];
                if *posteriors {
                    all.extend(names.iter().map(|name| number(format!("posterior_{name}"))));
                }
                all
            }
            Self::Regression {
                targets,
                quantiles,
                mode,
                ..
            } => {
                let of = |name: &String| {
                    let mut all = vec![number(name.clone()), number(format!("{name}_sd"))];
                    all.extend(mode.then(|| number(format!("{name}_mode"))));
                    all.extend(quantiles.iter().map(|p| number(format!("{name}_q{p}"))));
                    all
                };
                targets.iter().flat_map(of).collect()
            }
            Self::Whole(_) => columns.iter().cloned().map(number).collect(),
        }
    }

    /// The number columns of some rows, and the text column where there is one.
    fn of(
        &self,
        model: &Model,
        rows: ArrayView2<'_, f64>,
    ) -> Result<(Array2<f64>, Option<Texts>), GmmError> {
        let sample = Sample::new(&rows).with_missing();
        match self {
            Self::Label {
                names,
                has_classes,
                posteriors,
                reject,
            } => {
                let all = model.posteriors_of(&sample)?;
                let before = usize::from(!has_classes);
                let width = before + 1 + if *posteriors { names.len() } else { 0 };
                let mut numbers = Array2::zeros((all.nrows(), width));
                let mut labels = Vec::with_capacity(all.nrows());
                for (row, mut out) in all.rows().into_iter().zip(numbers.rows_mut()) {
                    let (mut best, mut largest) = (0, f64::NEG_INFINITY);
                    for (k, &r) in row.iter().enumerate() {
                        (best, largest) = if r > largest { (k, r) } else { (best, largest) };
                    }
                    let label = if largest >= *reject {
                        names[best].as_str()
                    } else {
                        ""
                    };
                    if *has_classes {
                        labels.push(label);
                    } else {
                        out[0] = label.parse().unwrap_or(f64::NAN);
                    }
                    out[before] = largest;
                    if *posteriors {
                        (before + 1..).zip(row).for_each(|(i, r)| out[i] = *r);
                    }
                }
                Ok((numbers, has_classes.then(|| labels.into_iter().collect())))
            }
            Self::Regression {
                regression,
                quantiles,
                mode,
                ..
            } => {
                let (mean, covariance) = (regression.mean(&rows)?, regression.covariance(&rows)?);
                let modes = if *mode {
                    Some(regression.mode(&rows)?)
                } else {
                    None
                };
                let quantiles = regression.quantiles(&rows, quantiles)?;
                let (q, p) = (mean.ncols(), quantiles.dim().2);
                let each = 2 + usize::from(*mode) + p;
                let value = |(i, j): (usize, usize)| {
                    let (target, what) = (j / each, j % each);
                    match (what, &modes) {
                        (0, _) => mean[(i, target)],
                        (1, _) => covariance[(i, target, target)].sqrt(),
                        (2, Some(modes)) => modes[(i, target)],
                        (what, _) => quantiles[(i, target, what - (each - p))],
                    }
                };
                Ok((Array2::from_shape_fn((mean.nrows(), q * each), value), None))
            }
            Self::Whole(gmm) => Ok((gmm.imputed(&sample)?, None)),
        }
    }
}
