//! Rows to learn from, and what is learnt from them.

use std::ops::RangeInclusive;
use std::path::Path;

use gmm_cli::{Bar, Failure};
use gmm_core::ndarray::{Array2, Axis};
use gmm_core::selection::rank_by;
use gmm_core::{CovarianceType, Fitted, GmmError, Rows, Sample};
use gmm_table::summary::{counted, in_order};
use gmm_table::{Source, Table, TableError, Wanted};

use super::input::{named, read_all, refused};
use super::learn::{Chosen, Learning};

/// Rows to learn from.
pub(super) struct Lesson {
    /// What the table is called.
    pub(super) name: String,
    pub(super) columns: Vec<String>,
    rows: Numbers,
    weights: Option<Vec<f64>>,
    /// The classes of the rows, where there are any.
    pub(super) classes: Option<Vec<String>>,
    /// Columns of the table that have no part in this.
    unused: Vec<String>,
    /// Rows that lack a value, used or left out.
    pub(super) n_incomplete: usize,
    is_complete: bool,
    /// Rows without a class, which were left out.
    pub(super) n_unclassed: usize,
}

enum Numbers {
    Table(Table),
    Array(Array2<f64>),
}

impl Lesson {
    /// Reads a table; `class` is the column of classes.
    pub(super) fn read(
        path: &Path,
        learning: &Learning,
        class: Option<&str>,
        quiet: bool,
    ) -> Result<Self, Failure> {
        let Learning {
            reading, chosen, ..
        } = learning;
        let source = reading.open(path)?;
        let (chosen, class) = by_names(&source, chosen, class).map_err(|e| refused(path, e))?;
        let class = class.as_deref();
        let apart: Vec<&str> = chosen.weights.as_deref().into_iter().chain(class).collect();
        let is_apart = |name: &&String| apart.contains(&name.as_str());
        let is_both = class.is_some() && class == chosen.weights.as_deref();
        let twice = chosen.columns.iter().find(is_apart);
        if let Some(name) = twice.or(chosen.weights.as_ref().filter(|_| is_both)) {
            let line = format!("{}: \"{name}\" is named for two purposes", named(path));
            return Err(Failure::Usage(line));
        }
        let wanted = match (chosen.columns.is_empty(), &chosen.weights) {
            (true, None) => Wanted::all_numeric().except(&apart),
            (true, Some(_)) => Wanted::all_numeric().except(class.as_slice()),
            (false, weights) => Wanted::numbers(
                &[chosen.columns.clone(), weights.iter().cloned().collect()].concat(),
            ),
        };
        let wanted = wanted.and_text(class.as_slice());
        let table = read_all(source, path, &wanted, quiet)?;
        let refused = |reason: &dyn std::fmt::Display| Failure::of(named(path), reason);
        table.require_values().map_err(|e| refused(&e))?;
        let columns: Vec<String> = (table.number_names().iter())
            .filter(|name| chosen.weights.as_ref() != Some(name))
            .cloned()
            .collect();
        if columns.is_empty() {
            return Err(refused(&"no column holds numbers"));
        }
        let is_unused = |name: &&String| {
            let is_chosen = chosen.columns.is_empty() && !columns.contains(name);
            is_chosen && !is_apart(name)
        };
        let unused = table.names().iter().filter(is_unused).cloned().collect();
        let classes = match class {
            Some(name) => Some(table.text(name).map_err(|e| refused(&e))?),
            None => None,
        };
        let class_of = |text: &str| String::from(if table.is_missing(text) { "" } else { text });
        let classes: Option<Vec<String>> =
            classes.map(|texts| texts.into_iter().map(class_of).collect());
        let weights = match &chosen.weights {
            Some(name) if !table.number_names().contains(name) => {
                return Err(refused(&format!(
                    "the weights in \"{name}\" are no numbers"
                )));
            }
            Some(name) => {
                let numbers = table.numbers(&[name]).map_err(|e| refused(&e))?;
                let weights = numbers.into_values().into_raw_vec_and_offset().0;
                if let Some(row) = weights.iter().position(|w| w.is_nan() || *w < 0.0) {
                    let said = match weights[row].is_nan() {
                        true => String::from("is missing"),
                        false => format!("is {}", weights[row]),
                    };
                    let line = format!("line {}: the weight in \"{name}\" {said}", table.line(row));
                    return Err(refused(&line));
                }
                Some(weights)
            }
            None => None,
        };
        let numbers = match &weights {
            None => Numbers::Table(table),
            Some(_) => {
                let numbers = table.numbers(&columns).map_err(|e| refused(&e))?;
                Numbers::Array(numbers.into_values())
            }
        };
        let mut lesson = Self {
            name: named(path),
            n_incomplete: 0,
            is_complete: true,
            columns,
            unused,
            rows: numbers,
            weights,
            classes,
            n_unclassed: 0,
        };
        lesson.count_incomplete();
        lesson
            .leave_out(chosen.complete_rows)
            .map_err(|e| refused(&e))?;
        Ok(lesson)
    }

