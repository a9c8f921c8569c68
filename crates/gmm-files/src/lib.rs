//! Files opened or read whole, and in plain words why they cannot be.

use std::fs::File;
use std::io::{Error, ErrorKind, Read};
use std::path::Path;

/// The longest file that is read, in bytes: 1 GiB.
pub const LONGEST: u64 = 1 << 30;

/// Why a file cannot be read. The path is not part of the message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// It is not there.
    #[error("there is no such file")]
    NotFound,
    /// It is a folder.
    #[error("it is a folder")]
    Folder,
    /// The system refuses, for this reason.
    #[error("{0}")]
    Refused(String),
    /// It is longer than [`LONGEST`].
    #[error("it is longer than the {} MiB that are read", LONGEST >> 20)]
    TooLong,
}

impl From<Error> for FileError {
    fn from(error: Error) -> Self {
        match error.kind() {
            ErrorKind::NotFound => Self::NotFound,
            ErrorKind::IsADirectory => Self::Folder,
            _ => Self::Refused(reason(&error)),
        }
    }
}

/// The bytes of a file.
///
/// # Errors
/// A file that is missing, a folder, not readable or too long.
pub fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    let file = open(path)?;
    if file.metadata()?.len() > LONGEST {
        return Err(FileError::TooLong);
    }
    read_from(file)
}

/// A file of any length, to be read piece by piece.
///
/// # Errors
/// A file that is missing, a folder or not readable.
pub fn open(path: &Path) -> Result<File, FileError> {
    if path.is_dir() {
        return Err(FileError::Folder);
    }
    Ok(File::open(path)?)
}

/// All bytes of a source.
///
/// # Errors
/// What the source refuses, and [`FileError::TooLong`].
pub fn read_from(source: impl Read) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    // Pipes do not say their length: one byte more than is allowed, to see that it is too many.
    source.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Err(FileError::TooLong);
    }
    Ok(bytes)
}

/// The reason of an input or output error, in one line and without the operating system's number.
pub fn reason(error: &Error) -> String {
    let plain = match error.kind() {
        ErrorKind::PermissionDenied => "permission denied",
        ErrorKind::ReadOnlyFilesystem => "the file system is read-only",
        ErrorKind::StorageFull => "no space is left",
        ErrorKind::NotFound => "there is no such file or folder",
        ErrorKind::NotADirectory => "there is a file where its folder should be",
        ErrorKind::InvalidFilename => "the name is too long or not allowed",
        _ => {
            let words = error.to_string();
            return words.split_whitespace().collect::<Vec<_>>().join(" ");
        }
    };
    String::from(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn closed_files_are_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("closed");
        std::fs::write(&path, "1").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
        let denied = FileError::from(Error::from(ErrorKind::PermissionDenied));
        assert_eq!(denied.to_string(), "permission denied");
        // The superuser may read everything.
        if File::open(&path).is_err() {
            assert_eq!(read(&path), Err(denied));
        }
    }

    #[test]
    fn files_are_read_and_refusals_say_why() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, b"one").unwrap();
        assert_eq!(read(&path).unwrap(), b"one");
        assert_eq!(read(folder.path()), Err(FileError::Folder));
        let said = |path: &Path| read(path).unwrap_err().to_string();
        assert_eq!(said(&folder.path().join("b")), "there is no such file");
        // No byte of it is on the disk.
        let long = folder.path().join("long");
        File::create(&long).unwrap().set_len(LONGEST + 1).unwrap();
        assert_eq!(read(&long), Err(FileError::TooLong));
        assert!(said(&path.join("c")).contains("a file where its folder"));
    }
}
