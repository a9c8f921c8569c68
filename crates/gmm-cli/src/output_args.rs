//! The flags of what is written, and the names that outputs claim.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::failure::Failure;
use crate::output::{Outputs, is_read_of, print, same_file};

/// Flags that every program with a figure and a report has.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// Figure to write: a PNG, or an SVG if it is named so [default: named after the input, in this folder]
    #[arg(short, long, value_name = "PATH")]
    pub out: Option<PathBuf>,

    /// JSON report to write; - prints it in place of the summary
    #[arg(long, value_name = "PATH")]
    pub json: Option<PathBuf>,

    /// Print nothing but errors
    #[arg(short, long)]
    pub quiet: bool,
}

/// The flag of programs that have something to say of every row.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(next_help_heading = "Output")]
pub struct TableArgs {
    /// CSV to write: what was found, row by row
    #[arg(long, value_name = "PATH")]
    pub csv: Option<PathBuf>,
}

/// Endings of figures.
pub const FIGURE: &[&str] = &["png", "svg"];

impl OutputArgs {
    /// Whether the report goes to standard output.
    pub fn prints_json(&self) -> bool {
        self.json.as_deref() == Some(Path::new("-"))
    }

    /// The file of the report, where there is one.
    ///
    /// # Errors
    /// As [`Targets::claim`].
    pub fn json_file(&self, targets: &mut Targets) -> Result<Option<PathBuf>, Failure> {
        let path = self.json.clone().filter(|_| !self.prints_json());
        path.map(|path| targets.claim("--json", path, &[]))
            .transpose()
    }

    /// Writes all files and then prints the report, the summary or nothing, as asked.
    ///
    /// # Errors
    /// As [`Outputs::add`] and [`Outputs::commit`].
    pub fn deliver(
        &self,
        files: &[(&Path, &[u8])],
        json: &[u8],
        summary: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        let mut outputs = Outputs::default();
        for (path, bytes) in files {
            outputs.add(path, bytes)?;
        }
        outputs.commit()?;
        if self.prints_json() {
            print(String::from_utf8_lossy(json).trim_end())
        } else if self.quiet {
            Ok(())
        } else {
            print(&summary())
        }
    }
}

/// Where a run's figure, table and report go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The figure.
    pub figure: PathBuf,
    /// The table, if there is to be one.
    pub table: Option<PathBuf>,
    /// The report, if it is to be a file.
    pub report: Option<PathBuf>,
}

impl Places {
    /// The places that a command line names, none of them twice and none over an input; `usual` is the figure's
    /// unless it is named.
    ///
    /// # Errors
    /// As [`Targets::claim`].
    pub fn claim<'a>(
        inputs: impl IntoIterator<Item = &'a Path>,
        output: &OutputArgs,
        table: &TableArgs,
        usual: PathBuf,
    ) -> Result<Self, Failure> {
        let mut targets = Targets::beside(inputs);
        let figure = output.out.clone().unwrap_or(usual);
        let csv = table.csv.clone();
        Ok(Self {
            figure: targets.claim("--out", figure, FIGURE)?,
            table: csv
                .map(|path| targets.claim("--csv", path, &[]))
                .transpose()?,
            report: output.json_file(&mut targets)?,
        })
    }

    /// Writes all files and then prints the report, the summary with the names of the files, or nothing, as asked.
    ///
    /// # Errors
    /// As [`OutputArgs::deliver`].
    pub fn deliver(
        &self,
        output: &OutputArgs,
        (figure, table, report): (&[u8], &[u8], &[u8]),
        summary: impl FnOnce() -> Vec<String>,
    ) -> Result<(), Failure> {
        let mut files = vec![(self.figure.as_path(), figure)];
        files.extend(self.table.as_deref().map(|path| (path, table)));
        files.extend(self.report.as_deref().map(|path| (path, report)));
        output.deliver(&files, report, || {
            let mut lines = summary();
            let named = |what: &str, path: &Path| format!("{what:<7} {}", path.display());
            lines.push(named("figure", &self.figure));
            lines.extend(self.table.as_deref().map(|path| named("table", path)));
            lines.extend(self.report.as_deref().map(|path| named("report", path)));
            lines.join("\n")
        })
    }
}

/// The files that a run will write, none of them twice and none over the input.
#[derive(Debug, Default)]
pub struct Targets(Vec<PathBuf>);

impl Targets {
    /// Outputs of a run that reads these files.
    pub fn beside<'a>(inputs: impl IntoIterator<Item = &'a Path>) -> Self {
        Self(inputs.into_iter().map(Path::to_path_buf).collect())
    }

    /// Claims `path` for what `flag` asks for; a regular file must have one of the `endings`, if there are any.
    ///
    /// # Errors
    /// [`Failure::Usage`] for another ending, for a file that is named twice among input and outputs, and for a recording or
    /// picture in a folder of such that is read.
    pub fn claim(
        &mut self,
        flag: &str,
        path: PathBuf,
        endings: &[&str],
    ) -> Result<PathBuf, Failure> {
        if path == Path::new("-") {
            let line = format!("{flag} -: a file is needed; only --json prints");
            return Err(Failure::Usage(line));
        }
        let has_ending = |ending: &&str| {
            let own = path.extension();
            own.is_some_and(|own| own.eq_ignore_ascii_case(ending))
        };
        let is_device = path.metadata().is_ok_and(|m| !m.is_file() && !m.is_dir());
        if !endings.is_empty() && !endings.iter().any(has_ending) && !is_device {
            let kinds: Vec<String> = endings.iter().map(|e| e.to_ascii_uppercase()).collect();
            let line = format!(
                "{flag} {}: a {} is written, and must be named so",
                path.display(),
                kinds.join(" or ")
            );
            return Err(Failure::Usage(line));
        }
        let is_regular = path.metadata().is_ok_and(|m| m.is_file()) || !path.exists();
        if is_regular && self.0.iter().any(|taken| same_file(taken, &path)) {
            let line = format!("{} is named twice among input and outputs", path.display());
            return Err(Failure::Usage(line));
        }
        if let Some(folder) = self.0.iter().find(|taken| is_read_of(taken, &path)) {
            let (path, folder) = (path.display(), folder.display());
            let line = format!("{flag} {path}: it is one of the files of {folder}, which are read");
            return Err(Failure::Usage(line));
        }
        self.0.push(path.clone());
        Ok(path)
    }
}

/// `STEM-ENDING` in this folder, with the stem of `path` as it is, since two names can look alike; that of `-`, standard
/// input, is `stdin`.
pub fn named_after(path: &Path, ending: &str) -> PathBuf {
    let stem: &OsStr = match path == Path::new("-") {
        true => OsStr::new("stdin"),
        false => path.file_stem().unwrap_or_default(),
    };
    let mut name = stem.to_os_string();
    name.push("-");
    name.push(ending);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_have_names_of_their_own() {
        let mut targets = Targets::beside([Path::new("a.csv")]);
        assert_eq!(
            targets.claim("--out", "a-density.png".into(), FIGURE),
            Ok("a-density.png".into())
        );
        for (path, endings) in [
            ("a.csv", &[][..]),
            ("./a-density.png", FIGURE),
            ("b.jpg", FIGURE),
        ] {
            let refused = targets.claim("--out", path.into(), endings);
            assert!(matches!(refused, Err(Failure::Usage(_))), "{path}");
        }
        assert_eq!(
            named_after(Path::new("x/day.1.csv"), "em.png"),
            Path::new("day.1-em.png")
        );
    }
}
