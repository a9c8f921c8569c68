//! From what went wrong to one line and an exit code.

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use gmm_core::GmmError;

/// Why a program ends without having done its work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It was called wrongly: exit code 2.
    #[error("{0}")]
    Usage(String),
    /// It was called rightly but could not do the work: exit code 1.
    #[error("{0}")]
    Work(String),
    /// Nobody reads standard output any more: there is nothing left to do and nothing to say, exit code 0.
    #[error("standard output is closed")]
    Closed,
}

impl Failure {
    /// The work on `subject` (a file, say) could not be done, for this reason.
    pub fn of(subject: impl std::fmt::Display, reason: impl std::fmt::Display) -> Self {
        Self::Work(format!("{subject}: {reason}"))
    }

    /// A mixture of `subject` could not be fitted.
    pub fn of_fit(subject: impl std::fmt::Display, error: GmmError) -> Self {
        match Self::from(error) {
            Self::Work(reason) => Self::of(subject, reason),
            usage => usage,
        }
    }

    fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Work(_) => 1,
            Self::Closed => 0,
        }
    }
}

impl From<GmmError> for Failure {
    fn from(error: GmmError) -> Self {
        match error {
            GmmError::InvalidParameter { .. } => Self::Usage(error.to_string()),
            _ => Self::Work(error.to_string()),
        }
    }
}

/// Parses the command line into `A` and runs `work` on it. A failure becomes one line on standard error.
pub fn run<A: Parser>(work: impl FnOnce(A) -> Result<(), Failure>) -> ExitCode {
    let failure = match parse::<A>(std::env::args_os()) {
        Ok(Some(args)) => match work(args) {
            Ok(()) | Err(Failure::Closed) => return ExitCode::SUCCESS,
            Err(failure) => failure,
        },
        Ok(None) => return ExitCode::SUCCESS,
        Err(failure) => failure,
    };
    // Nobody is left to tell if standard error is closed.
    let _ = writeln!(
        std::io::stderr(),
        "error: {}",
        printable(&failure.to_string())
    );
    ExitCode::from(failure.exit_code())
}

/// Parses a command line; none if all it asked for, help or the version, has been printed.
///
/// # Errors
/// [`Failure::Usage`] with what is wrong, in one line.
pub fn parse<A: Parser>(words: impl IntoIterator<Item = OsString>) -> Result<Option<A>, Failure> {
    A::try_parse_from(words)
        .map(Some)
        .or_else(|error| match error.kind() {
            ErrorKind::DisplayHelp
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            | ErrorKind::DisplayVersion => {
                // A closed pipe is no failure: help was read as far as it was wanted.
                let _ = error.print();
                Ok(None)
            }
            _ => Err(Failure::Usage(one_line(&error.to_string()))),
        })
}

/// A message as one line: what a name may hold of line breaks and control characters is escaped.
fn printable(message: &str) -> String {
    let escaped = |c: char| {
        if c.is_control() {
            c.escape_default().to_string()
        } else {
            c.into()
        }
    };
    message.chars().map(escaped).collect()
}

/// clap's message without its heading, its usage and its line breaks.
fn one_line(message: &str) -> String {
    let lines = message
        .lines()
        .map(str::trim)
        .take_while(|line| !line.starts_with("Usage:"));
    let said: Vec<&str> = lines
        .filter(|line| !line.is_empty() && !line.starts_with("For more information"))
        .collect();
    format!(
        "{} (see --help)",
        said.join(" ").trim_start_matches("error: ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Parser)]
    struct Args {
        #[arg(long, value_parser = clap::value_parser!(u8).range(1..))]
        count: u8,
    }

    #[test]
    fn wrong_usage_is_one_line_that_names_the_flag() {
        for words in [
            vec!["x", "--count", "0"],
            vec!["x"],
            vec!["x", "--cuont", "1"],
        ] {
            let words = words.into_iter().map(OsString::from);
            let Err(Failure::Usage(line)) = parse::<Args>(words) else {
                panic!("not refused");
            };
            assert!(!line.contains('\n') && line.contains("count"), "{line}");
        }
    }

    #[test]
    fn names_with_control_characters_stay_on_one_line() {
        assert_eq!(printable("a\nb\u{1b}: Größe"), "a\\nb\\u{1b}: Größe");
    }

    #[test]
    fn exit_codes_tell_wrong_usage_from_failed_work() {
        assert_eq!(Failure::of("a.png", "is a folder").exit_code(), 1);
        assert_eq!(
            Failure::of("a.png", "is a folder").to_string(),
            "a.png: is a folder"
        );
        let parameter = GmmError::InvalidParameter {
            name: "tolerance",
            value: String::from("-1"),
            allowed: "at least 0",
        };
        assert_eq!(Failure::from(parameter).exit_code(), 2);
        assert_eq!(Failure::from(GmmError::NoRows).exit_code(), 1);
    }
}
