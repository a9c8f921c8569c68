//! Tables that a command writes.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use gmm_cli::clap::{self, Args};
use gmm_cli::{Failure, Sink, same_file};
use gmm_core::ndarray::ArrayView2;
use gmm_table::{Block, Kind, Type, Writer};

/// Where rows go.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct RowsOut {
    /// File to write: CSV, TSV, JSON, NPY or Parquet by its ending; - is standard output [default: -]
    #[arg(short, long, value_name = "PATH")]
    pub(super) out: Option<PathBuf>,

    /// The form of the output: csv, tsv, json (a record a line), npy or parquet [default: by the file's ending, or csv]
    #[arg(long, value_name = "FORM")]
    format: Option<Kind>,
}

impl RowsOut {
    /// Begins the output, which must be none of the inputs.
    pub(super) fn begin(
        &self,
        columns: &[(String, Type)],
        inputs: &[&Path],
    ) -> Result<Rows, Failure> {
        let path = self.out.as_deref();
        if let Some(path) = path
            && path.is_file()
            && inputs.iter().any(|input| same_file(input, path))
        {
            let line = format!("{} is named twice among input and outputs", path.display());
            return Err(Failure::Usage(line));
        }
        let kind = match (self.format, path) {
            (Some(kind), _) => kind,
            (None, Some(path)) if path != Path::new("-") => Kind::of(path),
            _ => Kind::Csv,
        };
        let sink = Sink::to(path)?;
        let name = path.map_or_else(
            || String::from("standard output"),
            |p| p.display().to_string(),
        );
        let writer = Writer::new(kind, columns, sink).map_err(|e| failed(&name, e))?;
        Ok(Rows { writer, name })
    }
}

/// Rows on their way out.
pub(super) struct Rows {
    writer: Writer<Sink>,
    name: String,
}

impl Rows {
    /// Writes some rows: the number columns, and texts for the text columns.
    pub(super) fn write(
        &mut self,
        numbers: ArrayView2<'_, f64>,
        texts: &[Vec<&str>],
    ) -> Result<(), Failure> {
        let written = self.writer.write(numbers, texts);
        written.map_err(|e| failed(&self.name, e))
    }

    /// Ends the output.
    pub(super) fn finish(self) -> Result<(), Failure> {
        let sink = self.writer.finish().map_err(|e| failed(&self.name, e))?;
        sink.finish()
    }
}

fn failed(name: &str, error: gmm_table::WriteError) -> Failure {
    if error.is_closed() {
        return Failure::Closed;
    }
    Failure::Work(format!("cannot write {name}: {error}"))
}

/// The texts of a block, column by column.
pub(super) fn kept(block: &Block) -> Vec<Vec<&str>> {
    let columns = block.texts().iter();
    columns.map(|texts| texts.iter().collect()).collect()
}

/// A line about rows that were written: on standard output where they went to a file, else on a terminal.
pub(super) fn tell(quiet: bool, to: &RowsOut, line: &str) -> Result<(), Failure> {
    let went_to_file = to.out.as_deref().is_some_and(|path| path != Path::new("-"));
    if quiet {
        return Ok(());
    }
    match &to.out {
        Some(path) if went_to_file => {
            gmm_cli::print(&format!("{line}\nrows    {}", path.display()))
        }
        _ if std::io::stderr().is_terminal() => {
            // Nobody is left to tell if the terminal is gone.
            let _ = writeln!(std::io::stderr(), "{line}");
            Ok(())
        }
        _ => Ok(()),
    }
}
