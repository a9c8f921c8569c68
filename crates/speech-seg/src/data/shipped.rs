//! The four voices that come with the program: the same prompts for telephones in four languages.

use super::{Recording, RecordingError};

/// The recordings of a part of a voice's, by name.
macro_rules! prompts {
    ($voice:literal, $part:literal, $($name:literal),+) => {
        &[$((
            concat!($name, ".wav"),
            include_bytes!(concat!("../../../../assets/speech/", $voice, "/", $part, "/", $name, ".wav")).as_slice(),
        )),+]
    };
}

/// A voice with its recordings to learn from and to be tried on.
macro_rules! voice {
    ($name:literal) => {
        ShippedVoice {
            name: $name,
            train: prompts!(
                $name,
                "train",
                "dir-instr",
                "queue-periodic-announce",
                "vm-intro",
                "vm-newuser"
            ),
            test: prompts!(
                $name,
                "test",
                "auth-incorrect",
                "conf-invalid",
                "vm-mailboxfull",
                "vm-rec-name"
            ),
        }
    };
}

type Named = (&'static str, &'static [u8]);

/// A voice that ships; credits in `assets/ATTRIBUTION.md`.
#[derive(Debug, Clone, Copy)]
pub struct ShippedVoice {
    /// Speaker and language.
    pub name: &'static str,
    train: &'static [Named],
    test: &'static [Named],
}

/// An American, an Italian, a Russian and a Canadian.
pub const SHIPPED_VOICES: [ShippedVoice; 4] = [
    voice!("allison_en"),
    voice!("carlo_it"),
    voice!("ivrvoice_ru"),
    voice!("june_fr"),
];

impl ShippedVoice {
    /// The four recordings to learn from, 20 to 28 s in all.
    ///
    /// # Errors
    /// None, as long as the program is whole.
    pub fn train(&self) -> Result<Vec<(String, Recording)>, RecordingError> {
        self.recordings(self.train)
    }

    /// The four recordings to be tried on, of 3 to 5 s each.
    ///
    /// # Errors
    /// None, as long as the program is whole.
    pub fn test(&self) -> Result<Vec<(String, Recording)>, RecordingError> {
        self.recordings(self.test)
    }

    fn recordings(&self, of: &[Named]) -> Result<Vec<(String, Recording)>, RecordingError> {
        let read = |(name, bytes): &Named| {
            let recording = Recording::from_wav_bytes(bytes)?;
            Ok((format!("{}/{name}", self.name), recording))
        };
        of.iter().map(read).collect()
    }
}
