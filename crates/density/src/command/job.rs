//! One task's work: reading, fitting, telling and writing.

use std::path::Path;

use density::{Anomalies, Options, Points, PointsError, Report};
use gmm_cli::{
    Bar, Failure, FitReport, OutputArgs, Places, TableArgs, closing, named_after, notes, to_json,
};
use gmm_core::{Criteria, Fitted, GmmError};
use gmm_figures::Sheet;
use gmm_table::summary::{components, counted};
use gmm_table::{TableError, number, to_csv};
use serde::Serialize;

/// What becomes of a row that lacks a value, and of several, where a task cannot use them.
pub(super) const LEFT_OUT: [&str; 2] = [
    "lacks a value and was left out",
    "lack a value and were left out",
];

/// The flags of a task, whatever its own number of components.
pub(super) struct Job<'a> {
    pub(super) task: &'static str,
    pub(super) file: Option<&'a Path>,
    pub(super) columns: &'a [String],
    pub(super) options: Options,
    /// Columns that the task needs.
    pub(super) least_columns: usize,
    pub(super) seed: u64,
    pub(super) output: &'a OutputArgs,
    pub(super) table: &'a TableArgs,
}

/// What a task makes.
pub(super) struct Made {
    pub(super) sheet: Sheet,
    pub(super) csv: Vec<u8>,
    pub(super) extra: Extra,
    pub(super) lines: Vec<String>,
}

/// What a report holds beside the fit.
#[derive(Default, Serialize)]
pub(super) struct Extra {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) selection: Vec<Criteria>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) threshold: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) anomalies: Option<Vec<usize>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) log_likelihoods: Option<Vec<f64>>,
}

#[derive(Serialize)]
pub(super) struct JsonReport<'a> {
    pub(super) input: &'a str,
    pub(super) columns: &'a [String],
    pub(super) rows: usize,
    pub(super) incomplete_rows_left_out: usize,
    pub(super) seed: u64,
    #[serde(flatten)]
    pub(super) fit: FitReport,
    #[serde(flatten)]
    pub(super) extra: &'a Extra,
}

