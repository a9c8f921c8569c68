//! Tables that a command writes.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use gmm_cli::clap::{self, Args};
use gmm_cli::{Failure, Outputs, Sink, Targets, to_json};
use gmm_table::{Kind, Type, Writer};
use serde::Serialize;

/// Where a report goes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct ReportOut {
    /// JSON report to write; - prints it in place of the summary
    #[arg(long, value_name = "PATH")]
    json: Option<PathBuf>,
}

impl ReportOut {
    /// Makes a report and delivers it: to its file, which is none of the inputs, and to standard output as asked.
    pub(super) fn deliver<T: Serialize>(
        &self,
        inputs: &[&Path],
        quiet: bool,
        make: impl FnOnce() -> Result<T, Failure>,
        told: impl FnOnce(&T) -> Result<Vec<String>, Failure>,
    ) -> Result<(), Failure> {
        let prints = self.json.as_deref() == Some(Path::new("-"));
        let mut targets = Targets::beside(inputs.iter().copied());
        let path = self.json.clone().filter(|_| !prints);
        let path = path
            .map(|path| targets.claim("--json", path, &[]))
            .transpose()?;
        let report = make()?;
        let text = to_json(&report)?;
        let mut outputs = Outputs::default();
        if let Some(path) = &path {
            outputs.add(path, &text)?;
        }
        outputs.commit()?;
        if prints {
            gmm_cli::print(String::from_utf8_lossy(&text).trim_end())
        } else if quiet {
            Ok(())
        } else {
            gmm_cli::print(&told(&report)?.join("\n"))
        }
    }
}

/// Where rows go.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct RowsOut {
    /// File to write: CSV, TSV, JSON, NPY or Parquet by its ending; - is standard output [default: -]
    #[arg(short, long, value_name = "PATH")]
    out: Option<PathBuf>,

    /// The form of the output: csv, tsv, json, npy or parquet [default: by the file's ending; csv to standard output]
    #[arg(long, value_name = "FORM", value_parser = parse_kind)]
    format: Option<Kind>,
}

fn parse_kind(text: &str) -> Result<Kind, String> {
    Kind::of(&Path::new("x").with_extension(text))
        .map_err(|_| String::from("must be csv, tsv, json, npy or parquet"))
}

impl RowsOut {
    fn file(&self) -> Option<&Path> {
        self.out.as_deref().filter(|path| *path != Path::new("-"))
    }

    /// Writes a table of these columns, which `fill` makes, over none of the inputs.
    pub(super) fn write(
        &self,
        columns: &[(String, Type)],
        inputs: &[&Path],
        fill: impl FnOnce(&mut dyn FnMut(Piece<'_>) -> Result<(), Failure>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut targets = Targets::beside(inputs.iter().copied());
        let path = self.file().map(Path::to_path_buf);
        let path = path
            .map(|path| targets.claim("--out", path, &[]))
            .transpose()?;
        let name = path.as_ref().map_or_else(
            || String::from("standard output"),
            |path| path.display().to_string(),
        );
        let failed = |e| Failure::Work(format!("cannot write {name}: {e}"));
        let kind = match (self.format, &path) {
            (Some(kind), _) => kind,
            (None, Some(path)) => Kind::of(path).map_err(|e| {
                Failure::Usage(format!("--out {name}: {e}; name it so, or say --format"))
            })?,
            (None, None) => Kind::Csv,
        };
        let columns: Vec<(&str, Type)> = columns.iter().map(|(n, t)| (n.as_str(), *t)).collect();
        let mut sink = Sink::to(path.as_deref())?;
        let written = match sink.is_file() {
            true => Writer::seekable(kind, &columns, &mut sink),
            false => Writer::new(kind, &columns, &mut sink),
        }
        .map_err(&failed)
        .and_then(|mut writer| {
            fill(&mut |(numbers, texts)| writer.write(numbers, texts).map_err(&failed))?;
            writer.finish().map_err(&failed)
        });
        if sink.is_closed() {
            return Err(Failure::Closed);
        }
        written?;
        sink.finish()
    }
}

/// Some rows: the columns of numbers, and the texts of each column of texts.
pub(super) type Piece<'a> = (ndarray::ArrayView2<'a, f64>, &'a [gmm_table::Texts]);

/// A line about rows that were written: on standard output where they went to a file, else on a terminal.
pub(super) fn tell(quiet: bool, to: &RowsOut, line: &str) -> Result<(), Failure> {
    if quiet {
        return Ok(());
    }
    if let Some(path) = to.file() {
        return gmm_cli::print(&format!("{line}\nrows    {}", path.display()));
    }
    if std::io::stderr().is_terminal() {
        // Nobody is left to tell if the terminal is gone.
        let _ = writeln!(std::io::stderr(), "{line}");
    }
    Ok(())
}