    fn count_incomplete(&mut self) {
        let lacks = |row: gmm_core::ndarray::ArrayView1<'_, f64>| row.iter().any(|v| v.is_nan());
        self.n_incomplete = match &self.rows {
            Numbers::Table(table) => (table.blocks().iter())
                .map(|block| {
                    block
                        .numbers()
                        .rows()
                        .into_iter()
                        .filter(|r| lacks(*r))
                        .count()
                })
                .sum(),
            Numbers::Array(rows) => rows.rows().into_iter().filter(|r| lacks(*r)).count(),
        };
        self.is_complete = self.n_incomplete == 0;
    }

    /// Leaves out rows without a class, and those that lack a value if they are to be.
    fn leave_out(&mut self, incomplete: bool) -> Result<(), String> {
        let is_unclassed = |class: &String| class.is_empty();
        self.n_unclassed = (self.classes.iter().flatten())
            .filter(|c| is_unclassed(c))
            .count();
        let drops_incomplete = incomplete && !self.is_complete;
        if self.n_unclassed == 0 && !drops_incomplete {
            return Ok(());
        }
        let rows = self.array();
        let is_kept = |row: &usize| {
            let has_class = self
                .classes
                .as_ref()
                .is_none_or(|c| !is_unclassed(&c[*row]));
            has_class && !(drops_incomplete && rows.row(*row).iter().any(|v| v.is_nan()))
        };
        let kept: Vec<usize> = (0..rows.nrows()).filter(is_kept).collect();
        if kept.is_empty() {
            return Err(match drops_incomplete {
                true => format!("all {} lack a value", counted(rows.nrows(), "row")),
                false => String::from("no row has a class"),
            });
        }
        let rows = rows.select(Axis(0), &kept);
        self.rows = Numbers::Array(rows);
        self.classes =
            (self.classes.as_ref()).map(|c| kept.iter().map(|&i| c[i].clone()).collect());
        self.weights = (self.weights.as_ref()).map(|w| kept.iter().map(|&i| w[i]).collect());
        self.is_complete |= drops_incomplete;
        Ok(())
    }

    /// All values, rows × columns.
    pub(super) fn array(&self) -> Array2<f64> {
        match &self.rows {
            Numbers::Table(table) => {
                let blocks: Vec<_> = table.blocks().iter().map(|b| b.numbers()).collect();
                // Blocks of one table are equally wide.
                gmm_core::ndarray::concatenate(Axis(0), &blocks).unwrap_or_default()
            }
            Numbers::Array(rows) => rows.clone(),
        }
    }

    pub(super) fn n_rows(&self) -> usize {
        self.source().n_rows()
    }

    fn source(&self) -> &dyn Rows {
        match &self.rows {
            Numbers::Table(table) => table,
            Numbers::Array(rows) => rows,
        }
    }

