//! Output that is complete or not there.

use std::ffi::OsStr;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use gmm_files::reason;
use tempfile::NamedTempFile;

use crate::failure::Failure;

/// Files to be written together: each goes to a temporary name beside its own first, and takes its name when
/// all are complete.
///
/// A symbolic link is followed. What is not a regular file (a device, a pipe) is written to as it is.
#[derive(Debug, Default)]
pub struct Outputs {
    waiting: Vec<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    path: PathBuf,
    place: Place,
}

#[derive(Debug)]
enum Place {
    /// The complete file, to take the path's name.
    Beside(NamedTempFile),
    /// What a device is to be sent.
    Device(Vec<u8>),
}

impl Outputs {
    /// Adds a file.
    ///
    /// # Errors
    /// [`Failure::Work`] naming the path, if it is a folder or its folder cannot be written to.
    pub fn add(&mut self, path: &Path, bytes: &[u8]) -> Result<(), Failure> {
        let (path, place) = match Draft::of(path)? {
            Draft::Device(path) => (path, Place::Device(bytes.to_vec())),
            Draft::Beside(target, mut file) => {
                file.write_all(bytes)
                    .and_then(|()| file.flush())
                    .map_err(|e| cannot_write(path, &reason(&e)))?;
                (target, Place::Beside(file))
            }
        };
        self.waiting.push(Waiting { path, place });
        Ok(())
    }

    /// Gives all files their names.
    ///
    /// # Errors
    /// [`Failure::Work`] naming the first file that cannot take its name; files that are new are then taken
    /// away again.
    pub fn commit(self) -> Result<(), Failure> {
        let mut new = Vec::new();
        for Waiting { path, place } in self.waiting {
            let is_new = !path.exists();
            let written = match place {
                Place::Beside(file) => file.persist(&path).map(drop).map_err(|e| e.error),
                Place::Device(bytes) => fs::OpenOptions::new()
                    .write(true)
                    .open(&path)
                    .and_then(|mut f| f.write_all(&bytes)),
            };
            if let Err(e) = written {
                for path in new {
                    // It was just made; if it cannot be removed there is nothing better to say.
                    let _ = fs::remove_file(path);
                }
                return Err(cannot_write(&path, &reason(&e)));
            }
            if is_new {
                new.push(path);
            }
        }
        Ok(())
    }
}

/// Where a path leads, links followed.
#[derive(Debug)]
pub(crate) enum Draft {
    /// A device, which is written to as it is.
    Device(PathBuf),
    /// A file, with an empty one beside it that is to take its name.
    Beside(PathBuf, NamedTempFile),
}

impl Draft {
    /// # Errors
    /// [`Failure::Work`] naming the path, if it is a folder or its folder cannot be written to.
    pub(crate) fn of(path: &Path) -> Result<Self, Failure> {
        let cannot = |why: &str| cannot_write(path, why);
        let target = resolved(path);
        if path.is_dir() || path.as_os_str().to_string_lossy().ends_with(['/', '\\']) {
            return Err(cannot("it is a folder"));
        }
        let existing = match fs::metadata(&target) {
            Ok(metadata) => Some(metadata),
            Err(e) if e.kind() == ErrorKind::NotFound => None,
            Err(e) => return Err(cannot(&reason(&e))),
        };
        if existing
            .as_ref()
            .is_some_and(|metadata| !metadata.is_file())
        {
            return Ok(Self::Device(target));
        }
        let folder = folder_of(&target);
        if !folder.is_dir() {
            return Err(cannot(&format!("there is no folder {}", folder.display())));
        }
        let file = beside(folder).map_err(|e| cannot(&reason(&e)))?;
        if let Some(metadata) = existing {
            let permissions = metadata.permissions();
            file.as_file()
                .set_permissions(permissions)
                .map_err(|e| cannot(&reason(&e)))?;
        }
        Ok(Self::Beside(target, file))
    }
}

/// Whether two paths name the same file, existing or not.
pub fn same_file(a: &Path, b: &Path) -> bool {
    resolved(a) == resolved(b)
}

/// Whether `file` is there, in a folder that is read for files of its kind: recordings, or pictures where there are none.
pub(crate) fn is_read_of(folder: &Path, file: &Path) -> bool {
    let is_kind = |path: &Path, kind: &str| {
        (path.extension()).is_some_and(|ending| ending.eq_ignore_ascii_case(kind))
    };
    if !folder.is_dir() || !file.is_file() || !resolved(file).starts_with(resolved(folder)) {
        return false;
    }
    let entries = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten();
    let has_recordings = |folder: &Path| entries(folder).any(|e| is_kind(&e.path(), "wav"));
    let reads_recordings = has_recordings(folder)
        || entries(folder).any(|entry| entry.path().is_dir() && has_recordings(&entry.path()));
    is_kind(file, if reads_recordings { "wav" } else { "png" })
}

/// The path with links followed, as far as it exists.
fn resolved(path: &Path) -> PathBuf {
    if let Ok(path) = path.canonicalize() {
        return path;
    }
    let in_folder = |folder: &Path, name: &OsStr| {
        folder
            .canonicalize()
            .unwrap_or_else(|_| folder.to_path_buf())
            .join(name)
    };
    match (fs::read_link(path), path.file_name()) {
        // A link to what is not there yet.
        (Ok(target), _) if target.file_name().is_some() => {
            let target = folder_of(path).join(target);
            in_folder(folder_of(&target), target.file_name().unwrap_or_default())
        }
        (_, Some(name)) => in_folder(folder_of(path), name),
        _ => path.to_path_buf(),
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

fn beside(folder: &Path) -> std::io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".").suffix(".part");
    #[cfg(unix)]
    {
        // As any new file has it; the user's mask still applies.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

pub(crate) fn cannot_write(path: &Path, why: &str) -> Failure {
    Failure::Work(format!("cannot write {}: {why}", path.display()))
}

/// Prints to standard output; a reader that has gone away is no failure.
///
/// # Errors
/// [`Failure::Work`] if standard output cannot be written for another reason.
pub fn print(text: &str) -> Result<(), Failure> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::of("standard output", reason(&e)))
        }
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
        for name in ["new/", &"x".repeat(300)] {
            assert!(
                outputs.add(&folder.path().join(name), b"three").is_err(),
                "{name}"
            );
        }
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

    #[test]
    fn paths_to_one_file_are_recognised_before_it_exists() {
        let folder = tempfile::tempdir().unwrap();
        let (a, dotted) = (folder.path().join("a"), folder.path().join("./a"));
        assert!(same_file(&a, &dotted));
        assert!(!same_file(&a, &folder.path().join("b")));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_devices_stay_devices() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        symlink("real", &link).unwrap();
        assert!(same_file(&real, &link));
        let null = folder.path().join("null");
        symlink("/dev/null", &null).unwrap();
        let mut outputs = Outputs::default();
        outputs.add(&link, b"one").unwrap();
        outputs.add(&null, b"two").unwrap();
        outputs.commit().unwrap();
        assert_eq!(fs::read(&real).unwrap(), b"one");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }
}
