//! Recordings of speakers as command lines name them.

use std::fs;
use std::path::{Path, PathBuf};

use gmm_cli::Failure;
use speech_seg::{Recording, SHIPPED_VOICES, Speaker};

/// Fewer speakers than this are told from the voices that ship, too.
const FEW: usize = 3;

/// Speakers with their recordings: each word is `NAME=PATH`, a recording or a folder of them, or a folder with one folder
/// for each speaker. Of a folder without recordings its `train` is taken.
pub(super) fn speakers(words: &[PathBuf]) -> Result<Vec<Speaker>, Failure> {
    let mut speakers: Vec<Speaker> = Vec::new();
    for (name, path) in named(words)? {
        let recording = read(&path)?;
        match speakers.iter_mut().find(|s| s.name == name) {
            Some(speaker) => speaker.recordings.push(recording),
            None => speakers.push(Speaker {
                name,
                recordings: vec![recording],
            }),
        }
    }
    Ok(speakers)
}

/// A recording with its path for a name.
pub(super) fn read(path: &Path) -> Result<(String, Recording), Failure> {
    let name = path.display().to_string();
    let recording = Recording::read(path).map_err(|e| Failure::of(&name, e))?;
    Ok((name, recording))
}

/// The voices that ship, if so few speakers are enrolled that they need others to be told from.
pub(super) fn others(n_speakers: usize) -> Result<Vec<Speaker>, Failure> {
    if n_speakers >= FEW {
        return Ok(Vec::new());
    }
    shipped()
}

/// The voices that ship, with what they are enrolled with.
pub(super) fn shipped() -> Result<Vec<Speaker>, Failure> {
    let speaker = |voice: &speech_seg::ShippedVoice| {
        let recordings = voice.train().map_err(|e| Failure::of(voice.name, e))?;
        Ok(Speaker {
            name: String::from(voice.name),
            recordings,
        })
    };
    SHIPPED_VOICES.iter().map(speaker).collect()
}

/// Names with paths of recordings.
fn named(words: &[PathBuf]) -> Result<Vec<(String, PathBuf)>, Failure> {
    let mut found = Vec::new();
    for word in words {
        let text = word.to_string_lossy();
        // A folder may have an equals sign in its name.
        let pair = text.split_once('=').filter(|_| !word.exists());
        if let Some((name, path)) = pair {
            if name.is_empty() {
                return Err(Failure::Usage(format!(
                    "{text}: a name stands before the ="
                )));
            }
            if path.is_empty() {
                return Err(Failure::Usage(format!(
                    "{text}: a recording or folder stands after the ="
                )));
            }
            let path = Path::new(path);
            let paths = if path.is_dir() {
                of_speaker(path)?
            } else {
                vec![path.to_path_buf()]
            };
            found.extend(paths.into_iter().map(|path| (String::from(name), path)));
        } else if word.is_dir() {
            let folders: Vec<PathBuf> = entries(word)?.into_iter().filter(|p| p.is_dir()).collect();
            if folders.is_empty() {
                let line = "it has no folder for a speaker; one speaker is NAME=FOLDER";
                return Err(Failure::of(word.display(), line));
            }
            for folder in folders {
                let name = folder
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned();
                let paths = of_speaker(&folder)?;
                found.extend(paths.into_iter().map(|path| (name.clone(), path)));
            }
        } else if word.exists() {
            let line = "whose recording is it? NAME=FILE says so";
            return Err(Failure::Usage(format!("{text}: {line}")));
        } else {
            return Err(Failure::of(
                text,
                "there is no such folder; a recording is NAME=FILE",
            ));
        }
    }
    Ok(found)
}

/// The recordings of a speaker's folder.
fn of_speaker(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let own = recordings(folder)?;
    let train = folder.join("train");
    let found = if own.is_empty() && train.is_dir() {
        recordings(&train)?
    } else {
        own
    };
    if found.is_empty() {
        return Err(Failure::of(folder.display(), "it has no WAV files"));
    }
    Ok(found)
}

fn recordings(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let is_wav = |path: &PathBuf| {
        let ending = path.extension();
        path.is_file() && ending.is_some_and(|e| e.eq_ignore_ascii_case("wav"))
    };
    Ok(entries(folder)?.into_iter().filter(is_wav).collect())
}

/// What is in a folder, by name.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let refused = |e: std::io::Error| Failure::of(folder.display(), e);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(refused)? {
        paths.push(entry.map_err(refused)?.path());
    }
    paths.sort();
    Ok(paths)
}
