//! Output that is complete or not there.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::failure::Failure;

/// Files to be written together: each goes to a temporary name beside its own first, and takes its name when
/// all are complete.
#[derive(Debug, Default)]
pub struct Outputs {
    waiting: Vec<(NamedTempFile, PathBuf)>,
}

impl Outputs {
    /// Adds a file.
    ///
    /// # Errors
    /// [`Failure::Work`] naming the path, if it is a folder or its folder cannot be written to.
    pub fn add(&mut self, path: &Path, bytes: &[u8]) -> Result<(), Failure> {
        let cannot = |why: String| Failure::Work(format!("cannot write {}: {why}", path.display()));
        if path.is_dir() {
            return Err(cannot(String::from("it is a folder")));
        }
        let folder = match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        if !folder.is_dir() {
            return Err(cannot(format!("there is no folder {}", folder.display())));
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix(".").suffix(".part");
        #[cfg(unix)]
        {
            // As any new file has it; the user's mask still applies.
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let mut file = builder.tempfile_in(folder).map_err(|e| cannot(plain(&e)))?;
        file.write_all(bytes)
            .and_then(|()| file.flush())
            .map_err(|e| cannot(plain(&e)))?;
        self.waiting.push((file, path.to_path_buf()));
        Ok(())
    }

    /// Gives all files their names.
    ///
    /// # Errors
    /// [`Failure::Work`] naming the first file that cannot take its name.
    pub fn commit(self) -> Result<(), Failure> {
        for (file, path) in self.waiting {
            file.persist(&path).map_err(|e| {
                Failure::Work(format!(
                    "cannot write {}: {}",
                    path.display(),
                    plain(&e.error)
                ))
            })?;
        }
        Ok(())
    }
}

/// The reason of an input or output error without the operating system's number.
fn plain(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::PermissionDenied => String::from("permission denied"),
        ErrorKind::ReadOnlyFilesystem => String::from("the file system is read-only"),
        ErrorKind::StorageFull => String::from("no space is left"),
        ErrorKind::NotFound => String::from("there is no such file or folder"),
        _ => error.to_string(),
    }
}

/// Prints to standard output; a reader that has gone away is no failure.
///
/// # Errors
/// [`Failure::Work`] if standard output cannot be written for another reason.
pub fn print(text: &str) -> Result<(), Failure> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => Err(Failure::of("standard output", e)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_files_appear_together_or_none() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a"), folder.path().join("missing/b"));
        let mut outputs = Outputs::default();
        outputs.add(&a, b"one").unwrap();
        let refused = outputs.add(&b, b"two").unwrap_err().to_string();
        assert!(
            refused.contains("missing/b") && refused.contains("no folder"),
            "{refused}"
        );
        drop(outputs);
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            0,
            "nothing is left behind"
        );

        let mut outputs = Outputs::default();
        outputs.add(&a, b"one").unwrap();
        assert!(!a.exists());
        outputs.commit().unwrap();
        assert_eq!(fs::read(&a).unwrap(), b"one");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let refused = Outputs::default()
            .add(folder.path(), b"")
            .unwrap_err()
            .to_string();
        assert!(refused.contains("is a folder"), "{refused}");
    }
}