    /// The rows as they were seen, with their weights.
    pub(super) fn sample(&self) -> Result<Sample<'_>, Failure> {
        let sample = match &self.weights {
            Some(weights) => Sample::weighted(self.source(), weights),
            None => Ok(Sample::new(self.source())),
        };
        let sample = sample.map_err(|e| self.refused(e))?;
        Ok(if self.is_complete {
            sample
        } else {
            sample.with_missing()
        })
    }

    /// All fits that were asked for, the best first, components in order.
    pub(super) fn ranking(
        &self,
        learning: &Learning,
        counts: RangeInclusive<usize>,
        types: &[CovarianceType],
        quiet: bool,
    ) -> Result<Vec<Fitted>, Failure> {
        let (least, most) = (*counts.start(), *counts.end());
        // More components than rows are not even tried.
        let counts = least..=most.min(self.n_rows()).max(least);
        let bar = Bar::new(counts.clone().count() * types.len(), quiet);
        let params = learning.params();
        let tell = |place: usize, progress| bar.tell(least + place / types.len(), progress);
        let ranking = rank_by(
            learning.family.criterion,
            &self.sample()?,
            &params,
            counts,
            types,
            &tell,
        );
        bar.finish();
        let mut ranking = ranking.map_err(|e| self.refused(e))?;
        if let Some(best) = ranking.first_mut() {
            *best = in_order(best)?;
        }
        Ok(ranking)
    }

    /// Why no mixture of these rows can be fitted, with the names of the columns.
    pub(super) fn refused(&self, error: GmmError) -> Failure {
        let column = |i: usize| {
            self.columns
                .get(i)
                .cloned()
                .unwrap_or_else(|| (i + 1).to_string())
        };
        let reason = match error {
            GmmError::Overflow { column: i } => format!(
                "the values of {} are too large: their variance overflows",
                column(i)
            ),
            GmmError::MissingColumn { column: i } => format!("no row has a value of {}", column(i)),
            GmmError::NonFinite {
                row,
                column: i,
                value,
            } => {
                format!("row {} of {} is {value}", row + 1, column(i))
            }
            GmmError::TooFewRows {
                n_rows,
                n_components,
            } => {
                format!("too few rows for {n_components} components: {n_rows}")
            }
            error => return Failure::of_fit(&self.name, error),
        };
        Failure::of(&self.name, reason)
    }

    /// What was read, in a line or two.
    pub(super) fn told(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "{}: {} of {}",
            self.name,
            counted(self.n_rows(), "row"),
            shortened(&self.columns)
        )];
        if !self.unused.is_empty() {
            let names = shortened(&self.unused);
            lines.push(format!("not used, for want of numbers: {names}"));
        }
        if self.n_incomplete > 0 {
            let what = match self.is_complete {
                true => "left out",
                false => "used as far as they go",
            };
            lines.push(format!(
                "without a value somewhere: {}, {what}",
                counted(self.n_incomplete, "row")
            ));
        }
        if self.n_unclassed > 0 {
            let n = counted(self.n_unclassed, "row");
            lines.push(format!("{n} without a class were left out"));
        }
        lines
    }
}

/// What was chosen by the names of the columns, which were named or numbered.
fn by_names(
    source: &Source,
    chosen: &Chosen,
    class: Option<&str>,
) -> Result<(Chosen, Option<String>), TableError> {
    let name_of = |column: &str| source.name_of(column).map(String::from);
    let columns = chosen.columns.iter().map(|column| name_of(column));
    let by_names = Chosen {
        columns: columns.collect::<Result<_, _>>()?,
        weights: chosen.weights.as_deref().map(name_of).transpose()?,
        ..chosen.clone()
    };
    Ok((by_names, class.map(name_of).transpose()?))
}

/// The first names of many.
fn shortened(names: &[String]) -> String {
    const SHOWN: usize = 8;
    match names.len() {
        n if n > SHOWN => format!("{} and {} more", names[..SHOWN].join(", "), n - SHOWN),
        _ => names.join(", "),
    }
}