impl Job<'_> {
    pub(super) fn name(&self, points: &Points) -> String {
        self.file
            .map_or_else(|| points.name.clone(), |file| file.display().to_string())
    }

    /// Where the files go, none of them over what is read.
    pub(super) fn places(&self, train: Option<&Path>) -> Result<Places, Failure> {
        let name = self.file.unwrap_or(Path::new("slide.csv"));
        let usual = named_after(name, &format!("{}.png", self.task));
        let inputs = self.file.into_iter().chain(train);
        Places::claim(inputs, self.output, self.table, usual)
    }

    pub(super) fn points(&self, example: fn() -> Points) -> Result<Points, Failure> {
        let points = self.read(example)?;
        if points.columns.len() < self.least_columns {
            let line = "one column only; this task draws two (`density estimate` draws one)";
            return Err(Failure::of(self.name(&points), line));
        }
        Ok(points)
    }

    fn read(&self, example: fn() -> Points) -> Result<Points, Failure> {
        match self.file {
            Some(path) => Points::read(path, self.columns).map_err(|e| match e {
                PointsError::Table(e @ TableError::NamedTwice { .. }) => {
                    Failure::Usage(format!("--columns: {e}"))
                }
                e => Failure::of(path.display(), e),
            }),
            None if self.columns.is_empty() => Ok(example()),
            None => Err(Failure::Usage(String::from(
                "--columns: there is no file to take them from",
            ))),
        }
    }

    pub(super) fn analyze(&self, points: &Points) -> Result<Report, Failure> {
        let bar = Bar::new(self.options.n_components.clone().count(), self.output.quiet);
        let options = self.possible(points);
        let least = *options.n_components.start();
        let report = density::analyze(points, &options, &|place, progress| {
            bar.tell(least + place, progress);
        });
        bar.finish();
        report.map_err(|e| self.refused(points, e))
    }

    /// The options without more components than rows, which are not even tried.
    pub(super) fn possible(&self, points: &Points) -> Options {
        let (least, most) = (
            *self.options.n_components.start(),
            *self.options.n_components.end(),
        );
        Options {
            n_components: least..=most.min(points.rows.nrows()).max(least),
            ..self.options.clone()
        }
    }

    pub(super) fn refused(&self, points: &Points, error: GmmError) -> Failure {
        let reason = match error {
            GmmError::Overflow { column } => format!(
                "the values of {} are too large: their variance overflows",
                points.columns[column]
            ),
            GmmError::TooFewRows {
                n_rows,
                n_components,
            } => format!("too few rows for {n_components} components: {n_rows}"),
            error => return Failure::of_fit(self.name(points), error),
        };
        Failure::of(self.name(points), reason)
    }

    /// Writes figure, CSV and report, and says what was found.
    pub(super) fn deliver(
        &self,
        places: &Places,
        points: &Points,
        report: &Report,
        made: &Made,
    ) -> Result<(), Failure> {
        let k = report.fitted.model.n_components();
        let mut sizes = vec![0; k];
        report.labels.iter().for_each(|&label| sizes[label] += 1);
        let text = to_json(&JsonReport {
            input: &self.name(points),
            columns: &points.columns,
            rows: points.rows.nrows(),
            incomplete_rows_left_out: points.n_incomplete,
            seed: self.seed,
            fit: FitReport::new(&report.fitted, sizes),
            extra: &made.extra,
        })?;
        let figure = made
            .sheet
            .to_file(&places.figure)
            .map_err(|e| Failure::of(places.figure.display(), e))?;
        places.deliver(self.output, (&figure, &made.csv, &text), || {
            self.summary(points, &report.fitted, made)
        })
    }

    /// What was read: the first lines of every summary. `of_incomplete` says what becomes of a row that lacks a value, and of
    /// several.
    pub(super) fn heading(&self, points: &Points, of_incomplete: [&str; 2]) -> Vec<String> {
        let mut lines = vec![format!(
            "{}: {} of {}",
            self.name(points),
            counted(points.rows.nrows(), "row"),
            points.columns.join(", ")
        )];
        if points.n_incomplete > 0 {
            let rows = counted(points.n_incomplete, "row");
            let fate = of_incomplete[usize::from(points.n_incomplete > 1)];
            lines.push(format!("{rows} {fate}"));
        }
        lines
    }

    fn summary(&self, points: &Points, fitted: &Fitted, made: &Made) -> Vec<String> {
        let mut lines = self.heading(points, LEFT_OUT);
        lines.push(String::new());
        lines.extend(components(&fitted.model, &points.columns));
        lines.push(String::new());
        lines.extend(made.lines.iter().cloned());
        lines.push(closing(fitted, "row"));
        lines.extend(notes(fitted, &points.columns));
        lines
    }
}

impl Made {
    /// The rows with what the mixture says of each; the figure is still to be drawn.
    pub(super) fn of_rows(points: &Points, report: &Report) -> Self {
        Self {
            sheet: Sheet::new(1, 1),
            csv: rows_as_csv(points, report, None),
            extra: Extra::default(),
            lines: Vec::new(),
        }
    }
}

pub(super) fn rows_as_csv(points: &Points, report: &Report, found: Option<&Anomalies>) -> Vec<u8> {
    let k = report.fitted.model.n_components();
    let mut names = vec![String::from("row")];
    names.extend(points.columns.iter().cloned());
    names.extend([String::from("log_prob"), String::from("component")]);
    names.extend((1..=k).map(|c| format!("posterior_{c}")));
    names.extend(found.map(|_| String::from("anomaly")));
    let lines = (0..points.rows.nrows()).map(|i| {
        let mut line = vec![points.numbers[i].to_string()];
        line.extend(points.rows.row(i).iter().map(|v| number(*v)));
        line.push(number(report.log_prob[i]));
        line.push((report.labels[i] + 1).to_string());
        line.extend(report.responsibilities.row(i).iter().map(|v| number(*v)));
        line.extend(found.map(|f| u8::from(f.rows.binary_search(&i).is_ok()).to_string()));
        line
    });
    to_csv(&names, lines)
}
