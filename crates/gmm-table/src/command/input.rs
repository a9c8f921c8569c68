//! Tables and models that a command reads.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use gmm_cli::clap::{self, Args};
use gmm_cli::{Bar, Failure};
use gmm_core::CovarianceType;
use gmm_table::model::ModelFile;
use gmm_table::{Format, Source, Table, TableError, Wanted};

/// How a table is read.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Table")]
pub(super) struct Reading {
    /// What parts the fields of a text: a character, tab or space [default: guessed]
    #[arg(long, value_name = "CHARACTER")]
    delimiter: Option<Delimiter>,

    /// The first line names the columns [default: guessed]
    #[arg(long, conflicts_with = "no_header")]
    header: bool,

    /// The first line is a row; columns are called by their numbers, from 1
    #[arg(long)]
    no_header: bool,

    /// Words for a missing value, beside NA, N/A, NaN, null, ?, . and nothing
    #[arg(
        long,
        value_name = "WORDS",
        value_delimiter = ',',
        allow_hyphen_values = true
    )]
    missing: Vec<String>,

    /// The array of an NPZ archive that is the table
    #[arg(long, value_name = "NAME")]
    entry: Option<String>,
}

#[derive(Debug, Clone, Copy)]
struct Delimiter(u8);

impl FromStr for Delimiter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "tab" | "\\t" => Ok(Self(b'\t')),
            "space" => Ok(Self(b' ')),
            _ => match text.as_bytes() {
                [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => {
                    Ok(Self(*byte))
                }
                _ => Err(String::from("must be one character, tab or space")),
            },
        }
    }
}

impl Reading {
    fn format(&self) -> Format {
        Format {
            delimiter: self.delimiter.map(|d| d.0),
            header: match (self.header, self.no_header) {
                (true, _) => Some(true),
                (_, true) => Some(false),
                _ => None,
            },
            missing: self.missing.clone(),
            entry: self.entry.clone(),
        }
    }

    /// Opens a table.
    pub(super) fn open(&self, path: &Path) -> Result<Source, Failure> {
        let source = Source::open(path, &self.format()).map_err(|e| refused(path, e))?;
        if !self.missing.is_empty() && !source.is_text() {
            let line = format!(
                "--missing: {} is no text; what it lacks is NaN or null",
                named(path)
            );
            return Err(Failure::Usage(line));
        }
        Ok(source)
    }
}

/// Reads what is wanted of a table that was opened, which standard input and pipes can be but once, with progress.
pub(super) fn read_all(
    source: Source,
    path: &Path,
    wanted: &Wanted,
    quiet: bool,
) -> Result<Table, Failure> {
    let bar = Bar::of_bytes(&named(path), quiet);
    let table = source.read(wanted, &|read, all| bar.at_byte(read, all));
    bar.finish();
    table.map_err(|e| refused(path, e))
}

/// Why a table cannot be used.
pub(super) fn refused(path: &Path, error: TableError) -> Failure {
    match error {
        TableError::NamedTwice { .. } => Failure::Usage(format!("{}: {error}", named(path))),
        error => Failure::of(named(path), error),
    }
}

/// What a file is called.
pub(super) fn named(path: &Path) -> String {
    match path == Path::new("-") {
        true => String::from("standard input"),
        false => path.display().to_string(),
    }
}

/// The last part of a file's name, for titles.
pub(super) fn title_of(name: &str) -> String {
    let last = Path::new(name).file_name();
    last.map_or_else(
        || String::from(name),
        |last| last.to_string_lossy().into_owned(),
    )
}

/// What files are called that are made of one of standard input.
pub(super) fn stem_of(path: &Path) -> PathBuf {
    match path == Path::new("-") {
        true => PathBuf::from("stdin"),
        false => path.to_path_buf(),
    }
}

/// Reads a model.
pub(super) fn model(path: &Path, covariance: Option<CovarianceType>) -> Result<ModelFile, Failure> {
    ModelFile::read(path, covariance).map_err(|e| Failure::of(named(path), e))
}

/// Where the columns of a model are in a table: by their names, or by their places where the table or the model has no
/// names and both have as many.
pub(super) fn columns_of(
    file: &ModelFile,
    source: &Source,
    path: &Path,
) -> Result<Vec<String>, Failure> {
    let names = source.names();
    let d = file.model.n_features();
    let all_known = file.columns.iter().all(|column| names.contains(column));
    if !file.columns.is_empty() && (all_known || source.has_header()) {
        return Ok(file.columns.clone());
    }
    if names.len() == d {
        return Ok(names.to_vec());
    }
    let line = format!(
        "it has {} without the model's names, and the model has {d}",
        gmm_table::summary::counted(names.len(), "column")
    );
    Err(Failure::of(named(path), line))
}

/// Only one input can be standard input.
pub(super) fn one_from_standard_input<'a>(
    paths: impl IntoIterator<Item = &'a Path>,
) -> Result<(), Failure> {
    match paths
        .into_iter()
        .filter(|path| *path == Path::new("-"))
        .count()
    {
        0 | 1 => Ok(()),
        _ => Err(Failure::Usage(String::from(
            "-: only one file can be standard input",
        ))),
    }
}
