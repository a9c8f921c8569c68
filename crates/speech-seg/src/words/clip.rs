//! Recordings of one word each, and what their names say.

use std::fs;
use std::path::{Path, PathBuf};

use gmm_files::FileError;

use super::WordError;
use crate::data::Recording;

/// Where the name of a clip says which word it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// In its folder, which has one subfolder for each word: `WORD/SPEAKER_TAKE.wav`.
    Folders,
    /// In its own name, up to the first underscore: `WORD_SPEAKER_TAKE.wav`.
    Names,
}

/// A recording of one word.
#[derive(Debug, Clone, PartialEq)]
pub struct Clip {
    /// Its path, or what else it is called.
    pub name: String,
    /// The word that is said.
    pub word: String,
    /// Who says it, if its name tells.
    pub speaker: Option<String>,
    /// The recording.
    pub recording: Recording,
}

impl Clip {
    /// All WAV files of a folder in the order of their names: those in its subfolders if there are any, each of which is then
    /// a word, and otherwise its own.
    ///
    /// # Errors
    /// What cannot be read, and names that say no word ([`WordError::Name`]); [`WordError::NoClips`] for an empty folder.
    pub fn folder(folder: &Path) -> Result<Vec<Self>, WordError> {
        let (naming, paths) = paths(folder)?;
        if paths.is_empty() {
            return Err(WordError::NoClips(folder.display().to_string()));
        }
        paths.iter().map(|path| Self::read(path, naming)).collect()
    }

    /// One file.
    ///
    /// # Errors
    /// [`WordError::Recording`] and [`WordError::Name`].
    pub fn read(path: &Path, naming: Naming) -> Result<Self, WordError> {
        let name = path.display().to_string();
        let (word, speaker) = said_by(path, naming).ok_or(WordError::Name {
            name: name.clone(),
            what: "word",
        })?;
        let recording = Recording::read(path).map_err(|error| WordError::Recording {
            name: name.clone(),
            error,
        })?;
        Ok(Self {
            name,
            word,
            speaker,
            recording,
        })
    }
}

/// The word of a path and its speaker.
fn said_by(path: &Path, naming: Naming) -> Option<(String, Option<String>)> {
    let stem = path.file_stem()?.to_string_lossy();
    let mut parts = stem.split('_').map(String::from);
    let word = match naming {
        Naming::Folders => path.parent()?.file_name()?.to_string_lossy().into_owned(),
        Naming::Names => parts.next()?,
    };
    let speaker = parts.next().filter(|speaker| !speaker.is_empty());
    (!word.is_empty()).then_some((word, speaker))
}

/// The WAV files of a folder, and how they are named.
fn paths(folder: &Path) -> Result<(Naming, Vec<PathBuf>), WordError> {
    let (folders, files) = entries(folder)?;
    let mut inside = Vec::new();
    for subfolder in &folders {
        inside.extend(entries(subfolder)?.1);
    }
    Ok(if inside.is_empty() {
        (Naming::Names, files)
    } else {
        (Naming::Folders, inside)
    })
}

/// The subfolders of a folder and its WAV files, each in the order of their names. What is hidden is left out.
fn entries(folder: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>), WordError> {
    let refused = |error: std::io::Error| WordError::File {
        name: folder.display().to_string(),
        error: FileError::from(error),
    };
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).map_err(refused)? {
        let path = entry.map_err(refused)?.path();
        let is_hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if !is_hidden {
            all.push(path);
        }
    }
    all.sort();
    let (folders, files): (Vec<_>, Vec<_>) = all.into_iter().partition(|path| path.is_dir());
    let is_wav = |path: &PathBuf| {
        let ending = path.extension();
        ending.is_some_and(|e| e.eq_ignore_ascii_case("wav"))
    };
    Ok((folders, files.into_iter().filter(is_wav).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_word_and_speaker() {
        let said = |path: &str, naming| said_by(Path::new(path), naming);
        let both = |word: &str, speaker: &str| Some((word.into(), Some(speaker.into())));
        assert_eq!(said("a/7_theo_3.wav", Naming::Names), both("7", "theo"));
        assert_eq!(
            said("a/yes/theo_3.wav", Naming::Folders),
            both("yes", "theo")
        );
        assert_eq!(said("yes.wav", Naming::Names), Some(("yes".into(), None)));
        assert_eq!(said("_x.wav", Naming::Names), None);
    }
}
